// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The C ABI and nothing else, one file per family of functions.
//!
//! Every entry point does the same four things: check pointers, borrow what they point to, call
//! safe code, convert the result. What is wiped when it returns is said in `call`. Their comments
//! become those of `include/kcapi.h`.
//!
//! # Safety
//!
//! All entry points rest on what `kcapi.h` demands of a caller, in short:
//!
//! - a handle comes from an init function or `kcapi_handle_reinit` and has not
//!   been destroyed;
//! - a buffer has the length that is given with it, an IV the algorithm's IV size, an array
//!   of IOVECs the given number, and each IOVEC's memory its `iov_len`;
//! - nobody else uses that memory during the call. Input and output of
//!   one call may be the same memory.
//!
//! A null pointer is -EINVAL or -EFAULT, as an algorithm's name -ENOENT. Functions that return a size
//! return 0.

#![allow(unsafe_code)]
// The promises of all functions are written once, above.
#![allow(clippy::missing_safety_doc)]

pub mod aead;
pub mod aead_layout;
pub mod aead_stream;
pub mod akcipher;
pub mod akcipher_stream;
mod call;
pub mod cipher;
pub mod cipher_convenience;
pub mod cipher_stream;
#[cfg(feature = "symbol-versions")]
mod compat;
pub mod engine;
pub mod handle;
pub mod kdf;
pub mod keyring;
pub mod kpp;
pub mod md;
pub mod md_convenience;
pub mod request;
pub mod rng;
mod stream;
pub mod util;
mod why;

use crate::engine::{Control, Iv, Kind};
use crate::errno::{Errno, Result};
use crate::handle::{Handle, Options};
use crate::iov::{self, Iovecs};
use crate::log::{self, because};
use call::{
    to_int, to_int_of_new, to_nothing, to_number, to_ssize, to_ssize_of_message, to_u32_or,
};
use libc::{c_char, c_int, c_void, iovec};
use std::ffi::CStr;
use std::slice;
use util::{KCAPI_INIT_AIO, KCAPI_INIT_USER};

// The log's reasons for buffers that are refused.
const NULL: &str = "NULL where there should be memory";
const TOO_LONG: &str = "a length over INT_MAX";

/// The handle behind a pointer; EINVAL for NULL.
///
/// # Safety
///
/// `handle` is NULL or live for `'a`.
unsafe fn borrow<'a>(handle: *mut Handle) -> Result<&'a Handle> {
    // SAFETY: the caller's promise. Handles are never borrowed mutably.
    let handle = unsafe { handle.as_ref() }.ok_or_else(|| because(Errno::INVAL, "no handle"))?;
    log::concerns(|| &handle.properties().name);
    Ok(handle)
}

/// The same for a function of the family `kind`; EINVAL also for a handle of another family.
///
/// # Safety
///
/// The same as for `borrow`.
unsafe fn of<'a>(kind: Kind, handle: *mut Handle) -> Result<&'a Handle> {
    // SAFETY: the caller's promise.
    let handle = unsafe { borrow(handle) }?;
    if handle.kind() == kind {
        Ok(handle)
    } else {
        Err(because(Errno::INVAL, "a handle of another family"))
    }
}

/// The meaning of KCAPI_INIT_*. Other bits are ignored.
fn options(flags: u32) -> Options {
    Options { aio: flags & KCAPI_INIT_AIO != 0, user: flags & KCAPI_INIT_USER != 0 }
}

/// Opens a handle and stores its pointer; `*handle` stays as it is on an error.
///
/// # Safety
///
/// `handle` may be written to, `name` is NULL or a C string.
unsafe fn init(
    handle: *mut *mut Handle,
    kind: Kind,
    name: *const c_char,
    flags: u32,
) -> Result<()> {
    if handle.is_null() {
        return Err(because(Errno::INVAL, "no place for the handle"));
    }
    if name.is_null() {
        return Err(because(Errno::NOENT, "no name of an algorithm"));
    }
    // SAFETY: the caller's promise: a C string.
    let name = unsafe { CStr::from_ptr(name) };
    let opened = Handle::open(kind, name, options(flags))?;
    // SAFETY: the caller's promise: writable.
    unsafe { handle.write(Box::into_raw(Box::new(opened))) };
    Ok(())
}

/// Ends a handle's life; NULL is allowed.
///
/// # Safety
///
/// `handle` is NULL or live, and is not used any more.
unsafe fn destroy(handle: *mut Handle) {
    if !handle.is_null() {
        // SAFETY: the caller's promise; `init` and reinit made the pointer from a Box.
        to_nothing(|| drop(unsafe { Box::from_raw(handle) }));
    }
}

/// Opens a handle of its own for one message with a key.
///
/// # Safety
///
/// `keylen` bytes at `key` may be read.
unsafe fn open_with_key(kind: Kind, name: &CStr, key: *const u8, keylen: u32) -> Result<Handle> {
    let handle = Handle::open(kind, name, Options::default())?;
    // SAFETY: the caller's promise.
    unsafe { cipher::set_key(&handle, key, keylen) }?;
    Ok(handle)
}

/// A buffer that is read now and not kept. EFAULT for NULL unless `len` is 0.
///
/// # Safety
///
/// `len` bytes at `data` may be read and nobody writes them, for `'a`.
unsafe fn bytes<'a>(data: *const u8, len: usize) -> Result<&'a [u8]> {
    match (data.is_null(), len) {
        (_, 0) => Ok(&[]),
        (true, _) => Err(because(Errno::FAULT, NULL)),
        _ if len > isize::MAX as usize => Err(because(Errno::MSGSIZE, TOO_LONG)),
        // SAFETY: the caller's promise; not NULL and no longer than a slice may be.
        _ => Ok(unsafe { slice::from_raw_parts(data, len) }),
    }
}

/// A buffer as a list of one IOVEC. EFAULT for NULL unless `len` is 0, EMSGSIZE for
/// a length over INT_MAX.
fn buffer(data: *const u8, len: usize) -> Result<[iovec; 1]> {
    if len > i32::MAX as usize {
        return Err(because(Errno::MSGSIZE, TOO_LONG));
    }
    if data.is_null() && len > 0 {
        return Err(because(Errno::FAULT, NULL));
    }
    Ok([iov::iovec(data, len)])
}

/// An array of IOVECs. EFAULT for NULL unless `count` is 0, and for an IOVEC with NULL
/// unless its length is 0.
///
/// # Safety
///
/// `iov` is NULL or points to `count` IOVECs, whose memory may be accessed for `'a`.
unsafe fn iovecs<'a>(iov: *const iovec, count: usize) -> Result<Iovecs<'a>> {
    let list: &[iovec] = match (iov.is_null(), count) {
        (_, 0) => &[],
        (true, _) => return Err(because(Errno::FAULT, NULL)),
        _ if count > isize::MAX as usize / size_of::<iovec>() => {
            return Err(because(Errno::MSGSIZE, "more IOVECs than memory can hold"));
        }
        // SAFETY: the caller's promise; not NULL and no longer than a slice may be.
        _ => unsafe { slice::from_raw_parts(iov, count) },
    };
    if list.iter().any(|iov| iov.iov_base.is_null() && iov.iov_len > 0) {
        return Err(because(Errno::FAULT, "an IOVEC whose memory is NULL"));
    }
    // SAFETY: the caller's promise.
    Ok(unsafe { Iovecs::new(list) })
}

/// Gives a message the IV at `iv`, of the algorithm's size; none for NULL or if the algorithm has
/// none. An AEAD's gets `assoclen` bytes of associated data. EINVAL: that does not fit in them.
///
/// The control data are changed in their place: to move what was just written is to wait until it is.
///
/// # Safety
///
/// `iv` is NULL or points to as many bytes as the algorithm's IV has.
#[inline(always)]
unsafe fn set_control(
    control: &mut Control,
    handle: &Handle,
    iv: *const u8,
    assoclen: usize,
) -> Result<()> {
    let len = handle.iv_size();
    if handle.kind() == Kind::Aead {
        control.assoclen = Some(u32::try_from(assoclen).map_err(|_| Errno::INVAL)?);
    }
    if !iv.is_null() && len > 0 {
        // SAFETY: the caller's promise.
        control.iv.insert(Iv::default()).set(unsafe { slice::from_raw_parts(iv, len) })?;
    }
    Ok(())
}

/// A copy of `parts`, one after the other, that the caller frees with free(3).
fn malloc_copy(parts: &[&[u8]]) -> Result<*mut u8> {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    // SAFETY: malloc(3) takes any size; 0 is avoided, whose result may be NULL.
    let start: *mut u8 = unsafe { libc::malloc(len.max(1)) }.cast();
    if start.is_null() {
        return Err(Errno::NOMEM);
    }
    let mut end = start;
    for part in parts {
        // SAFETY: the new memory has room for all parts and overlaps none.
        unsafe {
            end.copy_from_nonoverlapping(part.as_ptr(), part.len());
            end = end.add(part.len());
        }
    }
    Ok(start)
}

/// Writes through an out-parameter that may be NULL.
///
/// # Safety
///
/// `to` is NULL or may be written to.
unsafe fn store<T>(to: *mut T, value: T) {
    if !to.is_null() {
        // SAFETY: the caller's promise.
        unsafe { to.write(value) };
    }
}

/// memset(3). The compiler does not know which function it is where it is read as volatile.
static MEMSET: unsafe extern "C" fn(*mut c_void, c_int, usize) -> *mut c_void = libc::memset;

/// memset(3) that the compiler keeps, though nobody reads what it writes. Without assembly, which
/// stable Rust does not have on every architecture.
///
/// # Safety
///
/// `len` bytes at `start` may be written.
unsafe fn memset_kept(start: *mut c_void, byte: c_int, len: usize) {
    // SAFETY: a static may be read, and the rest is the caller's promise.
    unsafe {
        let memset = (&raw const MEMSET).read_volatile();
        memset(start, byte, len);
    }
}
