// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The compression functions of SHA-512: scalar rounds, and a message schedule in vectors of two words,
//! which the processor works on beside the rounds.
//!
//! Method: Gueron, Krasnov, “Parallelizing message schedules to accelerate the computations of
//! hash functions” (2012), for one block at a time.
//!
//! Nothing depends on data but the results. What is left on the stack, some 200 bytes, is within
//! what is wiped when a call returns.

#![allow(unsafe_code)]

use super::super::rounds::{available_with, bmi, fastest_of, plain, round, sum_by_shifts};
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

        /// The two words of the schedule that come 16 after those in `w[i]`.
        #[inline]
        #[target_feature $features]
        fn next(w: &[__m128i; AHEAD / 2], i: usize) -> __m128i {
            let w = |later: usize| w[(i + later) % (AHEAD / 2)];
            let [w1, w9] = [_mm_alignr_epi8::<8>(w(1), w(0)), _mm_alignr_epi8::<8>(w(5), w(4))];
            _mm_add_epi64(_mm_add_epi64(w(0), w9), _mm_add_epi64(sigma0(w1), sigma1(w(7))))
        }

        #[target_feature $features]
        #[allow(unused_assignments, reason = "the last round leaves the next one's `b ^ c`")]
        pub fn compress(state: &mut [u64; 8], blocks: &[[u8; BLOCK]]) {
            let swap = _mm_set_epi64x(0x0809_0a0b_0c0d_0e0f, 0x0001_0203_0405_0607);
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
                // Two rounds; then, if there is a later sixteen, their words of it.
                macro_rules! two {
                    ($i:literal, $later:expr, $a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident) => {
                        $round!(u64 "r" [41 18 14] [39 34 28] words[$i], $a $b $d $e $f $g $h, bc ab);
                        $round!(u64 "r" [41 18 14] [39 34 28] words[$i + 1], $h $a $c $d $e $f $g, ab bc);
                        if let Some(later) = $later {
                            w[$i / 2] = next(&w, $i / 2);
                            let constants = vector(&CONSTANTS, AHEAD * later + $i);
                            set(&mut words, $i, _mm_add_epi64(w[$i / 2], constants));
                        }
                    };
                }
                macro_rules! sixteen {
                    ($later:expr) => {
                        two!(0, $later, a b c d e f g h);
                        two!(2, $later, g h a b c d e f);
                        two!(4, $later, e f g h a b c d);
                        two!(6, $later, c d e f g h a b);
                        two!(8, $later, a b c d e f g h);
                        two!(10, $later, g h a b c d e f);
                        two!(12, $later, e f g h a b c d);
                        two!(14, $later, c d e f g h a b);
                    };
                }
                for later in 1..CONSTANTS.0.len() / AHEAD {
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

/// Puts two words at `i`.
fn set(words: &mut Words<AHEAD>, i: usize, vector: __m128i) {
    let [at, _] = &mut words.0[i..i + 2] else { return };
    // SAFETY: two words, at any address; every x86-64 processor has SSE2.
    unsafe { _mm_storeu_si128(std::ptr::from_mut(at).cast(), vector) }
}

/// Rotations, and XORs of three, by one instruction each.
mod avx512 {
    compress! {
        bmi ["avx2", "bmi1", "bmi2", "avx512f", "avx512vl"]

        fn sigma0(w: __m128i) -> __m128i {
            let [a, b, c] = [_mm_ror_epi64::<1>(w), _mm_ror_epi64::<8>(w), _mm_srli_epi64::<7>(w)];
            _mm_ternarylogic_epi64::<0x96>(a, b, c)
        }

        fn sigma1(w: __m128i) -> __m128i {
            let [a, b, c] = [_mm_ror_epi64::<19>(w), _mm_ror_epi64::<61>(w), _mm_srli_epi64::<6>(w)];
            _mm_ternarylogic_epi64::<0x96>(a, b, c)
        }
    }
}

/// Rotations by two shifts.
macro_rules! compress_by_shifts {
    ($round:ident $features:tt) => {
        compress! {
            $round $features

            fn sigma0(w: __m128i) -> __m128i {
                sum_by_shifts!(_mm_srli_epi64 _mm_slli_epi64 64 w, 1 8 7)
            }

            fn sigma1(w: __m128i) -> __m128i {
                sum_by_shifts!(_mm_srli_epi64 _mm_slli_epi64 64 w, 19 61 6)
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
