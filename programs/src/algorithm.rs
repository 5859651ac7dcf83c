// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Algorithms as kcapi-info and kcapi-speed open and measure them: by family and name, with a key
//! of which only the length matters.

use crate::library::ways::{Pair, Transform};
use crate::library::{Aead, Cipher, Digest, Direction, Flag, Rng};
use crate::sys::{Result, now};
use alloc::vec;
use alloc::vec::Vec;

/// A family of algorithms, by the names that bind(2) takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Symmetric ciphers.
    Skcipher,
    /// Authenticated encryption.
    Aead,
    /// Message digests.
    Hash,
    /// Random number generators.
    Rng,
}

/// All of them.
pub const FAMILIES: [Family; 4] = [Family::Skcipher, Family::Aead, Family::Hash, Family::Rng];

impl Family {
    /// The family's name for AF_ALG.
    pub fn name(self) -> &'static str {
        match self {
            Self::Skcipher => "skcipher",
            Self::Aead => "aead",
            Self::Hash => "hash",
            Self::Rng => "rng",
        }
    }
}

/// An algorithm.
#[derive(Clone, Copy)]
pub struct Algorithm {
    /// Its family.
    pub family: Family,
    /// The name in /proc/crypto.
    pub name: &'static str,
    /// Bytes of a key, for a measurement: 0 without a key, none if it is not measured.
    pub key: Option<u8>,
}

/// An algorithm that is measured with a key of so many bytes.
pub const fn row(family: Family, name: &'static str, key: u8) -> Algorithm {
    Algorithm { family, name, key: Some(key) }
}

/// An algorithm that is not measured.
pub const fn unmeasured(family: Family, name: &'static str) -> Algorithm {
    Algorithm { family, name, key: None }
}

/// A handle of an algorithm.
pub enum Opened {
    /// A handle of a symmetric cipher or an AEAD.
    Transform(Transform),
    /// A handle of a digest.
    Digest(Digest),
    /// A handle of a generator.
    Rng(Rng),
}

impl Algorithm {
    /// Opens a handle, as a program would.
    pub fn open(&self, flag: Flag) -> Result<Opened> {
        Ok(match self.family {
            Family::Skcipher => {
                Opened::Transform(Transform::Cipher(Cipher::open(self.name, flag)?))
            }
            Family::Aead => Opened::Transform(Transform::Aead(Aead::open(self.name, flag)?)),
            Family::Hash => Opened::Digest(Digest::open(self.name)?),
            Family::Rng => Opened::Rng(Rng::open(self.name)?),
        })
    }

    /// Opens a handle that is ready to be measured.
    pub fn open_with_key(&self, flag: Flag) -> Result<Opened> {
        let opened = self.open(flag)?;
        // All bytes different: XTS and triple DES refuse keys with equal parts.
        let key: Vec<u8> = (0..self.key.unwrap_or(0)).collect();
        match &opened {
            Opened::Transform(transform) => transform.set_key(&key)?,
            Opened::Digest(_) if key.is_empty() => {}
            Opened::Digest(digest) => digest.set_key(&key)?,
            Opened::Rng(rng) => rng.seed(&mut vec![0; rng.seed_size()])?,
        }
        Ok(opened)
    }
}

/// The longest tag of an AEAD.
pub const TAG: usize = 16;

/// An IV that every algorithm takes. The first byte is what CCM wants: a length of four bytes.
const IV: [u8; 64] = {
    let mut iv = [0; 64];
    iv[0] = 3;
    iv
};

/// Calls, and the nanoseconds that they took together.
pub struct Measured {
    /// The number of calls.
    pub calls: u64,
    /// Their time in nanoseconds.
    pub time: u64,
}

/// A message in its place; an AEAD puts its tag behind it.
fn pair<'a>(transform: &Transform, memory: &'a mut [u8], length: usize) -> Pair<'a> {
    let tag = match transform {
        Transform::Cipher(_) => 0,
        Transform::Aead(_) => TAG,
    };
    Pair::in_place(memory, length, length + tag)
}

impl Opened {
    /// "kernel" or "user".
    pub fn engine(&self) -> &'static str {
        match self {
            Self::Transform(transform) => transform.engine(),
            Self::Digest(digest) => digest.engine(),
            Self::Rng(rng) => rng.engine(),
        }
    }

    /// One message in its place, of so many bytes.
    fn once(&self, buffer: &mut [u8], length: usize) -> Result<()> {
        match self {
            Self::Transform(transform) => {
                let mut pair = pair(transform, buffer, length);
                transform.message(Direction::Encrypt, &mut pair, &IV).map(|_| ())
            }
            Self::Digest(digest) => {
                digest.digest(buffer.get(..length).unwrap_or_default()).map(|_| ())
            }
            Self::Rng(rng) => {
                rng.generate(buffer.get_mut(..length).unwrap_or_default()).map(|_| ())
            }
        }
    }

    /// So many messages of so many bytes, in one call where there is such a call.
    fn many(&self, buffer: &mut [u8], length: usize, count: usize) -> Result<()> {
        match self {
            Self::Transform(transform) if count > 1 => {
                let slots = buffer.chunks_exact_mut(length + TAG).take(count);
                let mut pairs: Vec<Pair<'_>> =
                    slots.map(|slot| pair(transform, slot, length)).collect();
                transform.batch(Direction::Encrypt, &mut pairs, &IV).map(|_| ())
            }
            _ => (0..count).try_for_each(|_| self.once(buffer, length)),
        }
    }

    /// Calls with batches of messages until so much time has passed. Counts the messages.
    pub fn measure(&self, length: usize, count: usize, nanoseconds: u64) -> Result<Measured> {
        let mut buffer = vec![0; count * (length + TAG)];
        let mut measured = Measured { calls: 0, time: 0 };
        let mut rounds = 1;
        while measured.time < nanoseconds {
            let start = now();
            for _ in 0..rounds {
                self.many(&mut buffer, length, count)?;
            }
            let time = now().wrapping_sub(start);
            measured.calls += rounds * count as u64;
            measured.time += time;
            // The clock is read rarely, because that may cost more than a call.
            if time < PERIOD {
                rounds *= 2;
            }
        }
        Ok(measured)
    }
}

/// The shortest time between two looks at the clock, in nanoseconds.
const PERIOD: u64 = 1_000_000;
