// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! AES-NI: what is done block by block.

#![allow(unsafe_code)]

use super::kernels::with_features;
use super::{BLOCK, RoundKeys};
use std::arch::x86_64::*;

/// A block in a register.
pub type Block = __m128i;

with_features! { ["aes"]

/// A number, little-endian.
pub fn from_number(number: u128) -> Block {
    _mm_set_epi64x((number >> 64) as i64, number as i64)
}

pub fn xor(one: Block, other: Block) -> Block {
    _mm_xor_si128(one, other)
}

/// S-boxes for each byte: a last round without a key, whose rows are all alike.
pub fn sub_word(word: u32) -> u32 {
    let words = _mm_set1_epi32(word.cast_signed());
    _mm_cvtsi128_si32(_mm_aesenclast_si128(words, _mm_setzero_si128())).cast_unsigned()
}

/// A round key as decryption needs it.
pub fn inverse_mix_columns(key: Block) -> Block {
    _mm_aesimc_si128(key)
}

pub fn encrypt_block(keys: &RoundKeys, block: Block) -> Block {
    let mut blocks = [begin(keys, block)];
    advance(keys, &mut blocks, &[from_number(0)]);
    let [block] = blocks;
    block
}

/// What [`advance`] takes of a block: it with the first key.
pub fn begin(keys: &RoundKeys, block: Block) -> Block {
    xor(block, keys.encrypt()[0])
}

/// Encrypts blocks with which [`begin`] has begun, and adds `then` to the results. In the last round, so that a chain
/// of blocks waits for nothing but rounds if that is the beginning of the next one.
pub fn advance<const N: usize>(keys: &RoundKeys, blocks: &mut [Block; N], then: &[Block; N]) {
    let [_, middle @ .., last] = keys.encrypt() else { return };
    for key in middle {
        blocks.iter_mut().for_each(|block| *block = _mm_aesenc_si128(*block, *key));
    }
    for (block, then) in blocks.iter_mut().zip(then) {
        *block = _mm_aesenclast_si128(*block, xor(*last, *then));
    }
}

/// CBC encryption, block by block since each needs the one before.
pub fn chain(keys: &RoundKeys, iv: &mut [u8], blocks: &mut [u8]) {
    let ([iv], _) = iv.as_chunks_mut() else { return };
    let (blocks, _) = blocks.as_chunks_mut();
    let Some(first) = blocks.first() else { return };
    let mut state = [xor(load(iv), begin(keys, load(first)))];
    for i in 0..blocks.len() {
        let next = blocks.get(i + 1).map_or(from_number(0), |next| begin(keys, load(next)));
        advance(keys, &mut state, &[next]);
        store(&mut blocks[i], xor(state[0], next));
    }
    store(iv, state[0]);
}

pub fn load(from: &[u8; BLOCK]) -> Block {
    // SAFETY: the reference is to as many bytes as are read.
    unsafe { _mm_loadu_si128(from.as_ptr().cast()) }
}

pub fn store(to: &mut [u8; BLOCK], block: Block) {
    // SAFETY: the reference is to as many bytes as are written.
    unsafe { _mm_storeu_si128(to.as_mut_ptr().cast(), block) }
}

}
