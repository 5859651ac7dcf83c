// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! What every call from C has around it: the result as C knows it, errno, cancellation, the stack.
//!
//! - The result is that of the function, or the negative errno. errno itself is set by every failure and
//!   left alone by success, whatever system calls that took.
//! - pthread_cancel(3) acts when the call has ended: what the call holds, locks above all, would else
//!   be held for ever by a thread that is gone.
//! - The stack below is wiped ([`crate::traces`]).
//!
//! Reference: pthreads(7), "Cancellation points".

use crate::errno::{Errno, Result};
use crate::traces::{CALL, without_traces};
use libc::{c_int, ssize_t};

/// The result 0.
pub fn to_int(call: impl FnOnce() -> Result<()>) -> c_int {
    to_size(|| call().map(|()| 0))
}

/// A count of bytes as the result.
pub fn to_ssize(call: impl FnOnce() -> Result<usize>) -> ssize_t {
    let call = || ssize_t::try_from(call()?).map_err(|_| Errno::MSGSIZE);
    around(call).unwrap_or_else(|errno| -(errno.number() as ssize_t))
}

/// A number that the kernel gave as the result.
pub fn to_size(call: impl FnOnce() -> Result<c_int>) -> c_int {
    around(call).unwrap_or_else(|errno| -errno.number())
}

/// What cannot fail, as a destroy function.
pub fn to_nothing(call: impl FnOnce()) {
    let _ = around(|| {
        call();
        Ok(())
    });
}

fn around<T>(call: impl FnOnce() -> Result<T>) -> Result<T> {
    let uncancelled = Uncancelled::new();
    // SAFETY: the function only says where errno is.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: this thread's errno, which lives as long as the thread.
    let before = unsafe { *errno };
    let result = without_traces::<CALL, _>(call);
    // SAFETY: as above.
    unsafe { *errno = result.as_ref().map_or_else(|errno| errno.number(), |_| before) };
    uncancelled.end();
    result
}

/// As long as it lives this thread is not cancelled.
struct Uncancelled {
    state: c_int,
}

const PTHREAD_CANCEL_ENABLE: c_int = 0;
const PTHREAD_CANCEL_DISABLE: c_int = 1;

unsafe extern "C" {
    // Not in the libc crate for Linux.
    fn pthread_setcancelstate(state: c_int, old: *mut c_int) -> c_int;
    fn pthread_testcancel();
}

impl Uncancelled {
    fn new() -> Self {
        let mut state = PTHREAD_CANCEL_ENABLE;
        // SAFETY: `state` may be written.
        unsafe { pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &raw mut state) };
        Self { state }
    }

    /// Where a thread ends that was cancelled meanwhile.
    fn end(self) {
        if self.state == PTHREAD_CANCEL_ENABLE {
            // SAFETY: no memory is passed. A thread that ends here unwinds through frames that hold
            // nothing any more: the call is over, and the entry point has only its result.
            unsafe {
                pthread_setcancelstate(self.state, std::ptr::null_mut());
                pthread_testcancel();
            }
        }
    }
}
