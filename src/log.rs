// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Messages on standard error, as many as `kcapi_set_verbosity` asked for.
//!
//! Nothing here allocates or locks: a message may come from the child of a fork(2), where another
//! thread of the parent held whatever lock there is.
//!
//! A call that fails writes one line, when it returns: [`failed`]. What the line says beside the
//! function and the number was noted since [`begin`], by [`concerns`] and [`because`].

use crate::errno::Errno;
use crate::sys::process::write_to_stderr;
use std::cell::Cell;
use std::ffi::CStr;
use std::fmt::{Arguments, Display, Formatter, Write};
use std::sync::atomic::{AtomicU32, Ordering};

/// The importance of a message; the numbers are those of `enum kcapi_verbosity`.
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum Level {
    /// Something failed.
    Error = 1,
    /// Something works in another way than was asked for.
    Warning = 2,
    /// A fact that helps a user who looks for a cause.
    Verbose = 3,
    /// Every step.
    Debug = 4,
}

static VERBOSITY: AtomicU32 = AtomicU32::new(0);

/// Shows messages up to `level` from now on, in the whole process.
pub fn set_verbosity(level: u32) {
    VERBOSITY.store(level, Ordering::Relaxed);
}

/// Returns whether messages of `level` are shown.
fn shown(level: Level) -> bool {
    level as u32 <= VERBOSITY.load(Ordering::Relaxed)
}

/// Text of at most `MOST` bytes. Longer text is cut.
#[derive(Clone, Copy)]
struct Text<const MOST: usize> {
    bytes: [u8; MOST],
    len: usize,
}

impl<const MOST: usize> Text<MOST> {
    const NONE: Self = Self { bytes: [0; MOST], len: 0 };

    fn of(what: impl Display) -> Self {
        let mut text = Self::NONE;
        // `write_str` below never fails.
        let _ = write!(text, "{what}");
        text
    }
}

impl<const MOST: usize> Write for Text<MOST> {
    /// Bytes that a terminal would not show as characters are replaced. A caller may have the name
    /// of an algorithm from anywhere, and it must not look like a line of its own.
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for (to, byte) in self.bytes.iter_mut().skip(self.len).zip(text.bytes()) {
            *to = if matches!(byte, b' '..=b'~') { byte } else { b'?' };
            self.len += 1;
        }
        Ok(())
    }
}

impl<const MOST: usize> Display for Text<MOST> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let text = self.bytes.get(..self.len).unwrap_or_default();
        // It is ASCII.
        f.write_str(std::str::from_utf8(text).unwrap_or_default())
    }
}

/// Writes one line to standard error if `level` is asked for.
#[inline]
pub fn write(level: Level, message: Arguments<'_>) {
    if shown(level) {
        write_line(level, message);
    }
}

/// A function of its own, so that calls without a message need no room on the stack for it.
#[cold]
#[inline(never)]
fn write_line(level: Level, message: Arguments<'_>) {
    /// Longer than any message of ours with the longest name of an algorithm.
    const MOST: usize = 512;

    let label = match level {
        Level::Error => "Error",
        Level::Warning => "Warning",
        Level::Verbose => "Verbose",
        Level::Debug => "Debug",
    };
    let mut line = Text::<MOST>::of(format_args!("libkcapi - {label}: {message}"));
    line.len = line.len.min(MOST - 1);
    if let Some(end) = line.bytes.get_mut(line.len) {
        *end = b'\n';
    }
    // It is one write, so that lines of several threads do not mix. A failure is ignored, because
    // there is no other place where it could be reported.
    let _ = write_to_stderr(line.bytes.get(..=line.len).unwrap_or_default());
}

/// `log!(Level, "format", …)`: formats only what is shown.
macro_rules! log {
    ($level:ident, $($message:tt)+) => {
        $crate::log::write($crate::log::Level::$level, format_args!($($message)+))
    };
}
pub(crate) use log;

/// A part of a line that is written when the call returns.
type Note = Text<160>;

thread_local! {
    /// The algorithm that the call in progress is about.
    static ALGORITHM: Cell<Note> = const { Cell::new(Note::NONE) };
    /// The last error that came with a reason, and the reason.
    static REASON: Cell<Option<(Errno, Note)>> = const { Cell::new(None) };
}

/// Forgets what an earlier call of this thread has noted: a call begins.
#[inline]
pub fn begin() {
    #[cold]
    #[inline(never)]
    fn forget() {
        ALGORITHM.set(Note::NONE);
        REASON.set(None);
    }
    if shown(Level::Error) {
        forget();
    }
}

/// A name of the caller's, which may be long and no text at all: it is shown without a copy of it.
pub struct Name<'a>(pub &'a CStr);

impl Display for Name<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        self.0.to_bytes().utf8_chunks().try_for_each(|chunk| {
            f.write_str(chunk.valid())?;
            if chunk.invalid().is_empty() {
                Ok(())
            } else {
                f.write_char(char::REPLACEMENT_CHARACTER)
            }
        })
    }
}

/// Notes which algorithm the call in progress is about. It is asked for if lines are shown.
#[inline]
pub fn concerns<D: Display>(algorithm: impl FnOnce() -> D) {
    #[cold]
    #[inline(never)]
    fn note(algorithm: &dyn Display) {
        ALGORITHM.set(Note::of(algorithm));
    }
    if shown(Level::Error) {
        note(&algorithm());
    }
}

/// Notes why a call ends with `errno`: `Err(because(Errno::INVAL, "why"))`. A reason that was noted
/// for the same number before is nearer to the cause, and stays. A reason never tells the contents
/// of the caller's memory, which may be secret.
#[inline]
pub fn because(errno: Errno, reason: impl Display) -> Errno {
    #[cold]
    #[inline(never)]
    fn note(errno: Errno, reason: &dyn Display) {
        if !matches!(REASON.get(), Some((known, _)) if known == errno) {
            REASON.set(Some((errno, Note::of(reason))));
        }
    }
    if shown(Level::Error) {
        note(errno, &reason);
    }
    errno
}

/// Says that `function` failed.
#[cold]
#[inline(never)]
pub fn failed(function: &dyn Display, errno: Errno) {
    if !shown(Level::Error) {
        return;
    }
    let number = errno.number();
    let algorithm = ALGORITHM.get();
    let colon = if algorithm.len > 0 { ": " } else { "" };
    match REASON.get() {
        Some((of, reason)) if of == errno => {
            log!(Error, "{function}: {algorithm}{colon}{reason} (errno: -{number})");
        }
        // A reason for another errno belongs to a failure that the call has got over.
        _ => {
            let meaning = errno.meaning();
            log!(Error, "{function}: {algorithm}{colon}{meaning} (errno: -{number})");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Text;

    #[test]
    fn a_text_is_cut_and_shows_characters_only() {
        assert_eq!(Text::<4>::of("abcdef").to_string(), "abcd");
        assert_eq!(Text::<9>::of("a\nb\x1b\tä~").to_string(), "a?b????~");
        assert_eq!(Text::<0>::of("a").to_string(), "");
    }
}
