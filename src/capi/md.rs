// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! `kcapi_md_*`: message digests, keyed or not.

use super::cipher::set_key;
use super::{
    because, borrow, buffer, destroy, init, of, to_int, to_int_of_new, to_ssize,
    to_ssize_of_message,
};
use crate::engine::Kind;
use crate::errno::{Errno, Result};
use crate::handle::Handle;
use crate::iov::{self, Iovecs};
use crate::wipe::Wiper;
use libc::{c_char, c_int, iovec, ssize_t};

/// Opens a handle for a message digest.
///
/// @param handle      where the handle's pointer goes; left alone on an error
/// @param ciphername  name of the algorithm or of a driver, as in /proc/crypto: `sha256`,
///                    `hmac(sha256)`
/// @param flags       0, or KCAPI_INIT_USER, see kcapi_cipher_init(); other bits are ignored
/// @return 0
/// @retval -ENOENT       no such algorithm, or its name is NULL
/// @retval -EAFNOSUPPORT no AF_ALG in this kernel, and no other engine may serve
/// @retval -EPERM        AF_ALG is forbidden here, as in most containers, and no other engine may serve
/// @retval -EACCES       the same
/// @retval -EINVAL       `handle` is NULL, or the algorithm is of another family
/// @retval -EMFILE       the process has as many descriptors as it may
/// @retval -ENFILE       the system has as many open files as it may
/// @retval -ENOMEM       there is no memory
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_md_init(
    handle: *mut *mut Handle,
    ciphername: *const c_char,
    flags: u32,
) -> c_int {
    // SAFETY: kcapi.h: `handle` may be written, the name is a string.
    to_int_of_new(|| unsafe { init(handle, Kind::Hash, ciphername, flags) })
}

/// Closes a handle. Its transform goes when the last handle on it is closed.
///
/// @param handle  message digest handle; NULL is allowed
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_md_destroy(handle: *mut Handle) {
    // SAFETY: kcapi.h: the handle is live, and dead from now on.
    unsafe { destroy(handle) };
}

/// Sets the key of a keyed digest, for all handles on the transform. It may be set anew
/// between two messages. The caller may wipe its own copy afterwards.
///
/// @param handle  message digest handle
/// @param key     the key
/// @param keylen  bytes in `key`
/// @return 0
/// @retval -ENOSYS       the digest takes no key
/// @retval -EOPNOTSUPP   the same, from other kernels
/// @retval -EINVAL       no key of this length, or `handle` is NULL
/// @retval -ENOMEM       the key is longer than net.core.optmem_max, some 20 KiB
/// @retval -EFAULT       `key` is NULL
/// @retval -EBUSY        in the middle of a message, or another handle on the transform is in
///                       use
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_md_setkey(
    handle: *mut Handle,
    key: *const u8,
    keylen: u32,
) -> c_int {
    // SAFETY: kcapi.h: the handle is live, `key` has `keylen` bytes.
    to_int(|| unsafe { set_key(borrow(handle)?, key, keylen) })
}

/// Adds data to a message; the first call after kcapi_md_init() or kcapi_md_final()
/// begins one.
///
/// @param handle  message digest handle, with a key if the digest is a keyed one
/// @param buffer  the data, which are not needed any more when the call returns
/// @param len     bytes in `buffer`, at most INT_MAX; may be 0
/// @return 0; or a negative errno. With -EMSGSIZE, and where a pointer is NULL, nothing was added
///         and the message goes on. Otherwise the message is lost, and -EIO until
///         kcapi_md_final(), kcapi_md_digest() or kcapi_md_setkey() ends it.
/// @retval -EMSGSIZE     `len` is over INT_MAX
/// @retval -EFAULT       `buffer` is NULL or cannot be read
/// @retval -EINVAL       `handle` is NULL
/// @retval -EIO          an earlier piece of the message was lost
/// @retval -ENOKEY       no key was set; nothing is lost
/// @retval -ENOMEM       there is no memory
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_md_update(
    handle: *mut Handle,
    buffer: *const u8,
    len: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: the handle is live, `buffer` has `len` bytes.
    to_ssize(|| unsafe { update(handle, buffer, len) }.map(|()| 0))
}

/// # Safety
///
/// The same as for `kcapi_md_update`.
unsafe fn update(handle: *mut Handle, data: *const u8, len: usize) -> Result<()> {
    // SAFETY: the caller's promise.
    let handle = unsafe { of(Kind::Hash, handle) }?;
    let data = buffer(data, len)?;
    // SAFETY: the caller's promise.
    handle.update_digest(unsafe { Iovecs::new(&data) })
}

/// Ends a message and gives its digest; without kcapi_md_update() before, that of
/// the empty message. The next kcapi_md_update() begins a new one.
///
/// @param handle  message digest handle, with a key if the digest is a keyed one
/// @param buffer  where the digest goes
/// @param len     bytes in `buffer`: kcapi_md_digestsize() for the whole digest, fewer for its
///                beginning
/// @return bytes written
/// @retval -EINVAL       `len` is 0, `buffer` is NULL, or `handle` is NULL; the message goes on
/// @retval -ENOKEY       no key was set
/// @retval -EIO          kcapi_md_update() failed before, so that a part of the message is missing;
///                       or the call that was to end it, and nothing was added since
/// @retval -EFAULT       `buffer` cannot be written; what kcapi_md_update() has added is lost
/// @retval -ENOMEM       there is no memory
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_md_final(
    handle: *mut Handle,
    buffer: *mut u8,
    len: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: the handle is live, `buffer` has `len` bytes.
    to_ssize(|| unsafe { finish(handle, buffer, len) })
}

/// # Safety
///
/// The same as for `kcapi_md_final`.
unsafe fn finish(handle: *mut Handle, out: *mut u8, outlen: usize) -> Result<usize> {
    // SAFETY: the caller's promise.
    let handle = unsafe { of(Kind::Hash, handle) }?;
    let output = digest_buffer(handle, out, outlen)?;
    // SAFETY: the caller's promise.
    handle.finish_digest(unsafe { Iovecs::new(&output) })
}

/// Gives the digest of a message in one call. After kcapi_md_update() `input` is the
/// end of the message that it began.
///
/// @param handle  message digest handle, with a key if the digest is a keyed one
/// @param input   the message
/// @param inlen   bytes in `input`, at most INT_MAX; may be 0
/// @param out     where the digest goes; may be `input`
/// @param outlen  bytes in `out`: kcapi_md_digestsize() for the whole digest, fewer for its
///                beginning
/// @return bytes written
/// @retval -EINVAL       `outlen` is 0, `out` is NULL, or `handle` is NULL
/// @retval -EMSGSIZE     `inlen` is over INT_MAX
/// @retval -EFAULT       `input` is NULL; or a buffer cannot be accessed, and what
///                       kcapi_md_update() has added is lost
/// @retval -EIO          kcapi_md_update() failed before, so that a part of the message is
///                       missing
/// @retval -ENOKEY       no key was set
/// @retval -ENOMEM       there is no memory
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_md_digest(
    handle: *mut Handle,
    input: *const u8,
    inlen: usize,
    out: *mut u8,
    outlen: usize,
) -> ssize_t {
    // SAFETY: kcapi.h: the handle is live, the buffers have their lengths.
    to_ssize_of_message(|| unsafe { digest(of(Kind::Hash, handle)?, input, inlen, out, outlen) })
}

/// # Safety
///
/// The buffers have their lengths.
#[inline(always)]
pub(super) unsafe fn digest(
    handle: &Handle,
    input: *const u8,
    inlen: usize,
    out: *mut u8,
    outlen: usize,
) -> Result<usize> {
    let (input, output) = (buffer(input, inlen)?, digest_buffer(handle, out, outlen)?);
    // SAFETY: the caller's promise.
    let (input, output) = unsafe { (Iovecs::new(&input), Iovecs::new(&output)) };
    handle.digest(input, output, Wiper::Operation)
}

/// The place for a digest: the part that it needs of a longer buffer. EINVAL: there is no room at
/// all.
fn digest_buffer(handle: &Handle, out: *mut u8, outlen: usize) -> Result<[iovec; 1]> {
    if out.is_null() || outlen == 0 {
        return Err(because(Errno::INVAL, "no room for a digest"));
    }
    Ok([iov::iovec(out, outlen.min(digest_room(handle)))])
}

/// The most bytes of a buffer that a digest is given. One of no bytes (digest_null) is given one, too: into no room nothing
/// is received, and the message would stay in the handle.
pub(super) fn digest_room(handle: &Handle) -> usize {
    handle.properties().digest_size.max(1) as usize
}

/// Size of the digest in bytes.
///
/// @param handle  message digest handle
/// @return bytes; 0 if `handle` is NULL or that of another family
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_md_digestsize(handle: *mut Handle) -> u32 {
    // SAFETY: kcapi.h: the handle is live.
    unsafe { borrow(handle) }.map_or(0, |handle| handle.properties().digest_size)
}

/// Size of the blocks in bytes that the digest processes a message in.
///
/// @param handle  message digest handle
/// @return bytes; 0 if `handle` is NULL
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_md_blocksize(handle: *mut Handle) -> u32 {
    // SAFETY: kcapi.h: the handle is live.
    unsafe { borrow(handle) }.map_or(0, |handle| handle.properties().block_size)
}
