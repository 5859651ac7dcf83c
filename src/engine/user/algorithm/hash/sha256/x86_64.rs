// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The compression functions of SHA-256: scalar rounds, and a message schedule in vectors of four words,
//! whose instructions stand among those of the rounds.
//!
//! Method: Gueron, Krasnov, “Parallelizing message schedules to accelerate the computations of
//! hash functions” (2012), for one block at a time.
//!
//! Nothing depends on data but the results. What is left on the stack, some 300 bytes, is within
//! what is wiped when a call returns.

#![allow(unsafe_code)]

use super::super::rounds::{available_with, bmi, fastest_of, plain, round, woven};
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

fastest_of! { [u32; 8]: avx2 ssse3 }

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

/// The round of that name with a quarter of what makes the words of the schedule that come 16 after those in vector `$i`
/// of `$w`, of which it takes their place.
///
/// The last one puts their sums with the constants `$k` among the words at hand. The first two words depend on the last two
/// before them, the others on the first two. What rotates two words to the right, each of them twice in 64 bits, are
/// shifts; `$low` and `$high` then move both to one half, with zeros in the other one.
///
/// The function with AVX2 has these instructions of SSE, too: those of AVX spare copies, but that made it no faster. The
/// upper halves of the registers are empty, so that neither kind waits for the other.
macro_rules! quarter {
    (
        0, $w:ident[$i:expr] [$x:ident $y:ident $z:ident] [$low:ident $high:ident $k:ident],
        $round:ident!($($arguments:tt)*)
    ) => {
        $round!($($arguments)*, [
            "movdqa {x}, {w1}",
            "palignr {x}, {w0}, 4",
            "movdqa {y}, {w3}",
            "palignr {y}, {w2}, 4",
            "movdqa {z}, {x}",
            "psrld {x}, 3",
            "paddd {w0}, {y}",
            "movdqa {y}, {z}",
            "psrld {z}, 7",
        ] {
            w0 = inout(xmm_reg) $w[$i],
            w1 = in(xmm_reg) $w[($i + 1) % 4],
            w2 = in(xmm_reg) $w[($i + 2) % 4],
            w3 = in(xmm_reg) $w[($i + 3) % 4],
            x = out(xmm_reg) $x,
            y = out(xmm_reg) $y,
            z = out(xmm_reg) $z,
        })
    };
    (
        1, $w:ident[$i:expr] [$x:ident $y:ident $z:ident] [$low:ident $high:ident $k:ident],
        $round:ident!($($arguments:tt)*)
    ) => {
        $round!($($arguments)*, [
            "pslld {y}, 14",
            "pxor {x}, {z}",
            "psrld {z}, 11",
            "pxor {x}, {y}",
            "pslld {y}, 11",
            "pxor {x}, {z}",
            "pxor {x}, {y}",
            "paddd {w0}, {x}",
            "pshufd {y}, {w3}, 0xfa",
        ] {
            w0 = inout(xmm_reg) $w[$i],
            w3 = in(xmm_reg) $w[($i + 3) % 4],
            x = inout(xmm_reg) $x => _,
            y = inout(xmm_reg) $y,
            z = inout(xmm_reg) $z => _,
        })
    };
    (
        2, $w:ident[$i:expr] [$x:ident $y:ident $z:ident] [$low:ident $high:ident $k:ident],
        $round:ident!($($arguments:tt)*)
    ) => {
        $round!($($arguments)*, [
            "movdqa {z}, {y}",
            "psrlq {y}, 17",
            "psrld {z}, 10",
            "pxor {z}, {y}",
            "psrlq {y}, 2",
            "pxor {z}, {y}",
            "pshufb {z}, {low}",
            "paddd {w0}, {z}",
            "pshufd {y}, {w0}, 0x50",
        ] {
            w0 = inout(xmm_reg) $w[$i],
            y = inout(xmm_reg) $y,
            z = out(xmm_reg) _,
            low = in(xmm_reg) $low,
        })
    };
    (
        3, $w:ident[$i:expr] [$x:ident $y:ident $z:ident] [$low:ident $high:ident $k:ident],
        $round:ident!($($arguments:tt)*)
    ) => {
        $round!($($arguments)*, [
            "movdqa {z}, {y}",
            "psrlq {y}, 17",
            "psrld {z}, 10",
            "pxor {z}, {y}",
            "psrlq {y}, 2",
            "pxor {z}, {y}",
            "pshufb {z}, {high}",
            "paddd {w0}, {z}",
            "paddd {k}, {w0}",
            "movdqa [{words} + {to}], {k}",
        ] {
            w0 = inout(xmm_reg) $w[$i],
            y = inout(xmm_reg) $y => _,
            z = out(xmm_reg) _,
            high = in(xmm_reg) $high,
            k = inout(xmm_reg) $k => _,
            to = const size_of::<__m128i>() * ($i),
        })
    };
}

/// The compression function with the round of that name, for processor features.
macro_rules! compress {
    ($round:ident [$($feature:tt),*]) => {
        use super::*;

        available_with! { $($feature),* }

        compress! { @ $round ($(enable = $feature),*) }
    };
    (@ $round:ident $features:tt) => {
        #[target_feature $features]
        #[allow(unused_assignments, reason = "the last round leaves the next one's `b ^ c`")]
        pub fn compress(state: &mut [u32; 8], blocks: &[[u8; BLOCK]]) {
            let swap = _mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203);
            let low = _mm_set_epi64x(-1, 0x0b0a_0908_0302_0100);
            let high = _mm_set_epi64x(0x0b0a_0908_0302_0100, -1);
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
                macro_rules! one {
                    (
                        $i:expr, $a:ident $b:ident $d:ident $e:ident $f:ident $g:ident $h:ident, $bc:ident $ab:ident,
                        $vectors:tt $operands:tt
                    ) => {
                        $round!(
                            u32 "e" [25 11 6] [22 13 2] words[$i], $a $b $d $e $f $g $h, $bc $ab, $vectors $operands
                        )
                    };
                }
                // Four rounds; with those of the next sixteen, of which the first is `$later`, their words.
                macro_rules! four {
                    ($i:literal (), $a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident) => {
                        one!($i, $a $b $d $e $f $g $h, bc ab, [] {});
                        one!($i + 1, $h $a $c $d $e $f $g, ab bc, [] {});
                        one!($i + 2, $g $h $b $c $d $e $f, bc ab, [] {});
                        one!($i + 3, $f $g $a $b $c $d $e, ab bc, [] {});
                    };
                    ($i:literal $later:ident, $a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident) => {
                        let k = constants($later + $i);
                        let (x, mut y, z): (__m128i, __m128i, __m128i);
                        quarter!(0, w[$i / WIDE] [x y z] [low high k], one!($i, $a $b $d $e $f $g $h, bc ab));
                        quarter!(1, w[$i / WIDE] [x y z] [low high k], one!($i + 1, $h $a $c $d $e $f $g, ab bc));
                        quarter!(2, w[$i / WIDE] [x y z] [low high k], one!($i + 2, $g $h $b $c $d $e $f, bc ab));
                        quarter!(3, w[$i / WIDE] [x y z] [low high k], one!($i + 3, $f $g $a $b $c $d $e, ab bc));
                    };
                }
                macro_rules! sixteen {
                    ($later:tt) => {
                        four!(0 $later, a b c d e f g h);
                        four!(4 $later, e f g h a b c d);
                        four!(8 $later, a b c d e f g h);
                        four!(12 $later, e f g h a b c d);
                    };
                }
                for later in (AHEAD..CONSTANTS.len()).step_by(AHEAD) {
                    sixteen!(later);
                }
                sixteen!(());
                for (state, word) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
                    *state = state.wrapping_add(word);
                }
            }
        }
    };
}

mod avx2 {
    compress! { bmi ["avx2", "bmi1", "bmi2"] }
}

/// Also for processors before Haswell and Zen.
mod ssse3 {
    compress! { plain ["ssse3"] }
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
