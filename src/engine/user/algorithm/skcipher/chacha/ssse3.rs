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

use super::rounds::{PLACES, change, copy, quarter_rounds, rotate, round, rounds};
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

/// The rows of a block of the key stream.
type Block = [__m128i; 4];

/// Tells whether the processor has the instructions.
pub fn available() -> bool {
    is_x86_feature_detected!("ssse3")
}

/// Gives `target` the key stream of `state`, and adds to `pending` meanwhile. Gives `target` back, and does nothing,
/// if the processor cannot.
pub fn apply<'a, 'b, 'c>(
    double_rounds: usize,
    state: &mut [u32; 16],
    target: Target<'a, 'b, 'c>,
    pending: &mut Pending<'c>,
) -> Option<Target<'a, 'b, 'c>> {
    if !available() {
        return Some(target);
    }
    // SAFETY: the processor has SSSE3.
    unsafe { apply_pieces(double_rounds, state, target, pending) };
    None
}

macro_rules! with_ssse3 {
    ($($function:item)*) => {
        $(
            #[target_feature(enable = "ssse3")]
            $function
        )*
    };
}

rounds! { ["ssse3"] sse xmm_reg __m128i }

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

/// Gives what has been written. `target` is not longer than the key stream.
#[inline]
fn give<'a>(target: Target<'_, '_, 'a>, stream: &[Block]) -> &'a [u8] {
    let Target { first, mut data } = target;
    match (first, stream) {
        (Some(first), [block, others @ ..]) => {
            store(first, *block);
            xor_all(data.reborrow(), others);
        }
        _ => xor_all(data.reborrow(), stream),
    }
    data.into_out()
}

/// `data` is not longer than the key stream.
#[inline]
fn xor_all(data: Data<'_, '_>, stream: &[Block]) {
    let blocks = data.len() / SIZE;
    let (mut whole, mut rest) = data.split_at(blocks * SIZE);
    for (i, stream) in stream.iter().enumerate().take(blocks) {
        let block = xored(&whole.get_in().as_chunks().0[i], stream);
        store(&mut whole.get_out().as_chunks_mut().0[i], block);
    }
    if !rest.is_empty() {
        let mut last = [0; SIZE];
        last[..rest.len()].copy_from_slice(rest.get_in());
        let block = xored(&last, &stream[blocks]);
        store(&mut last, block);
        let to = rest.get_out();
        to.copy_from_slice(&last[..to.len()]);
    }
}

#[inline]
fn xored(bytes: &[u8; SIZE], stream: &Block) -> Block {
    let rows = bytes.as_chunks::<{ SIZE / 4 }>().0;
    from_fn(|i| {
        // SAFETY: the reference is to as many bytes as are read, at any address.
        let row = unsafe { _mm_loadu_si128(rows[i].as_ptr().cast()) };
        _mm_xor_si128(row, stream[i])
    })
}

#[inline]
fn store(bytes: &mut [u8; SIZE], block: Block) {
    let (rows, _) = bytes.as_chunks_mut::<{ SIZE / 4 }>();
    for (to, row) in rows.iter_mut().zip(block) {
        // SAFETY: the reference is to as many bytes as are written, at any address.
        unsafe { _mm_storeu_si128(to.as_mut_ptr().cast(), row) };
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
fn double_round_of_rows(rows: &mut [__m128i; 4]) {
    *rows = round_of_rows(*rows);
    // Diagonals become columns, and columns again.
    rows[1] = _mm_shuffle_epi32::<0b00_11_10_01>(rows[1]);
    rows[2] = _mm_shuffle_epi32::<0b01_00_11_10>(rows[2]);
    rows[3] = _mm_shuffle_epi32::<0b10_01_00_11>(rows[3]);
    *rows = round_of_rows(*rows);
    rows[1] = _mm_shuffle_epi32::<0b10_01_00_11>(rows[1]);
    rows[2] = _mm_shuffle_epi32::<0b01_00_11_10>(rows[2]);
    rows[3] = _mm_shuffle_epi32::<0b00_11_10_01>(rows[3]);
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
