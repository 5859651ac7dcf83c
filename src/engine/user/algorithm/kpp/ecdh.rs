// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! ECDH on the curves P-192, P-256 and P-384 of FIPS 186 (SP 800-56A, section 5.7.1.2): by RustCrypto's
//! crates, P-256 by graviola where the processor has what that needs. graviola's P-384 would make the library
//! larger by 400 KB.
//!
//! As in the kernel, numbers are big endian and as long as the curve's prime. A public key is x and y, without
//! the octet of SEC 1 before them; a secret is x. A point that is not on the curve is refused, and there is no
//! other check to make, since each point is of the curve's order. The point at infinity has no
//! coordinates.

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod graviola;

use super::key::{PrivateKey, give};
use crate::engine::user::algorithm::verdict;
use crate::errno::{Errno, Result};
use crate::wipe::{CURVE, wiping_stack};
use elliptic_curve::point::AffineCoordinates;
use elliptic_curve::sec1::{FromSec1Point, ModulusSize};
use elliptic_curve::{
    AffinePoint, CurveArithmetic, CurveGroup, Field, FieldBytes, FieldBytesSize, Group, PrimeField,
    ProjectivePoint,
};
use p192::NistP192;
use p256::NistP256;
use p384::NistP384;
use zeroize::Zeroizing;

/// A curve.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Curve {
    /// P-192, secp192r1.
    P192,
    /// P-256, secp256r1.
    P256,
    /// P-384, secp384r1.
    P384,
}

/// Bytes in a coordinate of the largest curve.
const LEN_MAX: usize = 48;

/// The octet that says that x and y follow (SEC 1, section 2.3.3).
const UNCOMPRESSED: u8 = 4;

impl Curve {
    /// The curve with this number, in kcapi.h and in the kernel (`include/crypto/ecdh.h`).
    pub fn by_number(number: u32) -> Option<Self> {
        Some(match number {
            1 => Self::P192,
            2 => Self::P256,
            3 => Self::P384,
            _ => return None,
        })
    }

    /// Bytes in a private key, in a coordinate, and in a secret.
    pub fn len(self) -> usize {
        match self {
            Self::P192 => 24,
            Self::P256 => 32,
            Self::P384 => LEN_MAX,
        }
    }

    /// The private key `bytes`. EINVAL: it is not as long as it must be, 0, or not less than the
    /// curve's order.
    pub fn private_key(self, bytes: &[u8]) -> Result<Box<dyn PrivateKey>> {
        if bytes.len() != self.len() {
            return Err(Errno::INVAL);
        }
        #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
        if let Some(fast) = (self == Self::P256).then(|| graviola::P256::new(bytes)).flatten() {
            return Ok(fast?);
        }
        self.portable_key(bytes)
    }

    /// The same, on any processor.
    pub fn portable_key(self, bytes: &[u8]) -> Result<Box<dyn PrivateKey>> {
        Ok(match self {
            Self::P192 => Key::<NistP192>::boxed(bytes)?,
            Self::P256 => Key::<NistP256>::boxed(bytes)?,
            Self::P384 => Key::<NistP384>::boxed(bytes)?,
        })
    }
}

/// A private key.
struct Key<C: CurveArithmetic>(Zeroizing<C::Scalar>);

impl<C> Key<C>
where
    C: CurveArithmetic,
    FieldBytesSize<C>: ModulusSize,
    AffinePoint<C>: FromSec1Point<C>,
{
    fn boxed(bytes: &[u8]) -> Result<Box<dyn PrivateKey>> {
        let bytes = FieldBytes::<C>::try_from(bytes).map_err(|_| Errno::INVAL)?;
        let bytes = Zeroizing::new(bytes);
        let scalar = C::Scalar::from_repr(*bytes);
        let valid = scalar.is_some();
        let scalar = Zeroizing::new(scalar.unwrap_or(C::Scalar::ZERO));
        match verdict::tell(valid & !scalar.is_zero()) {
            true => Ok(Box::new(Self(scalar))),
            false => Err(Errno::INVAL),
        }
    }
}

impl<C> PrivateKey for Key<C>
where
    C: CurveArithmetic,
    FieldBytesSize<C>: ModulusSize,
    AffinePoint<C>: FromSec1Point<C>,
{
    fn public_key(&self, result: &mut [u8]) -> Result<usize> {
        wiping_stack::<CURVE, _>(|| {
            let point = ProjectivePoint::<C>::mul_by_generator(&self.0).to_affine();
            let x = give(&point.x(), result)?;
            Ok(x + give(&point.y(), result.get_mut(x..).unwrap_or_default())?)
        })
    }

    fn shared_secret(&self, peer: &[u8], result: &mut [u8]) -> Result<usize> {
        let peer = with_octet(peer, |point| AffinePoint::<C>::from_sec1_bytes(point).ok())?;
        wiping_stack::<CURVE, _>(|| {
            let point = (ProjectivePoint::<C>::from(peer) * *self.0).to_affine();
            give(&point.x(), result)
        })
    }
}

/// Gives the point with these coordinates to `read`, with the octet before them. EINVAL: they are too
/// many, or `read` refuses it.
fn with_octet<T>(coordinates: &[u8], read: impl FnOnce(&[u8]) -> Option<T>) -> Result<T> {
    let mut point = [UNCOMPRESSED; 1 + 2 * LEN_MAX];
    let point = point.get_mut(..1 + coordinates.len()).ok_or(Errno::INVAL)?;
    give(coordinates, point.get_mut(1..).unwrap_or_default())?;
    read(point).ok_or(Errno::INVAL)
}
