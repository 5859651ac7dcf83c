// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Modes for disks: each block is XORed, before and after the block cipher, with a
//! value that depends on its place.
//!
//! XTS: IEEE 1619, NIST SP 800-38E, Linux `crypto/xts.c`; the IV stays as it is. LRW:
//! Linux `crypto/lrw.c`; the IV is a counter of blocks and is left at the next one.
//! That the halves of an XTS key differ is demanded by FIPS mode only, in which
//! this engine does not run unless it is told to.

use super::Skcipher;
use super::modes::BATCH;
use super::pipelined;
use crate::engine::user::algorithm::block::{
    BlockAlgorithm, BlockCipher, Data, Tweaked, tweaked, xor,
};
use crate::errno::{Errno, Result};
use crate::wipe::Depth;
use std::iter::successors;
use zeroize::Zeroizing;

/// Bytes in a block; these modes know no other.
const SIZE: usize = 16;

/// En- or decrypts a block between XORs with its tweak.
fn with_tweak(cipher: &dyn BlockCipher, encrypt: bool, tweak: u128, block: &mut [u8; SIZE]) {
    *block = (u128::from_le_bytes(*block) ^ tweak).to_le_bytes();
    if encrypt {
        cipher.encrypt(block)
    } else {
        cipher.decrypt(block)
    }
    *block = (u128::from_le_bytes(*block) ^ tweak).to_le_bytes();
}

/// En- or decrypts whole blocks, each between XORs with its own tweak.
fn between_tweaks(
    cipher: &dyn BlockCipher,
    encrypt: bool,
    data: &mut [u8],
    mut tweak: impl FnMut() -> [u8; SIZE],
) {
    let mut tweaks = [0; BATCH];
    for data in data.chunks_mut(BATCH) {
        let tweaks = &mut tweaks[..data.len()];
        tweaks.as_chunks_mut().0.iter_mut().for_each(|block| *block = tweak());
        xor(data, tweaks);
        if encrypt {
            cipher.encrypt(data)
        } else {
            cipher.decrypt(data)
        }
        xor(data, tweaks);
    }
}

/// XTS with its keys.
pub struct Xts(pub Box<dyn Tweaked>);

impl Xts {
    pub fn new(algorithm: &BlockAlgorithm, key: &[u8]) -> Result<Self> {
        let (data, tweak) = key.split_at(key.len() / 2);
        if data.len() != tweak.len() {
            return Err(Errno::INVAL);
        }
        let by_itself = tweaked(algorithm, data, tweak);
        Ok(Self(by_itself.unwrap_or_else(|| {
            Ok(Box::new(InBatches { data: (algorithm.key)(data)?, tweak: (algorithm.key)(tweak)? }))
        })?))
    }

    /// A message of at least a block, which ends with a piece of one. Apart, since other messages
    /// need no room for this.
    #[inline(never)]
    fn stealing(&self, encrypt: bool, iv: &[u8; SIZE], data: Data<'_, '_>) {
        // The last whole block lends its end to the piece behind it. Decrypting,
        // the tweaks of those two are swapped.
        let stolen = data.len() % SIZE;
        let whole = data.len() - stolen - SIZE;
        let (head, tail) = data.split_at(whole);
        let (block, piece) = tail.into_out_with_copied_in().split_at_mut(SIZE);
        let Some(block) = block.as_chunks_mut().0.first_mut() else { return };
        let next = self.0.xts(encrypt, iv, head);
        let (mut one, mut other) = (next, double(next));
        if !encrypt {
            (one, other) = (other, one);
        }
        let cipher = self.0.data_cipher();
        with_tweak(cipher, encrypt, one, block);
        block[..stolen].swap_with_slice(piece);
        with_tweak(cipher, encrypt, other, block);
    }
}

/// XTS with ciphers that know nothing of it.
pub struct InBatches {
    pub data: Box<dyn BlockCipher>,
    pub tweak: Box<dyn BlockCipher>,
}

impl Tweaked for InBatches {
    fn data_cipher(&self) -> &dyn BlockCipher {
        &*self.data
    }

    fn xts(&self, encrypt: bool, iv: &[u8; SIZE], data: Data<'_, '_>) -> u128 {
        let mut first = *iv;
        self.tweak.encrypt(&mut first);
        let mut next = u128::from_le_bytes(first);
        between_tweaks(&*self.data, encrypt, data.into_out_with_copied_in(), || {
            let now = next;
            next = double(now);
            now.to_le_bytes()
        });
        next
    }

    fn depth(&self) -> Depth {
        Depth::Work
    }
}

/// Doubles in GF(2^128), the first byte being the lowest.
fn double(tweak: u128) -> u128 {
    (tweak << 1) ^ ((tweak >> 127) * 0x87)
}

impl Skcipher for Xts {
    fn crypt(&self, encrypt: bool, iv: &mut [u8], data: Data<'_, '_>) -> Result<()> {
        if data.len() < SIZE {
            return Err(Errno::INVAL);
        }
        let iv = <&[u8; SIZE]>::try_from(&*iv).map_err(|_| Errno::INVAL)?;
        if data.len().is_multiple_of(SIZE) {
            self.0.xts(encrypt, iv, data);
        } else {
            self.stealing(encrypt, iv, data);
        }
        Ok(())
    }

    fn depth(&self) -> Depth {
        self.0.depth()
    }
}

/// One for each bit of a counter.
const STEPS: usize = 128;

/// The cipher's key, then 16 bytes that tweaks are made with.
pub struct Lrw {
    cipher: Box<dyn BlockCipher>,
    /// The second key times 1, 11, 111, 1111, ... in binary: by how much the tweak
    /// changes when as many of the counter's lowest bits do.
    steps: Zeroizing<Vec<u128>>,
}

impl Lrw {
    pub fn new(algorithm: &BlockAlgorithm, key: &[u8]) -> Result<Self> {
        let (key, tweak) = key.split_last_chunk::<SIZE>().ok_or(Errno::INVAL)?;
        let cipher = (algorithm.key)(key)?;
        let first = u128::from_be_bytes(*tweak);
        // One by one, since all together would take 2 KiB of stack; in a vector that does not grow,
        // which would leave those so far in freed memory.
        let mut steps = Zeroizing::new(Vec::with_capacity(STEPS));
        steps.extend(successors(Some(first), |last| Some(first ^ double(*last))).take(STEPS));
        Ok(Self { cipher, steps })
    }

    /// The second key times `index`: each run of ones in binary is the difference of
    /// two rows of ones.
    fn first(&self, index: u128) -> u128 {
        let ends = index ^ (index >> 1);
        // The IV is no secret: its bits may steer what is done.
        let steps = self.steps.iter().enumerate().filter(|(i, _)| ends >> i & 1 != 0);
        steps.fold(0, |product, (_, step)| product ^ step)
    }
}

impl Skcipher for Lrw {
    fn crypt(&self, encrypt: bool, iv: &mut [u8], data: Data<'_, '_>) -> Result<()> {
        if !data.len().is_multiple_of(SIZE) {
            return Err(Errno::INVAL);
        }
        let mut block = [0; SIZE];
        block.copy_from_slice(iv);
        let mut index = u128::from_be_bytes(block);
        let mut next = Zeroizing::new(self.first(index));
        between_tweaks(&*self.cipher, encrypt, data.into_out_with_copied_in(), || {
            let tweak = next.to_be_bytes();
            *next ^= self.steps[index.trailing_ones().min(127) as usize];
            index = index.wrapping_add(1);
            tweak
        });
        iv.copy_from_slice(&index.to_be_bytes());
        Ok(())
    }

    fn depth(&self) -> Depth {
        pipelined(&*self.cipher, Depth::Spills)
    }
}
