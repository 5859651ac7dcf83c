// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The life of the process: what fork(2) does to what the library keeps.
//!
//! - Locks: a child finds none held ([`crate::lock`]).
//! - Sockets are shared with the child. Whole messages of each process use an operation of its
//!   own, so a handle opens a new one in the child ([`generation`]).
//! - A stream, or a digest, that has begun is told of the fork before and after ([`watch`]): a stream
//!   goes on in both processes together, a digest in each for itself.
//! - Rings of io_uring and contexts of Linux AIO are useless in the child, which opens its own.
//! - What was learnt about the kernel (properties, sizes) stays true.

#![allow(unsafe_code)]

use crate::errno::{Errno, Result, count};
use crate::lock::{Guard, Lock, Recover};
use std::cell::UnsafeCell;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};
use std::sync::{Arc, Weak};

/// Generations have 30 bits, since a lock's word has two more.
const GENERATIONS: u32 = (1 << 30) - 1;

/// This process's number, 0 in a child that has none yet: the handlers of pthread_atfork(3) see to that. They
/// take no system call, but run for fork(3) alone, not for clone(2).
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// The number's place for a process that has rings, which no child may touch, however it was made.
static PAGE: AtomicPtr<AtomicU32> = AtomicPtr::new(ptr::null_mut());

/// The last number given, here or in a parent: a child inherits it.
static LAST: AtomicU32 = AtomicU32::new(0);

/// This process's number, never 0, which no process that it descends from has.
#[inline]
pub fn generation() -> u32 {
    // SAFETY: what is not NULL was set by `see_all_children`, and stays for the life of the process.
    let page = unsafe { PAGE.load(Ordering::Acquire).as_ref() };
    let number = page.unwrap_or(&NUMBER);
    match number.load(Ordering::Relaxed) {
        0 => begin(number),
        known => known,
    }
}

#[cold]
fn begin(number: &AtomicU32) -> u32 {
    watch_forks();
    let next = LAST.fetch_add(1, Ordering::Relaxed).wrapping_add(1) & GENERATIONS;
    let stored = number.compare_exchange(0, next.max(1), Ordering::Relaxed, Ordering::Relaxed);
    // Another thread may have been first.
    stored.map_or_else(|first| first, |_| next.max(1))
}

/// From now on the child of a clone(2), too, has a generation of its own: the number is in a page that the
/// kernel hands to every child as zeros. EINVAL: it does not do that (MADV_WIPEONFORK, Linux 4.14).
pub fn see_all_children() -> Result<()> {
    if !PAGE.load(Ordering::Acquire).is_null() {
        return Ok(());
    }
    let number = generation();
    let len = size_of::<AtomicU32>();
    // SAFETY: a new mapping where the kernel likes it touches no memory of ours. It is aligned, and zeros are
    // a number.
    let page = unsafe {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        let access = libc::PROT_READ | libc::PROT_WRITE;
        libc::mmap(ptr::null_mut(), len, access, flags, -1, 0)
    };
    if page == libc::MAP_FAILED {
        return Err(Errno::last());
    }
    // SAFETY: the mapping is ours alone.
    let advised = count(unsafe { libc::madvise(page, len, libc::MADV_WIPEONFORK) } as isize);
    let page: *mut AtomicU32 = page.cast();
    // SAFETY: as above.
    unsafe { (*page).store(number, Ordering::Relaxed) };
    let null = ptr::null_mut();
    let set = |_| PAGE.compare_exchange(null, page, Ordering::AcqRel, Ordering::Acquire).is_ok();
    if !advised.is_ok_and(set) {
        // SAFETY: nobody has seen the mapping.
        unsafe { libc::munmap(page.cast(), len) };
    }
    advised.map(drop)
}

/// What has begun and must know of a fork(2).
pub trait Forked: Send + Sync {
    /// fork(2) is about to be called, in this thread.
    fn before(&self);

    /// It was called, in this process.
    fn in_parent(&self);

    /// This process is the child.
    fn in_child(&self);
}

type Watched = Vec<Weak<dyn Forked>>;

impl Recover for Watched {
    unsafe fn recover(this: *mut Self) {
        // SAFETY: the caller's promise.
        unsafe { this.write(Vec::new()) };
    }
}

static WATCHED: Lock<Watched> = Lock::new(Vec::new());

/// Something is told of forks, as long as this lives.
pub struct Watch(Weak<dyn Forked>);

/// Tells `what` of every fork(2) from now on. Without memory for that, it is not told.
pub fn watch(what: Weak<dyn Forked>) -> Option<Watch> {
    // EDEADLK: a signal handler, which has interrupted a thread that does the same.
    let mut watched = WATCHED.lock().ok()?;
    watched.try_reserve(1).ok()?;
    watched.push(what.clone());
    Some(Watch(what))
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Ok(mut watched) = WATCHED.lock()
            && let Some(at) = watched.iter().position(|what| what.ptr_eq(&self.0))
        {
            watched.swap_remove(at);
        }
    }
}

/// From now on fork(3) calls the handlers.
fn watch_forks() {
    static DONE: AtomicBool = AtomicBool::new(false);
    if !DONE.load(Ordering::Relaxed) && !DONE.swap(true, Ordering::Relaxed) {
        // SAFETY: the three are functions of this library, which is never unloaded.
        unsafe { pthread_atfork(before, in_parent, in_child) };
    }
}

unsafe extern "C" {
    /// Not in the libc crate for Linux.
    fn pthread_atfork(
        before: extern "C" fn(),
        in_parent: extern "C" fn(),
        in_child: extern "C" fn(),
    ) -> libc::c_int;
}

/// What `before` leaves for the handler that runs after it, in the same thread.
struct Left(UnsafeCell<Option<(Guard<'static, Watched>, Told)>>);

/// What was told of the fork(2) that is going on.
type Told = Vec<Arc<dyn Forked>>;

// SAFETY: `before` takes the lock of WATCHED, without which nobody touches it.
unsafe impl Sync for Left {}

static LEFT: Left = Left(UnsafeCell::new(None));

extern "C" fn before() {
    // EDEADLK: a signal handler forks while this thread begins a stream.
    let Ok(watched) = WATCHED.lock() else { return };
    let mut all = Vec::new();
    if all.try_reserve_exact(watched.len()).is_ok() {
        all.extend(watched.iter().filter_map(Weak::upgrade));
    }
    all.iter().for_each(|what: &Arc<dyn Forked>| what.before());
    // SAFETY: the lock is held, by what is stored.
    unsafe { *LEFT.0.get() = Some((watched, all)) };
}

extern "C" fn in_parent() {
    // SAFETY: if there is something, this thread has left it in `before`, and holds the lock.
    if let Some((watched, all)) = unsafe { (*LEFT.0.get()).take() } {
        all.iter().for_each(|what| what.in_parent());
        drop(watched);
    }
}

extern "C" fn in_child() {
    NUMBER.store(0, Ordering::Relaxed);
    // SAFETY: as in the parent: this thread is the one that was in `before`.
    if let Some((watched, all)) = unsafe { (*LEFT.0.get()).take() } {
        all.iter().for_each(|what| what.in_child());
        drop(watched);
    }
}
