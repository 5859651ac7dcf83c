// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The source of the data, and their destination.

use super::{Failed, Result, failed};
use crate::key::Secret;
use crate::message::{Log, Name};
use crate::output::{self, NotWritten, Output};
use crate::progress::Progress;
use crate::sys::{Errno, Fd, File, STDIN, STDOUT};
use alloc::format;
use core::cell::{Cell, RefCell};
use core::ffi::CStr;

/// Says what is wrong with a file. If it cannot be opened, read or written, the exit status is that
/// of EIO, as with the C programs.
fn file_failed(log: Log, name: &[u8], why: impl Into<NotWritten>) -> Failed {
    let why = why.into();
    log.error(format_args!("{}: {why}", Name(name)));
    let errno = why.errno();
    let shown = if errno == Errno(libc::EMSGSIZE) { errno } else { Errno(libc::EIO) };
    Failed(shown.exit_code())
}

/// Returns whether the name of an input, or none, means standard input.
pub fn is_standard_input(path: Option<&CStr>) -> bool {
    path.is_none_or(|path| path == c"-")
}

/// An input.
pub struct Source {
    file: Option<File>,
    name: &'static [u8],
    progress: RefCell<Progress<'static>>,
    /// The end was read. What a file gets after that is no part of the message: only the last piece
    /// of it may be short.
    at_end: Cell<bool>,
}

impl Source {
    /// The file of that name; standard input without a name, or if that is `-`.
    pub fn open(log: Log, path: Option<&'static CStr>) -> Result<Self> {
        let (file, name) = match path.filter(|&path| !is_standard_input(Some(path))) {
            None => (None, &b"standard input"[..]),
            Some(path) => {
                let name = path.to_bytes();
                let file = File::read_only(path).map_err(|errno| file_failed(log, name, errno))?;
                (Some(file), name)
            }
        };
        let fd = file.as_ref().map_or(STDIN, |file| **file);
        // Data that go to a terminal would be mixed up with the messages there.
        let wanted = log.level.is_some() && !STDOUT.is_terminal();
        let progress = RefCell::new(Progress::new(wanted, fd, name));
        Ok(Self { file, name, progress, at_end: Cell::new(false) })
    }

    fn fd(&self) -> Fd {
        self.file.as_ref().map_or(STDIN, |file| **file)
    }

    /// Fails if the output goes to the end of the same file, so that the input would never end.
    pub fn refuse_endless(&self, log: Log, output: Option<&CStr>) -> Result<()> {
        if output.is_none_or(|path| path == c"-") && STDOUT.feeds(self.fd()) {
            let errno = Errno(libc::EINVAL);
            return Err(failed(log, &"the input is where standard output goes", errno));
        }
        Ok(())
    }

    /// Fills the buffer, or as much of it as there is.
    pub fn read_full(&self, log: Log, buffer: &mut [u8]) -> Result<usize> {
        if self.at_end.get() {
            return Ok(0);
        }
        let read = self.fd().read_full(buffer);
        let count = read.map_err(|errno| file_failed(log, self.name, errno))?;
        self.at_end.set(count < buffer.len());
        if let Ok(mut progress) = self.progress.try_borrow_mut() {
            progress.advance(count);
        }
        Ok(count)
    }

    /// Reads all of it behind the bytes that are there already, with room for so many more.
    pub fn read_all(&self, log: Log, start: &[u8], room: usize) -> Result<Secret> {
        let size = self.fd().stat().map_or(0, |stat| if stat.is_regular() { stat.size } else { 0 });
        let read = || {
            let size = usize::try_from(size).map_err(|_| Errno(libc::EMSGSIZE))?;
            Secret::read_message(self.fd(), start, size, room)
        };
        read().map_err(|errno| file_failed(log, self.name, errno))
    }
}

/// An output. A file gets its name when all is written. Until then the file that has the name
/// stays. A device or a FIFO is written to at once.
pub enum Sink {
    /// Standard output.
    Standard,
    /// A file.
    File(Output, &'static [u8]),
}

impl Sink {
    /// The file of that name; standard output without a name, or if that is `-`. If the data are
    /// secret only a new file's owner can read it; one that is there keeps its permissions.
    pub fn create(log: Log, path: Option<&'static CStr>, secret: bool) -> Result<Self> {
        let Some(path) = path.filter(|&path| path != c"-") else { return Ok(Self::Standard) };
        let name = path.to_bytes();
        let output = Output::create(path, if secret { 0o600 } else { 0o666 });
        output.map(|output| Self::File(output, name)).map_err(|errno| file_failed(log, name, errno))
    }

    fn parts(&self) -> (Fd, &[u8]) {
        match self {
            Self::Standard => (STDOUT, b"standard output"),
            Self::File(file, name) => (file.fd(), name),
        }
    }

    /// Writes.
    pub fn write(&self, log: Log, bytes: &[u8]) -> Result<()> {
        let (fd, name) = self.parts();
        fd.write_all(bytes).map_err(|errno| file_failed(log, name, errno))
    }

    /// Ends the output, of which all is written.
    pub fn finish(self, log: Log) -> Result<()> {
        let (done, name) = match self {
            Self::Standard => (output::finish().map_err(NotWritten::from), &b"standard output"[..]),
            Self::File(file, name) => (file.commit(), name),
        };
        done.map_err(|why| file_failed(log, name, why))
    }
}

/// A length for a message.
pub fn shown(length: usize) -> alloc::string::String {
    match length {
        1 => "1 byte".into(),
        length => format!("{length} bytes"),
    }
}
