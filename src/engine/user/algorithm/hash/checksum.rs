// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Checksums that the kernel has among its digests, and whose key is where they begin.
//!
//! References: Linux `crypto/crc32c_generic.c`, `crypto/crc32_generic.c`, whose register is never
//! complemented, `crypto/xxhash_generic.c`: keys and results are little-endian numbers;
//! `crypto/crypto_null.c`.

use super::{HashAlgorithm, Hasher, Key, Plain};
use crate::engine::user::algorithm::names::Name;
use crate::errno::{Errno, Result};
use crate::wipe::Depth;
use std::hash::Hasher as _;
use twox_hash::XxHash64;
use zeroize::Zeroize;

/// Name, block size, digest size, where it begins without a key and with one.
pub const CHECKSUMS: &[(&str, u32, u32, Option<Plain>, Key)] = &[
    // The key is the register's value, which the crate complements.
    (
        "crc32c",
        1,
        4,
        Some(|| Box::new(Crc { register: 0, append: crc32c::crc32c_append })),
        |key| {
            let register = !u32::from_le_bytes(number(key)?);
            Ok(Box::new(Crc { register, append: crc32c::crc32c_append }))
        },
    ),
    #[cfg(feature = "legacy")]
    ("crc32", 1, 4, Some(|| Box::new(Crc { register: 0, append: crc32 })), |key| {
        Ok(Box::new(Crc { register: u32::from_le_bytes(number(key)?), append: crc32 }))
    }),
    ("digest_null", 1, 0, None, |_| Ok(Box::new(DigestNull))),
    ("xxhash64", 32, 8, Some(|| Box::new(XxHash(XxHash64::with_seed(0)))), |key| {
        Ok(Box::new(XxHash(XxHash64::with_seed(u64::from_le_bytes(number(key)?)))))
    }),
];

/// The checksum called `name`.
pub fn find(name: &Name<'_>) -> Option<HashAlgorithm> {
    let &(_, block_size, digest_size, plain, keyed) =
        CHECKSUMS.iter().find(|(known, ..)| name.is(known))?;
    Some(HashAlgorithm {
        block_size,
        digest_size,
        plain,
        keyed: Some(Box::new(keyed)),
        depth: Depth::Shallow,
        grouping: None,
    })
}

fn number<const LEN: usize>(key: &[u8]) -> Result<[u8; LEN]> {
    key.try_into().map_err(|_| Errno::INVAL)
}

/// CRC-32 of each byte.
#[cfg(feature = "legacy")]
static CRC32: [u32; 256] = {
    let (mut table, mut i) = ([0; 256], 0);
    while i < 8 * table.len() {
        let crc = if i % 8 == 0 { i as u32 / 8 } else { table[i / 8] };
        table[i / 8] = (crc >> 1) ^ (0xedb8_8320 * (crc & 1));
        i += 1;
    }
    table
};

#[cfg(feature = "legacy")]
fn crc32(crc: u32, data: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| CRC32[usize::from(crc as u8 ^ byte)] ^ (crc >> 8);
    data.iter().fold(crc, step)
}

struct Crc {
    register: u32,
    append: fn(u32, &[u8]) -> u32,
}

impl Hasher for Crc {
    fn fork(&self) -> Box<dyn Hasher> {
        Box::new(Self { ..*self })
    }

    fn update(&mut self, data: &[u8]) {
        self.register = (self.append)(self.register, data);
    }

    fn digest(&self, message: &[&[u8]], digest: &mut [u8]) {
        let register = message.iter().fold(self.register, |crc, data| (self.append)(crc, data));
        digest.copy_from_slice(&register.to_le_bytes());
    }
}

impl Drop for Crc {
    fn drop(&mut self) {
        self.register.zeroize();
    }
}

/// A digest of no bytes. It takes any key, and there must be one.
struct DigestNull;

impl Hasher for DigestNull {
    fn fork(&self) -> Box<dyn Hasher> {
        Box::new(Self)
    }

    fn update(&mut self, _: &[u8]) {}

    fn digest(&self, _: &[&[u8]], _: &mut [u8]) {}
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

    fn digest(&self, message: &[&[u8]], digest: &mut [u8]) {
        let mut state = self.clone();
        message.iter().for_each(|piece| state.update(piece));
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

    /// The check value of CRC-32/ISO-HDLC, 0xcbf43926, before it is complemented.
    #[cfg(feature = "legacy")]
    #[test]
    fn crc32_of_its_check_string() {
        let mut digest = [0; 4];
        let begun = find("crc32").unwrap().with_key(&[0xff; 4]).unwrap();
        sum(begun, b"123456789", &mut digest);
        assert_eq!(u32::from_le_bytes(digest), !0xcbf4_3926);
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
