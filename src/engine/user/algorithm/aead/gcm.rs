// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! GCM: NIST SP 800-38D, Linux `crypto/gcm.c`; IVs of 12 bytes only, as there.

#[cfg(target_arch = "x86_64")]
mod aesni;
mod ghash;
#[cfg(target_arch = "x86_64")]
mod kernels;
#[cfg(target_arch = "x86_64")]
mod vaes256;
#[cfg(target_arch = "x86_64")]
mod vaes512;

use super::padded::Padded;
use super::{Aead, give, verify};
use crate::engine::user::algorithm::block::{BlockAlgorithm, BlockCipher, Data, xor};
use crate::engine::user::algorithm::skcipher::modes::ctr;
use crate::errno::{Errno, Result};
use crate::wipe::Depth;
use ghash::{Hash, Key};
use zeroize::Zeroizing;

#[cfg(target_arch = "x86_64")]
use {aesni::AesNi, vaes256::Vaes256, vaes512::Vaes512};

/// Bytes in a block.
#[cfg(target_arch = "x86_64")]
const BLOCK: usize = 16;

/// Bytes in an IV.
pub const IV: usize = 12;

/// Encrypted and authenticated in turn while it is in the cache.
const CACHED: usize = 16 << 10;

/// A key.
pub struct Gcm {
    cipher: Box<dyn BlockCipher>,
    ghash: Key,
}

/// One message's state.
struct Message<'a> {
    cipher: &'a dyn BlockCipher,
    counter: [u8; 16],
    hash: Padded<Hash<'a>>,
    /// The encrypted counter that is XORed into the hash.
    mask: Zeroizing<[u8; 16]>,
}

impl Gcm {
    /// With blocks of 16 bytes.
    pub fn new(cipher: Box<dyn BlockCipher>) -> Self {
        let mut key = Zeroizing::new([0; 16]);
        cipher.encrypt(&mut *key);
        Self { ghash: Key::new(&key), cipher }
    }

    fn message(&self, iv: &[u8]) -> Result<Message<'_>> {
        if iv.len() != IV {
            return Err(Errno::INVAL);
        }
        let mut counter = [0; 16];
        counter[..IV].copy_from_slice(iv);
        counter[15] = 1;
        let mut mask = Zeroizing::new(counter);
        self.cipher.encrypt(&mut *mask);
        counter[15] = 2;
        let hash = Padded::new(self.ghash.begin());
        Ok(Message { cipher: &*self.cipher, counter, hash, mask })
    }
}

/// GCM that only authenticates.
pub trait Gmac: Send + Sync {
    /// The tag of a message that is all AAD, given in pieces.
    fn authenticate(&self, iv: &[u8], pieces: [&[u8]; 2]) -> Result<Zeroizing<[u8; 16]>>;

    /// The depth of the stack that this takes.
    fn depth(&self) -> Depth {
        Depth::Work
    }
}

/// GCM and GMAC with one key.
pub trait Both: Aead + Gmac {}

impl<T: Aead + Gmac> Both for T {}

/// The fastest that there is for that cipher and key.
pub fn fastest(cipher: &BlockAlgorithm, key: &[u8]) -> Result<Box<dyn Both>> {
    #[cfg(target_arch = "x86_64")]
    if cipher.name == "aes" {
        let fast = boxed(Vaes512::new(key));
        let fast = fast.or_else(|| boxed(Vaes256::new(key)));
        if let Some(fast) = fast.or_else(|| boxed(AesNi::new(key))) {
            return fast;
        }
    }
    Ok(Box::new(Gcm::new((cipher.key)(key)?)))
}

#[cfg(target_arch = "x86_64")]
fn boxed(kernel: Option<Result<Box<impl Both + 'static>>>) -> Option<Result<Box<dyn Both>>> {
    kernel.map(|kernel| kernel.map(|kernel| kernel as _))
}

impl Gmac for Gcm {
    fn authenticate(&self, iv: &[u8], pieces: [&[u8]; 2]) -> Result<Zeroizing<[u8; 16]>> {
        let mut message = self.message(iv)?;
        pieces.iter().for_each(|piece| message.hash.push(piece));
        message.hash.pad();
        Ok(message.tag(pieces[0].len() + pieces[1].len(), 0))
    }
}

impl Message<'_> {
    fn aad(&mut self, aad: &[u8]) {
        self.hash.push(aad);
        self.hash.pad();
    }

    fn tag(mut self, aad: usize, data: usize) -> Zeroizing<[u8; 16]> {
        let mut lengths = [0; 16];
        lengths[..8].copy_from_slice(&(aad as u64 * 8).to_be_bytes());
        lengths[8..].copy_from_slice(&(data as u64 * 8).to_be_bytes());
        self.hash.push(&lengths);
        xor(&mut *self.mask, &*self.hash.mac.finish());
        self.mask
    }
}

impl Aead for Gcm {
    fn seal(&self, iv: &[u8], aad: &mut [u8], data: Data<'_, '_>, tag: &mut [u8]) -> Result<()> {
        let (mut message, len) = (self.message(iv)?, data.len());
        message.aad(aad);
        let mut rest = data;
        while !rest.is_empty() {
            let now = rest.len().min(CACHED);
            let (mut data, later) = rest.split_at(now);
            ctr(message.cipher, true, &mut message.counter, data.reborrow())?;
            message.hash.push(data.get_out());
            rest = later;
        }
        message.hash.pad();
        give(&*message.tag(aad.len(), len), tag)
    }

    fn open(&self, iv: &[u8], aad: &mut [u8], data: Data<'_, '_>, tag: &[u8]) -> Result<()> {
        let mut message = self.message(iv)?;
        message.aad(aad);
        message.hash.push(data.get_in());
        message.hash.pad();
        let mut counter = message.counter;
        verify(&*message.tag(aad.len(), data.len()), tag)?;
        ctr(&*self.cipher, false, &mut counter, data)
    }

    fn depth(&self) -> Depth {
        Depth::Deep
    }
}
