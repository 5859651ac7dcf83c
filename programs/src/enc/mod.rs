// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! kcapi-enc: encrypts or decrypts a message, with a cipher or an AEAD.

mod aead;
mod cipher;
mod mode;
mod padding;
mod settings;

use crate::library::Direction;
use crate::message::Log;
use crate::options::Arguments;
use crate::tool::data::{Sink, Source, shown};
use crate::tool::{Failed, print, print_version, set_library_level};
use core::ffi::c_int;
use settings::{Settings, Task};

const HELP: &str = include_str!("help.txt");

/// The program.
pub fn main(arguments: Arguments) -> c_int {
    let mut log = Log::new("kcapi-enc");
    let result = match Settings::read(&arguments, &mut log) {
        Ok(Task::Help) => return print(log, HELP),
        Ok(Task::Version) => return print_version(log),
        Ok(Task::Work(mut settings)) => {
            set_library_level(log);
            work(&mut settings, log)
        }
        Err(failed) => Err(failed),
    };
    match result {
        Ok(()) => 0,
        Err(Failed(code)) => code,
    }
}

/// Reads the key before anything is opened: if the key's descriptor is not open, the input would get
/// its number and be the key. Opens the input before there is an output, so that a missing input
/// leaves none.
fn work(settings: &mut Settings, log: Log) -> Result<(), Failed> {
    let material = settings.key.read(log, settings.input, settings.key_length)?;
    let source = Source::open(log, settings.input)?;
    if settings.aad.is_some() {
        aead::run(settings, log, &source, material)
    } else {
        cipher::run(settings, log, &source, material)
    }
}

/// The destination of the result. A file of plaintext can be read by its owner only.
fn sink(settings: &Settings, log: Log) -> Result<Sink, Failed> {
    Sink::create(log, settings.output, settings.direction == Direction::Decrypt)
}

/// Says that the kernel does not take a message of that length, and that the other engine does.
fn tell_too_long(log: Log, length: usize) {
    let length = shown(length);
    log.verbose(format_args!(
        "the kernel takes no message of {length}: in user space, unless in FIPS mode"
    ));
}

/// The IV with the length that the cipher wants.
fn iv(settings: &Settings, log: Log, size: usize) -> alloc::vec::Vec<u8> {
    let mut iv = settings.iv.clone().unwrap_or_default();
    if size > 0 && settings.iv.is_none() {
        log.warning(format_args!(
            "no IV is given: it is zeros, and must not be so twice with a key"
        ));
    } else if iv.len() > size {
        log.warning(format_args!("the IV has {} only, the rest is left out", shown(size)));
    }
    iv.resize(size, 0);
    iv
}
