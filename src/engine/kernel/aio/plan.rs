// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! From the caller's IOVEC pairs to batches that the socket can take.
//!
//! A batch is sent whole before it is read, so it must fit into the socket's send buffer. Otherwise
//! a sendmsg(2) would wait for a reader that never comes. A pair whose length is no multiple of the
//! cipher's granule ends its batch, because the kernel rounds all reads down to whole blocks but
//! the last one.

#![allow(unsafe_code)]

use crate::errno::Result;
use crate::iov::{Iovecs, iovec};
use libc::iovec;
use std::marker::PhantomData;

/// The most pairs in a batch.
pub const BATCH_MAX: usize = 256;

/// The facts that a plan depends on.
#[derive(Clone, Copy)]
pub struct Rules {
    /// Bytes that the socket takes at once.
    pub capacity: usize,
    /// The most pairs in a batch, up to [`BATCH_MAX`].
    pub pairs: usize,
    /// Bytes that pieces of a message must be a multiple of.
    pub granule: usize,
    /// A message over the capacity may be cut into pieces.
    pub cut: bool,
    /// The length of a result less that of its input.
    pub growth: isize,
}

/// Inputs to send with one sendmsg(2), and an output for each: parts of the lists
/// that the plan was made of.
pub struct Batch<'a> {
    inputs: Vec<iovec>,
    outputs: Vec<iovec>,
    len: usize,
    parts_of: PhantomData<Iovecs<'a>>,
}

impl Default for Batch<'_> {
    fn default() -> Self {
        Self { inputs: Vec::new(), outputs: Vec::new(), len: 0, parts_of: PhantomData }
    }
}

impl Batch<'_> {
    /// The messages to send.
    pub fn inputs(&self) -> Iovecs<'_> {
        // SAFETY: only `Plan::next` fills the list, with parts of IOVECs whose memory
        // may be accessed for `'a`.
        unsafe { Iovecs::new(&self.inputs) }
    }

    /// The places of the results, each as long as its result.
    pub fn outputs(&self) -> Iovecs<'_> {
        // SAFETY: as for the inputs.
        unsafe { Iovecs::new(&self.outputs) }
    }

    /// Bytes in the inputs.
    pub fn len(&self) -> usize {
        self.len
    }
}

/// Goes through the pairs.
pub struct Plan<'a> {
    rules: Rules,
    inputs: &'a [iovec],
    outputs: &'a [iovec],
    /// Bytes of the first pair that are in an earlier batch.
    done: usize,
}

impl<'a> Plan<'a> {
    /// `inputs` and `outputs` are equally many, and no output is too short.
    pub fn new(rules: Rules, inputs: Iovecs<'a>, outputs: Iovecs<'a>) -> Self {
        Self { rules, inputs: inputs.list(), outputs: outputs.list(), done: 0 }
    }

    /// Fills `batch` with the next pieces; false if there are none left.
    pub fn next(&mut self, batch: &mut Batch<'a>) -> Result<bool> {
        batch.inputs.clear();
        batch.outputs.clear();
        batch.len = 0;
        while let ([input, inputs @ ..], [output, outputs @ ..]) = (self.inputs, self.outputs) {
            let rest = input.iov_len - self.done;
            let len = self.piece_len(rest);
            let result = len.saturating_add_signed(self.rules.growth);
            // A message without input or without result cannot be one of several, because the
            // kernel would not know where it ends.
            let alone = len == 0 || result == 0;
            if !batch.inputs.is_empty()
                && (alone
                    || batch.inputs.len() >= self.rules.pairs
                    || batch.len.saturating_add(len) > self.rules.capacity)
            {
                break;
            }
            batch.inputs.try_reserve(1)?;
            batch.outputs.try_reserve(1)?;
            batch.inputs.push(at(input, self.done, len));
            batch.outputs.push(at(output, self.done, result));
            batch.len += len;
            if len == rest {
                (self.inputs, self.outputs) = (inputs, outputs);
                self.done = 0;
            } else {
                self.done += len;
            }
            if alone || !len.is_multiple_of(self.rules.granule) {
                break;
            }
        }
        Ok(!batch.inputs.is_empty())
    }

    fn piece_len(&self, rest: usize) -> usize {
        let Rules { capacity, granule, cut, .. } = self.rules;
        if cut && rest > capacity {
            // If a granule is longer than the capacity, the socket will refuse it.
            (capacity - capacity % granule).max(granule).min(rest)
        } else {
            rest
        }
    }
}

fn at(whole: &iovec, offset: usize, len: usize) -> iovec {
    iovec(whole.iov_base.cast::<u8>().wrapping_add(offset), len)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lengths of the pieces, batch by batch.
    fn batches(rules: Rules, lens: &[usize]) -> Vec<Vec<(usize, usize)>> {
        let list: Vec<_> = lens.iter().map(|&len| iovec(std::ptr::null(), len)).collect();
        // SAFETY: the plan only computes with the addresses.
        let iovecs = unsafe { Iovecs::new(&list) };
        let (mut plan, mut batch, mut all) =
            (Plan::new(rules, iovecs, iovecs), Batch::default(), vec![]);
        while plan.next(&mut batch).unwrap() {
            assert_eq!(batch.len, batch.inputs.iter().map(|iov| iov.iov_len).sum::<usize>());
            all.push(
                batch
                    .inputs
                    .iter()
                    .zip(&batch.outputs)
                    .map(|(i, o)| (i.iov_len, o.iov_len))
                    .collect(),
            );
        }
        all
    }

    const CBC: Rules =
        Rules { capacity: 8192, pairs: BATCH_MAX, granule: 16, cut: true, growth: 0 };
    const GCM: Rules =
        Rules { capacity: 8192, pairs: BATCH_MAX, granule: 1, cut: false, growth: 16 };

    #[test]
    fn a_batch_never_exceeds_the_capacity() {
        assert_eq!(batches(CBC, &[4096; 3]), [vec![(4096, 4096); 2], vec![(4096, 4096)]]);
    }

    #[test]
    fn a_long_iovec_is_cut_where_the_mode_chains() {
        assert_eq!(
            batches(CBC, &[16400, 16]),
            [vec![(8192, 8192)], vec![(8192, 8192)], vec![(16, 16), (16, 16)]]
        );
    }

    #[test]
    fn a_long_iovec_stays_whole_where_the_mode_does_not_chain() {
        let xts = Rules { cut: false, ..CBC };
        assert_eq!(
            batches(xts, &[16, 16400, 16]),
            [vec![(16, 16)], vec![(16400, 16400)], vec![(16, 16)]]
        );
    }

    #[test]
    fn a_granule_over_the_capacity_makes_pieces_all_the_same() {
        let long_blocks = Rules { capacity: 8, ..CBC };
        let pieces = [vec![(16, 16)], vec![(16, 16)], vec![(8, 8)]];
        assert_eq!(batches(long_blocks, &[40]), pieces);
        assert_eq!(batches(long_blocks, &[12]), [vec![(12, 12)]]);
    }

    #[test]
    fn an_odd_length_ends_its_batch() {
        assert_eq!(batches(CBC, &[16, 17, 16]), [vec![(16, 16), (17, 17)], vec![(16, 16)]]);
    }

    #[test]
    fn more_iovecs_than_a_batch_holds_make_several_batches() {
        let sizes: Vec<_> = batches(CBC, &[16; 600]).iter().map(Vec::len).collect();
        assert_eq!(sizes, [256, 256, 88]);
    }

    #[test]
    fn as_many_pairs_as_the_rules_say_make_a_batch() {
        let alone = Rules { pairs: 1, ..CBC };
        assert_eq!(batches(alone, &[16, 32]), [vec![(16, 16)], vec![(32, 32)]]);
    }

    #[test]
    fn a_message_without_input_or_result_stands_alone() {
        assert_eq!(batches(GCM, &[5, 0, 5]), [vec![(5, 21)], vec![(0, 16)], vec![(5, 21)]]);
        let decrypt = Rules { growth: -16, ..GCM };
        assert_eq!(batches(decrypt, &[17, 16, 17]), [vec![(17, 1)], vec![(16, 0)], vec![(17, 1)]]);
    }
}
