// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! GCM by graviola, which encrypts and authenticates in one pass: for AES with 128 or 256
//! bits, on processors that have what it needs.
//!
//! It wipes its keys, but not what it leaves on the stack ([`Depth`]).

use super::{Aead, give, verify};
use crate::engine::user::algorithm::block::Data;
use crate::errno::{Errno, Result};
use crate::wipe::Depth;
use graviola::util::is_cpu_supported;

/// A key.
pub struct AesGcm(graviola::aead::AesGcm);

impl AesGcm {
    /// None: this key or this processor is not for graviola, which would panic. Apart, since what takes its
    /// place needs no room for it.
    #[inline(never)]
    pub fn new(key: &[u8]) -> Option<Box<Self>> {
        let suits = matches!(key.len(), 16 | 32) && is_cpu_supported();
        suits.then(|| Box::new(Self(graviola::aead::AesGcm::new(key))))
    }

    fn encrypt(&self, iv: &[u8], aad: &[u8], data: &mut [u8]) -> Result<[u8; 16]> {
        let iv = iv.try_into().map_err(|_| Errno::INVAL)?;
        let mut tag = [0; 16];
        self.0.encrypt(iv, aad, data, &mut tag);
        Ok(tag)
    }
}

impl Aead for AesGcm {
    fn seal(&self, iv: &[u8], aad: &mut [u8], data: Data<'_, '_>, tag: &mut [u8]) -> Result<()> {
        give(&self.encrypt(iv, aad, data.into_out_with_copied_in())?, tag)
    }

    fn open(&self, iv: &[u8], aad: &mut [u8], data: Data<'_, '_>, tag: &[u8]) -> Result<()> {
        let data = data.into_out_with_copied_in();
        if tag.len() == 16 {
            let iv = iv.try_into().map_err(|_| Errno::INVAL)?;
            let opened = self.0.decrypt(iv, aad, data, tag);
            return opened.map_err(|_| Errno::BADMSG);
        }
        // It verifies whole tags only. Encryption undoes itself, and that of the plaintext
        // gives the tag, to be compared as far as it goes.
        self.encrypt(iv, &[], data)?;
        verify(&self.encrypt(iv, aad, data)?, tag)?;
        self.encrypt(iv, &[], data).map(drop)
    }

    fn depth(&self) -> Depth {
        Depth::Spills
    }
}

#[cfg(test)]
mod tests {
    use super::super::gcm::Gcm;
    use super::*;
    use aes::{Aes128, Aes256};
    use cipher::KeyInit;

    #[test]
    fn it_agrees_with_the_composition() {
        let bytes: Vec<u8> = (0..4200u32).map(|i| ((i * i) >> 5) as u8).collect();
        for key_len in [16, 32] {
            let key = &bytes[100..][..key_len];
            let Some(fast) = AesGcm::new(key) else {
                assert!(!is_cpu_supported());
                return;
            };
            let slow = match key_len {
                16 => Gcm::new(Box::new(Aes128::new_from_slice(key).unwrap())),
                _ => Gcm::new(Box::new(Aes256::new_from_slice(key).unwrap())),
            };
            for len in (0..300).chain([511, 512, 513, 1024, 4095, 4096, 4100]) {
                let (iv, tag_len) = (&bytes[len % 50..][..12], 4 + len % 13);
                let mut aad = bytes[..len % 70].to_vec();
                let (mut a, mut b) = (bytes[..len].to_vec(), bytes[..len].to_vec());
                let (mut tag, mut tag_b) = (vec![0; tag_len], vec![0; tag_len]);
                fast.seal(iv, &mut aad, a.as_mut_slice().into(), &mut tag).unwrap();
                slow.seal(iv, &mut aad, b.as_mut_slice().into(), &mut tag_b).unwrap();
                assert!(a == b && tag == tag_b, "{len}");
                tag[len % tag_len] ^= 1;
                assert_eq!(
                    fast.open(iv, &mut aad, b.as_mut_slice().into(), &tag),
                    Err(Errno::BADMSG),
                    "{len}"
                );
                tag[len % tag_len] ^= 1;
                fast.open(iv, &mut aad, a.as_mut_slice().into(), &tag).unwrap();
                assert!(a == bytes[..len], "{len}");
            }
        }
    }

    #[test]
    fn it_takes_no_other_key() {
        for len in (0..70).filter(|len| !matches!(len, 16 | 32)) {
            assert!(AesGcm::new(&vec![0; len]).is_none());
        }
    }
}
