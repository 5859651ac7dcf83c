// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Scatter-gather lists of the caller's memory.
//!
//! A caller's input and output may be the same memory or overlap, since
//! in-place operation is the normal case. So lists of raw IOVECs go through the library and into the system
//! calls. References to that memory are made only where the engine in user space works on it
//! (`engine/user/data.rs`).
//!
//! The kernel engine promises -EFAULT for memory that is not there, the engine in user space
//! does not (kcapi.h, `kcapi_handle_engine`). So the kernel engine goes to a caller's
//! memory by system calls alone, [`crate::caller`] among them, with two exceptions: what
//! the kernel has just found writable may be wiped; and where those calls are refused that
//! [`crate::caller`] makes, it copies by itself.

#![allow(unsafe_code)]

use crate::errno::{Errno, Result};
use libc::iovec;
use std::marker::PhantomData;
use std::ptr;

/// IOVECs that one system call takes, UIO_MAXIOV.
pub const IOVECS_MAX: usize = 1024;

/// An IOVEC over `len` bytes at `base`.
pub fn iovec(base: *const u8, len: usize) -> iovec {
    iovec { iov_base: base.cast_mut().cast(), iov_len: len }
}

/// A list of IOVECs. Nobody else uses their memory as long as `'a` lasts.
#[derive(Clone, Copy)]
pub struct Iovecs<'a>(&'a [iovec]);

impl<'a> Iovecs<'a> {
    /// # Safety
    ///
    /// For `'a`, nobody else writes to the memory of a list that is used as input, and nobody else
    /// accesses that of a list that is used as output. The input and the output of one call may be
    /// the same. The engine in user space may read the memory, or write to it if it is an output.
    /// The kernel engine is given it too, or memory that is not there, for which a system call says
    /// EFAULT.
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
        let total = match self.0 {
            // Most are of one, and every message asks several times.
            [only] => Some(only.iov_len),
            list => list.iter().try_fold(0usize, |sum, iov| sum.checked_add(iov.iov_len)),
        };
        total.filter(|&sum| sum <= i32::MAX as usize).ok_or(Errno::MSGSIZE)
    }

    /// The memory from the first byte of any of them to the last. It may have gaps that are not
    /// theirs.
    pub fn hull(self) -> iovec {
        let filled = self.0.iter().filter(|iov| iov.iov_len > 0);
        let ends = |iov: &iovec| {
            let start = iov.iov_base.addr();
            // What would be behind the end of all memory is not there.
            (start, start.saturating_add(iov.iov_len))
        };
        let hull = filled.map(ends).reduce(|(start, end), (other_start, other_end)| {
            (start.min(other_start), end.max(other_end))
        });
        hull.map_or(iovec(ptr::null(), 0), |(start, end)| {
            iovec(ptr::without_provenance(start), end - start)
        })
    }

    /// The first `count` IOVECs.
    pub fn first(self, count: usize) -> Self {
        Self(self.0.get(..count).unwrap_or(self.0))
    }

    /// The list without its first `index` IOVECs.
    pub fn skip(self, index: usize) -> Self {
        Self(self.0.get(index..).unwrap_or_default())
    }

    /// The list without its first `bytes` bytes; `rest` is the memory for it.
    pub fn after<'p>(self, bytes: usize, rest: &'p mut Vec<iovec>) -> Result<Iovecs<'p>>
    where
        'a: 'p,
    {
        let len = self.total()?;
        let mut cursor = Cursor::new(self);
        cursor.take(bytes, rest)?;
        cursor.take(len.saturating_sub(bytes), rest)
    }

    /// A list for each IOVEC.
    pub fn each(self) -> impl Iterator<Item = Self> {
        self.0.chunks(1).map(Self)
    }
}

/// IOVECs of a message, or its only one.
pub enum List<'a> {
    /// Memory in one piece.
    One([iovec; 1], PhantomData<&'a ()>),
    /// The caller's list.
    Many(Iovecs<'a>),
}

impl List<'_> {
    /// A list of `len` bytes at `start`.
    ///
    /// # Safety
    ///
    /// The same as for [`Iovecs::new`].
    pub unsafe fn one(start: *const u8, len: usize) -> Self {
        Self::One([iovec(start, len)], PhantomData)
    }

    /// The IOVECs.
    pub fn iovecs(&self) -> Iovecs<'_> {
        match self {
            Self::One(list, _) => Iovecs(list),
            Self::Many(list) => *list,
        }
    }
}

/// Walks through a list in pieces whose borders need not be IOVEC borders. A copy of a cursor is
/// a place to come back to.
#[derive(Clone, Copy)]
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
    pub fn take<'p>(&mut self, bytes: usize, piece: &'p mut Vec<iovec>) -> Result<Iovecs<'p>>
    where
        'a: 'p,
    {
        self.take_few(bytes, usize::MAX, piece)
    }

    /// The same, but no more than `most` IOVECs.
    pub fn take_few<'p>(
        &mut self,
        bytes: usize,
        most: usize,
        piece: &'p mut Vec<iovec>,
    ) -> Result<Iovecs<'p>>
    where
        'a: 'p,
    {
        let rest = Iovecs(self.list);
        if self.offset == 0 && self.list.len() <= most && rest.total() == Ok(bytes) {
            self.list = &[];
            return Ok(rest);
        }
        piece.clear();
        let mut reserved = Ok(());
        self.walk(bytes, |iov| {
            reserved = piece.try_reserve(1).map_err(Errno::from);
            let more = piece.len() < most && reserved.is_ok();
            if more {
                piece.push(iov);
            }
            more
        });
        reserved.map(|()| Iovecs(piece))
    }

    /// Leaves out the next `bytes` bytes.
    pub fn skip(&mut self, bytes: usize) {
        self.walk(bytes, |_| true);
    }

    /// Calls `take` with each of the IOVECs that the next `bytes` bytes are in, or with its
    /// part, as long as it takes them.
    fn walk(&mut self, mut bytes: usize, mut take: impl FnMut(iovec) -> bool) {
        while bytes > 0
            && let [first, others @ ..] = self.list
        {
            let len = bytes.min(first.iov_len - self.offset);
            let base = first.iov_base.cast::<u8>().wrapping_add(self.offset);
            if len > 0 && !take(iovec(base, len)) {
                break;
            }
            bytes -= len;
            self.offset += len;
            if self.offset == first.iov_len {
                self.list = others;
                self.offset = 0;
            }
        }
    }
}

/// Copies what `from` points to to `to`, as much as there is room for.
///
/// # Safety
///
/// The memory of `from` may be read, nobody writes to it, and it does not overlap `to`.
pub unsafe fn gather(from: &[iovec], mut to: &mut [u8]) {
    for iov in from {
        let (now, later) = to.split_at_mut(iov.iov_len.min(to.len()));
        // SAFETY: the caller promises that this IOVEC's memory may be read and does not
        // overlap; `now` is no longer than it.
        unsafe { now.as_mut_ptr().copy_from_nonoverlapping(iov.iov_base.cast(), now.len()) };
        to = later;
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
pub unsafe fn wipe_iovecs(list: &[iovec], mut len: usize) {
    for iov in list {
        let now = len.min(iov.iov_len);
        // SAFETY: the caller promises that these bytes may be written.
        unsafe { iov.iov_base.cast::<u8>().write_bytes(0, now) };
        len -= now;
    }
}
