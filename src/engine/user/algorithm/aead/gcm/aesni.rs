// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! AES-NI and PCLMULQDQ: registers of one block. In the coding of AVX, whose instructions leave their operands.

#![allow(unsafe_code)]

use super::kernels::{gcm, padded};

type Wide = __m128i;

gcm! {
    AesNi ["aes", "pclmulqdq", "avx"]

    fn load_whole(from: &[u8; SIZE]) -> Wide {
        load_block(from)
    }

    fn store_whole(to: &mut [u8; SIZE], register: Wide) {
        store_block(to, register);
    }

    /// The block in each lane.
    fn broadcast(block: &__m128i) -> Wide {
        *block
    }

    /// The block, and zeros behind it.
    fn in_first_lane(block: __m128i) -> Wide {
        block
    }

    /// Puts a block into the lane that comes after so many.
    fn set_block(registers: &mut [Wide; HALF], lanes: usize, block: __m128i) {
        registers[lanes] = block;
    }

    fn sum_of_lanes(lanes: Wide) -> __m128i {
        lanes
    }

    fn xor(a: Wide, b: Wide) -> Wide {
        _mm_xor_si128(a, b)
    }

    fn xor3(a: Wide, b: Wide, c: Wide) -> Wide {
        _mm_xor_si128(_mm_xor_si128(a, b), c)
    }

    /// Adds words of 32 bits.
    fn add(a: Wide, b: Wide) -> Wide {
        _mm_add_epi32(a, b)
    }

    fn shuffle(blocks: Wide, places: Wide) -> Wide {
        _mm_shuffle_epi8(blocks, places)
    }

    fn swap_halves(blocks: Wide) -> Wide {
        _mm_shuffle_epi32::<0b01_00_11_10>(blocks)
    }

    /// The product of the lower halves.
    fn multiply_low(a: Wide, b: Wide) -> Wide {
        _mm_clmulepi64_si128::<0x00>(a, b)
    }

    /// That of the higher halves.
    fn multiply_high(a: Wide, b: Wide) -> Wide {
        _mm_clmulepi64_si128::<0x11>(a, b)
    }

    /// A round of encryption.
    fn enc(block: Wide, key: Wide) -> Wide {
        _mm_aesenc_si128(block, key)
    }

    fn enc_last(block: Wide, key: Wide) -> Wide {
        _mm_aesenclast_si128(block, key)
    }
}

padded! { ["aes", "pclmulqdq", "avx"] }
