// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The life of the process: what fork(2) does to what the library keeps.
//!
//! - Locks: a child finds none held ([`crate::lock`]).
//! - Sockets are shared with the child. Whole messages of each process use an operation of its
//!   own, so a handle opens a new one in the child ([`crate::generation`]).
//! - A stream, or a digest, that has begun is told of the fork before and after ([`watch`]): a
//!   stream
//!   goes on in both processes together, a digest in each for itself.
//! - Rings of io_uring and contexts of Linux AIO are useless in the child, which opens its own.
//! - What was learnt about the kernel (properties, sizes) stays true.

#![allow(unsafe_code)]

use crate::generation::pthread_atfork;
use crate::lock::{Guard, Lock, Recover};
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

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
    watch_forks();
    // EDEADLK: a signal handler, which has interrupted a thread that does the same.
    let mut watched = WATCHED.lock().ok()?;
    watched.try_reserve(1).ok()?;
    watched.push(what.clone());
    Some(Watch(what))
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Ok(mut watched) = WATCHED.lock()
            && let Some(at) = watched.iter().rposition(|what| what.ptr_eq(&self.0))
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
        unsafe { pthread_atfork(Some(before), Some(in_parent), Some(in_child)) };
    }
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
    // SAFETY: as in the parent: this thread is the one that was in `before`.
    if let Some((watched, all)) = unsafe { (*LEFT.0.get()).take() } {
        all.iter().for_each(|what| what.in_child());
        drop(watched);
    }
}
