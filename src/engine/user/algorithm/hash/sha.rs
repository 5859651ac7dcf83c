// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! SHA-1 and SHA-2 (FIPS 180-4): the state and the padding around their compression functions, which are
//! RustCrypto's or our own where that is faster.
//!
//! RustCrypto's state goes through a buffer for every message, which takes as long as the compression of
//! a block. Here whole messages are compressed where they are.

use super::{Compress, Hasher};
#[cfg(target_arch = "x86_64")]
use super::{
    sha1::fastest as compress1, sha256::fastest as compress256, sha512::fastest as compress512,
};
use crate::wipe::wipe_bytes;
#[cfg(target_arch = "x86_64")]
use std::any::Any;
use std::slice;
use zeroize::Zeroize;

/// A word of a state.
pub trait Word: Copy + Default + Zeroize + Send + Sync + 'static {
    /// The word as bytes of a digest.
    fn to_digest(self, bytes: &mut [u8]);
}

impl Word for u32 {
    fn to_digest(self, bytes: &mut [u8]) {
        bytes.copy_from_slice(&self.to_be_bytes());
    }
}

impl Word for u64 {
    fn to_digest(self, bytes: &mut [u8]) {
        bytes.copy_from_slice(&self.to_be_bytes());
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn compress1() -> Compress<u32, 5, 64> {
    sha1::block_api::compress
}

#[cfg(not(target_arch = "x86_64"))]
fn compress256() -> Compress<u32, 8, 64> {
    sha2::block_api::compress256
}

#[cfg(not(target_arch = "x86_64"))]
fn compress512() -> Compress<u64, 8, 128> {
    sha2::block_api::compress512
}

/// A message that is being hashed.
#[derive(Clone)]
pub struct Sha<W: Word, const WORDS: usize, const BLOCK: usize> {
    compress: Compress<W, WORDS, BLOCK>,
    /// The state after all whole blocks.
    state: [W; WORDS],
    /// Bytes of the message.
    len: u64,
    /// Those of the last block, if that is not whole.
    rest: [u8; BLOCK],
}

/// SHA-1's state.
pub type Sha1 = Sha<u32, 5, 64>;

/// The state of SHA-224 and SHA-256.
pub type Sha256 = Sha<u32, 8, 64>;

/// The state of SHA-384 and SHA-512.
pub type Sha512 = Sha<u64, 8, 128>;

impl Sha1 {
    /// FIPS 180-4, 5.3.1.
    pub fn sha1() -> Self {
        Self::new(compress1(), [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0])
    }
}

#[rustfmt::skip]
impl Sha256 {
    /// FIPS 180-4, 5.3.2.
    pub fn sha224() -> Self {
        Self::new(compress256(), [
            0xc105_9ed8, 0x367c_d507, 0x3070_dd17, 0xf70e_5939,
            0xffc0_0b31, 0x6858_1511, 0x64f9_8fa7, 0xbefa_4fa4,
        ])
    }

    /// FIPS 180-4, 5.3.3.
    pub fn sha256() -> Self {
        Self::new(compress256(), [
            0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a,
            0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
        ])
    }
}

#[rustfmt::skip]
impl Sha512 {
    /// FIPS 180-4, 5.3.4.
    pub fn sha384() -> Self {
        Self::new(compress512(), [
            0xcbbb_9d5d_c105_9ed8, 0x629a_292a_367c_d507, 0x9159_015a_3070_dd17, 0x152f_ecd8_f70e_5939,
            0x6733_2667_ffc0_0b31, 0x8eb4_4a87_6858_1511, 0xdb0c_2e0d_64f9_8fa7, 0x47b5_481d_befa_4fa4,
        ])
    }

    /// FIPS 180-4, 5.3.5.
    pub fn sha512() -> Self {
        Self::new(compress512(), [
            0x6a09_e667_f3bc_c908, 0xbb67_ae85_84ca_a73b, 0x3c6e_f372_fe94_f82b, 0xa54f_f53a_5f1d_36f1,
            0x510e_527f_ade6_82d1, 0x9b05_688c_2b3e_6c1f, 0x1f83_d9ab_fb41_bd6b, 0x5be0_cd19_137e_2179,
        ])
    }
}

impl<W: Word, const WORDS: usize, const BLOCK: usize> Sha<W, WORDS, BLOCK> {
    fn new(compress: Compress<W, WORDS, BLOCK>, state: [W; WORDS]) -> Self {
        Self { compress, state, len: 0, rest: [0; BLOCK] }
    }

    /// Bytes of a block that is not whole.
    fn filled(&self) -> usize {
        (self.len % BLOCK as u64) as usize
    }

    /// The digest of the whole blocks so far, of `blocks`, and of `rest`, which are less than a block.
    fn end(&self, blocks: &[[u8; BLOCK]], rest: &[u8], digest: &mut [u8]) {
        // The padding comes first, because a load waits until bytes that were just written one by one
        // are in the cache. What these leave on the stack is wiped with the rest of it.
        let mut last = [[0; BLOCK]; 2];
        let bytes =
            self.len - self.filled() as u64 + (blocks.as_flattened().len() + rest.len()) as u64;
        let padded = pad(&mut last, rest.len(), bytes);
        if !rest.is_empty() {
            padded.as_flattened_mut()[..rest.len()].copy_from_slice(rest);
        }
        let count = padded.len();
        let mut state = self.state;
        match blocks {
            // In one call the state stays in registers from block to block.
            [block] if count == 1 => {
                last[0] = *block;
                (self.compress)(&mut state, &last);
            }
            _ => {
                if !blocks.is_empty() {
                    (self.compress)(&mut state, blocks);
                }
                (self.compress)(&mut state, &last[2 - count..]);
            }
        }
        write_digest(&state, digest);
    }
}

impl<W: Word, const WORDS: usize, const BLOCK: usize> Hasher for Sha<W, WORDS, BLOCK> {
    fn fork(&self) -> Box<dyn Hasher> {
        Box::new(self.clone())
    }

    fn update(&mut self, mut data: &[u8]) {
        let filled = self.filled();
        self.len += data.len() as u64;
        if filled > 0 {
            let room = &mut self.rest[filled..];
            let (now, later) = data.split_at(data.len().min(room.len()));
            room[..now.len()].copy_from_slice(now);
            if now.len() < room.len() {
                return;
            }
            (self.compress)(&mut self.state, slice::from_ref(&self.rest));
            data = later;
        }
        let (blocks, rest) = data.as_chunks();
        (self.compress)(&mut self.state, blocks);
        self.rest[..rest.len()].copy_from_slice(rest);
    }

    fn digest(&self, message: &[&[u8]], digest: &mut [u8]) {
        let filled = self.filled();
        match *message {
            [] => self.end(&[], &self.rest[..filled], digest),
            [data] if filled == 0 => {
                let (blocks, rest) = data.as_chunks();
                self.end(blocks, rest, digest);
            }
            _ => {
                let mut sha = self.clone();
                message.iter().for_each(|piece| sha.update(piece));
                sha.digest(&[], digest);
            }
        }
    }

    #[cfg(target_arch = "x86_64")]
    fn sha2(&self) -> Option<Sha2<'_>> {
        Sha2::of(self, None)
    }
}

impl<W: Word, const WORDS: usize, const BLOCK: usize> Drop for Sha<W, WORDS, BLOCK> {
    fn drop(&mut self) {
        self.state.zeroize();
        wipe_bytes(&mut self.rest);
    }
}

/// The state with which a message begins, by the size of its words.
#[cfg(target_arch = "x86_64")]
pub enum Sha2<'a> {
    /// SHA-224 and SHA-256.
    Of32(Beginning<'a, u32>),
    /// SHA-384 and SHA-512.
    Of64(Beginning<'a, u64>),
}

/// The state with which a message begins.
#[cfg(target_arch = "x86_64")]
pub struct Beginning<'a, W> {
    /// HMAC's has taken a block with the key, others nothing.
    pub inner: &'a [W; 8],
    /// HMAC's, for the outer digest.
    pub outer: Option<&'a [W; 8]>,
}

#[cfg(target_arch = "x86_64")]
impl<'a> Sha2<'a> {
    /// None: it is another digest.
    pub fn of<H: 'static>(inner: &'a H, outer: Option<&'a H>) -> Option<Self> {
        let of_32 =
            |hasher: &'a H| (hasher as &dyn Any).downcast_ref().map(|sha: &Sha256| &sha.state);
        if let Some(inner) = of_32(inner) {
            return Some(Self::Of32(Beginning { inner, outer: outer.and_then(of_32) }));
        }
        let of_64 =
            |hasher: &'a H| (hasher as &dyn Any).downcast_ref().map(|sha: &Sha512| &sha.state);
        let outer = outer.and_then(of_64);
        of_64(inner).map(|inner| Self::Of64(Beginning { inner, outer }))
    }

    /// None: it is one of another size.
    pub fn of_32(self) -> Option<Beginning<'a, u32>> {
        if let Self::Of32(beginning) = self { Some(beginning) } else { None }
    }

    /// The same.
    pub fn of_64(self) -> Option<Beginning<'a, u64>> {
        if let Self::Of64(beginning) = self { Some(beginning) } else { None }
    }
}

/// Pads a message of `bytes` bytes in `last`, which are zeros. The last `rest` of these bytes are to go to the
/// beginning of what this returns: the last ones of `last`, as many as it takes.
pub fn pad<const BLOCK: usize>(
    last: &mut [[u8; BLOCK]; 2],
    rest: usize,
    bytes: u64,
) -> &mut [[u8; BLOCK]] {
    /// The number of bits takes an eighth of a block. Its upper half is 0.
    const LENGTH: usize = size_of::<u64>();
    let count = if rest < BLOCK - BLOCK / 8 { 1 } else { 2 };
    let blocks = &mut last[2 - count..];
    let padded = blocks.as_flattened_mut();
    padded[rest] = 0x80;
    let end = padded.len() - LENGTH;
    padded[end..].copy_from_slice(&(bytes << 3).to_be_bytes());
    blocks
}

/// As many words as there is room for.
pub fn write_digest<W: Word>(state: &[W], digest: &mut [u8]) {
    for (bytes, word) in digest.chunks_exact_mut(size_of::<W>()).zip(state) {
        word.to_digest(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use digest::Digest;

    /// Messages of all lengths around those of blocks, whole and in two pieces, against RustCrypto's digest.
    fn check<D: Digest>(beginning: &dyn Hasher) {
        let bytes: Vec<u8> = (0..2100u32).map(|i| ((i * i) >> 5) as u8).collect();
        for len in (0..700).chain([1023, 1024, 1025, 2000]) {
            let data = &bytes[len % 70..][..len];
            let expected = D::digest(data).to_vec();
            let mut digest = expected.clone();
            digest.fill(0);
            beginning.digest(&[data], &mut digest);
            assert_eq!(digest, expected, "{len}");
            for (first, second) in [0, 1, len / 2, len].map(|cut| data.split_at(cut.min(len))) {
                digest.fill(0);
                beginning.digest(&[first, second], &mut digest);
                assert_eq!(digest, expected, "{len} in pieces");
                let mut state = beginning.fork();
                state.update(first);
                state.update(second);
                digest.fill(0);
                state.finish(&mut digest);
                assert_eq!(digest, expected, "{len} by updates");
            }
        }
    }

    #[test]
    fn they_agree_with_rustcrypto() {
        check::<sha1::Sha1>(&Sha1::sha1());
        check::<sha2::Sha224>(&Sha256::sha224());
        check::<sha2::Sha256>(&Sha256::sha256());
        check::<sha2::Sha384>(&Sha512::sha384());
        check::<sha2::Sha512>(&Sha512::sha512());
    }

    /// Whole blocks, by RustCrypto's compression function and by each of ours.
    #[cfg(target_arch = "x86_64")]
    fn check_compression<W, const WORDS: usize, const BLOCK: usize>(
        theirs: Compress<W, WORDS, BLOCK>,
        ours: impl Fn([W; WORDS], &[[u8; BLOCK]]) -> Vec<[W; WORDS]>,
        start: [W; WORDS],
    ) where
        W: Word + PartialEq + std::fmt::Debug,
    {
        let blocks: [[u8; BLOCK]; 9] =
            std::array::from_fn(|i| std::array::from_fn(|j| (i * i * 31 + j * 7) as u8));
        for count in 0..=blocks.len() {
            let mut expected = start;
            theirs(&mut expected, &blocks[..count]);
            for state in ours(start, &blocks[..count]) {
                assert_eq!(state, expected, "{count} blocks");
            }
        }
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn every_compression_function_agrees_with_rustcrypto() {
        use super::super::{sha1, sha256, sha512};
        use ::sha1::block_api::compress;
        use sha2::block_api::{compress256, compress512};
        let start = [1 << 31, 2, 3, 5, 7, 11, 13, 17];
        check_compression(compress256, sha256::x86_64::compressed_by_all, start);
        check_compression(compress512, sha512::x86_64::compressed_by_all, start.map(u64::from));
        let start = [1 << 31, 2, 3, 5, 7];
        check_compression(compress, sha1::x86_64::compressed_by_all, start);
    }
}
