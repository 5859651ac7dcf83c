// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The modes over AES by lookups and by single bits: eight blocks at a time as long as there are so many, then four, two
//! and one.
//!
//! They leave blocks on the stack, within the part that is wiped when a call returns.
//!
//! References: NIST SP 800-38A; IEEE 1619.

use super::bitslice;
use super::vector::Vector;
use super::{Decryption, Direction, Encryption, Permute, crypt};
use crate::engine::user::algorithm::block::aes::BLOCK;
use crate::engine::user::algorithm::block::{BlockCipher, Data, Pipelined, Tweaked};
use crate::errno::Result;
use crate::wipe::Depth;
use std::array::from_fn;
use std::marker::PhantomData;

/// Blocks of a mode.
trait Mode<V: Vector> {
    /// The next `N` blocks. Input and output may be the same memory.
    fn flight<const N: usize>(&mut self, data: Data<'_, '_>);
}

/// The block at `i`.
fn load<V: Vector>(data: &Data<'_, '_>, i: usize) -> V {
    V::load(&data.get_in().as_chunks().0[i])
}

fn store<V: Vector>(data: &mut Data<'_, '_>, i: usize, block: V) {
    block.store(&mut data.get_out().as_chunks_mut().0[i]);
}

/// XORs `N` blocks to the output.
fn xor_each<V: Vector, const N: usize>(data: &mut Data<'_, '_>, with: &[V; N]) {
    for (i, with) in with.iter().enumerate() {
        let block = load::<V>(data, i).xor(*with);
        store(data, i, block);
    }
}

/// All of `data`. A last piece of a block is given as a block with zeros behind it.
fn walk<V: Vector>(mode: &mut impl Mode<V>, data: Data<'_, '_>) {
    let data = flights::<V, { bitslice::FLIGHT }>(mode, data);
    // While one block waits for a lookup, another goes on.
    let data = flights::<V, 4>(mode, data);
    let data = flights::<V, 2>(mode, data);
    let mut data = flights::<V, 1>(mode, data);
    if !data.is_empty() {
        let mut padded = [0; BLOCK];
        padded[..data.len()].copy_from_slice(data.get_in());
        mode.flight::<1>(padded.as_mut_slice().into());
        let out = data.get_out();
        out.copy_from_slice(&padded[..out.len()]);
    }
}

/// Returns what is less than `N` blocks.
fn flights<'i, 'o, V: Vector, const N: usize>(
    mode: &mut impl Mode<V>,
    mut data: Data<'i, 'o>,
) -> Data<'i, 'o> {
    while data.len() >= N * BLOCK {
        let (now, later) = data.split_at(N * BLOCK);
        mode.flight::<N>(now);
        data = later;
    }
    data
}

/// Blocks by themselves.
struct Ecb<'a, D, V: Vector>(&'a Permute<V>, PhantomData<D>);

impl<D: Direction, V: Vector> Mode<V> for Ecb<'_, D, V> {
    fn flight<const N: usize>(&mut self, mut data: Data<'_, '_>) {
        let mut blocks: [V; N] = from_fn(|i| load(&data, i));
        crypt::<D, V, N>(self.0, &mut blocks);
        (0..N).for_each(|i| store(&mut data, i, blocks[i]));
    }
}

/// Whole blocks by themselves.
pub fn ecb<D: Direction, V: Vector>(cipher: &Permute<V>, data: Data<'_, '_>) {
    walk(&mut Ecb::<D, V>(cipher, PhantomData), data);
}

/// CBC decryption.
struct Cbc<'a, V: Vector> {
    cipher: &'a Permute<V>,
    /// The last block of ciphertext.
    last: V,
}

impl<V: Vector> Mode<V> for Cbc<'_, V> {
    fn flight<const N: usize>(&mut self, mut data: Data<'_, '_>) {
        let mut blocks: [V; N] = from_fn(|i| load(&data, i));
        crypt::<Decryption, V, N>(self.cipher, &mut blocks);
        let before = std::mem::replace(&mut self.last, load(&data, N - 1));
        // From the end, since the ciphertext before a block may be where its plaintext goes.
        for i in (1..N).rev() {
            let block = blocks[i].xor(load(&data, i - 1));
            store(&mut data, i, block);
        }
        store(&mut data, 0, blocks[0].xor(before));
    }
}

/// CFB decryption.
struct Cfb<'a, V: Vector> {
    cipher: &'a Permute<V>,
    /// The last block of ciphertext.
    last: V,
}

impl<V: Vector> Mode<V> for Cfb<'_, V> {
    fn flight<const N: usize>(&mut self, mut data: Data<'_, '_>) {
        let before = std::mem::replace(&mut self.last, load(&data, N - 1));
        let mut blocks: [V; N] = from_fn(|i| if i == 0 { before } else { load(&data, i - 1) });
        crypt::<Encryption, V, N>(self.cipher, &mut blocks);
        xor_each(&mut data, &blocks);
    }
}

/// Counter mode.
struct Ctr<'a, V: Vector> {
    cipher: &'a Permute<V>,
    counter: &'a mut u128,
}

impl<V: Vector> Mode<V> for Ctr<'_, V> {
    fn flight<const N: usize>(&mut self, mut data: Data<'_, '_>) {
        let mut blocks: [V; N] = from_fn(|i| {
            let counter = self.counter.wrapping_add(i as u128);
            V::from_number(counter.swap_bytes())
        });
        *self.counter = self.counter.wrapping_add(N as u128);
        crypt::<Encryption, V, N>(self.cipher, &mut blocks);
        xor_each(&mut data, &blocks);
    }
}

/// XTS.
struct Xts<'a, D, V: Vector> {
    cipher: &'a Permute<V>,
    /// The next block's.
    tweak: u128,
    direction: PhantomData<D>,
}

impl<D: Direction, V: Vector> Mode<V> for Xts<'_, D, V> {
    fn flight<const N: usize>(&mut self, mut data: Data<'_, '_>) {
        let tweaks: [V; N] = from_fn(|_| {
            let tweak = self.tweak;
            // Times x, the first byte being the lowest.
            self.tweak = (tweak << 1) ^ ((tweak >> 127) * 0x87);
            V::from_number(tweak)
        });
        let mut blocks: [V; N] = from_fn(|i| load::<V>(&data, i).xor(tweaks[i]));
        crypt::<D, V, N>(self.cipher, &mut blocks);
        (0..N).for_each(|i| store(&mut data, i, blocks[i].xor(tweaks[i])));
    }
}

impl<V: Vector> Pipelined for Permute<V> {
    fn ecb(&self, encrypt: bool, data: Data<'_, '_>) {
        if encrypt { ecb::<Encryption, V>(self, data) } else { ecb::<Decryption, V>(self, data) }
    }

    fn cbc_decrypt(&self, iv: &mut [u8; BLOCK], data: Data<'_, '_>) {
        let mut mode = Cbc { cipher: self, last: V::load(iv) };
        walk(&mut mode, data);
        mode.last.store(iv);
    }

    fn cfb_decrypt(&self, iv: &mut [u8; BLOCK], data: Data<'_, '_>) {
        let whole = data.len() - data.len() % BLOCK;
        let (blocks, piece) = data.split_at(whole);
        let mut mode = Cfb { cipher: self, last: V::load(iv) };
        walk(&mut mode, blocks);
        mode.last.store(iv);
        // The piece leaves no block of ciphertext.
        walk(&mut mode, piece);
    }

    fn ctr(&self, counter: &mut u128, data: Data<'_, '_>) {
        walk(&mut Ctr { cipher: self, counter }, data);
    }

    fn depth(&self, mode: Depth) -> Depth {
        mode.max(Depth::Spills)
    }
}

/// The two keys of XTS.
struct WithTweaks<V: Vector> {
    data: Box<Permute<V>>,
    tweak: Box<Permute<V>>,
}

/// A key of them. Apart, so that both come by way of the same part of the stack.
#[inline(never)]
fn boxed<V: Vector>(key: &[u8]) -> Option<Result<Box<Permute<V>>>> {
    Some(Permute::new(key)?.map(Box::new))
}

/// XTS with a key for the data and one for the tweaks. None: the processor does not have the instructions.
pub fn with_tweaks<V: Vector>(data: &[u8], tweak: &[u8]) -> Option<Result<Box<dyn Tweaked>>> {
    let (data, tweak) = (boxed::<V>(data)?, boxed::<V>(tweak)?);
    Some(data.and_then(|data| Ok(Box::new(WithTweaks { data, tweak: tweak? }) as _)))
}

impl<V: Vector> WithTweaks<V> {
    fn crypt<D: Direction>(&self, iv: &[u8; BLOCK], data: Data<'_, '_>) -> u128 {
        let mut first = *iv;
        self.tweak.encrypt(&mut first);
        let tweak = u128::from_le_bytes(first);
        let mut mode = Xts::<D, V> { cipher: &self.data, tweak, direction: PhantomData };
        walk(&mut mode, data);
        mode.tweak
    }
}

impl<V: Vector> Tweaked for WithTweaks<V> {
    fn data_cipher(&self) -> &dyn BlockCipher {
        &*self.data
    }

    fn xts(&self, encrypt: bool, iv: &[u8; BLOCK], data: Data<'_, '_>) -> u128 {
        if encrypt {
            self.crypt::<Encryption>(iv, data)
        } else {
            self.crypt::<Decryption>(iv, data)
        }
    }

    fn depth(&self) -> Depth {
        Depth::Spills
    }
}
