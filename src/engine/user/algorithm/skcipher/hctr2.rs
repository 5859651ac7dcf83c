// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! HCTR2, which encrypts a message of any length as if it were one block.
//!
//! References: Crowley, Huckleberry, Biggers, “Length-preserving encryption with HCTR2” (2021), whose
//! names of values stand in the comments; Linux `crypto/hctr2.c`. The IV is the tweak and stays as it
//! is.

use super::{Skcipher, modes};
use crate::engine::user::algorithm::block::{BlockAlgorithm, BlockCipher, Data, xor};
use crate::errno::{Errno, Result};
use cipher::Array;
use polyval::Polyval;
use polyval::universal_hash::UniversalHash;
use zeroize::Zeroizing;

/// Bytes in a block.
const SIZE: usize = 16;

/// A key.
pub struct Hctr2 {
    cipher: Box<dyn BlockCipher>,
    /// Its key is a block of zeros, encrypted.
    polyval: Polyval,
    /// The number one, encrypted: L.
    mask: Zeroizing<[u8; SIZE]>,
}

impl Hctr2 {
    pub fn new(algorithm: &BlockAlgorithm, key: &[u8]) -> Result<Self> {
        let cipher = (algorithm.key)(key)?;
        let mut made = Zeroizing::new([[0; SIZE]; 2]);
        made[1][0] = 1;
        cipher.encrypt(made.as_flattened_mut());
        let [hash_key, mask] = &*made;
        Ok(Self { polyval: Polyval::new(hash_key.into()), mask: Zeroizing::new(*mask), cipher })
    }

    /// The hash of the tweak and of all blocks but the first. A last block that is not whole is padded
    /// with a one and zeros.
    fn hash(&self, tweak: &[u8], message: &[u8]) -> Zeroizing<[u8; SIZE]> {
        let (blocks, rest) = message.as_chunks();
        let head = 16 * tweak.len() as u128 + if rest.is_empty() { 2 } else { 3 };
        let mut polyval = self.polyval.clone();
        polyval.update(&[head.to_le_bytes().into()]);
        polyval.update(Array::cast_slice_from_core(tweak.as_chunks().0));
        polyval.update(Array::cast_slice_from_core(blocks));
        if !rest.is_empty() {
            let mut last = Zeroizing::new([0; SIZE]);
            last[..rest.len()].copy_from_slice(rest);
            last[rest.len()] = 1;
            polyval.update(&[(*last).into()]);
        }
        Zeroizing::new(polyval.finalize().into())
    }
}

impl Skcipher for Hctr2 {
    fn crypt(&self, encrypt: bool, iv: &mut [u8], data: Data<'_, '_>) -> Result<()> {
        if data.len() < SIZE {
            return Err(Errno::INVAL);
        }
        let (first, rest) = data.into_out_with_copied_in().split_at_mut(SIZE);
        xor(first, &*self.hash(iv, rest));
        // S, the IV of XCTR, is the block before the cipher XORed with the block behind it and with L.
        let mut counter = self.mask.clone();
        xor(&mut *counter, first);
        if encrypt {
            self.cipher.encrypt(first)
        } else {
            self.cipher.decrypt(first)
        }
        xor(&mut *counter, first);
        modes::xctr(&*self.cipher, encrypt, &mut *counter, (&mut *rest).into())?;
        xor(first, &*self.hash(iv, rest));
        Ok(())
    }
}
