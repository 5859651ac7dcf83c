// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Key agreement: Diffie-Hellman in the groups of [`dh`], on the curves of [`ecdh`], and [`x25519`].
//!
//! A peer's public value is validated before it is used (NIST SP 800-56A revision 3, section
//! 5.6.2.3): a value that is none, or that would give away something of the private key, is EINVAL, as
//! in the kernel. So is a result that everybody knows. Whatever depends on the private key takes the
//! same time, and the same addresses, for every key of the same length; what is said of a key that is
//! refused is only that.
//!
//! Reference: Linux `crypto/kpp.c`, `crypto/dh.c`, `crypto/ecdh.c`, `crypto/curve25519.c`.

mod dh;
mod ecdh;
mod key;
#[cfg(test)]
mod tests;
mod x25519;

use super::asymmetric::Asymmetric;
use super::names::Name;
use crate::engine::{Op, Parameter};
use crate::errno::{Errno, Result};
use dh::{Group, SafePrime};
use ecdh::Curve;
use key::{PrivateKey, random};
use std::sync::Arc;

/// An algorithm by its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum KppAlgorithm {
    /// `dh`, whose group is a parameter.
    Dh,
    /// `ffdhe2048(dh)` and its like: `dh` in one of the groups of RFC 7919.
    Ffdhe(SafePrime),
    /// `ecdh`, whose curve is a parameter.
    Ecdh,
    /// `ecdh-nist-p256` and its like.
    EcdhOn(Curve),
    /// `curve25519`.
    X25519,
}

/// The algorithm called `name`.
pub fn find(name: &Name<'_>) -> Option<Box<dyn Asymmetric>> {
    let algorithm = named(name)?;
    // A group for which there is no memory now is made when the key is set.
    Some(Box::new(Agreement { algorithm, domain: algorithm.domain().unwrap_or(None), key: None }))
}

fn named(name: &Name<'_>) -> Option<KppAlgorithm> {
    Some(match name.parts() {
        ("dh", []) => KppAlgorithm::Dh,
        ("ecdh", []) => KppAlgorithm::Ecdh,
        ("ecdh-nist-p192", []) => KppAlgorithm::EcdhOn(Curve::P192),
        ("ecdh-nist-p256", []) => KppAlgorithm::EcdhOn(Curve::P256),
        ("ecdh-nist-p384", []) => KppAlgorithm::EcdhOn(Curve::P384),
        ("curve25519", []) => KppAlgorithm::X25519,
        (template, [inner]) if inner.is("dh") => KppAlgorithm::Ffdhe(SafePrime::by_name(template)?),
        _ => return None,
    })
}

impl KppAlgorithm {
    /// Where an algorithm computes whose name says that. None: it is a parameter. ENOMEM.
    fn domain(self) -> Result<Option<Domain>> {
        Ok(match self {
            Self::Dh | Self::Ecdh => None,
            Self::Ffdhe(prime) => Some(Domain::Group(Arc::new(prime.group()?))),
            Self::EcdhOn(curve) => Some(Domain::Curve(curve)),
            Self::X25519 => Some(Domain::X25519),
        })
    }
}

/// Where the parties compute: a group or a curve, which both must have chosen.
#[derive(Clone)]
enum Domain {
    Group(Arc<Group>),
    Curve(Curve),
    X25519,
}

impl Domain {
    /// Bytes in the largest result.
    fn largest(&self) -> usize {
        match self {
            Self::Group(group) => group.len(),
            Self::Curve(curve) => 2 * curve.len(),
            Self::X25519 => x25519::LEN,
        }
    }

    /// The private key `bytes`, or a random one if there are none. EINVAL: it is no private key.
    fn private_key(&self, bytes: &[u8]) -> Result<Box<dyn PrivateKey>> {
        match self {
            Self::Group(group) if bytes.is_empty() => group.random_key(),
            Self::Group(group) => group.private_key(bytes),
            Self::Curve(curve) if bytes.is_empty() => {
                random(curve.len(), |bytes| curve.private_key(bytes))
            }
            Self::Curve(curve) => curve.private_key(bytes),
            Self::X25519 if bytes.is_empty() => {
                random(x25519::LEN, |bytes| x25519::private_key(bytes))
            }
            Self::X25519 => x25519::private_key(bytes),
        }
    }
}

/// A key agreement with the parameters that were set.
struct Agreement {
    algorithm: KppAlgorithm,
    domain: Option<Domain>,
    key: Option<Box<dyn PrivateKey>>,
}

impl Agreement {
    fn on(&self, domain: Domain) -> Box<dyn Asymmetric> {
        Box::new(Self { algorithm: self.algorithm, domain: Some(domain), key: None })
    }
}

impl Asymmetric for Agreement {
    fn with(&self, parameter: Parameter<'_>) -> Result<Box<dyn Asymmetric>> {
        match (parameter, self.algorithm) {
            (Parameter::DhParameters(_), KppAlgorithm::Dh)
            | (Parameter::EcdhCurve(_), KppAlgorithm::Ecdh)
                if self.domain.is_some() =>
            {
                // Only once, because a key may depend on them.
                Err(Errno::INVAL)
            }
            (Parameter::DhParameters(pkcs3), KppAlgorithm::Dh) => {
                Ok(self.on(Domain::Group(Arc::new(Group::from_pkcs3(pkcs3)?))))
            }
            (Parameter::EcdhCurve(number), KppAlgorithm::Ecdh) => {
                Ok(self.on(Domain::Curve(Curve::by_number(number).ok_or(Errno::INVAL)?)))
            }
            (Parameter::DhParameters(_) | Parameter::EcdhCurve(_), _) => Err(Errno::OPNOTSUPP),
            // How long it should be is not known.
            (Parameter::Key([]), KppAlgorithm::Dh) => Err(Errno::OPNOTSUPP),
            (Parameter::Key(bytes), algorithm) => {
                let domain = match &self.domain {
                    Some(domain) => domain.clone(),
                    None => algorithm.domain()?.ok_or(Errno::NOKEY)?,
                };
                let key = Some(domain.private_key(bytes)?);
                Ok(Box::new(Self { algorithm, domain: Some(domain), key }))
            }
            _ => Err(Errno::NOPROTOOPT),
        }
    }

    fn without_key(&self) -> Box<dyn Asymmetric> {
        Box::new(Self { algorithm: self.algorithm, domain: self.domain.clone(), key: None })
    }

    fn max_size(&self) -> usize {
        self.domain.as_ref().map_or(0, Domain::largest)
    }

    fn run(&self, op: Op, input: &[u8], output: &mut [u8]) -> Result<usize> {
        let key = self.key.as_ref().ok_or(Errno::NOKEY)?;
        match op {
            Op::Keygen if input.is_empty() => key.public_key(output),
            Op::Ssgen => key.shared_secret(input, output),
            _ => Err(Errno::INVAL),
        }
    }
}
