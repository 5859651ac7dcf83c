// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! RSA keys, and the two operations on numbers that RSA is made of.
//!
//! A private operation is computed modulo the two primes. What it is given is multiplied by a
//! random number first, so that nothing in it depends on a number that somebody else has chosen,
//! and its result is checked with the public exponent: a fault modulo one of the primes would tell
//! both.
//!
//! Reference: RFC 8017, 3, 5.1 and appendix A.1; D. Boneh, R. DeMillo, R. Lipton: On the Importance
//! of Checking Cryptographic Protocols for Faults; P. Kocher: Timing Attacks on Implementations of
//! Diffie-Hellman, RSA, DSS, and Other Systems.

use crate::engine::user::algorithm::montgomery::{
    LIMB, Limbs, Modulus, equal, is_zero, less, mul_plus, write,
};
use crate::engine::user::algorithm::rng::fill_randomly;
use crate::engine::user::data::Buffer;
use crate::errno::{Errno, Result};
use crate::generation::generation;
use crate::lock::{Lock, Recover};
use der::asn1::UintRef;
use der::{Decode, Reader, SliceReader};

/// Bits in the shortest modulus: shorter ones have been factored, or can be.
const BITS_MIN: usize = 1024;
/// Bits in the longest one; Linux has no more than 4096.
const BITS_MAX: usize = 8192;

/// RSAPublicKey.
pub struct PublicKey {
    modulus: Modulus,
    /// The public exponent, the highest byte first.
    exponent: Vec<u8>,
}

impl PublicKey {
    /// The key that `der` is. EINVAL: it is none, or one that nobody should use.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        let [n, e] = integers(der)?;
        Self::new(n, e)
    }

    fn new(n: &[u8], e: &[u8]) -> Result<Self> {
        let bits = n.len().saturating_mul(8);
        if !(BITS_MIN..=BITS_MAX).contains(&bits) {
            return Err(Errno::INVAL);
        }
        let modulus = Modulus::new(n)?;
        let number = Limbs::from_bytes(e, modulus.len())?;
        let odd = e.last().is_some_and(|lowest| lowest % 2 == 1);
        if modulus.bits() < BITS_MIN || !odd || e == [1] || !less(number.get(), modulus.get()) {
            return Err(Errno::INVAL);
        }
        let mut exponent = Vec::new();
        exponent.try_reserve_exact(e.len())?;
        exponent.extend_from_slice(e);
        Ok(Self { modulus, exponent })
    }

    /// Bytes in the modulus.
    pub fn size(&self) -> usize {
        self.modulus.bytes()
    }

    /// The number of `bytes`; EINVAL: it is not below the modulus.
    fn number(&self, bytes: &[u8]) -> Result<Limbs> {
        let number = Limbs::from_bytes(bytes, self.modulus.len())?;
        if less(number.get(), self.modulus.get()) { Ok(number) } else { Err(Errno::INVAL) }
    }

    /// RSAEP and RSAVP1: `output`, [`PublicKey::size`] bytes, gets `input` to the power of the
    /// public exponent. EINVAL: `input` is not below the modulus.
    pub fn public(&self, input: &[u8], output: &mut [u8]) -> Result<()> {
        self.public_of(self.number(input)?, output)
    }

    /// The same for what is in `output`.
    pub fn public_in_place(&self, output: &mut [u8]) -> Result<()> {
        self.public_of(self.number(output)?, output)
    }

    fn public_of(&self, mut number: Limbs, output: &mut [u8]) -> Result<()> {
        self.modulus.pow_public(number.get_mut(), &self.exponent)?;
        write(number.get(), output);
        Ok(())
    }
}

/// RSAPrivateKey.
pub struct PrivateKey {
    public: PublicKey,
    p: Modulus,
    q: Modulus,
    /// The private exponent modulo p - 1, and modulo q - 1.
    dp: Limbs,
    dq: Limbs,
    /// 1 / q modulo p.
    q_inverse: Limbs,
    blinding: Lock<Option<Blinding>>,
}

/// What blinds the next operation, and what takes that away. Each operation replaces both by their
/// squares.
struct Blinding {
    /// A random number to the power of the public exponent, in Montgomery form.
    factor: Limbs,
    /// 1 / the random number, in Montgomery form.
    inverse: Limbs,
    /// The process that has made it, by its generation: no other one goes on with it.
    process: u32,
}

impl Recover for Option<Blinding> {
    #[allow(unsafe_code)]
    unsafe fn recover(this: *mut Self) {
        // SAFETY: the caller's promise. The child makes another.
        unsafe { this.write(None) };
    }
}

impl PrivateKey {
    /// The key that `der` is. EINVAL: it is none, its parts do not belong together, or it is one
    /// that nobody should use.
    pub fn from_der(der: &[u8]) -> Result<Box<Self>> {
        let [version, n, e, d, p, q, dp, dq, q_inverse] = integers(der)?;
        // Keys of more than two primes have another version.
        if version != [0] {
            return Err(Errno::INVAL);
        }
        let public = PublicKey::new(n, e)?;
        // Operations do not need the private exponent.
        public.number(d)?;
        // Their product has as many bytes, or one less. Longer ones would take long to be refused.
        if p.len() + q.len() > n.len() + 1 {
            return Err(Errno::INVAL);
        }
        let (p, q) = (Modulus::new(p)?, Modulus::new(q)?);
        let dp = Limbs::from_bytes(dp, p.len())?;
        let dq = Limbs::from_bytes(dq, q.len())?;
        let q_inverse = Limbs::from_bytes(q_inverse, p.len())?;
        let below =
            less(dp.get(), p.get()) & less(dq.get(), q.get()) & less(q_inverse.get(), p.get());
        // Else one of them can be found, however long the other is.
        let balanced = p.bits().min(q.bits()) >= public.modulus.bits() / 4;
        if !below || !balanced || d == [0] {
            return Err(Errno::INVAL);
        }
        // In its box before powers are computed, because this frame lies above theirs, and all are wiped together.
        let blinding = Lock::new(None);
        let mut key = Box::new(Self { public, p, q, dp, dq, q_inverse, blinding });
        key.check()?;
        Ok(key)
    }

    /// Checks that the parts of the key belong together, as far as operations depend on them.
    fn check(&mut self) -> Result<()> {
        let mut product = Limbs::zeros(self.p.len() + self.q.len())?;
        mul_plus(product.get_mut(), self.p.get(), self.q.get(), &[]);
        let (low, high) =
            product.get().split_at_checked(self.public.modulus.len()).ok_or(Errno::INVAL)?;
        if !equal(low, self.public.modulus.get()) || !is_zero(high) {
            return Err(Errno::INVAL);
        }
        let blinding = self.blinding()?;
        self.blinding = Lock::new(Some(blinding));
        Ok(())
    }

    /// The key's public half.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// RSADP and RSASP1: `output`, [`PublicKey::size`] bytes, gets `input` to the power of the
    /// private exponent. EINVAL: `input` is not below the modulus. EIO: the result was wrong.
    pub fn private(&self, input: &[u8], output: &mut [u8]) -> Result<()> {
        self.private_of(self.public.number(input)?, output)
    }

    /// The same for what is in `output`.
    pub fn private_in_place(&self, output: &mut [u8]) -> Result<()> {
        self.private_of(self.public.number(output)?, output)
    }

    fn private_of(&self, mut number: Limbs, output: &mut [u8]) -> Result<()> {
        let n = &self.public.modulus;
        let mut room = n.room()?;
        let Blinding { factor, inverse, .. } = self.next_blinding()?;
        n.mul(number.get_mut(), factor.get(), &mut room);
        let mut result = self.checked_power(&number)?;
        n.mul(result.get_mut(), inverse.get(), &mut room);
        write(result.get(), output);
        Ok(())
    }

    /// `number` to the power of the private exponent. EIO: a computation went wrong.
    fn checked_power(&self, number: &Limbs) -> Result<Limbs> {
        let n = &self.public.modulus;
        let result = self.crt(number, &self.dp, &self.dq)?;
        let mut back = Limbs::copy(result.get())?;
        n.pow_public(back.get_mut(), &self.public.exponent)?;
        if equal(back.get(), number.get()) { Ok(result) } else { Err(Errno::IO) }
    }

    /// The number below the modulus that is `number` to the power of `dp` modulo p, and to the
    /// power of `dq` modulo q.
    fn crt(&self, number: &Limbs, dp: &Limbs, dq: &Limbs) -> Result<Limbs> {
        let (p, q) = (&self.p, &self.q);
        let mut room = p.room()?;
        let mut of_p = p.reduce(number.get(), &mut room)?;
        let mut of_q = q.reduce(number.get(), &mut q.room()?)?;
        Modulus::pow_both([p, q], [of_p.get_mut(), of_q.get_mut()], [dp.get(), dq.get()])?;
        let subtrahend = p.reduce(of_q.get(), &mut room)?;
        p.sub(of_p.get_mut(), subtrahend.get());
        p.enter(of_p.get_mut(), &mut room);
        p.mul(of_p.get_mut(), self.q_inverse.get(), &mut room);
        let mut result = Limbs::zeros(p.len() + q.len())?;
        mul_plus(result.get_mut(), of_p.get(), q.get(), of_q.get());
        let mut shortened = Limbs::zeros(self.public.modulus.len())?;
        shortened.get_mut().iter_mut().zip(result.get()).for_each(|(to, from)| *to = *from);
        Ok(shortened)
    }

    /// What blinds this operation; the next is blinded by its squares.
    fn next_blinding(&self) -> Result<Blinding> {
        let n = &self.public.modulus;
        let mut room = n.room()?;
        let process = generation();
        let mut next = self.blinding.lock()?;
        let next = match &mut *next {
            Some(next) if next.process == process => next,
            none_or_the_parents => none_or_the_parents.insert(self.blinding()?),
        };
        let (factor, inverse) = (Limbs::copy(next.factor.get())?, Limbs::copy(next.inverse.get())?);
        n.mul(next.factor.get_mut(), factor.get(), &mut room);
        n.mul(next.inverse.get_mut(), inverse.get(), &mut room);
        Ok(Blinding { factor, inverse, process })
    }

    /// A random number, and by Fermat's theorem its inverse. EINVAL: the number comes back neither
    /// with this inverse nor by the private exponent, because the key's parts do not belong
    /// together.
    fn blinding(&self) -> Result<Blinding> {
        let n = &self.public.modulus;
        let mut room = n.room()?;
        // In the heap, because this frame lies above those of powers, with which it must be wiped.
        let mut bytes = Buffer::zeros(n.len() * LIMB)?;
        fill_randomly(bytes.bytes())?;
        let random = n.reduce(Limbs::from_bytes(bytes.bytes(), n.len())?.get(), &mut room)?;
        let (exponent_p, exponent_q) = (two_less(&self.p)?, two_less(&self.q)?);
        let mut inverse = self.crt(&random, &exponent_p, &exponent_q)?;
        n.enter(inverse.get_mut(), &mut room);
        let mut factor = Limbs::copy(random.get())?;
        n.pow_public(factor.get_mut(), &self.public.exponent)?;
        let back = self.checked_power(&factor).map_err(|_| Errno::INVAL)?;
        let mut product = Limbs::copy(inverse.get())?;
        n.mul(product.get_mut(), random.get(), &mut room);
        let one = Limbs::from_bytes(&[1], n.len())?;
        if !equal(back.get(), random.get()) || !equal(product.get(), one.get()) {
            return Err(Errno::INVAL);
        }
        n.enter(factor.get_mut(), &mut room);
        Ok(Blinding { factor, inverse, process: generation() })
    }
}

/// `prime` - 2, by which a number is raised to become its inverse.
fn two_less(prime: &Modulus) -> Result<Limbs> {
    let mut number = Limbs::copy(prime.get())?;
    let mut borrow = 2;
    for limb in number.get_mut() {
        let (less, below) = limb.overflowing_sub(borrow);
        (*limb, borrow) = (less, below.into());
    }
    Ok(number)
}

/// The bytes of the integers of which the sequence `der` consists, the highest first. EINVAL: it is
/// no such sequence.
fn integers<const N: usize>(der: &[u8]) -> Result<[&[u8]; N]> {
    let read = || -> der::Result<_> {
        let mut reader = SliceReader::new(der)?;
        let numbers = reader.sequence(|reader| -> der::Result<_> {
            let mut numbers = [&[][..]; N];
            for number in &mut numbers {
                *number = UintRef::decode(reader)?.as_bytes();
            }
            Ok(numbers)
        })?;
        reader.finish()?;
        Ok(numbers)
    };
    read().map_err(|_| Errno::INVAL)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{der, key};
    use super::*;

    #[test]
    fn a_child_does_not_go_on_with_its_parents_blinding() {
        let key = PrivateKey::from_der(&der(&key())).unwrap();
        let mut next = key.blinding.lock().unwrap();
        let parents = next.as_mut().unwrap();
        parents.process ^= 1;
        let factor = Limbs::copy(parents.factor.get()).unwrap();
        drop(next);
        let own = key.next_blinding().unwrap();
        assert_ne!(own.factor.get(), factor.get());
        assert_eq!(own.process, generation());
    }
}
