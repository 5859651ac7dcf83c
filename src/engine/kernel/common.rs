// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! What all operations of a transform have in common.

use super::completion::Completion;
use super::properties::Algorithm;
use crate::aio::Contexts;
use once_cell::race::OnceBool;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a transform's operations need of it.
pub struct Common {
    /// The algorithm, whose properties the whole process shares.
    pub algorithm: &'static Algorithm,
    /// Whether its driver finishes later; asked for by the first call to which it matters.
    later: OnceBool,
    /// It has shown that it does.
    busy: AtomicBool,
    /// AIO contexts that are not in use.
    pub aio: Contexts,
}

impl Common {
    /// For a transform of the algorithm.
    pub fn new(algorithm: &'static Algorithm) -> Self {
        Self {
            algorithm,
            later: OnceBool::new(),
            busy: AtomicBool::new(false),
            aio: Contexts::default(),
        }
    }

    /// Whether the driver may still be at work when it has answered.
    pub fn completes_later(&self) -> bool {
        self.busy.load(Ordering::Relaxed)
            || self.later.get_or_init(|| self.algorithm.completion() == Completion::Later)
    }

    /// Notes that the driver was still at work when it had answered: another one was asked about.
    pub fn note_busy(&self) {
        self.busy.store(true, Ordering::Relaxed);
    }
}
