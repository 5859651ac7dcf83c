// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Adiantum, which encrypts a message of any length as if it were one block, and is fast without
//! instructions for AES: almost all of the work is done by XChaCha and NH.
//!
//! References: Crowley and Biggers, “Adiantum: length-preserving encryption for entry-level
//! processors” (2018); Linux `crypto/adiantum.c`. The IV is the tweak and stays as it is.

use super::{Skcipher, SkcipherAlgorithm};
use crate::engine::user::algorithm::block::{self, BlockCipher, Data};
use crate::engine::user::algorithm::names::Name;
use crate::engine::user::algorithm::poly1305::Poly1305;
use crate::errno::{Errno, Result};
use zeroize::Zeroizing;

/// Bytes in a block.
const SIZE: usize = 16;

/// Bytes in a tweak, and in the IV of XChaCha.
const TWEAK: usize = 32;

/// Bytes in the block cipher's key.
const CIPHER_KEY: usize = 32;

/// NH's passes over a message, each of which gives 8 bytes.
const PASSES: usize = 4;

/// Bytes that NH hashes at once.
const PIECE: usize = 1024;

/// Bytes of NH's key: each pass begins a block further on in it.
const NH_KEY: usize = PIECE + SIZE * (PASSES - 1);

/// `adiantum(stream,cipher)`.
pub fn algorithm(stream: &Name<'_>, cipher: &Name<'_>) -> Option<SkcipherAlgorithm> {
    if !stream.is("xchacha12") && !stream.is("xchacha20") {
        return None;
    }
    let stream = super::find(stream)?;
    let cipher = block::find(cipher)
        .filter(|cipher| cipher.size == SIZE && cipher.keys.contains(&CIPHER_KEY))?;
    let new = move |key: &[u8]| {
        let stream = (stream.new)(key)?;
        // Filled where it stays.
        let mut keys = Zeroizing::new(vec![0; CIPHER_KEY + 2 * SIZE + NH_KEY]);
        let mut nonce = [0; TWEAK];
        nonce[0] = 1;
        stream.crypt(true, &mut nonce, keys.as_mut_slice().into())?;
        Ok(Box::new(Adiantum { cipher: (cipher.key)(&keys[..CIPHER_KEY])?, stream, keys }) as _)
    };
    Some(SkcipherAlgorithm {
        block_size: SIZE,
        iv_size: TWEAK,
        chunk: SIZE,
        keyless: false,
        new: Box::new(new),
    })
}

/// A key.
struct Adiantum {
    stream: Box<dyn Skcipher>,
    cipher: Box<dyn BlockCipher>,
    /// The block cipher's key, Poly1305's for the tweak, Poly1305's for the message, NH's.
    keys: Zeroizing<Vec<u8>>,
}

impl Adiantum {
    /// Poly1305 with the key at that place, and nothing added to its tag.
    fn poly1305(&self, at: usize) -> Poly1305 {
        let mut key = Zeroizing::new([0; 32]);
        key[..SIZE].copy_from_slice(&self.keys[at..][..SIZE]);
        Poly1305::new(&key)
    }

    /// The hash of the tweak and of all but the last block: a number, of the bytes as little-endian.
    fn hash(&self, tweak: &[u8], message: &[u8]) -> u128 {
        let mut head = self.poly1305(CIPHER_KEY);
        head.update_padded(&(8 * message.len() as u128).to_le_bytes());
        head.update_padded(tweak);
        let mut poly = self.poly1305(CIPHER_KEY + SIZE);
        let (nh_key, _) = self.keys[CIPHER_KEY + 2 * SIZE..].as_chunks();
        message.chunks(PIECE).for_each(|piece| poly.update_padded(&*nh(nh_key, piece)));
        u128::from_le_bytes(head.tag()).wrapping_add(u128::from_le_bytes(poly.tag()))
    }
}

/// NH of one piece, with zeros up to the end of a block.
fn nh(key: &[[u8; SIZE]], piece: &[u8]) -> Zeroizing<[u8; 8 * PASSES]> {
    let mut sums = Zeroizing::new([0; PASSES]);
    let (blocks, rest) = piece.as_chunks();
    let mut last = Zeroizing::new([0; SIZE]);
    last[..rest.len()].copy_from_slice(rest);
    let last = Some(&*last).filter(|_| !rest.is_empty());
    for (i, block) in blocks.iter().chain(last).enumerate() {
        for (sum, key) in sums.iter_mut().zip(&key[i..]) {
            *sum = add_products(*sum, block, key);
        }
    }
    let mut hash = Zeroizing::new([0; 8 * PASSES]);
    hash.as_chunks_mut().0.iter_mut().zip(&*sums).for_each(|(to, sum)| *to = sum.to_le_bytes());
    hash
}

/// A block and a key, word by word, give two factors of each of two products.
fn add_products(sum: u64, block: &[u8; SIZE], key: &[u8; SIZE]) -> u64 {
    let word = |bytes: &[u8; SIZE], i: usize| {
        u32::from_le_bytes([0, 1, 2, 3].map(|byte| bytes[4 * i + byte]))
    };
    let factor = |i| u64::from(word(block, i).wrapping_add(word(key, i)));
    let product = |i, j| factor(i).wrapping_mul(factor(j));
    sum.wrapping_add(product(0, 2)).wrapping_add(product(1, 3))
}

impl Skcipher for Adiantum {
    fn crypt(&self, encrypt: bool, iv: &mut [u8], data: Data<'_, '_>) -> Result<()> {
        let len = data.len().checked_sub(SIZE).ok_or(Errno::INVAL)?;
        let (message, last) = data.into_out_with_copied_in().split_at_mut(len);
        let last = last.first_chunk_mut().ok_or(Errno::INVAL)?;
        *last = u128::from_le_bytes(*last).wrapping_add(self.hash(iv, message)).to_le_bytes();
        if encrypt {
            self.cipher.encrypt(last);
        }
        // The block that the cipher gives, or is about to take, is the nonce's beginning.
        let mut nonce = Zeroizing::new([0; TWEAK]);
        nonce[..SIZE].copy_from_slice(last);
        nonce[SIZE] = 1;
        self.stream.crypt(encrypt, &mut *nonce, (&mut *message).into())?;
        if !encrypt {
            self.cipher.decrypt(last);
        }
        *last = u128::from_le_bytes(*last).wrapping_sub(self.hash(iv, message)).to_le_bytes();
        Ok(())
    }
}
