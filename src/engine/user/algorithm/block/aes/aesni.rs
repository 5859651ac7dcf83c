// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! AES-NI: registers of one block.

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

type Wide = __m128i;

x86_64_modes! {
    AesNi ["aes", "pclmulqdq", "ssse3"]

    fn load(from: &[u8; SIZE]) -> Wide {
        // SAFETY: the reference is to as many bytes as are read.
        unsafe { _mm_loadu_si128(from.as_ptr().cast()) }
    }

    fn store(to: &mut [u8; SIZE], wide: Wide) {
        // SAFETY: the reference is to as many bytes as are written.
        unsafe { _mm_storeu_si128(to.as_mut_ptr().cast(), wide) }
    }

    /// Copies `part`, which is shorter than a register; zeros follow.
    fn pad(part: &[u8], to: &mut [u8; SIZE]) {
        to[..part.len()].copy_from_slice(part);
        to[part.len()..].fill(0);
    }

    /// Copies as much as `part` takes, which is shorter than a register.
    fn unpad(from: &[u8; SIZE], part: &mut [u8]) {
        part.copy_from_slice(&from[..part.len()]);
    }

    /// The key for each of the blocks.
    fn broadcast(key: &__m128i) -> Wide {
        *key
    }

    fn xor(one: Wide, other: Wide) -> Wide {
        _mm_xor_si128(one, other)
    }

    /// A round of encryption.
    fn enc(block: Wide, key: Wide) -> Wide {
        _mm_aesenc_si128(block, key)
    }

    fn enc_last(block: Wide, key: Wide) -> Wide {
        _mm_aesenclast_si128(block, key)
    }

    /// A round of decryption.
    fn dec(block: Wide, key: Wide) -> Wide {
        _mm_aesdec_si128(block, key)
    }

    fn dec_last(block: Wide, key: Wide) -> Wide {
        _mm_aesdeclast_si128(block, key)
    }

    /// The blocks of `this` moved up by one, the last of `last` in the first place.
    fn shift_in(last: Wide, _: Wide) -> Wide {
        last
    }

    /// Each block from end to start.
    fn reverse(blocks: Wide) -> Wide {
        const LOW: i64 = 0x0809_0a0b_0c0d_0e0f;
        const HIGH: i64 = 0x0001_0203_0405_0607;
        _mm_shuffle_epi8(blocks, _mm_set_epi64x(HIGH, LOW))
    }

    /// Adds both halves of each block by themselves.
    fn add(one: Wide, other: Wide) -> Wide {
        _mm_add_epi64(one, other)
    }

    /// Subtracts both halves of each block by themselves.
    fn subtract(from: Wide, what: Wide) -> Wide {
        _mm_sub_epi64(from, what)
    }

    /// Shifts both halves of each block by as many bits as those of `bits` say.
    fn shift_left(halves: Wide, bits: Wide) -> Wide {
        _mm_sll_epi64(halves, bits)
    }

    fn shift_right(halves: Wide, bits: Wide) -> Wide {
        _mm_srl_epi64(halves, bits)
    }

    /// The lower half of each block as its higher half.
    fn low_to_high(blocks: Wide) -> Wide {
        _mm_slli_si128::<8>(blocks)
    }

    /// The higher half of each block times x^7 + x^2 + x + 1, which is x^128 in the field of XTS.
    fn reduce_high(blocks: Wide) -> Wide {
        _mm_clmulepi64_si128::<0x01>(blocks, _mm_set1_epi64x(0x87))
    }

    /// The tweaks of register `i` of the next flight, those before it being in `made`: each is twice the one
    /// before it, which takes half as many instructions as to make it from that of this flight.
    fn next_tweaks(now: &[Wide; FLIGHT], made: &[Wide; FLIGHT], i: usize) -> Wide {
        let before = if i == 0 { now[FLIGHT - 1] } else { made[i - 1] };
        // The highest bit of each half goes to the other one: x^64 is a bit there, x^128 is 0x87.
        let over = _mm_srai_epi32::<31>(_mm_shuffle_epi32::<0b00_01_00_11>(before));
        let carry = _mm_and_si128(over, _mm_set_epi64x(1, 0x87));
        _mm_xor_si128(_mm_add_epi64(before, before), carry)
    }

    /// CTR of all flights, whose lower halves of counters do not overflow. What is left.
    ///
    /// All that vector instructions do beside rounds takes time from these. So counters, with the first round key
    /// added, are computed in words of 64 bits; and they are stored a flight before they are loaded, since to load what
    /// has just been stored in part would make the processor wait.
    fn ctr_flights<'i, 'o>(
        keys: &RoundKeys,
        counter: &mut u128,
        mut data: Data<'i, 'o>,
    ) -> Data<'i, 'o> {
        let [first, middle @ .., last] = keys.encrypt() else { return data };
        if data.len() < FLIGHT * SIZE {
            return data;
        }
        let with_key = |counter: u128| xor(reverse(from_number(counter)), *first);
        let mut key = [0; SIZE];
        store(&mut key, *first);
        let key_below = (u128::from_le_bytes(key) >> 64) as u64;
        let mut made = [[0; SIZE]; FLIGHT];
        made.iter_mut().for_each(|block| store(block, with_key(*counter)));
        let mut blocks: [Wide; FLIGHT] =
            std::array::from_fn(|i| with_key(counter.wrapping_add(i as u128)));
        while data.len() >= FLIGHT * SIZE {
            let (mut flight, rest) = data.split_at(FLIGHT * SIZE);
            *counter = counter.wrapping_add(FLIGHT as u128);
            for (i, block) in made.iter_mut().enumerate() {
                let below = (*counter as u64).wrapping_add(i as u64).swap_bytes() ^ key_below;
                block[SIZE / 2..].copy_from_slice(&below.to_le_bytes());
            }
            // Else the compiler would put the halves together in registers.
            black_box(&mut made);
            for key in middle {
                blocks.iter_mut().for_each(|block| *block = enc(*block, *key));
            }
            for i in 0..FLIGHT {
                let text = load_at(&flight, i);
                store_at(&mut flight, i, enc_last(blocks[i], xor(text, *last)));
                blocks[i] = load(&made[i]);
            }
            data = rest;
        }
        data
    }
}
