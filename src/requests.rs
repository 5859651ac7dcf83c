// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Requests: whole messages, each of a handle and with an IV of its own, that are processed by one call.
//!
//! The results are those of one call for each request, in order. So requests are processed together
//! only if none needs what another one leaves: no output overlaps another request's memory, and each
//! message has an IV of its own. All others are processed one by one, at their place among those of
//! their handle.
//!
//! A call holds the locks of all its handles. It takes them in the order of their addresses, as all
//! such calls do, so that no two of them wait for each other. It never waits for the end of a
//! parameter's change while it holds one, because that change may wait for it.

use crate::engine::requests::process as process_jobs;
use crate::engine::{Alone, Control, Job, Length, Operation};
use crate::errno::{Errno, Result};
use crate::handle::Handle;
use crate::iov::Iovecs;
use crate::lock::Guard;
use crate::log;
use crate::memory::{self, SMALL};
use crate::overlap::{Overlap, overlap};
use crate::slot::SlotState;

/// The most requests that are processed at once. A ring has room for as many.
pub const AT_ONCE: usize = 256;

/// A message of a handle.
pub struct Request<'a> {
    /// The handle.
    pub handle: &'a Handle,
    /// What is to be done.
    pub task: Task,
    /// The message.
    pub input: Iovecs<'a>,
    /// The place of the result.
    pub output: Iovecs<'a>,
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

impl Request<'_> {
    /// One call for the request alone.
    fn process(&self) -> Result<usize> {
        match &self.task {
            Task::Crypt(control) => {
                self.handle.message(control, self.input, self.output, Length::Whole)
            }
            Task::Digest => self.handle.digest(self.input, self.output),
        }
    }

    /// The same with the handle's lock.
    fn process_in(&self, state: &mut SlotState) -> Result<usize> {
        match &self.task {
            Task::Crypt(control) => {
                self.handle.message_in(state, control, self.input, self.output, Length::Whole)
            }
            Task::Digest => self.handle.digest_in(state, self.input, self.output),
        }
    }

    /// Makes way for a message that does not go on with an earlier one. None: it does, or there is
    /// an error in it.
    fn make_way(&self, state: &mut SlotState) -> Option<()> {
        let control = self.own_control()?;
        self.handle.make_way(state, control, self.input, self.output).ok()
    }

    /// The control data of a message that does not go on with an earlier one's IV.
    fn own_control(&self) -> Option<&Control> {
        match &self.task {
            Task::Crypt(control) if control.iv.is_some() || !self.handle.has_iv() => Some(control),
            _ => None,
        }
    }
}

/// Processes at most [`AT_ONCE`] requests. `told` gets the number of each when it has its result.
pub fn process(requests: &mut [Request<'_>], told: &mut dyn FnMut(usize, &Request<'_>)) {
    if requests.len() > 1 {
        // Without memory for more, or if this is a signal handler that has interrupted a call of one
        // of the handles, each request is a call of its own.
        let _ = process_locked(requests, told);
    }
    for (number, request) in requests.iter_mut().enumerate() {
        if request.result.is_none() {
            log::begin();
            request.result = Some(request.process());
            told(number, request);
        }
    }
}

/// The same with the locks of all handles. After an error there may be requests without a result.
fn process_locked(
    requests: &mut [Request<'_>],
    told: &mut dyn FnMut(usize, &Request<'_>),
) -> Result<()> {
    memory::ensure(SMALL)?;
    let mut locked = Locked::new(requests)?;
    let mut turns = list(requests.iter().map(|request| locked.place(request.handle)).zip(0..))?;
    if are_apart(requests)? {
        turns.sort_unstable();
        process_together(requests, &turns, &mut locked)?;
    }
    for &(handle, number) in &turns {
        let state = locked.state(handle)?;
        let Some(request) = requests.get_mut(number) else { continue };
        match &request.result {
            Some(result) => request.handle.after(state, result),
            None => {
                log::begin();
                // The rest of a message that was refused may be in the operation.
                request.handle.close_failed(state);
                request.result = Some(request.process_in(state));
            }
        }
        told(number, request);
    }
    Ok(())
}

/// Gives a result to those requests that the engines can process together, which are the first ones
/// of each handle.
fn process_together(
    requests: &mut [Request<'_>],
    turns: &[Turn],
    locked: &mut Locked<'_>,
) -> Result<()> {
    let mut chosen = list(turns.iter().copied())?;
    chosen.clear();
    for turns in turns.chunk_by(|(one, _), (other, _)| one == other) {
        for &(handle, number) in turns {
            let Some(request) = requests.get(number) else { continue };
            if request.make_way(locked.state(handle)?).is_none() {
                break;
            }
            chosen.push((handle, number));
        }
    }
    let mut jobs = list(chosen.iter().filter_map(|&(handle, number)| {
        let request = requests.get(number)?;
        let operation = locked.operation(handle)?;
        Some(Job {
            operation,
            alone: Alone::for_holder(operation),
            control: request.own_control()?,
            input: request.input,
            output: request.output,
            outcome: None,
        })
    }))?;
    process_jobs(&mut jobs);
    let outcomes = list(jobs.iter().map(|job| job.outcome))?;
    for (&(_, number), outcome) in chosen.iter().zip(outcomes) {
        if let Some(request) = requests.get_mut(number) {
            request.result = outcome;
        }
    }
    Ok(())
}

/// Returns whether no output overlaps the memory of another request.
fn are_apart(requests: &[Request<'_>]) -> Result<bool> {
    let inputs = list(requests.iter().map(|request| request.input.hull()))?;
    let outputs = list(requests.iter().map(|request| request.output.hull()))?;
    Ok(overlap(&inputs, &outputs) == Overlap::None)
}

/// A list of all items; ENOMEM.
fn list<T>(items: impl Iterator<Item = T>) -> Result<Vec<T>> {
    let mut list = Vec::new();
    list.try_reserve_exact(AT_ONCE)?;
    list.extend(items.take(AT_ONCE));
    Ok(list)
}

/// A request's turn: its handle's place among those that are locked, and its own place in the array.
/// In their order, requests of one handle stand next to one another, in the order of the array.
type Turn = (usize, usize);

/// The handles of all requests in the order of their addresses, and their locks.
struct Locked<'a>(Vec<(&'a Handle, Guard<'a, SlotState>)>);

impl<'a> Locked<'a> {
    fn new(requests: &[Request<'a>]) -> Result<Self> {
        let mut handles = list(requests.iter().map(|request| request.handle))?;
        handles.sort_unstable_by_key(|&handle| address(handle));
        handles.dedup_by_key(|handle| address(handle));
        let mut locked = list(std::iter::empty())?;
        while let Some(&handle) = handles.get(locked.len()) {
            match handle.enter_at_once()? {
                Some(state) => locked.push((handle, state)),
                None => {
                    locked.clear();
                    drop(handle.enter()?);
                }
            }
        }
        Ok(Self(locked))
    }

    fn place(&self, handle: &Handle) -> usize {
        self.0.partition_point(|&(other, _)| address(other) < address(handle))
    }

    fn state(&mut self, place: usize) -> Result<&mut SlotState> {
        self.0.get_mut(place).map(|(_, state)| &mut **state).ok_or(Errno::IO)
    }

    /// The operation that is open; None: there is none.
    fn operation(&self, place: usize) -> Option<&dyn Operation> {
        self.0.get(place)?.1.opened()
    }
}

fn address(handle: &Handle) -> *const Handle {
    std::ptr::from_ref(handle)
}
