// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! CBC encryption, and CBC-MAC, of several messages side by side. Within a message each block waits for the one
//! before it, so that most of the processor is idle; the blocks of other messages fill it.

#![allow(unsafe_code)]

use super::{
    BLOCK, Block, RoundKeys, advance, begin, from_number, load, store, with_features, xor,
};
use crate::engine::user::algorithm::block::{CbcMessage, MacMessage};

/// Messages at work at the same time, as many as instructions take to end.
const WIDTH: usize = 8;

/// A message whose blocks are chained.
///
/// # Safety
///
/// `blocks` gives memory of that many bytes, to be read and, where ciphertext goes, written. As long as the message is
/// borrowed nobody else uses it.
pub unsafe trait Chained {
    /// The block before the next one.
    fn last(&mut self) -> &mut [u8; BLOCK];

    /// The blocks, as many bytes, and where their ciphertext goes; None: nowhere, only the last block
    /// matters.
    fn blocks(&mut self) -> (*const u8, usize, Option<*mut u8>);
}

// SAFETY: an `InOutBuf` is a borrow of both, which have as many bytes.
unsafe impl Chained for CbcMessage<'_> {
    fn last(&mut self) -> &mut [u8; BLOCK] {
        &mut self.iv
    }

    fn blocks(&mut self) -> (*const u8, usize, Option<*mut u8>) {
        let (from, to) = self.data.reborrow().into_raw();
        (from, self.data.len(), Some(to))
    }
}

// SAFETY: they are a slice, and nothing is written.
unsafe impl Chained for MacMessage<'_> {
    fn last(&mut self) -> &mut [u8; BLOCK] {
        &mut self.sum
    }

    fn blocks(&mut self) -> (*const u8, usize, Option<*mut u8>) {
        (self.blocks.as_ptr(), self.blocks.len(), None)
    }
}

/// A message at work.
#[derive(Clone, Copy)]
struct Lane {
    /// The message's number.
    number: usize,
    from: *const [u8; BLOCK],
    to: *mut [u8; BLOCK],
    /// Blocks from one place in `to` to the next: 0 if all go to the same.
    step: usize,
    /// Blocks that are still to be encrypted.
    left: usize,
    /// The last block of ciphertext.
    last: Block,
}

with_features! { ["aes"]

/// Encrypts whole blocks of each message.
pub fn chain_each<M: Chained>(keys: &RoundKeys, messages: &mut [M]) {
    let mut nowhere = [0; BLOCK];
    let nowhere = &raw mut nowhere;
    let last = from_number(0);
    let idle = Lane { number: 0, from: std::ptr::null(), to: nowhere, step: 0, left: 0, last };
    let (mut lanes, mut count, mut next) = ([idle; WIDTH], 0, 0);
    loop {
        while count < WIDTH && next < messages.len() {
            let (from, len, to) = messages[next].blocks();
            if len >= BLOCK {
                lanes[count] = Lane {
                    number: next,
                    from: from.cast(),
                    to: to.map_or(nowhere, |to| to.cast()),
                    step: usize::from(to.is_some()),
                    left: len / BLOCK,
                    last: load(messages[next].last()),
                };
                count += 1;
            }
            next += 1;
        }
        match count {
            0 => break,
            1 => run::<1>(keys, &mut lanes),
            2 | 3 => run::<2>(keys, &mut lanes),
            4..WIDTH => run::<4>(keys, &mut lanes),
            _ => run::<WIDTH>(keys, &mut lanes),
        }
        for lane in (0..count).rev() {
            if lanes[lane].left == 0 {
                store(messages[lanes[lane].number].last(), lanes[lane].last);
                count -= 1;
                lanes[lane] = lanes[count];
            }
        }
    }
}

/// Encrypts in the first `N` lanes as many blocks as the shortest of them has left.
fn run<const N: usize>(keys: &RoundKeys, lanes: &mut [Lane; WIDTH]) {
    let lanes = &mut lanes[..N];
    let blocks = lanes.iter().map(|lane| lane.left).min().unwrap_or(0);
    let mut states: [Block; N] = std::array::from_fn(|i| lanes[i].last);
    for _ in 0..blocks {
        let texts: [Block; N] = std::array::from_fn(|i| {
            // SAFETY: this is the next block of a message of [`Chained`], which has as many as are left.
            let text = unsafe { load(&*lanes[i].from) };
            lanes[i].from = lanes[i].from.wrapping_add(1);
            text
        });
        for (state, text) in states.iter_mut().zip(&texts) {
            *state = xor(*state, begin(keys, *text));
        }
        advance(keys, &mut states, &[from_number(0); N]);
        for i in 0..N {
            // SAFETY: the same, and the input was read before, which may be the same memory. Without a place for
            // ciphertext it is `nowhere` of `chain_each`, which outlives the lanes.
            unsafe { store(&mut *lanes[i].to, states[i]) };
            lanes[i].to = lanes[i].to.wrapping_add(lanes[i].step);
        }
    }
    for i in 0..N {
        lanes[i].left -= blocks;
        lanes[i].last = states[i];
    }
}

}
