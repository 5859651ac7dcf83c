// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Messages on standard error, as many as `kcapi_set_verbosity` asked for.

use std::fmt::{Arguments, Write};
use std::sync::atomic::{AtomicU32, Ordering};

/// How important a message is; the numbers are those of `enum kcapi_verbosity`.
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum Level {
    /// Something failed.
    Error = 1,
    /// Something works otherwise than asked for.
    Warning = 2,
    /// What a user who looks for a cause wants to know.
    Verbose = 3,
    /// Every step.
    Debug = 4,
}

static VERBOSITY: AtomicU32 = AtomicU32::new(0);

/// Shows messages up to `level` from now on, in the whole process.
pub fn set_verbosity(level: u32) {
    VERBOSITY.store(level, Ordering::Relaxed);
}

/// Writes one line to standard error if `level` is asked for.
pub fn write(level: Level, message: Arguments<'_>) {
    if level as u32 > VERBOSITY.load(Ordering::Relaxed) {
        return;
    }
    let label = match level {
        Level::Error => "Error",
        Level::Warning => "Warning",
        Level::Verbose => "Verbose",
        Level::Debug => "Debug",
    };
    let mut line = String::new();
    // One write, so that lines of several threads do not mix; what standard
    // error does not take is lost, since there is nowhere else to say it.
    if writeln!(line, "libkcapi - {label}: {message}").is_ok() {
        let _ = std::io::Write::write(&mut std::io::stderr(), line.as_bytes());
    }
}

/// `log!(Level, "format", …)`: formats only what is shown.
macro_rules! log {
    ($level:ident, $($message:tt)+) => {
        $crate::log::write($crate::log::Level::$level, format_args!($($message)+))
    };
}
pub(crate) use log;
