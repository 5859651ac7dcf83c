// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! GCM of AES with carry-less multiplication, over registers of one or several blocks: written once, compiled for each
//! kind of processor in a module of its own. Eight registers are encrypted in turn, and between the rounds of AES the
//! eight before are authenticated, so that both kinds of instructions are at work all the time.
//!
//! GHASH's numbers have their bits reversed. Their products need no shift if the powers of H are
//! those of H times x, which is POLYVAL's way (RFC 8452, appendix A). Those of a flight are summed
//! up before they are reduced: Gueron, Kounavis, “Intel Carry-Less Multiplication Instruction and
//! its Usage for Computing the GCM Mode” (2010).
//!
//! The time depends on lengths alone.

/// GCM, and `$Kernel`, which is a key of it. A module that has it has `Wide`, a register, and one-line functions over it.
/// All of them are compiled for the processor features that the module names, and may be called only where these are;
/// among each other they are safe.
macro_rules! gcm {
    ($Kernel:ident [$($feature:tt),*] $($primitive:item)*) => {
        use super::super::padded::{Blocks, Padded};
        use super::super::{Aead, give, verify};
        use super::{BLOCK, Gmac, IV};
        use crate::engine::user::algorithm::block::{
            Data, RoundKeys, encrypt_block, expand_aes, load_block, store_block, with_features,
        };
        use crate::errno::{Errno, Result};
        use crate::wipe::Depth;
        use crate::wipe::wipe_bytes;
        use std::arch::x86_64::*;
        use std::array::from_fn;
        use std::hint::black_box;
        use zeroize::Zeroizing;

        /// Bytes in a register.
        const SIZE: usize = size_of::<Wide>();

        /// Blocks in a register.
        const LANES: usize = SIZE / BLOCK;

        /// Registers that are encrypted and authenticated at once.
        const FLIGHT: usize = 8;

        /// Half of them.
        const HALF: usize = FLIGHT / 2;

        /// Blocks in a flight, and powers of H that it takes.
        const POWERS: usize = FLIGHT * LANES;

        /// A key.
        pub struct $Kernel {
            keys: RoundKeys,
            /// From the highest power of H to the first; zeros, for what is loaded behind it.
            powers: Zeroizing<[[u8; BLOCK]; POWERS + LANES]>,
            /// The sums of the halves of each.
            folded: Zeroizing<[[u8; BLOCK]; POWERS + LANES]>,
        }

        /// A message at work.
        struct Message {
            counters: Counters,
            /// The encrypted counter that is XORed into the tag.
            mask: __m128i,
            /// The hash of the data so far.
            hash: __m128i,
        }

        /// The counters of the next register.
        struct Counters {
            /// From end to start.
            blocks: Wide,
            /// The lowest byte of the first one.
            lowest: u8,
        }

        /// Powers of H, times x, and the sums of their halves, which are made once for a key.
        struct Powers {
            whole: Wide,
            folded: Wide,
        }

        /// Sums of products, of which the middle one begins with the upper half of the lower one, and the
        /// higher one with the upper half of that.
        struct Sums {
            low: Wide,
            middle: Wide,
            high: Wide,
        }

        impl $Kernel {
            /// None: this processor does not have what it takes. EINVAL: no length of an AES key.
            pub fn new(key: &[u8]) -> Option<Result<Box<Self>>> {
                let available = $(is_x86_feature_detected!($feature))&&*;
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

        impl Aead for $Kernel {
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
            key: &'a $Kernel,
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

        impl Gmac for $Kernel {
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

        with_features! { [$($feature),*]

        $($primitive)*

        fn with_key(key: &[u8]) -> Result<Box<$Kernel>> {
            let keys = expand_aes(key)?;
            let zeros = || Zeroizing::new([[0; BLOCK]; POWERS + LANES]);
            let mut this = Box::new($Kernel { keys, powers: zeros(), folded: zeros() });
            let h = encrypt_block(&this.keys, _mm_setzero_si128());
            let first = times_x(reverse_one(h));
            let mut power = first;
            let mut lowest = Zeroizing::new([[0; BLOCK]; LANES]);
            for (i, place) in lowest.iter_mut().rev().enumerate() {
                if i > 0 {
                    power = sum_of_lanes(product(in_first_lane(power), in_first_lane(first)));
                }
                store_block(place, power);
            }
            let mut powers = load(lowest.as_flattened());
            let places = this.powers.as_chunks_mut::<LANES>().0.iter_mut();
            let folded_places = this.folded.as_chunks_mut::<LANES>().0.iter_mut();
            for (place, folded_place) in places.zip(folded_places).take(FLIGHT).rev() {
                store(place.as_flattened_mut(), powers);
                store(folded_place.as_flattened_mut(), folded(powers));
                powers = product(powers, broadcast(&power));
            }
            Ok(this)
        }

        /// En- or decrypts `data`; its tag.
        fn crypt<const ENCRYPT: bool>(
            key: &$Kernel,
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
        fn absorb_bytes<const N: usize>(key: &$Kernel, hash: &mut __m128i, bytes: &[u8]) {
            let blocks: [_; N] = from_fn(|i| reverse(load(bytes.get(SIZE * i..).unwrap_or_default())));
            absorb(key, hash, &blocks, bytes.len().div_ceil(BLOCK));
        }

        /// En- or decrypts whole flights and authenticates them; what is left.
        fn fly<'i, 'o, const ENCRYPT: bool>(
            key: &$Kernel,
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
                // If the compiler knew that this is the last flight's key, it would make a copy of all in it that does
                // not fit into registers.
                let key = black_box(key);
                before[0] = xor(before[0], in_first_lane(message.hash));
                let mut sums = zero();
                // AES has at least nine rounds between the first and the last.
                let beside = |round: usize| {
                    if let Some(blocks) = before.get(round) {
                        add_product(&mut sums, *blocks, powers(key, LANES * round));
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

        /// The powers of H from the one in this place on, as many as a register has lanes.
        fn powers(key: &$Kernel, first: usize) -> Powers {
            let from = |all: &[_]| load(all[first..][..LANES].as_flattened());
            Powers { whole: from(&*key.powers), folded: from(&*key.folded) }
        }

        fn begin(keys: &RoundKeys, iv: &[u8; IV]) -> Message {
            let mut first = [0; BLOCK];
            first[..IV].copy_from_slice(iv);
            first[BLOCK - 1] = 1;
            let first = load_block(&first);
            let numbers: [[u8; BLOCK]; LANES] = from_fn(|i| (i as u128 + 1).to_le_bytes());
            Message {
                counters: Counters {
                    blocks: add(broadcast(&reverse_one(first)), load(numbers.as_flattened())),
                    // The first one is that of the mask.
                    lowest: 2,
                },
                mask: encrypt_block(keys, first),
                hash: _mm_setzero_si128(),
            }
        }

        /// The last bytes of the data, fewer than half a flight, and the lengths; the tag.
        fn end<const ENCRYPT: bool>(
            key: &$Kernel,
            mut message: Message,
            data: Data<'_, '_>,
            lengths: __m128i,
        ) -> [u8; BLOCK] {
            let mut blocks = [broadcast(&_mm_setzero_si128()); HALF];
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
            set_block(&mut blocks, count, lengths);
            absorb(key, &mut message.hash, &blocks, count + 1);
            let mut tag = [0; BLOCK];
            store_block(&mut tag, _mm_xor_si128(reverse_one(message.hash), message.mask));
            tag
        }

        /// En- or decrypts the last bytes, which begin in each of `N` registers; the ciphertext into
        /// `blocks`.
        fn last<const N: usize, const ENCRYPT: bool>(
            key: &$Kernel,
            message: &mut Message,
            data: Data<'_, '_>,
            blocks: &mut [Wide; HALF],
        ) {
            let text = crypt_registers::<N, ENCRYPT>(key, &mut message.counters, data, |_| {});
            blocks[..N].copy_from_slice(&text);
        }

        /// En- or decrypts `data`, which begin in each of `N` registers; the ciphertext as GHASH takes it.
        /// `beside` is called with the number of each round between the first and the last.
        fn crypt_registers<const N: usize, const ENCRYPT: bool>(
            key: &$Kernel,
            counters: &mut Counters,
            mut data: Data<'_, '_>,
            beside: impl FnMut(usize),
        ) -> [Wide; N] {
            let mut stream = take_counters::<N>(counters);
            encrypt(&key.keys, &mut stream, beside);
            from_fn(|i| {
                let text = load(&data.get_in()[SIZE * i..]);
                let result = xor(text, stream[i]);
                let stored = store(&mut data.get_out()[SIZE * i..], result);
                reverse(if ENCRYPT { stored } else { text })
            })
        }

        /// The counters of the next `N` registers, as AES takes them.
        fn take_counters<const N: usize>(counters: &mut Counters) -> [Wide; N] {
            let (blocks, lowest) = (counters.blocks, counters.lowest);
            let after = |i: usize| add(blocks, broadcast(&_mm_cvtsi32_si128((LANES * i) as i32)));
            *counters =
                Counters { blocks: after(N), lowest: lowest.wrapping_add((LANES * N) as u8) };
            // In a flight it pays to turn one register only: the others' counters differ from that one's in their
            // lowest byte, which is the last one of the block, unless something is carried from there.
            if N == FLIGHT && usize::from(lowest) + LANES * N <= 256 {
                let first = reverse(blocks);
                let step = |i: usize| _mm_set_epi32(((LANES * i) << 24) as i32, 0, 0, 0);
                return from_fn(|i| add(first, broadcast(&step(i))));
            }
            from_fn(|i| reverse(after(i)))
        }

        fn encrypt<const N: usize>(
            keys: &RoundKeys,
            blocks: &mut [Wide; N],
            mut beside: impl FnMut(usize),
        ) {
            let [first, middle @ .., last] = keys.encrypt() else { return };
            let Some((early, late)) = middle.split_first_chunk::<FLIGHT>() else { return };
            let [first, last] = [first, last].map(|key| broadcast(key));
            blocks.iter_mut().for_each(|block| *block = xor(*block, first));
            let mut round = |key: &__m128i| {
                let key = broadcast(key);
                blocks.iter_mut().for_each(|block| *block = enc(*block, key));
            };
            // A loop of which the length is known is written out, so that what `beside` takes can be in registers.
            for (i, key) in early.iter().enumerate() {
                round(key);
                beside(i);
            }
            late.iter().for_each(round);
            blocks.iter_mut().for_each(|block| *block = enc_last(*block, last));
        }

        /// Each block from end to start.
        fn reverse(blocks: Wide) -> Wide {
            shuffle(blocks, broadcast(&from_end_to_start()))
        }

        fn reverse_one(block: __m128i) -> __m128i {
            _mm_shuffle_epi8(block, from_end_to_start())
        }

        fn from_end_to_start() -> __m128i {
            _mm_set_epi64x(0x0001_0203_0405_0607, 0x0809_0a0b_0c0d_0e0f)
        }

        /// Adds `count` blocks, at least one, of which others behind them are zeros.
        fn absorb<const N: usize>(
            key: &$Kernel,
            hash: &mut __m128i,
            blocks: &[Wide; N],
            count: usize,
        ) {
            let mut blocks = *blocks;
            blocks[0] = xor(blocks[0], in_first_lane(*hash));
            let mut sums = zero();
            for (i, blocks) in blocks.iter().enumerate().take(count.div_ceil(LANES)) {
                add_product(&mut sums, *blocks, powers(key, POWERS - count + LANES * i));
            }
            *hash = sum(sums);
        }

        fn zero() -> Sums {
            let zero = broadcast(&_mm_setzero_si128());
            Sums { low: zero, middle: zero, high: zero }
        }

        /// Adds the products of each block of `a` and of `b`, which is times x. Karatsuba's way, as a
        /// multiplication keeps AES waiting for as long as two of its rounds take.
        fn add_product(sums: &mut Sums, a: Wide, b: Powers) {
            sums.low = xor(sums.low, multiply_low(a, b.whole));
            sums.middle = xor(sums.middle, multiply_low(folded(a), b.folded));
            sums.high = xor(sums.high, multiply_high(a, b.whole));
        }

        fn product(a: Wide, b: Wide) -> Wide {
            let mut sums = zero();
            add_product(&mut sums, a, Powers { whole: b, folded: folded(b) });
            reduced(sums)
        }

        /// The sum of both halves of each block, in both.
        fn folded(blocks: Wide) -> Wide {
            xor(blocks, swap_halves(blocks))
        }

        /// That of all lanes.
        fn sum(sums: Sums) -> __m128i {
            sum_of_lanes(reduced(sums))
        }

        /// Modulo x^128 + x^7 + x^2 + x + 1: the lower half of each is folded into the next one.
        fn reduced(sums: Sums) -> Wide {
            let polynomial = broadcast(&_mm_set1_epi64x(0xc2 << 56));
            let fold = |from, to| xor3(to, swap_halves(from), multiply_low(from, polynomial));
            let middle = xor3(sums.low, sums.middle, sums.high);
            fold(fold(sums.low, middle), sums.high)
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
    };
}

/// `load` and `store` of some bytes, by functions for whole registers.
macro_rules! padded {
    ([$($feature:tt),*]) => {
        with_features! { [$($feature),*]

        /// A register of bytes, with zeros behind the last ones.
        fn load(from: &[u8]) -> Wide {
            if let Some(whole) = from.first_chunk() {
                return load_whole(whole);
            }
            let mut padded = [0; SIZE];
            padded[..from.len()].copy_from_slice(from);
            load_whole(&padded)
        }

        /// Stores as many bytes as there is room for, and returns those, with zeros behind them.
        fn store(to: &mut [u8], register: Wide) -> Wide {
            if let Some(whole) = to.first_chunk_mut() {
                store_whole(whole, register);
                return register;
            }
            let mut padded = [0; SIZE];
            store_whole(&mut padded, register);
            padded[to.len()..].fill(0);
            to.copy_from_slice(&padded[..to.len()]);
            load_whole(&padded)
        }

        }
    };
}

pub(super) use {gcm, padded};

#[cfg(test)]
mod tests {
    use super::super::{AesNi, Gcm, Gmac, IV, Vaes256, Vaes512};
    use crate::engine::user::algorithm::aead::Aead;
    use crate::errno::{Errno, Result};
    use aes::{Aes128, Aes192, Aes256};
    use cipher::KeyInit;

    type New<Kernel> = fn(&[u8]) -> Option<Result<Box<Kernel>>>;

    fn composition(key: &[u8]) -> Gcm {
        match key.len() {
            16 => Gcm::new(Box::new(Aes128::new_from_slice(key).unwrap())),
            24 => Gcm::new(Box::new(Aes192::new_from_slice(key).unwrap())),
            _ => Gcm::new(Box::new(Aes256::new_from_slice(key).unwrap())),
        }
    }

    #[track_caller]
    fn check(
        ours: &(impl Aead + Gmac),
        composition: &Gcm,
        aad: &[u8],
        text: &[u8],
        tag_len: usize,
    ) {
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
    fn they_agree_with_the_composition() {
        let vaes = is_x86_feature_detected!("vaes");
        check_all(Vaes512::new, vaes && is_x86_feature_detected!("avx512bw"));
        check_all(Vaes256::new, vaes);
        check_all(AesNi::new, is_x86_feature_detected!("pclmulqdq"));
    }

    fn check_all(new: New<impl Aead + Gmac>, available: bool) {
        let bytes: Vec<u8> = (0..8300u32).map(|i| ((i * i) >> 5) as u8).collect();
        for key_len in [16, 24, 32] {
            let key = &bytes[100..][..key_len];
            let Some(ours) = new(key) else {
                assert!(!available);
                return;
            };
            let (ours, composition) = (ours.unwrap(), composition(key));
            for len in (0..800).chain([1023, 1024, 1025, 1279, 1281, 4096, 4100, 8200]) {
                let aad = &bytes[..len % 71];
                check(&*ours, &composition, aad, &bytes[len % 50..][..len], 4 + len % 13);
                check(&*ours, &composition, &bytes[..len], aad, 16);
            }
        }
    }

    #[test]
    fn they_take_no_other_key() {
        for len in (0..70).filter(|len| !matches!(len, 16 | 24 | 32)) {
            let key = vec![0; len];
            assert!(Vaes512::new(&key).is_none_or(|key| key.is_err()), "{len}");
            assert!(Vaes256::new(&key).is_none_or(|key| key.is_err()), "{len}");
            assert!(AesNi::new(&key).is_none_or(|key| key.is_err()), "{len}");
        }
    }
}
