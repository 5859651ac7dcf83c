// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! MACs made of block ciphers: CBC-MAC, and CMAC and XCBC, which add a key to the last block.
//!
//! References: NIST SP 800-38B; RFC 3566; Linux `crypto/cmac.c`, `crypto/xcbc.c`, which
//! takes keys of all the cipher's lengths, `crypto/ccm.c` for CBC-MAC.

use super::{DigestMessage, HashAlgorithm, Hasher};
use crate::engine::Grouping;
use crate::engine::user::algorithm::block::{
    self, BlockAlgorithm, BlockCipher, MacMessage, SideBySide, cbc_mac, xor,
};
use crate::engine::user::algorithm::names::Name;
use crate::errno::Result;
use crate::wipe::Wiped;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Bytes in the longest block.
const BLOCK: usize = 16;

type Block = [u8; BLOCK];

/// A template of a block cipher. Digest and block have the length of the cipher's block.
pub struct Template {
    pub name: &'static str,
    /// Bytes in the blocks of the ciphers that it takes.
    ciphers: &'static [usize],
    new: fn(&BlockAlgorithm, &[u8]) -> Result<Mac>,
}

pub static TEMPLATES: &[Template] = &[
    Template { name: "cmac", ciphers: &[8, 16], new: cmac },
    Template { name: "xcbc", ciphers: &[16], new: xcbc },
    Template { name: "cbcmac", ciphers: &[1, 8, 16], new: cbcmac },
];

/// The MAC of that name.
pub fn find(name: &Name<'_>) -> Option<HashAlgorithm> {
    let (template, [cipher]) = name.parts() else { return None };
    let template = TEMPLATES.iter().find(|known| known.name == template)?;
    let cipher = block::find(cipher).filter(|cipher| template.ciphers.contains(&cipher.size))?;
    let size = cipher.size as u32;
    /// Measured (bench/requests/requests.c).
    const AES: Grouping = Grouping { min_len: 64, min_count: 4 };
    Some(HashAlgorithm {
        block_size: size,
        digest_size: size,
        plain: None,
        keyed: Some(Box::new(|key| Ok(Box::new((template.new)(cipher, key)?)))),
        depth: block::depth(cipher),
        grouping: (cfg!(any(target_arch = "x86_64", target_arch = "aarch64"))
            && cipher.name == "aes")
            .then_some(AES),
    })
}

/// A key, and a message's beginning.
#[derive(Clone)]
struct Mac {
    /// In a box, which moves no key.
    cipher: Arc<Box<dyn BlockCipher>>,
    /// The keys that are added to a last block that is whole, and to one that was padded. None:
    /// nothing is added, and the padding is zeros.
    last: Option<Zeroizing<[Block; 2]>>,
    sum: Zeroizing<Block>,
    /// Bytes of `sum` that data have been added to since it was encrypted.
    filled: usize,
}

impl Mac {
    fn new(cipher: Box<dyn BlockCipher>, last: Option<Zeroizing<[Block; 2]>>) -> Self {
        Self { cipher: Arc::new(cipher), last, sum: Zeroizing::default(), filled: 0 }
    }

    /// The last block, of whose `sum` as many bytes are `filled`, ready to be encrypted. False: there is
    /// none.
    fn prepare_last(&self, sum: &mut Block, filled: usize) -> bool {
        let padded = filled < self.cipher.size();
        let Some(last) = &self.last else { return filled > 0 };
        if padded {
            sum[filled] ^= 0x80;
        }
        xor(sum, &last[usize::from(padded)]);
        true
    }

    /// Computes MACs of messages that begin with this state, which is before any, side by side by
    /// `cipher`.
    fn each(&self, cipher: &dyn SideBySide, messages: &mut [DigestMessage<'_>]) -> Result<()> {
        let mut chains = Vec::new();
        chains.try_reserve_exact(messages.len())?;
        chains.extend(messages.iter().map(|message| {
            let (blocks, _) = split_last(message.data);
            MacMessage { sum: Wiped::ZEROS, blocks }
        }));
        cipher.cbc_mac_each(&mut chains);
        for (chain, message) in chains.iter_mut().zip(&*messages) {
            let (_, rest) = split_last(message.data);
            xor(&mut *chain.sum, rest);
            let prepared = self.prepare_last(&mut chain.sum, rest.len());
            // What is in the sum already is added to zeros.
            chain.blocks = if prepared { &[0; BLOCK] } else { &[] };
        }
        cipher.cbc_mac_each(&mut chains);
        for (chain, message) in chains.iter().zip(messages) {
            message.digest.copy_from_slice(&*chain.sum);
            message.done = true;
        }
        Ok(())
    }
}

/// The whole blocks before the last block, and this, which may be a piece of one.
fn split_last(data: &[u8]) -> (&[u8], &[u8]) {
    data.split_at(data.len().saturating_sub(1) / BLOCK * BLOCK)
}

/// The cipher's own key; the keys of the last block are what it makes of zeros, times 2 and 4 in
/// GF(2^128) or GF(2^64).
fn cmac(cipher: &BlockAlgorithm, key: &[u8]) -> Result<Mac> {
    let polynomial = if cipher.size == BLOCK { 0x87 } else { 0x1b << 64 };
    let double = |block: &Block| {
        let number = u128::from_be_bytes(*block);
        ((number << 1) ^ ((number >> 127) * polynomial)).to_be_bytes()
    };
    let (size, cipher) = (cipher.size, (cipher.key)(key)?);
    let mut zeros = Zeroizing::new([0; BLOCK]);
    cipher.encrypt(&mut zeros[..size]);
    let mut last = Zeroizing::new([double(&zeros), [0; BLOCK]]);
    last[1] = double(&last[0]);
    Ok(Mac::new(cipher, Some(last)))
}

/// All keys are what the cipher makes of constants.
fn xcbc(algorithm: &BlockAlgorithm, key: &[u8]) -> Result<Mac> {
    let cipher = (algorithm.key)(key)?;
    let mut keys = Zeroizing::new([[1; BLOCK], [2; BLOCK], [3; BLOCK]]);
    cipher.encrypt(keys.as_flattened_mut());
    let [first, last @ ..] = &*keys;
    Ok(Mac::new((algorithm.key)(first)?, Some(Zeroizing::new(*last))))
}

fn cbcmac(cipher: &BlockAlgorithm, key: &[u8]) -> Result<Mac> {
    Ok(Mac::new((cipher.key)(key)?, None))
}

impl Hasher for Mac {
    fn fork(&self) -> Box<dyn Hasher> {
        Box::new(self.clone())
    }

    fn update(&mut self, mut data: &[u8]) {
        let size = self.cipher.size();
        // The last block is kept back, however whole it is.
        if data.len() > size - self.filled {
            let (now, later) = data.split_at(size - self.filled);
            let (blocks, rest) = later.split_at((later.len() - 1) / size * size);
            xor(&mut self.sum[self.filled..], now);
            self.cipher.encrypt(&mut self.sum[..size]);
            cbc_mac(&**self.cipher, &mut self.sum[..size], blocks);
            (self.filled, data) = (0, rest);
        }
        xor(&mut self.sum[self.filled..], data);
        self.filled += data.len();
    }

    fn digest(&self, message: &[&[u8]], digest: &mut [u8]) {
        let mut state = self.clone();
        message.iter().for_each(|piece| state.update(piece));
        if self.prepare_last(&mut state.sum, state.filled) {
            self.cipher.encrypt(&mut state.sum[..self.cipher.size()]);
        }
        digest.copy_from_slice(&state.sum[..digest.len()]);
    }

    fn digest_each(&self, messages: &mut [DigestMessage<'_>]) -> Result<()> {
        match self.cipher.side_by_side() {
            Some(cipher) => self.each(cipher, messages),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::find;
    use super::*;
    use crate::errno::Errno;

    fn mac(name: &str, key: &[u8], data: &[u8]) -> String {
        let algorithm = find(name).unwrap();
        let beginning = algorithm.keyed.unwrap()(key).unwrap();
        let mut whole = vec![0; algorithm.digest_size as usize];
        beginning.digest(&[data], &mut whole);
        for len in [1, 7, 16, 31, 300] {
            let (mut state, mut digest) = (beginning.fork(), vec![0; whole.len()]);
            data.chunks(len).for_each(|piece| state.update(piece));
            state.finish(&mut digest);
            assert_eq!(digest, whole, "{name}, pieces of {len} bytes");
        }
        whole.iter().map(|byte| format!("{byte:02x}")).collect()
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

    const KEY: u128 = 0x2b7e151628aed2a6abf7158809cf4f3c;
    const TEXT: &[u8] = b"single block msg and another one of 45 bytes.";

    /// `openssl enc -aes-128-cbc -nopad` of the text and zeros: its last block.
    #[test]
    fn cbcmac() {
        let key = KEY.to_be_bytes();
        assert_eq!(mac("cbcmac(aes)", &key, b""), "00000000000000000000000000000000");
        assert_eq!(mac("cbcmac(aes)", &key, &TEXT[..32]), "d4aaee56ffcac9f92c1186c30892b812");
        assert_eq!(mac("cbcmac(aes)", &key, TEXT), "5a489f0eb915f50245d670d4085e49dd");
    }

    /// `openssl mac -cipher ... CMAC`; XCBC by the steps of its RFC with `openssl enc -sm4-ecb`.
    #[cfg(feature = "legacy")]
    #[test]
    fn macs_of_other_ciphers() {
        let key = KEY.to_be_bytes();
        assert_eq!(mac("cmac(camellia)", &key, TEXT), "7afc899be6288899c049e2513252ec5f");
        assert_eq!(mac("cmac(sm4)", &key, TEXT), "c4dfd8a6066516af63b63ea6568f0dd1");
        assert_eq!(mac("cmac(aria)", &key, TEXT), "9077106dbcbc315ffa4d5c19d253fd89");
        assert_eq!(mac("cmac(blowfish)", &key, TEXT), "8975518af17d39e8");
        let three = [0x01234567_89abcdef_u64, 0x23456789_abcdef01, 0x456789ab_cdef0123];
        let three = three.map(u64::to_be_bytes);
        assert_eq!(mac("cmac(des3_ede)", three.as_flattened(), TEXT), "8738792b8b4448da");
        assert_eq!(mac("xcbc(sm4)", &key, TEXT), "b0724baeacedd8cf035251f742970763");
        assert_eq!(mac("xcbc(sm4)", &key, &TEXT[..32]), "993c795c851022d9f4d9c46a6129b2ba");
    }

    #[test]
    fn a_long_message_in_pieces_is_the_whole() {
        let data: Vec<u8> = (0..1500).map(|i| (i * 7) as u8).collect();
        for name in ["cmac(aes)", "xcbc(aes)", "cbcmac(aes)"] {
            for len in [255, 256, 257, 272, 273, 1500] {
                mac(name, &[7; 16], &data[..len]);
            }
        }
    }

    #[test]
    fn messages_side_by_side_have_the_macs_of_single_ones() {
        let data: Vec<u8> = (0..300).map(|i| (i * i) as u8).collect();
        for name in ["cmac(aes)", "xcbc(aes)", "cbcmac(aes)"] {
            let beginning = find(name).unwrap().with_key(&[7; 16]).unwrap();
            let mut macs = vec![[0; BLOCK]; data.len() + 1];
            let mut messages: Vec<_> = macs
                .iter_mut()
                .enumerate()
                .map(|(i, mac)| DigestMessage::new(&*beginning, &data[..i * 101 % 301], mac))
                .collect();
            beginning.digest_each(&mut messages).unwrap();
            // None on processors without instructions for AES.
            for message in messages.iter().filter(|message| message.done) {
                let mut expected = [0; BLOCK];
                beginning.digest(&[message.data], &mut expected);
                assert_eq!(message.digest, expected, "{name}, {} bytes", message.data.len());
            }
            let done = messages.iter().filter(|message| message.done).count();
            assert!(done == messages.len() || done == 0, "{name}: {done}");
        }
    }

    #[test]
    fn a_key_of_another_length_is_refused() {
        for name in ["cmac(aes)", "xcbc(aes)", "cbcmac(aes)"] {
            for len in [0, 8, 15, 17, 33] {
                let key = find(name).unwrap().keyed.unwrap();
                assert_eq!(key(&vec![1; len]).err(), Some(Errno::INVAL), "{name} {len}");
            }
        }
    }
}
