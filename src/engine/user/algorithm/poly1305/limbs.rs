// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Numbers as three limbs of 44, 44 and 42 bits. Products of such limbs can be added up before carries are
//! needed. The powers of r for the vector code are computed in this form.

use super::Number;
use std::hint::black_box;

/// A number of 130 bits, or little more, in limbs of 44, 44 and 42; a power of r has two bits more in the third.
pub type Limbs = [u64; 3];

pub const LOW_44: u64 = (1 << 44) - 1;
pub const LOW_42: u64 = (1 << 42) - 1;

pub fn split(Number { low, high }: Number) -> Limbs {
    [low as u64 & LOW_44, (low >> 44) as u64 & LOW_44, (low >> 88) as u64 | high << 40]
}

pub fn joined([a, b, c]: Limbs) -> Number {
    let low = u128::from(a).wrapping_add(u128::from(b) << 44);
    let (low, carry) = low.overflowing_add(u128::from(c) << 88);
    Number { low, high: (c >> 40).wrapping_add(u64::from(carry)) }
}

/// The product, modulo 2^130 - 5. Its limbs have 44 bits each, the second perhaps one more.
pub fn product(a: &Limbs, b: &Limbs) -> Limbs {
    // Products that are 20 bits further up have what is above 44 bits in their upper words: to shift two words at once
    // takes long on some processors.
    let [a, b] = [a, b].map(|limbs| limbs.map(|limb| limb << 10));
    // 2^132 is 4 times 5.
    let [b1, b2] = [b[1].wrapping_mul(20), b[2].wrapping_mul(20)];
    let columns = [[b[0], b2, b1], [b[1], b[0], b2], [b[2], b[1], b[0]]];
    let [x, y, z] = columns.map(|column| {
        let [x, y, z] = [0, 1, 2].map(|i| u128::from(a[i]).wrapping_mul(u128::from(column[i])));
        x.wrapping_add(y).wrapping_add(z)
    });
    let (limb, above) = (|sum: u128| sum as u64 >> 20, |sum: u128| (sum >> 64) as u64);
    let second = limb(y).wrapping_add(above(x));
    let third = limb(z).wrapping_add(above(y)).wrapping_add(second >> 44);
    let over = above(z).wrapping_add(third >> 44);
    let first = limb(x).wrapping_add(over.wrapping_mul(20));
    // By way of memory: else the compiler computes with limbs of several numbers in vectors, and to take them out of
    // these again takes longer.
    black_box([first & LOW_44, (second & LOW_44).wrapping_add(first >> 44), third & LOW_44])
}

/// Carries: up to one bit more than the limbs have may stay in the second.
pub fn reduced([mut a, mut b, mut c]: [u128; 3]) -> Limbs {
    b = b.wrapping_add(a >> 44);
    c = c.wrapping_add(b >> 44);
    a = u128::from(a as u64 & LOW_44).wrapping_add((c >> 42).wrapping_mul(5));
    let a = a as u64;
    [a & LOW_44, (b as u64 & LOW_44).wrapping_add(a >> 44), c as u64 & LOW_42]
}
