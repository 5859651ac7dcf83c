// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! `kcapi_aead_*`: authenticated encryption with associated data (AEAD).
//!
//! Memory layout (Linux since 4.9): `AAD || plaintext` is encrypted to
//! `AAD || ciphertext || tag` and the other way round.

use super::cipher::{one_shot, set_key};
use super::{
    borrow, destroy, init, iovecs, of, set_control, to_int, to_int_of_new, to_ssize,
    to_ssize_of_message, why,
};
use crate::engine::{Control, Kind, Op, Parameter};
use crate::errno::Result;
use crate::handle::Handle;
use libc::{c_char, c_int, iovec, ssize_t};

/// Opens a handle for an AEAD cipher.
///
/// @param handle      where the handle's pointer goes; left alone on an error
/// @param ciphername  name of the algorithm or of a driver, as in /proc/crypto: `gcm(aes)`
/// @param flags       0, or of KCAPI_INIT_AIO and KCAPI_INIT_USER, see kcapi_cipher_init()
/// @return 0, or a negative errno as kcapi_cipher_init()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_aead_init(
    handle: *mut *mut Handle,
    ciphername: *const c_char,
    flags: u32,
) -> c_int {
    // SAFETY: kcapi.h: `handle` may be written, the name is a string.
    to_int_of_new(|| unsafe { init(handle, Kind::Aead, ciphername, flags) })
}

/// Closes a handle; see kcapi_cipher_destroy().
///
/// @param handle  cipher handle; NULL is allowed
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_aead_destroy(handle: *mut Handle) {
    // SAFETY: kcapi.h: the handle is live, and dead from now on.
    unsafe { destroy(handle) };
}

/// Sets the key; see kcapi_cipher_setkey().
///
/// @param handle  cipher handle
/// @param key     the key; for authenc() a struct rtattr with both keys
/// @param keylen  bytes in `key`
/// @return 0, or a negative errno as kcapi_cipher_setkey()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_aead_setkey(
    handle: *mut Handle,
    key: *const u8,
    keylen: u32,
) -> c_int {
    // SAFETY: kcapi.h: the handle is live, `key` has `keylen` bytes.
    to_int(|| unsafe { set_key(borrow(handle)?, key, keylen) })
}

/// Sets the tag length, for all handles on the transform.
///
/// @param handle  cipher handle
/// @param taglen  bytes; gcm takes 4, 8, 12 to 16, ccm even numbers from 4 to 16
/// @return 0
/// @retval -EINVAL       not a tag length of this algorithm, and the old one stays in force; or
///                       `handle` is NULL
/// @retval -EBUSY        a stream has begun on a handle of the transform, or a result is unread
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_aead_settaglen(handle: *mut Handle, taglen: u32) -> c_int {
    let set = || -> Result<()> {
        // SAFETY: kcapi.h: the handle is live.
        let handle = unsafe { of(Kind::Aead, handle) }?;
        let result = handle.set(Parameter::TagLen(taglen));
        why::parameter("a tag", taglen as usize, result).map(drop)
    };
    to_int(set)
}

/// Sets the length of the associated data of this handle's messages to come.
///
/// @param handle    cipher handle
/// @param assoclen  bytes; at 2 GiB and over the operation fails with -EINVAL
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_aead_setassoclen(handle: *mut Handle, assoclen: usize) {
    // SAFETY: kcapi.h: the handle is live.
    if let Ok(handle) = unsafe { of(Kind::Aead, handle) } {
        handle.set_assoclen(assoclen);
    }
}

/// Encrypts a message in one call.
///
/// @param handle  cipher handle, with a key
/// @param input   `AAD || plaintext`, see kcapi_aead_getdata_input()
/// @param inlen   bytes in `input`, see kcapi_aead_inbuflen_enc()
/// @param iv      the IV, of kcapi_aead_ivsize() bytes; NULL: that of the handle's last
///                operation, zeros at first
/// @param out     where `AAD || ciphertext || tag` goes, see kcapi_aead_getdata_output();
///                may be `input`
/// @param outlen  bytes in `out`, at least kcapi_aead_outbuflen_enc(); those after the result
///                are left alone
/// @param access  one of KCAPI_ACCESS_*, a hint
/// @return bytes in the result, AAD and tag included
/// @retval -EINVAL       `outlen` is too short, `inlen` shorter than the AAD, or the algorithm
///                       refuses a length or the IV; or `handle` is NULL; or `iv` is NULL and
///                       there is none to go on with, see kcapi_cipher_encrypt()
/// @retval -EBUSY        another thread is in a call of a stream on the handle
/// @retval -EOVERFLOW    with ccm, the message is longer than the IV lets its length be told
/// @retval -EMSGSIZE     a length over INT_MAX, or more than the socket's buffers can be made
///                       to take
/// @retval -ENOKEY       no key was set
/// @retval -EFAULT       a buffer is NULL or cannot be accessed
/// @retval -ENOMEM       there is no memory
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_aead_encrypt(
    handle: *mut Handle,
    input: *const u8,
    inlen: usize,
    iv: *const u8,
    out: *mut u8,
    outlen: usize,
    access: c_int,
) -> ssize_t {
    let _ = access;
    // SAFETY: kcapi.h: the handle is live, buffers and IV have their lengths.
    to_ssize_of_message(|| unsafe {
        one_shot(of(Kind::Aead, handle)?, Op::Encrypt, input, inlen, iv, out, outlen)
    })
}

/// Decrypts a message in one call and verifies its tag.
///
/// @param handle  cipher handle, with a key
/// @param input   `AAD || ciphertext || tag`
/// @param inlen   bytes in `input`, see kcapi_aead_inbuflen_dec()
/// @param iv      the IV, or NULL, see kcapi_aead_encrypt()
/// @param out     where `AAD || plaintext` goes; may be `input`. After -EBADMSG it holds no
///                plaintext: zeros, or what was there before
/// @param outlen  bytes in `out`, at least kcapi_aead_outbuflen_dec()
/// @param access  one of KCAPI_ACCESS_*, a hint
/// @return bytes in the result, AAD included; or a negative errno as kcapi_aead_encrypt()
/// @retval -EBADMSG      the tag is wrong, the message is forged or damaged
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_aead_decrypt(
    handle: *mut Handle,
    input: *const u8,
    inlen: usize,
    iv: *const u8,
    out: *mut u8,
    outlen: usize,
    access: c_int,
) -> ssize_t {
    let _ = access;
    // SAFETY: kcapi.h: the handle is live, buffers and IV have their lengths.
    to_ssize_of_message(|| unsafe {
        one_shot(of(Kind::Aead, handle)?, Op::Decrypt, input, inlen, iv, out, outlen)
    })
}

/// Encrypts pairs of IOVECs, each a message of its own.
///
/// All messages have the same IV, key, tag length and AAD length: with gcm or ccm
/// the IV must not serve two different messages under one key, so that use is for
/// algorithms and protocols where that is no danger. With a handle that kcapi_aead_init()
/// or kcapi_handle_reinit() has made with KCAPI_INIT_AIO many pairs cost few system calls;
/// without it, or where the kernel has no AIO, each costs one more. The results are the same.
///
/// When the call returns, also with an error, the kernel writes to no buffer any more. The
/// arrays are left as they are.
///
/// @param handle  cipher handle, with a key
/// @param iniov   the messages, `AAD || plaintext` each
/// @param outiov  where `AAD || ciphertext || tag` goes, each long enough for its message; may be
///                the same memory as that of `iniov`
/// @param iovlen  number of IOVECs in each of the two arrays, any number
/// @param iv      the IV, of kcapi_aead_ivsize() bytes, or NULL, see kcapi_aead_encrypt()
/// @param access  one of KCAPI_ACCESS_*, a hint
/// @return sum of the bytes in the results; or the negative errno of the first message that
///         failed, as kcapi_aead_encrypt(). Where a length is wrong (-EINVAL, -EMSGSIZE)
///         nothing was processed. The handle stays usable.
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_aead_encrypt_aio(
    handle: *mut Handle,
    iniov: *mut iovec,
    outiov: *mut iovec,
    iovlen: usize,
    iv: *const u8,
    access: c_int,
) -> ssize_t {
    let _ = access;
    // SAFETY: kcapi.h: the handle is live, arrays, buffers and IV have their lengths.
    to_ssize(|| unsafe { pairs(handle, Op::Encrypt, iniov, outiov, iovlen, iv) })
}

/// Decrypts pairs of IOVECs, each a message of its own; see kcapi_aead_encrypt_aio().
///
/// @param handle  cipher handle, with a key
/// @param iniov   the messages, `AAD || ciphertext || tag` each
/// @param outiov  where `AAD || plaintext` goes
/// @param iovlen  number of IOVECs in each of the two arrays
/// @param iv      the IV, or NULL
/// @param access  one of KCAPI_ACCESS_*, a hint
/// @return sum of the bytes in the results; or a negative errno as kcapi_aead_encrypt_aio()
/// @retval -EBADMSG      the tag of one or more messages is wrong, all others have been
///                       decrypted
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_aead_decrypt_aio(
    handle: *mut Handle,
    iniov: *mut iovec,
    outiov: *mut iovec,
    iovlen: usize,
    iv: *const u8,
    access: c_int,
) -> ssize_t {
    let _ = access;
    // SAFETY: kcapi.h: the handle is live, arrays, buffers and IV have their lengths.
    to_ssize(|| unsafe { pairs(handle, Op::Decrypt, iniov, outiov, iovlen, iv) })
}

/// # Safety
///
/// The same as for `kcapi_aead_encrypt_aio`.
unsafe fn pairs(
    handle: *mut Handle,
    op: Op,
    iniov: *mut iovec,
    outiov: *mut iovec,
    iovlen: usize,
    iv: *const u8,
) -> Result<usize> {
    // SAFETY: the caller's promise.
    let (handle, inputs, outputs) =
        unsafe { (of(Kind::Aead, handle)?, iovecs(iniov, iovlen)?, iovecs(outiov, iovlen)?) };
    if iovlen == 0 {
        return Ok(0);
    }
    let mut control = Control::of(op);
    // SAFETY: the caller's promise.
    unsafe { set_control(&mut control, handle, iv, handle.assoclen()) }?;
    let result = handle.batch(&control, inputs, outputs);
    why::pairs(handle, &control, inputs, outputs, result)
}
