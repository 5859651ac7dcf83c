// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Poly1305 for AArch64: one block after the other, in words of 64 bits, since carries cost little there and
//! products are dear: ten for a block, and 18 in smaller limbs.

use super::{LOW_44, Number, SIZE};

/// The sum after these blocks.
pub fn update(r: &Number, sum: &Number, blocks: &[[u8; SIZE]]) -> Number {
    let product = |a: u64, b: u64| u128::from(a).wrapping_mul(u128::from(b));
    let (r, _) = words(r);
    let [r0, r1] = [r as u64, (r >> 64) as u64];
    // 2^128 times r1 is 5/4 of it, modulo 2^130 - 5. The lowest two bits of r1 are 0.
    let folded = r1.wrapping_add(r1 >> 2);
    let (mut low, mut high) = words(sum);
    for block in blocks {
        let carry;
        (low, carry) = low.overflowing_add(u128::from_le_bytes(*block));
        // And the further bit at the end of the block.
        high = high.wrapping_add(u64::from(carry)).wrapping_add(1);
        let [h0, h1] = [low as u64, (low >> 64) as u64];
        let first = product(h0, r0).wrapping_add(product(h1, folded));
        let second = product(h0, r1)
            .wrapping_add(product(h1, r0))
            .wrapping_add(u128::from(high.wrapping_mul(folded)))
            .wrapping_add(first >> 64);
        let third = high.wrapping_mul(r0).wrapping_add((second >> 64) as u64);
        // Five times what is above 2^130.
        let above = (third & !3).wrapping_add(third >> 2);
        let carry;
        (low, carry) = (second << 64 | u128::from(first as u64)).overflowing_add(above.into());
        high = (third & 3).wrapping_add(u64::from(carry));
    }
    [low as u64 & LOW_44, (low >> 44) as u64 & LOW_44, (low >> 88) as u64 | high << 40]
}

/// The number in 128 bits, and what is above them.
fn words([a, b, c]: &Number) -> (u128, u64) {
    let [a, b] = [a, b].map(|limb| u128::from(*limb));
    let low = a.wrapping_add(b << 44);
    let (low, carry) = low.overflowing_add(u128::from(*c) << 88);
    (low, (c >> 40).wrapping_add(u64::from(carry)))
}
