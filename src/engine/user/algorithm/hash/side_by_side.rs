// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Digests of several messages side by side: MACs with one key, whose blocks wait for one another
//! within a message, and SHA-2 in the lanes of vector registers.

use super::DigestMessage;
#[cfg(target_arch = "x86_64")]
use super::lanes;
use crate::errno::Result;
use std::ptr;

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
