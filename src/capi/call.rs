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

/// What a call returns before it is an int, a uint32_t or a ssize_t: a number that any of these may be.
type Number = i64;

/// The result 0.
pub fn to_int<F: FnMut() -> Result<()>>(mut call: F) -> c_int {
    int(around::<F>(&mut move |_| call().map(|()| 0)))
}

/// The result 0 of a call that makes a handle, in which there is no secret yet: the stack stays as it is.
pub fn to_int_of_new<F: FnOnce() -> Result<()>>(call: F) -> c_int {
    int(framed(type_name::<F>(), |_| call().map(|()| 0)))
}

/// A count of bytes as the result of a whole message. The stack is the operation's to wipe
/// ([`crate::engine::Operation::message`]), which knows how much of it the message took.
pub fn to_ssize_of_message<F: FnOnce() -> Result<usize>>(call: F) -> ssize_t {
    bytes(framed(type_name::<F>(), |_| counted(call())))
}

/// A count of bytes as the result.
pub fn to_ssize<F: FnMut() -> Result<usize>>(mut call: F) -> ssize_t {
    bytes(around::<F>(&mut move |_| counted(call())))
}

/// The same for a call that may wait for another one. A cancelled thread ends while it waits, too.
pub fn to_ssize_of_waiting<F: FnMut(&Suspended) -> Result<usize>>(mut call: F) -> ssize_t {
    bytes(around::<F>(&mut move |cancellation| counted(call(cancellation))))
}

/// A number that is no length as the result: what setsockopt(2) has returned, or a setting.
pub fn to_number<F: FnMut() -> Result<c_int>>(mut call: F) -> c_int {
    int(around::<F>(&mut move |_| call().map(Number::from)))
}

/// A number, or `otherwise` if the call fails.
pub fn to_u32_or<F: FnMut() -> Result<u32>>(otherwise: u32, mut call: F) -> u32 {
    around::<F>(&mut move |_| call().map(Number::from)).map_or(otherwise, |number| number as u32)
}

/// A destroy function, which cannot fail. The frames above what the handle's whole messages have wiped are wiped
/// here, too.
pub fn to_nothing<F: FnMut()>(mut call: F) {
    let _ = around::<F>(&mut move |_| {
        call();
        Ok(0)
    });
}

fn counted(result: Result<usize>) -> Result<Number> {
    ssize_t::try_from(result?).map(|bytes| bytes as Number).or(Err(Errno::MSGSIZE))
}

/// The result of one of several messages, as C gets it.
pub fn number_of(result: Result<usize>) -> ssize_t {
    bytes(counted(result))
}

fn bytes(result: Result<Number>) -> ssize_t {
    result.map_or_else(|errno| -(errno.number() as ssize_t), |bytes| bytes as ssize_t)
}

fn int(result: Result<Number>) -> c_int {
    result.map_or_else(|errno| -errno.number(), |number| number as c_int)
}

/// The same as `framed`, and the stack is wiped. `F` is the closure that the entry point has given, and `call` has it.
fn around<F>(call: &mut dyn FnMut(&Suspended) -> Result<Number>) -> Result<Number> {
    /// The same code for a hundred functions. A whole message's have it in them, which saves two nanoseconds.
    #[inline(never)]
    fn wiping(
        closure: &'static str,
        call: &mut dyn FnMut(&Suspended) -> Result<Number>,
    ) -> Result<Number> {
        framed(closure, |cancellation| wiping_stack::<CALL, _>(|| call(cancellation)))
    }
    wiping(type_name::<F>(), call)
}

/// `closure` is the name of the closure that the entry point has given. That of the C function is in it.
fn framed(
    closure: &'static str,
    call: impl FnOnce(&Suspended) -> Result<Number>,
) -> Result<Number> {
    let cancellation = Suspended::for_call();
    log::begin();
    let errno = thread::errno();
    // SAFETY: this thread's errno, which lives as long as the thread.
    let before = unsafe { *errno };
    let result = call(&cancellation);
    wipe_registers();
    if let Err(error) = result {
        log::failed(&function(closure), error);
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
