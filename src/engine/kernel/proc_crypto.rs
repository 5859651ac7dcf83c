// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! /proc/crypto: a paragraph per driver, a line per property.
//!
//! Reference: Linux `crypto/proc.c` and the `*_show` functions of the families.

use super::driver::Driver;
use crate::engine::{Kind, Properties};
use crate::errno::{Errno, Result};
use std::ffi::CStr;
use std::io::ErrorKind;

/// The driver that the kernel takes for `name`; ENOENT if it is not listed.
pub fn query(kind: Kind, name: &CStr) -> Result<Driver> {
    let name = name.to_str().map_err(|_| Errno::NOENT)?;
    driver_for(&read()?, kind, name).ok_or(Errno::NOENT)
}

/// All that it says.
pub fn read() -> Result<String> {
    std::fs::read_to_string("/proc/crypto").map_err(|error| match error.kind() {
        ErrorKind::OutOfMemory => Errno::NOMEM,
        _ => error.raw_os_error().map_or(Errno::NOENT, Errno::from_number),
    })
}

/// The driver called `name`, else the one of the algorithm `name` with the
/// highest priority.
pub fn driver_for(text: &str, kind: Kind, name: &str) -> Option<Driver> {
    let of_kind = || text.split("\n\n").filter(|p| is_kind(field(p, "type").unwrap_or(""), kind));
    of_kind().find(|paragraph| field(paragraph, "driver") == Some(name)).map(parse).or_else(|| {
        of_kind()
            .filter(|paragraph| field(paragraph, "name") == Some(name))
            .map(parse)
            .max_by_key(|driver| driver.priority)
    })
}

/// The driver called `name`, of whatever family.
pub fn driver_named(text: &str, name: &str) -> Option<Driver> {
    text.split("\n\n").find(|paragraph| field(paragraph, "driver") == Some(name)).map(parse)
}

/// Older kernels say blkcipher, ablkcipher or givcipher for what is skcipher today.
fn is_kind(shown: &str, kind: Kind) -> bool {
    match kind {
        Kind::Skcipher => shown.ends_with("skcipher") || shown.ends_with("blkcipher"),
        Kind::Aead => shown.ends_with("aead"),
        Kind::Hash => shown.ends_with("hash"),
        Kind::Rng => shown == "rng",
        Kind::Akcipher => shown == "akcipher",
        Kind::Kpp => shown == "kpp",
    }
}

fn parse(paragraph: &str) -> Driver {
    let number = |key| field(paragraph, key).and_then(|value| value.parse().ok()).unwrap_or(0);
    Driver {
        name: field(paragraph, "driver").unwrap_or("").to_owned(),
        properties: Properties {
            name: field(paragraph, "name").unwrap_or("").to_owned(),
            block_size: number("blocksize"),
            iv_size: number("ivsize"),
            digest_size: number("digestsize"),
            max_tag_size: number("maxauthsize"),
            seed_size: number("seedsize"),
        },
        priority: number("priority"),
        asynchronous: field(paragraph, "async") == Some("yes"),
    }
}

/// The value in a line `key   : value`.
fn field<'a>(paragraph: &'a str, key: &str) -> Option<&'a str> {
    paragraph.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        (found.trim() == key).then(|| value.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
name         : cbc(aes)
driver       : cbc(aes-generic)
module       : cbc
priority     : 100
type         : skcipher
async        : no
blocksize    : 16
min keysize  : 16
ivsize       : 16

name         : cbc(aes)
driver       : cryptd(cbc(aes-generic))
module       : cryptd
priority     : 150
type         : skcipher
async        : yes
blocksize    : 16
ivsize       : 16

name         : gcm(aes)
driver       : gcm_base(ctr(aes-generic),ghash-generic)
priority     : 100
type         : aead
async        : no
blocksize    : 1
ivsize       : 12
maxauthsize  : 16
geniv        : <none>

name         : sha256
driver       : sha256-generic
priority     : 100
type         : shash
blocksize    : 64
digestsize   : 32
";

    #[test]
    fn the_driver_with_the_highest_priority_answers_for_an_algorithm() {
        let driver = driver_for(TEXT, Kind::Skcipher, "cbc(aes)").unwrap();
        assert_eq!((driver.priority, driver.asynchronous), (150, true));
        assert_eq!((driver.properties.block_size, driver.properties.iv_size), (16, 16));
    }

    #[test]
    fn a_driver_is_found_by_its_own_name() {
        let driver = driver_for(TEXT, Kind::Skcipher, "cbc(aes-generic)").unwrap();
        assert_eq!((driver.properties.name.as_str(), driver.asynchronous), ("cbc(aes)", false));
    }

    #[test]
    fn sizes_of_every_family_are_read() {
        assert_eq!(driver_for(TEXT, Kind::Aead, "gcm(aes)").unwrap().properties.max_tag_size, 16);
        assert_eq!(driver_for(TEXT, Kind::Hash, "sha256").unwrap().properties.digest_size, 32);
    }

    #[test]
    fn a_driver_is_found_among_all_families() {
        let of = |name| driver_named(TEXT, name).map(|driver| driver.asynchronous);
        assert_eq!(of("cryptd(cbc(aes-generic))"), Some(true));
        assert_eq!(of("sha256-generic"), Some(false));
        assert_eq!(of("cbc(aes)"), None);
    }

    #[test]
    fn a_name_of_another_family_is_not_found() {
        assert_eq!(driver_for(TEXT, Kind::Aead, "cbc(aes)"), None);
        assert_eq!(driver_for("", Kind::Rng, "stdrng"), None);
    }
}
