// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The usual algorithms, and those that the command line names.

use crate::library::{Aead, Cipher, Digest, Flag, Rng};
use crate::sys::Errno;
use alloc::vec::Vec;
use core::ffi::CStr;

/// A family of algorithms, by the names that bind(2) takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Symmetric ciphers.
    Skcipher,
    /// Authenticated encryption.
    Aead,
    /// Message digests.
    Hash,
    /// Random number generators.
    Rng,
}

/// All of them.
pub const FAMILIES: [Family; 4] = [Family::Skcipher, Family::Aead, Family::Hash, Family::Rng];

impl Family {
    /// As AF_ALG calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Skcipher => "skcipher",
            Self::Aead => "aead",
            Self::Hash => "hash",
            Self::Rng => "rng",
        }
    }
}

/// An algorithm.
#[derive(Clone, Copy)]
pub struct Algorithm {
    /// Its family.
    pub family: Family,
    /// As in /proc/crypto.
    pub name: &'static str,
    /// Bytes of a key, for a measurement: 0 without a key, none if it is not measured.
    pub key: Option<u8>,
}

const fn row(family: Family, name: &'static str, key: u8) -> Algorithm {
    Algorithm { family, name, key: Some(key) }
}

const fn unmeasured(family: Family, name: &'static str) -> Algorithm {
    Algorithm { family, name, key: None }
}

/// The usual ones.
pub static USUAL: [Algorithm; 28] = [
    row(Family::Skcipher, "ecb(aes)", 16),
    row(Family::Skcipher, "cbc(aes)", 16),
    row(Family::Skcipher, "ctr(aes)", 16),
    row(Family::Skcipher, "xts(aes)", 32),
    row(Family::Skcipher, "cts(cbc(aes))", 16),
    row(Family::Skcipher, "rfc3686(ctr(aes))", 20),
    row(Family::Skcipher, "chacha20", 32),
    row(Family::Skcipher, "cbc(sm4)", 16),
    row(Family::Skcipher, "cbc(camellia)", 16),
    row(Family::Skcipher, "cbc(des3_ede)", 24),
    row(Family::Aead, "gcm(aes)", 16),
    row(Family::Aead, "ccm(aes)", 16),
    unmeasured(Family::Aead, "rfc4106(gcm(aes))"),
    row(Family::Aead, "rfc7539(chacha20,poly1305)", 32),
    unmeasured(Family::Aead, "authenc(hmac(sha256),cbc(aes))"),
    row(Family::Hash, "md5", 0),
    row(Family::Hash, "sha1", 0),
    row(Family::Hash, "sha256", 0),
    row(Family::Hash, "sha512", 0),
    row(Family::Hash, "sha3-256", 0),
    row(Family::Hash, "sm3", 0),
    row(Family::Hash, "blake2b-512", 0),
    row(Family::Hash, "hmac(sha1)", 20),
    row(Family::Hash, "hmac(sha256)", 32),
    row(Family::Hash, "hmac(sha512)", 64),
    row(Family::Hash, "cmac(aes)", 16),
    row(Family::Rng, "stdrng", 0),
    unmeasured(Family::Rng, "jitterentropy_rng"),
];

/// A handle of an algorithm.
pub enum Opened {
    /// Of a symmetric cipher.
    Cipher(Cipher),
    /// Of an AEAD.
    Aead(Aead),
    /// Of a digest.
    Digest(Digest),
    /// Of a generator.
    Rng(Rng),
}

impl Algorithm {
    /// Opens a handle, as a program would.
    pub fn open(&self) -> Result<Opened, Errno> {
        Ok(match self.family {
            Family::Skcipher => Opened::Cipher(Cipher::open(self.name, Flag::None)?),
            Family::Aead => Opened::Aead(Aead::open(self.name, Flag::None)?),
            Family::Hash => Opened::Digest(Digest::open(self.name)?),
            Family::Rng => Opened::Rng(Rng::open(self.name)?),
        })
    }
}

impl Opened {
    /// "kernel" or "user".
    pub fn engine(&self) -> &'static str {
        match self {
            Self::Cipher(cipher) => cipher.engine(),
            Self::Aead(aead) => aead.engine(),
            Self::Digest(digest) => digest.engine(),
            Self::Rng(rng) => rng.engine(),
        }
    }
}

/// The names of the command line, each in the families that have it; in all if none has.
pub fn named(names: &[&'static CStr]) -> Vec<Algorithm> {
    let mut list = Vec::new();
    for name in names {
        // A name that is no UTF-8 nobody has.
        let name = name.to_str().unwrap_or("?");
        let all = FAMILIES.map(|family| unmeasured(family, name));
        let before = list.len();
        list.extend(all.into_iter().filter(|algorithm| algorithm.open().is_ok()));
        if list.len() == before {
            list.extend(all);
        }
    }
    list
}
