// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The table of block ciphers.
//!
//! They are RustCrypto's, which choose the processor's instructions at run time and wipe their key
//! schedules; AES is this library's on x86-64 and aarch64.
//!
//! aes takes the same time for all keys and data. Those behind the feature `legacy`,
//! but for serpent, look their S-boxes up in tables, as the kernel's generic drivers
//! do: who can watch the cache may learn about the key.

use super::{BlockCipher, Tweaked, xor};
use crate::engine::user::algorithm::names::Name;
use crate::errno::{Errno, Result};
use crate::wipe::Depth;
use cipher::KeyInit;
use std::ops::RangeInclusive;

/// Makes a block cipher of a key.
type CipherKey = fn(&[u8]) -> Result<Box<dyn BlockCipher>>;

/// A block cipher without a key.
pub struct BlockAlgorithm {
    /// The kernel's name for it.
    pub name: &'static str,
    /// Bytes in a block.
    pub size: usize,
    /// Bytes in a key, from the shortest to the longest.
    pub keys: RangeInclusive<usize>,
    /// Takes a key; EINVAL if it has a wrong length.
    pub key: CipherKey,
}

/// All block ciphers that there are.
#[rustfmt::skip]
pub static ALGORITHMS: &[BlockAlgorithm] = &[
    BlockAlgorithm { name: "aes", size: 16, keys: 16..=32, key: aes },
    #[cfg(feature = "legacy")]
    BlockAlgorithm { name: "sm4", size: 16, keys: 16..=16, key: keyed::<sm4::Sm4> },
    #[cfg(feature = "legacy")]
    BlockAlgorithm { name: "aria", size: 16, keys: 16..=32, key: aria },
    #[cfg(feature = "legacy")]
    BlockAlgorithm { name: "des", size: 8, keys: 8..=8, key: keyed::<des::Des> },
    #[cfg(feature = "legacy")]
    BlockAlgorithm { name: "des3_ede", size: 8, keys: 24..=24, key: keyed::<des::TdesEde3> },
    #[cfg(feature = "legacy")]
    BlockAlgorithm { name: "blowfish", size: 8, keys: 4..=56, key: blowfish },
    #[cfg(feature = "legacy")]
    BlockAlgorithm { name: "camellia", size: 16, keys: 16..=32, key: camellia },
    #[cfg(feature = "legacy")]
    BlockAlgorithm { name: "cast5", size: 8, keys: 5..=16, key: keyed::<cast5::Cast5> },
    #[cfg(feature = "legacy")]
    BlockAlgorithm { name: "cast6", size: 16, keys: 16..=32, key: keyed::<cast6::Cast6> },
    #[cfg(feature = "legacy")]
    BlockAlgorithm { name: "serpent", size: 16, keys: 0..=32, key: serpent },
    #[cfg(feature = "legacy")]
    BlockAlgorithm { name: "twofish", size: 16, keys: 16..=32, key: keyed::<twofish::Twofish> },
    BlockAlgorithm { name: "cipher_null", size: 1, keys: 0..=0, key: cipher_null },
];

/// The block cipher of that name.
pub fn find(name: &Name<'_>) -> Option<&'static BlockAlgorithm> {
    ALGORITHMS.iter().find(|algorithm| name.is(algorithm.name))
}

/// For ciphers whose own key lengths are the kernel's.
fn keyed<C: KeyInit + BlockCipher + 'static>(key: &[u8]) -> Result<Box<dyn BlockCipher>> {
    Ok(Box::new(C::new_from_slice(key).map_err(|_| Errno::INVAL)?))
}

/// The depth of the stack that a few blocks take. Without instructions for it, AES has several blocks at work, and spills
/// what is between them.
pub fn depth(algorithm: &BlockAlgorithm) -> Depth {
    #[cfg(target_arch = "x86_64")]
    let has_instructions = is_x86_feature_detected!("aes");
    #[cfg(target_arch = "aarch64")]
    let has_instructions = std::arch::is_aarch64_feature_detected!("aes");
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let has_instructions = false;
    if algorithm.name == "aes" && !has_instructions { Depth::Work } else { Depth::Spills }
}

fn aes(key: &[u8]) -> Result<Box<dyn BlockCipher>> {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    if let Some(cipher) = super::aes::new(key) {
        return cipher;
    }
    portable_aes(key)
}

/// XTS by the cipher itself, with a key for the data and one for the first tweak. None: it does not do it.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub fn tweaked(
    algorithm: &BlockAlgorithm,
    data: &[u8],
    tweak: &[u8],
) -> Option<Result<Box<dyn Tweaked>>> {
    if algorithm.name == "aes" { super::aes::new_tweaked(data, tweak) } else { None }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub fn tweaked(_: &BlockAlgorithm, _: &[u8], _: &[u8]) -> Option<Result<Box<dyn Tweaked>>> {
    None
}

/// RustCrypto's.
pub(super) fn portable_aes(key: &[u8]) -> Result<Box<dyn BlockCipher>> {
    match key.len() {
        16 => keyed::<aes::Aes128>(key),
        24 => keyed::<aes::Aes192>(key),
        _ => keyed::<aes::Aes256>(key),
    }
}

#[cfg(feature = "legacy")]
fn aria(key: &[u8]) -> Result<Box<dyn BlockCipher>> {
    match key.len() {
        16 => keyed::<aria::Aria128>(key),
        24 => keyed::<aria::Aria192>(key),
        _ => keyed::<aria::Aria256>(key),
    }
}

#[cfg(feature = "legacy")]
fn camellia(key: &[u8]) -> Result<Box<dyn BlockCipher>> {
    match key.len() {
        16 => keyed::<camellia::Camellia128>(key),
        24 => keyed::<camellia::Camellia192>(key),
        _ => keyed::<camellia::Camellia256>(key),
    }
}

/// Its 4 KiB of S-boxes are made of the key where they stay: moved there, they would be on the
/// stack twice.
#[cfg(feature = "legacy")]
fn blowfish(key: &[u8]) -> Result<Box<dyn BlockCipher>> {
    /// The same for all keys. Apart, for it does come by way of the stack.
    #[inline(never)]
    fn beginning() -> Box<blowfish::Blowfish> {
        Box::new(blowfish::Blowfish::bc_init_state())
    }
    if !(4..=56).contains(&key.len()) {
        return Err(Errno::INVAL);
    }
    let mut cipher = beginning();
    cipher.bc_expand_key(key);
    Ok(cipher)
}

/// Keys of up to 32 bytes; shorter ones are padded with a bit, as Serpent's authors do.
#[cfg(feature = "legacy")]
fn serpent(key: &[u8]) -> Result<Box<dyn BlockCipher>> {
    let mut padded = zeroize::Zeroizing::new([0; 32]);
    padded.get_mut(..key.len()).ok_or(Errno::INVAL)?.copy_from_slice(key);
    if let Some(bit) = padded.get_mut(key.len()) {
        *bit = 1;
    }
    keyed::<serpent::Serpent>(&*padded)
}

/// A cipher that changes nothing and has no key: Linux `crypto/crypto_null.c`.
struct CipherNull;

impl BlockCipher for CipherNull {
    fn size(&self) -> usize {
        1
    }

    fn encrypt(&self, _: &mut [u8]) {}

    fn decrypt(&self, _: &mut [u8]) {}

    fn chain(&self, iv: &mut [u8], blocks: &mut [u8]) {
        for block in blocks.chunks_mut(1) {
            xor(iv, block);
            block.copy_from_slice(iv);
        }
    }
}

fn cipher_null(key: &[u8]) -> Result<Box<dyn BlockCipher>> {
    if key.is_empty() { Ok(Box::new(CipherNull)) } else { Err(Errno::INVAL) }
}
