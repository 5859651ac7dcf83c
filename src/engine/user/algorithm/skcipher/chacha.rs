// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! ChaCha as a cipher of its own and as a part of the AEAD.
//!
//! RFC 8439; Linux `crypto/chacha_generic.c`: the IV is the counter of blocks, 32
//! bits, little-endian, and the nonce, and it stays as it is: a further call begins
//! at its start again. The counter wraps to 0.
//!
//! RustCrypto's where the processor has no AVX2: with it that makes four blocks at once, where
//! eight fit, and AVX-512 it uses in special builds only. AArch64 has its own.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;

use super::Skcipher;
use crate::engine::user::algorithm::block::Data;
use crate::errno::{Errno, Result};
use crate::wipe::Depth;
use chacha20::{R12, R20, Rounds};
use std::marker::PhantomData;
use zeroize::{Zeroize, Zeroizing};

/// Bytes in a block.
pub const SIZE: usize = 64;

/// XORs `data` with the key stream from `iv` on, from input to output.
#[cfg(target_arch = "aarch64")]
pub fn apply<R: Rounds>(key: &[u8; 32], iv: &[u8; 16], data: Data<'_, '_>) {
    neon::apply(R::COUNT, &mut state(key, iv), data);
}

/// The same.
#[cfg(not(target_arch = "aarch64"))]
pub fn apply<R: Rounds>(key: &[u8; 32], iv: &[u8; 16], data: Data<'_, '_>) {
    #[cfg(target_arch = "x86_64")]
    let Some(data) = with_vectors(R::COUNT, &mut state(key, iv), data) else {
        return;
    };
    portable::<R>(key, iv, data);
}

/// Gives `data` back, and does nothing, if the processor cannot.
#[cfg(target_arch = "x86_64")]
fn with_vectors<'a, 'b>(
    double_rounds: usize,
    state: &mut [u32; 16],
    data: Data<'a, 'b>,
) -> Option<Data<'a, 'b>> {
    let data = avx512::apply(double_rounds, state, data)?;
    avx2::apply(double_rounds, state, data)
}

/// RFC 8439, 2.3.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
fn state(key: &[u8; 32], iv: &[u8; 16]) -> [u32; 16] {
    let mut state = [0; 16];
    let parts = [&b"expand 32-byte k"[..], key, iv];
    let words = parts.iter().flat_map(|part| part.as_chunks().0);
    state.iter_mut().zip(words).for_each(|(state, &word)| *state = u32::from_le_bytes(word));
    state
}

#[cfg(any(test, not(target_arch = "aarch64")))]
fn portable<R: Rounds>(key: &[u8; 32], iv: &[u8; 16], data: Data<'_, '_>) {
    use chacha20::{ChaChaCore, KeyIvInit, variants::Ietf};
    use cipher::{Array, StreamCipherCore};

    let (counter, nonce) = iv.split_first_chunk().expect("4 of 16 bytes");
    let nonce = Array::try_from(nonce).expect("the other 12");
    let mut core = ChaChaCore::<R, Ietf>::new(key.into(), &nonce);
    core.set_block_pos(u32::from_le_bytes(*counter));
    // Not the methods that count the blocks that are left: the kernel does not.
    let (blocks, mut rest) = data.into_chunks();
    core.apply_keystream_blocks_inout(blocks);
    if !rest.is_empty() {
        let mut stream = Array::default();
        core.write_keystream_block(&mut stream);
        rest.xor_in2out(&stream[..rest.len()]);
        stream.zeroize();
    }
}

/// With vectors, what is taken is wiped where it is; RustCrypto's takes more than a call.
fn depth() -> Depth {
    #[cfg(target_arch = "x86_64")]
    if avx2::available() {
        return Depth::Shallow;
    }
    if cfg!(target_arch = "aarch64") { Depth::Spills } else { Depth::Work }
}

/// A key.
pub struct ChaCha20(Zeroizing<[u8; 32]>);

impl ChaCha20 {
    pub fn new(key: &[u8]) -> Result<Self> {
        Ok(Self(copy(key)?))
    }
}

impl Skcipher for ChaCha20 {
    fn crypt(&self, _: bool, iv: &mut [u8], data: Data<'_, '_>) -> Result<()> {
        let iv = (&*iv).try_into().map_err(|_| Errno::INVAL)?;
        apply::<R20>(&self.0, iv, data);
        Ok(())
    }

    fn depth(&self) -> Depth {
        depth()
    }
}

/// XChaCha: 16 bytes of the IV make another key, then come 8 of nonce, 4 of counter and
/// 4 that other implementations keep for more of the counter.
pub struct XChaCha<R>(Zeroizing<[u8; 32]>, PhantomData<R>);

/// With 20 rounds.
pub type XChaCha20 = XChaCha<R20>;
/// With 12 rounds.
pub type XChaCha12 = XChaCha<R12>;

impl<R> XChaCha<R> {
    pub fn new(key: &[u8]) -> Result<Self> {
        Ok(Self(copy(key)?, PhantomData))
    }
}

impl<R: Rounds + Send + Sync> Skcipher for XChaCha<R> {
    fn crypt(&self, _: bool, iv: &mut [u8], data: Data<'_, '_>) -> Result<()> {
        let (first, rest) = iv.split_first_chunk::<16>().ok_or(Errno::INVAL)?;
        let mut key = chacha20::hchacha::<R>((&*self.0).into(), first.into());
        let mut inner = [0; 16];
        inner[..8].copy_from_slice(&rest[8..]);
        inner[8..].copy_from_slice(&rest[..8]);
        apply::<R>(&key.0, &inner, data);
        key.zeroize();
        Ok(())
    }

    fn depth(&self) -> Depth {
        // The first key is another's work.
        if depth() == Depth::Shallow { Depth::Spills } else { Depth::Work }
    }
}

/// EINVAL unless there are 32 bytes.
fn copy(key: &[u8]) -> Result<Zeroizing<[u8; 32]>> {
    Ok(Zeroizing::new(key.try_into().map_err(|_| Errno::INVAL)?))
}

#[cfg(test)]
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod tests {
    use super::*;

    type Apply = for<'a, 'b> fn(usize, &mut [u32; 16], Data<'a, 'b>) -> Option<Data<'a, 'b>>;

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn vectors_agree_with_rustcrypto() {
        if avx2::available() {
            check(avx2::apply);
        }
        if avx512::available() {
            check(avx512::apply);
        }
    }

    #[test]
    #[cfg(target_arch = "aarch64")]
    fn vectors_agree_with_rustcrypto() {
        check(|double_rounds, state, data| {
            neon::apply(double_rounds, state, data);
            None
        });
    }

    fn check(apply: Apply) {
        let bytes: Vec<u8> = (0..5000u32).map(|i| ((i * i) >> 5) as u8).collect();
        for len in (0..1300).chain([2047, 2048, 2049, 4900]) {
            let (key, mut iv) = (bytes[len % 50..].first_chunk().unwrap(), [7; 16]);
            // At the end of what the counter counts.
            iv[..4].copy_from_slice(&(u32::MAX - (len % 20) as u32).to_le_bytes());
            let (text, mut ours, mut theirs) = (&bytes[..len], vec![0; len], vec![0; len]);
            let data = Data::new(text, &mut ours).unwrap();
            assert!(apply(10, &mut state(key, &iv), data).is_none());
            portable::<R20>(key, &iv, Data::new(text, &mut theirs).unwrap());
            assert!(ours == theirs, "{len}");
            let mut in_place = text.to_vec();
            assert!(apply(10, &mut state(key, &iv), in_place.as_mut_slice().into()).is_none());
            assert!(ours == in_place, "{len}");
        }
    }
}
