// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Memory that is mapped from the kernel and belongs to no file: mmap(2), mprotect(2), munmap(2),
//! madvise(2).

#![allow(unsafe_code)]

use super::done;
use crate::errno::{Errno, Result};
use libc::{c_int, c_void};
use std::ptr::{self, NonNull};

/// A mapping of zeros. It begins at a page's beginning, and ends when this value is dropped.
pub struct Mapping {
    start: NonNull<c_void>,
    len: usize,
}

// SAFETY: a mapping belongs to the process, so any of its threads may use it and end it.
unsafe impl Send for Mapping {}

impl Mapping {
    /// Memory of this process. The child of a fork(2) gets a copy of it.
    pub fn private(len: usize) -> Result<Self> {
        Self::new(len, libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE)
    }

    /// Memory that this process shares with the children that it will have.
    pub fn shared(len: usize) -> Result<Self> {
        let flags = libc::MAP_SHARED | libc::MAP_NORESERVE;
        Self::new(len, libc::PROT_READ | libc::PROT_WRITE, flags)
    }

    /// The same for much memory that is rarely used: the kernel gives it page by page, also where
    /// mlockall(2) says that new memory is locked. For then it gives at once what may be accessed when
    /// it is mapped, and this is not.
    #[cfg(feature = "user-engine")]
    pub fn shared_by_page(len: usize) -> Result<Self> {
        let mapping = Self::new(len, libc::PROT_NONE, libc::MAP_SHARED | libc::MAP_NORESERVE)?;
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: the mapping is this value's own, and nobody knows of it yet.
        done(unsafe { libc::mprotect(mapping.start.as_ptr(), len, access) })?;
        Ok(mapping)
    }

    /// Addresses alone: nobody can read or write there.
    #[cfg(feature = "user-engine")]
    pub fn of_addresses(len: usize) -> Result<Self> {
        Self::new(len, libc::PROT_NONE, libc::MAP_PRIVATE)
    }

    fn new(len: usize, access: c_int, flags: c_int) -> Result<Self> {
        let flags = flags | libc::MAP_ANONYMOUS;
        // SAFETY: the kernel chooses where the new mapping is, so no memory that is in use changes.
        let start = unsafe { libc::mmap(ptr::null_mut(), len, access, flags, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err(Errno::last());
        }
        Ok(Self { start: NonNull::new(start).ok_or(Errno::NOMEM)?, len })
    }

    /// Bytes in it.
    #[cfg(feature = "user-engine")]
    pub fn len(&self) -> usize {
        self.len
    }

    /// The first byte. It is aligned for every type.
    pub fn start<T>(&self) -> NonNull<T> {
        self.start.cast()
    }

    /// The child of a fork(2) or clone(2) finds zeros here, whatever is written. EINVAL: the kernel
    /// cannot do that (MADV_WIPEONFORK, Linux 4.14).
    pub fn zero_in_children(&self) -> Result<()> {
        // SAFETY: the mapping is this value's own, and nothing of it changes in this process.
        done(unsafe { libc::madvise(self.start.as_ptr(), self.len, libc::MADV_WIPEONFORK) })
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the mapping is this value's own, and who used it does not any more. Another
        // process that shares the memory has a mapping of its own.
        unsafe { libc::munmap(self.start.as_ptr(), self.len) };
    }
}
