// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Keccak-f\[1600\] with AVX-512VL: each word has a vector register of its own, since those are 32
//! and have rotations and functions of three operands; 16 scalar ones are too few and have neither.
//!
//! Method: FIPS 202, 3.2, and the Keccak team's “Keccak implementation overview” (2012). What is
//! left on the stack is within what is wiped when a call returns. Nothing depends on data but the
//! result.

#![allow(unsafe_code)]

use super::WORDS;
use std::arch::x86_64::*;

/// Columns, and rows, of words.
const SIDE: usize = 5;

/// Permutes the state; false, and nothing done, if the processor cannot.
pub fn permute(state: &mut [u64; WORDS]) -> bool {
    let able = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl");
    if able {
        // SAFETY: the processor has both features.
        unsafe { permute_in_vectors(state) };
    }
    able
}

#[target_feature(enable = "avx512f,avx512vl")]
fn permute_in_vectors(state: &mut [u64; WORDS]) {
    let mut words = [_mm_setzero_si128(); WORDS];
    for (vector, word) in words.iter_mut().zip(&*state) {
        *vector = _mm_cvtsi64_si128(word.cast_signed());
    }
    for constant in CONSTANTS {
        round(&mut words, constant);
    }
    for (word, vector) in state.iter_mut().zip(words) {
        *word = _mm_cvtsi128_si64(vector).cast_unsigned();
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512vl")]
fn xor3(a: __m128i, b: __m128i, c: __m128i) -> __m128i {
    _mm_ternarylogic_epi64::<0x96>(a, b, c)
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
        let rotated = _mm_rol_epi64::<1>(parity[(x + 1) % SIDE]);
        for y in 0..SIDE {
            a[SIDE * y + x] = xor3(a[SIDE * y + x], parity[(x + SIDE - 1) % SIDE], rotated);
        }
    }
    // Rho and pi.
    let mut b = *a;
    macro_rules! rotate {
        ($($to:literal <- $from:literal by $bits:literal;)*) => {
            $(b[$to] = _mm_rol_epi64::<$bits>(a[$from]);)*
        };
    }
    #[rustfmt::skip]
    rotate! {
        1 <- 6 by 44; 2 <- 12 by 43; 3 <- 18 by 21; 4 <- 24 by 14;
        5 <- 3 by 28; 6 <- 9 by 20; 7 <- 10 by 3; 8 <- 16 by 45;
        9 <- 22 by 61; 10 <- 1 by 1; 11 <- 7 by 6; 12 <- 13 by 25;
        13 <- 19 by 8; 14 <- 20 by 18; 15 <- 4 by 27; 16 <- 5 by 36;
        17 <- 11 by 10; 18 <- 17 by 15; 19 <- 23 by 56; 20 <- 2 by 62;
        21 <- 8 by 55; 22 <- 14 by 39; 23 <- 15 by 41; 24 <- 21 by 2;
    }
    // Chi: a word is XORed with the second one to its right where the first one has no bit.
    for y in 0..SIDE {
        for x in 0..SIDE {
            let right = |places| b[SIDE * y + (x + places) % SIDE];
            a[SIDE * y + x] = _mm_ternarylogic_epi64::<0xd2>(right(0), right(1), right(2));
        }
    }
    // Iota.
    a[0] = _mm_xor_si128(a[0], _mm_cvtsi64_si128(constant.cast_signed()));
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
