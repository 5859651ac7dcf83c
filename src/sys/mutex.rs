// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The C library's mutex of the kind that processes share, and that is free again when a process
//! dies that holds it: pthread_mutexattr_setpshared(3), pthread_mutexattr_setrobust(3).

#![allow(unsafe_code)]

use super::done_or_errno;
use crate::errno::Result;
use libc::{c_int, pthread_mutex_t, pthread_mutexattr_t};
use std::mem::MaybeUninit;

const PTHREAD_MUTEX_ROBUST: c_int = 1;

unsafe extern "C" {
    // Not in the libc crate for every C library.
    fn pthread_mutexattr_setrobust(attributes: *mut pthread_mutexattr_t, robust: c_int) -> c_int;
    fn pthread_mutex_consistent(mutex: *mut pthread_mutex_t) -> c_int;
}

/// Makes a free mutex.
///
/// # Safety
///
/// There is room for one at `mutex`, which processes share, and nobody uses that yet.
pub unsafe fn init(mutex: *mut pthread_mutex_t) -> Result<()> {
    let mut attributes = MaybeUninit::uninit();
    // SAFETY: the attributes are used between their init and destroy; the caller promises the
    // mutex.
    unsafe {
        done_or_errno(libc::pthread_mutexattr_init(attributes.as_mut_ptr()))?;
        let attributes = attributes.as_mut_ptr();
        let shared = libc::pthread_mutexattr_setpshared(attributes, libc::PTHREAD_PROCESS_SHARED);
        let made = done_or_errno(shared)
            .and_then(|()| {
                done_or_errno(pthread_mutexattr_setrobust(attributes, PTHREAD_MUTEX_ROBUST))
            })
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

/// Waits for the mutex, which this thread holds from now on.
///
/// # Safety
///
/// `mutex` was made by [`init`].
pub unsafe fn lock(mutex: *mut pthread_mutex_t) -> Result<LastHolder> {
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

/// Gives the mutex back.
///
/// # Safety
///
/// This thread holds it.
pub unsafe fn unlock(mutex: *mut pthread_mutex_t) {
    // SAFETY: the caller's promise.
    unsafe { libc::pthread_mutex_unlock(mutex) };
}
