// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! AES by lookups in tables of 16 bytes within vector registers, for processors without instructions for AES.
//! No memory is addressed by secrets and no branch depends on them, and a single block does not
//! need others beside it to be fast, as it does where AES is computed with single bits: that is done with eight blocks
//! and more (`bitslice`).
//!
//! Reference: Mike Hamburg, Accelerating AES with Vector Permute Instructions, CHES 2009. The
//! tables are derived in `tables`.

#![allow(unsafe_code)]

mod bitslice;
mod modes;
mod tables;
#[cfg(test)]
mod tests;
mod vector;

use super::{BLOCK, BlockCipher, Pipelined, expand_words};
use crate::errno::Result;
pub use modes::with_tweaks;
use tables::*;
pub use vector::{Register, Vector};
use zeroize::Zeroizing;

/// The round keys of one direction. Those between the first and the last are keys of the state.
type RoundKeys<V> = Zeroizing<[V; 15]>;

/// AES with a key, if the processor has what `V` takes.
pub struct Permute<V: Vector> {
    encrypt: RoundKeys<V>,
    decrypt: RoundKeys<V>,
    /// Of both directions, for many blocks.
    bits: bitslice::RoundKeys<V>,
    rounds: usize,
}

// No padding, as in the other one.
const _: () = assert!(
    size_of::<Permute<Register>>()
        == 2 * size_of::<RoundKeys<Register>>()
            + size_of::<bitslice::RoundKeys<Register>>()
            + size_of::<usize>()
);

impl<V: Vector> Permute<V> {
    /// None: this processor does not have the instructions. EINVAL: no length of an AES key.
    pub fn new(key: &[u8]) -> Option<Result<Self>> {
        // SAFETY: the features are available.
        V::is_available().then(|| unsafe {
            V::with_features(
                #[inline(always)]
                || expand(key),
            )
        })
    }
}

/// `table` at each half of a byte.
#[inline(always)]
fn lookup<V: Vector>(table: &Table, halves: V) -> V {
    V::load(table).lookup(halves)
}

/// The sum of a function of each of two halves of a byte.
#[inline(always)]
fn linear<V: Vector>([one, other]: &[Table; 2], halves: [V; 2]) -> V {
    lookup(one, halves[0]).xor(lookup(other, halves[1]))
}

/// From bytes to the state.
#[inline(always)]
fn enter<V: Vector>(tables: &[Table; 2], bytes: V) -> V {
    linear(tables, [bytes.low(), bytes.high()])
}

/// p and q of `tables`, of which the inverses of the state's bytes are a function.
#[inline(always)]
fn invert<V: Vector>(state: V) -> [V; 2] {
    let (k, i) = (state.low(), state.high());
    let (j, a_over_k) = (i.xor(k), lookup(&A_OVER, k));
    let p = lookup(&ONE_OVER, lookup(&ONE_OVER, i).xor(a_over_k)).xor(j);
    let q = lookup(&ONE_OVER, lookup(&ONE_OVER, j).xor(a_over_k)).xor(i);
    [p, q]
}

/// The sum of a multiple of each row of a column.
#[inline(always)]
fn sum_of_rows<V: Vector>(rows: &[Table; 4], multiples: [V; 4]) -> V {
    let ([a, b, c, d], rows) = (multiples, rows.each_ref());
    let [a, b] = [a.lookup(V::load(rows[0])), b.lookup(V::load(rows[1]))];
    let [c, d] = [c.lookup(V::load(rows[2])), d.lookup(V::load(rows[3]))];
    a.xor(b).xor(c.xor(d))
}

/// What is done in one direction.
trait Direction {
    /// From bytes to the state.
    const ENTER: [Table; 2];

    /// A round, but for its key.
    fn round<V: Vector>(state: V) -> V;

    /// The last round, to bytes, but for its key.
    fn last_round<V: Vector>(state: V) -> V;

    /// The round keys for lookups.
    fn keys<V: Vector>(cipher: &Permute<V>) -> &[V];

    /// All rounds by single bits.
    fn by_bits<V: Vector>(keys: &bitslice::RoundKeys<V>, blocks: &mut [V; bitslice::FLIGHT]);
}

enum Encryption {}

impl Direction for Encryption {
    const ENTER: [Table; 2] = ENTER_ENCRYPTION;

    /// SubBytes, ShiftRows and MixColumns.
    #[inline(always)]
    fn round<V: Vector>(state: V) -> V {
        let inverse = invert(state);
        let (one, two) = (linear(&SUB_1, inverse), linear(&SUB_2, inverse));
        sum_of_rows(&SHIFT_ROWS, [two, two.xor(one), one, one])
    }

    /// SubBytes and ShiftRows.
    #[inline(always)]
    fn last_round<V: Vector>(state: V) -> V {
        linear(&SUB, invert(state)).lookup(V::load(&SHIFT_ROWS[0]))
    }

    fn keys<V: Vector>(cipher: &Permute<V>) -> &[V] {
        &cipher.encrypt[..=cipher.rounds]
    }

    #[inline(always)]
    fn by_bits<V: Vector>(keys: &bitslice::RoundKeys<V>, blocks: &mut [V; bitslice::FLIGHT]) {
        bitslice::encrypt(keys, blocks);
    }
}

enum Decryption {}

impl Direction for Decryption {
    const ENTER: [Table; 2] = ENTER_DECRYPTION;

    /// InvSubBytes, InvShiftRows and InvMixColumns.
    #[inline(always)]
    fn round<V: Vector>(state: V) -> V {
        let inverse = invert(state);
        let [e, b, d, nine] = &INVERSION_TIMES;
        let [e, b] = [linear(e, inverse), linear(b, inverse)];
        sum_of_rows(&UNSHIFT_ROWS, [e, b, linear(d, inverse), linear(nine, inverse)])
    }

    /// InvSubBytes and InvShiftRows.
    #[inline(always)]
    fn last_round<V: Vector>(state: V) -> V {
        linear(&INVERSION, invert(state)).lookup(V::load(&UNSHIFT_ROWS[0]))
    }

    fn keys<V: Vector>(cipher: &Permute<V>) -> &[V] {
        &cipher.decrypt[..=cipher.rounds]
    }

    #[inline(always)]
    fn by_bits<V: Vector>(keys: &bitslice::RoundKeys<V>, blocks: &mut [V; bitslice::FLIGHT]) {
        bitslice::decrypt(keys, blocks);
    }
}

/// All rounds, on `N` blocks in turn.
#[inline(always)]
fn rounds<D: Direction, V: Vector, const N: usize>(keys: &[V], blocks: &mut [V; N]) {
    let [first, middle @ .., last] = keys else { return };
    for block in blocks.iter_mut() {
        *block = enter(&D::ENTER, block.xor(*first));
    }
    for key in middle {
        for block in blocks.iter_mut() {
            *block = D::round(*block).xor(*key);
        }
    }
    for block in blocks {
        *block = D::last_round(*block).xor(*last);
    }
}

/// Blocks in registers. Apart, so that not each mode has all rounds in itself.
#[inline(never)]
fn crypt<D: Direction, V: Vector, const N: usize>(cipher: &Permute<V>, blocks: &mut [V; N]) {
    // SAFETY: a cipher is made where `new` has found the features, and nowhere else.
    unsafe {
        V::with_features(
            #[inline(always)]
            || match <&mut [V; bitslice::FLIGHT]>::try_from(blocks.as_mut_slice()) {
                Ok(blocks) => D::by_bits(&cipher.bits, blocks),
                Err(_) => rounds::<D, V, N>(D::keys(cipher), blocks),
            },
        )
    }
}

/// CBC encryption, block by block since each needs the one before.
#[inline(always)]
fn chain<V: Vector>(keys: &[V], iv: &mut [u8], blocks: &mut [u8]) {
    let ([iv], _) = iv.as_chunks_mut() else { return };
    let mut last = [V::load(iv)];
    for block in blocks.as_chunks_mut().0 {
        last[0] = last[0].xor(V::load(block));
        rounds::<Encryption, V, 1>(keys, &mut last);
        last[0].store(block);
    }
    last[0].store(iv);
}

/// S-boxes for each byte of a word.
#[inline(always)]
fn sub_word<V: Vector>(word: u32) -> u32 {
    let mut bytes = u128::from(word).to_le_bytes();
    let state = enter(&ENTER_ENCRYPTION, V::load(&bytes));
    linear(&SUB, invert(state)).xor(V::load(&CONSTANT)).store(&mut bytes);
    u128::from_le_bytes(bytes) as u32
}

/// The key expansion in both directions.
#[inline(always)]
fn expand<V: Vector>(key: &[u8]) -> Result<Permute<V>> {
    let mut words = Zeroizing::new([0; 60]);
    let rounds = expand_words(key, &mut words, sub_word::<V>)?;
    let zero = V::load(&[0; BLOCK]);
    let (mut encrypt, mut decrypt) = (Zeroizing::new([zero; 15]), Zeroizing::new([zero; 15]));
    let constant = V::load(&CONSTANT);
    let (words, _) = words.as_chunks::<4>();
    let keys = words[..=rounds].iter().map(|words| {
        let bytes = words.iter().rev().fold(0, |key, word| key << 32 | u128::from(*word));
        V::load(&bytes.to_le_bytes())
    });
    for (i, key) in keys.clone().enumerate() {
        // A constant that all S-boxes of a round add is the same behind MixColumns.
        if i == 0 {
            encrypt[0] = key;
            decrypt[rounds] = key;
        } else if i == rounds {
            encrypt[rounds] = key.xor(constant);
            decrypt[0] = key.xor(constant);
        } else {
            encrypt[i] = enter(&ENTER_ENCRYPTION, key.xor(constant));
            // What a round of decryption does to the last round of encryption, is InvMixColumns.
            let last = Encryption::last_round(enter(&ENTER_ENCRYPTION, key));
            let mixed = Decryption::round(enter(&ENTER_DECRYPTION, last));
            decrypt[rounds - i] = mixed.xor(enter(&ENTER_DECRYPTION, constant));
        }
    }
    Ok(Permute { encrypt, decrypt, bits: bitslice::expand(keys), rounds })
}

impl<V: Vector> BlockCipher for Permute<V> {
    fn size(&self) -> usize {
        BLOCK
    }

    fn encrypt(&self, blocks: &mut [u8]) {
        modes::ecb::<Encryption, V>(self, blocks.into());
    }

    fn decrypt(&self, blocks: &mut [u8]) {
        modes::ecb::<Decryption, V>(self, blocks.into());
    }

    fn chain(&self, iv: &mut [u8], blocks: &mut [u8]) {
        let keys = Encryption::keys(self);
        // SAFETY: `new` has found the features.
        unsafe {
            V::with_features(
                #[inline(always)]
                || chain(keys, iv, blocks),
            )
        }
    }

    fn pipelined(&self) -> Option<&dyn Pipelined> {
        Some(self)
    }
}
