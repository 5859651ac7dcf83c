// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Environment variables that choose how the library works.

#![allow(unsafe_code)]

use std::ffi::OsString;

/// The value of a variable. None where it is not set, and in a program with more rights
/// than its user (AT_SECURE: set-user-ID, file capabilities), which must not obey him.
pub fn variable(name: &str) -> Option<OsString> {
    // SAFETY: getauxval(3) only reads what the kernel gave to the process.
    if unsafe { libc::getauxval(libc::AT_SECURE) } != 0 {
        return None;
    }
    std::env::var_os(name)
}
