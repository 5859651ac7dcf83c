// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! io_uring: one io_uring_enter(2) carries the sendmsg(2) of a batch and all its receives.
//!
//! The requests are one chain of links, so that they run in order, and none runs when
//! the send has failed or came up short (MSG_WAITALL makes that a failure). A failed
//! receive does not stop those after it (hard links): each has its own message.
//!
//! No request waits. Each has MSG_DONTWAIT, so the kernel neither polls nor asks a worker thread
//! for it: it ends inside io_uring_enter(2), with EAGAIN at worst.
//!
//! Messages that must each have the IV, or have an IV of their own, are a chain of pairs, sendmsg(2) and
//! receive. Messages of different sockets are chains of their own, which need not wait for one another.
//! Other messages are not pairs, since pairs are twice as many requests: for 256 messages of 16 bytes that took 1.7
//! times as long, longer than Linux AIO. It would save a system call for every 208 KiB, which is
//! nothing beside the ciphers' time.
//!
//! References: io_uring_setup(2), io_uring_enter(2); Linux `io_uring/net.c` (REQ_F_NOWAIT,
//! io_net_retry), `io_uring/io_uring.c` (io_queue_async, io_disarm_next).

#![allow(unsafe_code)]

use super::plan::{BATCH_MAX, Batch};
use super::{Backend, End, Exchange, Outcome, Synchronous};
use crate::engine::Control;
use crate::engine::kernel::message::{self, Message};
use crate::engine::kernel::socket;
use crate::errno::{Errno, Result};
use ::io_uring::squeue::{Entry, Flags};
use ::io_uring::{EnterFlags, IoUring, opcode, types::Fd};
use libc::{MSG_DONTWAIT, MSG_WAITALL, iovec, msghdr, sigset_t};
use std::iter;
use std::mem::ManuallyDrop;
use std::os::fd::{AsRawFd, BorrowedFd, IntoRawFd};
use std::time::Duration;

/// Requests of the largest batch, in pairs or not, rounded up as the kernel does. Twice as many
/// completions have room, so none is ever lost.
const ENTRIES: u32 = (2 * BATCH_MAX as u32).next_power_of_two();

/// Added to the number of a send as its mark. A receive's mark is its number alone.
const SEND: u64 = 1 << 63;

/// The number of times, a millisecond apart, that a call asks anew for requests in flight when
/// io_uring_enter(2) is refused.
const TRIES: u32 = 100;

/// A ring, used by one call at a time, and only by the thread and process that opened it.
pub struct Ring {
    ring: ManuallyDrop<IoUring>,
    /// Why the kernel left requests in the submission queue, if it did.
    stale: Option<Errno>,
    /// Requests are in flight that the call did not wait for.
    abandoned: bool,
}

impl Ring {
    /// io_uring_setup(2). ENOSYS, EPERM: the system has no rings, or forbids them. EINVAL: the
    /// kernel is older than Linux 6.1, the first with these flags. It is not asked for a ring
    /// without them, because the promise that no request waits was checked on 6.1, 6.12 and 7.2
    /// only.
    pub fn open() -> Result<Self> {
        // One thread submits, and linked requests run in its io_uring_enter(2) and not at another
        // time when it is in the kernel. The descriptor is close-on-exec by itself.
        let ring = IoUring::builder().setup_single_issuer().setup_defer_taskrun().build(ENTRIES)?;
        let ring = ManuallyDrop::new(above_standard(ring)?);
        Ok(Self { ring, stale: None, abandoned: false })
    }

    /// The reason why it is of no use to a further call, if it is not.
    pub fn why_useless(&self) -> Option<Errno> {
        self.stale
    }

    /// Puts requests into the submission queue. Returns their number.
    ///
    /// # Safety
    ///
    /// The memory that they point to stays until [`Ring::submit`] has returned.
    unsafe fn queue(&mut self, requests: impl Iterator<Item = Entry>) -> u32 {
        let mut queue = self.ring.submission();
        // SAFETY: the caller promised the memory until `submit` has returned. Then the requests have ended; or the ring
        // is abandoned, and the kernel carries out none of them.
        requests.map(|request| u32::from(unsafe { queue.push(&request) }.is_ok())).sum()
    }

    /// Submits what is in the queue and waits until all that the kernel took has ended. If the kernel refuses to be
    /// entered, the ring is abandoned with what has not ended.
    fn submit(&mut self, queued: u32, mut ended: impl FnMut(u64, Result<usize>)) {
        let (mut to_submit, mut in_flight, mut refused) = (queued, 0u32, 0);
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
                    let taken = to_submit.min(taken as u32);
                    to_submit -= taken;
                    in_flight += taken;
                    // The kernel had no memory for the others.
                    self.stale = self.stale.or((to_submit > 0).then_some(Errno::NOMEM));
                }
                Err(Errno::INTR) => continue,
                Err(errno) => {
                    self.stale = Some(errno);
                    refused += 1;
                }
            }
            if self.stale.is_some() {
                to_submit = 0;
            }
            for completion in self.ring.completion() {
                let result = completion.result();
                let result = usize::try_from(result).map_err(|_| Errno::of_negative(result.into()));
                ended(completion.user_data(), result);
                in_flight = in_flight.saturating_sub(1);
            }
            if in_flight == 0 && to_submit == 0 {
                return;
            }
            if refused == TRIES {
                self.abandoned = true;
                return;
            }
            if refused > 0 {
                // Another thread has closed the ring, whose requests end when this thread enters
                // the kernel; or it has forbidden io_uring_enter(2).
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // If the ring were closed, the kernel would carry out the requests in flight, which
        // otherwise it does only in io_uring_enter(2). So the descriptor stays open then.
        if !self.abandoned {
            // SAFETY: the ring is not used any more.
            unsafe { ManuallyDrop::drop(&mut self.ring) };
        }
    }
}

/// Gives the ring a descriptor that is not 0, 1 or 2.
fn above_standard(ring: IoUring) -> Result<IoUring> {
    // SAFETY: the descriptor is open as long as the ring lives, to the end of this function.
    let fd = unsafe { BorrowedFd::borrow_raw(ring.as_raw_fd()) };
    if !socket::is_standard(fd) {
        return Ok(ring);
    }
    let (fd, parameters) = (socket::duplicate(fd)?, ring.params().clone());
    // SAFETY: a descriptor of our own, of a ring that was set up with these parameters.
    Ok(unsafe { IoUring::from_fd(fd.into_raw_fd(), parameters) }?)
}

impl Backend for Ring {
    fn begin(
        &mut self,
        socket: BorrowedFd<'_>,
        control: Option<&Control>,
        batch: &Batch<'_>,
        outcomes: &mut Vec<Outcome>,
    ) -> Result<usize> {
        if self.stale.is_some() {
            // The queue still has requests of an earlier batch, which was then carried out without
            // it.
            return Synchronous.begin(socket, control, batch, outcomes);
        }
        let mut sent = Err(Errno::CANCELED);
        let outputs = batch.outputs().first(BATCH_MAX);
        outcomes.resize(outputs.list().len(), Err(Errno::CANCELED));
        Message { control, data: batch.inputs() }.with_header(|header| {
            // SAFETY: the header and what it points to live until this closure returns, behind `submit`.
            let queued = unsafe {
                let receives = outputs.list().iter().enumerate().map(|(index, output)| {
                    receive(socket, output, index, index + 1 == outputs.list().len())
                });
                self.queue(iter::once(send(socket, header, 0)).chain(receives))
            };
            self.submit(queued, |mark, result| {
                if mark & SEND != 0 {
                    sent = result;
                } else if let Some(outcome) = outcomes.get_mut(mark as usize) {
                    *outcome = result;
                }
            });
        });
        if let Err(Errno::CANCELED | Errno::INTR) = sent {
            outcomes.clear();
            return Synchronous.begin(socket, control, batch, outcomes);
        }
        // The kernel took neither this request nor those after it.
        let canceled = |outcome: &Outcome| *outcome == Err(Errno::CANCELED);
        if let Some(carried) = outcomes.iter().position(canceled) {
            outcomes.truncate(carried);
        }
        message::taken(sent)
    }

    fn run_each(&mut self, exchanges: &[Exchange<'_>], ends: &mut Vec<End>) -> Result<()> {
        ends.try_reserve_exact(exchanges.len())?;
        // The results of the send and of the receive.
        let mut results = Vec::new();
        results.try_reserve_exact(exchanges.len())?;
        results.resize(exchanges.len(), [Err(Errno::CANCELED); 2]);
        if self.stale.is_none() {
            message::with_headers(exchanges.iter().map(|exchange| exchange.message), |headers| {
                // SAFETY: the headers and what they point to live until this closure returns, behind `submit`.
                let queued = unsafe { self.queue(pairs(exchanges, headers)) };
                self.submit(queued, |mark, result| {
                    if let Some([sent, received]) = results.get_mut((mark & !SEND) as usize) {
                        *if mark & SEND != 0 { sent } else { received } = result;
                    }
                });
            })?;
        }
        let mut results = results.into_iter();
        for chain in exchanges.chunk_by(Exchange::shares_socket) {
            let mut refused = false;
            ends.extend(chain.iter().zip(&mut results).map(|(exchange, [sent, received])| {
                let end = match (message::taken(sent), received) {
                    (Err(Errno::CANCELED | Errno::INTR), _) if refused => End::Left,
                    // The kernel did not take the request.
                    (Err(Errno::CANCELED | Errno::INTR), _) => exchange.carry_out(),
                    (Err(errno), _) => End::Refused(errno),
                    (Ok(sent), Err(Errno::CANCELED)) => exchange.read_after(sent),
                    (Ok(_), received) => End::Received(received),
                };
                refused |= matches!(end, End::Refused(_));
                end
            }));
        }
        Ok(())
    }
}

fn send(socket: BorrowedFd<'_>, header: &msghdr, index: usize) -> Entry {
    let flags = (MSG_DONTWAIT | MSG_WAITALL) as u32;
    let request = opcode::SendMsg::new(Fd(socket.as_raw_fd()), header).flags(flags).build();
    request.flags(Flags::IO_LINK).user_data(SEND | index as u64)
}

/// `last`: the request after it does not wait for its end.
fn receive(socket: BorrowedFd<'_>, output: &iovec, index: usize, last: bool) -> Entry {
    let (start, len) = (output.iov_base.cast(), output.iov_len as u32);
    let request = opcode::Recv::new(Fd(socket.as_raw_fd()), start, len)
        .flags(MSG_DONTWAIT)
        .build()
        .user_data(index as u64);
    if last { request } else { request.flags(Flags::IO_HARDLINK) }
}

/// A send and a receive for each exchange. Those of one socket are a chain.
fn pairs(exchanges: &[Exchange<'_>], headers: &[msghdr]) -> impl Iterator<Item = Entry> {
    exchanges.iter().zip(headers).enumerate().flat_map(|(index, (exchange, header))| {
        let next = exchanges.get(index + 1);
        let last = !next.is_some_and(|next| next.shares_socket(exchange));
        let receive = exchange
            .output
            .list()
            .first()
            .map(|output| receive(exchange.socket, output, index, last));
        iter::once(send(exchange.socket, header, index)).chain(receive)
    })
}
