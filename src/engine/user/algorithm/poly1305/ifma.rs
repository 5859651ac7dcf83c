// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Poly1305 with AVX-512 IFMA, which multiplies numbers of 52 bits: 16 blocks at once, eight in a
//! register, one in each of its lanes.
//!
//! Method: Goll, Gueron, “Vectorization of Poly1305 message authentication code” (2015), for 44
//! bits in a limb: a lane sums up each eighth block, times r^8 each time, and at the end its own
//! power of r puts its blocks in their places.
//!
//! The time depends on the length alone.

#![allow(unsafe_code)]

use super::limbs::{LOW_42, LOW_44, Limbs, joined, product, reduced, split};
use super::{Number, SIZE};
use std::arch::x86_64::*;
use std::array::from_fn;

/// Blocks in a register.
const LANES: usize = 8;

/// Bytes that are added at once.
pub const WIDE: usize = 2 * LANES * SIZE;

/// A number in each lane, limb by limb.
type Numbers = [__m512i; 3];

/// A factor for multiplications: its limbs, and 20 times the second and the third.
struct Factors {
    limbs: Numbers,
    folded: [__m512i; 2],
}

/// Sums of products: of each limb the lower 52 bits, and what is above them.
struct Sums {
    low: Numbers,
    high: Numbers,
}

/// Tells whether the processor has the instructions.
pub fn available() -> bool {
    is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512ifma")
}

/// Adds `blocks` to `sum`; only where it is available.
pub fn update(r: u128, sum: Number, blocks: &[[u8; WIDE]]) -> Number {
    assert!(available());
    let (r, sum) = (split(Number { low: r, high: 0 }), split(sum));
    // SAFETY: the processor has both features.
    joined(unsafe { update_wide(&r, &sum, blocks) })
}

macro_rules! with_ifma {
    ($($function:item)*) => {
        $(
            #[inline]
            #[target_feature(enable = "avx512f,avx512ifma")]
            $function
        )*
    };
}

with_ifma! {

fn update_wide(r: &Limbs, sum: &Limbs, blocks: &[[u8; WIDE]]) -> Limbs {
    let [first, others @ ..] = blocks else { return *sum };
    let square = |number: &Limbs| product(number, number);
    let second = square(r);
    let fourth = square(&second);
    let eighth = square(&fourth);
    let eighths = everywhere(&eighth);

    let [mut low, high] = halves(first);
    for i in 0..3 {
        let sum = _mm512_maskz_set1_epi64(1, sum[i].cast_signed());
        low[i] = _mm512_add_epi64(low[i], sum);
    }
    let mut sums = zero();
    add_products(&mut sums, &low, &eighths);
    // What is summed up counts as the half before the next ones.
    let mut sum = sum_of(high, carried(sums));
    let sixteenths = everywhere(&square(&eighth));
    for blocks in others {
        let [low, high] = halves(blocks);
        let mut sums = zero();
        add_products(&mut sums, &low, &eighths);
        add_products(&mut sums, &sum, &sixteenths);
        sum = sum_of(high, carried(sums));
    }
    // The other powers, which are needed here only: the processor computes them while the loop waits for its carries.
    let third = product(&second, r);
    let [fifth, sixth] = [r, &second].map(|power| product(&fourth, power));
    let seventh = product(&fourth, &third);
    let powers = [*r, second, third, fourth, fifth, sixth, seventh, eighth];
    let mut sums = zero();
    add_products(&mut sums, &sum, &in_lanes(&powers));
    let total = |limb| u128::from(_mm512_reduce_add_epi64(limb).cast_unsigned());
    reduced(from_fn(|i| total(sums.low[i]).wrapping_add(total(sums.high[i]) << 52)))
}

fn sum_of(a: Numbers, b: Numbers) -> Numbers {
    from_fn(|i| _mm512_add_epi64(a[i], b[i]))
}

fn zero() -> Sums {
    Sums { low: [_mm512_setzero_si512(); 3], high: [_mm512_setzero_si512(); 3] }
}

fn factors(limbs: Numbers) -> Factors {
    let twenty_times = |limb| _mm512_madd52lo_epu64(_mm512_setzero_si512(), limb, splat(20));
    Factors { limbs, folded: [twenty_times(limbs[1]), twenty_times(limbs[2])] }
}

fn everywhere(number: &Limbs) -> Factors {
    factors(number.map(|limb| _mm512_set1_epi64(limb.cast_signed())))
}

/// The first block's lane has the highest power.
fn in_lanes(powers: &[Limbs; LANES]) -> Factors {
    factors(from_fn(|i| {
        let [h, g, f, e, d, c, b, a] = powers.map(|power| power[i].cast_signed());
        _mm512_setr_epi64(a, e, b, f, c, g, d, h)
    }))
}

/// Both halves' blocks, in the lanes' order: 0, 4, 1, 5, 2, 6, 3, 7.
fn halves(blocks: &[u8; WIDE]) -> [Numbers; 2] {
    let (registers, _) = blocks.as_chunks::<{ WIDE / 4 }>();
    // SAFETY: the reference is to as many bytes as are read.
    let load = |i: usize| unsafe { _mm512_loadu_si512(registers[i].as_ptr().cast()) };
    [numbers(load(0), load(1)), numbers(load(2), load(3))]
}

/// A whole block's number has a further bit at its end.
fn numbers(a: __m512i, b: __m512i) -> Numbers {
    let (low, high) = (_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
    let (below, end) = (splat(LOW_44), splat(1 << 40));
    let middle = _mm512_or_si512(_mm512_srli_epi64::<44>(low), _mm512_slli_epi64::<20>(high));
    [
        _mm512_and_si512(low, below),
        _mm512_and_si512(middle, below),
        _mm512_or_si512(_mm512_srli_epi64::<24>(high), end),
    ]
}

fn splat(number: u64) -> __m512i {
    _mm512_set1_epi64(number.cast_signed())
}

/// Adds the products of `a`, of up to 46 bits a limb, and `r`.
fn add_products(sums: &mut Sums, a: &Numbers, r: &Factors) {
    let ([r0, r1, r2], [s1, s2]) = (r.limbs, r.folded);
    let columns = [[r0, s2, s1], [r1, r0, s2], [r2, r1, r0]];
    for j in 0..3 {
        for (i, column) in columns.iter().enumerate() {
            sums.low[i] = _mm512_madd52lo_epu64(sums.low[i], a[j], column[j]);
            sums.high[i] = _mm512_madd52hi_epu64(sums.high[i], a[j], column[j]);
        }
    }
}

/// Carries, as [`reduced`] does. 52 bits are 8 more than a limb's 44, and 10 more than the last
/// one's 42.
fn carried(sums: Sums) -> Numbers {
    let [a, mut b, mut c] = sums.low;
    let [a_high, b_high, c_high] = sums.high;
    let add = |x, y| _mm512_add_epi64(x, y);
    b = add(b, add(_mm512_slli_epi64::<8>(a_high), _mm512_srli_epi64::<44>(a)));
    c = add(c, add(_mm512_slli_epi64::<8>(b_high), _mm512_srli_epi64::<44>(b)));
    let over = add(_mm512_slli_epi64::<10>(c_high), _mm512_srli_epi64::<42>(c));
    let a = _mm512_and_si512(a, splat(LOW_44));
    let a = add(a, add(over, _mm512_slli_epi64::<2>(over)));
    let b = add(_mm512_and_si512(b, splat(LOW_44)), _mm512_srli_epi64::<44>(a));
    [_mm512_and_si512(a, splat(LOW_44)), b, _mm512_and_si512(c, splat(LOW_42))]
}

}
