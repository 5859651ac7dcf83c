// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Batches of a cipher's messages: their order in the socket, and their outcomes.
//!
//! [`super::aio::plan`] says which messages go together, a [`Backend`] carries them out. One that
//! goes alone is a one-shot ([`super::one_shot`]).

use super::capacity::{Capacity, SENT_AT_ONCE, readable};
use super::message::{self, Message, why_short};
use super::operation::KernelOperation;
use crate::engine::kernel::aio::plan::{BATCH_MAX, Batch, Plan, Rules};
use crate::engine::kernel::aio::{Backend, End, Exchange, Outcome};
use crate::engine::outcome::BatchOutcome;
use crate::engine::{Control, Kind, Op};
use crate::errno::{Errno, Result};
use crate::iov::Iovecs;
use crate::overlap::{reads_its_output, with_checked_copies};
use libc::iovec;
use std::os::fd::AsFd;
use std::slice;

impl KernelOperation {
    /// Pairs of IOVECs, each a message of its own, by `backend`. They have been checked.
    pub(super) fn cipher_batch(
        &self,
        control: &Control,
        inputs: Iovecs<'_>,
        outputs: Iovecs<'_>,
        backend: &mut dyn Backend,
    ) -> Result<usize> {
        let order = self.order(inputs.list().len());
        let rules = self.rules(order, control.op, inputs);
        let is_cut_over_itself = |(input, output): (Iovecs<'_>, Iovecs<'_>)| {
            let long = input.list().iter().any(|iov| iov.iov_len > rules.capacity);
            long && reads_its_output(input, output)
        };
        if rules.cut && inputs.each().zip(outputs.each()).any(is_cut_over_itself) {
            return with_checked_copies(inputs, |copies| {
                self.cipher_batch(control, copies, outputs, backend)
            })?;
        }
        let mut plan = Plan::new(rules, inputs, outputs);
        let (mut batch, mut reads) = (Batch::default(), Vec::new());
        let mut first = Some(control);
        let mut outcome = BatchOutcome::default();
        while plan.next(&mut batch)? {
            reads.clear();
            reads.try_reserve(batch.outputs().list().len())?;
            let carried_out = self.note(match order {
                Order::InTurn => self.carry_out_in_turn(control, &batch, backend, &mut reads),
                _ => self.carry_out(first.take(), &batch, rules.cut, backend, &mut reads),
            });
            let mut goes_on = carried_out.is_ok();
            for (&read, output) in reads.iter().zip(batch.outputs().each()) {
                // Bytes that the kernel has to describe for the read: all that is in the socket. A chain is cut where it
                // is too long, and never refused for that.
                let described = match order {
                    Order::InTurn => output.total()?,
                    Order::Together => batch.len(),
                    Order::Chain | Order::ChainInTurn => 0,
                };
                // Behind a failure, too, since what a forged message has left must not stay.
                let result = whole_result(read, output, described);
                goes_on = goes_on && outcome.note(self.note(result));
            }
            carried_out?;
            if !goes_on {
                return outcome.result();
            }
        }
        outcome.result()
    }

    fn rules(&self, order: Order, op: Op, inputs: Iovecs<'_>) -> Rules {
        let all = inputs.list().iter().fold(0usize, |sum, iov| sum.saturating_add(iov.iov_len));
        let one_granule = self.kind() == Kind::Aead || order == Order::InTurn;
        let growth = self.growth(op);
        Rules {
            // If messages take turns only one is in the socket.
            capacity: match order {
                Order::InTurn => usize::MAX,
                // A message's result may be longer than all that was sent, by a tag, if the messages behind it
                // are shorter than that. It has to fit into the receive buffer.
                _ => {
                    let tag = growth.max(0).unsigned_abs();
                    let room = self.capacity.room(self.socket.as_fd(), all.saturating_add(tag));
                    readable(room).min(SENT_AT_ONCE).saturating_sub(tag)
                }
            },
            pairs: if order == Order::ChainInTurn { 1 } else { BATCH_MAX },
            granule: if one_granule { 1 } else { self.common.algorithm.granule() },
            cut: matches!(order, Order::Chain | Order::ChainInTurn),
            growth,
        }
    }

    /// The order for a batch of `messages` messages. For a driver that completes later there is
    /// never more than one message in the socket, since some drivers never finish if there is.
    fn order(&self, messages: usize) -> Order {
        let later = messages > 1 && self.common.completes_later();
        match (self.chains(), later) {
            (true, false) => Order::Chain,
            (true, true) => Order::ChainInTurn,
            (false, false) if self.common.algorithm.properties.keeps_iv() => Order::Together,
            _ => Order::InTurn,
        }
    }

    /// A batch whose messages must each have the IV. There are outcomes up to the first that tells
    /// why a message was not sent.
    fn carry_out_in_turn(
        &self,
        control: &Control,
        batch: &Batch<'_>,
        backend: &mut dyn Backend,
        outcomes: &mut Vec<Outcome>,
    ) -> Result<()> {
        let (inputs, outputs) = (batch.inputs(), batch.outputs());
        let takes_whole =
            |output: &iovec| self.takes_whole_result(slice::from_ref(output), output.iov_len);
        if outputs.list().len() == 1 || !outputs.list().iter().all(takes_whole) {
            return self.carry_out_alone(control, batch, outcomes);
        }
        let (mut exchanges, mut ends) = (Vec::new(), Vec::new());
        exchanges.try_reserve_exact(outputs.list().len())?;
        exchanges.extend(inputs.each().zip(outputs.each()).map(|(data, output)| Exchange {
            socket: self.socket.as_fd(),
            message: Message { control: Some(control), data },
            output,
        }));
        backend.run_each(&exchanges, &mut ends)?;
        outcomes.extend(ends.into_iter().map_while(|end| match end {
            End::Received(outcome) => Some(outcome),
            End::Refused(errno) => Some(Err(errno)),
            End::Left => None,
        }));
        Ok(())
    }

    /// The same by system calls for each message.
    fn carry_out_alone(
        &self,
        control: &Control,
        batch: &Batch<'_>,
        outcomes: &mut Vec<Outcome>,
    ) -> Result<()> {
        for (data, output) in batch.inputs().each().zip(batch.outputs().each()) {
            let (len, result) = (data.total()?, output.total()?);
            let message = Message { control: Some(control), data };
            let outcome = self.send_and_receive(message, len, output, result).map(|()| result);
            outcomes.push(outcome);
            if !matches!(outcome, Ok(_) | Err(Errno::BADMSG)) {
                break;
            }
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
                let exchanged = self.send_and_receive(message, len, output, only.iov_len);
                outcomes.push(exchanged.map(|()| only.iov_len));
                return Ok(());
            }
            _ => match backend.run(self.socket.as_fd(), control, batch, outcomes) {
                Ok(sent) if sent == len => return self.settle_busy(output, cut, outcomes),
                Ok(sent) => sent,
                Err(Errno::NOMEM) if cut => 0,
                Err(errno) => return Err(Capacity::refusal(errno, len)),
            },
        };
        match why_short(input, sent) {
            // The messages are one for the socket, which has taken the first `sent` bytes.
            Errno::MSGSIZE if cut => self.chain(control, input, output, len, sent)?,
            errno => return Err(errno),
        }
        outcomes.extend(lens);
        Ok(())
    }
}

/// The result of a message that must fill `output`, where the kernel had to describe `described` bytes. EMSGSIZE: it
/// has cut the message, or has no memory for the description.
pub(super) fn whole_result(read: Outcome, output: Iovecs<'_>, described: usize) -> Result<usize> {
    let due = output.total()?;
    let read = read.map_err(|errno| Capacity::refusal(errno, described));
    match message::forget_forged(read, output, due)? {
        result if result == due => Ok(result),
        _ => Err(Errno::MSGSIZE),
    }
}

/// The order in which the messages of a batch go through the socket.
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
