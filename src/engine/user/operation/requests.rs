// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Messages of several operations in user space, each with an IV of its own.
//!
//! They do not wait for one another. So those with one key whose mode makes blocks wait go side by
//! side, and digests of SHA-2 with any keys; and many bytes of ciphers are shared out among processors.

#![allow(unsafe_code)]

use super::batch::{CIPHER_SHARE, share_out, threads};
use super::cipher::CipherOperation;
use super::hash::HashOperation;
use crate::cancel;
use crate::engine::user::algorithm::block::CbcMessage;
use crate::engine::user::algorithm::hash::{DigestMessage, side_by_side::digest_each};
use crate::engine::user::data::{in_and_apart, in_and_out};
use crate::engine::{Job, Op};
use crate::errno::{Errno, Result};
use crate::wipe::{DEEP, Wiped, Wiper, wiping_stack};
use std::ptr;

/// Bytes from which on several processors are worth their threads.
pub const MANY_BYTES: usize = 2 * CIPHER_SHARE;

/// Processes the jobs of this engine. This goes deeper than a call, which wipes less of the stack.
pub fn process(jobs: &mut [Job<'_>]) {
    if jobs.iter().any(is_left) {
        wiping_stack::<DEEP, _>(|| process_left(jobs));
    }
}

fn process_left(jobs: &mut [Job<'_>]) {
    for same_key in jobs.chunk_by_mut(share_key) {
        // Without memory they are processed one by one.
        let _ = encrypt_side_by_side(same_key);
    }
    let _ = digest_side_by_side(jobs);
    let bytes = jobs.iter().map(bytes_left).fold(0, usize::saturating_add);
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

/// The operation, if it is a digest's.
fn digest<'a>(job: &Job<'a>) -> Option<&'a HashOperation> {
    job.operation_as()
}

/// Returns whether the job is this engine's and not done.
fn is_left(job: &Job<'_>) -> bool {
    job.outcome.is_none() && (operation(job).is_some() || digest(job).is_some())
}

/// Bytes of the message, if it is a cipher's that is not done.
fn bytes_left(job: &Job<'_>) -> usize {
    let is_left = job.outcome.is_none() && operation(job).is_some();
    if is_left { job.input.total().unwrap_or(0) } else { 0 }
}

/// Returns whether the operation takes such a message.
fn is_taken(job: &Job<'_>) -> bool {
    job.message().is_none_or(|message| job.alone.operation().check(&message).is_ok())
}

fn share_key(one: &Job<'_>, other: &Job<'_>) -> bool {
    let key = |job| operation(job).and_then(|operation| operation.keyed().ok());
    key(one).zip(key(other)).is_some_and(|(one, other)| ptr::eq(one, other))
}

/// `process` wipes the stack.
fn process_in_turn(job: &mut Job<'_>) {
    let operation = job.alone.operation();
    *job.outcome = Some(match job.message() {
        Some(message) => operation.message(job.alone, &message, Wiper::Caller),
        None => operation.digest(job.input, job.output, Wiper::Caller),
    });
}

/// A message of CBC encryption, if the job is one. The operation's cipher goes `side_by_side`.
fn cbc_message<'a>(job: &Job<'a>) -> Option<CbcMessage<'a>> {
    const BLOCK: usize = 16;
    let control = job.control?;
    let iv = control.iv.as_ref()?.as_slice();
    let len = job.input.total().ok().filter(|len| *len > 0 && len.is_multiple_of(BLOCK))?;
    if control.op != Op::Encrypt || iv.len() != BLOCK || job.output.total().ok()? < len {
        return None;
    }
    // SAFETY: a message is made once of each job, whose output is no part of another job's memory.
    let data = unsafe { in_and_out(job.input, len, job.output) }?;
    let mut message = CbcMessage { iv: Wiped::ZEROS, data };
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
        if let Some((operation, control)) = operation(job).zip(job.control) {
            *job.outcome = Some(operation.leave(job.alone, control, &*iv).map(|()| data.len()));
        }
    }
    Ok(())
}

/// A message whose digest may be computed beside others', if the job is one.
fn digest_message<'a>(job: &Job<'a>) -> Option<DigestMessage<'a>> {
    let operation = digest(job)?;
    job.input.total().ok()?;
    // SAFETY: a message is made once of each job, whose output is no part of another job's memory.
    let (data, digest) = unsafe { in_and_apart(job.input, job.output, operation.digest_size()) }?;
    Some(DigestMessage::new(operation.beginning().ok()?, data, digest))
}

/// Computes digests side by side, of each operation those of the first messages, up to one that cannot
/// be so. ENOMEM: perhaps not all of them.
fn digest_side_by_side(jobs: &mut [Job<'_>]) -> Result<()> {
    let (mut chosen, mut messages) = (Vec::new(), Vec::new());
    chosen.try_reserve_exact(jobs.len())?;
    messages.try_reserve_exact(jobs.len())?;
    for of_one in jobs.chunk_by_mut(|one, other| one.shares_operation(other)) {
        for job in of_one {
            let Some(message) = digest_message(job) else { break };
            messages.push(message);
            chosen.push(job);
        }
    }
    let result = digest_each(&mut messages);
    for (job, message) in chosen.into_iter().zip(messages) {
        *job.outcome = message.result().map(Ok);
    }
    result
}

/// Shares out the jobs that are left among threads, about as many bytes to each; none, if there are no
/// threads to be had.
fn process_in_threads(jobs: &mut [Job<'_>], bytes: usize) {
    /// A part of the jobs.
    struct Group<'j, 'a>(&'j mut [Job<'a>]);

    // SAFETY: the memory behind the IOVECs is the caller's for the length of the call, in which the
    // threads end. Whoever made the jobs promised that no output is a part of another job's memory.
    unsafe impl Send for Group<'_, '_> {}

    let threads = threads(CIPHER_SHARE, bytes, jobs.len());
    let mut groups = Vec::new();
    if threads < 2 || groups.try_reserve_exact(threads + 1).is_err() {
        return;
    }
    // The last message of each operation is processed by itself, since it leaves the IV. One that is refused leaves none.
    for of_one in jobs.chunk_by_mut(|one, other| one.shares_operation(other)) {
        let last = of_one.iter_mut().rev().find(|job| is_taken(job));
        last.into_iter().filter(|job| is_left(job)).for_each(process_in_turn);
    }
    let mut rest = jobs;
    while !rest.is_empty() {
        let mut sum = 0;
        let whole = rest.iter().position(|job| {
            sum += bytes_left(job);
            sum >= bytes.div_ceil(threads)
        });
        let (group, others) = rest.split_at_mut(whole.map_or(rest.len(), |last| last + 1));
        groups.push(Group(group));
        rest = others;
    }
    share_out(&mut groups, |Group(jobs)| {
        for job in jobs.iter_mut().filter(|job| is_left(job)) {
            *job.outcome = operation(job)
                .zip(job.message())
                .map(|(operation, message)| operation.message_apart(&message));
        }
    });
}
