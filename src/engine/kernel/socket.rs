// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! AF_ALG sockets: socket(2), accept(2), setsockopt(2), getsockopt(2).
//!
//! A sandbox may refuse any of them with any errno. Where there is an older way to the same end,
//! it is taken: accept(2) and fcntl(2) for accept4(2). What this library can do without a
//! refused call, the callers of these functions know.

#![allow(unsafe_code)]

use crate::errno::{Errno, Result, count, retry};
use libc::{c_int, c_void, socklen_t};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr;

/// socket(2): not bound to an algorithm yet, close-on-exec, above the standard descriptors.
pub fn open() -> Result<OwnedFd> {
    let (family, kind) = (AddressFamily::Alg, SockType::SeqPacket);
    above_standard(socket(family, kind, SockFlag::SOCK_CLOEXEC, None)?)
}

/// accept4(2) on a bound socket, or what does the same: close-on-exec, above the standard
/// descriptors.
pub fn accept(bound: &OwnedFd) -> Result<OwnedFd> {
    let accepted = accept4(bound).or_else(|errno| {
        // The first errno is told: the second call is one that nobody has asked for.
        accept_without_flags(bound).map_err(|_| errno)
    });
    above_standard(accepted?)
}

fn accept4(bound: &OwnedFd) -> Result<OwnedFd> {
    // SAFETY: without an address to return, accept4(2) touches no memory of ours.
    owned(|| unsafe {
        libc::accept4(bound.as_raw_fd(), ptr::null_mut(), ptr::null_mut(), libc::SOCK_CLOEXEC)
    })
}

fn accept_without_flags(bound: &OwnedFd) -> Result<OwnedFd> {
    // SAFETY: as accept4(2).
    let accept = || unsafe { libc::accept(bound.as_raw_fd(), ptr::null_mut(), ptr::null_mut()) };
    let socket = owned(accept)?;
    // SAFETY: fcntl(2) changes a flag of the descriptor and touches no memory.
    let set = unsafe { libc::fcntl(socket.as_raw_fd(), libc::F_SETFD, libc::FD_CLOEXEC) };
    count(set as isize).map(|_| socket)
}

/// The descriptor where nobody takes it for standard input, output or error: a program that has
/// closed these may still write there, or open files of its own there, and so do this library's
/// messages.
fn above_standard(fd: OwnedFd) -> Result<OwnedFd> {
    if is_standard(fd.as_fd()) { duplicate(fd.as_fd()) } else { Ok(fd) }
}

/// Whether it has the number of standard input, output or error.
pub fn is_standard(fd: BorrowedFd<'_>) -> bool {
    fd.as_raw_fd() <= libc::STDERR_FILENO
}

/// The same by another descriptor, close-on-exec and above the standard ones.
pub fn duplicate(fd: BorrowedFd<'_>) -> Result<OwnedFd> {
    let lowest = libc::STDERR_FILENO + 1;
    // SAFETY: fcntl(2) duplicates a descriptor and touches no memory.
    owned(|| unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_DUPFD_CLOEXEC, lowest) })
}

/// dup3(2): `fd` is what `by` is from now on. What it was is closed in this process.
pub fn replace(fd: &OwnedFd, by: &OwnedFd) -> Result<()> {
    retry(|| {
        // SAFETY: both are open and this library's own; dup3(2) touches no memory.
        let fd = unsafe { libc::dup3(by.as_raw_fd(), fd.as_raw_fd(), libc::O_CLOEXEC) };
        count(fd as isize).map(drop)
    })
}

/// The descriptor that a system call has made; the call is made again after a signal.
fn owned(mut call: impl FnMut() -> c_int) -> Result<OwnedFd> {
    let fd = retry(|| {
        let fd = call();
        count(fd as isize).map(|_| fd)
    })?;
    // SAFETY: the system call returned this descriptor, so it is open and nobody else's.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// setsockopt(2) with `value`; what it returned, which is 0 but for an akcipher's key.
pub fn set(socket: BorrowedFd<'_>, level: c_int, option: c_int, value: &[u8]) -> Result<c_int> {
    let len = socklen_t::try_from(value.len()).map_err(|_| Errno::MSGSIZE)?;
    // SAFETY: the kernel reads `len` bytes at the address of `value`, which has them.
    unsafe { set_raw(socket, level, option, value.as_ptr().cast(), len) }
}

/// setsockopt(2) of an option of AF_ALG that has no value but its length.
pub fn set_len(socket: BorrowedFd<'_>, option: c_int, len: u32) -> Result<c_int> {
    // SAFETY: the kernel does not read the value of these options.
    unsafe { set_raw(socket, libc::SOL_ALG, option, ptr::null(), len) }
}

/// # Safety
///
/// `len` bytes at `value` may be read, unless the kernel does not read `option`'s value.
unsafe fn set_raw(
    socket: BorrowedFd<'_>,
    level: c_int,
    option: c_int,
    value: *const c_void,
    len: socklen_t,
) -> Result<c_int> {
    retry(|| {
        // SAFETY: what the caller promised.
        let returned = unsafe { libc::setsockopt(socket.as_raw_fd(), level, option, value, len) };
        count(returned as isize).map(|_| returned)
    })
}

/// getsockopt(2) of a number.
pub fn number(socket: BorrowedFd<'_>, level: c_int, option: c_int) -> Result<c_int> {
    let mut value: c_int = 0;
    let mut len = size_of::<c_int>() as socklen_t;
    // SAFETY: the kernel writes a c_int to `value` and its size to `len`.
    count(unsafe {
        libc::getsockopt(socket.as_raw_fd(), level, option, (&raw mut value).cast(), &raw mut len)
    } as isize)?;
    Ok(value)
}
