// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The socket that is bound to an algorithm, and what fork(2) makes of it.
//!
//! After a fork(2) parent and child have the same socket, for which the kernel keeps one key and
//! one tag length. But each process should have its own:
//!
//! - A key is set on a new socket if another process may have the old one.
//! - A tag length cannot be set on a new socket, which would have no key: only the kernel knows the
//!   old one. So the parent may go on setting it on the old socket. It notes the length in memory
//!   that both share. If the child finds another length there, its messages are refused (EBUSY)
//!   until it sets a key.
//!
//! fork(2) waits for a thread that is setting a parameter, so that what the child knows is what the
//! kernel has.

#![allow(unsafe_code)]

use super::socket;
use crate::engine::Kind;
use crate::errno::{Errno, Result};
use crate::fork::Forked;
use crate::generation::{children, generation};
use crate::lock::{Guard, Lock, Recover};
use crate::log::{because, log};
use crate::sys::mapping::Mapping;
use libc::c_int;
use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// The tag length while a process is setting another one. It is longer than any tag.
const UNKNOWN: u32 = u32::MAX;

/// A bound socket, and the parameters that were set.
pub struct Bound {
    socket: OwnedFd,
    kind: Kind,
    name: CString,
    /// The tag length that was set; 0, which no algorithm takes, if none was.
    tag_len: u32,
    /// The socket's tag length, which another process may set, too.
    tag_len_of_all: OfAll,
    /// A key is in the kernel.
    has_key: bool,
    /// The process that has bound it, by its generation, and its number of children then.
    owner: (u32, u32),
}

/// The tag length of a socket that processes share, as all of them see it.
enum OfAll {
    /// It need not be seen: only this process has the socket; or it has no key, and a key is set on
    /// another one.
    Own,
    /// In memory that all of them see.
    Shared(NumberOfAll),
    /// There was no memory for that.
    Unseen,
}

// The default of `recover` is right, since fork(2) waits until a change is complete.
impl Recover for Bound {}

/// This process, and its number of children.
fn this_process() -> (u32, u32) {
    (generation(), children())
}

impl Bound {
    /// bind(2) on a new socket.
    pub fn new(socket: OwnedFd, kind: Kind, name: &CStr) -> Result<Self> {
        socket::bind(socket.as_fd(), kind, name)?;
        Ok(Self {
            socket,
            kind,
            name: name.to_owned(),
            tag_len: 0,
            tag_len_of_all: OfAll::Own,
            has_key: false,
            owner: this_process(),
        })
    }

    /// The socket.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// The tag length that was set, in bytes; 0 if none was.
    pub fn tag_len(&self) -> u32 {
        self.tag_len
    }

    /// accept(2): an operation, which has the key and the tag length of this process, and that
    /// length, of which `longest` is in force if none was set. EBUSY: another process has set
    /// another one.
    pub fn accept(&self, longest: u32) -> Result<(OwnedFd, u32)> {
        let in_force = |tag_len| if tag_len == 0 { longest } else { tag_len };
        let own = in_force(self.tag_len);
        let accepted = socket::accept(self.as_fd())?;
        // From here on the kernel refuses another tag length, as long as the operation is open.
        match &self.tag_len_of_all {
            OfAll::Own => Ok((accepted, own)),
            OfAll::Shared(of_all) if in_force(of_all.settled()) == own => Ok((accepted, own)),
            _ => Err(because(Errno::BUSY, "the parent has set another tag length: set a key")),
        }
    }

    /// Sets a key, by `option` of AF_ALG and its value. If another process may have the socket since
    /// fork(2), a new one takes its place here. Otherwise the other process would get this key; or
    /// its operations would be in the way (EBUSY) for as long as it lives.
    pub fn set_key(&mut self, option: c_int, value: &[u8]) -> Result<c_int> {
        // These have parameters besides the key that are not known here and could not be set again.
        let can_be_anew = !matches!(self.kind, Kind::Akcipher | Kind::Kpp);
        if can_be_anew && self.owner != this_process() {
            return self.set_key_anew(option, value);
        }
        let result = self.set(option, value);
        // This process has closed its own operations, so those that are open are a child's copies.
        if result == Err(Errno::BUSY) && can_be_anew {
            return self.set_key_anew(option, value);
        }
        self.has_key = has_key(self.has_key, result);
        result
    }

    /// Sets a key on a new socket, which takes the place of the one that this process shares. If
    /// there was no key that could be set, the old socket stays with the key that it has.
    fn set_key_anew(&mut self, option: c_int, value: &[u8]) -> Result<c_int> {
        let socket = self.bind_anew()?;
        let result = told(option, socket::set(socket.as_fd(), option, value));
        self.has_key = has_key(self.has_key, result);
        if result.is_ok() || !self.has_key {
            self.take(socket);
        }
        result
    }

    /// A new socket with the same tag length and without a key.
    fn bind_anew(&self) -> Result<OwnedFd> {
        let socket = socket::open()?;
        socket::bind(socket.as_fd(), self.kind, &self.name)?;
        if self.tag_len != 0 {
            socket::set_len(socket.as_fd(), libc::ALG_SET_AEAD_AUTHSIZE, self.tag_len)?;
        }
        Ok(socket)
    }

    /// Goes on with a socket that only this process has.
    fn take(&mut self, socket: OwnedFd) {
        self.socket = socket;
        self.tag_len_of_all = OfAll::Own;
        self.owner = this_process();
    }

    /// Returns whether a key was set.
    pub fn has_key(&self) -> bool {
        self.has_key
    }

    /// Sets the tag length. EBUSY: it is another process's, too, or was: see the module.
    pub fn set_tag_len(&mut self, len: u32) -> Result<c_int> {
        // A parent goes on with its socket, although it may have children: they may never use it.
        if self.owner.0 != generation() {
            if self.has_key {
                return if self.tag_len == len { Ok(0) } else { Err(Errno::BUSY) };
            }
            self.take(self.bind_anew()?);
        }
        self.tell_all(UNKNOWN);
        let result = self.set_len(libc::ALG_SET_AEAD_AUTHSIZE, len);
        if result.is_ok() {
            self.tag_len = len;
        }
        self.tell_all(self.tag_len);
        result
    }

    fn tell_all(&self, tag_len: u32) {
        if let OfAll::Shared(of_all) = &self.tag_len_of_all {
            of_all.store(tag_len);
        }
    }

    /// setsockopt(2) with a value.
    pub fn set(&self, option: c_int, value: &[u8]) -> Result<c_int> {
        told(option, socket::set(self.as_fd(), option, value))
    }

    /// setsockopt(2) with a length alone.
    pub fn set_len(&self, option: c_int, len: u32) -> Result<c_int> {
        told(option, socket::set_len(self.as_fd(), option, len))
    }
}

/// Whether the kernel has a key after another one was set with this result. If it refuses a key, it
/// forgets the old one; for other errors it has not got as far as that, such as when there is no key
/// with a serial number.
fn has_key(before: bool, set: Result<c_int>) -> bool {
    match set {
        Ok(_) => true,
        Err(Errno::INVAL) => false,
        Err(_) => before,
    }
}

fn told(option: c_int, result: Result<c_int>) -> Result<c_int> {
    match result {
        Ok(_) => log!(Debug, "setsockopt(2) {option} succeeded"),
        Err(errno) => log!(Debug, "setsockopt(2) {option} failed (errno: -{})", errno.number()),
    }
    result
}

/// A bound socket for several threads, which is told of fork(2).
pub struct LockedBound {
    bound: Lock<Bound>,
    /// The lock is kept for a fork(2) that is going on.
    kept: AtomicBool,
}

impl LockedBound {
    pub fn new(bound: Bound) -> Self {
        Self { bound: Lock::new(bound), kept: AtomicBool::new(false) }
    }

    /// Locked while an operation is opened and while something is set, so that an operation's tag
    /// length is the kernel's.
    pub fn lock(&self) -> Result<Guard<'_, Bound>> {
        self.bound.lock()
    }
}

impl Forked for LockedBound {
    fn before(&self) {
        // EDEADLK: a signal handler forks, which has interrupted a thread that has the lock.
        let Ok(mut bound) = self.lock() else { return };
        if bound.kind == Kind::Aead && bound.has_key && matches!(bound.tag_len_of_all, OfAll::Own) {
            let of_all = NumberOfAll::new(bound.tag_len);
            bound.tag_len_of_all = of_all.map_or(OfAll::Unseen, OfAll::Shared);
        }
        self.kept.store(true, Ordering::Relaxed);
        bound.keep();
    }

    fn in_parent(&self) {
        if self.kept.swap(false, Ordering::Relaxed) {
            // SAFETY: this thread has kept it in `before`.
            let mut bound = unsafe { self.bound.kept() };
            if matches!(bound.tag_len_of_all, OfAll::Unseen) {
                bound.tag_len_of_all = OfAll::Own;
            }
        }
    }

    fn in_child(&self) {
        // Here the lock is free, as it was another process's.
        self.kept.store(false, Ordering::Relaxed);
    }
}

/// A number that is the same for a process and its children.
struct NumberOfAll(Mapping);

impl NumberOfAll {
    fn new(number: u32) -> Result<Self> {
        let shared = Self(Mapping::shared(size_of::<AtomicU32>())?);
        shared.store(number);
        Ok(shared)
    }

    fn as_atomic(&self) -> &AtomicU32 {
        // SAFETY: the mapping is aligned and has room for a number, of which zeros are a value; it
        // lives as long as `self`, and is used as an atomic number only.
        unsafe { self.0.start().as_ref() }
    }

    /// The number. Waits for a process that is about to change it, but not for ever: that may have
    /// been killed.
    fn settled(&self) -> u32 {
        const AT_MOST: usize = 1000;
        let load = || self.as_atomic().load(Ordering::SeqCst);
        for _ in 0..AT_MOST {
            match load() {
                UNKNOWN => std::thread::yield_now(),
                known => return known,
            }
        }
        UNKNOWN
    }

    fn store(&self, number: u32) {
        self.as_atomic().store(number, Ordering::SeqCst);
    }
}
