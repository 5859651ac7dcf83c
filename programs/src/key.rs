// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Secrets, and where they come from.

use crate::library::wipe;
use crate::sys::{Errno, Fd, Result};
use alloc::vec::Vec;

/// Bytes that are wiped when nobody needs them any more.
pub struct Secret(Vec<u8>);

impl Secret {
    /// So many zeros, to be filled.
    pub fn zeros(length: usize) -> Self {
        Self(alloc::vec![0; length])
    }

    /// A copy.
    pub fn copy(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// What can be read until the end, more than `limit` bytes of it are not. Says whether there was more.
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

    /// Growing by itself, a vector would leave copies behind.
    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        if self.0.capacity() - self.0.len() < bytes.len() {
            let mut longer = Vec::new();
            longer.try_reserve(2 * self.0.len() + bytes.len()).map_err(|_| Errno(libc::ENOMEM))?;
            longer.extend_from_slice(&self.0);
            drop(Self(core::mem::replace(&mut self.0, longer)));
        }
        self.0.extend_from_slice(bytes);
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
