// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Asymmetric ciphers: RSA.
//!
//! Reference: Linux `crypto/rsa.c`, `crypto/rsa-pkcs1pad.c`; RFC 8017.

mod der;
mod key;

use super::asymmetric::Asymmetric;
use super::names::Name;
use crate::engine::{Op, Parameter};
use crate::errno::{Errno, Result};
use key::{PrivateKey, PublicKey};

/// The asymmetric cipher called `name`.
pub fn find(name: &Name<'_>) -> Option<Box<dyn Asymmetric>> {
    name.is("rsa").then(|| Box::new(Rsa { key: None }) as _)
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

/// RSA.
struct Rsa {
    key: Option<Key>,
}

impl Asymmetric for Rsa {
    fn with(&self, parameter: Parameter<'_>) -> Result<Box<dyn Asymmetric>> {
        let key = match parameter {
            Parameter::Key(der) => Key::Private(Box::new(PrivateKey::from_der(der)?)),
            Parameter::PublicKey(der) => Key::Public(PublicKey::from_der(der)?),
            _ => return Err(Errno::NOPROTOOPT),
        };
        Ok(Box::new(Self { key: Some(key) }))
    }

    fn without_key(&self) -> Box<dyn Asymmetric> {
        Box::new(Self { key: None })
    }

    fn max_size(&self) -> usize {
        self.key.as_ref().map_or(0, |key| key.public().size())
    }

    fn run(&self, op: Op, input: &[u8], output: &mut [u8]) -> Result<usize> {
        let key = self.key.as_ref().ok_or(Errno::NOKEY)?;
        match op {
            Op::Encrypt | Op::Verify => key.public().public(input, output)?,
            Op::Decrypt | Op::Sign => key.private()?.private(input, output)?,
            _ => return Err(Errno::OPNOTSUPP),
        }
        Ok(output.len())
    }
}
