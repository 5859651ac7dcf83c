// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The engine that serves a handle, and its limits. The C library does not have these functions.

use super::{borrow, of, to_ssize};
use crate::engine::Kind;
use crate::handle::Handle;
use libc::{c_char, ssize_t};

/// Tells which engine serves a handle.
///
/// The environment variable KCAPI_ENGINE chooses, when a handle is opened:
///
/// - `kernel`: the kernel (AF_ALG) only;
/// - `user`: the engine in this library only, which uses no kernel crypto at all;
/// - `kernel-first`, the default: the kernel, and the engine in this library where the kernel has
///   no AF_ALG, forbids it (-EPERM, -EACCES, as in most containers), or lacks the algorithm;
/// - `user-first`: the engine in this library where it knows the algorithm, else the kernel.
///
/// Both engines give the same results and the same errors; only memory that is not there is
/// a signal instead of -EFAULT in this library's own. In FIPS mode
/// (/proc/sys/crypto/fips_enabled is 1) the two `-first` values mean `kernel`. The variable is
/// read once, by the first init of a process; programs that run with more rights than
/// their user (set-user-ID) ignore it.
///
/// @param handle  cipher handle of any family
/// @return "kernel" or "user", which is not to be freed; NULL if `handle` is NULL
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_handle_engine(handle: *mut Handle) -> *const c_char {
    // SAFETY: kcapi.h: the handle is live.
    unsafe { borrow(handle) }.map_or(std::ptr::null(), |handle| handle.engine().as_ptr())
}

/// Tells how long an AEAD message may be.
///
/// The kernel processes such a message as a whole, and takes as much as fits into its socket's
/// buffers: 425984 bytes where nobody has changed net.core.wmem_max and rmem_max of Linux 6.1,
/// several MiB with newer kernels; 122880 where virtio_crypto's device serves, as it stops at
/// more. A longer one is -EMSGSIZE, in one call, a stream or a pair of
/// IOVECs alike. This library's own engine takes up to INT_MAX bytes: a program that needs
/// more than the kernel takes opens a handle with KCAPI_INIT_USER, or runs with
/// KCAPI_ENGINE=user, see kcapi_handle_engine().
///
/// The longer one of a message and its result counts: in encryption, AAD, ciphertext and
/// tag. The number is what can be relied on for a message in one buffer and its result in
/// another; one in hundreds of IOVECs may have to be shorter.
///
/// @param handle  AEAD cipher handle
/// @return bytes of AAD, data and tag together that a message may have at this moment
/// @retval -EINVAL       `handle` is NULL or that of another family
/// @retval -EPERM        a sandbox does not let the kernel be asked; or another errno of
///                       setsockopt(2)
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_aead_maxmsgsize(handle: *mut Handle) -> ssize_t {
    // SAFETY: kcapi.h: the handle is live.
    to_ssize(|| unsafe { of(Kind::Aead, handle) }?.message_max())
}
