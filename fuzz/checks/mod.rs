// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The fuzz targets: each takes any input and panics if something does not hold that must.
//!
//! This is a module of the library's, `kcapi::fuzz`, where that is compiled for a fuzzer or for its
//! own tests (`src/lib.rs`). `fuzz/fuzz_targets` makes programs of the targets. In the tests they
//! are given the corpora of `fuzz/corpus` and inputs made of these; a finding becomes a file there,
//! named after what went wrong.

// Test code: it is to stop at what it does not expect.
#![allow(clippy::indexing_slicing, clippy::expect_used, clippy::panic, clippy::unwrap_used)]

#[cfg(feature = "asymmetric")]
pub mod agreement;
#[cfg(feature = "user-engine")]
pub mod calls;
#[cfg(feature = "user-engine")]
pub mod names;
pub mod netlink;
pub mod proc_crypto;
#[cfg(test)]
mod replay;
#[cfg(feature = "asymmetric")]
pub mod rsa;

use crate::engine::Kind;

const KINDS: [Kind; 6] =
    [Kind::Skcipher, Kind::Aead, Kind::Hash, Kind::Rng, Kind::Akcipher, Kind::Kpp];

/// An input as a source of choices: after its end all are 0.
struct Choices<'a>(&'a [u8]);

impl<'a> Choices<'a> {
    fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        first
    }

    fn word(&mut self) -> u32 {
        u32::from_le_bytes([self.byte(), self.byte(), self.byte(), self.byte()])
    }

    /// A number less than `limit`, which is at most 256.
    fn below(&mut self, limit: usize) -> usize {
        usize::from(self.byte()) % limit
    }

    fn one_of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())]
    }

    fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        taken
    }

    #[cfg(feature = "user-engine")]
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Marsaglia's xorshift; always the same numbers.
struct Random(u64);

impl Random {
    fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    #[cfg(feature = "user-engine")]
    fn bytes(&mut self, len: usize) -> Vec<u8> {
        let mut bytes: Vec<_> =
            (0..len.div_ceil(8)).flat_map(|_| self.next().to_le_bytes()).collect();
        bytes.truncate(len);
        bytes
    }
}
