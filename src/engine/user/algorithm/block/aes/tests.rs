// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Every implementation that this processor can run, against RustCrypto's.

use super::super::table::portable_aes;
use super::super::{CbcMessage, Data, MacMessage, cbc_mac};
use super::*;
use crate::engine::user::algorithm::skcipher::Skcipher;
use crate::engine::user::algorithm::skcipher::modes::{cbc, cfb, ctr, ecb};
use crate::engine::user::algorithm::skcipher::tweaked::{InBatches, Xts};
use crate::wipe::Wiped;
use std::io::Write;

/// Numbers that look random: xorshift64*.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }

    fn wide(&mut self) -> u128 {
        u128::from(self.next()) << 64 | u128::from(self.next())
    }
}

/// Calls `compare` with each implementation and RustCrypto's, with keys of all lengths.
fn with_each(mut compare: impl FnMut(&mut Numbers, [&dyn BlockCipher; 2])) {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for (name, new, _) in IMPLEMENTATIONS {
        for key_len in [16, 24, 32] {
            let key = numbers.bytes(key_len);
            match new(&key) {
                Some(ours) => {
                    compare(&mut numbers, [&*ours.unwrap(), &*portable_aes(&key).unwrap()]);
                }
                // Not by a macro, whose output the test harness keeps to itself.
                None => writeln!(std::io::stderr(), "skipped: no {name} here").unwrap(),
            }
        }
    }
}

/// Lengths around those of registers and of flights of them, and long ones.
const BLOCKS: [usize; 21] =
    [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 35, 63, 64, 65, 71, 200];

/// Our result of `crypt` must be that of RustCrypto's cipher, in place and from one memory to another.
/// `crypt` returns the state that it leaves for the next message.
fn check<L: PartialEq>(
    [ours, theirs]: [&dyn BlockCipher; 2],
    data: &[u8],
    what: &str,
    crypt: impl Fn(&dyn BlockCipher, Data<'_, '_>) -> L,
) -> Vec<u8> {
    let mut expected = data.to_vec();
    let left = crypt(theirs, expected.as_mut_slice().into());
    let mut in_place = data.to_vec();
    assert!(crypt(ours, in_place.as_mut_slice().into()) == left, "{what}");
    assert!(in_place == expected, "{what}");
    let mut apart = vec![0; data.len()];
    assert!(crypt(ours, Data::new(data, &mut apart).unwrap()) == left, "{what}");
    assert!(apart == expected, "{what}");
    expected
}

#[test]
fn blocks_by_themselves() {
    with_each(|numbers, ciphers| {
        for blocks in BLOCKS {
            let data = numbers.bytes(BLOCK * blocks);
            let what = format!("{blocks}");
            let secret = check(ciphers, &data, &what, |c, data| ecb(c, true, &mut [], data));
            let plain = check(ciphers, &secret, &what, |c, data| ecb(c, false, &mut [], data));
            assert!(plain == data, "{blocks}");
            // Modes that cannot do many blocks at a time call these.
            check(ciphers, &data, &what, |c, data| c.encrypt(data.into_out_with_copied_in()));
            check(ciphers, &data, &what, |c, data| c.decrypt(data.into_out_with_copied_in()));
        }
    });
}

#[test]
fn chains() {
    with_each(|numbers, ciphers| {
        for blocks in BLOCKS {
            let (iv, data) = (numbers.bytes(BLOCK), numbers.bytes(BLOCK * blocks));
            let crypt = |encrypt| {
                let iv = &iv;
                move |cipher: &dyn BlockCipher, data: Data<'_, '_>| {
                    let mut iv = iv.clone();
                    cbc(cipher, encrypt, &mut iv, data).unwrap();
                    iv
                }
            };
            let secret = check(ciphers, &data, &format!("{blocks}"), crypt(true));
            let plain = check(ciphers, &secret, &format!("{blocks}"), crypt(false));
            assert!(plain == data, "{blocks}");
        }
    });
}

#[test]
fn macs() {
    with_each(|numbers, [ours, theirs]| {
        for blocks in BLOCKS {
            let (mut sum, data) = (numbers.bytes(BLOCK), numbers.bytes(BLOCK * blocks));
            let mut expected = sum.clone();
            cbc_mac(ours, &mut sum, &data);
            cbc_mac(theirs, &mut expected, &data);
            assert!(sum == expected, "{blocks}");
        }
    });
}

#[test]
fn chains_side_by_side() {
    with_each(|numbers, [ours, theirs]| {
        let Some(ours) = ours.side_by_side() else { return };
        for messages in 0..20 {
            let texts: Vec<_> = (0..messages)
                .map(|i| numbers.bytes(BLOCK * BLOCKS[(i * 7 + messages) % 21]))
                .collect();
            let ivs: Vec<_> = texts.iter().map(|_| numbers.bytes(BLOCK)).collect();
            let mut places: Vec<_> = texts.iter().map(|text| vec![0; text.len()]).collect();
            let mut messages: Vec<_> = texts
                .iter()
                .zip(&mut places)
                .zip(&ivs)
                .map(|((text, place), iv)| {
                    let data = Data::new(text, place).unwrap();
                    let mut message = CbcMessage { iv: Wiped::ZEROS, data };
                    message.iv.copy_from_slice(iv);
                    message
                })
                .collect();
            ours.cbc_encrypt_each(&mut messages);
            let left: Vec<_> = messages.into_iter().map(|message| *message.iv).collect();
            let mut macs: Vec<_> = texts
                .iter()
                .zip(&ivs)
                .map(|(blocks, iv)| {
                    let mut message = MacMessage { sum: Wiped::ZEROS, blocks };
                    message.sum.copy_from_slice(iv);
                    message
                })
                .collect();
            ours.cbc_mac_each(&mut macs);
            assert!(macs.iter().map(|message| *message.sum).eq(left.iter().copied()));
            for (((text, place), iv), left) in texts.iter().zip(places).zip(ivs).zip(left) {
                let (mut expected, mut iv) = (text.clone(), iv);
                cbc(theirs, true, &mut iv, expected.as_mut_slice().into()).unwrap();
                assert!(place == expected && left[..] == iv[..], "{}", text.len());
            }
        }
    });
}

#[test]
fn feedback() {
    with_each(|numbers, ciphers| {
        for blocks in BLOCKS {
            let piece = numbers.next() as usize % BLOCK;
            let (iv, data) = (numbers.bytes(BLOCK), numbers.bytes(BLOCK * blocks + piece));
            let crypt = |encrypt| {
                let iv = &iv;
                move |cipher: &dyn BlockCipher, data: Data<'_, '_>| {
                    let mut iv = iv.clone();
                    cfb(cipher, encrypt, &mut iv, data).unwrap();
                    iv
                }
            };
            let secret = check(ciphers, &data, &format!("{blocks} {piece}"), crypt(true));
            let plain = check(ciphers, &secret, &format!("{blocks} {piece}"), crypt(false));
            assert!(plain == data, "{blocks} {piece}");
        }
    });
}

#[test]
fn counters_that_wrap() {
    with_each(|numbers, ciphers| {
        for bits in [32, 64, 128, 0] {
            for blocks in BLOCKS {
                // Wraps after none to all of the blocks.
                let ahead = numbers.next() as usize % (blocks + 1);
                let end = if bits == 0 { numbers.wide() } else { !0 >> (128 - bits) };
                let piece = numbers.next() as usize % BLOCK;
                let data = numbers.bytes(BLOCK * blocks + piece);
                check(ciphers, &data, &format!("{bits} {blocks} {ahead}"), |cipher, data| {
                    let mut counter = end.wrapping_sub(ahead as u128).to_be_bytes();
                    ctr(cipher, true, &mut counter, data).unwrap();
                    counter
                });
            }
        }
    });
}

#[test]
fn counter_mode_and_mac_in_one_pass() {
    with_each(|numbers, [ours, theirs]| {
        // Where a chain leaves no time for a second block, there is no such pass.
        let (Some(ours), Some(_)) = (ours.pipelined(), ours.side_by_side()) else { return };
        for blocks in BLOCKS {
            let plain = numbers.bytes(BLOCK * blocks);
            let begin = numbers.wide() | u128::from(u32::MAX - 1);
            let mut sum: [u8; BLOCK] = numbers.bytes(BLOCK).try_into().unwrap();
            let (mut expected, mut expected_sum) = (plain.clone(), sum);
            cbc_mac(theirs, &mut expected_sum, &plain);
            ctr(theirs, true, &mut begin.to_be_bytes(), expected.as_mut_slice().into()).unwrap();
            let mut secret = vec![0; plain.len()];
            let (mut counter, mut back_sum) = (begin, sum);
            let data = Data::new(&plain, &mut secret).unwrap();
            assert_eq!(ours.ctr_with_mac(true, &mut sum, &mut counter, data), plain.len());
            assert!(secret == expected && sum == expected_sum, "{blocks}");
            assert_eq!(counter, begin.wrapping_add(blocks as u128));
            let data = secret.as_mut_slice().into();
            ours.ctr_with_mac(false, &mut back_sum, &mut begin.clone(), data);
            assert!(secret == plain && back_sum == expected_sum, "{blocks}");
        }
    });
}

/// XTS with each implementation and with RustCrypto's, with keys of all lengths.
fn with_each_xts(mut compare: impl FnMut(&mut Numbers, [&Xts; 2])) {
    let mut numbers = Numbers(0x2545_f491_4f6c_dd1d);
    for (_, _, new) in IMPLEMENTATIONS {
        for key_len in [16, 24, 32] {
            let [data, tweak] = [numbers.bytes(key_len), numbers.bytes(key_len)];
            let [theirs, their_tweak] = [&data, &tweak].map(|key| portable_aes(key).unwrap());
            if let Some(ours) = new(&data, &tweak) {
                let theirs = InBatches { data: theirs, tweak: their_tweak };
                compare(&mut numbers, [&Xts(ours.unwrap()), &Xts(Box::new(theirs))]);
            }
        }
    }
}

#[test]
fn xts_of_any_length() {
    with_each_xts(|numbers, [ours, theirs]| {
        for len in (16..700).chain([1023, 1024, 1025, 1100, 3200]) {
            for encrypt in [true, false] {
                let (iv, data) = (numbers.bytes(BLOCK), numbers.bytes(len));
                let crypt = |xts: &Xts, data: Data<'_, '_>| {
                    let mut left = iv.clone();
                    xts.crypt(encrypt, &mut left, data).unwrap();
                    assert!(left == iv, "{len}");
                };
                let mut expected = data.clone();
                crypt(theirs, expected.as_mut_slice().into());
                let mut in_place = data.clone();
                crypt(ours, in_place.as_mut_slice().into());
                assert!(in_place == expected, "{len} {encrypt}");
                let mut apart = vec![0; len];
                crypt(ours, Data::new(&data, &mut apart).unwrap());
                assert!(apart == expected, "{len} {encrypt}");
            }
        }
    });
}

#[test]
fn the_tweak_of_the_next_block() {
    with_each_xts(|numbers, [ours, theirs]| {
        for blocks in BLOCKS {
            let (iv, mut data) = (numbers.next(), numbers.bytes(BLOCK * blocks));
            let iv = u128::from(iv).to_le_bytes();
            let next = ours.0.xts(true, &iv, data.as_mut_slice().into());
            assert_eq!(next, theirs.0.xts(true, &iv, data.as_mut_slice().into()), "{blocks}");
        }
    });
}

#[test]
fn a_key_of_another_length_is_refused() {
    for (_, new, new_tweaked) in IMPLEMENTATIONS {
        for len in (0..70).filter(|len| ![16, 24, 32].contains(len)) {
            let refused = new(&vec![1; len]).map(|cipher| cipher.err());
            assert!(matches!(refused, None | Some(Some(Errno::INVAL))), "{len}");
            let refused = new_tweaked(&[1; 16], &vec![1; len]).map(|cipher| cipher.err());
            assert!(matches!(refused, None | Some(Some(Errno::INVAL))), "{len}");
        }
    }
}
