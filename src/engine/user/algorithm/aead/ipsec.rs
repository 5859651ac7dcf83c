// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! GCM and CCM as IPsec uses them: RFC 4106, RFC 4309, RFC 4543; Linux `crypto/gcm.c`
//! and `crypto/ccm.c`.
//!
//! The nonce is a salt from the key's end and an IV of 8 bytes. The AAD is 8 or 12
//! bytes of ESP header, then the IV once more: EINVAL if it is of any other length.
//! The IV at its end is what came in, not what is used, and only RFC 4543
//! authenticates it.

use super::ccm::Ccm;
use super::gcm::{Gmac, fastest};
use super::{Aead, give, verify};
use crate::engine::user::algorithm::block::{BlockAlgorithm, Data};
use crate::errno::{Errno, Result};
use crate::wipe::Depth;
use zeroize::Zeroizing;

/// Bytes in an IV.
pub const IV: usize = 8;

/// The AAD without the IV at its end.
fn header(aad: &mut [u8]) -> Result<&mut [u8]> {
    match aad {
        [header @ .., _, _, _, _, _, _, _, _] if matches!(header.len(), 8 | 12) => Ok(header),
        _ => Err(Errno::INVAL),
    }
}

/// Salt and IV.
fn nonce(salt: &[u8; 4], iv: &[u8]) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[..4].copy_from_slice(salt);
    nonce[4..].copy_from_slice(iv);
    nonce
}

/// GCM in ESP.
pub struct Rfc4106 {
    gcm: Box<dyn Aead>,
    salt: Zeroizing<[u8; 4]>,
}

impl Rfc4106 {
    /// `gcm` takes the key without the salt.
    pub fn new(gcm: impl Fn(&[u8]) -> Result<Box<dyn Aead>>, key: &[u8]) -> Result<Self> {
        let (key, salt) = key.split_last_chunk().ok_or(Errno::INVAL)?;
        Ok(Self { gcm: gcm(key)?, salt: Zeroizing::new(*salt) })
    }
}

impl Aead for Rfc4106 {
    fn seal(&self, iv: &[u8], aad: &mut [u8], data: Data<'_, '_>, tag: &mut [u8]) -> Result<()> {
        self.gcm.seal(&nonce(&self.salt, iv), header(aad)?, data, tag)
    }

    fn open(&self, iv: &[u8], aad: &mut [u8], data: Data<'_, '_>, tag: &[u8]) -> Result<()> {
        self.gcm.open(&nonce(&self.salt, iv), header(aad)?, data, tag)
    }

    fn depth(&self) -> Depth {
        self.gcm.depth()
    }
}

/// CCM in ESP; a salt of 3 bytes and a counter of 4.
pub struct Rfc4309 {
    ccm: Ccm,
    salt: Zeroizing<[u8; 3]>,
}

impl Rfc4309 {
    pub fn new(cipher: &BlockAlgorithm, key: &[u8]) -> Result<Self> {
        let (key, salt) = key.split_last_chunk().ok_or(Errno::INVAL)?;
        Ok(Self { ccm: Ccm::new((cipher.key)(key)?), salt: Zeroizing::new(*salt) })
    }

    fn iv(&self, iv: &[u8]) -> [u8; 16] {
        let [a, b, c] = *self.salt;
        let mut long = [0; 16];
        long[..12].copy_from_slice(&nonce(&[3, a, b, c], iv));
        long
    }
}

impl Aead for Rfc4309 {
    fn seal(&self, iv: &[u8], aad: &mut [u8], data: Data<'_, '_>, tag: &mut [u8]) -> Result<()> {
        self.ccm.seal(&self.iv(iv), header(aad)?, data, tag)
    }

    fn open(&self, iv: &[u8], aad: &mut [u8], data: Data<'_, '_>, tag: &[u8]) -> Result<()> {
        self.ccm.open(&self.iv(iv), header(aad)?, data, tag)
    }

    fn depth(&self) -> Depth {
        // Its frame is above that of CCM.
        self.ccm.depth().max(Depth::Spills)
    }
}

/// Gives `data` as they are.
fn pass(data: Data<'_, '_>) {
    let _ = data.into_out_with_copied_in();
}

/// GMAC in ESP: nothing is encrypted.
pub struct Rfc4543 {
    gcm: Box<dyn Gmac>,
    salt: Zeroizing<[u8; 4]>,
}

impl Rfc4543 {
    pub fn new(cipher: &BlockAlgorithm, key: &[u8]) -> Result<Self> {
        let (key, salt) = key.split_last_chunk().ok_or(Errno::INVAL)?;
        Ok(Self { gcm: fastest(cipher, key)?, salt: Zeroizing::new(*salt) })
    }

    fn tag(&self, iv: &[u8], aad: &mut [u8], data: &[u8]) -> Result<Zeroizing<[u8; 16]>> {
        header(aad)?;
        self.gcm.authenticate(&nonce(&self.salt, iv), [aad, data])
    }
}

impl Aead for Rfc4543 {
    fn seal(&self, iv: &[u8], aad: &mut [u8], data: Data<'_, '_>, tag: &mut [u8]) -> Result<()> {
        give(&*self.tag(iv, aad, data.get_in())?, tag).map(|()| pass(data))
    }

    fn open(&self, iv: &[u8], aad: &mut [u8], data: Data<'_, '_>, tag: &[u8]) -> Result<()> {
        verify(&*self.tag(iv, aad, data.get_in())?, tag).map(|()| pass(data))
    }

    fn depth(&self) -> Depth {
        self.gcm.depth()
    }
}
