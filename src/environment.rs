// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Environment variables that choose how the library works.

use crate::log::log;
use crate::sys::process::is_secure;
use once_cell::race::OnceRef;
use std::ffi::OsString;

/// The value of a variable. None if it is not set. None in a program with more rights than its user
/// (AT_SECURE: set-user-ID, file capabilities), too, because that must not do what its user wants.
fn variable(name: &str) -> Option<OsString> {
    if is_secure() { None } else { std::env::var_os(name) }
}

/// A variable that chooses among a few values. It is read once: getenv(3) races with setenv(3) in
/// other threads, and the objects of one process should not differ by when they were made.
pub struct Variable<T: 'static> {
    /// Its name.
    name: &'static str,
    /// The values, for the warning about any other.
    values: &'static str,
    of: fn(&[u8]) -> Option<&'static T>,
    default: &'static T,
    known: OnceRef<'static, T>,
}

impl<T: Copy> Variable<T> {
    /// The variable `name`, of whose `values` `of` knows the meaning.
    pub const fn new(
        name: &'static str,
        values: &'static str,
        of: fn(&[u8]) -> Option<&'static T>,
        default: &'static T,
    ) -> Self {
        Self { name, values, of, default, known: OnceRef::new() }
    }

    /// Its meaning. Several threads may read the environment at the same time, before the first
    /// has finished: there is no lock.
    pub fn get(&self) -> T {
        *self.known.get_or_init(|| {
            let Some(value) = variable(self.name) else {
                return self.default;
            };
            (self.of)(value.as_encoded_bytes()).unwrap_or_else(|| {
                log!(Warning, "{} is none of {}", self.name, self.values);
                self.default
            })
        })
    }
}
