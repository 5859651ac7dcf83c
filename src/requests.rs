// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Requests: whole messages, each of a handle and with an IV of its own, that are processed by one call.
//!
//! The results are those of one call for each request, in order. So requests are processed together
//! only if none needs what another one leaves: no output overlaps another request's memory, and each
//! message has an IV of its own. All others are processed one by one, at their place among those of
//! their handle.
//!
//! A call holds the locks of all its handles. It takes them in one order, as all such calls do, so that
//! no two of them wait for each other. It never waits for the end of a parameter's change while it
//! holds one, because that change may wait for it.

use crate::engine::requests::process as process_jobs;
use crate::engine::{Alone, Control, Job, Length, Operation};
use crate::errno::{Errno, Result};
use crate::handle::Handle;
use crate::iov::List;
use crate::lock::Guard;
use crate::log;
use crate::memory::{self, SMALL};
use crate::overlap;
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
    /// Its handle is ready for it to be processed together with others.
    ready: bool,
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
        Self { number, handle, task, input, output, result: None, ready: false }
    }

    /// Processes the message by itself. The handle is locked.
    fn process(&mut self, state: &mut SlotState) {
        log::begin();
        // The rest of a message that was refused may be in the operation.
        self.handle.close_failed(state);
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
}

/// Processes at most [`AT_ONCE`] requests. `told` gets each when it has its result.
pub fn process(requests: &mut [Request<'_>], mut told: impl FnMut(&Request<'_>)) {
    // Without memory for more, or if this is a signal handler that has interrupted a call of one of
    // the handles, each request is a call of its own.
    if requests.len() < 2 || process_locked(requests, &mut told).is_err() {
        for request in requests.iter_mut().filter(|request| request.result.is_none()) {
            match request.handle.enter() {
                Ok(mut state) => request.process(&mut state),
                Err(errno) => request.result = Some(Err(errno)),
            }
            told(request);
        }
    }
}

/// The same with the locks of all handles. After an error nothing was processed.
fn process_locked(requests: &mut [Request<'_>], told: &mut dyn FnMut(&Request<'_>)) -> Result<()> {
    memory::ensure(SMALL)?;
    let mut locked = Locked::new(requests)?;
    let memory = requests.iter().map(|one| [one.input.iovecs().hull(), one.output.iovecs().hull()]);
    if overlap::are_apart(memory) {
        if locked.several() {
            requests.sort_unstable_by_key(|request| (request.handle.address(), request.number));
        }
        // Without memory each is processed by itself.
        let _ = process_together(requests, &mut locked);
    }
    for request in requests {
        let Some(state) = locked.state(request.handle) else { continue };
        match &request.result {
            Some(result) => request.handle.after(state, result),
            None => request.process(state),
        }
        told(request);
    }
    Ok(())
}

/// Gives a result to those requests that the engines can process together, which are the first ones
/// of each handle. They stand in the order of the handles' addresses.
fn process_together(requests: &mut [Request<'_>], locked: &mut Locked<'_>) -> Result<()> {
    let of_one_handle = |one: &Request<'_>, other: &Request<'_>| ptr::eq(one.handle, other.handle);
    for of_one in requests.chunk_by_mut(of_one_handle) {
        let state = of_one.first().and_then(|first| locked.state(first.handle)).ok_or(Errno::IO)?;
        for request in of_one {
            request.ready = request.makes_way(state);
            if !request.ready {
                break;
            }
        }
    }
    let mut jobs = Vec::new();
    jobs.try_reserve_exact(requests.len())?;
    for request in requests.iter_mut().filter(|request| request.ready) {
        let Request { handle, task, input, output, result, .. } = request;
        let operation = locked.operation(handle).ok_or(Errno::IO)?;
        jobs.push(Job {
            operation,
            alone: Alone::for_holder(operation),
            control: task.own_control(handle).ok_or(Errno::IO)?,
            input: input.iovecs(),
            output: output.iovecs(),
            outcome: result,
        });
    }
    process_jobs(&mut jobs);
    Ok(())
}

/// The handles of all requests, and their locks.
enum Locked<'a> {
    One(Guard<'a, SlotState>),
    /// In the order of the handles' addresses.
    Several(Vec<(&'a Handle, Guard<'a, SlotState>)>),
}

impl<'a> Locked<'a> {
    fn new(requests: &[Request<'a>]) -> Result<Self> {
        let Some(first) = requests.first() else { return Err(Errno::INVAL) };
        if requests.iter().all(|request| ptr::eq(request.handle, first.handle)) {
            return first.handle.enter().map(Self::One);
        }
        let (mut handles, mut locked) = (Vec::new(), Vec::new());
        handles.try_reserve_exact(requests.len())?;
        handles.extend(requests.iter().map(|request| request.handle));
        handles.sort_unstable_by_key(|handle| handle.address());
        handles.dedup_by_key(|handle| handle.address());
        locked.try_reserve_exact(handles.len())?;
        while let Some(&handle) = handles.get(locked.len()) {
            match handle.enter_at_once()? {
                Some(state) => locked.push((handle, state)),
                None => {
                    locked.clear();
                    drop(handle.enter()?);
                }
            }
        }
        Ok(Self::Several(locked))
    }

    fn several(&self) -> bool {
        matches!(self, Self::Several(_))
    }

    fn state(&mut self, handle: &Handle) -> Option<&mut SlotState> {
        match self {
            Self::One(state) => Some(state),
            Self::Several(locked) => {
                let place = locked.binary_search_by_key(&handle.address(), |(h, _)| h.address());
                Some(&mut locked.get_mut(place.ok()?)?.1)
            }
        }
    }

    /// A handle's operation, if one is open.
    fn operation(&self, handle: &Handle) -> Option<&dyn Operation> {
        match self {
            Self::One(state) => state.opened(),
            Self::Several(locked) => {
                let place = locked.binary_search_by_key(&handle.address(), |(h, _)| h.address());
                locked.get(place.ok()?)?.1.opened()
            }
        }
    }
}
