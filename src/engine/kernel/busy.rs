// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The end of a batch whose reads were refused with EBUSY, because the driver completes later after
//! all.
//!
//! Linux lets one AIO read at a time work on a socket, and refuses those that come meanwhile (since
//! 6.7 and 6.1.68). A refused read has taken nothing out of the socket. But the first read may end
//! while others are still being submitted. Then a read further down the list is taken, and gets the
//! result of an earlier message. So results are first moved to the outputs that they belong to.
//! Then the results that are left in the socket are received one by one.

#![allow(unsafe_code)]

use super::message;
use super::operation::KernelOperation;
use crate::caller;
use crate::engine::kernel::aio::Outcome;
use crate::errno::{Errno, Result};
use crate::iov::{Cursor, Iovecs};
use std::os::fd::AsFd;
use zeroize::Zeroizing;

impl KernelOperation {
    /// Finishes a batch some of whose reads were refused. If it `chains`, its results are one run
    /// of bytes, so it does not matter which read they came with. EBUSY: it does not chain, and the
    /// messages are of different lengths, so that it is not known which results are whose.
    pub(super) fn settle_busy(
        &self,
        outputs: Iovecs<'_>,
        chains: bool,
        outcomes: &mut Vec<Outcome>,
    ) -> Result<()> {
        let refused = |outcome: &Outcome| *outcome == Err(Errno::BUSY);
        let Some(first) = outcomes.iter().position(refused) else {
            return Ok(());
        };
        self.common.note_busy();
        // Output number `from` is the first that is not complete. It has `done` bytes.
        let (mut from, mut done) = (first, 0);
        if !outcomes.iter().skip(first).all(refused) {
            (from, done) = (0, bring_back(outputs, chains, outcomes)?);
            for (outcome, output) in outcomes.iter_mut().zip(outputs.list()) {
                if done < output.iov_len {
                    break;
                }
                *outcome = Ok(output.iov_len);
                (from, done) = (from + 1, done - output.iov_len);
            }
        }
        outcomes.truncate(from);
        let mut list = Vec::new();
        for output in outputs.skip(from).each() {
            let mut rest = Cursor::new(output);
            rest.skip(done);
            let rest = rest.take(usize::MAX, &mut list)?;
            let received = message::receive_at_once(self.socket.as_fd(), rest);
            outcomes.push(received.map(|bytes| done + bytes));
            done = 0;
        }
        Ok(())
    }
}

/// Moves the results that were received to the beginning of `outputs`. Returns how many bytes they
/// have.
fn bring_back(outputs: Iovecs<'_>, chains: bool, outcomes: &[Outcome]) -> Result<usize> {
    let alike = |pair: &[libc::iovec]| matches!(pair, [a, b] if a.iov_len == b.iov_len);
    if !chains && !outputs.list().windows(2).all(alike) {
        return Err(Errno::BUSY);
    }
    let mut there = Vec::new();
    for (outcome, output) in outcomes.iter().zip(outputs.list()) {
        match *outcome {
            Ok(bytes) if bytes == output.iov_len => {
                there.try_reserve(1)?;
                there.push(*output);
            }
            Err(Errno::BUSY) => {}
            _ => return Err(Errno::BUSY),
        }
    }
    // SAFETY: parts of `outputs`, whose memory is this call's and can be written, so that
    // it can be read, too.
    let there = unsafe { Iovecs::new(&there) };
    let mut results = Zeroizing::new(Vec::new());
    results.try_reserve_exact(there.total()?)?;
    results.resize(there.total()?, 0);
    caller::read(there, &mut results)?;
    let mut list = Vec::new();
    caller::write(&results, Cursor::new(outputs).take(results.len(), &mut list)?)?;
    Ok(results.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iov::iovec;

    /// Four outputs of two bytes, of which number 0 and 3 have results.
    fn brought_back(lens: [usize; 4], chains: bool) -> (Result<usize>, [u8; 8]) {
        let mut bytes = *b"ab....cd";
        let mut at = bytes.as_mut_ptr();
        let list = lens.map(|len| {
            let output = iovec(at, len);
            at = at.wrapping_add(len);
            output
        });
        let busy = Err(Errno::BUSY);
        let outcomes = [Ok(lens[0]), busy, busy, Ok(lens[3])];
        // SAFETY: the outputs are in `bytes`, which nobody else uses meanwhile.
        let done = bring_back(unsafe { Iovecs::new(&list) }, chains, &outcomes);
        (done, bytes)
    }

    #[test]
    fn results_of_one_run_come_to_its_beginning() {
        let (done, bytes) = brought_back([2, 2, 2, 2], true);
        assert_eq!((done, &bytes[..4]), (Ok(4), &b"abcd"[..]));
        let (done, bytes) = brought_back([2, 1, 3, 2], true);
        assert_eq!((done, &bytes[..4]), (Ok(4), &b"abcd"[..]));
    }

    #[test]
    fn messages_of_one_length_change_places() {
        let (done, bytes) = brought_back([2, 2, 2, 2], false);
        assert_eq!((done, &bytes[..4]), (Ok(4), &b"abcd"[..]));
    }

    #[test]
    fn messages_of_several_lengths_cannot_be_told_apart() {
        assert_eq!(brought_back([2, 1, 3, 2], false).0, Err(Errno::BUSY));
    }
}
