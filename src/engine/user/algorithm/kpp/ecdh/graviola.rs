// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! P-256 by graviola, on processors that have what it needs.

use super::with_octet;
use crate::engine::user::algorithm::kpp::key::{PrivateKey, give};
use crate::errno::{Errno, Result};
use crate::wipe::{CURVE, wiping_stack};
use graviola::key_agreement::p256::{PublicKey, StaticPrivateKey};
use graviola::util::is_cpu_supported;

/// A private key, which wipes itself.
pub struct P256(StaticPrivateKey);

impl P256 {
    /// The private key `bytes`; EINVAL. None: graviola would panic on this processor.
    pub fn new(bytes: &[u8]) -> Option<Result<Box<Self>>> {
        let key = || StaticPrivateKey::from_bytes(bytes).map_err(|_| Errno::INVAL);
        is_cpu_supported().then(|| Ok(Box::new(Self(key()?))))
    }
}

impl PrivateKey for P256 {
    fn public_key(&self, result: &mut [u8]) -> Result<usize> {
        wiping_stack::<CURVE, _>(|| give_coordinates(&self.0.public_key_uncompressed(), result))
    }

    fn shared_secret(&self, peer: &[u8], result: &mut [u8]) -> Result<usize> {
        let peer = public_key(peer)?;
        wiping_stack::<CURVE, _>(|| {
            let secret = self.0.diffie_hellman(&peer).map_err(|_| Errno::INVAL)?;
            give(&secret.0, result)
        })
    }
}

/// The peer's public key, whose tables are so large that they are kept off the stack. Apart, and first,
/// because what makes them takes half of the smallest stack.
#[inline(never)]
fn public_key(bytes: &[u8]) -> Result<Box<PublicKey>> {
    with_octet(bytes, |point| PublicKey::from_x962_uncompressed(point).ok().map(Box::new))
}

/// Copies the coordinates of `point`, which begins with the octet before them.
fn give_coordinates(point: &[u8], result: &mut [u8]) -> Result<usize> {
    give(point.get(1..).unwrap_or_default(), result)
}
