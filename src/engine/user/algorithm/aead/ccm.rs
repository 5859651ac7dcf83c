// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! CCM: NIST SP 800-38C, RFC 3610, Linux `crypto/ccm.c`.
//!
//! The IV has 16 bytes there: how many bytes the counter has, less one; the nonce;
//! zeros where the counter goes.

use super::{Aead, give, verify};
use crate::engine::user::algorithm::block::{BlockCipher, Data, Pipelined, cbc_mac, xor};
use crate::engine::user::algorithm::skcipher::modes::count;
use crate::errno::{Errno, Result};
use crate::wipe::{Depth, Wiped, wipe_bytes};

/// Bytes in an IV.
pub const IV: usize = 16;

/// Bytes of what comes before the data that are collected, so that they are one call of the cipher: the first block,
/// and of the AAD as much as most messages have.
const HEAD: usize = 64;

/// A key.
pub struct Ccm {
    cipher: Box<dyn BlockCipher>,
}

impl Ccm {
    /// With blocks of 16 bytes.
    pub fn new(cipher: Box<dyn BlockCipher>) -> Self {
        Self { cipher }
    }

    /// The counter at 0, which encrypts the tag.
    fn counter(iv: &[u8]) -> Result<[u8; IV]> {
        let mut counter: [u8; IV] = iv.try_into().map_err(|_| Errno::INVAL)?;
        if !(1..=7).contains(&counter[0]) {
            return Err(Errno::INVAL);
        }
        let start = 15 - usize::from(counter[0]);
        counter[start..].fill(0);
        Ok(counter)
    }

    /// The MAC of what comes before the data. EOVERFLOW: the counter has too few bytes for so long a message.
    fn begin(
        &self,
        counter: &[u8; IV],
        aad: &[u8],
        data_len: usize,
        tag_len: usize,
        sum: &mut [u8; 16],
    ) -> Result<()> {
        let counter_len = usize::from(counter[0]) + 1;
        let data_len = u32::try_from(data_len).map_err(|_| Errno::INVAL)?;
        // The kernel takes the one length that is just too long.
        if counter_len < 4 && data_len > 1 << (8 * counter_len) {
            return Err(Errno::OVERFLOW);
        }
        if !(4..=16).contains(&tag_len) {
            return Err(Errno::INVAL);
        }
        let mut head = [0; HEAD];
        let (first, behind) = head.split_at_mut(16);
        first.copy_from_slice(counter);
        first[0] |= (tag_len as u8 - 2) / 2 * 8 + if aad.is_empty() { 0 } else { 64 };
        let bytes = counter_len.min(4);
        first[16 - bytes..].copy_from_slice(&data_len.to_be_bytes()[4 - bytes..]);
        let prefix = match u32::try_from(aad.len()).map_err(|_| Errno::INVAL)? {
            0 => 0,
            len @ 1..0xff00 => {
                behind[..2].copy_from_slice(&len.to_be_bytes()[2..]);
                2
            }
            len => {
                behind[..2].copy_from_slice(&[0xff, 0xfe]);
                behind[2..6].copy_from_slice(&len.to_be_bytes());
                6
            }
        };
        let (now, later) = aad.split_at(aad.len().min(HEAD - 16 - prefix));
        behind[prefix..][..now.len()].copy_from_slice(now);
        let used = (16 + prefix + now.len()).next_multiple_of(16);
        cbc_mac(&*self.cipher, sum, &head[..used]);
        self.add_padded(sum, later);
        Ok(())
    }

    /// Adds bytes to the MAC, and zeros up to the end of their last block.
    fn add_padded(&self, sum: &mut [u8; 16], bytes: &[u8]) {
        let (blocks, rest) = bytes.as_chunks::<16>();
        if !blocks.is_empty() {
            cbc_mac(&*self.cipher, sum, blocks.as_flattened());
        }
        if !rest.is_empty() {
            let mut last = Wiped::<16>::ZEROS;
            last[..rest.len()].copy_from_slice(rest);
            cbc_mac(&*self.cipher, sum, &*last);
        }
    }

    /// En- or decrypts data, adds the plaintext to `sum`, and makes the tag of it.
    fn crypt(
        &self,
        encrypts: bool,
        counter: &[u8; IV],
        sum: &mut [u8; 16],
        mut data: Data<'_, '_>,
    ) {
        let mut key_of_tag = Wiped::<16>::ZEROS;
        *key_of_tag = *counter;
        self.cipher.encrypt(&mut *key_of_tag);
        let mut counter = u128::from_be_bytes(*counter).wrapping_add(1);
        let one_pass = |cipher: &dyn Pipelined| {
            cipher.ctr_with_mac(encrypts, sum, &mut counter, data.reborrow())
        };
        let done = self.cipher.pipelined().map_or(0, one_pass);
        let (_, mut rest) = data.split_at(done);
        if !rest.is_empty() {
            if encrypts {
                self.add_padded(sum, rest.get_in());
            }
            count(&*self.cipher, &mut counter, rest.reborrow());
            if !encrypts {
                self.add_padded(sum, rest.into_out());
            }
        }
        xor(sum, &*key_of_tag);
    }
}

impl Aead for Ccm {
    fn seal(&self, iv: &[u8], aad: &mut [u8], data: Data<'_, '_>, tag: &mut [u8]) -> Result<()> {
        let counter = Self::counter(iv)?;
        let mut sum = Wiped::<16>::ZEROS;
        self.begin(&counter, aad, data.len(), tag.len(), &mut sum)?;
        self.crypt(true, &counter, &mut sum, data);
        give(&*sum, tag)
    }

    /// The plaintext is authenticated, so it must be decrypted first; it is wiped again unless the tag
    /// is right.
    fn open(&self, iv: &[u8], aad: &mut [u8], mut data: Data<'_, '_>, tag: &[u8]) -> Result<()> {
        let counter = Self::counter(iv)?;
        let mut sum = Wiped::<16>::ZEROS;
        self.begin(&counter, aad, data.len(), tag.len(), &mut sum)?;
        self.crypt(false, &counter, &mut sum, data.reborrow());
        let result = verify(&*sum, tag);
        if result.is_err() {
            wipe_bytes(data.into_out());
        }
        result
    }

    fn depth(&self) -> Depth {
        self.cipher.pipelined().map_or(Depth::Deep, |cipher| cipher.depth(Depth::Shallow))
    }
}
