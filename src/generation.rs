// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! A number for each process, by which a parent and the children of its fork(2) are told apart.

#![allow(unsafe_code)]

use crate::errno::Result;
use crate::sys::mapping::Mapping;
use crate::sys::thread::{atfork, errno};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, Ordering};

/// Generations have 30 bits, since a lock's word has room for two bits more.
const GENERATIONS: u32 = (1 << 30) - 1;

/// This process's number. A handler of pthread_atfork(3) sets it to 0 in a child, which then gets a
/// new one. That takes no system call, but the C library runs the handlers in its function fork(2) only and not
/// for a program's own clone(2).
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// The number's place in a process that has rings of io_uring. No child may touch these, however it
/// was made.
static PAGE: AtomicPtr<AtomicU32> = AtomicPtr::new(ptr::null_mut());

/// The last number that was given to this process or to one that it descends from.
static LAST: AtomicU32 = AtomicU32::new(0);

/// This process's number, never 0, which no process that it descends from has.
#[inline]
pub fn generation() -> u32 {
    // SAFETY: what is not NULL was set by `see_all_children`, and stays for the life of the
    // process.
    let page = unsafe { PAGE.load(Ordering::Acquire).as_ref() };
    let number = page.unwrap_or(&NUMBER);
    match number.load(Ordering::Relaxed) {
        0 => begin(number),
        known => known,
    }
}

/// The number of children that this process has had by fork(2) since it began to count.
static CHILDREN: AtomicU32 = AtomicU32::new(0);

/// The number of children so far. The last child shares all descriptors that were opened before it.
pub fn children() -> u32 {
    CHILDREN.load(Ordering::Relaxed)
}

/// The thread that called fork(2), and is this process's first one.
static FIRST_THREAD: AtomicUsize = AtomicUsize::new(0);

/// The thread in which this process began, by the address of its errno; 0: it was not made by fork(2).
pub fn first_thread() -> usize {
    FIRST_THREAD.load(Ordering::Relaxed)
}

extern "C" fn another() {
    CHILDREN.fetch_add(1, Ordering::Relaxed);
}

extern "C" fn forget() {
    NUMBER.store(0, Ordering::Relaxed);
    FIRST_THREAD.store(errno().addr(), Ordering::Relaxed);
}

#[cold]
fn begin(number: &AtomicU32) -> u32 {
    static HANDLED: AtomicBool = AtomicBool::new(false);
    if !HANDLED.swap(true, Ordering::Relaxed) {
        atfork(None, Some(another), Some(forget));
    }
    let next = LAST.fetch_add(1, Ordering::Relaxed).wrapping_add(1) & GENERATIONS;
    let stored = number.compare_exchange(0, next.max(1), Ordering::Relaxed, Ordering::Relaxed);
    // If another thread was first, its number counts.
    stored.map_or_else(|first| first, |_| next.max(1))
}

/// Gives the child of a clone(2), too, a generation of its own from now on: the number is put in a
/// page that the kernel hands to every child as zeros. EINVAL: it does not do that
/// (MADV_WIPEONFORK, Linux 4.14).
pub fn see_all_children() -> Result<()> {
    if !PAGE.load(Ordering::Acquire).is_null() {
        return Ok(());
    }
    let mapping = Mapping::private(size_of::<AtomicU32>())?;
    mapping.zero_in_children()?;
    let page = mapping.start::<AtomicU32>();
    // SAFETY: the mapping is aligned and has room for a number, of which zeros are a value.
    unsafe { page.as_ref() }.store(generation(), Ordering::Relaxed);
    let (none, page) = (ptr::null_mut(), page.as_ptr());
    if PAGE.compare_exchange(none, page, Ordering::AcqRel, Ordering::Acquire).is_ok() {
        // It stays for the life of the process. If another thread was first, its mapping stays, and
        // this one is ended.
        std::mem::forget(mapping);
    }
    Ok(())
}
