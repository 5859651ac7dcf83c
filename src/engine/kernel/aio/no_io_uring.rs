// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! In place of `io_uring.rs`, for architectures that the io-uring crate does not know.

use super::plan::Batch;
use super::{Backend, Outcome};
use crate::engine::Control;
use crate::errno::{Errno, Result};
use std::convert::Infallible;
use std::os::fd::BorrowedFd;

/// A ring that does not exist.
pub struct Ring(Infallible);

impl Ring {
    /// ENOSYS.
    pub fn open() -> Result<Self> {
        Err(Errno::NOSYS)
    }

    /// The reason why it is of no use to a further call, if it is not.
    pub fn why_useless(&self) -> Option<Errno> {
        match self.0 {}
    }
}

impl Backend for Ring {
    fn begin(
        &mut self,
        _: BorrowedFd<'_>,
        _: Option<&Control>,
        _: &Batch<'_>,
        _: &mut Vec<Outcome>,
    ) -> Result<usize> {
        match self.0 {}
    }
}
