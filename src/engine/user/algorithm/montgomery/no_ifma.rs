// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The place of AVX-512 IFMA on architectures without it.

use super::{Limb, Modulus};
use crate::errno::Result;

/// There is none.
pub enum Digits {}

impl Digits {
    /// None.
    pub fn new(_: &Modulus) -> Result<Option<Self>> {
        Ok(None)
    }

    /// Is never called.
    pub fn goes_with(&self, _: &Self) -> bool {
        match *self {}
    }

    /// Is never called.
    pub fn pow<const P: usize>(
        moduli: [&Self; P],
        _: [&mut [Limb]; P],
        _: [&[Limb]; P],
    ) -> Result<()> {
        match moduli.first() {
            Some(none) => match **none {},
            None => Ok(()),
        }
    }

    /// Is never called.
    pub fn pow_public(&self, _: &mut [Limb], _: &[u8]) -> Result<()> {
        match *self {}
    }
}
