// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The progress of a long file, for a person in front of a terminal.

use crate::message::Name;
use crate::sys::{Fd, STDERR, now};
use alloc::format;

/// The time in nanoseconds before progress is shown for the first time.
const PATIENCE: u64 = 2_000_000_000;
/// The time from one message to the next.
const PERIOD: u64 = 500_000_000;
/// The number of pieces after which the clock is read again, since it is not read for each.
const PIECES: u32 = 64;

/// The progress of one file.
pub struct Progress<'a> {
    name: &'a [u8],
    /// 0 if it is not known.
    size: u64,
    done: u64,
    pieces: u32,
    /// The time of the next message; None if there are none, since nobody would see them.
    next: Option<u64>,
    said: bool,
}

impl<'a> Progress<'a> {
    /// The progress of reading from `fd`.
    pub fn new(wanted: bool, fd: Fd, name: &'a [u8]) -> Self {
        let next = (wanted && STDERR.is_terminal()).then(|| now() + PATIENCE);
        let size = if next.is_some() { fd.stat().map_or(0, |stat| stat.size) } else { 0 };
        Self { name, size, done: 0, pieces: 0, next, said: false }
    }

    /// So many bytes more.
    pub fn advance(&mut self, count: usize) {
        let Some(next) = self.next else { return };
        self.done += count as u64;
        self.pieces += 1;
        if !self.pieces.is_multiple_of(PIECES) || now() < next {
            return;
        }
        self.next = Some(now() + PERIOD);
        self.said = true;
        let name = Name(self.name);
        let mebibytes = self.done >> 20;
        let line = match (self.done.saturating_mul(100)).checked_div(self.size) {
            Some(percent) if percent <= 100 => format!("\r{name}: {percent} % "),
            _ => format!("\r{name}: {mebibytes} MiB "),
        };
        let _ = STDERR.write_all(line.as_bytes());
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        if self.said {
            // To the line's beginning, and clear it.
            let _ = STDERR.write_all(b"\r\x1b[K");
        }
    }
}
