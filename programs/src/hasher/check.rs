// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! `-c`: compares files with lists.
//!
//! Success means that at least one file was verified, and that none had a wrong digest or could not
//! be read. A line that is no line of a list is a warning under coreutils' names, and a failure
//! under hmaccalc's, whose users expect that.

use super::digest::{Failure, Hasher};
use super::list::{self, Line, Lines, Parsed};
use super::names::Role;
use super::settings::{Settings, Verdicts};
use crate::hex;
use crate::message::Messages;
use crate::sys::{Errno, Fd, File, STDIN, STDOUT};
use alloc::ffi::CString;
use alloc::vec::Vec;
use core::ffi::CStr;

/// The numbers of a list's lines, by their verdicts.
#[derive(Default)]
struct Count {
    /// Lines that are no lines of a list.
    bad: u64,
    /// Lines with a digest.
    good: u64,
    /// Files that are what the list says.
    matched: u64,
    /// Files that are not.
    mismatched: u64,
    /// Files that could not be read.
    unreadable: u64,
}

/// The check of lists.
pub struct Check<'a> {
    settings: &'a Settings,
    hasher: Hasher<'a>,
    messages: Messages,
}

impl<'a> Check<'a> {
    /// A check as the command line asks for it.
    pub fn new(settings: &'a Settings, hasher: Hasher<'a>, messages: Messages) -> Self {
        Self { settings, hasher, messages }
    }

    /// Checks a list, and says whether all is well; an error is one of standard output.
    pub fn list(&mut self, name: &CStr) -> Result<bool, Errno> {
        if name == c"-" {
            return self.lines(STDIN, b"standard input");
        }
        match File::read_only(name) {
            Ok(file) => self.lines(*file, name.to_bytes()),
            Err(errno) => {
                self.messages.about(name.to_bytes(), &errno);
                Ok(false)
            }
        }
    }

    /// Returns whether hmaccalc's words and rules are expected.
    fn is_hmac(&self) -> bool {
        self.settings.name.role != Role::Sum
    }

    fn lines(&mut self, fd: Fd, list: &[u8]) -> Result<bool, Errno> {
        let mut lines = Lines::new(fd, self.settings.end);
        let mut count = Count::default();
        let mut number = 0u64;
        let complete = loop {
            let line = match lines.read() {
                Ok(None) => break true,
                Ok(Some(line)) => line,
                Err(errno) => {
                    self.messages.about(list, &errno);
                    break false;
                }
            };
            number += 1;
            let parsed = line.map_or(Parsed::Bad, |line| list::parse(line, self.settings.end == 0));
            let ours = match parsed {
                Parsed::Comment | Parsed::Empty => continue,
                Parsed::Line(line) => self.file_of(&line, fd).map(|file| (file, line.digest)),
                Parsed::Bad => None,
            };
            match ours {
                Some((file, digest)) => {
                    count.good += 1;
                    self.line(&file, digest, &mut count)?;
                }
                None => {
                    count.bad += 1;
                    if self.settings.warn || self.is_hmac() {
                        let tag = self.settings.hash.tag(self.settings.key.is_some());
                        let what = format_args!("improperly formatted {tag} checksum line");
                        self.messages.about(list, &format_args!("{number}: {what}"));
                    }
                }
            }
        };
        // If a list cannot be read at all, that was said before.
        let is_told = !complete && count.good == 0;
        Ok(!is_told && self.summary(&count, list) && complete)
    }

    /// The file that a line of `list` is about. None: the line cannot be verified, since it has no digest of the right
    /// kind and length, or no file; or since that file is the rest of the list itself, whose lines nobody would verify.
    fn file_of(&self, line: &Line<'_>, list: Fd) -> Option<CString> {
        let keyed = self.settings.key.is_some();
        let is_for_us = line.digest.len() == 2 * self.settings.length
            && line.label.is_none_or(|label| self.settings.hash.is_called(label, keyed));
        let file = match self.settings.target {
            Some(target) => CString::from(target),
            None => CString::new(line.name.as_deref()?).ok()?,
        };
        (is_for_us && !list.is_taken_by_reading(&file)).then_some(file)
    }

    fn line(&mut self, name: &CStr, digest: &[u8], count: &mut Count) -> Result<(), Errno> {
        let Some(expected) = hex::decode(digest) else { return Ok(()) };
        let verdict = match self.hasher.file(name) {
            Ok(digest) => {
                let is_same = digest.get(..expected.len()) == Some(&expected);
                if is_same {
                    count.matched += 1;
                } else {
                    count.mismatched += 1;
                }
                if is_same { Verdict::Ok } else { Verdict::Mismatch }
            }
            Err(Failure::Open(Errno(libc::ENOENT))) if self.settings.ignore_missing => {
                return Ok(());
            }
            Err(failure) => {
                self.messages.about(name.to_bytes(), &failure.errno());
                count.unreadable += 1;
                Verdict::Unreadable
            }
        };
        self.print(name.to_bytes(), verdict)
    }

    fn print(&self, name: &[u8], verdict: Verdict) -> Result<(), Errno> {
        let wanted = match self.settings.verdicts {
            Verdicts::All => true,
            Verdicts::Failures => !matches!(verdict, Verdict::Ok),
            Verdicts::None => false,
        };
        if !wanted {
            return Ok(());
        }
        let words: &[u8] = match verdict {
            Verdict::Ok => b": OK\n",
            Verdict::Mismatch | Verdict::Unreadable if self.is_hmac() => b": Not OK\n",
            Verdict::Mismatch => b": FAILED\n",
            Verdict::Unreadable => b": FAILED open or read\n",
        };
        // A verdict is one line. A backslash alone is no reason for escapes, as with coreutils.
        let breaks_line = name.iter().any(|byte| b"\n\r".contains(byte));
        let escaped = if breaks_line { list::escape(name) } else { None };
        let mark: &[u8] = if escaped.is_some() { b"\\" } else { b"" };
        let line: Vec<u8> = [mark, escaped.as_deref().unwrap_or(name), words].concat();
        STDOUT.write_all(&line)
    }

    /// Writes coreutils' summary at a list's end. Returns whether the list holds.
    fn summary(&self, count: &Count, list: &[u8]) -> bool {
        if count.good == 0 {
            self.messages.about(list, &"no properly formatted checksum lines found");
            return false;
        }
        if self.settings.verdicts != Verdicts::None && !self.is_hmac() {
            let warn = |count: u64, one: &str, more: &str| {
                if count > 0 {
                    let words = if count == 1 { one } else { more };
                    self.messages.say(format_args!("WARNING: {count} {words}"));
                }
            };
            warn(count.bad, "line is improperly formatted", "lines are improperly formatted");
            warn(
                count.unreadable,
                "listed file could not be read",
                "listed files could not be read",
            );
            warn(
                count.mismatched,
                "computed checksum did NOT match",
                "computed checksums did NOT match",
            );
        }
        let quiet = self.settings.verdicts == Verdicts::None;
        if self.settings.ignore_missing && count.matched == 0 && !quiet {
            self.messages.about(list, &"no file was verified");
        }
        count.matched > 0
            && count.mismatched == 0
            && count.unreadable == 0
            && (count.bad == 0 || !(self.settings.strict || self.is_hmac()))
    }
}

/// The verdict on a file.
#[derive(Clone, Copy)]
enum Verdict {
    Ok,
    Mismatch,
    Unreadable,
}
