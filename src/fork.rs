// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! fork(2), and the handlers of pthread_atfork(3) by which the library's objects are told of it.
//!
//! This is what becomes of each of them:
//!
//! - Locks: those that other threads of the parent held are free in the child. One that its own thread holds, in a
//!   call that a signal handler has interrupted to call fork(2), is not ([`crate::lock`]).
//! - Sockets are shared with the child. Whole messages of each process use an operation of its
//!   own, so a handle opens a new one in the child ([`crate::generation`]).
//! - A stream, or a digest, that has begun is told of the fork before and after ([`watch`]): a
//!   stream goes on in both processes together, a digest in each for itself. So is a bound socket,
//!   which nobody may be setting a key of meanwhile.
//! - Rings of io_uring and contexts of Linux AIO are useless in the child, which opens its own.
//! - Knowledge about the kernel (properties, sizes) stays true.

#![allow(unsafe_code)]

use crate::errno::Result;
use crate::generation::generation;
use crate::lock::{Guard, Lock, Recover};
use crate::sys::thread::atfork;
use std::cell::{Cell, UnsafeCell};
use std::sync::{Arc, Weak};

/// An object that must know of a fork(2). The methods do nothing by default. That is right for an
/// object that is copied with the rest of the memory, if each process goes on with its own copy.
pub trait Forked: Send + Sync {
    /// Is called in the thread that calls fork(2), before that.
    fn before(&self) {}

    /// Is called after it in the process that has called it.
    fn in_parent(&self) {}

    /// Is called after it in the child.
    fn in_child(&self) {}
}

/// The objects that are told of forks.
struct Watched {
    objects: Vec<Weak<dyn Forked>>,
    /// Those that were told of the fork(2) that is going on. Room for all of them is reserved when an object is
    /// added, because at a fork(2) there may be no memory. If an object were not told, both processes would go on
    /// with the same stream.
    told: Vec<Arc<dyn Forked>>,
}

impl Watched {
    const NONE: Self = Self { objects: Vec::new(), told: Vec::new() };
}

impl Recover for Watched {
    unsafe fn recover(this: *mut Self) {
        // SAFETY: the caller's promise.
        unsafe { this.write(Self::NONE) };
    }
}

static WATCHED: Lock<Watched> = Lock::new(Watched::NONE);

/// Something is told of forks, as long as this lives.
pub struct Watch(Weak<dyn Forked>);

/// Tells `what` of every fork(2) from now on. ENOMEM; EDEADLK: in a signal handler, which has
/// interrupted a thread that does the same, or see [`Guard::keep`].
pub fn watch(what: Weak<dyn Forked>) -> Result<Watch> {
    let mut watched = WATCHED.lock()?;
    let Watched { objects, told } = &mut *watched;
    // Before the list grows, objects are taken out of it that could not take themselves out, because
    // that was in a signal handler.
    if objects.len() == objects.capacity() {
        objects.retain(|what| what.strong_count() > 0);
    }
    objects.try_reserve(1)?;
    told.try_reserve(objects.len() + 1)?;
    objects.push(what.clone());
    Ok(Watch(what))
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Ok(mut watched) = WATCHED.lock()
            && let Some(at) = watched.objects.iter().rposition(|what| what.ptr_eq(&self.0))
        {
            watched.objects.swap_remove(at);
        }
    }
}

/// The handlers are registered when the library is loaded, before a program registers its own. So
/// `before` is called after the program's, and the other two before the program's: those do not run
/// while locks are held, and may call the library, or wait for a thread that calls it.
#[cfg(not(miri))]
#[used]
#[unsafe(link_section = ".init_array")]
static WHEN_LOADED: extern "C" fn() = watch_forks;

#[cfg_attr(miri, allow(dead_code))]
extern "C" fn watch_forks() {
    // This registers the handler that gives the child its new generation.
    generation();
    atfork(Some(before), Some(in_parent), Some(in_child));
}

thread_local! {
    /// Calls of fork(2) of which no object is told, because a signal handler makes them in the midst of a call,
    /// or of another fork(2).
    static UNTOLD: Cell<u32> = const { Cell::new(0) };
}

/// Returns whether the fork(2) that ends is one of which no object was told.
fn was_untold() -> bool {
    let less = UNTOLD.get().checked_sub(1);
    less.inspect(|less| UNTOLD.set(*less)).is_some()
}

/// The place where `before` leaves the lock for the handler that runs after it in the same thread.
struct Left(UnsafeCell<Option<Guard<'static, Watched>>>);

// SAFETY: `before` takes the lock of WATCHED, without which nobody touches it.
unsafe impl Sync for Left {}

static LEFT: Left = Left(UnsafeCell::new(None));

extern "C" fn before() {
    let mut watched = loop {
        match WATCHED.lock() {
            Ok(watched) => break watched,
            // This thread begins or ends a stream, or is about to fork, and was interrupted by a signal handler
            // that forks. No stream is told of that fork.
            Err(_) if WATCHED.is_own() => return UNTOLD.set(UNTOLD.get() + 1),
            // Another thread's fork(2) takes long. This one must wait for it: in a stream that is
            // not told of a fork, data of the two processes would be mixed.
            Err(_) => {}
        }
    };
    let Watched { objects, told } = &mut *watched;
    told.extend(objects.iter().filter_map(Weak::upgrade));
    told.iter().for_each(|what| what.before());
    watched.mark_kept();
    // SAFETY: the lock is held, by what is stored.
    unsafe { *LEFT.0.get() = Some(watched) };
}

extern "C" fn in_parent() {
    if was_untold() {
        return;
    }
    // SAFETY: if there is something, this thread has left it in `before`, and holds the lock.
    if let Some(mut watched) = unsafe { (*LEFT.0.get()).take() } {
        watched.told.drain(..).for_each(|what| what.in_parent());
    }
}

extern "C" fn in_child() {
    if was_untold() {
        return;
    }
    // SAFETY: as in the parent: this thread is the one that was in `before`.
    if let Some(mut watched) = unsafe { (*LEFT.0.get()).take() } {
        watched.told.drain(..).for_each(|what| what.in_child());
    }
}
