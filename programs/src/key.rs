// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Secrets, and where they come from.

use crate::library::wipe;
use crate::options::hide;
use crate::sys::{Errno, Fd, Result};
use alloc::vec::Vec;
use core::ffi::CStr;

/// The most bytes that the library takes in one piece, INT_MAX.
pub const LONGEST_MESSAGE: usize = i32::MAX as usize;

/// Bytes that are wiped when nobody needs them any more.
pub struct Secret(Vec<u8>);

impl Secret {
    /// So many zeros, to be filled.
    pub fn zeros(length: usize) -> Self {
        Self(alloc::vec![0; length])
    }

    /// The same, of a length that comes from outside.
    pub fn try_zeros(length: usize) -> Result<Self> {
        let mut zeros = Vec::new();
        zeros.try_reserve_exact(length).map_err(|_| Errno(libc::ENOMEM))?;
        zeros.resize(length, 0);
        Ok(Self(zeros))
    }

    /// A copy.
    pub fn copy(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// Takes a secret out of the command line, where others would see it in the list of processes.
    pub fn take_argument(argument: &'static CStr) -> Self {
        let secret = Self::copy(argument.to_bytes());
        hide(argument);
        secret
    }

    /// Reads until the end, but no more than `limit` bytes. Returns whether there was more.
    pub fn read(fd: Fd, limit: usize) -> Result<(Self, bool)> {
        let mut secret = Self(Vec::new());
        let mut piece = Self::zeros(1024);
        loop {
            let count = fd.read(&mut piece.0)?;
            let piece = piece.0.get(..count).unwrap_or_default();
            if piece.is_empty() {
                return Ok((secret, false));
            }
            let room = limit.saturating_sub(secret.0.len());
            secret.append(piece.get(..room).unwrap_or(piece))?;
            if piece.len() > room {
                return Ok((secret, true));
            }
        }
    }

    /// A message in memory: `start`, then all that can be read, then `room` zeros. `size` says
    /// how long it may be. The library takes none over [`LONGEST_MESSAGE`]: `EMSGSIZE`.
    pub fn read_message(fd: Fd, start: &[u8], size: usize, room: usize) -> Result<Self> {
        let no_memory = |_| Errno(libc::ENOMEM);
        let mut message = Self(Vec::new());
        let most = LONGEST_MESSAGE.saturating_sub(room);
        if size > most.saturating_sub(start.len()) {
            return Err(Errno(libc::EMSGSIZE));
        }
        // A byte more is read, so that the end is found without growing.
        let size = size.saturating_add(start.len()).saturating_add(room).saturating_add(1);
        message.0.try_reserve_exact(size).map_err(no_memory)?;
        message.append(start)?;
        let mut piece = Self::zeros(128 << 10);
        loop {
            let count = fd.read(&mut piece.0)?;
            if count == 0 {
                break;
            }
            if count > most.saturating_sub(message.0.len()) {
                return Err(Errno(libc::EMSGSIZE));
            }
            message.append(piece.0.get(..count).unwrap_or_default())?;
        }
        message.append([0; 256].get(..room).ok_or(Errno(libc::EINVAL))?)?;
        Ok(message)
    }

    /// Cuts off the end.
    pub fn truncate(&mut self, length: usize) {
        if let Some(rest) = self.0.get_mut(length..) {
            wipe(rest);
        }
        self.0.truncate(length);
    }

    /// Makes room. A vector that grows by itself would leave copies behind.
    pub fn append(&mut self, bytes: &[u8]) -> Result<()> {
        if self.0.capacity() - self.0.len() < bytes.len() {
            let mut longer = Vec::new();
            longer.try_reserve(2 * self.0.len() + bytes.len()).map_err(|_| Errno(libc::ENOMEM))?;
            longer.extend_from_slice(&self.0);
            drop(Self(core::mem::replace(&mut self.0, longer)));
        }
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    /// Makes it longer by so many zeros, to be filled.
    pub fn append_zeros(&mut self, count: usize) -> Result<()> {
        let mut longer = Self::try_zeros(self.0.len().saturating_add(count))?;
        if let Some(start) = longer.0.get_mut(..self.0.len()) {
            start.copy_from_slice(&self.0);
        }
        *self = longer;
        Ok(())
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, to be filled.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}
