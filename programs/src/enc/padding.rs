// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Padding of the last block.
//!
//! PKCS #7 fills the block with bytes that say how many they are, and adds a whole block to a
//! message of whole blocks. The C program leaves that block out. That saves space, but it has to
//! guess when it decrypts: bytes that look like padding are taken off, between files only. This
//! program must still decrypt what the C program has written, so this is the default.

use super::settings::Padding;

/// The number of bytes that encryption adds to a message of that length.
pub fn to_add(padding: Padding, length: u64, block: usize) -> usize {
    let over = (length % block as u64) as usize;
    match padding {
        _ if block <= 1 => 0,
        Padding::Pkcs7 => block - over,
        Padding::Compatible | Padding::Keep if over == 0 => 0,
        Padding::Compatible | Padding::Keep => block - over,
    }
}

/// The number of bytes of padding at the end of a message; 0 if there is none. With `whole` a block
/// of nothing but padding counts.
pub fn found(end: &[u8], block: usize, whole: bool) -> usize {
    let Some(&last) = end.last() else { return 0 };
    let count = usize::from(last);
    let most = if whole { block } else { block.saturating_sub(1) };
    let is_padding = (1..=most).contains(&count)
        && count <= end.len()
        && end.iter().rev().take(count).all(|&byte| byte == last);
    if is_padding { count } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn added() {
        for (length, compatible, pkcs7) in [(0, 0, 16), (1, 15, 15), (15, 1, 1), (16, 0, 16)] {
            assert_eq!(to_add(Padding::Compatible, length, 16), compatible);
            assert_eq!(to_add(Padding::Pkcs7, length, 16), pkcs7);
            assert_eq!(to_add(Padding::Pkcs7, length, 1), 0);
        }
    }

    #[test]
    fn looked_for() {
        assert_eq!(found(&[0, 2, 2], 16, false), 2);
        assert_eq!(found(&[0, 3, 2], 16, false), 0);
        assert_eq!(found(&[0], 16, true), 0);
        assert_eq!(found(&[], 16, true), 0);
        assert_eq!(found(&[16; 16], 16, false), 0);
        assert_eq!(found(&[16; 16], 16, true), 16);
        assert_eq!(found(&[17; 32], 16, true), 0);
    }
}
