// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Environment variables that choose how the library works.

use crate::sys::process::is_secure;
use std::ffi::OsString;

/// The value of a variable. None if it is not set. None in a program with more rights than its user
/// (AT_SECURE: set-user-ID, file capabilities), too, because that must not do what its user wants.
pub fn variable(name: &str) -> Option<OsString> {
    if is_secure() { None } else { std::env::var_os(name) }
}
