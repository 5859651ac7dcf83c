// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! GCM of AES with VAES and VPCLMULQDQ on registers of four blocks: 32 blocks are encrypted in
//! turn, and between the rounds of AES the 32 before are authenticated, so that both kinds of
//! instructions are at work all the time.
//!
//! GHASH's numbers have their bits reversed. Their products need no shift if the powers of H are
//! those of H times x, which is POLYVAL's way (RFC 8452, appendix A). Those of a flight are summed
//! up before they are reduced: Gueron, Kounavis, “Intel Carry-Less Multiplication Instruction and
//! its Usage for Computing the GCM Mode” (2010).
//!
//! The time depends on lengths alone.

#![allow(unsafe_code)]

use super::super::padded::{Blocks, Padded};
use super::super::{Aead, give, verify};
use super::{Gmac, IV};
use crate::engine::user::algorithm::block::{Data, RoundKeys, expand_aes};
use crate::errno::{Errno, Result};
use crate::wipe::Depth;
use crate::wipe::wipe_bytes;
use std::arch::x86_64::*;
use std::array::from_fn;
use zeroize::Zeroizing;

/// Bytes in a block.
const BLOCK: usize = 16;

/// Bytes in a register.
const SIZE: usize = 64;

/// Blocks in a register.
const LANES: usize = SIZE / BLOCK;

/// Registers that are encrypted and authenticated at once.
const FLIGHT: usize = 8;

/// Half of them.
const HALF: usize = FLIGHT / 2;

/// Blocks in a flight, and powers of H that it takes.
const POWERS: usize = FLIGHT * LANES;

/// A key.
pub struct Vaes512 {
    keys: RoundKeys,
    /// From the highest power of H to the first; zeros, for what is loaded behind it.
    powers: Zeroizing<[[u8; BLOCK]; POWERS + LANES]>,
}

/// A message at work.
struct Message {
    /// Those of the next register, from end to start.
    counters: __m512i,
    /// The encrypted counter that is XORed into the tag.
    mask: __m128i,
    /// The hash of the data so far.
    hash: __m128i,
}

/// Sums of products, of which the middle one begins with the upper half of the lower one, and the
/// higher one with the upper half of that.
struct Sums {
    low: __m512i,
    middle: __m512i,
    high: __m512i,
}

impl Vaes512 {
    /// None: this processor does not have what it takes. EINVAL: no length of an AES key.
    pub fn new(key: &[u8]) -> Option<Result<Box<Self>>> {
        let available = is_x86_feature_detected!("aes")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("vaes")
            && is_x86_feature_detected!("vpclmulqdq");
        // SAFETY: the processor has all that.
        available.then(|| unsafe { with_key(key) })
    }

    fn tag<const ENCRYPT: bool>(
        &self,
        iv: &[u8],
        aad: &[u8],
        data: Data<'_, '_>,
    ) -> Result<[u8; BLOCK]> {
        let iv = iv.try_into().map_err(|_| Errno::INVAL)?;
        // SAFETY: there is a key only where the processor has all that it takes.
        Ok(unsafe { crypt::<ENCRYPT>(self, iv, aad, data) })
    }
}

impl Aead for Vaes512 {
    fn seal(&self, iv: &[u8], aad: &mut [u8], data: Data<'_, '_>, tag: &mut [u8]) -> Result<()> {
        give(&self.tag::<true>(iv, aad, data)?, tag)
    }

    fn open(&self, iv: &[u8], aad: &mut [u8], mut data: Data<'_, '_>, tag: &[u8]) -> Result<()> {
        let verified = verify(&self.tag::<false>(iv, aad, data.reborrow())?, tag);
        if verified.is_err() {
            wipe_bytes(data.get_out());
        }
        verified
    }

    fn depth(&self) -> Depth {
        Depth::Spills
    }
}

/// GHASH at work.
struct Hash<'a> {
    key: &'a Vaes512,
    sum: __m128i,
}

impl Blocks for Hash<'_> {
    fn update(&mut self, blocks: &[[u8; BLOCK]]) {
        for blocks in blocks.chunks(POWERS) {
            // SAFETY: there is a key only where the processor has all that it takes.
            unsafe { absorb_bytes::<FLIGHT>(self.key, &mut self.sum, blocks.as_flattened()) };
        }
    }
}

impl Gmac for Vaes512 {
    fn authenticate(&self, iv: &[u8], pieces: [&[u8]; 2]) -> Result<Zeroizing<[u8; BLOCK]>> {
        let iv = iv.try_into().map_err(|_| Errno::INVAL)?;
        // SAFETY: there is a key only where the processor has all that it takes.
        let message = unsafe { begin(&self.keys, iv) };
        let mut hash = Padded::new(Hash { key: self, sum: message.hash });
        pieces.iter().for_each(|piece| hash.push(piece));
        hash.pad();
        let message = Message { hash: hash.mac.sum, ..message };
        let len = pieces.iter().map(|piece| piece.len()).sum();
        // SAFETY: as above.
        Ok(Zeroizing::new(unsafe {
            end::<true>(self, message, (&mut [][..]).into(), lengths(len, 0))
        }))
    }

    fn depth(&self) -> Depth {
        Depth::Spills
    }
}

macro_rules! with_vaes {
    ($($function:item)*) => {
        $(
            #[inline]
            #[target_feature(enable = "aes,avx512bw,avx512f,avx512vl,vaes,vpclmulqdq")]
            $function
        )*
    };
}

with_vaes! {

fn with_key(key: &[u8]) -> Result<Box<Vaes512>> {
    let keys = expand_aes(key)?;
    let powers = Zeroizing::new([[0; BLOCK]; POWERS + LANES]);
    let mut this = Box::new(Vaes512 { keys, powers });
    let h = encrypt_one(&this.keys, _mm_setzero_si128());
    let first = times_x(reverse_one(h));
    let wide = |power| _mm512_broadcast_i32x4(power);
    let times = |power, other| _mm512_castsi512_si128(product(wide(power), wide(other)));
    let second = times(first, first);
    let (third, fourth) = (times(second, first), times(second, second));
    let mut four = wide(first);
    four = _mm512_inserti32x4::<2>(four, second);
    four = _mm512_inserti32x4::<1>(four, third);
    four = _mm512_inserti32x4::<0>(four, fourth);
    for powers in this.powers.as_chunks_mut::<LANES>().0.iter_mut().take(FLIGHT).rev() {
        // SAFETY: the reference is to as many bytes as are written.
        unsafe { _mm512_storeu_si512(powers.as_mut_ptr().cast(), four) };
        four = product(four, wide(fourth));
    }
    Ok(this)
}

/// En- or decrypts `data`; its tag.
fn crypt<const ENCRYPT: bool>(
    key: &Vaes512,
    iv: &[u8; IV],
    aad: &[u8],
    data: Data<'_, '_>,
) -> [u8; BLOCK] {
    let lengths = lengths(aad.len(), data.len());
    let mut message = begin(&key.keys, iv);
    for aad in aad.chunks(HALF * SIZE) {
        absorb_bytes::<HALF>(key, &mut message.hash, aad);
    }
    let mut rest = fly::<ENCRYPT>(key, &mut message, data);
    while rest.len() >= HALF * SIZE {
        let (half, later) = rest.split_at(HALF * SIZE);
        let text = crypt_registers::<HALF, ENCRYPT>(key, &mut message.counters, half, |_| {});
        absorb(key, &mut message.hash, &text, HALF * LANES);
        rest = later;
    }
    end::<ENCRYPT>(key, message, rest, lengths)
}

/// The last block that is authenticated: the lengths in bits.
fn lengths(aad: usize, data: usize) -> __m128i {
    _mm_set_epi64x(8 * aad as i64, 8 * data as i64)
}

/// Adds up to `N` registers of bytes, and zeros up to the end of the block.
fn absorb_bytes<const N: usize>(key: &Vaes512, hash: &mut __m128i, bytes: &[u8]) {
    let blocks: [_; N] = from_fn(|i| reverse(load(bytes.get(SIZE * i..).unwrap_or_default())));
    absorb(key, hash, &blocks, bytes.len().div_ceil(BLOCK));
}

/// En- or decrypts whole flights and authenticates them; what is left.
fn fly<'i, 'o, const ENCRYPT: bool>(
    key: &Vaes512,
    message: &mut Message,
    data: Data<'i, 'o>,
) -> Data<'i, 'o> {
    if data.len() < FLIGHT * SIZE {
        return data;
    }
    let (first, mut rest) = data.split_at(FLIGHT * SIZE);
    let mut before =
        crypt_registers::<FLIGHT, ENCRYPT>(key, &mut message.counters, first, |_| {});
    while rest.len() >= FLIGHT * SIZE {
        let (flight, later) = rest.split_at(FLIGHT * SIZE);
        before[0] = _mm512_xor_si512(before[0], _mm512_zextsi128_si512(message.hash));
        let mut sums = zero();
        // AES has at least nine rounds between the first and the last.
        let beside = |round: usize| {
            if let (Some(blocks), Some(powers)) = (before.get(round), powers(key).get(round)) {
                add_product(&mut sums, *blocks, load(powers.as_flattened()));
            }
        };
        let counters = &mut message.counters;
        let text = crypt_registers::<FLIGHT, ENCRYPT>(key, counters, flight, beside);
        message.hash = sum(sums);
        before = text;
        rest = later;
    }
    absorb(key, &mut message.hash, &before, POWERS);
    rest
}

/// The powers of H, for a register of blocks each.
fn powers(key: &Vaes512) -> &[[[u8; BLOCK]; LANES]] {
    key.powers.as_chunks().0
}

fn begin(keys: &RoundKeys, iv: &[u8; IV]) -> Message {
    let mut first = [0; BLOCK];
    first[..IV].copy_from_slice(iv);
    first[BLOCK - 1] = 1;
    // SAFETY: the reference is to as many bytes as are read.
    let first = unsafe { _mm_loadu_si128(first.as_ptr().cast()) };
    let numbers = _mm512_set_epi32(0, 0, 0, 4, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 1);
    Message {
        counters: _mm512_add_epi32(_mm512_broadcast_i32x4(reverse_one(first)), numbers),
        mask: encrypt_one(keys, first),
        hash: _mm_setzero_si128(),
    }
}

/// The last bytes of the data, fewer than half a flight, and the lengths; the tag.
fn end<const ENCRYPT: bool>(
    key: &Vaes512,
    mut message: Message,
    data: Data<'_, '_>,
    lengths: __m128i,
) -> [u8; BLOCK] {
    let mut blocks = [_mm512_setzero_si512(); HALF];
    let mut count = data.len().div_ceil(BLOCK);
    match count.div_ceil(LANES) {
        0 => {}
        1 => last::<1, ENCRYPT>(key, &mut message, data, &mut blocks),
        2 => last::<2, ENCRYPT>(key, &mut message, data, &mut blocks),
        3 => last::<3, ENCRYPT>(key, &mut message, data, &mut blocks),
        _ => last::<4, ENCRYPT>(key, &mut message, data, &mut blocks),
    }
    if count == HALF * LANES {
        absorb(key, &mut message.hash, &blocks, count);
        count = 0;
    }
    let lane = 0xf << (4 * (count % LANES));
    let with_lengths = &mut blocks[count / LANES];
    *with_lengths = _mm512_mask_broadcast_i32x4(*with_lengths, lane, lengths);
    absorb(key, &mut message.hash, &blocks, count + 1);
    let mut tag = [0; BLOCK];
    let bits = _mm_xor_si128(reverse_one(message.hash), message.mask);
    // SAFETY: the reference is to as many bytes as are written.
    unsafe { _mm_storeu_si128(tag.as_mut_ptr().cast(), bits) };
    tag
}

/// En- or decrypts the last bytes, which begin in each of `N` registers; the ciphertext into
/// `blocks`.
fn last<const N: usize, const ENCRYPT: bool>(
    key: &Vaes512,
    message: &mut Message,
    data: Data<'_, '_>,
    blocks: &mut [__m512i; HALF],
) {
    let text = crypt_registers::<N, ENCRYPT>(key, &mut message.counters, data, |_| {});
    blocks[..N].copy_from_slice(&text);
}

/// En- or decrypts `data`, which begin in each of `N` registers; the ciphertext as GHASH takes it.
/// `beside` is called with the number of each round between the first and the last.
fn crypt_registers<const N: usize, const ENCRYPT: bool>(
    key: &Vaes512,
    counters: &mut __m512i,
    mut data: Data<'_, '_>,
    beside: impl FnMut(usize),
) -> [__m512i; N] {
    let four = _mm512_set_epi32(0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 4);
    let mut stream: [__m512i; N] = from_fn(|_| {
        let now = reverse(*counters);
        *counters = _mm512_add_epi32(*counters, four);
        now
    });
    encrypt(&key.keys, &mut stream, beside);
    from_fn(|i| {
        let text = load(&data.get_in()[SIZE * i..]);
        let result = _mm512_xor_si512(text, stream[i]);
        let stored = store(&mut data.get_out()[SIZE * i..], result);
        reverse(if ENCRYPT { stored } else { text })
    })
}

fn encrypt<const N: usize>(
    keys: &RoundKeys,
    blocks: &mut [__m512i; N],
    mut beside: impl FnMut(usize),
) {
    let [first, middle @ .., last] = keys.encrypt() else { return };
    let [first, last] = [first, last].map(|key| _mm512_broadcast_i32x4(*key));
    blocks.iter_mut().for_each(|block| *block = _mm512_xor_si512(*block, first));
    for (i, key) in middle.iter().enumerate() {
        let key = _mm512_broadcast_i32x4(*key);
        blocks.iter_mut().for_each(|block| *block = _mm512_aesenc_epi128(*block, key));
        beside(i);
    }
    blocks.iter_mut().for_each(|block| *block = _mm512_aesenclast_epi128(*block, last));
}

fn encrypt_one(keys: &RoundKeys, block: __m128i) -> __m128i {
    let [first, middle @ .., last] = keys.encrypt() else { return block };
    let mut state = _mm_xor_si128(block, *first);
    middle.iter().for_each(|key| state = _mm_aesenc_si128(state, *key));
    _mm_aesenclast_si128(state, *last)
}

/// A bit for each byte that there is of a register's.
fn bytes(len: usize) -> u64 {
    if len < SIZE { !(u64::MAX << len) } else { u64::MAX }
}

/// A register of bytes, with zeros behind the last ones.
fn load(from: &[u8]) -> __m512i {
    // SAFETY: no more bytes are read than there are.
    unsafe { _mm512_maskz_loadu_epi8(bytes(from.len()), from.as_ptr().cast()) }
}

/// Stores as many bytes as there is room for, and returns those, with zeros behind them.
fn store(to: &mut [u8], register: __m512i) -> __m512i {
    let mask = bytes(to.len());
    // SAFETY: no more bytes are written than there are.
    unsafe { _mm512_mask_storeu_epi8(to.as_mut_ptr().cast(), mask, register) };
    _mm512_maskz_mov_epi8(mask, register)
}

/// Each block from end to start.
fn reverse(blocks: __m512i) -> __m512i {
    _mm512_shuffle_epi8(blocks, _mm512_broadcast_i32x4(from_end_to_start()))
}

fn reverse_one(block: __m128i) -> __m128i {
    _mm_shuffle_epi8(block, from_end_to_start())
}

fn from_end_to_start() -> __m128i {
    _mm_set_epi64x(0x0001_0203_0405_0607, 0x0809_0a0b_0c0d_0e0f)
}

/// Adds `count` blocks, at least one, of which others behind them are zeros.
fn absorb<const N: usize>(
    key: &Vaes512,
    hash: &mut __m128i,
    blocks: &[__m512i; N],
    count: usize,
) {
    let mut blocks = *blocks;
    blocks[0] = _mm512_xor_si512(blocks[0], _mm512_zextsi128_si512(*hash));
    let (powers, _) = key.powers[POWERS - count..].as_chunks::<LANES>();
    let mut sums = zero();
    for (blocks, powers) in blocks.iter().zip(powers).take(count.div_ceil(LANES)) {
        add_product(&mut sums, *blocks, load(powers.as_flattened()));
    }
    *hash = sum(sums);
}

fn zero() -> Sums {
    let zero = _mm512_setzero_si512();
    Sums { low: zero, middle: zero, high: zero }
}

/// Adds the products of each block of `a` and of `b`, which is times x. Karatsuba's way, as a
/// multiplication keeps AES waiting for as long as two of its rounds take.
fn add_product(sums: &mut Sums, a: __m512i, b: __m512i) {
    let halves = |a| _mm512_xor_si512(a, _mm512_shuffle_epi32::<0b01_00_11_10>(a));
    let both = _mm512_clmulepi64_epi128::<0x00>(halves(a), halves(b));
    sums.low = _mm512_xor_si512(sums.low, _mm512_clmulepi64_epi128::<0x00>(a, b));
    sums.middle = _mm512_xor_si512(sums.middle, both);
    sums.high = _mm512_xor_si512(sums.high, _mm512_clmulepi64_epi128::<0x11>(a, b));
}

fn product(a: __m512i, b: __m512i) -> __m512i {
    let mut sums = zero();
    add_product(&mut sums, a, b);
    reduced(sums)
}

/// That of all lanes.
fn sum(sums: Sums) -> __m128i {
    let lanes = reduced(sums);
    let [low, high] = [_mm512_castsi512_si256(lanes), _mm512_extracti64x4_epi64::<1>(lanes)];
    let lanes = _mm256_xor_si256(low, high);
    _mm_xor_si128(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256::<1>(lanes))
}

/// Modulo x^128 + x^7 + x^2 + x + 1: the lower half of each is folded into the next one.
fn reduced(sums: Sums) -> __m512i {
    let polynomial = _mm512_set1_epi64(0xc2 << 56);
    let fold = |from, to| {
        let swapped = _mm512_shuffle_epi32::<0b01_00_11_10>(from);
        xor3(to, swapped, _mm512_clmulepi64_epi128::<0x00>(from, polynomial))
    };
    let middle = xor3(sums.low, sums.middle, sums.high);
    fold(fold(sums.low, middle), sums.high)
}

fn xor3(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
    _mm512_ternarylogic_epi64::<0x96>(a, b, c)
}

/// Times x, which is a shift to the left where bits are reversed.
fn times_x(number: __m128i) -> __m128i {
    let over = _mm_srli_epi64::<63>(number);
    let shifted = _mm_or_si128(_mm_slli_epi64::<1>(number), _mm_slli_si128::<8>(over));
    // All ones where a bit went over the end.
    let carry = _mm_sub_epi64(_mm_setzero_si128(), _mm_unpackhi_epi64(over, over));
    _mm_xor_si128(shifted, _mm_and_si128(carry, _mm_set_epi64x(0xc2 << 56, 1)))
}

}

#[cfg(test)]
mod tests {
    use super::super::Gcm;
    use super::*;
    use aes::{Aes128, Aes192, Aes256};
    use cipher::KeyInit;

    fn composition(key: &[u8]) -> Gcm {
        match key.len() {
            16 => Gcm::new(Box::new(Aes128::new_from_slice(key).unwrap())),
            24 => Gcm::new(Box::new(Aes192::new_from_slice(key).unwrap())),
            _ => Gcm::new(Box::new(Aes256::new_from_slice(key).unwrap())),
        }
    }

    #[track_caller]
    fn check(ours: &Vaes512, composition: &Gcm, aad: &[u8], text: &[u8], tag_len: usize) {
        let iv = &[text.len() as u8; IV];
        let (mut a, mut b) = (text.to_vec(), text.to_vec());
        let (mut tag, mut tag_b) = (vec![0; tag_len], vec![0; tag_len]);
        let given = &mut aad.to_vec();
        ours.seal(iv, given, a.as_mut_slice().into(), &mut tag).unwrap();
        composition.seal(iv, given, b.as_mut_slice().into(), &mut tag_b).unwrap();
        let lengths = (aad.len(), text.len());
        assert!(a == b && tag == tag_b, "{lengths:?}");
        ours.open(iv, given, a.as_mut_slice().into(), &tag).unwrap();
        assert!(a == text, "{lengths:?}");
        tag[text.len() % tag_len] ^= 0x10;
        assert_eq!(
            ours.open(iv, given, b.as_mut_slice().into(), &tag),
            Err(Errno::BADMSG),
            "{lengths:?}"
        );
        assert!(b.iter().all(|byte| *byte == 0), "{lengths:?}");
        let macs: [&dyn Gmac; 2] = [ours, composition];
        let [a, b] = macs.map(|mac| mac.authenticate(iv, [aad, text]).unwrap());
        assert_eq!(a, b, "{lengths:?}");
    }

    #[test]
    fn it_agrees_with_the_composition() {
        let bytes: Vec<u8> = (0..4200u32).map(|i| ((i * i) >> 5) as u8).collect();
        for key_len in [16, 24, 32] {
            let key = &bytes[100..][..key_len];
            let Some(ours) = Vaes512::new(key) else {
                assert!(!is_x86_feature_detected!("vaes") || !is_x86_feature_detected!("avx512f"));
                return;
            };
            let (ours, composition) = (ours.unwrap(), composition(key));
            for len in (0..800).chain([1023, 1024, 1025, 1279, 1281, 4096, 4100]) {
                let aad = &bytes[..len % 71];
                check(&ours, &composition, aad, &bytes[len % 50..][..len], 4 + len % 13);
                check(&ours, &composition, &bytes[..len], aad, 16);
            }
        }
    }

    #[test]
    fn it_takes_no_other_key() {
        for len in (0..70).filter(|len| !matches!(len, 16 | 24 | 32)) {
            assert!(Vaes512::new(&vec![0; len]).is_none_or(|key| key.is_err()), "{len}");
        }
    }
}
