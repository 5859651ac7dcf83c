// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! A handle's operation, and the one rule of who closes it.
//!
//! An operation is opened by the first call that needs it. It is closed by
//!
//! - a new key or tag length, if no message is in it ([`Slot::busy`]);
//! - a whole message or the beginning of a stream, if an earlier stream was given up with data in
//!   it, or a
//!   call has failed in a way that left something ([`Operation::failed`]);
//! - the child of a fork(2), unless a stream or digest has begun in it.
//!
//! With the operation its IV is gone, and with a stream's what was said about the stream. So
//! whoever would go on with either is told EINVAL, until a call gives an IV (`SlotState::lost`): an
//! operation that was opened quietly would decrypt, with an IV of zeros.

#![allow(unsafe_code)]

use crate::cancel::Suspended;
use crate::engine::{Alone, Control, Kind, Operation, Progress};
use crate::errno::{Errno, Result};
use crate::fork::{self, Watch};
use crate::generation::generation;
use crate::iov::Iovecs;
use crate::lock::{Event, Guard, Lock, Recover};
use crate::log::because;
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// What the log says of an operation with which a call would go on.
const LOST: &str = "nothing to go on with, after a new key, an error or a fork: give an IV";
const VISITED: &str = "another thread is in a call of the handle's stream";

/// A handle's operation.
pub struct Slot {
    /// Locked for the length of a whole message, so that those of two threads cannot mix. The
    /// stream calls take the operation out and unlock, since one may wait for the other.
    state: Lock<SlotState>,
    /// Threads in a stream's call.
    visitors: AtomicUsize,
    /// Data were sent to the operation, or it was closed.
    arrived: Event,
}

/// What a slot holds.
pub struct SlotState {
    /// The operation; None before the first call, and after it was closed.
    operation: Option<Arc<dyn Operation>>,
    kind: Kind,
    /// An operation was closed with which the caller could go on.
    lost: bool,
    /// An update of a digest failed: what the message has had so far is a part of it.
    pub incomplete: bool,
    /// The process that used it last, by its generation.
    process: u32,
    /// A message has been in the operation: it has something to go on with.
    used: bool,
    /// The operation is told of forks.
    watch: Option<Watch>,
    /// The operation was lent to a stream's call, or is watched. What was not has no message in it,
    /// and has not failed: whatever fails is closed.
    lent: bool,
}

impl Recover for SlotState {
    unsafe fn recover(this: *mut Self) {
        // SAFETY: the caller's promise. The kind never changes. The operation is left to the
        // thread of the parent that was in a call of it.
        unsafe {
            let kind = (*this).kind;
            let lost = !matches!(kind, Kind::Hash | Kind::Rng);
            this.write(Self { lost, incomplete: kind == Kind::Hash, ..Self::new(kind) });
        }
    }
}

impl Slot {
    /// One of a handle that has not been used.
    pub fn new(kind: Kind) -> Self {
        let state = SlotState { process: generation(), ..SlotState::new(kind) };
        Self { state: Lock::new(state), visitors: AtomicUsize::new(0), arrived: Event::default() }
    }

    /// Its state, once no whole message is being processed. The process is this one, by its
    /// generation.
    #[inline]
    pub fn lock(&self, process: u32) -> Result<Guard<'_, SlotState>> {
        self.state.lock_in(process)
    }

    /// Makes the state this process's own, whose generation is `process`; whether it was a
    /// parent's. What has begun goes on, as it was told of the fork; other operations are the
    /// parent's.
    #[inline]
    pub fn enter(&self, state: &mut SlotState, process: u32) -> bool {
        if state.process == process {
            return false;
        }
        state.process = process;
        // The threads of the parent are not here.
        self.visitors.store(0, Ordering::Relaxed);
        if state.operation.as_ref().is_some_and(|op| op.progress() == Progress::Idle) {
            self.close(state);
        }
        true
    }

    /// Whether a new key would take something from a caller: a message has begun, a result was
    /// not read, a thread waits. What has failed is of no use to anyone.
    pub fn busy(&self, state: &SlotState) -> bool {
        state.operation.as_ref().is_some_and(|operation| {
            !operation.failed() && (operation.progress() != Progress::Idle || self.visited())
        })
    }

    fn visited(&self) -> bool {
        self.visitors.load(Ordering::Acquire) > 0
    }

    /// Closes what has failed, and what is in the way of a new message. With `goes_on` the
    /// message has no IV of its own although the algorithm has one. EINVAL: there is nothing to
    /// go on with; a stream's data would be given up that the caller wants to go on with; or a
    /// complete stream was not read, with `read_first`. EBUSY: a thread is in a call of the
    /// stream that would be given up. After an error all is as it was.
    pub fn make_way(&self, state: &mut SlotState, goes_on: bool, read_first: bool) -> Result<()> {
        self.make_way_for(state, goes_on, read_first, |_| Ok(()))
    }

    /// The same for a message that `check` finds an error in before a stream is given up for it.
    fn make_way_for(
        &self,
        state: &mut SlotState,
        goes_on: bool,
        read_first: bool,
        check: impl FnOnce(&dyn Operation) -> Result<()>,
    ) -> Result<()> {
        if let Some(operation) = &state.operation {
            let progress = operation.progress();
            let given_up = matches!(progress, Progress::Pending | Progress::Complete);
            if operation.failed() || given_up {
                if goes_on || (!operation.failed() && read_first && progress == Progress::Complete)
                {
                    return Err(because(Errno::INVAL, "a stream's result has not been read"));
                }
                if self.visited() && !operation.failed() {
                    return Err(because(Errno::BUSY, VISITED));
                }
                check(&**operation)?;
                self.close(state);
            }
        }
        if goes_on && state.lost { Err(because(Errno::INVAL, LOST)) } else { Ok(()) }
    }

    /// The same for a whole message, beside which no thread may be in a stream's call.
    pub fn make_way_alone(
        &self,
        state: &mut SlotState,
        goes_on: bool,
        check: impl FnOnce(&dyn Operation) -> Result<()>,
    ) -> Result<()> {
        if !state.lent {
            return if goes_on && state.lost { Err(because(Errno::INVAL, LOST)) } else { Ok(()) };
        }
        if self.visited() {
            return Err(because(Errno::BUSY, VISITED));
        }
        if let Some(operation) = state.operation.as_ref().filter(|op| op.of_two_processes()) {
            if goes_on {
                return Err(because(Errno::INVAL, "another process shares the stream"));
            }
            check(&**operation)?;
            self.close(state);
            return Ok(());
        }
        self.make_way_for(state, goes_on, false, check)
    }

    /// EINVAL: the operation that a stream's call would go on with is closed, or of no use.
    pub fn check_going_on(&self, state: &mut SlotState) -> Result<()> {
        if state.operation.as_ref().is_some_and(|operation| operation.failed()) {
            self.close(state);
        }
        if state.lost { Err(because(Errno::INVAL, LOST)) } else { Ok(()) }
    }

    /// What a call on the operation has come to: closes it if that has left something, or if it
    /// was opened without a key, which says nothing about the next one.
    #[inline]
    pub fn after<T>(&self, state: &mut SlotState, result: &Result<T>) {
        match result {
            Err(Errno::NOKEY) => state.operation = None,
            Err(_) if state.operation.as_ref().is_some_and(|operation| operation.failed()) => {
                state.used = true;
                self.close(state);
            }
            // There is an IV to go on with.
            Ok(_) | Err(Errno::BADMSG) => (state.used, state.lost) = (true, false),
            // Nothing has happened.
            Err(_) => {}
        }
    }

    /// A stream begins, with an IV or after what it goes on with; whether there was nothing to go
    /// on with before.
    pub fn begin(state: &mut SlotState) -> bool {
        state.used = true;
        std::mem::replace(&mut state.lost, false)
    }

    /// It has not begun after all.
    pub fn not_begun(&self, was_lost: bool) -> Result<()> {
        self.state.lock()?.lost |= was_lost;
        Ok(())
    }

    /// Closes the operation. Who waits in it is told.
    pub fn close(&self, state: &mut SlotState) {
        if let Some(operation) = state.operation.take() {
            // The next message of a digest or generator has nothing to go on with.
            state.lost |= state.used && !matches!(state.kind, Kind::Hash | Kind::Rng);
            state.watch = None;
            drop(operation);
            self.arrived.happened();
        }
    }

    /// Lends the operation to a stream's call, which does not hold the lock.
    pub fn visit(
        self: &Arc<Self>,
        state: &mut SlotState,
        open: impl FnOnce() -> Result<Arc<dyn Operation>>,
    ) -> Result<Visit> {
        let operation = Arc::clone(state.lend(open)?);
        // The first use takes memory that the thread keeps: here, where there is some, and not only if
        // it has to wait. In a destructor, while the thread ends, it cannot be used.
        let _ = WAITING.try_with(|_| {});
        self.visitors.fetch_add(1, Ordering::Relaxed);
        Ok(Visit { slot: Arc::clone(self), operation })
    }
}

/// A stream's call. Where it waits, it waits in user space: sendmsg(2) could not be cancelled
/// without leaving a lock behind, and recvmsg(2) would go on waiting until the caller's buffer is
/// full, with the first results already in it.
pub struct Visit {
    slot: Arc<Slot>,
    operation: Arc<dyn Operation>,
}

thread_local! {
    /// What a thread has that is cancelled while it waits: it is dropped when the thread has ended.
    static WAITING: Cell<Option<Visit>> = const { Cell::new(None) };
}

/// How long a receiver waits before looking again: a sender could also be in another
/// process that shares the stream since fork(2).
const LOOK_AGAIN: Duration = Duration::from_millis(20);

impl Visit {
    /// A piece of the stream's message. Waits for room, until another thread or process receives.
    /// EINVAL: the operation was closed meanwhile.
    pub fn send(
        mut self,
        mut control: Option<&Control>,
        input: Iovecs<'_>,
        more: bool,
        cancellation: &Suspended,
    ) -> Result<usize> {
        let (len, begins) = (input.total()?, control.is_some());
        let mut sent = 0;
        loop {
            match self.send_from(sent, control, input, more) {
                // A piece of which nothing was taken can be sent again.
                Err(errno) => {
                    // Nor is anything lost where another process's message is in the way of one that begins.
                    let begun = begins && !self.operation.of_two_processes();
                    if (begun || sent > 0) && errno != Errno::NOKEY {
                        self.operation.failure().set();
                    }
                    return self.after(Err(errno));
                }
                Ok(taken) => sent += taken,
            }
            if sent >= len {
                return Ok(len);
            }
            if sent > 0 {
                control = None;
            }
            self = self.put_down(cancellation)?;
            self.operation.wait_for_room(LOOK_AGAIN);
        }
    }

    fn send_from(
        &self,
        sent: usize,
        control: Option<&Control>,
        input: Iovecs<'_>,
        more: bool,
    ) -> Result<usize> {
        let mut rest = Vec::new();
        let input = if sent == 0 { input } else { input.after(sent, &mut rest)? };
        self.operation.send(control, input, more, &self.slot.arrived)
    }

    /// Results. Waits until there are some. EINVAL: the operation was closed meanwhile.
    pub fn receive(mut self, output: Iovecs<'_>, cancellation: &Suspended) -> Result<usize> {
        loop {
            let before = self.slot.arrived.now();
            if let Some(result) = self.operation.receive(output).transpose() {
                return self.after(result);
            }
            self = self.put_down(cancellation)?;
            self.slot.arrived.wait(before, LOOK_AGAIN);
        }
    }

    /// Before the thread waits it may be cancelled: all that it has is put down, so that nothing is
    /// left in the frames of its call. EINVAL: the operation was closed.
    fn put_down(self, cancellation: &Suspended) -> Result<Self> {
        if !self.is_current(&*self.slot.state.lock()?) {
            return Err(because(Errno::INVAL, "the stream was given up meanwhile"));
        }
        // Not from a destructor, while the thread ends: there is no place then.
        WAITING.try_with(|waiting| waiting.set(Some(self))).map_err(|_| Errno::AGAIN)?;
        cancellation.point();
        WAITING.take().ok_or(Errno::IO)
    }

    fn is_current(&self, state: &SlotState) -> bool {
        state.operation.as_ref().is_some_and(|current| Arc::ptr_eq(current, &self.operation))
    }

    /// What has failed stays until the next call, since other threads may be in it; but for an
    /// operation without a key, in which nothing has been.
    fn after(&self, result: Result<usize>) -> Result<usize> {
        if matches!(result, Err(Errno::NOKEY)) {
            let mut state = self.slot.state.lock()?;
            if self.is_current(&state) {
                state.operation = None;
                self.slot.arrived.happened();
            }
        }
        result
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        // In the child of a fork(2) in a signal handler during the call, it counts no more.
        let less = |visitors: usize| visitors.checked_sub(1);
        let _ = self.slot.visitors.fetch_update(Ordering::Release, Ordering::Relaxed, less);
    }
}

impl SlotState {
    fn new(kind: Kind) -> Self {
        Self {
            operation: None,
            kind,
            lost: false,
            incomplete: false,
            process: 0,
            used: false,
            watch: None,
            lent: false,
        }
    }

    /// Whether no message has been on it yet.
    pub fn is_new(&self) -> bool {
        self.operation.is_none() && !self.lost
    }

    /// The operation; where there is none, the one that `open` opens.
    pub fn operation(
        &mut self,
        open: impl FnOnce() -> Result<Arc<dyn Operation>>,
    ) -> Result<&Arc<dyn Operation>> {
        match &mut self.operation {
            Some(operation) => Ok(operation),
            none => {
                let opened = none.insert(open()?);
                (self.used, self.watch, self.lent) = (false, None, false);
                Ok(opened)
            }
        }
    }

    /// The operation for a whole message.
    pub fn alone(
        &mut self,
        open: impl FnOnce() -> Result<Arc<dyn Operation>>,
    ) -> Result<(&dyn Operation, Alone<'_>)> {
        let operation = &**self.operation(open)?;
        Ok((operation, Alone::for_holder(operation)))
    }

    /// The operation, which others may use from now on who do not hold the lock.
    fn lend(
        &mut self,
        open: impl FnOnce() -> Result<Arc<dyn Operation>>,
    ) -> Result<&Arc<dyn Operation>> {
        let first = self.operation.is_none() || !self.lent;
        let operation = self.operation(open)?;
        if first {
            operation.lend();
        }
        // Opening it has reset this.
        self.lent = true;
        self.operation.as_ref().ok_or(Errno::IO)
    }

    /// The operation, which is told of forks from now on: more than a whole message will be in it.
    pub fn watched(
        &mut self,
        open: impl FnOnce() -> Result<Arc<dyn Operation>>,
    ) -> Result<&Arc<dyn Operation>> {
        self.lend(open)?;
        let operation = self.operation.as_ref().ok_or(Errno::IO)?;
        if self.watch.is_none() {
            self.watch = Some(fork::watch(Arc::downgrade(operation) as _)?);
        }
        Ok(operation)
    }
}
