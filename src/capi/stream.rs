// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! What the stream calls of all families share.

use super::{borrow, iovecs, iv as read_iv};
use crate::engine::{Control, Op};
use crate::errno::{Errno, Result};
use crate::handle::Handle;
use libc::iovec;

/// Begins a message of a symmetric cipher or of a family without IV.
///
/// # Safety
///
/// The handle is live, the IOVECs and the IV have their lengths.
pub unsafe fn start(
    handle: *mut Handle,
    op: Op,
    iv: *const u8,
    iov: *mut iovec,
    iovlen: usize,
) -> Result<usize> {
    // SAFETY: the caller's promise.
    let (handle, input) = unsafe { (borrow(handle)?, iovecs(iov, iovlen)?) };
    // SAFETY: the caller's promise.
    let iv = unsafe { read_iv(handle, iv) }?;
    handle.start(&Control { op, iv, assoclen: None }, input)
}

/// Begins an AEAD message.
///
/// # Safety
///
/// As `start`.
pub unsafe fn start_aead(
    handle: *mut Handle,
    op: Op,
    iv: *const u8,
    iov: *mut iovec,
    iovlen: usize,
) -> Result<usize> {
    // SAFETY: the caller's promise.
    let (handle, input) = unsafe { (borrow(handle)?, iovecs(iov, iovlen)?) };
    // SAFETY: the caller's promise.
    let iv = unsafe { read_iv(handle, iv) }?;
    handle.start(&handle.aead_control(op, iv)?, input)
}

/// Sends a further piece, the last one unless `more`.
///
/// # Safety
///
/// The handle is live, the IOVECs have their lengths.
pub unsafe fn update(
    handle: *mut Handle,
    iov: *mut iovec,
    iovlen: usize,
    more: bool,
) -> Result<usize> {
    // SAFETY: the caller's promise.
    let (handle, input) = unsafe { (borrow(handle)?, iovecs(iov, iovlen)?) };
    handle.send(input, more)
}

/// Receives results.
///
/// # Safety
///
/// The handle is live, the IOVECs have their lengths.
pub unsafe fn op(handle: *mut Handle, iov: *mut iovec, iovlen: usize) -> Result<usize> {
    if iov.is_null() || iovlen == 0 {
        return Err(Errno::INVAL);
    }
    // SAFETY: the caller's promise.
    let (handle, output) = unsafe { (borrow(handle)?, iovecs(iov, iovlen)?) };
    handle.receive(output)
}
