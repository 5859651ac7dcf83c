// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The compression functions of SHA-512: scalar rounds, and a message schedule in vectors of two words,
//! whose instructions stand among those of the rounds.
//!
//! Method: Gueron, Krasnov, “Parallelizing message schedules to accelerate the computations of
//! hash functions” (2012), for one block at a time.
//!
//! Nothing depends on data but the results. What is left on the stack, some 300 bytes, is within
//! what is wiped when a call returns.

#![allow(unsafe_code)]

use super::super::rounds::{available_with, bmi, fastest_of, plain, round, woven};
use super::{BLOCK, Compress};
use std::arch::x86_64::*;

/// Words of the schedule that are at hand: it is made as many rounds ahead.
const AHEAD: usize = 16;

/// Words that a vector load may take.
#[repr(align(16))]
pub struct Words<const N: usize>(pub [u64; N]);

/// The words from `i` on.
fn vector<const N: usize>(words: &Words<N>, i: usize) -> __m128i {
    let [low, high] = [words.0[i], words.0[i + 1]].map(u64::cast_signed);
    // SAFETY: every x86-64 processor has SSE2.
    unsafe { _mm_set_epi64x(high, low) }
}

fastest_of! { [u64; 8]: avx512 avx2 ssse3 }

/// Puts two words at `i`.
fn set(words: &mut Words<AHEAD>, i: usize, vector: __m128i) {
    let [at, _] = &mut words.0[i..i + 2] else { return };
    // SAFETY: two words, at any address; every x86-64 processor has SSE2.
    unsafe { _mm_storeu_si128(std::ptr::from_mut(at).cast(), vector) }
}

/// The round of that name with a half of what makes the words of the schedule that come 16 after those in vector `$i` of
/// `$w`, of which it takes their place. `$ror8` rotates each word to the right by 8 bits. The second half puts their sums
/// with the constants `$k` among the words at hand.
macro_rules! half {
    (
        $way:ident 0, $w:ident[$i:expr] [$x:ident $y:ident $z:ident] [$ror8:ident $k:ident],
        $round:ident!($($arguments:tt)*)
    ) => {
        $way!(0 $round!($($arguments)*) {
            w0 = inout(xmm_reg) $w[$i],
            w1 = in(xmm_reg) $w[($i + 1) % 8],
            w4 = in(xmm_reg) $w[($i + 4) % 8],
            w5 = in(xmm_reg) $w[($i + 5) % 8],
            w7 = in(xmm_reg) $w[($i + 7) % 8],
            x = out(xmm_reg) $x,
            y = out(xmm_reg) $y,
            z = out(xmm_reg) $z,
            r = out(xmm_reg) _,
            ror8 = in(xmm_reg) $ror8,
        })
    };
    (
        $way:ident 1, $w:ident[$i:expr] [$x:ident $y:ident $z:ident] [$ror8:ident $k:ident],
        $round:ident!($($arguments:tt)*)
    ) => {
        $way!(1 $round!($($arguments)*) {
            w0 = inout(xmm_reg) $w[$i],
            w7 = in(xmm_reg) $w[($i + 7) % 8],
            x = inout(xmm_reg) $x => _,
            y = inout(xmm_reg) $y => _,
            z = inout(xmm_reg) $z => _,
            r = out(xmm_reg) _,
            k = inout(xmm_reg) $k => _,
            to = const size_of::<__m128i>() * ($i),
        })
    };
}

/// The instructions of both halves, with AVX.
macro_rules! avx {
    (0 $round:ident!($($arguments:tt)*) $operands:tt) => {
        $round!($($arguments)*, [
            "vpalignr {x}, {w1}, {w0}, 8",
            "vpalignr {y}, {w5}, {w4}, 8",
            "vpsrlq {z}, {x}, 1",
            "vpaddq {w0}, {w0}, {y}",
            "vpsllq {r}, {x}, 63",
            "vpsrlq {y}, {x}, 7",
            "vpxor {z}, {z}, {r}",
            "vpshufb {x}, {x}, {ror8}",
            "vpxor {y}, {y}, {z}",
            "vpxor {y}, {y}, {x}",
            "vpsrlq {x}, {w7}, 6",
        ] $operands)
    };
    (1 $round:ident!($($arguments:tt)*) $operands:tt) => {
        $round!($($arguments)*, [
            "vpsrlq {z}, {w7}, 19",
            "vpaddq {w0}, {w0}, {y}",
            "vpsllq {r}, {w7}, 45",
            "vpxor {x}, {x}, {z}",
            "vpsrlq {z}, {w7}, 61",
            "vpxor {x}, {x}, {r}",
            "vpsllq {r}, {w7}, 3",
            "vpxor {x}, {x}, {z}",
            "vpxor {x}, {x}, {r}",
            "vpaddq {w0}, {w0}, {x}",
            "vpaddq {k}, {k}, {w0}",
            "vmovdqa [{words} + {to}], {k}",
        ] $operands)
    };
}

/// The same with the rotations, and XORs of three, of AVX-512.
macro_rules! avx512 {
    (0 $round:ident!($($arguments:tt)*) $operands:tt) => {
        $round!($($arguments)*, [
            "vpalignr {x}, {w1}, {w0}, 8",
            "vpalignr {y}, {w5}, {w4}, 8",
            "vprorq {z}, {x}, 1",
            "vpaddq {w0}, {w0}, {y}",
            "vpshufb {r}, {x}, {ror8}",
            "vpsrlq {x}, {x}, 7",
            "vpternlogq {x}, {z}, {r}, 0x96",
            "vprorq {y}, {w7}, 19",
        ] $operands)
    };
    (1 $round:ident!($($arguments:tt)*) $operands:tt) => {
        $round!($($arguments)*, [
            "vprorq {z}, {w7}, 61",
            "vpaddq {w0}, {w0}, {x}",
            "vpsrlq {r}, {w7}, 6",
            "vpternlogq {y}, {z}, {r}, 0x96",
            "vpaddq {w0}, {w0}, {y}",
            "vpaddq {k}, {k}, {w0}",
            "vmovdqa [{words} + {to}], {k}",
        ] $operands)
    };
}

/// The same with what SSSE3 has: what was shifted is shifted on.
macro_rules! sse {
    (0 $round:ident!($($arguments:tt)*) $operands:tt) => {
        $round!($($arguments)*, [
            "movdqa {x}, {w1}",
            "palignr {x}, {w0}, 8",
            "movdqa {y}, {w5}",
            "palignr {y}, {w4}, 8",
            "paddq {w0}, {y}",
            "movdqa {z}, {x}",
            "psrlq {x}, 1",
            "movdqa {r}, {z}",
            "psrlq {z}, 7",
            "pxor {x}, {z}",
            "movdqa {y}, {r}",
            "psllq {r}, 63",
            "pshufb {y}, {ror8}",
            "pxor {x}, {r}",
            "pxor {y}, {x}",
            "movdqa {z}, {w7}",
        ] $operands)
    };
    (1 $round:ident!($($arguments:tt)*) $operands:tt) => {
        $round!($($arguments)*, [
            "paddq {w0}, {y}",
            "psrlq {z}, 6",
            "movdqa {r}, {w7}",
            "movdqa {x}, {z}",
            "psrlq {z}, 13",
            "psllq {r}, 3",
            "pxor {x}, {z}",
            "psrlq {z}, 42",
            "pxor {x}, {r}",
            "psllq {r}, 42",
            "pxor {x}, {z}",
            "pxor {x}, {r}",
            "paddq {w0}, {x}",
            "paddq {k}, {w0}",
            "movdqa [{words} + {to}], {k}",
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
        #[allow(unused_assignments, reason = "the last round leaves the next one's `b ^ c`")]
        pub fn compress(state: &mut [u64; 8], blocks: &[[u8; BLOCK]]) {
            let swap = _mm_set_epi64x(0x0809_0a0b_0c0d_0e0f, 0x0001_0203_0405_0607);
            let ror8 = _mm_set_epi64x(0x080f_0e0d_0c0b_0a09, 0x0007_0605_0403_0201);
            let mut words = Words([0; AHEAD]);
            for block in blocks {
                let mut w = [_mm_setzero_si128(); AHEAD / 2];
                for (i, bytes) in block.as_chunks::<16>().0.iter().enumerate() {
                    // SAFETY: the reference is to as many bytes as are read.
                    let bytes = unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) };
                    w[i] = _mm_shuffle_epi8(bytes, swap);
                    set(&mut words, 2 * i, _mm_add_epi64(w[i], vector(&CONSTANTS, 2 * i)));
                }
                let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
                let mut bc = b ^ c;
                let mut ab: u64;
                macro_rules! one {
                    (
                        $i:expr, $a:ident $b:ident $d:ident $e:ident $f:ident $g:ident $h:ident, $bc:ident $ab:ident,
                        $vectors:tt $operands:tt
                    ) => {
                        $round!(
                            u64 "r" [41 18 14] [39 34 28] words[$i], $a $b $d $e $f $g $h, $bc $ab, $vectors $operands
                        )
                    };
                }
                // Two rounds; with those of the next sixteen, of which the first is `$later`, their words.
                macro_rules! two {
                    ($i:literal (), $a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident) => {
                        one!($i, $a $b $d $e $f $g $h, bc ab, [] {});
                        one!($i + 1, $h $a $c $d $e $f $g, ab bc, [] {});
                    };
                    ($i:literal $later:ident, $a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident) => {
                        let k = vector(&CONSTANTS, $later + $i);
                        let (x, y, z): (__m128i, __m128i, __m128i);
                        half!($way 0, w[$i / 2] [x y z] [ror8 k], one!($i, $a $b $d $e $f $g $h, bc ab));
                        half!($way 1, w[$i / 2] [x y z] [ror8 k], one!($i + 1, $h $a $c $d $e $f $g, ab bc));
                    };
                }
                macro_rules! sixteen {
                    ($later:tt) => {
                        two!(0 $later, a b c d e f g h);
                        two!(2 $later, g h a b c d e f);
                        two!(4 $later, e f g h a b c d);
                        two!(6 $later, c d e f g h a b);
                        two!(8 $later, a b c d e f g h);
                        two!(10 $later, g h a b c d e f);
                        two!(12 $later, e f g h a b c d);
                        two!(14 $later, c d e f g h a b);
                    };
                }
                for later in (AHEAD..CONSTANTS.0.len()).step_by(AHEAD) {
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

mod avx512 {
    compress! { bmi avx512 ["avx2", "bmi1", "bmi2", "avx512f", "avx512vl"] }
}

mod avx2 {
    compress! { bmi avx ["avx2", "bmi1", "bmi2"] }
}

/// Also for processors before Haswell and Zen.
mod ssse3 {
    compress! { plain sse ["ssse3"] }
}

/// Those of FIPS 180-4, 4.2.3.
#[rustfmt::skip]
pub static CONSTANTS: Words<80> = Words([
    0x428a_2f98_d728_ae22, 0x7137_4491_23ef_65cd, 0xb5c0_fbcf_ec4d_3b2f, 0xe9b5_dba5_8189_dbbc,
    0x3956_c25b_f348_b538, 0x59f1_11f1_b605_d019, 0x923f_82a4_af19_4f9b, 0xab1c_5ed5_da6d_8118,
    0xd807_aa98_a303_0242, 0x1283_5b01_4570_6fbe, 0x2431_85be_4ee4_b28c, 0x550c_7dc3_d5ff_b4e2,
    0x72be_5d74_f27b_896f, 0x80de_b1fe_3b16_96b1, 0x9bdc_06a7_25c7_1235, 0xc19b_f174_cf69_2694,
    0xe49b_69c1_9ef1_4ad2, 0xefbe_4786_384f_25e3, 0x0fc1_9dc6_8b8c_d5b5, 0x240c_a1cc_77ac_9c65,
    0x2de9_2c6f_592b_0275, 0x4a74_84aa_6ea6_e483, 0x5cb0_a9dc_bd41_fbd4, 0x76f9_88da_8311_53b5,
    0x983e_5152_ee66_dfab, 0xa831_c66d_2db4_3210, 0xb003_27c8_98fb_213f, 0xbf59_7fc7_beef_0ee4,
    0xc6e0_0bf3_3da8_8fc2, 0xd5a7_9147_930a_a725, 0x06ca_6351_e003_826f, 0x1429_2967_0a0e_6e70,
    0x27b7_0a85_46d2_2ffc, 0x2e1b_2138_5c26_c926, 0x4d2c_6dfc_5ac4_2aed, 0x5338_0d13_9d95_b3df,
    0x650a_7354_8baf_63de, 0x766a_0abb_3c77_b2a8, 0x81c2_c92e_47ed_aee6, 0x9272_2c85_1482_353b,
    0xa2bf_e8a1_4cf1_0364, 0xa81a_664b_bc42_3001, 0xc24b_8b70_d0f8_9791, 0xc76c_51a3_0654_be30,
    0xd192_e819_d6ef_5218, 0xd699_0624_5565_a910, 0xf40e_3585_5771_202a, 0x106a_a070_32bb_d1b8,
    0x19a4_c116_b8d2_d0c8, 0x1e37_6c08_5141_ab53, 0x2748_774c_df8e_eb99, 0x34b0_bcb5_e19b_48a8,
    0x391c_0cb3_c5c9_5a63, 0x4ed8_aa4a_e341_8acb, 0x5b9c_ca4f_7763_e373, 0x682e_6ff3_d6b2_b8a3,
    0x748f_82ee_5def_b2fc, 0x78a5_636f_4317_2f60, 0x84c8_7814_a1f0_ab72, 0x8cc7_0208_1a64_39ec,
    0x90be_fffa_2363_1e28, 0xa450_6ceb_de82_bde9, 0xbef9_a3f7_b2c6_7915, 0xc671_78f2_e372_532b,
    0xca27_3ece_ea26_619c, 0xd186_b8c7_21c0_c207, 0xeada_7dd6_cde0_eb1e, 0xf57d_4f7f_ee6e_d178,
    0x06f0_67aa_7217_6fba, 0x0a63_7dc5_a2c8_98a6, 0x113f_9804_bef9_0dae, 0x1b71_0b35_131c_471b,
    0x28db_77f5_2304_7d84, 0x32ca_ab7b_40c7_2493, 0x3c9e_be0a_15c9_bebc, 0x431d_67c4_9c10_0d4c,
    0x4cc5_d4be_cb3e_42b6, 0x597f_299c_fc65_7e2a, 0x5fcb_6fab_3ad6_faec, 0x6c44_198c_4a47_5817,
]);
