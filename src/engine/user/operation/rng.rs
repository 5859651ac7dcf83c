// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The user engine's operation of a random number generator.
//!
//! Reference: Linux `crypto/algif_rng.c`.

use crate::engine::user::algorithm::Keyed;
use crate::engine::user::algorithm::rng::PIECE;
use crate::engine::user::data::copy_out;
use crate::engine::user::lease::Lease;
use crate::engine::{Control, Failure, Operation, Progress};
use crate::errno::{Errno, Result};
use crate::fork::Forked;
use crate::iov::Iovecs;
use crate::lock::Event;
use crate::wipe::Wiped;

/// A generator at work. All operations of a transform share its seed.
pub struct RngOperation {
    lease: Lease,
    failure: Failure,
}

impl RngOperation {
    /// Nothing is in it.
    pub fn new(lease: Lease) -> Self {
        Self { lease, failure: Failure::default() }
    }
}

impl Operation for RngOperation {
    fn send(&self, _: Option<&Control>, _: Iovecs<'_>, _: bool, _: &Event) -> Result<usize> {
        self.failure.note(Err(Errno::OPNOTSUPP))
    }

    fn receive(&self, output: Iovecs<'_>) -> Result<Option<usize>> {
        if output.total()? == 0 {
            return Ok(Some(0));
        }
        let Keyed::Rng(rng) = self.lease.keyed()? else {
            return Err(Errno::INVAL);
        };
        let mut bytes = Wiped::<PIECE>::ZEROS;
        self.failure.note(rng.generate(&mut bytes))?;
        Ok(Some(copy_out(&*bytes, output)))
    }

    fn progress(&self) -> Progress {
        Progress::Idle
    }

    fn failure(&self) -> &Failure {
        &self.failure
    }
}

/// There is no message in it.
impl Forked for RngOperation {}
