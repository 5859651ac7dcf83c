// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! AES as fast as the processor can: by the instructions of x86-64 and ARMv8, in the modes that gain by many blocks at a
//! time, or by lookups within vector registers and by single bits. RustCrypto's `aes` serves elsewhere, and is what the
//! tests compare with.
//!
//! References: FIPS 197; Intel's Software Developer's Manual; Arm's Architecture Reference Manual; NIST SP
//! 800-38A; IEEE 1619.

#![allow(unsafe_code)]

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(target_arch = "x86_64")]
mod aesni;
#[cfg(target_arch = "aarch64")]
mod armv8;
mod kernels;
mod permute;
mod side_by_side;
#[cfg(target_arch = "x86_64")]
mod vaes256;
#[cfg(target_arch = "x86_64")]
mod vaes512;
mod with_mac;
#[cfg(target_arch = "x86_64")]
mod x86_64;

#[cfg(test)]
mod tests;

use super::{BlockCipher, CbcMessage, Data, MacMessage, Pipelined, SideBySide, Tweaked};
use crate::errno::{Errno, Result};
#[cfg(target_arch = "aarch64")]
use aarch64 as machine;
pub(in crate::engine::user::algorithm) use kernels::with_features;
use machine::{Block, advance, begin, chain, from_number, inverse_mix_columns, sub_word, xor};
pub use machine::{encrypt_block, load, store};
use permute::Permute;
pub use permute::{Register, Vector};
use side_by_side::chain_each;
use with_mac::{cbc_mac, ctr_with_mac};
#[cfg(target_arch = "x86_64")]
use x86_64 as machine;
use zeroize::Zeroizing;

/// Bytes in a block.
const BLOCK: usize = 16;

/// Makes a cipher of a key; None if the processor does not have the instructions.
type New = fn(&[u8]) -> Option<Result<Box<dyn BlockCipher>>>;

/// The same of the two keys of XTS; None also if the cipher knows nothing of XTS.
type NewTweaked = fn(&[u8], &[u8]) -> Option<Result<Box<dyn Tweaked>>>;

/// The fastest first.
static IMPLEMENTATIONS: &[(&str, New, NewTweaked)] = &[
    #[cfg(target_arch = "x86_64")]
    (
        "VAES with AVX-512",
        |key| boxed(vaes512::Vaes512::new(key)?),
        |data, tweak| with_tweaks(vaes512::Vaes512::new(data)?, tweak),
    ),
    #[cfg(target_arch = "x86_64")]
    (
        "VAES with AVX2",
        |key| boxed(vaes256::Vaes256::new(key)?),
        |data, tweak| with_tweaks(vaes256::Vaes256::new(data)?, tweak),
    ),
    #[cfg(target_arch = "x86_64")]
    (
        "AES-NI",
        |key| boxed(aesni::AesNi::new(key)?),
        |data, tweak| with_tweaks(aesni::AesNi::new(data)?, tweak),
    ),
    #[cfg(target_arch = "aarch64")]
    (
        "ARMv8's AES",
        |key| boxed(armv8::ArmV8::new(key)?),
        |data, tweak| with_tweaks(armv8::ArmV8::new(data)?, tweak),
    ),
    (
        "lookups in registers and single bits",
        |key| boxed(Permute::<Register>::new(key)?),
        permute::with_tweaks::<Register>,
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

/// AES as fast as this processor can; None if RustCrypto's is.
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
    encrypt: Zeroizing<[Block; 15]>,
    decrypt: Zeroizing<[Block; 15]>,
    /// It is as wide as a round key, so that the struct has no padding. A move into a box copies padding,
    /// too, with whatever was on the stack there, such as another key, and nothing wipes it.
    rounds: u128,
}

const _: () = assert!(size_of::<RoundKeys>() == (15 + 15 + 1) * size_of::<Block>());

impl RoundKeys {
    /// For encryption, from the first to the last.
    pub fn encrypt(&self) -> &[Block] {
        &self.encrypt[..=self.rounds as usize]
    }

    fn decrypt(&self) -> &[Block] {
        &self.decrypt[..=self.rounds as usize]
    }
}

/// The key expansion of FIPS 197. Words are little-endian here; `sub_word` takes each byte through the S-box.
/// Returns how many rounds there are. EINVAL: no length of an AES key.
#[inline(always)]
fn expand_words(key: &[u8], words: &mut [u32; 60], sub_word: impl Fn(u32) -> u32) -> Result<usize> {
    let (key, []) = key.as_chunks() else { return Err(Errno::INVAL) };
    if !matches!(key.len(), 4 | 6 | 8) {
        return Err(Errno::INVAL);
    }
    let rounds = key.len() + 6;
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
    Ok(rounds)
}

with_features! { ["aes"]

/// The key schedule. EINVAL: no length of an AES key.
pub fn expand(key: &[u8]) -> Result<RoundKeys> {
    let mut words = Zeroizing::new([0; 60]);
    let rounds = expand_words(key, &mut words, |word| sub_word(word))?;
    let mut encrypt = Zeroizing::new([from_number(0); 15]);
    for (key, words) in encrypt.iter_mut().zip(words.as_chunks().0) {
        let [a, b, c, d] = words.map(u128::from);
        *key = from_number(d << 96 | c << 64 | b << 32 | a);
    }
    let mut decrypt = Zeroizing::new([from_number(0); 15]);
    decrypt[0] = encrypt[rounds];
    (1..rounds).for_each(|i| decrypt[i] = inverse_mix_columns(encrypt[rounds - i]));
    decrypt[rounds] = encrypt[0];
    Ok(RoundKeys { encrypt, decrypt, rounds: rounds as u128 })
}

/// A block by itself, as in what comes before a message.
fn encrypt_one(keys: &RoundKeys, block: &mut [u8; BLOCK]) {
    store(block, encrypt_block(keys, load(block)));
}

}
