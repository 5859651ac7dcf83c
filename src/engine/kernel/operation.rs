// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The accepted AF_ALG socket. Streams are here, whole messages of ciphers in
//! [`super::whole`].
//!
//! Stream calls wait as their manual says, for space in sendmsg(2), for data in
//! [`Arrivals`].

use super::arrivals::Arrivals;
use super::capacity::Capacity;
use super::message::{self, Message};
use super::transform::Shared;
use crate::aio::{Backend, Synchronous};
use crate::engine::{Control, Kind, Length, Operation, Submission};
use crate::errno::{Errno, Result, retry};
use crate::iov::{Cursor, Iovecs};
use crate::overlap::{Overlap, overlap, with_copies};
use libc::{MSG_DONTWAIT, MSG_MORE};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicUsize, Ordering};

/// Bytes of a digest's message that one sendmsg(2) carries; the kernel takes up to 2 GiB.
const HASH_PIECE: usize = 1 << 30;

/// An operation in the kernel.
pub struct KernelOperation {
    pub(super) socket: OwnedFd,
    pub(super) shared: Arc<Shared>,
    pub(super) capacity: Capacity,
    /// Bytes sent whose result has not been received.
    pending: AtomicUsize,
    /// What the result of the message being streamed is longer than it by.
    growth: AtomicIsize,
    /// Bytes that an AEAD stream's result has, once the message is complete: the
    /// kernel would cut it to a shorter buffer and leave the rest of the message.
    due: AtomicUsize,
    failed: AtomicBool,
    arrivals: Arrivals,
}

impl KernelOperation {
    /// Takes over an accepted socket.
    pub fn new(socket: OwnedFd, shared: Arc<Shared>) -> Result<Self> {
        Ok(Self {
            capacity: Capacity::usual(socket.as_fd())?,
            socket,
            shared,
            pending: AtomicUsize::new(0),
            growth: AtomicIsize::new(0),
            due: AtomicUsize::new(0),
            failed: AtomicBool::new(false),
            arrivals: Arrivals::default(),
        })
    }

    pub(super) fn kind(&self) -> Kind {
        self.shared.algorithm.kind
    }

    /// `bytes` less are in flight, or none.
    fn subtract_pending(&self, bytes: usize) {
        let less = |pending: usize| Some(pending.saturating_sub(bytes));
        let _ = self.pending.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    /// Notes a failure, after which what is left in the socket is of no use.
    pub(super) fn note<T>(&self, result: Result<T>) -> Result<T> {
        result.inspect_err(|_| self.failed.store(true, Ordering::Relaxed))
    }
}

impl Operation for KernelOperation {
    fn send(&self, control: Option<&Control>, input: Iovecs<'_>, more: bool) -> Result<usize> {
        let len = input.total()?;
        let piece_max = match self.kind() {
            Kind::Hash => HASH_PIECE,
            Kind::Aead => {
                // Nobody can receive before the message's end: it must fit.
                let whole = len.saturating_add(self.pending.load(Ordering::Relaxed));
                self.note(self.capacity.require(self.socket.as_fd(), whole))?;
                whole
            }
            _ => self.capacity.bytes(),
        };
        if let Some(control) = control {
            self.growth.store(self.growth(control.op), Ordering::Relaxed);
        }
        let (mut sent, mut piece) = (0, Vec::new());
        let mut control = control;
        loop {
            let now = piece_max.min(len - sent);
            let data = if now == len {
                input
            } else {
                let mut cursor = Cursor::new(input);
                cursor.take(sent, &mut piece)?;
                cursor.take(now, &mut piece)?
            };
            // Only the last piece may be without MSG_MORE.
            let flags = if more || sent + now < len { MSG_MORE } else { 0 };
            let message = Message { control: control.take(), data };
            // Counted before a receiver in another thread can subtract them.
            self.pending.fetch_add(now, Ordering::Relaxed);
            let result = self.note(retry(|| message.send(self.socket.as_fd(), flags)));
            let taken = result.unwrap_or(0);
            self.subtract_pending(now - taken.min(now));
            result?;
            if taken == 0 && now > 0 {
                return self.note(Err(Errno::IO));
            }
            sent += taken;
            if sent >= len && !more && self.kind() == Kind::Aead {
                let pending = self.pending.load(Ordering::Relaxed);
                let growth = self.growth.load(Ordering::Relaxed);
                self.due.store(pending.saturating_add_signed(growth), Ordering::Relaxed);
            }
            self.arrivals.announce();
            if sent >= len {
                return Ok(sent);
            }
        }
    }

    fn receive(&self, output: Iovecs<'_>) -> Result<usize> {
        let room = output.total()?;
        if room == 0 {
            return Ok(0);
        }
        if self.kind() == Kind::Rng {
            // Its EAGAIN is an answer (a failed health test): there is nobody to wait for.
            return self.note(retry(|| message::receive(self.socket.as_fd(), output, 0)));
        }
        let (mut too_short, mut due) = (false, 0);
        let received = self.arrivals.wait_for(|| {
            due = self.due.load(Ordering::Relaxed);
            too_short = room < due;
            if too_short {
                return Err(Errno::INVAL);
            }
            retry(|| message::receive(self.socket.as_fd(), output, MSG_DONTWAIT))
        });
        if too_short {
            return received;
        }
        self.due.store(0, Ordering::Relaxed);
        self.subtract_pending(match (self.kind(), received) {
            (Kind::Skcipher, Ok(bytes)) => bytes,
            _ => usize::MAX,
        });
        self.note(message::forget_forged(received, output, due))
    }

    fn message(
        &self,
        control: &Control,
        input: Iovecs<'_>,
        output: Iovecs<'_>,
        length: Length,
    ) -> Result<usize> {
        match self.kind() {
            Kind::Skcipher | Kind::Aead => self.cipher_message(control, input, output, length),
            _ => {
                self.send(Some(control), input, false)?;
                self.receive(output)
            }
        }
    }

    fn batch(
        &self,
        control: &Control,
        inputs: Iovecs<'_>,
        outputs: Iovecs<'_>,
        submission: Submission,
    ) -> Result<usize> {
        if !matches!(self.kind(), Kind::Skcipher | Kind::Aead) {
            return self.one_by_one(control, inputs, outputs);
        }
        let batched = submission == Submission::Batched
            && inputs.list().len() > 1
            && !self.shared.completes_later();
        let go = |inputs: Iovecs<'_>| {
            let run =
                |backend: &mut dyn Backend| self.cipher_batch(control, inputs, outputs, backend);
            if batched { self.shared.aio.with_backend(run) } else { run(&mut Synchronous) }
        };
        // No output may be where another message's input is still to be read.
        match overlap(inputs, outputs) {
            Overlap::None => go(inputs),
            _ => with_copies(inputs, go)?,
        }
    }

    fn in_flight(&self) -> bool {
        self.pending.load(Ordering::Relaxed) > 0
    }

    fn failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }
}
