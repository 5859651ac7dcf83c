// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! ChaCha for AArch64: four blocks at once, each word of the state in a register of its own, whose lanes are the
//! blocks.

#![allow(unsafe_code)]

use crate::engine::user::algorithm::block::Data;
use crate::wipe::wipe_bytes;
use std::arch::aarch64::*;

/// Blocks that are made at once.
const LANES: usize = 4;

/// Bytes in them.
const SIZE: usize = LANES * super::SIZE;

/// Bytes in a register.
const REGISTER: usize = size_of::<uint32x4_t>();

/// XORs `data` with the key stream from `state` on.
pub fn apply(double_rounds: usize, state: &mut [u32; 16], mut data: Data<'_, '_>) {
    while !data.is_empty() {
        let len = data.len().min(SIZE);
        let (mut now, later) = data.split_at(len);
        // SAFETY: NEON is a part of AArch64 on Linux.
        let stream = unsafe { four_blocks(double_rounds, state) };
        if len == SIZE {
            for (i, stream) in stream.iter().enumerate() {
                let text = &now.get_in()[REGISTER * i..][..REGISTER];
                // SAFETY: the slice has as many bytes as are read.
                let text = unsafe { vld1q_u8(text.as_ptr()) };
                let out = &mut now.get_out()[REGISTER * i..][..REGISTER];
                // SAFETY: the slice has as many bytes as are written.
                unsafe { vst1q_u8(out.as_mut_ptr(), veorq_u8(text, *stream)) };
            }
        } else {
            let mut bytes = [0; SIZE];
            for (bytes, stream) in bytes.as_chunks_mut::<REGISTER>().0.iter_mut().zip(stream) {
                // SAFETY: the reference is to as many bytes as are written.
                unsafe { vst1q_u8(bytes.as_mut_ptr(), stream) };
            }
            now.xor_in2out(&bytes[..len]);
            wipe_bytes(&mut bytes);
        }
        state[12] = state[12].wrapping_add(LANES as u32);
        data = later;
    }
}

/// The key stream of `state` and the blocks after it.
#[target_feature(enable = "neon")]
fn four_blocks(double_rounds: usize, state: &[u32; 16]) -> [uint8x16_t; 16] {
    let mut first = state.map(|word| vdupq_n_u32(word));
    // SAFETY: there are as many words as are read.
    first[12] = vaddq_u32(first[12], unsafe { vld1q_u32([0, 1, 2, 3].as_ptr()) });
    // SAFETY: there are as many bytes as are read.
    let by_8 = unsafe { vld1q_u8([3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14].as_ptr()) };
    let mut words = first;
    for _ in 0..double_rounds {
        // A loop would address the words by a number, and so in memory.
        quarter_round::<0, 4, 8, 12>(&mut words, by_8);
        quarter_round::<1, 5, 9, 13>(&mut words, by_8);
        quarter_round::<2, 6, 10, 14>(&mut words, by_8);
        quarter_round::<3, 7, 11, 15>(&mut words, by_8);
        quarter_round::<0, 5, 10, 15>(&mut words, by_8);
        quarter_round::<1, 6, 11, 12>(&mut words, by_8);
        quarter_round::<2, 7, 8, 13>(&mut words, by_8);
        quarter_round::<3, 4, 9, 14>(&mut words, by_8);
    }
    words.iter_mut().zip(first).for_each(|(word, first)| *word = vaddq_u32(*word, first));
    in_order(words)
}

/// RFC 8439, 2.1. `by_8` says where each byte of words that are rotated by 8 bits comes from.
#[inline]
#[target_feature(enable = "neon")]
fn quarter_round<const A: usize, const B: usize, const C: usize, const D: usize>(
    words: &mut [uint32x4_t; 16],
    by_8: uint8x16_t,
) {
    words[A] = vaddq_u32(words[A], words[B]);
    words[D] = rotate_by_16(veorq_u32(words[D], words[A]));
    words[C] = vaddq_u32(words[C], words[D]);
    words[B] = rotate::<12, 20>(veorq_u32(words[B], words[C]));
    words[A] = vaddq_u32(words[A], words[B]);
    words[D] = rotate_by_8(veorq_u32(words[D], words[A]), by_8);
    words[C] = vaddq_u32(words[C], words[D]);
    words[B] = rotate::<7, 25>(veorq_u32(words[B], words[C]));
}

/// Rotates left by `LEFT` bits; `RIGHT` is 32 less that.
#[inline]
#[target_feature(enable = "neon")]
fn rotate<const LEFT: i32, const RIGHT: i32>(words: uint32x4_t) -> uint32x4_t {
    vsriq_n_u32::<RIGHT>(vshlq_n_u32::<LEFT>(words), words)
}

#[inline]
#[target_feature(enable = "neon")]
fn rotate_by_16(words: uint32x4_t) -> uint32x4_t {
    vreinterpretq_u32_u16(vrev32q_u16(vreinterpretq_u16_u32(words)))
}

#[inline]
#[target_feature(enable = "neon")]
fn rotate_by_8(words: uint32x4_t, by_8: uint8x16_t) -> uint32x4_t {
    vreinterpretq_u32_u8(vqtbl1q_u8(vreinterpretq_u8_u32(words), by_8))
}

/// One block after the other.
#[inline]
#[target_feature(enable = "neon")]
fn in_order(words: [uint32x4_t; 16]) -> [uint8x16_t; 16] {
    let mut blocks = [vdupq_n_u8(0); 16];
    let pairs = |low, high| {
        let (low, high) = (vreinterpretq_u64_u32(low), vreinterpretq_u64_u32(high));
        [vtrn1q_u64(low, high), vtrn2q_u64(low, high)].map(|words| vreinterpretq_u8_u64(words))
    };
    for (i, [a, b, c, d]) in words.as_chunks().0.iter().enumerate() {
        let [zero, two] = pairs(vtrn1q_u32(*a, *b), vtrn1q_u32(*c, *d));
        let [one, three] = pairs(vtrn2q_u32(*a, *b), vtrn2q_u32(*c, *d));
        for (block, quarter) in [zero, one, two, three].into_iter().enumerate() {
            blocks[4 * block + i] = quarter;
        }
    }
    blocks
}
