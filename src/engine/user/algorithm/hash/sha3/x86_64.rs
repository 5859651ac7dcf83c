// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Keccak-f\[1600\] with AVX-512VL: each word has a vector register of its own, since those are 32
//! and have rotations and functions of three operands; 16 scalar ones are too few and have neither. Processors without
//! it have these all the same ([`scalar`]).
//!
//! Method: FIPS 202, 3.2. What is left on the stack is within what is wiped when a call returns. Nothing depends on data
//! but the result.

#![allow(unsafe_code)]

mod scalar;

use super::{Permute, WORDS};
use std::arch::x86_64::*;

/// Columns, and rows, of words.
const SIDE: usize = 5;

/// Each gives a function, if the processor can run it: the fastest first.
static PERMUTATIONS: [fn() -> Option<Permute>; 3] = [avx512, scalar::bmi, scalar::plain];

/// The fastest function that the processor can run; None: it can run none of them.
pub fn fastest() -> Option<Permute> {
    PERMUTATIONS.iter().find_map(|permutation| permutation())
}

/// What each of them makes of the state.
#[cfg(test)]
pub fn permuted_by_all(state: [u64; WORDS]) -> Vec<[u64; WORDS]> {
    let available = PERMUTATIONS.iter().filter_map(|permutation| permutation());
    let permuted = available.map(|permute| {
        let mut state = state;
        permute(&mut state);
        state
    });
    permuted.collect()
}

fn avx512() -> Option<Permute> {
    let able = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl");
    // SAFETY: the function is given away only where the processor has the features.
    able.then_some(|state| unsafe { permute_words(state) })
}

#[target_feature(enable = "avx512f,avx512vl")]
fn permute_words(state: &mut [u64; WORDS]) {
    let mut words = [_mm_setzero_si128(); WORDS];
    for (to, word) in words.iter_mut().zip(&*state) {
        *to = vector(*word);
    }
    for constant in CONSTANTS {
        round(&mut words, constant);
    }
    for (word, from) in state.iter_mut().zip(words) {
        *word = _mm_cvtsi128_si64(from).cast_unsigned();
    }
}

/// Rows follow one another.
#[inline]
#[target_feature(enable = "avx512f,avx512vl")]
fn round(a: &mut [__m128i; WORDS], constant: u64) {
    // Theta. Loops, since closures of so many calls are not always inlined, and are compiled
    // without the features then.
    let mut parity = [_mm_setzero_si128(); SIDE];
    for x in 0..SIDE {
        parity[x] = xor3(xor3(a[x], a[x + 5], a[x + 10]), a[x + 15], a[x + 20]);
    }
    for x in 0..SIDE {
        let rotated = rotated::<1>(parity[(x + 1) % SIDE]);
        for y in 0..SIDE {
            a[SIDE * y + x] = xor3(a[SIDE * y + x], parity[(x + SIDE - 1) % SIDE], rotated);
        }
    }
    // Rho and pi.
    #[rustfmt::skip]
    let b = [
        a[0], rotated::<44>(a[6]), rotated::<43>(a[12]), rotated::<21>(a[18]), rotated::<14>(a[24]),
        rotated::<28>(a[3]), rotated::<20>(a[9]), rotated::<3>(a[10]), rotated::<45>(a[16]), rotated::<61>(a[22]),
        rotated::<1>(a[1]), rotated::<6>(a[7]), rotated::<25>(a[13]), rotated::<8>(a[19]), rotated::<18>(a[20]),
        rotated::<27>(a[4]), rotated::<36>(a[5]), rotated::<10>(a[11]), rotated::<15>(a[17]), rotated::<56>(a[23]),
        rotated::<62>(a[2]), rotated::<55>(a[8]), rotated::<39>(a[14]), rotated::<41>(a[15]), rotated::<2>(a[21]),
    ];
    // Chi: a word is XORed with the second one to its right where the first one has no bit.
    for y in 0..SIDE {
        for x in 0..SIDE {
            let right = |places| b[SIDE * y + (x + places) % SIDE];
            a[SIDE * y + x] = _mm_ternarylogic_epi64::<0xd2>(right(0), right(1), right(2));
        }
    }
    // Iota.
    a[0] = _mm_xor_si128(a[0], vector(constant));
}

#[inline]
#[target_feature(enable = "avx512f,avx512vl")]
fn vector(word: u64) -> __m128i {
    _mm_cvtsi64_si128(word.cast_signed())
}

#[inline]
#[target_feature(enable = "avx512f,avx512vl")]
fn xor3(a: __m128i, b: __m128i, c: __m128i) -> __m128i {
    _mm_ternarylogic_epi64::<0x96>(a, b, c)
}

#[inline]
#[target_feature(enable = "avx512f,avx512vl")]
fn rotated<const LEFT: i32>(word: __m128i) -> __m128i {
    _mm_rol_epi64::<LEFT>(word)
}

/// Those of FIPS 202, 3.2.5.
#[rustfmt::skip]
static CONSTANTS: [u64; 24] = [
    0x0000_0000_0000_0001, 0x0000_0000_0000_8082, 0x8000_0000_0000_808a, 0x8000_0000_8000_8000,
    0x0000_0000_0000_808b, 0x0000_0000_8000_0001, 0x8000_0000_8000_8081, 0x8000_0000_0000_8009,
    0x0000_0000_0000_008a, 0x0000_0000_0000_0088, 0x0000_0000_8000_8009, 0x0000_0000_8000_000a,
    0x0000_0000_8000_808b, 0x8000_0000_0000_008b, 0x8000_0000_0000_8089, 0x8000_0000_0000_8003,
    0x8000_0000_0000_8002, 0x8000_0000_0000_0080, 0x0000_0000_0000_800a, 0x8000_0000_8000_000a,
    0x8000_0000_8000_8081, 0x8000_0000_0000_8080, 0x0000_0000_8000_0001, 0x8000_0000_8000_8008,
];
