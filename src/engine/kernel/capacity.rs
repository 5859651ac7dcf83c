// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The number of bytes that an operation's socket takes at once, and gives at once.
//!
//! A sendmsg(2) of more than the send buffer waits, and a recvmsg(2) of more than the receive
//! buffer cuts an operation in two. Each socket is asked for the sizes of its buffers, because the
//! system's settings (net.core.wmem_default, rmem_default) may change while a process runs. It is
//! asked only when the sizes matter, which they do not for short messages and for ciphers that
//! chain.
//!
//! References: socket(7), SO_SNDBUF and SO_RCVBUF; Linux `include/crypto/if_alg.h`,
//! af_alg_sndbuf and af_alg_rcvbuf, which count in whole pages.

use crate::errno::{Errno, Result, retry};
use crate::sys::process::page_size;
use crate::sys::socket::{getsockopt_number, setsockopt};
use libc::{SO_RCVBUF, SO_SNDBUF, SOL_SOCKET, c_int};
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The smallest page that Linux has. The kernel always takes so many bytes.
pub const PAGE: usize = 4096;

/// The default size of a socket's buffers. It is assumed where a sandbox refuses getsockopt(2).
const BY_DEFAULT: usize = 212_992;

/// Pages of output that the kernel describes at a time (`include/crypto/if_alg.h`, ALG_MAX_PAGES).
pub(super) const DESCRIBED_AT_ONCE: usize = 16;

/// The most bytes that are sent at once if a message may be cut, or messages may go apart. With
/// more, there would hardly be fewer system calls, and the kernel's description of them has to fit
/// into net.core.optmem_max.
pub(super) const SENT_AT_ONCE: usize = 512 * 1024;

/// The smaller of a socket's two buffers, in bytes.
#[derive(Default)]
pub struct Capacity {
    /// 0: not asked yet.
    bytes: AtomicUsize,
    /// The length of the message for which the buffers were last enlarged.
    enlarged: AtomicUsize,
}

impl Capacity {
    /// Bytes that fit at once, or `wanted` if these fit anyhow.
    pub fn room(&self, socket: BorrowedFd<'_>, wanted: usize) -> usize {
        match self.bytes.load(Ordering::Relaxed) {
            0 if wanted <= PAGE => wanted,
            0 => {
                let size = |option| size(socket, option).unwrap_or_else(|_| by_default());
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
            let now = size(socket, option).unwrap_or_else(|_| by_default());
            if now >= len {
                return now;
            }
            match set_size(socket, option, len) {
                // If the new size cannot be asked for, it is assumed to be as large as was set.
                Ok(()) => size(socket, option).unwrap_or(len),
                Err(errno) => {
                    refused = Err(errno);
                    now
                }
            }
        });
        if self.note(send.min(receive)) < len { refused } else { Ok(()) }
    }

    /// Makes room for `len` bytes of a message that may be cut, or for as many as the system
    /// allows. Any room is enough, but with more it takes fewer system calls.
    pub fn enlarge(&self, socket: BorrowedFd<'_>, len: usize) {
        if len <= BY_DEFAULT.max(self.enlarged.load(Ordering::Relaxed)) {
            return;
        }
        self.enlarged.store(len, Ordering::Relaxed);
        for option in [SO_SNDBUF, SO_RCVBUF] {
            // The buffer is never made smaller: some systems have more by default than can be asked
            // for.
            if size(socket, option).is_ok_and(|size| size < len) {
                let _ = set_size(socket, option, len);
            }
        }
    }

    /// The errno for a message of `len` bytes that the kernel has refused with `errno`. If the message is long, there
    /// was room for its data, but not for their description (net.core.optmem_max).
    pub fn refusal(errno: Errno, len: usize) -> Errno {
        if errno == Errno::NOMEM && len > BY_DEFAULT { Errno::MSGSIZE } else { errno }
    }
}

/// The most bytes for which [`Capacity::require`] finds room on any socket. `socket` is one whose
/// buffers do not matter, since they are changed.
///
/// Besides the buffers' limits there is net.core.optmem_max, for the description of a message and
/// of its result. With AES-NI on x86-64, Linux 6.1 takes 153 pages with 20 KiB of it, and Linux 7.2
/// takes 1260 pages with 128 KiB; User-Mode Linux, whose descriptions are shorter, takes more.
pub fn most(socket: BorrowedFd<'_>) -> Result<usize> {
    /// Bytes in the description of a page: an entry in a list of the message's pages (32), one in
    /// the request's (32), and one in the result's, which is cut at 16 pages (37, before 6.3 47).
    const DESCRIPTION: usize = 112;
    /// Bytes in the request, and a little more.
    const REQUEST: usize = 4096;
    /// The default of optmem_max before Linux 6.8.
    const OPTMEM: usize = 20 * 1024;
    let most = |option| {
        set_size(socket, option, c_int::MAX as usize)?;
        size(socket, option)
    };
    let buffers = most(SO_SNDBUF)?.min(most(SO_RCVBUF)?);
    let optmem = std::fs::read_to_string("/proc/sys/net/core/optmem_max");
    let optmem = optmem.ok().and_then(|text| text.trim().parse().ok()).unwrap_or(OPTMEM);
    let pages = optmem.saturating_sub(REQUEST) / DESCRIPTION;
    Ok(buffers.min(pages.saturating_mul(PAGE)).max(PAGE))
}

/// The size of one of the buffers, in whole pages.
fn size(socket: BorrowedFd<'_>, option: c_int) -> Result<usize> {
    let bytes = usize::try_from(getsockopt_number(socket, SOL_SOCKET, option)?);
    bytes.map(|bytes| in_whole_pages(bytes, page_size())).map_err(|_| Errno::IO)
}

/// The length of the longest result that a receive buffer of `bytes` bytes takes whole, wherever in
/// a page its one IOVEC begins. The kernel describes [`DESCRIBED_AT_ONCE`] pages of memory at a
/// time, and stops when less than a page of the buffer is left. It does so before the last part of a
/// page, if its steps end with that page (`crypto/af_alg.c`, af_alg_get_rsgl).
pub fn readable(bytes: usize) -> usize {
    let page = page_size();
    if bytes.is_multiple_of(DESCRIBED_AT_ONCE * page) { bytes.saturating_sub(page) } else { bytes }
}

/// The size of a buffer that cannot be asked for.
fn by_default() -> usize {
    in_whole_pages(BY_DEFAULT, page_size())
}

/// As many bytes of a buffer of `bytes` as the kernel uses: pages of this system's size, and one at
/// least. They are larger than [`PAGE`] on ppc64el, and on 64-bit ARM as some distributions have it.
fn in_whole_pages(bytes: usize, page: usize) -> usize {
    (bytes - bytes % page).max(page)
}

/// Asks for a buffer of `len` bytes; the kernel gives twice as many, or what is allowed.
fn set_size(socket: BorrowedFd<'_>, option: c_int, len: usize) -> Result<()> {
    let len = c_int::try_from(len).map_err(|_| Errno::MSGSIZE)?;
    retry(|| setsockopt(socket, SOL_SOCKET, option, &len.to_ne_bytes())).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_does_not_end_behind_the_last_step() {
        let page = page_size();
        assert_eq!(readable(0), 0);
        assert_eq!(readable(15 * page), 15 * page);
        assert_eq!(readable(16 * page), 15 * page);
        assert_eq!(readable(64 * page), 63 * page);
    }

    #[test]
    fn a_buffer_takes_no_part_of_a_page_of_64_kib() {
        assert_eq!(in_whole_pages(BY_DEFAULT, 4096), BY_DEFAULT);
        assert_eq!(in_whole_pages(BY_DEFAULT, 65_536), 3 * 65_536);
        assert_eq!(in_whole_pages(2304, 65_536), 65_536);
    }
}
