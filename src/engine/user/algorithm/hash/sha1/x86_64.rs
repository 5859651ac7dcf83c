// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The compression functions of SHA-1: scalar rounds, and a message schedule in vectors of four words, which the processor
//! works on beside the rounds.
//!
//! Method: Locktyukhin, “Improving the performance of the Secure Hash Algorithm (SHA-1)” (2010): from the 32nd word on
//! a word depends on none of the three before it, so that four are made at once.
//!
//! Nothing depends on data but the results. What is left on the stack, some 200 bytes, is within what is wiped when a
//! call returns.

#![allow(unsafe_code)]

use super::super::rounds::{available_with, fastest_of};
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

fastest_of! { [u32; 5]: avx2 ssse3 }

/// One round with the function that `$f` computes in `{t}` and adds, in part, to `{e}`, and instructions that rotate to
/// the left: `b` by 30 bits, and `a` by 5 into `{t}`. The caller renames the state's words. What depends on `a`, the
/// result of the round before, comes last.
macro_rules! round {
    (
        [$($f:literal)*] $b30:literal [$($a5:literal)*]
        $words:ident[$i:expr], $a:ident $b:ident $c:ident $d:ident $e:ident
    ) => {
        // SAFETY: a word of `$words` is read, nothing is written, and the processor has the
        // instructions.
        unsafe {
            std::arch::asm!(
                "add {e:e}, [{words} + {at}]",
                $($f,)*
                $b30,
                "add {e:e}, {t:e}",
                $($a5,)*
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

/// A round with the instructions of BMI1 and BMI2.
macro_rules! bmi {
    // Ch, in two parts that have no bit in common.
    (choose $($arguments:tt)*) => {
        bmi!([
            "andn {t:e}, {b:e}, {d:e}"
            "add {e:e}, {t:e}"
            "mov {t:e}, {c:e}"
            "and {t:e}, {b:e}"
        ] $($arguments)*)
    };
    ([$($f:literal)*] $($arguments:tt)*) => {
        round!([$($f)*] "rorx {b:e}, {b:e}, 2" ["rorx {t:e}, {a:e}, 27"] $($arguments)*)
    };
    ($function:ident $($arguments:tt)*) => {
        $function!(bmi $($arguments)*)
    };
}

/// A round with what every x86-64 processor has.
macro_rules! plain {
    // Ch.
    (choose $($arguments:tt)*) => {
        plain!([
            "mov {t:e}, {c:e}"
            "xor {t:e}, {d:e}"
            "and {t:e}, {b:e}"
            "xor {t:e}, {d:e}"
        ] $($arguments)*)
    };
    ([$($f:literal)*] $($arguments:tt)*) => {
        round!([$($f)*] "ror {b:e}, 2" ["mov {t:e}, {a:e}" "rol {t:e}, 5"] $($arguments)*)
    };
    ($function:ident $($arguments:tt)*) => {
        $function!(plain $($arguments)*)
    };
}

/// Parity.
macro_rules! parity {
    ($round:ident $($arguments:tt)*) => {
        $round!([
            "mov {t:e}, {c:e}"
            "xor {t:e}, {d:e}"
            "xor {t:e}, {b:e}"
        ] $($arguments)*)
    };
}

/// Maj, in two parts that have no bit in common.
macro_rules! majority {
    ($round:ident $($arguments:tt)*) => {
        $round!([
            "mov {t:e}, {c:e}"
            "and {t:e}, {d:e}"
            "add {e:e}, {t:e}"
            "mov {t:e}, {c:e}"
            "xor {t:e}, {d:e}"
            "and {t:e}, {b:e}"
        ] $($arguments)*)
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
        /// Puts the words of vector `i` where their rounds look for them, with the constant.
        #[inline]
        #[target_feature $features]
        fn set(words: &mut Words, i: usize, vector: __m128i) {
            let constant = _mm_set1_epi32(CONSTANTS[WIDE * i / 20].cast_signed());
            let (places, _) = words.0.as_chunks_mut::<WIDE>();
            let place = &mut places[i % (AHEAD / WIDE)];
            // SAFETY: the reference is to as many bytes as are written, at any address.
            unsafe { _mm_storeu_si128(place.as_mut_ptr().cast(), _mm_add_epi32(vector, constant)) }
        }

        #[inline]
        #[target_feature $features]
        fn rotated<const LEFT: i32, const RIGHT: i32>(words: __m128i) -> __m128i {
            _mm_or_si128(_mm_slli_epi32::<LEFT>(words), _mm_srli_epi32::<RIGHT>(words))
        }

        /// Vector `i` of the schedule.
        #[inline]
        #[target_feature $features]
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

        #[target_feature $features]
        pub fn compress(state: &mut [u32; 5], blocks: &[[u8; BLOCK]]) {
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
                    ($function:ident $i:literal, $a:ident $b:ident $c:ident $d:ident $e:ident) => {
                        $round!($function words[WIDE * $i % AHEAD], $a $b $c $d $e);
                        $round!($function words[WIDE * $i % AHEAD + 1], $e $a $b $c $d);
                        $round!($function words[WIDE * $i % AHEAD + 2], $d $e $a $b $c);
                        $round!($function words[WIDE * $i % AHEAD + 3], $c $d $e $a $b);
                        if $i < 16 {
                            kept[($i + 4) % KEPT] = next(&kept, $i + 4);
                            set(&mut words, $i + 4, kept[($i + 4) % KEPT]);
                        }
                    };
                }
                macro_rules! twenty {
                    ($function:ident $i:literal $j:literal $k:literal $l:literal $m:literal) => {
                        four!($function $i, a b c d e);
                        four!($function $j, b c d e a);
                        four!($function $k, c d e a b);
                        four!($function $l, d e a b c);
                        four!($function $m, e a b c d);
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
    };
}

mod avx2 {
    compress! { bmi ["avx2", "bmi1", "bmi2"] }
}

/// Also for processors before Haswell and Zen.
mod ssse3 {
    compress! { plain ["ssse3"] }
}
