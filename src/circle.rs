// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Threads that wait for one another in a circle.
//!
//! No call waits for a lock in an order that makes a circle. But a signal handler's call is made while
//! the call that it has interrupted holds locks: it may wait for a thread that waits for one of these,
//! and neither would ever go on. So a thread that has waited for a while writes down for whom, and looks
//! whether it waits for itself. It costs nothing where nobody has to wait.
//!
//! Whom a thread waits for may have changed since it was written down. A circle counts only if each of
//! its threads has looked after the next one began to wait: what the next one held then it still
//! holds, because it waits.

use crate::generation::generation;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

/// The most waiting threads that are written down. A circle with a thread that is not is not found.
const PLACES: usize = 4096;

static PLACE: [Place; PLACES] = [const { Place::new() }; PLACES];

/// So many of the places have been in use at some time, which are all that are looked at.
static IN_USE: AtomicUsize = AtomicUsize::new(0);

/// Counts what happens here, by which it is known what was earlier.
static CLOCK: AtomicUsize = AtomicUsize::new(0);

/// A thread that waits.
struct Place {
    /// The process of the thread, by its generation. The place is free if it is another one's.
    process: AtomicU32,
    /// The thread; 0: none yet.
    thread: AtomicUsize,
    /// The thread that it waits for.
    holder: AtomicUsize,
    /// When it began to wait.
    began: AtomicUsize,
    /// When it saw that it waits for `holder`, or shortly before.
    looked: AtomicUsize,
}

impl Place {
    const fn new() -> Self {
        Self {
            process: AtomicU32::new(0),
            thread: AtomicUsize::new(0),
            holder: AtomicUsize::new(0),
            began: AtomicUsize::new(0),
            looked: AtomicUsize::new(0),
        }
    }

    /// Takes the place for a thread of the process, if it is free.
    fn take(&self, process: u32, thread: usize) -> bool {
        let free = self.process.load(SeqCst);
        if free == process || self.process.compare_exchange(free, process, SeqCst, SeqCst).is_err()
        {
            return false;
        }
        let now = now();
        self.holder.store(0, SeqCst);
        self.looked.store(now, SeqCst);
        self.began.store(now, SeqCst);
        self.thread.store(thread, SeqCst);
        true
    }

    fn leave(&self) {
        self.thread.store(0, SeqCst);
        self.process.store(0, SeqCst);
    }

    /// What is written here of `thread`; None: nothing is, or it is just being written.
    fn read(&self, thread: usize) -> Option<Wait> {
        let head =
            || (self.process.load(SeqCst), self.thread.load(SeqCst), self.began.load(SeqCst));
        let before = head();
        // In this order: if another holder is written at the moment, the time is too early for it.
        let looked = self.looked.load(SeqCst);
        let holder = self.holder.load(SeqCst);
        let (process, found, began) = before;
        let valid = process == generation() && found == thread && head() == before;
        valid.then_some(Wait { holder, began, looked })
    }
}

/// A thread's wait, see [`Place`].
#[derive(Clone, Copy)]
struct Wait {
    holder: usize,
    began: usize,
    looked: usize,
}

fn now() -> usize {
    CLOCK.fetch_add(1, SeqCst)
}

/// Returns whether `one` is later than `other`, though the clock begins anew some time.
fn is_later(one: usize, other: usize) -> bool {
    one.wrapping_sub(other).cast_signed() > 0
}

/// The wait of a thread; 0: a thread that nobody knows, and which is not taken for that of a free place. If signal
/// handlers have interrupted it in a wait and wait themselves, it is the last one, which has to end first.
fn wait_of(thread: usize) -> Option<Wait> {
    if thread == 0 {
        return None;
    }
    let in_use = PLACE.iter().take(IN_USE.load(SeqCst));
    let waits = in_use.filter_map(|place| place.read(thread));
    waits.reduce(|one, other| if is_later(other.began, one.began) { other } else { one })
}

/// The circle in which `thread` waits, by the moment at which the last of its threads began to.
fn circle(thread: usize) -> Option<usize> {
    let own = wait_of(thread)?;
    let (mut wait, mut last) = (own, own.began);
    for _ in 0..PLACES {
        let next = if wait.holder == thread { own } else { wait_of(wait.holder)? };
        if !is_later(wait.looked, next.began) {
            return None;
        }
        if wait.holder == thread {
            return Some(last);
        }
        last = if is_later(next.began, last) { next.began } else { last };
        wait = next;
    }
    None
}

/// A thread's wait for a lock, from its first look at it on.
pub struct Waiting {
    place: Option<&'static Place>,
    /// The process in which it took the place.
    process: u32,
    thread: usize,
    /// The circle in which it is, and since when that is known.
    circle: Option<(usize, Instant)>,
}

impl Waiting {
    /// `thread`, the calling one, waits.
    pub fn begin(thread: usize) -> Self {
        let process = generation();
        let place = PLACE.iter().enumerate().find(|(_, place)| place.take(process, thread));
        if let Some((number, _)) = place {
            IN_USE.fetch_max(number + 1, SeqCst);
        }
        Self { place: place.map(|(_, place)| place), process, thread, circle: None }
    }

    /// Looks who holds the lock. Returns whether the thread has waited for itself for so long.
    pub fn is_for_itself(&mut self, holder: impl FnOnce() -> usize, for_so_long: Duration) -> bool {
        let Some(place) = self.place else { return false };
        let looked = now();
        place.holder.store(holder(), SeqCst);
        place.looked.store(looked, SeqCst);
        self.circle = circle(self.thread).map(|found| match self.circle {
            Some(known) if known.0 == found => known,
            _ => (found, Instant::now()),
        });
        self.circle.is_some_and(|(_, since)| since.elapsed() >= for_so_long)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // If a signal handler has called fork(2) meanwhile, another thread of the child may have the place.
        if let Some(place) = self.place.filter(|place| place.process.load(SeqCst) == self.process) {
            place.leave();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_may_begin_anew() {
        assert!(is_later(1, 0) && is_later(0, usize::MAX));
        assert!(!is_later(0, 0) && !is_later(usize::MAX, 0));
    }

    #[test]
    fn a_circle_of_three_is_found() {
        // No addresses of threads.
        let [one, two, three] = [2, 4, 6];
        let mut waits = [one, two, three].map(Waiting::begin);
        let mut look =
            |number: usize, holder| waits[number].is_for_itself(|| holder, Duration::ZERO);
        assert!(!look(0, two));
        assert!(!look(1, three));
        assert!(look(2, one));
        assert!(look(0, two));
    }

    #[test]
    fn a_circle_behind_a_thousand_others_is_found() {
        // No addresses of threads, nor what the other tests take for some.
        let many = if cfg!(miri) { 20 } else { 1000 };
        let others: Vec<_> = (1000..1000 + many).map(|other| Waiting::begin(2 * other)).collect();
        let [one, two] = [12, 14];
        let (mut of_one, mut of_two) = (Waiting::begin(one), Waiting::begin(two));
        assert!(!of_one.is_for_itself(|| two, Duration::ZERO));
        assert!(of_two.is_for_itself(|| one, Duration::ZERO));
        drop(others);
    }

    #[test]
    fn what_was_seen_too_early_does_not_count() {
        let [one, two] = [8, 10];
        let mut of_one = Waiting::begin(one);
        assert!(!of_one.is_for_itself(|| two, Duration::ZERO));
        // The second one waits only now: it may have given back what the first one waits for.
        let mut of_two = Waiting::begin(two);
        assert!(!of_two.is_for_itself(|| one, Duration::ZERO));
        assert!(of_one.is_for_itself(|| two, Duration::ZERO));
    }
}
