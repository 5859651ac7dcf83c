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

use super::SIZE;
use crate::engine::user::algorithm::block::Data;
use crate::wipe::wiping_stack;
use std::arch::asm;
use std::arch::x86_64::*;
use std::array::from_fn;

/// Blocks at once.
const WIDE: usize = 8;

/// Blocks in the lanes of a register.
const LANES: usize = 2;

/// Most blocks in the lanes of registers.
const FEW: usize = 2 * LANES;

/// Bytes that a call takes of the stack. They are wiped here, so that the rest of a call takes no
/// more than others.
const STACK: usize = 2 << 10;

/// The two halves of a block of the key stream.
type Block = [__m256i; 2];

/// Tells whether the processor has the instructions.
pub fn available() -> bool {
    is_x86_feature_detected!("avx2")
}

/// XORs `data` with the key stream of `state`. Gives `data` back, and does nothing, if the processor cannot.
pub fn apply<'a, 'b>(
    double_rounds: usize,
    state: &mut [u32; 16],
    data: Data<'a, 'b>,
) -> Option<Data<'a, 'b>> {
    if !available() {
        return Some(data);
    }
    // SAFETY: the processor has AVX2.
    wiping_stack::<STACK, _>(|| unsafe { apply_pieces(double_rounds, state, data) });
    None
}

macro_rules! with_avx2 {
    ($($function:item)*) => {
        $(
            #[target_feature(enable = "avx2")]
            $function
        )*
    };
}

/// Where each byte comes from when words are rotated to the left by 16 and by 8 bits; within 16 bytes, as the
/// instruction counts.
static PLACES: [[u8; 32]; 2] = [places(2), places(1)];

const fn places(left: usize) -> [u8; 32] {
    let mut places = [0; 32];
    let mut i = 0;
    while i < 32 {
        places[i] = (i % 16 / 4 * 4 + (i + 4 - left) % 4) as u8;
        i += 1;
    }
    places
}

with_avx2! {

fn apply_pieces(double_rounds: usize, state: &mut [u32; 16], mut data: Data<'_, '_>) {
    while data.len() > FEW * SIZE {
        let len = data.len().min(WIDE * SIZE);
        let (now, later) = data.split_at(len);
        xor_all(now, &key_stream(double_rounds, state));
        state[12] = state[12].wrapping_add(WIDE as u32);
        data = later;
    }
    if data.len() > LANES * SIZE {
        xor_all(data, lanes::<2>(double_rounds, state).as_flattened());
    } else if !data.is_empty() {
        xor_all(data, lanes::<1>(double_rounds, state).as_flattened());
    }
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
    let halves = bytes.as_chunks::<{ SIZE / 2 }>().0;
    from_fn(|i| {
        // SAFETY: the reference is to as many bytes as are read, at any address.
        let half = unsafe { _mm256_loadu_si256(halves[i].as_ptr().cast()) };
        _mm256_xor_si256(half, stream[i])
    })
}

#[inline]
fn store(bytes: &mut [u8; SIZE], block: Block) {
    let (halves, _) = bytes.as_chunks_mut::<{ SIZE / 2 }>();
    for (to, half) in halves.iter_mut().zip(block) {
        // SAFETY: the reference is to as many bytes as are written, at any address.
        unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), half) };
    }
}

/// `N` times two blocks.
fn lanes<const N: usize>(double_rounds: usize, state: &[u32; 16]) -> [[Block; LANES]; N] {
    let start: [_; N] = from_fn(|n| start_of_lanes(state, LANES * n));
    let mut now = start;
    for _ in 0..double_rounds {
        now.iter_mut().for_each(|rows| double_round_of_rows(rows));
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
fn double_round_of_rows(rows: &mut [__m256i; 4]) {
    *rows = quarter_round(*rows);
    // Diagonals become columns, and columns again.
    rows[1] = _mm256_shuffle_epi32::<0b00_11_10_01>(rows[1]);
    rows[2] = _mm256_shuffle_epi32::<0b01_00_11_10>(rows[2]);
    rows[3] = _mm256_shuffle_epi32::<0b10_01_00_11>(rows[3]);
    *rows = quarter_round(*rows);
    rows[1] = _mm256_shuffle_epi32::<0b10_01_00_11>(rows[1]);
    rows[2] = _mm256_shuffle_epi32::<0b01_00_11_10>(rows[2]);
    rows[3] = _mm256_shuffle_epi32::<0b00_11_10_01>(rows[3]);
}

#[inline]
fn key_stream(double_rounds: usize, state: &[u32; 16]) -> [Block; WIDE] {
    let mut words = start(state);
    for _ in 0..double_rounds {
        for i in 0..4 {
            quarter_round_of_words(&mut words, [i, 4 + i, 8 + i, 12 + i]);
        }
        for i in 0..4 {
            let diagonal = [i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4];
            quarter_round_of_words(&mut words, diagonal);
        }
    }
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

#[inline]
fn quarter_round_of_words(words: &mut [__m256i; 16], column: [usize; 4]) {
    let now = quarter_round(column.map(|word| words[word]));
    column.into_iter().zip(now).for_each(|(word, now)| words[word] = now);
}

/// In assembly, since the compiler replaces shuffles of bytes by more instructions, and moves words about that have
/// no room in the 16 registers.
#[inline]
fn quarter_round([mut a, mut b, mut c, mut d]: [__m256i; 4]) -> [__m256i; 4] {
    // SAFETY: the instructions belong to AVX2, and read the two arrays of `PLACES`.
    unsafe {
        asm!(
            "vpaddd {a}, {a}, {b}",
            "vpxor {d}, {d}, {a}",
            "vpshufb {d}, {d}, [{places}]",
            "vpaddd {c}, {c}, {d}",
            "vpxor {b}, {b}, {c}",
            "vpslld {t}, {b}, 12",
            "vpsrld {b}, {b}, 20",
            "vpor {b}, {b}, {t}",
            "vpaddd {a}, {a}, {b}",
            "vpxor {d}, {d}, {a}",
            "vpshufb {d}, {d}, [{places} + 32]",
            "vpaddd {c}, {c}, {d}",
            "vpxor {b}, {b}, {c}",
            "vpslld {t}, {b}, 7",
            "vpsrld {b}, {b}, 25",
            "vpor {b}, {b}, {t}",
            places = in(reg) PLACES.as_ptr(),
            a = inout(ymm_reg) a,
            b = inout(ymm_reg) b,
            c = inout(ymm_reg) c,
            d = inout(ymm_reg) d,
            t = out(ymm_reg) _,
            options(pure, readonly, nostack, preserves_flags),
        );
    }
    [a, b, c, d]
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
