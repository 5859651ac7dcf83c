// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The paddings of PKCS #1 v1.5, of encryption and of signatures.
//!
//! Reference: RFC 8017, 7.2 and 9.2; Linux `crypto/rsa-pkcs1pad.c` (rsa_asn1_templates).

use crate::engine::user::algorithm::names::Name;
use crate::engine::user::algorithm::rng::fill_randomly;
use crate::engine::user::algorithm::verdict;
use crate::errno::{Errno, Result};
use crate::wipe::Wiped;
use std::hint::black_box;

/// Bytes of a padding, at least: two at the beginning, eight, one at the end.
const OVERHEAD: usize = 11;

/// A digest's name, its size, and what stands before it in a signature: the DER of a DigestInfo up
/// to the digest.
pub struct Digest {
    name: &'static str,
    /// Bytes in the digest.
    pub size: usize,
    prefix: &'static [u8],
}

/// The digests that the kernel has for this.
static DIGESTS: [Digest; 10] = [
    Digest {
        name: "md5",
        size: 16,
        prefix: b"\x30\x20\x30\x0c\x06\x08\x2a\x86\x48\x86\xf7\x0d\x02\x05\x05\x00\x04\x10",
    },
    Digest {
        name: "sha1",
        size: 20,
        prefix: b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14",
    },
    Digest {
        name: "rmd160",
        size: 20,
        prefix: b"\x30\x21\x30\x09\x06\x05\x2b\x24\x03\x02\x01\x05\x00\x04\x14",
    },
    Digest { name: "sha224", size: 28, prefix: &nist(4, 28) },
    Digest { name: "sha256", size: 32, prefix: &nist(1, 32) },
    Digest { name: "sha384", size: 48, prefix: &nist(2, 48) },
    Digest { name: "sha512", size: 64, prefix: &nist(3, 64) },
    Digest { name: "sha3-256", size: 32, prefix: &nist(8, 32) },
    Digest { name: "sha3-384", size: 48, prefix: &nist(9, 48) },
    Digest { name: "sha3-512", size: 64, prefix: &nist(10, 64) },
];

/// The prefix of NIST's digest number `id`, of `size` bytes: 2.16.840.1.101.3.4.2.id.
const fn nist(id: u8, size: u8) -> [u8; 19] {
    [
        0x30,
        17 + size,
        0x30,
        13,
        0x06,
        9,
        0x60,
        0x86,
        0x48,
        0x01,
        0x65,
        3,
        4,
        2,
        id,
        0x05,
        0,
        0x04,
        size,
    ]
}

/// The digest called `name`.
pub fn digest(name: &Name<'_>) -> Option<&'static Digest> {
    DIGESTS.iter().find(|digest| name.is(digest.name))
}

/// Pads `message` for encryption, to all of `padded`. EOVERFLOW: it is too long for that.
pub fn pad_for_encryption(message: &[u8], padded: &mut [u8]) -> Result<()> {
    for bytes in split(padded, 2, message)?.chunks_mut(32) {
        let mut random = Wiped::<{ 4 * 32 }>::ZEROS;
        fill_randomly(&mut *random)?;
        // None is 0: each is 1 and a 255th part of what 32 bits may be.
        for (byte, random) in bytes.iter_mut().zip(random.as_chunks().0) {
            *byte = 1 + ((u64::from(u32::from_ne_bytes(*random)) * 255) >> 32) as u8;
        }
    }
    Ok(())
}

/// Pads what is signed: `digest`, with what stands before it unless `kind` is None. EOVERFLOW: it is
/// too long for that. EINVAL: it is no digest of that kind.
pub fn pad_for_signature(kind: Option<&Digest>, digest: &[u8], padded: &mut [u8]) -> Result<()> {
    let Some(kind) = kind else {
        split(padded, 1, digest)?.fill(0xff);
        return Ok(());
    };
    if digest.len() != kind.size {
        return Err(Errno::INVAL);
    }
    let start = padded.len().checked_sub(digest.len()).ok_or(Errno::OVERFLOW)?;
    let (before, end) = padded.split_at_mut_checked(start).ok_or(Errno::OVERFLOW)?;
    end.copy_from_slice(digest);
    // That there are eight bytes at least counts the digest, too.
    split(before, 1, kind.prefix)?.fill(0xff);
    Ok(())
}

/// Writes everything but the bytes in the middle, which it returns: 0, `block_type`, these, 0, and
/// `message`.
fn split<'a>(padded: &'a mut [u8], block_type: u8, message: &[u8]) -> Result<&'a mut [u8]> {
    if message.len().saturating_add(OVERHEAD) > padded.len() {
        return Err(Errno::OVERFLOW);
    }
    let (before, end) = padded.split_at_mut(padded.len() - message.len());
    end.copy_from_slice(message);
    match before {
        [first, kind, middle @ .., last] => {
            (*first, *kind, *last) = (0, block_type, 0);
            Ok(middle)
        }
        _ => Err(Errno::OVERFLOW),
    }
}

/// What was signed, without its padding and what stands before a digest of `kind`. EBADMSG: the
/// padding is another, or something else is in it.
pub fn strip_signature<'a>(kind: Option<&Digest>, padded: &'a [u8]) -> Result<&'a [u8]> {
    let rest = padded.strip_prefix(&[0, 1]).ok_or(Errno::BADMSG)?;
    let count = rest.iter().take_while(|byte| **byte == 0xff).count();
    let rest = rest.get(count..).and_then(|rest| rest.strip_prefix(&[0])).ok_or(Errno::BADMSG)?;
    let signed = match kind {
        Some(kind) => rest.strip_prefix(kind.prefix).filter(|digest| digest.len() == kind.size),
        None => Some(rest),
    };
    signed.filter(|_| count + 3 >= OVERHEAD).ok_or(Errno::BADMSG)
}

/// Moves what was encrypted to the beginning of `padded` and returns its length. EINVAL: the padding
/// is another. Neither is known, by the time that this takes, before it has returned.
pub fn strip_encryption(padded: &mut [u8]) -> Result<usize> {
    // All of them are masks: every bit set, or none.
    let (mut wrong, mut within) = (0, u32::MAX);
    let mut start: u32 = 0;
    for (at, byte) in (0u32..).zip(padded.iter()) {
        let byte = u32::from(*byte);
        match at {
            0 => wrong |= !is_zero(byte),
            1 => wrong |= !is_zero(byte ^ 2),
            _ => {
                let end = within & is_zero(byte);
                start |= end & (at + 1);
                within &= !end;
            }
        }
    }
    let short = start.wrapping_sub(OVERHEAD as u32) >> 31;
    wrong |= within | short.wrapping_neg();
    // The lengths that the loop below moves by are those of all messages.
    for shift in 0..usize::BITS - padded.len().leading_zeros() {
        move_down(padded, 1 << shift, (start >> shift & 1).wrapping_neg() as u8);
    }
    if !verdict::is_zero(wrong) {
        return Err(Errno::INVAL);
    }
    Ok(padded.len() - verdict::length(start, padded.len()))
}

/// Moves the bytes to where they were `by` bytes before, if `mask` says so. The compiler does not
/// learn that there are only two masks, and makes no branch of it.
fn move_down(bytes: &mut [u8], by: usize, mask: u8) {
    let mask = black_box(mask);
    for at in 0..bytes.len().saturating_sub(by) {
        if let [to, .., from] = bytes.get_mut(at..=at + by).unwrap_or_default() {
            *to ^= mask & (*to ^ *from);
        }
    }
}

/// A mask: every bit set if `value` is 0, which is below 2^31.
fn is_zero(value: u32) -> u32 {
    (black_box(value).wrapping_sub(1) >> 31).wrapping_neg()
}
