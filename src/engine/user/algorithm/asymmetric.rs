// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! What asymmetric ciphers and key agreements have in common.
//!
//! The parameters of the others are one key. These have several, and what one means depends on
//! those that were set before. So each state is a value of its own, and a parameter makes the next
//! one of it.
//!
//! Reference: the patches that bring akcipher and kpp to AF_ALG, which no mainline kernel has:
//! `crypto/algif_akcipher.c` and `crypto/algif_kpp.c` of those.

use crate::engine::{Op, Parameter};
use crate::errno::Result;

/// An algorithm with the parameters that were set; perhaps there is no key yet.
pub trait Asymmetric: Send + Sync {
    /// The algorithm with this parameter, too, in place of what it was before. EINVAL: the
    /// parameter cannot be right; ENOKEY: another must be set before it; EOPNOTSUPP: the algorithm
    /// cannot do it; ENOPROTOOPT: it has no such parameter.
    fn with(&self, parameter: Parameter<'_>) -> Result<Box<dyn Asymmetric>>;

    /// The algorithm without its key, which is left when a new key was refused. Parameters that are
    /// no keys stay.
    fn without_key(&self) -> Box<dyn Asymmetric>;

    /// Bytes in the largest result, which every output must have room for; 0: that is not known
    /// before another parameter is set.
    fn max_size(&self) -> usize;

    /// Carries out `op` on `input`. The result goes to the beginning of `output`, which has
    /// [`Asymmetric::max_size`] bytes; returns its size. The caller wipes the stack ([`WORK`]) and
    /// `output`. ENOKEY: there is no key.
    ///
    /// [`WORK`]: crate::wipe::WORK
    fn run(&self, op: Op, input: &[u8], output: &mut [u8]) -> Result<usize>;
}
