// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! How many bytes an operation's socket takes, and gives, at once.
//!
//! Beyond its send buffer a sendmsg(2) waits; beyond its receive buffer a
//! recvmsg(2) cuts an operation in two.
//!
//! References: socket(7), SO_SNDBUF and SO_RCVBUF; Linux `include/crypto/if_alg.h`,
//! af_alg_sndbuf and af_alg_rcvbuf, which count in whole pages.

#![allow(unsafe_code)]

use crate::errno::{Errno, Result, count, retry};
use libc::c_int;
use once_cell::sync::OnceCell;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicUsize, Ordering};

const PAGE: usize = 4096;

/// What a new socket has: the same for all of them, so the first is asked.
static USUAL: OnceCell<usize> = OnceCell::new();

/// The smaller of a socket's two buffers, in bytes.
pub struct Capacity(AtomicUsize);

impl Capacity {
    /// That of a new socket.
    pub fn usual(socket: BorrowedFd<'_>) -> Result<Self> {
        USUAL.get_or_try_init(|| ask(socket)).map(|&bytes| Self(AtomicUsize::new(bytes)))
    }

    /// Bytes.
    pub fn bytes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Makes room for `len` bytes, or as many as the system allows
    /// (net.core.wmem_max, rmem_max). EMSGSIZE: that is not enough.
    pub fn require(&self, socket: BorrowedFd<'_>, len: usize) -> Result<()> {
        if self.raise(socket, len)? < len { Err(Errno::MSGSIZE) } else { Ok(()) }
    }

    /// As `require`, but content with less; how many bytes there is room for now.
    pub fn raise(&self, socket: BorrowedFd<'_>, len: usize) -> Result<usize> {
        if len > self.bytes() {
            let wanted = c_int::try_from(len).map_err(|_| Errno::MSGSIZE)?;
            for option in [libc::SO_SNDBUF, libc::SO_RCVBUF] {
                // SAFETY: the kernel reads a c_int, which `wanted` is.
                let set = || unsafe {
                    libc::setsockopt(
                        socket.as_raw_fd(),
                        libc::SOL_SOCKET,
                        option,
                        (&raw const wanted).cast(),
                        size_of::<c_int>() as libc::socklen_t,
                    )
                };
                retry(|| count(set() as isize))?;
            }
            self.0.store(ask(socket)?, Ordering::Relaxed);
        }
        Ok(self.bytes())
    }

    /// Whether a message of `len` bytes fits only because the buffers were raised.
    pub fn is_raised_for(&self, len: usize) -> bool {
        USUAL.get().is_some_and(|&usual| len > usual)
    }
}

/// Asks for the sizes of both buffers.
fn ask(socket: BorrowedFd<'_>) -> Result<usize> {
    let size = |option| -> Result<usize> {
        let mut value: c_int = 0;
        let mut len = size_of::<c_int>() as libc::socklen_t;
        // SAFETY: the kernel writes a c_int to `value` and its size to `len`.
        count(unsafe {
            libc::getsockopt(
                socket.as_raw_fd(),
                libc::SOL_SOCKET,
                option,
                (&raw mut value).cast(),
                &raw mut len,
            )
        } as isize)?;
        usize::try_from(value).map_err(|_| Errno::IO)
    };
    let smaller = size(libc::SO_SNDBUF)?.min(size(libc::SO_RCVBUF)?);
    // The kernel always takes one page.
    Ok((smaller - smaller % PAGE).max(PAGE))
}
