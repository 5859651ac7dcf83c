// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The common part of kcapi-enc, kcapi-dgst and kcapi-rng: failures, sources and destinations of
//! data, keys.

pub mod data;
pub mod key;

use crate::hex;
use crate::library;
use crate::message::{Level, Log, Name};
use crate::options;
use crate::output;
use crate::sys::{Errno, STDOUT};
use alloc::format;
use alloc::vec::Vec;
use core::ffi::{CStr, c_int};
use core::fmt::Display;

/// The exit status with which the program ends. The reason has been said.
#[derive(Debug)]
pub struct Failed(pub c_int);

/// The result of a step whose failure ends the program.
pub type Result<T> = core::result::Result<T, Failed>;

/// Says what is wrong with the command line, and how to ask for help.
pub fn usage(log: Log, what: &dyn Display) -> Failed {
    // This is written even if silence was asked for, which means the program's work and not this.
    let log = Log { level: Some(Level::Error), ..log };
    log.error(format_args!("{what}"));
    log.error(format_args!("{} --help tells how it is used", log.program));
    Failed(1)
}

/// Says what failed with which errno, which becomes the exit status.
pub fn failed(log: Log, what: &dyn Display, errno: Errno) -> Failed {
    log.error(format_args!("{what}: {errno}"));
    Failed(errno.exit_code())
}

/// A number on the command line.
pub fn number(log: Log, option: &str, text: &CStr) -> Result<u64> {
    options::number(text).ok_or_else(|| {
        usage(log, &format_args!("{option}: {} is no number", Name(text.to_bytes())))
    })
}

/// A descriptor's number on the command line.
pub fn descriptor(log: Log, option: &str, text: &CStr) -> Result<c_int> {
    number(log, option, text)?.try_into().map_err(|_| failed(log, &option, Errno(libc::EBADF)))
}

/// Bytes in hexadecimal on the command line.
pub fn bytes(log: Log, option: &str, text: &CStr) -> Result<Vec<u8>> {
    let shown = Name(text.to_bytes());
    match hex::decode(text.to_bytes()) {
        Some(bytes) if bytes.is_empty() => {
            Err(failed(log, &format_args!("{option} is empty"), Errno(libc::EINVAL)))
        }
        Some(bytes) => Ok(bytes),
        None => Err(usage(log, &format_args!("{option}: {shown} is not hexadecimal"))),
    }
}

/// A name on the command line.
pub fn name(log: Log, option: &str, text: &'static CStr) -> Result<&'static str> {
    text.to_str().map_err(|_| failed(log, &option, Errno(libc::ENOENT)))
}

/// `--version`.
pub fn print_version(log: Log) -> c_int {
    print(log, &format!("Version {}\n", library::version()))
}

/// Prints text on standard output, and ends the program.
pub fn print(log: Log, text: &str) -> c_int {
    let written = STDOUT.write_all(text.as_bytes()).and_then(|()| output::finish());
    match written {
        Ok(()) => 0,
        Err(errno) => {
            log.error(format_args!("standard output: {errno}"));
            1
        }
    }
}

/// Lets the library write messages, too, if more than errors is asked for.
pub fn set_library_level(log: Log) {
    library::set_verbosity(match log.level {
        Some(Level::Verbose) => Level::Verbose as u32,
        Some(Level::Debug) => Level::Debug as u32,
        _ => 0,
    });
}
