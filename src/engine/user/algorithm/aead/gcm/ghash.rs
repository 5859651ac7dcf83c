// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! GHASH, NIST SP 800-38D: RustCrypto's, or by lookups where the processor has no instructions for it.

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod lookups;

use super::super::padded::Blocks;
use ::ghash::GHash;
use ::ghash::universal_hash::UniversalHash;
use std::marker::PhantomData;
use zeroize::Zeroizing;

/// A key. Both are in boxes, since the longer one's place around the shorter one would be copied with whatever was on the
/// stack there.
pub enum Key {
    RustCrypto(Box<GHash>),
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    Lookups(Box<lookups::Key>),
}

impl Key {
    pub fn new(key: &[u8; 16]) -> Self {
        #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
        if let Some(key) = lookups::Key::new(key) {
            return Self::Lookups(Box::new(key));
        }
        Self::RustCrypto(Box::new(GHash::new(key.into())))
    }

    /// The hash of no blocks.
    pub fn begin(&self) -> Hash<'_> {
        match self {
            Self::RustCrypto(key) => Hash::RustCrypto((**key).clone(), PhantomData),
            #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
            Self::Lookups(key) => Hash::Lookups(key, Zeroizing::new([0; 16])),
        }
    }
}

/// The hash of the blocks so far.
pub enum Hash<'a> {
    RustCrypto(GHash, PhantomData<&'a Key>),
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    Lookups(&'a lookups::Key, Zeroizing<[u8; 16]>),
}

impl Blocks for Hash<'_> {
    fn update(&mut self, blocks: &[[u8; 16]]) {
        match self {
            Self::RustCrypto(hash, _) => hash.update(cipher::Array::cast_slice_from_core(blocks)),
            #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
            Self::Lookups(key, hash) => key.update(hash, blocks),
        }
    }
}

impl Hash<'_> {
    pub fn finish(&self) -> Zeroizing<[u8; 16]> {
        match self {
            Self::RustCrypto(hash, _) => Zeroizing::new(hash.clone().finalize().into()),
            #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
            Self::Lookups(_, hash) => hash.clone(),
        }
    }
}
