// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Threads: futex(2), and what the C library has for errno, cancellation, signals and fork(2).

#![allow(unsafe_code)]

use super::{done, number};
use crate::errno::Result;
use libc::{c_int, c_long};
use std::sync::atomic::AtomicU32;
use std::time::Duration;

/// Private: no word is in memory that processes share.
const FUTEX_WAIT: c_int = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
const FUTEX_WAKE: c_int = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;

/// futex(2): waits while `word` is `expected`, until somebody wakes the thread. ETIMEDOUT: nobody
/// does. EAGAIN: `word` is something else.
pub fn futex_wait(word: &AtomicU32, expected: u32, at_most: Duration) -> Result<()> {
    // Seconds and nanoseconds as longs: the number is that of the call from before 2038, to which it
    // does not matter how long the C library's time_t is.
    let timeout = [at_most.as_secs() as c_long, at_most.subsec_nanos() as c_long];
    let (word, timeout) = (word.as_ptr(), &raw const timeout);
    // SAFETY: the word and the timeout live until the call returns.
    done(unsafe { libc::syscall(libc::SYS_futex, word, FUTEX_WAIT, expected, timeout) })
}

/// futex(2): wakes threads that wait for `word`; how many it woke.
pub fn futex_wake(word: &AtomicU32, threads: c_int) -> Result<usize> {
    // SAFETY: the kernel only looks who waits at the address.
    number(unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), FUTEX_WAKE, threads) })
}

/// The thread's errno(3), which lives as long as the thread.
#[inline(always)]
pub fn errno() -> *mut c_int {
    // SAFETY: the function only says where errno is.
    unsafe { libc::__errno_location() }
}

/// A handler of [`atfork`].
pub type AtFork = Option<extern "C" fn()>;

unsafe extern "C" {
    // Not in the libc crate for Linux.
    fn pthread_atfork(before: AtFork, in_parent: AtFork, in_child: AtFork) -> c_int;
    fn pthread_setcancelstate(state: c_int, old: *mut c_int) -> c_int;
    fn pthread_testcancel();
}

/// pthread_atfork(3): the handlers are called from now on, in the thread that calls fork(2). Where
/// there is no memory for that, they are not.
pub fn atfork(before: AtFork, in_parent: AtFork, in_child: AtFork) {
    // SAFETY: what is registered are functions of this library, which is never unloaded.
    unsafe { pthread_atfork(before, in_parent, in_child) };
}

/// A thread's state for pthread_cancel(3).
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct Cancellation(c_int);

impl Cancellation {
    /// A thread that was cancelled ends at the next point of cancellation.
    pub const ENABLED: Self = Self(0);
    /// It does not end before this changes.
    pub const DISABLED: Self = Self(1);
}

/// pthread_setcancelstate(3) of this thread; what it was before.
#[inline(always)]
pub fn set_cancellation(cancellation: Cancellation) -> Cancellation {
    let mut before = Cancellation::ENABLED.0;
    // SAFETY: the function writes to `before`.
    unsafe { pthread_setcancelstate(cancellation.0, &raw mut before) };
    Cancellation(before)
}

/// pthread_testcancel(3): ends the thread, if it was cancelled and may be.
///
/// # Safety
///
/// The frames of the functions that have called this are left without running anything in them: they hold no value
/// whose destructor does more than to wipe it.
#[inline(always)]
pub unsafe fn end_if_cancelled() {
    // Miri has no such function.
    if cfg!(miri) {
        return;
    }
    // SAFETY: the caller's promise.
    unsafe { pthread_testcancel() };
}

/// Signals that a thread blocks.
#[cfg(feature = "user-engine")]
pub struct SignalMask(libc::sigset_t);

#[cfg(feature = "user-engine")]
impl SignalMask {
    /// pthread_sigmask(3): this thread blocks all signals but `exceptions`, and so do those that it
    /// starts; what it blocked before.
    pub fn block_all_but(exceptions: &[c_int]) -> Self {
        let (mut all, mut before) =
            (std::mem::MaybeUninit::uninit(), std::mem::MaybeUninit::uninit());
        // SAFETY: sigfillset(3) fills the one set, from which sigdelset(3) takes signals,
        // pthread_sigmask(3) the other; they cannot fail with these arguments.
        unsafe {
            libc::sigfillset(all.as_mut_ptr());
            for &signal in exceptions {
                libc::sigdelset(all.as_mut_ptr(), signal);
            }
            libc::pthread_sigmask(libc::SIG_BLOCK, all.as_ptr(), before.as_mut_ptr());
            Self(before.assume_init())
        }
    }

    /// pthread_sigmask(3): this thread blocks these signals and no others.
    pub fn restore(&self) {
        // SAFETY: the set is what pthread_sigmask(3) gave.
        unsafe {
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, std::ptr::null_mut())
        };
    }
}
