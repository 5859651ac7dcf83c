// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! A message digest, keyed or not, as the pseudo-random function of a key
//! derivation.
//!
//! Input and output are slices, which never overlap, so that key derivation needs no raw IOVECs.

#![allow(unsafe_code)]

use crate::engine::{DIGEST_MAX, Parameter};
use crate::errno::{Errno, Result};
use crate::handle::Handle;
use crate::iov::{Iovecs, iovec};
use crate::lock::Guard;
use crate::slot::SlotState;
use crate::wipe::{Wiped, Wiper};
use std::ffi::CStr;
use std::ops::{Deref, DerefMut};

/// A digest, which is wiped when it is dropped.
#[derive(Clone)]
pub struct Digest {
    bytes: Wiped<DIGEST_MAX>,
    len: usize,
}

impl Deref for Digest {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl DerefMut for Digest {
    fn deref_mut(&mut self) -> &mut [u8] {
        self.bytes.get_mut(..self.len).unwrap_or_default()
    }
}

/// A handle of a message digest.
pub struct Prf<'a> {
    handle: &'a Handle,
    size: usize,
}

impl<'a> Prf<'a> {
    /// EINVAL if `handle` is not that of a digest.
    pub fn new(handle: &'a Handle) -> Result<Self> {
        match handle.properties().digest_size as usize {
            size @ 1..=DIGEST_MAX => Ok(Self { handle, size }),
            _ => Err(Errno::INVAL),
        }
    }

    /// The engine that computes it.
    pub fn engine(&self) -> &'static CStr {
        self.handle.engine()
    }

    /// Bytes in a digest.
    pub fn size(&self) -> usize {
        self.size
    }

    /// A digest of zeros.
    pub fn zeros(&self) -> Digest {
        Digest { bytes: Wiped::ZEROS, len: self.size }
    }

    /// Sets the key.
    pub fn set_key(&self, key: &[u8]) -> Result<()> {
        self.handle.set(Parameter::Key(key)).map(drop)
    }

    /// Locks the handle for a whole derivation: all of its digests have the same key, whatever other
    /// threads set on the transform.
    pub fn enter(&self) -> Result<Guard<'a, SlotState>> {
        self.handle.enter()
    }

    /// The digest of `parts`, one after the other, for a key derivation that wipes the stack at its end.
    /// EMSGSIZE: more than INT_MAX bytes.
    pub fn digest<const N: usize>(&self, parts: [&[u8]; N]) -> Result<Digest> {
        self.digest_in(&mut *self.enter()?, parts)
    }

    /// The same for a caller who has locked the handle by `enter`.
    pub fn digest_in<const N: usize>(
        &self,
        state: &mut SlotState,
        parts: [&[u8]; N],
    ) -> Result<Digest> {
        let mut digest = self.zeros();
        self.digest_into(state, parts, &mut digest).map(|()| digest)
    }

    /// The same, written over another digest: a derivation of many takes no new one for each.
    pub fn digest_into<const N: usize>(
        &self,
        state: &mut SlotState,
        parts: [&[u8]; N],
        digest: &mut Digest,
    ) -> Result<()> {
        let input = parts.map(|part| iovec(part.as_ptr(), part.len()));
        let output = [iovec(digest.as_mut_ptr(), digest.len())];
        // SAFETY: the parts are borrowed and may be read; the digest may be written
        // and is not used while the engine writes it.
        let (input, output) = unsafe { (Iovecs::new(&input), Iovecs::new(&output)) };
        match self.handle.digest_in(state, input, output, Wiper::Caller)? {
            len if len == self.size => Ok(()),
            _ => Err(Errno::IO),
        }
    }
}
