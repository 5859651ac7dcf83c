// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Tells a child of fork(2) from its parent, without a system call.
//!
//! A number in a page that the kernel hands to every child as zeros
//! (MADV_WIPEONFORK, Linux 4.14). Not getpid(2), which costs a system call; not
//! pthread_atfork(3), whose handlers run for fork(3) only and not for clone(2).

#![allow(unsafe_code)]

use crate::errno::{Errno, Result, count};
use once_cell::sync::OnceCell;
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

/// What the page holds: this process's number, or 0 in a child that has none yet.
static PAGE: OnceCell<&AtomicU64> = OnceCell::new();

/// The last number given, here or in a parent: a child inherits it.
static LAST: AtomicU64 = AtomicU64::new(0);

/// This process's number, which no process that it descends from has.
pub fn generation() -> Result<u64> {
    let page = PAGE.get_or_try_init(wiped_on_fork)?;
    match page.load(Ordering::Relaxed) {
        0 => {
            let next = LAST.fetch_add(1, Ordering::Relaxed) + 1;
            let stored = page.compare_exchange(0, next, Ordering::Relaxed, Ordering::Relaxed);
            // Another thread may have been first.
            Ok(stored.map_or_else(|first| first, |_| next))
        }
        known => Ok(known),
    }
}

/// Maps the page, for good. EINVAL: the kernel does not wipe pages.
fn wiped_on_fork() -> Result<&'static AtomicU64> {
    let len = size_of::<AtomicU64>();
    // SAFETY: a new mapping where the kernel likes it touches no memory of ours.
    let page = unsafe {
        libc::mmap(
            ptr::null_mut(),
            len,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    if page == libc::MAP_FAILED {
        return Err(Errno::last());
    }
    // SAFETY: the mapping is ours alone.
    let advised = count(unsafe { libc::madvise(page, len, libc::MADV_WIPEONFORK) } as isize);
    if let Err(errno) = advised {
        // SAFETY: nobody has seen the mapping.
        unsafe { libc::munmap(page, len) };
        return Err(errno);
    }
    // SAFETY: a page is aligned for a u64, zero is a value of it, and nobody unmaps it.
    Ok(unsafe { &*page.cast() })
}
