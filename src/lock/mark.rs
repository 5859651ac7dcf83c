// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Which lock a thread is just taking or giving back, for its own signal handlers.
//!
//! A lock's word and its owner change one after the other. A handler that interrupts a thread in between finds
//! a lock that is held, and not by whom. Others know soon; the thread itself does not go on before its handler
//! returns. So a thread marks what it is about to do, in a place that other threads do not write to: in the lock
//! itself, they could overwrite the mark.
//!
//! The places are found by a hash of the thread's number, since thread-local storage of a shared library takes a
//! call. Two threads that have the same place may overwrite each other's marks. Then a handler that interrupts one of
//! them in that moment waits until it is told that it waits for too long.

use std::sync::atomic::{AtomicUsize, Ordering, compiler_fence};

/// How many bits of a hash say which place it is.
const BITS: u32 = 10;

/// One per cache line, as two threads would wait for each other otherwise.
#[repr(align(64))]
struct Place(AtomicUsize);

static PLACES: [Place; 1 << BITS] = [const { Place(AtomicUsize::new(0)) }; 1 << BITS];

/// That a thread of a process is at a lock.
#[derive(Clone, Copy)]
pub struct Mark {
    place: &'static AtomicUsize,
    value: usize,
}

impl Mark {
    /// `lock` and `thread` are addresses, `process` a generation: a thread of a child of fork(2) may have the
    /// address of one that is not there any more.
    #[inline]
    pub fn new(lock: usize, thread: usize, process: u32) -> Self {
        // Fibonacci hashing: the upper bits depend on all others (Knuth, The Art of Computer Programming, 6.4).
        let hash = thread.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64 as usize) >> (usize::BITS - BITS);
        let Place(place) = PLACES.get(hash).unwrap_or(&PLACES[0]);
        let value = lock ^ thread.rotate_left(usize::BITS / 2) ^ (process as usize).rotate_right(8);
        Self { place, value }
    }

    /// Returns whether the thread has been interrupted there.
    pub fn is_set(self) -> bool {
        self.place.load(Ordering::Relaxed) == self.value
    }

    /// Sets it as long as `change` takes, and for the handlers that interrupt that.
    #[inline]
    pub fn during<T>(self, change: impl FnOnce() -> T) -> T {
        // If this is a handler's call, that of the call that it has interrupted.
        let before = self.place.load(Ordering::Relaxed);
        self.place.store(self.value, Ordering::Relaxed);
        compiler_fence(Ordering::SeqCst);
        let result = change();
        compiler_fence(Ordering::SeqCst);
        self.place.store(before, Ordering::Relaxed);
        result
    }
}
