// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! `kcapi_akcipher_*`: asymmetric ciphers.
//!
//! The kernel serves them if it has the patches that bring `akcipher` to AF_ALG, which no mainline
//! kernel has. Elsewhere the engine in user space does.

use super::{
    because, buffer, bytes, destroy, init, iovecs, of, to_int_of_new, to_number, to_ssize, why,
};
use crate::engine::{Control, Kind, Op, Parameter, WholeMessage};
use crate::errno::{Errno, Result};
use crate::handle::Handle;
use crate::iov::Iovecs;
use libc::{c_char, c_int, iovec, ssize_t};

/// Opens a handle for an asymmetric cipher.
///
/// No mainline kernel serves these by AF_ALG, so it is the engine in user space that does, unless
/// KCAPI_ENGINE says `kernel`. It has RSA (RFC 8017), with keys of 1024 to 8192 bits:
///
/// - `rsa`: numbers without any padding. Encryption and verification are the public operation,
///   decryption and signing the private one. A result is as long as the modulus.
/// - `pkcs1pad(rsa)`: the paddings of PKCS #1 v1.5. What is encrypted or signed has up to 11 bytes
///   fewer than the modulus.
/// - `pkcs1pad(rsa,sha256)`: the same; but what is signed is a digest, which the signature names.
///   Also with md5, sha1, rmd160, sha224, sha384, sha512, sha3-256, sha3-384 or sha3-512.
/// - `pkcs1(rsa)`, `pkcs1(rsa,sha256)`: newer kernels' names of these, which only sign and verify.
///
/// A verification gives back what was signed. It is for the caller to compare that with the digest
/// of the message: a signature of another message is a good signature, too.
///
/// Who can tell a wrong padding from a right one in what a program decrypts by `pkcs1pad(rsa)` can
/// decrypt messages (D. Bleichenbacher, 1998). So a program must behave in the same way, and take
/// the same time, for both; new protocols should not use this padding for encryption.
///
/// @param handle      where the handle's pointer goes; left alone on an error
/// @param ciphername  name of the algorithm or of a driver, as in /proc/crypto: `rsa`
/// @param flags       0, or of KCAPI_INIT_AIO and KCAPI_INIT_USER, see kcapi_cipher_init()
/// @return 0
/// @retval -ENOENT       no such algorithm, or its name is NULL
/// @retval -EAFNOSUPPORT no AF_ALG in this kernel, and no other engine may serve
/// @retval -EPERM        AF_ALG is forbidden here, as in most containers, and no other engine may serve
/// @retval -EACCES       the same
/// @retval -EINVAL       `handle` is NULL
/// @retval -EMFILE       the process has as many descriptors as it may
/// @retval -ENFILE       the system has as many open files as it may
/// @retval -ENOMEM       there is no memory
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_akcipher_init(
    handle: *mut *mut Handle,
    ciphername: *const c_char,
    flags: u32,
) -> c_int {
    // SAFETY: kcapi.h: `handle` may be written, the name is a string.
    to_int_of_new(|| unsafe { init(handle, Kind::Akcipher, ciphername, flags) })
}

/// Closes a handle. Its transform goes when the last handle on it is closed.
///
/// @param handle  cipher handle; NULL is allowed
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_akcipher_destroy(handle: *mut Handle) {
    // SAFETY: kcapi.h: the handle is live, and dead from now on.
    unsafe { destroy(handle) };
}

/// Sets the private key, for all handles on the transform. It takes the place of a public key, and
/// has one in it. If it is refused there is no key.
///
/// The engine in user space tries the key with a random number.
///
/// @param handle  cipher handle
/// @param key     the key in DER: for rsa the RSAPrivateKey of RFC 8017, appendix A.1.2
/// @param keylen  bytes in `key`
/// @return largest size of a result in bytes (for rsa that of the modulus)
/// @retval -EINVAL       not such a key, its parts do not belong together, it is one that nobody
///                       should use (too short, an even modulus or exponent), or `handle` is NULL
/// @retval -EFAULT       `key` is NULL
/// @retval -EBUSY        a stream has begun on a handle of the transform, or a result is unread
/// @retval -ENOMEM       there is no memory
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_akcipher_setkey(
    handle: *mut Handle,
    key: *const u8,
    keylen: u32,
) -> c_int {
    // SAFETY: kcapi.h: the handle is live, `key` has `keylen` bytes.
    to_number(|| unsafe { set(Kind::Akcipher, handle, Parameter::Key, key, keylen) })
}

/// Sets the public key, for all handles on the transform. It takes the place of a private key, so
/// that only encryption and verification are left.
///
/// @param handle  cipher handle
/// @param key     the key in DER: for rsa the RSAPublicKey of RFC 8017, appendix A.1.1
/// @param keylen  bytes in `key`
/// @return largest size of a result in bytes, or a negative errno as kcapi_akcipher_setkey()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_akcipher_setpubkey(
    handle: *mut Handle,
    key: *const u8,
    keylen: u32,
) -> c_int {
    // SAFETY: kcapi.h: the handle is live, `key` has `keylen` bytes.
    to_number(|| unsafe { set(Kind::Akcipher, handle, Parameter::PublicKey, key, keylen) })
}

/// Sets a parameter whose size the kernel's answer may tell.
///
/// # Safety
///
/// The handle is NULL or live, `value` has `len` bytes.
pub(super) unsafe fn set<'a>(
    kind: Kind,
    handle: *mut Handle,
    parameter: impl FnOnce(&'a [u8]) -> Parameter<'a>,
    value: *const u8,
    len: u32,
) -> Result<c_int> {
    // SAFETY: the caller's promise.
    let (handle, value) = unsafe { (of(kind, handle)?, bytes(value, len as usize)?) };
    why::parameter("a key or a group", value.len(), handle.set(parameter(value)))
}

/// Encrypts a message in one call.
///
/// A message that is longer than the largest result is several, each of that length, if `out` has
/// room for as many largest results; the results begin as far from each other. So it is with
/// decryption, signing and verification.
///
/// @param handle  cipher handle, with a key
/// @param input   the plaintext
/// @param inlen   bytes in `input`
/// @param out     where the ciphertext goes; may be `input`
/// @param outlen  bytes in `out`, at least what kcapi_akcipher_setkey() returned
/// @param access  one of KCAPI_ACCESS_*, a hint
/// @return bytes written; or a negative errno, one of these or what else the cipher reports
/// @retval -EINVAL       the message is no number below the modulus, `outlen` is 0, or `handle` is
///                       NULL
/// @retval -EMSGSIZE     `out` is too short, or a length over INT_MAX
/// @retval -EOVERFLOW    the message is too long for its padding
/// @retval -ENOKEY       no key was set
/// @retval -EOPNOTSUPP   the algorithm does not encrypt
/// @retval -EFAULT       a buffer is NULL or cannot be accessed
/// @retval -ENOMEM       there is no memory
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_akcipher_encrypt(
    handle: *mut Handle,
    input: *const u8,
    inlen: usize,
    out: *mut u8,
    outlen: usize,
    access: c_int,
) -> ssize_t {
    let _ = access;
    // SAFETY: kcapi.h: the handle is live, the buffers have their lengths.
    to_ssize(|| unsafe { one_shot(Kind::Akcipher, handle, Op::Encrypt, input, inlen, out, outlen) })
}

/// Decrypts a message in one call; see kcapi_akcipher_encrypt().
///
/// @param handle  cipher handle, with a key
/// @param input   the ciphertext
/// @param inlen   bytes in `input`
/// @param out     where the plaintext goes; may be `input`
/// @param outlen  bytes in `out`, at least what kcapi_akcipher_setkey() returned
/// @param access  one of KCAPI_ACCESS_*, a hint
/// @return bytes written; or a negative errno as kcapi_akcipher_encrypt()
/// @retval -EINVAL       also: the padding is wrong, or there is a public key only
/// @retval -EIO          the computation went wrong; nothing of it is in `out`
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_akcipher_decrypt(
    handle: *mut Handle,
    input: *const u8,
    inlen: usize,
    out: *mut u8,
    outlen: usize,
    access: c_int,
) -> ssize_t {
    let _ = access;
    // SAFETY: kcapi.h: the handle is live, the buffers have their lengths.
    to_ssize(|| unsafe { one_shot(Kind::Akcipher, handle, Op::Decrypt, input, inlen, out, outlen) })
}

/// Signs a message in one call; see kcapi_akcipher_encrypt().
///
/// @param handle  cipher handle, with a key
/// @param input   what is signed: with `pkcs1pad(rsa,sha256)` a digest of SHA-256
/// @param inlen   bytes in `input`
/// @param out     where the signature goes; may be `input`
/// @param outlen  bytes in `out`, at least what kcapi_akcipher_setkey() returned
/// @param access  one of KCAPI_ACCESS_*, a hint
/// @return bytes written; or a negative errno as kcapi_akcipher_encrypt()
/// @retval -EINVAL       also: no digest of that size, or there is a public key only
/// @retval -EIO          the computation went wrong; nothing of it is in `out`
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_akcipher_sign(
    handle: *mut Handle,
    input: *const u8,
    inlen: usize,
    out: *mut u8,
    outlen: usize,
    access: c_int,
) -> ssize_t {
    let _ = access;
    // SAFETY: kcapi.h: the handle is live, the buffers have their lengths.
    to_ssize(|| unsafe { one_shot(Kind::Akcipher, handle, Op::Sign, input, inlen, out, outlen) })
}

/// Verifies a signature in one call and gives back what was signed, for the caller to compare; see
/// kcapi_akcipher_encrypt().
///
/// @param handle  cipher handle, with a key
/// @param input   the signature
/// @param inlen   bytes in `input`
/// @param out     where what was signed goes, such as a digest; may be `input`
/// @param outlen  bytes in `out`, at least what kcapi_akcipher_setkey() returned
/// @param access  one of KCAPI_ACCESS_*, a hint
/// @return bytes written; or a negative errno as kcapi_akcipher_encrypt()
/// @retval -EBADMSG      the signature is wrong
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_akcipher_verify(
    handle: *mut Handle,
    input: *const u8,
    inlen: usize,
    out: *mut u8,
    outlen: usize,
    access: c_int,
) -> ssize_t {
    let _ = access;
    // SAFETY: kcapi.h: the handle is live, the buffers have their lengths.
    to_ssize(|| unsafe { one_shot(Kind::Akcipher, handle, Op::Verify, input, inlen, out, outlen) })
}

/// # Safety
///
/// The handle is NULL or live, the buffers have their lengths.
pub(super) unsafe fn one_shot(
    kind: Kind,
    handle: *mut Handle,
    op: Op,
    input: *const u8,
    inlen: usize,
    out: *mut u8,
    outlen: usize,
) -> Result<usize> {
    // SAFETY: the caller's promise.
    let handle = unsafe { of(kind, handle) }?;
    let (input, output) = (buffer(input, inlen)?, buffer(out, outlen)?);
    // The result would stay in the socket, for the next message.
    if outlen == 0 {
        return Err(because(Errno::INVAL, "no room for a result"));
    }
    // SAFETY: the caller's promise.
    let (input, output) = unsafe { (Iovecs::new(&input), Iovecs::new(&output)) };
    handle.message(&WholeMessage::new(&Control::of(op), input, output))
}

/// Encrypts messages, each IOVEC one.
///
/// @param handle  cipher handle, with a key
/// @param iniov   the messages
/// @param outiov  where the results go, each as long as kcapi_akcipher_encrypt() needs it
/// @param iovlen  number of IOVECs in each of the two arrays, any number
/// @param access  one of KCAPI_ACCESS_*, a hint
/// @return sum of the bytes written; or the negative errno of the first message that failed, as
///         kcapi_akcipher_encrypt()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_akcipher_encrypt_aio(
    handle: *mut Handle,
    iniov: *mut iovec,
    outiov: *mut iovec,
    iovlen: usize,
    access: c_int,
) -> ssize_t {
    let _ = access;
    // SAFETY: kcapi.h: the handle is live, arrays and buffers have their lengths.
    to_ssize(|| unsafe { pairs(Kind::Akcipher, handle, Op::Encrypt, iniov, outiov, iovlen) })
}

/// Decrypts messages, each IOVEC one; see kcapi_akcipher_encrypt_aio().
///
/// @param handle  cipher handle, with a key
/// @param iniov   the messages
/// @param outiov  where the results go
/// @param iovlen  number of IOVECs in each of the two arrays
/// @param access  one of KCAPI_ACCESS_*, a hint
/// @return sum of the bytes written; or a negative errno as kcapi_akcipher_decrypt()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_akcipher_decrypt_aio(
    handle: *mut Handle,
    iniov: *mut iovec,
    outiov: *mut iovec,
    iovlen: usize,
    access: c_int,
) -> ssize_t {
    let _ = access;
    // SAFETY: kcapi.h: the handle is live, arrays and buffers have their lengths.
    to_ssize(|| unsafe { pairs(Kind::Akcipher, handle, Op::Decrypt, iniov, outiov, iovlen) })
}

/// Signs messages, each IOVEC one; see kcapi_akcipher_encrypt_aio().
///
/// @param handle  cipher handle, with a key
/// @param iniov   the messages
/// @param outiov  where the results go
/// @param iovlen  number of IOVECs in each of the two arrays
/// @param access  one of KCAPI_ACCESS_*, a hint
/// @return sum of the bytes written; or a negative errno as kcapi_akcipher_sign()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_akcipher_sign_aio(
    handle: *mut Handle,
    iniov: *mut iovec,
    outiov: *mut iovec,
    iovlen: usize,
    access: c_int,
) -> ssize_t {
    let _ = access;
    // SAFETY: kcapi.h: the handle is live, arrays and buffers have their lengths.
    to_ssize(|| unsafe { pairs(Kind::Akcipher, handle, Op::Sign, iniov, outiov, iovlen) })
}

/// Verifies messages, each IOVEC one; see kcapi_akcipher_encrypt_aio().
///
/// @param handle  cipher handle, with a key
/// @param iniov   the messages
/// @param outiov  where the results go
/// @param iovlen  number of IOVECs in each of the two arrays
/// @param access  one of KCAPI_ACCESS_*, a hint
/// @return sum of the bytes written; or a negative errno as kcapi_akcipher_verify()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_akcipher_verify_aio(
    handle: *mut Handle,
    iniov: *mut iovec,
    outiov: *mut iovec,
    iovlen: usize,
    access: c_int,
) -> ssize_t {
    let _ = access;
    // SAFETY: kcapi.h: the handle is live, arrays and buffers have their lengths.
    to_ssize(|| unsafe { pairs(Kind::Akcipher, handle, Op::Verify, iniov, outiov, iovlen) })
}

/// # Safety
///
/// The handle is NULL or live, arrays and buffers have their lengths.
pub(super) unsafe fn pairs(
    kind: Kind,
    handle: *mut Handle,
    op: Op,
    iniov: *const iovec,
    outiov: *const iovec,
    iovlen: usize,
) -> Result<usize> {
    // SAFETY: the caller's promise.
    let (handle, inputs, outputs) =
        unsafe { (of(kind, handle)?, iovecs(iniov, iovlen)?, iovecs(outiov, iovlen)?) };
    if outputs.list().iter().any(|output| output.iov_len == 0) {
        return Err(because(Errno::INVAL, "no room for a result"));
    }
    handle.batch(&Control::of(op), inputs, outputs)
}
