// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! AIO: many IOVEC pairs, each a message of its own, in few system calls.
//!
//! [`plan`] cuts the caller's pairs into batches that fit into the socket; a
//! [`Backend`] carries out a batch: one sendmsg(2) with all inputs, then a read for
//! each output. In the kernel each read starts one cipher operation, in order. Where drivers
//! do not leave the IV as it was, each input is sent with the IV, and read before the next.
//! [`Contexts`] chooses the backend: [`io_uring`], [`linux_aio`] or [`Synchronous`].
//!
//! A backend returns when all its reads have ended, so the kernel cannot write into the caller's memory
//! later. If io_uring_enter(2) is refused again and again, because another thread has closed the ring or a
//! sandbox forbids the call, the ring is abandoned: nobody enters it any more, and the kernel carries out its
//! requests nowhere else (IORING_SETUP_DEFER_TASKRUN).

pub mod contexts;
// The architectures that the io-uring crate knows, as in Cargo.toml.
#[cfg_attr(
    not(any(
        target_arch = "x86_64",
        target_arch = "aarch64",
        target_arch = "riscv64",
        target_arch = "loongarch64",
        target_arch = "powerpc64"
    )),
    path = "no_io_uring.rs"
)]
mod io_uring;
mod linux_aio;
pub mod plan;
mod rings;

use crate::engine::Control;
use crate::engine::kernel::message::{Message, receive_at_once, send_at_once, why_short};
use crate::errno::{Errno, Result};
use crate::iov::Iovecs;
#[cfg(doc)]
use plan::BATCH_MAX;
use plan::Batch;
use std::os::fd::{AsRawFd, BorrowedFd};

pub use contexts::Contexts;

/// The outcome of a read: its bytes, or an error.
pub type Outcome = Result<usize>;

/// A way to carry out a batch.
pub trait Backend {
    /// Sends the inputs of `batch` as one message, and carries out the reads into the first of its
    /// outputs, as many as this backend can: `outcomes`, which is empty before, tells of these.
    /// Returns how many bytes were sent. If these are not all, the outcomes do not count.
    fn begin(
        &mut self,
        socket: BorrowedFd<'_>,
        control: Option<&Control>,
        batch: &Batch<'_>,
        outcomes: &mut Vec<Outcome>,
    ) -> Result<usize>;

    /// Sends the inputs of `batch` as one message, then reads into each of its outputs; how many
    /// bytes were sent. If all, there is an outcome for each output. If fewer (the socket takes no
    /// more, or the next byte cannot be read), or after an error, nothing was read.
    fn run(
        &mut self,
        socket: BorrowedFd<'_>,
        control: Option<&Control>,
        batch: &Batch<'_>,
        outcomes: &mut Vec<Outcome>,
    ) -> Result<usize> {
        outcomes.clear();
        let sent = self.begin(socket, control, batch, outcomes);
        if sent == Ok(batch.len()) {
            // The results that were not read yet are in the socket, next in turn.
            receive_each(socket, batch.outputs().skip(outcomes.len()), outcomes);
        } else {
            outcomes.clear();
        }
        sent
    }

    /// Sends each message by itself, and reads its result before the next one of the same socket is
    /// sent. Messages of one socket stand next to one another; there are at most [`BATCH_MAX`].
    /// `ends`, which is empty before, tells of all. ENOMEM: nothing was sent.
    fn run_each(&mut self, exchanges: &[Exchange<'_>], ends: &mut Vec<End>) -> Result<()> {
        ends.try_reserve_exact(exchanges.len())?;
        exchange_each(exchanges, ends);
        Ok(())
    }
}

/// A message that is alone in its socket, and the place of its result.
pub struct Exchange<'a> {
    /// The socket.
    pub socket: BorrowedFd<'a>,
    /// What is sent.
    pub message: Message<'a>,
    /// A single IOVEC, as long as the result.
    pub output: Iovecs<'a>,
}

/// The end of an exchange.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// The message was sent; what its read gave.
    Received(Outcome),
    /// The socket did not take it whole. Nothing was read.
    Refused(Errno),
    /// It was not tried, because an earlier one of the same socket was refused or has failed.
    Left,
}

impl Exchange<'_> {
    /// Two system calls.
    fn carry_out(&self) -> End {
        match send_at_once(self.socket, self.message) {
            Ok(sent) => self.read_after(sent),
            Err(errno) => End::Refused(errno),
        }
    }

    /// Reads, if all of the message was sent.
    fn read_after(&self, sent: usize) -> End {
        if sent < self.len() {
            End::Refused(why_short(self.message.data, sent))
        } else {
            End::Received(receive_at_once(self.socket, self.output))
        }
    }

    fn len(&self) -> usize {
        self.message.data.list().iter().map(|iov| iov.iov_len).sum()
    }

    /// Returns whether `other` goes through the same socket.
    fn shares_socket(&self, other: &Exchange<'_>) -> bool {
        self.socket.as_raw_fd() == other.socket.as_raw_fd()
    }
}

/// One recvmsg(2) after the other. This is for kernels without AIO, and for drivers that answer
/// before they have finished: of their requests the kernel lets one at a time work on a socket.
pub struct Synchronous;

impl Backend for Synchronous {
    fn begin(
        &mut self,
        socket: BorrowedFd<'_>,
        control: Option<&Control>,
        batch: &Batch<'_>,
        _: &mut Vec<Outcome>,
    ) -> Result<usize> {
        send_at_once(socket, Message { control, data: batch.inputs() })
    }
}

/// [`Backend::run_each`] with two system calls for each. The ends are appended.
fn exchange_each(exchanges: &[Exchange<'_>], ends: &mut Vec<End>) {
    for chain in exchanges.chunk_by(Exchange::shares_socket) {
        let mut goes_on = true;
        ends.extend(chain.iter().map(|exchange| {
            let end = if goes_on { exchange.carry_out() } else { End::Left };
            goes_on &= matches!(end, End::Received(Ok(_) | Err(Errno::BADMSG)));
            end
        }));
    }
}

fn receive_each(socket: BorrowedFd<'_>, outputs: Iovecs<'_>, outcomes: &mut Vec<Outcome>) {
    outcomes.extend(outputs.each().map(|output| receive_at_once(socket, output)));
}
