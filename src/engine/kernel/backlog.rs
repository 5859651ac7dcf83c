// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The part of a stream that is kept in the process and not in the socket, for drivers that
//! complete later: see [`super::offload`].

#![allow(unsafe_code)]

use crate::errno::{Errno, Result};
use crate::lock::Recover;
use zeroize::Zeroizing;

/// A stream's data and results that are kept here.
#[derive(Default)]
pub struct Backlog {
    /// Data that are no whole granule yet.
    pub(super) held: Zeroizing<Vec<u8>>,
    /// Results, of which the first `given` bytes have been received.
    pub(super) results: Zeroizing<Vec<u8>>,
    pub(super) given: usize,
    /// The error after which there will be no more results.
    pub(super) error: Option<Errno>,
}

impl Recover for Backlog {
    unsafe fn recover(this: *mut Self) {
        // SAFETY: the caller's promise. If a thread of the parent was changing the stream, the
        // child cannot go on with it.
        unsafe { this.write(Self { error: Some(Errno::IO), ..Self::default() }) };
    }
}

impl Backlog {
    /// Bytes of results that were not received.
    pub(super) fn waiting(&self) -> usize {
        self.results.len() - self.given
    }

    /// Room for `more` results.
    pub(super) fn make_room(&mut self, more: usize) -> Result<&mut [u8]> {
        if self.given == self.results.len() {
            self.results.clear();
            self.given = 0;
        }
        let there = self.results.len();
        if self.results.capacity() - there < more {
            // A vector that grows by itself would leave a copy of the results behind.
            let mut larger = Zeroizing::new(Vec::new());
            larger.try_reserve_exact(2 * (self.waiting() + more))?;
            larger.extend_from_slice(self.results.get(self.given..).unwrap_or_default());
            self.results = larger;
            self.given = 0;
        }
        let there = self.results.len();
        self.results.resize(there + more, 0);
        Ok(self.results.get_mut(there..).unwrap_or_default())
    }
}
