// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Authenticated encryption with associated data: which algorithms there are and
//! what they look like from outside.
//!
//! Sizes, tag lengths and key rules are those of the kernel's templates, named in
//! each file. The layout of messages, AAD, data and tag, is the operation's business.

#![allow(
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "nonces, blocks and tags have the sizes of their algorithms, and messages were cut at them"
)]

mod aegis128;
mod authenc;
mod ccm;
mod chacha_poly;
mod essiv;
mod gcm;
#[cfg(target_arch = "aarch64")]
mod graviola;
mod ipsec;
mod padded;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod wycheproof;

use super::block::{self, BlockAlgorithm, Data};
use super::names::Name;
use super::verdict;
use crate::errno::{Errno, Result};
use crate::wipe::Depth;
use authenc::Digested;

/// A cipher with its key.
pub trait Aead: Send + Sync {
    /// Encrypts `data` from input to output and writes the tag, as long as asked for. Of `aad`, which is
    /// the beginning of the output, only ESSIV changes something. What is in an output apart from the
    /// input after an error is for the caller to wipe.
    fn seal(&self, iv: &[u8], aad: &mut [u8], data: Data<'_, '_>, tag: &mut [u8]) -> Result<()>;

    /// Decrypts `data` from input to output. EBADMSG: the tag is wrong, and the output has no plaintext.
    fn open(&self, iv: &[u8], aad: &mut [u8], data: Data<'_, '_>, tag: &[u8]) -> Result<()>;

    /// The depth of the stack that these take, for the caller to wipe.
    fn depth(&self) -> Depth {
        Depth::Work
    }
}

/// A cipher with its key, or the reason why it does not take the key.
type Made = Result<Box<dyn Aead>>;

/// Takes a key.
type New = Box<dyn Fn(&[u8]) -> Made + Send + Sync>;

/// A cipher without a key.
pub struct AeadAlgorithm {
    /// Bytes in a block as the algorithm's users see it: 1 for a stream cipher.
    pub block_size: usize,
    /// Bytes in an IV.
    pub iv_size: usize,
    /// Bytes in the longest tag.
    pub max_tag_size: usize,
    /// Tells whether a tag may have this length, if it is no longer than that.
    tag_ok: fn(usize) -> bool,
    /// Takes a key; EINVAL if it has a wrong length.
    pub new: New,
}

impl AeadAlgorithm {
    /// Tells whether a tag may have that many bytes.
    pub fn takes_tag(&self, len: usize) -> bool {
        let least = self.max_tag_size.min(1);
        (least..=self.max_tag_size).contains(&len) && (self.tag_ok)(len)
    }
}

/// A mode of a block cipher with blocks of 16 bytes; the longest tag has as many.
struct Mode {
    /// The templates around the block cipher in the name, from the outermost.
    templates: &'static [&'static str],
    iv_size: usize,
    tag_ok: fn(usize) -> bool,
    new: fn(&'static BlockAlgorithm, &[u8]) -> Made,
}

#[rustfmt::skip]
static MODES: &[Mode] = &[
    Mode { templates: &["gcm"], iv_size: gcm::IV, tag_ok: |len| matches!(len, 4 | 8 | 12..=16), new: gcm },
    Mode { templates: &["ccm"], iv_size: ccm::IV, tag_ok: |len| matches!(len, 4 | 6 | 8 | 10 | 12 | 14 | 16), new: |c, k| Ok(Box::new(ccm::Ccm::new((c.key)(k)?))) },
    Mode { templates: &["rfc4106", "gcm"], iv_size: ipsec::IV, tag_ok: |len| matches!(len, 8 | 12 | 16), new: |c, k| Ok(Box::new(ipsec::Rfc4106::new(|k| gcm(c, k), k)?)) },
    Mode { templates: &["rfc4309", "ccm"], iv_size: ipsec::IV, tag_ok: |len| matches!(len, 8 | 12 | 16), new: |c, k| Ok(Box::new(ipsec::Rfc4309::new(c, k)?)) },
    Mode { templates: &["rfc4543", "gcm"], iv_size: ipsec::IV, tag_ok: |len| len == 16, new: |c, k| Ok(Box::new(ipsec::Rfc4543::new(c, k)?)) },
];

/// ChaCha20-Poly1305: template, bytes of salt at the key's end.
static CHACHA_POLY: &[(&str, usize)] = &[("rfc7539", 0), ("rfc7539esp", 4)];

/// The algorithm of that name.
pub fn find(name: &Name<'_>) -> Option<AeadAlgorithm> {
    match name.parts() {
        ("aegis128", []) => return Some(aegis128::algorithm()),
        ("authenc", [auth, cipher]) => {
            return authenc::algorithm(Digested::Ciphertext, auth, cipher);
        }
        ("essiv", [authenc, digest]) => return essiv::algorithm(authenc, digest),
        ("krb5enc", [auth, cipher]) => {
            return authenc::algorithm(Digested::Plaintext, auth, cipher);
        }
        (template, [cipher, mac]) if cipher.is("chacha20") && mac.is("poly1305") => {
            let (_, salt_len) = CHACHA_POLY.iter().find(|(known, _)| *known == template)?;
            return Some(chacha_poly::algorithm(*salt_len));
        }
        _ => {}
    }
    let (mode, cipher) =
        MODES.iter().find_map(|mode| Some((mode, name.within(mode.templates)?)))?;
    let cipher = block::find(cipher).filter(|cipher| cipher.size == 16)?;
    Some(AeadAlgorithm {
        block_size: 1,
        iv_size: mode.iv_size,
        max_tag_size: 16,
        tag_ok: mode.tag_ok,
        new: Box::new(|key| (mode.new)(cipher, key)),
    })
}

/// GCM, the fastest that there is for that cipher and key.
fn gcm(cipher: &BlockAlgorithm, key: &[u8]) -> Made {
    #[cfg(target_arch = "aarch64")]
    if let Some(fast) = (cipher.name == "aes").then(|| graviola::AesGcm::new(key)).flatten() {
        return Ok(fast);
    }
    Ok(gcm::fastest(cipher, key)?)
}

/// Gives as many bytes of the tag as there is room for.
fn give(computed: &[u8], tag: &mut [u8]) -> Result<()> {
    tag.copy_from_slice(computed.get(..tag.len()).ok_or(Errno::INVAL)?);
    Ok(())
}

/// EBADMSG unless `tag` is the beginning of what was computed; in constant time.
fn verify(computed: &[u8], tag: &[u8]) -> Result<()> {
    let computed = computed.get(..tag.len()).ok_or(Errno::INVAL)?;
    if verdict::equal(computed, tag) { Ok(()) } else { Err(Errno::BADMSG) }
}
