// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Encrypt, then a keyed digest, such as HMAC, over AAD and ciphertext: Linux `crypto/authenc.c`.
//!
//! The key is a blob: a `struct rtattr` of type 1 whose payload is the length of the
//! cipher's key, 32 bits, big-endian; then the digest's key; then the cipher's.

use super::{Aead, AeadAlgorithm, give, verify};
use crate::engine::user::algorithm::hash::{self, Hasher};
use crate::engine::user::algorithm::names::Name;
use crate::engine::user::algorithm::skcipher::{self, Skcipher};
use crate::errno::{Errno, Result};
use crate::wipe::Depth;
use zeroize::Zeroizing;

/// Longer than any IV.
const IV: usize = 32;

/// Bytes in the longest digest.
const DIGEST_MAX: usize = 64;

/// `authenc(auth,cipher)`.
pub fn algorithm(auth: &Name<'_>, cipher: &Name<'_>) -> Option<AeadAlgorithm> {
    let (auth, cipher) = (hash::find(auth)?, skcipher::find(cipher)?);
    let auth_size = auth.digest_size as usize;
    Some(AeadAlgorithm {
        block_size: cipher.block_size,
        iv_size: cipher.iv_size,
        max_tag_size: auth_size,
        tag_ok: |_| true,
        new: Box::new(move |blob| {
            let (auth_key, cipher_key) = keys(blob)?;
            let (keyed, cipher) = (auth.with_key(auth_key)?, (cipher.new)(cipher_key)?);
            Ok(Box::new(Authenc { auth: keyed, auth_size, auth_depth: auth.depth, cipher }))
        }),
    })
}

/// The two keys in the blob.
fn keys(blob: &[u8]) -> Result<(&[u8], &[u8])> {
    /// Bytes in the rtattr with its payload, and CRYPTO_AUTHENC_KEYA_PARAM.
    const HEAD: [u16; 2] = [8, 1];
    let (&[l0, l1, t0, t1, ref enc_len @ ..], keys) =
        blob.split_first_chunk::<8>().ok_or(Errno::INVAL)?;
    if [[l0, l1], [t0, t1]].map(u16::from_ne_bytes) != HEAD {
        return Err(Errno::INVAL);
    }
    let enc_len = u32::from_be_bytes(*enc_len) as usize;
    keys.split_at_checked(keys.len().checked_sub(enc_len).ok_or(Errno::INVAL)?).ok_or(Errno::INVAL)
}

struct Authenc {
    auth: Box<dyn Hasher>,
    /// Bytes in its digest.
    auth_size: usize,
    /// How much of the stack it takes.
    auth_depth: Depth,
    cipher: Box<dyn Skcipher>,
}

impl Authenc {
    /// The digest of both in a row, and zeros behind it.
    fn mac(&self, aad: &[u8], data: &[u8]) -> Zeroizing<[u8; DIGEST_MAX]> {
        let mut mac = Zeroizing::new([0; DIGEST_MAX]);
        self.auth.digest(&[aad, data], &mut mac[..self.auth_size]);
        mac
    }

    fn crypt(&self, encrypt: bool, iv: &[u8], data: &mut [u8]) -> Result<()> {
        let mut copy = [0; IV];
        let copy = copy.get_mut(..iv.len()).ok_or(Errno::INVAL)?;
        copy.copy_from_slice(iv);
        self.cipher.crypt(encrypt, copy, data.into())
    }
}

impl Aead for Authenc {
    fn seal(&self, iv: &[u8], aad: &[u8], data: &mut [u8], tag: &mut [u8]) -> Result<()> {
        self.crypt(true, iv, data)?;
        give(&*self.mac(aad, data), tag)
    }

    fn open(&self, iv: &[u8], aad: &[u8], data: &mut [u8], tag: &[u8]) -> Result<()> {
        verify(&*self.mac(aad, data), tag)?;
        self.crypt(false, iv, data)
    }

    /// The cipher cares for itself; the digest is deeper down here than by itself.
    fn depth(&self) -> Depth {
        if self.auth_depth == Depth::Call { Depth::Spills } else { Depth::Work }
    }
}
