// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Memory that runs out is ENOMEM, not the end of the process.
//!
//! What grows with the caller's input, or with the number of handles, is reserved by
//! `try_reserve`. What is small and of known number (a handle, an operation, a key, a name)
//! is allocated as Rust does, which aborts; so whoever is about to do that asks here before.
//! Between question and allocation another thread may take the memory: this makes an abort
//! unlikely, where threads compete for the last kilobytes, and impossible elsewhere.

use crate::errno::Result;
#[cfg(feature = "user-engine")]
use crate::sys::mapping::Mapping;

/// More bytes than the small allocations of any call come to.
pub const SMALL: usize = 16 * 1024;

/// ENOMEM if there are not `bytes` bytes.
pub fn ensure(bytes: usize) -> Result<()> {
    let mut probe = Vec::<u8>::new();
    probe.try_reserve_exact(bytes)?;
    // The compiler may leave out an allocation that nobody looks at.
    std::hint::black_box(&probe);
    Ok(())
}

/// ENOMEM if there is not enough for the small allocations that starting `count` threads makes: in
/// this thread and, since a thread's first malloc(3) maps memory of its own, in them.
#[cfg(feature = "user-engine")]
pub fn ensure_threads(count: usize) -> Result<()> {
    const HERE: usize = 4096;
    const THERE: usize = 64 * 1024;
    ensure(count * HERE)?;
    Mapping::of_addresses(count * THERE).map(drop)
}
