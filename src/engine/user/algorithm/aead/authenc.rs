// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Encrypt, then HMAC over AAD and ciphertext: Linux `crypto/authenc.c`.
//!
//! The key is a blob: a `struct rtattr` of type 1 whose payload is the length of the
//! cipher's key, 32 bits, big-endian; then the HMAC's key; then the cipher's.

use super::{Aead, AeadAlgorithm, give, verify};
use crate::engine::user::algorithm::hash::{Sha384, Sha512};
use crate::engine::user::algorithm::names::Name;
use crate::engine::user::algorithm::skcipher::{self, Skcipher};
use crate::errno::{Errno, Result};
use crate::wipe::Depth;
use hmac::{Hmac, KeyInit, Mac, digest::FixedOutput};
use zeroize::Zeroizing;

/// Longer than any IV.
const IV: usize = 32;

/// An HMAC with its key.
trait Auth: Send + Sync {
    /// The HMAC of both in a row, and zeros behind it.
    fn mac(&self, aad: &[u8], data: &[u8]) -> Zeroizing<[u8; 64]>;
}

impl<M: Mac + FixedOutput + Clone + Send + Sync> Auth for M {
    fn mac(&self, aad: &[u8], data: &[u8]) -> Zeroizing<[u8; 64]> {
        let mut mac = self.clone();
        Mac::update(&mut mac, aad);
        Mac::update(&mut mac, data);
        let mut result = Zeroizing::new([0; 64]);
        let (result_part, _) = result.split_at_mut(M::output_size());
        mac.finalize_into(result_part.try_into().expect("as many bytes as it has"));
        result
    }
}

/// A hash, by its name.
pub struct Hash {
    pub name: &'static str,
    size: usize,
    tag_ok: fn(usize) -> bool,
    key: fn(&[u8]) -> Result<Box<dyn Auth>>,
}

pub static HASHES: &[Hash] = &[
    Hash { name: "sha1", size: 20, tag_ok: up_to::<20>, key: keyed::<Hmac<sha1::Sha1>> },
    Hash { name: "sha224", size: 28, tag_ok: up_to::<28>, key: keyed::<Hmac<sha2::Sha224>> },
    Hash { name: "sha256", size: 32, tag_ok: up_to::<32>, key: keyed::<Hmac<sha2::Sha256>> },
    Hash { name: "sha384", size: 48, tag_ok: up_to::<48>, key: keyed::<Hmac<Sha384>> },
    Hash { name: "sha512", size: 64, tag_ok: up_to::<64>, key: keyed::<Hmac<Sha512>> },
];

fn up_to<const MAX: usize>(len: usize) -> bool {
    (1..=MAX).contains(&len)
}

fn keyed<M: KeyInit + Auth + 'static>(key: &[u8]) -> Result<Box<dyn Auth>> {
    Ok(Box::new(M::new_from_slice(key).map_err(|_| Errno::INVAL)?))
}

/// `authenc(auth,cipher)`.
pub fn algorithm(auth: &Name<'_>, cipher: &Name<'_>) -> Option<AeadAlgorithm> {
    let hash = auth.within(&["hmac"])?;
    let hash = HASHES.iter().find(|known| hash.is(known.name))?;
    let cipher = skcipher::find(cipher)?;
    Some(AeadAlgorithm {
        block_size: cipher.block_size,
        iv_size: cipher.iv_size,
        max_tag_size: hash.size,
        tag_ok: hash.tag_ok,
        new: Box::new(move |blob| {
            let (auth, enc) = keys(blob)?;
            let (auth, cipher) = ((hash.key)(auth)?, (cipher.new)(enc)?);
            Ok(Box::new(Authenc { auth, auth_size: hash.size, cipher }))
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
    auth: Box<dyn Auth>,
    /// Bytes in its result.
    auth_size: usize,
    cipher: Box<dyn Skcipher>,
}

impl Authenc {
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
        give(&*self.auth.mac(aad, data), tag)
    }

    fn open(&self, iv: &[u8], aad: &[u8], data: &mut [u8], tag: &[u8]) -> Result<()> {
        verify(&*self.auth.mac(aad, data), tag)?;
        self.crypt(false, iv, data)
    }

    /// The cipher cares for itself; SHA-512 goes deeper than others.
    fn depth(&self) -> Depth {
        if self.auth_size <= 32 { Depth::Spills } else { Depth::Work }
    }
}
