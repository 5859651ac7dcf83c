// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! `kcapi_cipher_stream_*`: symmetric ciphers, data in pieces.

use super::call::to_ssize_of_waiting;
use super::stream;
use crate::engine::{Kind, Op};
use crate::handle::Handle;
use libc::{iovec, ssize_t};

/// Begins to encrypt a stream.
///
/// Plaintext is sent by this function, kcapi_cipher_stream_update() and, the last of it,
/// kcapi_cipher_stream_update_last(); kcapi_cipher_stream_op() picks up the
/// ciphertext, at any time in between and also in another thread.
///
/// @param handle  cipher handle, with a key
/// @param iv      the IV, of kcapi_cipher_ivsize() bytes, or NULL, see kcapi_cipher_encrypt()
/// @param iov     first plaintext; may be NULL
/// @param iovlen  number of IOVECs; 0 with NULL
/// @return bytes sent
/// @retval -EMSGSIZE     more than INT_MAX bytes or 1024 IOVECs
/// @retval -ENOKEY       no key was set
/// @retval -EINVAL       `handle` is NULL, or a finished message waits to be picked up; or `iv` is
///                       NULL and there is none to go on with, see kcapi_cipher_encrypt()
/// @retval -EBUSY        another thread is in a call of an unfinished stream, which this one would
///                       give up
/// @retval -EFAULT       an IOVEC's memory is NULL or cannot be accessed
/// @retval -ENOMEM       there is no memory
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_cipher_stream_init_enc(
    handle: *mut Handle,
    iv: *const u8,
    iov: *mut iovec,
    iovlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: the handle is live, IOVECs and IV have their lengths.
    to_ssize_of_waiting(|cancellation| unsafe {
        stream::start(Kind::Skcipher, handle, Op::Encrypt, iv, iov, iovlen, cancellation)
    })
}

/// Begins to decrypt a stream; see kcapi_cipher_stream_init_enc().
///
/// @param handle  cipher handle, with a key
/// @param iv      the IV, or NULL
/// @param iov     first ciphertext; may be NULL
/// @param iovlen  number of IOVECs; 0 with NULL
/// @return bytes sent, or a negative errno as kcapi_cipher_stream_init_enc()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_cipher_stream_init_dec(
    handle: *mut Handle,
    iv: *const u8,
    iov: *mut iovec,
    iovlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: the handle is live, IOVECs and IV have their lengths.
    to_ssize_of_waiting(|cancellation| unsafe {
        stream::start(Kind::Skcipher, handle, Op::Decrypt, iv, iov, iovlen, cancellation)
    })
}

/// Sends more data of a stream.
///
/// -EINVAL also where the stream was given up: by a message in one call, or since a call failed.
/// Waits while the socket's send buffer (some 200 KiB) is full, until
/// kcapi_cipher_stream_op() makes room. The data have been copied when the call returns.
///
/// @param handle  cipher handle
/// @param iov     the data
/// @param iovlen  number of IOVECs
/// @return bytes sent, or a negative errno as kcapi_cipher_stream_init_enc()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_cipher_stream_update(
    handle: *mut Handle,
    iov: *mut iovec,
    iovlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: the handle is live, the IOVECs have their lengths.
    to_ssize_of_waiting(|cancellation| unsafe {
        stream::update(Kind::Skcipher, handle, iov, iovlen, true, cancellation)
    })
}

/// Sends the last data of a stream.
///
/// Modes that take any length (ctr) and those that treat the end specially (cts, xts)
/// give the last, incomplete block only after this call.
///
/// @param handle  cipher handle
/// @param iov     the data; may be NULL if all have been sent
/// @param iovlen  number of IOVECs; 0 with NULL
/// @return bytes sent, or a negative errno as kcapi_cipher_stream_init_enc()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_cipher_stream_update_last(
    handle: *mut Handle,
    iov: *mut iovec,
    iovlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: the handle is live, the IOVECs have their lengths.
    to_ssize_of_waiting(|cancellation| unsafe {
        stream::update(Kind::Skcipher, handle, iov, iovlen, false, cancellation)
    })
}

/// Picks up results of a stream.
///
/// Gives what there is, in whole blocks while more data may follow, and waits only
/// if there is nothing at all, until another thread sends some.
///
/// @param handle  cipher handle
/// @param iov     where the results go
/// @param iovlen  number of IOVECs
/// @return bytes received, not more than the IOVECs take
/// @retval -EINVAL       `handle` is NULL, there are no IOVECs, or less room than a block
///                       while more than that is there, which can still be picked up; or the
///                       stream was given up
/// @retval -EMSGSIZE     room for more than INT_MAX bytes
/// @retval -ENOKEY       no key was set
/// @retval -EFAULT       an IOVEC's memory is NULL or cannot be accessed
/// @retval -ENOMEM       there is no memory
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_cipher_stream_op(
    handle: *mut Handle,
    iov: *mut iovec,
    iovlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: the handle is live, the IOVECs have their lengths.
    to_ssize_of_waiting(|cancellation| unsafe {
        stream::op(Kind::Skcipher, handle, iov, iovlen, cancellation)
    })
}
