// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The accepted AF_ALG socket.
//!
//! Whole messages never wait: what is sent fits into the socket's send buffer
//! (MSG_DONTWAIT makes sure of it), and what is received has been sent before.
//! Stream calls wait as their manual says, for space in sendmsg(2), for data in
//! [`Arrivals`].

#![allow(unsafe_code)]

use super::message::{self, Message};
use super::transform::Shared;
use crate::aio::plan::{Batch, Plan, Rules};
use crate::aio::{Backend, Synchronous, send_whole};
use crate::engine::{Control, Kind, Length, Op, Operation, Submission};
use crate::errno::{Errno, Result, count, retry};
use crate::handle::lock;
use crate::iov::{Cursor, Iovecs, iovec, scatter};
use libc::{MSG_DONTWAIT, MSG_MORE, c_int};
use once_cell::sync::OnceCell;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;
use zeroize::Zeroizing;

/// Bytes to send at once where it is ours to choose. More would save hardly a system
/// call, and the kernel's bookkeeping of them has to fit into net.core.optmem_max.
const SENT_AT_ONCE: usize = 512 * 1024;

/// Bytes of a digest's message that one sendmsg(2) carries; the kernel takes up to 2 GiB.
const HASH_PIECE: usize = 1 << 30;

/// Output IOVECs that one recvmsg(2) is given. Linux 6.1 has memory for 27.
const OUTPUTS_MAX: usize = 16;

/// Bytes that a new operation's socket takes before it makes a sender wait: the
/// smaller of its buffers, which have the same sizes for all of them.
static DEFAULT_CAPACITY: OnceCell<usize> = OnceCell::new();

/// An operation in the kernel.
pub struct KernelOperation {
    socket: OwnedFd,
    shared: Arc<Shared>,
    capacity: AtomicUsize,
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
        let capacity = *DEFAULT_CAPACITY.get_or_try_init(|| capacity(socket.as_fd()))?;
        Ok(Self {
            socket,
            shared,
            capacity: AtomicUsize::new(capacity),
            pending: AtomicUsize::new(0),
            growth: AtomicIsize::new(0),
            due: AtomicUsize::new(0),
            failed: AtomicBool::new(false),
            arrivals: Arrivals::default(),
        })
    }

    fn kind(&self) -> Kind {
        self.shared.algorithm.kind
    }

    fn capacity(&self) -> usize {
        self.capacity.load(Ordering::Relaxed)
    }

    /// Makes room for `len` bytes, or as many as the system allows
    /// (net.core.wmem_max, rmem_max); how many there is room for now.
    fn raise_capacity(&self, len: usize) -> Result<usize> {
        if len > self.capacity() {
            // The kernel doubles what it is told.
            let wanted = c_int::try_from(len).map_err(|_| Errno::MSGSIZE)?;
            for option in [libc::SO_SNDBUF, libc::SO_RCVBUF] {
                // SAFETY: the kernel reads a c_int, which `wanted` is.
                count(unsafe {
                    libc::setsockopt(
                        self.socket.as_raw_fd(),
                        libc::SOL_SOCKET,
                        option,
                        (&raw const wanted).cast(),
                        size_of::<c_int>() as libc::socklen_t,
                    )
                } as isize)?;
            }
            self.capacity.store(capacity(self.socket.as_fd())?, Ordering::Relaxed);
        }
        Ok(self.capacity())
    }

    /// What the result is longer than the message by, in bytes.
    fn growth(&self, op: Op) -> isize {
        let tag_len = self.shared.tag_len_in_force() as isize;
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

    /// Notes a failure, after which what is left in the socket is of no use.
    fn note<T>(&self, result: Result<T>) -> Result<T> {
        result.inspect_err(|_| self.failed.store(true, Ordering::Relaxed))
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
            Err(Errno::NOMEM) if DEFAULT_CAPACITY.get().is_some_and(|&usual| len > usual) => {
                Err(Errno::MSGSIZE)
            }
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
        let mut got = retry(|| message::receive(self.socket.as_fd(), output, MSG_DONTWAIT))?;
        let mut rest = Vec::new();
        while got < result {
            // A cipher that chains goes on where it stopped; for others a short
            // result is a message that the kernel has cut.
            if got == 0 || !self.shared.algorithm.chains() {
                return Err(Errno::MSGSIZE);
            }
            let mut cursor = Cursor::new(output);
            cursor.take(got, &mut rest)?;
            cursor.take(result - got, &mut rest)?;
            // SAFETY: a part of `output`.
            let list = unsafe { Iovecs::new(&rest) };
            got += retry(|| message::receive(self.socket.as_fd(), list, MSG_DONTWAIT))?;
        }
        Ok(())
    }

    /// A decrypted AEAD message of nothing but its tag: the kernel verifies it only
    /// when it is read, and reads nothing for an empty buffer.
    fn finish_without_result(&self, len: usize) -> Result<()> {
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
    fn cipher_message(
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
        let piece_max = if self.kind() == Kind::Skcipher && algorithm.chains() {
            let capacity = self.raise_capacity(len.min(SENT_AT_ONCE))?;
            capacity - capacity % algorithm.granule()
        } else if self.kind() == Kind::Skcipher && length == Length::Pieces {
            Length::ONE_SHOT
        } else if self.raise_capacity(len.max(result))? < len.max(result) {
            return Err(Errno::MSGSIZE);
        } else {
            usize::MAX
        };
        let (mut from, mut to) = (Cursor::new(input), Cursor::new(output));
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        let mut control = Some(control);
        let mut done = 0;
        loop {
            let piece = piece_max.min(len - done);
            let piece_result = if piece == len { result } else { piece };
            from.take(piece, &mut inputs)?;
            to.take(piece_result, &mut outputs)?;
            // SAFETY: parts of `input` and `output`.
            let (data, output) = unsafe { (Iovecs::new(&inputs), Iovecs::new(&outputs)) };
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
        if !cut && self.raise_capacity(longest)? < longest {
            return Err(Errno::MSGSIZE);
        }
        Ok(())
    }

    fn cipher_batch(
        &self,
        control: &Control,
        inputs: Iovecs<'_>,
        outputs: Iovecs<'_>,
        backend: &mut dyn Backend,
    ) -> Result<usize> {
        let algorithm = self.shared.algorithm;
        let aead = self.kind() == Kind::Aead;
        let cut = !aead && algorithm.chains();
        self.check_pairs(control, inputs, outputs, cut)?;
        let rules = Rules {
            capacity: self.capacity().min(SENT_AT_ONCE),
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
            outcomes.clear();
            outcomes.try_reserve(batch.outputs.len())?;
            // SAFETY: parts of `inputs` and `outputs`.
            let (data, output) =
                unsafe { (Iovecs::new(&batch.inputs), Iovecs::new(&batch.outputs)) };
            let message = Message { control: control.take(), data };
            if let [only] = batch.outputs[..] {
                let exchanged = self.exchange(message, batch.len, output, only.iov_len);
                outcomes.push(exchanged.map(|()| only.iov_len));
            } else {
                self.note(backend.run(
                    self.socket.as_fd(),
                    message,
                    batch.len,
                    output,
                    &mut outcomes,
                ))?;
            }
            for (outcome, output) in outcomes.iter().zip(&batch.outputs) {
                match self.note(*outcome) {
                    Ok(result) if result == output.iov_len => total += result,
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

impl Operation for KernelOperation {
    fn send(&self, control: Option<&Control>, input: Iovecs<'_>, more: bool) -> Result<usize> {
        let len = input.total()?;
        let piece_max = match self.kind() {
            Kind::Hash => HASH_PIECE,
            Kind::Aead => {
                // Nobody can receive before the message's end: it must fit.
                let whole = len.saturating_add(self.pending.load(Ordering::Relaxed));
                if self.raise_capacity(whole)? < whole {
                    return self.note(Err(Errno::MSGSIZE));
                }
                whole
            }
            _ => self.capacity(),
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
                cursor.take(now, &mut piece)?;
                // SAFETY: a part of `input`.
                unsafe { Iovecs::new(&piece) }
            };
            // Only the last piece may be without MSG_MORE.
            let flags = if more || sent + now < len { MSG_MORE } else { 0 };
            let message = Message { control: control.take(), data };
            let taken = self.note(retry(|| message.send(self.socket.as_fd(), flags)))?;
            if taken == 0 && now > 0 {
                return self.note(Err(Errno::IO));
            }
            sent += taken;
            let pending = self.pending.fetch_add(taken, Ordering::Relaxed) + taken;
            if sent >= len && !more && self.kind() == Kind::Aead {
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
        let mut too_short = false;
        let received = self.arrivals.wait_for(|| {
            too_short = room < self.due.load(Ordering::Relaxed);
            if too_short {
                return Err(Errno::INVAL);
            }
            retry(|| message::receive(self.socket.as_fd(), output, MSG_DONTWAIT))
        });
        if too_short {
            return received;
        }
        self.due.store(0, Ordering::Relaxed);
        let pending = match (self.kind(), received) {
            (Kind::Skcipher, Ok(bytes)) => {
                self.pending.load(Ordering::Relaxed).saturating_sub(bytes)
            }
            _ => 0,
        };
        self.pending.store(pending, Ordering::Relaxed);
        self.note(received)
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
            let pairs = inputs.each().zip(outputs.each());
            return pairs
                .map(|(input, output)| self.message(control, input, output, Length::Whole))
                .sum();
        }
        let batched = submission == Submission::Batched
            && inputs.list().len() > 1
            && !self.shared.algorithm.asynchronous();
        match batched.then(|| self.shared.aio.take()).flatten() {
            Some(mut context) => {
                let result = self.cipher_batch(control, inputs, outputs, &mut context);
                self.shared.aio.put(context);
                result
            }
            None => self.cipher_batch(control, inputs, outputs, &mut Synchronous),
        }
    }

    fn in_flight(&self) -> bool {
        self.pending.load(Ordering::Relaxed) > 0
    }

    fn failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }
}

/// The smaller of a socket's two buffers: what it takes, and gives, at once.
fn capacity(socket: BorrowedFd<'_>) -> Result<usize> {
    let size = |option| -> Result<usize> {
        let mut value: c_int = 0;
        let mut len = size_of::<c_int>() as libc::socklen_t;
        // SAFETY: the kernel writes a c_int to `value` and its size to `len`.
        count(unsafe {
            libc::getsockopt(
                socket.as_raw_fd(),
                libc::SOL_SOCKET,
                option,
                (&raw mut value).cast(),
                &raw mut len,
            )
        } as isize)?;
        usize::try_from(value).map_err(|_| Errno::IO)
    };
    // The kernel counts in pages and always takes one.
    const PAGE: usize = 4096;
    let smaller = size(libc::SO_SNDBUF)?.min(size(libc::SO_RCVBUF)?);
    Ok((smaller - smaller % PAGE).max(PAGE))
}

/// Lets a receiver wait until a sender, on the same handle, has brought something.
///
/// recvmsg(2) could wait itself, but would then go on waiting until the caller's
/// buffer is full, with the first results already in it.
#[derive(Default)]
struct Arrivals {
    waiting: AtomicUsize,
    lock: Mutex<()>,
    arrived: Condvar,
}

impl Arrivals {
    /// How long to wait before looking again: a sender could also be in another
    /// process that shares the socket since fork(2).
    const LOOK_AGAIN: Duration = Duration::from_millis(20);

    /// Tells those who wait. Costs no system call if nobody does.
    fn announce(&self) {
        if self.waiting.load(Ordering::SeqCst) > 0 {
            drop(lock(&self.lock));
            self.arrived.notify_all();
        }
    }

    /// Calls `attempt` until it ends otherwise than with EAGAIN.
    fn wait_for<T>(&self, mut attempt: impl FnMut() -> Result<T>) -> Result<T> {
        match attempt() {
            Err(Errno::AGAIN) => {}
            result => return result,
        }
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let mut guard = lock(&self.lock);
        let result = loop {
            match attempt() {
                Err(Errno::AGAIN) => {
                    let waited = self.arrived.wait_timeout(guard, Self::LOOK_AGAIN);
                    guard = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
                result => break result,
            }
        };
        drop(guard);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        result
    }
}
