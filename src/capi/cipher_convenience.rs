// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! `kcapi_cipher_{enc,dec}_{aes,sm4}_{cbc,ctr}`: a cipher operation in one call,
//! handle and all.

use super::{cipher, open_with_key, to_ssize};
use crate::engine::{Kind, Op};
use crate::errno::Result;
use libc::ssize_t;
use std::ffi::CStr;

/// A handle of its own for one message.
///
/// # Safety
///
/// Key and buffers have their lengths, the IV 16 bytes.
#[allow(clippy::too_many_arguments)]
unsafe fn run(
    name: &CStr,
    op: Op,
    key: *const u8,
    keylen: u32,
    input: *const u8,
    inlen: usize,
    iv: *const u8,
    out: *mut u8,
    outlen: usize,
) -> Result<usize> {
    // SAFETY: the caller's promise.
    let handle = unsafe { open_with_key(Kind::Skcipher, name, key, keylen) }?;
    // SAFETY: the caller's promise.
    unsafe { cipher::one_shot(&handle, op, input, inlen, iv, out, outlen) }
}

/// Encrypts with AES (FIPS 197) in CBC mode (NIST SP 800-38A), key setup and all.
///
/// @param key     the key, 16, 24 or 32 bytes
/// @param keylen  bytes in `key`
/// @param input   the plaintext
/// @param inlen   bytes in `input`, a multiple of 16
/// @param iv      the IV, 16 bytes; NULL: zeros
/// @param out     where the ciphertext goes; may be `input`
/// @param outlen  bytes in `out`, at least `inlen`
/// @return bytes of ciphertext; or a negative errno as kcapi_cipher_init(),
///         kcapi_cipher_setkey() and kcapi_cipher_encrypt()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_cipher_enc_aes_cbc(
    key: *const u8,
    keylen: u32,
    input: *const u8,
    inlen: usize,
    iv: *const u8,
    out: *mut u8,
    outlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: key, buffers and IV have their lengths.
    to_ssize(|| unsafe {
        run(c"cbc(aes)", Op::Encrypt, key, keylen, input, inlen, iv, out, outlen)
    })
}

/// Decrypts with AES (FIPS 197) in CBC mode (NIST SP 800-38A), key setup and all.
///
/// @param key     the key, 16, 24 or 32 bytes
/// @param keylen  bytes in `key`
/// @param input   the ciphertext
/// @param inlen   bytes in `input`, a multiple of 16
/// @param iv      the IV, 16 bytes; NULL: zeros
/// @param out     where the plaintext goes; may be `input`
/// @param outlen  bytes in `out`, at least `inlen`
/// @return bytes of plaintext; or a negative errno as kcapi_cipher_init(),
///         kcapi_cipher_setkey() and kcapi_cipher_decrypt()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_cipher_dec_aes_cbc(
    key: *const u8,
    keylen: u32,
    input: *const u8,
    inlen: usize,
    iv: *const u8,
    out: *mut u8,
    outlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: key, buffers and IV have their lengths.
    to_ssize(|| unsafe {
        run(c"cbc(aes)", Op::Decrypt, key, keylen, input, inlen, iv, out, outlen)
    })
}

/// Encrypts with AES (FIPS 197) in CTR mode (NIST SP 800-38A), key setup and all.
///
/// @param key     the key, 16, 24 or 32 bytes
/// @param keylen  bytes in `key`
/// @param input   the plaintext
/// @param inlen   bytes in `input`
/// @param ctr     the first counter block, 16 bytes; NULL: zeros
/// @param out     where the ciphertext goes; may be `input`
/// @param outlen  bytes in `out`, at least `inlen`
/// @return bytes of ciphertext; or a negative errno as kcapi_cipher_init(),
///         kcapi_cipher_setkey() and kcapi_cipher_encrypt()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_cipher_enc_aes_ctr(
    key: *const u8,
    keylen: u32,
    input: *const u8,
    inlen: usize,
    ctr: *const u8,
    out: *mut u8,
    outlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: key, buffers and IV have their lengths.
    to_ssize(|| unsafe {
        run(c"ctr(aes)", Op::Encrypt, key, keylen, input, inlen, ctr, out, outlen)
    })
}

/// Decrypts with AES (FIPS 197) in CTR mode (NIST SP 800-38A), key setup and all.
///
/// @param key     the key, 16, 24 or 32 bytes
/// @param keylen  bytes in `key`
/// @param input   the ciphertext
/// @param inlen   bytes in `input`
/// @param ctr     the first counter block, 16 bytes; NULL: zeros
/// @param out     where the plaintext goes; may be `input`
/// @param outlen  bytes in `out`, at least `inlen`
/// @return bytes of plaintext; or a negative errno as kcapi_cipher_init(),
///         kcapi_cipher_setkey() and kcapi_cipher_decrypt()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_cipher_dec_aes_ctr(
    key: *const u8,
    keylen: u32,
    input: *const u8,
    inlen: usize,
    ctr: *const u8,
    out: *mut u8,
    outlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: key, buffers and IV have their lengths.
    to_ssize(|| unsafe {
        run(c"ctr(aes)", Op::Decrypt, key, keylen, input, inlen, ctr, out, outlen)
    })
}

/// Encrypts with SM4 (GB/T 32907-2016) in CBC mode (NIST SP 800-38A), key setup and all.
///
/// @param key     the key, 16 bytes
/// @param keylen  bytes in `key`
/// @param input   the plaintext
/// @param inlen   bytes in `input`, a multiple of 16
/// @param iv      the IV, 16 bytes; NULL: zeros
/// @param out     where the ciphertext goes; may be `input`
/// @param outlen  bytes in `out`, at least `inlen`
/// @return bytes of ciphertext; or a negative errno as kcapi_cipher_init(),
///         kcapi_cipher_setkey() and kcapi_cipher_encrypt()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_cipher_enc_sm4_cbc(
    key: *const u8,
    keylen: u32,
    input: *const u8,
    inlen: usize,
    iv: *const u8,
    out: *mut u8,
    outlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: key, buffers and IV have their lengths.
    to_ssize(|| unsafe {
        run(c"cbc(sm4)", Op::Encrypt, key, keylen, input, inlen, iv, out, outlen)
    })
}

/// Decrypts with SM4 (GB/T 32907-2016) in CBC mode (NIST SP 800-38A), key setup and all.
///
/// @param key     the key, 16 bytes
/// @param keylen  bytes in `key`
/// @param input   the ciphertext
/// @param inlen   bytes in `input`, a multiple of 16
/// @param iv      the IV, 16 bytes; NULL: zeros
/// @param out     where the plaintext goes; may be `input`
/// @param outlen  bytes in `out`, at least `inlen`
/// @return bytes of plaintext; or a negative errno as kcapi_cipher_init(),
///         kcapi_cipher_setkey() and kcapi_cipher_decrypt()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_cipher_dec_sm4_cbc(
    key: *const u8,
    keylen: u32,
    input: *const u8,
    inlen: usize,
    iv: *const u8,
    out: *mut u8,
    outlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: key, buffers and IV have their lengths.
    to_ssize(|| unsafe {
        run(c"cbc(sm4)", Op::Decrypt, key, keylen, input, inlen, iv, out, outlen)
    })
}

/// Encrypts with SM4 (GB/T 32907-2016) in CTR mode (NIST SP 800-38A), key setup and all.
///
/// @param key     the key, 16 bytes
/// @param keylen  bytes in `key`
/// @param input   the plaintext
/// @param inlen   bytes in `input`
/// @param ctr     the first counter block, 16 bytes; NULL: zeros
/// @param out     where the ciphertext goes; may be `input`
/// @param outlen  bytes in `out`, at least `inlen`
/// @return bytes of ciphertext; or a negative errno as kcapi_cipher_init(),
///         kcapi_cipher_setkey() and kcapi_cipher_encrypt()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_cipher_enc_sm4_ctr(
    key: *const u8,
    keylen: u32,
    input: *const u8,
    inlen: usize,
    ctr: *const u8,
    out: *mut u8,
    outlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: key, buffers and IV have their lengths.
    to_ssize(|| unsafe {
        run(c"ctr(sm4)", Op::Encrypt, key, keylen, input, inlen, ctr, out, outlen)
    })
}

/// Decrypts with SM4 (GB/T 32907-2016) in CTR mode (NIST SP 800-38A), key setup and all.
///
/// @param key     the key, 16 bytes
/// @param keylen  bytes in `key`
/// @param input   the ciphertext
/// @param inlen   bytes in `input`
/// @param ctr     the first counter block, 16 bytes; NULL: zeros
/// @param out     where the plaintext goes; may be `input`
/// @param outlen  bytes in `out`, at least `inlen`
/// @return bytes of plaintext; or a negative errno as kcapi_cipher_init(),
///         kcapi_cipher_setkey() and kcapi_cipher_decrypt()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_cipher_dec_sm4_ctr(
    key: *const u8,
    keylen: u32,
    input: *const u8,
    inlen: usize,
    ctr: *const u8,
    out: *mut u8,
    outlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: key, buffers and IV have their lengths.
    to_ssize(|| unsafe {
        run(c"ctr(sm4)", Op::Decrypt, key, keylen, input, inlen, ctr, out, outlen)
    })
}
