// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Requests: whole messages, each of a handle and with an IV of its own, that are processed by one call.
//!
//! The results are those of one call for each request, in order. So requests are processed together
//! only if none needs what another one leaves: no output overlaps another request's memory, and each
//! message has an IV of its own. All others are processed one by one.
//!
//! A call that processes requests together holds the locks of all their handles. It takes them in the
//! order of the handles' addresses, as all such calls do, so that no two of them wait for each other.
//! It never waits for the end of a parameter's change while it holds one, because that change may wait
//! for it.

use crate::engine::requests::process as process_jobs;
use crate::engine::{Alone, Control, Job, Length};
use crate::errno::Result;
use crate::handle::Handle;
use crate::iov::List;
use crate::lock::Guard;
use crate::log;
use crate::memory::{self, SMALL};
use crate::overlap::are_apart;
use crate::slot::SlotState;
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
    /// The control data of a message that does not go on with an earlier one's IV.
    fn own_control(&self, handle: &Handle) -> Option<&Control> {
        match self {
            Self::Crypt(control) if control.iv.is_some() || !handle.has_iv() => Some(control),
            _ => None,
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
    ) -> Self {
        Self { number, handle, task, input, output, result: None }
    }

    /// Processes the message by itself. The handle is locked.
    fn process(&mut self, state: &mut SlotState) {
        log::begin();
        let (input, output) = (self.input.iovecs(), self.output.iovecs());
        self.result = Some(match &self.task {
            Task::Crypt(control) => {
                self.handle.message_in(state, control, input, output, Length::Whole)
            }
            Task::Digest => self.handle.digest_in(state, input, output),
        });
    }

    /// Makes way for a message that may be processed together with others. False: it may not, or there
    /// is an error in it.
    fn makes_way(&self, state: &mut SlotState) -> bool {
        let (input, output) = (self.input.iovecs(), self.output.iovecs());
        let control = self.task.own_control(self.handle);
        control.is_some_and(|own| self.handle.make_way(state, own, input, output).is_ok())
    }

    /// Processes the message by itself.
    fn process_alone(&mut self) {
        match self.handle.enter() {
            Ok(mut state) => self.process(&mut state),
            Err(errno) => self.result = Some(Err(errno)),
        }
    }
}

/// Processes at most [`AT_ONCE`] requests, together if they do not depend on one another. `told` gets
/// each when it has its result.
pub fn process(requests: &mut [Request<'_>], mut told: impl FnMut(&Request<'_>)) {
    let hulls = |one: &Request<'_>| [one.input.iovecs().hull(), one.output.iovecs().hull()];
    if are_apart(requests.iter().map(hulls)) {
        // Without memory for it, or if this is a signal handler that has interrupted a call of one of
        // the handles, each request is a call of its own.
        let _ = process_together(requests, &mut told);
    }
    for request in requests.iter_mut().filter(|request| request.result.is_none()) {
        request.process_alone();
        told(request);
    }
}

/// Processes requests together, of each handle the first ones that can be. What is left of a handle is
/// processed here, too, in its turn. ENOMEM, EDEADLK: nothing was processed.
fn process_together(
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
        let Some(operation) = state.opened() else { continue };
        for request in of_one.iter_mut().take(ready) {
            let Request { handle, task, input, output, result, .. } = &mut **request;
            jobs.extend(task.own_control(handle).map(|control| Job {
                operation,
                alone: Alone::for_holder(operation),
                control,
                input: input.iovecs(),
                output: output.iovecs(),
                outcome: result,
            }));
        }
    }
    process_jobs(&mut jobs);
    drop(jobs);
    for (of_one, state) in order.chunk_by_mut(|a, b| of_one_handle(a, b)).zip(&mut locks) {
        for request in of_one {
            match &request.result {
                Some(result) => request.handle.after(state, result),
                None => {
                    // The rest of a message that was refused may be in the operation.
                    request.handle.close_failed(state);
                    request.process(state);
                }
            }
            told(request);
        }
    }
    Ok(())
}

fn of_one_handle(one: &Request<'_>, other: &Request<'_>) -> bool {
    ptr::eq(one.handle, other.handle)
}

/// Locks the handles of requests that are sorted by these.
fn lock<'a>(requests: &[&mut Request<'a>]) -> Result<Vec<Guard<'a, SlotState>>> {
    let first_of_each = || requests.chunk_by(|a, b| of_one_handle(a, b)).filter_map(<[_]>::first);
    let mut locks = Vec::new();
    locks.try_reserve_exact(first_of_each().count())?;
    loop {
        let mut changing = None;
        for first in first_of_each() {
            match first.handle.enter_at_once()? {
                Some(state) => locks.push(state),
                None => {
                    changing = Some(first.handle);
                    break;
                }
            }
        }
        let Some(handle) = changing else { return Ok(locks) };
        locks.clear();
        drop(handle.enter()?);
    }
}
