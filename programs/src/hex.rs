// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Hexadecimal digits.

use alloc::vec::Vec;

/// Two lower-case digits for each byte.
pub fn encode(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| DIGITS.get(usize::from(half)).copied().unwrap_or_default();
    bytes.iter().flat_map(|&byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The bytes that the digits mean. If their number is odd, the first digit is the first byte. None:
/// a character is no digit.
pub fn decode(digits: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(digits.len().div_ceil(2));
    let (first, rest) = digits.split_at(digits.len() % 2);
    for pair in core::iter::once(first).filter(|first| !first.is_empty()).chain(rest.chunks(2)) {
        let mut byte = 0;
        for &digit in pair {
            byte = byte << 4 | char::from(digit).to_digit(16)? as u8;
        }
        bytes.push(byte);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways() {
        assert_eq!(encode(&[0, 0xaf, 9]), b"00af09");
        assert_eq!(decode(b"00aF09"), Some(alloc::vec![0, 0xaf, 9]));
        assert_eq!(decode(b""), Some(Vec::new()));
    }

    #[test]
    fn an_odd_digit_is_the_first() {
        assert_eq!(decode(b"123"), Some(alloc::vec![1, 0x23]));
    }

    #[test]
    fn no_digit_is_nothing() {
        for wrong in [&b"zz"[..], b"0g", b"0x12", b"12 ", b"\xff0"] {
            assert_eq!(decode(wrong), None);
        }
    }
}
