// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! ChaCha as a cipher of its own and as a part of the AEAD.
//!
//! RFC 8439; Linux `crypto/chacha_generic.c`: the IV is the counter of blocks, 32
//! bits, little-endian, and the nonce, and it stays as it is: a further call begins
//! at its start again. The counter wraps to 0.
//!
//! x86-64 has its own for SSSE3, AVX2 and AVX-512: RustCrypto's makes four blocks at once with SSE2, even if one or
//! two are needed, and with AVX2, where eight fit; AVX-512 it uses in special builds only. With the first two Poly1305
//! is computed beside. AArch64 has its own, too. All others take RustCrypto's.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(target_arch = "x86_64")]
mod rounds;
#[cfg(target_arch = "x86_64")]
mod ssse3;

use super::Skcipher;
use crate::engine::user::algorithm::block::Data;
use crate::engine::user::algorithm::poly1305::Pending;
use crate::errno::{Errno, Result};
#[cfg(target_arch = "x86_64")]
use crate::wipe::wiping_stack;
use crate::wipe::{Depth, wipe_bytes};
use chacha20::{R12, R20, Rounds};
use std::marker::PhantomData;
use zeroize::{Zeroize, Zeroizing};

/// Bytes in a block.
pub const SIZE: usize = 64;

/// Bytes of the stack that the key stream takes with vectors.
#[cfg(target_arch = "x86_64")]
const STACK: usize = 5 << 9;

/// The same with AVX-512, whose functions take less.
#[cfg(target_arch = "x86_64")]
const STACK_AVX512: usize = 2 << 10;

/// A block of the key stream.
pub type Block = [u8; SIZE];

/// What the key stream is for.
#[cfg(target_arch = "x86_64")]
struct Target<'k, 'i, 'o> {
    /// Takes the first block as it is, if there is one.
    first: Option<&'k mut Block>,
    /// Is XORed with the others.
    data: Data<'i, 'o>,
}

#[cfg(target_arch = "x86_64")]
impl Target<'_, '_, '_> {
    /// Bytes of the key stream.
    fn len(&self) -> usize {
        self.data.len() + if self.first.is_some() { SIZE } else { 0 }
    }

    /// The part for up to so many bytes of the key stream, which are whole blocks, and the rest.
    fn split_at(self, len: usize) -> (Self, Self) {
        let Self { first, data } = self;
        let (now_first, later_first) = if len == 0 { (None, first) } else { (first, None) };
        let len = if now_first.is_some() { len.saturating_sub(SIZE) } else { len };
        let len = len.min(data.len());
        let (now, later) = data.split_at(len);
        (Self { first: now_first, data: now }, Self { first: later_first, data: later })
    }
}

/// XORs `data` with the key stream from `iv` on, from input to output.
pub fn apply<R: Rounds>(key: &[u8; 32], iv: &[u8; 16], data: Data<'_, '_>) {
    let work = || apply_beside::<R>(key, iv, data, &mut Pending::none());
    #[cfg(target_arch = "x86_64")]
    if avx512::available() {
        return wiping_stack::<STACK_AVX512, _>(work);
    } else if ssse3::available() {
        return wiping_stack::<STACK, _>(work);
    }
    work();
}

/// Does the same, and where [`flight`] says so adds to `pending` meanwhile. The part of the stack that it takes is for
/// the caller to wipe.
#[cfg(target_arch = "x86_64")]
pub fn apply_beside<'a, R: Rounds>(
    key: &[u8; 32],
    iv: &[u8; 16],
    data: Data<'_, 'a>,
    pending: &mut Pending<'a>,
) {
    let target = Target { first: None, data };
    if let Some(target) = with_vectors(R::COUNT, &mut state(key, iv), target, pending) {
        portable::<R>(key, iv, target.data);
    }
}

/// The same.
#[cfg(target_arch = "aarch64")]
pub fn apply_beside<R: Rounds>(
    key: &[u8; 32],
    iv: &[u8; 16],
    data: Data<'_, '_>,
    _: &mut Pending<'_>,
) {
    neon::apply(R::COUNT, &mut state(key, iv), data);
}

/// The same.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub fn apply_beside<R: Rounds>(
    key: &[u8; 32],
    iv: &[u8; 16],
    data: Data<'_, '_>,
    _: &mut Pending<'_>,
) {
    portable::<R>(key, iv, data);
}

/// Writes the block of `iv` to `first`, and XORs `data` with those after it. The stack is for the caller to wipe, too.
pub fn begin<R: Rounds>(key: &[u8; 32], iv: &[u8; 16], first: &mut Block, data: Data<'_, '_>) {
    #[cfg(target_arch = "x86_64")]
    let (first, data) = {
        let target = Target { first: Some(first), data };
        match with_vectors(R::COUNT, &mut state(key, iv), target, &mut Pending::none()) {
            Some(Target { first: Some(first), data }) => (first, data),
            _ => return,
        }
    };
    begin_in_a_copy::<R>(key, iv, first, data);
}

/// The same, with a copy of as many blocks as are made at once. Not inlined, for the sake of the stack.
#[inline(never)]
fn begin_in_a_copy<R: Rounds>(
    key: &[u8; 32],
    iv: &[u8; 16],
    first: &mut Block,
    data: Data<'_, '_>,
) {
    let mut made = [0; 4 * SIZE];
    let len = data.len().min(made.len() - SIZE);
    let (mut now, later) = data.split_at(len);
    let made = &mut made[..SIZE + len];
    made[SIZE..].copy_from_slice(now.get_in());
    apply::<R>(key, iv, (&mut *made).into());
    first.copy_from_slice(&made[..SIZE]);
    now.get_out().copy_from_slice(&made[SIZE..]);
    wipe_bytes(made);
    if !later.is_empty() {
        let mut iv = *iv;
        let (counter, _) = iv.split_first_chunk_mut().expect("4 of 16 bytes");
        *counter = u32::from_le_bytes(*counter).wrapping_add(4).to_le_bytes();
        apply::<R>(key, &iv, later);
    }
}

/// Bytes that are made at once, if Poly1305 is computed beside them at little cost; None: it takes the same units of
/// the processor, and it is faster where it does (AVX-512), or nothing of the kind is there.
pub fn flight() -> Option<usize> {
    #[cfg(target_arch = "x86_64")]
    if !avx512::available() {
        let avx2 = avx2::available().then_some(avx2::FLIGHT);
        return avx2.or(ssse3::available().then_some(ssse3::FLIGHT));
    }
    None
}

/// Gives `target` back, and does nothing, if the processor cannot.
#[cfg(target_arch = "x86_64")]
fn with_vectors<'a, 'b, 'c>(
    double_rounds: usize,
    state: &mut [u32; 16],
    target: Target<'a, 'b, 'c>,
    pending: &mut Pending<'c>,
) -> Option<Target<'a, 'b, 'c>> {
    let target = avx512::apply(double_rounds, state, target, pending)?;
    let target = avx2::apply(double_rounds, state, target, pending)?;
    ssse3::apply(double_rounds, state, target, pending)
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

/// Not inlined, since it takes more of the stack than what stands beside it.
#[cfg(any(test, not(target_arch = "aarch64")))]
#[inline(never)]
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
    if ssse3::available() {
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

    use crate::engine::user::algorithm::poly1305::Poly1305;

    #[cfg(target_arch = "x86_64")]
    type Apply = for<'a, 'b, 'c> fn(
        usize,
        &mut [u32; 16],
        Target<'a, 'b, 'c>,
        &mut Pending<'c>,
    ) -> Option<Target<'a, 'b, 'c>>;

    #[cfg(target_arch = "x86_64")]
    struct Kernel {
        available: fn() -> bool,
        apply: Apply,
        beside: bool,
    }

    #[cfg(target_arch = "x86_64")]
    static KERNELS: &[Kernel] = &[
        Kernel { available: avx512::available, apply: avx512::apply, beside: false },
        Kernel { available: avx2::available, apply: avx2::apply, beside: true },
        Kernel { available: ssse3::available, apply: ssse3::apply, beside: true },
    ];

    /// Those that the processor has.
    #[cfg(target_arch = "x86_64")]
    fn kernels() -> impl Iterator<Item = &'static Kernel> {
        KERNELS.iter().filter(|kernel| (kernel.available)())
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn vectors_agree_with_rustcrypto() {
        for kernel in kernels() {
            check(|state, data| {
                let target = Target { first: None, data };
                assert!((kernel.apply)(10, state, target, &mut Pending::none()).is_none());
            });
        }
    }

    #[test]
    #[cfg(target_arch = "aarch64")]
    fn vectors_agree_with_rustcrypto() {
        check(|state, data| neon::apply(10, state, data));
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn a_first_block_and_poly1305_beside() {
        let bytes: Vec<u8> = (0..5000u32).map(|i| ((i * i) >> 5) as u8).collect();
        let (key, iv) = (bytes[50..].first_chunk().unwrap(), [0xff; 16]);
        for (kernel, len) in kernels().flat_map(|kernel| (0..1500).map(move |len| (kernel, len))) {
            let follows = kernel.beside && len % 3 > 0;
            let mut theirs = vec![0; SIZE + len];
            theirs[SIZE..].copy_from_slice(&bytes[..len]);
            portable::<R20>(key, &iv, theirs.as_mut_slice().into());
            let (mut first, mut ours) = ([7; SIZE], vec![0; len]);
            let data = Data::new(&bytes[..len], &mut ours).unwrap();
            let target = Target { first: Some(&mut first), data };
            // More blocks and fewer than there is time for.
            let text = &bytes[len..][..len * 5 % 1200 / 16 * 16];
            let [mut beside, mut after] = [0, 1].map(|_| Poly1305::new(key));
            beside.update_beside(text, |pending| {
                if follows {
                    pending.follow();
                }
                assert!((kernel.apply)(10, &mut state(key, &iv), target, pending).is_none());
            });
            after.update_padded(text);
            if follows {
                after.update_padded(&ours[..len / 16 * 16]);
            }
            assert_eq!(beside.tag(), after.tag(), "{len}");
            assert!([&first, &ours[..]].concat() == theirs, "{len}");
        }
    }

    #[test]
    fn a_first_block_and_data() {
        let (key, mut iv) = ([3; 32], [9; 16]);
        iv[..4].copy_from_slice(&(u32::MAX - 2).to_le_bytes());
        for len in 0..1400 {
            let (mut ours, mut theirs, mut first) = (vec![1; len], vec![1; SIZE + len], [7; SIZE]);
            begin::<R20>(&key, &iv, &mut first, ours.as_mut_slice().into());
            theirs[..SIZE].fill(0);
            portable::<R20>(&key, &iv, theirs.as_mut_slice().into());
            assert!([&first, &ours[..]].concat() == theirs, "{len}");
        }
    }

    fn check(apply: impl Fn(&mut [u32; 16], Data<'_, '_>)) {
        let bytes: Vec<u8> = (0..5000u32).map(|i| ((i * i) >> 5) as u8).collect();
        for len in (0..1300).chain([2047, 2048, 2049, 2304, 2305, 2561, 4900]) {
            let (key, mut iv) = (bytes[len % 50..].first_chunk().unwrap(), [7; 16]);
            // At the end of what the counter counts.
            iv[..4].copy_from_slice(&(u32::MAX - (len % 20) as u32).to_le_bytes());
            let (text, mut ours, mut theirs) = (&bytes[..len], vec![0; len], vec![0; len]);
            let data = Data::new(text, &mut ours).unwrap();
            apply(&mut state(key, &iv), data);
            portable::<R20>(key, &iv, Data::new(text, &mut theirs).unwrap());
            assert!(ours == theirs, "{len}");
            let mut in_place = text.to_vec();
            apply(&mut state(key, &iv), in_place.as_mut_slice().into());
            assert!(ours == in_place, "{len}");
        }
    }
}
