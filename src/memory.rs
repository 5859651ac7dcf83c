// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Memory that runs out is ENOMEM, not the end of the process.
//!
//! Memory that grows with the caller's input, or with the number of handles, is reserved by
//! `try_reserve`. Small objects of known number (a handle, an operation, a key, a name) are
//! allocated as Rust does it, and that ends the process if there is no memory. So a function that
//! is about to do that calls [`ensure`] first. Another thread may take the memory between that and
//! the allocation. So an abort is unlikely where threads compete for the last kilobytes, and
//! impossible elsewhere.

use crate::errno::Result;
#[cfg(feature = "user-engine")]
use crate::sys::mapping::Mapping;

/// More bytes than all small allocations of a call have together.
pub const SMALL: usize = 16 * 1024;

/// ENOMEM if there are not `bytes` bytes.
pub fn ensure(bytes: usize) -> Result<()> {
    let mut probe = Vec::<u8>::new();
    probe.try_reserve_exact(bytes)?;
    // Without this the compiler may leave out an allocation that nobody uses.
    std::hint::black_box(&probe);
    Ok(())
}

/// ENOMEM if there is not enough for the small allocations that starting `count` threads makes, in
/// this thread and in the new ones, whose first malloc(3) maps memory for each of them.
#[cfg(feature = "user-engine")]
pub fn ensure_threads(count: usize) -> Result<()> {
    const HERE: usize = 4096;
    const THERE: usize = 64 * 1024;
    ensure(count * HERE)?;
    Mapping::of_addresses(count * THERE).map(drop)
}
