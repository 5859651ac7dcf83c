// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! CCM: NIST SP 800-38C, RFC 3610, Linux `crypto/ccm.c`.
//!
//! The IV has 16 bytes there: how many bytes the counter has, less one; the nonce;
//! zeros where the counter goes.

use super::padded::{Blocks, Padded};
use super::{Aead, give, verify};
use crate::engine::user::algorithm::block::{BlockCipher, Data, Pipelined, cbc_mac, xor};
use crate::engine::user::algorithm::skcipher::modes::ctr;
use crate::errno::{Errno, Result};
use crate::wipe::Depth;
use crate::wipe::wipe_bytes;
use zeroize::Zeroizing;

/// Bytes in an IV.
pub const IV: usize = 16;

/// Bytes from which on a message gains by one pass.
const ONE_PASS_FROM: usize = 256;

/// A key.
pub struct Ccm {
    cipher: Box<dyn BlockCipher>,
}

/// CBC, of which only the last block is of interest.
struct CbcMac<'a> {
    cipher: &'a dyn BlockCipher,
    state: Zeroizing<[u8; 16]>,
    scratch: [u8; 256],
}

impl Drop for CbcMac<'_> {
    fn drop(&mut self) {
        wipe_bytes(&mut self.scratch);
    }
}

impl Blocks for CbcMac<'_> {
    fn update(&mut self, blocks: &[[u8; 16]]) {
        cbc_mac(self.cipher, &mut *self.state, blocks.as_flattened(), &mut self.scratch);
    }
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
    ) -> Result<Padded<CbcMac<'_>>> {
        let counter_len = usize::from(counter[0]) + 1;
        let data_len = u32::try_from(data_len).map_err(|_| Errno::INVAL)?;
        // The kernel takes the one length that is just too long.
        if counter_len < 4 && data_len > 1 << (8 * counter_len) {
            return Err(Errno::OVERFLOW);
        }
        if !(4..=16).contains(&tag_len) {
            return Err(Errno::INVAL);
        }
        let mut first = *counter;
        first[0] |= (tag_len as u8 - 2) / 2 * 8 + if aad.is_empty() { 0 } else { 64 };
        let bytes = counter_len.min(4);
        first[16 - bytes..].copy_from_slice(&data_len.to_be_bytes()[4 - bytes..]);

        let (state, scratch) = (Zeroizing::new([0; 16]), [0; 256]);
        let mut mac = Padded::new(CbcMac { cipher: &*self.cipher, state, scratch });
        mac.push(&first);
        match u32::try_from(aad.len()).map_err(|_| Errno::INVAL)? {
            0 => {}
            len @ 1..0xff00 => mac.push(&len.to_be_bytes()[2..]),
            len => {
                mac.push(&[0xff, 0xfe]);
                mac.push(&len.to_be_bytes());
            }
        }
        mac.push(aad);
        mac.pad();
        Ok(mac)
    }

    /// En- or decrypts data, adds the plaintext to `mac`, and returns the tag.
    fn crypt(
        &self,
        encrypts: bool,
        counter: &[u8; IV],
        mut mac: Padded<CbcMac<'_>>,
        mut data: Data<'_, '_>,
    ) -> Result<Zeroizing<[u8; 16]>> {
        let mut tag = Zeroizing::new(*counter);
        self.cipher.encrypt(&mut *tag);
        let mut counter = u128::from_be_bytes(*counter).wrapping_add(1);
        let pipelined = self.cipher.pipelined().filter(|_| data.len() >= ONE_PASS_FROM);
        let sum = &mut mac.mac.state;
        let one_pass = |cipher: &dyn Pipelined| {
            cipher.ctr_with_mac(encrypts, sum, &mut counter, data.reborrow())
        };
        let done = pipelined.map_or(0, one_pass);
        let (_, mut rest) = data.split_at(done);
        if encrypts {
            mac.push(rest.get_in());
        }
        ctr(&*self.cipher, true, &mut counter.to_be_bytes(), rest.reborrow())?;
        if !encrypts {
            mac.push(rest.into_out());
        }
        mac.pad();
        xor(&mut *tag, &*mac.mac.state);
        Ok(tag)
    }
}

impl Aead for Ccm {
    fn seal(&self, iv: &[u8], aad: &mut [u8], data: Data<'_, '_>, tag: &mut [u8]) -> Result<()> {
        let counter = Self::counter(iv)?;
        let mac = self.begin(&counter, aad, data.len(), tag.len())?;
        give(&*self.crypt(true, &counter, mac, data)?, tag)
    }

    /// The plaintext is authenticated, so it must be decrypted first; it is wiped again unless the tag
    /// is right.
    fn open(&self, iv: &[u8], aad: &mut [u8], mut data: Data<'_, '_>, tag: &[u8]) -> Result<()> {
        let counter = Self::counter(iv)?;
        let mac = self.begin(&counter, aad, data.len(), tag.len())?;
        let computed = self.crypt(false, &counter, mac, data.reborrow())?;
        let result = verify(&*computed, tag);
        if result.is_err() {
            wipe_bytes(data.into_out());
        }
        result
    }

    fn depth(&self) -> Depth {
        if self.cipher.pipelined().is_some() { Depth::Spills } else { Depth::Deep }
    }
}
