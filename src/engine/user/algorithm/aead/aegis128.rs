// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! AEGIS-128, a stream cipher and a MAC made of rounds of AES.
//!
//! References: Wu and Preneel, “AEGIS: a fast authenticated encryption algorithm” (v1.1, 2016); Linux
//! `crypto/aegis128-core.c`. It is not AEGIS-128L, which has a larger state.

use super::{Aead, AeadAlgorithm, give, verify};
use crate::engine::user::algorithm::block::{Data, xor};
use crate::errno::{Errno, Result};
use crate::wipe::wipe_bytes;
use aes::hazmat::cipher_round;
use zeroize::Zeroizing;

/// Bytes in a block, a key, an IV and the longest tag.
const SIZE: usize = 16;

type Block = [u8; SIZE];

/// Fibonacci's numbers, modulo 256.
const CONSTANTS: [Block; 2] = [
    0x000101020305080d1522375990e97962_u128.to_be_bytes(),
    0xdb3d18556dc22ff12011314273b528dd_u128.to_be_bytes(),
];

pub fn algorithm() -> AeadAlgorithm {
    AeadAlgorithm {
        block_size: 1,
        iv_size: SIZE,
        max_tag_size: SIZE,
        tag_ok: |len| len >= 8,
        new: Box::new(|key| {
            let key = key.try_into().map_err(|_| Errno::INVAL)?;
            Ok(Box::new(Aegis128(Zeroizing::new(key))))
        }),
    }
}

/// A key.
struct Aegis128(Zeroizing<Block>);

/// A message at work.
struct State(Zeroizing<[Block; 5]>);

impl State {
    fn new(key: &Block, iv: &Block) -> Self {
        let mut mixed = Zeroizing::new(*key);
        xor(&mut *mixed, iv);
        let mut state = Self(Zeroizing::new([*mixed, CONSTANTS[1], CONSTANTS[0], *key, *key]));
        xor(&mut state.0[3], &CONSTANTS[0]);
        xor(&mut state.0[4], &CONSTANTS[1]);
        for _ in 0..5 {
            state.update(key);
            state.update(&mixed);
        }
        state
    }

    /// Takes up a block: each of the state becomes a round of the one before it, with itself as the key.
    fn update(&mut self, block: &Block) {
        let mut last = Zeroizing::new(self.0[4]);
        for current in self.0.iter_mut() {
            let key = Zeroizing::new(*current);
            *current = *last;
            cipher_round(current.into(), (&*key).into());
            *last = *key;
        }
        xor(&mut self.0[0], block);
    }

    /// Takes up associated data, with zeros up to the end of a block.
    fn absorb(&mut self, aad: &[u8]) {
        for piece in aad.chunks(SIZE) {
            let mut block = Zeroizing::new([0; SIZE]);
            block[..piece.len()].copy_from_slice(piece);
            self.update(&block);
        }
    }

    /// En- or decrypts, and takes up the plaintext.
    fn crypt(&mut self, encrypt: bool, data: &mut [u8]) {
        for piece in data.chunks_mut(SIZE) {
            let [_, one, two, three, four] = &*self.0;
            let mut stream = Zeroizing::new(*two);
            stream.iter_mut().zip(three).for_each(|(byte, three)| *byte &= three);
            xor(&mut *stream, one);
            xor(&mut *stream, four);
            let mut plain = Zeroizing::new([0; SIZE]);
            let plain_piece = &mut plain[..piece.len()];
            if encrypt {
                plain_piece.copy_from_slice(piece);
                xor(piece, &*stream);
            } else {
                xor(piece, &*stream);
                plain_piece.copy_from_slice(piece);
            }
            self.update(&plain);
        }
    }

    /// The tag of so many bytes.
    fn tag(mut self, aad: usize, data: usize) -> Zeroizing<Block> {
        let mut lengths = Zeroizing::new(self.0[3]);
        xor(&mut lengths[..8], &(8 * aad as u64).to_le_bytes());
        xor(&mut lengths[8..], &(8 * data as u64).to_le_bytes());
        (0..7).for_each(|_| self.update(&lengths));
        let mut tag = Zeroizing::new([0; SIZE]);
        self.0.iter().for_each(|block| xor(&mut *tag, block));
        tag
    }
}

impl Aegis128 {
    fn crypt(
        &self,
        encrypt: bool,
        iv: &[u8],
        aad: &[u8],
        data: &mut [u8],
    ) -> Result<Zeroizing<Block>> {
        let mut state = State::new(&self.0, iv.try_into().map_err(|_| Errno::INVAL)?);
        state.absorb(aad);
        state.crypt(encrypt, data);
        Ok(state.tag(aad.len(), data.len()))
    }
}

impl Aead for Aegis128 {
    fn seal(&self, iv: &[u8], aad: &mut [u8], data: Data<'_, '_>, tag: &mut [u8]) -> Result<()> {
        give(&*self.crypt(true, iv, aad, data.into_out_with_copied_in())?, tag)
    }

    /// The plaintext is authenticated, so it must be decrypted first; it is wiped again
    /// unless the tag is right.
    fn open(&self, iv: &[u8], aad: &mut [u8], data: Data<'_, '_>, tag: &[u8]) -> Result<()> {
        let data = data.into_out_with_copied_in();
        let verified = verify(&*self.crypt(false, iv, aad, data)?, tag);
        if verified.is_err() {
            wipe_bytes(data);
        }
        verified
    }
}
