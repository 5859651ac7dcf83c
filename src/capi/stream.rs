// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The part of the stream calls that all families share.

use super::{because, iovecs, of, set_control, why};
use crate::cancel::Suspended;
use crate::engine::{Control, Kind, Op};
use crate::errno::{Errno, Result};
use crate::handle::Handle;
use crate::iov::{IOVECS_MAX, Iovecs};
use libc::iovec;

/// The IOVECs of a stream's call. EMSGSIZE: there are more than the kernel takes; none of them is
/// read then.
///
/// # Safety
///
/// The same as for `iovecs`.
unsafe fn pieces<'a>(iov: *const iovec, count: usize) -> Result<Iovecs<'a>> {
    if count > IOVECS_MAX {
        return Err(because(Errno::MSGSIZE, "more than 1024 IOVECs"));
    }
    // SAFETY: the caller's promise.
    unsafe { iovecs(iov, count) }
}

/// Begins a message in pieces, of any family that has streams. `iv` is NULL where the family has none.
///
/// # Safety
///
/// The handle is live, the IOVECs and the IV have their lengths.
pub unsafe fn start(
    kind: Kind,
    handle: *mut Handle,
    op: Op,
    iv: *const u8,
    iov: *mut iovec,
    iovlen: usize,
    cancellation: &Suspended,
) -> Result<usize> {
    // SAFETY: the caller's promise.
    let handle = unsafe { of(kind, handle) }?;
    let mut control = Control::of(op);
    // SAFETY: the caller's promise.
    let input = unsafe {
        pieces(iov, iovlen).and_then(|input| {
            set_control(&mut control, handle, iv, handle.assoclen()).map(|()| input)
        })
    };
    let input = input.inspect_err(|_| handle.refuse_start())?;
    handle.start(&control, input, cancellation)
}

/// Sends a further piece, the last one unless `more`.
///
/// # Safety
///
/// The handle is live, the IOVECs have their lengths.
pub unsafe fn update(
    kind: Kind,
    handle: *mut Handle,
    iov: *mut iovec,
    iovlen: usize,
    more: bool,
    cancellation: &Suspended,
) -> Result<usize> {
    // SAFETY: the caller's promise.
    let (handle, input) = unsafe { (of(kind, handle)?, pieces(iov, iovlen)?) };
    handle.send(input, more, cancellation)
}

/// Receives results.
///
/// # Safety
///
/// The handle is live, the IOVECs have their lengths.
pub unsafe fn op(
    kind: Kind,
    handle: *mut Handle,
    iov: *mut iovec,
    iovlen: usize,
    cancellation: &Suspended,
) -> Result<usize> {
    // SAFETY: the caller's promise.
    let handle = unsafe { of(kind, handle) }?;
    if iov.is_null() || iovlen == 0 {
        return Err(because(Errno::INVAL, "no IOVECs"));
    }
    // SAFETY: the caller's promise.
    let output = unsafe { pieces(iov, iovlen) }?;
    why::receive(output.total()?, handle.receive(output, cancellation))
}
