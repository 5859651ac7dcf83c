// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Inputs and outputs of a call that overlap in memory. If one message's output is another one's
//! input, the results are the same as if all input had been read before the first output was
//! written.

#![allow(unsafe_code)]

use crate::caller;
use crate::errno::Result;
#[cfg(feature = "user-engine")]
use crate::iov::gather;
use crate::iov::{Iovecs, iovec};
use libc::iovec;
use zeroize::Zeroizing;

/// The overlap of the memory of several messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Overlap {
    /// There is none, but perhaps of a message's output with its own input.
    None,
    /// An output overlaps another message's input.
    Input,
    /// An output overlaps another output.
    Output,
}

/// Looks for an overlap, and never misses one. If there is no memory to look closely it may find
/// one where there is none.
pub fn overlap(inputs: &[iovec], outputs: &[iovec]) -> Overlap {
    match at_a_glance(inputs.iter().zip(outputs).map(|(input, output)| [*input, *output])) {
        Overlap::None => Overlap::None,
        // It may be none: inputs and outputs may lie in turns in one piece of memory.
        perhaps => closely(inputs, outputs).unwrap_or(perhaps),
    }
}

/// The memory of a message with an IV of its own.
#[derive(Clone, Copy)]
pub struct Memory {
    /// The IV, which is read before any message is processed; empty, if there is none.
    pub iv: iovec,
    /// The message.
    pub input: iovec,
    /// The place of the result.
    pub output: iovec,
}

/// Returns whether no output overlaps another message's memory. In doubt it does.
pub fn are_apart<I>(messages: I) -> bool
where
    I: DoubleEndedIterator<Item = Memory> + Clone,
{
    let pairs = messages.clone().map(|message| [message.input, message.output]);
    if at_a_glance(pairs) == Overlap::None && !makes_a_later_iv(messages.clone()) {
        return true;
    }
    apart_closely(messages) == Ok(true)
}

/// Compares each output with the span of all later IVs together. Only IVs that an earlier message makes
/// matter, and usually they are in an array of their own.
fn makes_a_later_iv(messages: impl DoubleEndedIterator<Item = Memory>) -> bool {
    let mut later = Span::EMPTY;
    messages.rev().any(|message| {
        let met = Span::of(&message.output).meets(later);
        later = later.with(Span::of(&message.iv));
        met
    })
}

/// ENOMEM: there was no memory to look closely.
fn apart_closely(messages: impl Iterator<Item = Memory>) -> Result<bool> {
    let (mut inputs, mut outputs, mut ivs) = (Vec::new(), Vec::new(), Vec::new());
    for Memory { iv, input, output } in messages {
        inputs.try_reserve(1)?;
        outputs.try_reserve(1)?;
        ivs.try_reserve(1)?;
        inputs.push(input);
        outputs.push(output);
        ivs.push(iv);
    }
    // The IVs come behind the inputs. Their numbers are those of no output, so that an output over its own
    // message's IV counts as an overlap, too.
    inputs.try_reserve(ivs.len())?;
    inputs.append(&mut ivs);
    Ok(closely(&inputs, &outputs)? == Overlap::None)
}

/// Compares each message with the span of all later ones together. That is one pass without memory
/// for lists, but an overlap that it finds may be none.
fn at_a_glance(messages: impl DoubleEndedIterator<Item = [iovec; 2]>) -> Overlap {
    let (mut later_inputs, mut later_outputs) = (Span::EMPTY, Span::EMPTY);
    let mut found = Overlap::None;
    for [input, output] in messages.rev() {
        let (input, output) = (Span::of(&input), Span::of(&output));
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

/// Compares each input with the outputs next to it. There may be more inputs than outputs.
fn closely(inputs: &[iovec], outputs: &[iovec]) -> Result<Overlap> {
    let outputs = sorted(outputs)?;
    let apart = |pair: &[(Span, usize)]| match pair {
        [(first, _), (second, _)] => !first.meets(*second),
        _ => true,
    };
    if !outputs.windows(2).all(apart) {
        return Ok(Overlap::Output);
    }
    let meets_another = |(number, input): (usize, &iovec)| {
        let input = Span::of(input);
        let first = outputs.partition_point(|(output, _)| output.1 <= input.0);
        let met = outputs.iter().skip(first).take_while(|(output, _)| output.meets(input));
        met.into_iter().any(|&(_, other)| other != number)
    };
    let found = inputs.iter().enumerate().any(meets_another);
    Ok(if found { Overlap::Input } else { Overlap::None })
}

/// The spans of the IOVECs in the order of their addresses, each with its number; ENOMEM.
fn sorted(iovecs: &[iovec]) -> Result<Vec<(Span, usize)>> {
    let mut spans = Vec::new();
    spans.try_reserve_exact(iovecs.len())?;
    let all = iovecs.iter().map(Span::of).enumerate();
    spans.extend(all.filter(|&(_, span)| span != Span::EMPTY).map(|(number, span)| (span, number)));
    spans.sort_unstable();
    Ok(spans)
}

/// Addresses from the first to before the second.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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

/// Returns whether a message that is cut into pieces would read what it has written, because its
/// input and its output overlap and are not the same memory.
pub fn reads_its_output(input: Iovecs<'_>, output: Iovecs<'_>) -> bool {
    let whole =
        |iovecs: Iovecs<'_>| iovecs.list().iter().map(Span::of).fold(Span::EMPTY, Span::with);
    let in_place = match (input.list(), output.list()) {
        ([from], [to]) => from.iov_base == to.iov_base,
        (from, to) => from.iter().map(Span::of).eq(to.iter().map(Span::of)),
    };
    !in_place && whole(input).meets(whole(output)) && meet(input, output).unwrap_or(true)
}

/// Returns whether the one list's memory overlaps the other's; ENOMEM.
fn meet(one: Iovecs<'_>, other: Iovecs<'_>) -> Result<bool> {
    let (one, other) = (sorted(one.list())?, sorted(other.list())?);
    let (mut one, mut other) = (one.iter().peekable(), other.iter().peekable());
    while let (Some((first, _)), Some((second, _))) = (one.peek(), other.peek()) {
        if first.meets(*second) {
            return Ok(true);
        }
        // The one that ends first meets none of the later ones either.
        let _ = if first.1 <= second.1 { one.next() } else { other.next() };
    }
    Ok(false)
}

/// Calls `go` with a copy of all inputs, as if they had been taken at once. EMSGSIZE: one is
/// over the limit for a message.
#[cfg(feature = "user-engine")]
pub fn with_copies<T>(inputs: Iovecs<'_>, go: impl FnOnce(Iovecs<'_>) -> T) -> Result<T> {
    let copy = copied(inputs, |inputs, to| {
        // SAFETY: whoever made the list promised that its memory may be read and that nobody
        // writes it during the call. The copy is this library's own.
        unsafe { gather(inputs.list(), to) };
        Ok(())
    })?;
    with_list(&copy, inputs, go)
}

/// The same as `with_copies`, for the kernel engine. EFAULT: an input cannot be read.
pub fn with_checked_copies<T>(inputs: Iovecs<'_>, go: impl FnOnce(Iovecs<'_>) -> T) -> Result<T> {
    with_list(&copied(inputs, caller::read)?, inputs, go)
}

/// The same as `with_checked_copies`, with the copy in one piece.
pub fn with_checked_copy<T>(input: Iovecs<'_>, go: impl FnOnce(Iovecs<'_>) -> T) -> Result<T> {
    let copy = copied(input, caller::read)?;
    let list = [iovec(copy.as_ptr(), copy.len())];
    // SAFETY: `copy` lives until `go` has returned.
    Ok(go(unsafe { Iovecs::new(&list) }))
}

/// A copy of all inputs, made by `read`.
fn copied(
    inputs: Iovecs<'_>,
    read: impl FnOnce(Iovecs<'_>, &mut [u8]) -> Result<()>,
) -> Result<Zeroizing<Vec<u8>>> {
    let mut total = 0usize;
    for input in inputs.each() {
        total = total.saturating_add(input.total()?);
    }
    let mut copy = Zeroizing::new(Vec::new());
    copy.try_reserve_exact(total)?;
    copy.resize(total, 0);
    read(inputs, &mut copy)?;
    Ok(copy)
}

/// Calls `go` with the parts of `copy` that are the copies of `inputs`.
fn with_list<T>(copy: &[u8], inputs: Iovecs<'_>, go: impl FnOnce(Iovecs<'_>) -> T) -> Result<T> {
    let mut list = Vec::new();
    list.try_reserve_exact(inputs.list().len())?;
    let mut at = copy.as_ptr();
    for iov in inputs.list() {
        list.push(iovec(at, iov.iov_len));
        at = at.wrapping_add(iov.iov_len);
    }
    // SAFETY: parts of `copy`, which lives until `go` has returned.
    Ok(go(unsafe { Iovecs::new(&list) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The overlap of messages. Each is the beginning and end of its input, and those of its
    /// output.
    fn overlap_of(pairs: &[[usize; 4]]) -> Overlap {
        let list = |first: usize| -> Vec<_> {
            let at = |start, end| iovec(std::ptr::without_provenance(start), end - start);
            pairs.iter().map(|pair| at(pair[first], pair[first + 1])).collect()
        };
        let (inputs, outputs) = (list(0), list(2));
        overlap(&inputs, &outputs)
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
    fn inputs_and_outputs_that_take_turns_do_not_overlap() {
        let turns = [[64, 128, 128, 192], [192, 256, 256, 320], [320, 384, 384, 448]];
        assert_eq!(overlap_of(&turns), Overlap::None);
        let from_the_end = [[320, 384, 384, 448], [192, 256, 256, 320], [64, 128, 128, 192]];
        assert_eq!(overlap_of(&from_the_end), Overlap::None);
        let with_an_empty_one = [[64, 128, 128, 192], [130, 130, 70, 70], [192, 256, 256, 320]];
        assert_eq!(overlap_of(&with_an_empty_one), Overlap::None);
        // Output 1 is the input of 1 and a byte of that of 2.
        let nearly = [[64, 128, 64, 128], [192, 256, 192, 321], [320, 384, 384, 448]];
        assert_eq!(overlap_of(&nearly), Overlap::Input);
        let twice = [[64, 128, 128, 192], [192, 256, 191, 200], [320, 384, 384, 448]];
        assert_eq!(overlap_of(&twice), Overlap::Output);
    }

    #[test]
    fn an_input_that_surrounds_the_outputs_of_others_is_seen() {
        assert_eq!(overlap_of(&[[0, 1000, 2000, 3000], [1500, 1600, 10, 20]]), Overlap::Input);
        assert_eq!(overlap_of(&[[0, 1000, 2000, 3000], [10, 20, 5, 15]]), Overlap::Input);
    }

    #[test]
    fn an_iv_that_another_message_makes_is_seen() {
        // Each message of 64 bytes, in place, and its IV.
        let apart = |messages: &[(usize, usize)]| {
            let at = |start, len| iovec(std::ptr::without_provenance(start), len);
            let memory = |&(start, iv): &(usize, usize)| {
                let message = at(start, 64);
                Memory { iv: at(iv, 16), input: message, output: message }
            };
            are_apart(messages.iter().map(memory))
        };
        assert!(apart(&[(1000, 16), (1064, 32), (1128, 48)]));
        assert!(apart(&[(1016, 1000), (1096, 1080), (1176, 1160)]));
        assert!(apart(&[(1176, 1160), (1096, 1080), (1016, 1000)]));
        assert!(!apart(&[(1000, 16), (1064, 1048), (1128, 1112)]));
        assert!(!apart(&[(1000, 16), (1064, 1063), (1128, 48)]));
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

    #[test]
    fn a_message_whose_iovecs_take_turns_does_not_read_its_output() {
        let reads = |input: &[usize], output: &[usize]| {
            let list = |starts: &[usize]| -> Vec<_> {
                starts.iter().map(|&at| iovec(std::ptr::without_provenance(at), 100)).collect()
            };
            let (input, output) = (list(input), list(output));
            // SAFETY: only the addresses are looked at.
            unsafe { reads_its_output(Iovecs::new(&input), Iovecs::new(&output)) }
        };
        assert!(!reads(&[1000, 1200, 1400], &[1100, 1300, 1500]));
        assert!(!reads(&[1400, 1000, 1200], &[1100, 1500, 1300]));
        assert!(!reads(&[1000, 1200], &[1000, 1200]));
        assert!(reads(&[1000, 1200], &[1200, 1000]));
        assert!(reads(&[1000, 1200, 1400], &[1100, 1499, 1300]));
    }
}
