// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The operation as the rest of the library sees it: streams, which are here, whole messages and
//! batches.
//!
//! No call waits in sendmsg(2) or recvmsg(2): see [`crate::slot::Visit`].

use super::aio::{Backend, Synchronous};
use super::backlog::Backlog;
use super::capacity::{Capacity, PAGE};
use super::message::{self, Message, OUTPUTS_MAX, in_one_piece, is_unreadable, why_short};
use super::operation::KernelOperation;
use crate::engine::shape::Shape;
use crate::engine::{
    Alone, Control, DIGEST_MAX, Failure, Kind, Length, Operation, Progress, Submission,
    WholeMessage,
};
use crate::errno::{Errno, Result, retry};
use crate::iov::{Cursor, IOVECS_MAX, Iovecs, iovec};
use crate::lock::Event;
use crate::overlap::{Overlap, overlap, with_checked_copies};
use crate::sys::socket::poll_for_room;
use crate::wipe::{Depth, Wiper};
use libc::{MSG_DONTWAIT, MSG_MORE, iovec};
use std::os::fd::AsFd;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Bytes of a digest's message that one sendmsg(2) carries; the kernel takes up to 2 GiB.
const HASH_PIECE: usize = 1 << 30;

/// Bytes of a result that a socket has memory to describe, if it has any at all.
const DESCRIBED: usize = 64 << 10;

/// What is noted of a stream's message, see [`KernelOperation`].
struct Noted {
    begun: bool,
    more: bool,
    due: usize,
}

/// A piece of a stream that may be sent in several.
struct Pieces<'a> {
    input: Iovecs<'a>,
    /// Another piece of the stream follows.
    more: bool,
    /// See [`KernelOperation::growth`].
    growth: isize,
    /// Bytes that one sendmsg(2) is given.
    most: usize,
}

impl KernelOperation {
    /// Returns whether the kernel has answered that `room` bytes are too few for a block, or for a
    /// block of the key stream. Its answer is no bytes (6.1) or EINVAL (later kernels), and it has
    /// taken nothing.
    fn is_too_short(&self, room: usize, received: Result<usize>) -> bool {
        matches!(received, Ok(0) | Err(Errno::INVAL))
            && room < self.common.algorithm.granule()
            && (self.of_two_processes() || self.pending.load(Ordering::Relaxed) > 0)
    }

    /// The number of bytes that can be received at once into `room` bytes.
    fn there(&self, room: usize) -> usize {
        // It is not known here how much another process has sent or received.
        if self.of_two_processes() { room } else { room.min(self.pending.load(Ordering::Relaxed)) }
    }

    /// Receives into no room: nothing, but if the message's result is empty its tag must be
    /// verified. EINVAL: the message has a result, or is not complete.
    fn receive_nothing(&self) -> Result<usize> {
        let begun = self.begun.load(Ordering::Relaxed);
        let decrypts = self.growth.load(Ordering::Relaxed) < 0;
        if self.kind() != Kind::Aead || !begun || !decrypts {
            return Ok(0);
        }
        let complete = !self.more.load(Ordering::Relaxed);
        if !complete || self.due.load(Ordering::Relaxed) > 0 {
            return Err(Errno::INVAL);
        }
        let pending = self.pending.load(Ordering::Relaxed);
        if pending < self.tag_len && !self.of_two_processes() {
            return Err(Errno::INVAL);
        }
        self.ended(self.finish_without_result(pending)).map(|()| 0)
    }

    /// The length of the result of an AEAD's message, once that is complete. 0: it is not, or another
    /// process may have sent a part of it.
    fn known_due(&self) -> usize {
        if self.of_two_processes() { 0 } else { self.due.load(Ordering::Relaxed) }
    }

    /// One recvmsg(2). EINVAL: the result is longer than `output`, and is lost.
    fn receive_what_is_there(&self, output: Iovecs<'_>) -> Result<usize> {
        let receive = |output: Iovecs<'_>| match self.chains() {
            true => message::receive_granules(self.socket.as_fd(), output),
            false => {
                let received = message::receive_at_once(self.socket.as_fd(), output);
                // Another thread may have completed the message meanwhile.
                message::forget_forged(received, output, self.known_due())
            }
        };
        let many = output.list().len() > OUTPUTS_MAX;
        let room = output.total()?;
        let (there, due) = (self.there(room), self.known_due());
        let granule = self.common.algorithm.granule();
        let len = match self.kind() {
            // With less than the whole result the kernel would cut the message. The other process may have
            // enlarged the buffer.
            Kind::Aead if self.of_two_processes() => {
                Capacity::default().room(self.socket.as_fd(), usize::MAX)
            }
            Kind::Aead if due > 0 && !self.takes_whole_result(output.list(), due) => due,
            Kind::Aead if many => room,
            Kind::Hash if output.list().len() > IOVECS_MAX => room.min(DIGEST_MAX),
            // More may come between the look at it and recvmsg(2), so all the room counts.
            Kind::Skcipher if message::splits_granules(output, room, granule) => {
                there.max(PAGE).min(room)
            }
            // A message that is not cut has one result, which the kernel must not take for two.
            Kind::Skcipher
                if !self.chains()
                    && there > 0
                    && !self.takes_whole_result(output.list(), there) =>
            {
                there
            }
            _ => match receive(output) {
                // Before Linux 6.8 a socket has memory for about 30 IOVECs. It has taken nothing
                // then.
                Err(Errno::NOMEM) if many => there,
                // Nor has it memory for the description of any length, beside that of what is in it
                // (net.core.optmem_max).
                Err(Errno::NOMEM) if self.chains() && there > DESCRIBED => DESCRIBED,
                received => return received,
            },
        };
        let mut taken = false;
        let received = in_one_piece(output, len, |piece| {
            let bytes = receive(piece)?;
            taken = true;
            if bytes > room { Err(Errno::INVAL) } else { Ok(bytes) }
        });
        if taken && received.is_err() {
            // The result was taken out of the socket and is lost.
            self.end();
            return self.note(received);
        }
        received
    }

    /// Takes note of what was received of the socket into `room` bytes.
    fn note_received(&self, received: Result<usize>, room: usize) -> Result<Option<usize>> {
        // Another thread may have completed the message meanwhile.
        let due = self.known_due();
        match (self.kind(), received) {
            (_, Err(Errno::AGAIN)) => Ok(None),
            (Kind::Skcipher, _) if self.is_too_short(room, received) => Err(Errno::INVAL),
            (Kind::Skcipher, Ok(bytes)) => {
                self.subtract_pending(bytes);
                if self.of_two_processes() {
                    self.end_if_read();
                }
                Ok(Some(bytes))
            }
            // The kernel has cut the message, so the result is that of another one.
            (Kind::Aead, Ok(bytes)) if bytes < due => self.ended(Err(Errno::MSGSIZE)),
            // It would be refused again.
            (Kind::Aead, Err(errno)) if Capacity::refusal(errno, due) == Errno::MSGSIZE => {
                self.ended(Err(Errno::MSGSIZE))
            }
            _ => self.ended(received).map(Some),
        }
    }

    /// Random bytes. EAGAIN is an answer of its own here (a failed health test) and does not mean to wait.
    fn generate(&self, output: Iovecs<'_>) -> Result<usize> {
        // Additional input, which was a message in it, has been used, or is of no use any more.
        self.end();
        self.note(retry(|| message::receive(self.socket.as_fd(), output, 0)))
    }

    /// Returns whether a stream's data are processed when they come, and its results kept here: see
    /// [`super::offload`]. Two processes share nothing but the socket, so this is for one process.
    pub(super) fn keeps_backlog(&self) -> bool {
        !self.of_two_processes()
            && !self.forks.load(Ordering::Relaxed)
            && self.has_backlog.get_or_init(|| self.is_offloaded())
    }

    /// Returns whether its streams had a backlog before a fork(2), which may still have results.
    pub(super) fn began_with_backlog(&self) -> bool {
        self.has_backlog.get() == Some(true)
    }

    /// Notes that data come: of the message in the socket, or of a new one where there is none. One
    /// that is complete and of which the socket has no bytes, because they were read or it is empty,
    /// gives way to the new one. No receiver notes that a message is over, because the next one could
    /// have begun meanwhile. Returns what was noted before, if that is another message.
    fn goes_on_or_begins(&self) -> Option<Noted> {
        let before = Noted {
            begun: self.begun.swap(true, Ordering::Relaxed),
            more: self.more.load(Ordering::Relaxed),
            due: self.due.load(Ordering::Relaxed),
        };
        let goes_on = before.more || self.pending.load(Ordering::Relaxed) > 0;
        if before.begun && goes_on {
            return None;
        }
        self.more.store(true, Ordering::Relaxed);
        self.due.store(0, Ordering::Relaxed);
        Some(before)
    }

    /// Returns whether a message that is complete has a result which no process has read. The kernel is asked to write
    /// it where nobody can: it says EFAULT and keeps it, or EAGAIN if there is none.
    fn is_unread(&self) -> bool {
        /// A constant's page may be read only, so that debuggers such as valgrind have no objection either.
        static CONSTANT: u8 = 1;

        // An empty result would be read by that, and its tag verified.
        let is_empty = self.kind() == Kind::Aead && self.due.load(Ordering::Relaxed) == 0;
        if is_empty || self.has_kept_results().unwrap_or(true) {
            return true;
        }
        let output = [iovec(&raw const CONSTANT, 1)];
        // SAFETY: nobody can write there, the kernel neither.
        #[allow(unsafe_code)]
        let output = unsafe { Iovecs::new(&output) };
        message::receive_at_once(self.socket.as_fd(), output) != Err(Errno::AGAIN)
    }

    /// Returns whether a stream with data is there. Another thread has begun it at the same time if a stream
    /// is to begin, since an earlier one has made way.
    fn has_data(&self) -> bool {
        matches!(self.kind(), Kind::Skcipher | Kind::Aead)
            && self.begun.load(Ordering::Relaxed)
            && self.pending.load(Ordering::Relaxed) > 0
    }

    /// Bytes that one sendmsg(2) is given of a piece of `len` bytes. EMSGSIZE: the message must be sent as a whole,
    /// and the socket does not take it.
    fn most_at_once(&self, len: usize, growth: isize) -> Result<usize> {
        match self.kind() {
            Kind::Hash => Ok(HASH_PIECE),
            Kind::Aead => {
                // Nobody can receive before the message's end, so it must fit as a whole. So must
                // its result, which the kernel would cut otherwise.
                let whole = len.saturating_add(self.pending.load(Ordering::Relaxed));
                let result = whole.saturating_add_signed(growth);
                self.require_room(whole.max(result))?;
                Ok(whole)
            }
            _ => Ok(self.capacity.room(self.socket.as_fd(), len)),
        }
    }

    /// One sendmsg(2), behind which others may follow. Returns how many bytes it has taken; an error: none.
    fn send_piece(&self, message: &Message<'_>, follows: bool, growth: isize) -> Result<usize> {
        let len = message.data.total()?;
        // Counted before a receiver in another thread can subtract them, or cut the result.
        let pending = self.add_pending(len);
        if self.kind() == Kind::Aead && !follows {
            self.due.store(pending.saturating_add_signed(growth), Ordering::Relaxed);
        }
        let flags = if follows { MSG_DONTWAIT | MSG_MORE } else { MSG_DONTWAIT };
        let taken = match retry(|| message.send(self.socket.as_fd(), flags)) {
            Ok(0) if len > 0 => Err(Errno::IO),
            // If a page is missing in a message's first piece, Linux takes what is before it as
            // if no more would follow, and refuses the rest without looking at it.
            Err(Errno::INVAL) if is_unreadable(message.data) => Err(Errno::FAULT),
            // There is no room although the message should fit, and no receiver could make
            // room.
            Err(Errno::AGAIN) if self.kind() != Kind::Skcipher => Err(Errno::MSGSIZE),
            // A digest takes all or none, but for an error in the midst, after which newer kernels have lost the message.
            Ok(taken) if self.kind() == Kind::Hash && taken < len => {
                self.failure.set();
                Err(why_short(message.data, taken))
            }
            taken => taken,
        };
        self.subtract_pending(len - taken.unwrap_or(0).min(len));
        taken
    }

    /// Sends a piece of a stream in as many pieces as that takes. Returns how many bytes were taken, and the error that
    /// has ended it; EAGAIN: the socket is full.
    fn send_pieces(
        &self,
        mut control: Option<&Control>,
        pieces: &Pieces<'_>,
        arrived: &Event,
    ) -> (usize, Result<()>) {
        let &Pieces { input, more, growth, most } = pieces;
        let (mut sent, mut list) = (0, Vec::new());
        let mut send_next = |sent: usize| {
            let len = input.total()?;
            let data = piece_at(input, sent, most.min(len - sent), &mut list)?;
            let message = Message { control: control.take(), data };
            let follows = more || sent + data.total()? < len;
            let taken = self.send_piece(&message, follows, growth);
            let taken = taken.map_err(|errno| self.refusal(errno, sent, most))?;
            Ok((taken, sent + taken >= len))
        };
        loop {
            let is_last = match send_next(sent) {
                Ok((taken, is_last)) => {
                    sent += taken;
                    is_last
                }
                Err(errno) => return (sent, Err(errno)),
            };
            if is_last && !more {
                self.more.store(false, Ordering::Relaxed);
            }
            arrived.happened();
            if is_last {
                return (sent, Ok(()));
            }
        }
    }

    /// The errno for a piece of a stream of which `sent` bytes were taken and the rest was refused. `most` is the
    /// length of the message so far, of an AEAD.
    fn refusal(&self, errno: Errno, sent: usize, most: usize) -> Errno {
        match (self.kind(), errno) {
            // There was no memory for the description of the rest. The kernel has taken the part for the whole
            // message, and the rest for another.
            (Kind::Aead, Errno::INVAL) if sent > 0 => Errno::MSGSIZE,
            (Kind::Aead, _) => Capacity::refusal(errno, most),
            _ => errno,
        }
    }

    /// Takes back that another message has begun.
    fn restore(&self, before: &Noted) {
        self.begun.store(before.begun, Ordering::Relaxed);
        self.more.store(before.more, Ordering::Relaxed);
        self.due.store(before.due, Ordering::Relaxed);
    }

    /// Returns whether the backlog has taken the piece. It has not if a fork(2) has come between.
    fn send_offloaded(
        &self,
        control: Option<&Control>,
        input: Iovecs<'_>,
        more: bool,
        arrived: &Event,
    ) -> Result<bool> {
        let mut backlog = self.backlog.lock()?;
        if !self.keeps_backlog() {
            return Ok(false);
        }
        self.refuse_behind(&backlog)?;
        let pending = self.offload_piece(&mut backlog, control, input, more)?;
        self.begun.store(true, Ordering::Relaxed);
        self.more.store(more, Ordering::Relaxed);
        self.pending.store(pending, Ordering::Relaxed);
        drop(backlog);
        arrived.happened();
        Ok(true)
    }

    /// EINVAL, as the kernel says of results in the socket: the message is complete, and results of it
    /// have not been read.
    fn refuse_behind(&self, backlog: &Backlog) -> Result<()> {
        let complete = self.begun.load(Ordering::Relaxed) && !self.more.load(Ordering::Relaxed);
        if complete && backlog.waiting() > 0 { Err(Errno::INVAL) } else { Ok(()) }
    }

    /// Receives of the results that are kept here. None: there are none, and of a stream that two
    /// processes share there may be some in the socket.
    fn receive_offloaded(&self, output: Iovecs<'_>) -> Result<Option<usize>> {
        let mut backlog = self.backlog.lock()?;
        let more = !self.keeps_backlog()
            || self.more.load(Ordering::Relaxed)
            || !self.begun.load(Ordering::Relaxed);
        let received = match self.offload_receive(&mut backlog, output, more) {
            // Nothing was taken out of the backlog.
            Err(errno @ (Errno::FAULT | Errno::NOMEM)) => return Err(errno),
            received => self.note(received)?,
        };
        let Some((received, rest)) = received else {
            return Ok(None);
        };
        if received == 0 && rest > 0 {
            // Too few for a granule.
            return Err(Errno::INVAL);
        }
        self.subtract_pending(received);
        self.end_if_read();
        Ok(Some(received))
    }

    /// Takes note of the message's end if all of it was sent and read.
    fn end_if_read(&self) {
        let unread = self.pending.load(Ordering::Relaxed) > 0;
        if !unread && !self.more.load(Ordering::Relaxed) {
            self.end();
        }
    }

    /// Returns whether results are kept here, maybe of a stream that two processes share by now.
    fn has_kept_results(&self) -> Result<bool> {
        Ok(self.began_with_backlog() && self.backlog.lock()?.waiting() > 0)
    }
}

/// At most `len` bytes of `input` behind the first `start`, and as many IOVECs as a system call takes; `list` is
/// memory for them.
fn piece_at<'p>(
    input: Iovecs<'p>,
    start: usize,
    len: usize,
    list: &'p mut Vec<iovec>,
) -> Result<Iovecs<'p>> {
    if len == input.total()? && input.list().len() <= IOVECS_MAX {
        return Ok(input);
    }
    let mut cursor = Cursor::new(input);
    cursor.skip(start);
    cursor.take_few(len, IOVECS_MAX, list)
}

impl Operation for KernelOperation {
    fn send(
        &self,
        control: Option<&Control>,
        input: Iovecs<'_>,
        more: bool,
        arrived: &Event,
    ) -> Result<usize> {
        let len = input.total()?;
        if control.is_some() && self.has_data() {
            return Err(Errno::BUSY);
        }
        if self.keeps_backlog() && self.send_offloaded(control, input, more, arrived)? {
            return Ok(len);
        }
        if self.began_with_backlog() {
            self.refuse_behind(&*self.backlog.lock()?)?;
        }
        let growth = match control {
            Some(control) => self.growth(control.op),
            None => self.growth.load(Ordering::Relaxed),
        };
        let most = self.most_at_once(len, growth)?;
        self.growth.store(growth, Ordering::Relaxed);
        let due_before = self.due.load(Ordering::Relaxed);
        let before = self.goes_on_or_begins();
        let pieces = Pieces { input, more, growth, most };
        match self.send_pieces(control, &pieces, arrived) {
            (sent, Ok(()) | Err(Errno::AGAIN)) => Ok(sent),
            (0, Err(errno)) => {
                match &before {
                    Some(before) => self.restore(before),
                    // The message may have been complete, so that the kernel refuses more of it.
                    None => self.due.store(due_before, Ordering::Relaxed),
                }
                Err(errno)
            }
            // The error will be told by the call for the rest, which takes nothing.
            (sent, Err(_)) if self.kind() == Kind::Skcipher => Ok(sent),
            // A piece of which something was taken cannot be sent again.
            (_, Err(errno)) => self.note(Err(errno)),
        }
    }

    fn wait_for_room(&self, at_most: Duration) {
        let milliseconds = at_most.as_millis().min(1000) as libc::c_int;
        // Whatever the result is, the caller tries again.
        let _ = poll_for_room(self.socket.as_fd(), milliseconds);
    }

    fn receive(&self, output: Iovecs<'_>) -> Result<Option<usize>> {
        let room = output.total()?;
        if room == 0 {
            return self.receive_nothing().map(Some);
        }
        if self.kind() == Kind::Rng {
            return self.generate(output).map(Some);
        }
        if room < self.due.load(Ordering::Relaxed) {
            return Err(Errno::INVAL);
        }
        if self.keeps_backlog() {
            return self.receive_offloaded(output);
        }
        if self.has_kept_results()?
            && let Some(received) = self.receive_offloaded(output)?
        {
            // What this process has kept comes first; there may be more.
            let mut list = Vec::new();
            let more = self.receive(output.after(received, &mut list)?);
            return Ok(Some(received + more.ok().flatten().unwrap_or(0)));
        }
        self.note_received(self.receive_what_is_there(output), room)
    }

    fn tag_len(&self) -> usize {
        self.tag_len
    }

    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn require(&self, len: usize, length: Length) -> Result<()> {
        if self.chains() { Ok(()) } else { self.require_room(len.min(self.piece_max(length))) }
    }

    fn message(&self, _: Alone<'_>, message: &WholeMessage<'_>, wiper: Wiper) -> Result<usize> {
        wiper.run(Depth::Spills, || match self.kind() {
            Kind::Skcipher | Kind::Aead => {
                // This comes first: a message whose lengths are wrong leaves a stream as it was.
                self.check(message)?;
                self.begin_whole(message.control.op);
                self.cipher_message(message)
            }
            _ => {
                let control = Some(message.control);
                self.note(self.send(control, message.input, false, &Event::default()))?;
                self.receive(message.output)?.ok_or(Errno::AGAIN)
            }
        })
    }

    fn batch(
        &self,
        alone: Alone<'_>,
        control: &Control,
        inputs: Iovecs<'_>,
        outputs: Iovecs<'_>,
        submission: Submission,
    ) -> Result<usize> {
        if !matches!(self.kind(), Kind::Skcipher | Kind::Aead) {
            return self.one_by_one(alone, control, inputs, outputs);
        }
        self.check_each(control, inputs, outputs)?;
        self.begin_whole(control.op);
        let batched = submission == Submission::Batched
            && inputs.list().len() > 1
            && !self.common.completes_later();
        let go = |inputs: Iovecs<'_>| {
            let run =
                |backend: &mut dyn Backend| self.cipher_batch(control, inputs, outputs, backend);
            if batched { self.common.aio.with_backend(run) } else { run(&mut Synchronous) }
        };
        // No output may be where another message's input is still to be read.
        match overlap(inputs.list(), outputs.list()) {
            Overlap::None => go(inputs),
            _ => with_checked_copies(inputs, go)?,
        }
    }

    fn progress(&self) -> Progress {
        if !self.begun.load(Ordering::Relaxed) {
            return Progress::Idle;
        }
        if self.kind() == Kind::Hash {
            return Progress::Pending;
        }
        if self.of_two_processes() {
            return match self.more.load(Ordering::Relaxed) {
                true => Progress::Pending,
                // It is not known here what another process has received.
                false if self.is_unread() => Progress::Complete,
                false => Progress::Begun,
            };
        }
        match (self.more.load(Ordering::Relaxed), self.pending.load(Ordering::Relaxed)) {
            (false, 0) if self.kind() == Kind::Skcipher => Progress::Idle,
            (_, 0) => Progress::Begun,
            (true, _) => Progress::Pending,
            (false, _) => Progress::Complete,
        }
    }

    fn failure(&self) -> &Failure {
        &self.failure
    }

    fn of_two_processes(&self) -> bool {
        self.two_processes.load(Ordering::Relaxed)
    }
}
