// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The algorithms: from names to ciphers with keys. Nothing here knows of handles, locks or the caller's
//! IOVECs.
//!
//! [`names`] reads the kernel's names into trees; [`skcipher`], [`aead`], [`hash`] and [`rng`] build
//! the algorithms from those, as the kernel's templates do. [`block`] ciphers and [`poly1305`] serve
//! several of these; [`verdict`] says what a tag's comparison came to.

pub mod aead;
#[cfg(feature = "asymmetric")]
mod akcipher;
#[cfg(feature = "asymmetric")]
pub mod asymmetric;
pub mod block;
pub mod hash;
#[cfg(feature = "asymmetric")]
mod kpp;
#[cfg(feature = "asymmetric")]
mod montgomery;
pub mod names;
mod poly1305;
pub mod rng;
pub mod skcipher;
pub mod verdict;

use crate::engine::{Kind, Properties};
#[cfg(feature = "asymmetric")]
use crate::errno::Errno;
use crate::errno::Result;
use crate::wipe::{Depth, KEY, SPILLS, wiping_stack};
use aead::{Aead, AeadAlgorithm};
#[cfg(feature = "asymmetric")]
use asymmetric::Asymmetric;
use hash::{HashAlgorithm, Hasher};
use names::Name;
use rng::{Rng, RngAlgorithm};
use skcipher::{Skcipher, SkcipherAlgorithm};

/// An algorithm, as found by its name.
pub enum Algorithm {
    /// A symmetric cipher.
    Skcipher(SkcipherAlgorithm),
    /// Authenticated encryption.
    Aead(AeadAlgorithm),
    /// A digest.
    Hash(HashAlgorithm),
    /// A random number generator, whose state is what is set.
    Rng(RngAlgorithm),
    /// An asymmetric cipher or a key agreement, before any parameter was set.
    #[cfg(feature = "asymmetric")]
    Asymmetric(Box<dyn Asymmetric>),
}

/// An algorithm with its key, ready to work.
pub enum Keyed {
    /// A symmetric cipher.
    Skcipher(Box<dyn Skcipher>),
    /// Authenticated encryption.
    Aead(Box<dyn Aead>),
    /// The state with which a digest's messages begin.
    Hash(Box<dyn Hasher>),
    /// A seeded generator, or one that waits for its seed.
    Rng(Rng),
    /// An asymmetric cipher or a key agreement, perhaps one that waits for its key.
    #[cfg(feature = "asymmetric")]
    Asymmetric(Box<dyn Asymmetric>),
}

impl Algorithm {
    /// The algorithm with this key. The stack that this has used is wiped here, for every family.
    pub fn with_key(&self, key: &[u8]) -> Result<Keyed> {
        match self {
            // No round keys, and a key that is not hashed; and for some programs each message has another key.
            Self::Hash(hash)
                if hash.depth == Depth::Shallow && key.len() <= hash.block_size as usize =>
            {
                wiping_stack::<SPILLS, _>(|| self.make(key))
            }
            _ => wiping_stack::<KEY, _>(|| self.make(key)),
        }
    }

    fn make(&self, key: &[u8]) -> Result<Keyed> {
        match self {
            Self::Skcipher(cipher) => (cipher.new)(key).map(Keyed::Skcipher),
            Self::Aead(aead) => (aead.new)(key).map(Keyed::Aead),
            Self::Hash(hash) => hash.with_key(key).map(Keyed::Hash),
            Self::Rng(rng) => Rng::seeded(*rng, key).map(Keyed::Rng),
            // Its keys depend on what was set before, see `Asymmetric::with`.
            #[cfg(feature = "asymmetric")]
            Self::Asymmetric(_) => Err(Errno::INVAL),
        }
    }

    /// The algorithm before anyone has set a key; None: there must be one. A generator waits for its
    /// seed itself.
    pub fn without_key(&self) -> Option<Keyed> {
        match self {
            Self::Skcipher(cipher) if cipher.keyless => (cipher.new)(&[]).ok().map(Keyed::Skcipher),
            Self::Skcipher(_) | Self::Aead(_) => None,
            Self::Hash(hash) => hash.plain.map(|plain| Keyed::Hash(plain())),
            Self::Rng(rng) => Some(Keyed::Rng(Rng::unseeded(*rng))),
            #[cfg(feature = "asymmetric")]
            Self::Asymmetric(first) => Some(Keyed::Asymmetric(first.without_key())),
        }
    }

    /// Tells whether there must be a key.
    pub fn needs_key(&self) -> bool {
        match self {
            Self::Hash(hash) => hash.plain.is_none(),
            Self::Skcipher(cipher) => !cipher.keyless,
            Self::Aead(_) => true,
            Self::Rng(_) => false,
            #[cfg(feature = "asymmetric")]
            Self::Asymmetric(_) => true,
        }
    }
}

/// The algorithm of that family with that name.
pub fn find(kind: Kind, name: &Name<'_>) -> Option<(Algorithm, Properties)> {
    let properties = |name: String| Properties { name, ..Properties::default() };
    Some(match kind {
        Kind::Skcipher => {
            let cipher = skcipher::find(name)?;
            let properties = Properties {
                block_size: cipher.block_size as u32,
                iv_size: cipher.iv_size as u32,
                ..properties(name.to_string())
            };
            (Algorithm::Skcipher(cipher), properties)
        }
        Kind::Aead => {
            let aead = aead::find(name)?;
            let properties = Properties {
                block_size: aead.block_size as u32,
                iv_size: aead.iv_size as u32,
                max_tag_size: aead.max_tag_size as u32,
                ..properties(name.to_string())
            };
            (Algorithm::Aead(aead), properties)
        }
        Kind::Hash => {
            let hash = hash::find(name)?;
            let properties = Properties {
                block_size: hash.block_size,
                digest_size: hash.digest_size,
                ..properties(name.to_string())
            };
            (Algorithm::Hash(hash), properties)
        }
        Kind::Rng => {
            let rng = rng::find(name)?;
            (Algorithm::Rng(rng), properties(rng.name().to_owned()))
        }
        #[cfg(feature = "asymmetric")]
        Kind::Akcipher => {
            (Algorithm::Asymmetric(akcipher::find(name)?), properties(name.to_string()))
        }
        #[cfg(feature = "asymmetric")]
        Kind::Kpp => (Algorithm::Asymmetric(kpp::find(name)?), properties(name.to_string())),
        #[cfg(not(feature = "asymmetric"))]
        Kind::Akcipher | Kind::Kpp => return None,
    })
}
