// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The choice of the backend that carries out the batches of a transform.
//!
//! `KCAPI_AIO` in the environment says what may be used:
//!
//! - `auto` (the default): io_uring, else Linux AIO, else synchronous calls;
//! - `io_uring`: io_uring, else synchronous calls;
//! - `linux`: Linux AIO, else synchronous calls;
//! - `sync`: synchronous calls.
//!
//! It is read once, by the process's first AIO call. Rings and contexts are opened by
//! the first call that needs one and closed with the transform.

use super::linux_aio::AioContext;
use super::rings::{Owned, Rings};
use super::{Backend, Synchronous};
use crate::environment::Variable;
use crate::errno::Errno;
use crate::lock::{Lock, Recover};
use crate::log::log;
use crate::wipe::{WORK, wiping_stack};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// The value of `KCAPI_AIO`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum AioChoice {
    Auto,
    IoUring,
    Linux,
    Sync,
}

impl AioChoice {
    fn of(name: &[u8]) -> Option<&'static Self> {
        match name {
            b"auto" => Some(&Self::Auto),
            b"io_uring" => Some(&Self::IoUring),
            b"linux" => Some(&Self::Linux),
            b"sync" => Some(&Self::Sync),
            _ => None,
        }
    }
}

static AIO: Variable<AioChoice> =
    Variable::new("KCAPI_AIO", "auto, io_uring, linux, sync", AioChoice::of, &AioChoice::Auto);

/// A ring takes as long to open as so many messages take without one (measured on User-Mode Linux
/// 6.1). So it is opened when a transform has had as many: what it costs is at most as much again.
const WORTH_A_RING: usize = 64;

/// The rings and contexts of a transform.
#[derive(Default)]
pub struct Contexts {
    rings: Rings,
    /// Linux AIO contexts that are not in use: as many as threads have used them at once.
    idle: Lock<Vec<AioContext>>,
    no_rings: AtomicBool,
    /// The messages of `with_ring` so far. Two threads may miss some of each other's.
    messages: AtomicUsize,
    /// The message that there are no rings was written.
    told: AtomicBool,
    /// The warning that there is no AIO at all was written.
    warned: AtomicBool,
}

impl Recover for Vec<AioContext> {
    #[allow(unsafe_code)]
    unsafe fn recover(this: *mut Self) {
        // SAFETY: the caller's promise. The parent's contexts are of no use here.
        unsafe { this.write(Self::new()) };
    }
}

impl Contexts {
    /// Calls `f` with the backend to use.
    pub fn with_backend<T>(&self, f: impl FnOnce(&mut dyn Backend) -> T) -> T {
        if let Some(owned) = self.take_ring(true) {
            self.lend_ring(owned, f)
        } else if let Some(mut context) = self.take_context() {
            let result = lend(&mut context, f);
            self.put_context(context);
            result
        } else {
            lend(&mut Synchronous, f)
        }
    }

    /// The same for so many messages that are sent one by one, for which Linux AIO can do nothing.
    pub fn with_ring<T>(&self, messages: usize, f: impl FnOnce(&mut dyn Backend) -> T) -> T {
        let before = self.messages.load(Ordering::Relaxed);
        let so_far = before.saturating_add(messages);
        self.messages.store(so_far, Ordering::Relaxed);
        match self.take_ring(so_far >= WORTH_A_RING) {
            Some(owned) => self.lend_ring(owned, f),
            None => lend(&mut Synchronous, f),
        }
    }

    fn lend_ring<T>(&self, mut owned: Owned, f: impl FnOnce(&mut dyn Backend) -> T) -> T {
        let result = lend(&mut owned.ring, f);
        self.put_ring(owned);
        result
    }

    fn take_ring(&self, may_open: bool) -> Option<Owned> {
        let choice = AIO.get();
        if !matches!(choice, AioChoice::Auto | AioChoice::IoUring)
            || self.no_rings.load(Ordering::Relaxed)
        {
            return None;
        }
        let refused = |&errno: &Errno| {
            // It says nothing about rings that this is a signal handler.
            if errno == Errno::DEADLK {
                return;
            }
            self.note_refusal(errno);
            if choice == AioChoice::IoUring {
                self.warn(errno);
            } else if !self.told.swap(true, Ordering::Relaxed) {
                log!(Verbose, "no io_uring (errno: -{}), trying Linux AIO", errno.number());
            }
        };
        self.rings.take(may_open).inspect_err(refused).ok().flatten()
    }

    /// Takes note that a ring was not to be had, or did not work. If it is forbidden or unknown, no other
    /// will.
    fn note_refusal(&self, errno: Errno) {
        if !errno.is_passing() {
            self.no_rings.store(true, Ordering::Relaxed);
        }
    }

    fn put_ring(&self, owned: Owned) {
        if let Some(errno) = owned.ring.why_useless() {
            self.note_refusal(errno);
            // Another one has to be worth its price anew.
            self.messages.store(0, Ordering::Relaxed);
        }
        self.rings.put(owned);
    }

    fn take_context(&self) -> Option<AioContext> {
        if !matches!(AIO.get(), AioChoice::Auto | AioChoice::Linux) {
            return None;
        }
        if let Some(context) = self.idle.lock().ok()?.pop() {
            return Some(context);
        }
        AioContext::new().inspect_err(|&errno| self.warn(errno)).ok()
    }

    fn put_context(&self, context: AioContext) {
        if let Ok(mut idle) = self.idle.lock()
            && context.usable()
            && idle.try_reserve(1).is_ok()
        {
            idle.push(context);
        }
    }

    /// Warns, once, that there is no AIO at all.
    fn warn(&self, errno: Errno) {
        if !self.warned.swap(true, Ordering::Relaxed) {
            log!(
                Warning,
                "no kernel AIO (errno: -{}), going on with synchronous operations",
                errno.number()
            );
        }
    }
}

/// Calls `f` with a backend and wipes what that leaves on the stack, deeper than a call's own: IVs, on
/// their way to where the kernel reads them.
fn lend<T>(backend: &mut dyn Backend, f: impl FnOnce(&mut dyn Backend) -> T) -> T {
    wiping_stack::<WORK, _>(|| f(backend))
}

#[cfg(test)]
mod tests {
    use super::AioChoice;

    #[test]
    fn only_the_four_values_are_known() {
        assert_eq!(AioChoice::of(b"auto"), Some(&AioChoice::Auto));
        assert_eq!(AioChoice::of(b"io_uring"), Some(&AioChoice::IoUring));
        assert_eq!(AioChoice::of(b"linux"), Some(&AioChoice::Linux));
        assert_eq!(AioChoice::of(b"sync"), Some(&AioChoice::Sync));
        for other in [&b""[..], b"Auto", b"io-uring", b"aio", b"synchronous"] {
            assert_eq!(AioChoice::of(other), None);
        }
    }
}
