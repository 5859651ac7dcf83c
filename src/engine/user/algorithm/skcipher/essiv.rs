// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! ESSIV: the IV is encrypted first, with the digest of the key as key. Linux `crypto/essiv.c`.
//!
//! What is left in the IV is what the mode leaves there, and is encrypted again when a message goes
//! on with it.

use super::{Skcipher, SkcipherAlgorithm, pipelined};
use crate::engine::user::algorithm::block::{self, BlockCipher, Data};
use crate::engine::user::algorithm::hash;
use crate::engine::user::algorithm::names::Name;
use crate::errno::Result;
use crate::wipe::Depth;
use zeroize::Zeroizing;

/// Bytes in the longest digest.
const DIGEST_MAX: usize = 64;

/// `essiv(mode,digest)`.
pub fn algorithm(mode: &Name<'_>, digest: &Name<'_>) -> Option<SkcipherAlgorithm> {
    let cipher = block::find(innermost(mode))?;
    let (mode, digest) = (super::find(mode)?, hash::find(digest)?);
    let (plain, size) = (digest.plain?, digest.digest_size as usize);
    if !cipher.keys.contains(&size) || mode.iv_size != cipher.size {
        return None;
    }
    let new = move |key: &[u8]| {
        let mode = (mode.new)(key)?;
        let mut digest = Zeroizing::new([0; DIGEST_MAX]);
        let digest = &mut digest[..size];
        plain().digest(&[key], digest);
        Ok(Box::new(Essiv { cipher: (cipher.key)(digest)?, mode }) as _)
    };
    Some(SkcipherAlgorithm { new: Box::new(new), ..mode })
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

    /// The mode cares for itself.
    fn depth(&self) -> Depth {
        pipelined(&*self.cipher, Depth::Call)
    }
}
