// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The compression function of SHA-1 by scalar rounds with the instructions of BMI1 and BMI2, and a message schedule in
//! vectors of four words, which the processor works on beside the rounds.
//!
//! Method: Locktyukhin, “Improving the performance of the Secure Hash Algorithm (SHA-1)” (2010): from the 32nd word on
//! a word depends on none of the three before it, so that four are made at once.
//!
//! Nothing depends on data but the results. What is left on the stack, some 200 bytes, is within what is wiped when a
//! call returns.

#![allow(unsafe_code)]

use super::super::rounds::available_with;
use super::{BLOCK, Compress};
use std::arch::x86_64::*;

/// Words of the schedule that are at hand: it is made as many rounds ahead.
const AHEAD: usize = 16;

/// Words in a vector.
const WIDE: usize = 4;

/// Vectors of the schedule of which later ones are made.
const KEPT: usize = 8;

/// Words that a vector load may take.
#[repr(align(16))]
struct Words([u32; AHEAD]);

/// FIPS 180-4, 4.2.1: one for twenty rounds each.
static CONSTANTS: [u32; 4] = [0x5a82_7999, 0x6ed9_eba1, 0x8f1b_bcdc, 0xca62_c1d6];

available_with! { "avx2", "bmi1", "bmi2" }

/// The function, if the processor has what it takes.
pub fn fastest() -> Option<Compress> {
    // SAFETY: it has.
    available().then_some(|state, blocks| unsafe { compress(state, blocks) })
}

/// One round with the function that `$f` computes in `{t}` and adds, in part, to `{e}`; the caller renames the state's
/// words. What depends on `a`, the result of the round before, comes last.
macro_rules! round {
    ([$($f:literal)*] $words:ident[$i:expr], $a:ident $b:ident $c:ident $d:ident $e:ident) => {
        // SAFETY: a word of `$words` is read, nothing is written, and the processor has BMI1 and
        // BMI2.
        unsafe {
            std::arch::asm!(
                "add {e:e}, [{words} + {at}]",
                $($f,)*
                "rorx {b:e}, {b:e}, 2",
                "add {e:e}, {t:e}",
                "rorx {t:e}, {a:e}, 27",
                "add {e:e}, {t:e}",
                words = in(reg) $words.0.as_ptr(),
                at = const size_of::<u32>() * ($i),
                a = in(reg) $a,
                b = inout(reg) $b,
                c = in(reg) $c,
                d = in(reg) $d,
                e = inout(reg) $e,
                t = out(reg) _,
                options(nostack, readonly, pure),
            );
        }
    };
}

/// Ch, in two parts that have no bit in common.
macro_rules! choose {
    ($($arguments:tt)*) => {
        round!([
            "andn {t:e}, {b:e}, {d:e}"
            "add {e:e}, {t:e}"
            "mov {t:e}, {c:e}"
            "and {t:e}, {b:e}"
        ] $($arguments)*)
    };
}

/// Parity.
macro_rules! parity {
    ($($arguments:tt)*) => {
        round!([
            "mov {t:e}, {c:e}"
            "xor {t:e}, {d:e}"
            "xor {t:e}, {b:e}"
        ] $($arguments)*)
    };
}

/// Maj, in two parts that have no bit in common.
macro_rules! majority {
    ($($arguments:tt)*) => {
        round!([
            "mov {t:e}, {c:e}"
            "and {t:e}, {d:e}"
            "add {e:e}, {t:e}"
            "mov {t:e}, {c:e}"
            "xor {t:e}, {d:e}"
            "and {t:e}, {b:e}"
        ] $($arguments)*)
    };
}

/// Puts the words of vector `i` where their rounds look for them, with the constant.
#[inline]
#[target_feature(enable = "avx2")]
fn set(words: &mut Words, i: usize, vector: __m128i) {
    let constant = _mm_set1_epi32(CONSTANTS[WIDE * i / 20].cast_signed());
    let (places, _) = words.0.as_chunks_mut::<WIDE>();
    let place = &mut places[i % (AHEAD / WIDE)];
    // SAFETY: the reference is to as many bytes as are written, at any address.
    unsafe { _mm_storeu_si128(place.as_mut_ptr().cast(), _mm_add_epi32(vector, constant)) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn rotated<const LEFT: i32, const RIGHT: i32>(words: __m128i) -> __m128i {
    _mm_or_si128(_mm_slli_epi32::<LEFT>(words), _mm_srli_epi32::<RIGHT>(words))
}

/// Vector `i` of the schedule.
#[inline]
#[target_feature(enable = "avx2")]
fn next(kept: &[__m128i; KEPT], i: usize) -> __m128i {
    let before = |vectors: usize| kept[(i - vectors) % KEPT];
    let [a, b, c] = [before(1), before(2), before(4)];
    if i < KEPT {
        let fourteen = _mm_alignr_epi8::<8>(before(3), c);
        let known =
            _mm_xor_si128(_mm_xor_si128(c, fourteen), _mm_xor_si128(b, _mm_srli_si128::<4>(a)));
        let words = rotated::<1, 31>(known);
        // The last one depends on the first one.
        return _mm_xor_si128(words, rotated::<1, 31>(_mm_slli_si128::<12>(words)));
    }
    let known = _mm_xor_si128(_mm_xor_si128(before(8), before(7)), c);
    rotated::<2, 30>(_mm_xor_si128(known, _mm_alignr_epi8::<8>(a, b)))
}

#[target_feature(enable = "avx2,bmi1,bmi2")]
fn compress(state: &mut [u32; 5], blocks: &[[u8; BLOCK]]) {
    let swap = _mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203);
    let mut words = Words([0; AHEAD]);
    for block in blocks {
        let mut kept = [_mm_setzero_si128(); KEPT];
        for (i, bytes) in block.as_chunks::<16>().0.iter().enumerate() {
            // SAFETY: the reference is to as many bytes as are read.
            let bytes = unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) };
            kept[i] = _mm_shuffle_epi8(bytes, swap);
            set(&mut words, i, kept[i]);
        }
        let [mut a, mut b, mut c, mut d, mut e] = *state;
        // Four rounds; then the words that come 16 after theirs, if there are any.
        macro_rules! four {
            ($round:ident $i:literal, $a:ident $b:ident $c:ident $d:ident $e:ident) => {
                $round!(words[WIDE * $i % AHEAD], $a $b $c $d $e);
                $round!(words[WIDE * $i % AHEAD + 1], $e $a $b $c $d);
                $round!(words[WIDE * $i % AHEAD + 2], $d $e $a $b $c);
                $round!(words[WIDE * $i % AHEAD + 3], $c $d $e $a $b);
                if $i < 16 {
                    kept[($i + 4) % KEPT] = next(&kept, $i + 4);
                    set(&mut words, $i + 4, kept[($i + 4) % KEPT]);
                }
            };
        }
        macro_rules! twenty {
            ($round:ident $i:literal $j:literal $k:literal $l:literal $m:literal) => {
                four!($round $i, a b c d e);
                four!($round $j, b c d e a);
                four!($round $k, c d e a b);
                four!($round $l, d e a b c);
                four!($round $m, e a b c d);
            };
        }
        twenty!(choose 0 1 2 3 4);
        twenty!(parity 5 6 7 8 9);
        twenty!(majority 10 11 12 13 14);
        twenty!(parity 15 16 17 18 19);
        for (state, word) in state.iter_mut().zip([a, b, c, d, e]) {
            *state = state.wrapping_add(word);
        }
    }
}
