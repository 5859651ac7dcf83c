// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! A cipher and a keyed digest, such as HMAC: `authenc` computes the digest of AAD and ciphertext (Linux
//! `crypto/authenc.c`), `krb5enc` that of AAD and plaintext, as Kerberos does (RFC 3961; Linux
//! `crypto/krb5enc.c`).
//!
//! The key is a blob: a `struct rtattr` of type 1 whose payload is the length of the
//! cipher's key, 32 bits, big-endian; then the digest's key; then the cipher's.

use super::{Aead, AeadAlgorithm, give, verify};
use crate::engine::DIGEST_MAX;
use crate::engine::user::algorithm::block::Data;
use crate::engine::user::algorithm::hash::{self, Hasher};
use crate::engine::user::algorithm::names::Name;
use crate::engine::user::algorithm::skcipher::{self, Skcipher};
use crate::errno::{Errno, Result};
use crate::wipe::{Depth, Wiped, wipe_bytes};

/// Longer than any IV.
const IV: usize = 32;

/// The text that the digest is computed over, besides the AAD.
#[derive(Clone, Copy)]
pub enum Digested {
    /// authenc.
    Ciphertext,
    /// krb5enc.
    Plaintext,
}

/// `authenc(auth,cipher)` or `krb5enc(auth,cipher)`.
pub fn algorithm(digested: Digested, auth: &Name<'_>, cipher: &Name<'_>) -> Option<AeadAlgorithm> {
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
            Ok(Box::new(Authenc {
                digested,
                auth: keyed,
                auth_size,
                auth_depth: auth.depth,
                cipher,
            }))
        }),
    })
}

/// The two keys in the blob.
pub fn keys(blob: &[u8]) -> Result<(&[u8], &[u8])> {
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
    digested: Digested,
    auth: Box<dyn Hasher>,
    /// Bytes in its digest.
    auth_size: usize,
    /// The depth of the stack that it takes.
    auth_depth: Depth,
    cipher: Box<dyn Skcipher>,
}

impl Authenc {
    /// The digest of both in a row, and zeros behind it.
    fn mac(&self, aad: &[u8], data: &[u8]) -> Wiped<DIGEST_MAX> {
        let mut mac = Wiped::ZEROS;
        self.auth.digest(&[aad, data], &mut mac[..self.auth_size]);
        mac
    }

    fn crypt(&self, encrypt: bool, iv: &[u8], data: Data<'_, '_>) -> Result<()> {
        let mut copy = [0; IV];
        let copy = copy.get_mut(..iv.len()).ok_or(Errno::INVAL)?;
        copy.copy_from_slice(iv);
        self.cipher.crypt(encrypt, copy, data)
    }
}

impl Aead for Authenc {
    fn seal(
        &self,
        iv: &[u8],
        aad: &mut [u8],
        mut data: Data<'_, '_>,
        tag: &mut [u8],
    ) -> Result<()> {
        let mac = match self.digested {
            Digested::Ciphertext => {
                self.crypt(true, iv, data.reborrow())?;
                self.mac(aad, data.get_out())
            }
            Digested::Plaintext => {
                let mac = self.mac(aad, data.get_in());
                self.crypt(true, iv, data)?;
                mac
            }
        };
        give(&*mac, tag)
    }

    /// A plaintext that is authenticated must be decrypted first; it is wiped again unless the tag is
    /// right.
    fn open(&self, iv: &[u8], aad: &mut [u8], mut data: Data<'_, '_>, tag: &[u8]) -> Result<()> {
        match self.digested {
            Digested::Ciphertext => {
                verify(&*self.mac(aad, data.get_in()), tag)?;
                self.crypt(false, iv, data)
            }
            Digested::Plaintext => {
                self.crypt(false, iv, data.reborrow())?;
                let data = data.into_out();
                verify(&*self.mac(aad, data), tag).inspect_err(|_| wipe_bytes(data))
            }
        }
    }

    /// The digest is deeper down here than by itself.
    fn depth(&self) -> Depth {
        let auth = if self.auth_depth == Depth::Shallow { Depth::Spills } else { Depth::Work };
        auth.max(self.cipher.depth())
    }
}
