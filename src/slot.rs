// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! A handle's operation, and the one rule of who closes it.
//!
//! An operation is opened by the first call that needs it. It is closed by
//!
//! - a new key or tag length, if no message is in it ([`Slot::busy`]);
//! - a whole message or the beginning of a stream, if an earlier stream was given up with data in
//!   it, or if another process shares the operation;
//! - a call that has failed in a way that left something behind ([`Operation::failed`]): by itself if it was a whole
//!   message's, else by the next call, since threads may be in the stream;
//! - a call of a digest's message that has failed ([`crate::handle::Handle::update_digest`]);
//! - a call that found no key (ENOKEY), since the next one may have one. Nothing is lost then, because no message was
//!   in it;
//! - the child of a fork(2), unless a stream or digest has begun in it.
//!
//! When an operation is closed its IV is lost, and with a stream's operation its direction, too. A
//! call that would go on with either is told EINVAL ([`Lost`]): a message until a call gives an IV, a stream
//! until another one begins. If a new operation were opened quietly instead, it would decrypt, with an IV of
//! zeros, and report success; and what is left of a stream would go on with another message's IV.

#![allow(unsafe_code)]

mod visit;

use crate::engine::{Alone, Kind, Operation, Progress};
use crate::errno::{Errno, Result};
use crate::fork::{self, Watch};
use crate::generation::generation;
use crate::lock::{Event, Guard, Lock, Recover};
use crate::log::because;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
pub use visit::Visit;

/// The log's reason where there is no operation for a call to go on with.
const LOST: &str = "nothing to go on with, after a new key, an error or a fork: give an IV";
/// The log's reason where a stream has no further pieces and results.
const GIVEN_UP: &str = "the stream was given up: begin another one";
/// The log's reason where a stream is in the way.
const UNREAD: &str = "a stream's result has not been read";
/// The log's reason where a stream of two processes is.
const SHARED: &str = "another process shares the stream";
/// The log's reason where another thread is in the way.
const VISITED: &str = "another thread is in a call of the handle's stream";

/// A handle's operation.
pub struct Slot {
    /// Locked for the length of a whole message, so that those of two threads cannot mix. The
    /// stream calls take the operation out and unlock, since one may wait for the other.
    state: Lock<SlotState>,
    /// Threads in a stream's call.
    visitors: AtomicUsize,
    /// Happens when data were sent to the operation, and when it is closed.
    arrived: Event,
}

/// What is missing of a digest's message. Without it the next digest would be that of another message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    Nothing,
    /// A piece: there is no digest until the message is ended.
    Piece,
    /// All of it, since the call that was to end it has failed: what comes is a new message.
    Message,
}

impl Missing {
    /// A piece, if it is a digest's message.
    fn piece_of(kind: Kind) -> Self {
        if kind == Kind::Hash { Self::Piece } else { Self::Nothing }
    }
}

/// What the caller may still expect to go on with although it is gone.
#[derive(Clone, Copy, Default)]
pub struct Lost {
    /// The IV that the last message has left, until a call gives one.
    iv: bool,
    /// A stream that has begun, until another one does.
    stream: bool,
}

impl Lost {
    /// EINVAL: there is nothing for a whole message without an IV to go on with.
    fn check_iv(self) -> Result<()> {
        if self.iv { Err(because(Errno::INVAL, LOST)) } else { Ok(()) }
    }
}

/// The contents of a slot.
pub struct SlotState {
    /// The operation; None before the first call, and after it was closed.
    operation: Option<Arc<dyn Operation>>,
    kind: Kind,
    lost: Lost,
    /// The whole message that is being processed ends a stream that has begun.
    ends_stream: bool,
    /// What is missing of a digest's message.
    pub missing: Missing,
    /// The operation has taken the place of one that two processes share, in which a stream had ended: receivers
    /// that wait there for the next stream find it here.
    is_successor: bool,
    /// The process that used it last, by its generation.
    process: u32,
    /// A message has been in the operation: it has something to go on with.
    used: bool,
    /// The operation is told of forks.
    watch: Option<Watch>,
    /// The operation was lent to a stream's call, or is watched. One that never was has no message
    /// in it and has not failed, because an operation that fails in a whole message is closed at
    /// once.
    lent: bool,
    /// Pieces of a digest's message have been sent.
    pub digest_begun: bool,
    /// Nothing of this changes, also while the lock is held: by a stream's call, which takes what it finds here. So
    /// the child of a fork(2) in another thread finds it whole.
    settled: AtomicBool,
}

impl Recover for SlotState {
    unsafe fn recover(this: *mut Self) {
        // SAFETY: the caller's promise. If the state is settled it is whole, and what a stream has begun goes on. Else
        // the kind never changes, and the operation is left to the thread of the parent that was in a call of it.
        unsafe {
            if (*this).settled.load(Ordering::Acquire) {
                return;
            }
            let kind = (*this).kind;
            let goes_on = !matches!(kind, Kind::Hash | Kind::Rng);
            let lost = Lost { iv: goes_on, stream: goes_on };
            let missing = if (*this).digest_begun { Missing::Piece } else { Missing::Nothing };
            this.write(Self { lost, missing, ..Self::new(kind) });
        }
    }
}

impl Slot {
    /// One of a handle that has not been used.
    pub fn new(kind: Kind) -> Self {
        let state = SlotState { process: generation(), ..SlotState::new(kind) };
        Self { state: Lock::new(state), visitors: AtomicUsize::new(0), arrived: Event::default() }
    }

    /// Waits until no whole message is being processed. `process` is the generation of this
    /// process.
    #[inline]
    pub fn lock(&self, process: u32) -> Result<Guard<'_, SlotState>> {
        self.state.lock_first_in(process)
    }

    /// The same for a caller who holds other locks.
    pub fn lock_too(&self, process: u32) -> Result<Guard<'_, SlotState>> {
        self.state.lock_in(process)
    }

    /// The same without waiting. None: another call holds it.
    pub fn try_lock(&self, process: u32) -> Option<Guard<'_, SlotState>> {
        self.state.try_lock_in(process)
    }

    /// Makes the state this process's own, whose generation is `process`. A stream or digest that has
    /// begun goes on, because its operation was told of the fork. Any other operation belongs to the
    /// parent, so it is closed here, and so is one that could not be made ready for two processes.
    #[inline]
    pub fn adopt(&self, state: &mut SlotState, process: u32) {
        if state.process == process {
            return;
        }
        state.unsettle();
        state.process = process;
        // The threads of the parent are not here.
        self.visitors.store(0, Ordering::Relaxed);
        if let Some(operation) = &state.operation {
            let failed = operation.failed();
            if failed || operation.progress() == Progress::Idle {
                self.close(state);
            }
            if failed {
                state.missing = Missing::piece_of(state.kind);
            }
        }
    }

    /// Returns whether a new key would take something from a caller: a message that has begun, a
    /// result that was not read, or the operation in which a thread waits. One that has failed is
    /// of no use to anyone.
    pub fn busy(&self, state: &SlotState) -> bool {
        state.operation.as_ref().is_some_and(|operation| {
            // A visit that ends in between has left its message: so visitors are asked for first.
            !operation.failed() && (self.visited() || operation.progress() != Progress::Idle)
        })
    }

    fn visited(&self) -> bool {
        self.visitors.load(Ordering::Acquire) > 0
    }

    /// Closes an operation that has failed or is in the way of a new message. `goes_on` says that
    /// the message has no IV of its own although the algorithm has one; `open` opens an operation. After an
    /// error nothing has changed.
    ///
    /// EINVAL: there is nothing to go on with; or the message would go on with a stream whose data
    /// would be given up, or that another process shares; or, with `read_first`, a stream is complete and was
    /// not read. EBUSY: a
    /// thread is in a call of the stream that would be given up, or no operation can be opened that has this
    /// process's tag length.
    pub fn make_way(
        &self,
        state: &mut SlotState,
        goes_on: bool,
        read_first: bool,
        open: impl FnOnce() -> Result<Arc<dyn Operation>>,
    ) -> Result<()> {
        self.make_way_for(state, goes_on, read_first, |_| Ok(()), open)
    }

    /// The same. If `check` finds an error in the message, no stream is given up for it.
    fn make_way_for(
        &self,
        state: &mut SlotState,
        goes_on: bool,
        read_first: bool,
        check: impl FnOnce(&dyn Operation) -> Result<()>,
        open: impl FnOnce() -> Result<Arc<dyn Operation>>,
    ) -> Result<()> {
        let mut begun = false;
        if let Some(operation) = &state.operation {
            let (progress, failed) = (operation.progress(), operation.failed());
            begun = progress != Progress::Idle;
            let given_up = !failed && matches!(progress, Progress::Pending | Progress::Complete);
            // What began in an operation of two processes would be open to the other one.
            let shared = operation.of_two_processes();
            if failed || given_up || shared {
                if given_up && read_first && progress == Progress::Complete {
                    return Err(because(Errno::INVAL, UNREAD));
                }
                if goes_on {
                    return Err(because(Errno::INVAL, if shared { SHARED } else { UNREAD }));
                }
                if given_up && self.visited() {
                    return Err(because(Errno::BUSY, VISITED));
                }
                check(&**operation)?;
                self.replace_operation(state, open)?;
                state.is_successor = shared && !failed && !given_up;
            } else if begun {
                check(&**operation)?;
            }
        }
        if goes_on {
            state.lost.check_iv()?;
        }
        state.ends_stream = begun;
        Ok(())
    }

    /// The same for a whole message, which ends a stream that has begun. While it is processed no thread may be in
    /// a stream's call.
    #[inline(always)]
    pub fn make_way_alone(
        &self,
        state: &mut SlotState,
        goes_on: bool,
        check: impl FnOnce(&dyn Operation) -> Result<()>,
        open: impl FnOnce() -> Result<Arc<dyn Operation>>,
    ) -> Result<()> {
        if state.lent {
            return self.make_way_in_lent(state, goes_on, check, open);
        }
        if goes_on { state.lost.check_iv() } else { Ok(()) }
    }

    /// Apart, since few operations are lent.
    #[cold]
    fn make_way_in_lent(
        &self,
        state: &mut SlotState,
        goes_on: bool,
        check: impl FnOnce(&dyn Operation) -> Result<()>,
        open: impl FnOnce() -> Result<Arc<dyn Operation>>,
    ) -> Result<()> {
        if self.visited() {
            return Err(because(Errno::BUSY, VISITED));
        }
        self.make_way_for(state, goes_on, false, check, open)
    }

    /// Closes the operation when its successor is there: between them another process could set a tag
    /// length with which there is none, and the stream would be lost for nothing (EBUSY). If there is
    /// another reason, such as that there is no further descriptor, the operation gives way first.
    fn replace_operation(
        &self,
        state: &mut SlotState,
        open: impl FnOnce() -> Result<Arc<dyn Operation>>,
    ) -> Result<()> {
        let successor = open();
        if let Err(Errno::BUSY) = successor {
            return Err(Errno::BUSY);
        }
        self.close(state);
        if successor.is_ok() {
            state.operation(|| successor)?;
        }
        Ok(())
    }

    /// Checks that a stream's call can go on. EINVAL: the operation is closed, or has failed.
    pub fn check_going_on(&self, state: &mut SlotState) -> Result<()> {
        self.close_failed(state);
        if state.lost.stream { Err(because(Errno::INVAL, GIVEN_UP)) } else { state.lost.check_iv() }
    }

    /// Closes an operation that has failed.
    pub fn close_failed(&self, state: &mut SlotState) {
        if state.operation.as_ref().is_some_and(|operation| operation.failed()) {
            self.close(state);
        }
    }

    /// Takes note of a call's result. The operation is closed if the call has failed and left
    /// something behind in it. It is closed, too, if it was opened without a key: the next one may
    /// have a key.
    #[inline]
    pub fn after<T>(&self, state: &mut SlotState, result: &Result<T>) {
        if std::mem::take(&mut state.ends_stream) {
            // Unless the call was refused before it did anything.
            let is_over = |operation: &Arc<dyn Operation>| operation.progress() == Progress::Idle;
            state.lost.stream |= state.operation.as_ref().is_none_or(is_over);
        }
        match result {
            Err(Errno::NOKEY) => state.operation = None,
            Err(_) if state.operation.as_ref().is_some_and(|operation| operation.failed()) => {
                state.used = true;
                self.close(state);
            }
            // The next call has an IV to go on with. After a wrong tag, too, only the message is
            // gone.
            Ok(_) | Err(Errno::BADMSG) => (state.used, state.lost.iv) = (true, false),
            // The call was refused before it did anything.
            Err(_) => {}
        }
    }

    /// Takes note that a stream begins or goes on. Returns what was lost before.
    pub fn begin(state: &mut SlotState) -> Lost {
        let before = state.lost;
        if !state.used || state.ends_stream || before.iv || before.stream {
            state.unsettle();
            (state.used, state.ends_stream, state.lost) = (true, false, Lost::default());
            state.settle();
        }
        before
    }

    /// Takes note that a stream was to begin and does not. Later pieces must not go on with one that has ended. One that
    /// has not stays as it is.
    pub fn refuse_start(state: &mut SlotState) {
        let idle = |operation: &Arc<dyn Operation>| operation.progress() == Progress::Idle;
        state.lost.stream |= state.operation.as_ref().is_none_or(idle);
    }

    /// Takes back what `begin` has noted: the stream has not begun after all.
    pub fn not_begun(&self, before: Lost) -> Result<()> {
        let mut state = self.state.lock()?;
        state.unsettle();
        let lost = &mut state.lost;
        *lost = Lost { iv: lost.iv || before.iv, stream: lost.stream || before.stream };
        Ok(())
    }

    /// Closes the operation. Threads that wait in it are told.
    pub fn close(&self, state: &mut SlotState) {
        state.unsettle();
        if let Some(operation) = state.operation.take() {
            // The messages of digests and generators never go on with anything.
            let goes_on = state.used && !matches!(state.kind, Kind::Hash | Kind::Rng);
            let in_stream = state.watch.is_some()
                && (operation.failed() || operation.progress() != Progress::Idle);
            state.lost.iv |= goes_on;
            state.lost.stream |= goes_on && in_stream;
            state.watch = None;
            drop(operation);
            self.arrived.happened();
        }
    }

    /// Lends the operation to a stream's call, which then does not hold the lock.
    pub fn visit(
        self: &Arc<Self>,
        state: &mut SlotState,
        open: impl FnOnce() -> Result<Arc<dyn Operation>>,
    ) -> Result<Visit> {
        let visit = Visit::new(self, state.lend(open)?)?;
        state.settle();
        Ok(visit)
    }
}

impl SlotState {
    fn new(kind: Kind) -> Self {
        Self {
            operation: None,
            kind,
            lost: Lost::default(),
            ends_stream: false,
            missing: Missing::Nothing,
            is_successor: false,
            process: 0,
            used: false,
            watch: None,
            lent: false,
            digest_begun: false,
            settled: AtomicBool::new(false),
        }
    }

    /// Says that the state changes from now on.
    pub fn unsettle(&mut self) {
        self.settled.store(false, Ordering::Relaxed);
        // A child sees no change without this.
        fence(Ordering::Release);
    }

    /// Says that it does not any more, until that is said again.
    fn settle(&self) {
        self.settled.store(true, Ordering::Release);
    }

    /// Says that the next digest's message begins anew.
    pub fn begin_digest_anew(&mut self) {
        (self.missing, self.digest_begun) = (Missing::Nothing, false);
    }

    /// Returns whether `process` has used it last, by its generation.
    pub fn belongs_to(&self, process: u32) -> bool {
        self.process == process
    }

    /// Returns whether no message has been in the operation yet.
    pub fn is_new(&self) -> bool {
        self.operation.is_none() && !self.lost.iv
    }

    /// The operation. If there is none, `open` opens one.
    pub fn operation(
        &mut self,
        open: impl FnOnce() -> Result<Arc<dyn Operation>>,
    ) -> Result<&Arc<dyn Operation>> {
        if self.operation.is_none() {
            let opened = open()?;
            self.unsettle();
            (self.used, self.watch, self.lent, self.is_successor) = (false, None, false, false);
            self.operation = Some(opened);
        }
        self.operation.as_ref().ok_or(Errno::IO)
    }

    /// Returns whether a digest's message, or a stream, has begun in the operation.
    pub fn has_begun(&self) -> bool {
        let begun = |operation: &Arc<dyn Operation>| operation.progress() != Progress::Idle;
        self.watch.is_some() && self.operation.as_ref().is_some_and(begun)
    }

    /// The operation that is open.
    pub fn opened_alone(&self) -> Option<Alone<'_>> {
        let operation = self.operation.as_deref()?;
        // SAFETY: this state is borrowed as long, and it is reached by the slot's lock alone.
        Some(unsafe { Alone::new(operation) })
    }

    /// The operation.
    pub fn alone(
        &mut self,
        open: impl FnOnce() -> Result<Arc<dyn Operation>>,
    ) -> Result<Alone<'_>> {
        self.operation(open)?;
        self.opened_alone().ok_or(Errno::IO)
    }

    /// The operation. From now on it is used by others, too, who do not hold the lock.
    fn lend(
        &mut self,
        open: impl FnOnce() -> Result<Arc<dyn Operation>>,
    ) -> Result<&Arc<dyn Operation>> {
        let first = self.operation.is_none() || !self.lent;
        let operation = self.operation(open)?;
        if first {
            operation.lend();
            // Opening it has reset this.
            self.unsettle();
            self.lent = true;
        }
        self.operation.as_ref().ok_or(Errno::IO)
    }

    /// The operation. From now on it is told of forks, because a message stays in it between calls.
    pub fn watched(
        &mut self,
        open: impl FnOnce() -> Result<Arc<dyn Operation>>,
    ) -> Result<&Arc<dyn Operation>> {
        self.lend(open)?;
        if self.watch.is_none() {
            self.unsettle();
            let operation = self.operation.as_ref().ok_or(Errno::IO)?;
            self.watch = Some(fork::watch(Arc::downgrade(operation) as _)?);
        }
        self.operation.as_ref().ok_or(Errno::IO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Control, Failure};
    use crate::fork::Forked;
    use crate::iov::Iovecs;
    use std::sync::Mutex;

    /// An operation in which the beginning of a stream ends while its progress is asked for.
    #[derive(Default)]
    struct Beginning {
        failure: Failure,
        visit: Mutex<Option<Visit>>,
    }

    impl Forked for Beginning {}

    impl Operation for Beginning {
        fn send(&self, _: Option<&Control>, _: Iovecs<'_>, _: bool, _: &Event) -> Result<usize> {
            Err(Errno::IO)
        }

        fn receive(&self, _: Iovecs<'_>) -> Result<Option<usize>> {
            Ok(None)
        }

        fn progress(&self) -> Progress {
            match self.visit.lock().unwrap().take() {
                Some(_) => Progress::Idle,
                None => Progress::Pending,
            }
        }

        fn failure(&self) -> &Failure {
            &self.failure
        }
    }

    #[test]
    fn a_stream_that_begins_while_a_key_is_set_is_not_given_up() {
        let slot = Arc::new(Slot::new(Kind::Skcipher));
        let operation = Arc::new(Beginning::default());
        let mut state = slot.lock(generation()).unwrap();
        let visit = slot.visit(&mut state, || Ok(operation.clone())).unwrap();
        *operation.visit.lock().unwrap() = Some(visit);
        assert!(slot.busy(&state));
        // It holds the operation.
        drop(operation.visit.lock().unwrap().take());
    }
}
