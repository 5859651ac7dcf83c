// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! AES by the instructions of x86-64 processors, in the modes that gain by many blocks at
//! a time: RustCrypto's `aes` serves where there are none, and is what the tests compare with.
//!
//! References: FIPS 197; Intel's Software Developer's Manual; NIST SP 800-38A; IEEE 1619.

#![allow(unsafe_code)]

mod aesni;
mod kernels;
mod side_by_side;
mod vaes256;
mod vaes512;

#[cfg(test)]
mod tests;

use super::{BlockCipher, CbcMessage, Data, MacMessage, Pipelined, Tweaked};
use crate::errno::{Errno, Result};
pub(in crate::engine::user::algorithm) use kernels::with_features;
use side_by_side::chain_each;
use std::arch::x86_64::*;
use zeroize::Zeroizing;

/// Bytes in a block.
const BLOCK: usize = 16;

/// Makes a cipher of a key; None if the processor does not have the instructions.
type New = fn(&[u8]) -> Option<Result<Box<dyn BlockCipher>>>;

/// The same of the two keys of XTS.
type NewTweaked = fn(&[u8], &[u8]) -> Option<Result<Box<dyn Tweaked>>>;

/// The fastest first.
static IMPLEMENTATIONS: &[(&str, New, NewTweaked)] = &[
    (
        "VAES with AVX-512",
        |key| boxed(vaes512::Vaes512::new(key)?),
        |data, tweak| with_tweaks(vaes512::Vaes512::new(data)?, tweak),
    ),
    (
        "VAES with AVX2",
        |key| boxed(vaes256::Vaes256::new(key)?),
        |data, tweak| with_tweaks(vaes256::Vaes256::new(data)?, tweak),
    ),
    (
        "AES-NI",
        |key| boxed(aesni::AesNi::new(key)?),
        |data, tweak| with_tweaks(aesni::AesNi::new(data)?, tweak),
    ),
];

fn boxed(cipher: Result<impl BlockCipher + 'static>) -> Option<Result<Box<dyn BlockCipher>>> {
    Some(cipher.map(|cipher| Box::new(cipher) as _))
}

fn with_tweaks<C: 'static>(data: Result<C>, tweak: &[u8]) -> Option<Result<Box<dyn Tweaked>>>
where
    WithTweaks<C>: Tweaked,
{
    Some(data.and_then(|data| {
        let data = Box::new(data);
        // SAFETY: "aes" is there, since there is a cipher.
        let tweak = Box::new(unsafe { expand(tweak) }?);
        Ok(Box::new(WithTweaks { data, tweak }) as _)
    }))
}

/// AES as fast as this processor can; None if it has no instructions for it.
pub fn new(key: &[u8]) -> Option<Result<Box<dyn BlockCipher>>> {
    IMPLEMENTATIONS.iter().find_map(|(_, new, _)| new(key))
}

/// The same of XTS, with a key for the data and one for the tweaks.
pub fn new_tweaked(data: &[u8], tweak: &[u8]) -> Option<Result<Box<dyn Tweaked>>> {
    IMPLEMENTATIONS.iter().find_map(|(_, _, new)| new(data, tweak))
}

/// The two keys of XTS.
struct WithTweaks<C> {
    data: Box<C>,
    tweak: Box<RoundKeys>,
}

/// The key schedule, in both directions.
pub struct RoundKeys {
    encrypt: Zeroizing<[__m128i; 15]>,
    decrypt: Zeroizing<[__m128i; 15]>,
    /// It is as wide as a round key, so that the struct has no padding. A move into a box copies padding,
    /// too, with whatever was on the stack there, such as another key, and nothing wipes it.
    rounds: u128,
}

const _: () = assert!(size_of::<RoundKeys>() == (15 + 15 + 1) * size_of::<__m128i>());

impl RoundKeys {
    /// For encryption, from the first to the last.
    pub fn encrypt(&self) -> &[__m128i] {
        &self.encrypt[..=self.rounds as usize]
    }

    fn decrypt(&self) -> &[__m128i] {
        &self.decrypt[..=self.rounds as usize]
    }
}

with_features! { ["aes"]

/// S-boxes for each byte: a last round without a key, whose rows are all alike.
fn sub_word(word: u32) -> u32 {
    let words = _mm_set1_epi32(word.cast_signed());
    _mm_cvtsi128_si32(_mm_aesenclast_si128(words, _mm_setzero_si128())).cast_unsigned()
}

/// The key expansion of FIPS 197; words are little-endian here. EINVAL: no length of an AES key.
pub fn expand(key: &[u8]) -> Result<RoundKeys> {
    let (key, []) = key.as_chunks() else { return Err(Errno::INVAL) };
    if !matches!(key.len(), 4 | 6 | 8) {
        return Err(Errno::INVAL);
    }
    let rounds = key.len() + 6;
    let mut words = Zeroizing::new([0; 60]);
    words.iter_mut().zip(key).for_each(|(word, bytes)| *word = u32::from_le_bytes(*bytes));
    let mut constant = 1;
    for i in key.len()..4 * (rounds + 1) {
        let mut word = words[i - 1];
        if i % key.len() == 0 {
            word = sub_word(word.rotate_right(8)) ^ constant;
            constant = (constant << 1) ^ ((constant >> 7) * 0x11b);
        } else if key.len() == 8 && i % 8 == 4 {
            word = sub_word(word);
        }
        words[i] = words[i - key.len()] ^ word;
    }
    let mut encrypt = Zeroizing::new([_mm_setzero_si128(); 15]);
    for (key, words) in encrypt.iter_mut().zip(words.as_chunks().0) {
        let [a, b, c, d] = words.map(u32::cast_signed);
        *key = _mm_set_epi32(d, c, b, a);
    }
    let mut decrypt = Zeroizing::new([_mm_setzero_si128(); 15]);
    decrypt[0] = encrypt[rounds];
    (1..rounds).for_each(|i| decrypt[i] = _mm_aesimc_si128(encrypt[rounds - i]));
    decrypt[rounds] = encrypt[0];
    Ok(RoundKeys { encrypt, decrypt, rounds: rounds as u128 })
}

/// A block by itself, as in what comes before a message.
fn encrypt_one(keys: &RoundKeys, block: &mut [u8; BLOCK]) {
    store(block, encrypt_block(keys, load(block)));
}

fn encrypt_block(keys: &RoundKeys, block: __m128i) -> __m128i {
    let [first, middle @ .., last] = keys.encrypt() else { return block };
    let mut state = _mm_xor_si128(block, *first);
    middle.iter().for_each(|key| state = _mm_aesenc_si128(state, *key));
    _mm_aesenclast_si128(state, *last)
}

/// CBC encryption, block by block since each needs the one before. The last round's key is XORed
/// with what the next block begins with, its text and the first key, so that nothing but rounds is
/// in the way from block to block.
fn chain(keys: &RoundKeys, iv: &mut [u8], blocks: &mut [u8]) {
    let [first, middle @ .., last] = keys.encrypt() else { return };
    let ([iv], _) = iv.as_chunks_mut() else { return };
    let (blocks, _) = blocks.as_chunks_mut();
    let Some(begin) = blocks.first() else { return };
    let mut state = _mm_xor_si128(load(iv), _mm_xor_si128(load(begin), *first));
    for i in 0..blocks.len() {
        let next = match blocks.get(i + 1) {
            Some(next) => _mm_xor_si128(load(next), *first),
            None => _mm_setzero_si128(),
        };
        middle.iter().for_each(|key| state = _mm_aesenc_si128(state, *key));
        state = _mm_aesenclast_si128(state, _mm_xor_si128(*last, next));
        store(&mut blocks[i], _mm_xor_si128(state, next));
    }
    store(iv, state);
}

fn load(from: &[u8; BLOCK]) -> __m128i {
    // SAFETY: the reference is to as many bytes as are read.
    unsafe { _mm_loadu_si128(from.as_ptr().cast()) }
}

fn store(to: &mut [u8; BLOCK], block: __m128i) {
    // SAFETY: the reference is to as many bytes as are written.
    unsafe { _mm_storeu_si128(to.as_mut_ptr().cast(), block) }
}

}
