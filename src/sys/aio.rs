// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Linux AIO: io_setup(2), io_submit(2), io_getevents(2), io_destroy(2), for which the C library
//! has no functions.
//!
//! Reference: Linux `include/uapi/linux/aio_abi.h`.

#![allow(unsafe_code)]

use super::{done, number};
use crate::errno::Result;
use libc::{c_long, c_ulong, c_void};
use std::ptr;

/// Reads into one piece of memory.
pub const IOCB_CMD_PREAD: u16 = 0;

/// struct iocb: a request.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct Iocb {
    pub data: u64,
    #[cfg(target_endian = "little")]
    pub key: u32,
    pub rw_flags: u32,
    #[cfg(target_endian = "big")]
    pub key: u32,
    pub opcode: u16,
    pub priority: i16,
    pub fd: u32,
    pub buffer: u64,
    pub bytes: u64,
    pub offset: i64,
    pub reserved: u64,
    pub flags: u32,
    pub eventfd: u32,
}
const _: () = assert!(size_of::<Iocb>() == 64);

/// struct io_event: the end of a request.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct IoEvent {
    pub data: u64,
    pub iocb: u64,
    pub result: i64,
    pub result2: i64,
}

/// io_setup(2): the number of a new context, which has room for `requests` requests.
pub fn io_setup(requests: usize) -> Result<c_ulong> {
    let mut context: c_ulong = 0;
    // SAFETY: the kernel writes the context's number to `context`.
    done(unsafe { libc::syscall(libc::SYS_io_setup, requests as c_long, &raw mut context) })?;
    Ok(context)
}

/// io_submit(2): how many of the requests, from the first on, the kernel took.
///
/// # Safety
///
/// Each pointer is to a request, and until that has ended nobody else accesses the memory that it
/// reads into.
pub unsafe fn io_submit(context: c_ulong, requests: &[*mut Iocb]) -> Result<usize> {
    let (len, list) = (requests.len() as c_long, requests.as_ptr());
    // SAFETY: the kernel reads `len` pointers at `list`, and the caller promises the rest.
    number(unsafe { libc::syscall(libc::SYS_io_submit, context, len, list) })
}

/// io_getevents(2): waits until as many requests have ended as `events` has room for; how many
/// have.
pub fn io_getevents(context: c_ulong, events: &mut [IoEvent]) -> Result<usize> {
    let (len, list) = (events.len() as c_long, events.as_mut_ptr());
    let no_timeout = ptr::null::<c_void>();
    // SAFETY: the kernel writes up to `len` events to `list`, which has room for them.
    number(unsafe { libc::syscall(libc::SYS_io_getevents, context, len, len, list, no_timeout) })
}

/// io_destroy(2): waits until the context's requests have ended.
///
/// # Safety
///
/// Nobody uses the context, or the ring that the kernel has mapped for it, any more.
pub unsafe fn io_destroy(context: c_ulong) -> Result<()> {
    // SAFETY: the caller's promise.
    done(unsafe { libc::syscall(libc::SYS_io_destroy, context) })
}
