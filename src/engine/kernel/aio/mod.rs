// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The AIO engine: many IOVEC pairs, each a message of its own, in few system calls.
//!
//! [`plan`] cuts the caller's pairs into batches that fit into the socket; a
//! [`Backend`] carries out a batch: one sendmsg(2) with all inputs, then a read for
//! each output. In the kernel each read starts one cipher operation, in order. Where drivers
//! do not leave the IV as it was, each input is sent with the IV, and read before the next.
//! [`Contexts`] chooses the backend: [`io_uring`], [`linux_aio`] or [`Synchronous`].
//!
//! A backend never returns before all its reads have ended, whatever happens. So the kernel cannot
//! write into the caller's memory later.

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
use crate::engine::kernel::message::{Message, receive_at_once, send_at_once};
use crate::errno::Result;
use crate::iov::Iovecs;
use plan::Batch;
use std::os::fd::BorrowedFd;

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

    /// Sends each input of `batch` with `control`, and reads into its output before the next is
    /// sent. Outcomes are appended, one for each pair, up to the first that the socket did not take
    /// whole: Some, and how many bytes it took.
    fn run_each(
        &mut self,
        socket: BorrowedFd<'_>,
        control: &Control,
        batch: &Batch<'_>,
        outcomes: &mut Vec<Outcome>,
    ) -> Option<usize> {
        exchange_each(socket, control, batch.inputs(), batch.outputs(), outcomes)
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

/// [`Backend::run_each`] with two system calls for a pair.
fn exchange_each(
    socket: BorrowedFd<'_>,
    control: &Control,
    inputs: Iovecs<'_>,
    outputs: Iovecs<'_>,
    outcomes: &mut Vec<Outcome>,
) -> Option<usize> {
    for (data, output) in inputs.each().zip(outputs.each()) {
        let whole = data.list().iter().map(|iov| iov.iov_len).sum();
        outcomes.push(match send_at_once(socket, Message { control: Some(control), data }) {
            Ok(sent) if sent < whole => return Some(sent),
            Ok(_) => receive_at_once(socket, output),
            Err(errno) => Err(errno),
        });
    }
    None
}

fn receive_each(socket: BorrowedFd<'_>, outputs: Iovecs<'_>, outcomes: &mut Vec<Outcome>) {
    outcomes.extend(outputs.each().map(|output| receive_at_once(socket, output)));
}
