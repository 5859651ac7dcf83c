// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The modes over registers of one or several blocks: written once, compiled for each kind of
//! processor in a module of its own.
//!
//! Such a module has `Wide`, a register, and one-line functions over it. All of them
//! are compiled for the processor features that the module names, and may be called
//! only where these are; among each other they are safe.
//!
//! They leave spilled registers and a padded last one on the stack, within the part that is wiped when
//! a call returns.
//!
//! Data are never looked at by branches or indices: the time depends on the length alone.

/// Compiles functions for processor features.
macro_rules! with_features {
    ([$($feature:tt),*] $($function:item)*) => {
        // One parenthesis, which can be repeated for each function.
        with_features! { @ ($(enable = $feature),*) $($function)* }
    };
    (@ $features:tt $($function:item)*) => {
        $(
            #[inline]
            #[target_feature $features]
            $function
        )*
    };
}

/// Whether the processor has a feature.
#[cfg(target_arch = "x86_64")]
macro_rules! detected {
    ($feature:tt) => {
        is_x86_feature_detected!($feature)
    };
}

/// The same.
#[cfg(target_arch = "aarch64")]
macro_rules! detected {
    ($feature:tt) => {
        std::arch::is_aarch64_feature_detected!($feature)
    };
}

/// The modes with instructions that are a round each, and add its key at the end.
#[cfg(target_arch = "x86_64")]
macro_rules! x86_64_modes {
    ($cipher:ident $features:tt $($primitive:item)*) => {
        modes! { $cipher $features

        $($primitive)*

        /// All rounds, on `N` registers in turn.
        fn rounds<const N: usize>(
            keys: &[Block],
            blocks: &mut [Wide; N],
            round: impl Fn(Wide, Wide) -> Wide,
            last_round: impl Fn(Wide, Wide) -> Wide,
        ) {
            let [first, middle @ .., last] = keys else { return };
            blocks.iter_mut().for_each(|block| *block = xor(*block, broadcast(first)));
            for key in middle {
                blocks.iter_mut().for_each(|block| *block = round(*block, broadcast(key)));
            }
            blocks.iter_mut().for_each(|block| *block = last_round(*block, broadcast(last)));
        }

        fn encrypt<const N: usize>(keys: &RoundKeys, blocks: &mut [Wide; N]) {
            rounds(keys.encrypt(), blocks, |b, key| enc(b, key), |b, key| enc_last(b, key));
        }

        fn decrypt<const N: usize>(keys: &RoundKeys, blocks: &mut [Wide; N]) {
            rounds(keys.decrypt(), blocks, |b, key| dec(b, key), |b, key| dec_last(b, key));
        }

        /// All rounds between XORs with `tweaks`. The first key is added to the data and the last one to the tweaks, so
        /// that between the tweaks and the result there is nothing but rounds.
        fn crypt_between<const ENCRYPT: bool, const N: usize>(
            keys: &RoundKeys,
            tweaks: &[Wide; N],
            blocks: &mut [Wide; N],
        ) {
            let keys = if ENCRYPT { keys.encrypt() } else { keys.decrypt() };
            let [first, middle @ .., last] = keys else { return };
            for (block, tweak) in blocks.iter_mut().zip(tweaks) {
                *block = xor(xor(*block, broadcast(first)), *tweak);
            }
            let round = |block, key| if ENCRYPT { enc(block, key) } else { dec(block, key) };
            for key in middle {
                blocks.iter_mut().for_each(|block| *block = round(*block, broadcast(key)));
            }
            for (block, tweak) in blocks.iter_mut().zip(tweaks) {
                let key = xor(*tweak, broadcast(last));
                *block = if ENCRYPT { enc_last(*block, key) } else { dec_last(*block, key) };
            }
        }

        /// A flight's blocks between XORs with `tweaks`; leaves those of the next flight there. One
        /// register of these is made after each of the first rounds, because AES leaves room for that
        /// in the processor; after all rounds the next flight would have to wait for them.
        fn xts_flight<const ENCRYPT: bool>(
            keys: &RoundKeys,
            tweaks: &mut [Wide; FLIGHT],
            mut data: Data<'_, '_>,
        ) {
            let keys = if ENCRYPT { keys.encrypt() } else { keys.decrypt() };
            let [first, middle @ .., last] = keys else { return };
            let Some((early, late)) = middle.split_first_chunk::<FLIGHT>() else { return };
            let round = |block, key| if ENCRYPT { enc(block, key) } else { dec(block, key) };
            let now = *tweaks;
            let mut blocks: [Wide; FLIGHT] =
                std::array::from_fn(|i| xor(load_at(&data, i), xor(now[i], broadcast(first))));
            let mut step = |i: usize| {
                let key = broadcast(&early[i]);
                (0..FLIGHT).for_each(|i| blocks[i] = round(blocks[i], key));
                tweaks[i] = next_tweaks(&now, tweaks, i);
            };
            // A loop would address the tweaks by a number, and so in memory.
            step(0); step(1); step(2); step(3); step(4); step(5); step(6); step(7);
            for key in late {
                let key = broadcast(key);
                blocks.iter_mut().for_each(|block| *block = round(*block, key));
            }
            for i in 0..FLIGHT {
                let key = xor(now[i], broadcast(last));
                let block = blocks[i];
                let block = if ENCRYPT { enc_last(block, key) } else { dec_last(block, key) };
                store_at(&mut data, i, block);
            }
        }

        }
    };
}

/// The modes, and `$cipher`, which is AES by means of them.
macro_rules! modes {
    ($cipher:ident [$($feature:tt),*] $($primitive:item)*) => {
        /// Bytes in a register.
        const SIZE: usize = size_of::<Wide>();

        /// Blocks in a register.
        const BLOCKS: usize = SIZE / BLOCK;

        /// Registers at work at the same time, as an instruction takes longer to end than the
        /// next one to begin.
        const FLIGHT: usize = 8;

        /// The most registers that are at work after the last flight. All of them always are, as they take
        /// no longer than one; in those for which there are no data are the last data again.
        const PART: usize = if SIZE == 64 { 2 } else { 4 };

        /// Half of them, for short messages of xts.
        const HALF: usize = PART / 2;

        with_features! { [$($feature),*]

        $($primitive)*

        /// Calls `flight` with the data of flights and `part` with those of up to [`PART`] registers, from
        /// start to end. A last piece that does not fill a register is given with zeros behind it.
        fn walk<S>(
            mut data: Data<'_, '_>,
            state: &mut S,
            flight: impl Fn(&mut S, Data<'_, '_>),
            part: impl Fn(&mut S, Data<'_, '_>),
        ) {
            while data.len() >= FLIGHT * SIZE {
                let (now, later) = data.split_at(FLIGHT * SIZE);
                flight(state, now);
                data = later;
            }
            parts(data, |now| part(state, now));
        }

        /// Calls `part` as [`walk`] does.
        fn parts(mut data: Data<'_, '_>, mut part: impl FnMut(Data<'_, '_>)) {
            while data.len() >= SIZE {
                let whole = data.len() - data.len() % SIZE;
                let (now, later) = data.split_at(whole.min(PART * SIZE));
                part(now);
                data = later;
            }
            if !data.is_empty() {
                let mut padded = [0; SIZE];
                pad(data.get_in(), &mut padded);
                part(padded.as_mut_slice().into());
                unpad(&padded, data.get_out());
            }
        }

        /// The register's worth at `i`.
        fn load_at(data: &Data<'_, '_>, i: usize) -> Wide {
            load(&data.get_in().as_chunks().0[i])
        }

        fn store_at(data: &mut Data<'_, '_>, i: usize, blocks: Wide) {
            store(&mut data.get_out().as_chunks_mut().0[i], blocks);
        }

        /// A number, little-endian, in each block.
        fn splat(number: u128) -> Wide {
            broadcast(&from_number(number))
        }

        /// Numbers that depend on the block's place in the register.
        fn places(number: impl Fn(usize) -> u128) -> Wide {
            let mut bytes = [0; SIZE];
            for (i, bytes) in bytes.as_chunks_mut().0.iter_mut().enumerate() {
                *bytes = number(i).to_le_bytes();
            }
            load(&bytes)
        }

        /// Registers that `data` fill.
        fn count(data: &Data<'_, '_>) -> usize {
            data.len() / SIZE
        }

        /// Up to `N` registers, see [`PART`].
        fn load_all<const N: usize>(data: &Data<'_, '_>) -> [Wide; N] {
            let last = count(data) - 1;
            std::array::from_fn(|i| load_at(data, i.min(last)))
        }

        /// As many as `data` have.
        fn store_all<const N: usize>(mut data: Data<'_, '_>, blocks: &[Wide; N]) {
            let count = count(&data);
            (0..N).filter(|&i| i < count).for_each(|i| store_at(&mut data, i, blocks[i]));
        }

        fn ecb<const N: usize>(keys: &RoundKeys, encrypts: bool, data: Data<'_, '_>) {
            let mut blocks: [Wide; N] = load_all(&data);
            if encrypts { encrypt(keys, &mut blocks) } else { decrypt(keys, &mut blocks) }
            store_all(data, &blocks);
        }

        /// `last` has the block of ciphertext before `data` at its end.
        /// The ciphertext is read again after decryption, from the end on so that it is still there if the
        /// result takes its place: there are no registers for both.
        fn cbc<const N: usize>(keys: &RoundKeys, last: &mut Wide, mut data: Data<'_, '_>) {
            let count = count(&data);
            let before = std::mem::replace(last, load_at(&data, count - 1));
            let mut blocks: [Wide; N] = load_all(&data);
            decrypt(keys, &mut blocks);
            for i in (0..N).rev().filter(|&i| i < count) {
                let before = if i == 0 { before } else { load_at(&data, i - 1) };
                let before = shift_in(before, load_at(&data, i));
                store_at(&mut data, i, xor(blocks[i], before));
            }
        }

        /// `last` has the block of ciphertext before `data` at its end.
        fn cfb<const N: usize>(keys: &RoundKeys, last: &mut Wide, data: Data<'_, '_>) {
            let ciphertext: [Wide; N] = load_all(&data);
            let mut blocks = ciphertext;
            for i in 0..N {
                blocks[i] = shift_in(*last, ciphertext[i]);
                *last = ciphertext[i];
            }
            encrypt(keys, &mut blocks);
            (0..N).for_each(|i| blocks[i] = xor(blocks[i], ciphertext[i]));
            store_all(data, &blocks);
        }

        /// `counters` counts with the lower half of each block, little-endian.
        fn ctr<const N: usize>(keys: &RoundKeys, counters: &mut Wide, mut data: Data<'_, '_>) {
            let count = count(&data);
            let next = add(*counters, splat((count * BLOCKS) as u128));
            let mut stream: [Wide; N] = std::array::from_fn(|_| {
                let now = reverse(*counters);
                *counters = add(*counters, splat(BLOCKS as u128));
                now
            });
            *counters = next;
            encrypt(keys, &mut stream);
            for i in (0..N).filter(|&i| i < count) {
                let text = load_at(&data, i);
                store_at(&mut data, i, xor(text, stream[i]));
            }
        }

        /// Times x to the power of `n` in GF(2^128), lowest byte first. `n` is at most 64, and in
        /// both halves of each block.
        fn times_x(tweaks: Wide, n: Wide) -> Wide {
            let carry = shift_right(tweaks, subtract(splat(twice(64)), n));
            xor(xor(shift_left(tweaks, n), low_to_high(carry)), reduce_high(carry))
        }

        /// A part's blocks between XORs with their tweaks.
        fn xts_part<const ENCRYPT: bool, const N: usize>(
            keys: &RoundKeys,
            tweaks: &[Wide; N],
            data: Data<'_, '_>,
        ) {
            let mut blocks: [Wide; N] = load_all(&data);
            crypt_between::<ENCRYPT, N>(keys, tweaks, &mut blocks);
            store_all(data, &blocks);
        }

        /// The encrypted IV in each block of a register, whose blocks take their powers of x times it.
        fn encrypt_iv(keys: &RoundKeys, iv: &[u8; BLOCK]) -> Wide {
            let mut tweak = [splat(u128::from_le_bytes(*iv))];
            encrypt(keys, &mut tweak);
            tweak[0]
        }

        /// The tweaks of register `i` of a message, of the encrypted IV.
        fn tweaks_at(iv: Wide, i: usize) -> Wide {
            times_x(iv, places(|place| twice(i * BLOCKS + place)))
        }

        /// The number that is block `i` of a register.
        fn block_at(blocks: Wide, i: usize) -> u128 {
            let mut around = [0; SIZE];
            store(&mut around, blocks);
            u128::from_le_bytes(around.as_chunks().0[i])
        }

        /// The tweaks of the blocks that are so many registers behind those with `tweaks`.
        fn behind(tweaks: Wide, registers: usize) -> Wide {
            times_x(tweaks, splat(twice(registers * BLOCKS)))
        }

        fn ecb_all(keys: &RoundKeys, encrypts: bool, data: Data<'_, '_>) {
            walk(
                data,
                &mut (),
                |_, flight| ecb::<FLIGHT>(keys, encrypts, flight),
                |_, part| ecb::<PART>(keys, encrypts, part),
            );
        }

        /// Leaves the last block of ciphertext in `iv`.
        fn cbc_all(keys: &RoundKeys, iv: &mut [u8; BLOCK], data: Data<'_, '_>) {
            let Some(&last) = data.get_in().last_chunk() else { return };
            let before = &mut splat(u128::from_le_bytes(*iv));
            walk(
                data,
                before,
                |before, flight| cbc::<FLIGHT>(keys, before, flight),
                |before, part| cbc::<PART>(keys, before, part),
            );
            *iv = last;
        }

        /// Decryption of data of any length. Leaves the last whole block of ciphertext in `iv`.
        fn cfb_all(keys: &RoundKeys, iv: &mut [u8; BLOCK], data: Data<'_, '_>) {
            let before = &mut splat(u128::from_le_bytes(*iv));
            if let Some(last) = data.get_in().as_chunks().0.last() {
                *iv = *last;
            }
            walk(
                data,
                before,
                |before, flight| cfb::<FLIGHT>(keys, before, flight),
                |before, part| cfb::<PART>(keys, before, part),
            );
        }

        /// A last piece of a block counts as a block.
        fn ctr_all(keys: &RoundKeys, counter: &mut u128, mut data: Data<'_, '_>) {
            while !data.is_empty() {
                // Registers count in 64 bits: they take what is left until these wrap.
                let blocks = usize::try_from(u64::MAX - *counter as u64).unwrap_or(usize::MAX);
                let bytes = blocks.saturating_add(1).saturating_mul(BLOCK).min(data.len());
                let (now, later) = data.split_at(bytes);
                let rest = ctr_flights(keys, counter, now);
                let blocks = rest.len().div_ceil(BLOCK);
                let counters = &mut add(splat(*counter), places(|i| i as u128));
                walk(
                    rest,
                    counters,
                    |counters, flight| ctr::<FLIGHT>(keys, counters, flight),
                    |counters, part| ctr::<PART>(keys, counters, part),
                );
                *counter = counter.wrapping_add(blocks as u128);
                data = later;
            }
        }

        /// [`xts_all`] of a message of up to `N` registers. Such a short one would wait if its tweaks were made one of
        /// another.
        fn xts_short<const ENCRYPT: bool, const N: usize>(
            keys: &RoundKeys,
            tweak_keys: &RoundKeys,
            iv: &[u8; BLOCK],
            data: Data<'_, '_>,
        ) -> u128 {
            let iv = encrypt_iv(tweak_keys, iv);
            let tweaks: [Wide; N] = std::array::from_fn(|i| tweaks_at(iv, i));
            let next = behind(tweaks[0], count(&data));
            xts_part::<ENCRYPT, N>(keys, &tweaks, data);
            block_at(next, 0)
        }

        /// Whole blocks of a message from its first on. Returns the tweak of the block that would come
        /// next.
        fn xts_all<const ENCRYPT: bool>(
            keys: &RoundKeys,
            tweak_keys: &RoundKeys,
            iv: &[u8; BLOCK],
            mut data: Data<'_, '_>,
        ) -> u128 {
            let iv = encrypt_iv(tweak_keys, iv);
            let mut next = tweaks_at(iv, 0);
            if data.len() >= FLIGHT * SIZE {
                let mut tweaks = std::array::from_fn(|i| tweaks_at(iv, i));
                while data.len() >= FLIGHT * SIZE {
                    let (flight, rest) = data.split_at(FLIGHT * SIZE);
                    // If the compiler knew that these are the last flight's keys, it would keep them in
                    // registers, and the tweaks, for which there is no room then, in memory.
                    let keys = black_box(keys);
                    xts_flight::<ENCRYPT>(keys, &mut tweaks, flight);
                    data = rest;
                }
                next = tweaks[0];
            }
            let tail = data.len() % SIZE / BLOCK;
            let mut last = next;
            parts(data, |part| {
                last = next;
                next = behind(next, count(&part));
                let tweaks = std::array::from_fn(|i| behind(last, i));
                xts_part::<ENCRYPT, PART>(keys, &tweaks, part);
            });
            block_at(if tail == 0 { next } else { last }, tail)
        }

        }

        /// AES with a key. There is one only where the processor has the features.
        pub struct $cipher(RoundKeys);

        impl $cipher {
            /// None: this processor does not have the features.
            pub fn new(key: &[u8]) -> Option<Result<Self>> {
                let available = $(detected!($feature))&&*;
                // SAFETY: "aes" is among the features, and they are there.
                available.then(|| unsafe { expand(key) }.map(Self))
            }
        }

        impl BlockCipher for $cipher {
            fn size(&self) -> usize {
                BLOCK
            }

            fn encrypt(&self, blocks: &mut [u8]) {
                // SAFETY: `new` has found the features.
                unsafe {
                    match blocks.as_chunks_mut() {
                        ([block], []) => encrypt_one(&self.0, block),
                        _ => ecb_all(&self.0, true, blocks.into()),
                    }
                }
            }

            fn decrypt(&self, blocks: &mut [u8]) {
                // SAFETY: `new` has found the features.
                unsafe { ecb_all(&self.0, false, blocks.into()) }
            }

            fn chain(&self, iv: &mut [u8], blocks: &mut [u8]) {
                // SAFETY: `new` has found the features.
                unsafe { chain(&self.0, iv, blocks) }
            }

            fn cbc_mac_by_itself(&self, sum: &mut [u8], blocks: &[u8]) -> bool {
                // SAFETY: `new` has found the features.
                unsafe { cbc_mac(&self.0, sum, blocks) };
                true
            }

            fn pipelined(&self) -> Option<&dyn Pipelined> {
                Some(self)
            }

            fn side_by_side(&self) -> Option<&dyn SideBySide> {
                Some(self)
            }
        }

        impl Pipelined for $cipher {
            fn ecb(&self, encrypt: bool, data: Data<'_, '_>) {
                // SAFETY: `new` has found the features.
                unsafe { ecb_all(&self.0, encrypt, data) }
            }

            fn cbc_decrypt(&self, iv: &mut [u8; BLOCK], data: Data<'_, '_>) {
                // SAFETY: `new` has found the features.
                unsafe { cbc_all(&self.0, iv, data) }
            }

            fn cfb_decrypt(&self, iv: &mut [u8; BLOCK], data: Data<'_, '_>) {
                // SAFETY: `new` has found the features.
                unsafe { cfb_all(&self.0, iv, data) }
            }

            fn ctr(&self, counter: &mut u128, data: Data<'_, '_>) {
                // SAFETY: `new` has found the features.
                unsafe { ctr_all(&self.0, counter, data) }
            }

            fn ctr_with_mac(
                &self,
                encrypts: bool,
                sum: &mut [u8; BLOCK],
                counter: &mut u128,
                data: Data<'_, '_>,
            ) -> usize {
                let done = data.len() - data.len() % BLOCK;
                let (blocks, _) = data.split_at(done);
                // SAFETY: `new` has found the features.
                unsafe { ctr_with_mac(&self.0, encrypts, sum, counter, blocks) }
                done
            }
        }

        impl SideBySide for $cipher {
            fn cbc_encrypt_each(&self, messages: &mut [CbcMessage<'_>]) {
                // SAFETY: `new` has found the features.
                unsafe { chain_each(&self.0, messages) }
            }

            fn cbc_mac_each(&self, messages: &mut [MacMessage<'_>]) {
                // SAFETY: `new` has found the features.
                unsafe { chain_each(&self.0, messages) }
            }
        }

        impl Tweaked for WithTweaks<$cipher> {
            fn data_cipher(&self) -> &dyn BlockCipher {
                &*self.data
            }

            fn xts(&self, encrypt: bool, iv: &[u8; BLOCK], data: Data<'_, '_>) -> u128 {
                let (keys, tweak_keys) = (&self.data.0, &*self.tweak);
                let registers = data.len() / SIZE;
                if data.len() % SIZE == 0 && (1..=PART).contains(&registers) {
                    // SAFETY: `new` has found the features.
                    return unsafe {
                        match (encrypt, registers <= HALF) {
                            (true, true) => xts_short::<true, HALF>(keys, tweak_keys, iv, data),
                            (true, false) => xts_short::<true, PART>(keys, tweak_keys, iv, data),
                            (false, true) => xts_short::<false, HALF>(keys, tweak_keys, iv, data),
                            (false, false) => xts_short::<false, PART>(keys, tweak_keys, iv, data),
                        }
                    };
                }
                let xts = if encrypt { xts_all::<true> } else { xts_all::<false> };
                // SAFETY: `new` has found the features.
                let run = || unsafe { xts(keys, tweak_keys, iv, data) };
                // Registers of two blocks are spilled in flights, and take most of a KiB. Those of one take less, and with
                // AVX-512 there are enough. Wiped here, it costs short messages nothing.
                if SIZE == 32 { Depth::Shallow.run(run) } else { run() }
            }

            fn depth(&self) -> Depth {
                Depth::Shallow
            }
        }
    };
}

/// The same number, below 2^64, in both halves.
pub fn twice(number: usize) -> u128 {
    (number as u128) << 64 | number as u128
}

pub(super) use detected;
pub(super) use modes;
pub(in crate::engine::user::algorithm) use with_features;
#[cfg(target_arch = "x86_64")]
pub(super) use x86_64_modes;
