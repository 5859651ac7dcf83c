// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The digest of a file: opened once, read to its end in pieces, whatever it is.

use super::names::Hash;
use crate::library::Digest;
use crate::progress::Progress;
use crate::sys::{Errno, Fd, File, Result, STDIN};
use alloc::vec::Vec;
use core::ffi::CStr;

/// Bytes that are read at once. Longer pieces are no faster, and take more memory.
const PIECE: usize = 128 << 10;

/// The reason why there is no digest.
pub enum Failure {
    /// The file cannot be opened.
    Open(Errno),
    /// The file cannot be read to its end.
    Read(Errno),
    /// The digest itself fails: the algorithm, or the key.
    Digest(Errno),
}

impl Failure {
    /// The errno of the failure.
    pub fn errno(&self) -> Errno {
        match self {
            Self::Open(errno) | Self::Read(errno) | Self::Digest(errno) => *errno,
        }
    }
}

/// Makes digests of files.
pub struct Hasher<'a> {
    hash: &'static Hash,
    key: Option<&'a [u8]>,
    /// The digest, which is kept from file to file. After a failure it is not, because it has a
    /// part of the failed file in it.
    digest: Option<Digest>,
    buffer: Vec<u8>,
    progress: bool,
}

impl<'a> Hasher<'a> {
    /// For that digest and key.
    pub fn new(hash: &'static Hash, key: Option<&'a [u8]>) -> Self {
        Self { hash, key, digest: None, buffer: Vec::new(), progress: false }
    }

    /// Shows the progress of long files on a terminal.
    pub fn show_progress(&mut self) {
        self.progress = true;
    }

    /// Opens the digest, so that an error of it or of the key is found before the first file.
    pub fn prepare(&mut self) -> Result<&'static str> {
        let digest = Digest::open(&self.hash.algorithm(self.key.is_some()))?;
        if let Some(key) = self.key {
            digest.set_key(key)?;
        }
        let engine = digest.engine();
        self.digest = Some(digest);
        Ok(engine)
    }

    /// The digest of a file by its name; `-` is standard input.
    pub fn file(&mut self, name: &CStr) -> core::result::Result<Vec<u8>, Failure> {
        if name == c"-" {
            return self.descriptor(STDIN, name.to_bytes());
        }
        let file = File::read_only(name).map_err(Failure::Open)?;
        self.descriptor(*file, name.to_bytes())
    }

    /// The digest of a file that is open already.
    pub fn descriptor(&mut self, fd: Fd, name: &[u8]) -> core::result::Result<Vec<u8>, Failure> {
        if self.digest.is_none() {
            self.prepare().map_err(Failure::Digest)?;
        }
        // It is put back after a success.
        let Some(digest) = self.digest.take() else {
            return Err(Failure::Digest(Errno(libc::ENOENT)));
        };
        self.buffer.resize(PIECE, 0);
        let mut progress = Progress::new(self.progress, fd, name);
        loop {
            let count = fd.read(&mut self.buffer).map_err(Failure::Read)?;
            if count == 0 {
                break;
            }
            let piece = self.buffer.get(..count).unwrap_or_default();
            digest.update(piece).map_err(Failure::Digest)?;
            progress.advance(count);
        }
        let result = digest.finish().map_err(Failure::Digest)?;
        self.digest = Some(digest);
        Ok(result)
    }
}
