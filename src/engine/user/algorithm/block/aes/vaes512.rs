// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! VAES with AVX-512: registers of four blocks.

#![allow(unsafe_code)]

use super::kernels::{detected, modes, twice, with_features, x86_64_modes};
use super::{
    BLOCK, Block, BlockCipher, CbcMessage, Data, MacMessage, Pipelined, RoundKeys, SideBySide,
    Tweaked, WithTweaks, cbc_mac, chain, chain_each, ctr_with_mac, encrypt_one, expand,
    from_number,
};
use crate::errno::Result;
use crate::wipe::Depth;
use std::arch::x86_64::*;
use std::hint::black_box;

type Wide = __m512i;

x86_64_modes! {
    Vaes512 ["aes", "avx512bw", "avx512f", "vaes", "vpclmulqdq"]

    fn load(from: &[u8; SIZE]) -> Wide {
        // SAFETY: the reference is to as many bytes as are read.
        unsafe { _mm512_loadu_si512(from.as_ptr().cast()) }
    }

    fn store(to: &mut [u8; SIZE], wide: Wide) {
        // SAFETY: the reference is to as many bytes as are written.
        unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), wide) }
    }

    /// Copies `part`, which is shorter than a register; zeros follow.
    fn pad(part: &[u8], to: &mut [u8; SIZE]) {
        let mask = !(u64::MAX << part.len());
        // SAFETY: the mask has a bit for each byte of `part`, and no others are read.
        store(to, unsafe { _mm512_maskz_loadu_epi8(mask, part.as_ptr().cast()) });
    }

    /// Copies as much as `part` takes, which is shorter than a register.
    fn unpad(from: &[u8; SIZE], part: &mut [u8]) {
        let mask = !(u64::MAX << part.len());
        // SAFETY: the mask has a bit for each byte of `part`, and no others are written.
        unsafe { _mm512_mask_storeu_epi8(part.as_mut_ptr().cast(), mask, load(from)) }
    }

    /// The key for each of the blocks.
    fn broadcast(key: &__m128i) -> Wide {
        _mm512_broadcast_i32x4(*key)
    }

    fn xor(one: Wide, other: Wide) -> Wide {
        _mm512_xor_si512(one, other)
    }

    /// A round of encryption.
    fn enc(block: Wide, key: Wide) -> Wide {
        _mm512_aesenc_epi128(block, key)
    }

    fn enc_last(block: Wide, key: Wide) -> Wide {
        _mm512_aesenclast_epi128(block, key)
    }

    /// A round of decryption.
    fn dec(block: Wide, key: Wide) -> Wide {
        _mm512_aesdec_epi128(block, key)
    }

    fn dec_last(block: Wide, key: Wide) -> Wide {
        _mm512_aesdeclast_epi128(block, key)
    }

    /// The blocks of `this` moved up by one, the last of `last` in the first place.
    fn shift_in(last: Wide, this: Wide) -> Wide {
        _mm512_alignr_epi64::<6>(this, last)
    }

    /// Each block from end to start.
    fn reverse(blocks: Wide) -> Wide {
        const LOW: i64 = 0x0809_0a0b_0c0d_0e0f;
        const HIGH: i64 = 0x0001_0203_0405_0607;
        _mm512_shuffle_epi8(blocks, _mm512_set4_epi64(HIGH, LOW, HIGH, LOW))
    }

    /// Adds both halves of each block by themselves.
    fn add(one: Wide, other: Wide) -> Wide {
        _mm512_add_epi64(one, other)
    }

    /// Subtracts both halves of each block by themselves.
    fn subtract(from: Wide, what: Wide) -> Wide {
        _mm512_sub_epi64(from, what)
    }

    /// Shifts both halves of each block by as many bits as those of `bits` say.
    fn shift_left(halves: Wide, bits: Wide) -> Wide {
        _mm512_sllv_epi64(halves, bits)
    }

    fn shift_right(halves: Wide, bits: Wide) -> Wide {
        _mm512_srlv_epi64(halves, bits)
    }

    /// The lower half of each block as its higher half.
    fn low_to_high(blocks: Wide) -> Wide {
        _mm512_bslli_epi128::<8>(blocks)
    }

    /// The higher half of each block times x^7 + x^2 + x + 1, which is x^128 in the field of XTS.
    fn reduce_high(blocks: Wide) -> Wide {
        _mm512_clmulepi64_epi128::<0x01>(blocks, _mm512_set1_epi64(0x87))
    }

    /// The same of the lower half, with shifts, which keep AES waiting less.
    fn reduce_low(blocks: Wide) -> Wide {
        let (two, four) = (_mm512_slli_epi64::<1>(blocks), _mm512_slli_epi64::<2>(blocks));
        let few = _mm512_ternarylogic_epi64::<0x96>(blocks, two, four);
        _mm512_xor_si512(few, _mm512_slli_epi64::<7>(blocks))
    }

    /// Each block shifted left by a bit for each block of a flight.
    fn flight_left(blocks: Wide) -> Wide {
        _mm512_bslli_epi128::<4>(blocks)
    }

    /// The bits that `flight_left` shifts out.
    fn flight_over(blocks: Wide) -> Wide {
        _mm512_bsrli_epi128::<12>(blocks)
    }

    /// The tweaks of register `i` of the next flight, of those of this one.
    fn next_tweaks(now: &[Wide; FLIGHT], _: &[Wide; FLIGHT], i: usize) -> Wide {
        xor(flight_left(now[i]), reduce_low(flight_over(now[i])))
    }

    /// All flights are those of [`ctr`].
    fn ctr_flights<'i, 'o>(_: &RoundKeys, _: &mut u128, data: Data<'i, 'o>) -> Data<'i, 'o> {
        data
    }
}
