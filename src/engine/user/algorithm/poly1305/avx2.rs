// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Poly1305 with AVX2, which multiplies numbers of 32 bits: eight blocks at once, four in a
//! register, one in each of its lanes.
//!
//! Method: Goll, Gueron, “Vectorization of Poly1305 message authentication code” (2015): five
//! limbs of 26 bits; a lane sums up each fourth block, times r^4 each time, and at the end its own
//! power of r puts its blocks in their places.
//!
//! The time depends on the length alone.

#![allow(unsafe_code)]

use super::limbs::{Limbs, joined, product, reduced, split};
use super::{Number, SIZE};
use std::arch::asm;
use std::arch::x86_64::*;
use std::array::from_fn;

/// Blocks in a register.
const LANES: usize = 4;

/// Bytes that are added at once.
pub const WIDE: usize = 2 * LANES * SIZE;

const LOW_26: u64 = (1 << 26) - 1;

/// A number in each lane, limb by limb.
type Numbers = [__m256i; 5];

/// A factor for multiplications: its limbs, and 5 times all but the first.
struct Factors {
    limbs: Numbers,
    folded: [__m256i; 4],
}

/// Tells whether the processor has the instructions.
pub fn available() -> bool {
    is_x86_feature_detected!("avx2")
}

/// Adds `blocks` to `sum`; only where it is available.
pub fn update(r: u128, sum: Number, blocks: &[[u8; WIDE]]) -> Number {
    assert!(available());
    let (r, sum) = (split(Number { low: r, high: 0 }), split(sum));
    // SAFETY: the processor has the feature.
    joined(unsafe { update_wide(&r, &sum, blocks) })
}

/// The number with limbs of 26 bits; the fourth can be little more, and the fifth has two bits more where the third
/// limb of 42 bits has.
fn limbs([a, b, c]: &Limbs) -> [u64; 5] {
    [
        a & LOW_26,
        a >> 26 | (b << 18) & LOW_26,
        (b >> 8) & LOW_26,
        (b >> 34) + ((c << 10) & LOW_26),
        c >> 16,
    ]
}

macro_rules! with_avx2 {
    ($($function:item)*) => {
        $(
            #[inline]
            #[target_feature(enable = "avx2")]
            $function
        )*
    };
}

with_avx2! {

fn update_wide(r: &Limbs, sum: &Limbs, blocks: &[[u8; WIDE]]) -> Limbs {
    let [first, others @ ..] = blocks else { return *sum };
    let square = product(r, r);
    let (cube, fourth) = (product(&square, r), product(&square, &square));
    let [fourths, eighths] = [fourth, product(&fourth, &fourth)].map(|power| everywhere(&power));

    let [mut low, mut high] = halves(first);
    low = added(&low, &limbs(sum).map(|limb| _mm256_setr_epi64x(limb.cast_signed(), 0, 0, 0)));
    for blocks in others {
        let mut sums = [_mm256_setzero_si256(); 5];
        add_products(&mut sums, &high, &fourths);
        add_products(&mut sums, &low, &eighths);
        let before = carried(sums);
        [low, high] = halves(blocks);
        // The order of both halves' powers is that of blocks: what is summed up counts as the first
        // half.
        low = added(&low, &before);
    }
    // The last of them: r^8 to r^5 for the first half, which is r^4 times what the second half has.
    let mut sums = [_mm256_setzero_si256(); 5];
    add_products(&mut sums, &low, &fourths);
    let all = added(&high, &carried(sums));
    let mut sums = [_mm256_setzero_si256(); 5];
    add_products(&mut sums, &all, &in_lanes(&[*r, square, cube, fourth]));
    let [a, b, c, d, e] = carried(sums).map(|limb| u128::from(sum_of_lanes(limb)));
    // 52 and 78 bits are 8 and 34 more than the second limb's 44, 104 are 16 more than the last one's 88.
    reduced([a + (b << 26), (c << 8) + (d << 34), e << 16])
}

fn added(a: &Numbers, b: &Numbers) -> Numbers {
    from_fn(|i| _mm256_add_epi64(a[i], b[i]))
}

fn factors(limbs: Numbers) -> Factors {
    let five_times = |limb| _mm256_add_epi64(_mm256_slli_epi64::<2>(limb), limb);
    Factors { limbs, folded: from_fn(|i| five_times(limbs[i + 1])) }
}

fn everywhere(number: &Limbs) -> Factors {
    factors(limbs(number).map(|limb| _mm256_set1_epi64x(limb.cast_signed())))
}

/// The first block's lane has the highest power.
fn in_lanes(powers: &[Limbs; LANES]) -> Factors {
    let powers = powers.map(|power| limbs(&power));
    factors(from_fn(|i| {
        let [d, c, b, a] = powers.map(|limbs| limbs[i].cast_signed());
        _mm256_setr_epi64x(a, c, b, d)
    }))
}

/// Both halves' blocks, in the lanes' order: 0, 2, 1, 3.
fn halves(blocks: &[u8; WIDE]) -> [Numbers; 2] {
    let (registers, _) = blocks.as_chunks::<{ WIDE / 4 }>();
    // SAFETY: the reference is to as many bytes as are read.
    let load = |i: usize| unsafe { _mm256_loadu_si256(registers[i].as_ptr().cast()) };
    [numbers(load(0), load(1)), numbers(load(2), load(3))]
}

/// A whole block's number has a further bit at its end.
fn numbers(a: __m256i, b: __m256i) -> Numbers {
    let (low, high) = (_mm256_unpacklo_epi64(a, b), _mm256_unpackhi_epi64(a, b));
    let below = _mm256_set1_epi64x(LOW_26.cast_signed());
    let middle = _mm256_or_si256(_mm256_srli_epi64::<52>(low), _mm256_slli_epi64::<12>(high));
    [
        _mm256_and_si256(low, below),
        _mm256_and_si256(_mm256_srli_epi64::<26>(low), below),
        _mm256_and_si256(middle, below),
        _mm256_and_si256(_mm256_srli_epi64::<14>(high), below),
        _mm256_or_si256(_mm256_srli_epi64::<40>(high), _mm256_set1_epi64x(1 << 24)),
    ]
}

/// Adds the products of `a`, of up to 28 bits a limb, and `r`: two of them fit.
fn add_products(sums: &mut Numbers, a: &Numbers, r: &Factors) {
    let ([r0, r1, r2, r3, r4], [s1, s2, s3, s4]) = (r.limbs, r.folded);
    // Written out, since the compiler keeps loops of so many steps, and the sums in memory.
    sums[0] = sum_of_products(sums[0], a, &[r0, s4, s3, s2, s1]);
    sums[1] = sum_of_products(sums[1], a, &[r1, r0, s4, s3, s2]);
    sums[2] = sum_of_products(sums[2], a, &[r2, r1, r0, s4, s3]);
    sums[3] = sum_of_products(sums[3], a, &[r3, r2, r1, r0, s4]);
    sums[4] = sum_of_products(sums[4], a, &[r4, r3, r2, r1, r0]);
}

fn sum_of_products(sum: __m256i, a: &Numbers, column: &Numbers) -> __m256i {
    let [p, q, r, s, t] = from_fn(|i| multiplied(a[i], column[i]));
    let [pq, rs] = [_mm256_add_epi64(p, q), _mm256_add_epi64(r, s)];
    _mm256_add_epi64(_mm256_add_epi64(sum, t), _mm256_add_epi64(pq, rs))
}

/// `_mm256_mul_epu32`, of which the compiler makes a product of numbers of 64 bits, by three instructions and more,
/// where it has lost sight of how many bits they have.
fn multiplied(a: __m256i, b: __m256i) -> __m256i {
    let product;
    // SAFETY: the instruction belongs to AVX2, and nothing but the operands is touched.
    unsafe {
        asm!(
            "vpmuludq {}, {}, {}",
            out(ymm_reg) product, in(ymm_reg) a, in(ymm_reg) b,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    product
}

/// Carries, in two chains at the same time: one bit more than 26 may stay in the second and the
/// fifth limb.
fn carried([mut a, mut b, mut c, mut d, mut e]: Numbers) -> Numbers {
    let below = _mm256_set1_epi64x(LOW_26.cast_signed());
    let low = |x| _mm256_and_si256(x, below);
    let carry = |x, to| _mm256_add_epi64(to, _mm256_srli_epi64::<26>(x));
    (b, e) = (carry(a, b), carry(d, e));
    (a, d) = (low(a), low(d));
    // 2^130 is 5.
    let over = _mm256_srli_epi64::<26>(e);
    a = _mm256_add_epi64(a, _mm256_add_epi64(over, _mm256_slli_epi64::<2>(over)));
    c = carry(b, c);
    (b, e) = (low(b), low(e));
    (b, d) = (carry(a, b), carry(c, d));
    (a, c) = (low(a), low(c));
    e = carry(d, e);
    [a, b, c, low(d), e]
}

fn sum_of_lanes(limb: __m256i) -> u64 {
    let halves = _mm_add_epi64(_mm256_castsi256_si128(limb), _mm256_extracti128_si256::<1>(limb));
    let sum = _mm_add_epi64(halves, _mm_unpackhi_epi64(halves, halves));
    _mm_cvtsi128_si64(sum).cast_unsigned()
}

}
