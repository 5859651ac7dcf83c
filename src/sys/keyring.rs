// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The kernel's keyrings: keyctl(2).

#![allow(unsafe_code)]

use super::number;
use crate::errno::Result;
use libc::c_long;

// The C library has no function for keyctl(2), and libc no names for its operations.
const KEYCTL_DESCRIBE: c_long = 6;
const KEYCTL_READ: c_long = 11;

/// KEYCTL_DESCRIBE: how many bytes the description of the key has. They are written to `to` if it
/// has room for all of them.
pub fn describe(serial: i32, to: &mut [u8]) -> Result<usize> {
    keyctl(KEYCTL_DESCRIBE, serial, to)
}

/// KEYCTL_READ: how many bytes the key's payload has. They are written to `to` if it has room for
/// all of them.
pub fn read(serial: i32, to: &mut [u8]) -> Result<usize> {
    keyctl(KEYCTL_READ, serial, to)
}

fn keyctl(operation: c_long, serial: i32, to: &mut [u8]) -> Result<usize> {
    let serial = c_long::from(serial);
    // SAFETY: the kernel writes to `to` as many bytes as these are, at most.
    number(unsafe { libc::syscall(libc::SYS_keyctl, operation, serial, to.as_mut_ptr(), to.len()) })
}
