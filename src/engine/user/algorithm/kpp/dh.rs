// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Diffie-Hellman modulo a prime: in groups of the caller's (PKCS #3), and in those of RFC 7919.
//!
//! Numbers are big endian. Results have the length of the prime, with zeros before them, as the kernel
//! writes them and SP 800-56A, section 5.7.1.1, has it: a secret whose length varies would be told by
//! the time that its hash takes. A peer's value may have any number of zeros before it, or none.
//!
//! A peer's value must be from 2 to the prime less two (SP 800-56A, section 5.6.2.3.2; RFC 7919, section
//! 5.1). That excludes all small orders if the prime is a safe one, as in RFC 7919. Neither the kernel nor
//! this asks whether a prime is one at all: who sets parameters must trust whoever made them.

mod e;

use super::key::{PrivateKey, random};
use crate::engine::user::algorithm::verdict;
use crate::errno::{Errno, Result};
use crate::memory;
use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{
    BoxedUint, Choice, CtAssign, CtEq, CtLt, MontyForm, MontyMultiplier, Odd, Word,
};
use der::asn1::UintRef;
use der::{Decode, Reader, SliceReader};
use e::E;
use std::ops::RangeInclusive;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Bits in the shortest prime that the kernel takes, and in the longest of RFC 7919: a longer one
/// would take seconds.
const PRIME_BITS: RangeInclusive<u32> = 1536..=8192;

/// Bits of an exponent that are worked on at once; a word has a whole number of them.
const WINDOW: u32 = 4;

/// More numbers as long as the prime than a computation has in memory.
const NUMBERS: usize = 32;

type Multiplier<'a> = <BoxedMontyForm as MontyForm>::Multiplier<'a>;

/// A group: a prime, and what generates the numbers that are used.
pub struct Group {
    params: BoxedMontyParams,
    base: BoxedMontyForm,
    /// The prime less one.
    minus_one: BoxedUint,
    /// Bytes in the prime.
    len: usize,
    /// Bits in a private key that is made here; None: how many there should be is not known.
    exponent_bits: Option<usize>,
}

impl Group {
    /// The group of a DHParameter of PKCS #3. EINVAL: it is none, or none that can be used.
    pub fn from_pkcs3(der: &[u8]) -> Result<Self> {
        let (prime, base) = pkcs3(der).map_err(|_| Errno::INVAL)?;
        Self::new(prime, base, None)
    }

    fn new(prime: &[u8], base: &[u8], exponent_bits: Option<usize>) -> Result<Self> {
        let len = prime.len();
        if len > *PRIME_BITS.end() as usize / 8 {
            return Err(Errno::INVAL);
        }
        memory::ensure(NUMBERS * len)?;
        let prime = number(prime, len)?;
        if !PRIME_BITS.contains(&prime.bit_width_vartime()) {
            return Err(Errno::INVAL);
        }
        let prime: Odd<BoxedUint> = Option::from(prime.into_odd()).ok_or(Errno::INVAL)?;
        let minus_one = prime.wrapping_sub(BoxedUint::one_with_precision(prime.bits_precision()));
        let base = public_value(base, len, &minus_one)?;
        let params = BoxedMontyParams::new_vartime(prime);
        let base = BoxedMontyForm::new(base, &params);
        Ok(Self { params, base, minus_one, len, exponent_bits })
    }

    /// Bytes in the prime, and in each result.
    pub fn len(&self) -> usize {
        self.len
    }

    /// The private key `bytes`. EINVAL: it is not between 1 and the prime less two.
    pub fn private_key(self: &Arc<Self>, bytes: &[u8]) -> Result<Box<dyn PrivateKey>> {
        if bytes.len() > self.len {
            return Err(Errno::INVAL);
        }
        let exponent = Zeroizing::new(number(bytes, bytes.len())?);
        // A shorter one is less in any case.
        let in_range = bytes.len() < self.len || tell(exponent.ct_lt(&self.minus_one));
        if !in_range || tell(exponent.is_zero()) {
            return Err(Errno::INVAL);
        }
        Ok(Box::new(Key { group: Arc::clone(self), exponent, bits: bytes.len() as u32 * 8 }))
    }

    /// A random private key, of the length that RFC 7919 gives for its group. EOPNOTSUPP: the group is
    /// another.
    pub fn random_key(self: &Arc<Self>) -> Result<Box<dyn PrivateKey>> {
        let bits = self.exponent_bits.ok_or(Errno::OPNOTSUPP)?;
        random(bits.div_ceil(8), |bytes| {
            let unused = bytes.len() * 8 - bits;
            bytes.iter_mut().take(1).for_each(|first| *first &= 0xff >> unused);
            self.private_key(bytes)
        })
    }
}

struct Key {
    group: Arc<Group>,
    exponent: Zeroizing<BoxedUint>,
    /// The length of the exponent, which is no secret.
    bits: u32,
}

impl Key {
    /// Writes `base` to the power of the exponent. EINVAL: that is 0, 1 or the prime less one, which
    /// anybody can guess.
    fn power(&self, base: &BoxedMontyForm, result: &mut [u8]) -> Result<usize> {
        let group = &self.group;
        let result = result.get_mut(..group.len).ok_or(Errno::MSGSIZE)?;
        memory::ensure(NUMBERS * group.len)?;
        let power = raise(base, &self.exponent, self.bits);
        let value = Zeroizing::new(power.retrieve());
        let guessed = value.is_zero() | value.is_one() | value.ct_eq(&group.minus_one);
        if tell(guessed) {
            return Err(Errno::INVAL);
        }
        let bytes = value.as_words().iter().flat_map(|word| word.to_le_bytes());
        result.iter_mut().rev().zip(bytes).for_each(|(to, from)| *to = from);
        Ok(group.len)
    }
}

impl PrivateKey for Key {
    fn public_key(&self, result: &mut [u8]) -> Result<usize> {
        self.power(&self.group.base, result)
    }

    fn shared_secret(&self, peer: &[u8], result: &mut [u8]) -> Result<usize> {
        let value = public_value(peer, self.group.len, &self.group.minus_one)?;
        self.power(&BoxedMontyForm::new(value, &self.group.params), result)
    }
}

/// A group of RFC 7919, appendix A: 2^b - 2^(b-64) + ((the integer part of 2^(b-130) e) + a) 2^64 - 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SafePrime {
    name: &'static str,
    /// b: bits in the prime.
    bits: usize,
    /// a: the least number that makes the prime less one, halved, a prime, too.
    added: u32,
    /// Bits in a private key, which suffice for the group's security.
    exponent_bits: usize,
}

const SAFE_PRIMES: [SafePrime; 5] = [
    SafePrime { name: "ffdhe2048", bits: 2048, added: 560_316, exponent_bits: 225 },
    SafePrime { name: "ffdhe3072", bits: 3072, added: 2_625_351, exponent_bits: 275 },
    SafePrime { name: "ffdhe4096", bits: 4096, added: 5_736_041, exponent_bits: 325 },
    SafePrime { name: "ffdhe6144", bits: 6144, added: 15_705_020, exponent_bits: 375 },
    SafePrime { name: "ffdhe8192", bits: 8192, added: 10_965_728, exponent_bits: 400 },
];

impl SafePrime {
    /// The prime of the kernel's template `name`.
    pub fn by_name(name: &str) -> Option<Self> {
        SAFE_PRIMES.into_iter().find(|prime| prime.name == name)
    }

    /// The group of all squares, which 2 generates.
    pub fn group(self) -> Result<Group> {
        Group::new(&self.prime(), &[2], Some(self.exponent_bits))
    }

    /// The prime.
    pub fn prime(self) -> Vec<u8> {
        let mut prime = vec![0xff; self.bits / 8];
        let ends = 8..prime.len() - 8;
        let middle = prime.get_mut(ends).unwrap_or_default();
        middle.iter_mut().zip(E).for_each(|(to, digit)| *to = digit);
        // The last term takes one from the sum, and leaves ones behind it.
        let mut carry = self.added - 1;
        for byte in middle.iter_mut().rev() {
            carry += u32::from(*byte);
            *byte = carry as u8;
            carry >>= 8;
        }
        prime
    }
}

/// `base` to the power of `exponent`, of which the lowest `bits` are taken into account: for each
/// [`WINDOW`] of them a multiplication by the power of the base that they say, for which all such powers are
/// read.
///
/// The crate's own function does the same and leaves the last of those powers in freed memory, which
/// tells bits of the exponent.
fn raise(base: &BoxedMontyForm, exponent: &BoxedUint, bits: u32) -> Zeroizing<BoxedMontyForm> {
    let mut multiplier = Multiplier::from(base.params());
    let one = BoxedMontyForm::one(base.params());
    let mut powers = vec![one.clone()];
    while let (Some(last), true) = (powers.last(), powers.len() < 1 << WINDOW) {
        let mut next = last.clone();
        multiplier.mul_assign(&mut next, base);
        powers.push(next);
    }
    let (mut result, mut factor) = (Zeroizing::new(one.clone()), Zeroizing::new(one));
    for window in (0..bits.div_ceil(WINDOW)).rev() {
        for _ in 0..WINDOW {
            multiplier.square_assign(&mut result);
        }
        let at = window * WINDOW;
        let word = exponent.as_words().get((at / Word::BITS) as usize).copied().unwrap_or(0);
        let wanted = word >> (at % Word::BITS) & ((1 << WINDOW) - 1);
        for (index, power) in (0..).zip(&powers) {
            let is_it = wanted.ct_eq(&index);
            factor.as_montgomery_mut().ct_assign(power.as_montgomery(), is_it);
        }
        multiplier.mul_assign(&mut result, &factor);
    }
    result
}

fn tell(found: Choice) -> bool {
    verdict::tell(found.to_u8().into())
}

/// A number, from at most `len` bytes.
fn number(bytes: &[u8], len: usize) -> Result<BoxedUint> {
    BoxedUint::from_be_slice(bytes, len as u32 * 8).map_err(|_| Errno::INVAL)
}

/// A number of `len` bytes that may be raised to a power: from 2 to the prime less two. It is no secret.
fn public_value(bytes: &[u8], len: usize, minus_one: &BoxedUint) -> Result<BoxedUint> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let value = number(bytes.get(zeros..).unwrap_or_default(), len)?;
    let in_range = value.bit_width_vartime() > 1 && value.cmp_vartime(minus_one).is_lt();
    if in_range { Ok(value) } else { Err(Errno::INVAL) }
}

/// Prime and base of a DHParameter of PKCS #3. The length of private keys that may follow is of no
/// use, because none are made here.
fn pkcs3(der: &[u8]) -> der::Result<(&[u8], &[u8])> {
    let mut reader = SliceReader::new(der)?;
    let (prime, base) = reader.sequence(|reader| -> der::Result<_> {
        let numbers = (UintRef::decode(reader)?, UintRef::decode(reader)?);
        Option::<UintRef<'_>>::decode(reader)?;
        Ok(numbers)
    })?;
    reader.finish()?;
    Ok((prime.as_bytes(), base.as_bytes()))
}
