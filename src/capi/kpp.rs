// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! `kcapi_kpp_*`: key agreement (key-agreement protocol primitives).
//!
//! The engine in user space serves it. A kernel does if it has the patches that bring `kpp` to AF_ALG,
//! which no mainline kernel has.

use super::akcipher::{one_shot, pairs, set};
use super::{destroy, init, iovecs, of, to_int, to_int_of_new, to_number, to_ssize};
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

/// Opens a handle for key agreement: two parties compute the same secret, each of its own private
/// key and the other's public key (SP 800-56A).
///
/// The engine in user space has Diffie-Hellman in a group of the caller's, `dh`, and in those of
/// RFC 7919, `ffdhe2048(dh)`, `ffdhe3072(dh)`, `ffdhe4096(dh)`, `ffdhe6144(dh)` and `ffdhe8192(dh)`; ECDH
/// on curves of FIPS 186, `ecdh-nist-p192`, `ecdh-nist-p256` and `ecdh-nist-p384`, or `ecdh` with
/// kcapi_kpp_ecdh_setcurve(); and `curve25519`, the X25519 of RFC 7748. A kernel has what its
/// /proc/crypto lists as `kpp`, if it has the patches that bring that to AF_ALG; no mainline kernel has.
///
/// @param handle      where the handle's pointer goes; left alone on an error
/// @param ciphername  name of the algorithm or of a driver
/// @param flags       0, or of KCAPI_INIT_AIO and KCAPI_INIT_USER, see kcapi_cipher_init()
/// @return 0
/// @retval -ENOENT       no such algorithm, or its name is NULL; with the kernel's engine alone:
///                       the kernel has no kpp for AF_ALG
/// @retval -EAFNOSUPPORT no AF_ALG in this kernel, and no other engine may serve
/// @retval -EPERM        AF_ALG is forbidden here, as in most containers, and no other engine may serve
/// @retval -EACCES       the same
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
    to_int_of_new(|| unsafe { init(handle, Kind::Kpp, ciphername, flags) })
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

/// Sets the parameters of a Diffie-Hellman group, for all handles on the transform: once, before the
/// key.
///
/// The engine in user space takes primes of 1536 to 8192 bits. That the number is a prime, and a safe
/// one, nobody tests: use parameters of somebody whom you trust, better those of RFC 7919.
///
/// @param handle    key agreement handle, of `dh`
/// @param pkcs3     the DHParameter of PKCS #3 in DER, as `openssl dhparam -outform DER`
///                  writes it: prime and base
/// @param pkcs3len  bytes in `pkcs3`
/// @return largest size of a result in bytes, that of the prime
/// @retval -EINVAL       not such parameters, there are some already, or `handle` is NULL
/// @retval -EOPNOTSUPP   the algorithm is not `dh`
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
    to_number(|| unsafe { set(Kind::Kpp, handle, Parameter::DhParameters, pkcs3, pkcs3len) })
}

/// Sets the curve, for all handles on the transform: once, before the key.
///
/// @param handle    key agreement handle, of `ecdh`
/// @param curve_id  ECC_CURVE_NIST_P192 or ECC_CURVE_NIST_P256; the engine in user space takes 3, P-384,
///                  as well
/// @return 0
/// @retval -EINVAL       no such curve, there is one already, or `handle` is NULL
/// @retval -EBUSY        a stream has begun on a handle of the transform, or a result is unread
/// @retval -EOPNOTSUPP   the algorithm is not `ecdh`, or the kernel cannot set a curve here
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
/// the curve. If it is refused, there is no key afterwards.
///
/// Numbers are big endian. A key for a curve of FIPS 186 is as long as the curve's prime, from 1 to less
/// than the order of the curve. A key for a group has at most as many bytes as the prime, from 1 to the
/// prime less two; its length shows in the time that it takes. A key for `curve25519` is any 32
/// bytes but zeros.
///
/// A key that is made here comes from getrandom(2) and is never given out: for a curve, any that there is;
/// for a group of RFC 7919, one of as many bits as the RFC says.
///
/// @param handle  key agreement handle
/// @param key     the key; NULL with a length of 0: one is made here
/// @param keylen  bytes in `key`
/// @return largest size of a result in bytes, which each result must have room for: that of the public key
/// @retval -ENOKEY       no parameters were set, which `dh` and `ecdh` need
/// @retval -EINVAL       not such a key, or `handle` is NULL
/// @retval -EOPNOTSUPP   no key can be made here: for `dh`
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
    to_number(|| unsafe { set(Kind::Kpp, handle, Parameter::Key, key, keylen) })
}

/// Computes the public key of the private key.
///
/// In a group that is a number as long as the prime, with zeros before it; on a curve of FIPS 186 it is x and
/// y, each as long as the curve's prime, big endian, without the octet that other formats have before them;
/// for `curve25519` it is what RFC 7748 says.
///
/// @param handle     key agreement handle, with a key
/// @param pubkey     where the public key goes; where there is room for several, copies of it
/// @param pubkeylen  bytes in `pubkey`, at least what kcapi_kpp_setkey() returned
/// @param access     one of KCAPI_ACCESS_*, a hint
/// @return bytes written; or a negative errno, one of these or what else the kernel reports
/// @retval -ENOKEY       there is no key
/// @retval -EINVAL       `pubkeylen` is 0, or `handle` is NULL; from kernels: `pubkey` is too short; the key
///                       gives 1 or the prime less one
/// @retval -EMSGSIZE     `pubkey` is too short, or a length over INT_MAX
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

/// Computes the shared secret of the private key and a peer's public key, as
/// kcapi_kpp_keygen() gives it. In a group it may lack the zeros before it.
///
/// The engine in user space refuses what is no public key (SP 800-56A, section 5.6.2.3): a number in a
/// group that is not from 2 to the prime less two, a point that is not on the curve, and for `curve25519` a
/// point of small order, as RFC 7748 allows.
///
/// The secret is as long as the prime of the group or of the curve: x. Derive a key of it, with
/// kcapi_hkdf() and all that both parties know of each other, and do not use it as one.
///
/// @param handle     key agreement handle, with a key
/// @param pubkey     the peer's public key; where `ss` has room for several, several one behind the other
/// @param pubkeylen  bytes in `pubkey`
/// @param ss         where the shared secret goes; may be `pubkey`
/// @param sslen      bytes in `ss`, at least what kcapi_kpp_setkey() returned
/// @param access     one of KCAPI_ACCESS_*, a hint
/// @return bytes written; or a negative errno as kcapi_kpp_keygen()
/// @retval -EINVAL       that is no public key, `sslen` is 0, or `handle` is NULL; nothing was written
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
    // A call that is wrong takes no memory for as many IOVECs as it says there are.
    // SAFETY: the caller's promise.
    unsafe {
        of(Kind::Kpp, handle)?;
        iovecs(outiov, iovlen)?;
    }
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
