// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The compression functions of SHA-1: scalar rounds, and a message schedule in vectors of four words, whose instructions
//! stand among those of the rounds.
//!
//! Method: Locktyukhin, “Improving the performance of the Secure Hash Algorithm (SHA-1)” (2010): from the 32nd word on
//! a word depends on none of the three before it, so that four are made at once.
//!
//! Nothing depends on data but the results. What is left on the stack, some 300 bytes, is within what is wiped when a
//! call returns.

#![allow(unsafe_code)]

use super::super::rounds::{available_with, fastest_of, woven};
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

/// The constants of four rounds with vector `i`.
fn constants(i: usize) -> __m128i {
    // SAFETY: every x86-64 processor has SSE2.
    unsafe { _mm_set1_epi32(CONSTANTS[WIDE * i / 20].cast_signed()) }
}

/// Puts the words of vector `i` where their rounds look for them.
fn set(words: &mut Words, i: usize, vector: __m128i) {
    let place: &mut [u32] = &mut words.0[WIDE * i..][..WIDE];
    // SAFETY: four words, at any address; every x86-64 processor has SSE2.
    unsafe { _mm_storeu_si128(place.as_mut_ptr().cast(), vector) }
}

/// One round, as the instructions of `$groups` say; the caller renames the state's words. They add `$r` to `a`, which
/// completes it, and rotate the sum to the left by 5 bits into `$r`: this is what `e` still lacks when the round ends. It
/// is the next round's `a`, which adds it just before it needs the sum, since all that comes later waits for it.
///
/// `$vectors` are instructions of the schedule, with their operands: they write to registers and to aligned vectors of
/// `$words`.
macro_rules! round {
    (
        [$($groups:tt)*] [$($temporary:ident)*]
        $words:ident[$i:expr], $a:ident $b:ident $c:ident $d:ident $e:ident $r:ident,
        $vectors:tt { $($operands:tt)* }
    ) => {
        // SAFETY: the offsets from `$words` are those of its words and of its vectors, which are
        // aligned: nothing else is read or written. And the processor has the instructions.
        unsafe {
            woven!(
                [] [$($groups)*] $vectors
                words = in(reg) $words.0.as_mut_ptr(),
                at = const size_of::<u32>() * ($i),
                a = inout(reg) $a,
                b = inout(reg) $b,
                c = in(reg) $c,
                d = in(reg) $d,
                e = inout(reg) $e,
                r = inout(reg) $r,
                $($temporary = out(reg) _,)*
                $($operands)*
                options(nostack),
            );
        }
    };
}

/// A round with the instructions of BMI1 and BMI2.
macro_rules! bmi {
    // Ch, in two parts that have no bit in common.
    (choose $($arguments:tt)*) => {
        round!(
            [
                ["andn {t:e}, {b:e}, {d:e}", "add {e:e}, [{words} + {at}]", "mov {u:e}, {c:e}"]
                ["add {a:e}, {r:e}", "and {u:e}, {b:e}", "rorx {r:e}, {a:e}, 27"]
                ["add {e:e}, {t:e}", "add {e:e}, {u:e}", "rorx {b:e}, {b:e}, 2"]
            ]
            [t u]
            $($arguments)*
        )
    };
    (parity $($arguments:tt)*) => {
        parity!(["rorx {b:e}, {b:e}, 2", "rorx {r:e}, {a:e}, 27"] $($arguments)*)
    };
    (majority $($arguments:tt)*) => {
        majority!(["rorx {r:e}, {a:e}, 27", "add {e:e}, {t:e}"] ["rorx {b:e}, {b:e}, 2"] $($arguments)*)
    };
}

/// A round with what every x86-64 processor has.
macro_rules! plain {
    // Ch.
    (choose $($arguments:tt)*) => {
        round!(
            [
                ["mov {u:e}, {c:e}", "add {e:e}, [{words} + {at}]", "xor {u:e}, {d:e}"]
                ["add {a:e}, {r:e}", "and {u:e}, {b:e}", "mov {r:e}, {a:e}"]
                ["xor {u:e}, {d:e}", "rol {r:e}, 5", "ror {b:e}, 2"]
                ["add {e:e}, {u:e}"]
            ]
            [u]
            $($arguments)*
        )
    };
    (parity $($arguments:tt)*) => {
        parity!(["ror {b:e}, 2", "mov {r:e}, {a:e}", "rol {r:e}, 5"] $($arguments)*)
    };
    (majority $($arguments:tt)*) => {
        majority!(["mov {r:e}, {a:e}", "rol {r:e}, 5", "add {e:e}, {t:e}"] ["ror {b:e}, 2"] $($arguments)*)
    };
}

/// Parity, then the rotations.
macro_rules! parity {
    ([$($rotations:literal),*] $($arguments:tt)*) => {
        round!(
            [
                ["mov {u:e}, {c:e}", "xor {u:e}, {d:e}", "add {e:e}, [{words} + {at}]"]
                ["xor {u:e}, {b:e}", "add {a:e}, {r:e}", "add {e:e}, {u:e}"]
                [$($rotations),*]
            ]
            [u]
            $($arguments)*
        )
    };
}

/// Maj, in two parts that have no bit in common. Of the rotations, that of `a` comes before the second one is added.
macro_rules! majority {
    ([$($a5:literal),*] [$b30:literal] $($arguments:tt)*) => {
        round!(
            [
                ["mov {t:e}, {c:e}", "and {t:e}, {d:e}", "mov {u:e}, {c:e}"]
                ["add {e:e}, [{words} + {at}]", "add {a:e}, {r:e}", "xor {u:e}, {d:e}"]
                [$($a5),*]
                ["and {u:e}, {b:e}", "add {e:e}, {u:e}", $b30]
            ]
            [t u]
            $($arguments)*
        )
    };
}

/// The round of that name with a quarter of what makes vector `$i + 4` of the schedule, in the ring of `$kept`. The last
/// one puts its sums with the constants `$k` among the words at hand.
///
/// The first four are made `early`: their last word depends on their first one, of which it takes another rotation. Those
/// after them are made `late`, from words that lie further back.
macro_rules! quarter {
    (
        $way:ident early 0, $kept:ident[$i:expr] [$x:ident $y:ident $z:ident $k:ident],
        $round:ident!($($arguments:tt)*)
    ) => {
        $way!(early 0 $round!($($arguments)*) {
            w1 = in(xmm_reg) $kept[($i + 3) % KEPT],
            w3 = in(xmm_reg) $kept[($i + 1) % KEPT],
            w4 = in(xmm_reg) $kept[$i % KEPT],
            x = out(xmm_reg) $x,
            y = out(xmm_reg) $y,
        })
    };
    (
        $way:ident early 1, $kept:ident[$i:expr] [$x:ident $y:ident $z:ident $k:ident],
        $round:ident!($($arguments:tt)*)
    ) => {
        $way!(early 1 $round!($($arguments)*) {
            w2 = in(xmm_reg) $kept[($i + 2) % KEPT],
            x = inout(xmm_reg) $x,
            y = inout(xmm_reg) $y,
            z = out(xmm_reg) $z,
        })
    };
    (
        $way:ident early 2, $kept:ident[$i:expr] [$x:ident $y:ident $z:ident $k:ident],
        $round:ident!($($arguments:tt)*)
    ) => {
        $way!(early 2 $round!($($arguments)*) {
            x = inout(xmm_reg) $x,
            y = inout(xmm_reg) $y,
            z = inout(xmm_reg) $z,
        })
    };
    (
        $way:ident early 3, $kept:ident[$i:expr] [$x:ident $y:ident $z:ident $k:ident],
        $round:ident!($($arguments:tt)*)
    ) => {
        $way!(early 3 $round!($($arguments)*) {
            x = inout(xmm_reg) $x => $kept[($i + 4) % KEPT],
            y = inout(xmm_reg) $y => _,
            z = in(xmm_reg) $z,
            k = in(xmm_reg) $k,
            to = const size_of::<__m128i>() * ($i % 4),
        })
    };
    (
        $way:ident late 0, $kept:ident[$i:expr] [$x:ident $y:ident $z:ident $k:ident],
        $round:ident!($($arguments:tt)*)
    ) => {
        $way!(late 0 $round!($($arguments)*) {
            w1 = in(xmm_reg) $kept[($i + 3) % KEPT],
            w2 = in(xmm_reg) $kept[($i + 2) % KEPT],
            w7 = in(xmm_reg) $kept[($i + 5) % KEPT],
            w8 = inout(xmm_reg) $kept[($i + 4) % KEPT],
            x = out(xmm_reg) $x,
        })
    };
    (
        $way:ident late 1, $kept:ident[$i:expr] [$x:ident $y:ident $z:ident $k:ident],
        $round:ident!($($arguments:tt)*)
    ) => {
        $way!(late 1 $round!($($arguments)*) {
            w4 = in(xmm_reg) $kept[$i % KEPT],
            w8 = inout(xmm_reg) $kept[($i + 4) % KEPT],
            x = inout(xmm_reg) $x,
        })
    };
    (
        $way:ident late 2, $kept:ident[$i:expr] [$x:ident $y:ident $z:ident $k:ident],
        $round:ident!($($arguments:tt)*)
    ) => {
        $way!(late 2 $round!($($arguments)*) {
            w8 = inout(xmm_reg) $kept[($i + 4) % KEPT],
            x = inout(xmm_reg) $x => _,
        })
    };
    (
        $way:ident late 3, $kept:ident[$i:expr] [$x:ident $y:ident $z:ident $k:ident],
        $round:ident!($($arguments:tt)*)
    ) => {
        $way!(late 3 $round!($($arguments)*) {
            w8 = in(xmm_reg) $kept[($i + 4) % KEPT],
            x = out(xmm_reg) _,
            k = in(xmm_reg) $k,
            to = const size_of::<__m128i>() * ($i % 4),
        })
    };
}

/// The instructions of all quarters, with AVX.
macro_rules! avx {
    (early 0 $round:ident!($($arguments:tt)*) $operands:tt) => {
        $round!($($arguments)*, [
            "vpalignr {x}, {w3}, {w4}, 8",
            "vpsrldq {y}, {w1}, 4",
            "vpxor {x}, {x}, {w4}",
        ] $operands)
    };
    (early 1 $round:ident!($($arguments:tt)*) $operands:tt) => {
        $round!($($arguments)*, [
            "vpxor {y}, {y}, {w2}",
            "vpxor {x}, {x}, {y}",
            "vpsrld {y}, {x}, 31",
            "vpslldq {z}, {x}, 12",
        ] $operands)
    };
    (early 2 $round:ident!($($arguments:tt)*) $operands:tt) => {
        $round!($($arguments)*, [
            "vpaddd {x}, {x}, {x}",
            "vpor {x}, {x}, {y}",
            "vpslld {y}, {z}, 2",
            "vpsrld {z}, {z}, 30",
        ] $operands)
    };
    (early 3 $round:ident!($($arguments:tt)*) $operands:tt) => {
        $round!($($arguments)*, [
            "vpxor {x}, {x}, {z}",
            "vpxor {x}, {x}, {y}",
            "vpaddd {y}, {x}, {k}",
            "vmovdqa [{words} + {to}], {y}",
        ] $operands)
    };
    (late 0 $round:ident!($($arguments:tt)*) $operands:tt) => {
        $round!($($arguments)*, [
            "vpalignr {x}, {w1}, {w2}, 8",
            "vpxor {w8}, {w8}, {w7}",
        ] $operands)
    };
    (late 1 $round:ident!($($arguments:tt)*) $operands:tt) => {
        $round!($($arguments)*, [
            "vpxor {w8}, {w8}, {w4}",
            "vpxor {w8}, {w8}, {x}",
            "vpslld {x}, {w8}, 2",
        ] $operands)
    };
    (late 2 $round:ident!($($arguments:tt)*) $operands:tt) => {
        $round!($($arguments)*, [
            "vpsrld {w8}, {w8}, 30",
            "vpor {w8}, {w8}, {x}",
        ] $operands)
    };
    (late 3 $round:ident!($($arguments:tt)*) $operands:tt) => {
        $round!($($arguments)*, [
            "vpaddd {x}, {w8}, {k}",
            "vmovdqa [{words} + {to}], {x}",
        ] $operands)
    };
}

/// The same with what SSSE3 has.
macro_rules! sse {
    (early 0 $round:ident!($($arguments:tt)*) $operands:tt) => {
        $round!($($arguments)*, [
            "movdqa {x}, {w3}",
            "palignr {x}, {w4}, 8",
            "movdqa {y}, {w1}",
            "psrldq {y}, 4",
            "pxor {x}, {w4}",
        ] $operands)
    };
    (early 1 $round:ident!($($arguments:tt)*) $operands:tt) => {
        $round!($($arguments)*, [
            "pxor {y}, {w2}",
            "pxor {x}, {y}",
            "movdqa {y}, {x}",
            "movdqa {z}, {x}",
            "paddd {x}, {x}",
        ] $operands)
    };
    (early 2 $round:ident!($($arguments:tt)*) $operands:tt) => {
        $round!($($arguments)*, [
            "psrld {y}, 31",
            "pslldq {z}, 12",
            "por {x}, {y}",
            "movdqa {y}, {z}",
            "psrld {z}, 30",
        ] $operands)
    };
    (early 3 $round:ident!($($arguments:tt)*) $operands:tt) => {
        $round!($($arguments)*, [
            "pxor {x}, {z}",
            "pslld {y}, 2",
            "pxor {x}, {y}",
            "movdqa {y}, {x}",
            "paddd {y}, {k}",
            "movdqa [{words} + {to}], {y}",
        ] $operands)
    };
    (late 0 $round:ident!($($arguments:tt)*) $operands:tt) => {
        $round!($($arguments)*, [
            "movdqa {x}, {w1}",
            "palignr {x}, {w2}, 8",
            "pxor {w8}, {w7}",
        ] $operands)
    };
    (late 1 $round:ident!($($arguments:tt)*) $operands:tt) => {
        $round!($($arguments)*, [
            "pxor {w8}, {w4}",
            "pxor {w8}, {x}",
            "movdqa {x}, {w8}",
        ] $operands)
    };
    (late 2 $round:ident!($($arguments:tt)*) $operands:tt) => {
        $round!($($arguments)*, [
            "psrld {w8}, 30",
            "pslld {x}, 2",
            "por {w8}, {x}",
        ] $operands)
    };
    (late 3 $round:ident!($($arguments:tt)*) $operands:tt) => {
        $round!($($arguments)*, [
            "movdqa {x}, {w8}",
            "paddd {x}, {k}",
            "movdqa [{words} + {to}], {x}",
        ] $operands)
    };
}

/// The compression function with the round and the schedule's instructions of those names, for processor features.
macro_rules! compress {
    ($round:ident $way:ident [$($feature:tt),*]) => {
        use super::*;

        available_with! { $($feature),* }

        compress! { @ $round $way ($(enable = $feature),*) }
    };
    (@ $round:ident $way:ident $features:tt) => {
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
                    set(&mut words, i, _mm_add_epi32(kept[i], constants(i)));
                }
                let [mut a, mut b, mut c, mut d, mut e] = *state;
                // What `a` lacks.
                let mut r = 0u32;
                let (mut x, mut y, mut z): (__m128i, __m128i, __m128i);
                // Four rounds; with those of the next sixteen, their words, which are made early or late.
                macro_rules! four {
                    ($function:ident () $i:literal, $a:ident $b:ident $c:ident $d:ident $e:ident) => {
                        $round!($function words[WIDE * $i % AHEAD], $a $b $c $d $e r, [] {});
                        $round!($function words[WIDE * $i % AHEAD + 1], $e $a $b $c $d r, [] {});
                        $round!($function words[WIDE * $i % AHEAD + 2], $d $e $a $b $c r, [] {});
                        $round!($function words[WIDE * $i % AHEAD + 3], $c $d $e $a $b r, [] {});
                    };
                    ($function:ident $when:ident $i:literal, $a:ident $b:ident $c:ident $d:ident $e:ident) => {
                        let k = constants($i + 4);
                        quarter!($way $when 0, kept[$i] [x y z k], $round!($function words[WIDE * $i % AHEAD], $a $b $c $d $e r));
                        quarter!($way $when 1, kept[$i] [x y z k], $round!($function words[WIDE * $i % AHEAD + 1], $e $a $b $c $d r));
                        quarter!($way $when 2, kept[$i] [x y z k], $round!($function words[WIDE * $i % AHEAD + 2], $d $e $a $b $c r));
                        quarter!($way $when 3, kept[$i] [x y z k], $round!($function words[WIDE * $i % AHEAD + 3], $c $d $e $a $b r));
                    };
                }
                four!(choose early 0, a b c d e);
                four!(choose early 1, b c d e a);
                four!(choose early 2, c d e a b);
                four!(choose early 3, d e a b c);
                four!(choose late 4, e a b c d);
                four!(parity late 5, a b c d e);
                four!(parity late 6, b c d e a);
                four!(parity late 7, c d e a b);
                four!(parity late 8, d e a b c);
                four!(parity late 9, e a b c d);
                four!(majority late 10, a b c d e);
                four!(majority late 11, b c d e a);
                four!(majority late 12, c d e a b);
                four!(majority late 13, d e a b c);
                four!(majority late 14, e a b c d);
                four!(parity late 15, a b c d e);
                four!(parity () 16, b c d e a);
                four!(parity () 17, c d e a b);
                four!(parity () 18, d e a b c);
                four!(parity () 19, e a b c d);
                a = a.wrapping_add(r);
                for (state, word) in state.iter_mut().zip([a, b, c, d, e]) {
                    *state = state.wrapping_add(word);
                }
            }
        }
    };
}

mod avx2 {
    compress! { bmi avx ["avx2", "bmi1", "bmi2"] }
}

/// Also for processors before Haswell and Zen.
mod ssse3 {
    compress! { plain sse ["ssse3"] }
}
