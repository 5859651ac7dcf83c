// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Whole messages of ciphers, one-shots and batches.
//!
//! They never wait: what is sent is planned to fit into the socket (MSG_DONTWAIT
//! makes sure of it), and what is received has been sent before.

#![allow(unsafe_code)]

use super::message::{self, Message};
use super::operation::KernelOperation;
use crate::aio::plan::{Batch, Plan, Rules};
use crate::aio::{Backend, send_whole};
use crate::engine::{Control, Kind, Length, Op};
use crate::errno::{Errno, Result, retry};
use crate::iov::{Cursor, Iovecs, iovec, scatter};
use crate::overlap::{reads_its_output, with_copies};
use libc::MSG_DONTWAIT;
use std::os::fd::AsFd;
use zeroize::Zeroizing;

/// Bytes to send at once where it is ours to choose. More would save hardly a system
/// call, and the kernel's bookkeeping of them has to fit into net.core.optmem_max.
const SENT_AT_ONCE: usize = 512 * 1024;

/// Output IOVECs that one recvmsg(2) is given. Linux 6.1 has memory for 27.
const OUTPUTS_MAX: usize = 16;

impl KernelOperation {
    /// What the result is longer than the message by, in bytes.
    pub(super) fn growth(&self, op: Op) -> isize {
        let tag_len = self.tag_len as isize;
        match (self.kind(), op) {
            (Kind::Aead, Op::Encrypt) => tag_len,
            (Kind::Aead, _) => -tag_len,
            _ => 0,
        }
    }

    /// Length of the result of a message of `len` bytes. EINVAL: shorter than
    /// its associated data and tag.
    fn result_len(&self, control: &Control, len: usize) -> Result<usize> {
        let result = len.checked_add_signed(self.growth(control.op)).ok_or(Errno::INVAL)?;
        let assoclen = control.assoclen.unwrap_or(0) as usize;
        if len.min(result) < assoclen { Err(Errno::INVAL) } else { Ok(result) }
    }

    /// A message that fits into the socket, and its result of `result` bytes.
    fn exchange(
        &self,
        message: Message<'_>,
        len: usize,
        output: Iovecs<'_>,
        result: usize,
    ) -> Result<()> {
        match self.try_exchange(message, len, output, result) {
            // The buffers were raised, but the memory to describe what is in them
            // (net.core.optmem_max) was not.
            Err(Errno::NOMEM) if self.capacity.is_raised_for(len) => Err(Errno::MSGSIZE),
            exchanged => exchanged,
        }
    }

    fn try_exchange(
        &self,
        message: Message<'_>,
        len: usize,
        output: Iovecs<'_>,
        result: usize,
    ) -> Result<()> {
        send_whole(self.socket.as_fd(), message, len)?;
        if result == 0 {
            return self.finish_without_result(len);
        }
        if output.list().len() <= OUTPUTS_MAX {
            return self.receive_whole(output, result);
        }
        let mut bounce = Zeroizing::new(Vec::new());
        bounce.try_reserve_exact(result)?;
        bounce.resize(result, 0u8);
        let list = [iovec(bounce.as_mut_ptr(), result)];
        // SAFETY: `bounce` may be written and is not used while the kernel writes it.
        self.receive_whole(unsafe { Iovecs::new(&list) }, result)?;
        // SAFETY: whoever made `output` promised that its memory may be written;
        // `bounce` is an allocation of its own.
        unsafe { scatter(&bounce, output.list()) };
        Ok(())
    }

    /// recvmsg(2) until `result` bytes have come.
    fn receive_whole(&self, output: Iovecs<'_>, result: usize) -> Result<()> {
        let received = retry(|| message::receive(self.socket.as_fd(), output, MSG_DONTWAIT));
        let mut got = message::forget_forged(received, output, result)?;
        let mut rest = Vec::new();
        while got < result {
            // A cipher that chains goes on where it stopped; for others a short
            // result is a message that the kernel has cut.
            if got == 0 || !self.shared.algorithm.properties.chains() {
                return Err(Errno::MSGSIZE);
            }
            let mut cursor = Cursor::new(output);
            cursor.take(got, &mut rest)?;
            let list = cursor.take(result - got, &mut rest)?;
            got += retry(|| message::receive(self.socket.as_fd(), list, MSG_DONTWAIT))?;
        }
        Ok(())
    }

    /// A decrypted AEAD message of nothing but its tag: the kernel verifies it only
    /// when it is read, and reads nothing for an empty buffer.
    pub(super) fn finish_without_result(&self, len: usize) -> Result<()> {
        if self.kind() == Kind::Aead && len > 0 {
            let mut unused = [0u8];
            let list = [iovec(unused.as_mut_ptr(), 1)];
            // SAFETY: `unused` may be written and is not used while the kernel may.
            let output = unsafe { Iovecs::new(&list) };
            retry(|| message::receive(self.socket.as_fd(), output, MSG_DONTWAIT))?;
        }
        Ok(())
    }

    /// A message to a cipher, in as many pieces as it takes.
    pub(super) fn cipher_message(
        &self,
        control: &Control,
        input: Iovecs<'_>,
        output: Iovecs<'_>,
        length: Length,
    ) -> Result<usize> {
        let len = input.total()?;
        let result = self.result_len(control, len)?;
        if output.total()? < result {
            return Err(Errno::INVAL);
        }
        let algorithm = self.shared.algorithm;
        let piece_max = if self.kind() == Kind::Skcipher && algorithm.properties.chains() {
            let capacity = self.capacity.raise(self.socket.as_fd(), len.min(SENT_AT_ONCE))?;
            capacity - capacity % algorithm.granule()
        } else if self.kind() == Kind::Skcipher && length == Length::Pieces {
            Length::ONE_SHOT
        } else {
            self.capacity.require(self.socket.as_fd(), len.max(result))?;
            usize::MAX
        };
        if piece_max < len && reads_its_output(input, output) {
            return with_copies(input, |input| {
                self.cipher_message(control, input, output, length)
            })?;
        }
        let (mut from, mut to) = (Cursor::new(input), Cursor::new(output));
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        let mut control = Some(control);
        let mut done = 0;
        loop {
            let piece = piece_max.min(len - done);
            let piece_result = if piece == len { result } else { piece };
            let data = from.take(piece, &mut inputs)?;
            let output = to.take(piece_result, &mut outputs)?;
            let message = Message { control: control.take(), data };
            self.note(self.exchange(message, piece, output, piece_result))?;
            done += piece;
            if done == len {
                return Ok(result);
            }
        }
    }

    /// EINVAL, before anything is sent, if an output of a batch is too short or an
    /// AEAD message is; EMSGSIZE if one cannot be taken whole and must be.
    fn check_pairs(
        &self,
        control: &Control,
        inputs: Iovecs<'_>,
        outputs: Iovecs<'_>,
        cut: bool,
    ) -> Result<()> {
        let mut longest = 0;
        for (input, output) in inputs.each().zip(outputs.each()) {
            let len = input.total()?;
            let result = self.result_len(control, len)?;
            if output.total()? < result {
                return Err(Errno::INVAL);
            }
            longest = longest.max(len).max(result);
        }
        if cut { Ok(()) } else { self.capacity.require(self.socket.as_fd(), longest) }
    }

    pub(super) fn cipher_batch(
        &self,
        control: &Control,
        inputs: Iovecs<'_>,
        outputs: Iovecs<'_>,
        backend: &mut dyn Backend,
    ) -> Result<usize> {
        let algorithm = self.shared.algorithm;
        let aead = self.kind() == Kind::Aead;
        let cut = !aead && algorithm.properties.chains();
        self.check_pairs(control, inputs, outputs, cut)?;
        let rules = Rules {
            capacity: self.capacity.bytes().min(SENT_AT_ONCE),
            granule: if aead { 1 } else { algorithm.granule() },
            cut,
            growth: self.growth(control.op),
        };
        let mut plan = Plan::new(rules, inputs, outputs);
        let (mut batch, mut outcomes) = (Batch::default(), Vec::new());
        let mut control = Some(control);
        let mut total = 0;
        let mut wrong_tag = Ok(());
        while plan.next(&mut batch)? {
            let output = batch.outputs();
            let message = Message { control: control.take(), data: batch.inputs() };
            outcomes.clear();
            outcomes.try_reserve(output.list().len())?;
            if let [only] = output.list() {
                let exchanged = self.exchange(message, batch.len(), output, only.iov_len);
                outcomes.push(exchanged.map(|()| only.iov_len));
            } else {
                self.note(backend.run(
                    self.socket.as_fd(),
                    message,
                    batch.len(),
                    output,
                    &mut outcomes,
                ))?;
            }
            for (outcome, output) in outcomes.iter().zip(output.each()) {
                let due = output.total()?;
                match self.note(message::forget_forged(*outcome, output, due)) {
                    Ok(result) if result == due => total += result,
                    Ok(_) => return self.note(Err(Errno::MSGSIZE)),
                    // The kernel has taken this message out of the socket; the
                    // others are in order.
                    Err(Errno::BADMSG) => wrong_tag = Err(Errno::BADMSG),
                    Err(errno) => return wrong_tag.and(Err(errno)),
                }
            }
        }
        wrong_tag.map(|()| total)
    }
}
