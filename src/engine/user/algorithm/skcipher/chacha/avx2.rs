// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! ChaCha with AVX2: eight blocks at once, each register one word of all of them; up to four
//! blocks that are left with two of them in the two lanes of a register, which has one row of
//! each, since that is ready sooner.
//!
//! Method: Goll, Gueron, “Vectorization on ChaCha stream cipher” (2014), for both ways.
//!
//! # Safety
//!
//! [`apply`] asks the processor before it runs what needs AVX2; memory is accessed as arrays of
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
const WIDE: usize = 8;

/// Blocks in the lanes of a register.
const LANES: usize = 2;

/// Most blocks in the lanes of registers.
const FEW: usize = 2 * LANES;

/// Bytes of a flight.
pub const FLIGHT: usize = WIDE * SIZE;

/// Blocks that are added to Poly1305 after each round: so those of a flight are done in fewer rounds than there are.
const BESIDE: usize = 2;

macro_rules! with_avx2 {
    ($($function:item)*) => {
        $(
            #[target_feature(enable = "avx2")]
            $function
        )*
    };
}

rounds! { ["avx2"] avx ymm_reg __m256i }
flights! { ["avx2"] __m256i _mm256_loadu_si256 _mm256_storeu_si256 _mm256_xor_si256 _mm256_shuffle_epi32 }

with_avx2! {

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
    if target.len() > LANES * SIZE {
        let stream = lanes::<2>(double_rounds, state, pending);
        pending.written(give(target, stream.as_flattened()));
    } else if target.len() > 0 {
        let stream = lanes::<1>(double_rounds, state, pending);
        pending.written(give(target, stream.as_flattened()));
    }
}

/// `N` times two blocks.
fn lanes<const N: usize>(
    double_rounds: usize,
    state: &[u32; 16],
    pending: &mut Pending<'_>,
) -> [[Block; LANES]; N] {
    let start: [_; N] = from_fn(|n| start_of_lanes(state, LANES * n));
    let mut now = start;
    for _ in 0..double_rounds {
        now.iter_mut().for_each(|rows| double_round_of_rows(rows));
        pending.advance(2 * BESIDE);
    }
    from_fn(|n| {
        let [a, b, c, d] = from_fn(|i| _mm256_add_epi32(now[n][i], start[n][i]));
        let first = |a, b| _mm256_permute2x128_si256::<0x20>(a, b);
        let second = |a, b| _mm256_permute2x128_si256::<0x31>(a, b);
        [[first(a, b), first(c, d)], [second(a, b), second(c, d)]]
    })
}

/// The state before the rounds: each row of two blocks, from the one with that number on.
#[inline]
fn start_of_lanes(state: &[u32; 16], first: usize) -> [__m256i; 4] {
    let mut rows = from_fn::<_, 4, _>(|i| {
        let [a, b, c, d] = from_fn(|j| state[4 * i + j].cast_signed());
        _mm256_setr_epi32(a, b, c, d, a, b, c, d)
    });
    let numbers = _mm256_setr_epi32(first as i32, 0, 0, 0, first as i32 + 1, 0, 0, 0);
    rows[3] = _mm256_add_epi32(rows[3], numbers);
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
    let sums: [_; 16] = from_fn(|i| _mm256_add_epi32(words[i], start[i]));
    let (first, second) = sums.split_first_chunk().expect("8 of 16");
    let halves = [transposed(first), transposed(second.first_chunk().expect("the other 8"))];
    from_fn(|i| [halves[0][i], halves[1][i]])
}

/// The state before the rounds: each word in all blocks, and the blocks' numbers.
#[inline]
fn start(state: &[u32; 16]) -> [__m256i; 16] {
    let mut start: [_; 16] = from_fn(|i| _mm256_set1_epi32(state[i].cast_signed()));
    start[12] = _mm256_add_epi32(start[12], _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    start
}

/// Turns registers with one word of eight blocks into registers with eight words of one block.
#[inline]
fn transposed(words: &[__m256i; WIDE]) -> [__m256i; WIDE] {
    // fours[k][g]: of block k and 4 + k the words from 4 g on.
    let mut fours = [[_mm256_setzero_si256(); 2]; 4];
    for g in 0..2 {
        let [a, b, c, d] = from_fn(|i| words[4 * g + i]);
        let (ab, cd) = (_mm256_unpacklo_epi32(a, b), _mm256_unpacklo_epi32(c, d));
        fours[0][g] = _mm256_unpacklo_epi64(ab, cd);
        fours[1][g] = _mm256_unpackhi_epi64(ab, cd);
        let (ab, cd) = (_mm256_unpackhi_epi32(a, b), _mm256_unpackhi_epi32(c, d));
        fours[2][g] = _mm256_unpacklo_epi64(ab, cd);
        fours[3][g] = _mm256_unpackhi_epi64(ab, cd);
    }
    from_fn(|block| {
        let [low, high] = fours[block % 4];
        if block < 4 {
            _mm256_permute2x128_si256::<0x20>(low, high)
        } else {
            _mm256_permute2x128_si256::<0x31>(low, high)
        }
    })
}

}
