// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Whole messages of ciphers that chain, as cbc and ctr do.
//!
//! They may be cut wherever the socket is full, because the kernel goes on with the IV. So it need
//! not be known before how much fits, whatever the system's limits are (net.core.wmem_*, rmem_*,
//! optmem_max): the result of the bytes that one sendmsg(2) took is received, then the next bytes
//! are sent. No call waits.

use super::capacity::{PAGE, SENT_AT_ONCE};
use super::message::{self, Message, OUTPUTS_MAX, in_one_piece};
use super::operation::KernelOperation;
use crate::engine::{Control, Length};
use crate::errno::{Errno, Result};
use crate::iov::{Cursor, IOVECS_MAX, Iovecs};
use crate::overlap::{reads_its_output, with_checked_copy};
use libc::iovec;
use std::os::fd::AsFd;

/// The progress of a message that may be cut.
struct Course<'a> {
    input: Cursor<'a>,
    output: Cursor<'a>,
    /// Bytes that are still to be sent.
    left: usize,
    /// Bytes in the socket, whose result is still to be received.
    in_socket: usize,
    /// The most bytes for a system call; less where net.core.optmem_max is low.
    at_once: usize,
    /// Bytes that pieces must be a multiple of.
    granule: usize,
}

impl Course<'_> {
    /// The next of `rest` bytes at `cursor`, for one system call. They end at a granule's end, or
    /// with the message.
    fn next<'p>(
        &self,
        cursor: &Cursor<'p>,
        rest: usize,
        iovecs_max: usize,
        list: &'p mut Vec<iovec>,
    ) -> Result<(Iovecs<'p>, usize)> {
        let mut ahead = *cursor;
        let wanted = rest.min(self.at_once);
        let bytes = ahead.take_few(wanted, iovecs_max, list)?.total()?;
        let whole = if bytes < rest { bytes - bytes % self.granule } else { bytes };
        if whole == 0 && rest > 0 {
            return Err(Errno::MSGSIZE);
        }
        let mut ahead = *cursor;
        Ok((ahead.take_few(whole, iovecs_max, list)?, whole))
    }

    /// Asks for less from now on, if the kernel had no memory for `bytes` bytes. Other errors are
    /// returned.
    fn shrink(&mut self, errno: Errno, bytes: usize) -> Result<()> {
        if errno != Errno::NOMEM || bytes <= PAGE {
            return Err(errno);
        }
        self.at_once = bytes / 2;
        Ok(())
    }

    /// EMSGSIZE if the kernel has cut within a granule.
    fn check_cut(&self, bytes: usize, of: usize) -> Result<()> {
        if bytes == of || (bytes > 0 && bytes.is_multiple_of(self.granule)) {
            Ok(())
        } else {
            Err(Errno::MSGSIZE)
        }
    }
}

impl KernelOperation {
    /// A message of a cipher that chains: what the socket takes, then the next. `sent` bytes of
    /// it are in the socket already, without control data then.
    pub(super) fn chain(
        &self,
        control: Option<&Control>,
        input: Iovecs<'_>,
        output: Iovecs<'_>,
        len: usize,
        sent: usize,
    ) -> Result<()> {
        // A short message is harmless for any driver, so the kernel is not asked which one it is.
        let harmless = sent > 0 || (len <= Length::ONE_SHOT && output.list().len() == 1);
        if !harmless && self.is_offloaded() {
            return self.offload(control, input, output, len);
        }
        let mut course = Course {
            input: Cursor::new(input),
            output: Cursor::new(output),
            left: len - sent,
            in_socket: sent,
            at_once: SENT_AT_ONCE,
            granule: self.common.algorithm.granule(),
        };
        self.capacity.enlarge(self.socket.as_fd(), course.left.min(SENT_AT_ONCE));
        let mut list = Vec::new();
        if sent == 0 {
            self.send_some(control, &mut course, &mut list)?;
        } else {
            course.check_cut(sent, len)?;
            course.input.skip(sent);
        }
        if course.left > 0 && reads_its_output(input, output) {
            // The results would overwrite input that is not sent yet.
            let rest = course.input.take(course.left, &mut list)?;
            return with_checked_copy(rest, |rest| {
                let mut course = Course { input: Cursor::new(rest), ..course };
                self.go_on(&mut course, &mut Vec::new())
            })?;
        }
        self.go_on(&mut course, &mut list)
    }

    /// Receives what is in the socket and sends the next, to the message's end.
    fn go_on(&self, course: &mut Course<'_>, list: &mut Vec<iovec>) -> Result<()> {
        loop {
            while course.in_socket > 0 {
                self.receive_some(course, list)?;
            }
            if course.left == 0 {
                return Ok(());
            }
            self.send_some(None, course, list)?;
        }
    }

    /// One sendmsg(2) of a message that may be cut. A short one is no error: the socket
    /// is full, or the next byte cannot be read, which the next sendmsg(2) will tell.
    fn send_some(
        &self,
        control: Option<&Control>,
        course: &mut Course<'_>,
        list: &mut Vec<iovec>,
    ) -> Result<()> {
        loop {
            let (data, len) = course.next(&course.input, course.left, IOVECS_MAX, list)?;
            match message::send_at_once(self.socket.as_fd(), Message { control, data }) {
                Ok(sent) => {
                    course.check_cut(sent, len)?;
                    course.input.skip(sent);
                    course.left -= sent;
                    course.in_socket += sent;
                    return Ok(());
                }
                Err(errno) => course.shrink(errno, len)?,
            }
        }
    }

    /// One recvmsg(2) of what is in the socket.
    fn receive_some(&self, course: &mut Course<'_>, list: &mut Vec<iovec>) -> Result<()> {
        loop {
            let (output, len) = course.next(&course.output, course.in_socket, OUTPUTS_MAX, list)?;
            let socket = self.socket.as_fd();
            let receive = |output: Iovecs<'_>| message::receive_granules(socket, output);
            let received = match message::splits_granules(output, len, course.granule) {
                true => in_one_piece(output, len, receive),
                false => receive(output),
            };
            match received {
                Ok(got) => {
                    course.check_cut(got, len)?;
                    course.output.skip(got);
                    course.in_socket -= got;
                    return Ok(());
                }
                Err(errno) => course.shrink(errno, len)?,
            }
        }
    }
}
