// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! `kcapi_kpp_*`: key agreement (key-agreement protocol primitives).
//!
//! For kernels with the patches that bring `kpp` to AF_ALG. No mainline kernel has
//! them: there kcapi_kpp_init() fails with what bind(2) says.

use super::akcipher::{one_shot, pairs, set};
use super::{destroy, init, of, to_int, to_size, to_ssize};
use crate::engine::{Kind, Op, Parameter};
use crate::errno::{Errno, Result};
use crate::handle::Handle;
use crate::iov;
use libc::{c_char, c_int, c_ulong, iovec, ssize_t};
use std::ptr;

/// The curve P-192 of FIPS 186, for kcapi_kpp_ecdh_setcurve().
pub const ECC_CURVE_NIST_P192: c_int = 1;
/// The curve P-256 of FIPS 186, for kcapi_kpp_ecdh_setcurve().
pub const ECC_CURVE_NIST_P256: c_int = 2;

/// Opens a handle for key agreement.
///
/// @param handle      where the handle's pointer goes; left alone on an error
/// @param ciphername  name of the algorithm or of a driver, as in /proc/crypto: `dh`, `ecdh`
/// @param flags       0, or KCAPI_INIT_AIO; other bits are ignored
/// @return 0
/// @retval -ENOENT       no such algorithm, its name is NULL, or the kernel has no kpp for
///                       AF_ALG
/// @retval -EAFNOSUPPORT no AF_ALG in this kernel
/// @retval -EPERM        AF_ALG is forbidden here, as in most containers
/// @retval -EACCES       AF_ALG is forbidden here, as in most containers
/// @retval -EINVAL       `handle` is NULL
/// @retval -EMFILE       the process has as many descriptors as it may
/// @retval -ENFILE       the system has as many open files as it may
/// @retval -ENOMEM       there is no memory
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_kpp_init(
    handle: *mut *mut Handle,
    ciphername: *const c_char,
    flags: u32,
) -> c_int {
    // SAFETY: kcapi.h: `handle` may be written, the name is a string.
    to_int(|| unsafe { init(handle, Kind::Kpp, ciphername, flags) })
}

/// Closes a handle. Its transform goes when the last handle on it is closed.
///
/// @param handle  key agreement handle; NULL is allowed
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_kpp_destroy(handle: *mut Handle) {
    // SAFETY: kcapi.h: the handle is live, and dead from now on.
    unsafe { destroy(handle) };
}

/// Sets the parameters of a Diffie-Hellman group, for all handles on the transform.
///
/// @param handle    key agreement handle, of `dh`
/// @param pkcs3     the DHParameter of PKCS #3 in DER, as `openssl dhparam -outform DER`
///                  writes it: prime and base
/// @param pkcs3len  bytes in `pkcs3`
/// @return largest size of a result in bytes, that of the prime
/// @retval -EINVAL       not such parameters, or `handle` is NULL
/// @retval -EFAULT       `pkcs3` is NULL
/// @retval -EBUSY        a stream has begun on a handle of the transform, or a result is unread
/// @retval -ENOMEM       there is no memory
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_kpp_dh_setparam_pkcs3(
    handle: *mut Handle,
    pkcs3: *const u8,
    pkcs3len: u32,
) -> c_int {
    // SAFETY: kcapi.h: the handle is live, `pkcs3` has `pkcs3len` bytes.
    to_size(|| unsafe { set(Kind::Kpp, handle, Parameter::DhParameters, pkcs3, pkcs3len) })
}

/// Sets the curve, for all handles on the transform.
///
/// @param handle    key agreement handle, of `ecdh`
/// @param curve_id  ECC_CURVE_NIST_P192 or ECC_CURVE_NIST_P256
/// @return 0
/// @retval -EINVAL       no such curve, or `handle` is NULL
/// @retval -EBUSY        a stream has begun on a handle of the transform, or a result is unread
/// @retval -EOPNOTSUPP   the kernel cannot set a curve here
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_kpp_ecdh_setcurve(handle: *mut Handle, curve_id: c_ulong) -> c_int {
    // SAFETY: kcapi.h: the handle is live.
    to_int(|| unsafe { set_curve(handle, curve_id) })
}

/// # Safety
///
/// The same as for `kcapi_kpp_ecdh_setcurve`.
unsafe fn set_curve(handle: *mut Handle, curve_id: c_ulong) -> Result<()> {
    // SAFETY: the caller's promise.
    let handle = unsafe { of(Kind::Kpp, handle) }?;
    #[allow(clippy::useless_conversion)] // Where c_ulong has 32 bits.
    let curve = u32::try_from(curve_id).map_err(|_| Errno::INVAL)?;
    handle.set(Parameter::EcdhCurve(curve)).map(drop)
}

/// Sets the private key, for all handles on the transform; after the group's parameters or
/// the curve.
///
/// @param handle  key agreement handle
/// @param key     the key; NULL with a length of 0: the kernel makes one and keeps it
/// @param keylen  bytes in `key`
/// @return largest size of a result in bytes
/// @retval -EINVAL       no parameters were set, not such a key, or `handle` is NULL
/// @retval -EOPNOTSUPP   the kernel cannot make a key here
/// @retval -EFAULT       `key` is NULL
/// @retval -EBUSY        a stream has begun on a handle of the transform, or a result is unread
/// @retval -ENOMEM       there is no memory
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_kpp_setkey(
    handle: *mut Handle,
    key: *const u8,
    keylen: u32,
) -> c_int {
    // SAFETY: kcapi.h: the handle is live, `key` has `keylen` bytes.
    to_size(|| unsafe { set(Kind::Kpp, handle, Parameter::Key, key, keylen) })
}

/// Computes the public key of the private key.
///
/// @param handle     key agreement handle, with a key
/// @param pubkey     where the public key goes
/// @param pubkeylen  bytes in `pubkey`, at least what kcapi_kpp_setkey() returned
/// @param access     one of KCAPI_ACCESS_*, a hint
/// @return bytes written; or a negative errno, one of these or what else the kernel reports
/// @retval -EINVAL       `pubkey` is too short, or `handle` is NULL
/// @retval -EMSGSIZE     a length over INT_MAX
/// @retval -EFAULT       `pubkey` is NULL
/// @retval -ENOMEM       there is no memory
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_kpp_keygen(
    handle: *mut Handle,
    pubkey: *mut u8,
    pubkeylen: usize,
    access: c_int,
) -> ssize_t {
    let _ = access;
    // SAFETY: kcapi.h: the handle is live, the buffer has its length.
    to_ssize(|| unsafe {
        one_shot(Kind::Kpp, handle, Op::Keygen, ptr::null(), 0, pubkey, pubkeylen)
    })
}

/// Computes the shared secret of the private key and a peer's public key.
///
/// @param handle     key agreement handle, with a key
/// @param pubkey     the peer's public key
/// @param pubkeylen  bytes in `pubkey`
/// @param ss         where the shared secret goes
/// @param sslen      bytes in `ss`, at least what kcapi_kpp_setkey() returned
/// @param access     one of KCAPI_ACCESS_*, a hint
/// @return bytes written; or a negative errno as kcapi_kpp_keygen()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_kpp_ssgen(
    handle: *mut Handle,
    pubkey: *const u8,
    pubkeylen: usize,
    ss: *mut u8,
    sslen: usize,
    access: c_int,
) -> ssize_t {
    let _ = access;
    // SAFETY: kcapi.h: the handle is live, the buffers have their lengths.
    to_ssize(|| unsafe { one_shot(Kind::Kpp, handle, Op::Ssgen, pubkey, pubkeylen, ss, sslen) })
}

/// Computes the public key, once for each IOVEC.
///
/// @param handle  key agreement handle, with a key
/// @param outiov  where the public keys go, each as long as kcapi_kpp_keygen() needs it
/// @param iovlen  number of IOVECs
/// @param access  one of KCAPI_ACCESS_*, a hint
/// @return sum of the bytes written; or the negative errno of the first that failed, as
///         kcapi_kpp_keygen()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_kpp_keygen_aio(
    handle: *mut Handle,
    outiov: *mut iovec,
    iovlen: usize,
    access: c_int,
) -> ssize_t {
    let _ = access;
    // SAFETY: kcapi.h: the handle is live, array and buffers have their lengths.
    to_ssize(|| unsafe { keygen_each(handle, outiov, iovlen) })
}

/// # Safety
///
/// The same as for `kcapi_kpp_keygen_aio`.
unsafe fn keygen_each(handle: *mut Handle, outiov: *const iovec, iovlen: usize) -> Result<usize> {
    let mut no_input = Vec::new();
    no_input.try_reserve_exact(iovlen)?;
    no_input.resize(iovlen, iov::iovec(ptr::null(), 0));
    // SAFETY: the caller's promise; `no_input` has as many IOVECs.
    unsafe { pairs(Kind::Kpp, handle, Op::Keygen, no_input.as_ptr(), outiov, iovlen) }
}

/// Computes shared secrets, one for each public key.
///
/// @param handle  key agreement handle, with a key
/// @param iniov   the peers' public keys
/// @param outiov  where the shared secrets go, each as long as kcapi_kpp_ssgen() needs it
/// @param iovlen  number of IOVECs in each of the two arrays, any number
/// @param access  one of KCAPI_ACCESS_*, a hint
/// @return sum of the bytes written; or the negative errno of the first that failed, as
///         kcapi_kpp_keygen()
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_kpp_ssgen_aio(
    handle: *mut Handle,
    iniov: *mut iovec,
    outiov: *mut iovec,
    iovlen: usize,
    access: c_int,
) -> ssize_t {
    let _ = access;
    // SAFETY: kcapi.h: the handle is live, arrays and buffers have their lengths.
    to_ssize(|| unsafe { pairs(Kind::Kpp, handle, Op::Ssgen, iniov, outiov, iovlen) })
}
