// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The user engine's operation of a random number generator.
//!
//! Reference: Linux `crypto/algif_rng.c`.

use crate::engine::user::algorithm::Keyed;
use crate::engine::user::algorithm::rng::PIECE;
use crate::engine::user::lease::{Failure, Lease};
use crate::engine::user::memory::copy_out;
use crate::engine::{Alone, Control, Length, Operation, Progress, Submission};
use crate::errno::{Errno, Result};
use crate::iov::Iovecs;
use crate::lock::Event;
use crate::process::Forked;
use std::time::Duration;
use zeroize::Zeroizing;

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
        let mut bytes = Zeroizing::new([0; PIECE]);
        self.failure.note(rng.generate(&mut bytes))?;
        Ok(Some(copy_out(&*bytes, output)))
    }

    fn tag_len(&self) -> usize {
        0
    }

    fn message(
        &self,
        _: Alone<'_>,
        _: &Control,
        _: Iovecs<'_>,
        _: Iovecs<'_>,
        _: Length,
    ) -> Result<usize> {
        self.failure.note(Err(Errno::OPNOTSUPP))
    }

    fn batch(
        &self,
        _: Alone<'_>,
        _: &Control,
        _: Iovecs<'_>,
        _: Iovecs<'_>,
        _: Submission,
    ) -> Result<usize> {
        self.failure.note(Err(Errno::OPNOTSUPP))
    }

    fn progress(&self) -> Progress {
        Progress::Idle
    }

    /// There is always room.
    fn wait_for_room(&self, _: Duration) {}

    fn fail(&self) {
        self.failure.set();
    }

    fn failed(&self) -> bool {
        self.failure.noted()
    }

    fn lend(&self) {}

    fn of_two_processes(&self) -> bool {
        false
    }
}

/// There is nothing in it.
impl Forked for RngOperation {
    fn before(&self) {}

    fn in_parent(&self) {}

    fn in_child(&self) {}
}
