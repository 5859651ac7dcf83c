// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! kcapi-hasher: sha1sum to sha512sum, md5sum, sm3sum and sha3sum; sha1hmac to sha512hmac and
//! sm3hmac; fipshmac and fipscheck. It is one program, which does what the name says by which it is
//! called.
//!
//! It takes the place of hmaccalc, fipscheck and libkcapi's own program, and has their options,
//! keys and files. Under the names that end in "sum" it has coreutils' messages, too.

mod check;
mod digest;
mod fips;
mod help;
pub mod list;
mod names;
mod places;
mod self_check;
mod settings;

use crate::hex;
use crate::library;
use crate::message::{Messages, Name};
use crate::options::Arguments;
use crate::output;
use crate::sys::{Errno, STDERR, STDOUT};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use check::Check;
use core::ffi::{CStr, c_int};
use digest::{Failure, Hasher};
use names::Role;
use settings::{Refused, Settings, Task, Verdicts, Whose};

/// The program.
pub fn main(arguments: Arguments) -> c_int {
    let messages = Messages { program: arguments.program() };
    // The library is silent, since the program itself says which engine serves.
    library::set_verbosity(0);
    let mut settings = match Settings::read(&arguments, messages) {
        Ok(settings) => settings,
        Err(Refused::Usage) => {
            let _ = STDERR.write_all(help::usage(messages.program).as_bytes());
            return 1;
        }
        Err(Refused::Said) => return 1,
    };
    let done = run(&mut settings, messages);
    // Standard output may be closed if there was nothing to write.
    let finished = match done {
        Ok(Outcome { wrote: true, .. }) => output::finish(),
        _ => Ok(()),
    };
    match (done, finished) {
        (Ok(outcome), Ok(())) => c_int::from(!outcome.success),
        (Err(errno), _) | (_, Err(errno)) => {
            messages.say(format_args!("write error: {errno}"));
            1
        }
    }
}

/// The end of the program's work.
#[derive(Clone, Copy)]
struct Outcome {
    success: bool,
    /// Something was written to standard output.
    wrote: bool,
}

impl Outcome {
    /// Nothing was done, and the reason was said.
    const FAILED: Self = Self { success: false, wrote: false };
    /// The output that was asked for was written.
    const WRITTEN: Self = Self { success: true, wrote: true };
}

/// A result whose error is one of standard output.
fn run(settings: &mut Settings, messages: Messages) -> Result<Outcome, Errno> {
    match settings.task {
        Task::Help => print(help::help(messages.program).as_bytes()),
        Task::Version => print(version(settings, messages).as_bytes()),
        Task::SelfSum(whose) => match self_check::self_sum(whose) {
            Ok(digest) => print(&digest_line(&digest)),
            Err(errno) => {
                let what = match whose {
                    Whose::Program => "the program",
                    Whose::Library => "libkcapi.so.1",
                };
                messages.say(format_args!("{what}: {errno}"));
                Ok(Outcome::FAILED)
            }
        },
        Task::SelfTest if self_check::passes(settings, messages) => {
            print(b"integrity test passed\n")
        }
        Task::SelfTest => Ok(Outcome::FAILED),
        Task::Work if !may_work(settings, messages) => Ok(Outcome::FAILED),
        Task::Work => match settings.read_key(messages) {
            Ok(()) => work(settings, messages),
            Err(_) => Ok(Outcome::FAILED),
        },
    }
}

/// The version, and the engine that makes the digests.
fn version(settings: &Settings, messages: Messages) -> String {
    let served = match Hasher::new(settings.hash, None).prepare() {
        Ok("user") => "in user space",
        Ok(_) => "by the kernel",
        Err(_) => "by nobody",
    };
    let (name, version) = (Name(messages.program), library::version());
    format!("{name}: {version}\ndigests are made {served}\n")
}

/// Checks that the program is what it should be, if that is demanded. If it is not, that was said.
fn may_work(settings: &Settings, messages: Messages) -> bool {
    match self_check::is_demanded() {
        Ok(demanded) => !demanded || self_check::passes(settings, messages),
        Err(errno) => {
            messages.about(b"/proc/sys/crypto/fips_enabled", &errno);
            false
        }
    }
}

fn print(text: &[u8]) -> Result<Outcome, Errno> {
    STDOUT.write_all(text).map(|()| Outcome::WRITTEN)
}

fn digest_line(digest: &[u8]) -> Vec<u8> {
    let mut line = hex::encode(digest);
    line.push(b'\n');
    line
}

fn work(settings: &Settings, messages: Messages) -> Result<Outcome, Errno> {
    let mut hasher = Hasher::new(settings.hash, settings.key.as_ref().map(|key| key.bytes()));
    // An error here would be the same for every file, so it is said once.
    if let Err(errno) = hasher.prepare() {
        let algorithm = settings.hash.algorithm(settings.key.is_some());
        let what = match (errno.0, &settings.key) {
            (libc::ENOENT, _) | (_, None) => "",
            (_, Some(_)) => " with this key",
        };
        messages.say(format_args!("{algorithm}{what}: {errno}"));
        return Ok(Outcome::FAILED);
    }
    hasher.show_progress();
    let stdin: &[&CStr] = &[c"-"];
    let operands = if settings.operands.is_empty() { stdin } else { &settings.operands };
    if settings.check {
        let mut check = Check::new(settings, hasher, messages);
        let mut success = true;
        for list in operands {
            success &= check.list(list)?;
        }
        return Ok(Outcome { success, wrote: settings.verdicts != Verdicts::None });
    }
    match settings.name.role {
        Role::FipsCheck => {
            Ok(Outcome { success: fips::check(settings, hasher, messages), wrote: false })
        }
        Role::FipsHmac if !settings.operands.is_empty() => fips::write(settings, hasher, messages),
        _ => digest_files(settings, hasher, operands, messages),
    }
}

/// A line for each file.
fn digest_files(
    settings: &Settings,
    mut hasher: Hasher<'_>,
    files: &[&CStr],
    messages: Messages,
) -> Result<Outcome, Errno> {
    let mut success = true;
    for &name in files {
        match digest_of(&mut hasher, name, settings, messages) {
            Some(digest) => {
                STDOUT.write_all(&file_line(settings, &digest, name.to_bytes(), settings.end))?;
            }
            None => success = false,
        }
    }
    Ok(Outcome { success, wrote: true })
}

/// The digest, cut if that is asked for. None: there is none, and the reason was said.
fn digest_of(
    hasher: &mut Hasher<'_>,
    name: &CStr,
    settings: &Settings,
    messages: Messages,
) -> Option<Vec<u8>> {
    match hasher.file(name) {
        Ok(mut digest) => {
            digest.truncate(settings.length);
            Some(digest)
        }
        Err(failure) => {
            let shown = if name == c"-" { b"standard input" } else { name.to_bytes() };
            let errno = failure.errno();
            match failure {
                Failure::Digest(_) => {
                    let algorithm = settings.hash.algorithm(settings.key.is_some());
                    messages.about(shown, &format_args!("{algorithm}: {errno}"));
                }
                _ => messages.about(shown, &errno),
            }
            None
        }
    }
}

/// A line of a list, as coreutils writes it. If it ends with LF the name has escapes.
fn file_line(settings: &Settings, digest: &[u8], name: &[u8], end: u8) -> Vec<u8> {
    let digits = hex::encode(digest);
    let escaped = if end == 0 { None } else { list::escape(name) };
    let mark: &[u8] = if escaped.is_some() { b"\\" } else { b"" };
    let name = escaped.as_deref().unwrap_or(name);
    let end = &[end];
    if settings.tag {
        let tag = settings.hash.tag(settings.key.is_some());
        [mark, tag.as_bytes(), b" (", name, b") = ", &digits, end].concat()
    } else {
        [mark, &digits, b"  ", name, end].concat()
    }
}
