// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The compression function of SHA-1 (FIPS 180-4): RustCrypto's where the processor has the SHA extensions, else our
//! own if it has what that takes. The tests compare with RustCrypto's.
//!
//! Without the extensions RustCrypto's makes the message schedule word by word and takes at least 1.4 times as
//! long, also where ours has no more than SSSE3.

pub(super) mod x86_64;

/// Bytes in a block.
const BLOCK: usize = 64;

type Compress = super::Compress<u32, 5, BLOCK>;

/// The fastest function for this processor.
pub(super) fn fastest() -> Compress {
    let by_extensions = is_x86_feature_detected!("sha");
    let ours = if by_extensions { None } else { x86_64::fastest() };
    ours.unwrap_or(sha1::block_api::compress)
}
