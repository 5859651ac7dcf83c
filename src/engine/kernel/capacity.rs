// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! How many bytes an operation's socket takes, and gives, at once.
//!
//! Beyond its send buffer a sendmsg(2) waits; beyond its receive buffer a
//! recvmsg(2) cuts an operation in two. Each socket is asked for its own: a system's settings
//! (net.core.wmem_default, rmem_default) may change while a process runs. It is asked
//! late, since short messages and ciphers that chain do without.
//!
//! References: socket(7), SO_SNDBUF and SO_RCVBUF; Linux `include/crypto/if_alg.h`,
//! af_alg_sndbuf and af_alg_rcvbuf, which count in whole pages.

use crate::errno::{Errno, Result, retry};
use crate::sys::socket::{getsockopt_number, setsockopt};
use libc::{SO_RCVBUF, SO_SNDBUF, SOL_SOCKET, c_int};
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What the kernel always takes, and counts in.
pub const PAGE: usize = 4096;

/// What a socket has by default; taken to be so where a sandbox refuses getsockopt(2).
const BY_DEFAULT: usize = 212_992;

/// Bytes to send at once where it is ours to choose. More would save hardly a system
/// call, and the kernel's bookkeeping of them has to fit into net.core.optmem_max.
pub(super) const SENT_AT_ONCE: usize = 512 * 1024;

/// The smaller of a socket's two buffers, in bytes.
#[derive(Default)]
pub struct Capacity {
    /// 0: not asked yet.
    bytes: AtomicUsize,
    /// What the buffers were last enlarged for.
    enlarged: AtomicUsize,
}

impl Capacity {
    /// Bytes that fit at once, or `wanted` if these fit anyhow.
    pub fn room(&self, socket: BorrowedFd<'_>, wanted: usize) -> usize {
        match self.bytes.load(Ordering::Relaxed) {
            0 if wanted <= PAGE => wanted,
            0 => {
                let size = |option| size(socket, option).unwrap_or(BY_DEFAULT);
                self.note(size(SO_SNDBUF).min(size(SO_RCVBUF)))
            }
            known => known,
        }
    }

    fn note(&self, bytes: usize) -> usize {
        self.bytes.store(bytes, Ordering::Relaxed);
        bytes
    }

    /// Makes room for a message of `len` bytes as a whole. EMSGSIZE: the system does not allow so
    /// much (net.core.wmem_max, rmem_max).
    pub fn require(&self, socket: BorrowedFd<'_>, len: usize) -> Result<()> {
        if len <= PAGE || len <= self.bytes.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut refused = Err(Errno::MSGSIZE);
        let [send, receive] = [SO_SNDBUF, SO_RCVBUF].map(|option| {
            let now = size(socket, option).unwrap_or(BY_DEFAULT);
            if now >= len {
                return now;
            }
            match set_size(socket, option, len) {
                // Where nobody can be asked, what was accepted is taken to be so.
                Ok(()) => size(socket, option).unwrap_or(len),
                Err(errno) => {
                    refused = Err(errno);
                    now
                }
            }
        });
        if self.note(send.min(receive)) < len { refused } else { Ok(()) }
    }

    /// Makes room for `len` bytes, or as many as the system allows, for a message that may be cut:
    /// whatever there is will do, but more takes fewer system calls.
    pub fn enlarge(&self, socket: BorrowedFd<'_>, len: usize) {
        if len <= BY_DEFAULT.max(self.enlarged.load(Ordering::Relaxed)) {
            return;
        }
        self.enlarged.store(len, Ordering::Relaxed);
        for option in [SO_SNDBUF, SO_RCVBUF] {
            // Never made smaller: some systems have more by default than can be asked for.
            if size(socket, option).is_ok_and(|size| size < len) {
                let _ = set_size(socket, option, len);
            }
        }
    }

    /// Whether `len` bytes are more than the kernel's memory for the description of a
    /// message (net.core.optmem_max) is made for.
    pub fn is_long(len: usize) -> bool {
        len > BY_DEFAULT
    }
}

/// Bytes that [`Capacity::require`] would find room for on any socket, asked of one whose buffers
/// do not matter.
///
/// Besides the buffers' limits there is net.core.optmem_max, for the description of a message:
/// with 20 KiB Linux 6.1 takes 269 pages, with 128 KiB Linux 7.2 takes 1680.
pub fn most(socket: BorrowedFd<'_>) -> Result<usize> {
    /// Bytes in the description of a page, and a little more.
    const DESCRIPTION: usize = 80;
    /// What optmem_max was by default before Linux 6.8.
    const OPTMEM: usize = 20 * 1024;
    let most = |option| {
        set_size(socket, option, c_int::MAX as usize)?;
        size(socket, option)
    };
    let buffers = most(SO_SNDBUF)?.min(most(SO_RCVBUF)?);
    let optmem = std::fs::read_to_string("/proc/sys/net/core/optmem_max");
    let optmem = optmem.ok().and_then(|text| text.trim().parse().ok()).unwrap_or(OPTMEM);
    Ok(buffers.min((optmem / DESCRIPTION).saturating_mul(PAGE)).max(PAGE))
}

/// The size of one of the buffers, in whole pages.
fn size(socket: BorrowedFd<'_>, option: c_int) -> Result<usize> {
    let bytes = usize::try_from(getsockopt_number(socket, SOL_SOCKET, option)?);
    bytes.map(|bytes| (bytes - bytes % PAGE).max(PAGE)).map_err(|_| Errno::IO)
}

/// Asks for a buffer of `len` bytes; the kernel gives twice as many, or what is allowed.
fn set_size(socket: BorrowedFd<'_>, option: c_int, len: usize) -> Result<()> {
    let len = c_int::try_from(len).map_err(|_| Errno::MSGSIZE)?;
    retry(|| setsockopt(socket, SOL_SOCKET, option, &len.to_ne_bytes())).map(drop)
}
