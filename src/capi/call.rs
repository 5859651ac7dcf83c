// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! What every call from C has around it: the result as C knows it, errno, cancellation, the stack.
//!
//! - The result is that of the function, or the negative errno. errno itself is set by every failure and
//!   left alone by success, whatever system calls that took.
//! - pthread_cancel(3) acts when the call has ended ([`crate::cancel`]).
//! - The stack below is wiped ([`crate::traces`]).

use crate::cancel::Suspended;
use crate::errno::{Errno, Result};
use crate::traces::{CALL, without_traces};
use libc::{c_int, ssize_t};

/// The result 0.
pub fn to_int(call: impl FnOnce() -> Result<()>) -> c_int {
    to_size(|| call().map(|()| 0))
}

/// A count of bytes as the result.
pub fn to_ssize(call: impl FnOnce() -> Result<usize>) -> ssize_t {
    to_ssize_of_waiting(|_| call())
}

/// The same of a call that waits for another: there the thread may be cancelled, too.
pub fn to_ssize_of_waiting(call: impl FnOnce(&Suspended) -> Result<usize>) -> ssize_t {
    let call = |cancellation: &_| ssize_t::try_from(call(cancellation)?).or(Err(Errno::MSGSIZE));
    around(call).unwrap_or_else(|errno| -(errno.number() as ssize_t))
}

/// A number that the kernel gave as the result.
pub fn to_size(call: impl FnOnce() -> Result<c_int>) -> c_int {
    around(|_| call()).unwrap_or_else(|errno| -errno.number())
}

/// What cannot fail, as a destroy function.
pub fn to_nothing(call: impl FnOnce()) {
    let _ = around(|_| {
        call();
        Ok(())
    });
}

fn around<T>(call: impl FnOnce(&Suspended) -> Result<T>) -> Result<T> {
    let cancellation = Suspended::new();
    // SAFETY: the function only says where errno is.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: this thread's errno, which lives as long as the thread.
    let before = unsafe { *errno };
    let result = without_traces::<CALL, _>(|| call(&cancellation));
    // SAFETY: as above.
    unsafe { *errno = result.as_ref().map_or_else(|errno| errno.number(), |_| before) };
    cancellation.end();
    result
}
