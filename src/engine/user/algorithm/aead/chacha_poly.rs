// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! ChaCha20-Poly1305: RFC 8439 (once 7539); in ESP RFC 7634, with a salt at the key's
//! end; Linux `crypto/chacha20poly1305.c`.

use super::{Aead, AeadAlgorithm, give, verify};
use crate::engine::user::algorithm::block::Data;
use crate::engine::user::algorithm::poly1305::Poly1305;
use crate::engine::user::algorithm::skcipher::chacha;
use crate::errno::{Errno, Result};
use crate::wipe::{Depth, Wiped, wipe_bytes};
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

    /// ChaCha20's IV for a block.
    fn iv_of(&self, block: usize, iv: &[u8]) -> [u8; 16] {
        let mut counter = [0; 16];
        // The counter wraps.
        counter[..4].copy_from_slice(&(block as u32).to_le_bytes());
        counter[4..][..self.salt_len].copy_from_slice(&self.salt[..self.salt_len]);
        counter[4 + self.salt_len..].copy_from_slice(iv);
        counter
    }

    /// XORs with the key stream from that block on.
    fn apply(&self, block: usize, iv: &[u8], data: Data<'_, '_>) {
        chacha::apply::<R20>(&self.key, &self.iv_of(block, iv), data);
    }

    /// In ESP the AAD ends with the IV, which is not authenticated; EINVAL if it has no room there.
    fn authenticated<'a>(&self, aad: &'a [u8]) -> Result<&'a [u8]> {
        match self.salt_len {
            0 => Ok(aad),
            _ => aad.split_last_chunk::<8>().map(|(aad, _)| aad).ok_or(Errno::INVAL),
        }
    }

    /// Poly1305 with this message's key. The beginning of the message is en- or decrypted.
    fn begin(&self, iv: &[u8], beginning: Data<'_, '_>) -> Poly1305 {
        let mut key = Wiped::<BLOCK>::ZEROS;
        chacha::begin::<R20>(&self.key, &self.iv_of(0, iv), &mut key, beginning);
        Poly1305::new(key.first_chunk().expect("half a block"))
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
        let (len, flight) = (data.len(), chacha::flight());
        let done = len.min(flight.unwrap_or(HEAD) - BLOCK);
        let mut poly = self.begin(iv, data.reborrow().split_at(done).0);
        poly.update_padded(aad);
        match flight {
            Some(flight) => self.seal_beside(&mut poly, iv, data, flight),
            None => self.seal_in_turn(&mut poly, iv, data, done),
        }
        tag(poly, aad.len(), len)
    }

    /// Encrypts all but the first flight, and authenticates each one beside the next.
    fn seal_beside(&self, poly: &mut Poly1305, iv: &[u8], data: Data<'_, '_>, flight: usize) {
        let len = data.len().min(flight - BLOCK);
        let (mut done, mut rest) = data.split_at(len);
        if rest.is_empty() {
            return poly.update_padded(done.get_out());
        }
        let iv = self.iv_of(flight / BLOCK, iv);
        poly.update_beside(done.get_out(), |pending| {
            pending.follow();
            chacha::apply_beside::<R20>(&self.key, &iv, rest.reborrow(), pending);
        });
        let (_, last) = rest.get_out().as_chunks::<16>();
        poly.update_padded(last);
    }

    /// Encrypts what is not done, and authenticates all in long pieces, since Poly1305 gains by them.
    fn seal_in_turn(&self, poly: &mut Poly1305, iv: &[u8], data: Data<'_, '_>, done: usize) {
        let (mut rest, mut block, mut done) = (data, 1, done);
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
    }

    fn opened(&self, iv: &[u8], aad: &[u8], mut data: Data<'_, '_>, tag_in: &[u8]) -> Result<()> {
        let (mut made, mut text) = ([0; HEAD - BLOCK], data.get_in());
        let (len, done) = (text.len(), text.len().min(made.len()));
        let made = &mut made[..done];
        made.copy_from_slice(&text[..done]);
        let flight = chacha::flight().unwrap_or(HEAD);
        let (beginning, others) = made.split_at_mut(done.min(flight - BLOCK));
        let mut poly = self.begin(iv, beginning.into());
        poly.update_padded(aad);
        for (i, piece) in others.chunks_mut(flight).enumerate() {
            // As much as has been decrypted before at least.
            let (now, later) = text.split_at(flight - BLOCK);
            let iv = self.iv_of((i + 1) * (flight / BLOCK), iv);
            poly.update_beside(now, |pending| {
                chacha::apply_beside::<R20>(&self.key, &iv, piece.into(), pending);
            });
            text = later;
        }
        poly.update_padded(text);
        if let Err(errno) = verify(&tag(poly, aad.len(), len), tag_in) {
            wipe_bytes(made);
            return Err(errno);
        }
        data.get_out()[..done].copy_from_slice(made);
        wipe_bytes(made);
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

    /// Opening has a copy of the message's beginning above the frames of a flight.
    fn depth(&self) -> Depth {
        if chacha::flight().is_some() { Depth::Deep } else { Depth::Work }
    }
}
