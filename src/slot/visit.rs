// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! A stream's call, which waits for another thread or process without a lock, and may be cancelled there.

use super::{GIVEN_UP, Slot, SlotState};
use crate::cancel::Suspended;
use crate::engine::{Control, Operation};
use crate::errno::{Errno, Result};
use crate::iov::Iovecs;
use crate::log::because;
use crate::memory::{self, SMALL};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// A stream's call. It never waits in a system call but in user space, for two reasons. A thread
/// that is cancelled in sendmsg(2) would leave a lock behind. recvmsg(2) would go on waiting until
/// the caller's buffer is full, although the first results are already in it.
pub struct Visit {
    slot: Arc<Slot>,
    operation: Arc<dyn Operation>,
    /// The call that waits in the same thread, if this is the call of a signal handler that has interrupted it.
    interrupted: Vec<Self>,
}

thread_local! {
    /// The call in which a thread waits. If the thread is cancelled there, this is dropped when the
    /// thread has ended.
    static WAITING: Cell<Option<Visit>> = const { Cell::new(None) };

    /// WAITING has been used.
    static PREPARED: Cell<bool> = const { Cell::new(false) };
}

/// The time after which a receiver looks again without having been told of data: the sender may be
/// in another process, which shares the stream since fork(2) and cannot tell this one.
const LOOK_FOR_DATA: Duration = Duration::from_millis(20);

impl Visit {
    /// A call in `operation`, which is the slot's. ENOMEM.
    pub(super) fn new(slot: &Arc<Slot>, operation: &Arc<dyn Operation>) -> Result<Self> {
        let interrupted = Self::prepare()?;
        slot.visitors.fetch_add(1, Ordering::Relaxed);
        Ok(Self { slot: Arc::clone(slot), operation: Arc::clone(operation), interrupted })
    }

    /// Takes the memory that a call needs to wait, because a failure could not be reported where it does: that of
    /// the first use of WAITING, which the thread keeps, and room for a call that this one has interrupted. In a
    /// destructor, while the thread ends, WAITING cannot be used.
    fn prepare() -> Result<Vec<Self>> {
        if !PREPARED.get() {
            memory::ensure(SMALL)?;
            PREPARED.set(true);
        }
        let mut interrupted = Vec::new();
        let is_inner = WAITING.try_with(|waiting| {
            let outer = waiting.take();
            let is_inner = outer.is_some();
            waiting.set(outer);
            is_inner
        });
        if is_inner == Ok(true) {
            interrupted.try_reserve_exact(1)?;
        }
        Ok(interrupted)
    }

    /// Sends a piece of the stream's message. Waits for room until another thread or process
    /// receives. EINVAL: the operation was closed meanwhile.
    pub fn send(
        mut self,
        mut control: Option<&Control>,
        input: Iovecs<'_>,
        more: bool,
        cancellation: &Suspended,
    ) -> Result<usize> {
        let begins = control.is_some();
        let mut sent = 0;
        loop {
            match self.send_from(sent, control, input, more) {
                // A piece of which nothing was taken can be sent again: that is no failure. But a stream that does
                // not begin is one, also if that is for its length: no later piece may go on with what was before.
                Err(errno) => {
                    // EDEADLK is told to a signal handler only, whose thread may be in a call of the
                    // same stream; EBUSY where another thread has begun one meanwhile.
                    let refused = matches!(errno, Errno::NOKEY | Errno::DEADLK | Errno::BUSY);
                    if sent > 0 || (begins && !refused) {
                        self.operation.failure().set();
                    }
                    return self.after(Err(errno));
                }
                Ok(taken) => sent += taken,
            }
            if sent >= input.total()? {
                return Ok(sent);
            }
            if sent > 0 {
                control = None;
            }
            self = self.wait(cancellation, sent > 0, |_, operation| {
                operation.wait_for_room(LOOK_FOR_DATA);
            })?;
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

    /// Receives results. Waits until there are some. EINVAL: the operation was closed meanwhile.
    pub fn receive(mut self, output: Iovecs<'_>, cancellation: &Suspended) -> Result<usize> {
        loop {
            let before = self.slot.arrived.now();
            // What a beginning that was refused has left in the operation is no result.
            if self.operation.failed() {
                return Err(because(Errno::INVAL, GIVEN_UP));
            }
            if let Some(result) = self.operation.receive(output).transpose() {
                return self.after(result);
            }
            self.follow()?;
            self = self.wait(cancellation, false, |slot, _| {
                slot.arrived.wait(before, LOOK_FOR_DATA);
            })?;
        }
    }

    /// Waits by `wait`. The thread may be cancelled before that and while it waits. All that the thread has is put into WAITING
    /// meanwhile, because a cancelled thread drops nothing of what is in the frames of its call: neither
    /// there nor in a signal handler that interrupts it while it waits, and is cancelled in a call of its own.
    /// EINVAL: the operation was closed. `is_cut` says that a part of a piece was taken, so that an error is one
    /// of the stream: what was taken cannot be sent again.
    fn wait(
        self,
        cancellation: &Suspended,
        is_cut: bool,
        wait: impl FnOnce(&Slot, &dyn Operation),
    ) -> Result<Self> {
        if let Err(errno) = self.check_current() {
            if is_cut {
                self.operation.failure().set();
            }
            return Err(errno);
        }
        let (slot, operation) = (Arc::as_ptr(&self.slot), Arc::as_ptr(&self.operation));
        let mut visit = Some(self);
        let put_down = WAITING.try_with(|waiting| {
            if let Some(mut visit) = visit.take() {
                visit.interrupted.extend(waiting.take());
                waiting.set(Some(visit));
            }
        });
        // SAFETY: the visit keeps both. It is in this frame or in WAITING, where a signal handler's call
        // puts it back.
        let wait = || unsafe { wait(&*slot, &*operation) };
        if put_down.is_err() {
            // A destructor's call while the thread ends, which cannot be cancelled any more.
            wait();
            return visit.ok_or(Errno::IO);
        }
        // SAFETY: the frames above are those of `send` or `receive`, whose visit is this one, of the handle's
        // method, which has dropped its lock, and of the C function. Of what they hold only an IV has a
        // destructor; it is not wiped then, which does no harm, since an IV is no secret. The lists that they refer to
        // are the caller's. Those of `wait` hold numbers and references.
        unsafe { cancellation.while_waiting(wait) };
        visit = WAITING.take();
        WAITING.set(visit.as_mut().and_then(|visit| visit.interrupted.pop()));
        visit.ok_or(Errno::IO)
    }

    /// Takes the operation in which the next stream begins, see [`SlotState::is_successor`].
    fn follow(&mut self) -> Result<()> {
        let state = self.slot.state.lock()?;
        if state.is_successor
            && let Some(operation) = &state.operation
        {
            self.operation = Arc::clone(operation);
        }
        Ok(())
    }

    fn check_current(&self) -> Result<()> {
        if self.is_current(&*self.slot.state.lock()?) {
            return Ok(());
        }
        Err(because(Errno::INVAL, "the stream was given up meanwhile"))
    }

    fn is_current(&self, state: &SlotState) -> bool {
        state.operation.as_ref().is_some_and(|current| Arc::ptr_eq(current, &self.operation))
    }

    /// Takes note of the result. An operation that has failed stays until the next call closes it,
    /// since other threads may be in it. One without a key is closed at once: no message was in it.
    fn after(&self, result: Result<usize>) -> Result<usize> {
        if matches!(result, Err(Errno::NOKEY)) {
            let mut state = self.slot.state.lock()?;
            if self.is_current(&state) {
                state.unsettle();
                state.operation = None;
                self.slot.arrived.happened();
            }
        }
        result
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        // The count may be 0: if a signal handler calls fork(2) during this call, the child sets it
        // so.
        let less = |visitors: usize| visitors.checked_sub(1);
        let _ = self.slot.visitors.fetch_update(Ordering::Release, Ordering::Relaxed, less);
    }
}
