// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The compression function of SHA-256 (FIPS 180-4): RustCrypto's where the processor has the SHA extensions, else of
//! our own if it has what that takes. The tests compare with RustCrypto's.
//!
//! Without the extensions RustCrypto's does without the rotations of BMI2 and takes 1.4 times as long.

pub(super) mod x86_64;

/// Bytes in a block.
const BLOCK: usize = 64;

type Compress = super::Compress<u32, 8, BLOCK>;

/// The fastest function for this processor.
pub(super) fn fastest() -> Compress {
    let by_extensions = is_x86_feature_detected!("sha");
    let ours = if by_extensions { None } else { x86_64::fastest() };
    ours.unwrap_or(sha2::block_api::compress256)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: [u32; 8] = [1 << 31, 2, 3, 5, 7, 11, 13, 17];

    #[test]
    fn every_implementation_agrees_with_rustcrypto() {
        let blocks: [[u8; BLOCK]; 9] =
            std::array::from_fn(|i| std::array::from_fn(|j| (i * i * 31 + j * 7) as u8));
        for count in 0..=blocks.len() {
            let mut expected = START;
            sha2::block_api::compress256(&mut expected, &blocks[..count]);
            for state in x86_64::compressed_by_all(START, &blocks[..count]) {
                assert_eq!(state, expected, "{count} blocks");
            }
        }
    }
}
