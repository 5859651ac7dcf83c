// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Michael, the MAC of TKIP (WPA), which is broken: IEEE 802.11, annex on Michael; Linux
//! `crypto/michael_mic.c`.

use super::{HashAlgorithm, Hasher};
use crate::errno::{Errno, Result};
use crate::wipe::Depth;
use zeroize::Zeroizing;

/// Bytes in a word.
const WORD: usize = 4;

/// Bytes in a key, and in a digest.
const SIZE: usize = 2 * WORD;

/// `michael_mic`.
pub fn algorithm() -> HashAlgorithm {
    HashAlgorithm {
        block_size: SIZE as u32,
        digest_size: SIZE as u32,
        plain: None,
        keyed: Some(Box::new(|key| Ok(Box::new(Michael::new(key)?)))),
        depth: Depth::Shallow,
        grouping: None,
    }
}

#[derive(Clone)]
struct Michael {
    state: Zeroizing<[u32; 2]>,
    /// A word of the message that is not whole yet.
    begun: Zeroizing<[u8; WORD]>,
    /// The number of its bytes that are there.
    used: usize,
}

impl Michael {
    fn new(key: &[u8]) -> Result<Self> {
        let ([left, right], []) = key.as_chunks() else { return Err(Errno::INVAL) };
        let state = Zeroizing::new([*left, *right].map(u32::from_le_bytes));
        Ok(Self { state, begun: Zeroizing::default(), used: 0 })
    }

    /// Takes up a word.
    fn mix(&mut self, word: u32) {
        let [left, right] = &mut *self.state;
        *left ^= word;
        *right ^= left.rotate_left(17);
        *left = left.wrapping_add(*right);
        *right ^= (*left & 0xff00_ff00) >> 8 | (*left & 0x00ff_00ff) << 8;
        *left = left.wrapping_add(*right);
        *right ^= left.rotate_left(3);
        *left = left.wrapping_add(*right);
        *right ^= left.rotate_right(2);
        *left = left.wrapping_add(*right);
    }
}

impl Hasher for Michael {
    fn fork(&self) -> Box<dyn Hasher> {
        Box::new(self.clone())
    }

    fn update(&mut self, data: &[u8]) {
        for byte in data {
            self.begun[self.used] = *byte;
            self.used = (self.used + 1) % WORD;
            if self.used == 0 {
                self.mix(u32::from_le_bytes(*self.begun));
            }
        }
    }

    /// The message is padded with 0x5a, zeros up to the end of a word, and one word of zeros.
    fn digest(&self, message: &[&[u8]], digest: &mut [u8]) {
        let mut state = self.clone();
        message.iter().for_each(|piece| state.update(piece));
        let padding = [0x5a, 0, 0, 0];
        state.update(&padding[..WORD - state.used]);
        state.mix(0);
        let words = digest.as_chunks_mut().0.iter_mut().zip(&*state.state);
        words.for_each(|(to, word)| *to = word.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::find;
    use crate::errno::Errno;

    /// Each digest is the key of the next message, in the test vectors of IEEE 802.11.
    #[test]
    fn michael_of_ieee_802_11() {
        let mut key = [0; 8];
        for (message, wanted) in [
            ("", 0x82925c1ca1d130b8_u64),
            ("M", 0x434721ca40639b3f),
            ("Mi", 0xe8f9becae97e5d29),
            ("Mic", 0x90038fc6cf13c1db),
            ("Mich", 0xd55e100510128986),
            ("Michael", 0x0a942b124ecaa546),
        ] {
            let beginning = find("michael_mic").unwrap().with_key(&key).unwrap();
            let mut pieces = beginning.fork();
            message.bytes().for_each(|byte| pieces.update(&[byte]));
            beginning.digest(&[message.as_bytes()], &mut key);
            assert_eq!(u64::from_be_bytes(key), wanted, "{message}");
            pieces.finish(&mut key);
            assert_eq!(u64::from_be_bytes(key), wanted, "{message} in pieces");
        }
    }

    #[test]
    fn a_key_is_two_words() {
        for len in [0, 4, 7, 9, 12, 16] {
            let key = vec![1; len];
            assert_eq!(find("michael_mic").unwrap().with_key(&key).err(), Some(Errno::INVAL));
        }
    }
}
