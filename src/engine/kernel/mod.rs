// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The kernel engine: AF_ALG sockets.
//!
//! In reading order: [`transform`] is the bound socket, [`operation`] the accepted
//! one with its streams ([`arrivals`]) and [`whole`] messages, [`message`] what
//! sendmsg(2) is given, [`capacity`] how much of it. [`properties`] asks for an
//! algorithm's sizes, by [`netlink`] or in [`proc_crypto`], and [`completion`] judges
//! whether its driver finishes at once.
//!
//! References: Linux `include/uapi/linux/if_alg.h`, `crypto/af_alg.c`,
//! `crypto/algif_*.c`, `Documentation/crypto/userspace-if.rst`.

pub mod arrivals;
pub mod capacity;
pub mod completion;
pub mod message;
pub mod netlink;
pub mod operation;
pub mod proc_crypto;
pub mod properties;
pub mod transform;
pub mod whole;

use super::Kind;
use crate::errno::{Result, count};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// The socket where nobody takes it for standard input, output or error: a program that has closed
/// these may still write there, and so do this library's own messages.
#[allow(unsafe_code)]
fn above_standard(socket: OwnedFd) -> Result<OwnedFd> {
    if socket.as_raw_fd() > libc::STDERR_FILENO {
        return Ok(socket);
    }
    let lowest = libc::STDERR_FILENO + 1;
    // SAFETY: fcntl(2) duplicates a descriptor and touches no memory.
    let fd = unsafe { libc::fcntl(socket.as_raw_fd(), libc::F_DUPFD_CLOEXEC, lowest) };
    count(fd as isize)?;
    // SAFETY: fcntl(2) returned this descriptor, so it is open and nobody else's.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

impl Kind {
    /// What bind(2) calls the family.
    pub(super) fn salg_type(self) -> &'static [u8] {
        match self {
            Self::Skcipher => b"skcipher",
            Self::Aead => b"aead",
            Self::Hash => b"hash",
            Self::Rng => b"rng",
            Self::Akcipher => b"akcipher",
            Self::Kpp => b"kpp",
        }
    }
}
