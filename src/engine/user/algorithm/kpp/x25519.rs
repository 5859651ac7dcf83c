// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! X25519 (RFC 7748), by graviola where the processor has what that needs, else by curve25519-dalek.
//!
//! A public value of small order gives a secret of zeros with every private key, and is refused
//! (section 6.1). Any other 32 bytes are taken, as the RFC wants it: the last bit is ignored, and numbers
//! from the prime on are reduced.

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod graviola;

use super::key::{PrivateKey, give};
use crate::engine::user::algorithm::verdict::tell;
use crate::errno::{Errno, Result};
use curve25519_dalek::montgomery::MontgomeryPoint;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

/// Bytes in private keys, public keys and secrets.
pub const LEN: usize = 32;

/// The private key `bytes`. EINVAL: there are not 32, or all are zero, which the kernel takes for no
/// key.
pub fn private_key(bytes: &[u8]) -> Result<Box<dyn PrivateKey>> {
    let key: Zeroizing<[u8; LEN]> = Zeroizing::new(bytes.try_into().map_err(|_| Errno::INVAL)?);
    if tell(key.ct_eq(&[0; LEN])) {
        return Err(Errno::INVAL);
    }
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    if let Some(fast) = graviola::Key::new(&key) {
        return Ok(fast);
    }
    Ok(portable_key(key))
}

/// A private key on any processor.
pub fn portable_key(bytes: Zeroizing<[u8; LEN]>) -> Box<dyn PrivateKey> {
    Box::new(Key(bytes))
}

struct Key(Zeroizing<[u8; LEN]>);

impl PrivateKey for Key {
    fn public_key(&self, result: &mut [u8]) -> Result<usize> {
        give(&MontgomeryPoint::mul_base_clamped(*self.0).0, result)
    }

    fn shared_secret(&self, peer: &[u8], result: &mut [u8]) -> Result<usize> {
        let peer = MontgomeryPoint(peer.try_into().map_err(|_| Errno::INVAL)?);
        let mut secret = peer.mul_clamped(*self.0);
        let given = match tell(secret.0.ct_eq(&[0; LEN])) {
            true => Err(Errno::INVAL),
            false => give(&secret.0, result),
        };
        secret.zeroize();
        given
    }
}
