// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Output that is complete, or an error.
#![allow(unsafe_code)]

use crate::interrupt;
use crate::sys::{Errno, Fd, File, Result, STDOUT, process_id, real_path, rename, unlink};
use alloc::ffi::CString;
use alloc::format;
use alloc::vec::Vec;
use core::ffi::CStr;

/// Closes standard output. If something could not be written there, this is the last time to find
/// out.
pub fn finish() -> Result<()> {
    STDOUT.close()
}

/// A file that gets its name when it is complete. Until then a file that has the name stays as it
/// is.
pub struct NewFile {
    file: Option<File>,
    temporary: CString,
    path: CString,
}

impl NewFile {
    /// Begins a file beside the one that it becomes. A symbolic link stays, what it leads to is
    /// replaced. The permissions are `mode` less the umask.
    pub fn create(path: &CStr, mode: libc::mode_t) -> Result<Self> {
        let path = real_path(path).unwrap_or_else(|_| CString::from(path));
        let (directory, name) = split(path.to_bytes());
        for attempt in 0..100 {
            let tail = format!(".{}-{attempt}", process_id());
            // A name may have 255 bytes, so only the beginning of a long one is used.
            let name = name.get(..name.len().min(200)).unwrap_or_default();
            let temporary = [directory, b".", name, tail.as_bytes()].concat();
            let temporary = CString::new(temporary).map_err(|_| Errno(libc::EINVAL))?;
            match File::open(&temporary, libc::O_RDWR | libc::O_CREAT | libc::O_EXCL, mode) {
                Ok(file) => {
                    // SAFETY: the string is on the heap, and dropped after `complete`: by
                    // `commit` and by `drop`.
                    unsafe { interrupt::incomplete(&temporary) };
                    return Ok(Self { file: Some(file), temporary, path });
                }
                Err(Errno(libc::EEXIST)) => {}
                Err(errno) => return Err(errno),
            }
        }
        Err(Errno(libc::EEXIST))
    }

    /// Its descriptor.
    pub fn fd(&self) -> Fd {
        self.file.as_ref().map_or(Fd(-1), |file| **file)
    }

    /// Gives the complete file its name. If the machine crashes, the name is that of the whole new
    /// file or of the old one, since the data are brought to the disk before the name is.
    pub fn commit(mut self) -> Result<()> {
        let Some(file) = self.file.take() else { return Ok(()) };
        let done = file
            .sync()
            .and_then(|()| file.close())
            .and_then(|()| rename(&self.temporary, &self.path));
        if done.is_err() {
            let _ = unlink(&self.temporary);
        }
        interrupt::complete();
        done?;
        sync_directory(split(self.path.to_bytes()).0)
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if self.file.is_some() {
            let _ = unlink(&self.temporary);
            interrupt::complete();
        }
    }
}

/// Brings a directory's names to the disk, if it may be read. A user who may write to it may not be
/// allowed to.
fn sync_directory(directory: &[u8]) -> Result<()> {
    let directory: &[u8] = if directory.is_empty() { b"." } else { directory };
    let path = CString::new(directory).map_err(|_| Errno(libc::EINVAL))?;
    match File::open(&path, libc::O_RDONLY | libc::O_DIRECTORY, 0) {
        Ok(directory) => directory.sync(),
        Err(Errno(libc::EACCES)) => Ok(()),
        Err(errno) => Err(errno),
    }
}

/// A path up to its last `/`, and the rest.
pub fn split(path: &[u8]) -> (&[u8], &[u8]) {
    let at = path.iter().rposition(|&byte| byte == b'/').map_or(0, |slash| slash + 1);
    path.split_at(at)
}

/// Reads all that there is, up to so many bytes; more than that is `EFBIG`.
pub fn read_to_end(fd: Fd, limit: usize) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    let mut piece = [0u8; 4096];
    loop {
        let count = fd.read(&mut piece)?;
        if count == 0 {
            return Ok(content);
        }
        if content.len() + count > limit {
            return Err(Errno(libc::EFBIG));
        }
        content.try_reserve(count).map_err(|_| Errno(libc::ENOMEM))?;
        content.extend_from_slice(piece.get(..count).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_directory_and_name() {
        assert_eq!(split(b"a/b/c"), (&b"a/b/"[..], &b"c"[..]));
        assert_eq!(split(b"c"), (&b""[..], &b"c"[..]));
        assert_eq!(split(b"d/"), (&b"d/"[..], &b""[..]));
    }
}
