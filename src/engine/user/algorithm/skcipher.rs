// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Symmetric ciphers: which modes there are, what they look like from outside, and
//! their combination with a block cipher.
//!
//! Sizes and key rules are those of the kernel's templates (Linux
//! `crypto/skcipher.c` and the mode's own file). Buffers, streams and messages are the operation's
//! business.

#![allow(
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::unreachable,
    reason = "blocks, registers and IVs have the sizes of their algorithms, and messages were cut at them"
)]

mod adiantum;
pub(super) mod chacha;
pub(super) mod essiv;
mod hctr2;
pub(super) mod modes;
pub(super) mod tweaked;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod wycheproof;
#[cfg(test)]
pub(super) use tests::hex;
#[cfg(all(test, feature = "legacy"))]
pub(super) use tests::{format, listed};

use super::block::{self, BlockAlgorithm, BlockCipher, Data, SideBySide};
use super::names::Name;
use crate::errno::{Errno, Result};
use crate::wipe::Depth;
use zeroize::Zeroizing;

/// A cipher with its key.
pub trait Skcipher: Send + Sync {
    /// En- or decrypts `data` from input to output and leaves in `iv` what the kernel's
    /// synchronous generic driver leaves there. EINVAL: not a length that the
    /// algorithm takes. EBADMSG: not a wrapped key. What is in the output after an error is
    /// for the caller to wipe.
    fn crypt(&self, encrypt: bool, iv: &mut [u8], data: Data<'_, '_>) -> Result<()>;

    /// The way for several messages side by side, for CBC encryption, in which blocks wait for one
    /// another. None: that is no faster than one message after the other.
    fn side_by_side(&self) -> Option<&dyn SideBySide> {
        None
    }

    /// The depth of the stack that this takes, for the caller to wipe.
    fn depth(&self) -> Depth {
        Depth::Work
    }
}

/// A cipher with its key, or the reason why it does not take the key.
type Made = Result<Box<dyn Skcipher>>;

/// Takes a key.
type Key = fn(&[u8]) -> Made;

/// The same with the values that it has captured.
type New = Box<dyn Fn(&[u8]) -> Made + Send + Sync>;

/// A cipher without a key.
pub struct SkcipherAlgorithm {
    /// Bytes in a block as the algorithm's users see it: 1 for a stream cipher.
    pub block_size: usize,
    /// Bytes in an IV.
    pub iv_size: usize,
    /// A message may be cut at multiples of this many bytes.
    pub chunk: usize,
    /// It works without a key.
    pub keyless: bool,
    /// Takes a key; EINVAL if it has a wrong length.
    pub new: New,
}

/// A mode, and how the kernel's template derives sizes from the block cipher's.
struct Mode {
    /// The templates around the block cipher in the name, from the outermost.
    templates: &'static [&'static str],
    block_size: Size,
    iv_size: Size,
    chunk: Size,
    /// Bytes in the shortest block that it takes.
    least: usize,
    new: fn(&'static BlockAlgorithm, &[u8]) -> Made,
}

enum Size {
    /// The size of the block cipher's block.
    Block,
    Bytes(usize),
}

use Size::*;

#[rustfmt::skip]
static MODES: &[Mode] = &[
    Mode { templates: &["ecb"], block_size: Block, iv_size: Bytes(0), chunk: Block, least: 1, new: |c, k| plain(c, k, modes::ecb) },
    Mode { templates: &["cbc"], block_size: Block, iv_size: Block, chunk: Block, least: 1, new: cbc },
    Mode { templates: &["pcbc"], block_size: Block, iv_size: Block, chunk: Block, least: 1, new: |c, k| plain(c, k, modes::pcbc) },
    Mode { templates: &["cts", "cbc"], block_size: Block, iv_size: Block, chunk: Block, least: 1, new: |c, k| plain(c, k, modes::cts) },
    Mode { templates: &["ctr"], block_size: Bytes(1), iv_size: Block, chunk: Block, least: 4, new: |c, k| plain(c, k, modes::ctr) },
    Mode { templates: &["xctr"], block_size: Bytes(1), iv_size: Block, chunk: Block, least: 16, new: |c, k| spilling(c, k, modes::xctr) },
    Mode { templates: &["rfc3686", "ctr"], block_size: Bytes(1), iv_size: Bytes(8), chunk: Block, least: 16, new: rfc3686 },
    Mode { templates: &["cfb"], block_size: Bytes(1), iv_size: Block, chunk: Block, least: 1, new: |c, k| spilling(c, k, modes::cfb) },
    Mode { templates: &["ofb"], block_size: Bytes(1), iv_size: Block, chunk: Block, least: 1, new: |c, k| spilling(c, k, modes::ofb) },
    Mode { templates: &["xts"], block_size: Block, iv_size: Block, chunk: Block, least: 16, new: |c, k| Ok(Box::new(tweaked::Xts::new(c, k)?)) },
    Mode { templates: &["lrw"], block_size: Block, iv_size: Block, chunk: Block, least: 16, new: |c, k| Ok(Box::new(tweaked::Lrw::new(c, k)?)) },
    Mode { templates: &["hctr2"], block_size: Block, iv_size: Bytes(32), chunk: Block, least: 16, new: |c, k| Ok(Box::new(hctr2::Hctr2::new(c, k)?)) },
    Mode { templates: &["kw"], block_size: Bytes(8), iv_size: Bytes(8), chunk: Bytes(8), least: 16, new: |c, k| plain(c, k, modes::kw) },
];

/// Name, bytes in an IV, key.
static STREAMS: &[(&str, usize, Key)] = &[
    ("chacha20", 16, |k| Ok(Box::new(chacha::ChaCha20::new(k)?))),
    ("xchacha20", 32, |k| Ok(Box::new(chacha::XChaCha20::new(k)?))),
    ("xchacha12", 32, |k| Ok(Box::new(chacha::XChaCha12::new(k)?))),
];

/// The algorithm of that name, `mode(cipher)` or a stream cipher's.
pub fn find(name: &Name<'_>) -> Option<SkcipherAlgorithm> {
    if let Some(&(_, iv_size, new)) = STREAMS.iter().find(|(known, ..)| name.is(known)) {
        let new = Box::new(new);
        let chunk = chacha::SIZE;
        return Some(SkcipherAlgorithm { block_size: 1, iv_size, chunk, keyless: false, new });
    }
    match name.parts() {
        ("adiantum", [stream, cipher]) => return adiantum::algorithm(stream, cipher),
        ("essiv", [mode, digest]) => return essiv::algorithm(mode, digest),
        _ => {}
    }
    let (mode, cipher) =
        MODES.iter().find_map(|mode| Some((mode, name.within(mode.templates)?)))?;
    let cipher = block::find(cipher)?;
    if cipher.size < mode.least {
        return None;
    }
    let size = |size: &Size| match size {
        Block => cipher.size,
        Bytes(bytes) => *bytes,
    };
    Some(SkcipherAlgorithm {
        block_size: size(&mode.block_size),
        iv_size: size(&mode.iv_size),
        chunk: size(&mode.chunk),
        keyless: *cipher.keys.end() == 0,
        new: Box::new(|key| (mode.new)(cipher, key)),
    })
}

type Crypt = fn(&dyn BlockCipher, bool, &mut [u8], Data<'_, '_>) -> Result<()>;

/// A mode with a key that is the block cipher's.
struct Plain {
    cipher: Box<dyn BlockCipher>,
    crypt: Crypt,
    /// The mode's, where the cipher keeps its blocks in registers.
    depth: Depth,
}

impl Skcipher for Plain {
    fn crypt(&self, encrypt: bool, iv: &mut [u8], data: Data<'_, '_>) -> Result<()> {
        (self.crypt)(&*self.cipher, encrypt, iv, data)
    }

    fn depth(&self) -> Depth {
        pipelined(&*self.cipher, self.depth)
    }
}

/// `depth` of what works with a cipher that has blocks in flight; others take more.
fn pipelined(cipher: &dyn BlockCipher, depth: Depth) -> Depth {
    cipher.pipelined().map_or(Depth::Work, |cipher| cipher.depth(depth))
}

fn plain(algorithm: &BlockAlgorithm, key: &[u8], crypt: Crypt) -> Made {
    Ok(Box::new(Plain { cipher: (algorithm.key)(key)?, crypt, depth: Depth::Shallow }))
}

/// Cipher block chaining.
struct Cbc(Box<dyn BlockCipher>);

fn cbc(algorithm: &'static BlockAlgorithm, key: &[u8]) -> Made {
    Ok(Box::new(Cbc((algorithm.key)(key)?)))
}

impl Skcipher for Cbc {
    fn crypt(&self, encrypt: bool, iv: &mut [u8], data: Data<'_, '_>) -> Result<()> {
        modes::cbc(&*self.0, encrypt, iv, data)
    }

    fn side_by_side(&self) -> Option<&dyn SideBySide> {
        self.0.side_by_side()
    }

    fn depth(&self) -> Depth {
        pipelined(&*self.0, Depth::Shallow)
    }
}

/// A mode with more to spill.
fn spilling(algorithm: &BlockAlgorithm, key: &[u8], crypt: Crypt) -> Made {
    Ok(Box::new(Plain { cipher: (algorithm.key)(key)?, crypt, depth: Depth::Spills }))
}

/// RFC 3686: a nonce at the key's end, the IV, and a counter from 1. The IV stays as it is.
struct Rfc3686 {
    cipher: Box<dyn BlockCipher>,
    nonce: Zeroizing<[u8; 4]>,
}

fn rfc3686(algorithm: &BlockAlgorithm, key: &[u8]) -> Made {
    let (key, nonce) = key.split_last_chunk().ok_or(Errno::INVAL)?;
    // The nonce after the cipher has found the length right: a wrong one may be a lie.
    Ok(Box::new(Rfc3686 { cipher: (algorithm.key)(key)?, nonce: Zeroizing::new(*nonce) }))
}

impl Skcipher for Rfc3686 {
    fn crypt(&self, encrypt: bool, iv: &mut [u8], data: Data<'_, '_>) -> Result<()> {
        let mut counter = [0; 16];
        counter[..4].copy_from_slice(&*self.nonce);
        counter[4..12].copy_from_slice(iv);
        counter[15] = 1;
        modes::ctr(&*self.cipher, encrypt, &mut counter, data)
    }

    fn depth(&self) -> Depth {
        pipelined(&*self.cipher, Depth::Shallow)
    }
}
