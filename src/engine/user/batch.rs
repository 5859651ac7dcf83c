// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Many messages in one call: in which order, and on how many processors.
//!
//! Messages that do not depend on one another are shared out among threads if that
//! takes less time than to start these. They end before the call returns, and none is
//! kept, so that fork(2) finds none. All signals are blocked in them: handlers run where they
//! would without.

#![allow(unsafe_code)]

use super::memory::Buffer;
use crate::errno::{Errno, Result};
use crate::iov::{Iovecs, iovec};
use crate::memory;
use crate::traces::{CALL, without_traces};
use libc::iovec;
use once_cell::sync::Lazy;
use std::mem::MaybeUninit;
use std::thread::{self, Builder};

/// Bytes of AEAD messages that are worth a thread. Measured on two processors (see
/// docs/PERFORMANCE.md): two threads overtake one from 512 KiB of gcm(aes) on.
pub const AEAD_SHARE: usize = 256 * 1024;

/// The same for ciphers, which take less time: 2 MiB of xts(aes).
pub const CIPHER_SHARE: usize = 1024 * 1024;

/// Asked for once, since it reads files.
static PROCESSORS: Lazy<usize> =
    Lazy::new(|| thread::available_parallelism().map_or(1, std::num::NonZero::get));

/// What becomes of messages, in order.
#[derive(Default)]
pub struct Outcome {
    total: usize,
    wrong_tag: bool,
    failed: Option<Errno>,
}

impl Outcome {
    /// Notes a message's result; whether the next ones are to be processed. A wrong tag
    /// stops nothing: the kernel has taken the message out of the socket, and the others are in
    /// order.
    fn note(&mut self, result: Result<usize>) -> bool {
        match result {
            Ok(bytes) => self.total += bytes,
            Err(Errno::BADMSG) => self.wrong_tag = true,
            Err(errno) => self.failed = Some(errno),
        }
        self.failed.is_none()
    }

    fn then(self, next: Self) -> Self {
        match self.failed {
            Some(_) => self,
            None => Self {
                total: self.total + next.total,
                wrong_tag: self.wrong_tag || next.wrong_tag,
                failed: next.failed,
            },
        }
    }

    /// The sum of the results, or the first error.
    pub fn result(self) -> Result<usize> {
        match (self.wrong_tag, self.failed) {
            (true, _) => Err(Errno::BADMSG),
            (false, Some(errno)) => Err(errno),
            (false, None) => Ok(self.total),
        }
    }
}

/// Calls `process` for each pair of IOVECs, in order.
pub fn in_order(
    inputs: Iovecs<'_>,
    outputs: Iovecs<'_>,
    mut process: impl FnMut(Iovecs<'_>, Iovecs<'_>) -> Result<usize>,
) -> Outcome {
    let mut outcome = Outcome::default();
    for (input, output) in inputs.each().zip(outputs.each()) {
        if !outcome.note(process(input, output)) {
            break;
        }
    }
    outcome
}

/// Calls `group` for groups of pairs, each in a thread of its own if there is
/// enough to do; the outcome is as if the groups came one after the other.
pub fn in_parallel(
    share: usize,
    inputs: Iovecs<'_>,
    outputs: Iovecs<'_>,
    group: impl Fn(Iovecs<'_>, Iovecs<'_>) -> Outcome + Sync,
) -> Outcome {
    let total = inputs.list().iter().map(|iov| iov.iov_len).sum::<usize>();
    let threads = (total / share).min(*PROCESSORS).min(inputs.list().len());
    if threads < 2 || memory::ensure_threads(threads).is_err() {
        return group(inputs, outputs);
    }
    let groups: Vec<_> = split(inputs, outputs, total.div_ceil(threads)).collect();
    let Some((first, others)) = groups.split_first() else {
        return Outcome::default();
    };
    let signals = Signals::block();
    thread::scope(|scope| {
        let workers: Vec<_> = others
            .iter()
            .map(|pairs| {
                // Its stack is kept by the C library, for the next thread.
                let work = || without_traces::<CALL, _>(|| pairs.give_to(&group));
                Builder::new().spawn_scoped(scope, work).ok()
            })
            .collect();
        drop(signals);
        let outcome = first.give_to(&group);
        others.iter().zip(workers).fold(outcome, |outcome, (pairs, worker)| {
            outcome.then(match worker.map(thread::ScopedJoinHandle::join) {
                Some(Ok(next)) => next,
                Some(Err(_)) => Outcome { failed: Some(Errno::IO), ..Outcome::default() },
                // No thread could be had.
                None => pairs.give_to(&group),
            })
        })
    })
}

/// A part of the caller's pairs.
struct Pairs<'a>(Iovecs<'a>, Iovecs<'a>);

// SAFETY: the memory behind the IOVECs is the caller's for the length of the call, in which
// the threads end; that messages do not overlap is for the caller of `in_parallel` to check.
unsafe impl Sync for Pairs<'_> {}

impl Pairs<'_> {
    fn give_to(&self, group: &impl Fn(Iovecs<'_>, Iovecs<'_>) -> Outcome) -> Outcome {
        group(self.0, self.1)
    }
}

/// Cuts the pairs into groups of about `share` input bytes.
fn split<'a>(
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

/// All signals blocked in this thread, and in those that it starts.
struct Signals(libc::sigset_t);

impl Signals {
    fn block() -> Self {
        let (mut all, mut before) = (MaybeUninit::uninit(), MaybeUninit::uninit());
        // SAFETY: sigfillset(3) fills the one set, pthread_sigmask(3) the other; both cannot
        // fail with these arguments.
        unsafe {
            libc::sigfillset(all.as_mut_ptr());
            libc::pthread_sigmask(libc::SIG_BLOCK, all.as_ptr(), before.as_mut_ptr());
            Self(before.assume_init())
        }
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        // SAFETY: the set is what pthread_sigmask(3) gave.
        unsafe {
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, std::ptr::null_mut())
        };
    }
}

/// What the pairs' memory has in common.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Overlap {
    /// Nothing, but what a message has with itself.
    None,
    /// Perhaps: an output is where another message's input is.
    Input,
    /// Perhaps: an output is where another one is, too.
    Output,
}

/// Looks at each message and at where all later ones are, together. Can see an overlap where
/// there is none, and never misses one.
pub fn overlap(inputs: Iovecs<'_>, outputs: Iovecs<'_>) -> Overlap {
    let (mut later_inputs, mut later_outputs) = (Span::EMPTY, Span::EMPTY);
    let mut found = Overlap::None;
    for (input, output) in inputs.list().iter().zip(outputs.list()).rev() {
        let (input, output) = (Span::of(input), Span::of(output));
        if output.meets(later_outputs) {
            return Overlap::Output;
        }
        if output.meets(later_inputs) || input.meets(later_outputs) {
            found = Overlap::Input;
        }
        later_inputs = later_inputs.with(input);
        later_outputs = later_outputs.with(output);
    }
    found
}

/// Addresses from the first to before the second.
#[derive(Clone, Copy)]
struct Span(usize, usize);

impl Span {
    const EMPTY: Self = Self(usize::MAX, 0);

    fn of(iov: &iovec) -> Self {
        let start = iov.iov_base.addr();
        if iov.iov_len == 0 { Self::EMPTY } else { Self(start, start.saturating_add(iov.iov_len)) }
    }

    fn meets(self, other: Self) -> bool {
        self.0 < other.1 && other.0 < self.1
    }

    fn with(self, other: Self) -> Self {
        Self(self.0.min(other.0), self.1.max(other.1))
    }
}

/// Calls `go` with a copy of all inputs, as the kernel would have taken them at once.
pub fn with_copies<T>(inputs: Iovecs<'_>, go: impl FnOnce(Iovecs<'_>) -> T) -> Result<T> {
    let mut copy = Buffer::default();
    // Each at a time, since all together may be over the limit for one message.
    inputs.each().try_for_each(|input| copy.append(input))?;
    let mut list = Vec::new();
    list.try_reserve_exact(inputs.list().len())?;
    let mut rest = &*copy.bytes();
    for iov in inputs.list() {
        let (this, others) = rest.split_at(iov.iov_len);
        list.push(iovec(this.as_ptr(), this.len()));
        rest = others;
    }
    // SAFETY: parts of `copy`, which lives until `go` has returned.
    Ok(go(unsafe { Iovecs::new(&list) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of messages, each given as where its input and where its output begins and ends.
    fn overlap_of(pairs: &[[usize; 4]]) -> Overlap {
        let list = |first: usize| -> Vec<_> {
            let at = |start, end| iovec(std::ptr::without_provenance(start), end - start);
            pairs.iter().map(|pair| at(pair[first], pair[first + 1])).collect()
        };
        let (inputs, outputs) = (list(0), list(2));
        // SAFETY: only the addresses are looked at.
        unsafe { overlap(Iovecs::new(&inputs), Iovecs::new(&outputs)) }
    }

    #[test]
    fn messages_in_place_and_apart_do_not_overlap() {
        let in_place = [[64, 128, 64, 128], [128, 192, 128, 192], [192, 256, 192, 256]];
        assert_eq!(overlap_of(&in_place), Overlap::None);
        let apart = [[64, 128, 512, 576], [128, 192, 576, 640], [192, 256, 640, 704]];
        assert_eq!(overlap_of(&apart), Overlap::None);
        assert_eq!(overlap_of(&[]), Overlap::None);
    }

    #[test]
    fn an_output_over_another_input_is_seen() {
        let growing = [[64, 128, 64, 144], [128, 192, 144, 224]];
        assert_eq!(overlap_of(&growing), Overlap::Input);
        let exchanged = [[64, 128, 128, 192], [128, 192, 64, 128]];
        assert_eq!(overlap_of(&exchanged), Overlap::Input);
        let over_an_earlier_one = [[64, 128, 512, 576], [128, 192, 64, 128]];
        assert_eq!(overlap_of(&over_an_earlier_one), Overlap::Input);
    }

    #[test]
    fn one_output_for_all_is_seen() {
        assert_eq!(overlap_of(&[[64, 128, 512, 576], [128, 192, 512, 576]]), Overlap::Output);
    }

    #[test]
    fn groups_take_all_pairs_in_order() {
        let list: Vec<_> = [5, 0, 9, 1, 1, 30, 2].map(|len| iovec(std::ptr::null(), len)).into();
        // SAFETY: only the lengths are looked at.
        let iovecs = unsafe { Iovecs::new(&list) };
        let counts: Vec<_> = split(iovecs, iovecs, 10).map(|p| p.0.list().len()).collect();
        assert_eq!(counts, [3, 3, 1]);
    }
}
