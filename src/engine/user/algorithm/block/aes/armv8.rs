// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! ARMv8's AES instructions: registers of one block.

#![allow(unsafe_code)]

use super::aarch64::{each_round, round};
use super::kernels::{detected, modes, twice, with_features};
use super::{
    BLOCK, Block, BlockCipher, CbcMessage, Data, MacMessage, Pipelined, RoundKeys, SideBySide,
    Tweaked, WithTweaks, cbc_mac, chain, chain_each, ctr_with_mac, encrypt_one, expand,
    from_number, load as load_block,
};
use crate::errno::Result;
use crate::wipe::Depth;
use std::arch::aarch64::*;
use std::hint::black_box;

type Wide = Block;

modes! {
    ArmV8 ["aes"]

    fn load(from: &[u8; SIZE]) -> Wide {
        load_block(from)
    }

    fn store(to: &mut [u8; SIZE], wide: Wide) {
        super::store(to, wide);
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
    fn broadcast(key: &Block) -> Wide {
        *key
    }

    fn xor(one: Wide, other: Wide) -> Wide {
        veorq_u8(one, other)
    }

    /// All rounds of encryption, on `N` registers in turn.
    fn encrypt<const N: usize>(keys: &RoundKeys, blocks: &mut [Wide; N]) {
        let [late, last] = each_round(keys.encrypt(), |key| {
            blocks.iter_mut().for_each(|block| *block = round(*block, *key));
        });
        blocks.iter_mut().for_each(|block| *block = xor(vaeseq_u8(*block, late), last));
    }

    /// All rounds of decryption.
    fn decrypt<const N: usize>(keys: &RoundKeys, blocks: &mut [Wide; N]) {
        let [late, last] = each_round(keys.decrypt(), |key| {
            blocks.iter_mut().for_each(|block| *block = vaesimcq_u8(vaesdq_u8(*block, *key)));
        });
        blocks.iter_mut().for_each(|block| *block = xor(vaesdq_u8(*block, late), last));
    }

    /// All rounds between XORs with `tweaks`.
    fn crypt_between<const ENCRYPT: bool, const N: usize>(
        keys: &RoundKeys,
        tweaks: &[Wide; N],
        blocks: &mut [Wide; N],
    ) {
        (0..N).for_each(|i| blocks[i] = xor(blocks[i], tweaks[i]));
        if ENCRYPT { encrypt(keys, blocks) } else { decrypt(keys, blocks) }
        (0..N).for_each(|i| blocks[i] = xor(blocks[i], tweaks[i]));
    }

    /// A flight's blocks between XORs with `tweaks`; leaves those of the next flight there.
    fn xts_flight<const ENCRYPT: bool>(
        keys: &RoundKeys,
        tweaks: &mut [Wide; FLIGHT],
        mut data: Data<'_, '_>,
    ) {
        let mut blocks: [Wide; FLIGHT] = std::array::from_fn(|i| load_at(&data, i));
        crypt_between::<ENCRYPT, FLIGHT>(keys, tweaks, &mut blocks);
        for (i, tweak) in tweaks.iter_mut().enumerate() {
            store_at(&mut data, i, blocks[i]);
            *tweak = flight_after(*tweak);
        }
    }

    /// The blocks of `this` moved up by one, the last of `last` in the first place.
    fn shift_in(last: Wide, _: Wide) -> Wide {
        last
    }

    /// Each block from end to start.
    fn reverse(blocks: Wide) -> Wide {
        let halves = vrev64q_u8(blocks);
        vextq_u8::<8>(halves, halves)
    }

    /// Adds both halves of each block by themselves.
    fn add(one: Wide, other: Wide) -> Wide {
        bytes(vaddq_u64(words(one), words(other)))
    }

    /// Subtracts both halves of each block by themselves.
    fn subtract(from: Wide, what: Wide) -> Wide {
        bytes(vsubq_u64(words(from), words(what)))
    }

    /// Shifts both halves of each block by as many bits as those of `bits` say.
    fn shift_left(halves: Wide, bits: Wide) -> Wide {
        bytes(vshlq_u64(words(halves), vreinterpretq_s64_u8(bits)))
    }

    fn shift_right(halves: Wide, bits: Wide) -> Wide {
        bytes(vshlq_u64(words(halves), vnegq_s64(vreinterpretq_s64_u8(bits))))
    }

    /// The lower half of each block as its higher half.
    fn low_to_high(blocks: Wide) -> Wide {
        vextq_u8::<8>(vdupq_n_u8(0), blocks)
    }

    /// The higher half of each block times x^7 + x^2 + x + 1, which is x^128 in the field of XTS.
    fn reduce_high(blocks: Wide) -> Wide {
        vreinterpretq_u8_p128(vmull_p64(vgetq_lane_u64::<1>(words(blocks)), 0x87))
    }

    /// The same of the lower half.
    fn reduce_low(blocks: Wide) -> Wide {
        vreinterpretq_u8_p128(vmull_p64(vgetq_lane_u64::<0>(words(blocks)), 0x87))
    }

    /// Each block shifted left by a bit for each block of a flight.
    fn flight_left(blocks: Wide) -> Wide {
        vextq_u8::<15>(vdupq_n_u8(0), blocks)
    }

    /// The bits that `flight_left` shifts out.
    fn flight_over(blocks: Wide) -> Wide {
        vextq_u8::<15>(blocks, vdupq_n_u8(0))
    }

    /// The halves of a block.
    fn words(blocks: Wide) -> uint64x2_t {
        vreinterpretq_u64_u8(blocks)
    }

    fn bytes(words: uint64x2_t) -> Wide {
        vreinterpretq_u8_u64(words)
    }

    /// The tweaks of the blocks that are a flight behind those with `tweaks`.
    fn flight_after(tweaks: Wide) -> Wide {
        xor(flight_left(tweaks), reduce_low(flight_over(tweaks)))
    }

    /// All flights are those of [`ctr`].
    fn ctr_flights<'i, 'o>(_: &RoundKeys, _: &mut u128, data: Data<'i, 'o>) -> Data<'i, 'o> {
        data
    }
}
