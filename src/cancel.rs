// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Cancellation of threads: pthread_cancel(3) acts where nothing is held.
//!
//! System calls are points of cancellation. A thread that ended in one of the library's would keep its
//! locks for ever. So cancellation is off for the length of a call, and a thread that was cancelled
//! meanwhile ends when the call has, or while it waits for another.
//!
//! Reference: pthreads(7), "Cancellation points".

#![allow(unsafe_code)]

use libc::c_int;
use std::ptr;

const PTHREAD_CANCEL_ENABLE: c_int = 0;
const PTHREAD_CANCEL_DISABLE: c_int = 1;

unsafe extern "C" {
    // Not in the libc crate for Linux.
    fn pthread_setcancelstate(state: c_int, old: *mut c_int) -> c_int;
    fn pthread_testcancel();
}

/// Cancellation is off; and what it was before.
pub struct Suspended {
    before: c_int,
}

impl Suspended {
    /// Switches it off.
    pub fn new() -> Self {
        let mut before = PTHREAD_CANCEL_ENABLE;
        // SAFETY: `before` may be written.
        unsafe { pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &raw mut before) };
        Self { before }
    }

    /// Switches it on again, if it was, and ends the thread, if it was cancelled. Its callers' frames are
    /// left without running anything in them: they hold nothing that would have to be given back.
    pub fn end(&self) {
        if self.before == PTHREAD_CANCEL_ENABLE {
            // SAFETY: no memory is passed. What unwinds the frames finds none of Rust's values to drop in
            // them, as the callers promise.
            unsafe {
                pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, ptr::null_mut());
                pthread_testcancel();
            }
        }
    }

    /// Ends the thread, if it was cancelled, in the midst of a call.
    pub fn point(&self) {
        self.end();
        // SAFETY: NULL is allowed.
        unsafe { pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, ptr::null_mut()) };
    }
}
