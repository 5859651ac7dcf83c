// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The accepted AF_ALG socket, the state of the message in it, and its part in fork(2). Its methods
//! for messages are in [`super::streams`], [`super::one_shot`], [`super::batch`] and their
//! neighbours. The IV is in the kernel: the socket keeps it from message to message.

use super::backlog::Backlog;
use super::capacity::Capacity;
use super::common::KernelCommon;
use super::socket;
use crate::engine::shape::Shape;
use crate::engine::{Failure, Kind, Op, Operation, Progress};
use crate::errno::{Errno, Result};
use crate::fork::Forked;
use crate::lock::{Lock, Recover};
use once_cell::race::OnceBool;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicUsize, Ordering};

/// An operation in the kernel.
pub struct KernelOperation {
    pub(super) socket: OwnedFd,
    pub(super) common: Arc<KernelCommon>,
    pub(super) capacity: Capacity,
    /// Bytes of a tag, as they were when it was opened.
    pub(super) tag_len: usize,
    /// What its messages must look like.
    pub(super) shape: Shape,
    /// A stream's or digest's message is in it, or the beginning of one.
    pub(super) begun: AtomicBool,
    /// More of it follows.
    pub(super) more: AtomicBool,
    /// Bytes sent whose result has not been received.
    pub(super) pending: AtomicUsize,
    /// The length of a stream's result less that of its message.
    pub(super) growth: AtomicIsize,
    /// Bytes of an AEAD stream's result, once the message is complete. A shorter buffer is refused,
    /// because the kernel would cut the result and keep the rest of the message.
    pub(super) due: AtomicUsize,
    pub(super) failure: Failure,
    /// Another process, too, may send to it and receive.
    pub(super) two_processes: AtomicBool,
    /// A fork(2) is going on.
    pub(super) forks: AtomicBool,
    /// A stream's data and results, if the driver completes later.
    pub(super) backlog: Lock<Backlog>,
    /// Its streams have a backlog. The first one decides, because a stream cannot go the other way
    /// in its midst when more becomes known of the driver.
    pub(super) has_backlog: OnceBool,
    /// A digest's operation for the child of the fork(2) that is going on.
    copy: Lock<Copy>,
}

type Copy = Option<OwnedFd>;

impl Recover for Copy {}

impl KernelOperation {
    /// Takes over an accepted socket.
    pub fn new(
        socket: OwnedFd,
        common: Arc<KernelCommon>,
        tag_len: u32,
        shape: Shape,
    ) -> Result<Self> {
        let operation = Self {
            capacity: Capacity::default(),
            socket,
            common,
            tag_len: tag_len as usize,
            shape,
            begun: AtomicBool::new(false),
            more: AtomicBool::new(false),
            pending: AtomicUsize::new(0),
            growth: AtomicIsize::new(0),
            due: AtomicUsize::new(0),
            failure: Failure::default(),
            two_processes: AtomicBool::new(false),
            forks: AtomicBool::new(false),
            backlog: Lock::default(),
            has_backlog: OnceBool::new(),
            copy: Lock::new(None),
        };
        // The kernel decrypts data that come without control data.
        operation.set_direction(Op::Decrypt);
        Ok(operation)
    }

    /// Notes that a cipher's stream, if one has begun, is shared now.
    fn note_fork(&self) {
        self.forks.store(false, Ordering::Relaxed);
        if self.kind() != Kind::Hash && self.progress() != Progress::Idle {
            self.two_processes.store(true, Ordering::Relaxed);
        }
    }

    /// Takes note that whole messages come next, which end a stream.
    pub(super) fn begin_whole(&self, op: Op) {
        self.end();
        self.set_direction(op);
    }

    /// Notes the direction of a message, and of those that follow without control data.
    pub(super) fn set_direction(&self, op: Op) {
        self.growth.store(self.growth(op), Ordering::Relaxed);
    }

    pub(super) fn kind(&self) -> Kind {
        self.common.algorithm.kind
    }

    /// Takes note that `bytes` more are in flight; how many are now. The number ends at usize::MAX, which a digest's
    /// message may exceed where a word has 32 bits.
    pub(super) fn add_pending(&self, bytes: usize) -> usize {
        let more = |pending: usize| Some(pending.saturating_add(bytes));
        let before = self.pending.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        before.unwrap_or_default().saturating_add(bytes)
    }

    /// Takes note that `bytes` less are in flight.
    pub(super) fn subtract_pending(&self, bytes: usize) {
        let less = |pending: usize| Some(pending.saturating_sub(bytes));
        let _ = self.pending.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    /// Takes note that the message is over.
    pub(super) fn end(&self) {
        self.begun.store(false, Ordering::Relaxed);
        self.pending.store(0, Ordering::Relaxed);
        self.due.store(0, Ordering::Relaxed);
    }

    /// Notes a failure, after which the rest of a message in the socket is of no use. After a wrong
    /// tag nothing is left there, but a message that may be cut leaves its rest after any error.
    pub(super) fn note<T>(&self, result: Result<T>) -> Result<T> {
        if self.chains() && result.is_err() {
            self.failure.set();
        }
        self.failure.note(result)
    }

    /// The length of the result less that of the message.
    pub(super) fn growth(&self, op: Op) -> isize {
        let tag_len = self.tag_len as isize;
        match (self.kind(), op) {
            (Kind::Aead, Op::Encrypt) => tag_len,
            (Kind::Aead, _) => -tag_len,
            _ => 0,
        }
    }

    /// Takes note of the end of a message whose result comes in one piece, or which failed.
    pub(super) fn ended<T>(&self, result: Result<T>) -> Result<T> {
        match result {
            // The kernel has not begun with the message.
            Err(Errno::FAULT | Errno::NOMEM | Errno::NOKEY) if self.kind() != Kind::Hash => result,
            _ => {
                self.end();
                self.note(result)
            }
        }
    }
}

/// A cipher's stream is shared with the child, as its socket is. A digest's beginning is copied:
/// accept(2) on an operation of algif_hash gives one in the same state.
impl Forked for KernelOperation {
    fn before(&self) {
        self.forks.store(true, Ordering::Relaxed);
        self.share_backlog();
        if self.kind() == Kind::Hash
            && self.begun.load(Ordering::Relaxed)
            && let Ok(mut copy) = self.copy.lock()
        {
            *copy = socket::accept(self.socket.as_fd()).ok();
        }
    }

    fn in_parent(&self) {
        self.note_fork();
        if let Ok(mut copy) = self.copy.lock() {
            *copy = None;
        }
    }

    fn in_child(&self) {
        self.note_fork();
        if self.kind() != Kind::Hash {
            return;
        }
        let copy = self.copy.lock().ok().and_then(|mut copy| copy.take());
        let replaced = copy.is_some_and(|copy| socket::replace(&self.socket, &copy).is_ok());
        if !replaced && self.begun.load(Ordering::Relaxed) {
            // It is the parent's socket still, and the child's data would come into the parent's
            // digest.
            self.failure.set();
        }
    }
}
