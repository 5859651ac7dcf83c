// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! VAES and VPCLMULQDQ with AVX2: registers of two blocks.

#![allow(unsafe_code)]

use super::kernels::{gcm, padded};

type Wide = __m256i;

gcm! {
    Vaes256 ["aes", "avx2", "vaes", "vpclmulqdq"]

    fn load_whole(from: &[u8; SIZE]) -> Wide {
        // SAFETY: the reference is to as many bytes as are read.
        unsafe { _mm256_loadu_si256(from.as_ptr().cast()) }
    }

    fn store_whole(to: &mut [u8; SIZE], register: Wide) {
        // SAFETY: the reference is to as many bytes as are written.
        unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), register) }
    }

    /// The block in each lane.
    fn broadcast(block: &__m128i) -> Wide {
        _mm256_broadcastsi128_si256(*block)
    }

    /// The block, and zeros behind it.
    fn in_first_lane(block: __m128i) -> Wide {
        _mm256_zextsi128_si256(block)
    }

    /// Puts a block into the lane that comes after so many.
    fn set_block(registers: &mut [Wide; HALF], lanes: usize, block: __m128i) {
        let register = &mut registers[lanes / LANES];
        *register = match lanes % LANES {
            0 => _mm256_inserti128_si256::<0>(*register, block),
            _ => _mm256_inserti128_si256::<1>(*register, block),
        };
    }

    fn sum_of_lanes(lanes: Wide) -> __m128i {
        _mm_xor_si128(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256::<1>(lanes))
    }

    fn xor(a: Wide, b: Wide) -> Wide {
        _mm256_xor_si256(a, b)
    }

    fn xor3(a: Wide, b: Wide, c: Wide) -> Wide {
        _mm256_xor_si256(_mm256_xor_si256(a, b), c)
    }

    /// Adds words of 32 bits.
    fn add(a: Wide, b: Wide) -> Wide {
        _mm256_add_epi32(a, b)
    }

    fn shuffle(blocks: Wide, places: Wide) -> Wide {
        _mm256_shuffle_epi8(blocks, places)
    }

    fn swap_halves(blocks: Wide) -> Wide {
        _mm256_shuffle_epi32::<0b01_00_11_10>(blocks)
    }

    /// The product of the lower halves.
    fn multiply_low(a: Wide, b: Wide) -> Wide {
        _mm256_clmulepi64_epi128::<0x00>(a, b)
    }

    /// That of the higher halves.
    fn multiply_high(a: Wide, b: Wide) -> Wide {
        _mm256_clmulepi64_epi128::<0x11>(a, b)
    }

    /// A round of encryption.
    fn enc(block: Wide, key: Wide) -> Wide {
        _mm256_aesenc_epi128(block, key)
    }

    fn enc_last(block: Wide, key: Wide) -> Wide {
        _mm256_aesenclast_epi128(block, key)
    }
}

padded! { ["aes", "avx2", "vaes", "vpclmulqdq"] }
