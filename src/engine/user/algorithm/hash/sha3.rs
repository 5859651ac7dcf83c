// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! SHA-3 (FIPS 202). A sponge adds a message to its state where that is, so it takes no buffer; RustCrypto's has one, which
//! took a tenth of a short message's time. The permutation is our own on x86-64, else RustCrypto's, with which the tests
//! compare it, and which runs under Miri, since that knows no assembly.

#[cfg(target_arch = "x86_64")]
mod x86_64;

use super::Hasher;
use zeroize::Zeroize;

/// Words in the state.
const WORDS: usize = 25;

/// Bytes in a word.
const WORD: usize = size_of::<u64>();

/// Keccak-f\[1600\].
type Permute = fn(&mut [u64; WORDS]);

/// The fastest function for this processor.
fn fastest() -> Permute {
    #[cfg(target_arch = "x86_64")]
    if let Some(permute) = x86_64::fastest() {
        return permute;
    }
    |state| keccak::Keccak::new().with_f1600(|permute| permute(state))
}

/// A message that is being hashed, in blocks of `RATE` bytes, which are whole words.
#[derive(Clone)]
pub struct Sha3<const RATE: usize> {
    permute: Permute,
    state: [u64; WORDS],
    /// Bytes that were added to the state since it was permuted: less than a block.
    filled: usize,
}

impl<const RATE: usize> Sha3<RATE> {
    pub fn new() -> Self {
        Self { permute: fastest(), state: [0; WORDS], filled: 0 }
    }

    /// Adds whole blocks, where no bytes of another one are.
    fn add_blocks(&mut self, blocks: &[[u8; RATE]]) {
        for block in blocks {
            for (place, word) in self.state.iter_mut().zip(block.as_chunks().0) {
                *place ^= u64::from_le_bytes(*word);
            }
            (self.permute)(&mut self.state);
        }
    }

    /// Adds bytes behind those of the block that are there. They are no more than it has room for.
    fn add(&mut self, data: &[u8]) {
        let to_word = self.filled.next_multiple_of(WORD) - self.filled;
        let (first, later) = data.split_at(data.len().min(to_word));
        first.iter().for_each(|byte| self.add_byte(*byte));
        let (words, last) = later.as_chunks();
        let places = self.state[self.filled / WORD..].iter_mut();
        places.zip(words).for_each(|(place, word)| *place ^= u64::from_le_bytes(*word));
        self.filled += words.as_flattened().len();
        last.iter().for_each(|byte| self.add_byte(*byte));
    }

    fn add_byte(&mut self, byte: u8) {
        self.state[self.filled / WORD] ^= u64::from(byte) << (8 * (self.filled % WORD));
        self.filled += 1;
    }
}

impl<const RATE: usize> Hasher for Sha3<RATE> {
    fn fork(&self) -> Box<dyn Hasher> {
        Box::new(self.clone())
    }

    fn update(&mut self, mut data: &[u8]) {
        if self.filled > 0 {
            let (now, later) = data.split_at(data.len().min(RATE - self.filled));
            self.add(now);
            if self.filled < RATE {
                return;
            }
            (self.permute)(&mut self.state);
            self.filled = 0;
            data = later;
        }
        let (blocks, rest) = data.as_chunks();
        self.add_blocks(blocks);
        self.add(rest);
    }

    fn digest(&self, message: &[&[u8]], digest: &mut [u8]) {
        let mut sponge = self.clone();
        message.iter().for_each(|piece| sponge.update(piece));
        // Two bits tell SHA-3 from other uses of the sponge; then comes the padding. Both may be in one byte.
        sponge.add_byte(0b110);
        sponge.state[RATE / WORD - 1] ^= 1 << (u64::BITS - 1);
        (sponge.permute)(&mut sponge.state);
        for (bytes, word) in digest.chunks_mut(WORD).zip(&sponge.state) {
            bytes.copy_from_slice(&word.to_le_bytes()[..bytes.len()]);
        }
    }
}

impl<const RATE: usize> Drop for Sha3<RATE> {
    fn drop(&mut self) {
        self.state.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::sha3::{Sha3_224, Sha3_256, Sha3_384, Sha3_512};
    use digest::Digest;

    /// Messages of all lengths around those of blocks, whole and in pieces, against RustCrypto's digest.
    fn check<D: Digest, const RATE: usize>() {
        let bytes: Vec<u8> = (0..1400u32).map(|i| ((i * i) >> 5) as u8).collect();
        for len in (0..600).step_by(if cfg!(miri) { 37 } else { 1 }) {
            let data = &bytes[len % 70..][..len];
            let expected = D::digest(data).to_vec();
            let mut digest = vec![0; expected.len()];
            for (first, second) in [0, 1, len / 2, len].map(|cut| data.split_at(cut.min(len))) {
                digest.fill(0);
                Sha3::<RATE>::new().digest(&[first, second], &mut digest);
                assert_eq!(digest, expected, "{len} in pieces");
                let mut state = Sha3::<RATE>::new().fork();
                state.update(first);
                state.update(second);
                digest.fill(0);
                state.finish(&mut digest);
                assert_eq!(digest, expected, "{len} by updates");
            }
        }
    }

    #[test]
    fn it_agrees_with_rustcrypto() {
        check::<Sha3_224, 144>();
        check::<Sha3_256, 136>();
        check::<Sha3_384, 104>();
        check::<Sha3_512, 72>();
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn it_permutes_as_rustcrypto_does() {
        let mut state = std::array::from_fn(|i| (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        for _ in 0..if cfg!(miri) { 3 } else { 100 } {
            let mut expected = state;
            keccak::Keccak::new().with_f1600(|permute| permute(&mut expected));
            x86_64::permuted_by_all(state).iter().for_each(|ours| assert_eq!(*ours, expected));
            state = expected;
        }
    }
}
