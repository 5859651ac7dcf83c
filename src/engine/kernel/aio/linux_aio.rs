// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Linux AIO: io_submit(2) starts the reads of a batch with one system call.
//!
//! Completions are read from the ring that the kernel maps into the process, as
//! libaio does; io_getevents(2) is called only for those that are not there
//! yet.
//!
//! References: io_setup(2), io_submit(2), io_getevents(2); Linux
//! `include/uapi/linux/aio_abi.h`, `fs/aio.c` (struct aio_ring).

#![allow(unsafe_code)]

use super::plan::{BATCH_MAX, Batch};
use super::{Backend, Outcome, Synchronous};
use crate::engine::Control;
use crate::errno::{Errno, Result};
use crate::log::log;
use crate::sys::aio::{
    IOCB_CMD_PREAD, IoEvent, Iocb, io_destroy, io_getevents, io_setup, io_submit,
};
use libc::c_ulong;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};

/// struct aio_ring, at the address that is the context's number.
#[repr(C)]
struct AioRing {
    id: u32,
    entries: u32,
    head: AtomicU32,
    tail: AtomicU32,
    magic: u32,
    compatible: u32,
    incompatible: u32,
    header_len: u32,
}

/// The most completions that one io_getevents(2) gives. It is rarely called, since they are in the
/// ring.
const WAITED_FOR_AT_ONCE: usize = 32;

/// The mark of the one layout of the ring that this code knows, as libaio does.
const RING_MAGIC: u32 = 0xa10a_10a1;

/// An AIO context, used by one call at a time.
pub struct AioContext {
    id: c_ulong,
    /// It is of no use to a further call: `end` has destroyed it; or io_submit(2) does not know it, as in a child of
    /// fork(2), which has the parent's number but no context behind it.
    stale: bool,
    iocbs: Vec<Iocb>,
}

impl AioContext {
    /// io_setup(2). EAGAIN: fs.aio-max-nr is reached; ENOSYS, EPERM: none to be had.
    pub fn new() -> Result<Self> {
        let mut iocbs = Vec::new();
        iocbs.try_reserve_exact(BATCH_MAX)?;
        let id = io_setup(BATCH_MAX)?;
        log!(Debug, "io_setup(2): an AIO context");
        Ok(Self { id, stale: false, iocbs })
    }

    /// Returns whether it is of use to a further call.
    pub fn usable(&self) -> bool {
        !self.stale
    }

    /// Submits the reads from number `first` on. Returns how many the kernel took.
    ///
    /// # Safety
    ///
    /// The memory that the reads write to may be written until all have been reaped.
    unsafe fn submit(&mut self, first: usize) -> Result<usize> {
        let mut pointers = [ptr::null_mut::<Iocb>(); BATCH_MAX];
        let reads = self.iocbs.iter_mut().skip(first);
        let count = pointers.iter_mut().zip(reads).map(|(to, iocb)| *to = iocb).count();
        // SAFETY: there is a pointer to a live iocb for each read, and the caller
        // promised the memory that they write to.
        unsafe { io_submit(self.id, pointers.get(..count).unwrap_or_default()) }
    }

    /// Waits until `reads` submitted reads have ended.
    fn reap(&mut self, mut reads: usize, outcomes: &mut [Outcome]) {
        let mut store = |event: &IoEvent| {
            if let Some(outcome) = outcomes.get_mut(event.data as usize) {
                *outcome =
                    usize::try_from(event.result).map_err(|_| Errno::of_negative(event.result));
            }
        };
        while reads > 0 {
            let got = match self.reap_ring(reads, &mut store) {
                0 => self.reap_waiting(reads, &mut store),
                got => Ok(got),
            };
            match got {
                Ok(got) => reads = reads.saturating_sub(got),
                Err(Errno::INTR) => {}
                // It cannot be known which reads have ended: a sandbox forbids io_getevents(2), and
                // the ring has a layout that this code does not know.
                Err(_) => return self.end(),
            }
        }
    }

    /// Destroys the context, which waits until its reads have ended.
    fn end(&mut self) {
        self.stale = true;
        let id = std::mem::take(&mut self.id);
        if id != 0 {
            // SAFETY: nobody else uses the context. A number without a context behind it is answered with EINVAL, for
            // which nothing is to be done. No sandbox that allows io_setup(2) and io_submit(2) is known to forbid this.
            let _ = unsafe { io_destroy(id) };
        }
    }

    /// Takes what the completion ring holds, without a system call.
    fn reap_ring(&self, wanted: usize, store: &mut impl FnMut(&IoEvent)) -> usize {
        let mapped = ptr::with_exposed_provenance::<AioRing>(self.id as usize);
        // SAFETY: the kernel maps the ring at the address that is the context's number,
        // for as long as the context lives. It lives in this process, since `reap` waits only for reads that
        // io_submit(2) has just taken. The kernel changes only `tail` under us, and
        // `head` where another caller of io_getevents(2) reaps, of which there is none:
        // a context serves one call at a time.
        let ring = unsafe { &*mapped };
        if ring.magic != RING_MAGIC
            || ring.incompatible != 0
            || ring.header_len as usize != size_of::<AioRing>()
            || ring.entries == 0
        {
            return 0;
        }
        // `ring` is a reference to the header alone, so the pointer to the mapping is taken here.
        let events = mapped.wrapping_add(1).cast::<IoEvent>();
        let mut head = ring.head.load(Ordering::Relaxed);
        let tail = ring.tail.load(Ordering::Acquire);
        let mut got = 0;
        while head != tail && head < ring.entries && got < wanted {
            // SAFETY: `entries` events follow the header, and the kernel has written
            // those before `tail`, which it moved after them (hence Acquire).
            store(unsafe { &*events.add(head as usize) });
            head = (head + 1) % ring.entries;
            got += 1;
        }
        ring.head.store(head, Ordering::Release);
        got
    }

    /// Waits in io_getevents(2) for `wanted` completions, or for as many as it gives at once.
    /// Returns how many it gave.
    fn reap_waiting(&self, wanted: usize, store: &mut impl FnMut(&IoEvent)) -> Result<usize> {
        let mut events = [IoEvent::default(); WAITED_FOR_AT_ONCE];
        let wanted = events.get_mut(..wanted.min(WAITED_FOR_AT_ONCE)).unwrap_or_default();
        let got = io_getevents(self.id, wanted)?;
        events.iter().take(got).for_each(store);
        Ok(got)
    }
}

impl Backend for AioContext {
    fn begin(
        &mut self,
        socket: BorrowedFd<'_>,
        control: Option<&Control>,
        batch: &Batch<'_>,
        outcomes: &mut Vec<Outcome>,
    ) -> Result<usize> {
        let sent = Synchronous.begin(socket, control, batch, outcomes)?;
        if sent < batch.len() {
            return Ok(sent);
        }
        self.iocbs.clear();
        self.iocbs.extend(batch.outputs().list().iter().take(BATCH_MAX).enumerate().map(
            |(index, output)| Iocb {
                data: index as u64,
                opcode: IOCB_CMD_PREAD,
                fd: socket.as_raw_fd() as u32,
                buffer: output.iov_base as usize as u64,
                bytes: output.iov_len as u64,
                ..Iocb::default()
            },
        ));
        outcomes.resize(self.iocbs.len(), Err(Errno::IO));
        let mut submitted = 0;
        while submitted < self.iocbs.len() {
            // SAFETY: whoever made the list promised its memory for the time of this
            // call, which does not return before `reap` has seen all reads end.
            match unsafe { self.submit(submitted) } {
                Ok(taken) if taken > 0 => submitted += taken,
                Err(Errno::INTR) => {}
                Ok(_) => break,
                Err(errno) => {
                    self.stale = errno == Errno::INVAL;
                    break;
                }
            }
        }
        self.reap(submitted, outcomes);
        outcomes.truncate(submitted);
        Ok(sent)
    }
}

impl Drop for AioContext {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::ManuallyDrop;

    const SLOTS: u32 = 4;
    const NONE: [u64; 0] = [];

    /// A ring as the kernel maps it, with the completions of reads 10, 11, 12 and 13.
    #[repr(C)]
    struct Mapped {
        ring: AioRing,
        events: [IoEvent; SLOTS as usize],
    }

    impl Mapped {
        fn new(head: u32, tail: u32) -> Box<Self> {
            let event = |read| IoEvent { data: read, iocb: 0, result: 100, result2: 0 };
            Box::new(Self {
                ring: AioRing {
                    id: 0,
                    entries: SLOTS,
                    head: AtomicU32::new(head),
                    tail: AtomicU32::new(tail),
                    magic: RING_MAGIC,
                    compatible: 1,
                    incompatible: 0,
                    header_len: size_of::<AioRing>() as u32,
                },
                events: [10, 11, 12, 13].map(event),
            })
        }

        /// The reads whose completions are taken, at most `wanted`.
        fn reap(&self, wanted: usize) -> Vec<u64> {
            let id = ptr::from_ref(self).expose_provenance() as c_ulong;
            // It is not dropped, since there is no context of the kernel's to be destroyed.
            let context = ManuallyDrop::new(AioContext { id, stale: false, iocbs: Vec::new() });
            let mut reads = Vec::new();
            let got = context.reap_ring(wanted, &mut |event: &IoEvent| reads.push(event.data));
            assert_eq!(got, reads.len());
            reads
        }
    }

    #[test]
    fn completions_are_taken_in_order_and_once() {
        let mapped = Mapped::new(1, 3);
        assert_eq!(mapped.reap(1), [11]);
        assert_eq!(mapped.reap(9), [12]);
        assert_eq!(mapped.reap(9), NONE);
    }

    #[test]
    fn the_ring_goes_round() {
        let mapped = Mapped::new(3, 1);
        assert_eq!(mapped.reap(9), [13, 10]);
        assert_eq!(mapped.ring.head.load(Ordering::Relaxed), 1);
    }

    #[cfg(not(miri))]
    #[test]
    fn reads_of_a_context_that_is_dead_are_not_waited_for() {
        let mut mapped = Mapped::new(0, 0);
        mapped.ring.magic = 0;
        let id = ptr::from_ref(&*mapped).expose_provenance() as c_ulong;
        let mut context = AioContext { id, stale: false, iocbs: Vec::new() };
        let mut outcomes = [Err(Errno::IO)];
        context.reap(1, &mut outcomes);
        assert_eq!(outcomes, [Err(Errno::IO)]);
        assert!(!context.usable());
    }

    #[test]
    fn a_ring_of_an_unknown_layout_is_left_to_the_system_call() {
        let change = |change: fn(&mut AioRing)| {
            let mut mapped = Mapped::new(0, 2);
            change(&mut mapped.ring);
            mapped.reap(9)
        };
        assert_eq!(change(|_| {}), [10, 11]);
        assert_eq!(change(|ring| ring.magic = 0), NONE);
        assert_eq!(change(|ring| ring.incompatible = 1), NONE);
        assert_eq!(change(|ring| ring.header_len = 64), NONE);
        assert_eq!(change(|ring| ring.entries = 0), NONE);
        assert_eq!(change(|ring| ring.head = AtomicU32::new(SLOTS)), NONE);
    }
}
