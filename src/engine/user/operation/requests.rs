// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Messages of several operations in user space, each with an IV of its own.
//!
//! They do not wait for one another. So those with one key whose mode makes blocks wait go side by
//! side, and many bytes are shared out among processors.

#![allow(unsafe_code)]

use super::batch::{CIPHER_SHARE, share_out, threads};
use super::cipher::CipherOperation;
use crate::cancel;
use crate::engine::user::algorithm::block::CbcMessage;
use crate::engine::user::data::in_and_out;
use crate::engine::{Job, Length, Op};
use crate::errno::{Errno, Result};
use crate::wipe::{WORK, Wiped, wiping_stack};
use std::ptr;

/// Bytes from which on several processors are worth their threads.
pub const MANY_BYTES: usize = 2 * CIPHER_SHARE;

/// Processes the jobs of this engine. This goes deeper than a call, which wipes less of the stack.
pub fn process(jobs: &mut [Job<'_>]) {
    if jobs.iter().any(is_left) {
        wiping_stack::<WORK, _>(|| process_left(jobs));
    }
}

fn process_left(jobs: &mut [Job<'_>]) {
    for same_key in jobs.chunk_by_mut(share_key) {
        // Without memory they are processed one by one.
        let _ = encrypt_side_by_side(same_key);
    }
    let bytes = jobs
        .iter()
        .filter(|job| is_left(job))
        .fold(0usize, |sum, job| sum.saturating_add(job.input.total().unwrap_or(0)));
    if bytes >= MANY_BYTES {
        cancel::suspended(|| process_in_threads(jobs, bytes));
    }
    for of_one in jobs.chunk_by_mut(|one, other| one.shares_operation(other)) {
        for job in of_one.iter_mut().filter(|job| is_left(job)) {
            process_in_turn(job);
            if matches!(job.outcome, Some(Err(errno)) if *errno != Errno::BADMSG) {
                // The operation has to be closed first.
                break;
            }
        }
    }
}

fn operation<'a>(job: &Job<'a>) -> Option<&'a CipherOperation> {
    job.operation_as()
}

/// Returns whether the job is this engine's and not done.
fn is_left(job: &Job<'_>) -> bool {
    job.outcome.is_none() && operation(job).is_some()
}

fn share_key(one: &Job<'_>, other: &Job<'_>) -> bool {
    let key = |job| operation(job).and_then(|operation| operation.keyed().ok());
    key(one).zip(key(other)).is_some_and(|(one, other)| ptr::eq(one, other))
}

fn process_in_turn(job: &mut Job<'_>) {
    let (input, output) = (job.input, job.output);
    let result = job.operation.message(job.alone, job.control, input, output, Length::Whole);
    *job.outcome = Some(result);
}

/// A message of CBC encryption, if the job is one. The operation's cipher goes `side_by_side`.
fn cbc_message<'a>(job: &Job<'a>) -> Option<CbcMessage<'a>> {
    const BLOCK: usize = 16;
    let iv = job.control.iv.as_ref()?.as_slice();
    let len = job.input.total().ok().filter(|len| *len > 0 && len.is_multiple_of(BLOCK))?;
    if job.control.op != Op::Encrypt || iv.len() != BLOCK || job.output.total().ok()? < len {
        return None;
    }
    let mut message =
        CbcMessage { iv: Wiped::ZEROS, data: in_and_out(job.input, len, job.output)? };
    message.iv.copy_from_slice(iv);
    Some(message)
}

/// Processes the first jobs, which have one key, up to one that cannot go side by side; none, if the
/// cipher gains nothing by it. ENOMEM: none.
fn encrypt_side_by_side(jobs: &mut [Job<'_>]) -> Result<()> {
    let [first, _, ..] = jobs else { return Ok(()) };
    let Some(cipher) = operation(first).and_then(CipherOperation::side_by_side) else {
        return Ok(());
    };
    let mut messages = Vec::new();
    messages.try_reserve_exact(jobs.len())?;
    messages.extend(jobs.iter().map_while(cbc_message));
    if messages.len() < 2 {
        return Ok(());
    }
    cipher.cbc_encrypt_each(&mut messages);
    for (job, message) in jobs.iter_mut().zip(messages) {
        let CbcMessage { iv, data } = message;
        if let Some(operation) = operation(job) {
            *job.outcome = Some(operation.leave(job.alone, job.control, &*iv).map(|()| data.len()));
        }
    }
    Ok(())
}

/// Shares out the jobs that are left among threads, about as many bytes to each; none, if there are no
/// threads to be had.
fn process_in_threads(jobs: &mut [Job<'_>], bytes: usize) {
    /// A part of the jobs.
    struct Group<'j, 'a>(&'j mut [Job<'a>]);

    // SAFETY: the memory behind the IOVECs is the caller's for the length of the call, in which the
    // threads end, and jobs do not overlap.
    unsafe impl Send for Group<'_, '_> {}

    let threads = threads(CIPHER_SHARE, bytes, jobs.len());
    let mut groups = Vec::new();
    if threads < 2 || groups.try_reserve_exact(threads + 1).is_err() {
        return;
    }
    // The last message of each operation is processed by itself, since it leaves the IV.
    for of_one in jobs.chunk_by_mut(|one, other| one.shares_operation(other)) {
        of_one.last_mut().into_iter().filter(|job| is_left(job)).for_each(process_in_turn);
    }
    let mut rest = jobs;
    while !rest.is_empty() {
        let mut sum = 0;
        let whole = rest.iter().position(|job| {
            sum += if is_left(job) { job.input.total().unwrap_or(0) } else { 0 };
            sum >= bytes.div_ceil(threads)
        });
        let (group, others) = rest.split_at_mut(whole.map_or(rest.len(), |last| last + 1));
        groups.push(Group(group));
        rest = others;
    }
    share_out(&mut groups, |Group(jobs)| {
        for job in jobs.iter_mut().filter(|job| is_left(job)) {
            let apart = |operation: &CipherOperation| {
                operation.message_apart(job.control, job.input, job.output)
            };
            *job.outcome = operation(job).map(apart);
        }
    });
}
