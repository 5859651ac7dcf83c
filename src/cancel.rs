// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Cancellation of threads: pthread_cancel(3) acts where nothing is held.
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

/// Whether calls of the process make system calls that are points of cancellation: from when the
/// kernel engine is used first. The user engine's calls have none, and switching takes as long as
/// a tenth of a short one; what they do rarely (threads, files) is suspended where it is done.
static NEEDED: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// Cancellation was switched off in the midst of a call, to whose end it stays so.
    static SWITCHED: Cell<bool> = const { Cell::new(false) };
}

/// From now on calls are suspended, and so is the rest of this one, which may have begun without.
pub fn suspend_calls() {
    NEEDED.store(true, Ordering::Relaxed);
    if set_cancellation(Cancellation::DISABLED) == Cancellation::ENABLED {
        SWITCHED.set(true);
    }
}

/// Cancellation is off; and what it was before.
pub struct Suspended {
    /// None: it was not switched.
    before: Option<Cancellation>,
}

impl Suspended {
    /// Switches it off, if that is needed for a call.
    pub fn for_call() -> Self {
        if NEEDED.load(Ordering::Relaxed) { Self::new() } else { Self { before: None } }
    }

    /// Switches it off.
    pub fn new() -> Self {
        Self { before: Some(set_cancellation(Cancellation::DISABLED)) }
    }

    /// Switches it on again, if it was.
    fn restore(&self) {
        let before = match self.before {
            None if NEEDED.load(Ordering::Relaxed) && SWITCHED.take() => Cancellation::ENABLED,
            None => return,
            Some(before) => before,
        };
        set_cancellation(before);
    }

    /// Ends the thread, if it was cancelled. Its callers' frames are left without running anything
    /// in them: they hold nothing that would have to be given back.
    pub fn end(&self) {
        self.restore();
        // SAFETY: what unwinds the frames finds none of Rust's values to drop in them, as the callers
        // promise.
        unsafe { end_if_cancelled() };
    }

    /// The same in the midst of a call.
    pub fn point(&self) {
        self.end();
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
