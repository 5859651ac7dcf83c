// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Poly1305, RFC 8439: the sum of the blocks times powers of r, modulo 2^130 - 5.
//!
//! RustCrypto's, the oracle of the tests, takes more than a microsecond to begin a message. This
//! one takes one block after the other, in words of 64 bits: carries cost little and multiplications much, and a
//! block needs four of 64 by 64 bits. Of longer data it takes eight blocks at once with AVX2, and 16 with AVX-512
//! IFMA. It takes blocks of 16 bytes only: its users pad what they authenticate.

#![allow(
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "blocks and limbs have the sizes that the algorithm gives them"
)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod ifma;
#[cfg(target_arch = "x86_64")]
mod limbs;

use std::slice::Iter;
use zeroize::Zeroize;

/// Bytes in a block.
const SIZE: usize = 16;

/// Bytes from which on AVX2 gains more than its powers of r take.
#[cfg(target_arch = "x86_64")]
const AVX2_FROM: usize = 3 * avx2::WIDE;

/// A number below 2^131.
#[derive(Clone, Copy, Default)]
struct Number {
    low: u128,
    /// What is above 128 bits.
    high: u64,
}

impl Number {
    /// The sum and a block, times `r`.
    #[inline]
    fn with_block(self, r: u128, block: &[u8; SIZE]) -> Self {
        let product = |a: u64, b: u64| u128::from(a).wrapping_mul(u128::from(b));
        let [r0, r1] = words(r);
        // 2^128 times r1 is 5/4 of it, modulo 2^130 - 5. The lowest two bits of r1 are 0.
        let folded = r1.wrapping_add(r1 >> 2);
        let (low, carry) = self.low.overflowing_add(u128::from_le_bytes(*block));
        // And the further bit at the end of the block.
        let high = self.high.wrapping_add(u64::from(carry)).wrapping_add(1);
        let [h0, h1] = words(low);
        let first = product(h0, r0).wrapping_add(product(h1, folded));
        let second = product(h0, r1)
            .wrapping_add(product(h1, r0))
            .wrapping_add(u128::from(high.wrapping_mul(folded)))
            .wrapping_add(first >> 64);
        let third = high.wrapping_mul(r0).wrapping_add((second >> 64) as u64);
        // Five times what is above 2^130.
        let above = (third & !3).wrapping_add(third >> 2);
        let low = second << 64 | u128::from(first as u64);
        let (low, carry) = low.overflowing_add(above.into());
        Self { low, high: (third & 3).wrapping_add(u64::from(carry)) }
    }
}

/// Blocks that are added while something else is computed, which leaves units of the processor idle.
#[derive(Clone)]
pub struct Pending<'a> {
    r: u128,
    sum: Number,
    blocks: Iter<'a, [u8; SIZE]>,
    follows: bool,
}

impl<'a> Pending<'a> {
    /// No blocks.
    pub fn none() -> Self {
        Self { r: 0, sum: Number::default(), blocks: [].iter(), follows: false }
    }

    /// The blocks that are written meanwhile will be added as well.
    pub fn follow(&mut self) {
        self.follows = true;
    }

    /// So much has been written. Its whole blocks come after the others, if they are to be added.
    #[cfg(target_arch = "x86_64")]
    pub fn written(&mut self, data: &'a [u8]) {
        if self.follows {
            self.advance(usize::MAX);
            self.blocks = data.as_chunks().0.iter();
        }
    }

    /// Adds up to `count` blocks. Inlined, since it gains by having all in registers.
    #[inline(always)]
    pub fn advance(&mut self, count: usize) {
        let blocks = self.blocks.by_ref().take(count);
        self.sum = blocks.fold(self.sum, |sum, block| sum.with_block(self.r, block));
    }
}

/// A key, and what has been authenticated with it.
pub struct Poly1305 {
    r: u128,
    sum: Number,
    mask: u128,
}

impl Poly1305 {
    /// A key is for one message.
    pub fn new(key: &[u8; 32]) -> Self {
        const CLAMP: u128 = 0x0fff_fffc_0fff_fffc_0fff_fffc_0fff_ffff;
        let (r, mask) = key.split_first_chunk().expect("16 of 32 bytes");
        let mask = u128::from_le_bytes(*mask.first_chunk().expect("the other 16"));
        Self { r: u128::from_le_bytes(*r) & CLAMP, sum: Number::default(), mask }
    }

    /// Adds `data` and zeros up to the end of the block.
    pub fn update_padded(&mut self, data: &[u8]) {
        let (blocks, rest) = self.update_wide(data).as_chunks();
        blocks.iter().for_each(|block| self.add(block));
        if !rest.is_empty() {
            let mut padded = [0; SIZE];
            padded[..rest.len()].copy_from_slice(rest);
            self.add(&padded);
        }
    }

    /// Adds a block.
    fn add(&mut self, block: &[u8; SIZE]) {
        self.sum = self.sum.with_block(self.r, block);
    }

    /// Adds the whole blocks of `data`, as many as possible while `work` is done.
    pub fn update_beside<'a>(&mut self, data: &'a [u8], work: impl FnOnce(&mut Pending<'a>)) {
        let blocks = data.as_chunks().0.iter();
        let mut pending = Pending { r: self.r, sum: self.sum, blocks, follows: false };
        work(&mut pending);
        pending.advance(usize::MAX);
        self.sum = pending.sum;
    }

    /// Adds most of `data`, if there is a fast way and it is long enough for that; what is left.
    #[cfg(target_arch = "x86_64")]
    fn update_wide<'a>(&mut self, data: &'a [u8]) -> &'a [u8] {
        let (blocks, rest) = data.as_chunks();
        if blocks.len() > 1 && ifma::available() {
            self.sum = ifma::update(self.r, self.sum, blocks);
            return rest;
        }
        let (blocks, rest) = data.as_chunks();
        if data.len() >= AVX2_FROM && avx2::available() {
            self.sum = avx2::update(self.r, self.sum, blocks);
            return rest;
        }
        data
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn update_wide<'a>(&mut self, data: &'a [u8]) -> &'a [u8] {
        data
    }

    /// The tag.
    pub fn tag(self) -> [u8; 16] {
        let Number { low, high } = self.sum;
        // The bits above 2^130 count five times at the bottom. After that the sum is below 2^130, so the modulus is
        // subtracted once at most.
        let (low, carry) = low.overflowing_add(u128::from((high >> 2).wrapping_mul(5)));
        let high = (high & 3).wrapping_add(u64::from(carry));
        let (less, carry) = low.overflowing_add(5);
        let larger = 0u128.wrapping_sub(u128::from(high.wrapping_add(u64::from(carry)) >> 2));
        (low ^ (low ^ less) & larger).wrapping_add(self.mask).to_le_bytes()
    }
}

impl Drop for Poly1305 {
    fn drop(&mut self) {
        self.r.zeroize();
        self.sum.low.zeroize();
        self.sum.high.zeroize();
        self.mask.zeroize();
    }
}

/// From the lower one on.
fn words(number: u128) -> [u64; 2] {
    [number as u64, (number >> 64) as u64]
}

#[cfg(test)]
mod tests {
    use super::*;
    use poly1305::universal_hash::{KeyInit, UniversalHash};

    #[track_caller]
    fn check(key: &[u8; 32], data: &[u8]) {
        let mut oracle = poly1305::Poly1305::new(key.into());
        oracle.update_padded(data);
        let mut ours = Poly1305::new(key);
        ours.update_padded(data);
        assert_eq!(ours.tag()[..], oracle.finalize()[..], "{} bytes", data.len());
    }

    #[test]
    fn it_agrees_with_rustcrypto() {
        let bytes: Vec<u8> = (0..1400u32).map(|i| ((i * i) >> 5) as u8).collect();
        for len in (0..1300).step_by(if cfg!(miri) { 67 } else { 1 }) {
            check(bytes[len % 60..].first_chunk().unwrap(), &bytes[..len]);
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn avx2_agrees_with_rustcrypto() {
        if !avx2::available() {
            return;
        }
        let bytes: Vec<u8> = (0..1400u32).map(|i| ((i * i) >> 5) as u8).collect();
        let numbers = [[0; 32], [0xff; 32], *bytes[90..].first_chunk().unwrap()];
        for (key, blocks) in numbers.iter().flat_map(|key| (0..10).map(move |n| (key, n))) {
            for text in [&bytes[..], &[0xff; 1280]] {
                let text = &text[..avx2::WIDE * blocks];
                let mut oracle = poly1305::Poly1305::new(key.into());
                let mut ours = Poly1305::new(key);
                // A sum that is not 0 before.
                for text in [text, text] {
                    oracle.update_padded(text);
                    ours.sum = avx2::update(ours.r, ours.sum, text.as_chunks().0);
                }
                assert_eq!(ours.tag()[..], oracle.finalize()[..], "{blocks} blocks");
            }
        }
    }

    #[test]
    fn sums_about_the_modulus() {
        // With r of 1 the sum is that of the blocks, 2^128 more each.
        let mut key = [0; 32];
        key[0] = 1;
        for low in 0xf0..=0xff_u8 {
            for blocks in 1..20 {
                let mut data = vec![0xff; SIZE * blocks];
                data[0] = low;
                check(&key, &data);
            }
        }
        // And the largest r and mask.
        for len in [16, 64, 640, 1000] {
            check(&[0xff; 32], &vec![0xff; len]);
        }
    }
}
