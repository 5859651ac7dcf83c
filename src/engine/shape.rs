// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The messages that an algorithm refuses, as far as their lengths and their IV show it.
//!
//! A driver refuses them, too, but in the midst of its work: then the messages of the batch before
//! it would be done, and the IV with which the next one goes on would be lost. What a driver finds out
//! only behind something else is not here: `authenc` verifies a tag before it looks whether the
//! text is in whole blocks.
//!
//! Reference: Linux `crypto/`, the file of each template.

use super::{Control, Length, Op, Properties, name};
use crate::errno::{Errno, Result};

/// The lengths of text that a mode takes, of those that are not 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Text {
    Any,
    /// The bytes in a block, a power of two.
    Blocks(usize),
    /// As many bytes or more.
    AtLeast(usize),
    /// RFC 3394.
    Wrapped,
    /// RFC 3610: what the IV's first byte leaves for the length.
    Counted,
}

/// The associated data that a mode takes.
#[derive(Clone, Copy)]
enum Associated {
    Any,
    /// ESP's header, with an extended sequence number or without, and the IV (RFC 4106, 4309, 4543).
    Esp,
    /// An IV at the end, of that many bytes.
    AtLeast(usize),
}

/// What messages must look like.
#[derive(Clone, Copy)]
pub struct Shape {
    /// The bits of a text's length that must be 0, if nothing else is to be checked.
    remainder: usize,
    /// Messages that are as long, or longer, and not longer than `most`, need no closer look.
    least: usize,
    most: usize,
    text: Text,
    /// The text is looked at in encryption only.
    encryption_only: bool,
    associated: Associated,
}

impl Shape {
    /// All messages are taken.
    pub const ANY: Self = Self {
        remainder: 0,
        least: 0,
        most: usize::MAX,
        text: Text::Any,
        encryption_only: false,
        associated: Associated::Any,
    };

    /// That of an algorithm.
    pub fn of(properties: &Properties) -> Self {
        let block = (properties.block_size as usize).max(1);
        let template = name::template(&properties.name);
        let aead = aead_within(&properties.name);
        let (text, associated) = match template {
            "rfc4106" | "rfc4309" | "rfc4543" => (Text::Any, Associated::Esp),
            "rfc7539esp" => (Text::Any, Associated::AtLeast(8)),
            "essiv" if aead.is_some() => {
                let iv_size = properties.iv_size as usize;
                (text_of(&properties.name, block), Associated::AtLeast(iv_size))
            }
            _ => (text_of(&properties.name, block), Associated::Any),
        };
        let encryption_only = matches!(aead, Some("authenc" | "authencesn"));
        let (remainder, least, most) = match (text, associated) {
            (Text::Any, Associated::Any) => (0, 0, usize::MAX),
            // A piece is a multiple of a block, so that it does not matter which one is looked at.
            (Text::Blocks(block), Associated::Any) if aead.is_none() => (block - 1, 0, usize::MAX),
            // Longer ones may be cut.
            (Text::AtLeast(block), Associated::Any) if aead.is_none() => {
                (0, block, Length::ONE_SHOT)
            }
            _ => (0, 1, 0),
        };
        Self { remainder, least, most, text, encryption_only, associated }
    }

    /// EINVAL: a message with `len` bytes of associated data and text is of another shape. EOVERFLOW: its IV leaves too
    /// few bytes for its length.
    #[inline(always)]
    pub fn check(&self, control: &Control, len: usize, length: Length) -> Result<()> {
        if len & self.remainder != 0 {
            return Err(Errno::INVAL);
        }
        if (self.least..=self.most).contains(&len) {
            return Ok(());
        }
        self.check_closely(control, len, length)
    }

    /// Apart, so that a short message of most modes takes no longer for it.
    #[inline(never)]
    fn check_closely(&self, control: &Control, len: usize, length: Length) -> Result<()> {
        let assoclen = control.assoclen.unwrap_or(0) as usize;
        let taken = match self.associated {
            Associated::Any => true,
            Associated::Esp => matches!(assoclen, 16 | 20),
            Associated::AtLeast(least) => assoclen >= least,
        };
        if !taken {
            return Err(Errno::INVAL);
        }
        if self.encryption_only && control.op != Op::Encrypt {
            return Ok(());
        }
        let text = length.last(len.saturating_sub(assoclen));
        let taken = match self.text {
            Text::Counted => return check_count(control, text),
            Text::Any => true,
            Text::Blocks(block) => text & (block - 1) == 0,
            Text::AtLeast(block) => text == 0 || text >= block,
            Text::Wrapped => text == 0 || (text >= 16 && text.is_multiple_of(8)),
        };
        if taken { Ok(()) } else { Err(Errno::INVAL) }
    }
}

/// `crypto/ccm.c`, crypto_ccm_check_iv() and set_msg_len(), which takes the one length that is just too long.
fn check_count(control: &Control, text: usize) -> Result<()> {
    match control.iv.as_ref().and_then(|iv| iv.as_slice().first()) {
        None => Ok(()),
        Some(&size @ 1..=7) => {
            let bytes = u32::from(size) + 1;
            let fits = bytes >= 4 || text <= 1 << (8 * bytes);
            if fits { Ok(()) } else { Err(Errno::OVERFLOW) }
        }
        Some(_) => Err(Errno::INVAL),
    }
}

/// The template of a digest and a cipher in that name, or within `essiv`.
fn aead_within(name: &str) -> Option<&str> {
    match name::split(name)? {
        (template @ ("authenc" | "authencesn" | "krb5enc"), _) => Some(template),
        ("essiv", inside) => aead_within(name::arguments(inside).next()?),
        _ => None,
    }
}

/// The lengths of text for a mode with that block size.
fn text_of(name: &str, block: usize) -> Text {
    match name::split(name).unwrap_or_default() {
        ("ecb" | "cbc" | "pcbc" | "lrw", _) if block.is_power_of_two() => Text::Blocks(block),
        ("xts" | "cts", _) => Text::AtLeast(block),
        ("adiantum" | "hctr2", _) => Text::AtLeast(16),
        ("kw", _) => Text::Wrapped,
        ("ccm", _) => Text::Counted,
        ("essiv", inside) => {
            name::arguments(inside).next().map_or(Text::Any, |mode| text_of(mode, block))
        }
        ("authenc" | "authencesn" | "krb5enc", inside) => {
            name::arguments(inside).nth(1).map_or(Text::Any, |cipher| text_of(cipher, block))
        }
        _ => Text::Any,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Iv;

    fn check(
        op: Op,
        name: &str,
        block_size: u32,
        assoclen: u32,
        text: usize,
        iv: &[u8],
    ) -> Result<()> {
        let name = name.to_owned();
        let properties = Properties { name, block_size, iv_size: 16, ..Properties::default() };
        let mut control = Control { assoclen: Some(assoclen), ..Control::of(op) };
        control.iv.insert(Iv::default()).set(iv).unwrap();
        let len = assoclen as usize + text;
        Shape::of(&properties).check(&control, len, Length::Whole)
    }

    fn takes(name: &str, block_size: u32, assoclen: u32, text: usize, iv: &[u8]) -> bool {
        check(Op::Encrypt, name, block_size, assoclen, text, iv).is_ok()
    }

    #[test]
    fn lengths_of_text() {
        for (name, block, good, bad) in [
            ("cbc(aes)", 16, [0, 16, 160], [1, 15, 17]),
            ("essiv(cbc(aes),sha256)", 16, [0, 16, 160], [1, 15, 17]),
            ("authenc(hmac(sha256),cbc(des3_ede))", 8, [0, 8, 24], [1, 7, 9]),
            ("authenc(hmac(sha256),cts(cbc(aes)))", 16, [0, 16, 17], [1, 7, 15]),
            ("krb5enc(cmac(camellia),cts(cbc(camellia)))", 16, [0, 16, 17], [1, 7, 15]),
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
    fn a_tag_is_verified_before_the_text() {
        for name in ["authenc(hmac(sha256),cbc(aes))", "essiv(authenc(hmac(sha1),cbc(aes)),sha256)"]
        {
            assert_eq!(check(Op::Decrypt, name, 16, 16, 17, &[]), Ok(()), "{name}");
            assert_eq!(check(Op::Encrypt, name, 16, 16, 17, &[]), Err(Errno::INVAL), "{name}");
        }
        let krb5 = "krb5enc(hmac(sha1),cts(cbc(aes)))";
        assert_eq!(check(Op::Decrypt, krb5, 16, 16, 7, &[]), Err(Errno::INVAL));
    }

    #[test]
    fn associated_data_and_ivs() {
        let taken = |name| (0..40).filter(move |&len| takes(name, 1, len, 3, &[]));
        assert!(taken("rfc4106(gcm(aes))").eq([16, 20]));
        assert!(taken("rfc7539esp(chacha20,poly1305)").eq(8..40));
        let essiv = "essiv(authenc(hmac(sha256),cbc(aes)),sha256)";
        assert!((0..40).filter(|&len| takes(essiv, 16, len, 16, &[])).eq(16..40));
        let sizes = (0..=255).filter(|&size| takes("ccm(aes)", 1, 0, 3, &[size]));
        assert!(sizes.eq(1..=7));
        let long = |text, size| check(Op::Encrypt, "ccm(aes)", 1, 0, text, &[size]);
        assert_eq!(long(1 << 16, 1), Ok(()));
        assert_eq!(long((1 << 16) + 1, 1), Err(Errno::OVERFLOW));
        assert_eq!(long((1 << 16) + 1, 2), Ok(()));
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
