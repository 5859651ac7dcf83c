// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The part of a transform that its operations share.

use super::capacity::PAGE;
use super::completion::Completion;
use super::properties::KernelAlgorithm;
use crate::engine::kernel::aio::Contexts;
use crate::errno::Result;
use once_cell::race::OnceBool;
use std::sync::atomic::{AtomicBool, Ordering};

/// The longest request at which virtio_crypto's device does not stop, because its queue has no room
/// for more pages of input and output. Measured on 6.1 and 6.12, with reads and AIO: it processes
/// 120 KiB wherever the memory begins, 124 KiB only if that is at a page's beginning, and 126 KiB
/// never.
pub const VIRTIO_MAX: usize = 30 * PAGE;

/// The algorithm of a transform, and knowledge about its driver.
pub struct KernelCommon {
    /// The algorithm, whose properties the whole process shares.
    pub algorithm: &'static KernelAlgorithm,
    /// Its driver may finish later. The first call to which that matters asks for it.
    later: OnceBool,
    /// It is a driver of virtio_crypto's device. The first long message asks for it.
    virtio: OnceBool,
    /// The driver has refused a read with EBUSY, which shows that it finishes later.
    busy: AtomicBool,
    /// The rings and contexts of its AIO.
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

    /// Returns whether the driver may still be at work when it has answered. If that cannot be known
    /// at the moment it is taken to be so, which is right for each driver, and the next call asks
    /// again.
    pub fn completes_later(&self) -> bool {
        let later = || self.algorithm.completion().map(|known| known != Completion::AtOnce);
        self.busy.load(Ordering::Relaxed) || self.later.get_or_try_init(later).unwrap_or(true)
    }

    /// The most bytes of a message that cannot be cut. With more, some drivers never finish. The error:
    /// it cannot be known at the moment.
    pub fn uncut_max(&self) -> Result<usize> {
        let is_virtio = || self.algorithm.completion().map(|known| known == Completion::Virtio);
        Ok(if self.virtio.get_or_try_init(is_virtio)? { VIRTIO_MAX } else { usize::MAX })
    }

    /// Notes that the driver was still at work when it had answered. Another driver has come since
    /// it was judged.
    pub fn note_busy(&self) {
        self.busy.store(true, Ordering::Relaxed);
    }
}
