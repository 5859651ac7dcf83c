// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! `kcapi_akcipher_stream_*`: asymmetric ciphers, data in pieces.

use super::call::to_ssize_of_waiting;
use super::stream;
use crate::engine::{Kind, Op};
use crate::handle::Handle;
use libc::{iovec, ssize_t};
use std::ptr;

/// Begins to encrypt a message that comes in pieces.
///
/// The message is sent by this function, kcapi_akcipher_stream_update() and, the last of it,
/// kcapi_akcipher_stream_update_last(); kcapi_akcipher_stream_op() picks up the
/// result. In user space a message that had begun before a fork(2) goes on in each process for
/// itself, other than a symmetric cipher's stream: what one process sends the other does not get.
///
/// @param handle  cipher handle, with a key
/// @param iov     the beginning of the message; may be NULL
/// @param iovlen  number of IOVECs; 0 with NULL
/// @return bytes sent
/// @retval -EMSGSIZE     more than INT_MAX bytes or 1024 IOVECs
/// @retval -ENOKEY       no key was set
/// @retval -EINVAL       `handle` is NULL, or a finished message waits to be picked up
/// @retval -EFAULT       an IOVEC's memory is NULL or cannot be accessed
/// @retval -ENOMEM       there is no memory
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_akcipher_stream_init_enc(
    handle: *mut Handle,
    iov: *mut iovec,
    iovlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: the handle is live, the IOVECs have their lengths.
    to_ssize_of_waiting(|cancellation| unsafe {
        stream::start(Kind::Akcipher, handle, Op::Encrypt, ptr::null(), iov, iovlen, cancellation)
    })
}

/// Begins to decrypt a message that comes in pieces; see kcapi_akcipher_stream_init_enc().
///
/// @param handle  cipher handle, with a key
/// @param iov     the beginning of the message; may be NULL
/// @param iovlen  number of IOVECs; 0 with NULL
/// @return bytes sent, or a negative errno as kcapi_akcipher_stream_init_enc()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_akcipher_stream_init_dec(
    handle: *mut Handle,
    iov: *mut iovec,
    iovlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: the handle is live, the IOVECs have their lengths.
    to_ssize_of_waiting(|cancellation| unsafe {
        stream::start(Kind::Akcipher, handle, Op::Decrypt, ptr::null(), iov, iovlen, cancellation)
    })
}

/// Begins to sign a message that comes in pieces; see kcapi_akcipher_stream_init_enc().
///
/// @param handle  cipher handle, with a key
/// @param iov     the beginning of the message; may be NULL
/// @param iovlen  number of IOVECs; 0 with NULL
/// @return bytes sent, or a negative errno as kcapi_akcipher_stream_init_enc()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_akcipher_stream_init_sgn(
    handle: *mut Handle,
    iov: *mut iovec,
    iovlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: the handle is live, the IOVECs have their lengths.
    to_ssize_of_waiting(|cancellation| unsafe {
        stream::start(Kind::Akcipher, handle, Op::Sign, ptr::null(), iov, iovlen, cancellation)
    })
}

/// Begins to verify a message that comes in pieces; see kcapi_akcipher_stream_init_enc().
///
/// @param handle  cipher handle, with a key
/// @param iov     the beginning of the message; may be NULL
/// @param iovlen  number of IOVECs; 0 with NULL
/// @return bytes sent, or a negative errno as kcapi_akcipher_stream_init_enc()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_akcipher_stream_init_vfy(
    handle: *mut Handle,
    iov: *mut iovec,
    iovlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: the handle is live, the IOVECs have their lengths.
    to_ssize_of_waiting(|cancellation| unsafe {
        stream::start(Kind::Akcipher, handle, Op::Verify, ptr::null(), iov, iovlen, cancellation)
    })
}

/// Sends more of a message. The data have been copied when the call returns.
///
/// @param handle  cipher handle
/// @param iov     the data
/// @param iovlen  number of IOVECs
/// @return bytes sent, or a negative errno as kcapi_akcipher_stream_init_enc()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_akcipher_stream_update(
    handle: *mut Handle,
    iov: *mut iovec,
    iovlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: the handle is live, the IOVECs have their lengths.
    to_ssize_of_waiting(|cancellation| unsafe {
        stream::update(Kind::Akcipher, handle, iov, iovlen, true, cancellation)
    })
}

/// Sends the end of a message.
///
/// @param handle  cipher handle
/// @param iov     the data; may be NULL if all have been sent
/// @param iovlen  number of IOVECs; 0 with NULL
/// @return bytes sent, or a negative errno as kcapi_akcipher_stream_init_enc()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_akcipher_stream_update_last(
    handle: *mut Handle,
    iov: *mut iovec,
    iovlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: the handle is live, the IOVECs have their lengths.
    to_ssize_of_waiting(|cancellation| unsafe {
        stream::update(Kind::Akcipher, handle, iov, iovlen, false, cancellation)
    })
}

/// Picks up the result of a message. Waits for the end of the message, until another
/// thread of the process sends it.
///
/// @param handle  cipher handle
/// @param iov     where the result goes, at least as long as kcapi_akcipher_setkey() told
/// @param iovlen  number of IOVECs
/// @return bytes received
/// @retval -EINVAL       `handle` is NULL, there are no IOVECs, or the message is not one that the
///                       operation takes, see kcapi_akcipher_encrypt()
/// @retval -EBADMSG      a signature is wrong
/// @retval -EMSGSIZE     room for more than INT_MAX bytes, or less than for the largest result: the
///                       result is kept for the next call
/// @retval -EOVERFLOW    the message is too long for its padding
/// @retval -EIO          the computation went wrong
/// @retval -EFAULT       an IOVEC's memory is NULL or cannot be accessed
/// @retval -ENOMEM       there is no memory
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_akcipher_stream_op(
    handle: *mut Handle,
    iov: *mut iovec,
    iovlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: the handle is live, the IOVECs have their lengths.
    to_ssize_of_waiting(|cancellation| unsafe {
        stream::op(Kind::Akcipher, handle, iov, iovlen, cancellation)
    })
}
