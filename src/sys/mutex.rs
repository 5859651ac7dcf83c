// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The C library's mutex of the kind that processes share, and that is free again when a process
//! dies that holds it: pthread_mutexattr_setpshared(3), pthread_mutexattr_setrobust(3).
//!
//! That takes set_robust_list(2), which an emulator such as qemu-user may lack. Some C libraries,
//! glibc for RISC-V among them, refuse the mutex then. In its place there is an ordinary one, whose
//! holder is taken for dead when a thread has waited for it too long.

#![allow(unsafe_code)]

use super::done_or_errno;
use crate::errno::{Errno, Result};
use libc::{c_int, pthread_mutex_t, pthread_mutexattr_t};
use std::mem::MaybeUninit;

const PTHREAD_MUTEX_STALLED: c_int = 0;
const PTHREAD_MUTEX_ROBUST: c_int = 1;

/// The seconds for which a thread waits for a mutex that is not robust. No call holds one for as long.
const TOO_LONG: libc::time_t = 60;

unsafe extern "C" {
    // Not in the libc crate for every C library.
    fn pthread_mutexattr_setrobust(attributes: *mut pthread_mutexattr_t, robust: c_int) -> c_int;
    fn pthread_mutex_consistent(mutex: *mut pthread_mutex_t) -> c_int;
}

/// Makes a free mutex, and says whether it is robust.
///
/// # Safety
///
/// There is room for one at `mutex`, which processes share, and nobody uses that yet.
pub unsafe fn init(mutex: *mut pthread_mutex_t) -> Result<bool> {
    // SAFETY: the caller's promise.
    match unsafe { init_as(mutex, PTHREAD_MUTEX_ROBUST) } {
        // SAFETY: the same.
        Err(Errno::OPNOTSUPP) => unsafe { init_as(mutex, PTHREAD_MUTEX_STALLED) }.map(|()| false),
        made => made.map(|()| true),
    }
}

/// # Safety
///
/// As for [`init`].
unsafe fn init_as(mutex: *mut pthread_mutex_t, robust: c_int) -> Result<()> {
    let mut attributes = MaybeUninit::uninit();
    // SAFETY: the attributes are used between their init and destroy; the caller promises the
    // mutex.
    unsafe {
        done_or_errno(libc::pthread_mutexattr_init(attributes.as_mut_ptr()))?;
        let attributes = attributes.as_mut_ptr();
        let shared = libc::pthread_mutexattr_setpshared(attributes, libc::PTHREAD_PROCESS_SHARED);
        let made = done_or_errno(shared)
            .and_then(|()| done_or_errno(pthread_mutexattr_setrobust(attributes, robust)))
            .and_then(|()| done_or_errno(libc::pthread_mutex_init(mutex, attributes)));
        libc::pthread_mutexattr_destroy(attributes);
        made
    }
}

/// The thread that held a mutex last.
#[derive(PartialEq, Eq)]
pub enum LastHolder {
    /// A thread that has unlocked it, or nobody.
    Unlocked,
    /// A thread of a process that died.
    Died,
}

/// Waits for the mutex, which this thread holds from now on. `robust` is the answer of [`init`]. EIO:
/// it is not robust, and its holder seems to be dead.
///
/// # Safety
///
/// `mutex` was made by [`init`].
pub unsafe fn lock(mutex: *mut pthread_mutex_t, robust: bool) -> Result<LastHolder> {
    if !robust {
        // SAFETY: the caller's promise.
        return unsafe { lock_in_time(mutex) }.map(|()| LastHolder::Unlocked);
    }
    // SAFETY: the caller's promise; only who holds the mutex makes it consistent.
    unsafe {
        match done_or_errno(libc::pthread_mutex_lock(mutex)) {
            Ok(()) => Ok(LastHolder::Unlocked),
            Err(errno) if errno.number() == libc::EOWNERDEAD => {
                pthread_mutex_consistent(mutex);
                Ok(LastHolder::Died)
            }
            Err(errno) => Err(errno),
        }
    }
}

/// # Safety
///
/// As for [`lock`].
unsafe fn lock_in_time(mutex: *mut pthread_mutex_t) -> Result<()> {
    // SAFETY: zeros are a timespec, which clock_gettime(2) fills; the caller promises the mutex.
    let locked = unsafe {
        let mut end: libc::timespec = std::mem::zeroed();
        libc::clock_gettime(libc::CLOCK_REALTIME, &raw mut end);
        end.tv_sec += TOO_LONG;
        done_or_errno(libc::pthread_mutex_timedlock(mutex, &raw const end))
    };
    locked.map_err(|errno| if errno == Errno::TIMEDOUT { Errno::IO } else { errno })
}

/// Gives the mutex back.
///
/// # Safety
///
/// This thread holds it.
pub unsafe fn unlock(mutex: *mut pthread_mutex_t) {
    // SAFETY: the caller's promise.
    unsafe { libc::pthread_mutex_unlock(mutex) };
}
