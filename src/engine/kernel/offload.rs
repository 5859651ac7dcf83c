// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Ciphers that chain, on a driver that completes later, as an accelerator's does.
//!
//! Some of these drivers cannot process all that AF_ALG gives them. virtio_crypto's device stops
//! for good at a request of 128 KiB, and at a request that does not begin with the first byte that
//! was sent, since the kernel gives it an empty part of memory then. A thread that waits for it
//! cannot even be killed. So each request is one message of at most 64 KiB. It is received whole,
//! into one piece of memory, before anything else is sent. A stream's data are processed when they
//! come. Data that are not a whole block yet, and results that were not received yet, are kept in
//! the process.

#![allow(unsafe_code)]

use super::backlog::Backlog;
use super::message::{self, Message, in_one_piece, why_short};
use super::operation::KernelOperation;
use crate::caller;
use crate::engine::{Control, Kind, Operation, Progress};
use crate::errno::{Errno, Result, retry};
use crate::iov::{Cursor, IOVECS_MAX, Iovecs, iovec};
use crate::overlap::{reads_its_output, with_checked_copy};
use libc::{MSG_DONTWAIT, MSG_MORE};
use std::os::fd::AsFd;
use std::sync::atomic::Ordering;
use zeroize::Zeroizing;

/// Bytes in a request.
const REQUEST_MAX: usize = 64 * 1024;

/// What has become of a request.
enum Request {
    /// It was processed.
    Done,
    /// The kernel has taken nothing of it.
    Refused(Errno),
    /// The kernel has taken data of it, and there is no result.
    Failed(Errno),
}

impl Request {
    fn result(self) -> Result<()> {
        match self {
            Self::Done => Ok(()),
            Self::Refused(errno) | Self::Failed(errno) => Err(errno),
        }
    }
}

impl KernelOperation {
    /// Returns whether its messages go this way. This asks the kernel until it has answered.
    pub(super) fn is_offloaded(&self) -> bool {
        self.kind() == Kind::Skcipher
            && self.common.algorithm.properties.chains()
            && self.common.completes_later()
    }

    /// One request: `data`, of `len` bytes, and its result in `output`, a single IOVEC as long.
    fn request(
        &self,
        control: Option<&Control>,
        data: Iovecs<'_>,
        output: Iovecs<'_>,
        len: usize,
    ) -> Request {
        match message::send_at_once(self.socket.as_fd(), Message { control, data }) {
            Err(errno) => return Request::Refused(errno),
            Ok(sent) if sent == len => {}
            Ok(0) => return Request::Refused(why_short(data, 0)),
            Ok(sent) => return Request::Failed(why_short(data, sent)),
        }
        match message::receive_at_once(self.socket.as_fd(), output) {
            Ok(received) if received == len => Request::Done,
            Ok(_) => Request::Failed(Errno::MSGSIZE),
            Err(errno) => Request::Failed(errno),
        }
    }

    /// The most bytes of a request. They are whole granules.
    fn request_max(&self) -> usize {
        let room = self.capacity.room(self.socket.as_fd(), REQUEST_MAX).min(REQUEST_MAX);
        let granule = self.common.algorithm.granule();
        (room - room % granule).max(granule)
    }

    /// A message of `len` bytes. [`KernelOperation::chain`] is the way for other drivers.
    pub(super) fn offload(
        &self,
        control: Option<&Control>,
        input: Iovecs<'_>,
        output: Iovecs<'_>,
        len: usize,
    ) -> Result<()> {
        let most = self.request_max();
        let few = input.list().len() <= IOVECS_MAX;
        if !few || (len > most && reads_its_output(input, output)) {
            return with_checked_copy(input, |copy| self.offload(control, copy, output, len))?;
        }
        let (mut from, mut to) = (Cursor::new(input), Cursor::new(output));
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        let mut control = control;
        let mut left = len;
        loop {
            let now = left.min(most);
            let data = from.take(now, &mut inputs)?;
            let output = to.take(now, &mut outputs)?;
            if output.list().len() > 1 {
                in_one_piece(output, now, |piece| {
                    self.request(control.take(), data, piece, now).result().map(|()| now)
                })?;
            } else {
                self.request(control.take(), data, output, now).result()?;
            }
            left -= now;
            if left == 0 {
                return Ok(());
            }
        }
    }

    /// Takes a piece of a stream and processes its whole granules, or all of it if no `more`
    /// follows. Returns how many bytes of data and results are kept now. An error: nothing was taken,
    /// unless the failure is noted.
    pub(super) fn offload_piece(
        &self,
        backlog: &mut Backlog,
        control: Option<&Control>,
        input: Iovecs<'_>,
        more: bool,
    ) -> Result<usize> {
        if control.is_some() {
            *backlog = Backlog::default();
        }
        let held = std::mem::take(&mut backlog.held);
        match self.offload_behind(&held, backlog, control, input, more) {
            Ok(rest) => backlog.held = rest,
            Err(errno) => {
                backlog.held = held;
                return Err(errno);
            }
        }
        Ok(backlog.waiting() + backlog.held.len())
    }

    /// The same for a piece that comes behind `held`. Returns what is no whole granule yet.
    fn offload_behind(
        &self,
        held: &[u8],
        backlog: &mut Backlog,
        mut control: Option<&Control>,
        input: Iovecs<'_>,
        more: bool,
    ) -> Result<Zeroizing<Vec<u8>>> {
        let granule = self.common.algorithm.granule();
        let mut list = Vec::new();
        list.try_reserve_exact(1 + input.list().len())?;
        list.push(iovec(held.as_ptr(), held.len()));
        list.extend_from_slice(input.list());
        // SAFETY: `held` stays as it is as long as the list, the rest is the caller's input.
        let all = unsafe { Iovecs::new(&list) };
        let len = all.total()?;
        let rest = if more { len % granule } else { 0 };
        let mut kept = Zeroizing::new(Vec::new());
        if rest > 0 {
            kept.try_reserve_exact(granule)?;
            kept.resize(rest, 0u8);
            let (mut end, mut piece) = (Cursor::new(all), Vec::new());
            end.skip(len - rest);
            caller::read(end.take(rest, &mut piece)?, &mut kept)?;
        }
        if len == rest && (control.is_some() || !self.begun.load(Ordering::Relaxed)) {
            // The IV and the direction are sent now, because there are no data to send them with. If
            // there is no key the kernel says so.
            let message = Message { control: control.take(), data: all.first(0) };
            retry(|| message.send(self.socket.as_fd(), MSG_DONTWAIT | MSG_MORE))?;
        }
        self.work_on(backlog, control, all, len - rest)?;
        Ok(kept)
    }

    /// Makes results of the first `len` bytes of `data`. An error: nothing was taken of them; or
    /// EFAULT, and the failure is noted. Any other is kept for the receiver.
    fn work_on(
        &self,
        backlog: &mut Backlog,
        mut control: Option<&Control>,
        data: Iovecs<'_>,
        len: usize,
    ) -> Result<()> {
        let mut from = Cursor::new(data);
        let mut done = 0;
        while done < len && backlog.error.is_none() {
            let (bytes, request) =
                self.work_on_next(backlog, control.take(), &mut from, len - done);
            match request {
                Request::Done => done += bytes,
                Request::Refused(errno) if done == 0 => return Err(errno),
                Request::Refused(Errno::FAULT) | Request::Failed(Errno::FAULT) => {
                    self.failure.set();
                    return Err(Errno::FAULT);
                }
                Request::Refused(errno) | Request::Failed(errno) => backlog.error = Some(errno),
            }
        }
        Ok(())
    }

    /// Makes results of what one request takes of the next `left` bytes. Returns how many these are.
    fn work_on_next(
        &self,
        backlog: &mut Backlog,
        control: Option<&Control>,
        from: &mut Cursor<'_>,
        left: usize,
    ) -> (usize, Request) {
        let mut list = Vec::new();
        let piece = from.take_few(left.min(self.request_max()), IOVECS_MAX, &mut list);
        let prepared = piece.and_then(|data| {
            let len = data.total()?;
            Ok((data, len, backlog.make_room(len)?))
        });
        let (data, len, room) = match prepared {
            Ok(prepared) => prepared,
            Err(errno) => return (0, Request::Refused(errno)),
        };
        let output = [iovec(room.as_mut_ptr(), room.len())];
        // SAFETY: `room` may be written and is not used while the kernel writes it.
        let output = unsafe { Iovecs::new(&output) };
        let request = self.request(control, data, output, len);
        if !matches!(request, Request::Done) {
            let there = backlog.results.len() - len;
            backlog.results.truncate(there);
        }
        (len, request)
    }

    /// Gives results of a stream. Returns how many bytes it gave, and how many it still keeps.
    /// None: there are none yet.
    pub(super) fn offload_receive(
        &self,
        backlog: &mut Backlog,
        output: Iovecs<'_>,
        more: bool,
    ) -> Result<Option<(usize, usize)>> {
        let (room, waiting) = (output.total()?, backlog.waiting());
        if let Some(errno) = backlog.error.filter(|_| room >= waiting) {
            return Err(errno);
        }
        if waiting == 0 && more {
            return Ok(None);
        }
        let granule = self.common.algorithm.granule();
        let given = backlog.give(room, granule, |results| {
            let (mut to, mut list) = (Cursor::new(output), Vec::new());
            caller::write(results, to.take(results.len(), &mut list)?)
        })?;
        Ok(Some((given, backlog.waiting() + backlog.held.len())))
    }

    /// Before a fork(2), after which another process may use a stream that has begun: the socket gets
    /// the data that are kept here, and the results go to memory that both processes share.
    pub(super) fn share_backlog(&self) {
        if self.kind() != Kind::Skcipher {
            return;
        }
        let shared = self.backlog.lock().and_then(|mut backlog| {
            // Under the lock, so that another thread's stream has begun, or begins without a backlog.
            if !self.began_with_backlog() || self.progress() == Progress::Idle {
                return Ok(());
            }
            backlog.share_results()?;
            let held = std::mem::take(&mut backlog.held);
            let list = [iovec(held.as_ptr(), held.len())];
            // SAFETY: `held` lives longer than the message.
            let data = unsafe { Iovecs::new(&list) };
            let message = Message { control: None, data };
            let send = || message.send(self.socket.as_fd(), MSG_DONTWAIT | MSG_MORE);
            if held.is_empty() || retry(send)? == held.len() { Ok(()) } else { Err(Errno::IO) }
        });
        if shared.is_err() {
            self.failure.set();
        }
    }
}
