// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Cancellation of threads: pthread_cancel(3) ends a thread only where that holds nothing.
//!
//! System calls are points of cancellation. A thread that ended in one of the library's would
//! keep its locks for ever. So cancellation is off for the length of a call, and a thread that
//! was cancelled meanwhile ends when the call has, or while it waits for another.
//!
//! Reference: pthreads(7), "Cancellation points".

#![allow(unsafe_code)]

use crate::sys::thread::{Cancellation, end_if_cancelled, set_cancellation};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

/// Says that calls must switch cancellation off, because they make system calls that are points of
/// cancellation. That is so from the first use of the kernel engine on. The user engine's calls
/// make such system calls rarely (for threads and files) and switch it off there, because switching
/// takes as long as a tenth of a short call.
static NEEDED: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// Cancellation was switched off in the midst of a call, and stays so to the end of that.
    static SWITCHED: Cell<bool> = const { Cell::new(false) };
}

/// Switches cancellation off in all calls from now on, and for the rest of this one.
pub fn suspend_calls() {
    NEEDED.store(true, Ordering::Relaxed);
    if set_cancellation(Cancellation::DISABLED) == Cancellation::ENABLED {
        SWITCHED.set(true);
    }
}

/// Says that cancellation is off.
pub struct Suspended {
    /// The state before; None: it was not switched.
    before: Option<Cancellation>,
}

impl Suspended {
    /// Switches cancellation off, if a call needs that.
    pub fn for_call() -> Self {
        if NEEDED.load(Ordering::Relaxed) { Self::new() } else { Self { before: None } }
    }

    /// Switches cancellation off.
    pub fn new() -> Self {
        Self { before: Some(set_cancellation(Cancellation::DISABLED)) }
    }

    /// Makes it what it was before.
    fn restore(&self) {
        let before = match self.before {
            None if NEEDED.load(Ordering::Relaxed) && SWITCHED.take() => Cancellation::ENABLED,
            None => return,
            Some(before) => before,
        };
        set_cancellation(before);
    }

    /// Ends the thread if it was cancelled.
    ///
    /// # Safety
    ///
    /// No frame of the library's, from here to the thread's start, holds a value whose destructor does more than to
    /// wipe it.
    pub unsafe fn end(&self) {
        self.restore();
        // SAFETY: the caller's promise.
        unsafe { end_if_cancelled() };
    }

    /// Runs `wait` in the midst of a call, for whose rest cancellation is off again. If the thread is cancelled, it
    /// ends before that, in a system call of it, or in a signal handler that has interrupted it.
    ///
    /// # Safety
    ///
    /// The same as for `end`, for the frames of `wait`, too.
    pub unsafe fn while_waiting(&self, wait: impl FnOnce()) {
        // SAFETY: the caller's promise.
        unsafe { self.end() };
        wait();
        if self.before.is_some() {
            set_cancellation(Cancellation::DISABLED);
        }
    }
}

/// Calls `f` with cancellation off.
#[cfg(feature = "user-engine")]
pub fn suspended<T>(f: impl FnOnce() -> T) -> T {
    let suspended = Suspended::new();
    let result = f();
    suspended.restore();
    result
}
