// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The messages that an algorithm refuses, as far as their lengths and their IV show it.
//!
//! A driver refuses them, too, but in the midst of its work: then the messages of the batch before it would be done, and
//! the IV with which the next one goes on would be lost.
//!
//! Reference: Linux `crypto/`, the file of each template.

use super::{Control, Length, Properties};
use crate::errno::{Errno, Result};

/// The associated data that a mode takes.
#[derive(Clone, Copy)]
enum Associated {
    Any,
    /// ESP's header, with an extended sequence number or without, and the IV (RFC 4106, 4309, 4543).
    Esp,
    /// An IV at the end (RFC 7634).
    WithIv,
}

/// What messages must look like.
#[derive(Clone, Copy)]
pub struct Shape {
    /// There is something to check.
    matters: bool,
    /// Bytes in the shortest text that is not empty.
    least: usize,
    /// The text's length is a multiple of this and one more, a power of two.
    mask: usize,
    associated: Associated,
    /// The IV's first byte tells how long the length is (RFC 3610).
    counts_length: bool,
}

impl Shape {
    /// All messages are taken.
    pub const ANY: Self = Self {
        matters: false,
        least: 0,
        mask: 0,
        associated: Associated::Any,
        counts_length: false,
    };

    /// That of an algorithm.
    pub fn of(properties: &Properties) -> Self {
        let block = (properties.block_size as usize).max(1);
        let any = Self { matters: true, ..Self::ANY };
        match properties.template() {
            "rfc4106" | "rfc4309" | "rfc4543" => Self { associated: Associated::Esp, ..any },
            "rfc7539esp" => Self { associated: Associated::WithIv, ..any },
            "ccm" => Self { counts_length: true, ..any },
            "xts" | "cts" => Self { least: block, ..any },
            "adiantum" | "hctr2" => Self { least: 16, ..any },
            "kw" => Self { least: 16, mask: 7, ..any },
            _ if in_blocks(&properties.name) && block.is_power_of_two() => {
                Self { mask: block - 1, ..any }
            }
            _ => Self::ANY,
        }
    }

    /// EINVAL: a message with `len` bytes of associated data and text is of another shape.
    #[inline(always)]
    pub fn check(&self, control: &Control, len: usize, length: Length) -> Result<()> {
        if self.matters { self.check_closely(control, len, length) } else { Ok(()) }
    }

    /// Apart, so that a short message of most modes takes no longer for it.
    #[inline(never)]
    fn check_closely(&self, control: &Control, len: usize, length: Length) -> Result<()> {
        let assoclen = control.assoclen.unwrap_or(0) as usize;
        let text = length.last(len.saturating_sub(assoclen));
        let fits = text == 0 || (text >= self.least && text & self.mask == 0);
        let associated = match self.associated {
            Associated::Any => true,
            Associated::Esp => matches!(assoclen, 16 | 20),
            Associated::WithIv => assoclen >= 8,
        };
        let first = control.iv.as_ref().and_then(|iv| iv.as_slice().first());
        let counts = !self.counts_length || first.is_none_or(|size| (1..=7).contains(size));
        if fits && associated && counts { Ok(()) } else { Err(Errno::INVAL) }
    }
}

/// Returns whether the text is in whole blocks.
fn in_blocks(name: &str) -> bool {
    let (template, arguments) = name.split_once('(').unwrap_or((name, ""));
    match template {
        "ecb" | "cbc" | "pcbc" | "lrw" => true,
        "essiv" => in_blocks(arguments),
        "authenc" | "authencesn" => {
            arguments.rsplit_once(',').is_some_and(|(_, cipher)| in_blocks(cipher))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Iv, Op};

    fn takes(name: &str, block_size: u32, assoclen: u32, text: usize, iv: &[u8]) -> bool {
        let properties = Properties { name: name.to_owned(), block_size, ..Properties::default() };
        let mut control = Control { assoclen: Some(assoclen), ..Control::of(Op::Encrypt) };
        control.iv.insert(Iv::default()).set(iv).unwrap();
        let len = assoclen as usize + text;
        Shape::of(&properties).check(&control, len, Length::Whole).is_ok()
    }

    #[test]
    fn lengths_of_text() {
        for (name, block, good, bad) in [
            ("cbc(aes)", 16, [0, 16, 160], [1, 15, 17]),
            ("essiv(cbc(aes),sha256)", 16, [0, 16, 160], [1, 15, 17]),
            ("authenc(hmac(sha256),cbc(des3_ede))", 8, [0, 8, 24], [1, 7, 9]),
            ("xts(aes)", 16, [0, 16, 17], [1, 7, 15]),
            ("kw(aes)", 8, [0, 16, 24], [8, 17, 20]),
        ] {
            assert!(good.iter().all(|&len| takes(name, block, 0, len, &[])), "{name}");
            assert!(!bad.iter().any(|&len| takes(name, block, 0, len, &[])), "{name}");
        }
        for name in ["ctr(aes)", "chacha20", "gcm(aes)", "authenc(hmac(sha1),rfc3686(ctr(aes)))"] {
            assert!((0..40).all(|len| takes(name, 1, 5, len, &[])), "{name}");
        }
    }

    #[test]
    fn associated_data_and_ivs() {
        let taken = |name| (0..40).filter(move |&len| takes(name, 1, len, 3, &[]));
        assert!(taken("rfc4106(gcm(aes))").eq([16, 20]));
        assert!(taken("rfc7539esp(chacha20,poly1305)").eq(8..40));
        let sizes = (0..=255).filter(|&size| takes("ccm(aes)", 1, 0, 3, &[size]));
        assert!(sizes.eq(1..=7));
    }

    #[test]
    fn the_last_piece_of_a_long_message() {
        let properties =
            Properties { name: "xts(aes)".into(), block_size: 16, ..Properties::default() };
        let check =
            |len, length| Shape::of(&properties).check(&Control::of(Op::Encrypt), len, length);
        assert_eq!(check(Length::ONE_SHOT + 7, Length::Whole), Ok(()));
        assert_eq!(check(Length::ONE_SHOT + 7, Length::Pieces), Err(Errno::INVAL));
        assert_eq!(check(2 * Length::ONE_SHOT, Length::Pieces), Ok(()));
    }
}
