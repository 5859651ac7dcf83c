// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! AF_ALG sockets and their options, by the system calls of [`crate::sys::socket`].
//!
//! A sandbox may refuse any of them with any errno. If there is an older way to the same end it is
//! taken: accept(2) and fcntl(2) in place of accept4(2). The callers of these functions know what
//! this library can still do without a refused call.

use crate::engine::Kind;
use crate::errno::{Errno, Result, retry};
use crate::sys::socket as sys;
use libc::{SOL_ALG, c_int, sockaddr_alg};
use std::ffi::CStr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

/// Not bound to an algorithm yet, close-on-exec, above the standard descriptors.
pub fn open() -> Result<OwnedFd> {
    above_standard(sys::alg_socket()?)
}

/// Binds it to the algorithm `name`; the kernel loads its modules.
pub fn bind(socket: BorrowedFd<'_>, kind: Kind, name: &CStr) -> Result<()> {
    let mut address = sockaddr_alg {
        salg_family: libc::AF_ALG as libc::sa_family_t,
        salg_type: [0; 14],
        salg_feat: 0,
        salg_mask: 0,
        salg_name: [0; 64],
    };
    let name = name.to_bytes();
    if name.len() >= address.salg_name.len() {
        return Err(Errno::NOENT);
    }
    address.salg_type.iter_mut().zip(kind.salg_type()).for_each(|(to, &from)| *to = from);
    address.salg_name.iter_mut().zip(name).for_each(|(to, &from)| *to = from);
    retry(|| sys::bind(socket, &address))
}

/// An operation on a bound socket: close-on-exec, above the standard descriptors.
pub fn accept(bound: BorrowedFd<'_>) -> Result<OwnedFd> {
    let accepted = retry(|| sys::accept4(bound)).or_else(|errno| {
        // The first errno is the answer, because the second call is only a try.
        accept_without_flags(bound).map_err(|_| errno)
    });
    above_standard(accepted?)
}

fn accept_without_flags(bound: BorrowedFd<'_>) -> Result<OwnedFd> {
    let socket = retry(|| sys::accept(bound))?;
    sys::set_close_on_exec(socket.as_fd()).map(|()| socket)
}

/// Gives the socket a descriptor that is not 0, 1 or 2. A program that has closed standard input,
/// output or error may still write there, or open files of its own there, and this library writes
/// messages there.
pub fn above_standard(fd: OwnedFd) -> Result<OwnedFd> {
    if is_standard(fd.as_fd()) { duplicate(fd.as_fd()) } else { Ok(fd) }
}

/// Returns whether it has the number of standard input, output or error.
pub fn is_standard(fd: BorrowedFd<'_>) -> bool {
    fd.as_raw_fd() <= libc::STDERR_FILENO
}

/// The same by another descriptor, close-on-exec and above the standard ones.
pub fn duplicate(fd: BorrowedFd<'_>) -> Result<OwnedFd> {
    retry(|| sys::duplicate(fd, libc::STDERR_FILENO + 1))
}

/// Makes `fd` the same as `by`. The socket that it was is closed in this process.
pub fn replace(fd: &OwnedFd, by: &OwnedFd) -> Result<()> {
    retry(|| sys::dup3(by.as_fd(), fd))
}

/// Sets an option of AF_ALG; what setsockopt(2) returned, which is 0 but for an akcipher's key.
pub fn set(socket: BorrowedFd<'_>, option: c_int, value: &[u8]) -> Result<c_int> {
    retry(|| sys::setsockopt(socket, SOL_ALG, option, value))
}

/// Sets an option of AF_ALG that has no value but its length.
pub fn set_len(socket: BorrowedFd<'_>, option: c_int, len: u32) -> Result<c_int> {
    retry(|| sys::setsockopt_len(socket, option, len))
}
