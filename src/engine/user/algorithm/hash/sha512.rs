// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! SHA-384 and SHA-512 (FIPS 180-4) with a compression function of our own where the processor has
//! what it takes, else RustCrypto's, which is also what the tests compare with.
//!
//! RustCrypto's does without the rotations of BMI2 and takes 1.4 times as long.

pub(super) mod x86_64;

use digest::block_api::{
    AlgorithmName, Block, BlockSizeUser, Buffer, BufferKindUser, CtOutWrapper, Eager,
    OutputSizeUser, TruncSide, UpdateCore, VariableOutputCore,
};
use digest::common::hazmat::{DeserializeStateError, SerializableState, SerializedState};
use digest::consts::{U48, U64, U80, U128};
use digest::{HashMarker, InvalidOutputSize, Output, array::Array};
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Bytes in a block.
const BLOCK: usize = 128;

digest::buffer_fixed!(
    /// SHA-384.
    pub struct Sha384(CtOutWrapper<Core, U48>);
    impl: BaseFixedTraits AlgorithmName Default Clone HashMarker Reset FixedOutputReset SerializableState;
);
digest::buffer_fixed!(
    /// SHA-512.
    pub struct Sha512(CtOutWrapper<Core, U64>);
    impl: BaseFixedTraits AlgorithmName Default Clone HashMarker Reset FixedOutputReset SerializableState;
);

/// The initial state of SHA-384.
#[rustfmt::skip]
const START_384: [u64; 8] = [
    0xcbbb_9d5d_c105_9ed8, 0x629a_292a_367c_d507, 0x9159_015a_3070_dd17, 0x152f_ecd8_f70e_5939,
    0x6733_2667_ffc0_0b31, 0x8eb4_4a87_6858_1511, 0xdb0c_2e0d_64f9_8fa7, 0x47b5_481d_befa_4fa4,
];

/// The initial state of SHA-512.
#[rustfmt::skip]
const START_512: [u64; 8] = [
    0x6a09_e667_f3bc_c908, 0xbb67_ae85_84ca_a73b, 0x3c6e_f372_fe94_f82b, 0xa54f_f53a_5f1d_36f1,
    0x510e_527f_ade6_82d1, 0x9b05_688c_2b3e_6c1f, 0x1f83_d9ab_fb41_bd6b, 0x5be0_cd19_137e_2179,
];

/// Adds blocks to the state.
pub(super) fn compress(state: &mut [u64; 8], blocks: &[[u8; BLOCK]]) {
    if !x86_64::compress(state, blocks) {
        sha2::block_api::compress512(state, blocks);
    }
}

/// The state after all whole blocks so far.
#[derive(Clone)]
pub struct Core {
    state: [u64; 8],
    blocks: u128,
}

impl Drop for Core {
    fn drop(&mut self) {
        self.state.zeroize();
        self.blocks.zeroize();
    }
}

impl ZeroizeOnDrop for Core {}

impl HashMarker for Core {}

impl BlockSizeUser for Core {
    type BlockSize = U128;
}

impl BufferKindUser for Core {
    type BufferKind = Eager;
}

impl OutputSizeUser for Core {
    type OutputSize = U64;
}

impl UpdateCore for Core {
    fn update_blocks(&mut self, blocks: &[Block<Self>]) {
        self.blocks += blocks.len() as u128;
        compress(&mut self.state, Array::cast_slice_to_core(blocks));
    }
}

impl VariableOutputCore for Core {
    const TRUNC_SIDE: TruncSide = TruncSide::Left;

    fn new(output_size: usize) -> Result<Self, InvalidOutputSize> {
        let state = match output_size {
            48 => START_384,
            64 => START_512,
            _ => return Err(InvalidOutputSize),
        };
        Ok(Self { state, blocks: 0 })
    }

    fn finalize_variable_core(&mut self, buffer: &mut Buffer<Self>, out: &mut Output<Self>) {
        let bytes = self.blocks * BLOCK as u128 + buffer.get_pos() as u128;
        buffer.len128_padding_be(8 * bytes, |block| compress(&mut self.state, &[block.0]));
        for (bytes, word) in out.as_chunks_mut().0.iter_mut().zip(self.state) {
            *bytes = word.to_be_bytes();
        }
    }
}

impl SerializableState for Core {
    type SerializedStateSize = U80;

    /// As RustCrypto's.
    fn serialize(&self) -> SerializedState<Self> {
        let mut stored = SerializedState::<Self>::default();
        let (state, blocks) = stored.split_at_mut(size_of_val(&self.state));
        for (bytes, word) in state.as_chunks_mut().0.iter_mut().zip(self.state) {
            *bytes = word.to_le_bytes();
        }
        blocks.copy_from_slice(&self.blocks.to_le_bytes());
        stored
    }

    /// Nobody goes on with what was stored.
    fn deserialize(_: &SerializedState<Self>) -> Result<Self, DeserializeStateError> {
        Err(DeserializeStateError)
    }
}

impl AlgorithmName for Core {
    fn write_alg_name(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sha512")
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Core { .. }")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use digest::Digest;

    #[test]
    fn it_agrees_with_rustcrypto() {
        let bytes: Vec<u8> = (0..2100u32).map(|i| ((i * i) >> 5) as u8).collect();
        for len in (0..700).chain([1023, 1024, 1025, 2000]) {
            let data = &bytes[len % 70..][..len];
            assert_eq!(Sha512::digest(data)[..], sha2::Sha512::digest(data)[..], "{len}");
            assert_eq!(Sha384::digest(data)[..], sha2::Sha384::digest(data)[..], "{len}");
        }
    }

    #[test]
    fn every_implementation_agrees_with_rustcrypto() {
        let blocks: [[u8; BLOCK]; 9] =
            std::array::from_fn(|i| std::array::from_fn(|j| (i * i * 31 + j * 7) as u8));
        for count in 0..=blocks.len() {
            let mut expected = START_512;
            sha2::block_api::compress512(&mut expected, &blocks[..count]);
            for state in x86_64::compressed_by_all(START_512, &blocks[..count]) {
                assert_eq!(state, expected, "{count} blocks");
            }
        }
    }
}
