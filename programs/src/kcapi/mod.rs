// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! kcapi: operations on data from the command line, all in hexadecimal, for tests of the library,
//! of the kernel and of drivers.
//!
//! It shows on a real kernel what the library does: the calls for a message, for many and for
//! pieces on the same data, and what each costs. Its options are those of the C library's program
//! of that name, as far as scripts use them. A wrong tag is an answer.

mod cipher;
mod clock;
mod other;
mod random;
mod self_test;
mod settings;

use crate::hex;
use crate::message::line;
use crate::options::Arguments;
use crate::output;
use crate::sys::{Errno, STDOUT};
use crate::tool::Failed;
use alloc::vec::Vec;
use core::ffi::c_int;
use core::fmt::Arguments as Text;
use settings::{Mode, Settings, Task};

const HELP: &str = include_str!("help.txt");

/// The program.
pub fn main(arguments: Arguments) -> c_int {
    match run(&arguments).and_then(|text| print(&text)) {
        Ok(()) => 0,
        Err(Failed(code)) => code,
    }
}

/// Says that the command line makes no sense.
fn refuse(text: Text<'_>) -> Failed {
    line(format_args!("kcapi: {text} (kcapi -h lists the options)"));
    Failed(2)
}

/// Says that an operation failed.
fn fail(text: Text<'_>) -> Failed {
    line(format_args!("kcapi: {text}"));
    Failed(1)
}

/// Says what failed with which errno.
fn failed(what: &str) -> impl Fn(Errno) -> Failed + '_ {
    move |errno| fail(format_args!("{what} failed: {errno}"))
}

fn print(text: &[u8]) -> Result<(), Failed> {
    let written = STDOUT.write_all(text).and_then(|()| output::finish());
    written.map_err(|errno| fail(format_args!("standard output: {errno}")))
}

/// A line of hexadecimal digits.
fn hex_line(bytes: &[u8]) -> Vec<u8> {
    let mut line = hex::encode(bytes);
    line.push(b'\n');
    line
}

/// Does what the command line says; the result is what it prints.
fn run(arguments: &Arguments) -> Result<Vec<u8>, Failed> {
    let settings = match Settings::read(arguments)? {
        Task::Help => return Ok(HELP.into()),
        Task::SelfTest => return self_test::run().map(|()| Vec::new()),
        Task::Random(settings) => return random::run(&settings).map(|()| Vec::new()),
        Task::Work(settings) => settings,
    };
    match settings.mode {
        Mode::Cipher | Mode::Aead => cipher::run(&settings),
        Mode::Digest => other::digests(&settings),
        Mode::Asymmetric => other::asymmetric(&settings),
        Mode::Agreement => other::agreement(&settings),
        Mode::Kdf(_) | Mode::Pbkdf2 | Mode::Hkdf => other::derivation(&settings),
    }
}
