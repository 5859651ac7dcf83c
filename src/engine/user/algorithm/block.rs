// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Block ciphers with their keys, as the modes see them: bytes in whole blocks, many at once.
//!
//! RustCrypto's ciphers are so, whose sizes are types; here they are numbers, so that each mode
//! exists once and not once for every cipher.

#![allow(
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::unreachable,
    reason = "blocks and registers have the sizes of their ciphers"
)]

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod aes;
mod table;

use crate::wipe::{Depth, Wiped, wipe_bytes};
#[cfg(target_arch = "x86_64")]
pub(super) use aes::with_features;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub use aes::{Register, Vector};
#[cfg(target_arch = "x86_64")]
pub use aes::{
    RoundKeys, encrypt_block, expand as expand_aes, load as load_block, store as store_block,
};
use cipher::InOutBuf;
use cipher::array::ArraySize;
use cipher::typenum::Unsigned;
use cipher::{
    Array, BlockCipherDecrypt, BlockCipherEncBackend, BlockCipherEncClosure, BlockCipherEncrypt,
    BlockSizeUser,
};
#[cfg(all(test, feature = "legacy"))]
pub use table::ALGORITHMS;
pub use table::{BlockAlgorithm, depth, find, tweaked};
use zeroize::ZeroizeOnDrop;

/// Data on their way through a cipher, from input to output.
pub type Data<'i, 'o> = InOutBuf<'i, 'o, u8>;

/// A message of CBC encryption: whole blocks, and the block before them, which their last one replaces.
pub struct CbcMessage<'a> {
    /// The IV.
    pub iv: Wiped<16>,
    /// The blocks.
    pub data: Data<'a, 'a>,
}

/// A message of CBC-MAC: whole blocks, and the sum of those before them, which is replaced by that of all.
pub struct MacMessage<'a> {
    /// The sum.
    pub sum: Wiped<16>,
    /// The blocks.
    pub blocks: &'a [u8],
}

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

    /// CBC-MAC, see [`cbc_mac`]. Returns false, and has done nothing, where there is no other way than by `chain`.
    fn cbc_mac_by_itself(&self, _sum: &mut [u8], _blocks: &[u8]) -> bool {
        false
    }

    /// The modes that it does by itself; None: they are done with the methods above.
    fn pipelined(&self) -> Option<&dyn Pipelined> {
        None
    }

    /// Chains of several messages at once; None: that is no faster than one message after the other.
    fn side_by_side(&self) -> Option<&dyn SideBySide> {
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

    /// Counter mode, and CBC-MAC of the plaintext, which is added to `sum`, in one pass over whole blocks: leaves the
    /// next counter. Returns how many bytes it has processed; 0: it has no such pass.
    fn ctr_with_mac(
        &self,
        _encrypts: bool,
        _sum: &mut [u8; 16],
        _counter: &mut u128,
        _data: Data<'_, '_>,
    ) -> usize {
        0
    }

    /// The depth of the stack that a mode takes, of which `mode` is that where all blocks have registers.
    fn depth(&self, mode: Depth) -> Depth {
        mode
    }
}

/// Chains of several messages side by side, because within one each block waits for the one before it.
/// Blocks have 16 bytes.
pub trait SideBySide {
    /// CBC encryption.
    fn cbc_encrypt_each(&self, messages: &mut [CbcMessage<'_>]);

    /// CBC-MAC.
    fn cbc_mac_each(&self, messages: &mut [MacMessage<'_>]);
}

/// A block cipher of 16 bytes with the two keys of XTS.
pub trait Tweaked: Send + Sync {
    /// The cipher with the key for the data.
    fn data_cipher(&self) -> &dyn BlockCipher;

    /// XTS of whole blocks from a message's first on. Returns the tweak of the block that would come
    /// next.
    fn xts(&self, encrypt: bool, iv: &[u8; 16], data: Data<'_, '_>) -> u128;

    /// The depth of the stack that it takes.
    fn depth(&self) -> Depth;
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

/// XORs `with` into `data`, as far as the shorter one goes.
pub fn xor(data: &mut [u8], with: &[u8]) {
    data.iter_mut().zip(with).for_each(|(data, with)| *data ^= with);
}

/// CBC-MAC of whole blocks: each is XORed with the one before and encrypted, the first with `sum`, and the last
/// is left there. Not a method of each cipher, which would make the library larger by 50 KB.
pub fn cbc_mac(cipher: &dyn BlockCipher, sum: &mut [u8], blocks: &[u8]) {
    if cipher.cbc_mac_by_itself(sum, blocks) {
        return;
    }
    let mut scratch = [0; 256];
    for blocks in blocks.chunks(scratch.len()) {
        let scratch = &mut scratch[..blocks.len()];
        scratch.copy_from_slice(blocks);
        cipher.chain(sum, scratch);
    }
    wipe_bytes(&mut scratch);
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
