// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Functions of the library as a whole: version, messages, memory.

use super::{because, borrow, bytes, malloc_copy, memset_kept, store, to_int};
use crate::errno::{Errno, Result};
use crate::handle::Handle;
use crate::log;
use libc::{c_char, c_int, c_uint, c_void};

/// Lets the library choose how data reach the kernel.
pub const KCAPI_ACCESS_HEURISTIC: c_int = 0;
/// Asks for vmsplice(2). A hint: sendmsg(2) is faster at every size and used instead.
pub const KCAPI_ACCESS_VMSPLICE: c_int = 1;
/// Asks for sendmsg(2).
pub const KCAPI_ACCESS_SENDMSG: c_int = 2;

/// Flag of the init functions: the handle's *_aio calls use asynchronous I/O, set up by the first
/// of them: io_uring, else Linux AIO.
///
/// `KCAPI_AIO` in the environment says which kinds of it may be used: `auto`, `io_uring`, `linux`
/// or `sync`.
///
/// @since 1.0.0
pub const KCAPI_INIT_AIO: u32 = 1;

/// Flag of the init functions: rather this library's own engine than the kernel, as for a message
/// that is longer than kcapi_aead_maxmsgsize() of a handle without it.
///
/// It makes `kernel-first` `user-first` for this handle, see kcapi_handle_engine(): who has
/// forbidden the one or the other engine, and FIPS mode, are obeyed.
///
/// @since symbol version LIBKCAPI_RS_1; the C library ignores it
pub const KCAPI_INIT_USER: u32 = 1 << 16;

/// The amount of messages on standard error.
#[repr(C)]
#[allow(non_camel_case_types)]
pub enum kcapi_verbosity {
    /// Nothing; the default.
    KCAPI_LOG_NONE,
    /// Failures.
    KCAPI_LOG_ERR,
    /// In addition, everything that works in another way than was asked for.
    KCAPI_LOG_WARN,
    /// In addition, the way in which the library does its work.
    KCAPI_LOG_VERBOSE,
    /// In addition, every step.
    KCAPI_LOG_DEBUG,
}

/// `enum kcapi_verbosity` as C passes it: any number, which a Rust enum must not be.
pub type Verbosity = c_uint;

/// Sets how much the library says on standard error, in the whole process.
///
/// Every line begins with `libkcapi - Error: `, `libkcapi - Warning: `,
/// `libkcapi - Verbose: ` or `libkcapi - Debug: `.
///
/// @param level  KCAPI_LOG_NONE: nothing, the default; KCAPI_LOG_ERR: failures;
///               KCAPI_LOG_WARN: in addition, what works in another way than was asked for;
///               KCAPI_LOG_VERBOSE: in addition, how the library does its work;
///               KCAPI_LOG_DEBUG: in addition, every step
#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn kcapi_set_verbosity(level: Verbosity) {
    log::set_verbosity(level);
}

/// The version of the C library that this one replaces: major, minor and patch
/// level, two digits each, and two more digits that are 0.
///
/// @return 1050100 for version 1.5.1
#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn kcapi_version() -> u32 {
    const NUMBER: u32 = match (
        u32::from_str_radix(env!("CARGO_PKG_VERSION_MAJOR"), 10),
        u32::from_str_radix(env!("CARGO_PKG_VERSION_MINOR"), 10),
        u32::from_str_radix(env!("CARGO_PKG_VERSION_PATCH"), 10),
    ) {
        (Ok(major), Ok(minor), Ok(patch)) => ((major * 100 + minor) * 100 + patch) * 100,
        _ => panic!("a version is three numbers"),
    };
    NUMBER
}

/// Writes the library's name and version as a string.
///
/// @param buf     where the string goes, with a NUL at its end; cut if it does not fit
/// @param buflen  bytes in `buf`; with 0 nothing is written
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_versionstring(buf: *mut c_char, buflen: u32) {
    const TEXT: &[u8] = concat!("libkcapi ", env!("CARGO_PKG_VERSION")).as_bytes();
    if buf.is_null() || buflen == 0 {
        return;
    }
    let len = TEXT.len().min(buflen as usize - 1);
    // SAFETY: kcapi.h: `buf` has `buflen` bytes, more than `len`.
    unsafe {
        buf.cast::<u8>().copy_from_nonoverlapping(TEXT.as_ptr(), len);
        buf.add(len).write(0);
    }
}

/// Fits an IV to the algorithm's IV size: zeros are appended to one that is too
/// short, one that is too long is cut.
///
/// @param handle    cipher handle
/// @param iv        the IV
/// @param ivlen     bytes in `iv`
/// @param newiv     where the new IV's pointer goes; the caller frees it with free(3)
/// @param newivlen  where its length goes
/// @return 0
/// @retval -EINVAL       `handle` or an out-parameter is NULL
/// @retval -EFAULT       `iv` is NULL
/// @retval -ENOMEM       there is no memory
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_pad_iv(
    handle: *mut Handle,
    iv: *const u8,
    ivlen: u32,
    newiv: *mut *mut u8,
    newivlen: *mut u32,
) -> c_int {
    let pad = || -> Result<()> {
        // SAFETY: kcapi.h: the handle is live, `iv` has `ivlen` bytes.
        let (handle, iv) = unsafe { (borrow(handle)?, bytes(iv, ivlen as usize)?) };
        let size = handle.properties().iv_size as usize;
        let kept = iv.get(..size).unwrap_or(iv);
        let zeros = [0; crate::engine::Iv::MAX];
        let padding = zeros.get(..size - kept.len()).ok_or(Errno::INVAL)?;
        // SAFETY: kcapi.h: the out-parameters may be written.
        unsafe { store_new_iv(&[kept, padding], newiv, newivlen) }
    };
    to_int(pad)
}

/// Makes a CCM IV of a nonce: the byte L' = 14 - `noncelen`, the nonce, zeros
/// (RFC 3610, section 2.3, as the kernel's ccm takes it).
///
/// @param nonce     the nonce
/// @param noncelen  bytes in `nonce`, at most 14
/// @param iv        where the IV's pointer goes; the caller frees it with free(3)
/// @param ivlen     where its length, 16, goes
/// @return 0
/// @retval -EINVAL       `noncelen` is over 14 or an out-parameter NULL
/// @retval -EFAULT       `nonce` is NULL
/// @retval -ENOMEM       there is no memory
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_aead_ccm_nonce_to_iv(
    nonce: *const u8,
    noncelen: u32,
    iv: *mut *mut u8,
    ivlen: *mut u32,
) -> c_int {
    let convert = || -> Result<()> {
        let counter_len = 15u32
            .checked_sub(noncelen)
            .filter(|&len| len > 0)
            .ok_or_else(|| because(Errno::INVAL, "a nonce has 14 bytes at most"))?;
        // SAFETY: kcapi.h: `nonce` has `noncelen` bytes.
        let nonce = unsafe { bytes(nonce, noncelen as usize) }?;
        let counter = [0; 15].get(..counter_len as usize).ok_or(Errno::INVAL)?;
        // SAFETY: kcapi.h: the out-parameters may be written.
        unsafe { store_new_iv(&[&[counter_len as u8 - 1], nonce, counter], iv, ivlen) }
    };
    to_int(convert)
}

/// Gives the caller an IV made of `parts`.
///
/// # Safety
///
/// `newiv` and `newivlen` are NULL or may be written to.
unsafe fn store_new_iv(parts: &[&[u8]], newiv: *mut *mut u8, newivlen: *mut u32) -> Result<()> {
    if newiv.is_null() || newivlen.is_null() {
        return Err(because(Errno::INVAL, "no place for the IV"));
    }
    let len: usize = parts.iter().map(|part| part.len()).sum();
    // SAFETY: the caller's promise.
    unsafe {
        store(newiv, malloc_copy(parts)?);
        store(newivlen, len as u32);
    }
    Ok(())
}

/// memset(3) that is carried out also where a compiler sees that nobody reads the
/// memory any more: to wipe secrets.
///
/// @param s  the memory
/// @param c  the byte to fill it with
/// @param n  bytes in `s`
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_memset_secure(s: *mut c_void, c: c_int, n: usize) {
    if !s.is_null() {
        // SAFETY: kcapi.h: `s` has `n` bytes.
        unsafe { memset_kept(s, c, n) };
    }
}
