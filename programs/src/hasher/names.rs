// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The meaning of each name of the program, and the digests that there are.

use alloc::format;
use alloc::string::String;

/// hmaccalc's key. It is no secret: with it an HMAC finds damage.
pub const HMACCALC_KEY: &[u8] = b"FIPS-FTW-RHT2009";
/// fipscheck's key.
pub const FIPSCHECK_KEY: &[u8] = b"orboDeJITITejsirpADONivirpUkvarP";

/// A message digest.
#[derive(PartialEq, Eq, Debug)]
pub struct Hash {
    /// The name for the kernel and for `-h`.
    pub name: &'static str,
    /// In a line of a BSD list.
    pub label: &'static str,
    /// The name in a BSD list of openssl-dgst(1), if that is different.
    pub openssl: &'static str,
    /// Bytes of the digest.
    pub size: usize,
}

impl Hash {
    /// The kernel's name, with a key or without.
    pub fn algorithm(&self, keyed: bool) -> String {
        if keyed { format!("hmac({})", self.name) } else { self.name.into() }
    }

    /// The text before the file's name in a line of a BSD list.
    pub fn tag(&self, keyed: bool) -> String {
        if keyed { format!("HMAC({})", self.label) } else { self.label.into() }
    }

    /// Returns whether a label of a BSD list means this digest.
    pub fn is_called(&self, label: &[u8], keyed: bool) -> bool {
        let label = if keyed {
            let hmac = label.strip_prefix(b"HMAC(").and_then(|label| label.strip_suffix(b")"));
            hmac.or_else(|| label.strip_prefix(b"HMAC-"))
        } else {
            Some(label)
        };
        label
            .is_some_and(|label| label == self.label.as_bytes() || label == self.openssl.as_bytes())
    }
}

const fn hash(name: &'static str, label: &'static str, openssl: &'static str, size: usize) -> Hash {
    Hash { name, label, openssl, size }
}

/// The digests; `-h` takes all but md5.
pub static HASHES: [Hash; 11] = [
    hash("sha1", "SHA1", "SHA1", 20),
    hash("sha224", "SHA224", "SHA2-224", 28),
    hash("sha256", "SHA256", "SHA2-256", 32),
    hash("sha384", "SHA384", "SHA2-384", 48),
    hash("sha512", "SHA512", "SHA2-512", 64),
    hash("md5", "MD5", "MD5", 16),
    hash("sm3", "SM3", "SM3", 32),
    hash("sha3-224", "SHA3-224", "SHA3-224", 28),
    hash("sha3-256", "SHA3-256", "SHA3-256", 32),
    hash("sha3-384", "SHA3-384", "SHA3-384", 48),
    hash("sha3-512", "SHA3-512", "SHA3-512", 64),
];

/// The digest of that name.
pub fn find_hash(name: &[u8]) -> Option<&'static Hash> {
    HASHES.iter().find(|hash| hash.name.as_bytes() == name)
}

/// The package whose program a name stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// coreutils': its words for what it finds.
    Sum,
    /// hmaccalc's, and the program's own name.
    Hmac,
    /// fipshmac writes HMAC files.
    FipsHmac,
    /// fipscheck compares with them.
    FipsCheck,
}

/// A name, and its meaning.
#[derive(Clone, Copy)]
pub struct Name {
    /// The package whose program it is.
    pub role: Role,
    /// Its digest, if the name says which.
    pub hash: Option<&'static Hash>,
    /// Its key, if it has one.
    pub key: Option<&'static [u8]>,
}

/// The name that the program was called by. Only its beginning counts, so that `sha512hmac.bin`
/// is one.
pub fn find(program: &[u8]) -> Option<Name> {
    let starts = |name: &str| program.starts_with(name.as_bytes());
    let name = |role, hash: &str, key| Name { role, hash: find_hash(hash.as_bytes()), key };
    if starts("fipshmac") {
        return Some(name(Role::FipsHmac, "sha256", Some(FIPSCHECK_KEY)));
    }
    if starts("fipscheck") {
        return Some(name(Role::FipsCheck, "sha256", Some(FIPSCHECK_KEY)));
    }
    if starts("kcapi-hasher") {
        return Some(Name { role: Role::Hmac, hash: None, key: None });
    }
    if starts("sha3sum") {
        return Some(name(Role::Sum, "sha3-224", None));
    }
    // The names of SHA-3 are no names of programs.
    HASHES.iter().filter(|hash| !hash.name.contains('-')).find_map(|hash| {
        let rest = program.strip_prefix(hash.name.as_bytes())?;
        if rest.starts_with(b"sum") {
            Some(name(Role::Sum, hash.name, None))
        } else if rest.starts_with(b"hmac") && hash.name != "md5" {
            Some(name(Role::Hmac, hash.name, Some(HMACCALC_KEY)))
        } else {
            None
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_count() {
        assert_eq!(find(b"sha512hmac.bin").and_then(|name| name.hash), find_hash(b"sha512"));
        assert_eq!(find(b"sha1sum-new").map(|name| name.role), Some(Role::Sum));
        for none in ["lt-sha1sum", "SHA1SUM", "./sha1sum", "sha", "md5hmac", "sha3hmac", ""] {
            assert!(find(none.as_bytes()).is_none(), "{none}");
        }
    }

    #[test]
    fn labels_of_coreutils_and_openssl() {
        let sha512 = find_hash(b"sha512").unwrap();
        assert!(sha512.is_called(b"SHA512", false) && sha512.is_called(b"SHA2-512", false));
        assert!(
            sha512.is_called(b"HMAC(SHA512)", true) && sha512.is_called(b"HMAC-SHA2-512", true)
        );
        assert!(!sha512.is_called(b"SHA512", true) && !sha512.is_called(b"HMAC(SHA512)", false));
        assert!(!sha512.is_called(b"SHA256", false));
    }
}
