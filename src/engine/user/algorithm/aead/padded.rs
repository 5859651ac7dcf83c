// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Cuts what comes in pieces into the blocks of 16 bytes that a MAC takes.

use zeroize::Zeroize;

/// Bytes in a block.
const SIZE: usize = 16;

/// Something that takes whole blocks.
pub trait Blocks {
    /// `blocks` has a multiple of 16 bytes.
    fn update(&mut self, blocks: &[[u8; SIZE]]);
}

/// A MAC and the beginning of a block for it.
pub struct Padded<M> {
    pub mac: M,
    block: [u8; SIZE],
    used: usize,
}

impl<M: Blocks> Padded<M> {
    pub fn new(mac: M) -> Self {
        Self { mac, block: [0; SIZE], used: 0 }
    }

    /// A further piece.
    pub fn push(&mut self, mut piece: &[u8]) {
        if self.used > 0 {
            let (now, later) = piece.split_at(piece.len().min(SIZE - self.used));
            self.block[self.used..][..now.len()].copy_from_slice(now);
            self.used += now.len();
            piece = later;
            if self.used < SIZE {
                return;
            }
            self.mac.update(&[self.block]);
            self.used = 0;
        }
        let (blocks, rest) = piece.as_chunks();
        if !blocks.is_empty() {
            self.mac.update(blocks);
        }
        self.block[..rest.len()].copy_from_slice(rest);
        self.used = rest.len();
    }

    /// Zeros up to the end of the block, if one has begun.
    pub fn pad(&mut self) {
        if self.used > 0 {
            self.block[self.used..].fill(0);
            self.mac.update(&[self.block]);
            self.used = 0;
        }
    }
}

impl<M> Drop for Padded<M> {
    fn drop(&mut self) {
        self.block.zeroize();
    }
}
