// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! GHASH by lookups in tables of 16 bytes within vector registers, constant in time.
//!
//! The sum of the products of the key with each half of each byte of a block is that of the key with the block.
//! Byte k of a half's product is looked up for all bytes of the block at once, since each has the same multiples of the
//! key; it belongs k bytes behind the block's byte.

#![allow(unsafe_code)]

use crate::engine::user::algorithm::block::{Register, Vector};
use std::array::from_fn;
use zeroize::Zeroizing;

/// Bytes in a block.
const BLOCK: usize = 16;

/// For each byte of a product, a table for the lower half of a block's byte and one for the higher.
pub struct Key(Zeroizing<[[Register; 2]; BLOCK]>);

/// Times x. The highest bit is 1, and the lowest x^127.
fn times_x(element: u128) -> u128 {
    (element >> 1) ^ ((element & 1) * (0xe1 << 120))
}

/// Byte `k` of the sums of these multiples of the key, of which the first is for the highest bit.
fn sums(multiples: &[u128; 4], k: usize) -> Register {
    let byte = |i: usize| multiples[i].to_be_bytes()[k];
    let sum = |half: usize| (0..4).fold(0, |sum, i| sum ^ (byte(i) * (half >> (3 - i) & 1) as u8));
    let mut table = Zeroizing::new([0; BLOCK]);
    table.iter_mut().enumerate().for_each(|(half, entry)| *entry = sum(half));
    Register::load(&table)
}

impl Key {
    /// None: the processor has instructions for carry-less products, or none for lookups.
    pub fn new(key: &[u8; BLOCK]) -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        let has_products = is_x86_feature_detected!("pclmulqdq");
        #[cfg(target_arch = "aarch64")]
        let has_products = std::arch::is_aarch64_feature_detected!("pmull");
        (!has_products && Register::is_available()).then(|| Self::with_lookups(key))
    }

    fn with_lookups(key: &[u8; BLOCK]) -> Self {
        // Of the eight bits of a byte the highest is 1.
        let mut multiples = Zeroizing::new([[0; 4]; 2]);
        let mut next = Zeroizing::new(u128::from_be_bytes(*key));
        for multiple in multiples.as_flattened_mut() {
            *multiple = *next;
            *next = times_x(*next);
        }
        let [high, low] = &*multiples;
        Self(Zeroizing::new(from_fn(|k| [sums(low, k), sums(high, k)])))
    }

    /// Goes on from `hash` with `blocks`.
    pub fn update(&self, hash: &mut [u8; BLOCK], blocks: &[[u8; BLOCK]]) {
        // SAFETY: `new` has found the features.
        unsafe {
            Register::with_features(
                #[inline(always)]
                || {
                    let mut sum = Register::load(hash);
                    for block in blocks {
                        sum = times(&self.0, sum.xor(Register::load(block)));
                    }
                    sum.store(hash);
                },
            );
        }
    }
}

/// The product of the key and a block.
#[inline(always)]
fn times(tables: &[[Register; 2]; BLOCK], block: Register) -> Register {
    let (low, high) = (block.low(), block.high());
    let zero = Register::load(&[0; BLOCK]);
    // 32 bytes, of which the last are 0.
    let (mut head, mut tail) = (zero, zero);
    for [of_low, of_high] in tables.iter().rev() {
        tail = tail.moved_up(head);
        head = head.moved_up(zero).xor(of_low.lookup(low)).xor(of_high.lookup(high));
    }
    let (low, high) = (tail.low(), tail.high());
    let [here, next] = REDUCTION
        .each_ref()
        .map(|[of_low, of_high]| [Register::load(of_low), Register::load(of_high)]);
    let next = next[0].lookup(low).xor(next[1].lookup(high)).moved_up(zero);
    head.xor(here[0].lookup(low).xor(here[1].lookup(high))).xor(next)
}

/// What becomes of a half of a byte behind the first 16: times 1 + x + x^2 + x^7, which is x^128. The parts in the
/// byte that is 16 bytes before it, and in the one behind that.
const REDUCTION: [[[u8; 16]; 2]; 2] = {
    let mut tables = [[[0; 16]; 2]; 2];
    let mut i = 0;
    while i < 32 {
        let (half, value) = (i / 16, i % 16);
        // With the byte's bits in the higher half of 16.
        let bits = (value as u16) << (4 * half + 8);
        let product = bits ^ (bits >> 1) ^ (bits >> 2) ^ (bits >> 7);
        [tables[0][half][value], tables[1][half][value]] = product.to_be_bytes();
        i += 1;
    }
    tables
};

#[cfg(test)]
mod tests {
    use super::*;
    use ghash::GHash;
    use ghash::universal_hash::UniversalHash;

    #[test]
    fn they_agree_with_rustcrypto() {
        if !Register::is_available() {
            return;
        }
        let mut number = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = || {
            from_fn(|_| {
                number ^= number << 13;
                number ^= number >> 7;
                number ^= number << 17;
                number as u8
            })
        };
        for len in 0..100 {
            let key: [u8; BLOCK] = if len == 0 { [0xff; BLOCK] } else { random() };
            let blocks: Vec<[u8; BLOCK]> = (0..len).map(|_| random()).collect();
            let mut expected = GHash::new(&key.into());
            expected.update(cipher::Array::cast_slice_from_core(&blocks));
            let mut hash = [0; BLOCK];
            Key::with_lookups(&key).update(&mut hash, &blocks);
            assert_eq!(hash, <[u8; BLOCK]>::from(expected.finalize()), "{len}");
        }
    }
}
