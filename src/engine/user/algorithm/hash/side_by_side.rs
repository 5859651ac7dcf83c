// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Digests of several messages side by side: MACs with one key, whose blocks wait for one another
//! within a message, and SHA-2 in the lanes of vector registers.

use super::Hasher;
#[cfg(target_arch = "x86_64")]
use super::lanes;
use crate::errno::Result;
use std::ptr;

/// A whole message.
pub struct DigestMessage<'a> {
    /// The state with which it begins.
    pub(super) beginning: &'a dyn Hasher,
    pub(super) data: &'a [u8],
    /// The place of the digest.
    pub(super) digest: &'a mut [u8],
    /// The digest is there.
    pub(super) done: bool,
}

impl<'a> DigestMessage<'a> {
    /// A message that begins with the state of `beginning` and goes on with `data`.
    pub fn new(beginning: &'a dyn Hasher, data: &'a [u8], digest: &'a mut [u8]) -> Self {
        Self { beginning, data, digest, done: false }
    }

    /// Bytes in the digest. None: it was not computed.
    pub fn result(&self) -> Option<usize> {
        self.done.then_some(self.digest.len())
    }
}

/// Computes those digests that are faster side by side. ENOMEM: perhaps not all of them.
pub fn digest_each(messages: &mut [DigestMessage<'_>]) -> Result<()> {
    let begin_alike = |one: &DigestMessage<'_>, other: &DigestMessage<'_>| {
        ptr::addr_eq(one.beginning, other.beginning)
    };
    for alike in messages.chunk_by_mut(begin_alike) {
        if let [DigestMessage { beginning, .. }, _, ..] = *alike {
            beginning.digest_each(alike)?;
        }
    }
    #[cfg(target_arch = "x86_64")]
    lanes::digest_each(messages)?;
    Ok(())
}
