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
use zeroize::Zeroizing;

/// Bytes in a request.
const REQUEST_MAX: usize = 64 * 1024;

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
    ) -> Result<()> {
        let sent = message::send_at_once(self.socket.as_fd(), Message { control, data })?;
        if sent != len {
            return Err(why_short(data, sent));
        }
        let received = message::receive_at_once(self.socket.as_fd(), output)?;
        if received == len { Ok(()) } else { Err(Errno::MSGSIZE) }
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
                    self.request(control.take(), data, piece, now).map(|()| now)
                })?;
            } else {
                self.request(control.take(), data, output, now)?;
            }
            left -= now;
            if left == 0 {
                return Ok(());
            }
        }
    }

    /// Takes a piece of a stream and processes its whole granules, or all of it if no `more`
    /// follows. Returns how many bytes of data and results are kept now.
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
        let granule = self.common.algorithm.granule();
        let held = std::mem::take(&mut backlog.held);
        let mut list = Vec::new();
        list.try_reserve_exact(1 + input.list().len())?;
        list.push(iovec(held.as_ptr(), held.len()));
        list.extend_from_slice(input.list());
        // SAFETY: `held` stays as it is as long as the list, the rest is the caller's input.
        let all = unsafe { Iovecs::new(&list) };
        let len = all.total()?;
        let rest = if more { len % granule } else { 0 };
        let mut control = control;
        let mut piece = Vec::new();
        if len == rest
            && let Some(control) = control.take()
        {
            // The IV and the direction are sent now, because there are no data to send them with.
            let data = all.first(0);
            retry(|| {
                let message = Message { control: Some(control), data };
                message.send(self.socket.as_fd(), MSG_DONTWAIT | MSG_MORE)
            })?;
        }
        self.work_on(backlog, control, all, len - rest)?;
        if rest > 0 {
            let mut begun = Zeroizing::new(Vec::new());
            begun.try_reserve_exact(granule)?;
            begun.resize(rest, 0u8);
            let mut end = Cursor::new(all);
            end.skip(len - rest);
            caller::read(end.take(rest, &mut piece)?, &mut begun)?;
            backlog.held = begun;
        }
        Ok(backlog.waiting() + backlog.held.len())
    }

    /// Makes results of the first `left` bytes of `data`. EFAULT is returned; any other error is
    /// kept for the receiver.
    fn work_on(
        &self,
        backlog: &mut Backlog,
        mut control: Option<&Control>,
        data: Iovecs<'_>,
        mut left: usize,
    ) -> Result<()> {
        let (mut from, mut piece) = (Cursor::new(data), Vec::new());
        while left > 0 && backlog.error.is_none() {
            let now = left.min(self.request_max());
            let data = from.take_few(now, IOVECS_MAX, &mut piece)?;
            let len = data.total()?;
            let room = backlog.make_room(len)?;
            let output = [iovec(room.as_mut_ptr(), room.len())];
            // SAFETY: `room` may be written and is not used while the kernel writes it.
            let output = unsafe { Iovecs::new(&output) };
            if let Err(errno) = self.request(control.take(), data, output, len) {
                let there = backlog.results.len() - len;
                backlog.results.truncate(there);
                if errno == Errno::FAULT {
                    return Err(errno);
                }
                backlog.error = Some(errno);
            }
            left -= len;
        }
        Ok(())
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
        let now =
            if room < waiting { room - room % self.common.algorithm.granule() } else { waiting };
        let (mut to, mut list) = (Cursor::new(output), Vec::new());
        let end = backlog.given + now;
        let results = backlog.results.get(backlog.given..end).unwrap_or_default();
        caller::write(results, to.take(now, &mut list)?)?;
        backlog.given = end;
        Ok(Some((now, backlog.waiting() + backlog.held.len())))
    }

    /// Before a fork(2), after which another process may send to a stream that has begun: the socket
    /// gets the data that are kept here. The results stay here, for this process.
    pub(super) fn share_backlog(&self) {
        if self.keeps_backlog.get() != Some(true) || self.progress() == Progress::Idle {
            return;
        }
        let shared = self.backlog.lock().and_then(|mut backlog| {
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

    /// In the child: the results are the parent's.
    pub(super) fn leave_backlog(&self) {
        if self.keeps_backlog.get() == Some(true)
            && let Ok(mut backlog) = self.backlog.lock()
        {
            self.subtract_pending(backlog.waiting());
            *backlog = Backlog { error: backlog.error, ..Backlog::default() };
        }
    }
}
