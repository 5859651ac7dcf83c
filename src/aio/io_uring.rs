// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! io_uring: one io_uring_enter(2) carries the sendmsg(2) of a batch and all its receives.
//!
//! The requests are one chain of links, so that they run in order, and none runs when
//! the send has failed or came up short (MSG_WAITALL makes that a failure). A failed
//! receive does not stop those after it (hard links): each has its own message.
//!
//! Nobody waits: every request has MSG_DONTWAIT, for which the kernel neither polls nor
//! asks a worker thread; it ends inside io_uring_enter(2), with EAGAIN at worst.
//!
//! Why not a (sendmsg, receive) pair for each message: that is twice as many requests.
//! For 256 messages of 16 bytes it took 1.7 times as long, longer than Linux AIO, and
//! what it would save, a system call for every 208 KiB, cannot be seen beside the ciphers.
//!
//! References: io_uring_setup(2), io_uring_enter(2); Linux `io_uring/net.c` (REQ_F_NOWAIT,
//! io_net_retry), `io_uring/io_uring.c` (io_queue_async, io_disarm_next).

#![allow(unsafe_code)]

use super::plan::BATCH_MAX;
use super::{Backend, Outcome, Synchronous, check_sent, receive_each};
use crate::engine::kernel::message::Message;
use crate::errno::{Errno, Result};
use crate::iov::Iovecs;
use ::io_uring::squeue::{Entry, Flags};
use ::io_uring::{EnterFlags, IoUring, opcode, types::Fd};
use libc::{MSG_DONTWAIT, MSG_WAITALL, msghdr, sigset_t};
use std::os::fd::{AsRawFd, BorrowedFd};

/// Requests of the largest batch, rounded up as the kernel does. Twice as many
/// completions have room, so none is ever lost.
const ENTRIES: u32 = (BATCH_MAX as u32 + 1).next_power_of_two();

/// Marks the send; receives are marked with their number.
const SEND: u64 = u64::MAX;

/// A ring, used by one call at a time, and only by the thread and process that opened it.
pub struct Ring {
    ring: IoUring,
    /// The kernel left requests in the submission queue.
    stale: bool,
}

impl Ring {
    /// io_uring_setup(2). ENOSYS, EPERM: none to be had; ENOMEM, EMFILE: not now; EINVAL:
    /// before Linux 6.1, which is the first with these flags. Older kernels are not asked
    /// without them: that nobody waits was only checked on 6.1, 6.12 and 7.2.
    pub fn open() -> Result<Self> {
        // One thread submits, and what is linked runs in its io_uring_enter(2), not
        // whenever this thread is in the kernel next. Close-on-exec by itself.
        let ring = IoUring::builder().setup_single_issuer().setup_defer_taskrun().build(ENTRIES)?;
        Ok(Self { ring, stale: false })
    }

    /// Whether it is of use to a further call.
    pub fn usable(&self) -> bool {
        !self.stale
    }

    /// Puts a chain into the submission queue: the send, then the receives; how many requests.
    ///
    /// # Safety
    ///
    /// `header`, and the memory that it and `outputs` point to, stays until all requests
    /// that are submitted have ended.
    unsafe fn queue(
        &mut self,
        socket: BorrowedFd<'_>,
        header: &msghdr,
        outputs: Iovecs<'_>,
    ) -> u32 {
        let socket = Fd(socket.as_raw_fd());
        let send = opcode::SendMsg::new(socket, header)
            .flags((MSG_DONTWAIT | MSG_WAITALL) as u32)
            .build()
            .user_data(SEND);
        let last = outputs.list().len().saturating_sub(1);
        let receive = |(index, output): (usize, &libc::iovec)| {
            let request = opcode::Recv::new(socket, output.iov_base.cast(), output.iov_len as u32)
                .flags(MSG_DONTWAIT)
                .build()
                .user_data(index as u64);
            if index == last { request } else { request.flags(Flags::IO_HARDLINK) }
        };
        let mut queue = self.ring.submission();
        let mut push = |request: Entry| {
            // SAFETY: the caller promised the memory, and that it waits for the request's end.
            unsafe { queue.push(&request) }.is_ok()
        };
        let mut queued = u32::from(push(send.flags(Flags::IO_LINK)));
        for request in outputs.list().iter().enumerate().map(receive) {
            queued += u32::from(push(request));
        }
        queued
    }

    /// Submits what is in the queue and waits until all that the kernel took has ended.
    fn submit(&mut self, queued: u32, mut ended: impl FnMut(u64, Result<usize>)) {
        let (mut to_submit, mut in_flight) = (queued, 0);
        loop {
            // SAFETY: `queue` has filled the queue, under its caller's promise.
            let entered = unsafe {
                self.ring.submitter().enter::<sigset_t>(
                    to_submit,
                    in_flight + to_submit,
                    EnterFlags::GETEVENTS.bits(),
                    None,
                )
            };
            match entered.map_err(Errno::from) {
                Ok(taken) => {
                    to_submit -= taken as u32;
                    in_flight += taken as u32;
                    // No memory for the others.
                    self.stale |= to_submit > 0;
                }
                Err(Errno::INTR) => continue,
                Err(_) => self.stale = true,
            }
            if self.stale {
                to_submit = 0;
            }
            for completion in self.ring.completion() {
                let result = completion.result();
                ended(
                    completion.user_data(),
                    usize::try_from(result).map_err(|_| Errno::from_number(-result)),
                );
                in_flight -= 1;
            }
            if in_flight == 0 && to_submit == 0 {
                return;
            }
        }
    }
}

impl Backend for Ring {
    fn run(
        &mut self,
        socket: BorrowedFd<'_>,
        message: Message<'_>,
        len: usize,
        outputs: Iovecs<'_>,
        outcomes: &mut Vec<Outcome>,
    ) -> Result<()> {
        if self.stale {
            // In its queue are requests of an earlier batch, which was carried out without it.
            return Synchronous.run(socket, message, len, outputs, outcomes);
        }
        let base = outcomes.len();
        let mut sent = Err(Errno::CANCELED);
        let batch = outputs.first(BATCH_MAX);
        outcomes.extend(batch.list().iter().map(|_| Err(Errno::CANCELED)));
        message.with_header(|header| {
            // SAFETY: the header and what it points to live until this closure returns, and
            // `submit` waits for the end of all requests.
            let queued = unsafe { self.queue(socket, header, batch) };
            self.submit(queued, |mark, result| {
                if mark == SEND {
                    sent = result;
                } else if let Some(outcome) = outcomes.get_mut(base + mark as usize) {
                    *outcome = result;
                }
            });
        });
        if let Err(Errno::CANCELED | Errno::INTR) = sent {
            outcomes.truncate(base);
            return Synchronous.run(socket, message, len, outputs, outcomes);
        }
        if let Err(errno) = check_sent(sent, len) {
            outcomes.truncate(base);
            return Err(errno);
        }
        // Data of requests that the kernel did not take are in the socket, next in turn.
        let canceled = |outcome: &Outcome| *outcome == Err(Errno::CANCELED);
        let carried = outcomes[base..].iter().position(canceled).unwrap_or(batch.list().len());
        outcomes.truncate(base + carried);
        receive_each(socket, outputs.skip(carried), outcomes);
        Ok(())
    }
}
