// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! A signal that ends the program also removes the file that is not complete, because that may hold
//! plaintext.
#![allow(unsafe_code)]

use core::ffi::{CStr, c_char, c_int};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

/// The path of the file, of which there is one at a time; null if there is none.
static INCOMPLETE: AtomicPtr<c_char> = AtomicPtr::new(null_mut());

/// The handler is set.
static HANDLED: AtomicBool = AtomicBool::new(false);

/// The signals that do not end a program by themselves, or cannot be caught. SIGXFSZ is an error of writing here.
const OTHERS: [c_int; 10] = [
    libc::SIGKILL,
    libc::SIGSTOP,
    libc::SIGTSTP,
    libc::SIGTTIN,
    libc::SIGTTOU,
    libc::SIGCONT,
    libc::SIGCHLD,
    libc::SIGURG,
    libc::SIGWINCH,
    libc::SIGXFSZ,
];

extern "C" fn remove(signal: c_int) {
    let path = INCOMPLETE.load(Ordering::SeqCst);
    // SAFETY: unlink(2), signal(2) and raise(3) may be called by a handler; the path is there as
    // long as it is known.
    unsafe {
        if !path.is_null() {
            libc::unlink(path);
        }
        libc::signal(signal, libc::SIG_DFL);
        libc::raise(signal);
    }
}

/// From now on a signal that ends the program removes the file. One that grows over its limit
/// (`ulimit -f`) is no signal, but an error of writing.
///
/// # Safety
/// The path stays where it is until `complete` is called.
pub unsafe fn incomplete(path: &CStr) {
    INCOMPLETE.store(path.as_ptr().cast_mut(), Ordering::SeqCst);
    if HANDLED.swap(true, Ordering::Relaxed) {
        return;
    }
    // SAFETY: signal(2) takes any signal.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
    // SIGABRT is among them, with which the program ends if it has no memory.
    for signal in (1..=libc::SIGRTMAX()).filter(|signal| !OTHERS.contains(signal)) {
        // SAFETY: the handler does nothing but what a handler may. Who has made the program
        // ignore a signal, such as nohup(1), is obeyed.
        unsafe {
            let handler = remove as extern "C" fn(c_int) as libc::sighandler_t;
            if libc::signal(signal, handler) == libc::SIG_IGN {
                libc::signal(signal, libc::SIG_IGN);
            }
        }
    }
}

/// Calls `f`, which signals do not interrupt: what ends the program ends it behind that.
pub fn withheld<T>(f: impl FnOnce() -> T) -> T {
    // SAFETY: zeros are memory for sets of signals, which the functions fill.
    let before = unsafe {
        let (mut all, mut before) = core::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const all, &raw mut before);
        before
    };
    let result = f();
    // SAFETY: the set is what sigprocmask(2) has given.
    unsafe { libc::sigprocmask(libc::SIG_SETMASK, &raw const before, null_mut()) };
    result
}

/// From now on the file stays.
pub fn complete() {
    INCOMPLETE.store(null_mut(), Ordering::SeqCst);
}
