// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The user engine's operation of a digest.
//!
//! A digest never waits: data are hashed when they are sent, and a receiver gets the digest of all
//! that was sent before, whether the message is complete or not.
//!
//! Reference: Linux `crypto/algif_hash.c`.

use crate::engine::user::algorithm::Keyed;
use crate::engine::user::algorithm::hash::Hasher;
use crate::engine::user::data::{copy_out, in_and_apart, read_each, read_only};
use crate::engine::user::lease::Lease;
use crate::engine::{Control, DIGEST_MAX, Failure, Operation, Progress};
use crate::errno::{Errno, Result};
use crate::fork::Forked;
use crate::iov::Iovecs;
use crate::lock::{Event, Lock, Recover};
use crate::memory;
use crate::wipe::{Depth, Wiped, Wiper, wipe_bytes};
use std::sync::atomic::{AtomicBool, Ordering};

/// A digest's message in progress.
pub struct HashOperation {
    lease: Lease,
    state: Lock<HashState>,
    /// A message has begun, and its digest was not received.
    begun: AtomicBool,
    failure: Failure,
}

/// At most one of the two is there.
#[derive(Default)]
struct HashState {
    /// A message of which more follows.
    open: Option<Box<dyn Hasher>>,
    /// Whether `digest` is that of a message that is complete.
    complete: bool,
    /// Written and wiped in its place: a move would leave a copy behind. It would also take along what is on the
    /// stack, in the bytes that lie between the fields.
    digest: Wiped<DIGEST_MAX>,
}

impl Recover for HashState {
    #[allow(unsafe_code)]
    unsafe fn recover(this: *mut Self) {
        // SAFETY: the caller's promise. The handle's slot, locked for the length of each call, says
        // that the message is incomplete.
        unsafe { this.write(HashState::default()) };
    }
}

impl HashState {
    /// Forgets a digest that is complete.
    fn forget(&mut self) {
        if self.complete {
            wipe_bytes(&mut *self.digest);
            self.complete = false;
        }
    }
}

impl HashOperation {
    /// No message yet.
    pub fn new(lease: Lease) -> Self {
        Self {
            lease,
            state: Lock::default(),
            begun: AtomicBool::new(false),
            failure: Failure::default(),
        }
    }

    /// A message's beginning.
    pub(super) fn beginning(&self) -> Result<&dyn Hasher> {
        match self.lease.keyed()? {
            Keyed::Hash(beginning) => Ok(&**beginning),
            _ => Err(Errno::INVAL),
        }
    }

    /// Runs `f`, which hashes, and wipes the part of the stack that it takes.
    fn hash<T>(&self, f: impl FnOnce() -> T) -> T {
        self.lease.depth.run_in_call(f)
    }

    fn begin(&self) -> Result<Box<dyn Hasher>> {
        let beginning = self.beginning()?;
        memory::ensure(size_of_val(beginning))?;
        Ok(beginning.fork())
    }

    /// Goes on with the message of which more follows, or begins one. A digest that nobody has received is forgotten.
    fn go_on(&self, state: &mut HashState) -> Result<Box<dyn Hasher>> {
        state.forget();
        match state.open.take() {
            Some(hasher) => Ok(hasher),
            None => self.failure.note(self.begin()),
        }
    }

    fn finish(&self, state: &mut HashState, hasher: Box<dyn Hasher>) {
        let digest = state.digest.get_mut(..self.digest_size()).unwrap_or_default();
        self.hash(|| hasher.finish(digest));
        state.complete = true;
    }

    pub(super) fn digest_size(&self) -> usize {
        self.lease.common.digest_size()
    }

    /// A digest of a message that has begun, or that lies in several IOVECs or where its digest goes. Apart, so that
    /// others need no room for it.
    #[inline(never)]
    fn digest_by_copy(&self, input: Iovecs<'_>, output: Iovecs<'_>, wiper: Wiper) -> Result<usize> {
        if !self.begun.load(Ordering::Relaxed) {
            let beginning = self.failure.note(self.beginning())?;
            let mut digest = Wiped::<DIGEST_MAX>::ZEROS;
            let digest = digest.get_mut(..self.digest_size()).ok_or(Errno::INVAL)?;
            let whole = || read_only(input, |message| beginning.digest(&[message], digest));
            if wiper.run(self.lease.depth, whole).is_some() {
                return Ok(copy_out(digest, output));
            }
        }
        // Further down than what a message at once takes.
        wiper.run(Depth::Deep, || {
            self.send(None, input, false, &Event::default())?;
            self.receive(output)?.ok_or(Errno::AGAIN)
        })
    }
}

impl Operation for HashOperation {
    fn send(&self, _: Option<&Control>, input: Iovecs<'_>, more: bool, _: &Event) -> Result<usize> {
        let len = input.total()?;
        let mut state = self.state.lock()?;
        let mut hasher = self.go_on(&mut state)?;
        self.hash(|| read_each(input, |bytes| hasher.update(bytes)));
        if more {
            state.open = Some(hasher);
        } else {
            self.finish(&mut state, hasher);
        }
        self.begun.store(true, Ordering::Relaxed);
        Ok(len)
    }

    fn receive(&self, output: Iovecs<'_>) -> Result<Option<usize>> {
        if output.total()? == 0 {
            return Ok(Some(0));
        }
        let mut state = self.state.lock()?;
        if !state.complete {
            let hasher = self.go_on(&mut state)?;
            self.finish(&mut state, hasher);
        }
        let digest = state.digest.get(..self.digest_size()).unwrap_or_default();
        let copied = copy_out(digest, output);
        state.forget();
        self.begun.store(false, Ordering::Relaxed);
        Ok(Some(copied))
    }

    fn digest(&self, input: Iovecs<'_>, output: Iovecs<'_>, wiper: Wiper) -> Result<usize> {
        // EMSGSIZE before any memory is read.
        input.total()?;
        // If nothing has been sent, the state is not needed, nor its lock.
        if !self.begun.load(Ordering::Relaxed) {
            let beginning = self.failure.note(self.beginning())?;
            // SAFETY: this is the message's only use, and they are gone when the call returns.
            #[allow(unsafe_code)]
            let apart = unsafe { in_and_apart(input, output, self.digest_size()) };
            if let Some((message, digest)) = apart {
                let message = [message];
                wiper.run(self.lease.depth, || beginning.digest(&message, digest));
                return Ok(digest.len());
            }
        }
        self.digest_by_copy(input, output, wiper)
    }

    fn progress(&self) -> Progress {
        if self.begun.load(Ordering::Relaxed) { Progress::Pending } else { Progress::Idle }
    }

    fn failure(&self) -> &Failure {
        &self.failure
    }
}

/// Each process has a copy of the message's beginning.
impl Forked for HashOperation {}
