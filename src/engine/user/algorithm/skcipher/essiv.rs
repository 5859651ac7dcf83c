// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! ESSIV: the IV is encrypted first, with the digest of the key as key. Linux `crypto/essiv.c`.
//!
//! The mode leaves its own IV behind. A message that goes on with that has it encrypted again.

use super::{Skcipher, SkcipherAlgorithm, pipelined};
use crate::engine::DIGEST_MAX;
use crate::engine::user::algorithm::block::{self, BlockAlgorithm, BlockCipher, Data};
use crate::engine::user::algorithm::hash::{self, Plain};
use crate::engine::user::algorithm::names::Name;
use crate::errno::Result;
use crate::wipe::Depth;
use zeroize::Zeroizing;

/// The cipher that encrypts IVs, before it has a key.
pub struct IvCipher {
    cipher: &'static BlockAlgorithm,
    /// The digest that makes its key.
    digest: Plain,
    /// Bytes in the digest.
    size: usize,
}

impl IvCipher {
    /// The block cipher in the mode's name, if the digest is as long as a key and an IV as a block.
    pub fn new(mode: &Name<'_>, iv_size: usize, digest: &Name<'_>) -> Option<Self> {
        let (cipher, digest) = (block::find(innermost(mode))?, hash::find(digest)?);
        let size = digest.digest_size as usize;
        (cipher.keys.contains(&size) && cipher.size == iv_size).then_some(Self {
            cipher,
            digest: digest.plain?,
            size,
        })
    }

    /// The cipher, whose key is the digest of this key, which is given in pieces.
    pub fn with_key(&self, key: &[&[u8]]) -> Result<Box<dyn BlockCipher>> {
        let mut digest = Zeroizing::new([0; DIGEST_MAX]);
        let digest = &mut digest[..self.size];
        (self.digest)().digest(key, digest);
        (self.cipher.key)(digest)
    }
}

/// `essiv(mode,digest)`.
pub fn algorithm(mode: &Name<'_>, digest: &Name<'_>) -> Option<SkcipherAlgorithm> {
    let inner = super::find(mode)?;
    let iv_cipher = IvCipher::new(mode, inner.iv_size, digest)?;
    let new = move |key: &[u8]| {
        Ok(Box::new(Essiv { mode: (inner.new)(key)?, cipher: iv_cipher.with_key(&[key])? }) as _)
    };
    Some(SkcipherAlgorithm { new: Box::new(new), ..inner })
}

/// The block cipher in a mode's name.
fn innermost<'n, 'a>(mut name: &'n Name<'a>) -> &'n Name<'a> {
    while let (_, [argument]) = name.parts() {
        name = argument;
    }
    name
}

struct Essiv {
    /// The IV's.
    cipher: Box<dyn BlockCipher>,
    mode: Box<dyn Skcipher>,
}

impl Skcipher for Essiv {
    fn crypt(&self, encrypt: bool, iv: &mut [u8], data: Data<'_, '_>) -> Result<()> {
        self.cipher.encrypt(iv);
        self.mode.crypt(encrypt, iv, data)
    }

    fn depth(&self) -> Depth {
        self.mode.depth().max(pipelined(&*self.cipher, Depth::Shallow))
    }
}
