// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The time that something takes, less the time for reading the clock. If that is a system call, it
//! takes as much as half of a short operation.

use crate::sys::now;
use alloc::vec::Vec;

/// The number of times that the clock itself is measured.
const SAMPLES: usize = 101;

fn median(mut times: Vec<i64>) -> i64 {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Nanoseconds that something takes, once.
fn time<T>(task: impl FnOnce() -> T) -> (i64, T) {
    let start = now();
    let result = task();
    (now().wrapping_sub(start) as i64, result)
}

/// A clock, and the times that it has measured.
pub struct Clock {
    own: i64,
    times: Vec<i64>,
}

impl Clock {
    /// A clock that has measured the time that reading it takes.
    pub fn new() -> Self {
        let own = median((0..SAMPLES).map(|_| time(|| ()).0).collect());
        Self { own, times: Vec::new() }
    }

    /// Measures something.
    pub fn measure<T>(&mut self, task: impl FnOnce() -> T) -> T {
        let (nanoseconds, result) = time(task);
        self.times.push(nanoseconds - self.own);
        result
    }

    /// The median of what was measured, in nanoseconds.
    pub fn median(self) -> i64 {
        median(self.times)
    }
}
