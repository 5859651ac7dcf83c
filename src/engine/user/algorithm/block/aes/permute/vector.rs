// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Vector registers of one block, of different processors.

#![allow(unsafe_code)]

use super::BLOCK;
#[cfg(target_arch = "aarch64")]
use std::arch::aarch64::*;
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;
use zeroize::Zeroize;

/// This processor's.
#[cfg(target_arch = "aarch64")]
pub type Register = uint8x16_t;
/// This processor's.
#[cfg(target_arch = "x86_64")]
pub type Register = __m128i;

/// A register. Lookups are made within [`with_features`](Vector::with_features) only; what calls them is
/// `inline(always)`, so that it is compiled for these features.
pub trait Vector: Copy + Zeroize + Send + Sync + 'static {
    /// Whether this processor has the features that lookups take.
    fn is_available() -> bool;

    /// Runs `f`, compiled for these features.
    ///
    /// # Safety
    ///
    /// They are available.
    unsafe fn with_features<T>(f: impl FnOnce() -> T) -> T;

    fn load(from: &[u8; BLOCK]) -> Self;

    /// A number, little-endian. It does not go by way of memory, where its halves would be written one by one: to read them as
    /// one makes the processor wait.
    fn from_number(number: u128) -> Self;

    fn store(self, to: &mut [u8; BLOCK]);

    fn xor(self, other: Self) -> Self;

    fn and(self, other: Self) -> Self;

    /// The bits of each byte moved up by `N`. Whether those that leave a byte come into the next one differs between
    /// processors.
    fn shifted_left<const N: i32>(self) -> Self;

    /// The same downwards.
    fn shifted_right<const N: i32>(self) -> Self;

    /// Each word of four bytes in the place of the one before it, and the first in that of the last.
    fn next_row(self) -> Self;

    /// The same twice.
    fn second_next_row(self) -> Self;

    /// The lower half of each byte.
    fn low(self) -> Self;

    /// The higher half of each byte.
    fn high(self) -> Self;

    /// Each byte in the next place, and the last one of `below` in the first.
    fn moved_up(self, below: Self) -> Self;

    /// The bytes at `places`; 0 where a place has its highest bit set. Others are below 16.
    fn lookup(self, places: Self) -> Self;
}

/// SSSE3. What is done beside lookups every x86-64 processor can do.
#[cfg(target_arch = "x86_64")]
impl Vector for __m128i {
    fn is_available() -> bool {
        is_x86_feature_detected!("ssse3")
    }

    #[inline(always)]
    unsafe fn with_features<T>(f: impl FnOnce() -> T) -> T {
        #[target_feature(enable = "ssse3")]
        fn run<T>(f: impl FnOnce() -> T) -> T {
            f()
        }
        // SAFETY: the caller says that the feature is available.
        unsafe { run(f) }
    }

    #[inline(always)]
    fn load(from: &[u8; BLOCK]) -> Self {
        // SAFETY: the reference is to as many bytes as are read.
        unsafe { _mm_loadu_si128(from.as_ptr().cast()) }
    }

    #[inline(always)]
    fn from_number(number: u128) -> Self {
        // SAFETY: SSE2 is a part of x86-64.
        unsafe { _mm_set_epi64x((number >> 64) as i64, number as i64) }
    }

    #[inline(always)]
    fn store(self, to: &mut [u8; BLOCK]) {
        // SAFETY: the reference is to as many bytes as are written.
        unsafe { _mm_storeu_si128(to.as_mut_ptr().cast(), self) }
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        // SAFETY: SSE2 is a part of x86-64.
        unsafe { _mm_xor_si128(self, other) }
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        // SAFETY: SSE2 is a part of x86-64.
        unsafe { _mm_and_si128(self, other) }
    }

    #[inline(always)]
    fn shifted_left<const N: i32>(self) -> Self {
        // SAFETY: SSE2 is a part of x86-64.
        unsafe { _mm_slli_epi64::<N>(self) }
    }

    #[inline(always)]
    fn shifted_right<const N: i32>(self) -> Self {
        // SAFETY: SSE2 is a part of x86-64.
        unsafe { _mm_srli_epi64::<N>(self) }
    }

    #[inline(always)]
    fn next_row(self) -> Self {
        // SAFETY: SSE2 is a part of x86-64.
        unsafe { _mm_shuffle_epi32::<0b00_11_10_01>(self) }
    }

    #[inline(always)]
    fn second_next_row(self) -> Self {
        // SAFETY: SSE2 is a part of x86-64.
        unsafe { _mm_shuffle_epi32::<0b01_00_11_10>(self) }
    }

    #[inline(always)]
    fn low(self) -> Self {
        // SAFETY: SSE2 is a part of x86-64.
        unsafe { _mm_and_si128(self, _mm_set1_epi8(0xf)) }
    }

    #[inline(always)]
    fn high(self) -> Self {
        // SAFETY: SSE2 is a part of x86-64.
        unsafe { _mm_srli_epi16::<4>(self) }.low()
    }

    #[inline(always)]
    fn moved_up(self, below: Self) -> Self {
        // SAFETY: as for lookups.
        unsafe { _mm_alignr_epi8::<15>(self, below) }
    }

    #[inline(always)]
    fn lookup(self, places: Self) -> Self {
        // SAFETY: lookups are made within `with_features`, whose caller says that the feature is available.
        unsafe { _mm_shuffle_epi8(self, places) }
    }
}

/// NEON, which every aarch64 processor has.
#[cfg(target_arch = "aarch64")]
impl Vector for uint8x16_t {
    fn is_available() -> bool {
        true
    }

    #[inline(always)]
    unsafe fn with_features<T>(f: impl FnOnce() -> T) -> T {
        f()
    }

    #[inline(always)]
    fn load(from: &[u8; BLOCK]) -> Self {
        // SAFETY: the reference is to as many bytes as are read.
        unsafe { vld1q_u8(from.as_ptr()) }
    }

    #[inline(always)]
    fn from_number(number: u128) -> Self {
        // SAFETY: NEON is a part of aarch64.
        unsafe {
            let halves = [number as u64, (number >> 64) as u64].map(|half| vcreate_u8(half));
            vcombine_u8(halves[0], halves[1])
        }
    }

    #[inline(always)]
    fn store(self, to: &mut [u8; BLOCK]) {
        // SAFETY: the reference is to as many bytes as are written.
        unsafe { vst1q_u8(to.as_mut_ptr(), self) }
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        // SAFETY: NEON is a part of aarch64.
        unsafe { veorq_u8(self, other) }
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        // SAFETY: NEON is a part of aarch64.
        unsafe { vandq_u8(self, other) }
    }

    #[inline(always)]
    fn shifted_left<const N: i32>(self) -> Self {
        // SAFETY: NEON is a part of aarch64.
        unsafe { vshlq_n_u8::<N>(self) }
    }

    #[inline(always)]
    fn shifted_right<const N: i32>(self) -> Self {
        // SAFETY: NEON is a part of aarch64.
        unsafe { vshrq_n_u8::<N>(self) }
    }

    #[inline(always)]
    fn next_row(self) -> Self {
        // SAFETY: NEON is a part of aarch64.
        unsafe { vextq_u8::<4>(self, self) }
    }

    #[inline(always)]
    fn second_next_row(self) -> Self {
        // SAFETY: NEON is a part of aarch64.
        unsafe { vextq_u8::<8>(self, self) }
    }

    #[inline(always)]
    fn low(self) -> Self {
        // SAFETY: NEON is a part of aarch64.
        unsafe { vandq_u8(self, vdupq_n_u8(0xf)) }
    }

    #[inline(always)]
    fn high(self) -> Self {
        // SAFETY: NEON is a part of aarch64.
        unsafe { vshrq_n_u8::<4>(self) }
    }

    #[inline(always)]
    fn moved_up(self, below: Self) -> Self {
        // SAFETY: NEON is a part of aarch64.
        unsafe { vextq_u8::<15>(below, self) }
    }

    #[inline(always)]
    fn lookup(self, places: Self) -> Self {
        // SAFETY: NEON is a part of aarch64.
        unsafe { vqtbl1q_u8(self, places) }
    }
}
