// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Powers with AVX-512 IFMA, which multiplies numbers of 52 bits, eight at once.
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

/// Bits in a digit.
const DIGIT: usize = 52;

/// All bits of a digit.
const MASK: u64 = (1 << DIGIT) - 1;

/// Digits in a register.
const LANES: usize = 8;

/// Registers for the longest modulus, one of 4096 bits. Longer ones would not leave room for
/// anything else.
const MOST: usize = 10;

/// A modulus in digits.
pub struct Digits {
    modulus: Limbs,
    /// R R.
    rr: Limbs,
    /// -1 / modulus in the lowest digit.
    inverse: u64,
    /// The number of digits; those above it, which fill the last register, are 0.
    count: usize,
}

impl Digits {
    /// None: the processor has no such instructions, or the modulus is too long.
    pub fn new(modulus: &Modulus) -> Result<Option<Self>> {
        let count = (modulus.bits() + 2).div_ceil(DIGIT);
        let registers = match count.div_ceil(LANES) {
            few @ ..=5 => few.max(3),
            6..=8 => 8,
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
            inverse: modulus.inverse & MASK,
            count,
        }))
    }

    /// `x` = `x` to the power of `exponent`, which is a secret but for its number of limbs. `x` is
    /// below the modulus, and in the end no more than that.
    pub fn pow(&self, x: &mut [Limb], exponent: &[Limb]) -> Result<()> {
        let len = self.modulus.get().len();
        let (mut table, mut numbers) = (Limbs::zeros(len << WINDOW)?, Limbs::zeros(4 * len)?);
        let mut parts = numbers.get_mut().chunks_mut(len);
        let mut part = || parts.next().unwrap_or_default();
        let (base, power, factor, one) = (part(), part(), part(), part());
        to_digits(x, base);
        one.iter_mut().take(1).for_each(|digit| *digit = 1);
        self.mul_by(base, self.rr.get());
        power.copy_from_slice(one);
        self.mul_by(power, self.rr.get());
        for entry in table.get_mut().chunks_mut(len) {
            entry.copy_from_slice(power);
            self.mul_by(power, base);
        }
        power.copy_from_slice(table.get().get(..len).unwrap_or_default());
        let windows = (exponent.len() * Limb::BITS as usize).div_ceil(WINDOW);
        for window in (0..windows).rev() {
            self.square(power, WINDOW);
            let index = window_of(exponent, window * WINDOW);
            self.compute(factor, Work::Choose(table.get(), index));
            self.mul_by(power, factor);
        }
        self.mul_by(power, one);
        from_digits(power, x);
        Ok(())
    }

    /// The same with an exponent whose bytes have the highest first and are public.
    pub fn pow_public(&self, x: &mut [Limb], exponent: &[u8]) -> Result<()> {
        let len = self.modulus.get().len();
        let mut numbers = Limbs::zeros(3 * len)?;
        let mut parts = numbers.get_mut().chunks_mut(len);
        let mut part = || parts.next().unwrap_or_default();
        let (base, power, one) = (part(), part(), part());
        to_digits(x, base);
        one.iter_mut().take(1).for_each(|digit| *digit = 1);
        self.mul_by(base, self.rr.get());
        power.copy_from_slice(one);
        self.mul_by(power, self.rr.get());
        for bit in exponent.iter().flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1)) {
            self.square(power, 1);
            if bit == 1 {
                self.mul_by(power, base);
            }
        }
        self.mul_by(power, one);
        from_digits(power, x);
        Ok(())
    }

    /// `a` = `a` `b` / R.
    fn mul_by(&self, a: &mut [u64], b: &[u64]) {
        self.compute(a, Work::Multiply(b));
    }

    /// `a` = `a` `a` / R, so many times.
    fn square(&self, a: &mut [u64], times: usize) {
        self.compute(a, Work::Square(times));
    }

    fn compute(&self, a: &mut [u64], work: Work<'_>) {
        assert!(available());
        // SAFETY: the processor has both features.
        unsafe {
            match self.modulus.get().len() / LANES {
                3 => compute::<3>(self, a, work),
                4 => compute::<4>(self, a, work),
                5 => compute::<5>(self, a, work),
                8 => compute::<8>(self, a, work),
                _ => compute::<MOST>(self, a, work),
            }
        }
    }
}

/// What is computed with a number.
#[derive(Clone, Copy)]
enum Work<'a> {
    /// Its product with this one.
    Multiply(&'a [u64]),
    /// Its square, so many times.
    Square(usize),
    /// The entry of the table with that number takes its place.
    Choose(&'a [u64], u64),
}

/// Tells whether the processor has the instructions.
pub fn available() -> bool {
    is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512ifma")
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

/// Writes the digits that are in registers.
fn store<const N: usize>(registers: [__m512i; N], digits: &mut [u64]) {
    for (digits, register) in digits.as_chunks_mut::<LANES>().0.iter_mut().zip(registers) {
        // SAFETY: both are 64 bytes, for which any value is right.
        *digits = unsafe { std::mem::transmute::<__m512i, [u64; LANES]>(register) };
    }
}

/// Digits in registers.
fn load<const N: usize>(digits: &[u64]) -> [__m512i; N] {
    let mut registers = [[0; LANES]; N];
    for (register, digits) in registers.iter_mut().zip(digits.as_chunks::<LANES>().0) {
        *register = *digits;
    }
    // SAFETY: all are 64 bytes, for which any value is right.
    registers.map(|register| unsafe { std::mem::transmute::<[u64; LANES], __m512i>(register) })
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn compute<const N: usize>(modulus: &Digits, a: &mut [u64], work: Work<'_>) {
    match work {
        Work::Multiply(b) => product::<N>(modulus, a, Some(b), 1),
        Work::Square(times) => product::<N>(modulus, a, None, times),
        Work::Choose(table, index) => choose::<N>(a, table, index),
    }
}

/// `a` = `a` `b` / R, or `a` = `a` `a` / R; so many times.
#[target_feature(enable = "avx512f,avx512ifma")]
fn product<const N: usize>(modulus: &Digits, a: &mut [u64], b: Option<&[u64]>, times: usize) {
    let n = load::<N>(modulus.modulus.get());
    let mut factor = load::<N>(a);
    for _ in 0..times {
        let digits = b.unwrap_or(a).get(..modulus.count).unwrap_or_default();
        factor = carry(sum_up(modulus, &n, (&factor, a), digits));
        store(factor, a);
    }
}

/// The two lowest digits of a number, for which a multiplication need not wait for the registers.
struct Lowest {
    first: u64,
    second: u64,
}

impl Lowest {
    fn of(digits: &[u64]) -> Self {
        match digits {
            [first, second, ..] => Self { first: *first, second: *second },
            _ => Self { first: 0, second: 0 },
        }
    }

    /// The sum of what these digits' products with `factor` bring to the second digit.
    #[inline(always)]
    fn to_second(&self, factor: u64) -> u64 {
        let high = (u128::from(self.first << (64 - DIGIT)) * u128::from(factor)) >> 64;
        (high as u64).wrapping_add(self.second.wrapping_mul(factor) & MASK)
    }
}

/// The product of `a` and `digits` / R, in digits that may have more bits than theirs.
///
/// Each step adds `a` times a digit, and as many times the modulus as make the lowest digit 0, and
/// goes one digit down. How many times that is depends on the step before, so the two lowest digits
/// are computed beside the registers, too: `lowest` is the first one's value, and what the
/// registers have in its lane is not used before the end.
#[target_feature(enable = "avx512f,avx512ifma")]
fn sum_up<const N: usize>(
    modulus: &Digits,
    n: &[__m512i; N],
    (a, a_digits): (&[__m512i; N], &[u64]),
    digits: &[u64],
) -> [__m512i; N] {
    let zero = _mm512_setzero_si512();
    let (n_lowest, a_lowest) = (Lowest::of(modulus.modulus.get()), Lowest::of(a_digits));
    let mut sum = [zero; N];
    let (mut lowest, mut second) = (0u64, 0u64);
    for &digit in digits {
        lowest = lowest.wrapping_add(a_lowest.first.wrapping_mul(digit) & MASK);
        let times = lowest.wrapping_mul(modulus.inverse) & MASK;
        let above = lowest.wrapping_add(MASK) >> DIGIT;
        lowest = above
            .wrapping_add(second)
            .wrapping_add(a_lowest.to_second(digit))
            .wrapping_add(n_lowest.to_second(times));

        let digit = _mm512_set1_epi64(digit.cast_signed());
        let times = _mm512_set1_epi64(times.cast_signed());
        let mut next = zero;
        for ((sum, a), n) in sum.iter_mut().zip(a).zip(n).rev() {
            let low = _mm512_madd52lo_epu64(*sum, *a, digit);
            let low = _mm512_madd52lo_epu64(low, *n, times);
            let high = _mm512_madd52hi_epu64(zero, *a, digit);
            let high = _mm512_madd52hi_epu64(high, *n, times);
            *sum = _mm512_add_epi64(_mm512_alignr_epi64::<1>(next, low), high);
            next = low;
        }
        second = sum.first().map_or(0, |first| second_of(*first));
    }
    if let Some(first) = sum.first_mut() {
        *first = _mm512_mask_set1_epi64(*first, 1, lowest.cast_signed());
    }
    sum
}

#[target_feature(enable = "avx512f")]
fn second_of(register: __m512i) -> u64 {
    let pair = _mm512_castsi512_si128(register);
    _mm_cvtsi128_si64(_mm_unpackhi_epi64(pair, pair)).cast_unsigned()
}

/// Brings what is above a digit's bits to the next digit.
#[target_feature(enable = "avx512f")]
fn carry<const N: usize>(mut digits: [__m512i; N]) -> [__m512i; N] {
    let (mask, zero) = (_mm512_set1_epi64(MASK.cast_signed()), _mm512_setzero_si512());
    let mut below = zero;
    // Lanes that are above a digit's bits even so, by 1, and those that would be with 1 more.
    let (mut over, mut full) = (0u128, 0u128);
    for (at, digits) in (0..).step_by(LANES).zip(&mut digits) {
        let above = _mm512_srli_epi64::<52>(*digits);
        let carried = _mm512_alignr_epi64::<7>(above, below);
        *digits = _mm512_add_epi64(_mm512_and_si512(*digits, mask), carried);
        below = above;
        over |= u128::from(_mm512_cmpgt_epu64_mask(*digits, mask)) << at;
        full |= u128::from(_mm512_cmpeq_epu64_mask(*digits, mask)) << at;
    }
    // An addition brings each 1 through the lanes that are full.
    let more = (over << 1).wrapping_add(full) ^ full;
    for (at, digits) in (0..).step_by(LANES).zip(&mut digits) {
        let one = _mm512_maskz_set1_epi64((more >> at) as u8, 1);
        *digits = _mm512_and_si512(_mm512_add_epi64(*digits, one), mask);
    }
    digits
}

/// The entry `index` of `table`, all of which is read.
#[target_feature(enable = "avx512f")]
fn choose<const N: usize>(entry: &mut [u64], table: &[u64], index: u64) {
    let index = _mm512_set1_epi64(index.cast_signed());
    let mut chosen = [_mm512_setzero_si512(); N];
    for (number, candidate) in (0..).zip(table.chunks(N * LANES)) {
        let is_it = _mm512_cmpeq_epi64_mask(index, _mm512_set1_epi64(number));
        for (chosen, candidate) in chosen.iter_mut().zip(load::<N>(candidate)) {
            *chosen = _mm512_mask_mov_epi64(*chosen, is_it, candidate);
        }
    }
    store(chosen, entry);
}
