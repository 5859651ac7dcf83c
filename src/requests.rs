// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Requests: whole messages, each of a handle and with an IV of its own, that are processed by one call.
//!
//! The results are those of one call for each request, in order. So requests are processed together
//! only if none needs what another one leaves: no output overlaps another request's memory, nor its IV,
//! and each message has an IV of its own. All others are processed one by one.
//!
//! A call that processes requests together holds the locks of all their handles. It never waits for one
//! while it holds another: the thread that has the one may wait for the other, in a parameter's change,
//! or in a signal handler that has interrupted a call. So it gives all back, waits, and begins anew. The
//! order is that of the handles' addresses, so that calls with the same handles meet at the first one.

#![allow(unsafe_code)]

use crate::engine::requests::process as process_jobs;
use crate::engine::{Control, Job, Op, WholeMessage};
use crate::errno::{Errno, Result};
use crate::handle::Handle;
use crate::iov::List;
use crate::lock::Guard;
use crate::log;
use crate::memory::{self, SMALL};
use crate::overlap::{Memory, are_apart};
use crate::slot::SlotState;
use crate::wipe::Wiper;
use libc::iovec;
use std::ptr;

/// The most requests that are processed at once. A ring has room for as many.
pub const AT_ONCE: usize = 256;

/// A message of a handle.
pub struct Request<'a> {
    /// Its number among the caller's.
    pub number: usize,
    /// The handle.
    pub handle: &'a Handle,
    /// What is to be done.
    pub task: Task,
    /// The message.
    pub input: List<'a>,
    /// The place of the result.
    pub output: List<'a>,
    /// The place that the IV was read from.
    pub iv: iovec,
    /// The result; None: there is none yet.
    pub result: Option<Result<usize>>,
}

/// What a request is for.
pub enum Task {
    /// A cipher's message.
    Crypt(Control),
    /// A digest.
    Digest,
}

impl Task {
    /// That of a cipher's message in this direction, as yet without IV; None: of a digest.
    pub fn without_iv(op: Option<Op>) -> Self {
        op.map_or(Self::Digest, |op| Self::Crypt(Control::of(op)))
    }

    /// The control data of a cipher's message.
    fn control(&self) -> Option<&Control> {
        match self {
            Self::Crypt(control) => Some(control),
            Self::Digest => None,
        }
    }
}

impl<'a> Request<'a> {
    /// A request that has not been processed.
    pub fn new(
        number: usize,
        handle: &'a Handle,
        task: Task,
        input: List<'a>,
        output: List<'a>,
        iv: iovec,
    ) -> Self {
        Self { number, handle, task, input, output, iv, result: None }
    }

    /// The message of a cipher, with its control data.
    pub fn message<'m>(&'m self, control: &'m Control) -> WholeMessage<'m> {
        WholeMessage::new(control, self.input.iovecs(), self.output.iovecs())
    }

    /// The memory that it reads and writes, perhaps with gaps that are others'.
    fn memory(&self) -> Memory {
        let (input, output) = (self.input.iovecs().hull(), self.output.iovecs().hull());
        Memory { iv: self.iv, input, output }
    }

    /// Processes the message by itself. The handle is locked.
    fn process(&mut self, state: &mut SlotState) {
        log::begin();
        let wiper = Wiper::Operation;
        self.result = Some(match &self.task {
            Task::Crypt(control) => self.handle.message_in(state, &self.message(control), wiper),
            Task::Digest => {
                self.handle.digest_in(state, self.input.iovecs(), self.output.iovecs(), wiper)
            }
        });
    }

    /// Makes way for a message that may be processed together with others. False: it may not, or there
    /// is an error in it.
    fn makes_way(&self, state: &mut SlotState) -> bool {
        match &self.task {
            // It goes on with an earlier one's IV.
            Task::Crypt(control) if control.iv.is_none() && self.handle.iv_size() > 0 => false,
            Task::Crypt(control) => self.handle.make_way(state, &self.message(control)).is_ok(),
            Task::Digest => self.handle.makes_way_for_digest(state),
        }
    }
}

/// Processes at most [`AT_ONCE`] requests together. `told` gets each when it has its result. If the
/// requests depend on one another, or it is not possible now, none has a result afterwards: then each
/// is a call of its own.
pub fn process_together(requests: &mut [Request<'_>], mut told: impl FnMut(&Request<'_>)) {
    if are_apart(requests.iter().map(Request::memory)) {
        // SAFETY: that was just seen.
        let _ = unsafe { process_locked(requests, &mut told) };
    }
}

/// Processes requests together, of each handle the first ones that can be. What is left of a handle is
/// processed here, too, in its turn. After an error nothing was processed. ENOMEM; EDEADLK: this is a
/// signal handler that has interrupted a call of one of the handles; EBUSY: other threads use them.
///
/// # Safety
///
/// No output of a request meets another one's memory or IV.
unsafe fn process_locked(
    requests: &mut [Request<'_>],
    told: &mut dyn FnMut(&Request<'_>),
) -> Result<()> {
    memory::ensure(SMALL)?;
    let (mut order, mut jobs) = (Vec::new(), Vec::new());
    order.try_reserve_exact(requests.len())?;
    jobs.try_reserve_exact(requests.len())?;
    order.extend(requests.iter_mut());
    if !order.is_sorted_by_key(|request| request.handle.address()) {
        order.sort_unstable_by_key(|request| (request.handle.address(), request.number));
    }
    let mut locks = lock(&order)?;
    for (of_one, state) in order.chunk_by_mut(|a, b| of_one_handle(a, b)).zip(&mut locks) {
        // The operation is open and stays so, because the first request makes way for all.
        let ready = of_one.iter().take_while(|request| request.makes_way(state)).count();
        let Some(alone) = state.opened_alone() else { continue };
        for request in of_one.iter_mut().take(ready) {
            let Request { task, input, output, result, .. } = &mut **request;
            let control = task.control();
            // SAFETY: the requests are apart, by the caller's promise.
            jobs.push(unsafe { Job::new(alone, control, input.iovecs(), output.iovecs(), result) });
        }
    }
    process_jobs(&mut jobs);
    drop(jobs);
    for (of_one, state) in order.chunk_by_mut(|a, b| of_one_handle(a, b)).zip(&mut locks) {
        note_results(of_one, state);
        for request in of_one {
            if request.result.is_some() {
                // What was noted for the log is about another request.
                log::begin();
            } else {
                // The rest of a message that was refused may be in the operation.
                request.handle.close_failed(state);
                request.process(state);
            }
            told(request);
        }
    }
    Ok(())
}

/// Takes note of the results of messages that were processed together, which are one handle's.
fn note_results(requests: &[&mut Request<'_>], state: &mut SlotState) {
    let results = || requests.iter().filter_map(|one| Some((one.handle, one.result.as_ref()?)));
    // If the operation has failed, that was in its last message, and what was in the operation is lost
    // after all successes. So the last result is the last one that is noted.
    let success = results().find(|(_, result)| matches!(result, Ok(_) | Err(Errno::BADMSG)));
    for (handle, result) in success.into_iter().chain(results().next_back()) {
        handle.after(state, result);
    }
}

fn of_one_handle(one: &Request<'_>, other: &Request<'_>) -> bool {
    ptr::eq(one.handle, other.handle)
}

/// Locks the handles of requests that are sorted by these. EDEADLK; EBUSY: it was tried often enough.
fn lock<'a>(requests: &[&mut Request<'a>]) -> Result<Vec<Guard<'a, SlotState>>> {
    const OFTEN: usize = 32;
    let first_of_each = || requests.chunk_by(|a, b| of_one_handle(a, b)).filter_map(<[_]>::first);
    let mut locks = Vec::new();
    locks.try_reserve_exact(first_of_each().count())?;
    for _ in 0..OFTEN {
        let in_use = first_of_each().find(|first| match first.handle.enter_at_once() {
            Some(state) => {
                locks.push(state);
                false
            }
            None => true,
        });
        let Some(in_use) = in_use else { return Ok(locks) };
        locks.clear();
        drop(in_use.handle.enter()?);
    }
    Err(Errno::BUSY)
}
