// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Powers with AVX-512 IFMA, which multiplies numbers of 52 bits, four at once in the registers used here: a number
//! modulo a prime of 1024 bits fills five of them, and would leave a part of longer ones empty.
//!
//! Each digit's product has to wait for the one before. So two powers, modulo the two primes of an RSA key, are
//! computed side by side: while one waits, the processor goes on with the other.
//!
//! Method: Gueron, Krasnov, “Software Implementation of Modular Exponentiation, Using Advanced
//! Vector Instructions Architectures” (2012), with "almost" Montgomery multiplication: R is at least
//! four times the modulus, so that products of numbers below twice the modulus are below that again,
//! without a subtraction. Within a product a digit's lane sums up at most four numbers of 52 bits
//! for each digit, which is far below 64 bits.
//!
//! The time and the addresses that are read depend on the lengths of the numbers only.

#![allow(unsafe_code)]

use super::{Limb, Limbs, Modulus, WINDOW, window_of};
use crate::errno::Result;
use std::arch::x86_64::*;
use zeroize::Zeroizing;

/// Bits in a digit.
const DIGIT: usize = 52;

/// All bits of a digit.
const MASK: u64 = (1 << DIGIT) - 1;

/// Digits in a register.
const LANES: usize = 4;

/// Registers for the longest modulus, one of 4096 bits. Longer ones would not leave room for
/// anything else.
const MOST: usize = 20;

/// Registers for the longest of two moduli whose powers are computed side by side.
const MOST_OF_TWO: usize = 10;

/// A number in so many registers' digits.
type Number<const N: usize> = [[u64; LANES]; N];

/// A modulus in digits.
pub struct Digits {
    modulus: Limbs,
    /// R R.
    rr: Limbs,
    /// -1 / modulus in the lowest digit.
    inverse: Zeroizing<u64>,
    /// The number of digits; those above it, which fill the last register, are 0.
    count: usize,
}

impl Digits {
    /// None: the processor has no such instructions, or the modulus is too long.
    pub fn new(modulus: &Modulus) -> Result<Option<Self>> {
        let count = (modulus.bits() + 2).div_ceil(DIGIT);
        let registers = match count.div_ceil(LANES) {
            ..=5 => 5,
            6..=8 => 8,
            9..=10 => 10,
            11..=15 => 15,
            _ => MOST,
        };
        if count > MOST * LANES || !available() {
            return Ok(None);
        }
        let mut rr = Limbs::from_bytes(&[2], modulus.len())?;
        modulus.pow_slowly(rr.get_mut(), &((2 * count * DIGIT) as u32).to_be_bytes())?;
        let digits = |number: &[Limb]| -> Result<Limbs> {
            let mut digits = Limbs::zeros(registers * LANES)?;
            to_digits(number, digits.get_mut());
            Ok(digits)
        };
        Ok(Some(Self {
            rr: digits(rr.get())?,
            modulus: digits(modulus.get())?,
            inverse: Zeroizing::new(*modulus.inverse & MASK),
            count,
        }))
    }

    /// Tells whether powers modulo both can be computed side by side.
    pub fn goes_with(&self, other: &Self) -> bool {
        self.count == other.count && self.registers() <= MOST_OF_TWO
    }

    /// Each of `numbers` = itself to the power of its exponent, which is a secret but for the number of limbs, which
    /// is the same for all. They are below their moduli, of which each goes with the others, and in the end no more
    /// than them.
    pub fn pow<const P: usize>(
        moduli: [&Self; P],
        numbers: [&mut [Limb]; P],
        exponents: [&[Limb]; P],
    ) -> Result<()> {
        let powers = Powers::new(moduli)?;
        let len = powers.len();
        let (mut table, mut room) = (Limbs::zeros(len << WINDOW)?, Limbs::zeros(4 * len)?);
        let mut parts = room.get_mut().chunks_mut(len);
        let mut part = || parts.next().unwrap_or_default();
        let (base, power, factor, one) = (part(), part(), part(), part());
        powers.enter(&numbers, base, power, one);
        for entry in table.get_mut().chunks_mut(len) {
            entry.copy_from_slice(power);
            powers.mul_by(power, base);
        }
        power.copy_from_slice(table.get().get(..len).unwrap_or_default());
        let limbs = exponents.iter().map(|exponent| exponent.len()).max().unwrap_or(0);
        let windows = (limbs * Limb::BITS as usize).div_ceil(WINDOW);
        for window in (0..windows).rev() {
            powers.square(power, WINDOW);
            let indices = exponents.map(|exponent| window_of(exponent, window * WINDOW));
            powers.compute(factor, Work::Choose(table.get(), &indices));
            powers.mul_by(power, factor);
        }
        powers.leave(power, one, numbers);
        Ok(())
    }

    /// `x` = `x` to the power of an exponent whose bytes have the highest first and are public.
    pub fn pow_public(&self, x: &mut [Limb], exponent: &[u8]) -> Result<()> {
        let powers = Powers::new([self])?;
        let len = powers.len();
        let mut room = Limbs::zeros(3 * len)?;
        let mut parts = room.get_mut().chunks_mut(len);
        let mut part = || parts.next().unwrap_or_default();
        let (base, power, one) = (part(), part(), part());
        let numbers = [x];
        powers.enter(&numbers, base, power, one);
        for bit in exponent.iter().flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1)) {
            powers.square(power, 1);
            if bit == 1 {
                powers.mul_by(power, base);
            }
        }
        powers.leave(power, one, numbers);
        Ok(())
    }

    fn registers(&self) -> usize {
        self.modulus.get().len() / LANES
    }
}

/// Powers that are computed side by side. The numbers of all stand one after the other wherever a number is.
struct Powers<'a, const P: usize> {
    moduli: [&'a Digits; P],
    /// The moduli's digits.
    n: Limbs,
    /// Digits that are used, which are as many for all.
    count: usize,
    /// Registers for a number.
    registers: usize,
}

impl<'a, const P: usize> Powers<'a, P> {
    fn new(moduli: [&'a Digits; P]) -> Result<Self> {
        let registers = moduli.iter().map(|modulus| modulus.registers()).max().unwrap_or(0);
        let count = moduli.iter().map(|modulus| modulus.count).max().unwrap_or(0);
        let mut n = Limbs::zeros(P * registers * LANES)?;
        for (n, modulus) in n.get_mut().chunks_mut(registers * LANES).zip(moduli) {
            n.copy_from_slice(modulus.modulus.get());
        }
        Ok(Self { moduli, n, count, registers })
    }

    /// Digits of a number for each power.
    fn len(&self) -> usize {
        self.n.get().len()
    }

    /// Writes `numbers` in Montgomery form to `base`, 1 in that form to `power`, and 1 to `one`.
    fn enter(
        &self,
        numbers: &[&mut [Limb]; P],
        base: &mut [u64],
        power: &mut [u64],
        one: &mut [u64],
    ) {
        let len = self.registers * LANES;
        for (((modulus, number), base), (power, one)) in (self.moduli.iter().zip(numbers))
            .zip(base.chunks_mut(len))
            .zip(power.chunks_mut(len).zip(one.chunks_mut(len)))
        {
            to_digits(number, base);
            power.copy_from_slice(modulus.rr.get());
            one.iter_mut().take(1).for_each(|digit| *digit = 1);
        }
        self.mul_by(base, power);
        self.mul_by(power, one);
    }

    /// Writes `power`, which is in Montgomery form, to `numbers`.
    fn leave(&self, power: &mut [u64], one: &[u64], numbers: [&mut [Limb]; P]) {
        self.mul_by(power, one);
        for (power, number) in power.chunks(self.registers * LANES).zip(numbers) {
            from_digits(power, number);
        }
    }

    /// `a` = `a` `b` / R.
    fn mul_by(&self, a: &mut [u64], b: &[u64]) {
        self.compute(a, Work::Multiply(b));
    }

    /// `a` = `a` `a` / R, so many times.
    fn square(&self, a: &mut [u64], times: usize) {
        self.compute(a, Work::Square(times));
    }

    fn compute(&self, a: &mut [u64], work: Work<'_, P>) {
        assert!(available());
        // SAFETY: the processor has all three features.
        unsafe {
            match self.registers {
                5 => compute::<5, P>(self, a, work),
                8 => compute::<8, P>(self, a, work),
                10 => compute::<10, P>(self, a, work),
                15 if P == 1 => compute::<15, P>(self, a, work),
                _ if P == 1 => compute::<MOST, P>(self, a, work),
                // Such moduli do not go together.
                _ => {}
            }
        }
    }
}

/// What is computed with a number for each power.
#[derive(Clone, Copy)]
enum Work<'a, const P: usize> {
    /// Its product with this one.
    Multiply(&'a [u64]),
    /// Its square, so many times.
    Square(usize),
    /// The entry of the table with that number takes its place.
    Choose(&'a [u64], &'a [u64; P]),
}

/// Tells whether the processor has the instructions.
fn available() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512ifma")
}

/// Writes a number in digits.
fn to_digits(number: &[Limb], digits: &mut [u64]) {
    for (at, digit) in (0..).step_by(DIGIT).zip(digits) {
        let (index, shift) = (at / 64, at % 64);
        let limb = |index| u128::from(number.get(index).copied().unwrap_or(0));
        *digit = ((limb(index) | limb(index + 1) << 64) >> shift) as u64 & MASK;
    }
}

/// Writes a number in limbs. Each digit has no more than its bits.
fn from_digits(digits: &[u64], number: &mut [Limb]) {
    for (at, limb) in (0usize..).step_by(64).zip(number) {
        let (index, shift) = (at / DIGIT, at % DIGIT);
        let digit = |index| u128::from(digits.get(index).copied().unwrap_or(0));
        let three = digit(index) | digit(index + 1) << DIGIT | digit(index + 2) << (2 * DIGIT);
        *limb = (three >> shift) as u64;
    }
}

/// The number for each power that `digits` are.
fn numbers<const N: usize, const P: usize>(digits: &[u64]) -> Option<&[Number<N>; P]> {
    digits.as_chunks().0.as_chunks().0.first_chunk()
}

/// The same, to be changed.
fn numbers_mut<const N: usize, const P: usize>(digits: &mut [u64]) -> Option<&mut [Number<N>; P]> {
    digits.as_chunks_mut().0.as_chunks_mut().0.first_chunk_mut()
}

/// Digits in a register.
#[target_feature(enable = "avx512f,avx512vl")]
#[inline]
fn load(digits: &[u64; LANES]) -> __m256i {
    // SAFETY: 32 bytes are read, which `digits` have.
    unsafe { _mm256_loadu_si256(digits.as_ptr().cast()) }
}

/// Writes the digits that are in registers.
#[target_feature(enable = "avx512f,avx512vl")]
#[inline]
fn store<const N: usize>(registers: &[__m256i; N], number: &mut Number<N>) {
    for (digits, register) in number.iter_mut().zip(registers) {
        // SAFETY: 32 bytes are written, which `digits` have.
        unsafe { _mm256_storeu_si256(digits.as_mut_ptr().cast(), *register) }
    }
}

#[target_feature(enable = "avx512f,avx512vl,avx512ifma")]
fn compute<const N: usize, const P: usize>(
    powers: &Powers<'_, P>,
    a: &mut [u64],
    work: Work<'_, P>,
) {
    let (Some(a), Some(n)) = (numbers_mut::<N, P>(a), numbers::<N, P>(powers.n.get())) else {
        return;
    };
    match work {
        Work::Multiply(b) => {
            let Some(b) = numbers(b) else { return };
            finish(&mut sum_up(powers, n, a, b), a);
        }
        Work::Square(times) => {
            for _ in 0..times {
                finish(&mut sum_up(powers, n, a, a), a);
            }
        }
        Work::Choose(table, indices) => choose(a, table, indices),
    }
}

/// Writes what [`sum_up`] returned to `numbers`, in digits that have no more than their bits. The sums are changed in
/// their place, because each copy would be another secret on the stack, which must be wiped as deep.
#[target_feature(enable = "avx512f,avx512vl")]
#[inline]
fn finish<const N: usize, const P: usize>(
    sums: &mut [[__m256i; N]; P],
    numbers: &mut [Number<N>; P],
) {
    for (sum, number) in sums.iter_mut().zip(numbers) {
        carry(sum);
        store(sum, number);
    }
}

/// The products of `a` and `b` / R, in digits that may have more bits than theirs.
///
/// Each step adds `a` times a digit, and as many times the modulus as make the lowest digit 0, and
/// goes one digit down.
#[target_feature(enable = "avx512f,avx512vl,avx512ifma")]
#[inline]
fn sum_up<const N: usize, const P: usize>(
    powers: &Powers<'_, P>,
    n: &[Number<N>; P],
    a: &[Number<N>; P],
    b: &[Number<N>; P],
) -> [[__m256i; N]; P] {
    let mut sums = [Sum { registers: [_mm256_setzero_si256(); N], lowest: 0, second: 0 }; P];
    for at in 0..powers.count {
        let factors = a.iter().zip(b).zip(n.iter().zip(powers.moduli));
        for (sum, ((a, b), (n, modulus))) in sums.iter_mut().zip(factors) {
            let digit = b.as_flattened().get(at).copied().unwrap_or(0);
            sum.step(a, digit, n, *modulus.inverse);
        }
    }
    sums.map(|sum| sum.all())
}

/// A sum in the midst of a multiplication.
///
/// How many times the modulus is added depends on the step before, so the two lowest digits are computed beside the
/// registers, too: what the registers have in the lowest lane is not used before the end.
#[derive(Clone, Copy)]
struct Sum<const N: usize> {
    registers: [__m256i; N],
    /// The lowest digit.
    lowest: u64,
    /// The second one, as far as the registers had it after the last step.
    second: u64,
}

impl<const N: usize> Sum<N> {
    #[target_feature(enable = "avx512f,avx512vl,avx512ifma")]
    #[inline]
    fn step(&mut self, a: &Number<N>, digit: u64, n: &Number<N>, inverse: u64) {
        let (n_lowest, a_lowest) = (Lowest::of(n), Lowest::of(a));
        let lowest = self.lowest.wrapping_add(a_lowest.first.wrapping_mul(digit) & MASK);
        let times = lowest.wrapping_mul(inverse) & MASK;
        let above = lowest.wrapping_add(MASK) >> DIGIT;
        self.lowest = above
            .wrapping_add(self.second)
            .wrapping_add(a_lowest.to_second(digit))
            .wrapping_add(n_lowest.to_second(times));

        let digit = _mm256_set1_epi64x(digit.cast_signed());
        let times = _mm256_set1_epi64x(times.cast_signed());
        for ((sum, a), n) in self.registers.iter_mut().zip(a).zip(n) {
            *sum = _mm256_madd52lo_epu64(*sum, load(a), digit);
            *sum = _mm256_madd52lo_epu64(*sum, load(n), times);
        }
        let mut above = _mm256_setzero_si256();
        for sum in self.registers.iter_mut().rev() {
            let low = *sum;
            *sum = _mm256_alignr_epi64::<1>(above, low);
            above = low;
        }
        for ((sum, a), n) in self.registers.iter_mut().zip(a).zip(n) {
            *sum = _mm256_madd52hi_epu64(*sum, load(a), digit);
            *sum = _mm256_madd52hi_epu64(*sum, load(n), times);
        }
        self.second = self.registers.first().map_or(0, |first| second_of(*first));
    }

    /// The registers, with the lowest digit in its lane.
    #[target_feature(enable = "avx512f,avx512vl")]
    #[inline]
    fn all(mut self) -> [__m256i; N] {
        if let Some(first) = self.registers.first_mut() {
            *first = _mm256_mask_set1_epi64(*first, 1, self.lowest.cast_signed());
        }
        self.registers
    }
}

/// The two lowest digits of a number, for which a multiplication need not wait for the registers.
struct Lowest {
    first: u64,
    second: u64,
}

impl Lowest {
    #[inline(always)]
    fn of(digits: &[[u64; LANES]]) -> Self {
        match digits {
            [[first, second, ..], ..] => Self { first: *first, second: *second },
            [] => Self { first: 0, second: 0 },
        }
    }

    /// The sum of what these digits' products with `factor` bring to the second digit.
    #[inline(always)]
    fn to_second(&self, factor: u64) -> u64 {
        let first = u128::from(self.first << (64 - DIGIT));
        let high = first.wrapping_mul(u128::from(factor)) >> 64;
        (high as u64).wrapping_add(self.second.wrapping_mul(factor) & MASK)
    }
}

#[target_feature(enable = "avx512f,avx512vl")]
#[inline]
fn second_of(register: __m256i) -> u64 {
    _mm256_extract_epi64::<1>(register).cast_unsigned()
}

/// Brings what is above a digit's bits to the next digit.
#[target_feature(enable = "avx512f,avx512vl")]
#[inline]
fn carry<const N: usize>(digits: &mut [__m256i; N]) {
    let (mask, mut below) = (_mm256_set1_epi64x(MASK.cast_signed()), _mm256_setzero_si256());
    for digits in digits.iter_mut() {
        let above = _mm256_srli_epi64::<52>(*digits);
        let carried = _mm256_alignr_epi64::<3>(above, below);
        *digits = _mm256_add_epi64(_mm256_and_si256(*digits, mask), carried);
        below = above;
    }
    // Lanes that are above a digit's bits even so, by 1, and those that would be with 1 more.
    let (mut over, mut full) = (0u128, 0u128);
    for digits in digits.iter().rev() {
        over = over << LANES | u128::from(_mm256_cmpgt_epu64_mask(*digits, mask));
        full = full << LANES | u128::from(_mm256_cmpeq_epu64_mask(*digits, mask));
    }
    // An addition brings each 1 through the lanes that are full.
    let more = (over << 1).wrapping_add(full) ^ full;
    for (at, digits) in (0..).step_by(LANES).zip(digits) {
        let one = _mm256_maskz_set1_epi64((more >> at) as u8, 1);
        *digits = _mm256_and_si256(_mm256_add_epi64(*digits, one), mask);
    }
}

/// For each power the entry of the table with its index. All entries are read.
#[target_feature(enable = "avx512f,avx512vl")]
#[inline]
fn choose<const N: usize, const P: usize>(
    entry: &mut [Number<N>; P],
    table: &[u64],
    indices: &[u64; P],
) {
    let table = table.as_chunks().0.as_chunks().0.as_chunks::<P>().0;
    for (at, (entry, index)) in entry.iter_mut().zip(indices).enumerate() {
        let index = _mm256_set1_epi64x(index.cast_signed());
        let mut chosen = [_mm256_setzero_si256(); N];
        for (number, candidates) in (0..).zip(table) {
            let is_it = _mm256_cmpeq_epi64_mask(index, _mm256_set1_epi64x(number));
            let candidate: &[_] = candidates.get(at).map_or(&[], Number::<N>::as_slice);
            for (chosen, candidate) in chosen.iter_mut().zip(candidate) {
                *chosen = _mm256_mask_mov_epi64(*chosen, is_it, load(candidate));
            }
        }
        store(&chosen, entry);
    }
}
