// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! ChaCha with AVX-512: 16 blocks at once, each register one word of all of them; of what is left,
//! up to 8 blocks with four of them in the four lanes of a register, which has one row of each,
//! since that is ready sooner. From 17 to 20 blocks, as many as a message of 1 KiB and its key for
//! Poly1305 take, are made in both ways at the same time.
//!
//! Method: Goll, Gueron, “Vectorization on ChaCha stream cipher” (2014), for both ways.
//!
//! # Safety
//!
//! [`apply`] asks the processor before it runs what needs AVX-512; memory is accessed as slices of
//! the length of a register.

#![allow(unsafe_code)]

use super::{SIZE, Target};
use crate::engine::user::algorithm::block::Data;
use crate::wipe::wiping_stack;
use std::arch::x86_64::*;
use std::array::from_fn;

/// Blocks at once.
const WIDE: usize = 16;

/// Blocks in the lanes of a register.
const LANES: usize = 4;

/// Blocks of both ways together, which take little longer than those of the longer one.
const MOST: usize = WIDE + LANES;

/// Bytes that up to eight blocks take of the stack.
const FEW: usize = 1536;

/// Bytes that more take. Both are wiped here, so that the rest of a call takes no more than others.
const MANY: usize = 5 << 9;

/// Tells whether the processor has the instructions.
pub fn available() -> bool {
    is_x86_feature_detected!("avx512f")
}

/// Gives `target` the key stream of `state`. Gives `target` back, and does nothing, if the processor cannot.
pub fn apply<'a, 'b, 'c>(
    double_rounds: usize,
    state: &mut [u32; 16],
    target: Target<'a, 'b, 'c>,
) -> Option<Target<'a, 'b, 'c>> {
    if !available() {
        return Some(target);
    }
    let len = target.len();
    if len > WIDE * SIZE && len <= MOST * SIZE {
        // SAFETY: the processor has AVX-512F.
        let work = || unsafe { apply_most(double_rounds, state, target) };
        wiping_stack::<MANY, _>(work);
        return None;
    }
    let rest = len % (WIDE * SIZE);
    let few = if rest > 2 * LANES * SIZE { 0 } else { rest };
    let (many, few) = target.split_at(len - few);
    if many.len() > 0 {
        // SAFETY: the same.
        let work = || unsafe { apply_many(double_rounds, state, many) };
        wiping_stack::<MANY, _>(work);
    }
    if few.len() > 0 {
        // SAFETY: the same.
        let work = || unsafe { apply_few(double_rounds, state, few) };
        wiping_stack::<FEW, _>(work);
    }
    None
}

/// 16 blocks at a time.
#[target_feature(enable = "avx512f")]
fn apply_many(double_rounds: usize, state: &mut [u32; 16], mut target: Target<'_, '_, '_>) {
    while target.len() > 0 {
        let (now, later) = target.split_at(WIDE * SIZE);
        give(now, &key_stream(double_rounds, state));
        state[12] = state[12].wrapping_add(WIDE as u32);
        target = later;
    }
}

/// More than 16 blocks and up to 20.
#[target_feature(enable = "avx512f")]
fn apply_most(double_rounds: usize, state: &[u32; 16], target: Target<'_, '_, '_>) {
    let (start, lanes_start) = (start(state), start_of_lanes(state, WIDE));
    let (mut words, mut rows) = (start, lanes_start);
    for _ in 0..double_rounds {
        double_round_of_words(&mut words);
        double_round_of_rows(&mut rows);
    }
    let (many, few) = target.split_at(WIDE * SIZE);
    give(many, &transposed(sums(words, start)));
    give(few, &by_blocks(sums(rows, lanes_start)));
}

/// Up to eight blocks.
#[target_feature(enable = "avx512f")]
fn apply_few(double_rounds: usize, state: &[u32; 16], target: Target<'_, '_, '_>) {
    if target.len() > LANES * SIZE {
        let [first, second] = lanes::<2>(double_rounds, state);
        let (now, later) = target.split_at(LANES * SIZE);
        give(now, &first);
        give(later, &second);
    } else if target.len() > 0 {
        let [stream] = lanes::<1>(double_rounds, state);
        give(target, &stream);
    }
}

/// `target` is not longer than the key stream.
#[target_feature(enable = "avx512f")]
fn give(target: Target<'_, '_, '_>, stream: &[__m512i]) {
    match (target.first, stream) {
        (Some(first), [block, others @ ..]) => {
            store(first, *block);
            xor_all(target.data, others);
        }
        _ => xor_all(target.data, stream),
    }
}

/// `data` is not longer than the key stream.
#[target_feature(enable = "avx512f")]
fn xor_all(data: Data<'_, '_>, stream: &[__m512i]) {
    let blocks = data.len() / SIZE;
    let (mut whole, mut rest) = data.split_at(blocks * SIZE);
    for (i, stream) in stream.iter().enumerate().take(blocks) {
        let block = load(&whole.get_in().as_chunks().0[i]);
        store(&mut whole.get_out().as_chunks_mut().0[i], _mm512_xor_si512(block, *stream));
    }
    if !rest.is_empty() {
        let mut last = [0; SIZE];
        last[..rest.len()].copy_from_slice(rest.get_in());
        let result = _mm512_xor_si512(load(&last), stream[blocks]);
        store(&mut last, result);
        let to = rest.get_out();
        to.copy_from_slice(&last[..to.len()]);
    }
}

#[target_feature(enable = "avx512f")]
fn load(block: &[u8; SIZE]) -> __m512i {
    // SAFETY: the reference is to as many bytes as are read, at any address.
    unsafe { _mm512_loadu_si512(block.as_ptr().cast()) }
}

#[target_feature(enable = "avx512f")]
fn store(block: &mut [u8; SIZE], register: __m512i) {
    // SAFETY: the reference is to as many bytes as are written, at any address.
    unsafe { _mm512_storeu_si512(block.as_mut_ptr().cast(), register) };
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
fn double_round_of_rows(rows: &mut [__m512i; 4]) {
    round(rows);
    // Diagonals become columns, and columns again.
    rows[1] = _mm512_shuffle_epi32::<0b00_11_10_01>(rows[1]);
    rows[2] = _mm512_shuffle_epi32::<0b01_00_11_10>(rows[2]);
    rows[3] = _mm512_shuffle_epi32::<0b10_01_00_11>(rows[3]);
    round(rows);
    rows[1] = _mm512_shuffle_epi32::<0b10_01_00_11>(rows[1]);
    rows[2] = _mm512_shuffle_epi32::<0b01_00_11_10>(rows[2]);
    rows[3] = _mm512_shuffle_epi32::<0b00_11_10_01>(rows[3]);
}

#[target_feature(enable = "avx512f")]
fn sums<const N: usize>(a: [__m512i; N], b: [__m512i; N]) -> [__m512i; N] {
    from_fn(|i| _mm512_add_epi32(a[i], b[i]))
}

/// A quarter round on each column.
#[target_feature(enable = "avx512f")]
fn round([a, b, c, d]: &mut [__m512i; 4]) {
    *a = _mm512_add_epi32(*a, *b);
    *d = _mm512_rol_epi32::<16>(_mm512_xor_si512(*d, *a));
    *c = _mm512_add_epi32(*c, *d);
    *b = _mm512_rol_epi32::<12>(_mm512_xor_si512(*b, *c));
    *a = _mm512_add_epi32(*a, *b);
    *d = _mm512_rol_epi32::<8>(_mm512_xor_si512(*d, *a));
    *c = _mm512_add_epi32(*c, *d);
    *b = _mm512_rol_epi32::<7>(_mm512_xor_si512(*b, *c));
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

/// Each is a block.
#[target_feature(enable = "avx512f")]
fn key_stream(double_rounds: usize, state: &[u32; 16]) -> [__m512i; WIDE] {
    let start = start(state);
    let mut words = start;
    for _ in 0..double_rounds {
        double_round_of_words(&mut words);
    }
    transposed(sums(words, start))
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

/// The state before the rounds: each word in all blocks, and the blocks' numbers.
#[target_feature(enable = "avx512f")]
fn start(state: &[u32; 16]) -> [__m512i; 16] {
    let mut start: [_; 16] = from_fn(|i| _mm512_set1_epi32(state[i].cast_signed()));
    let number = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    start[12] = _mm512_add_epi32(start[12], number);
    start
}

#[target_feature(enable = "avx512f")]
fn quarter_round(words: &mut [__m512i; 16], [a, b, c, d]: [usize; 4]) {
    words[a] = _mm512_add_epi32(words[a], words[b]);
    words[d] = _mm512_rol_epi32::<16>(_mm512_xor_si512(words[d], words[a]));
    words[c] = _mm512_add_epi32(words[c], words[d]);
    words[b] = _mm512_rol_epi32::<12>(_mm512_xor_si512(words[b], words[c]));
    words[a] = _mm512_add_epi32(words[a], words[b]);
    words[d] = _mm512_rol_epi32::<8>(_mm512_xor_si512(words[d], words[a]));
    words[c] = _mm512_add_epi32(words[c], words[d]);
    words[b] = _mm512_rol_epi32::<7>(_mm512_xor_si512(words[b], words[c]));
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
