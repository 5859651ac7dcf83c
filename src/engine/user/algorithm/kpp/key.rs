// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Private keys, and how random ones are made.

use crate::engine::user::algorithm::rng::fill_randomly;
use crate::errno::{Errno, Result};
use crate::wipe::Wiped;

/// Bytes in the longest private key that is made here: of ffdhe8192, 400 bits.
const RANDOM_MAX: usize = 50;

/// A private key.
pub trait PrivateKey: Send + Sync {
    /// Writes the public key to the beginning of `result`. Returns its length.
    fn public_key(&self, result: &mut [u8]) -> Result<usize>;

    /// Writes the secret that is shared with the owner of the public key `peer`. EINVAL: that is no
    /// public key.
    fn shared_secret(&self, peer: &[u8], result: &mut [u8]) -> Result<usize>;
}

/// The private key that `make` makes of `len` random bytes. Those that it refuses are replaced by
/// others, so that all that it takes are equally likely (SP 800-56A, section 5.6.1.2.2).
pub fn random(
    len: usize,
    make: impl Fn(&mut [u8]) -> Result<Box<dyn PrivateKey>>,
) -> Result<Box<dyn PrivateKey>> {
    /// One in 2^32 is refused at most. So many are never refused but by a fault.
    const ATTEMPTS: usize = 16;
    let mut bytes = Wiped::<RANDOM_MAX>::ZEROS;
    let bytes = bytes.get_mut(..len).ok_or(Errno::INVAL)?;
    let mut key = Err(Errno::IO);
    for _ in 0..ATTEMPTS {
        fill_randomly(bytes)?;
        key = make(bytes);
        if !matches!(key, Err(Errno::INVAL)) {
            break;
        }
    }
    key
}

/// Copies `bytes` to the beginning of `result`. Returns their number.
pub fn give(bytes: &[u8], result: &mut [u8]) -> Result<usize> {
    result.get_mut(..bytes.len()).ok_or(Errno::MSGSIZE)?.copy_from_slice(bytes);
    Ok(bytes.len())
}
