// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The instructions that this program has executed under QEMU, which says so in a file (`count-instructions.c`).

use std::fs::OpenOptions;
use std::os::fd::AsRawFd;
use std::ptr::{null_mut, read_volatile};

/// The first bytes of that file, in memory that it shares with the emulator.
pub struct Counter(*const u64);

impl Counter {
    /// The file that the environment variable names; None: there is no such variable.
    pub fn from_environment() -> Option<Self> {
        let path = std::env::var_os("INSTRUCTIONS")?;
        let file = OpenOptions::new().read(true).open(path).expect("the emulator's file");
        let (len, fd) = (size_of::<u64>(), file.as_raw_fd());
        // SAFETY: a new mapping of an open file.
        let start =
            unsafe { libc::mmap(null_mut(), len, libc::PROT_READ, libc::MAP_SHARED, fd, 0) };
        assert!(start != libc::MAP_FAILED, "the emulator's file cannot be mapped");
        Some(Self(start.cast()))
    }

    fn now(&self) -> u64 {
        // SAFETY: the mapping stays, and begins with a number.
        u64::from_le(unsafe { read_volatile(self.0) })
    }

    /// How many instructions `f` takes when it is called once more.
    pub fn count(&self, f: &mut dyn FnMut()) -> u64 {
        let counted = |f: &mut dyn FnMut()| {
            let start = self.now();
            f();
            self.now() - start
        };
        let nothing = counted(&mut || ());
        f();
        counted(f) - nothing
    }
}
