// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! ChaCha with SSSE3: four blocks at once, each register one word of all of them; one or two blocks
//! that are left with a register for each row of each, since that is ready sooner.
//!
//! Method: Goll, Gueron, “Vectorization on ChaCha stream cipher” (2014), for both ways.
//!
//! # Safety
//!
//! [`apply`] asks the processor before it runs what needs SSSE3; memory is accessed as arrays of
//! the length of a register.

#![allow(unsafe_code)]

use super::rounds::{PLACES, change, copy, flights, quarter_rounds, rotate, round, rounds};
use super::{SIZE, Target};
use crate::engine::user::algorithm::block::Data;
use crate::engine::user::algorithm::poly1305::Pending;
use std::arch::asm;
use std::arch::x86_64::*;
use std::array::from_fn;

/// Blocks at once.
const WIDE: usize = 4;

/// Most blocks that are made row by row.
const FEW: usize = 2;

/// Bytes of a flight.
pub const FLIGHT: usize = WIDE * SIZE;

/// Blocks that are added to Poly1305 after each round: so those of a flight are done in fewer rounds than there are.
const BESIDE: usize = 1;

macro_rules! with_ssse3 {
    ($($function:item)*) => {
        $(
            #[target_feature(enable = "ssse3")]
            $function
        )*
    };
}

rounds! { ["ssse3"] sse xmm_reg __m128i }
flights! { ["ssse3"] __m128i _mm_loadu_si128 _mm_storeu_si128 _mm_xor_si128 _mm_shuffle_epi32 }

with_ssse3! {

fn apply_pieces<'a>(
    double_rounds: usize,
    state: &mut [u32; 16],
    mut target: Target<'_, '_, 'a>,
    pending: &mut Pending<'a>,
) {
    while target.len() > FEW * SIZE {
        let (now, later) = target.split_at(WIDE * SIZE);
        let stream = key_stream(double_rounds, state, pending);
        pending.written(give(now, &stream));
        state[12] = state[12].wrapping_add(WIDE as u32);
        target = later;
    }
    if target.len() > SIZE {
        let stream = by_rows::<2>(double_rounds, state, pending);
        pending.written(give(target, &stream));
    } else if target.len() > 0 {
        let stream = by_rows::<1>(double_rounds, state, pending);
        pending.written(give(target, &stream));
    }
}

/// `N` blocks.
fn by_rows<const N: usize>(
    double_rounds: usize,
    state: &[u32; 16],
    pending: &mut Pending<'_>,
) -> [Block; N] {
    let start: [_; N] = from_fn(|n| start_of_rows(state, n));
    let mut now = start;
    for _ in 0..double_rounds {
        now.iter_mut().for_each(|rows| double_round_of_rows(rows));
        pending.advance(2 * BESIDE);
    }
    from_fn(|n| from_fn(|i| _mm_add_epi32(now[n][i], start[n][i])))
}

/// The state before the rounds, of the block with that number.
#[inline]
fn start_of_rows(state: &[u32; 16], number: usize) -> Block {
    let mut rows = from_fn(|i| {
        let [a, b, c, d] = from_fn(|j| state[4 * i + j].cast_signed());
        _mm_setr_epi32(a, b, c, d)
    });
    rows[3] = _mm_add_epi32(rows[3], _mm_setr_epi32(number as i32, 0, 0, 0));
    rows
}

#[inline]
fn key_stream(
    double_rounds: usize,
    state: &[u32; 16],
    pending: &mut Pending<'_>,
) -> [Block; WIDE] {
    let words = rounds_of_words(double_rounds, &start(state), pending);
    // Made again, since keeping it would take registers.
    let start = start(state);
    let words: [_; 16] = from_fn(|i| _mm_add_epi32(words[i], start[i]));
    let (rows, _) = words.as_chunks();
    let rows: [_; 4] = from_fn(|i| transposed(&rows[i]));
    from_fn(|block| from_fn(|i| rows[i][block]))
}

/// The state before the rounds: each word in all blocks, and the blocks' numbers.
#[inline]
fn start(state: &[u32; 16]) -> [__m128i; 16] {
    let mut start: [_; 16] = from_fn(|i| _mm_set1_epi32(state[i].cast_signed()));
    start[12] = _mm_add_epi32(start[12], _mm_setr_epi32(0, 1, 2, 3));
    start
}

/// Turns registers with one word of four blocks into registers with four words of one block.
#[inline]
fn transposed(&[a, b, c, d]: &[__m128i; WIDE]) -> [__m128i; WIDE] {
    let (ab, cd) = (_mm_unpacklo_epi32(a, b), _mm_unpacklo_epi32(c, d));
    let [first, second] = [_mm_unpacklo_epi64(ab, cd), _mm_unpackhi_epi64(ab, cd)];
    let (ab, cd) = (_mm_unpackhi_epi32(a, b), _mm_unpackhi_epi32(c, d));
    [first, second, _mm_unpacklo_epi64(ab, cd), _mm_unpackhi_epi64(ab, cd)]
}

}
