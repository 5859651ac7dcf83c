// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! A few algorithms as a textbook writes them, over one block of AES or over one call of SHA-256.
//!
//! References: NIST SP 800-38A, SP 800-38D; IEEE 1619; RFC 2104.

use aes::{Aes128, Aes192, Aes256};
use cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use sha2::{Digest, Sha256};

pub type Block = [u8; 16];
type Permutation = Box<dyn Fn(Block) -> Block>;

/// AES with a key.
struct Aes {
    encrypt: Permutation,
    decrypt: Permutation,
}

impl Aes {
    fn new(key: &[u8]) -> Option<Self> {
        fn of<C>(key: &[u8]) -> Option<Aes>
        where
            C: KeyInit + BlockCipherEncrypt + BlockCipherDecrypt + Clone + 'static,
            cipher::Block<C>: From<Block> + Into<Block>,
        {
            let cipher = C::new_from_slice(key).ok()?;
            let same = cipher.clone();
            Some(Aes {
                encrypt: Box::new(move |block| {
                    let mut block = block.into();
                    cipher.encrypt_block(&mut block);
                    block.into()
                }),
                decrypt: Box::new(move |block| {
                    let mut block = block.into();
                    same.decrypt_block(&mut block);
                    block.into()
                }),
            })
        }
        match key.len() {
            16 => of::<Aes128>(key),
            24 => of::<Aes192>(key),
            _ => of::<Aes256>(key),
        }
    }
}

fn xor(a: Block, b: &[u8]) -> Block {
    let mut sum = a;
    sum.iter_mut().zip(b).for_each(|(a, b)| *a ^= b);
    sum
}

/// A symmetric cipher. It returns the message's result, and replaces the IV by the one after the
/// message.
pub fn cipher(
    name: &str,
    key: &[u8],
    encrypt: bool,
    iv: &mut Block,
    data: &[u8],
) -> Option<Vec<u8>> {
    if name != "ctr(aes)" && !data.len().is_multiple_of(16) {
        return None;
    }
    let half = if name == "xts(aes)" { key.len() / 2 } else { key.len() };
    let aes = Aes::new(&key[..half])?;
    let permutation = if encrypt { &aes.encrypt } else { &aes.decrypt };
    let blocks = || data.chunks(16).map(|chunk| xor([0; 16], chunk));
    let mut result = Vec::new();
    match name {
        "ecb(aes)" => blocks().for_each(|block| result.extend(permutation(block))),
        "cbc(aes)" => {
            for block in blocks() {
                let out =
                    if encrypt { permutation(xor(block, iv)) } else { xor(permutation(block), iv) };
                *iv = if encrypt { out } else { block };
                result.extend(out);
            }
        }
        "ctr(aes)" => {
            for chunk in data.chunks(16) {
                result.extend(&xor((aes.encrypt)(*iv), chunk)[..chunk.len()]);
                *iv = u128::from_be_bytes(*iv).wrapping_add(1).to_be_bytes();
            }
        }
        "xts(aes)" => {
            let mut tweak = (Aes::new(&key[half..])?.encrypt)(*iv);
            for block in blocks() {
                result.extend(xor(permutation(xor(block, &tweak)), &tweak));
                let doubled = u128::from_le_bytes(tweak);
                tweak = (doubled << 1 ^ if doubled >> 127 == 1 { 0x87 } else { 0 }).to_le_bytes();
            }
        }
        _ => return None,
    }
    Some(result)
}

/// gcm(aes) in encryption: `AAD || text` to `AAD || ciphertext || tag`.
pub fn gcm(
    key: &[u8],
    iv: &[u8],
    assoclen: usize,
    message: &[u8],
    tag_len: usize,
) -> Option<Vec<u8>> {
    // It is slow, because it goes bit by bit.
    if message.len() > 4096 {
        return None;
    }
    let aes = Aes::new(key)?;
    let (aad, text) = message.split_at_checked(assoclen)?;
    let mut counter = xor([0; 16], iv);
    counter[15] = 1;
    let mask = (aes.encrypt)(counter);
    let mut result = aad.to_vec();
    for chunk in text.chunks(16) {
        let number = u32::from_be_bytes(*counter.last_chunk()?).wrapping_add(1);
        counter[12..].copy_from_slice(&number.to_be_bytes());
        result.extend(&xor((aes.encrypt)(counter), chunk)[..chunk.len()]);
    }
    let key = u128::from_be_bytes((aes.encrypt)([0; 16]));
    let mut lengths = [0; 16];
    lengths[..8].copy_from_slice(&(aad.len() as u64 * 8).to_be_bytes());
    lengths[8..].copy_from_slice(&(text.len() as u64 * 8).to_be_bytes());
    let mut hash = 0;
    for chunk in aad.chunks(16).chain(result[assoclen..].chunks(16)).chain([&lengths[..]]) {
        hash = multiply(hash ^ u128::from_be_bytes(xor([0; 16], chunk)), key);
    }
    result.extend(&xor(mask, &hash.to_be_bytes())[..tag_len]);
    Some(result)
}

/// SP 800-38D, algorithm 1: the field's product, bit by bit.
fn multiply(x: u128, y: u128) -> u128 {
    let (mut product, mut power) = (0, y);
    for bit in (0..128).rev() {
        if x >> bit & 1 == 1 {
            product ^= power;
        }
        power = power >> 1 ^ if power & 1 == 1 { 0xe1 << 120 } else { 0 };
    }
    product
}

/// A digest, of SHA-256 or its HMAC.
pub fn digest(name: &str, key: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let hash = |parts: &[&[u8]]| Sha256::digest(parts.concat()).to_vec();
    match name {
        "sha256" => Some(hash(&[message])),
        "hmac(sha256)" => {
            let mut block = if key.len() > 64 { hash(&[key]) } else { key.to_vec() };
            block.resize(64, 0);
            let pad = |byte| block.iter().map(|key| key ^ byte).collect::<Vec<_>>();
            Some(hash(&[&pad(0x5c), &hash(&[&pad(0x36), message])]))
        }
        _ => None,
    }
}
