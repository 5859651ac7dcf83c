// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The border to the kernel and to the C library: each system call is one function here, which
//! passes its arguments on and converts the result. The callers say what a result means, and
//! whether a call is made again after a signal (EINTR).
//!
//! - [`socket`]: AF_ALG and netlink;
//! - [`aio`]: Linux AIO;
//! - [`mapping`]: memory of the process, [`vm`]: copies of it by the kernel;
//! - [`thread`]: futex(2), and the C library's functions for threads and fork(2); `mutex`: its
//!   mutex for several processes;
//! - [`process`]: getrandom(2), write(2), getauxval(3);
//! - `keyring`: keyctl(2).
//!
//! Nothing else in `src` makes a system call (`cargo test --test map`), but for files, which the
//! standard library reads, threads, which it starts, and io_uring, whose system calls the crate
//! io-uring makes.
//!
//! # Safety
//!
//! A function here is safe to call if the kernel checks all that it is given, or if a type of Rust
//! promises it: a descriptor that is open, a slice that is as long as it says. The others are
//! unsafe, and say what their callers promise.

pub mod aio;
#[cfg(feature = "user-engine")]
pub mod keyring;
pub mod mapping;
#[cfg(feature = "user-engine")]
pub mod mutex;
pub mod process;
pub mod socket;
pub mod thread;
pub mod vm;

use crate::errno::{Errno, Result};

/// The result of a system call that returns a number, or -1 and sets errno.
fn number(returned: impl TryInto<usize>) -> Result<usize> {
    returned.try_into().map_err(|_| Errno::last())
}

/// The same where the number says nothing.
fn done(returned: impl TryInto<usize>) -> Result<()> {
    number(returned).map(drop)
}

/// The result of a function that returns 0 or an errno, as those of pthreads(7) do.
#[cfg(feature = "user-engine")]
fn done_or_errno(returned: libc::c_int) -> Result<()> {
    if returned == 0 { Ok(()) } else { Err(Errno::from_number(returned)) }
}
