// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! `kcapi_kdf_*`, `kcapi_hkdf`, `kcapi_pbkdf*`: key derivation.

use super::{NULL, TOO_LONG, because, bytes, memset_kept, of, to_ssize, to_u32_or};
use crate::caller;
use crate::engine::{Kind, choice};
use crate::errno::{Errno, Result};
use crate::handle::Handle;
use crate::iov::{Iovecs, iovec, scatter};
use crate::kdf::{self, Key};
use crate::wipe::{WORK, wiping_stack};
use libc::{c_char, ssize_t};
use std::ffi::CStr;
use std::time::Duration;

/// Derives a key in double-pipeline iteration mode with counter (NIST SP 800-108,
/// section 5.3).
///
/// @param handle  message digest handle, usually of an HMAC with the key-derivation key
/// @param src     Label || 0x00 || Context; may be NULL
/// @param slen    bytes in `src`
/// @param dst     where the derived key goes
/// @param dlen    bytes to derive, at most INT_MAX
/// @return 0; or a negative errno, and then `dst` is filled with zeros
/// @retval -EINVAL       `handle` is NULL or that of another family
/// @retval -EMSGSIZE     a length over INT_MAX; if that is `dlen`, `dst` stays as it is
/// @retval -EFAULT       `dst` is NULL
/// @retval -ENOKEY       no key was set
/// @retval -ENOMEM       there is no memory
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_kdf_dpi(
    handle: *mut Handle,
    src: *const u8,
    slen: usize,
    dst: *mut u8,
    dlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: the handle is live, the buffers have their lengths.
    to_ssize(|| unsafe { sp800_108(kdf::double_pipeline, handle, src, slen, dst, dlen) })
}

/// Derives a key in feedback mode with counter (NIST SP 800-108, section 5.2).
///
/// @param handle  message digest handle, usually of an HMAC with the key-derivation key
/// @param src     IV || Label || 0x00 || Context; the IV has kcapi_md_digestsize() bytes
/// @param slen    bytes in `src`
/// @param dst     where the derived key goes
/// @param dlen    bytes to derive, at most INT_MAX
/// @return 0; or a negative errno as kcapi_kdf_dpi(), and then `dst` is filled with zeros
/// @retval -EINVAL       `src` is shorter than the IV
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_kdf_fb(
    handle: *mut Handle,
    src: *const u8,
    slen: usize,
    dst: *mut u8,
    dlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: the handle is live, the buffers have their lengths.
    to_ssize(|| unsafe { sp800_108(kdf::feedback, handle, src, slen, dst, dlen) })
}

/// Derives a key in counter mode (NIST SP 800-108, section 5.1); with a digest that
/// takes no key, by the one-step KDF of SP 800-56A, section 5.8.1.
///
/// @param handle  message digest handle, usually of an HMAC with the key-derivation key
/// @param src     Label || 0x00 || Context, or for SP 800-56A the shared secret Z and
///                OtherInfo; may be NULL
/// @param slen    bytes in `src`
/// @param dst     where the derived key goes
/// @param dlen    bytes to derive, at most INT_MAX
/// @return 0; or a negative errno as kcapi_kdf_dpi(), and then `dst` is filled with zeros
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_kdf_ctr(
    handle: *mut Handle,
    src: *const u8,
    slen: usize,
    dst: *mut u8,
    dlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: the handle is live, the buffers have their lengths.
    to_ssize(|| unsafe { sp800_108(kdf::counter, handle, src, slen, dst, dlen) })
}

/// # Safety
///
/// The same as for `kcapi_kdf_ctr`.
unsafe fn sp800_108(
    mode: fn(&Handle, &[u8], usize) -> Result<Key>,
    handle: *mut Handle,
    src: *const u8,
    slen: usize,
    dst: *mut u8,
    dlen: usize,
) -> Result<usize> {
    // SAFETY: the caller's promise.
    unsafe { derive(dst, dlen, || mode(of(Kind::Hash, handle)?, optional(src, slen)?, dlen)) }
}

/// Derives a key with HKDF (RFC 5869), extraction and expansion.
///
/// @param hashname  name of a keyed digest, as in /proc/crypto: `hmac(sha256)`
/// @param ikm       the input keying material
/// @param ikmlen    bytes in `ikm`, at least 1
/// @param salt      the salt; NULL: zeros, as many as a digest has
/// @param saltlen   bytes in `salt`
/// @param info      context and application specific information; may be NULL
/// @param infolen   bytes in `info`
/// @param dst       where the derived key goes
/// @param dlen      bytes to derive, at most 255 digests
/// @return 0; or a negative errno as kcapi_md_init(), and then `dst` is filled with zeros
/// @retval -EINVAL       no `ikm`, `dst` is NULL, or `dlen` over 255 digests
/// @retval -ENOSYS       the digest takes no key
/// @retval -EOPNOTSUPP   the same, from other kernels
/// @retval -EMSGSIZE     a length over INT_MAX; if that is `dlen`, `dst` stays as it is
#[unsafe(no_mangle)]
#[inline(never)]
#[allow(clippy::too_many_arguments)]
pub unsafe extern "C" fn kcapi_hkdf(
    hashname: *const c_char,
    ikm: *const u8,
    ikmlen: usize,
    salt: *const u8,
    saltlen: u32,
    info: *const u8,
    infolen: usize,
    dst: *mut u8,
    dlen: usize,
) -> ssize_t {
    let hkdf = || {
        if ikm.is_null() || ikmlen == 0 || dst.is_null() {
            return Err(because(Errno::INVAL, "no keying material, or no place for the key"));
        }
        // SAFETY: kcapi.h: the name is a string, the buffers have their lengths.
        let (name, ikm, salt, info) = unsafe {
            (
                string(hashname)?,
                input(ikm, ikmlen)?,
                optional(salt, saltlen as usize)?,
                optional(info, infolen)?,
            )
        };
        kdf::hkdf(name, ikm, salt, info, dlen)
    };
    // SAFETY: kcapi.h: `dst` has `dlen` bytes.
    to_ssize(|| unsafe { derive(dst, dlen, hkdf) })
}

/// Derives a key from a password with PBKDF2 (NIST SP 800-132, RFC 8018).
///
/// @param hashname  name of a keyed digest, as in /proc/crypto: `hmac(sha256)`
/// @param pw        the password
/// @param pwlen     bytes in `pw`
/// @param salt      the salt
/// @param saltlen   bytes in `salt`
/// @param count     number of iterations, see kcapi_pbkdf_iteration_count()
/// @param key       where the derived key goes
/// @param keylen    bytes to derive, at most INT_MAX
/// @return 0; or a negative errno as kcapi_md_init(), and then `key` is filled with zeros
/// @retval -EINVAL       `count` is 0
/// @retval -ENOSYS       the digest takes no key
/// @retval -EOPNOTSUPP   the same, from other kernels
/// @retval -EFAULT       a buffer is NULL
/// @retval -EMSGSIZE     a length over INT_MAX; if that is `keylen`, `key` stays as it is
#[unsafe(no_mangle)]
#[inline(never)]
#[allow(clippy::too_many_arguments)]
pub unsafe extern "C" fn kcapi_pbkdf(
    hashname: *const c_char,
    pw: *const u8,
    pwlen: u32,
    salt: *const u8,
    saltlen: usize,
    count: u32,
    key: *mut u8,
    keylen: usize,
) -> ssize_t {
    let pbkdf = || {
        // SAFETY: kcapi.h: the name is a string.
        let name = unsafe { string(hashname) }?;
        // SAFETY: kcapi.h: the buffers have their lengths.
        let (pw, salt) =
            (|| unsafe { input(pw, pwlen as usize) }, || unsafe { input(salt, saltlen) });
        kdf::pbkdf(name, pw, salt, count, keylen)
    };
    // SAFETY: kcapi.h: `key` has `keylen` bytes.
    to_ssize(|| unsafe { derive(key, keylen, pbkdf) })
}

/// Measures how many iterations make kcapi_pbkdf() take a given time, on this machine and
/// now.
///
/// Takes some tenths of a second, however long the given time is: that is reckoned.
///
/// @param hashname    name of a keyed digest, as in /proc/crypto: `hmac(sha256)`
/// @param timeshresh  the time in nanoseconds; 0: 2^27, about 134 milliseconds
/// @return number of iterations, at least 65536; 262144 if they cannot be measured
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_pbkdf_iteration_count(
    hashname: *const c_char,
    timeshresh: u64,
) -> u32 {
    let time = Duration::from_nanos(if timeshresh == 0 { 1 << 27 } else { timeshresh });
    // SAFETY: kcapi.h: the name is a string.
    to_u32_or(1 << 18, || kdf::iterations(unsafe { string(hashname) }?, time))
}

/// Writes what `kdf` derives to `dst`, or zeros if it fails: a caller that does not look
/// at the result shall not take what happens to be there for a key. A `dst` that is said to be longer
/// than any may be is no memory that could be filled. If the kernel serves, memory that cannot be written is EFAULT,
/// as for every other result.
///
/// # Safety
///
/// `dst` is NULL or `dlen` bytes may be written there, and are not in use when `kdf`
/// has returned.
unsafe fn derive(dst: *mut u8, dlen: usize, kdf: impl FnOnce() -> Result<Key>) -> Result<usize> {
    if dlen > i32::MAX as usize {
        return Err(because(Errno::MSGSIZE, TOO_LONG));
    }
    // A digest of a derivation is further down the stack than one of a call's own.
    let key = wiping_stack::<WORK, _>(kdf);
    // SAFETY: the caller's promise.
    unsafe { give(key, dst, dlen) }
}

/// Writes a key to `dst`, or zeros if there is none.
///
/// # Safety
///
/// The same as for `derive`.
unsafe fn give(key: Result<Key>, dst: *mut u8, dlen: usize) -> Result<usize> {
    if dst.is_null() {
        // For the error that comes first, or none if nothing is to be written.
        return key.and(if dlen == 0 { Ok(0) } else { Err(because(Errno::FAULT, NULL)) });
    }
    let place = [iovec(dst, dlen)];
    // SAFETY: the caller's promise.
    let place = unsafe { Iovecs::new(&place) };
    match key {
        Ok(key) if key.engine == c"kernel" => caller::write(&key.bytes, place)?,
        // SAFETY: the same; the key is an allocation of its own, of `dlen` bytes.
        Ok(key) => unsafe { scatter(&key.bytes, place.list()) },
        Err(errno) => {
            // SAFETY: the caller's promise.
            unsafe {
                if choice::is_user() {
                    memset_kept(dst.cast(), 0, dlen);
                } else {
                    caller::wipe(dst, dlen);
                }
            }
            return Err(errno);
        }
    }
    Ok(0)
}

/// A buffer that may be missing, whatever its length says.
///
/// # Safety
///
/// `data` is NULL, or `len` bytes there may be read and nobody writes them, for `'a`.
unsafe fn optional<'a>(data: *const u8, len: usize) -> Result<&'a [u8]> {
    // SAFETY: the caller's promise.
    if data.is_null() { Ok(&[]) } else { unsafe { input(data, len) } }
}

/// An input of a derivation. EFAULT for NULL unless `len` is 0, EMSGSIZE for a length over INT_MAX, as in every call
/// that takes a message or a key.
///
/// # Safety
///
/// `len` bytes at `data` may be read and nobody writes them, for `'a`.
unsafe fn input<'a>(data: *const u8, len: usize) -> Result<&'a [u8]> {
    if len > i32::MAX as usize {
        return Err(because(Errno::MSGSIZE, TOO_LONG));
    }
    // SAFETY: the caller's promise.
    unsafe { bytes(data, len) }
}

/// The name of an algorithm; ENOENT for NULL.
///
/// # Safety
///
/// `name` is NULL or a C string, for `'a`.
unsafe fn string<'a>(name: *const c_char) -> Result<&'a CStr> {
    if name.is_null() {
        return Err(because(Errno::NOENT, "no name of an algorithm"));
    }
    // SAFETY: the caller's promise.
    Ok(unsafe { CStr::from_ptr(name) })
}
