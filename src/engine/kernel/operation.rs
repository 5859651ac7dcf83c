// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The accepted AF_ALG socket, what is known of the message in it, and what fork(2) does to it. What
//! can be done with it is in [`super::streams`], [`super::one_shot`] and their neighbours.

use super::backlog::Backlog;
use super::capacity::Capacity;
use super::common::KernelCommon;
use super::socket;
use crate::engine::{Failure, Kind, Op, Operation, Progress};
use crate::errno::{Errno, Result};
use crate::fork::Forked;
use crate::lock::{Lock, Recover};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicUsize, Ordering};

/// An operation in the kernel.
pub struct KernelOperation {
    pub(super) socket: OwnedFd,
    pub(super) common: Arc<KernelCommon>,
    pub(super) capacity: Capacity,
    /// Bytes of a tag, with which the kernel has opened it.
    pub(super) tag_len: usize,
    /// A stream's or digest's message is in it, or the beginning of one.
    pub(super) begun: AtomicBool,
    /// More of it follows.
    pub(super) more: AtomicBool,
    /// Bytes sent whose result has not been received.
    pub(super) pending: AtomicUsize,
    /// What the result of the message being streamed is longer than it by.
    pub(super) growth: AtomicIsize,
    /// Bytes that an AEAD stream's result has, once the message is complete: the
    /// kernel would cut it to a shorter buffer and leave the rest of the message.
    pub(super) due: AtomicUsize,
    pub(super) failure: Failure,
    /// Another process, too, may send to it and receive.
    pub(super) two_processes: AtomicBool,
    /// The same, and the message in it was begun by a parent of this process.
    pub(super) inherited: AtomicBool,
    /// A stream's, where the driver completes later.
    pub(super) backlog: Lock<Backlog>,
    /// A digest's, for the child of the fork(2) that is going on.
    copy: Lock<Copy>,
}

type Copy = Option<OwnedFd>;

impl Recover for Copy {}

impl KernelOperation {
    /// Takes over an accepted socket.
    pub fn new(socket: OwnedFd, common: Arc<KernelCommon>, tag_len: u32) -> Result<Self> {
        let operation = Self {
            capacity: Capacity::default(),
            socket,
            common,
            tag_len: tag_len as usize,
            begun: AtomicBool::new(false),
            more: AtomicBool::new(false),
            pending: AtomicUsize::new(0),
            growth: AtomicIsize::new(0),
            due: AtomicUsize::new(0),
            failure: Failure::default(),
            two_processes: AtomicBool::new(false),
            inherited: AtomicBool::new(false),
            backlog: Lock::default(),
            copy: Lock::new(None),
        };
        // What is sent without a word is decrypted.
        operation.goes_to(Op::Decrypt);
        Ok(operation)
    }

    /// A cipher's stream that has begun is shared now.
    fn note_fork(&self) {
        if self.kind() != Kind::Hash && self.progress() != Progress::Idle {
            self.two_processes.store(true, Ordering::Relaxed);
        }
    }

    /// Notes what a message, and what follows it without a word, is for.
    pub(super) fn goes_to(&self, op: Op) {
        self.growth.store(self.growth(op), Ordering::Relaxed);
    }

    pub(super) fn kind(&self) -> Kind {
        self.common.algorithm.kind
    }

    /// `bytes` less are in flight, or none.
    pub(super) fn subtract_pending(&self, bytes: usize) {
        let less = |pending: usize| Some(pending.saturating_sub(bytes));
        let _ = self.pending.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    /// The message is over.
    pub(super) fn end(&self) {
        self.begun.store(false, Ordering::Relaxed);
        self.pending.store(0, Ordering::Relaxed);
        self.due.store(0, Ordering::Relaxed);
    }

    /// Notes a failure, after which what is left in the socket is of no use. After a wrong tag
    /// nothing is left.
    pub(super) fn note<T>(&self, result: Result<T>) -> Result<T> {
        let one = self.kind() == Kind::Aead || !self.common.algorithm.properties.chains();
        if !one && result.is_err() {
            self.failure.set();
        }
        self.failure.note(result)
    }

    /// What the result is longer than the message by, in bytes.
    pub(super) fn growth(&self, op: Op) -> isize {
        let tag_len = self.tag_len as isize;
        match (self.kind(), op) {
            (Kind::Aead, Op::Encrypt) => tag_len,
            (Kind::Aead, _) => -tag_len,
            _ => 0,
        }
    }

    /// A message that was received at once, or failed.
    pub(super) fn ended<T>(&self, result: Result<T>) -> Result<T> {
        match result {
            // The kernel has written nothing and taken nothing.
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
        self.inherited.store(self.two_processes.load(Ordering::Relaxed), Ordering::Relaxed);
        if self.kind() != Kind::Hash {
            return;
        }
        let copy = self.copy.lock().ok().and_then(|mut copy| copy.take());
        let replaced = copy.is_some_and(|copy| socket::replace(&self.socket, &copy).is_ok());
        if !replaced && self.begun.load(Ordering::Relaxed) {
            // What the child would add to it, the parent would have in its digest.
            self.failure.set();
        }
    }
}
