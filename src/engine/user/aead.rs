// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Authenticated encryption with associated data: which algorithms there are and
//! what they look like from outside.
//!
//! Sizes, tag lengths and key rules are those of the kernel's templates, named in
//! each file. Names come in canonical form. The layout of messages, AAD, data and
//! tag, is the operation's business.

mod authenc;
mod ccm;
mod chacha_poly;
mod gcm;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod graviola;
mod ipsec;
mod padded;
mod poly1305;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod wycheproof;

use super::skcipher::{CipherKey, TRACES, wide_cipher};
use crate::errno::{Errno, Result};
use crate::traces::without_traces;
use subtle::ConstantTimeEq;

/// A cipher with its key.
pub trait Aead: Send + Sync {
    /// Encrypts `data` in place and writes the tag, as long as asked for.
    fn seal(&self, iv: &[u8], aad: &[u8], data: &mut [u8], tag: &mut [u8]) -> Result<()>;

    /// Decrypts `data` in place. EBADMSG: the tag is wrong, and `data` is wiped or as before.
    fn open(&self, iv: &[u8], aad: &[u8], data: &mut [u8], tag: &[u8]) -> Result<()>;
}

/// Takes a key.
type New = Box<dyn Fn(&[u8]) -> Result<Box<dyn Aead>> + Send + Sync>;

/// A cipher without a key.
pub struct AeadAlgorithm {
    /// Bytes in a block as the algorithm's users see it: 1 for a stream cipher.
    pub block_size: usize,
    /// Bytes in an IV.
    pub iv_size: usize,
    /// Bytes in the longest tag.
    pub max_tag_size: usize,
    /// Whether tags may have that many bytes.
    pub tag_ok: fn(usize) -> bool,
    /// Takes a key; EINVAL if it has a wrong length.
    pub new: New,
}

/// The algorithm of that name.
pub fn find(name: &str) -> Option<AeadAlgorithm> {
    let found = known(name)?;
    let new = move |key: &[u8]| without_traces::<TRACES, _>(|| (found.new)(key));
    Some(AeadAlgorithm { new: Box::new(new), ..found })
}

fn known(name: &str) -> Option<AeadAlgorithm> {
    match name {
        "rfc7539(chacha20,poly1305)" => return Some(chacha_poly::algorithm(0)),
        "rfc7539esp(chacha20,poly1305)" => return Some(chacha_poly::algorithm(4)),
        _ => {}
    }
    if let Some(inner) = name.strip_prefix("authenc(") {
        return authenc::find(inner.strip_suffix(')')?);
    }
    let (mode, cipher_name) = super::skcipher::split(name)?;
    let cipher = wide_cipher(cipher_name)?;
    let aes = cipher_name == "aes";
    let algorithm = |iv_size, tag_ok, new| {
        Some(AeadAlgorithm { block_size: 1, iv_size, max_tag_size: 16, tag_ok, new })
    };
    match mode {
        "gcm" => algorithm(
            gcm::IV,
            |len| matches!(len, 4 | 8 | 12..=16),
            Box::new(move |key| gcm(aes, cipher, key)),
        ),
        "ccm" => algorithm(
            ccm::IV,
            |len| matches!(len, 4 | 6 | 8 | 10 | 12 | 14 | 16),
            Box::new(move |key| Ok(Box::new(ccm::Ccm::new(cipher(key)?)))),
        ),
        "rfc4106(gcm" => algorithm(
            ipsec::IV,
            |len| matches!(len, 8 | 12 | 16),
            Box::new(move |key| {
                Ok(Box::new(ipsec::Rfc4106::new(|key| gcm(aes, cipher, key), key)?))
            }),
        ),
        "rfc4309(ccm" => algorithm(
            ipsec::IV,
            |len| matches!(len, 8 | 12 | 16),
            Box::new(move |key| Ok(Box::new(ipsec::Rfc4309::new(cipher, key)?))),
        ),
        "rfc4543(gcm" => algorithm(
            ipsec::IV,
            |len| len == 16,
            Box::new(move |key| Ok(Box::new(ipsec::Rfc4543::new(cipher, key)?))),
        ),
        _ => None,
    }
}

/// GCM, as fast as there is for that cipher and key.
fn gcm(aes: bool, cipher: CipherKey, key: &[u8]) -> Result<Box<dyn Aead>> {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    if let Some(fast) = aes.then(|| graviola::AesGcm::new(key)).flatten() {
        return Ok(Box::new(fast));
    }
    let _ = aes;
    Ok(Box::new(gcm::Gcm::new(cipher(key)?)))
}

/// Gives as many bytes of the tag as there is room for.
fn give(computed: &[u8], tag: &mut [u8]) -> Result<()> {
    tag.copy_from_slice(computed.get(..tag.len()).ok_or(Errno::INVAL)?);
    Ok(())
}

/// EBADMSG unless `tag` is the beginning of what was computed; in constant time.
fn verify(computed: &[u8], tag: &[u8]) -> Result<()> {
    let computed = computed.get(..tag.len()).ok_or(Errno::INVAL)?;
    if computed.ct_eq(tag).into() { Ok(()) } else { Err(Errno::BADMSG) }
}
