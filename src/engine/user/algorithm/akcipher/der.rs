// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The part of DER that keys are made of: a sequence of integers that are not negative.
//!
//! Each value has one encoding only, and others are refused: a length or an integer that could be
//! shorter, bytes behind the end.
//!
//! Reference: X.690, 8.3, 8.9 and 10.1.

use crate::errno::{Errno, Result};

const INTEGER: u8 = 0x02;
const SEQUENCE: u8 = 0x30;

/// Bytes that are still to be read.
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// The contents of the sequence that `der` is, and nothing but that; EINVAL.
    pub fn sequence(der: &'a [u8]) -> Result<Self> {
        let mut whole = Self(der);
        let contents = whole.value(SEQUENCE)?;
        whole.end()?;
        Ok(Self(contents))
    }

    /// The bytes of an integer, the highest first, which is not 0 unless it is the only one.
    pub fn integer(&mut self) -> Result<&'a [u8]> {
        match self.value(INTEGER)? {
            [0] => Ok(&[0]),
            // The 0 is there for the highest bit, which would be the sign.
            [0, rest @ ..] if rest.first().is_some_and(|highest| *highest >= 0x80) => Ok(rest),
            [0 | 0x80.., ..] | [] => Err(Errno::INVAL),
            bytes => Ok(bytes),
        }
    }

    /// Makes sure that there is no more.
    pub fn end(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Errno::INVAL) }
    }

    fn value(&mut self, tag: u8) -> Result<&'a [u8]> {
        if self.byte()? != tag {
            return Err(Errno::INVAL);
        }
        let len = self.length()?;
        self.take(len)
    }

    fn length(&mut self) -> Result<usize> {
        let first = self.byte()?;
        if first < 0x80 {
            return Ok(first.into());
        }
        // Three bytes say more than a key may have.
        let bytes = match first & 0x7f {
            count @ 1..=3 => self.take(count.into())?,
            _ => return Err(Errno::INVAL),
        };
        let len = bytes.iter().fold(0, |len, byte| len << 8 | usize::from(*byte));
        let shortest = if bytes.len() == 1 { 0x80 } else { 1 << (8 * (bytes.len() - 1)) };
        if len < shortest { Err(Errno::INVAL) } else { Ok(len) }
    }

    fn byte(&mut self) -> Result<u8> {
        let (first, rest) = self.0.split_first().ok_or(Errno::INVAL)?;
        self.0 = rest;
        Ok(*first)
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(Errno::INVAL)?;
        self.0 = rest;
        Ok(taken)
    }
}
