// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Checksums that the kernel has among its digests, and whose key is where they begin.
//!
//! References: Linux `crypto/crc32c_generic.c`, `crypto/xxhash_generic.c`: keys and results
//! are little-endian numbers.

use super::{HashAlgorithm, Hasher, Key, Plain};
use crate::engine::user::algorithm::names::Name;
use crate::errno::{Errno, Result};
use crate::wipe::Depth;
use std::hash::Hasher as _;
use twox_hash::XxHash64;
use zeroize::Zeroize;

/// Name, block size, digest size, where it begins without a key and with one.
pub const CHECKSUMS: &[(&str, u32, u32, Plain, Key)] = &[
    // The key is the register's value, which the crate complements.
    (
        "crc32c",
        1,
        4,
        || Box::new(Crc32c(0)),
        |key| Ok(Box::new(Crc32c(!u32::from_le_bytes(number(key)?)))),
    ),
    (
        "xxhash64",
        32,
        8,
        || Box::new(XxHash(XxHash64::with_seed(0))),
        |key| Ok(Box::new(XxHash(XxHash64::with_seed(u64::from_le_bytes(number(key)?))))),
    ),
];

/// The checksum called `name`.
pub fn find(name: &Name<'_>) -> Option<HashAlgorithm> {
    let &(_, block_size, digest_size, plain, keyed) =
        CHECKSUMS.iter().find(|(known, ..)| name.is(known))?;
    Some(HashAlgorithm {
        block_size,
        digest_size,
        plain: Some(plain),
        keyed: Some(Box::new(keyed)),
        depth: Depth::Call,
    })
}

fn number<const LEN: usize>(key: &[u8]) -> Result<[u8; LEN]> {
    key.try_into().map_err(|_| Errno::INVAL)
}

struct Crc32c(u32);

impl Hasher for Crc32c {
    fn fork(&self) -> Box<dyn Hasher> {
        Box::new(Self(self.0))
    }

    fn update(&mut self, data: &[u8]) {
        self.0 = crc32c::crc32c_append(self.0, data);
    }

    fn digest(&self, message: &[u8], digest: &mut [u8]) {
        digest.copy_from_slice(&crc32c::crc32c_append(self.0, message).to_le_bytes());
    }
}

impl Drop for Crc32c {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[derive(Clone)]
struct XxHash(XxHash64);

impl Hasher for XxHash {
    fn fork(&self) -> Box<dyn Hasher> {
        Box::new(self.clone())
    }

    fn update(&mut self, data: &[u8]) {
        self.0.write(data);
    }

    fn digest(&self, message: &[u8], digest: &mut [u8]) {
        let mut state = self.clone();
        state.update(message);
        digest.copy_from_slice(&state.0.finish().to_le_bytes());
    }
}

/// The crate wipes nothing: another state takes the place of this one.
impl Drop for XxHash {
    fn drop(&mut self) {
        self.0 = XxHash64::with_seed(0);
        zeroize::optimization_barrier(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::find;
    use super::*;

    fn sum(mut state: Box<dyn Hasher>, data: &[u8], digest: &mut [u8]) {
        state.update(data);
        state.finish(digest);
    }

    #[test]
    fn crc32c_of_rfc_3720() {
        // Appendix B.4: 32 bytes of zeros.
        let mut digest = [0; 4];
        sum(find("crc32c").unwrap().plain.unwrap()(), &[0; 32], &mut digest);
        assert_eq!(digest, [0xaa, 0x36, 0x91, 0x8a]);
        sum(find("crc32c").unwrap().keyed.unwrap()(&[0xff; 4]).unwrap(), &[0; 32], &mut digest);
        assert_eq!(digest, [0xaa, 0x36, 0x91, 0x8a]);
    }

    #[test]
    fn xxhash64_of_nothing() {
        // XXH64 of the empty input with seed 0, from the specification of xxHash.
        let mut digest = [0; 8];
        sum(find("xxhash64").unwrap().plain.unwrap()(), &[], &mut digest);
        assert_eq!(u64::from_le_bytes(digest), 0xef46_db37_51d8_e999);
    }

    #[test]
    fn a_key_is_one_number() {
        assert_eq!(find("crc32c").unwrap().keyed.unwrap()(&[0; 8]).err(), Some(Errno::INVAL));
        assert_eq!(find("xxhash64").unwrap().keyed.unwrap()(&[0; 4]).err(), Some(Errno::INVAL));
    }
}
