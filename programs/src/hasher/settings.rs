// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The settings that the command line asks for.

use super::names::{self, Hash, Name, Role};
use crate::key::Secret;
use crate::message::{Messages, Name as Shown};
use crate::options::{Arguments, Found, Long, Takes, number};
use crate::sys::{Errno, Fd, File, STDIN};
use alloc::vec::Vec;
use core::ffi::{CStr, c_int};
use core::fmt;

/// The file whose HMAC `-S` and `-L` print.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The program's.
    Program,
    /// The library's.
    Library,
}

/// The task.
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

/// The verdicts that are printed.
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
    /// The task.
    pub task: Task,
    /// The name of the program: the one by which it was called, or that of `-n`.
    pub called: &'static [u8],
    /// The meaning of that name.
    pub name: Name,
    /// The digest.
    pub hash: &'static Hash,
    /// The source of the key.
    source: KeySource,
    /// The key, if there is one, once it has been read.
    pub key: Option<Secret>,
    /// `-c`: the operands are lists.
    pub check: bool,
    /// `-T`: the file to verify in place of those in the lists.
    pub target: Option<&'static CStr>,
    /// Bytes of the digest that count.
    pub length: usize,
    /// The verdicts that are printed.
    pub verdicts: Verdicts,
    /// `--tag`.
    pub tag: bool,
    /// The end of a line: LF, or with `-z` NUL.
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

/// The reason why there is nothing to do.
pub enum Refused {
    /// The command line is wrong, and it was said how: the usage follows.
    Usage,
    /// The reason was said.
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
    // What is short for an option of the C program stays so, though `--key-fd` and `--strict` begin
    // with it, too.
    (c"key-", Takes::Value, b'k'),
    (c"key-f", Takes::Value, b'k'),
    (c"st", Takes::Nothing, b'q'),
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

/// The source of a key.
enum KeySource {
    /// The key that the name has.
    Name,
    /// There is none: it is a digest without a key.
    None,
    File(&'static CStr),
    Descriptor(&'static CStr),
    /// The key itself, which is no longer on the command line.
    Text(Secret),
}

/// The digest of `-h`. md5 is not among them, since the C program does not have it.
fn hash(text: &CStr, messages: Messages) -> Result<&'static Hash, Refused> {
    let found = names::find_hash(text.to_bytes()).filter(|hash| hash.name != "md5");
    found.ok_or_else(|| {
        let name = Shown(text.to_bytes());
        refuse(messages, format_args!("-h: there is no digest {name}"))
    })
}

/// Bytes of the digest that `-t` leaves: it has a number of bits, 0 for all. A sign and blanks
/// before are taken as strtoul(3) does.
fn truncation(text: &CStr, messages: Messages) -> Result<usize, Refused> {
    let digits = text.to_bytes().trim_ascii_start();
    let start = text.count_bytes() - digits.strip_prefix(b"+").unwrap_or(digits).len();
    let digits = text.to_bytes_with_nul().get(start..).unwrap_or_default();
    let bits = CStr::from_bytes_with_nul(digits).ok().and_then(number);
    let bits = bits.and_then(|bits| u32::try_from(bits).ok());
    bits.filter(|bits| bits.is_multiple_of(8)).map(|bits| bits as usize / 8).ok_or_else(|| {
        let text = Shown(text.to_bytes());
        refuse(messages, format_args!("-t: {text} is no number of bits in whole bytes"))
    })
}

/// Options whose meaning depends on the name.
#[derive(Default)]
struct Said {
    hash: Option<&'static Hash>,
    /// Bytes of the digest; 0 for all.
    truncate: usize,
    /// The lists of `--check=LIST`.
    lists: Vec<&'static CStr>,
}

/// Says what is wrong with the command line.
fn refuse(messages: Messages, what: fmt::Arguments<'_>) -> Refused {
    messages.say(what);
    Refused::Usage
}

impl Settings {
    /// The defaults, for a command line without options.
    fn new(called: &'static [u8]) -> Self {
        Self {
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
        }
    }

    /// Reads the command line.
    pub fn read(arguments: &Arguments, messages: Messages) -> Result<Self, Refused> {
        let mut settings = Self::new(arguments.program());
        let mut said = Said::default();
        for (index, found) in arguments.options(SHORT, LONG).enumerate() {
            let found = found.map_err(|_| Refused::Usage)?;
            match found.option {
                b'n' if index == 0 => settings.called = found.value.to_bytes(),
                b'n' => return Err(refuse(messages, format_args!("-n must be the first option"))),
                _ => settings.take(&found, &mut said, messages)?,
            }
            if settings.asks() {
                break;
            }
        }
        settings.identify(said.hash, messages)?;
        if settings.asks() {
            return Ok(settings);
        }
        settings.operands = said.lists.into_iter().chain(arguments.operands()).collect();
        if matches!(settings.task, Task::Work) {
            settings.set_length(said.truncate, messages)?;
        }
        settings.refuse_combinations(messages)?;
        Ok(settings)
    }

    /// Returns whether help or the version is asked for. Nothing else counts then.
    fn asks(&self) -> bool {
        matches!(self.task, Task::Help | Task::Version)
    }

    /// Takes an option.
    fn take(&mut self, found: &Found, said: &mut Said, messages: Messages) -> Result<(), Refused> {
        match found.option {
            b'c' => {
                self.check = true;
                said.lists.extend(found.has_value.then_some(found.value));
            }
            b'T' => self.target = Some(found.value),
            b'u' => self.source = KeySource::None,
            b'k' => self.source = KeySource::File(found.value),
            KEY_FD => self.source = KeySource::Descriptor(found.value),
            b'K' => self.source = KeySource::Text(Secret::take_argument(found.value)),
            b'h' => said.hash = Some(hash(found.value, messages)?),
            b't' => said.truncate = truncation(found.value, messages)?,
            b'S' => self.task = Task::SelfSum(Whose::Program),
            b'L' => self.task = Task::SelfSum(Whose::Library),
            SELF_TEST => self.task = Task::SelfTest,
            b'q' => self.verdicts = Verdicts::None,
            QUIET => self.verdicts = Verdicts::Failures,
            TAG => self.tag = true,
            b'z' => self.end = 0,
            b'd' => self.directory = Some(found.value),
            b'w' => self.warn = true,
            STRICT => self.strict = true,
            IGNORE_MISSING => self.ignore_missing = true,
            b'v' => self.task = Task::Version,
            HELP => self.task = Task::Help,
            // hmaccalc's -b and -P, coreutils' --binary and --text: nothing differs here.
            _ => {}
        }
        Ok(())
    }

    /// Finds out what the program's name means, and which digest it is with the one of `-h`. A
    /// name and a digest are needed for work only.
    fn identify(
        &mut self,
        chosen: Option<&'static Hash>,
        messages: Messages,
    ) -> Result<(), Refused> {
        match names::find(self.called) {
            Some(name) => self.name = name,
            None if self.asks() => return Ok(()),
            None => {
                let called = Shown(self.called);
                return Err(refuse(messages, format_args!("there is no program {called}")));
            }
        }
        match chosen.or(self.name.hash) {
            Some(hash) => self.hash = hash,
            None if !matches!(self.task, Task::Work) => {}
            None => {
                let what = "which digest? -h names one, and so does the program's name";
                return Err(refuse(messages, format_args!("{what}")));
            }
        }
        Ok(())
    }

    /// Sets the number of bytes of the digest that count.
    fn set_length(&mut self, truncate: usize, messages: Messages) -> Result<(), Refused> {
        let Hash { name, size, .. } = self.hash;
        if truncate > *size {
            let bits = size * 8;
            return Err(refuse(messages, format_args!("-t: {name} has {bits} bits only")));
        }
        self.length = if truncate > 0 { truncate } else { *size };
        Ok(())
    }

    /// Returns whether there is a key, before it is read.
    fn is_keyed(&self) -> bool {
        match self.source {
            KeySource::None => false,
            KeySource::Name => self.name.key.is_some(),
            _ => true,
        }
    }

    /// Refuses options that do not go together.
    fn refuse_combinations(&self, messages: Messages) -> Result<(), Refused> {
        let works = matches!(self.task, Task::Work);
        let is_fips = matches!(self.name.role, Role::FipsCheck | Role::FipsHmac);
        let wrong = if !works {
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
        if let Some(wrong) = wrong {
            return Err(refuse(messages, format_args!("{wrong}")));
        }
        if works && self.is_keyed() && self.hash.name.starts_with("sha3-") {
            let name = self.hash.name;
            return Err(refuse(messages, format_args!("{name} takes no key; -u goes without")));
        }
        Ok(())
    }

    /// Returns whether what is read from there as the key would be missing in a file or list that is read later. On a
    /// terminal one comes after the other.
    fn is_read_again(&self, fd: Fd) -> bool {
        let by_default = [c"-"];
        let files = match self.operands.as_slice() {
            [] if self.name.role != Role::FipsCheck => &by_default,
            operands => operands,
        };
        !fd.is_terminal() && files.iter().any(|name| fd.is_taken_by_reading(name))
    }

    /// Reads the key. In FIPS mode the program verifies itself before that.
    pub fn read_key(&mut self, messages: Messages) -> Result<(), Refused> {
        let source = core::mem::replace(&mut self.source, KeySource::None);
        let read = |fd: Fd| match self.is_read_again(fd) {
            true => Ok(None),
            false => Secret::read(fd, LONGEST_KEY).map(Some),
        };
        let (name, key) = match source {
            KeySource::None => return Ok(()),
            KeySource::Name => {
                self.key = self.name.key.map(Secret::copy);
                return Ok(());
            }
            KeySource::Text(key) => {
                self.key = Some(key);
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
            // All of it would be the key, and the digest that of nothing.
            Ok(None) => messages
                .about(name.to_bytes(), &"nothing would be left there to be read behind the key"),
            Ok(Some((_, true))) => messages.about(name.to_bytes(), &"a key has at most 1 MiB"),
            // A file that is empty by mistake would be a key that everybody knows.
            Ok(Some((key, false))) if key.bytes().is_empty() => {
                messages.about(name.to_bytes(), &"the key is empty");
            }
            Ok(Some((key, false))) => {
                self.key = Some(key);
                return Ok(());
            }
            Err(errno) => messages.about(name.to_bytes(), &errno),
        }
        Err(Refused::Said)
    }
}

/// The most bytes of a key: more than any HMAC takes, but not so many that a wrong file fills the
/// memory.
const LONGEST_KEY: usize = 1 << 20;
