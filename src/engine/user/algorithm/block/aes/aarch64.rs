// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! AES by ARMv8's instructions: what is done block by block.
//!
//! AESE adds the round's key first, where AES-NI adds it last. So the last but one key goes without
//! MixColumns, and the last one is only added.

#![allow(unsafe_code)]

use super::kernels::with_features;
use super::{BLOCK, RoundKeys};
use std::arch::aarch64::*;

/// A block in a register.
pub type Block = uint8x16_t;

with_features! { ["aes"]

/// A number, little-endian.
pub fn from_number(number: u128) -> Block {
    vcombine_u8(vcreate_u8(number as u64), vcreate_u8((number >> 64) as u64))
}

pub fn xor(one: Block, other: Block) -> Block {
    veorq_u8(one, other)
}

/// S-boxes for each byte: a last round without a key, whose rows are all alike.
pub fn sub_word(word: u32) -> u32 {
    let words = vreinterpretq_u8_u32(vdupq_n_u32(word));
    vgetq_lane_u32::<0>(vreinterpretq_u32_u8(vaeseq_u8(words, vdupq_n_u8(0))))
}

/// A round key as decryption needs it.
pub fn inverse_mix_columns(key: Block) -> Block {
    vaesimcq_u8(key)
}

/// A round of encryption.
pub fn round(block: Block, key: Block) -> Block {
    vaesmcq_u8(vaeseq_u8(block, key))
}

/// Calls `round` with the keys of all rounds but the last one; returns the two keys of that. Two rounds at a time,
/// since a loop costs as much as a round of one block.
pub fn each_round(keys: &[Block], mut round: impl FnMut(&Block)) -> [Block; 2] {
    let [first, middle @ .., late, last] = keys else { return [from_number(0); 2] };
    round(first);
    // Their number is even for each length of key.
    for [one, other] in middle.as_chunks().0 {
        round(one);
        round(other);
    }
    [*late, *last]
}

pub fn encrypt_block(keys: &RoundKeys, block: Block) -> Block {
    let mut state = block;
    let [late, last] = each_round(keys.encrypt(), |key| state = round(state, *key));
    veorq_u8(vaeseq_u8(state, late), last)
}

/// What [`advance`] takes of a block, to which the first round adds its key.
pub fn begin(_: &RoundKeys, block: Block) -> Block {
    block
}

/// Encrypts blocks with which [`begin`] has begun, and adds `then` to the results.
pub fn advance<const N: usize>(keys: &RoundKeys, blocks: &mut [Block; N], then: &[Block; N]) {
    let [late, last] = each_round(keys.encrypt(), |key| {
        blocks.iter_mut().for_each(|block| *block = round(*block, *key));
    });
    for (block, then) in blocks.iter_mut().zip(then) {
        *block = xor(vaeseq_u8(*block, late), xor(last, *then));
    }
}

/// CBC encryption, block by block since each needs the one before.
pub fn chain(keys: &RoundKeys, iv: &mut [u8], blocks: &mut [u8]) {
    let ([iv], _) = iv.as_chunks_mut() else { return };
    let ((blocks, _), keys) = (blocks.as_chunks_mut(), keys.encrypt());
    if let Ok(keys) = keys.try_into() {
        chain_with::<11>(keys, iv, blocks);
    } else if let Ok(keys) = keys.try_into() {
        chain_with::<13>(keys, iv, blocks);
    } else if let Ok(keys) = keys.try_into() {
        chain_with::<15>(keys, iv, blocks);
    }
}

/// With so many keys, all of which are in registers. The first key is added to the text and the last one instead, so
/// that nothing but rounds is in the way from block to block.
fn chain_with<const KEYS: usize>(
    keys: &[Block; KEYS],
    iv: &mut [u8; BLOCK],
    blocks: &mut [[u8; BLOCK]],
) {
    let [first, middle @ .., late, last] = keys.as_slice() else { return };
    let both = veorq_u8(*first, *last);
    // What comes out of a block before the last key is added.
    let mut state = veorq_u8(load(iv), *last);
    for block in blocks {
        state = round(state, veorq_u8(load(block), both));
        middle.iter().for_each(|key| state = round(state, *key));
        state = vaeseq_u8(state, *late);
        store(block, veorq_u8(state, *last));
    }
    store(iv, veorq_u8(state, *last));
}

pub fn load(from: &[u8; BLOCK]) -> Block {
    // SAFETY: the reference is to as many bytes as are read.
    unsafe { vld1q_u8(from.as_ptr()) }
}

pub fn store(to: &mut [u8; BLOCK], block: Block) {
    // SAFETY: the reference is to as many bytes as are written.
    unsafe { vst1q_u8(to.as_mut_ptr(), block) }
}

}
