// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Messages of several operations in the kernel, in few system calls.
//!
//! A message that fits into its socket is an [`Exchange`]. Those of all sockets are carried out
//! together, each after the one before it in its socket. Others are left to calls of their own:
//! those that are empty, or too long, or have their result in several IOVECs, and all of drivers
//! that complete later, of which some stop for ever if they are given more than one.

#![allow(unsafe_code)]

use super::aio::{End, Exchange};
use super::batch::whole_result;
use super::capacity::SENT_AT_ONCE;
use super::message::Message;
use super::operation::KernelOperation;
use crate::engine::Job;
use crate::errno::{Errno, Result};
use crate::iov::{IOVECS_MAX, Iovecs, iovec};
use libc::iovec;
use std::os::fd::AsFd;
use std::ptr;

/// A job that is carried out together with others.
struct Chosen<'a> {
    operation: &'a KernelOperation,
    /// The job's number.
    number: usize,
    /// The result's place.
    output: [iovec; 1],
}

/// Processes those jobs of this engine that fit. ENOMEM: none.
pub fn process(jobs: &mut [Job<'_>]) -> Result<()> {
    let chosen = choose(jobs)?;
    let Some(first) = chosen.first().filter(|_| chosen.len() > 1) else { return Ok(()) };
    let (mut exchanges, mut ends) = (Vec::new(), Vec::new());
    exchanges.try_reserve_exact(chosen.len())?;
    exchanges.extend(chosen.iter().filter_map(|Chosen { operation, number, output }| {
        let job = jobs.get(*number)?;
        Some(Exchange {
            socket: operation.socket.as_fd(),
            message: Message { control: job.control, data: job.input },
            // SAFETY: a part of the job's output, whose list promised that nobody else uses it.
            output: unsafe { Iovecs::new(output) },
        })
    }));
    // Their streams end here, also if nothing can be sent.
    for Chosen { operation, number, .. } in &chosen {
        if let Some(control) = jobs.get(*number).and_then(|job| job.control) {
            operation.begin_whole(control.op);
        }
    }
    let aio = &first.operation.common.aio;
    aio.with_ring(exchanges.len(), |backend| backend.run_each(&exchanges, &mut ends))?;
    let mut ends = ends.into_iter();
    for of_one in chosen.chunk_by(|one, other| ptr::eq(one.operation, other.operation)) {
        // What the last message has left in the socket. An earlier one has left nothing if another
        // was sent after it.
        let mut left = Ok(());
        for (Chosen { number, output, .. }, end) in of_one.iter().zip(&mut ends) {
            let outcome = match end {
                // The kernel has no memory to describe it together with others. By itself it may be cut.
                End::Received(Err(Errno::NOMEM)) => {
                    left = Err(Errno::NOMEM);
                    None
                }
                End::Received(read) => {
                    let [place] = output;
                    // SAFETY: the same.
                    let output = unsafe { Iovecs::new(output) };
                    Some(whole_result(read, output, place.iov_len))
                }
                End::Refused(errno) => {
                    left = Err(errno);
                    None
                }
                End::Left => None,
            };
            if let (Some(outcome), Some(job)) = (outcome, jobs.get_mut(*number)) {
                left = outcome.map(drop);
                *job.outcome = Some(outcome);
            }
        }
        if let [Chosen { operation, .. }, ..] = of_one {
            let _ = operation.note(left);
        }
    }
    Ok(())
}

/// Chooses the first jobs of each operation, up to one that does not fit.
fn choose<'a>(jobs: &[Job<'a>]) -> Result<Vec<Chosen<'a>>> {
    let (mut chosen, mut number) = (Vec::new(), 0);
    for jobs in jobs.chunk_by(Job::shares_operation) {
        let numbers = number..;
        number += jobs.len();
        let Some(operation) = jobs.first().and_then(Job::operation_as::<KernelOperation>) else {
            continue;
        };
        if operation.common.completes_later() {
            continue;
        }
        chosen.try_reserve(jobs.len())?;
        chosen.extend(numbers.zip(jobs).map_while(|(number, job)| {
            Some(Chosen { operation, number, output: place_of_result(operation, job)? })
        }));
    }
    Ok(chosen)
}

/// The place of the result, in one piece. None: the message does not fit into the socket, or there is
/// an error in its lengths.
fn place_of_result(operation: &KernelOperation, job: &Job<'_>) -> Option<[iovec; 1]> {
    let message = job.message()?;
    let (len, result) = message.lens(operation.tag_len).ok()?;
    operation.shape.check(message.control, len.min(result), message.length).ok()?;
    let longest = len.max(result);
    let output = job.output.list().first().filter(|output| output.iov_len >= result)?;
    let place = [iovec(output.iov_base.cast(), result)];
    let fits = len > 0
        && result > 0
        && job.input.list().len() <= IOVECS_MAX
        && longest <= SENT_AT_ONCE
        && longest <= operation.capacity.room(operation.socket.as_fd(), longest)
        && operation.takes_whole_result(&place, result);
    fits.then_some(place)
}
