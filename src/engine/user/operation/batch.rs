// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Many messages in one call: their order, and the number of processors that work on them.
//!
//! Messages that do not depend on one another are shared out among threads if that saves more time
//! than it takes to start these. The threads end before the call returns, and none is kept, so that
//! fork(2) finds none. Signals are blocked in them, so that a program's handlers run in its own
//! threads. Signals that a thread causes itself are not: a program may repair a page in its handler
//! of SIGSEGV, and a blocked SIGSEGV would end it.

#![allow(unsafe_code)]

use crate::cancel;
use crate::engine::outcome::BatchOutcome;
use crate::errno::Result;
use crate::iov::Iovecs;
use crate::lock::Employer;
use crate::memory;
use crate::sys::thread::SignalMask;
use crate::wipe::{DEEP, wiping_stack};
use once_cell::race::OnceNonZeroUsize;
use std::num::NonZeroUsize;
use std::thread::{self, Builder, ScopedJoinHandle};

/// Bytes of AEAD messages that are worth a thread. Measured on two processors (see
/// docs/PERFORMANCE.md): with two threads 1 MiB of gcm(aes), the fastest, takes as long as with
/// one, and other AEADs half the time.
pub const AEAD_SHARE: usize = 512 * 1024;

/// The same for ciphers, which take less time: 4 MiB of xts(aes).
pub const CIPHER_SHARE: usize = 2 * 1024 * 1024;

/// Bytes of a thread's stack, which a program's signal handlers may use, too. Said here, because the
/// standard library would look for them in the environment.
const STACK: usize = 2 << 20;

/// The number of processors. It is asked for once, since that reads files.
fn processors() -> usize {
    static PROCESSORS: OnceNonZeroUsize = OnceNonZeroUsize::new();
    let ask = || thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    PROCESSORS.get_or_init(ask).get()
}

/// Calls `process` for each pair of IOVECs, in order.
pub fn in_order(
    inputs: Iovecs<'_>,
    outputs: Iovecs<'_>,
    mut process: impl FnMut(Iovecs<'_>, Iovecs<'_>) -> Result<usize>,
) -> BatchOutcome {
    let mut outcome = BatchOutcome::default();
    for (input, output) in inputs.each().zip(outputs.each()) {
        if !outcome.note(process(input, output)) {
            break;
        }
    }
    outcome
}

/// Calls `group` for groups of pairs, each in a thread of its own if there is
/// enough to do; the outcome is as if the groups came one after the other.
///
/// # Safety
///
/// No output overlaps another pair's input or output.
pub unsafe fn in_parallel(
    share: usize,
    inputs: Iovecs<'_>,
    outputs: Iovecs<'_>,
    group: impl Fn(Iovecs<'_>, Iovecs<'_>) -> BatchOutcome + Sync,
) -> BatchOutcome {
    let lens = inputs.list().iter().map(|iov| iov.iov_len);
    let total = lens.fold(0, usize::saturating_add);
    if total < 2 * share {
        return group(inputs, outputs);
    }
    // SAFETY: the caller's promise.
    cancel::suspended(|| unsafe { in_threads(share, total, inputs, outputs, group) })
}

/// # Safety
///
/// The same as for `in_parallel`.
unsafe fn in_threads(
    share: usize,
    total: usize,
    inputs: Iovecs<'_>,
    outputs: Iovecs<'_>,
    group: impl Fn(Iovecs<'_>, Iovecs<'_>) -> BatchOutcome + Sync,
) -> BatchOutcome {
    let threads = threads(share, total, inputs.list().len());
    if threads < 2 {
        return group(inputs, outputs);
    }
    // SAFETY: the caller's promise.
    let groups = unsafe { split(inputs, outputs, total.div_ceil(threads)) };
    let mut groups: Vec<_> = groups.map(|pairs| (pairs, BatchOutcome::default())).collect();
    share_out(&mut groups, |(Pairs(inputs, outputs), outcome)| *outcome = group(*inputs, *outputs));
    let outcomes = groups.into_iter().map(|(_, outcome)| outcome);
    outcomes.reduce(BatchOutcome::then).unwrap_or_default()
}

/// The number of threads for `total` bytes in `pieces`. 1: they are too few, or there is no memory for
/// threads.
pub fn threads(share: usize, total: usize, pieces: usize) -> usize {
    let threads = (total / share).min(processors()).min(pieces);
    if threads > 1 && memory::ensure_threads(threads).is_ok() { threads } else { 1 }
}

/// Calls `work` for each group, in a thread of its own if there is one to be had. What it leaves on the
/// stack is wiped: the C library keeps a thread's stack for the next thread, and this thread's own is
/// used far below the call.
pub fn share_out<T: Send>(groups: &mut [T], work: impl Fn(&mut T) + Sync) {
    let work = |group: &mut T| wiping_stack::<DEEP, _>(|| work(group));
    let Some((first, others)) = groups.split_first_mut() else { return };
    let (signals, employer) = (Signals::block(), Employer::new());
    let started: Vec<_> = thread::scope(|scope| {
        let started = others.iter_mut().map(|group| {
            let work = || {
                employer.employ();
                work(group);
            };
            Builder::new().stack_size(STACK).spawn_scoped(scope, work).ok()
        });
        let started: Vec<_> = started.collect();
        drop(signals);
        work(first);
        // By itself the scope waits until the work is done, not until the thread has ended.
        let joined = started.into_iter().map(|thread| thread.map(ScopedJoinHandle::join).is_some());
        joined.collect()
    });
    let left = others.iter_mut().zip(started).filter(|(_, started)| !started);
    left.for_each(|(group, _)| work(group));
}

/// A part of the caller's pairs.
struct Pairs<'a>(Iovecs<'a>, Iovecs<'a>);

// SAFETY: the memory behind the IOVECs is the caller's for the length of the call, in which
// the threads end. That no output is another pair's memory is promised to `split`.
unsafe impl Send for Pairs<'_> {}

/// Cuts the pairs into groups of about `share` input bytes.
///
/// # Safety
///
/// The same as for `in_parallel`.
unsafe fn split<'a>(
    inputs: Iovecs<'a>,
    outputs: Iovecs<'a>,
    share: usize,
) -> impl Iterator<Item = Pairs<'a>> {
    let (mut inputs, mut outputs) = (inputs, outputs);
    std::iter::from_fn(move || {
        let (mut count, mut bytes) = (0, 0);
        for iov in inputs.list() {
            count += 1;
            bytes += iov.iov_len;
            if bytes >= share {
                break;
            }
        }
        let group = Pairs(inputs.first(count), outputs.first(count));
        (inputs, outputs) = (inputs.skip(count), outputs.skip(count));
        (count > 0).then_some(group)
    })
}

/// Signals that a thread causes itself.
const SYNCHRONOUS: [libc::c_int; 6] =
    [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGTRAP, libc::SIGSYS];

/// Says, as long as it lives, that all other signals are blocked in this thread and in those that
/// it starts.
struct Signals(SignalMask);

impl Signals {
    fn block() -> Self {
        Self(SignalMask::block_all_but(&SYNCHRONOUS))
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.0.restore();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iov::iovec;

    #[test]
    fn groups_take_all_pairs_in_order() {
        let list: Vec<_> = [5, 0, 9, 1, 1, 30, 2].map(|len| iovec(std::ptr::null(), len)).into();
        // SAFETY: only the lengths are looked at.
        let groups = unsafe {
            let iovecs = Iovecs::new(&list);
            split(iovecs, iovecs, 10)
        };
        let counts: Vec<_> = groups.map(|pairs| pairs.0.list().len()).collect();
        assert_eq!(counts, [3, 3, 1]);
    }
}
