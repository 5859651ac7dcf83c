// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! A stream that was begun before fork(2), in memory that parent and child share. On the kernel
//! engine they share the socket in the same way.
//!
//! The memory holds the contents of a [`CipherState`]. A call takes the lock, makes a `CipherState`
//! of the memory, and writes it back afterwards. That is slower than a stream of one process, but
//! simple. The lock is one of the C library's that is free again when a process dies that holds it
//! (pthread_mutexattr_setrobust(3)). The stream is lost then (EIO). Where the C library has none of
//! these, others notice after a minute that such a process has died.

#![allow(unsafe_code)]

use super::cipher_state::CipherState;
use crate::engine::Iv;
use crate::errno::{Errno, Result};
use crate::sys::mapping::Mapping;
use crate::sys::mutex::{self, LastHolder};
use crate::wipe::wipe_bytes;

/// The size of a stream's memory, of which the kernel gives as much as is used. A writer that finds it full waits. A
/// message of an AEAD, which nobody can receive in part, is EMSGSIZE if it does not fit.
const LEN: usize = if cfg!(target_pointer_width = "64") { 64 << 20 } else { 8 << 20 };

/// Room for further data where a limit does not allow as much. Where mlockall(2) locks new memory all of
/// a mapping counts against RLIMIT_MEMLOCK, whether it is used or not, so this leaves something of that
/// to the program.
const LITTLE: usize = 256 << 10;

/// The beginning of the memory. The data follow.
#[repr(C)]
struct Header {
    lock: libc::pthread_mutex_t,
    /// The lock is free again when a process dies that holds it.
    robust: bool,
    iv: [u8; Iv::MAX],
    assoclen: usize,
    data_len: usize,
    encrypt: bool,
    begun: bool,
    more: bool,
    /// A process died while it used the memory.
    broken: bool,
}

/// A state that processes share; each has one of these. When the last is dropped the kernel takes
/// the memory back, and gives it to nobody before it has wiped it.
pub struct SharedStream(Mapping);

impl SharedStream {
    /// Moves `state` to memory that a child of the next fork(2) shares. ENOMEM; EAGAIN: it would be
    /// locked, and RLIMIT_MEMLOCK allows no more.
    pub fn new(state: &mut CipherState) -> Result<Self> {
        // What one process has sent so far may be more than LEN.
        let needed = size_of::<Header>() + state.data.len() + LITTLE;
        let mapping = Mapping::shared_by_page(needed.max(LEN));
        let shared = Self(mapping.or_else(|_| Mapping::shared_by_page(needed))?);
        // SAFETY: the header is this function's own so far, and zeros, which are a value of all
        // but the lock, are in it.
        unsafe {
            let header = shared.header();
            (*header).robust = mutex::init(&raw mut (*header).lock)?;
        }
        // SAFETY: nobody else knows of the memory yet.
        unsafe { shared.store(state) }?;
        *state = CipherState::default();
        Ok(shared)
    }

    /// Calls `f` with the state, whose changes all processes see. EIO: a process died while it used
    /// the state. EMSGSIZE: there are too many data.
    pub fn with<T>(&self, f: impl FnOnce(&mut CipherState) -> Result<T>) -> Result<T> {
        let lock = Locked::new(self)?;
        // SAFETY: the lock is held until `lock` goes.
        let mut state = unsafe { self.load() }?;
        let result = f(&mut state);
        // SAFETY: as above.
        unsafe { self.store(&mut state) }?;
        drop(lock);
        result
    }

    /// Bytes that may be sent before something is received.
    pub fn room(&self) -> Result<usize> {
        let _lock = Locked::new(self)?;
        // SAFETY: the lock is held; as in `load`.
        Ok(self.capacity() - unsafe { (*self.header()).data_len })
    }

    /// Bytes of data that it can hold.
    fn capacity(&self) -> usize {
        self.0.len() - size_of::<Header>()
    }

    fn header(&self) -> *mut Header {
        self.0.start().as_ptr()
    }

    fn data(&self) -> *mut u8 {
        // SAFETY: the mapping is longer than its header.
        unsafe { self.header().add(1).cast() }
    }

    /// # Safety
    ///
    /// The lock is held.
    unsafe fn load(&self) -> Result<CipherState> {
        let (header, mut state) = (self.header(), CipherState::default());
        // SAFETY: the caller's promise. No reference is made to the header, since others write to its lock while they
        // wait for it. So many bytes of data are there, and nobody writes them while the lock is held.
        unsafe {
            (state.begun, state.more) = ((*header).begun, (*header).more);
            *state.settings.iv = (*header).iv;
            state.settings.encrypt = (*header).encrypt;
            state.settings.assoclen = (*header).assoclen;
            let len = (*header).data_len;
            state.room = Some(self.capacity() - len);
            state.data.grow(len)?;
            self.data().copy_to_nonoverlapping(state.data.bytes().as_mut_ptr(), len);
        }
        Ok(state)
    }

    /// # Safety
    ///
    /// The lock is held, or nobody else knows of the memory.
    unsafe fn store(&self, state: &mut CipherState) -> Result<()> {
        let len = state.data.len();
        if len > self.capacity() {
            return Err(Errno::MSGSIZE);
        }
        let header = self.header();
        // SAFETY: the caller's promise; as in `load`. There is room for so many bytes, and for those that were there.
        unsafe {
            (*header).iv = *state.settings.iv;
            (*header).encrypt = state.settings.encrypt;
            (*header).assoclen = state.settings.assoclen;
            ((*header).begun, (*header).more) = (state.begun, state.more);
            self.data().copy_from_nonoverlapping(state.data.bytes().as_ptr(), len);
            let before = (*header).data_len;
            if before > len {
                let rest = std::slice::from_raw_parts_mut(self.data().add(len), before - len);
                wipe_bytes(rest);
            }
            (*header).data_len = len;
        }
        Ok(())
    }
}

/// Says, as long as it lives, that the lock is held.
struct Locked<'a>(&'a SharedStream);

impl<'a> Locked<'a> {
    fn new(shared: &'a SharedStream) -> Result<Self> {
        let header = shared.header();
        // SAFETY: the lock was made by `new`, and its memory is mapped; `broken` is read and
        // written by who holds it.
        unsafe {
            let last_holder = mutex::lock(&raw mut (*header).lock, (*header).robust)?;
            let locked = Self(shared);
            (*header).broken |= last_holder == LastHolder::Died;
            if (*header).broken { Err(Errno::IO) } else { Ok(locked) }
        }
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        // SAFETY: this thread holds it.
        unsafe { mutex::unlock(&raw mut (*self.0.header()).lock) };
    }
}
