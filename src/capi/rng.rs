// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! `kcapi_rng_*`: random number generators.

use super::cipher::set_key;
use super::{
    NULL, because, borrow, bytes, destroy, init, of, to_int, to_int_of_new, to_ssize, why,
};
use crate::engine::{Kind, Parameter};
use crate::errno::{Errno, Result};
use crate::handle::{Handle, Options};
use crate::iov::{self, Iovecs};
use libc::{c_char, c_int, ssize_t};

/// Opens a handle for a random number generator.
///
/// @param handle      where the handle's pointer goes; left alone on an error
/// @param ciphername  name of the generator or of a driver, as in /proc/crypto: `stdrng`,
///                    `drbg_nopr_hmac_sha512`
/// @param flags       0, or KCAPI_INIT_USER, see kcapi_cipher_init(); other bits are ignored
/// @return 0
/// @retval -ENOENT       no such generator, or its name is NULL
/// @retval -EAFNOSUPPORT no AF_ALG in this kernel, and no other engine may serve
/// @retval -EPERM        AF_ALG is forbidden here, as in most containers, and no other engine may serve
/// @retval -EACCES       the same
/// @retval -EINVAL       `handle` is NULL, or the algorithm is of another family
/// @retval -EMFILE       the process has as many descriptors as it may
/// @retval -ENFILE       the system has as many open files as it may
/// @retval -ENOMEM       there is no memory
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_rng_init(
    handle: *mut *mut Handle,
    ciphername: *const c_char,
    flags: u32,
) -> c_int {
    // SAFETY: kcapi.h: `handle` may be written, the name is a string.
    to_int_of_new(|| unsafe { init(handle, Kind::Rng, ciphername, flags) })
}

/// Closes a handle. Its generator goes when the last handle on it is closed.
///
/// @param handle  generator handle; NULL is allowed
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_rng_destroy(handle: *mut Handle) {
    // SAFETY: kcapi.h: the handle is live, and dead from now on.
    unsafe { destroy(handle) };
}

/// Seeds the generator, or seeds it anew. Most must be seeded before they generate.
///
/// A DRBG (NIST SP 800-90A) draws its seed from the kernel by itself; what it is given here is the
/// personalisation string at first, additional input later.
///
/// @param handle   generator handle
/// @param seed     the seed; NULL with a length of 0 for a DRBG
/// @param seedlen  bytes in `seed`, kcapi_rng_seedsize() or more
/// @return 0
/// @retval -EINVAL       too short a seed, or `handle` is NULL
/// @retval -EFAULT       `seed` is NULL
/// @retval -EBUSY        another thread is generating
/// @retval -ENOMEM       the seed is longer than net.core.optmem_max
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_rng_seed(handle: *mut Handle, seed: *mut u8, seedlen: u32) -> c_int {
    // SAFETY: kcapi.h: the handle is live, `seed` has `seedlen` bytes.
    to_int(|| unsafe { set_key(borrow(handle)?, seed, seedlen) })
}

/// Gives a DRBG the entropy of a test vector (NIST CAVP) in place of the kernel's own.
///
/// For kernels built with CONFIG_CRYPTO_USER_API_RNG_CAVP, for processes with
/// CAP_SYS_ADMIN, once per handle and before kcapi_rng_seed().
///
/// @param handle  generator handle
/// @param ent     the entropy
/// @param entlen  bytes in `ent`, at most 128
/// @return 0
/// @retval -ENOPROTOOPT  not in this kernel
/// @retval -EACCES       not permitted
/// @retval -EINVAL       entropy was set before, or `handle` is NULL
/// @retval -EMSGSIZE     more than 128 bytes
/// @retval -EFAULT       `ent` is NULL
/// @retval -EBUSY        another thread is generating
/// @retval -ENOMEM       there is no memory
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_rng_setentropy(
    handle: *mut Handle,
    ent: *mut u8,
    entlen: u32,
) -> c_int {
    // SAFETY: kcapi.h: the handle is live, `ent` has `entlen` bytes.
    to_int(|| unsafe { set_entropy(handle, ent, entlen) })
}

/// # Safety
///
/// The same as for `kcapi_rng_setentropy`.
unsafe fn set_entropy(handle: *mut Handle, entropy: *const u8, len: u32) -> Result<()> {
    // SAFETY: the caller's promise.
    let (handle, entropy) = unsafe { (of(Kind::Rng, handle)?, bytes(entropy, len as usize)?) };
    why::parameter("entropy", entropy.len(), handle.set(Parameter::Entropy(entropy))).map(drop)
}

/// Gives a DRBG the additional input of a test vector (NIST CAVP) for the next
/// kcapi_rng_generate(). Needs kcapi_rng_setentropy() before.
///
/// @param handle  generator handle
/// @param addtl   the additional input
/// @param len     bytes in `addtl`, at most 128
/// @return 0
/// @retval -EOPNOTSUPP   not in this kernel, or no entropy was set
/// @retval -EINVAL       `handle` is NULL
/// @retval -EMSGSIZE     more than 128 bytes
/// @retval -EFAULT       `addtl` is NULL
/// @retval -ENOMEM       there is no memory
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_rng_setaddtl(
    handle: *mut Handle,
    addtl: *mut u8,
    len: u32,
) -> c_int {
    // SAFETY: kcapi.h: the handle is live, `addtl` has `len` bytes.
    to_int(|| unsafe { set_additional_input(handle, addtl, len) })
}

/// # Safety
///
/// The same as for `kcapi_rng_setaddtl`.
unsafe fn set_additional_input(handle: *mut Handle, input: *const u8, len: u32) -> Result<()> {
    // SAFETY: the caller's promise.
    let handle = unsafe { of(Kind::Rng, handle) }?;
    let input = super::buffer(input, len as usize)?;
    // SAFETY: the caller's promise.
    handle.add_input(unsafe { Iovecs::new(&input) }).map(drop)
}

/// Generates random bytes, any number of them. The kernel gives at most 128 at a time.
///
/// @param handle  generator handle, seeded
/// @param buffer  where the bytes go; after an error it may hold some
/// @param len     bytes in `buffer`
/// @return `len`; or a negative errno, one of these or what else the generator reports
/// @retval -EINVAL       the generator was not seeded, or `handle` is NULL
/// @retval -EFAULT       `buffer` is NULL
/// @retval -EIO          the kernel gave nothing
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_rng_generate(
    handle: *mut Handle,
    buffer: *mut u8,
    len: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: the handle is live, `buffer` has `len` bytes.
    to_ssize(|| unsafe { of(Kind::Rng, handle).and_then(|handle| generate(handle, buffer, len)) })
}

/// # Safety
///
/// `len` bytes at `out` may be written.
unsafe fn generate(handle: &Handle, out: *mut u8, len: usize) -> Result<usize> {
    /// The kernel's MAXSIZE.
    const AT_A_TIME: usize = 128;
    if out.is_null() && len > 0 {
        return Err(because(Errno::FAULT, NULL));
    }
    let mut done = 0;
    while done < len {
        let piece = [iov::iovec(out.wrapping_add(done), AT_A_TIME.min(len - done))];
        // SAFETY: the caller's promise; a part of the buffer.
        match handle.generate(unsafe { Iovecs::new(&piece) })? {
            0 => return Err(Errno::IO),
            bytes => done += bytes,
        }
    }
    Ok(done)
}

/// Generates random bytes with the kernel's default generator, `stdrng`, in one call, handle
/// and seeding and all.
///
/// @param buffer  where the bytes go; after an error it may hold some
/// @param outlen  bytes in `buffer`
/// @return `outlen`; or a negative errno as kcapi_rng_init(), kcapi_rng_seed() and
///         kcapi_rng_generate()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_rng_get_bytes(buffer: *mut u8, outlen: usize) -> ssize_t {
    // SAFETY: kcapi.h: `buffer` has `outlen` bytes.
    to_ssize(|| unsafe { get_bytes(buffer, outlen) })
}

/// # Safety
///
/// The same as for `kcapi_rng_get_bytes`.
unsafe fn get_bytes(out: *mut u8, len: usize) -> Result<usize> {
    let handle = Handle::open(Kind::Rng, c"stdrng", Options::default())?;
    handle.set(Parameter::Key(&[]))?;
    // SAFETY: the caller's promise.
    unsafe { generate(&handle, out, len) }
}

/// Size of the seed in bytes that the generator needs.
///
/// @param handle  generator handle
/// @return bytes; 0 if it seeds itself, as a DRBG does, or if `handle` is NULL
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_rng_seedsize(handle: *mut Handle) -> u32 {
    // SAFETY: kcapi.h: the handle is live.
    unsafe { borrow(handle) }.map_or(0, |handle| handle.properties().seed_size)
}
