// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The AIO engine: many IOVEC pairs, each a message of its own, in few system calls.
//!
//! [`plan`] cuts the caller's pairs into batches that fit into the socket; a
//! [`Backend`] carries out a batch: one sendmsg(2) with all inputs, then a read for
//! each output. In the kernel each read starts one cipher operation, in order.
//!
//! A backend returns when all its reads have ended, never before, whatever
//! happens: no kernel write into the caller's memory can come later.

pub mod linux_aio;
pub mod plan;

use crate::engine::kernel::message::{self, Message};
use crate::errno::{Errno, Result, retry};
use crate::handle::lock;
use crate::iov::Iovecs;
use crate::log::log;
use libc::MSG_DONTWAIT;
use linux_aio::Context;
use std::os::fd::BorrowedFd;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// What each read of a batch gave: bytes, or an error.
pub type Outcome = Result<usize>;

/// A way to carry out a batch.
pub trait Backend {
    /// Sends `message`, of `len` bytes, then reads into each IOVEC of `outputs`.
    /// The outcomes are appended, one for each output. An error means that
    /// nothing was read.
    fn run(
        &mut self,
        socket: BorrowedFd<'_>,
        message: Message<'_>,
        len: usize,
        outputs: Iovecs<'_>,
        outcomes: &mut Vec<Outcome>,
    ) -> Result<()>;
}

/// One recvmsg(2) after the other: for drivers that answer before they have
/// finished, of which the kernel lets only one at a time work on a socket, and for
/// kernels that do not give AIO.
pub struct Synchronous;

impl Backend for Synchronous {
    fn run(
        &mut self,
        socket: BorrowedFd<'_>,
        message: Message<'_>,
        len: usize,
        outputs: Iovecs<'_>,
        outcomes: &mut Vec<Outcome>,
    ) -> Result<()> {
        send_whole(socket, message, len)?;
        receive_each(socket, outputs, outcomes);
        Ok(())
    }
}

/// Sends a message that must fit: EMSGSIZE if it does not, never a wait.
pub fn send_whole(socket: BorrowedFd<'_>, message: Message<'_>, len: usize) -> Result<()> {
    match retry(|| message.send(socket, MSG_DONTWAIT)) {
        Ok(sent) if sent == len => Ok(()),
        Ok(_) | Err(Errno::AGAIN) => Err(Errno::MSGSIZE),
        Err(errno) => Err(errno),
    }
}

fn receive_each(socket: BorrowedFd<'_>, outputs: Iovecs<'_>, outcomes: &mut Vec<Outcome>) {
    outcomes.extend(
        outputs.each().map(|output| retry(|| message::receive(socket, output, MSG_DONTWAIT))),
    );
}

/// A transform's AIO contexts: as many as threads have used it at once. They are
/// set up by the first call that needs one.
#[derive(Default)]
pub struct Contexts {
    idle: Mutex<Vec<Context>>,
    refused: AtomicBool,
}

impl Contexts {
    /// A context for the length of a call; None if the kernel gives none.
    pub fn take(&self) -> Option<Context> {
        if let Some(context) = lock(&self.idle).pop() {
            return Some(context);
        }
        match Context::new() {
            Ok(context) => Some(context),
            Err(errno) => {
                if !self.refused.swap(true, Ordering::Relaxed) {
                    log!(
                        Warning,
                        "no kernel AIO (errno: -{}), going on with synchronous operations",
                        errno.number()
                    );
                }
                None
            }
        }
    }

    /// Takes a context back.
    pub fn put(&self, context: Context) {
        let mut idle = lock(&self.idle);
        if context.usable() && idle.try_reserve(1).is_ok() {
            idle.push(context);
        }
    }
}
