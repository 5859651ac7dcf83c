// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Products for x86-64 with BMI2 and ADX, by blocks of eight times eight limbs: eight limbs of the sum stay in registers
//! for all of a block, and two chains of carries run side by side, each in its own flag.
//!
//! Reference: Ozturk, Guilford, Gopal, Feghali: New Instructions Supporting Large Integer Arithmetic on Intel
//! Architecture Processors (2012).

#![allow(unsafe_code)]
#![allow(clippy::indexing_slicing, reason = "the room is twice as long as a number")]

use super::{Limb, add};
use std::arch::asm;

/// Limbs in a block.
const BLOCK: usize = 8;

type Block = [Limb; BLOCK];

/// The proof that the processor has the instructions.
#[derive(Clone, Copy)]
pub struct Blocks(());

/// The instructions for a row: the product of the limb in rdx and a block is added to the registers p0 to p7, and all
/// goes down by a limb. What falls out at the lower end is in u before `$store`, which takes it from there.
///
/// The sum fits: it was below 2 to the power of 512, to which a row adds a product of as many bits and one limb more.
macro_rules! rows {
    ($factor:expr, $store:expr, $($operands:tt)*) => {
        asm!(
            ".irp i, 0, 8, 16, 24, 32, 40, 48, 56",
            $factor,
            // Clears both carries.
            "xor {u:e}, {u:e}",
            "mulx {t}, {u}, [{b}]",
            "adcx {u}, {p0}",
            $store,
            "mulx {u}, {p0}, [{b} + 8]",
            "adcx {p0}, {p1}",
            "adox {p0}, {t}",
            "mulx {t}, {p1}, [{b} + 16]",
            "adcx {p1}, {p2}",
            "adox {p1}, {u}",
            "mulx {u}, {p2}, [{b} + 24]",
            "adcx {p2}, {p3}",
            "adox {p2}, {t}",
            "mulx {t}, {p3}, [{b} + 32]",
            "adcx {p3}, {p4}",
            "adox {p3}, {u}",
            "mulx {u}, {p4}, [{b} + 40]",
            "adcx {p4}, {p5}",
            "adox {p4}, {t}",
            "mulx {t}, {p5}, [{b} + 48]",
            "adcx {p5}, {p6}",
            "adox {p5}, {u}",
            "mulx {u}, {p6}, [{b} + 56]",
            "adcx {p6}, {p7}",
            "adox {p6}, {t}",
            "mov {p7:e}, 0",
            "adcx {u}, {p7}",
            "adox {u}, {p7}",
            "mov {p7}, {u}",
            ".endr",
            t = out(reg) _,
            u = out(reg) _,
            out("rdx") _,
            $($operands)*
            options(nostack),
        )
    };
}

impl Blocks {
    /// None: the processor does not have them.
    pub fn new() -> Option<Self> {
        let available = is_x86_feature_detected!("bmi2") && is_x86_feature_detected!("adx");
        available.then_some(Self(()))
    }

    /// `a` `b` / R, or without `b` `a` `a` / R, less than twice the modulus, in the upper half of `room`, which is
    /// twice as long as they are. Returns the limb above that; None: a number does not consist of blocks. `inverse` is
    /// -1 / modulus in the lowest limb.
    pub fn product(
        self,
        room: &mut [Limb],
        a: &[Limb],
        b: Option<&[Limb]>,
        modulus: &[Limb],
        inverse: Limb,
    ) -> Option<Limb> {
        let (modulus, []) = modulus.as_chunks() else { return None };
        let (room, a) = (room.as_chunks_mut().0, a.as_chunks().0);
        match b {
            Some(b) => self.multiply(room, a, b.as_chunks().0),
            None => self.square(room, a),
        }
        Some(self.reduce(room, modulus, inverse))
    }

    /// `a` `b` in `room`.
    fn multiply(self, room: &mut [Block], a: &[Block], b: &[Block]) {
        room.fill([0; BLOCK]);
        for (i, a) in a.iter().enumerate() {
            room[i + b.len()] = self.add_products(&mut room[i..], b, a);
        }
    }

    /// `a` `a` in `room`.
    fn square(self, room: &mut [Block], a: &[Block]) {
        room.fill([0; BLOCK]);
        // The products of different blocks, once.
        for (i, block) in a.iter().enumerate() {
            room[i + a.len()] = self.add_products(&mut room[2 * i + 1..], &a[i + 1..], block);
        }
        // Twice that, and the squares of the blocks.
        let (mut above, mut carry) = (0, 0);
        for ([low, high], block) in room.as_chunks_mut().0.iter_mut().zip(a) {
            let (mut square_low, mut square_high) = ([0; BLOCK], [0; BLOCK]);
            self.add_product(&mut square_high, &mut square_low, block, block);
            for (sum, square) in [(low, square_low), (high, square_high)] {
                for (limb, square) in sum.iter_mut().zip(square) {
                    let twice = *limb << 1 | above;
                    above = *limb >> (Limb::BITS - 1);
                    *limb = add(twice, square, &mut carry);
                }
            }
        }
    }

    /// Adds multiples of the modulus to the number in `room` until its lower half would be zeros: these say how many
    /// times instead. Returns the limb above the number.
    fn reduce(self, room: &mut [Block], modulus: &[Block], inverse: Limb) -> Limb {
        let mut top = 0;
        let [lowest, others @ ..] = modulus else { return top };
        for i in 0..modulus.len() {
            let [times, sum @ ..] = &mut room[i..] else { break };
            let mut carry = self.clear(times, lowest, inverse);
            for (sum, n) in sum.iter_mut().zip(others) {
                self.add_product(&mut carry, sum, times, n);
            }
            for (limb, carry) in sum[others.len()].iter_mut().zip(carry) {
                *limb = add(*limb, carry, &mut top);
            }
        }
        top
    }

    /// Adds `a` `b` to `sum`. Returns the block above.
    fn add_products(self, sum: &mut [Block], b: &[Block], a: &Block) -> Block {
        let mut carry = [0; BLOCK];
        for (sum, b) in sum.iter_mut().zip(b) {
            self.add_product(&mut carry, sum, a, b);
        }
        carry
    }

    /// `carry` and `sum`, of which `carry` is the higher, = `carry` + `sum` + `a` `b`.
    fn add_product(self, carry: &mut Block, sum: &mut Block, a: &Block, b: &Block) {
        let [mut p0, mut p1, mut p2, mut p3, mut p4, mut p5, mut p6, mut p7] = *carry;
        // SAFETY: a block is read of `a`, `b` and `sum` each, and one is written in `sum`. The processor has the
        // instructions, of which `self` is the proof.
        unsafe {
            rows!(
                "mov rdx, [{a} + \\i]",
                "adox {u}, [{sum} + \\i]\nmov [{sum} + \\i], {u}",
                a = in(reg) a.as_ptr(),
                b = in(reg) b.as_ptr(),
                sum = in(reg) sum.as_mut_ptr(),
                p0 = inout(reg) p0, p1 = inout(reg) p1, p2 = inout(reg) p2, p3 = inout(reg) p3,
                p4 = inout(reg) p4, p5 = inout(reg) p5, p6 = inout(reg) p6, p7 = inout(reg) p7,
            );
        }
        *carry = [p0, p1, p2, p3, p4, p5, p6, p7];
    }

    /// Adds such a multiple of `n`, an odd number, to `sum` that the sum's lowest block is 0. Returns the block above,
    /// and leaves in `sum` how many times it was.
    fn clear(self, sum: &mut Block, n: &Block, inverse: Limb) -> Block {
        let [mut p0, mut p1, mut p2, mut p3, mut p4, mut p5, mut p6, mut p7] = *sum;
        // SAFETY: a block is read of `n`, and one is written in `sum`. The processor has the instructions, of which
        // `self` is the proof.
        unsafe {
            rows!(
                "mov rdx, {p0}\nimul rdx, {inverse}",
                "mov [{sum} + \\i], rdx",
                inverse = in(reg) inverse,
                b = in(reg) n.as_ptr(),
                sum = in(reg) sum.as_mut_ptr(),
                p0 = inout(reg) p0, p1 = inout(reg) p1, p2 = inout(reg) p2, p3 = inout(reg) p3,
                p4 = inout(reg) p4, p5 = inout(reg) p5, p6 = inout(reg) p6, p7 = inout(reg) p7,
            );
        }
        [p0, p1, p2, p3, p4, p5, p6, p7]
    }
}
