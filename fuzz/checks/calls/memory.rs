// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! A caller's memory. Each piece is an allocation of its own that ends with its last byte, so
//! that a sanitizer, or Miri, sees every access beside it.

use crate::fuzz::Random;
use libc::{iovec, ssize_t};

/// The layout of messages in memory.
pub struct Layout(Option<Random>);

impl Layout {
    /// Each message in one piece, its result in another, both aligned.
    pub fn plain() -> Self {
        Self(None)
    }

    /// Messages in several pieces, misaligned; results in their place or elsewhere.
    pub fn scattered() -> Self {
        Self(Some(Random::new()))
    }

    pub fn is_plain(&self) -> bool {
        self.0.is_none()
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0.as_mut().map_or(0, |random| random.below(limit))
    }

    /// Memory with these bytes, in one piece.
    pub fn piece(&mut self, bytes: &[u8]) -> Memory {
        let start = self.below(17);
        Memory(vec![Piece::new(bytes, start)])
    }

    /// Memory with these bytes, in one or more pieces.
    pub fn pieces(&mut self, mut bytes: &[u8]) -> Memory {
        let mut memory = Memory(Vec::new());
        for _ in 0..self.below(5) {
            let (piece, rest) = bytes.split_at(self.below(bytes.len() + 1));
            memory.0.push(Piece::new(piece, self.below(17)));
            bytes = rest;
        }
        memory.0.push(Piece::new(bytes, self.below(17)));
        memory
    }

    /// Memory with a message, and memory with room for its result. None: it is the same memory.
    pub fn pair(&mut self, message: &[u8], room: usize) -> (Memory, Option<Memory>) {
        if self.below(2) == 0 {
            return (self.piece(message), Some(self.piece(&vec![0xa5; room])));
        }
        let mut both = message.to_vec();
        both.resize(room.max(message.len()), 0xa5);
        (self.piece(&both), None)
    }
}

pub struct Memory(Vec<Piece>);

struct Piece {
    bytes: Vec<u8>,
    start: usize,
    before: Vec<u8>,
}

impl Piece {
    fn new(bytes: &[u8], start: usize) -> Self {
        let before = [&[0x5a].repeat(start), bytes].concat();
        Self { bytes: before.clone(), start, before }
    }
}

impl Memory {
    pub fn list(&mut self) -> Vec<iovec> {
        let iovec = |piece: &mut Piece| {
            let bytes = &mut piece.bytes[piece.start..];
            iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() }
        };
        self.0.iter_mut().map(iovec).collect()
    }

    /// The bytes, at most `most`, that a call has written to this memory when it returned `result`.
    /// Checks that the rest is as it was.
    pub fn written(&self, result: ssize_t, most: usize) -> Vec<u8> {
        // After an error anything may be in an output, but nothing beside it.
        let Ok(mut left) = usize::try_from(result) else {
            self.0.iter().for_each(|p| assert_eq!(p.bytes[..p.start], p.before[..p.start]));
            return Vec::new();
        };
        left = left.min(most);
        let mut written = Vec::new();
        for piece in &self.0 {
            let end = piece.bytes.len().min(piece.start + left);
            written.extend(&piece.bytes[piece.start..end]);
            left -= end - piece.start;
            assert_eq!(piece.bytes[..piece.start], piece.before[..piece.start]);
            assert_eq!(piece.bytes[end..], piece.before[end..], "behind the result");
        }
        written
    }
}
