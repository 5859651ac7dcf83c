// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Sockets: socket(2), bind(2), accept(2), setsockopt(2), sendmsg(2), recvmsg(2) and their like,
//! and what is done with any descriptor.

#![allow(unsafe_code)]

use super::{done, number};
use crate::errno::{Errno, Result};
use libc::{c_int, c_void, msghdr, pollfd, sockaddr_alg, socklen_t};
use nix::sys::socket::{AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr;

/// socket(2) of AF_ALG, close-on-exec.
pub fn alg_socket() -> Result<OwnedFd> {
    let (family, kind) = (AddressFamily::Alg, SockType::SeqPacket);
    Ok(nix::sys::socket::socket(family, kind, SockFlag::SOCK_CLOEXEC, None)?)
}

/// socket(2) of NETLINK_CRYPTO, close-on-exec.
pub fn netlink_crypto_socket() -> Result<OwnedFd> {
    let (family, kind) = (AddressFamily::Netlink, SockType::Raw);
    let protocol = SockProtocol::NetlinkCrypto;
    Ok(nix::sys::socket::socket(family, kind, SockFlag::SOCK_CLOEXEC, protocol)?)
}

/// sendto(2) of `message` to the kernel.
pub fn send_to_kernel(netlink: BorrowedFd<'_>, message: &[u8]) -> Result<usize> {
    let kernel = NetlinkAddr::new(0, 0);
    Ok(nix::sys::socket::sendto(netlink.as_raw_fd(), message, &kernel, MsgFlags::empty())?)
}

/// recv(2) that does not wait.
pub fn receive_now(socket: BorrowedFd<'_>, buffer: &mut [u8]) -> Result<usize> {
    Ok(nix::sys::socket::recv(socket.as_raw_fd(), buffer, MsgFlags::MSG_DONTWAIT)?)
}

/// bind(2).
pub fn bind(socket: BorrowedFd<'_>, address: &sockaddr_alg) -> Result<()> {
    let len = size_of::<sockaddr_alg>() as socklen_t;
    // SAFETY: the kernel reads `len` bytes at `address`, which has them.
    done(unsafe { libc::bind(socket.as_raw_fd(), ptr::from_ref(address).cast(), len) })
}

/// accept4(2), close-on-exec.
pub fn accept4(socket: BorrowedFd<'_>) -> Result<OwnedFd> {
    let (none, no_len) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: without an address to return the kernel touches no memory of the process.
    descriptor(unsafe { libc::accept4(socket.as_raw_fd(), none, no_len, libc::SOCK_CLOEXEC) })
}

/// accept(2), which cannot make the new descriptor close-on-exec.
pub fn accept(socket: BorrowedFd<'_>) -> Result<OwnedFd> {
    // SAFETY: as accept4(2).
    descriptor(unsafe { libc::accept(socket.as_raw_fd(), ptr::null_mut(), ptr::null_mut()) })
}

/// fcntl(2), F_SETFD: makes `fd` close-on-exec.
pub fn set_close_on_exec(fd: BorrowedFd<'_>) -> Result<()> {
    // SAFETY: the kernel changes a flag of the descriptor and touches no memory.
    done(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFD, libc::FD_CLOEXEC) })
}

/// fcntl(2), F_DUPFD_CLOEXEC: the same file by another descriptor, which is `lowest` or higher.
pub fn duplicate(fd: BorrowedFd<'_>, lowest: c_int) -> Result<OwnedFd> {
    // SAFETY: the kernel makes a descriptor and touches no memory.
    descriptor(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_DUPFD_CLOEXEC, lowest) })
}

/// dup3(2): `fd` is what `by` is from now on, close-on-exec. What it was is closed in this process.
pub fn dup3(by: BorrowedFd<'_>, fd: &OwnedFd) -> Result<()> {
    // SAFETY: the owner of `fd` lends it, and owns what it is from now on; no memory is touched.
    done(unsafe { libc::dup3(by.as_raw_fd(), fd.as_raw_fd(), libc::O_CLOEXEC) })
}

/// setsockopt(2) with `value`; what it returned, which is 0 but for an akcipher's key.
pub fn setsockopt(
    socket: BorrowedFd<'_>,
    level: c_int,
    option: c_int,
    value: &[u8],
) -> Result<c_int> {
    let len = socklen_t::try_from(value.len()).map_err(|_| Errno::MSGSIZE)?;
    // SAFETY: the kernel reads `len` bytes at the address of `value`, which has them.
    unsafe { setsockopt_raw(socket, level, option, value.as_ptr().cast(), len) }
}

/// setsockopt(2) of an option of AF_ALG that has no value but its length.
pub fn setsockopt_len(socket: BorrowedFd<'_>, option: c_int, len: u32) -> Result<c_int> {
    // SAFETY: the kernel finds no memory at NULL, and does not look for the value of these options.
    unsafe { setsockopt_raw(socket, libc::SOL_ALG, option, ptr::null(), len) }
}

/// # Safety
///
/// `len` bytes at `value` may be read, or it is NULL.
unsafe fn setsockopt_raw(
    socket: BorrowedFd<'_>,
    level: c_int,
    option: c_int,
    value: *const c_void,
    len: socklen_t,
) -> Result<c_int> {
    // SAFETY: the caller's promise.
    let returned = unsafe { libc::setsockopt(socket.as_raw_fd(), level, option, value, len) };
    done(returned).map(|()| returned)
}

/// getsockopt(2) of an option whose value is a number.
pub fn getsockopt_number(socket: BorrowedFd<'_>, level: c_int, option: c_int) -> Result<c_int> {
    let mut value: c_int = 0;
    let mut len = size_of::<c_int>() as socklen_t;
    let (to, len) = ((&raw mut value).cast(), &raw mut len);
    // SAFETY: the kernel writes `len` bytes to `value`, which has them, and how many it wrote to
    // `len`.
    done(unsafe { libc::getsockopt(socket.as_raw_fd(), level, option, to, len) })?;
    Ok(value)
}

/// sendmsg(2); how many bytes the kernel took.
///
/// # Safety
///
/// The control data of `header` may be read. Its list of IOVECs may be, too, and nobody writes to
/// the memory that this points to; what of that cannot be read is EFAULT.
pub unsafe fn sendmsg(socket: BorrowedFd<'_>, header: &msghdr, flags: c_int) -> Result<usize> {
    // SAFETY: the caller's promise.
    number(unsafe { libc::sendmsg(socket.as_raw_fd(), header, flags) })
}

/// recvmsg(2); how many bytes the kernel wrote.
///
/// # Safety
///
/// `header` has no control data. Its list of IOVECs may be read, and nobody else accesses the
/// memory that this points to; what of that cannot be written is EFAULT.
pub unsafe fn recvmsg(socket: BorrowedFd<'_>, header: &mut msghdr, flags: c_int) -> Result<usize> {
    // SAFETY: the caller's promise.
    number(unsafe { libc::recvmsg(socket.as_raw_fd(), header, flags) })
}

/// poll(2) for room to send, of one socket and some milliseconds.
pub fn poll_for_room(socket: BorrowedFd<'_>, milliseconds: c_int) -> Result<usize> {
    let mut waiting = pollfd { fd: socket.as_raw_fd(), events: libc::POLLOUT, revents: 0 };
    // SAFETY: the kernel reads and writes the one structure.
    number(unsafe { libc::poll(&raw mut waiting, 1, milliseconds) })
}

/// The descriptor that a system call has made.
fn descriptor(returned: c_int) -> Result<OwnedFd> {
    done(returned)?;
    // SAFETY: the functions above hand on what the kernel returned: it is open, and nobody else's.
    Ok(unsafe { OwnedFd::from_raw_fd(returned) })
}
