// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! `kcapi_md_{sha1,sha224,...}` and `kcapi_md_hmac_*`: a digest in one call, handle and
//! all.

use super::{md, open_with_key, to_ssize};
use crate::engine::Kind;
use crate::errno::Result;
use crate::handle::{Handle, Options};
use libc::ssize_t;
use std::ffi::CStr;

/// A handle of its own for one message.
///
/// # Safety
///
/// The buffers have their lengths.
unsafe fn run(
    name: &CStr,
    input: *const u8,
    inlen: usize,
    out: *mut u8,
    outlen: usize,
) -> Result<usize> {
    let handle = Handle::open(Kind::Hash, name, Options::default())?;
    // SAFETY: the caller's promise.
    unsafe { md::digest(&handle, input, inlen, out, outlen) }
}

/// A keyed handle of its own for one message.
///
/// # Safety
///
/// Key and buffers have their lengths.
unsafe fn run_keyed(
    name: &CStr,
    key: *const u8,
    keylen: u32,
    input: *const u8,
    inlen: usize,
    out: *mut u8,
    outlen: usize,
) -> Result<usize> {
    // SAFETY: the caller's promise.
    let handle = unsafe { open_with_key(Kind::Hash, name, key, keylen) }?;
    // SAFETY: the caller's promise.
    unsafe { md::digest(&handle, input, inlen, out, outlen) }
}

/// Gives the SHA-1 digest (FIPS 180-4) of a message.
///
/// @param input   the message
/// @param inlen   bytes in `input`, at most INT_MAX; may be 0
/// @param out     where the digest goes
/// @param outlen  bytes in `out`: 20 for the whole digest, fewer for its beginning
/// @return bytes written; or a negative errno as kcapi_md_init() and kcapi_md_digest()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_md_sha1(
    input: *const u8,
    inlen: usize,
    out: *mut u8,
    outlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: the buffers have their lengths.
    to_ssize(|| unsafe { run(c"sha1", input, inlen, out, outlen) })
}

/// Gives the SHA-224 digest (FIPS 180-4) of a message.
///
/// @param input   the message
/// @param inlen   bytes in `input`, at most INT_MAX; may be 0
/// @param out     where the digest goes
/// @param outlen  bytes in `out`: 28 for the whole digest, fewer for its beginning
/// @return bytes written; or a negative errno as kcapi_md_init() and kcapi_md_digest()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_md_sha224(
    input: *const u8,
    inlen: usize,
    out: *mut u8,
    outlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: the buffers have their lengths.
    to_ssize(|| unsafe { run(c"sha224", input, inlen, out, outlen) })
}

/// Gives the SHA-256 digest (FIPS 180-4) of a message.
///
/// @param input   the message
/// @param inlen   bytes in `input`, at most INT_MAX; may be 0
/// @param out     where the digest goes
/// @param outlen  bytes in `out`: 32 for the whole digest, fewer for its beginning
/// @return bytes written; or a negative errno as kcapi_md_init() and kcapi_md_digest()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_md_sha256(
    input: *const u8,
    inlen: usize,
    out: *mut u8,
    outlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: the buffers have their lengths.
    to_ssize(|| unsafe { run(c"sha256", input, inlen, out, outlen) })
}

/// Gives the SHA-384 digest (FIPS 180-4) of a message.
///
/// @param input   the message
/// @param inlen   bytes in `input`, at most INT_MAX; may be 0
/// @param out     where the digest goes
/// @param outlen  bytes in `out`: 48 for the whole digest, fewer for its beginning
/// @return bytes written; or a negative errno as kcapi_md_init() and kcapi_md_digest()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_md_sha384(
    input: *const u8,
    inlen: usize,
    out: *mut u8,
    outlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: the buffers have their lengths.
    to_ssize(|| unsafe { run(c"sha384", input, inlen, out, outlen) })
}

/// Gives the SHA-512 digest (FIPS 180-4) of a message.
///
/// @param input   the message
/// @param inlen   bytes in `input`, at most INT_MAX; may be 0
/// @param out     where the digest goes
/// @param outlen  bytes in `out`: 64 for the whole digest, fewer for its beginning
/// @return bytes written; or a negative errno as kcapi_md_init() and kcapi_md_digest()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_md_sha512(
    input: *const u8,
    inlen: usize,
    out: *mut u8,
    outlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: the buffers have their lengths.
    to_ssize(|| unsafe { run(c"sha512", input, inlen, out, outlen) })
}

/// Gives the SHA3-224 digest (FIPS 202) of a message.
///
/// @param input   the message
/// @param inlen   bytes in `input`, at most INT_MAX; may be 0
/// @param out     where the digest goes
/// @param outlen  bytes in `out`: 28 for the whole digest, fewer for its beginning
/// @return bytes written; or a negative errno as kcapi_md_init() and kcapi_md_digest()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_md_sha3_224(
    input: *const u8,
    inlen: usize,
    out: *mut u8,
    outlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: the buffers have their lengths.
    to_ssize(|| unsafe { run(c"sha3-224", input, inlen, out, outlen) })
}

/// Gives the SHA3-256 digest (FIPS 202) of a message.
///
/// @param input   the message
/// @param inlen   bytes in `input`, at most INT_MAX; may be 0
/// @param out     where the digest goes
/// @param outlen  bytes in `out`: 32 for the whole digest, fewer for its beginning
/// @return bytes written; or a negative errno as kcapi_md_init() and kcapi_md_digest()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_md_sha3_256(
    input: *const u8,
    inlen: usize,
    out: *mut u8,
    outlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: the buffers have their lengths.
    to_ssize(|| unsafe { run(c"sha3-256", input, inlen, out, outlen) })
}

/// Gives the SHA3-384 digest (FIPS 202) of a message.
///
/// @param input   the message
/// @param inlen   bytes in `input`, at most INT_MAX; may be 0
/// @param out     where the digest goes
/// @param outlen  bytes in `out`: 48 for the whole digest, fewer for its beginning
/// @return bytes written; or a negative errno as kcapi_md_init() and kcapi_md_digest()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_md_sha3_384(
    input: *const u8,
    inlen: usize,
    out: *mut u8,
    outlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: the buffers have their lengths.
    to_ssize(|| unsafe { run(c"sha3-384", input, inlen, out, outlen) })
}

/// Gives the SHA3-512 digest (FIPS 202) of a message.
///
/// @param input   the message
/// @param inlen   bytes in `input`, at most INT_MAX; may be 0
/// @param out     where the digest goes
/// @param outlen  bytes in `out`: 64 for the whole digest, fewer for its beginning
/// @return bytes written; or a negative errno as kcapi_md_init() and kcapi_md_digest()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_md_sha3_512(
    input: *const u8,
    inlen: usize,
    out: *mut u8,
    outlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: the buffers have their lengths.
    to_ssize(|| unsafe { run(c"sha3-512", input, inlen, out, outlen) })
}

/// Gives the SM3 digest (GB/T 32905-2016) of a message.
///
/// @param input   the message
/// @param inlen   bytes in `input`, at most INT_MAX; may be 0
/// @param out     where the digest goes
/// @param outlen  bytes in `out`: 32 for the whole digest, fewer for its beginning
/// @return bytes written; or a negative errno as kcapi_md_init() and kcapi_md_digest()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_md_sm3(
    input: *const u8,
    inlen: usize,
    out: *mut u8,
    outlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: the buffers have their lengths.
    to_ssize(|| unsafe { run(c"sm3", input, inlen, out, outlen) })
}

/// Gives the HMAC (FIPS 198-1) of a message with SHA-1 (FIPS 180-4).
///
/// @param key     the key
/// @param keylen  bytes in `key`; may be 0
/// @param input   the message
/// @param inlen   bytes in `input`, at most INT_MAX; may be 0
/// @param out     where the HMAC goes
/// @param outlen  bytes in `out`: 20 for the whole HMAC, fewer for its beginning
/// @return bytes written; or a negative errno as kcapi_md_init(), kcapi_md_setkey()
///         and kcapi_md_digest()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_md_hmac_sha1(
    key: *const u8,
    keylen: u32,
    input: *const u8,
    inlen: usize,
    out: *mut u8,
    outlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: key and buffers have their lengths.
    to_ssize(|| unsafe { run_keyed(c"hmac(sha1)", key, keylen, input, inlen, out, outlen) })
}

/// Gives the HMAC (FIPS 198-1) of a message with SHA-224 (FIPS 180-4).
///
/// @param key     the key
/// @param keylen  bytes in `key`; may be 0
/// @param input   the message
/// @param inlen   bytes in `input`, at most INT_MAX; may be 0
/// @param out     where the HMAC goes
/// @param outlen  bytes in `out`: 28 for the whole HMAC, fewer for its beginning
/// @return bytes written; or a negative errno as kcapi_md_init(), kcapi_md_setkey()
///         and kcapi_md_digest()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_md_hmac_sha224(
    key: *const u8,
    keylen: u32,
    input: *const u8,
    inlen: usize,
    out: *mut u8,
    outlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: key and buffers have their lengths.
    to_ssize(|| unsafe { run_keyed(c"hmac(sha224)", key, keylen, input, inlen, out, outlen) })
}

/// Gives the HMAC (FIPS 198-1) of a message with SHA-256 (FIPS 180-4).
///
/// @param key     the key
/// @param keylen  bytes in `key`; may be 0
/// @param input   the message
/// @param inlen   bytes in `input`, at most INT_MAX; may be 0
/// @param out     where the HMAC goes
/// @param outlen  bytes in `out`: 32 for the whole HMAC, fewer for its beginning
/// @return bytes written; or a negative errno as kcapi_md_init(), kcapi_md_setkey()
///         and kcapi_md_digest()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_md_hmac_sha256(
    key: *const u8,
    keylen: u32,
    input: *const u8,
    inlen: usize,
    out: *mut u8,
    outlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: key and buffers have their lengths.
    to_ssize(|| unsafe { run_keyed(c"hmac(sha256)", key, keylen, input, inlen, out, outlen) })
}

/// Gives the HMAC (FIPS 198-1) of a message with SHA-384 (FIPS 180-4).
///
/// @param key     the key
/// @param keylen  bytes in `key`; may be 0
/// @param input   the message
/// @param inlen   bytes in `input`, at most INT_MAX; may be 0
/// @param out     where the HMAC goes
/// @param outlen  bytes in `out`: 48 for the whole HMAC, fewer for its beginning
/// @return bytes written; or a negative errno as kcapi_md_init(), kcapi_md_setkey()
///         and kcapi_md_digest()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_md_hmac_sha384(
    key: *const u8,
    keylen: u32,
    input: *const u8,
    inlen: usize,
    out: *mut u8,
    outlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: key and buffers have their lengths.
    to_ssize(|| unsafe { run_keyed(c"hmac(sha384)", key, keylen, input, inlen, out, outlen) })
}

/// Gives the HMAC (FIPS 198-1) of a message with SHA-512 (FIPS 180-4).
///
/// @param key     the key
/// @param keylen  bytes in `key`; may be 0
/// @param input   the message
/// @param inlen   bytes in `input`, at most INT_MAX; may be 0
/// @param out     where the HMAC goes
/// @param outlen  bytes in `out`: 64 for the whole HMAC, fewer for its beginning
/// @return bytes written; or a negative errno as kcapi_md_init(), kcapi_md_setkey()
///         and kcapi_md_digest()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_md_hmac_sha512(
    key: *const u8,
    keylen: u32,
    input: *const u8,
    inlen: usize,
    out: *mut u8,
    outlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: key and buffers have their lengths.
    to_ssize(|| unsafe { run_keyed(c"hmac(sha512)", key, keylen, input, inlen, out, outlen) })
}

/// Gives the HMAC (FIPS 198-1) of a message with SM3 (GB/T 32905-2016).
///
/// @param key     the key
/// @param keylen  bytes in `key`; may be 0
/// @param input   the message
/// @param inlen   bytes in `input`, at most INT_MAX; may be 0
/// @param out     where the HMAC goes
/// @param outlen  bytes in `out`: 32 for the whole HMAC, fewer for its beginning
/// @return bytes written; or a negative errno as kcapi_md_init(), kcapi_md_setkey()
///         and kcapi_md_digest()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_md_hmac_sm3(
    key: *const u8,
    keylen: u32,
    input: *const u8,
    inlen: usize,
    out: *mut u8,
    outlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: key and buffers have their lengths.
    to_ssize(|| unsafe { run_keyed(c"hmac(sm3)", key, keylen, input, inlen, out, outlen) })
}
