// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Poly1305, RFC 8439: the sum of the blocks times powers of r, modulo 2^130 - 5.
//!
//! RustCrypto's, the oracle of the tests, takes more than a microsecond to begin a message. This
//! one takes four blocks at once, whose products add up before they are reduced, or eight with AVX2
//! and 16 with AVX-512 IFMA; and blocks of 16 bytes only: its users pad what they authenticate.

#![allow(
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "blocks and limbs have the sizes that the algorithm gives them"
)]

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod ifma;

use zeroize::Zeroize;

/// Bytes in a block.
const SIZE: usize = 16;

/// A number of 130 bits, or little more, in limbs of 44, 44 and 42.
type Number = [u64; 3];

const LOW_44: u64 = (1 << 44) - 1;
const LOW_42: u64 = (1 << 42) - 1;

/// A key, and what has been authenticated with it.
pub struct Poly1305 {
    r: Number,
    sum: Number,
    mask: u128,
}

impl Poly1305 {
    /// A key is for one message.
    pub fn new(key: &[u8; 32]) -> Self {
        const CLAMP: u128 = 0x0fff_fffc_0fff_fffc_0fff_fffc_0fff_ffff;
        let (r, mask) = key.split_first_chunk().expect("16 of 32 bytes");
        let mask = u128::from_le_bytes(*mask.first_chunk().expect("the other 16"));
        Self { r: limbs(u128::from_le_bytes(*r) & CLAMP), sum: [0; 3], mask }
    }

    /// Adds `data` and zeros up to the end of the block.
    pub fn update_padded(&mut self, data: &[u8]) {
        let data = self.update_wide(data);
        // For fewer blocks the powers of r would take longer to compute than they save.
        let wide = if data.len() < 8 * SIZE { &[] } else { data };
        let (fours, _) = wide.as_chunks::<{ 4 * SIZE }>();
        if !fours.is_empty() {
            let square = product(&self.r, &self.r);
            let cube = product(&square, &self.r);
            let fourth = product(&square, &square);
            for four in fours {
                let [a, b, c, d] = [0, 1, 2, 3].map(|i| block(&four[SIZE * i..][..SIZE]));
                let mut products = [0; 3];
                add_product(&mut products, &added(&self.sum, &a), &fourth);
                add_product(&mut products, &b, &cube);
                add_product(&mut products, &c, &square);
                add_product(&mut products, &d, &self.r);
                self.sum = reduced(products);
            }
        }
        for piece in data[fours.as_flattened().len()..].chunks(SIZE) {
            let mut padded = [0; SIZE];
            padded[..piece.len()].copy_from_slice(piece);
            self.sum = product(&added(&self.sum, &block(&padded)), &self.r);
        }
    }

    /// Adds most of `data`, if there is a fast way and it is long enough for that; what is left.
    #[cfg(target_arch = "x86_64")]
    fn update_wide<'a>(&mut self, data: &'a [u8]) -> &'a [u8] {
        let (blocks, rest) = data.as_chunks();
        if blocks.len() > 1 && ifma::available() {
            self.sum = ifma::update(&self.r, &self.sum, blocks);
            return rest;
        }
        let (blocks, rest) = data.as_chunks();
        if blocks.len() > 1 && avx2::available() {
            self.sum = avx2::update(&self.r, &self.sum, blocks);
            return rest;
        }
        data
    }

    #[cfg(target_arch = "aarch64")]
    fn update_wide<'a>(&mut self, data: &'a [u8]) -> &'a [u8] {
        let (blocks, rest) = data.as_chunks();
        self.sum = aarch64::update(&self.r, &self.sum, blocks);
        rest
    }

    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    fn update_wide<'a>(&mut self, data: &'a [u8]) -> &'a [u8] {
        data
    }

    /// The tag.
    pub fn tag(mut self) -> [u8; 16] {
        // Twice: the first carry of 2^130 may bring about another.
        for _ in 0..2 {
            self.sum = reduced(self.sum.map(u128::from));
        }
        // Less 2^130 - 5, unless it is smaller than that.
        let [mut a, mut b, mut c] = self.sum;
        a = a.wrapping_add(5);
        b = b.wrapping_add(a >> 44);
        c = c.wrapping_add(b >> 44);
        let larger = 0u64.wrapping_sub(c >> 42);
        for (limb, less) in self.sum.iter_mut().zip([a & LOW_44, b & LOW_44, c & LOW_42]) {
            *limb ^= (*limb ^ less) & larger;
        }
        let [a, b, c] = self.sum.map(u128::from);
        (a | b << 44 | c << 88).wrapping_add(self.mask).to_le_bytes()
    }
}

impl Drop for Poly1305 {
    fn drop(&mut self) {
        self.r.zeroize();
        self.sum.zeroize();
        self.mask.zeroize();
    }
}

fn limbs(bits: u128) -> Number {
    [bits as u64 & LOW_44, (bits >> 44) as u64 & LOW_44, (bits >> 88) as u64]
}

/// A whole block's number has a further bit at its end.
fn block(bytes: &[u8]) -> Number {
    let mut number = limbs(u128::from_le_bytes(bytes.try_into().expect("a block")));
    number[2] |= 1 << 40;
    number
}

fn added(a: &Number, b: &Number) -> Number {
    [a[0].wrapping_add(b[0]), a[1].wrapping_add(b[1]), a[2].wrapping_add(b[2])]
}

/// Adds the product of `a`, of up to 45 bits a limb, and `r` to `sum`, where four of them fit.
#[inline(always)]
fn add_product(sum: &mut [u128; 3], a: &Number, r: &Number) {
    let mut add = |place: usize, a: u64, b: u64| {
        sum[place] = sum[place].wrapping_add(u128::from(a).wrapping_mul(u128::from(b)));
    };
    // 2^132 is 4 times 5.
    let [r1, r2] = [r[1].wrapping_mul(20), r[2].wrapping_mul(20)];
    let columns = [[r[0], r2, r1], [r[1], r[0], r2], [r[2], r[1], r[0]]];
    for (place, column) in columns.iter().enumerate() {
        a.iter().zip(column).for_each(|(&a, &b)| add(place, a, b));
    }
}

/// Carries: up to one bit more than the limbs have may stay in the second.
#[inline(always)]
fn reduced([mut a, mut b, mut c]: [u128; 3]) -> Number {
    b = b.wrapping_add(a >> 44);
    c = c.wrapping_add(b >> 44);
    a = u128::from(a as u64 & LOW_44).wrapping_add((c >> 42).wrapping_mul(5));
    let a = a as u64;
    [a & LOW_44, (b as u64 & LOW_44).wrapping_add(a >> 44), c as u64 & LOW_42]
}

fn product(a: &Number, b: &Number) -> Number {
    let mut sum = [0; 3];
    add_product(&mut sum, a, b);
    reduced(sum)
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
        for len in 0..1300 {
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
                    ours.sum = avx2::update(&ours.r, &ours.sum, text.as_chunks().0);
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
