// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The usual algorithms, and those that the command line names.

use crate::algorithm::{Algorithm, FAMILIES, Family, row, unmeasured};
use crate::library::Flag;
use alloc::vec::Vec;
use core::ffi::CStr;

/// The usual ones.
pub static USUAL: [Algorithm; 28] = [
    row(Family::Skcipher, "ecb(aes)", 16),
    row(Family::Skcipher, "cbc(aes)", 16),
    row(Family::Skcipher, "ctr(aes)", 16),
    row(Family::Skcipher, "xts(aes)", 32),
    row(Family::Skcipher, "cts(cbc(aes))", 16),
    row(Family::Skcipher, "rfc3686(ctr(aes))", 20),
    row(Family::Skcipher, "chacha20", 32),
    row(Family::Skcipher, "cbc(sm4)", 16),
    row(Family::Skcipher, "cbc(camellia)", 16),
    row(Family::Skcipher, "cbc(des3_ede)", 24),
    row(Family::Aead, "gcm(aes)", 16),
    row(Family::Aead, "ccm(aes)", 16),
    unmeasured(Family::Aead, "rfc4106(gcm(aes))"),
    row(Family::Aead, "rfc7539(chacha20,poly1305)", 32),
    unmeasured(Family::Aead, "authenc(hmac(sha256),cbc(aes))"),
    row(Family::Hash, "md5", 0),
    row(Family::Hash, "sha1", 0),
    row(Family::Hash, "sha256", 0),
    row(Family::Hash, "sha512", 0),
    row(Family::Hash, "sha3-256", 0),
    row(Family::Hash, "sm3", 0),
    row(Family::Hash, "blake2b-512", 0),
    row(Family::Hash, "hmac(sha1)", 20),
    row(Family::Hash, "hmac(sha256)", 32),
    row(Family::Hash, "hmac(sha512)", 64),
    row(Family::Hash, "cmac(aes)", 16),
    row(Family::Rng, "stdrng", 0),
    unmeasured(Family::Rng, "jitterentropy_rng"),
];

/// The names of the command line, each in the families that have it; in all if none has.
pub fn named(names: &[&'static CStr]) -> Vec<Algorithm> {
    let mut list = Vec::new();
    for name in names {
        // No algorithm has a name that is no UTF-8.
        let name = name.to_str().unwrap_or("?");
        let all = FAMILIES.map(|family| unmeasured(family, name));
        let before = list.len();
        list.extend(all.into_iter().filter(|algorithm| algorithm.open(Flag::None).is_ok()));
        if list.len() == before {
            list.extend(all);
        }
    }
    list
}
