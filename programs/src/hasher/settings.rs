// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! What the command line asks for.

use super::names::{self, Hash, Name, Role};
use crate::key::Secret;
use crate::message::{Messages, Name as Shown};
use crate::options::{Arguments, Long, Takes, hide, number};
use crate::sys::{Errno, Fd, File, STDIN};
use alloc::vec::Vec;
use core::ffi::{CStr, c_int};

/// Of whom `-S` and `-L` print the HMAC.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The program's.
    Program,
    /// The library's.
    Library,
}

/// What is to be done.
pub enum Task {
    /// Tell the usage.
    Help,
    /// Tell versions.
    Version,
    /// Print an HMAC of the program or the library.
    SelfSum(Whose),
    /// Look whether the program and the library pass the check that FIPS mode makes.
    SelfTest,
    /// Digest the operands, or compare with lists.
    Work,
}

/// What is printed of verdicts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Verdicts {
    /// All.
    All,
    /// Those that are not OK.
    Failures,
    /// None.
    None,
}

/// The command line.
pub struct Settings {
    /// What is to be done.
    pub task: Task,
    /// As what name: the one it was called by, or `-n`'s.
    pub called: &'static [u8],
    /// What that means.
    pub name: Name,
    /// The digest.
    pub hash: &'static Hash,
    /// Where the key comes from.
    source: KeySource,
    /// The key, if there is one, once it has been read.
    pub key: Option<Secret>,
    /// `-c`: the operands are lists.
    pub check: bool,
    /// `-T`: the file to verify in place of those in the lists.
    pub target: Option<&'static CStr>,
    /// Bytes of the digest that count.
    pub length: usize,
    /// What is printed of verdicts.
    pub verdicts: Verdicts,
    /// `--tag`.
    pub tag: bool,
    /// What ends a line: LF, or with `-z` NUL.
    pub end: u8,
    /// `-d`.
    pub directory: Option<&'static CStr>,
    /// `--warn`: say which line is none.
    pub warn: bool,
    /// `--strict`: a line that is none is a failure.
    pub strict: bool,
    /// `--ignore-missing`.
    pub ignore_missing: bool,
    /// Files, or lists.
    pub operands: Vec<&'static CStr>,
}

/// Why there is nothing to do.
pub enum Refused {
    /// The command line is wrong, and it was said how: the usage follows.
    Usage,
    /// It was said.
    Said,
}

const LONG: &[Long] = &[
    (c"name", Takes::Value, b'n'),
    (c"check", Takes::MaybeValue, b'c'),
    (c"target", Takes::Value, b'T'),
    (c"unkeyed", Takes::Nothing, b'u'),
    (c"hash", Takes::Value, b'h'),
    (c"truncate", Takes::Value, b't'),
    (c"self-sum", Takes::Nothing, b'S'),
    (c"self-sum-lib", Takes::Nothing, b'L'),
    (c"self-test", Takes::Nothing, SELF_TEST),
    (c"status", Takes::Nothing, b'q'),
    (c"quiet", Takes::Nothing, QUIET),
    (c"key-file", Takes::Value, b'k'),
    (c"key-fd", Takes::Value, KEY_FD),
    (c"key", Takes::Value, b'K'),
    (c"tag", Takes::Nothing, TAG),
    (c"zero", Takes::Nothing, b'z'),
    (c"version", Takes::Nothing, b'v'),
    (c"help", Takes::Nothing, HELP),
    (c"binary", Takes::Nothing, b'b'),
    (c"text", Takes::Nothing, b'b'),
    (c"warn", Takes::Nothing, b'w'),
    (c"strict", Takes::Nothing, STRICT),
    (c"ignore-missing", Takes::Nothing, IGNORE_MISSING),
];
const SHORT: &CStr = c"n:cT:uh:t:SLqk:K:zd:bPvw";
// Those without a letter.
const SELF_TEST: u8 = 1;
const QUIET: u8 = 2;
const KEY_FD: u8 = 3;
const TAG: u8 = 4;
const HELP: u8 = 5;
const STRICT: u8 = 6;
const IGNORE_MISSING: u8 = 7;

/// Where a key comes from.
#[derive(Clone, Copy)]
enum KeySource {
    /// The name's own.
    Name,
    /// Nowhere: a digest without one.
    None,
    File(&'static CStr),
    Descriptor(&'static CStr),
    Text(&'static CStr),
}

/// Digests' lengths are small numbers of bits, 0 for all. A sign and blanks before are taken as
/// strtoul(3) does.
fn bits(text: &CStr) -> Option<usize> {
    let digits = text.to_bytes().trim_ascii_start();
    let digits = digits.strip_prefix(b"+").unwrap_or(digits);
    let start = text.count_bytes() - digits.len();
    let digits = text.to_bytes_with_nul().get(start..)?;
    let bits = number(CStr::from_bytes_with_nul(digits).ok()?)?;
    usize::try_from(bits).ok().filter(|bits| bits.is_multiple_of(8) && *bits <= u32::MAX as usize)
}

impl Settings {
    /// Reads the command line.
    pub fn read(arguments: &Arguments, messages: Messages) -> Result<Self, Refused> {
        let mut called = arguments.program();
        let mut hash = None;
        let mut truncate = 0;
        let mut lists = Vec::new();
        let mut settings = Self {
            task: Task::Work,
            called,
            name: Name { role: Role::Hmac, hash: None, key: None },
            hash: &names::HASHES[0],
            source: KeySource::Name,
            key: None,
            check: false,
            target: None,
            length: 0,
            verdicts: Verdicts::All,
            tag: false,
            end: b'\n',
            directory: None,
            warn: false,
            strict: false,
            ignore_missing: false,
            operands: Vec::new(),
        };
        for (index, found) in arguments.options(SHORT, LONG).enumerate() {
            let found = found.map_err(|_| Refused::Usage)?;
            match found.option {
                b'n' if index == 0 => called = found.value.to_bytes(),
                b'n' => {
                    messages.say(format_args!("-n must be the first option"));
                    return Err(Refused::Usage);
                }
                b'c' => {
                    settings.check = true;
                    lists.extend(found.has_value.then_some(found.value));
                }
                b'T' => settings.target = Some(found.value),
                b'u' => settings.source = KeySource::None,
                b'k' => settings.source = KeySource::File(found.value),
                KEY_FD => settings.source = KeySource::Descriptor(found.value),
                b'K' => settings.source = KeySource::Text(found.value),
                b'h' => {
                    let found_hash = names::find_hash(found.value.to_bytes());
                    hash = found_hash.filter(|hash| hash.name != "md5");
                    if hash.is_none() {
                        let name = Shown(found.value.to_bytes());
                        messages.say(format_args!("-h: there is no digest {name}"));
                        return Err(Refused::Usage);
                    }
                }
                b't' => {
                    truncate = bits(found.value).ok_or_else(|| {
                        let text = Shown(found.value.to_bytes());
                        messages
                            .say(format_args!("-t: {text} is no number of bits in whole bytes"));
                        Refused::Usage
                    })? / 8;
                }
                b'S' => settings.task = Task::SelfSum(Whose::Program),
                b'L' => settings.task = Task::SelfSum(Whose::Library),
                SELF_TEST => settings.task = Task::SelfTest,
                b'q' => settings.verdicts = Verdicts::None,
                QUIET => settings.verdicts = Verdicts::Failures,
                TAG => settings.tag = true,
                b'z' => settings.end = 0,
                b'd' => settings.directory = Some(found.value),
                b'w' => settings.warn = true,
                STRICT => settings.strict = true,
                IGNORE_MISSING => settings.ignore_missing = true,
                b'v' => {
                    settings.task = Task::Version;
                    break;
                }
                HELP => {
                    settings.task = Task::Help;
                    break;
                }
                // hmaccalc's -b and -P, coreutils' --binary and --text: nothing differs here.
                _ => {}
            }
        }
        let asks = matches!(settings.task, Task::Help | Task::Version);
        settings.called = called;
        match names::find(called) {
            Some(name) => settings.name = name,
            None if asks => return Ok(settings),
            None => {
                messages.say(format_args!("there is no program {}", Shown(called)));
                return Err(Refused::Usage);
            }
        }
        let needs_hash = matches!(settings.task, Task::Work);
        match hash.or(settings.name.hash) {
            Some(hash) => settings.hash = hash,
            None if !needs_hash => return Ok(settings),
            None => {
                messages.say(format_args!(
                    "which digest? -h names one, and so does the program's name"
                ));
                return Err(Refused::Usage);
            }
        }
        if asks {
            return Ok(settings);
        }
        settings.operands = lists.into_iter().chain(arguments.operands()).collect();
        settings.length = settings.hash.size;
        if truncate > settings.hash.size {
            let (name, bits) = (settings.hash.name, settings.hash.size * 8);
            messages.say(format_args!("-t: {name} has {bits} bits only"));
            return Err(Refused::Usage);
        } else if truncate > 0 {
            settings.length = truncate;
        }
        settings.refuse_combinations(messages)?;
        let keyed = match settings.source {
            KeySource::None => false,
            KeySource::Name => settings.name.key.is_some(),
            _ => true,
        };
        if needs_hash && keyed && settings.hash.name.starts_with("sha3-") {
            let name = settings.hash.name;
            messages.say(format_args!("{name} takes no key; -u goes without"));
            return Err(Refused::Usage);
        }
        Ok(settings)
    }

    /// What does not go together.
    fn refuse_combinations(&self, messages: Messages) -> Result<(), Refused> {
        let is_fips = matches!(self.name.role, Role::FipsCheck | Role::FipsHmac);
        let wrong = if !matches!(self.task, Task::Work) {
            (self.check || !self.operands.is_empty()).then_some("takes no files and no -c")
        } else if self.name.role == Role::FipsCheck && (self.check || self.target.is_some()) {
            Some("takes the files to verify, and neither -c nor -T")
        } else if self.target.is_some() && !self.check {
            Some("-T wants -c")
        } else if self.directory == Some(c"") && is_fips {
            Some("-d wants the name of a directory")
        } else {
            None
        };
        match wrong {
            None => Ok(()),
            Some(wrong) => {
                messages.say(format_args!("{wrong}"));
                Err(Refused::Usage)
            }
        }
    }

    /// Reads the key. In FIPS mode the program verifies itself before that.
    pub fn read_key(&mut self, messages: Messages) -> Result<(), Refused> {
        let read = |fd: Fd| Secret::read(fd, LONGEST_KEY);
        let (name, key) = match self.source {
            KeySource::None => return Ok(()),
            KeySource::Name => {
                self.key = self.name.key.map(Secret::copy);
                return Ok(());
            }
            KeySource::Text(text) => {
                self.key = Some(Secret::copy(text.to_bytes()));
                hide(text);
                return Ok(());
            }
            KeySource::File(name) if name == c"-" => (c"standard input", read(STDIN)),
            KeySource::File(name) => (name, File::read_only(name).and_then(|file| read(*file))),
            KeySource::Descriptor(text) => {
                let fd = number(text).and_then(|fd| c_int::try_from(fd).ok());
                (text, fd.ok_or(Errno(libc::EBADF)).and_then(|fd| read(Fd(fd))))
            }
        };
        match key {
            Ok((_, true)) => messages.about(name.to_bytes(), &"a key has at most 1 MiB"),
            // What is empty by mistake would be a key that everybody knows.
            Ok((key, false)) if key.bytes().is_empty() => {
                messages.about(name.to_bytes(), &"the key is empty");
            }
            Ok((key, false)) => {
                self.key = Some(key);
                return Ok(());
            }
            Err(errno) => messages.about(name.to_bytes(), &errno),
        }
        Err(Refused::Said)
    }
}

/// More than any HMAC takes, and not so much that a wrong name fills the memory.
const LONGEST_KEY: usize = 1 << 20;
