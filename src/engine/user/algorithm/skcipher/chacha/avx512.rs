// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! ChaCha with AVX-512: 16 blocks at once, each register one word of all of them; of what is left,
//! up to 8 blocks with four of them in the four lanes of a register, which has one row of each,
//! since that is ready sooner. The last 17 to 20 blocks, as many as a message of 1 KiB and its key for
//! Poly1305 take, are made in both ways at the same time.
//!
//! Method: Goll, Gueron, “Vectorization on ChaCha stream cipher” (2014), for both ways.
//!
//! # Safety
//!
//! [`apply`] asks the processor before it runs what needs AVX-512; memory is accessed as slices of
//! the length of a register.

#![allow(unsafe_code)]

use super::rounds::flights;
use super::{SIZE, Target};
use crate::engine::user::algorithm::block::Data;
use crate::engine::user::algorithm::poly1305::Pending;
use std::arch::x86_64::*;
use std::array::from_fn;

/// Blocks at once.
const WIDE: usize = 16;

/// Blocks in the lanes of a register.
const LANES: usize = 4;

/// Most blocks in the lanes of registers.
const FEW: usize = 2 * LANES;

flights! { ["avx512f"] __m512i _mm512_loadu_si512 _mm512_storeu_si512 _mm512_xor_si512 _mm512_shuffle_epi32 }

#[target_feature(enable = "avx512f")]
fn apply_pieces<'a>(
    double_rounds: usize,
    state: &mut [u32; 16],
    target: Target<'_, '_, 'a>,
    _: &mut Pending<'a>,
) {
    let len = target.len();
    let last = match len % (WIDE * SIZE) {
        // Both ways together take little longer than the longer one.
        rest if rest > 0 && rest <= LANES * SIZE && len > WIDE * SIZE => WIDE * SIZE + rest,
        rest if rest <= FEW * SIZE => rest,
        _ => 0,
    };
    let (flights, last) = target.split_at(len - last);
    apply_flights(double_rounds, state, flights);
    if last.len() > FEW * SIZE {
        apply_most(double_rounds, state, last);
    } else {
        apply_few(double_rounds, state, last);
    }
}

/// 16 blocks at a time. Not inlined, nor are those below, for the sake of the stack: each of them takes the same part of
/// it.
#[inline(never)]
#[target_feature(enable = "avx512f")]
fn apply_flights(double_rounds: usize, state: &mut [u32; 16], mut target: Target<'_, '_, '_>) {
    while target.len() > 0 {
        let (now, later) = target.split_at(WIDE * SIZE);
        let mut words = start(state);
        for _ in 0..double_rounds {
            double_round_of_words(&mut words);
        }
        // The start is made again, since keeping it would take registers.
        give(now, transposed(sums(words, start(state))).as_chunks().0);
        state[12] = state[12].wrapping_add(WIDE as u32);
        target = later;
    }
}

/// Up to eight blocks.
#[inline(never)]
#[target_feature(enable = "avx512f")]
fn apply_few(double_rounds: usize, state: &[u32; 16], target: Target<'_, '_, '_>) {
    if target.len() > LANES * SIZE {
        let stream = lanes::<2>(double_rounds, state);
        give(target, stream.as_flattened().as_chunks().0);
    } else if target.len() > 0 {
        let stream = lanes::<1>(double_rounds, state);
        give(target, stream.as_flattened().as_chunks().0);
    }
}

/// More than 16 blocks and up to 20.
#[inline(never)]
#[target_feature(enable = "avx512f")]
fn apply_most(double_rounds: usize, state: &[u32; 16], target: Target<'_, '_, '_>) {
    let (mut words, lanes_start) = (start(state), start_of_lanes(state, WIDE));
    let mut rows = lanes_start;
    for _ in 0..double_rounds {
        double_round_of_words(&mut words);
        double_round_of_rows(&mut rows);
    }
    let (many, few) = target.split_at(WIDE * SIZE);
    give_whole(many, &transposed(sums(words, start(state))));
    give(few, by_blocks(sums(rows, lanes_start)).as_chunks().0);
}

/// `target` is as long as the key stream, which does not go by way of memory.
#[inline]
#[target_feature(enable = "avx512f")]
fn give_whole(target: Target<'_, '_, '_>, stream: &[__m512i; WIDE]) {
    let (block, others) = stream.split_first().expect("16");
    match target.first {
        Some(first) => {
            store(first, [*block]);
            xor_whole::<{ WIDE - 1 }>(target.data, others.try_into().expect("15"));
        }
        None => xor_whole(target.data, stream),
    }
}

/// `data` are as long as the key stream.
#[inline]
#[target_feature(enable = "avx512f")]
fn xor_whole<const N: usize>(mut data: Data<'_, '_>, stream: &[__m512i; N]) {
    assert!(data.len() == N * SIZE);
    for (i, stream) in stream.iter().enumerate() {
        let block = xored(&data.get_in().as_chunks().0[i], &[*stream]);
        store(&mut data.get_out().as_chunks_mut().0[i], block);
    }
}

/// `N` times four blocks.
#[target_feature(enable = "avx512f")]
fn lanes<const N: usize>(double_rounds: usize, state: &[u32; 16]) -> [[__m512i; LANES]; N] {
    let start: [_; N] = from_fn(|n| start_of_lanes(state, LANES * n));
    let mut now = start;
    for _ in 0..double_rounds {
        now.iter_mut().for_each(|rows| double_round_of_rows(rows));
    }
    from_fn(|n| by_blocks(sums(now[n], start[n])))
}

/// The state before the rounds: each row of four blocks, from the one with that number on.
#[target_feature(enable = "avx512f")]
fn start_of_lanes(state: &[u32; 16], first: usize) -> [__m512i; 4] {
    let mut rows = from_fn::<_, 4, _>(|i| {
        let [a, b, c, d] = from_fn(|j| state[4 * i + j].cast_signed());
        _mm512_set4_epi32(d, c, b, a)
    });
    let [a, b, c, d] = from_fn(|lane| (first + lane) as i32);
    let numbers = _mm512_setr_epi32(a, 0, 0, 0, b, 0, 0, 0, c, 0, 0, 0, d, 0, 0, 0);
    rows[3] = _mm512_add_epi32(rows[3], numbers);
    rows
}

#[target_feature(enable = "avx512f")]
fn sums<const N: usize>(a: [__m512i; N], b: [__m512i; N]) -> [__m512i; N] {
    from_fn(|i| _mm512_add_epi32(a[i], b[i]))
}

/// A quarter round in each place of the registers.
#[target_feature(enable = "avx512f")]
fn quarter_rounds([mut a, mut b, mut c, mut d]: [__m512i; 4]) -> [__m512i; 4] {
    a = _mm512_add_epi32(a, b);
    d = _mm512_rol_epi32::<16>(_mm512_xor_si512(d, a));
    c = _mm512_add_epi32(c, d);
    b = _mm512_rol_epi32::<12>(_mm512_xor_si512(b, c));
    a = _mm512_add_epi32(a, b);
    d = _mm512_rol_epi32::<8>(_mm512_xor_si512(d, a));
    c = _mm512_add_epi32(c, d);
    b = _mm512_rol_epi32::<7>(_mm512_xor_si512(b, c));
    [a, b, c, d]
}

/// Turns registers with one row of four blocks into registers with the four rows of one block.
#[target_feature(enable = "avx512f")]
fn by_blocks([a, b, c, d]: [__m512i; 4]) -> [__m512i; LANES] {
    let low =
        [_mm512_shuffle_i32x4::<0b01_00_01_00>(a, b), _mm512_shuffle_i32x4::<0b01_00_01_00>(c, d)];
    let high =
        [_mm512_shuffle_i32x4::<0b11_10_11_10>(a, b), _mm512_shuffle_i32x4::<0b11_10_11_10>(c, d)];
    [
        _mm512_shuffle_i32x4::<0b10_00_10_00>(low[0], low[1]),
        _mm512_shuffle_i32x4::<0b11_01_11_01>(low[0], low[1]),
        _mm512_shuffle_i32x4::<0b10_00_10_00>(high[0], high[1]),
        _mm512_shuffle_i32x4::<0b11_01_11_01>(high[0], high[1]),
    ]
}

#[target_feature(enable = "avx512f")]
fn double_round_of_words(words: &mut [__m512i; 16]) {
    for i in 0..4 {
        quarter_round(words, [i, 4 + i, 8 + i, 12 + i]);
    }
    for i in 0..4 {
        quarter_round(words, [i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4]);
    }
}

#[target_feature(enable = "avx512f")]
fn quarter_round(words: &mut [__m512i; 16], places: [usize; 4]) {
    let results = quarter_rounds(places.map(|place| words[place]));
    places.into_iter().zip(results).for_each(|(place, word)| words[place] = word);
}

/// The state before the rounds: each word in all blocks, and the blocks' numbers.
#[target_feature(enable = "avx512f")]
fn start(state: &[u32; 16]) -> [__m512i; 16] {
    let mut start: [_; 16] = from_fn(|i| _mm512_set1_epi32(state[i].cast_signed()));
    let number = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    start[12] = _mm512_add_epi32(start[12], number);
    start
}

/// Turns registers with one word of 16 blocks into registers with the 16 words of one block.
#[target_feature(enable = "avx512f")]
fn transposed(words: [__m512i; 16]) -> [__m512i; WIDE] {
    // fours[k][g]: of block k, 4 + k, 8 + k and 12 + k the words from 4 g on.
    let mut fours = [[_mm512_setzero_si512(); 4]; 4];
    for g in 0..4 {
        let [a, b, c, d] = [words[4 * g], words[4 * g + 1], words[4 * g + 2], words[4 * g + 3]];
        let (ab, cd) = (_mm512_unpacklo_epi32(a, b), _mm512_unpacklo_epi32(c, d));
        fours[0][g] = _mm512_unpacklo_epi64(ab, cd);
        fours[1][g] = _mm512_unpackhi_epi64(ab, cd);
        let (ab, cd) = (_mm512_unpackhi_epi32(a, b), _mm512_unpackhi_epi32(c, d));
        fours[2][g] = _mm512_unpacklo_epi64(ab, cd);
        fours[3][g] = _mm512_unpackhi_epi64(ab, cd);
    }
    let mut blocks = [_mm512_setzero_si512(); WIDE];
    for (k, fours) in fours.into_iter().enumerate() {
        for (i, block) in by_blocks(fours).into_iter().enumerate() {
            blocks[4 * i + k] = block;
        }
    }
    blocks
}
