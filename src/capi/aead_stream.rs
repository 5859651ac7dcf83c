// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! `kcapi_aead_stream_*`: an AEAD message in pieces.

use super::call::to_ssize_of_waiting;
use super::stream;
use crate::engine::{Kind, Op};
use crate::handle::Handle;
use libc::{iovec, ssize_t};

/// Begins to encrypt a message.
///
/// All of the AAD comes first, then all plaintext; kcapi_aead_stream_update_last() ends
/// the message, and kcapi_aead_stream_op() picks up its result.
///
/// @param handle  cipher handle, with a key
/// @param iv      the IV, of kcapi_aead_ivsize() bytes, or NULL, see kcapi_aead_encrypt()
/// @param iov     first data; may be NULL
/// @param iovlen  number of IOVECs; 0 with NULL
/// @return bytes sent
/// @retval -EMSGSIZE     more than 1024 IOVECs, or the message becomes longer than the socket's
///                       buffers can be made (some 400 KiB to 4 MiB)
/// @retval -ENOKEY       no key was set
/// @retval -EINVAL       `handle` is NULL, or a finished message waits to be picked up; or `iv` is
///                       NULL and there is none to go on with, see kcapi_cipher_encrypt()
/// @retval -EBUSY        another thread is in a call of an unfinished message, which this one would
///                       give up
/// @retval -EFAULT       an IOVEC's memory is NULL or cannot be accessed
/// @retval -ENOMEM       there is no memory
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_aead_stream_init_enc(
    handle: *mut Handle,
    iv: *const u8,
    iov: *mut iovec,
    iovlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: the handle is live, IOVECs and IV have their lengths.
    to_ssize_of_waiting(|cancellation| unsafe {
        stream::start(Kind::Aead, handle, Op::Encrypt, iv, iov, iovlen, cancellation)
    })
}

/// Begins to decrypt a message: AAD, ciphertext, tag; see kcapi_aead_stream_init_enc().
///
/// @param handle  cipher handle, with a key
/// @param iv      the IV, or NULL
/// @param iov     first data; may be NULL
/// @param iovlen  number of IOVECs; 0 with NULL
/// @return bytes sent, or a negative errno as kcapi_aead_stream_init_enc()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_aead_stream_init_dec(
    handle: *mut Handle,
    iv: *const u8,
    iov: *mut iovec,
    iovlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: the handle is live, IOVECs and IV have their lengths.
    to_ssize_of_waiting(|cancellation| unsafe {
        stream::start(Kind::Aead, handle, Op::Decrypt, iv, iov, iovlen, cancellation)
    })
}

/// Sends more data of a message that does not end with them.
///
/// @param handle  cipher handle
/// @param iov     the data
/// @param iovlen  number of IOVECs
/// @return bytes sent, or a negative errno as kcapi_aead_stream_init_enc()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_aead_stream_update(
    handle: *mut Handle,
    iov: *mut iovec,
    iovlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: the handle is live, the IOVECs have their lengths.
    to_ssize_of_waiting(|cancellation| unsafe {
        stream::update(Kind::Aead, handle, iov, iovlen, true, cancellation)
    })
}

/// Sends the last data of a message, usually the tag in a decryption.
///
/// @param handle  cipher handle
/// @param iov     the data; may be NULL if all have been sent
/// @param iovlen  number of IOVECs; 0 with NULL
/// @return bytes sent, or a negative errno as kcapi_aead_stream_init_enc()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_aead_stream_update_last(
    handle: *mut Handle,
    iov: *mut iovec,
    iovlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: the handle is live, the IOVECs have their lengths.
    to_ssize_of_waiting(|cancellation| unsafe {
        stream::update(Kind::Aead, handle, iov, iovlen, false, cancellation)
    })
}

/// Picks up a message's result: `AAD || ciphertext || tag` or `AAD || plaintext`.
///
/// Waits until another thread has sent the message's end. Where the result is empty the tag is
/// verified, too, also with no room at all.
///
/// @param handle  cipher handle
/// @param iov     where the result goes; there must be room for all of it
/// @param iovlen  number of IOVECs
/// @return bytes received
/// @retval -EBADMSG      the tag is wrong
/// @retval -EINVAL       `handle` is NULL, there are no IOVECs, or too little room for the
///                       result, which then can still be picked up, unless another process
///                       has sent a part of the message by the kernel; or the message was given
///                       up; or with no room, the message to decrypt is not finished
/// @retval -EMSGSIZE     room for more than INT_MAX bytes
/// @retval -ENOKEY       no key was set
/// @retval -EFAULT       an IOVEC's memory is NULL or cannot be accessed
/// @retval -ENOMEM       there is no memory
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_aead_stream_op(
    handle: *mut Handle,
    iov: *mut iovec,
    iovlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: the handle is live, the IOVECs have their lengths.
    to_ssize_of_waiting(|cancellation| unsafe {
        stream::op(Kind::Aead, handle, iov, iovlen, cancellation)
    })
}
