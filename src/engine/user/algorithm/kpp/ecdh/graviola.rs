// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! P-256 and P-384 by graviola, on processors that have what it needs.

use super::{Curve, give_coordinates, with_octet};
use crate::engine::user::algorithm::kpp::key::{PrivateKey, give};
use crate::errno::{Errno, Result};
use graviola::key_agreement::{p256, p384};
use graviola::util::is_cpu_supported;

/// The private key `bytes`, of the right length. None: graviola has not the curve, or would panic on this
/// processor.
pub fn private_key(curve: Curve, bytes: &[u8]) -> Option<Result<Box<dyn PrivateKey>>> {
    if !is_cpu_supported() {
        return None;
    }
    Some(match curve {
        Curve::P192 => return None,
        Curve::P256 => P256::boxed(bytes),
        Curve::P384 => P384::boxed(bytes),
    })
}

macro_rules! curve {
    ($Key:ident, $curve:ident) => {
        /// A private key, which wipes itself.
        struct $Key($curve::StaticPrivateKey);

        impl $Key {
            fn boxed(bytes: &[u8]) -> Result<Box<dyn PrivateKey>> {
                let key = $curve::StaticPrivateKey::from_bytes(bytes).map_err(|_| Errno::INVAL)?;
                Ok(Box::new(Self(key)))
            }

            /// The peer's public key, whose tables are so large that they are kept off the stack.
            /// Apart, so that what makes them is gone from there, too, when the secret is made.
            #[inline(never)]
            fn peer(bytes: &[u8]) -> Result<Box<$curve::PublicKey>> {
                with_octet(bytes, |point| {
                    $curve::PublicKey::from_x962_uncompressed(point).ok().map(Box::new)
                })
            }
        }

        impl PrivateKey for $Key {
            fn public_key(&self, result: &mut [u8]) -> Result<usize> {
                give_coordinates(&self.0.public_key_uncompressed(), result)
            }

            fn shared_secret(&self, peer: &[u8], result: &mut [u8]) -> Result<usize> {
                let secret = self.0.diffie_hellman(&*Self::peer(peer)?);
                give(&secret.map_err(|_| Errno::INVAL)?.0, result)
            }
        }
    };
}

curve!(P256, p256);
curve!(P384, p384);
