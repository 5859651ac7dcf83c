// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Random number generators, all served by the operating system's getrandom(2).
//!
//! The kernel's `stdrng`, `drbg_*` and `jitterentropy_rng` differ in the standard by which they stretch
//! their entropy. Their output does not show that, so there is one generator under all these names:
//! getrandom(2), XORed with a stream made of the caller's seed. Block n of that is SHA-512 of the
//! seed's SHA-512, of fresh bytes of getrandom(2), and of n. So a seed can add randomness and never
//! take any away. A DRBG gives nothing (EINVAL) before it was seeded, as in the kernel; the seed may
//! be empty.
//!
//! Not here: `ansi_cprng`, whose output is a function of its seed; entropy and additional
//! data for tests, which a kernel without CONFIG_CRYPTO_USER_API_RNG_CAVP refuses too.
//!
//! Reference: Linux `crypto/algif_rng.c`, `crypto/drbg.c`, `crypto/jitterentropy-kcapi.c`.

use super::block::xor;
use super::hash::{Hasher, Sha512};
use super::names::Name;
use crate::errno::{Errno, Result, retry};
use crate::sys::process::getrandom;
use crate::wipe::Wiped;

/// Bytes that one call gives at most.
pub const PIECE: usize = 128;

/// Bytes in a digest of SHA-512.
const BLOCK: usize = 64;

/// A generator by its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RngAlgorithm {
    /// `stdrng` or one of its drivers, `drbg_*`.
    Drbg,
    /// `jitterentropy_rng`.
    Jitter,
}

impl RngAlgorithm {
    /// The algorithm's name; that of all DRBGs is `stdrng`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Drbg => "stdrng",
            Self::Jitter => "jitterentropy_rng",
        }
    }
}

/// The generator called `name`.
pub fn find(name: &Name<'_>) -> Option<RngAlgorithm> {
    let name = match name.parts() {
        ("stdrng", []) => return Some(RngAlgorithm::Drbg),
        ("jitterentropy_rng", []) => return Some(RngAlgorithm::Jitter),
        (name, []) => name,
        _ => return None,
    };
    let core = name.strip_prefix("drbg_pr_").or_else(|| name.strip_prefix("drbg_nopr_"))?;
    let known = match core.strip_prefix("ctr_") {
        Some(cipher) => matches!(cipher, "aes128" | "aes192" | "aes256"),
        None => matches!(
            core.strip_prefix("hmac_").unwrap_or(core),
            "sha1" | "sha256" | "sha384" | "sha512"
        ),
    };
    known.then_some(RngAlgorithm::Drbg)
}

/// A generator's state: the digest of its seed.
pub struct Rng(Option<Wiped<BLOCK>>);

impl Rng {
    /// A generator that nobody has seeded yet.
    pub fn unseeded(algorithm: RngAlgorithm) -> Self {
        Self((algorithm == RngAlgorithm::Jitter).then_some(Wiped::ZEROS))
    }

    /// With a seed, in place of what was before.
    pub fn seeded(algorithm: RngAlgorithm, seed: &[u8]) -> Result<Self> {
        Ok(match algorithm {
            RngAlgorithm::Drbg => Self(Some(sha512(&[seed]))),
            // It takes a seed and does not use it.
            RngAlgorithm::Jitter => Self::unseeded(algorithm),
        })
    }

    /// Fills `output`; EINVAL before a seed.
    pub fn generate(&self, output: &mut [u8; PIECE]) -> Result<()> {
        let seed = self.0.as_ref().ok_or(Errno::INVAL)?;
        let mut random = Wiped::<{ BLOCK + PIECE }>::ZEROS;
        fill_randomly(&mut *random)?;
        let (fresh, bytes) = random.split_at(BLOCK);
        output.copy_from_slice(bytes);
        for (number, block) in output.chunks_mut(BLOCK).enumerate() {
            let mask = sha512(&[&**seed, fresh, &[number as u8]]);
            xor(block, &*mask);
        }
        Ok(())
    }
}

fn sha512(message: &[&[u8]]) -> Wiped<BLOCK> {
    let mut digest = Wiped::ZEROS;
    Sha512::sha512().digest(message, &mut *digest);
    digest
}

/// Fills `bytes` with what getrandom(2) gives. EIO: it says that it has given nothing, as a sandbox may have it say.
pub fn fill_randomly(mut bytes: &mut [u8]) -> Result<()> {
    while !bytes.is_empty() {
        match retry(|| getrandom(bytes))? {
            0 => return Err(Errno::IO),
            got => bytes = bytes.get_mut(got..).unwrap_or_default(),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::user::algorithm::names;

    fn find(name: &str) -> Option<RngAlgorithm> {
        super::find(&names::parse(name)?)
    }

    #[test]
    fn names_of_the_kernels_generators() {
        for name in ["stdrng", "drbg_pr_ctr_aes192", "drbg_nopr_sha1", "drbg_nopr_hmac_sha512"] {
            assert_eq!(find(name), Some(RngAlgorithm::Drbg), "{name}");
        }
        for name in ["", "drbg", "drbg_pr_", "drbg_nopr_ctr_sha256", "ansi_cprng", "drbg_sha256"] {
            assert_eq!(find(name), None, "{name}");
        }
    }

    #[test]
    fn a_drbg_wants_a_seed_and_never_repeats() {
        let (mut first, mut second) = ([0; PIECE], [0; PIECE]);
        let unseeded = Rng::unseeded(RngAlgorithm::Drbg);
        assert_eq!(unseeded.generate(&mut first), Err(Errno::INVAL));
        let rng = Rng::seeded(RngAlgorithm::Drbg, b"").unwrap();
        rng.generate(&mut first).unwrap();
        rng.generate(&mut second).unwrap();
        assert_ne!(first, second);
        assert_ne!(first[..BLOCK], first[BLOCK..]);
        Rng::unseeded(RngAlgorithm::Jitter).generate(&mut second).unwrap();
    }
}
