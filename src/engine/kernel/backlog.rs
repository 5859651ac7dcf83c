// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The part of a stream that is kept in the process and not in the socket, for drivers that
//! complete later: see [`super::offload`].

#![allow(unsafe_code)]

use crate::errno::{Errno, Result};
use crate::lock::Recover;
use crate::sys::mapping::Mapping;
use std::sync::atomic::{AtomicUsize, Ordering};
use zeroize::Zeroizing;

/// A stream's data and results that are kept here.
#[derive(Default)]
pub struct Backlog {
    /// Data that are no whole granule yet.
    pub(super) held: Zeroizing<Vec<u8>>,
    /// Results, of which the first `given` bytes have been received.
    pub(super) results: Zeroizing<Vec<u8>>,
    given: usize,
    /// The results of before a fork(2), which two processes share. There are no others then.
    shared: Option<SharedResults>,
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
        match &self.shared {
            Some(shared) => shared.len - shared.given().load(Ordering::Relaxed),
            None => self.results.len() - self.given,
        }
    }

    /// Gives `write` the next results, whole granules if `room` is too little for all. Returns how many
    /// bytes these are. After an error they are still here.
    pub(super) fn give(
        &mut self,
        room: usize,
        granule: usize,
        mut write: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<usize> {
        loop {
            let waiting = self.waiting();
            let now = if room < waiting { room - room % granule } else { waiting };
            let (all, given) = match &self.shared {
                Some(shared) => (shared.bytes(), shared.len - waiting),
                None => (self.results.as_slice(), self.given),
            };
            write(all.get(given..given + now).unwrap_or_default())?;
            let Some(shared) = &self.shared else {
                self.given += now;
                return Ok(now);
            };
            // Another process may have received the same bytes meanwhile: they are its own then.
            let (before, order) = (given, Ordering::Relaxed);
            if shared.given().compare_exchange(before, given + now, order, order).is_ok() {
                return Ok(now);
            }
        }
    }

    /// Before a fork(2): the results go to memory that the child shares. ENOMEM.
    pub(super) fn share_results(&mut self) -> Result<()> {
        if self.shared.is_none() && self.waiting() > 0 {
            let results = self.results.get(self.given..).unwrap_or_default();
            self.shared = Some(SharedResults::new(results)?);
            (self.results, self.given) = (Zeroizing::default(), 0);
        }
        Ok(())
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
            larger.try_reserve_exact((self.waiting() + more).saturating_mul(2))?;
            larger.extend_from_slice(self.results.get(self.given..).unwrap_or_default());
            self.results = larger;
            self.given = 0;
        }
        let there = self.results.len();
        self.results.resize(there + more, 0);
        Ok(self.results.get_mut(there..).unwrap_or_default())
    }
}

/// Results that processes share. The memory begins with the number of bytes that one of them has
/// received; the results follow, and nobody changes them.
struct SharedResults {
    memory: Mapping,
    len: usize,
}

impl SharedResults {
    fn new(results: &[u8]) -> Result<Self> {
        let memory = Mapping::shared(size_of::<AtomicUsize>() + results.len())?;
        let shared = Self { memory, len: results.len() };
        // SAFETY: the mapping has room for the results behind the number, and is nobody else's yet.
        unsafe { shared.first().copy_from_nonoverlapping(results.as_ptr(), results.len()) };
        Ok(shared)
    }

    fn given(&self) -> &AtomicUsize {
        // SAFETY: the mapping begins with it, zero at first, and lives as long as this.
        unsafe { self.memory.start().as_ref() }
    }

    fn first(&self) -> *mut u8 {
        // SAFETY: the mapping is longer than the number.
        unsafe { self.memory.start::<AtomicUsize>().as_ptr().add(1).cast() }
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: so many bytes were written by `new`, and are not written any more.
        unsafe { std::slice::from_raw_parts(self.first(), self.len) }
    }
}
