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
    pub fn pow(&self, _: &mut [Limb], _: &[Limb]) -> Result<()> {
        match *self {}
    }

    /// Is never called.
    pub fn pow_public(&self, _: &mut [Limb], _: &[u8]) -> Result<()> {
        match *self {}
    }
}
