// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Scatter-gather lists of the caller's memory.
//!
//! A caller's input and output may be the same memory or overlap, since
//! in-place operation is the normal case. So no reference to that memory is ever
//! made: lists of raw IOVECs go through the library and into the system calls.

#![allow(unsafe_code)]

use crate::errno::{Errno, Result};
use libc::iovec;

/// An IOVEC over `len` bytes at `base`.
pub fn iovec(base: *const u8, len: usize) -> iovec {
    iovec { iov_base: base.cast_mut().cast(), iov_len: len }
}

/// A list of IOVECs whose memory may be accessed as long as `'a` lasts.
#[derive(Clone, Copy)]
pub struct Iovecs<'a>(&'a [iovec]);

impl<'a> Iovecs<'a> {
    /// # Safety
    ///
    /// For `'a`, the memory of every IOVEC may be read (a list used as input) or
    /// written (as output) by this process, or is not mapped for that at all: a
    /// system call then answers EFAULT.
    pub unsafe fn new(list: &'a [iovec]) -> Self {
        Self(list)
    }

    /// The IOVECs.
    pub fn list(self) -> &'a [iovec] {
        self.0
    }

    /// Bytes in all of them: EMSGSIZE when over INT_MAX, the most that the
    /// kernel's crypto takes in one message.
    pub fn total(self) -> Result<usize> {
        self.0
            .iter()
            .try_fold(0usize, |sum, iov| sum.checked_add(iov.iov_len))
            .filter(|&sum| sum <= i32::MAX as usize)
            .ok_or(Errno::MSGSIZE)
    }

    /// The first `count` IOVECs.
    pub fn first(self, count: usize) -> Self {
        Self(&self.0[..count.min(self.0.len())])
    }

    /// The list without its first `index` IOVECs.
    pub fn skip(self, index: usize) -> Self {
        Self(&self.0[index.min(self.0.len())..])
    }

    /// A list for each IOVEC.
    pub fn each(self) -> impl Iterator<Item = Self> {
        self.0.chunks(1).map(Self)
    }
}

/// Walks through a list in pieces whose borders need not be IOVEC borders.
pub struct Cursor<'a> {
    list: &'a [iovec],
    /// Bytes of the first IOVEC that are done.
    offset: usize,
}

impl<'a> Cursor<'a> {
    /// Starts at the first byte.
    pub fn new(iovecs: Iovecs<'a>) -> Self {
        Self { list: iovecs.0, offset: 0 }
    }

    /// The next `bytes` bytes, or what is left; `piece` is the memory for their list.
    pub fn take<'p>(&mut self, mut bytes: usize, piece: &'p mut Vec<iovec>) -> Result<Iovecs<'p>>
    where
        'a: 'p,
    {
        piece.clear();
        while bytes > 0 {
            let Some(first) = self.list.first() else {
                break;
            };
            let len = bytes.min(first.iov_len - self.offset);
            if len > 0 {
                piece.try_reserve(1)?;
                let base = first.iov_base.cast::<u8>().wrapping_add(self.offset);
                piece.push(iovec(base, len));
            }
            bytes -= len;
            self.offset += len;
            if self.offset == first.iov_len {
                self.list = &self.list[1..];
                self.offset = 0;
            }
        }
        Ok(Iovecs(piece))
    }
}

/// Copies `from` to where `to` points, IOVEC by IOVEC.
///
/// # Safety
///
/// The memory of `to` may be written and does not overlap `from`.
pub unsafe fn scatter(mut from: &[u8], to: &[iovec]) {
    for iov in to {
        let (now, later) = from.split_at(iov.iov_len.min(from.len()));
        // SAFETY: the caller promises that this IOVEC's memory may be written
        // and does not overlap; `now` is no longer than it.
        unsafe { iov.iov_base.cast::<u8>().copy_from_nonoverlapping(now.as_ptr(), now.len()) };
        from = later;
    }
}

/// Fills the first `len` bytes with zeros.
///
/// # Safety
///
/// Their memory may be written.
pub unsafe fn wipe(list: &[iovec], mut len: usize) {
    for iov in list {
        let now = len.min(iov.iov_len);
        // SAFETY: the caller promises that these bytes may be written.
        unsafe { iov.iov_base.cast::<u8>().write_bytes(0, now) };
        len -= now;
    }
}
