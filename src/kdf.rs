// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Key derivation functions over a message digest.
//!
//! Every secret in between is in memory that wipes itself, and so is the result, which the caller
//! copies when there was no error.
//!
//! References: NIST SP 800-108, SP 800-132, SP 800-56A; RFC 5869.

use crate::engine::Kind;
use crate::errno::{Errno, Result};
use crate::handle::{Handle, Options};
use crate::log::because;
use crate::prf::{Digest, Prf};
use std::ffi::CStr;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// A derived key.
pub struct Key {
    /// Its bytes.
    pub bytes: Zeroizing<Vec<u8>>,
    /// The engine that has derived it.
    pub engine: &'static CStr,
}

/// SP 800-108, 5.1, counter mode: K(i) = PRF(\[i\] || `src`). With a digest that
/// takes no key, the one-step KDF of SP 800-56A.
pub fn counter(handle: &Handle, src: &[u8], len: usize) -> Result<Key> {
    let prf = Prf::new(handle)?;
    let mut state = prf.enter()?;
    blocks(&prf, len, |i, _| prf.digest_in(&mut state, [&i.to_be_bytes(), src]))
}

/// SP 800-108, 5.2, feedback mode with counter: K(i) = PRF(K(i-1) || \[i\] || rest of
/// `src`). K(0), the IV, is the beginning of `src`: EINVAL if that is shorter than a digest.
pub fn feedback(handle: &Handle, src: &[u8], len: usize) -> Result<Key> {
    let prf = Prf::new(handle)?;
    let (iv, src) = src.split_at_checked(prf.size()).ok_or_else(|| {
        because(Errno::INVAL, "an input shorter than its IV, which is as long as a digest")
    })?;
    let mut state = prf.enter()?;
    blocks(&prf, len, |i, previous| {
        prf.digest_in(&mut state, [previous.unwrap_or(iv), &i.to_be_bytes(), src])
    })
}

/// SP 800-108, 5.3, double-pipeline iteration mode with counter: A(0) = `src`,
/// A(i) = PRF(A(i-1)), K(i) = PRF(A(i) || \[i\] || `src`). If `src` is empty, A(0) is a
/// digest of zeros: the standard says something else, but there are keys that were so derived.
pub fn double_pipeline(handle: &Handle, src: &[u8], len: usize) -> Result<Key> {
    let prf = Prf::new(handle)?;
    let mut state = prf.enter()?;
    let zeros = prf.zeros();
    let mut previous: Option<Digest> = None;
    blocks(&prf, len, |i, _| {
        let first = if src.is_empty() { &zeros } else { src };
        let a = prf.digest_in(&mut state, [previous.as_deref().unwrap_or(first)])?;
        let block = prf.digest_in(&mut state, [&a, &i.to_be_bytes(), src]);
        previous = Some(a);
        block
    })
}

/// RFC 5869 with the keyed digest `name`. Without a salt it takes one of zeros, as long as a
/// digest. EINVAL: the key would be longer than 255 digests.
pub fn hkdf(name: &CStr, ikm: &[u8], salt: &[u8], info: &[u8], len: usize) -> Result<Key> {
    let handle = Handle::open(Kind::Hash, name, Options::default())?;
    let prf = Prf::new(&handle)?;
    if len > 255 * prf.size() {
        return Err(because(Errno::INVAL, "a key longer than 255 digests"));
    }
    let no_salt = prf.zeros();
    prf.set_key(if salt.is_empty() { &no_salt } else { salt })?;
    prf.set_key(&prf.digest([ikm])?)?;
    blocks(&prf, len, |i, previous| prf.digest([previous.unwrap_or_default(), info, &[i as u8]]))
}

/// SP 800-132 (PBKDF2 of RFC 8018) with the keyed digest `name`. EINVAL: `count` is 0.
///
/// Password and salt are closures that are called when they are needed. So an error that comes
/// before that is told first, and a key of no bytes needs no salt.
pub fn pbkdf<'a>(
    name: &CStr,
    password: impl FnOnce() -> Result<&'a [u8]>,
    salt: impl Fn() -> Result<&'a [u8]>,
    count: u32,
    len: usize,
) -> Result<Key> {
    if count == 0 {
        return Err(because(Errno::INVAL, "no iterations"));
    }
    let handle = Handle::open(Kind::Hash, name, Options::default())?;
    let prf = Prf::new(&handle)?;
    prf.set_key(password()?)?;
    blocks(&prf, len, |i, _| {
        let mut u = prf.digest([salt()?, &i.to_be_bytes()])?;
        let mut sum = u.clone();
        let mut next = prf.zeros();
        for _ in 1..count {
            prf.digest_into(&mut *prf.enter()?, [&u], &mut next)?;
            std::mem::swap(&mut u, &mut next);
            sum.iter_mut().zip(&*u).for_each(|(sum, u)| *sum ^= u);
        }
        Ok(sum)
    })
}

/// The number of iterations of [`pbkdf`] that takes at least `at_least` on this machine at this
/// moment; never fewer than MIN_ITERATIONS.
pub fn iterations(name: &CStr, at_least: Duration) -> Result<u32> {
    const MIN_ITERATIONS: u32 = 1 << 16;
    /// A time that is long enough to be measured well.
    const SAMPLE: Duration = Duration::from_millis(100);
    /// The limit if the clock is slow or wrong.
    const MAX_SAMPLE: u32 = 1 << 22;
    let mut count = 1 << 8;
    loop {
        let start = Instant::now();
        pbkdf(name, || Ok(&[0; 16]), || Ok(&[0; 16]), count, 16)?;
        let took = start.elapsed();
        if took >= SAMPLE.min(at_least) || count >= MAX_SAMPLE {
            let needed = u128::from(count) * at_least.as_nanos() / took.as_nanos().max(1);
            return Ok(u32::try_from(needed).unwrap_or(u32::MAX).max(MIN_ITERATIONS));
        }
        count *= 2;
    }
}

/// `len` bytes of the blocks that `next` makes of their number, from 1 on, and of
/// the block before.
fn blocks(
    prf: &Prf<'_>,
    len: usize,
    mut next: impl FnMut(u32, Option<&[u8]>) -> Result<Digest>,
) -> Result<Key> {
    let mut key = Zeroizing::new(Vec::new());
    // The room is reserved at once, because a vector that grows leaves copies of the key behind.
    key.try_reserve_exact(len)?;
    let mut previous: Option<Digest> = None;
    for i in 1.. {
        let missing = len - key.len();
        if missing == 0 {
            break;
        }
        let block = next(i, previous.as_deref())?;
        key.extend_from_slice(block.get(..missing).unwrap_or(&block));
        previous = Some(block);
    }
    Ok(Key { bytes: key, engine: prf.engine() })
}
