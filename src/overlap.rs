// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Where a call's inputs and outputs are in memory, and what to do when one message's output is
//! another one's input: the result is that of buffers apart, as if all input had been
//! taken before the first output was written.

#![allow(unsafe_code)]

use crate::errno::Result;
use crate::iov::{Iovecs, iovec};
use libc::iovec;
use std::slice;
use zeroize::Zeroizing;

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
#[derive(Clone, Copy, PartialEq)]
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

/// Whether a message that is cut into pieces would read what it has written: its input and its
/// output meet and are not the same memory.
pub fn reads_its_output(input: Iovecs<'_>, output: Iovecs<'_>) -> bool {
    let whole =
        |iovecs: Iovecs<'_>| iovecs.list().iter().map(Span::of).fold(Span::EMPTY, Span::with);
    let in_place = match (input.list(), output.list()) {
        ([from], [to]) => from.iov_base == to.iov_base,
        (from, to) => from.iter().map(Span::of).eq(to.iter().map(Span::of)),
    };
    !in_place && whole(input).meets(whole(output))
}

/// Calls `go` with a copy of all inputs, as if they had been taken at once. EMSGSIZE: one is
/// over the limit for a message.
pub fn with_copies<T>(inputs: Iovecs<'_>, go: impl FnOnce(Iovecs<'_>) -> T) -> Result<T> {
    let (mut copy, mut list) = (Zeroizing::new(Vec::<u8>::new()), Vec::new());
    let mut total = 0usize;
    for input in inputs.each() {
        total = total.saturating_add(input.total()?);
    }
    copy.try_reserve_exact(total)?;
    list.try_reserve_exact(inputs.list().len())?;
    for iov in inputs.list().iter().filter(|iov| iov.iov_len > 0) {
        // SAFETY: whoever made the list promised that its memory may be read and that nobody
        // writes it during the call; the reference ends with this turn.
        copy.extend_from_slice(unsafe { slice::from_raw_parts(iov.iov_base.cast(), iov.iov_len) });
    }
    let mut rest = &copy[..];
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
    fn a_message_in_place_does_not_read_its_output_but_a_shifted_one_does() {
        let reads = |input, output| {
            let list = |start| [iovec(std::ptr::without_provenance(start), 100)];
            let (input, output) = (list(input), list(output));
            // SAFETY: only the addresses are looked at.
            unsafe { reads_its_output(Iovecs::new(&input), Iovecs::new(&output)) }
        };
        assert!(!reads(1000, 1000));
        assert!(!reads(1000, 1100));
        assert!(reads(1000, 1017));
        assert!(reads(1000, 901));
    }
}
