// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Messages on standard error, a line each, in one piece.

use crate::sys::STDERR;
use alloc::string::String;
use core::fmt::{self, Write};

/// The name of a file in a message. Bytes that are not printable, or no UTF-8, are shown as octal
/// numbers: names come from lists, and must not control a terminal. An empty name is shown as such.
pub struct Name<'a>(pub &'a [u8]);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("''");
        }
        for chunk in self.0.utf8_chunks() {
            for letter in chunk.valid().chars() {
                if letter.is_control() {
                    let mut bytes = [0; 4];
                    for byte in letter.encode_utf8(&mut bytes).bytes() {
                        write!(f, "\\{byte:03o}")?;
                    }
                } else {
                    f.write_char(letter)?;
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\{byte:03o}")?;
            }
        }
        Ok(())
    }
}

/// Writes a line to standard error. If that fails there is no place to say so.
pub fn line(text: fmt::Arguments<'_>) {
    let mut message = String::new();
    let _ = writeln!(message, "{text}");
    let _ = STDERR.write_all(message.as_bytes());
}

/// `sha512sum: FILE: reason`.
#[derive(Clone, Copy)]
pub struct Messages {
    /// The name that the program was called by.
    pub program: &'static [u8],
}

impl Messages {
    /// Says what is wrong.
    pub fn say(self, text: fmt::Arguments<'_>) {
        line(format_args!("{}: {text}", Name(self.program)));
    }

    /// Says what is wrong with a file.
    pub fn about(self, file: &[u8], reason: &dyn fmt::Display) {
        self.say(format_args!("{}: {reason}", Name(file)));
    }
}

/// The amount of messages of `kcapi-enc`, `kcapi-dgst` and `kcapi-rng`. Each level includes those
/// before it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The reason why the program fails.
    Error = 1,
    /// Something that its user should know; the default.
    Warning,
    /// The way in which it does its work.
    Verbose,
    /// Every step, the library's included.
    Debug,
}

/// `kcapi-enc - Error: reason`, for the levels that are asked for.
#[derive(Clone, Copy)]
pub struct Log {
    /// The program.
    pub program: &'static str,
    /// The highest level that is said; None: nothing is.
    pub level: Option<Level>,
}

impl Log {
    /// The default, before an option asks for more or less.
    pub fn new(program: &'static str) -> Self {
        Self { program, level: Some(Level::Warning) }
    }

    /// One level more.
    pub fn more(&mut self) {
        self.level = Some(match self.level {
            None => Level::Error,
            Some(Level::Error) => Level::Warning,
            Some(Level::Warning) => Level::Verbose,
            Some(Level::Verbose | Level::Debug) => Level::Debug,
        });
    }

    fn say(self, level: Level, name: &str, text: fmt::Arguments<'_>) {
        if self.level >= Some(level) {
            line(format_args!("{} - {name}: {text}", self.program));
        }
    }

    /// Says why the program fails.
    pub fn error(self, text: fmt::Arguments<'_>) {
        self.say(Level::Error, "Error", text);
    }

    /// Says something that its user should know.
    pub fn warning(self, text: fmt::Arguments<'_>) {
        self.say(Level::Warning, "Warning", text);
    }

    /// Says how it does its work.
    pub fn verbose(self, text: fmt::Arguments<'_>) {
        self.say(Level::Verbose, "Verbose", text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn a_name_cannot_write_to_the_terminal() {
        assert_eq!(Name("ä\x1b[2J".as_bytes()).to_string(), "ä\\033[2J");
        assert_eq!(Name(b"").to_string(), "''");
        assert_eq!(Name(b"a\nb\xffc").to_string(), "a\\012b\\377c");
        assert_eq!(Name("\u{9b}1m".as_bytes()).to_string(), "\\302\\2331m");
    }
}
