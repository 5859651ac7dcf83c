// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The compression functions of SHA-2 in lanes: the rounds are written once, and compiled for both sizes
//! of words and for registers of 256 and of 512 bits.

use super::super::sha256::{self, x86_64::CONSTANTS as CONSTANTS_32};
use super::super::sha512::{self, x86_64::CONSTANTS};
use super::{Gain, Implementation, WORDS};
use crate::engine::Grouping;
use std::arch::x86_64::*;

/// Words of the message schedule that are at hand.
const AHEAD: usize = 16;

/// Bytes of a message that are moved as one. A register has as many of several messages.
const PIECE: usize = 16;

/// Adds to the states of the first lanes, as many as are said, so many blocks of each.
pub type Advance<W, const N: usize, const BLOCK: usize> =
    unsafe fn(&mut [[W; N]; WORDS], &[&[[u8; BLOCK]]; N], usize, usize);

/// The fastest first. A message by itself is faster by the SHA extensions, with which registers of 256
/// bits can just keep up.
pub static IMPLEMENTATIONS_32: [Implementation<u32, 16, 64>; 2] = [
    Implementation {
        available: avx512::of_32::available,
        gain: || {
            Some(if is_x86_feature_detected!("sha") {
                Gain { fewest: 9, grouping: Grouping { min_len: 256, min_count: 14 } }
            } else {
                Gain { fewest: 3, grouping: Grouping { min_len: 0, min_count: 5 } }
            })
        },
        advance: avx512::of_32::advance,
        alone: sha256::fastest,
    },
    Implementation {
        available: avx2::of_32::available,
        gain: || {
            let gain = Gain { fewest: 4, grouping: Grouping { min_len: 0, min_count: 5 } };
            (!is_x86_feature_detected!("sha")).then_some(gain)
        },
        advance: avx2::of_32::advance,
        alone: sha256::fastest,
    },
];

/// The same for SHA-512.
pub static IMPLEMENTATIONS_64: [Implementation<u64, 8, 128>; 2] = [
    Implementation {
        available: avx512::of_64::available,
        gain: || Some(Gain { fewest: 3, grouping: Grouping { min_len: 0, min_count: 5 } }),
        advance: avx512::of_64::advance,
        alone: sha512::fastest,
    },
    Implementation {
        available: avx2::of_64::available,
        gain: || Some(Gain { fewest: 3, grouping: Grouping { min_len: 0, min_count: 7 } }),
        advance: avx2::of_64::advance,
        alone: sha512::fastest,
    },
];

/// The round constants of SHA-512, FIPS 180-4, 4.2.3.
static CONSTANTS_64: &[u64; 80] = &CONSTANTS.0;

/// The rotations and shifts of SHA-256, FIPS 180-4, 4.1.2: of a, of e, and of two words of the
/// schedule, of which the last is a shift.
const BITS_32: [[u32; 3]; 4] = [[2, 13, 22], [6, 11, 25], [7, 18, 3], [17, 19, 10]];

/// The same of SHA-512, 4.1.3.
const BITS_64: [[u32; 3]; 4] = [[28, 34, 39], [14, 18, 41], [1, 8, 7], [19, 61, 6]];

/// The order of a piece's bytes in which each word is reversed.
const REVERSE_32: [i64; 2] = [0x0405_0607_0001_0203, 0x0c0d_0e0f_0809_0a0b];
const REVERSE_64: [i64; 2] = [0x0001_0203_0405_0607, 0x0809_0a0b_0c0d_0e0f];

fn load_piece(bytes: &[u8; PIECE]) -> __m128i {
    // SAFETY: the reference is to as many bytes as are read, and every x86-64 processor has SSE2.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}

/// The compression function for lanes of `$word`, by functions over `Wide`, a register.
/// All of them are compiled for the processor features that are named, and may be called only where
/// these are.
macro_rules! lanes {
    (
        [$($feature:tt),*] $word:ident $constants:ident $bits:ident $reverse:ident
        $($primitive:item)*
    ) => {
        use super::*;

        pub fn available() -> bool {
            $(is_x86_feature_detected!($feature))&&*
        }

        lanes! { @ ($(enable = $feature),*)

        $($primitive)*

        fn load(words: &[$word; LANES]) -> Wide {
            // SAFETY: a register has as many bytes, in any order of bits.
            unsafe { words.as_ptr().cast::<Wide>().read_unaligned() }
        }

        fn store(words: &mut [$word; LANES], wide: Wide) {
            // SAFETY: the same.
            unsafe { words.as_mut_ptr().cast::<Wide>().write_unaligned(wide) }
        }

        /// The sum of three rotations.
        fn rotations(x: Wide, bits: [u32; 3]) -> Wide {
            xor3(rotate(x, bits[0]), rotate(x, bits[1]), rotate(x, bits[2]))
        }

        /// The sum of two rotations and a shift.
        fn rotations_and_shift(x: Wide, bits: [u32; 3]) -> Wide {
            xor3(rotate(x, bits[0]), rotate(x, bits[1]), shift(x, bits[2]))
        }

        /// The word of the schedule that comes 16 after the one in `w[i]`.
        fn next_word(w: &[Wide; AHEAD], i: usize) -> Wide {
            let w = |later: usize| w[(i + later) % AHEAD];
            let [bits_1, bits_14] = [$bits[2], $bits[3]];
            let (s1, s14) = (rotations_and_shift(w(1), bits_1), rotations_and_shift(w(14), bits_14));
            add(add(w(0), w(9)), add(s1, s14))
        }

        /// The words of a block of each lane.
        fn words(blocks: [&[u8; BLOCK]; LANES]) -> [Wide; AHEAD] {
            let mut words = [splat(0); AHEAD];
            for (i, words) in words.as_chunks_mut().0.iter_mut().enumerate() {
                for first in 0..IN_PIECE {
                    let mut pieces = [&[0; PIECE]; LANES / IN_PIECE];
                    for (piece, block) in pieces.iter_mut().zip(blocks[first..].iter().step_by(IN_PIECE)) {
                        *piece = &block.as_chunks().0[i];
                    }
                    words[first] = shuffle(join(pieces), $reverse);
                }
                *words = transpose(*words);
            }
            words
        }

        /// Adds a block to each state.
        fn compress(state: &mut [Wide; WORDS], mut w: [Wide; AHEAD]) {
            let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
            for constants in $constants.as_chunks::<AHEAD>().0 {
                for i in 0..AHEAD {
                    let constant = add(w[i], splat(constants[i]));
                    let t = add(add(h, rotations(e, $bits[1])), add(choose(e, f, g), constant));
                    let u = add(rotations(a, $bits[0]), majority(a, b, c));
                    (h, g, f, e, d, c, b, a) = (g, f, e, add(d, t), c, b, a, add(t, u));
                    w[i] = next_word(&w, i);
                }
            }
            for (word, new) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
                *word = add(*word, new);
            }
        }

        /// An [`Advance`]: as many lanes at a time as there are words in a register.
        pub fn advance<const N: usize>(
            states: &mut [[$word; N]; WORDS],
            blocks: &[&[[u8; BLOCK]]; N],
            count: usize,
            steps: usize,
        ) {
            for first in (0..count).step_by(LANES) {
                let mut state = [splat(0); WORDS];
                for i in 0..WORDS {
                    state[i] = load(&states[i].as_chunks().0[first / LANES]);
                }
                let mut of_lanes = [blocks[first]; LANES];
                of_lanes.copy_from_slice(&blocks[first..first + LANES]);
                for step in 0..steps {
                    compress(&mut state, words(of_lanes.map(|blocks| &blocks[step])));
                }
                for i in 0..WORDS {
                    store(&mut states[i].as_chunks_mut().0[first / LANES], state[i]);
                }
            }
        }

        }

        /// Bytes in a block.
        const BLOCK: usize = AHEAD * size_of::<$word>();

        /// Words in a register.
        const LANES: usize = size_of::<Wide>() / size_of::<$word>();

        /// Words in a piece of a block.
        const IN_PIECE: usize = PIECE / size_of::<$word>();
    };
    (@ $features:tt $($function:item)*) => {
        $(
            #[inline]
            #[target_feature $features]
            $function
        )*
    };
}

/// Registers of 512 bits, which rotate, and combine three words in any way.
mod avx512 {
    use super::*;

    type Wide = __m512i;

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn xor3(x: Wide, y: Wide, z: Wide) -> Wide {
        _mm512_ternarylogic_epi64::<0x96>(x, y, z)
    }

    /// Of each bit that of `y` where `x` is 1, else that of `z`.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn choose(x: Wide, y: Wide, z: Wide) -> Wide {
        _mm512_ternarylogic_epi64::<0xca>(x, y, z)
    }

    /// Of each bit the value that two or three have.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn majority(x: Wide, y: Wide, z: Wide) -> Wide {
        _mm512_ternarylogic_epi64::<0xe8>(x, y, z)
    }

    /// A register of pieces.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn join(pieces: [&[u8; PIECE]; 4]) -> Wide {
        let [first, second, third, fourth] = pieces.map(load_piece);
        let joined = _mm512_inserti32x4::<1>(_mm512_castsi128_si512(first), second);
        _mm512_inserti32x4::<3>(_mm512_inserti32x4::<2>(joined, third), fourth)
    }

    /// The bytes of each piece in another order.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn shuffle(pieces: Wide, order: [i64; 2]) -> Wide {
        _mm512_shuffle_epi8(pieces, _mm512_broadcast_i32x4(_mm_set_epi64x(order[1], order[0])))
    }

    /// In each piece of the first result the first halves of the pieces, in that of the second one the
    /// second halves.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn transpose_halves(one: Wide, other: Wide) -> [Wide; 2] {
        [_mm512_unpacklo_epi64(one, other), _mm512_unpackhi_epi64(one, other)]
    }

    pub mod of_32 {
        lanes! { ["avx512f", "avx512bw"] u32 CONSTANTS_32 BITS_32 REVERSE_32

        fn splat(word: u32) -> Wide {
            _mm512_set1_epi32(word.cast_signed())
        }

        fn add(one: Wide, other: Wide) -> Wide {
            _mm512_add_epi32(one, other)
        }

        fn rotate(x: Wide, bits: u32) -> Wide {
            _mm512_rorv_epi32(x, splat(bits))
        }

        fn shift(x: Wide, bits: u32) -> Wide {
            _mm512_srlv_epi32(x, splat(bits))
        }

        /// From four messages' pieces to pieces of a word of each.
        fn transpose(rows: [Wide; 4]) -> [Wide; 4] {
            let [a, b, c, d] = rows;
            let [first, second] = transpose_halves(_mm512_unpacklo_epi32(a, b), _mm512_unpacklo_epi32(c, d));
            let [third, fourth] = transpose_halves(_mm512_unpackhi_epi32(a, b), _mm512_unpackhi_epi32(c, d));
            [first, second, third, fourth]
        }

        }
    }

    pub mod of_64 {
        lanes! { ["avx512f", "avx512bw"] u64 CONSTANTS_64 BITS_64 REVERSE_64

        fn splat(word: u64) -> Wide {
            _mm512_set1_epi64(word.cast_signed())
        }

        fn add(one: Wide, other: Wide) -> Wide {
            _mm512_add_epi64(one, other)
        }

        fn rotate(x: Wide, bits: u32) -> Wide {
            _mm512_rorv_epi64(x, splat(bits.into()))
        }

        fn shift(x: Wide, bits: u32) -> Wide {
            _mm512_srlv_epi64(x, splat(bits.into()))
        }

        /// From two messages' pieces to pieces of a word of each.
        fn transpose(rows: [Wide; 2]) -> [Wide; 2] {
            transpose_halves(rows[0], rows[1])
        }

        }
    }
}

/// Registers of 256 bits.
mod avx2 {
    use super::*;

    type Wide = __m256i;

    #[inline]
    #[target_feature(enable = "avx2")]
    fn xor3(x: Wide, y: Wide, z: Wide) -> Wide {
        _mm256_xor_si256(x, _mm256_xor_si256(y, z))
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn choose(x: Wide, y: Wide, z: Wide) -> Wide {
        _mm256_xor_si256(_mm256_and_si256(_mm256_xor_si256(y, z), x), z)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn majority(x: Wide, y: Wide, z: Wide) -> Wide {
        let differ = _mm256_and_si256(_mm256_xor_si256(x, y), _mm256_xor_si256(y, z));
        _mm256_xor_si256(differ, y)
    }

    /// A register of pieces.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn join(pieces: [&[u8; PIECE]; 2]) -> Wide {
        let [first, second] = pieces.map(load_piece);
        _mm256_set_m128i(second, first)
    }

    /// The bytes of each piece in another order.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn shuffle(pieces: Wide, order: [i64; 2]) -> Wide {
        _mm256_shuffle_epi8(pieces, _mm256_broadcastsi128_si256(_mm_set_epi64x(order[1], order[0])))
    }

    /// In each piece of the first result the first halves of the pieces, in that of the second one the
    /// second halves.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn transpose_halves(one: Wide, other: Wide) -> [Wide; 2] {
        [_mm256_unpacklo_epi64(one, other), _mm256_unpackhi_epi64(one, other)]
    }

    pub mod of_32 {
        lanes! { ["avx2"] u32 CONSTANTS_32 BITS_32 REVERSE_32

        fn splat(word: u32) -> Wide {
            _mm256_set1_epi32(word.cast_signed())
        }

        fn add(one: Wide, other: Wide) -> Wide {
            _mm256_add_epi32(one, other)
        }

        fn rotate(x: Wide, bits: u32) -> Wide {
            _mm256_or_si256(shift(x, bits), _mm256_sllv_epi32(x, splat(32 - bits)))
        }

        fn shift(x: Wide, bits: u32) -> Wide {
            _mm256_srlv_epi32(x, splat(bits))
        }

        /// From four messages' pieces to pieces of a word of each.
        fn transpose(rows: [Wide; 4]) -> [Wide; 4] {
            let [a, b, c, d] = rows;
            let [first, second] = transpose_halves(_mm256_unpacklo_epi32(a, b), _mm256_unpacklo_epi32(c, d));
            let [third, fourth] = transpose_halves(_mm256_unpackhi_epi32(a, b), _mm256_unpackhi_epi32(c, d));
            [first, second, third, fourth]
        }

        }
    }

    pub mod of_64 {
        lanes! { ["avx2"] u64 CONSTANTS_64 BITS_64 REVERSE_64

        fn splat(word: u64) -> Wide {
            _mm256_set1_epi64x(word.cast_signed())
        }

        fn add(one: Wide, other: Wide) -> Wide {
            _mm256_add_epi64(one, other)
        }

        fn rotate(x: Wide, bits: u32) -> Wide {
            _mm256_or_si256(shift(x, bits), _mm256_sllv_epi64(x, splat((64 - bits).into())))
        }

        fn shift(x: Wide, bits: u32) -> Wide {
            _mm256_srlv_epi64(x, splat(bits.into()))
        }

        /// From two messages' pieces to pieces of a word of each.
        fn transpose(rows: [Wide; 2]) -> [Wide; 2] {
            transpose_halves(rows[0], rows[1])
        }

        }
    }
}
