// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The kernel's names of algorithms: `template(inner,...)`, and the drivers' own names.
//!
//! Whoever asks for a driver gets its algorithm, under the algorithm's name, as from the
//! kernel: `cbc(aes)` for `cbc-aes-aesni` and for `cbc(aes-generic)`. Whether there
//! is such an algorithm is for others to say: a name made of nonsense gives a name
//! that is in no table.
//!
//! Reference: Linux /proc/crypto; the `cra_driver_name`s in `crypto/` and `arch/*/crypto/`.

use std::fmt::{self, Display, Formatter};

/// Longer names do not fit into the kernel's (CRYPTO_MAX_ALG_NAME, with the NUL of bind(2)).
const NAME_MAX: usize = 63;

/// Templates in a name, more than any algorithm has: with as many, [`parse`] takes little of the smallest stack that a
/// thread may have.
const TEMPLATES_MAX: usize = 8;

/// Suffixes of drivers' names, which follow the algorithm's: the driver's method or machine.
const DRIVERS: &[&str] = &[
    "generic",
    "lib",
    "fixed-time",
    "ni",
    "aesni",
    "vaes",
    "sse2",
    "ssse3",
    "avx",
    "avx2",
    "avx512",
    "avx10",
    "avx10_256",
    "avx10_512",
    "asm",
    "simd",
    "3way",
    "intel",
    "pclmul",
    "ce",
    "neon",
    "neonbs",
    "arm64",
    "arm",
    "s390",
    "vx",
];

/// A name as a tree: an algorithm's own, or a template's with what is in its parentheses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Name<'a> {
    head: &'a str,
    arguments: Vec<Name<'a>>,
}

impl<'a> Name<'a> {
    fn own(head: &'a str) -> Self {
        Self { head, arguments: Vec::new() }
    }

    fn with(template: &'a str, argument: Self) -> Self {
        Self { head: template, arguments: vec![argument] }
    }

    /// The name before the parentheses, and the names in them.
    pub fn parts(&self) -> (&'a str, &[Self]) {
        (self.head, &self.arguments)
    }

    /// Tells whether it is `name` without any parentheses.
    pub fn is(&self, name: &str) -> bool {
        self.head == name && self.arguments.is_empty()
    }

    /// The argument of the innermost of these templates, of which each has the next as its only
    /// argument: `aes` in `cts(cbc(aes))` for `cts` and `cbc`.
    pub fn within(&self, templates: &[&str]) -> Option<&Self> {
        templates.iter().try_fold(self, |name, template| match name.parts() {
            (head, [argument]) if head == *template => Some(argument),
            _ => None,
        })
    }
}

impl Display for Name<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.head)?;
        for (i, argument) in self.arguments.iter().enumerate() {
            write!(f, "{}{argument}", if i == 0 { '(' } else { ',' })?;
        }
        f.write_str(if self.arguments.is_empty() { "" } else { ")" })
    }
}

/// The algorithm that `text` is the name of, or a driver's. None: it is no name at all.
pub fn parse(text: &str) -> Option<Name<'_>> {
    if text.len() > NAME_MAX || text.matches('(').count() > TEMPLATES_MAX {
        return None;
    }
    let Some((template, rest)) = text.split_once('(') else {
        return leaf(text);
    };
    let asked = arguments(rest.strip_suffix(')')?)?;
    let inner = asked.iter().map(|text| parse(text)).collect::<Option<Vec<_>>>()?;
    // The kernel knows what it made by two names only, one all of algorithms and one
    // all of drivers.
    let drivers = || asked.iter().zip(&inner).all(|(asked, name)| *asked != name.to_string());
    let (template, cipher) = match (template, &inner[..]) {
        ("gcm_base", [ctr, ghash]) if ghash.is("ghash") && drivers() => {
            ("gcm", ctr.within(&["ctr"])?)
        }
        ("ccm_base", [ctr, mac]) if drivers() => {
            ("ccm", ctr.within(&["ctr"]).filter(|cipher| mac.within(&["cbcmac"]) == Some(cipher))?)
        }
        ("hctr2_base", [xctr, polyval]) if polyval.is("polyval") && drivers() => {
            ("hctr2", xctr.within(&["xctr"])?)
        }
        ("xts" | "lrw", [ecb]) if drivers() => (template, ecb.within(&["ecb"])?),
        ("gcm" | "ccm", _) if drivers() => return None,
        // Older kernels' driver names the hash, too.
        ("adiantum", [stream, cipher, hash]) if hash.is("nhpoly1305") && drivers() => {
            let arguments = vec![stream.clone(), cipher.clone()];
            return Some(Name { head: template, arguments });
        }
        _ => return Some(Name { head: template, arguments: inner }),
    };
    Some(Name::with(template, cipher.clone()))
}

/// Cuts at the commas that are in no inner parentheses; None if those do not match.
fn arguments(list: &str) -> Option<Vec<&str>> {
    let (mut arguments, mut start, mut depth) = (Vec::new(), 0, 0usize);
    for (at, byte) in list.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.checked_sub(1)?,
            b',' if depth == 0 => {
                arguments.push(&list[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    arguments.push(&list[start..]);
    (depth == 0).then_some(arguments)
}

/// A name without parentheses.
fn leaf(name: &str) -> Option<Name<'_>> {
    if name.is_empty()
        || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
    {
        return None;
    }
    let driverless = without_driver(name);
    // The only driver whose name says no more than its algorithm's.
    if driverless.len() == name.len() && name != "ecb-cipher_null" {
        return Some(Name::own(name));
    }
    Some(match driverless.split_once('-') {
        // x86's GCM is called generic-gcm-aesni, after no cipher.
        Some(("generic", "gcm")) => gcm_aes(),
        _ => nest(driverless),
    })
}

fn without_driver(mut name: &str) -> &str {
    // Most names have no part that could be a driver's.
    if !name.contains('-') {
        return name;
    }
    while let Some(shorter) = DRIVERS
        .iter()
        .find_map(|driver| name.strip_suffix(driver)?.strip_suffix('-'))
        .filter(|shorter| !shorter.is_empty())
    {
        name = shorter;
    }
    name
}

/// Tells whether drivers implement this template as a whole, as in `cts-cbc-aes-ce`.
fn is_template(name: &str) -> bool {
    matches!(
        name,
        "ecb"
            | "cbc"
            | "ctr"
            | "xctr"
            | "xts"
            | "cts"
            | "lrw"
            | "gcm"
            | "ccm"
            | "rfc4106"
            | "hmac"
            | "cmac"
            | "xcbc"
            | "cbcmac"
    )
}

/// `cts-cbc-aes` to `cts(cbc(aes))`.
fn nest(name: &str) -> Name<'_> {
    match name.split_once('-') {
        // rfc4106-gcm-aesni, in the same way.
        Some((template, "gcm")) => Name::with(template, gcm_aes()),
        Some((template, rest)) if is_template(template) => Name::with(template, nest(rest)),
        _ => Name::own(name),
    }
}

fn gcm_aes<'a>() -> Name<'a> {
    Name::with("gcm", Name::own("aes"))
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn canonical(text: &str) -> Option<String> {
        parse(text).map(|name| name.to_string())
    }

    #[test]
    fn an_algorithms_name_stays_as_it_is() {
        for name in [
            "cbc(aes)",
            "xts(aes)",
            "cts(cbc(aes))",
            "rfc3686(ctr(aes))",
            "authenc(hmac(sha256),cbc(aes))",
            "rfc7539(chacha20,poly1305)",
            "sha3-256",
            "blake2b-512",
            "hmac(sha3-512)",
            "cmac(des3_ede)",
            "drbg_nopr_hmac_sha256",
        ] {
            assert_eq!(canonical(name).as_deref(), Some(name));
        }
    }

    #[test]
    fn a_driver_is_its_algorithm() {
        for (driver, algorithm) in [
            ("cbc-aes-aesni", "cbc(aes)"),
            ("ctr-aes-vaes-avx2", "ctr(aes)"),
            ("xts-aes-ce", "xts(aes)"),
            ("xctr-aes-aesni-avx", "xctr(aes)"),
            ("cts-cbc-aes-aesni", "cts(cbc(aes))"),
            ("ecb-camellia-aesni-avx2", "ecb(camellia)"),
            ("cbc-des3_ede-asm", "cbc(des3_ede)"),
            ("cbc(aes-generic)", "cbc(aes)"),
            ("ecb(aes-fixed-time)", "ecb(aes)"),
            ("cbc(ecb(aes-generic))", "cbc(ecb(aes))"),
            ("xts(ecb(aes-generic))", "xts(aes)"),
            ("xts(ecb-aes-aesni)", "xts(aes)"),
            ("chacha20-simd", "chacha20"),
            ("sha256-generic", "sha256"),
            ("sha512-avx2", "sha512"),
            ("sha256-ni", "sha256"),
            ("sha3-256-generic", "sha3-256"),
            ("blake2b-512-lib", "blake2b-512"),
            ("crc32c-intel", "crc32c"),
            ("hmac(sha256-generic)", "hmac(sha256)"),
            ("hmac-sha256-lib", "hmac(sha256)"),
            ("hmac-sha3-256-lib", "hmac(sha3-256)"),
            ("cmac-aes-ce", "cmac(aes)"),
            ("cbcmac-aes-ce", "cbcmac(aes)"),
            ("ecb-cipher_null", "ecb(cipher_null)"),
            ("crc32-pclmul", "crc32"),
            ("gcm_base(ctr(aes-generic),ghash-generic)", "gcm(aes)"),
            ("gcm_base(ctr-aes-aesni,ghash-generic)", "gcm(aes)"),
            ("generic-gcm-aesni", "gcm(aes)"),
            ("generic-gcm-vaes-avx10_512", "gcm(aes)"),
            ("rfc4106-gcm-aesni", "rfc4106(gcm(aes))"),
            ("gcm-aes-ce", "gcm(aes)"),
            ("rfc4106-gcm-aes-ce", "rfc4106(gcm(aes))"),
            ("ccm_base(ctr(aes-generic),cbcmac(aes-generic))", "ccm(aes)"),
            ("rfc4106(gcm_base(ctr(aes-generic),ghash-generic))", "rfc4106(gcm(aes))"),
            ("authenc(hmac(sha256-generic),cbc(aes-generic))", "authenc(hmac(sha256),cbc(aes))"),
            ("hctr2_base(xctr(aes-generic),polyval-generic)", "hctr2(aes)"),
            ("hctr2_base(xctr-aes-aesni,polyval-lib)", "hctr2(aes)"),
            (
                "adiantum(xchacha12-generic,aes-generic,nhpoly1305-generic)",
                "adiantum(xchacha12,aes)",
            ),
            ("adiantum(xchacha12-lib,aes-lib)", "adiantum(xchacha12,aes)"),
            ("rfc7539(chacha20-generic,poly1305-generic)", "rfc7539(chacha20,poly1305)"),
        ] {
            assert_eq!(canonical(driver).as_deref(), Some(algorithm), "{driver}");
        }
    }

    #[test]
    fn what_is_no_name_is_none() {
        for name in [
            "",
            "(",
            ")",
            "()",
            "cbc(aes",
            "cbc(aes))",
            "cbc()aes",
            "cbc(,aes)",
            "cbc aes",
            "%s%n",
            "ccm_base(ctr(aes-generic),cbcmac(sm4-generic))",
            "xts(cbc(aes-generic))",
            "gcm(aes-generic)",
            "hctr2_base(ctr(aes-generic),polyval-generic)",
            "gcm_base(ctr(aes-generic),sha256-generic)x",
        ] {
            assert_eq!(canonical(name), None, "{name}");
        }
        assert_eq!(canonical(&"x".repeat(64)), None);
        assert_eq!(canonical(&"(".repeat(63)), None);
    }

    #[test]
    fn half_a_drivers_name_is_no_algorithms() {
        // Such names stay what they are, and are in no table.
        assert_eq!(canonical("xts(ecb(aes))").as_deref(), Some("xts(ecb(aes))"));
        assert_eq!(
            canonical("gcm_base(ctr(aes),ghash)").as_deref(),
            Some("gcm_base(ctr(aes),ghash)")
        );
        assert_eq!(
            canonical("adiantum(xchacha12,aes,nhpoly1305)").as_deref(),
            Some("adiantum(xchacha12,aes,nhpoly1305)")
        );
        assert_eq!(canonical("cbc-aes").as_deref(), Some("cbc-aes"));
        assert_eq!(canonical("generic-gcm").as_deref(), Some("generic-gcm"));
    }
}
