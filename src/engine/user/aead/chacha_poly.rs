// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! ChaCha20-Poly1305: RFC 8439 (once 7539); in ESP RFC 7634, with a salt at the key's
//! end; Linux `crypto/chacha20poly1305.c`.

use super::{Aead, AeadAlgorithm, give, verify};
use crate::engine::user::skcipher::chacha;
use crate::errno::{Errno, Result};
use chacha20::R20;
use poly1305::Poly1305;
use poly1305::universal_hash::{KeyInit, UniversalHash};
use zeroize::Zeroizing;

/// With so many bytes of salt: none, or 4 in ESP.
pub fn algorithm(salt_len: usize) -> AeadAlgorithm {
    AeadAlgorithm {
        block_size: 1,
        iv_size: 12 - salt_len,
        max_tag_size: 16,
        tag_ok: |len| len == 16,
        new: Box::new(move |key| Ok(Box::new(ChaChaPoly::new(key, salt_len)?))),
    }
}

struct ChaChaPoly {
    key: Zeroizing<[u8; 32]>,
    salt: [u8; 4],
    salt_len: usize,
}

impl ChaChaPoly {
    fn new(key: &[u8], salt_len: usize) -> Result<Self> {
        let (key, salt_given) = key.split_first_chunk().ok_or(Errno::INVAL)?;
        if salt_given.len() != salt_len {
            return Err(Errno::INVAL);
        }
        let mut salt = [0; 4];
        salt[..salt_len].copy_from_slice(salt_given);
        Ok(Self { key: Zeroizing::new(*key), salt, salt_len })
    }

    /// XORs with the key stream from that block on.
    fn apply(&self, block: u8, iv: &[u8], data: &mut [u8]) {
        let mut counter = [0; 16];
        counter[0] = block;
        counter[4..][..self.salt_len].copy_from_slice(&self.salt[..self.salt_len]);
        counter[4 + self.salt_len..].copy_from_slice(iv);
        chacha::<R20>(&self.key, &counter, data);
    }

    /// In ESP the AAD ends with the IV, which is not authenticated; EINVAL if it has no room there.
    fn tag(&self, iv: &[u8], aad: &[u8], data: &[u8]) -> Result<Zeroizing<[u8; 16]>> {
        let aad = match self.salt_len {
            0 => aad,
            _ => &aad[..aad.len().checked_sub(8).ok_or(Errno::INVAL)?],
        };
        let mut key = Zeroizing::new([0; 32]);
        self.apply(0, iv, &mut *key);
        let mut poly = Poly1305::new((&*key).into());
        poly.update_padded(aad);
        poly.update_padded(data);
        let mut lengths = [0; 16];
        lengths[..8].copy_from_slice(&(aad.len() as u64).to_le_bytes());
        lengths[8..].copy_from_slice(&(data.len() as u64).to_le_bytes());
        poly.update(&[lengths.into()]);
        Ok(Zeroizing::new(poly.finalize().into()))
    }
}

impl Aead for ChaChaPoly {
    fn seal(&self, iv: &[u8], aad: &[u8], data: &mut [u8], tag: &mut [u8]) -> Result<()> {
        self.apply(1, iv, data);
        give(&*self.tag(iv, aad, data)?, tag)
    }

    fn open(&self, iv: &[u8], aad: &[u8], data: &mut [u8], tag: &[u8]) -> Result<()> {
        verify(&*self.tag(iv, aad, data)?, tag)?;
        self.apply(1, iv, data);
        Ok(())
    }
}
