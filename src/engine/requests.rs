// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Messages of several operations, which may be of both engines, processed together.

#[cfg(feature = "user-engine")]
use super::user;
use super::{Job, kernel};

/// Bytes from which on messages are faster together whatever the algorithm, since several processors
/// share them.
#[cfg(feature = "user-engine")]
pub const MANY_BYTES: usize = user::operation::requests::MANY_BYTES;
#[cfg(not(feature = "user-engine"))]
pub const MANY_BYTES: usize = isize::MAX as usize;

/// Processes those jobs that gain by it.
pub fn process(jobs: &mut [Job<'_>]) {
    // There is no memory for it, which the jobs' own calls will find out.
    let _ = kernel::requests::process(jobs);
    #[cfg(feature = "user-engine")]
    user::operation::requests::process(jobs);
}
