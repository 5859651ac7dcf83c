// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The way of a cipher's mode from one piece of a message to the next.

/// Modes whose state goes on in the kernel from piece to piece, or that have none.
const CHAINING: [&str; 6] = ["cbc", "cfb", "ctr", "ecb", "ofb", "pcbc"];
/// Stream ciphers with a counter of blocks in the IV, and the byte of the IV where it begins.
const COUNTING: [(&str, usize); 3] = [("chacha20", 0), ("xchacha20", 24), ("xchacha12", 24)];
/// Bytes of a block of a stream cipher with a counter.
const BLOCK: usize = 64;

/// The needs of a message in pieces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// A stream, that the library takes in pieces.
    Chaining,
    /// A message for each piece, with the counter in the IV that comes next.
    Counting(usize),
    /// The message as a whole, because the mode begins anew with each message.
    Whole,
}

/// The mode of an algorithm or of a driver: `cbc(aes)`, `ctr-aes-aesni`.
pub fn of(name: &str) -> Mode {
    let is = |mode: &str| {
        let rest = name.strip_prefix(mode);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['(', '-']))
    };
    if CHAINING.into_iter().any(is) {
        return Mode::Chaining;
    }
    let counting = COUNTING.into_iter().find(|&(mode, _)| is(mode));
    counting.map_or(Mode::Whole, |(_, at)| Mode::Counting(at))
}

/// The IV behind so many bytes. The counter has 32 bits, and wraps as the cipher's does.
pub fn count_on(iv: &mut [u8], at: usize, bytes: usize) {
    let blocks = bytes.div_ceil(BLOCK) as u32;
    if let Some(counter) = iv.get_mut(at..).and_then(|rest| rest.first_chunk_mut()) {
        *counter = u32::from_le_bytes(*counter).wrapping_add(blocks).to_le_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes() {
        for name in ["cbc(aes)", "ctr-aes-aesni", "ecb(aes-generic)", "pcbc(fcrypt)"] {
            assert_eq!(of(name), Mode::Chaining, "{name}");
        }
        for (name, at) in [("chacha20", 0), ("chacha20-simd", 0), ("xchacha12-generic", 24)] {
            assert_eq!(of(name), Mode::Counting(at), "{name}");
        }
        for name in ["xts(aes)", "cts(cbc(aes))", "rfc3686(ctr(aes))", "cbcmac(aes)", "lrw(aes)"] {
            assert_eq!(of(name), Mode::Whole, "{name}");
        }
    }

    #[test]
    fn a_counter_wraps_and_leaves_the_nonce() {
        let mut iv = [0xff; 16];
        count_on(&mut iv, 0, 65);
        assert_eq!(iv[..4], [1, 0, 0, 0]);
        assert_eq!(iv[4..], [0xff; 12]);
    }
}
