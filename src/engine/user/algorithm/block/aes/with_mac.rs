// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! CBC-MAC, by itself and in one pass with CCM's counter mode: a block of CBC-MAC waits for the one before it, and
//! leaves the processor time for a block of the key stream beside it.
//!
//! Reference: NIST SP 800-38C.

#![allow(unsafe_code)]

use super::{
    BLOCK, Block, Data, RoundKeys, advance, begin, from_number, load, store, with_features, xor,
};

with_features! { ["aes"]

/// Adds whole blocks to `sum`. The last round of each also adds what the next one begins with.
pub fn cbc_mac(keys: &RoundKeys, sum: &mut [u8], blocks: &[u8]) {
    let ([sum], _) = sum.as_chunks_mut() else { return };
    let (blocks, _) = blocks.as_chunks();
    let Some(first) = blocks.first() else { return };
    let mut state = [xor(load(sum), begin(keys, load(first)))];
    for i in 1..=blocks.len() {
        let next = blocks.get(i).map_or(from_number(0), |next| begin(keys, load(next)));
        advance(keys, &mut state, &[next]);
    }
    store(sum, state[0]);
}

/// Encrypts or decrypts whole blocks, and adds their plaintext to `sum`. Leaves the next counter.
pub fn ctr_with_mac(
    keys: &RoundKeys,
    encrypts: bool,
    sum: &mut [u8; BLOCK],
    counter: &mut u128,
    data: Data<'_, '_>,
) {
    let blocks = data.len() / BLOCK;
    let first = *counter;
    let counters = |i| from_number(first.wrapping_add(i as u128).swap_bytes());
    let before = load(sum);
    let after = if encrypts {
        encrypt(keys, before, counters, data)
    } else {
        decrypt(keys, before, counters, data)
    };
    store(sum, after);
    *counter = first.wrapping_add(blocks as u128);
}

/// The block of input with that number, if there is one.
fn text_at(data: &Data<'_, '_>, i: usize) -> Option<Block> {
    data.get_in().as_chunks().0.get(i).map(|text| load(text))
}

/// The last round of a block also adds what the next one begins with, and that of the key stream its text, so that
/// nothing but rounds is in the way from block to block.
fn encrypt(
    keys: &RoundKeys,
    sum: Block,
    counters: impl Fn(usize) -> Block,
    mut data: Data<'_, '_>,
) -> Block {
    let Some(mut plain) = text_at(&data, 0) else { return sum };
    let mut state = xor(sum, begin(keys, plain));
    for i in 0..data.len() / BLOCK {
        let next = text_at(&data, i + 1);
        let first_of_next = next.map_or(from_number(0), |next| begin(keys, next));
        let mut both = [state, begin(keys, counters(i))];
        advance(keys, &mut both, &[first_of_next, plain]);
        state = both[0];
        store(&mut data.get_out().as_chunks_mut().0[i], both[1]);
        plain = next.unwrap_or(plain);
    }
    state
}

/// The key stream is two blocks ahead, so that the plaintext is there before the sum needs it.
fn decrypt(
    keys: &RoundKeys,
    sum: Block,
    counters: impl Fn(usize) -> Block,
    mut data: Data<'_, '_>,
) -> Block {
    let Some(first) = text_at(&data, 0) else { return sum };
    let mut streams = [0, 1].map(|i| begin(keys, counters(i)));
    advance(keys, &mut streams, &[first, from_number(0)]);
    let [mut plain, mut ahead] = streams;
    let mut state = xor(sum, begin(keys, plain));
    for i in 0..data.len() / BLOCK {
        store(&mut data.get_out().as_chunks_mut().0[i], plain);
        let next = text_at(&data, i + 1).map(|next| xor(next, ahead));
        let first_of_next = next.map_or(from_number(0), |next| begin(keys, next));
        let mut both = [state, begin(keys, counters(i + 2))];
        advance(keys, &mut both, &[first_of_next, from_number(0)]);
        [state, ahead] = both;
        plain = next.unwrap_or(plain);
    }
    state
}

}
