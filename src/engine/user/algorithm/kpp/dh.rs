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
use crate::engine::user::algorithm::montgomery::{
    LIMB, Limbs, Modulus, equal, is_zero, less, write,
};
use crate::errno::{Errno, Result};
use der::asn1::UintRef;
use der::{Decode, Reader, SliceReader};
use e::E;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Bits in the shortest prime that the kernel takes, and in the longest of RFC 7919: a longer one
/// would take seconds.
const PRIME_BITS: RangeInclusive<usize> = 1536..=8192;

/// A group: a prime, and what generates the numbers that are used.
pub struct Group {
    prime: Modulus,
    base: Limbs,
    /// 0, 1 and the prime less one, which no result and no value of a peer's may be.
    excluded: [Limbs; 3],
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
        if prime.len() > PRIME_BITS.end() / 8 {
            return Err(Errno::INVAL);
        }
        let prime = Modulus::new(prime)?;
        if !PRIME_BITS.contains(&prime.bits()) {
            return Err(Errno::INVAL);
        }
        let mut minus_one = Limbs::copy(prime.get())?;
        // It is odd.
        minus_one.get_mut().iter_mut().take(1).for_each(|lowest| *lowest -= 1);
        let small = |number| Limbs::from_bytes(&[number], prime.len());
        let excluded = [small(0)?, small(1)?, minus_one];
        let mut group = Self { prime, base: Limbs::zeros(0)?, excluded, exponent_bits };
        group.base = group.public_value(base)?;
        Ok(group)
    }

    /// Bytes in the prime, and in each result.
    pub fn len(&self) -> usize {
        self.prime.bytes()
    }

    /// The private key `bytes`. EINVAL: it is not between 1 and the prime less two.
    pub fn private_key(self: &Arc<Self>, bytes: &[u8]) -> Result<Box<dyn PrivateKey>> {
        if bytes.len() > self.len() {
            return Err(Errno::INVAL);
        }
        let exponent = Limbs::from_bytes(bytes, bytes.len().div_ceil(LIMB))?;
        let [.., minus_one] = &self.excluded;
        // A shorter one is less in any case.
        let in_range = bytes.len() < self.len() || less(exponent.get(), minus_one.get());
        if !in_range || is_zero(exponent.get()) {
            return Err(Errno::INVAL);
        }
        Ok(Box::new(Key { group: Arc::clone(self), exponent }))
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

    /// A number that may be raised to a power: from 2 to the prime less two. It is no secret.
    fn public_value(&self, bytes: &[u8]) -> Result<Limbs> {
        let [.., minus_one] = &self.excluded;
        let value = Limbs::from_bytes(bytes, self.prime.len())?;
        let in_range = less(value.get(), minus_one.get()) && !self.excludes(&value);
        if in_range { Ok(value) } else { Err(Errno::INVAL) }
    }

    fn excludes(&self, value: &Limbs) -> bool {
        self.excluded.iter().any(|excluded| equal(value.get(), excluded.get()))
    }
}

struct Key {
    group: Arc<Group>,
    exponent: Limbs,
}

impl Key {
    /// Writes `base` to the power of the exponent. EINVAL: that is 0, 1 or the prime less one, which
    /// anybody can guess.
    fn power(&self, mut base: Limbs, result: &mut [u8]) -> Result<usize> {
        let result = result.get_mut(..self.group.len()).ok_or(Errno::MSGSIZE)?;
        self.group.prime.pow(base.get_mut(), self.exponent.get())?;
        if self.group.excludes(&base) {
            return Err(Errno::INVAL);
        }
        write(base.get(), result);
        Ok(result.len())
    }
}

impl PrivateKey for Key {
    fn public_key(&self, result: &mut [u8]) -> Result<usize> {
        self.power(Limbs::copy(self.group.base.get())?, result)
    }

    fn shared_secret(&self, peer: &[u8], result: &mut [u8]) -> Result<usize> {
        self.power(self.group.public_value(peer)?, result)
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
