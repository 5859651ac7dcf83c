// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! ChaCha20-Poly1305: RFC 8439 (once 7539); in ESP RFC 7634, with a salt at the key's
//! end; Linux `crypto/chacha20poly1305.c`.

use super::{Aead, AeadAlgorithm, give, verify};
use crate::engine::user::algorithm::block::Data;
use crate::engine::user::algorithm::poly1305::Poly1305;
use crate::engine::user::algorithm::skcipher::chacha;
use crate::errno::{Errno, Result};
use crate::wipe::wipe_bytes;
use chacha20::R20;
use zeroize::Zeroizing;

/// Bytes in a block of ChaCha20.
const BLOCK: usize = 64;

/// Bytes that are made at once: the block of Poly1305's key and the beginning of the data.
const HEAD: usize = 20 * BLOCK;

/// Bytes that are encrypted and authenticated in turn, while they are in the cache.
const CACHED: usize = 16 << 10;

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
    salt: Zeroizing<[u8; 4]>,
    salt_len: usize,
}

impl ChaChaPoly {
    fn new(key: &[u8], salt_len: usize) -> Result<Self> {
        let (key, salt_given) = key.split_first_chunk().ok_or(Errno::INVAL)?;
        if salt_given.len() != salt_len {
            return Err(Errno::INVAL);
        }
        let mut salt = Zeroizing::new([0; 4]);
        salt[..salt_len].copy_from_slice(salt_given);
        Ok(Self { key: Zeroizing::new(*key), salt, salt_len })
    }

    /// XORs with the key stream from that block on.
    fn apply(&self, block: usize, iv: &[u8], data: Data<'_, '_>) {
        let mut counter = [0; 16];
        // The counter wraps.
        counter[..4].copy_from_slice(&(block as u32).to_le_bytes());
        counter[4..][..self.salt_len].copy_from_slice(&self.salt[..self.salt_len]);
        counter[4 + self.salt_len..].copy_from_slice(iv);
        chacha::<R20>(&self.key, &counter, data);
    }

    /// In ESP the AAD ends with the IV, which is not authenticated; EINVAL if it has no room there.
    fn authenticated<'a>(&self, aad: &'a [u8]) -> Result<&'a [u8]> {
        match self.salt_len {
            0 => Ok(aad),
            _ => aad.split_last_chunk::<8>().map(|(aad, _)| aad).ok_or(Errno::INVAL),
        }
    }

    /// Poly1305 with this message's key, and the beginning of `data` en- or decrypted.
    fn begin<'a>(
        &self,
        iv: &[u8],
        data: &[u8],
        made: &'a mut [u8; HEAD],
    ) -> (Poly1305, &'a mut [u8]) {
        let len = data.len().min(HEAD - BLOCK);
        let made = &mut made[..BLOCK + len];
        made[BLOCK..].copy_from_slice(&data[..len]);
        self.apply(0, iv, (&mut *made).into());
        let (key, beginning) = made.split_at_mut(BLOCK);
        let poly = Poly1305::new(key.first_chunk().expect("half a block"));
        wipe_bytes(key);
        (poly, beginning)
    }

    /// Puts the beginning where it belongs.
    fn put(beginning: &mut [u8], data: &mut Data<'_, '_>) {
        data.get_out()[..beginning.len()].copy_from_slice(beginning);
        wipe_bytes(beginning);
    }
}

/// The tag of so many bytes, which have been added.
fn tag(mut poly: Poly1305, aad: usize, data: usize) -> [u8; 16] {
    let mut lengths = [0; 16];
    lengths[..8].copy_from_slice(&(aad as u64).to_le_bytes());
    lengths[8..].copy_from_slice(&(data as u64).to_le_bytes());
    poly.update_padded(&lengths);
    poly.tag()
}

impl ChaChaPoly {
    fn sealed(&self, iv: &[u8], aad: &[u8], mut data: Data<'_, '_>) -> [u8; 16] {
        let (len, mut made) = (data.len(), [0; HEAD]);
        let (mut poly, beginning) = self.begin(iv, data.get_in(), &mut made);
        poly.update_padded(aad);
        // Authenticated together with what follows it, since Poly1305 gains by longer pieces.
        let mut done = beginning.len();
        Self::put(beginning, &mut data);
        let (mut rest, mut block) = (data, 1);
        while !rest.is_empty() {
            let len = rest.len().min(CACHED);
            let (mut piece, later) = rest.split_at(len);
            let (_, following) = piece.reborrow().split_at(done);
            if !following.is_empty() {
                self.apply(block + done / BLOCK, iv, following);
            }
            poly.update_padded(piece.get_out());
            (rest, block, done) = (later, block + CACHED / BLOCK, 0);
        }
        tag(poly, aad.len(), len)
    }

    fn opened(&self, iv: &[u8], aad: &[u8], mut data: Data<'_, '_>, tag_in: &[u8]) -> Result<()> {
        let (len, mut made) = (data.len(), [0; HEAD]);
        let (mut poly, beginning) = self.begin(iv, data.get_in(), &mut made);
        poly.update_padded(aad);
        poly.update_padded(data.get_in());
        if let Err(errno) = verify(&tag(poly, aad.len(), len), tag_in) {
            wipe_bytes(beginning);
            return Err(errno);
        }
        let done = beginning.len();
        Self::put(beginning, &mut data);
        let (_, rest) = data.split_at(done);
        self.apply(HEAD / BLOCK, iv, rest);
        Ok(())
    }
}

impl Aead for ChaChaPoly {
    fn seal(&self, iv: &[u8], aad: &mut [u8], data: Data<'_, '_>, tag: &mut [u8]) -> Result<()> {
        let aad = self.authenticated(aad)?;
        give(&self.sealed(iv, aad, data), tag)
    }

    fn open(&self, iv: &[u8], aad: &mut [u8], data: Data<'_, '_>, tag: &[u8]) -> Result<()> {
        let aad = self.authenticated(aad)?;
        self.opened(iv, aad, data, tag)
    }
}
