// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The judgement whether a driver is asynchronous: whether it has finished when it answers, or
//! finishes later.
//!
//! CRYPTO_ALG_ASYNC says that it may finish later. That is true of accelerators and of drivers that
//! work in a thread of the kernel (cryptd, pcrypt). It is not true of the drivers of older kernels
//! that use SIMD registers, such as AES-NI's on 6.1 and 6.12. Each of those is a wrapper round an
//! internal driver, which has the same name with `__` before it. The wrapper turns to another
//! thread only if it may not use these registers, and in a system call it always may. A template
//! finishes when its parts do.
//!
//! References: Linux `crypto/simd.c`; `crypto/algapi.c`, crypto_inst_setname.

use super::driver::Driver;
use super::proc_crypto::{driver_for, driver_named};
use crate::engine::{Kind, name};

/// The time when a driver has finished.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Completion {
    /// It has finished when it answers.
    AtOnce,
    /// It may finish later.
    Later,
    /// It may finish later, and its device is virtio_crypto's, which stops for good at a long
    /// request.
    Virtio,
}

/// Templates that compute in the caller's thread. Any other template may hand the work to another
/// thread.
const TEMPLATES: [&str; 22] = [
    "authenc",
    "authencesn",
    "cbc",
    "ccm_base",
    "cfb",
    "ctr",
    "cts",
    "ecb",
    "echainiv",
    "essiv",
    "gcm_base",
    "hmac",
    "lrw",
    "ofb",
    "pcbc",
    "rfc3686",
    "rfc4106",
    "rfc4309",
    "rfc4543",
    "rfc7539",
    "seqiv",
    "xts",
];

/// Judges the driver that the kernel takes for `name`, by the text of /proc/crypto. None: there is
/// no such driver.
pub fn of(text: &str, kind: Kind, name: &str) -> Option<Completion> {
    let driver = driver_for(text, kind, name)?;
    Some(match is_at_once(text, &driver) {
        true => Completion::AtOnce,
        false if driver.name.contains("virtio_crypto") => Completion::Virtio,
        false => Completion::Later,
    })
}

fn is_at_once(text: &str, driver: &Driver) -> bool {
    !driver.asynchronous
        || driver_named(text, &format!("__{}", driver.name))
            .is_some_and(|inner| !inner.asynchronous)
        || parts(&driver.name).is_some_and(|mut parts| {
            // This recursion ends, because the name of a template is longer than each of its
            // parts'.
            parts.all(|part| driver_named(text, part).is_some_and(|part| is_at_once(text, &part)))
        })
}

/// The parts of a template's driver, `a` and `b(c)` of `authenc(a,b(c))`, if it is one of
/// [`TEMPLATES`].
fn parts(driver: &str) -> Option<impl Iterator<Item = &str>> {
    let (template, inside) = name::split(driver)?;
    TEMPLATES.contains(&template).then(|| name::arguments(inside))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A driver's paragraph.
    fn paragraph(
        name: &str,
        driver: &str,
        priority: u32,
        kind: &str,
        asynchronous: bool,
    ) -> String {
        let asynchronous = if asynchronous { "yes" } else { "no" };
        format!(
            "name : {name}\ndriver : {driver}\npriority : {priority}\ntype : {kind}\n\
             async : {asynchronous}\n"
        )
    }

    /// The text of Linux 6.12 on a processor with AES-NI, in short.
    fn text() -> String {
        [
            paragraph("cbc(aes)", "cbc(ecb(aes-generic))", 100, "skcipher", false),
            paragraph("__cbc(aes)", "__cbc-aes-aesni", 400, "skcipher", false),
            paragraph("cbc(aes)", "cbc-aes-aesni", 400, "skcipher", true),
            paragraph("ctr(aes)", "virtio_crypto_aes_ctr", 150, "skcipher", true),
            paragraph("ecb(aes)", "cryptd(ecb-aes-aesni)", 450, "skcipher", true),
            paragraph("hmac(sha256)", "hmac(sha256-ni)", 250, "shash", false),
            paragraph(
                "authenc(hmac(sha256),cbc(aes))",
                "authenc(hmac(sha256-ni),cbc-aes-aesni)",
                4000,
                "aead",
                true,
            ),
            paragraph(
                "authenc(hmac(sha256),ctr(aes))",
                "authenc(hmac(sha256-ni),virtio_crypto_aes_ctr)",
                4000,
                "aead",
                true,
            ),
            paragraph("gcm(aes)", "pcrypt(generic-gcm-aesni)", 500, "aead", true),
            paragraph("gcm(aes)", "generic-gcm-aesni", 400, "aead", true),
            paragraph("__gcm(aes)", "__generic-gcm-aesni", 400, "aead", false),
        ]
        .join("\n")
    }

    fn of(kind: Kind, name: &str) -> Option<Completion> {
        super::of(&text(), kind, name)
    }

    #[test]
    fn a_wrapper_round_an_internal_driver_finishes_at_once() {
        assert_eq!(of(Kind::Skcipher, "cbc(aes)"), Some(Completion::AtOnce));
        assert_eq!(of(Kind::Aead, "generic-gcm-aesni"), Some(Completion::AtOnce));
    }

    #[test]
    fn a_synchronous_driver_finishes_at_once() {
        assert_eq!(of(Kind::Skcipher, "cbc(ecb(aes-generic))"), Some(Completion::AtOnce));
    }

    #[test]
    fn accelerators_and_threads_of_the_kernel_finish_later() {
        assert_eq!(of(Kind::Skcipher, "ctr(aes)"), Some(Completion::Virtio));
        assert_eq!(of(Kind::Skcipher, "ecb(aes)"), Some(Completion::Later));
        assert_eq!(of(Kind::Aead, "gcm(aes)"), Some(Completion::Later));
    }

    #[test]
    fn a_template_is_as_its_parts_are() {
        let authenc = |cipher| of(Kind::Aead, &format!("authenc(hmac(sha256),{cipher})"));
        assert_eq!(authenc("cbc(aes)"), Some(Completion::AtOnce));
        assert_eq!(authenc("ctr(aes)"), Some(Completion::Virtio));
    }

    #[test]
    fn parts_end_at_commas_outside_of_brackets() {
        let parts = |name| parts(name).map(|parts| parts.collect::<Vec<_>>());
        assert_eq!(parts("authenc(hmac(a),b(c,d))"), Some(vec!["hmac(a)", "b(c,d)"]));
        assert_eq!(parts("cryptd(a)"), None);
        assert_eq!(parts("cbc-aes-aesni"), None);
    }

    #[test]
    fn what_is_not_listed_is_not_judged() {
        assert_eq!(of(Kind::Hash, "cbc(aes)"), None);
    }
}
