// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The user engine's operation of an asymmetric cipher or a key agreement.
//!
//! A message is copied before anything is computed, so it may lie where its result goes. Every
//! output has room for the largest result, as the kernel's patches want it. One with room for
//! several gets several: the message is cut into as many, each as long as the largest result, and
//! the results begin as far from each other. A key agreement's keygen, which has no message,
//! fills the room with copies of the key.
//!
//! Reference: `crypto/algif_akcipher.c` and `crypto/algif_kpp.c` of the patches that no mainline
//! kernel has.

use crate::engine::user::algorithm::Keyed;
use crate::engine::user::algorithm::asymmetric::Asymmetric;
use crate::engine::user::data::{Buffer, copy_out};
use crate::engine::user::lease::Lease;
use crate::engine::{Alone, Control, Failure, Op, Operation, Progress, Submission, WholeMessage};
use crate::errno::{Errno, Result};
use crate::fork::Forked;
use crate::iov::{IOVECS_MAX, Iovecs};
use crate::lock::{Event, Lock, Recover};
use crate::log::because;
use crate::overlap::{Overlap, overlap, with_copies};
use crate::wipe::{DEEP, Wiper, wiping_stack};

/// The log's reason where an output is too short.
const NO_ROOM: &str = "no room for the largest result";

/// A message in progress.
pub struct AsymmetricOperation {
    lease: Lease,
    stream: Lock<Stream>,
    failure: Failure,
}

/// A message that comes in pieces.
enum Stream {
    /// There is none.
    Idle,
    /// More of it follows.
    Open(Op, Buffer),
    /// It waits to be received.
    Complete(Op, Buffer),
}

impl Recover for Stream {
    #[allow(unsafe_code)]
    unsafe fn recover(this: *mut Self) {
        // SAFETY: the caller's promise. What the thread of the parent was changing is the parent's.
        unsafe { this.write(Self::Idle) };
    }
}

impl AsymmetricOperation {
    /// No message yet.
    pub fn new(lease: Lease) -> Self {
        Self { lease, stream: Lock::new(Stream::Idle), failure: Failure::default() }
    }

    fn keyed(&self) -> Result<&dyn Asymmetric> {
        match self.lease.keyed()? {
            Keyed::Asymmetric(keyed) if keyed.max_size() > 0 => Ok(&**keyed),
            _ => Err(Errno::NOKEY),
        }
    }

    /// Computes the results of `message` and returns their sum in bytes. EMSGSIZE: `output` has no
    /// room for the largest.
    fn compute(&self, op: Op, message: &mut Buffer, output: Iovecs<'_>) -> Result<usize> {
        let keyed = self.keyed()?;
        let (size, len) = (keyed.max_size(), message.len());
        let room = output.total()? / size;
        if room == 0 {
            return Err(because(Errno::MSGSIZE, NO_ROOM));
        }
        if op == Op::Keygen {
            return make_key(keyed, message.bytes(), room, output);
        }
        let pieces = len.div_ceil(size).max(1);
        let (pieces, piece) = if pieces <= room { (pieces, size) } else { (1, len) };
        let mut results = Buffer::zeros(pieces * size)?;
        let mut messages = message.bytes().chunks(piece);
        let (mut sum, mut end) = (0, 0);
        for (number, result) in results.bytes().chunks_mut(size).enumerate() {
            let message = messages.next().unwrap_or_default();
            let len = wiping_stack::<DEEP, _>(|| keyed.run(op, message, result))?;
            result.get_mut(len..).unwrap_or_default().fill(0);
            sum += len;
            end = number * size + len;
        }
        copy_out(results.bytes().get(..end).ok_or(Errno::IO)?, output);
        Ok(sum)
    }
}

/// Makes a public key once, and fills the room for `count` with copies.
fn make_key(
    keyed: &dyn Asymmetric,
    message: &[u8],
    count: usize,
    output: Iovecs<'_>,
) -> Result<usize> {
    let size = keyed.max_size();
    let mut result = Buffer::zeros(size)?;
    let len = wiping_stack::<DEEP, _>(|| keyed.run(Op::Keygen, message, result.bytes()))?;
    let key = result.bytes().get(..len).ok_or(Errno::IO)?;
    copy_out(key, output);
    let mut rest = Vec::new();
    for number in 1..count {
        copy_out(key, output.after(number * size, &mut rest)?);
    }
    Ok(len * count)
}

impl Operation for AsymmetricOperation {
    fn send(
        &self,
        control: Option<&Control>,
        input: Iovecs<'_>,
        more: bool,
        arrived: &Event,
    ) -> Result<usize> {
        let len = input.total()?;
        if input.list().len() > IOVECS_MAX {
            return Err(Errno::MSGSIZE);
        }
        self.keyed()?;
        let mut stream = self.stream.lock()?;
        let (op, mut message) = match (std::mem::replace(&mut *stream, Stream::Idle), control) {
            (Stream::Complete(op, message), _) => {
                *stream = Stream::Complete(op, message);
                return Err(Errno::INVAL);
            }
            (Stream::Open(_, message), Some(control)) => (control.op, message),
            (Stream::Open(op, message), None) => (op, message),
            (Stream::Idle, Some(control)) => (control.op, Buffer::default()),
            (Stream::Idle, None) => return Err(Errno::INVAL),
        };
        let appended = message.append(input);
        *stream = match appended {
            Ok(()) if !more => Stream::Complete(op, message),
            _ => Stream::Open(op, message),
        };
        appended?;
        arrived.happened();
        Ok(len)
    }

    fn receive(&self, output: Iovecs<'_>) -> Result<Option<usize>> {
        if output.list().len() > IOVECS_MAX {
            return Err(Errno::MSGSIZE);
        }
        let mut stream = self.stream.lock()?;
        let Stream::Complete(op, message) = &mut *stream else {
            return Ok(None);
        };
        let result = self.compute(*op, message, output);
        // With more room the caller may try again.
        if result != Err(Errno::MSGSIZE) {
            *stream = Stream::Idle;
        }
        result.map(Some)
    }

    fn check(&self, message: &WholeMessage<'_>) -> Result<()> {
        message.input.total()?;
        if message.output.total()? < self.keyed()?.max_size() {
            return Err(because(Errno::MSGSIZE, NO_ROOM));
        }
        Ok(())
    }

    fn message(&self, _: Alone<'_>, message: &WholeMessage<'_>, _: Wiper) -> Result<usize> {
        let mut copy = Buffer::default();
        copy.append(message.input)?;
        let result = self.compute(message.control.op, &mut copy, message.output);
        *self.stream.lock()? = Stream::Idle;
        result
    }

    fn batch(
        &self,
        alone: Alone<'_>,
        control: &Control,
        inputs: Iovecs<'_>,
        outputs: Iovecs<'_>,
        _: Submission,
    ) -> Result<usize> {
        self.check_each(control, inputs, outputs)?;
        let go = |inputs: Iovecs<'_>| self.one_by_one(alone, control, inputs, outputs);
        match overlap(inputs.list(), outputs.list()) {
            Overlap::None => go(inputs),
            // A result must not be taken for a message that comes later.
            Overlap::Input | Overlap::Output => with_copies(inputs, go)?,
        }
    }

    fn progress(&self) -> Progress {
        // If the lock cannot be had, this is a signal handler that has interrupted a call of the
        // operation. The operation counts as in use then, so that it is not closed.
        let Ok(stream) = self.stream.lock() else { return Progress::Pending };
        match &*stream {
            Stream::Idle => Progress::Idle,
            Stream::Open(_, message) if message.is_empty() => Progress::Begun,
            Stream::Open(..) => Progress::Pending,
            Stream::Complete(..) => Progress::Complete,
        }
    }

    fn failure(&self) -> &Failure {
        &self.failure
    }
}

/// Each process goes on with a copy of the stream.
impl Forked for AsymmetricOperation {}
