// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! What all operations of a transform have in common.

use super::capacity::PAGE;
use super::completion::Completion;
use super::properties::KernelAlgorithm;
use crate::engine::kernel::aio::Contexts;
use once_cell::race::OnceBool;
use std::sync::atomic::{AtomicBool, Ordering};

/// Bytes of a request with which virtio_crypto's device does not stop. Measured on 6.1 and 6.12, with reads and
/// AIO: 120 KiB is worked on wherever the memory begins, 124 KiB only where that is a page's beginning, 126 KiB
/// never: its queue has no room for so many pages of input and output.
pub const VIRTIO_MAX: usize = 30 * PAGE;

/// What a transform's operations need of it.
pub struct KernelCommon {
    /// The algorithm, whose properties the whole process shares.
    pub algorithm: &'static KernelAlgorithm,
    /// Whether its driver finishes later; asked for by the first call to which it matters.
    later: OnceBool,
    /// Whether that is a driver of virtio_crypto's device; asked for by the first long message.
    virtio: OnceBool,
    /// It has shown that it does.
    busy: AtomicBool,
    /// AIO contexts that are not in use.
    pub aio: Contexts,
}

impl KernelCommon {
    /// For a transform of the algorithm.
    pub fn new(algorithm: &'static KernelAlgorithm) -> Self {
        Self {
            algorithm,
            later: OnceBool::new(),
            virtio: OnceBool::new(),
            busy: AtomicBool::new(false),
            aio: Contexts::default(),
        }
    }

    /// Whether the driver may still be at work when it has answered.
    pub fn completes_later(&self) -> bool {
        self.busy.load(Ordering::Relaxed)
            || self.later.get_or_init(|| self.algorithm.completion() != Completion::AtOnce)
    }

    /// Bytes that the driver takes of a message that cannot be cut. Whoever gives it more waits for ever.
    pub fn request_max(&self) -> usize {
        let is_virtio = || self.algorithm.completion() == Completion::Virtio;
        if self.virtio.get_or_init(is_virtio) { VIRTIO_MAX } else { usize::MAX }
    }

    /// Notes that the driver was still at work when it had answered: another one was asked about.
    pub fn note_busy(&self) {
        self.busy.store(true, Ordering::Relaxed);
    }
}
