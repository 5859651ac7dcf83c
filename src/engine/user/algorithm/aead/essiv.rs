// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! ESSIV of an authenc: the IV is encrypted first, with the digest of both keys as key. Linux
//! `crypto/essiv.c`.
//!
//! It is made for dm-crypt, whose AAD ends with the IV. In the output, AAD and all, the encrypted one
//! takes its place, and that is what encryption authenticates.

use super::{Aead, AeadAlgorithm, authenc};
use crate::engine::user::algorithm::block::{BlockCipher, Data};
use crate::engine::user::algorithm::names::Name;
use crate::engine::user::algorithm::skcipher::essiv::IvCipher;
use crate::errno::{Errno, Result};

/// Bytes in the longest IV.
const IV: usize = 16;

/// `essiv(authenc(auth,mode),digest)`.
pub fn algorithm(authenc: &Name<'_>, digest: &Name<'_>) -> Option<AeadAlgorithm> {
    let ("authenc", [_, mode]) = authenc.parts() else { return None };
    let aead = super::find(authenc)?;
    let iv_cipher = IvCipher::new(mode, aead.iv_size, digest)?;
    let new =
        move |blob: &[u8]| {
            let (auth, cipher) = authenc::keys(blob)?;
            Ok(Box::new(Essiv {
                aead: (aead.new)(blob)?,
                cipher: iv_cipher.with_key(&[cipher, auth])?,
            }) as _)
        };
    Some(AeadAlgorithm { new: Box::new(new), ..aead })
}

struct Essiv {
    /// The IV's.
    cipher: Box<dyn BlockCipher>,
    aead: Box<dyn Aead>,
}

impl Essiv {
    fn encrypted<'b>(&self, iv: &[u8], block: &'b mut [u8; IV]) -> Result<&'b [u8]> {
        let block = block.get_mut(..iv.len()).ok_or(Errno::INVAL)?;
        block.copy_from_slice(iv);
        self.cipher.encrypt(block);
        Ok(block)
    }
}

/// The end of the AAD, which has the IV; EINVAL if the AAD is shorter than that.
fn place<'a>(aad: &'a mut [u8], iv: &[u8]) -> Result<&'a mut [u8]> {
    let start = aad.len().checked_sub(iv.len()).ok_or(Errno::INVAL)?;
    Ok(&mut aad[start..])
}

impl Aead for Essiv {
    fn seal(&self, iv: &[u8], aad: &mut [u8], data: Data<'_, '_>, tag: &mut [u8]) -> Result<()> {
        let mut block = [0; IV];
        let iv = self.encrypted(iv, &mut block)?;
        place(aad, iv)?.copy_from_slice(iv);
        self.aead.seal(iv, aad, data, tag)
    }

    /// The AAD is authenticated as it came in.
    fn open(&self, iv: &[u8], aad: &mut [u8], data: Data<'_, '_>, tag: &[u8]) -> Result<()> {
        let mut block = [0; IV];
        let iv = self.encrypted(iv, &mut block)?;
        place(aad, iv)?;
        self.aead.open(iv, aad, data, tag)?;
        place(aad, iv)?.copy_from_slice(iv);
        Ok(())
    }
}
