// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Products for AArch64, and for x86-64 with BMI2: row by row, so that the carries of four limbs stay in the flag,
//! where the compiler does not keep them; and squares, of which most products of limbs are needed only once.

#![allow(unsafe_code)]
#![allow(clippy::indexing_slicing, reason = "the room is twice as long as a number")]

use super::{Limb, Wide, add, mul_add};
use std::arch::asm;

/// The proof that the processor has the instructions.
#[derive(Clone, Copy)]
pub struct Rows(());

impl Rows {
    /// None: the processor does not have them.
    pub fn new() -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        let available = is_x86_feature_detected!("bmi2");
        #[cfg(target_arch = "aarch64")]
        let available = true;
        available.then_some(Self(()))
    }

    /// `a` `b` in `room`, which is as long as both.
    pub fn multiply(self, room: &mut [Limb], a: &[Limb], b: &[Limb]) {
        let len = b.len();
        room.fill(0);
        for (i, a) in a.iter().enumerate() {
            room[i + len] = self.add_row(&mut room[i..][..len], b, *a);
        }
    }

    /// `a` `a` in `room`, which is twice as long.
    pub fn square(self, room: &mut [Limb], a: &[Limb]) {
        let len = a.len();
        room.fill(0);
        // The products of different limbs, once.
        for (i, limb) in a.iter().enumerate() {
            room[i + len] = self.add_row(&mut room[2 * i + 1..i + len], &a[i + 1..], *limb);
        }
        // Twice that, and the squares of the limbs.
        let (mut above, mut carry) = (0, 0);
        for (two, limb) in room.as_chunks_mut::<2>().0.iter_mut().zip(a) {
            let [low, high] = *two;
            let square = Wide::from(*limb).wrapping_mul(Wide::from(*limb));
            two[0] = add(low << 1 | above, square as Limb, &mut carry);
            two[1] = add(high << 1 | low >> 63, (square >> 64) as Limb, &mut carry);
            above = high >> 63;
        }
    }

    /// Adds multiples of the modulus to the number in `room` until its lower half is zeros. Returns the limb above the
    /// number. `inverse` is -1 / modulus in the lowest limb.
    pub fn reduce(self, room: &mut [Limb], modulus: &[Limb], inverse: Limb) -> Limb {
        let (len, mut top) = (modulus.len(), 0);
        for i in 0..len {
            let factor = room[i].wrapping_mul(inverse);
            let carry = self.add_row(&mut room[i..][..len], modulus, factor);
            room[i + len] = add(room[i + len], carry, &mut top);
        }
        top
    }

    /// Adds `a` `b` to `sum`, which is as long as `b`. Returns the carry.
    fn add_row(self, sum: &mut [Limb], b: &[Limb], a: Limb) -> Limb {
        let (sum_fours, sum_rest) = sum.as_chunks_mut();
        let (b_fours, b_rest) = b.as_chunks();
        // SAFETY: the processor has the instructions, of which `self` is the proof.
        let mut carry = unsafe { add_fours(sum_fours, b_fours, a) };
        for (sum, b) in sum_rest.iter_mut().zip(b_rest) {
            *sum = mul_add(*sum, a, *b, &mut carry);
        }
        carry
    }
}

/// [`Rows::add_row`] for pieces of four limbs.
///
/// # Safety
///
/// An x86-64 processor has BMI2.
unsafe fn add_fours(sum: &mut [[Limb; 4]], b: &[[Limb; 4]], a: Limb) -> Limb {
    let (fours, mut carry) = (sum.len().min(b.len()), 0);
    if fours == 0 {
        return carry;
    }
    // SAFETY: `fours` pieces are read of both, and written in `sum`, which have as many. The instructions are there:
    // the caller's promise.
    unsafe {
        #[cfg(target_arch = "aarch64")]
        asm!(
            "2:",
            "ldp {b0}, {b1}, [{b}], #16",
            "ldp {b2}, {b3}, [{b}], #16",
            "ldp {s0}, {s1}, [{sum}]",
            "ldp {s2}, {s3}, [{sum}, #16]",
            "umulh {h0}, {a}, {b0}",
            "umulh {h1}, {a}, {b1}",
            "umulh {h2}, {a}, {b2}",
            "umulh {h3}, {a}, {b3}",
            "mul {b0}, {a}, {b0}",
            "mul {b1}, {a}, {b1}",
            "mul {b2}, {a}, {b2}",
            "mul {b3}, {a}, {b3}",
            "adds {s0}, {s0}, {carry}",
            "adcs {s1}, {s1}, {h0}",
            "adcs {s2}, {s2}, {h1}",
            "adcs {s3}, {s3}, {h2}",
            "adc {carry}, {h3}, xzr",
            "adds {s0}, {s0}, {b0}",
            "adcs {s1}, {s1}, {b1}",
            "adcs {s2}, {s2}, {b2}",
            "adcs {s3}, {s3}, {b3}",
            "adc {carry}, {carry}, xzr",
            "stp {s0}, {s1}, [{sum}], #16",
            "stp {s2}, {s3}, [{sum}], #16",
            "sub {fours}, {fours}, #1",
            "cbnz {fours}, 2b",
            sum = inout(reg) sum.as_mut_ptr() => _,
            b = inout(reg) b.as_ptr() => _,
            a = in(reg) a,
            fours = inout(reg) fours => _,
            carry = inout(reg) carry,
            b0 = out(reg) _, b1 = out(reg) _, b2 = out(reg) _, b3 = out(reg) _,
            s0 = out(reg) _, s1 = out(reg) _, s2 = out(reg) _, s3 = out(reg) _,
            h0 = out(reg) _, h1 = out(reg) _, h2 = out(reg) _, h3 = out(reg) _,
            options(nostack),
        );
        // mulx leaves the flag alone, so that products and sums take turns.
        #[cfg(target_arch = "x86_64")]
        asm!(
            "2:",
            "mulx {high}, {s0}, [{b}]",
            "add {s0}, {carry}",
            "mulx {carry}, {s1}, [{b} + 8]",
            "adc {s1}, {high}",
            "mulx {high}, {s2}, [{b} + 16]",
            "adc {s2}, {carry}",
            "mulx {carry}, {s3}, [{b} + 24]",
            "adc {s3}, {high}",
            "adc {carry}, 0",
            "add {s0}, [{sum}]",
            "adc {s1}, [{sum} + 8]",
            "adc {s2}, [{sum} + 16]",
            "adc {s3}, [{sum} + 24]",
            "adc {carry}, 0",
            "mov [{sum}], {s0}",
            "mov [{sum} + 8], {s1}",
            "mov [{sum} + 16], {s2}",
            "mov [{sum} + 24], {s3}",
            "add {b}, 32",
            "add {sum}, 32",
            "dec {fours}",
            "jnz 2b",
            sum = inout(reg) sum.as_mut_ptr() => _,
            b = inout(reg) b.as_ptr() => _,
            in("rdx") a,
            fours = inout(reg) fours => _,
            carry = inout(reg) carry,
            high = out(reg) _,
            s0 = out(reg) _, s1 = out(reg) _, s2 = out(reg) _, s3 = out(reg) _,
            options(nostack),
        );
    }
    carry
}
