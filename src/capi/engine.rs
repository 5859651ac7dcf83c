// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Which engine serves a handle: an addition to the C library's functions.

use super::borrow;
use crate::handle::Handle;
use libc::c_char;

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
