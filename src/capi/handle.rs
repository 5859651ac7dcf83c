// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Functions for handles of every family.

use super::{because, borrow, options, to_int, to_int_of_new, to_number};
use crate::errno::{Errno, Result};
use crate::handle::Handle;
use libc::{c_int, c_uint};

/// Makes a further handle on the transform of an existing one.
///
/// The handles share what belongs to the transform: algorithm, key and tag
/// length. Each has its own input, output, IV, direction, associated data and their
/// length, and tag, so that they can work at the same time, also in different
/// threads. The new handle begins with an associated-data length of 0.
///
/// No socket is opened: the first operation with the new handle costs one
/// accept(2). Every handle must be destroyed, in any order; the transform lives as long
/// as the last of them.
///
/// @param newhandle  where the new handle's pointer goes; left alone on an error
/// @param existing   a handle of the transform
/// @param flags      0, or KCAPI_INIT_AIO for the new handle; other bits are ignored
/// @return 0
/// @retval -EINVAL       a pointer is NULL
/// @retval -ENOMEM       there is no memory
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_handle_reinit(
    newhandle: *mut *mut Handle,
    existing: *mut Handle,
    flags: u32,
) -> c_int {
    let reinit = || -> Result<()> {
        if newhandle.is_null() {
            return Err(because(Errno::INVAL, "no place for the handle"));
        }
        // SAFETY: kcapi.h: the handle is live.
        let handle = unsafe { borrow(existing) }?.reinit(options(flags))?;
        // SAFETY: kcapi.h: the pointer may be written.
        unsafe { newhandle.write(Box::into_raw(Box::new(handle))) };
        Ok(())
    };
    to_int_of_new(reinit)
}

/// Sets the size from which on data are not spliced.
///
/// Kept for programs that ask for it again: this library splices no data, so the
/// size changes nothing. It is rounded as the size of a pipe would be.
///
/// @param handle  cipher handle
/// @param size    size in bytes
/// @return 0
/// @retval -EINVAL       `handle` is NULL or `size` over 2 GiB
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_set_maxsplicesize(handle: *mut Handle, size: c_uint) -> c_int {
    // SAFETY: kcapi.h: the handle is live.
    to_int(|| unsafe { borrow(handle) }.and_then(|handle| handle.set_splice_size(size)))
}

/// Tells the size that kcapi_set_maxsplicesize() has set.
///
/// @param handle  cipher handle
/// @return size in bytes, 126976 by default
/// @retval -EINVAL       `handle` is NULL
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_get_maxsplicesize(handle: *mut Handle) -> c_int {
    let size = |handle: &Handle| c_int::try_from(handle.splice_size()).unwrap_or(c_int::MAX);
    // SAFETY: kcapi.h: the handle is live.
    to_number(|| unsafe { borrow(handle) }.map(size))
}
