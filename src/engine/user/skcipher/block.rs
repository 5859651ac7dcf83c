// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Block ciphers with their keys, as the modes see them: bytes in whole blocks,
//! many at once, and the table of them.
//!
//! Rests on RustCrypto's block ciphers, which choose the processor's instructions
//! at run time and wipe their key schedules. Their sizes are types; here they are
//! numbers, so that each mode exists once and not once for every cipher.
//!
//! aes takes the same time for all keys and data. Those behind the feature `legacy`,
//! but for serpent, look their S-boxes up in tables, as the kernel's generic drivers
//! do: who can watch the cache may learn about the key.

use super::modes::Data;
use crate::errno::{Errno, Result};
use cipher::array::ArraySize;
use cipher::typenum::Unsigned;
use cipher::{
    Array, BlockCipherDecrypt, BlockCipherEncBackend, BlockCipherEncClosure, BlockCipherEncrypt,
    BlockSizeUser, KeyInit,
};
use zeroize::ZeroizeOnDrop;

/// A block cipher with its key. All slices are whole blocks.
pub trait BlockCipher: Send + Sync {
    /// Bytes in a block.
    fn size(&self) -> usize;

    /// Encrypts each block by itself.
    fn encrypt(&self, blocks: &mut [u8]);

    /// Decrypts each block by itself.
    fn decrypt(&self, blocks: &mut [u8]);

    /// Encrypts each block XORed with the one before, the first with `iv`; leaves
    /// the last in `iv`. Here, not above, since it cannot do many at once and so a
    /// call for each block would show.
    fn chain(&self, iv: &mut [u8], blocks: &mut [u8]);

    /// The modes that it does by itself; None: they are done with the methods above.
    fn pipelined(&self) -> Option<&dyn Pipelined> {
        None
    }
}

/// Modes whose blocks do not wait for one another, done by the block cipher itself, which keeps
/// many in flight. Blocks have 16 bytes. Data go from input to output, which may be
/// the same memory.
pub trait Pipelined {
    /// Whole blocks by themselves.
    fn ecb(&self, encrypt: bool, data: Data<'_, '_>);

    /// CBC decryption of whole blocks: leaves the last block of ciphertext in `iv`.
    fn cbc_decrypt(&self, iv: &mut [u8; 16], data: Data<'_, '_>);

    /// CFB decryption of data of any length: leaves the last whole block of ciphertext, if there is
    /// one, in `iv`.
    fn cfb_decrypt(&self, iv: &mut [u8; 16], data: Data<'_, '_>);

    /// Counter mode for data of any length: leaves the next counter. A last piece of a block
    /// counts as a block.
    fn ctr(&self, counter: &mut u128, data: Data<'_, '_>);

    /// XTS of whole blocks with `tweak` for the first: leaves the next tweak.
    fn xts(&self, encrypt: bool, tweak: &mut u128, data: Data<'_, '_>);
}

impl<C> BlockCipher for C
where
    C: BlockCipherEncrypt + BlockCipherDecrypt + ZeroizeOnDrop + Send + Sync,
{
    fn size(&self) -> usize {
        C::BlockSize::USIZE
    }

    fn encrypt(&self, blocks: &mut [u8]) {
        self.encrypt_blocks(whole::<C::BlockSize>(blocks));
    }

    fn decrypt(&self, blocks: &mut [u8]) {
        self.decrypt_blocks(whole::<C::BlockSize>(blocks));
    }

    fn chain(&self, iv: &mut [u8], blocks: &mut [u8]) {
        let [iv] = whole::<C::BlockSize>(iv) else { unreachable!("an IV is one block") };
        self.encrypt_with_backend(Chain { iv, blocks: whole(blocks) });
    }
}

/// The blocks in `bytes`.
fn whole<N: ArraySize>(bytes: &mut [u8]) -> &mut [Array<u8, N>] {
    let (blocks, rest) = Array::slice_as_chunks_mut(bytes);
    debug_assert!(rest.is_empty());
    blocks
}

/// Runs where the cipher's instructions are at hand.
struct Chain<'a, N: ArraySize> {
    iv: &'a mut Array<u8, N>,
    blocks: &'a mut [Array<u8, N>],
}

impl<N: ArraySize> BlockSizeUser for Chain<'_, N> {
    type BlockSize = N;
}

impl<N: ArraySize> BlockCipherEncClosure for Chain<'_, N> {
    #[inline(always)]
    fn call<B: BlockCipherEncBackend<BlockSize = N>>(self, backend: &B) {
        let mut last = self.iv.clone();
        for block in self.blocks {
            last.iter_mut().zip(&*block).for_each(|(last, byte)| *last ^= byte);
            backend.encrypt_block_inplace(&mut last);
            block.clone_from(&last);
        }
        *self.iv = last;
    }
}

/// What makes a block cipher of a key.
type CipherKey = fn(&[u8]) -> Result<Box<dyn BlockCipher>>;

/// A block cipher without a key.
pub struct Algorithm {
    /// The kernel's name for it.
    pub name: &'static str,
    /// Bytes in a block.
    pub size: usize,
    /// Takes a key; EINVAL if it has a wrong length.
    pub key: CipherKey,
}

/// All block ciphers that there are.
pub static ALGORITHMS: &[Algorithm] = &[
    Algorithm { name: "aes", size: 16, key: aes },
    #[cfg(feature = "legacy")]
    Algorithm { name: "sm4", size: 16, key: keyed::<sm4::Sm4> },
    #[cfg(feature = "legacy")]
    Algorithm { name: "aria", size: 16, key: aria },
    #[cfg(feature = "legacy")]
    Algorithm { name: "des", size: 8, key: keyed::<des::Des> },
    #[cfg(feature = "legacy")]
    Algorithm { name: "des3_ede", size: 8, key: keyed::<des::TdesEde3> },
    #[cfg(feature = "legacy")]
    Algorithm { name: "blowfish", size: 8, key: blowfish },
    #[cfg(feature = "legacy")]
    Algorithm { name: "camellia", size: 16, key: camellia },
    #[cfg(feature = "legacy")]
    Algorithm { name: "cast5", size: 8, key: keyed::<cast5::Cast5> },
    #[cfg(feature = "legacy")]
    Algorithm { name: "cast6", size: 16, key: keyed::<cast6::Cast6> },
    #[cfg(feature = "legacy")]
    Algorithm { name: "serpent", size: 16, key: serpent },
    #[cfg(feature = "legacy")]
    Algorithm { name: "twofish", size: 16, key: keyed::<twofish::Twofish> },
];

/// The block cipher of that name.
pub fn find(name: &str) -> Option<&'static Algorithm> {
    ALGORITHMS.iter().find(|algorithm| algorithm.name == name)
}

/// For ciphers whose own key lengths are the kernel's.
fn keyed<C: KeyInit + BlockCipher + 'static>(key: &[u8]) -> Result<Box<dyn BlockCipher>> {
    Ok(Box::new(C::new_from_slice(key).map_err(|_| Errno::INVAL)?))
}

fn aes(key: &[u8]) -> Result<Box<dyn BlockCipher>> {
    #[cfg(target_arch = "x86_64")]
    if let Some(cipher) = super::aes::new(key) {
        return cipher;
    }
    portable_aes(key)
}

/// RustCrypto's.
pub(super) fn portable_aes(key: &[u8]) -> Result<Box<dyn BlockCipher>> {
    match key.len() {
        16 => keyed::<aes::Aes128>(key),
        24 => keyed::<aes::Aes192>(key),
        _ => keyed::<aes::Aes256>(key),
    }
}

#[cfg(feature = "legacy")]
fn aria(key: &[u8]) -> Result<Box<dyn BlockCipher>> {
    match key.len() {
        16 => keyed::<aria::Aria128>(key),
        24 => keyed::<aria::Aria192>(key),
        _ => keyed::<aria::Aria256>(key),
    }
}

#[cfg(feature = "legacy")]
fn camellia(key: &[u8]) -> Result<Box<dyn BlockCipher>> {
    match key.len() {
        16 => keyed::<camellia::Camellia128>(key),
        24 => keyed::<camellia::Camellia192>(key),
        _ => keyed::<camellia::Camellia256>(key),
    }
}

/// Its 4 KiB of S-boxes are made of the key where they stay: moved there, they would be on the
/// stack twice.
#[cfg(feature = "legacy")]
fn blowfish(key: &[u8]) -> Result<Box<dyn BlockCipher>> {
    /// The same for all keys. Apart, for it does come by way of the stack.
    #[inline(never)]
    fn beginning() -> Box<blowfish::Blowfish> {
        Box::new(blowfish::Blowfish::bc_init_state())
    }
    if !(4..=56).contains(&key.len()) {
        return Err(Errno::INVAL);
    }
    let mut cipher = beginning();
    cipher.bc_expand_key(key);
    Ok(cipher)
}

/// Keys of up to 32 bytes; shorter ones are padded with a bit, as Serpent's authors do.
#[cfg(feature = "legacy")]
fn serpent(key: &[u8]) -> Result<Box<dyn BlockCipher>> {
    let mut padded = zeroize::Zeroizing::new([0; 32]);
    padded.get_mut(..key.len()).ok_or(Errno::INVAL)?.copy_from_slice(key);
    if let Some(bit) = padded.get_mut(key.len()) {
        *bit = 1;
    }
    keyed::<serpent::Serpent>(&*padded)
}
