// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The compression function of SHA-512 (FIPS 180-4), of our own where the processor has what it takes, else
//! RustCrypto's, which is also what the tests compare with.
//!
//! RustCrypto's makes the message schedule word by word and takes 1.4 times as long, also where ours has no more than
//! SSSE3.

pub(super) mod x86_64;

/// Bytes in a block.
const BLOCK: usize = 128;

type Compress = super::Compress<u64, 8, BLOCK>;

/// The fastest function for this processor.
pub(super) fn fastest() -> Compress {
    x86_64::fastest().unwrap_or(sha2::block_api::compress512)
}
