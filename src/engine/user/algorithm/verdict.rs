// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The one place where something secret becomes public.

use std::hint::black_box;
use subtle::{Choice, ConstantTimeEq};

/// Tells whether `computed` and `given` are equal. The time depends on their length only.
///
/// `subtle` is asked once, about the differences of all bytes together: it asks about each byte by
/// itself, and for PowerPC the compiler makes a branch of each of these questions. Each step waits for
/// the one before to be in memory and back, so eight bytes are compared in one.
pub fn equal(computed: &[u8], given: &[u8]) -> bool {
    let ((words, bytes), (given_words, given_bytes)) = (computed.as_chunks(), given.as_chunks());
    let word = |bytes: &[u8; 8]| u64::from_ne_bytes(*bytes);
    let words = words.iter().zip(given_words).map(|(a, b)| word(a) ^ word(b));
    let bytes = bytes.iter().zip(given_bytes).map(|(a, b)| u64::from(a ^ b));
    let difference = words.chain(bytes).fold(0, |sum, one| black_box(sum | one));
    computed.len() == given.len() && reveal(difference.ct_eq(&0))
}

/// Tells what was found about a key or a result that the caller is told of.
#[cfg(feature = "asymmetric")]
pub fn tell(found: Choice) -> bool {
    reveal(found)
}

/// Tells whether `value` is 0.
#[cfg(feature = "asymmetric")]
pub fn is_zero(value: impl Into<u64>) -> bool {
    reveal(value.into().ct_eq(&0))
}

/// A length, no more than `most`.
#[cfg(feature = "asymmetric")]
pub fn length(secret: u32, most: usize) -> usize {
    let bits = 0..usize::BITS - most.leading_zeros();
    bits.map(|bit| usize::from(reveal(Choice::from((secret >> bit & 1) as u8))) << bit).sum()
}

/// The result of a comparison, which the caller is about to be told. `c-tests/memory/constant-time.supp`
/// allows this function, by its name, to look something up by a secret, and no other: so the
/// comparison is not inlined here, and the look-up is not left to who asks.
#[inline(never)]
#[allow(clippy::indexing_slicing, reason = "one bit is an index of two")]
fn reveal(verdict: Choice) -> bool {
    black_box([false, true])[usize::from(verdict.unwrap_u8() & 1)]
}
