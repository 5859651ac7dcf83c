// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! How a stream's receiver waits for a sender.

use crate::errno::{Errno, Result};
use crate::handle::lock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Lets a receiver wait until a sender, on the same handle, has brought something.
///
/// recvmsg(2) could wait itself, but would then go on waiting until the caller's
/// buffer is full, with the first results already in it.
#[derive(Default)]
pub struct Arrivals {
    waiting: AtomicUsize,
    lock: Mutex<()>,
    arrived: Condvar,
}

impl Arrivals {
    /// How long to wait before looking again: a sender could also be in another
    /// process that shares the socket since fork(2).
    const LOOK_AGAIN: Duration = Duration::from_millis(20);

    /// Tells those who wait. Costs no system call if nobody does.
    pub fn announce(&self) {
        if self.waiting.load(Ordering::SeqCst) > 0 {
            drop(lock(&self.lock));
            self.arrived.notify_all();
        }
    }

    /// Calls `attempt` until it ends otherwise than with EAGAIN.
    pub fn wait_for<T>(&self, mut attempt: impl FnMut() -> Result<T>) -> Result<T> {
        match attempt() {
            Err(Errno::AGAIN) => {}
            result => return result,
        }
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let mut guard = lock(&self.lock);
        let result = loop {
            match attempt() {
                Err(Errno::AGAIN) => {
                    let waited = self.arrived.wait_timeout(guard, Self::LOOK_AGAIN);
                    guard = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
                result => break result,
            }
        };
        drop(guard);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        result
    }
}
