// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Sizes that are the same on every kernel and driver, since the algorithm's standard fixes them:
//! nobody is asked for these. A process that makes one digest and ends is spared four system calls.
//!
//! Not here: sizes that a driver chooses, such as the block size of ctr, which is 1 or the
//! cipher's.
//!
//! References: FIPS 180-4, FIPS 202, FIPS 198-1, RFC 1321, SP 800-38A, SP 800-38E.

use crate::engine::{Kind, Properties};

/// Digests: name, bytes in a block, bytes in a digest. HMAC has those of its digest.
const DIGESTS: [(&str, u32, u32); 10] = [
    ("md5", 64, 16),
    ("sha1", 64, 20),
    ("sha224", 64, 28),
    ("sha256", 64, 32),
    ("sha384", 128, 48),
    ("sha512", 128, 64),
    ("sha3-224", 144, 28),
    ("sha3-256", 136, 32),
    ("sha3-384", 104, 48),
    ("sha3-512", 72, 64),
];

/// Ciphers: name, bytes in a block, bytes in an IV.
const CIPHERS: [(&str, u32, u32); 3] =
    [("cbc(aes)", 16, 16), ("ecb(aes)", 16, 0), ("xts(aes)", 16, 16)];

/// The properties of the algorithm `name`, if they are known.
pub fn properties(kind: Kind, name: &str) -> Option<Properties> {
    let named = |known: &str| Properties { name: known.to_owned(), ..Properties::default() };
    match kind {
        Kind::Hash => {
            let digest = name.strip_prefix("hmac(").and_then(|rest| rest.strip_suffix(')'));
            let digest = digest.unwrap_or(name);
            let &(_, block_size, digest_size) = DIGESTS.iter().find(|known| known.0 == digest)?;
            Some(Properties { block_size, digest_size, ..named(name) })
        }
        Kind::Skcipher => {
            let &(_, block_size, iv_size) = CIPHERS.iter().find(|known| known.0 == name)?;
            Some(Properties { block_size, iv_size, ..named(name) })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_has_its_digests_sizes() {
        let hmac = properties(Kind::Hash, "hmac(sha512)").unwrap();
        assert_eq!((hmac.block_size, hmac.digest_size), (128, 64));
        assert_eq!(hmac.name, "hmac(sha512)");
    }

    #[test]
    fn what_is_not_in_a_table_or_of_another_family_is_asked_for() {
        for (kind, name) in [
            (Kind::Hash, "sha256-generic"),
            (Kind::Hash, "hmac(sha256"),
            (Kind::Hash, "hmac(hmac(sha256))"),
            (Kind::Skcipher, "ctr(aes)"),
            (Kind::Aead, "cbc(aes)"),
        ] {
            assert!(properties(kind, name).is_none(), "{name}");
        }
    }
}
