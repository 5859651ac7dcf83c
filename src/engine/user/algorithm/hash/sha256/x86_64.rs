// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The compression functions of SHA-256: scalar rounds, and a message schedule in vectors of four words,
//! which the processor works on beside the rounds.
//!
//! Method: Gueron, Krasnov, “Parallelizing message schedules to accelerate the computations of
//! hash functions” (2012), for one block at a time.
//!
//! Nothing depends on data but the results. What is left on the stack, some 200 bytes, is within
//! what is wiped when a call returns.

#![allow(unsafe_code)]

use super::super::rounds::{available_with, bmi, fastest_of, plain, round, sum_by_shifts};
use super::super::sha512::x86_64::CONSTANTS as CONSTANTS_64;
use super::{BLOCK, Compress};
use std::arch::x86_64::*;

/// Words of the schedule that are at hand: it is made as many rounds ahead.
const AHEAD: usize = 16;

/// Words in a vector.
const WIDE: usize = 4;

/// Words that a vector load may take.
#[repr(align(16))]
struct Words([u32; AHEAD]);

fastest_of! { [u32; 8]: avx512 avx2 ssse3 }

/// The constants of the rounds from `round` on.
fn constants(round: usize) -> __m128i {
    let constants: &[u32] = &CONSTANTS[round..][..WIDE];
    // SAFETY: the slice has as many bytes, and every x86-64 processor has SSE2.
    unsafe { _mm_loadu_si128(constants.as_ptr().cast()) }
}

/// Puts four words at `i`.
fn set(words: &mut Words, i: usize, vector: __m128i) {
    let place: &mut [u32] = &mut words.0[i..][..WIDE];
    // SAFETY: four words, at any address; every x86-64 processor has SSE2.
    unsafe { _mm_storeu_si128(place.as_mut_ptr().cast(), vector) }
}

/// The compression function with the round of that name, for processor features, with the schedule's two functions.
macro_rules! compress {
    ($round:ident [$($feature:tt),*] $($sigma:item)*) => {
        use super::*;

        available_with! { $($feature),* }

        compress! { @ $round ($(enable = $feature),*) $($sigma)* }
    };
    (@ $round:ident $features:tt $($sigma:item)*) => {
        $(
            #[inline]
            #[target_feature $features]
            $sigma
        )*

        /// The four words of the schedule that come 16 after those in `w[i]`.
        #[inline]
        #[target_feature $features]
        fn next(w: &[__m128i; AHEAD / WIDE], i: usize) -> __m128i {
            let w = |later: usize| w[(i + later) % (AHEAD / WIDE)];
            let [w1, w9] = [_mm_alignr_epi8::<4>(w(1), w(0)), _mm_alignr_epi8::<4>(w(3), w(2))];
            let without_sigma1 = _mm_add_epi32(_mm_add_epi32(w(0), w9), sigma0(w1));
            // The first two depend on the last two words before them, the others on the first two.
            let first = _mm_add_epi32(without_sigma1, sigma1(_mm_srli_si128::<8>(w(3))));
            _mm_add_epi32(first, sigma1(_mm_slli_si128::<8>(first)))
        }

        #[target_feature $features]
        #[allow(unused_assignments, reason = "the last round leaves the next one's `b ^ c`")]
        pub fn compress(state: &mut [u32; 8], blocks: &[[u8; BLOCK]]) {
            let swap = _mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203);
            let mut words = Words([0; AHEAD]);
            for block in blocks {
                let mut w = [_mm_setzero_si128(); AHEAD / WIDE];
                for (i, bytes) in block.as_chunks::<16>().0.iter().enumerate() {
                    // SAFETY: the reference is to as many bytes as are read.
                    let bytes = unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) };
                    w[i] = _mm_shuffle_epi8(bytes, swap);
                    set(&mut words, WIDE * i, _mm_add_epi32(w[i], constants(WIDE * i)));
                }
                let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
                let mut bc = b ^ c;
                let mut ab: u32;
                // Four rounds; then, if there is a later sixteen, their words of it.
                macro_rules! four {
                    ($i:literal, $later:expr, $a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident) => {
                        one!($i, $a $b $d $e $f $g $h, bc ab);
                        one!($i + 1, $h $a $c $d $e $f $g, ab bc);
                        one!($i + 2, $g $h $b $c $d $e $f, bc ab);
                        one!($i + 3, $f $g $a $b $c $d $e, ab bc);
                        if let Some(later) = $later {
                            w[$i / WIDE] = next(&w, $i / WIDE);
                            let constants = constants(AHEAD * later + $i);
                            set(&mut words, $i, _mm_add_epi32(w[$i / WIDE], constants));
                        }
                    };
                }
                macro_rules! one {
                    ($i:expr, $a:ident $b:ident $d:ident $e:ident $f:ident $g:ident $h:ident, $bc:ident $ab:ident) => {
                        $round!(u32 "e" [25 11 6] [22 13 2] words[$i], $a $b $d $e $f $g $h, $bc $ab)
                    };
                }
                macro_rules! sixteen {
                    ($later:expr) => {
                        four!(0, $later, a b c d e f g h);
                        four!(4, $later, e f g h a b c d);
                        four!(8, $later, a b c d e f g h);
                        four!(12, $later, e f g h a b c d);
                    };
                }
                for later in 1..CONSTANTS.len() / AHEAD {
                    sixteen!(Some(later));
                }
                sixteen!(None::<usize>);
                for (state, word) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
                    *state = state.wrapping_add(word);
                }
            }
        }
    };
}

/// Rotations, and XORs of three, by one instruction each.
mod avx512 {
    compress! {
        bmi ["avx2", "bmi1", "bmi2", "avx512f", "avx512vl"]

        fn sigma0(w: __m128i) -> __m128i {
            let [a, b, c] = [_mm_ror_epi32::<7>(w), _mm_ror_epi32::<18>(w), _mm_srli_epi32::<3>(w)];
            _mm_ternarylogic_epi32::<0x96>(a, b, c)
        }

        fn sigma1(w: __m128i) -> __m128i {
            let [a, b, c] = [_mm_ror_epi32::<17>(w), _mm_ror_epi32::<19>(w), _mm_srli_epi32::<10>(w)];
            _mm_ternarylogic_epi32::<0x96>(a, b, c)
        }
    }
}

/// Rotations by two shifts.
macro_rules! compress_by_shifts {
    ($round:ident $features:tt) => {
        compress! {
            $round $features

            fn sigma0(w: __m128i) -> __m128i {
                sum_by_shifts!(_mm_srli_epi32 _mm_slli_epi32 32 w, 7 18 3)
            }

            fn sigma1(w: __m128i) -> __m128i {
                sum_by_shifts!(_mm_srli_epi32 _mm_slli_epi32 32 w, 17 19 10)
            }
        }
    };
}

mod avx2 {
    compress_by_shifts! { bmi ["avx2", "bmi1", "bmi2"] }
}

/// Also for processors before Haswell and Zen.
mod ssse3 {
    compress_by_shifts! { plain ["ssse3"] }
}

/// Those of FIPS 180-4, 4.2.2, which are the first halves of SHA-512's.
pub static CONSTANTS: [u32; 64] = {
    let mut constants = [0; 64];
    let mut i = 0;
    while i < constants.len() {
        constants[i] = (CONSTANTS_64.0[i] >> 32) as u32;
        i += 1;
    }
    constants
};
