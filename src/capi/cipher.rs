// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! `kcapi_cipher_*`: symmetric ciphers.

use super::{
    because, borrow, buffer, bytes, destroy, init, iovecs, of, set_control, to_int, to_int_of_new,
    to_ssize, to_ssize_of_message, why,
};
use crate::engine::{Control, Kind, Length, Op, Parameter, WholeMessage};
use crate::errno::{Errno, Result};
use crate::handle::Handle;
use crate::iov::Iovecs;
use libc::{c_char, c_int, iovec, ssize_t};

/// Opens a handle for a symmetric cipher.
///
/// @param handle      where the handle's pointer goes; left alone on an error
/// @param ciphername  name of the algorithm or of a driver, as in /proc/crypto: `cbc(aes)`
/// @param flags       0, or of KCAPI_INIT_AIO (the *_aio calls use asynchronous I/O) and
///                    KCAPI_INIT_USER (rather this library's own engine); other bits are ignored
/// @return 0
/// @retval -ENOENT       no such algorithm, or its name is NULL
/// @retval -EAFNOSUPPORT no AF_ALG in this kernel, and no other engine may serve
/// @retval -EPERM        AF_ALG is forbidden here, as in most containers, and no other engine may serve
/// @retval -EACCES       the same
/// @retval -EINVAL       `handle` is NULL, or the algorithm is of another family
/// @retval -EMFILE       the process has as many descriptors as it may
/// @retval -ENFILE       the system has as many open files as it may
/// @retval -ENOMEM       there is no memory
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_cipher_init(
    handle: *mut *mut Handle,
    ciphername: *const c_char,
    flags: u32,
) -> c_int {
    // SAFETY: kcapi.h: `handle` may be written, the name is a string.
    to_int_of_new(|| unsafe { init(handle, Kind::Skcipher, ciphername, flags) })
}

/// Closes a handle. Its transform goes when the last handle on it is closed.
///
/// @param handle  cipher handle; NULL is allowed
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_cipher_destroy(handle: *mut Handle) {
    // SAFETY: kcapi.h: the handle is live, and dead from now on.
    unsafe { destroy(handle) };
}

/// Sets the key, for all handles on the transform. It may be set anew whenever no stream
/// has begun on one of them; messages in one call of other threads are waited for. After it a
/// handle goes on with no earlier IV or stream. The caller may wipe its own copy afterwards.
///
/// @param handle  cipher handle
/// @param key     the key
/// @param keylen  bytes in `key`
/// @return 0
/// @retval -EINVAL       no key of this length, or a weak one, and the kernel may have dropped
///                       the old one; or `handle` is NULL
/// @retval -EFAULT       `key` is NULL
/// @retval -EBUSY        a stream has begun on a handle of the transform, or a result is unread
/// @retval -ENOMEM       there is no memory, or the key is longer than net.core.optmem_max
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_cipher_setkey(
    handle: *mut Handle,
    key: *const u8,
    keylen: u32,
) -> c_int {
    // SAFETY: kcapi.h: the handle is live, `key` has `keylen` bytes.
    to_int(|| unsafe { set_key(borrow(handle)?, key, keylen) })
}

/// Sets the key of a handle of any family. Programs call the function of another family, since in
/// the C library all do the same.
///
/// # Safety
///
/// `keylen` bytes at `key` may be read.
pub(super) unsafe fn set_key(handle: &Handle, key: *const u8, keylen: u32) -> Result<()> {
    // SAFETY: the caller's promise.
    let key = unsafe { bytes(key, keylen as usize) }?;
    why::parameter("a key", key.len(), handle.set(Parameter::Key(key))).map(drop)
}

/// Encrypts data in one call.
///
/// Modes that chain (ecb, cbc, ctr) treat data of any length as one operation.
/// Others (xts) begin anew every 64 KiB, with the IV that the driver has left: the same again, or
/// with AES-NI another one. Such a message depends on the driver, as it does with the C library;
/// the engine in user space gives what the kernel's generic driver gives. One IOVEC of
/// kcapi_cipher_encrypt_aio() is one operation, on every driver.
///
/// @param handle  cipher handle, with a key
/// @param input   the plaintext
/// @param inlen   bytes in `input`
/// @param iv      the IV, of kcapi_cipher_ivsize() bytes; NULL: go on with the IV that the
///                handle's last message has left, zeros at first
/// @param out     where the ciphertext goes; may be `input`
/// @param outlen  bytes in `out`, at least `inlen`; those after the result are left alone
/// @param access  one of KCAPI_ACCESS_*, a hint
/// @return bytes encrypted, which is 0 when a length is 0
/// @retval -EINVAL       `inlen` is no multiple of the block size in a mode that needs it, or
///                       `outlen` is less than `inlen`, or `handle` is NULL; or `iv` is NULL
///                       and there is none to go on with, since a key was set, a message
///                       failed after it had begun, or a stream is there. A call that is refused for its
///                       arguments changes nothing: the next goes on with what was before it
/// @retval -EBUSY        another thread is in a call of a stream on the handle
/// @retval -EMSGSIZE     a length over INT_MAX
/// @retval -ENOKEY       no key was set
/// @retval -EFAULT       a buffer is NULL or cannot be accessed
/// @retval -ENOMEM       there is no memory
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_cipher_encrypt(
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
        one_shot(of(Kind::Skcipher, handle)?, Op::Encrypt, input, inlen, iv, out, outlen)
    })
}

/// Decrypts data in one call; see kcapi_cipher_encrypt().
///
/// @param handle  cipher handle, with a key
/// @param input   the ciphertext
/// @param inlen   bytes in `input`
/// @param iv      the IV, or NULL
/// @param out     where the plaintext goes; may be `input`
/// @param outlen  bytes in `out`, at least `inlen`
/// @param access  one of KCAPI_ACCESS_*, a hint
/// @return bytes decrypted, or a negative errno as kcapi_cipher_encrypt()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_cipher_decrypt(
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
        one_shot(of(Kind::Skcipher, handle)?, Op::Decrypt, input, inlen, iv, out, outlen)
    })
}

/// A message of a symmetric cipher, or of an AEAD, in one call. Inlined, since the caller has just looked which of
/// them it is.
///
/// # Safety
///
/// Buffers and IV have their lengths.
#[inline(always)]
pub(super) unsafe fn one_shot(
    handle: &Handle,
    op: Op,
    input: *const u8,
    inlen: usize,
    iv: *const u8,
    out: *mut u8,
    outlen: usize,
) -> Result<usize> {
    let is_aead = handle.kind() == Kind::Aead;
    // An AEAD's message of no bytes has a tag.
    if !is_aead && (inlen == 0 || outlen == 0) {
        return Ok(0);
    }
    let (input, output) = (buffer(input, inlen)?, buffer(out, outlen)?);
    // SAFETY: the caller's promise.
    let (input, output) = unsafe { (Iovecs::new(&input), Iovecs::new(&output)) };
    let mut control = Control::of(op);
    // SAFETY: the caller's promise.
    unsafe { set_control(&mut control, handle, iv, handle.assoclen()) }?;
    let length = if is_aead { Length::Whole } else { Length::Pieces };
    let message = WholeMessage { control: &control, input, output, length };
    why::message(handle, &message, handle.message(&message))
}

/// Encrypts pairs of IOVECs, each a cipher operation of its own.
///
/// With a handle that kcapi_cipher_init() or kcapi_handle_reinit() has made with KCAPI_INIT_AIO
/// the pairs are processed in order, with few system calls for many of them. One IV serves the
/// call: modes that chain (cbc, ctr) carry it on from IOVEC to IOVEC, others (xts) begin each
/// with it, on every driver. An IOVEC of any length is one operation. Where the kernel has no AIO
/// the results are the same, one system call per IOVEC more, and a warning says so once per
/// transform.
///
/// Without KCAPI_INIT_AIO all IOVECs together are one message, cut as the
/// output IOVECs are.
///
/// When the call returns, also with an error, the kernel writes to no buffer any more. The
/// arrays are left as they are.
///
/// @param handle  cipher handle, with a key
/// @param iniov   the plaintexts
/// @param outiov  where the ciphertexts go, each at least as long as its input; may be the
///                same memory as that of `iniov`
/// @param iovlen  number of IOVECs in each of the two arrays, any number
/// @param iv      the IV, of kcapi_cipher_ivsize() bytes, or NULL, see kcapi_cipher_encrypt()
/// @param access  one of KCAPI_ACCESS_*, a hint
/// @return sum of the bytes encrypted; or the negative errno of the first pair that failed. The
///         handle stays usable.
/// @retval -EINVAL       a length that the mode cannot take, or an output shorter than its input:
///                       nothing was processed; or `handle` is NULL
/// @retval -EMSGSIZE     an IOVEC over INT_MAX, or, in a mode that does not chain, longer than
///                       the socket's buffers can be made
/// @retval -ENOKEY       no key was set
/// @retval -EFAULT       an array is NULL, or an IOVEC's memory is NULL or cannot be accessed
/// @retval -ENOMEM       there is no memory
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_cipher_encrypt_aio(
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

/// Decrypts pairs of IOVECs, each a cipher operation of its own; see
/// kcapi_cipher_encrypt_aio().
///
/// @param handle  cipher handle, with a key
/// @param iniov   the ciphertexts
/// @param outiov  where the plaintexts go
/// @param iovlen  number of IOVECs in each of the two arrays
/// @param iv      the IV, or NULL
/// @param access  one of KCAPI_ACCESS_*, a hint
/// @return sum of the bytes decrypted, or a negative errno as kcapi_cipher_encrypt_aio()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_cipher_decrypt_aio(
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
/// The same as for `kcapi_cipher_encrypt_aio`.
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
        unsafe { (of(Kind::Skcipher, handle)?, iovecs(iniov, iovlen)?, iovecs(outiov, iovlen)?) };
    let mut control = Control::of(op);
    // SAFETY: the caller's promise.
    unsafe { set_control(&mut control, handle, iv, handle.assoclen()) }?;
    match (handle.aio(), iovlen) {
        (true, 0) => Ok(0),
        (true, _) => {
            let result = handle.batch(&control, inputs, outputs);
            why::pairs(handle, &control, inputs, outputs, result)
        }
        (false, 0) => Err(because(Errno::INVAL, "no IOVECs")),
        (false, _) => {
            let message = WholeMessage::new(&control, inputs, outputs);
            why::message(handle, &message, handle.message(&message))
        }
    }
}

/// Size of the IV in bytes.
///
/// @param handle  cipher handle
/// @return bytes; 0 if the algorithm has no IV or `handle` is NULL
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_cipher_ivsize(handle: *mut Handle) -> u32 {
    // SAFETY: kcapi.h: the handle is live.
    unsafe { borrow(handle) }.map_or(0, |handle| handle.properties().iv_size)
}

/// Size of a block in bytes, 1 for modes that take any length.
///
/// @param handle  cipher handle
/// @return bytes; 0 if `handle` is NULL
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_cipher_blocksize(handle: *mut Handle) -> u32 {
    // SAFETY: kcapi.h: the handle is live.
    unsafe { borrow(handle) }.map_or(0, |handle| handle.properties().block_size)
}
