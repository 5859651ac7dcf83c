// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! SHA-3 (FIPS 202) with a permutation of our own. RustCrypto's is what the tests compare with, and takes its place under
//! Miri, which knows no assembly.

mod x86_64;

use digest::array::ArraySize;
use digest::block_api::{
    Block, BlockSizeUser, Buffer, BufferKindUser, Eager, FixedOutputCore, OutputSizeUser,
    UpdateCore,
};
use digest::block_buffer::BlockSizes;
use digest::consts::{U28, U32, U48, U64, U72, U104, U136, U144};
use digest::{HashMarker, Output, Reset};
use std::marker::PhantomData;
use zeroize::Zeroize;

digest::buffer_fixed!(
    /// SHA3-224.
    pub struct Sha3_224(Core<U144, U28>);
    impl: BaseFixedTraits Default Clone HashMarker Reset FixedOutputReset;
);
digest::buffer_fixed!(
    /// SHA3-256.
    pub struct Sha3_256(Core<U136, U32>);
    impl: BaseFixedTraits Default Clone HashMarker Reset FixedOutputReset;
);
digest::buffer_fixed!(
    /// SHA3-384.
    pub struct Sha3_384(Core<U104, U48>);
    impl: BaseFixedTraits Default Clone HashMarker Reset FixedOutputReset;
);
digest::buffer_fixed!(
    /// SHA3-512.
    pub struct Sha3_512(Core<U72, U64>);
    impl: BaseFixedTraits Default Clone HashMarker Reset FixedOutputReset;
);

/// Words in the state.
const WORDS: usize = 25;

/// Keccak-f\[1600\].
fn permute(state: &mut [u64; WORDS]) {
    if !x86_64::permute(state) {
        keccak::Keccak::new().with_f1600(|permute| permute(state));
    }
}

/// The sponge's state, for blocks of `Rate` bytes.
#[derive(Clone)]
pub struct Core<Rate, Size> {
    state: [u64; WORDS],
    sizes: PhantomData<(Rate, Size)>,
}

impl<Rate, Size> Core<Rate, Size> {
    fn absorb(&mut self, block: &[u8]) {
        for (word, bytes) in self.state.iter_mut().zip(block.as_chunks().0) {
            *word ^= u64::from_le_bytes(*bytes);
        }
        permute(&mut self.state);
    }
}

impl<Rate, Size> Default for Core<Rate, Size> {
    fn default() -> Self {
        Self { state: [0; WORDS], sizes: PhantomData }
    }
}

impl<Rate, Size> Reset for Core<Rate, Size> {
    fn reset(&mut self) {
        self.state = [0; WORDS];
    }
}

impl<Rate, Size> Drop for Core<Rate, Size> {
    fn drop(&mut self) {
        self.state.zeroize();
    }
}

impl<Rate, Size> HashMarker for Core<Rate, Size> {}

impl<Rate: BlockSizes, Size> BlockSizeUser for Core<Rate, Size> {
    type BlockSize = Rate;
}

impl<Rate: BlockSizes, Size> BufferKindUser for Core<Rate, Size> {
    type BufferKind = Eager;
}

impl<Rate, Size: ArraySize> OutputSizeUser for Core<Rate, Size> {
    type OutputSize = Size;
}

impl<Rate: BlockSizes, Size> UpdateCore for Core<Rate, Size> {
    fn update_blocks(&mut self, blocks: &[Block<Self>]) {
        blocks.iter().for_each(|block| self.absorb(block));
    }
}

impl<Rate: BlockSizes, Size: ArraySize> FixedOutputCore for Core<Rate, Size> {
    fn finalize_fixed_core(&mut self, buffer: &mut Buffer<Self>, out: &mut Output<Self>) {
        let end = buffer.get_pos();
        let mut block = buffer.pad_with_zeros();
        // Two bits tell SHA-3 from other uses of the sponge; then comes the padding. Both may be in one byte.
        block[end] = 0b110;
        *block.last_mut().unwrap_or(&mut 0) |= 0x80;
        self.absorb(&block);
        block.zeroize();
        for (bytes, word) in out.chunks_mut(8).zip(self.state) {
            bytes.copy_from_slice(&word.to_le_bytes()[..bytes.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use digest::Digest;

    #[test]
    fn it_agrees_with_rustcrypto() {
        let bytes: Vec<u8> = (0..1400u32).map(|i| ((i * i) >> 5) as u8).collect();
        for len in 0..600 {
            let data = &bytes[len % 70..][..len];
            assert_eq!(Sha3_224::digest(data)[..], sha3::Sha3_224::digest(data)[..], "{len}");
            assert_eq!(Sha3_256::digest(data)[..], sha3::Sha3_256::digest(data)[..], "{len}");
            assert_eq!(Sha3_384::digest(data)[..], sha3::Sha3_384::digest(data)[..], "{len}");
            assert_eq!(Sha3_512::digest(data)[..], sha3::Sha3_512::digest(data)[..], "{len}");
        }
    }

    #[test]
    fn it_permutes_as_rustcrypto_does() {
        let mut state = std::array::from_fn(|i| (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        for _ in 0..if cfg!(miri) { 3 } else { 100 } {
            let mut expected = state;
            keccak::Keccak::new().with_f1600(|permute| permute(&mut expected));
            x86_64::permuted_by_all(state).iter().for_each(|ours| assert_eq!(*ours, expected));
            state = expected;
        }
    }
}
