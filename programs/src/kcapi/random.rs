// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Calls with any lengths and any bytes. The only check is that they return.

use super::fail;
use super::settings::{Mode, Settings};
use crate::library::ways::{Pair, Transform};
use crate::library::{Aead, Cipher, Digest, Direction};
use crate::sys::Errno;
use crate::tool::Failed;
use alloc::vec;

/// Most bytes of a message.
const ROOM: usize = 8192;
const ROUNDS: usize = 500;

/// Random numbers (xorshift). They are the same each time, so that an error comes again.
struct Numbers(u32);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 as usize % limit
    }

    /// Changes some bytes.
    fn change(&mut self, bytes: &mut [u8]) {
        for _ in 0..64 {
            let value = self.below(256) as u8;
            let at = self.below(bytes.len());
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
        }
    }
}

/// Calls the algorithm, and looks at no result.
pub fn run(settings: &Settings) -> Result<(), Failed> {
    let name = settings.algorithm;
    let called = match settings.mode {
        Mode::Cipher => Cipher::open(name, settings.aio).map(|it| ciphers(Transform::Cipher(it))),
        Mode::Aead => Aead::open(name, settings.aio).map(|it| ciphers(Transform::Aead(it))),
        _ => Digest::open(name).map(digests),
    };
    called.map_err(|errno: Errno| fail(format_args!("no algorithm {name}: {errno}")))
}

fn digests(digest: Digest) {
    let mut numbers = Numbers(1);
    let mut input = vec![0; ROOM];
    for _ in 0..ROUNDS {
        numbers.change(&mut input);
        let key = numbers.below(300);
        let length = numbers.below(ROOM);
        let _ = digest.set_key(input.get(..key).unwrap_or_default());
        let _ = digest.digest(input.get(..length).unwrap_or_default());
    }
}

fn ciphers(transform: Transform) {
    let mut numbers = Numbers(1);
    let (mut input, mut output) = (vec![0; ROOM], vec![0; ROOM]);
    for round in 0..ROUNDS {
        numbers.change(&mut input);
        if let Transform::Aead(aead) = &transform {
            let _ = aead.set_lengths(numbers.below(20), numbers.below(ROOM));
        }
        let key = if round % 2 == 1 { 16 } else { numbers.below(80) };
        let _ = transform.set_key(input.get(..key).unwrap_or_default());
        let iv = input.get(100..200).unwrap_or_default().to_vec();
        let (length, room) = (numbers.below(ROOM), numbers.below(ROOM));
        let mut pair = Pair::apart(
            input.get_mut(..length).unwrap_or_default(),
            output.get_mut(..room).unwrap_or_default(),
        );
        let direction = if round / 2 % 2 == 1 { Direction::Encrypt } else { Direction::Decrypt };
        let _ = transform.message(direction, &mut pair, &iv);
    }
}
