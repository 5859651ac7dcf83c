// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Numbers as three limbs of 44, 44 and 42 bits. Products of such limbs can be added up before carries are
//! needed. The powers of r for the vector code are computed in this form.

use super::Number;

/// A number of 130 bits, or little more, in limbs of 44, 44 and 42.
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

/// The product, modulo 2^130 - 5.
pub fn product(a: &Limbs, b: &Limbs) -> Limbs {
    let product = |a: u64, b: u64| u128::from(a).wrapping_mul(u128::from(b));
    // 2^132 is 4 times 5.
    let [b1, b2] = [b[1].wrapping_mul(20), b[2].wrapping_mul(20)];
    let columns = [[b[0], b2, b1], [b[1], b[0], b2], [b[2], b[1], b[0]]];
    reduced(columns.map(|column| {
        let [x, y, z] = [0, 1, 2].map(|i| product(a[i], column[i]));
        x.wrapping_add(y).wrapping_add(z)
    }))
}

/// Carries: up to one bit more than the limbs have may stay in the second.
pub fn reduced([mut a, mut b, mut c]: [u128; 3]) -> Limbs {
    b = b.wrapping_add(a >> 44);
    c = c.wrapping_add(b >> 44);
    a = u128::from(a as u64 & LOW_44).wrapping_add((c >> 42).wrapping_mul(5));
    let a = a as u64;
    [a & LOW_44, (b as u64 & LOW_44).wrapping_add(a >> 44), c as u64 & LOW_42]
}
