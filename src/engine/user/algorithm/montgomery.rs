// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Arithmetic modulo an odd number, by Montgomery's method, for RSA and Diffie-Hellman.
//!
//! The crates that have this leave primes and powers of secrets behind in freed memory, which
//! nobody can wipe from outside. Here every number is in memory that is wiped when it is dropped,
//! and a computation takes all that it needs at its beginning, so that there is no memory to run
//! out of in its midst.
//!
//! The time and the addresses that are read depend on the lengths of the numbers only, except in
//! [`Modulus::pow_public`], which depends on its exponent. A modulus' length in bits is public.
//!
//! Numbers are limbs with the lowest first. R is 2 to the number of bits in a modulus' limbs; x in
//! Montgomery form is x R.
//!
//! Reference: Handbook of Applied Cryptography, 14.3.2 and 14.6.1.

#[cfg(target_arch = "x86_64")]
mod blocks;
#[cfg(target_arch = "x86_64")]
mod ifma;
#[cfg(not(target_arch = "x86_64"))]
mod no_ifma;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod rows;

#[cfg(target_arch = "x86_64")]
use self::ifma::Digits;
#[cfg(not(target_arch = "x86_64"))]
use self::no_ifma::Digits;
use super::verdict;
use crate::errno::{Errno, Result};
use std::hint::black_box;
use zeroize::Zeroizing;

/// A digit.
#[cfg(target_pointer_width = "64")]
pub type Limb = u64;
/// The product of two digits.
#[cfg(target_pointer_width = "64")]
type Wide = u128;
/// A digit.
#[cfg(not(target_pointer_width = "64"))]
pub type Limb = u32;
/// The product of two digits.
#[cfg(not(target_pointer_width = "64"))]
type Wide = u64;

/// Bytes in a limb.
pub const LIMB: usize = size_of::<Limb>();

/// Bits of an exponent that one multiplication takes.
const WINDOW: usize = 5;

/// A number, or several, in memory that is wiped when it is dropped.
pub struct Limbs(Vec<Limb>);

impl Limbs {
    /// `len` limbs of zeros; ENOMEM.
    pub fn zeros(len: usize) -> Result<Self> {
        let mut limbs = Vec::new();
        limbs.try_reserve_exact(len)?;
        limbs.resize(len, 0);
        Ok(Self(limbs))
    }

    /// A copy of `number`; ENOMEM.
    pub fn copy(number: &[Limb]) -> Result<Self> {
        let mut copy = Self::zeros(number.len())?;
        copy.get_mut().copy_from_slice(number);
        Ok(copy)
    }

    /// The number of these bytes, of which the first is the highest, in `len` limbs. EINVAL: it
    /// needs more.
    pub fn from_bytes(bytes: &[u8], len: usize) -> Result<Self> {
        let mut limbs = Self::zeros(len)?;
        limbs.read(bytes)?;
        Ok(limbs)
    }

    /// The limbs.
    pub fn get(&self) -> &[Limb] {
        &self.0
    }

    /// The limbs, to be changed.
    pub fn get_mut(&mut self) -> &mut [Limb] {
        &mut self.0
    }

    fn read(&mut self, bytes: &[u8]) -> Result<()> {
        let mut pieces = bytes.rchunks(LIMB);
        for (limb, piece) in self.0.iter_mut().zip(pieces.by_ref()) {
            *limb = piece.iter().fold(0, |limb, byte| (limb << 8) | Limb::from(*byte));
        }
        let rest = pieces.flatten().fold(0, |rest, byte| rest | byte);
        if rest == 0 { Ok(()) } else { Err(Errno::INVAL) }
    }
}

impl Drop for Limbs {
    fn drop(&mut self) {
        // In one piece, because zeroize by itself makes one store for each limb.
        self.0.fill(0);
        zeroize::optimization_barrier(&self.0);
    }
}

/// Writes a number to `bytes`, of which the first is the highest. The number must fit.
pub fn write(number: &[Limb], bytes: &mut [u8]) {
    let limbs = number.iter().chain(std::iter::repeat(&0));
    for (piece, limb) in bytes.rchunks_mut(LIMB).zip(limbs) {
        for (byte, shift) in piece.iter_mut().rev().zip((0..).step_by(8)) {
            *byte = (limb >> shift) as u8;
        }
    }
}

/// A mask: all bits, or none.
#[derive(Clone, Copy)]
struct Mask(Limb);

impl Mask {
    /// All bits if `bit` is 1, none if it is 0. The compiler does not learn that there are only
    /// these two, and makes no branch of it.
    fn of(bit: Limb) -> Self {
        Self(black_box(bit).wrapping_neg())
    }

    /// `yes` or `no`.
    fn select(self, yes: Limb, no: Limb) -> Limb {
        no ^ (self.0 & (yes ^ no))
    }
}

/// `a` + `b` + `carry`, and the new carry, which is 0 or 1. The old one is, too, unless `b` is 0.
fn add(a: Limb, b: Limb, carry: &mut Limb) -> Limb {
    let (sum, first) = a.overflowing_add(b);
    let (sum, second) = sum.overflowing_add(*carry);
    *carry = Limb::from(first | second);
    sum
}

/// `a` - `b` - `borrow`, and the new borrow.
fn sub(a: Limb, b: Limb, borrow: &mut Limb) -> Limb {
    let (difference, first) = a.overflowing_sub(b);
    let (difference, second) = difference.overflowing_sub(*borrow);
    *borrow = Limb::from(first | second);
    difference
}

/// `a` + `b` `c` + `carry`, which never has more than two limbs, and the new carry.
#[inline(always)]
fn mul_add(a: Limb, b: Limb, c: Limb, carry: &mut Limb) -> Limb {
    let product = Wide::from(b).wrapping_mul(Wide::from(c));
    let sum = product.wrapping_add(Wide::from(a)).wrapping_add(Wide::from(*carry));
    *carry = (sum >> Limb::BITS) as Limb;
    sum as Limb
}

/// 1 if `a` < `b`, else 0; both have as many limbs.
fn is_less(a: &[Limb], b: &[Limb]) -> Limb {
    let mut borrow = 0;
    for (a, b) in a.iter().zip(b) {
        sub(*a, *b, &mut borrow);
    }
    borrow
}

/// Tells whether `a` < `b`; both have as many limbs. That becomes public, as by the next two.
pub fn less(a: &[Limb], b: &[Limb]) -> bool {
    !verdict::is_zero(is_less(a, b))
}

/// Tells whether `a` and `b`, which have as many limbs, are the same.
pub fn equal(a: &[Limb], b: &[Limb]) -> bool {
    verdict::is_zero(a.iter().zip(b).fold(0, |rest, (a, b)| rest | (a ^ b)))
}

/// Tells whether `a` is 0.
pub fn is_zero(a: &[Limb]) -> bool {
    verdict::is_zero(a.iter().fold(0, |rest, a| rest | a))
}

/// `product` = `a` `b` + `sum`. It has as many limbs as `a` and `b` have together, and the
/// number must fit.
pub fn mul_plus(product: &mut [Limb], a: &[Limb], b: &[Limb], sum: &[Limb]) {
    product.fill(0);
    product.iter_mut().zip(sum).for_each(|(to, from)| *to = *from);
    for (i, a) in a.iter().enumerate() {
        let mut carry = 0;
        let mut to = product.get_mut(i..).unwrap_or_default().iter_mut();
        to.by_ref().zip(b).for_each(|(to, b)| *to = mul_add(*to, *a, *b, &mut carry));
        to.for_each(|to| *to = add(*to, 0, &mut carry));
    }
}

/// An odd modulus, which may be a secret.
pub struct Modulus {
    modulus: Limbs,
    /// R in Montgomery form: what makes Montgomery forms.
    rr: Limbs,
    /// -1 / modulus in the lowest limb, which tells as much of the modulus.
    inverse: Zeroizing<Limb>,
    bits: usize,
    /// For powers, where the processor multiplies several digits at once.
    digits: Option<Digits>,
}

/// Room for what a multiplication, or a power, has in between.
pub struct Room(Limbs);

impl Modulus {
    /// The modulus of these bytes, of which the first is the highest. EINVAL: it is even, or less
    /// than 3.
    pub fn new(bytes: &[u8]) -> Result<Self> {
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let bytes = bytes.get(zeros..).unwrap_or_default();
        let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
            return Err(Errno::INVAL);
        };
        let bits = bytes.len() * 8 - first.leading_zeros() as usize;
        if bits < 2 || last % 2 == 0 {
            return Err(Errno::INVAL);
        }
        let len = bytes.len().div_ceil(LIMB);
        let modulus = Limbs::from_bytes(bytes, len)?;
        let mut inverse: Limb = 1;
        let lowest = modulus.get().first().copied().unwrap_or(1);
        for _ in 0..Limb::BITS.ilog2() {
            inverse = inverse.wrapping_mul((2 as Limb).wrapping_sub(lowest.wrapping_mul(inverse)));
        }
        let rr = Limbs::zeros(len)?;
        let inverse = Zeroizing::new(inverse.wrapping_neg());
        let mut this = Self { modulus, rr, inverse, bits, digits: None };
        this.find_rr()?;
        this.digits = Digits::new(&this)?;
        Ok(this)
    }

    /// The number of its limbs.
    pub fn len(&self) -> usize {
        self.modulus.get().len()
    }

    /// Its length in bits.
    pub fn bits(&self) -> usize {
        self.bits
    }

    /// Its length in bytes.
    pub fn bytes(&self) -> usize {
        self.bits.div_ceil(8)
    }

    /// The modulus itself.
    pub fn get(&self) -> &[Limb] {
        self.modulus.get()
    }

    /// Room for multiplications; ENOMEM.
    pub fn room(&self) -> Result<Room> {
        Limbs::zeros(2 * self.len()).map(Room)
    }

    /// From the highest power of 2 below the modulus to R R, by doublings and squarings.
    fn find_rr(&mut self) -> Result<()> {
        let (len, mut room) = (self.len(), self.room()?);
        let mut power = Limbs::zeros(len)?;
        let top = self.bits - 1;
        let limb_bits = Limb::BITS as usize;
        if let Some(limb) = power.get_mut().get_mut(top / limb_bits) {
            *limb = 1 << (top % limb_bits);
        }
        for _ in 0..len * limb_bits - top + len {
            self.double(power.get_mut());
        }
        for _ in 0..Limb::BITS.ilog2() {
            self.square(power.get_mut(), &mut room);
        }
        self.rr = power;
        Ok(())
    }

    /// Subtracts the modulus from `number`, whose highest limb `carry` is, if it is not below it.
    fn reduce_once(&self, number: &mut [Limb], carry: Limb) {
        let subtract = Mask::of((carry | (is_less(number, self.get()) ^ 1)) & 1);
        let mut borrow = 0;
        for (a, b) in number.iter_mut().zip(self.get()) {
            *a = sub(*a, subtract.select(*b, 0), &mut borrow);
        }
    }

    fn double(&self, number: &mut [Limb]) {
        let mut carry = 0;
        number.iter_mut().for_each(|limb| *limb = add(*limb, *limb, &mut carry));
        self.reduce_once(number, carry);
    }

    /// `a` = `a` + `b` modulo the modulus, below which both are.
    pub fn add(&self, a: &mut [Limb], b: &[Limb]) {
        let mut carry = 0;
        a.iter_mut().zip(b).for_each(|(a, b)| *a = add(*a, *b, &mut carry));
        self.reduce_once(a, carry);
    }

    /// `a` = `a` - `b` modulo the modulus, below which both are.
    pub fn sub(&self, a: &mut [Limb], b: &[Limb]) {
        let mut borrow = 0;
        a.iter_mut().zip(b).for_each(|(a, b)| *a = sub(*a, *b, &mut borrow));
        let (below, mut carry) = (Mask::of(borrow), 0);
        for (a, b) in a.iter_mut().zip(self.get()) {
            *a = add(*a, below.select(*b, 0), &mut carry);
        }
    }

    /// `a` = `a` `b` / R. `a` may be any number of as many limbs if `b` is below the modulus.
    pub fn mul(&self, a: &mut [Limb], b: &[Limb], room: &mut Room) {
        let top = self.product(a, b, room);
        self.below(a, room, top);
    }

    /// `a` = `a` `a` / R.
    fn square(&self, a: &mut [Limb], room: &mut Room) {
        let by_rows = self.product_by_rows(a, None, room);
        let top = by_rows.unwrap_or_else(|| self.product(a, a, room));
        self.below(a, room, top);
    }

    /// `a` = what [`Modulus::product`] has made, less the modulus if it is not below that.
    fn below(&self, a: &mut [Limb], room: &Room, top: Limb) {
        let product = room.0.get().get(self.len()..).unwrap_or_default();
        let mut borrow = 0;
        // Pieces whose length the compiler knows let it keep the borrow in the flag.
        let (fours, rest) = a.as_chunks_mut::<4>();
        let (product_fours, product_rest) = product.as_chunks::<4>();
        let (n_fours, n_rest) = self.get().as_chunks::<4>();
        let mut less = |a: &mut [Limb], product: &[Limb], n: &[Limb]| {
            for ((a, product), n) in a.iter_mut().zip(product).zip(n) {
                *a = sub(*product, *n, &mut borrow);
            }
        };
        for ((a, product), n) in fours.iter_mut().zip(product_fours).zip(n_fours) {
            less(a, product, n);
        }
        less(rest, product_rest, n_rest);
        let is_below = Mask::of(borrow & (top ^ 1));
        a.iter_mut().zip(product).for_each(|(a, product)| *a = is_below.select(*product, *a));
    }

    /// [`Modulus::product`] as fast as the processor can; None: not faster than by single limbs. Without
    /// `b` it is the square of `a`.
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    fn product_by_rows(&self, a: &[Limb], b: Option<&[Limb]>, room: &mut Room) -> Option<Limb> {
        #[cfg(target_arch = "x86_64")]
        if let Some(blocks) = blocks::Blocks::new()
            && let Some(top) = blocks.product(room.0.get_mut(), a, b, self.get(), *self.inverse)
        {
            return Some(top);
        }
        let rows = rows::Rows::new()?;
        match b {
            Some(b) => rows.multiply(room.0.get_mut(), a, b),
            None => rows.square(room.0.get_mut(), a),
        }
        Some(rows.reduce(room.0.get_mut(), self.get(), *self.inverse))
    }

    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    fn product_by_rows(&self, _: &[Limb], _: Option<&[Limb]>, _: &mut Room) -> Option<Limb> {
        None
    }

    /// `a` `b` / R, less than twice the modulus, in the upper half of `room`. Returns the limb
    /// above that.
    fn product(&self, a: &[Limb], b: &[Limb], room: &mut Room) -> Limb {
        if let Some(top) = self.product_by_rows(a, Some(b), room) {
            return top;
        }
        let len = self.len();
        let room = room.0.get_mut();
        room.fill(0);
        let mut top: Limb = 0;
        for (i, a) in a.iter().enumerate() {
            let Some((low, high)) =
                room.get_mut(i..).and_then(|room| room.split_at_mut_checked(len))
            else {
                break;
            };
            let (mut carry, mut second) = (0, 0);
            let lowest = low.first().copied().unwrap_or(0);
            let lowest = lowest.wrapping_add(a.wrapping_mul(b.first().copied().unwrap_or(0)));
            let factor = lowest.wrapping_mul(*self.inverse);
            for ((to, b), n) in low.iter_mut().zip(b).zip(self.get()) {
                let first = mul_add(*to, *a, *b, &mut carry);
                *to = mul_add(first, factor, *n, &mut second);
            }
            if let Some(to) = high.first_mut() {
                let mut next = top;
                *to = add(carry, second, &mut next);
                top = next;
            }
        }
        top
    }

    /// `x` modulo the modulus; `x` has any number of limbs.
    pub fn reduce(&self, x: &[Limb], room: &mut Room) -> Result<Limbs> {
        let mut sum = Limbs::zeros(self.len())?;
        let mut piece = Limbs::zeros(self.len())?;
        let one = self.one(room)?;
        // From the highest piece to the lowest: what is there goes up by R, which is as long.
        for limbs in x.chunks(self.len()).rev() {
            self.mul(sum.get_mut(), self.rr.get(), room);
            piece.get_mut().fill(0);
            piece.get_mut().iter_mut().zip(limbs).for_each(|(to, from)| *to = *from);
            self.mul(piece.get_mut(), one.get(), room);
            self.add(sum.get_mut(), piece.get());
        }
        Ok(sum)
    }

    /// 1 in Montgomery form.
    fn one(&self, room: &mut Room) -> Result<Limbs> {
        let mut one = Limbs::from_bytes(&[1], self.len())?;
        self.enter(one.get_mut(), room);
        Ok(one)
    }

    /// Brings `x`, below the modulus, into Montgomery form.
    pub fn enter(&self, x: &mut [Limb], room: &mut Room) {
        self.mul(x, self.rr.get(), room);
    }

    /// Brings `x` out of Montgomery form.
    pub fn leave(&self, x: &mut [Limb], room: &mut Room) -> Result<()> {
        let one = Limbs::from_bytes(&[1], self.len())?;
        self.mul(x, one.get(), room);
        Ok(())
    }

    /// `x` = `x` to the power of `exponent`, which is a secret but for its number of limbs. `x` is
    /// below the modulus.
    pub fn pow(&self, x: &mut [Limb], exponent: &[Limb]) -> Result<()> {
        if let Some(digits) = &self.digits {
            Digits::pow([digits], [x], [exponent])?;
            self.reduce_once(x, 0);
            return Ok(());
        }
        let (len, mut room) = (self.len(), self.room()?);
        let mut table = Limbs::zeros(len << WINDOW)?;
        let mut power = self.one(&mut room)?;
        self.enter(x, &mut room);
        for entry in table.get_mut().chunks_mut(len) {
            entry.copy_from_slice(power.get());
            self.mul(power.get_mut(), x, &mut room);
        }
        let mut factor = Limbs::zeros(len)?;
        let bits = exponent.len() * Limb::BITS as usize;
        let windows = bits.div_ceil(WINDOW);
        x.copy_from_slice(table.get().get(..len).unwrap_or_default());
        for window in (0..windows).rev() {
            for _ in 0..WINDOW {
                self.square(x, &mut room);
            }
            select(factor.get_mut(), table.get(), window_of(exponent, window * WINDOW));
            self.mul(x, factor.get(), &mut room);
        }
        self.leave(x, &mut room)
    }

    /// [`Modulus::pow`] modulo two moduli: side by side, if the processor can do that.
    pub fn pow_both(
        moduli: [&Self; 2],
        [x, y]: [&mut [Limb]; 2],
        [of_x, of_y]: [&[Limb]; 2],
    ) -> Result<()> {
        let [p, q] = moduli;
        if let (Some(p_digits), Some(q_digits)) = (&p.digits, &q.digits)
            && p_digits.goes_with(q_digits)
            && of_x.len() == of_y.len()
        {
            Digits::pow([p_digits, q_digits], [&mut *x, &mut *y], [of_x, of_y])?;
            p.reduce_once(x, 0);
            q.reduce_once(y, 0);
            return Ok(());
        }
        p.pow(x, of_x)?;
        q.pow(y, of_y)
    }

    /// `x` = `x` to the power of `exponent`, whose bytes have the highest first and are public.
    /// `x` is below the modulus.
    pub fn pow_public(&self, x: &mut [Limb], exponent: &[u8]) -> Result<()> {
        if let Some(digits) = &self.digits {
            digits.pow_public(x, exponent)?;
            self.reduce_once(x, 0);
            return Ok(());
        }
        self.pow_slowly(x, exponent)
    }

    /// The same by limbs.
    fn pow_slowly(&self, x: &mut [Limb], exponent: &[u8]) -> Result<()> {
        let mut room = self.room()?;
        let mut base = Limbs::zeros(self.len())?;
        base.get_mut().copy_from_slice(x);
        self.enter(base.get_mut(), &mut room);
        let mut begun = false;
        for bit in exponent.iter().flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1)) {
            if begun {
                self.square(x, &mut room);
            }
            match (bit, begun) {
                (1, true) => self.mul(x, base.get(), &mut room),
                (1, false) => {
                    x.copy_from_slice(base.get());
                    begun = true;
                }
                _ => {}
            }
        }
        if begun {
            return self.leave(x, &mut room);
        }
        // x to the power of 0.
        x.fill(0);
        x.iter_mut().take(1).for_each(|lowest| *lowest = 1);
        Ok(())
    }
}

/// The bits of `exponent` from `at` on, [`WINDOW`] of them.
fn window_of(exponent: &[Limb], at: usize) -> Limb {
    let (index, shift) = (at / Limb::BITS as usize, at % Limb::BITS as usize);
    let limb = |index| Wide::from(exponent.get(index).copied().unwrap_or(0));
    let two = limb(index) | limb(index + 1) << Limb::BITS;
    (two >> shift) as Limb & ((1 << WINDOW) - 1)
}

/// The entry `index` of `table`, all of which is read.
fn select(entry: &mut [Limb], table: &[Limb], index: Limb) {
    entry.fill(0);
    for (number, candidate) in (0..).zip(table.chunks(entry.len())) {
        let other = index ^ number;
        // The highest bit of this is 0 for 0 only.
        let is_it = Mask::of(((other | other.wrapping_neg()) >> (Limb::BITS - 1)) ^ 1);
        entry.iter_mut().zip(candidate).for_each(|(to, from)| *to |= is_it.select(*from, 0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
    use crypto_bigint::{BoxedUint, ConcatenatingMul, NonZero, Odd};

    /// Bytes that look random, and those with which carries are longest.
    fn bytes(seed: u64, len: usize) -> Vec<u8> {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_be_bytes()
        };
        match seed % 4 {
            0 => vec![0xff; len],
            1 => (0..len).map(|at| if at == 0 { 0x80 } else { 0 }).collect(),
            _ => std::iter::repeat_with(&mut next).flatten().take(len).collect(),
        }
    }

    fn big(bytes: &[u8]) -> BoxedUint {
        BoxedUint::from_be_slice(bytes, bytes.len() as u32 * 8).unwrap()
    }

    fn odd(seed: u64, len: usize) -> Vec<u8> {
        let mut modulus = bytes(seed, len);
        modulus[0] |= 1;
        modulus[len - 1] |= 1;
        modulus
    }

    /// Without zeros at its beginning.
    fn bytes_of(number: &[Limb]) -> Vec<u8> {
        let mut bytes = vec![0; number.len() * LIMB];
        write(number, &mut bytes);
        bytes.into_iter().skip_while(|byte| *byte == 0).collect()
    }

    /// Lengths of RSA's primes and moduli, and those around a limb's end.
    const LENGTHS: [usize; 11] = [8, 16, 24, 31, 64, 96, 128, 129, 256, 384, 512];

    #[test]
    fn powers_are_those_of_another_implementation() {
        for (seed, len) in (0..88).zip(LENGTHS.into_iter().cycle()) {
            let modulus = odd(seed, len);
            let (x, exponent) = (bytes(seed + 1, len), bytes(seed * 5 + 2, 17));
            let oracle = Odd::new(big(&modulus)).unwrap();
            let reduced = big(&x).rem(&NonZero::new(big(&modulus)).unwrap());
            let params = BoxedMontyParams::new(oracle);
            let wanted = BoxedMontyForm::new(reduced.clone(), &params).pow(&big(&exponent));
            let wanted = wanted.retrieve().to_be_bytes_trimmed_vartime();

            let mut modulus = Modulus::new(&modulus).unwrap();
            let mut room = modulus.room().unwrap();
            let x = Limbs::from_bytes(&x, modulus.len()).unwrap();
            let x = modulus.reduce(x.get(), &mut room).unwrap();
            assert_eq!(
                bytes_of(x.get())[..],
                reduced.to_be_bytes_trimmed_vartime()[..],
                "{seed}, {len}"
            );
            let limbs = Limbs::from_bytes(&exponent, 17usize.div_ceil(LIMB)).unwrap();
            for (public, slowly) in [(false, false), (true, false), (false, true), (true, true)] {
                if slowly {
                    modulus.digits = None;
                }
                let mut power = Limbs::zeros(modulus.len()).unwrap();
                power.get_mut().copy_from_slice(x.get());
                if public {
                    modulus.pow_public(power.get_mut(), &exponent).unwrap();
                } else {
                    modulus.pow(power.get_mut(), limbs.get()).unwrap();
                }
                assert_eq!(
                    bytes_of(power.get())[..],
                    wanted[..],
                    "{seed}, {len}, {public}, {slowly}"
                );
            }
        }
    }

    #[test]
    fn powers_side_by_side_are_those_of_each() {
        let pairs = LENGTHS.into_iter().zip(LENGTHS).chain([(128, 127), (128, 64), (256, 255)]);
        for (seed, (p_len, q_len)) in (0..28).zip(pairs.cycle()) {
            let (p, q) = (odd(seed, p_len), odd(seed / 4, q_len));
            let moduli = [&Modulus::new(&p).unwrap(), &Modulus::new(&q).unwrap()];
            let exponent = |seed, len| Limbs::from_bytes(&bytes(seed, len), len / LIMB).unwrap();
            let exponents =
                [exponent(seed + 3, 24), exponent(seed + 2, 24 + seed as usize % 2 * 8)];
            let exponents = exponents.each_ref().map(Limbs::get);
            // The highest numbers, and others.
            let number = |modulus: &Modulus, seed| {
                let mut number = Limbs::copy(modulus.get()).unwrap();
                let less = Limbs::from_bytes(&[1], modulus.len()).unwrap();
                modulus.sub(number.get_mut(), less.get());
                if seed % 3 != 0 {
                    let random = bytes(seed, modulus.len() * LIMB);
                    let random = Limbs::from_bytes(&random, modulus.len()).unwrap();
                    number = modulus.reduce(random.get(), &mut modulus.room().unwrap()).unwrap();
                }
                number
            };
            let mut numbers = [number(moduli[0], seed), number(moduli[1], seed + 1)];
            let mut wanted = [number(moduli[0], seed), number(moduli[1], seed + 1)];
            for ((modulus, number), exponent) in moduli.iter().zip(&mut wanted).zip(exponents) {
                modulus.pow(number.get_mut(), exponent).unwrap();
            }
            Modulus::pow_both(moduli, numbers.each_mut().map(Limbs::get_mut), exponents).unwrap();
            for (number, wanted) in numbers.iter().zip(&wanted) {
                assert_eq!(number.get(), wanted.get(), "{seed}, {p_len}, {q_len}");
            }
        }
    }

    #[test]
    fn longer_numbers_are_reduced() {
        for (seed, len) in (0..24).zip(LENGTHS.into_iter().cycle()) {
            let (modulus, x) = (odd(seed + 2, len), bytes(seed, 3 * len + 5));
            let wanted =
                big(&x).rem(&NonZero::new(big(&modulus)).unwrap()).to_be_bytes_trimmed_vartime();
            let modulus = Modulus::new(&modulus).unwrap();
            let x = Limbs::from_bytes(&x, x.len().div_ceil(LIMB)).unwrap();
            let got = modulus.reduce(x.get(), &mut modulus.room().unwrap()).unwrap();
            assert_eq!(bytes_of(got.get())[..], wanted[..], "{seed}, {len}");
        }
    }

    #[test]
    fn sums_and_products_are_those_of_another_implementation() {
        for (seed, len) in (0..24).zip(LENGTHS.into_iter().cycle()) {
            let (a, b, c) = (bytes(seed, len), bytes(seed + 1, 2 * len), bytes(seed + 2, len));
            let limbs =
                |bytes: &[u8]| Limbs::from_bytes(bytes, bytes.len().div_ceil(LIMB)).unwrap();
            let (x, y, z) = (limbs(&a), limbs(&b), limbs(&c));
            let mut got = Limbs::zeros(x.get().len() + y.get().len()).unwrap();
            mul_plus(got.get_mut(), x.get(), y.get(), z.get());
            let wanted = big(&a)
                .concatenating_mul(&big(&b))
                .wrapping_add(big(&c))
                .to_be_bytes_trimmed_vartime();
            assert_eq!(bytes_of(got.get())[..], wanted[..], "{seed}, {len}");
        }
    }

    #[test]
    fn moduli_that_are_none() {
        for bytes in [&[][..], &[0], &[1], &[0, 1], &[2], &[1, 0]] {
            assert_eq!(Modulus::new(bytes).err(), Some(Errno::INVAL), "{bytes:?}");
        }
        assert_eq!(Modulus::new(&[0, 0, 3]).unwrap().bits(), 2);
        assert_eq!(Limbs::from_bytes(&[1; 2 * LIMB], 1).err(), Some(Errno::INVAL));
        assert!(Limbs::from_bytes(&[0; 2 * LIMB], 1).is_ok());
    }
}
