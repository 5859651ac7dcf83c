// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Whole messages of ciphers, one-shots and batches.
//!
//! They never wait: what is sent is planned to fit into the socket (MSG_DONTWAIT
//! makes sure of it), and what is received has been sent before. The messages of ciphers that
//! chain are cut where the socket is full, see [`super::chain`].

#![allow(unsafe_code)]

use super::capacity::Capacity;
use super::common::VIRTIO_MAX;
use super::message::{self, Message, in_one_piece, why_short};
use super::operation::KernelOperation;
use crate::engine::kernel::aio::plan::{BATCH_MAX, Batch, Plan, Rules};
use crate::engine::kernel::aio::{Backend, Outcome, send_at_once};
use crate::engine::{Control, Kind, Length};
use crate::errno::{Errno, Result, retry};
use crate::iov::{Cursor, IOVECS_MAX, Iovecs, iovec};
use crate::overlap::{reads_its_output, with_checked_copies, with_checked_copy};
use libc::MSG_DONTWAIT;
use std::os::fd::AsFd;

/// Bytes to send at once where it is ours to choose. More would save hardly a system
/// call, and the kernel's bookkeeping of them has to fit into net.core.optmem_max.
pub(super) const SENT_AT_ONCE: usize = 512 * 1024;

/// Output IOVECs that one recvmsg(2) is given. Linux 6.1 has memory for 27.
pub(super) const OUTPUTS_MAX: usize = 16;

impl KernelOperation {
    fn chains(&self) -> bool {
        self.kind() == Kind::Skcipher && self.common.algorithm.properties.chains()
    }

    /// A message to a cipher, in as many pieces as it takes.
    pub(super) fn cipher_message(
        &self,
        control: &Control,
        input: Iovecs<'_>,
        output: Iovecs<'_>,
        length: Length,
    ) -> Result<usize> {
        let (len, result) = control.lens(self.tag_len, input, output)?;
        if self.chains() {
            self.note(self.chain(Some(control), input, output, len, 0))?;
            return Ok(result);
        }
        let piece_max = if self.kind() == Kind::Skcipher && length == Length::Pieces {
            Length::ONE_SHOT
        } else {
            usize::MAX
        };
        let cut = piece_max < len && reads_its_output(input, output);
        if cut || input.list().len() > IOVECS_MAX {
            return with_checked_copy(input, |copy| {
                self.cipher_message(control, copy, output, length)
            })?;
        }
        self.require(len.max(result).min(piece_max))?;
        self.note(self.pieces(control, input, output, [len, result], piece_max))?;
        Ok(result)
    }

    /// A message that cannot be cut, or only into pieces of `piece_max` bytes. `lens` are its
    /// length and that of its result.
    fn pieces(
        &self,
        control: &Control,
        input: Iovecs<'_>,
        output: Iovecs<'_>,
        lens: [usize; 2],
        piece_max: usize,
    ) -> Result<()> {
        let [len, result] = lens;
        let (mut from, mut to) = (Cursor::new(input), Cursor::new(output));
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        let mut control = Some(control);
        let mut done = 0;
        loop {
            let piece = piece_max.min(len - done);
            let piece_result = if piece == len { result } else { piece };
            let data = from.take(piece, &mut inputs)?;
            let output = to.take(piece_result, &mut outputs)?;
            self.exchange(Message { control: control.take(), data }, piece, output, piece_result)?;
            done += piece;
            if done == len {
                return Ok(());
            }
        }
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
            // There is room for the data, but not for their description (net.core.optmem_max).
            Err(Errno::NOMEM) if Capacity::is_long(len) => Err(Errno::MSGSIZE),
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
        let sent = send_at_once(self.socket.as_fd(), message)?;
        if sent < len {
            return Err(why_short(message.data, sent));
        }
        if result == 0 {
            return self.finish_without_result(len);
        }
        if output.list().len() <= OUTPUTS_MAX {
            return self.receive_whole(output, result);
        }
        in_one_piece(output, result, |piece| self.receive_whole(piece, result).map(|()| result))?;
        Ok(())
    }

    /// One recvmsg(2) of all `result` bytes: with fewer, the kernel has cut the message.
    fn receive_whole(&self, output: Iovecs<'_>, result: usize) -> Result<()> {
        let received = retry(|| message::receive(self.socket.as_fd(), output, MSG_DONTWAIT));
        let got = message::forget_forged(received, output, result)?;
        if got == result { Ok(()) } else { Err(Errno::MSGSIZE) }
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
            let (len, result) = control.lens(self.tag_len, input, output)?;
            longest = longest.max(len).max(result);
        }
        if cut { Ok(()) } else { self.require(longest) }
    }

    /// EMSGSIZE if the socket or the driver cannot take `len` bytes whole.
    pub(super) fn require(&self, len: usize) -> Result<()> {
        if len > VIRTIO_MAX && len > self.common.request_max() {
            return Err(Errno::MSGSIZE);
        }
        self.capacity.require(self.socket.as_fd(), len)
    }

    pub(super) fn cipher_batch(
        &self,
        control: &Control,
        inputs: Iovecs<'_>,
        outputs: Iovecs<'_>,
        backend: &mut dyn Backend,
    ) -> Result<usize> {
        let order = self.order(inputs.list().len());
        let cut = matches!(order, Order::Chain | Order::ChainInTurn);
        self.check_pairs(control, inputs, outputs, cut)?;
        let all = inputs.list().iter().fold(0usize, |sum, iov| sum.saturating_add(iov.iov_len));
        let one_granule = self.kind() == Kind::Aead || order == Order::InTurn;
        let rules = Rules {
            // Of messages that take turns, only one is in the socket.
            capacity: match order {
                Order::InTurn => usize::MAX,
                _ => self.capacity.room(self.socket.as_fd(), all).min(SENT_AT_ONCE),
            },
            pairs: if order == Order::ChainInTurn { 1 } else { BATCH_MAX },
            granule: if one_granule { 1 } else { self.common.algorithm.granule() },
            cut,
            growth: self.growth(control.op),
        };
        let is_cut_over_itself = |(input, output): (Iovecs<'_>, Iovecs<'_>)| {
            let long = input.list().iter().any(|iov| iov.iov_len > rules.capacity);
            long && reads_its_output(input, output)
        };
        if cut && inputs.each().zip(outputs.each()).any(is_cut_over_itself) {
            return with_checked_copies(inputs, |copies| {
                self.cipher_batch(control, copies, outputs, backend)
            })?;
        }
        let mut plan = Plan::new(rules, inputs, outputs);
        let (mut batch, mut outcomes) = (Batch::default(), Vec::new());
        let mut first = Some(control);
        let mut total = 0;
        let mut wrong_tag = Ok(());
        while plan.next(&mut batch)? {
            outcomes.clear();
            outcomes.try_reserve(batch.outputs().list().len())?;
            self.note(match order {
                Order::InTurn => self.carry_out_in_turn(control, &batch, backend, &mut outcomes),
                _ => self.carry_out(first.take(), &batch, cut, backend, &mut outcomes),
            })?;
            for (outcome, output) in outcomes.iter().zip(batch.outputs().each()) {
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

    /// How a batch of `messages` messages is carried out. A driver that completes later never
    /// finds more in the socket than it is to work on; some hang on the rest.
    fn order(&self, messages: usize) -> Order {
        let later = messages > 1 && self.common.completes_later();
        match (self.chains(), later) {
            (true, false) => Order::Chain,
            (true, true) => Order::ChainInTurn,
            (false, false) if self.common.algorithm.properties.keeps_iv() => Order::Together,
            _ => Order::InTurn,
        }
    }

    /// A batch whose messages must each have the IV.
    fn carry_out_in_turn(
        &self,
        control: &Control,
        batch: &Batch<'_>,
        backend: &mut dyn Backend,
        outcomes: &mut Vec<Outcome>,
    ) -> Result<()> {
        let (inputs, outputs) = (batch.inputs(), batch.outputs());
        if let [only] = outputs.list() {
            let message = Message { control: Some(control), data: inputs };
            let exchanged = self.exchange(message, batch.len(), outputs, only.iov_len);
            outcomes.push(exchanged.map(|()| only.iov_len));
        } else if let Some(sent) =
            backend.run_each(self.socket.as_fd(), control, batch, outcomes)
        {
            outcomes.push(Err(why_short(inputs.skip(outcomes.len()).first(1), sent)));
        }
        Ok(())
    }

    /// A batch; an outcome for each of its outputs.
    fn carry_out(
        &self,
        control: Option<&Control>,
        batch: &Batch<'_>,
        cut: bool,
        backend: &mut dyn Backend,
        outcomes: &mut Vec<Outcome>,
    ) -> Result<()> {
        let (input, output, len) = (batch.inputs(), batch.outputs(), batch.len());
        let message = Message { control, data: input };
        let lens = output.list().iter().map(|iov| Ok(iov.iov_len));
        let sent = match output.list() {
            [_] if cut => {
                return self.chain(control, input, output, len, 0).map(|()| outcomes.extend(lens));
            }
            [only] => {
                let exchanged = self.exchange(message, len, output, only.iov_len);
                outcomes.push(exchanged.map(|()| only.iov_len));
                return Ok(());
            }
            _ => match backend.run(self.socket.as_fd(), control, batch, outcomes) {
                Ok(sent) if sent == len => return self.settle_busy(output, cut, outcomes),
                Ok(sent) => sent,
                Err(Errno::NOMEM) if cut => 0,
                Err(errno) => return Err(errno),
            },
        };
        match why_short(input, sent) {
            // One message for the socket, of which `sent` bytes are in it.
            Errno::MSGSIZE if cut => self.chain(control, input, output, len, sent)?,
            errno => return Err(errno),
        }
        outcomes.extend(lens);
        Ok(())
    }
}

/// How the messages of a batch go through the socket.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    /// Together, with the IV before the first: it goes on from message to message.
    Chain,
    /// The same, but each is received before the next is sent.
    ChainInTurn,
    /// Together, with the IV before the first: it is the same for all.
    Together,
    /// Each with the IV, and received before the next is sent.
    InTurn,
}
