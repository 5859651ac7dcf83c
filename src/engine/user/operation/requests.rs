// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Messages of several operations in user space, each with an IV of its own.
//!
//! They do not wait for one another. So those with one key whose mode makes blocks wait go side by
//! side, and many bytes are shared out among processors.

#![allow(unsafe_code)]

use super::batch::{AEAD_SHARE, share_out, threads};
use super::cipher::CipherOperation;
use super::cipher_state::Settings;
use crate::cancel;
use crate::engine::Job;
use crate::engine::user::algorithm::Keyed;
use crate::engine::user::algorithm::block::CbcMessage;
use crate::engine::user::data::in_and_out;
use crate::errno::Result;
use crate::iov::{IOVECS_MAX, Iovecs};
use crate::wipe::Wiped;
use std::ptr;

/// A job of this engine.
struct Chosen<'a> {
    operation: &'a CipherOperation,
    keyed: &'a Keyed,
    /// The job's number.
    number: usize,
    settings: Settings,
    input: Iovecs<'a>,
    output: Iovecs<'a>,
    /// Bytes of the message and of its result.
    lens: (usize, usize),
    outcome: Option<Result<usize>>,
}

// SAFETY: the memory behind the IOVECs is the caller's for the length of the call, in which the
// threads end, and jobs do not overlap.
unsafe impl Send for Chosen<'_> {}

/// Processes the jobs of this engine. ENOMEM: none.
pub fn process(jobs: &mut [Job<'_>]) -> Result<()> {
    let mut chosen = choose(jobs)?;
    // Those with one key stand next to one another.
    chosen.sort_unstable_by_key(|job| (ptr::from_ref(job.keyed), job.number));
    for same_key in chosen.chunk_by_mut(|one, other| ptr::eq(one.keyed, other.keyed)) {
        encrypt_side_by_side(same_key)?;
    }
    let left = || chosen.iter().filter(|job| job.outcome.is_none()).map(|job| job.lens.0);
    let (bytes, pieces) = (left().sum::<usize>(), left().count());
    if bytes >= 2 * AEAD_SHARE {
        cancel::suspended(|| in_threads(&mut chosen, threads(AEAD_SHARE, bytes, pieces)));
    }
    chosen.iter_mut().for_each(Chosen::process);
    chosen.sort_unstable_by_key(|job| job.number);
    let same = |one: &Chosen<'_>, other: &Chosen<'_>| ptr::eq(one.operation, other.operation);
    for of_one in chosen.chunk_by_mut(same) {
        for done in &*of_one {
            if let Some(job) = jobs.get_mut(done.number) {
                job.outcome = done.outcome;
            }
        }
        // The operation is left as by its last message.
        if let Some(last) = of_one.last_mut()
            && let Some(job) = jobs.get(last.number)
            && let Some(outcome) = last.outcome
        {
            last.operation.leave(job.alone, &mut last.settings, outcome);
        }
    }
    Ok(())
}

/// The first jobs of each operation, up to one in which there is an error.
fn choose<'a>(jobs: &[Job<'a>]) -> Result<Vec<Chosen<'a>>> {
    let mut chosen = Vec::new();
    chosen.try_reserve_exact(jobs.len())?;
    let mut number = 0;
    for of_one in jobs.chunk_by(Job::shares_operation) {
        let numbers = number..;
        number += of_one.len();
        let Some(operation) = of_one.first().and_then(Job::operation_as::<CipherOperation>) else {
            continue;
        };
        let Ok(keyed) = operation.keyed() else { continue };
        chosen.extend(numbers.zip(of_one).map_while(|(number, job)| {
            let Job { control, input, output, .. } = *job;
            let lens = operation.lens(control, input, output).ok()?;
            let settings = operation.settings(control).ok()?;
            let outcome = None;
            let few = input.list().len() <= IOVECS_MAX;
            few.then_some(Chosen {
                operation,
                keyed,
                number,
                settings,
                input,
                output,
                lens,
                outcome,
            })
        }));
    }
    Ok(chosen)
}

impl<'a> Chosen<'a> {
    fn process(&mut self) {
        if self.outcome.is_none() {
            let (len, result) = self.lens;
            let data = ((self.input, len), (self.output, result));
            let exchanged = self.operation.exchange(&mut self.settings, data.0, data.1, usize::MAX);
            self.outcome = Some(exchanged.map(|()| result));
        }
    }

    /// The message, if it is one of CBC encryption.
    fn cbc_message(&self) -> Option<CbcMessage<'a>> {
        const BLOCK: usize = 16;
        let (len, _) = self.lens;
        let iv = self.settings.iv.first_chunk::<BLOCK>()?;
        if !self.settings.encrypt || len == 0 || !len.is_multiple_of(BLOCK) {
            return None;
        }
        let data = in_and_out(self.input, len, self.output)?;
        let mut message = CbcMessage { iv: Wiped::ZEROS, data };
        message.iv.copy_from_slice(iv);
        Some(message)
    }
}

/// Processes those of the jobs, which have one key, that gain by it. ENOMEM: none.
fn encrypt_side_by_side(jobs: &mut [Chosen<'_>]) -> Result<()> {
    let [first, _, ..] = jobs else { return Ok(()) };
    let Keyed::Skcipher(cipher) = first.keyed else { return Ok(()) };
    let Some(cipher) = cipher.side_by_side() else { return Ok(()) };
    let mut messages = Vec::new();
    messages.try_reserve_exact(jobs.len())?;
    messages.extend(jobs.iter().filter_map(Chosen::cbc_message));
    if messages.len() < 2 {
        return Ok(());
    }
    cipher.cbc_encrypt_each(&mut messages);
    let mut messages = messages.into_iter();
    for job in jobs.iter_mut().filter(|job| job.cbc_message().is_some()) {
        if let Some((message, iv)) = messages.next().zip(job.settings.iv.first_chunk_mut()) {
            *iv = *message.iv;
            job.outcome = Some(Ok(job.lens.1));
        }
    }
    Ok(())
}

/// Shares out the jobs among threads, about as many bytes to each.
fn in_threads(jobs: &mut [Chosen<'_>], threads: usize) {
    if threads < 2 {
        return;
    }
    let bytes: usize = jobs.iter().map(|job| job.lens.0).sum();
    let share = bytes.div_ceil(threads);
    let mut groups = Vec::new();
    if groups.try_reserve_exact(threads + 1).is_err() {
        return;
    }
    let mut rest = jobs;
    while !rest.is_empty() {
        let mut bytes = 0;
        let whole = rest.iter().position(|job| {
            bytes += job.lens.0;
            bytes >= share
        });
        let (group, others) = rest.split_at_mut(whole.map_or(rest.len(), |last| last + 1));
        groups.push(group);
        rest = others;
    }
    share_out(&mut groups, |group| group.iter_mut().for_each(Chosen::process));
}
