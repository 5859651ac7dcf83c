// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Memory that runs out is ENOMEM, not the end of the process.
//!
//! What grows with the caller's input, or with the number of handles, is reserved by
//! `try_reserve`. What is small and of known number (a handle, an operation, a key, a name)
//! is allocated as Rust does, which aborts; so whoever is about to do that asks here before.
//! Between question and allocation another thread may take the memory: this makes an abort
//! unlikely, where threads compete for the last kilobytes, and impossible elsewhere.

#![allow(unsafe_code)]

use crate::errno::Result;

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
    let len = count * THERE;
    // SAFETY: a new mapping, where nothing was, touches nobody's memory, and neither does its end.
    unsafe {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        let probe = libc::mmap(std::ptr::null_mut(), len, libc::PROT_NONE, flags, -1, 0);
        if probe == libc::MAP_FAILED {
            return Err(crate::errno::Errno::last());
        }
        libc::munmap(probe, len);
    }
    Ok(())
}
