// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The process and its environment: getrandom(2), write(2), getauxval(3).

#![allow(unsafe_code)]

use super::number;
use crate::errno::Result;
use libc::c_int;

/// getrandom(2): how many random bytes there are now at the beginning of `bytes`.
///
/// Not the C library's function, which is a point of cancellation.
#[cfg(feature = "user-engine")]
pub fn getrandom(bytes: &mut [u8]) -> Result<usize> {
    // SAFETY: the kernel writes to `bytes` as many bytes as these are, at most.
    number(unsafe { libc::syscall(libc::SYS_getrandom, bytes.as_mut_ptr(), bytes.len(), 0) })
}

/// write(2) to standard error; how many bytes it took.
///
/// Not the C library's function, which is a point of cancellation.
pub fn write_to_stderr(bytes: &[u8]) -> Result<usize> {
    const STDERR: c_int = libc::STDERR_FILENO;
    // SAFETY: the kernel reads `bytes`, as many as these are.
    number(unsafe { libc::syscall(libc::SYS_write, STDERR, bytes.as_ptr(), bytes.len()) })
}

/// getauxval(3), AT_PAGESZ: the bytes of a page of memory. 4096 if the kernel does not tell, as no
/// kernel of Linux has smaller pages.
pub fn page_size() -> usize {
    // Miri has no such function.
    if cfg!(miri) {
        return 4096;
    }
    // SAFETY: the function reads what the kernel gave to the process when that began.
    let size = unsafe { libc::getauxval(libc::AT_PAGESZ) };
    usize::try_from(size).unwrap_or(0).max(4096)
}

/// getauxval(3), AT_SECURE: whether the program has more rights than its user, by a set-user-ID bit
/// or file capabilities.
pub fn is_secure() -> bool {
    // SAFETY: the function reads what the kernel gave to the process when that began.
    let secure = unsafe { libc::getauxval(libc::AT_SECURE) };
    secure != 0
}
