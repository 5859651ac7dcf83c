// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The frame around a call from C: the conversion of the result, errno, cancellation, the log,
//! and the wiping of the stack and the registers. Functions that only tell a size or a name, or store a number in
//! the handle, have none: they make no system call, set no errno and write no line.
//!
//! - The result is that of the function, or the negative errno. errno itself is set by every
//!   failure, and left alone by success, whatever system calls that took.
//! - pthread_cancel(3) acts when the call has ended ([`crate::cancel`]).
//! - A failure is one line at KCAPI_LOG_ERR ([`crate::log`]).
//! - The stack below and the registers are wiped ([`crate::wipe`]). After a whole message the operation
//!   has wiped the stack; a handle is made without a secret on it.

use crate::cancel::Suspended;
use crate::errno::{Errno, Result};
use crate::log;
use crate::sys::thread;
use crate::wipe::{CALL, wipe_registers, wiping_stack};
use libc::{c_int, ssize_t};
use std::any::type_name;

/// The result 0.
pub fn to_int<F: FnOnce() -> Result<()>>(call: F) -> c_int {
    around::<F, _>(|_| call().map(|()| 0)).unwrap_or_else(|errno| -errno.number())
}

/// The result 0 of a call that makes a handle, in which there is no secret yet: the stack stays as it is.
pub fn to_int_of_new<F: FnOnce() -> Result<()>>(call: F) -> c_int {
    framed::<F, _>(|_| call().map(|()| 0)).unwrap_or_else(|errno| -errno.number())
}

/// A count of bytes as the result of a whole message. The stack is the operation's to wipe
/// ([`crate::engine::Operation::message`]), which knows how much of it the message took.
pub fn to_ssize_of_message<F: FnOnce() -> Result<usize>>(call: F) -> ssize_t {
    bytes(framed::<F, _>(|_| counted(call())))
}

/// A count of bytes as the result.
pub fn to_ssize<F: FnOnce() -> Result<usize>>(call: F) -> ssize_t {
    bytes(around::<F, _>(|_| counted(call())))
}

/// The same for a call that may wait for another one. A cancelled thread ends while it waits, too.
pub fn to_ssize_of_waiting<F: FnOnce(&Suspended) -> Result<usize>>(call: F) -> ssize_t {
    bytes(around::<F, _>(|cancellation| counted(call(cancellation))))
}

/// A number that is no length as the result: what setsockopt(2) has returned, or a setting.
pub fn to_number<F: FnOnce() -> Result<c_int>>(call: F) -> c_int {
    around::<F, _>(|_| call()).unwrap_or_else(|errno| -errno.number())
}

/// A number, or `otherwise` if the call fails.
pub fn to_u32_or<F: FnOnce() -> Result<u32>>(otherwise: u32, call: F) -> u32 {
    around::<F, _>(|_| call()).unwrap_or(otherwise)
}

/// A destroy function, which cannot fail. The frames above what the handle's whole messages have wiped are wiped
/// here, too.
pub fn to_nothing<F: FnOnce()>(call: F) {
    let _ = around::<F, _>(|_| {
        call();
        Ok(())
    });
}

fn counted(result: Result<usize>) -> Result<ssize_t> {
    ssize_t::try_from(result?).or(Err(Errno::MSGSIZE))
}

/// The result of one of several messages, as C gets it.
pub fn number_of(result: Result<usize>) -> ssize_t {
    bytes(counted(result))
}

fn bytes(result: Result<ssize_t>) -> ssize_t {
    result.unwrap_or_else(|errno| -(errno.number() as ssize_t))
}

/// The same as `framed`, and the stack is wiped.
fn around<F, T>(call: impl FnOnce(&Suspended) -> Result<T>) -> Result<T> {
    framed::<F, _>(|cancellation| wiping_stack::<CALL, _>(|| call(cancellation)))
}

/// `F` is the closure that the entry point has given. Its name contains that of the C function.
fn framed<F, T>(call: impl FnOnce(&Suspended) -> Result<T>) -> Result<T> {
    let cancellation = Suspended::for_call();
    log::begin();
    let errno = thread::errno();
    // SAFETY: this thread's errno, which lives as long as the thread.
    let before = unsafe { *errno };
    let result = call(&cancellation);
    wipe_registers();
    if let Err(error) = result {
        log::failed(&function(type_name::<F>()), error);
    }
    // SAFETY: as above.
    unsafe { *errno = result.as_ref().map_or_else(|error| error.number(), |_| before) };
    // SAFETY: the call has ended, and the frame of a function of the C API holds nothing.
    unsafe { cancellation.end() };
    result
}

/// The C function in which a closure is, by the closure's name.
fn function(closure: &'static str) -> &'static str {
    closure.split("::").find(|part| part.starts_with("kcapi_")).unwrap_or("libkcapi")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closure_tells_its_function() {
        fn kcapi_example() -> &'static str {
            fn name<F: FnOnce()>(_: F) -> &'static str {
                function(type_name::<F>())
            }
            name(|| {})
        }
        assert_eq!(kcapi_example(), "kcapi_example");
        assert_eq!(function("of::nobody"), "libkcapi");
    }
}
