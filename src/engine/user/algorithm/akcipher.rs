// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Asymmetric ciphers: RSA, by itself and with the paddings of PKCS #1 v1.5.
//!
//! A signature's verification gives back what was signed, the digest, for the caller to compare
//! with the digest of the message. Kernels do so up to 4.19. Later ones take the digest, too, and
//! say yes or no; but the C API has one input, and says that the result is what the signature
//! holds.
//!
//! Reference: Linux `crypto/rsa.c`, `crypto/rsa-pkcs1pad.c`; RFC 8017.

mod key;
mod pkcs1;
#[cfg(test)]
mod tests;

use super::asymmetric::Asymmetric;
use super::names::Name;
use crate::engine::{Op, Parameter};
use crate::errno::{Errno, Result};
use key::{PrivateKey, PublicKey};
use pkcs1::Digest;

/// The asymmetric cipher called `name`. `pkcs1pad` is the template's name of all kernels, `pkcs1`
/// that of newer ones for signatures.
pub fn find(name: &Name<'_>) -> Option<Box<dyn Asymmetric>> {
    let scheme = match name.parts() {
        ("rsa", []) => Scheme::Raw,
        (template @ ("pkcs1pad" | "pkcs1"), [rsa, rest @ ..]) if rsa.is("rsa") => {
            let digest = match rest {
                [] => None,
                [digest] => Some(pkcs1::digest(digest)?),
                _ => return None,
            };
            Scheme::Pkcs1 { digest, encrypts: template == "pkcs1pad" }
        }
        _ => return None,
    };
    Some(Box::new(Rsa { scheme, key: None }))
}

/// A key of either kind.
enum Key {
    Public(PublicKey),
    Private(Box<PrivateKey>),
}

impl Key {
    fn public(&self) -> &PublicKey {
        match self {
            Self::Public(key) => key,
            Self::Private(key) => key.public_key(),
        }
    }

    /// The private key. EINVAL: there is the public one only.
    fn private(&self) -> Result<&PrivateKey> {
        match self {
            Self::Public(_) => Err(Errno::INVAL),
            Self::Private(key) => Ok(key),
        }
    }
}

/// What an operation makes of its input before it is a number, and after that.
#[derive(Clone, Copy)]
enum Scheme {
    /// The number itself.
    Raw,
    /// The paddings of PKCS #1 v1.5, with a digest if signatures have one.
    Pkcs1 { digest: Option<&'static Digest>, encrypts: bool },
}

/// RSA, with a key or none yet.
struct Rsa {
    scheme: Scheme,
    key: Option<Key>,
}

impl Asymmetric for Rsa {
    fn with(&self, parameter: Parameter<'_>) -> Result<Box<dyn Asymmetric>> {
        let key = match parameter {
            Parameter::Key(der) => Key::Private(PrivateKey::from_der(der)?),
            Parameter::PublicKey(der) => Key::Public(PublicKey::from_der(der)?),
            _ => return Err(Errno::NOPROTOOPT),
        };
        Ok(Box::new(Self { scheme: self.scheme, key: Some(key) }))
    }

    fn without_key(&self) -> Box<dyn Asymmetric> {
        Box::new(Self { scheme: self.scheme, key: None })
    }

    fn max_size(&self) -> usize {
        self.key.as_ref().map_or(0, |key| key.public().size())
    }

    fn run(&self, op: Op, input: &[u8], output: &mut [u8]) -> Result<usize> {
        let key = self.key.as_ref().ok_or(Errno::NOKEY)?;
        match (self.scheme, op) {
            (Scheme::Raw, Op::Encrypt | Op::Verify) => key.public().public(input, output)?,
            (Scheme::Raw, Op::Decrypt | Op::Sign) => key.private()?.private(input, output)?,
            (Scheme::Pkcs1 { encrypts: true, .. }, Op::Encrypt) => {
                pkcs1::pad_for_encryption(input, output)?;
                key.public().public_in_place(output)?;
            }
            (Scheme::Pkcs1 { encrypts: true, .. }, Op::Decrypt) => {
                of_size(input, output)?;
                key.private()?.private(input, output)?;
                return pkcs1::strip_encryption(output);
            }
            (Scheme::Pkcs1 { digest, .. }, Op::Sign) => {
                let key = key.private()?;
                pkcs1::pad_for_signature(digest, input, output)?;
                key.private_in_place(output)?;
            }
            (Scheme::Pkcs1 { digest, .. }, Op::Verify) => {
                of_size(input, output)?;
                key.public().public(input, output)?;
                let signed = pkcs1::strip_signature(digest, output)?.len();
                output.copy_within(output.len() - signed.., 0);
                return Ok(signed);
            }
            _ => return Err(Errno::OPNOTSUPP),
        }
        Ok(output.len())
    }
}

/// EINVAL: `input` is not as long as `output`, which a ciphertext or a signature must be.
fn of_size(input: &[u8], output: &[u8]) -> Result<()> {
    if input.len() == output.len() { Ok(()) } else { Err(Errno::INVAL) }
}
