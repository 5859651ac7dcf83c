// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! VAES and VPCLMULQDQ with AVX-512: registers of four blocks.

#![allow(unsafe_code)]

use super::kernels::gcm;

type Wide = __m512i;

/// A bit for each byte that there is of a register's.
fn bytes(len: usize) -> u64 {
    if len < SIZE { !(u64::MAX << len) } else { u64::MAX }
}

gcm! {
    Vaes512 ["aes", "avx512bw", "avx512f", "avx512vl", "vaes", "vpclmulqdq"]

    /// A register of bytes, with zeros behind the last ones.
    fn load(from: &[u8]) -> Wide {
        // SAFETY: no more bytes are read than there are.
        unsafe { _mm512_maskz_loadu_epi8(bytes(from.len()), from.as_ptr().cast()) }
    }

    /// Stores as many bytes as there is room for, and returns those, with zeros behind them.
    fn store(to: &mut [u8], register: Wide) -> Wide {
        let mask = bytes(to.len());
        // SAFETY: no more bytes are written than there are.
        unsafe { _mm512_mask_storeu_epi8(to.as_mut_ptr().cast(), mask, register) };
        _mm512_maskz_mov_epi8(mask, register)
    }

    /// The block in each lane.
    fn broadcast(block: &__m128i) -> Wide {
        _mm512_broadcast_i32x4(*block)
    }

    /// The block, and zeros behind it.
    fn in_first_lane(block: __m128i) -> Wide {
        _mm512_zextsi128_si512(block)
    }

    /// Puts a block into the lane that comes after so many.
    fn set_block(registers: &mut [Wide; HALF], lanes: usize, block: __m128i) {
        let register = &mut registers[lanes / LANES];
        *register = _mm512_mask_broadcast_i32x4(*register, 0xf << (4 * (lanes % LANES)), block);
    }

    fn sum_of_lanes(lanes: Wide) -> __m128i {
        let [low, high] = [_mm512_castsi512_si256(lanes), _mm512_extracti64x4_epi64::<1>(lanes)];
        let lanes = _mm256_xor_si256(low, high);
        _mm_xor_si128(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256::<1>(lanes))
    }

    fn xor(a: Wide, b: Wide) -> Wide {
        _mm512_xor_si512(a, b)
    }

    fn xor3(a: Wide, b: Wide, c: Wide) -> Wide {
        _mm512_ternarylogic_epi64::<0x96>(a, b, c)
    }

    /// Adds words of 32 bits.
    fn add(a: Wide, b: Wide) -> Wide {
        _mm512_add_epi32(a, b)
    }

    fn shuffle(blocks: Wide, places: Wide) -> Wide {
        _mm512_shuffle_epi8(blocks, places)
    }

    fn swap_halves(blocks: Wide) -> Wide {
        _mm512_shuffle_epi32::<0b01_00_11_10>(blocks)
    }

    /// The product of the lower halves.
    fn multiply_low(a: Wide, b: Wide) -> Wide {
        _mm512_clmulepi64_epi128::<0x00>(a, b)
    }

    /// That of the higher halves.
    fn multiply_high(a: Wide, b: Wide) -> Wide {
        _mm512_clmulepi64_epi128::<0x11>(a, b)
    }

    /// A round of encryption.
    fn enc(block: Wide, key: Wide) -> Wide {
        _mm512_aesenc_epi128(block, key)
    }

    fn enc_last(block: Wide, key: Wide) -> Wide {
        _mm512_aesenclast_epi128(block, key)
    }
}
