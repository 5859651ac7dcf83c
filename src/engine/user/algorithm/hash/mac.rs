// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! MACs made of block ciphers: CMAC (RustCrypto's) and XCBC.
//!
//! References: NIST SP 800-38B; RFC 3566; Linux `crypto/cmac.c`, `crypto/xcbc.c`, which
//! takes AES keys of all three lengths.

use super::{HashAlgorithm, Hasher, Key, State};
use crate::engine::user::algorithm::names::Name;
use crate::errno::{Errno, Result};
use crate::wipe::Depth;
use aes::cipher::{Array, BlockCipherEncrypt, KeyInit};
use aes::{Aes128, Aes192, Aes256};
use cmac::Cmac;
use digest::InnerInit;
use digest::block_api::BlockSizeUser;
use zeroize::{Zeroize, Zeroizing};

/// Name, block size, key. A digest has the length of a block.
pub const MACS: &[(&str, u32, Key)] = &[
    ("cmac(aes)", 16, |key| match key.len() {
        16 => cmac::<Aes128>(key),
        24 => cmac::<Aes192>(key),
        _ => cmac::<Aes256>(key),
    }),
    #[cfg(feature = "legacy")]
    ("cmac(des3_ede)", 8, cmac::<des::TdesEde3>),
    ("xcbc(aes)", 16, |key| match key.len() {
        16 => xcbc::<Aes128>(key),
        24 => xcbc::<Aes192>(key),
        _ => xcbc::<Aes256>(key),
    }),
];

/// The MAC with the canonical name `name`.
pub fn find(name: &Name<'_>) -> Option<HashAlgorithm> {
    let text = name.to_string();
    let &(_, block_size, key) = MACS.iter().find(|(known, ..)| *known == text)?;
    Some(HashAlgorithm {
        block_size,
        digest_size: block_size,
        plain: None,
        keyed: Some(Box::new(key)),
        depth: Depth::Spills,
    })
}

fn cmac<C>(key: &[u8]) -> Result<Box<dyn Hasher>>
where
    C: cmac::block_api::CmacCipher + KeyInit + Clone + Send + Sync + 'static,
{
    let cipher = C::new_from_slice(key).map_err(|_| Errno::INVAL)?;
    Ok(Box::new(State(Cmac::inner_init(cipher))))
}

const BLOCK: usize = 16;

/// XCBC with AES: CBC-MAC under a derived key, and two more for the last block.
#[derive(Clone)]
struct Xcbc {
    cipher: Aes128,
    /// For a last block that is whole, and for one that was padded.
    last: [[u8; BLOCK]; 2],
    sum: [u8; BLOCK],
    /// Bytes of `sum` that data have been added to since it was encrypted.
    filled: usize,
}

fn xcbc<C>(key: &[u8]) -> Result<Box<dyn Hasher>>
where
    C: BlockCipherEncrypt + KeyInit + BlockSizeUser<BlockSize = digest::consts::U16>,
{
    let cipher = C::new_from_slice(key).map_err(|_| Errno::INVAL)?;
    let derive = |byte| {
        let mut block = Array::from([byte; BLOCK]);
        cipher.encrypt_block(&mut block);
        block.0
    };
    let first = Zeroizing::new(derive(1));
    Ok(Box::new(Xcbc {
        cipher: Aes128::new(&Array::from(*first)),
        last: [derive(2), derive(3)],
        sum: [0; BLOCK],
        filled: 0,
    }))
}

impl Xcbc {
    fn encrypt(&mut self) {
        let mut block = Array::from(self.sum);
        self.cipher.encrypt_block(&mut block);
        self.sum = block.0;
        self.filled = 0;
    }

    /// The last block.
    fn end(&mut self) {
        let padded = self.filled < BLOCK;
        if padded {
            self.sum[self.filled] ^= 0x80;
        }
        let last = self.last[usize::from(padded)];
        self.sum.iter_mut().zip(last).for_each(|(sum, byte)| *sum ^= byte);
        self.encrypt();
    }
}

impl Hasher for Xcbc {
    fn fork(&self) -> Box<dyn Hasher> {
        Box::new(self.clone())
    }

    fn update(&mut self, mut data: &[u8]) {
        while !data.is_empty() {
            // The last block is kept back, however whole it is.
            if self.filled == BLOCK {
                self.encrypt();
            }
            let (now, later) = data.split_at(data.len().min(BLOCK - self.filled));
            self.sum[self.filled..].iter_mut().zip(now).for_each(|(sum, byte)| *sum ^= byte);
            self.filled += now.len();
            data = later;
        }
    }

    fn digest(&self, message: &[u8], digest: &mut [u8]) {
        let mut state = self.clone();
        state.update(message);
        state.end();
        digest.copy_from_slice(&state.sum);
    }
}

impl Drop for Xcbc {
    fn drop(&mut self) {
        self.last.zeroize();
        self.sum.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::find;
    use super::*;

    fn mac(name: &str, key: &[u8], data: &[u8]) -> String {
        let mut state = find(name).unwrap().keyed.unwrap()(key).unwrap().fork();
        data.chunks(7).for_each(|piece| state.update(piece));
        let mut digest = vec![0; find(name).unwrap().digest_size as usize];
        state.finish(&mut digest);
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn counting(len: u8) -> Vec<u8> {
        (0..len).collect()
    }

    #[test]
    fn cmac_of_sp_800_38b() {
        // Example 1 and 3 of D.1, as RFC 4493 has them too.
        let key = 0x2b7e151628aed2a6abf7158809cf4f3cu128.to_be_bytes();
        let block = 0x6bc1bee22e409f96e93d7e117393172au128.to_be_bytes();
        assert_eq!(mac("cmac(aes)", &key, b""), "bb1d6929e95937287fa37d129b756746");
        assert_eq!(mac("cmac(aes)", &key, &block), "070a16b46b4d4144f79bdd9dd04a287c");
    }

    #[test]
    fn xcbc_of_rfc_3566() {
        let key = counting(16);
        assert_eq!(mac("xcbc(aes)", &key, b""), "75f0251d528ac01c4573dfd584d79f29");
        assert_eq!(mac("xcbc(aes)", &key, &counting(3)), "5b376580ae2f19afe7219ceef172756f");
        assert_eq!(mac("xcbc(aes)", &key, &counting(16)), "d2a246fa349b68a79998a4394ff7a263");
        assert_eq!(mac("xcbc(aes)", &key, &counting(20)), "47f51b4564966215b8985c63055ed308");
        assert_eq!(mac("xcbc(aes)", &key, &counting(32)), "f54f0ec8d2b9f3d36807734bd5283fd4");
    }

    #[test]
    fn a_key_of_another_length_is_refused() {
        for (name, ..) in MACS {
            for len in [0, 8, 15, 17, 33] {
                let key = find(name).unwrap().keyed.unwrap();
                assert_eq!(key(&vec![1; len]).err(), Some(Errno::INVAL), "{name} {len}");
            }
        }
    }
}
