// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! X25519 by graviola, on processors that have what it needs.

use super::LEN;
use crate::engine::user::algorithm::kpp::key::{PrivateKey, give};
use crate::errno::{Errno, Result};
use graviola::key_agreement::x25519::{PublicKey, StaticPrivateKey};
use graviola::util::is_cpu_supported;

/// A private key, which wipes itself.
pub struct Key(StaticPrivateKey);

impl Key {
    /// None: graviola would panic on this processor.
    pub fn new(bytes: &[u8; LEN]) -> Option<Box<Self>> {
        is_cpu_supported().then(|| Box::new(Self(StaticPrivateKey::from_array(bytes))))
    }
}

impl PrivateKey for Key {
    fn public_key(&self, result: &mut [u8]) -> Result<usize> {
        give(&self.0.public_key().as_bytes(), result)
    }

    fn shared_secret(&self, peer: &[u8], result: &mut [u8]) -> Result<usize> {
        let peer = PublicKey::try_from_slice(peer).map_err(|_| Errno::INVAL)?;
        // It refuses a secret of zeros itself.
        let secret = self.0.diffie_hellman(&peer).map_err(|_| Errno::INVAL)?;
        give(&secret.0, result)
    }
}
