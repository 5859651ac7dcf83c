// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Output that is complete, or an error.
#![allow(unsafe_code)]

use crate::interrupt;
use crate::key::Secret;
use crate::message::Name;
use crate::sys::{
    Errno, Fd, File, Result, STDERR, STDOUT, process_id, read_link, real_path, rename, unlink,
};
use alloc::ffi::CString;
use alloc::format;
use alloc::vec::Vec;
use core::ffi::{CStr, c_int};
use core::fmt::{Display, Formatter};

/// Why a file was not written.
pub struct NotWritten {
    errno: Errno,
    /// The file that has the whole content, if the one that was to have it may have lost its own.
    kept: Option<CString>,
}

impl NotWritten {
    /// The errno.
    pub fn errno(&self) -> Errno {
        self.errno
    }
}

impl From<Errno> for NotWritten {
    fn from(errno: Errno) -> Self {
        Self { errno, kept: None }
    }
}

impl Display for NotWritten {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        match &self.kept {
            None => self.errno.fmt(f),
            Some(kept) => write!(f, "{}; all of it is in {}", self.errno, Name(kept.to_bytes())),
        }
    }
}

/// Closes standard output. If something could not be written there, this is the last time to find
/// out.
pub fn finish() -> Result<()> {
    STDOUT.close()
}

/// A file to write to, by its name.
pub enum Output {
    /// A regular file, or one that becomes one.
    Regular(NewFile),
    /// Any other file: a device, a FIFO. It is written to at once.
    Other(File),
}

impl Output {
    /// Begins to write. If there is no such file, it will have the permissions `mode` less the umask.
    pub fn create(path: &CStr, mode: libc::mode_t) -> Result<Self> {
        if let Some(file) = descriptor_of(path).and_then(Fd::stream) {
            return Ok(Self::Other(file));
        }
        match File::open(path, libc::O_WRONLY | libc::O_NOCTTY, 0) {
            Ok(file) if file.stat()?.is_regular() => {
                NewFile::in_place_of(path, file).map(Self::Regular)
            }
            Ok(file) => Ok(Self::Other(file)),
            Err(Errno(libc::ENOENT)) => NewFile::create(path, mode).map(Self::Regular),
            Err(errno) => Err(errno),
        }
    }

    /// The descriptor to write to.
    pub fn fd(&self) -> Fd {
        match self {
            Self::Regular(file) => file.fd(),
            Self::Other(file) => **file,
        }
    }

    /// Ends the output, of which all is written.
    pub fn commit(self) -> core::result::Result<(), NotWritten> {
        match self {
            Self::Regular(file) => file.commit(),
            Self::Other(file) => Ok(file.close()?),
        }
    }
}

/// A file that gets its name when it is complete. Until then a file that has the name stays as it
/// is.
///
/// Some files cannot be replaced by another of their name, or would not be the same to those who use
/// them: see `may_replace`. They get the content when it is complete.
pub struct NewFile {
    /// The content so far; None when it is committed.
    content: Option<File>,
    /// The name of the content, beside the one that it gets; None if it is in memory.
    temporary: Option<CString>,
    path: CString,
    /// The file that has the name, if there is one.
    existing: Option<File>,
    /// The name is that of a descriptor of the caller's, for whom the file must stay the same.
    is_descriptor: bool,
}

impl NewFile {
    /// Begins a file where there is none.
    fn create(path: &CStr, mode: libc::mode_t) -> Result<Self> {
        let path = follow(path)?;
        let (content, temporary) = create_beside(&path, mode)?;
        Ok(Self::begin(content, Some(temporary), path, None))
    }

    /// Begins a file in place of one that is there. A symbolic link stays, what it leads to is
    /// replaced. Until the content is complete, it is for its owner only.
    fn in_place_of(path: &CStr, existing: File) -> Result<Self> {
        let is_descriptor = descriptor_of(path).is_some();
        // What a link of /proc/self/fd says may be no path, or that of another file.
        let path = real_path(path).ok().filter(|path| is_at(*existing, path));
        let beside = path.as_ref().map(|path| create_beside(path, 0o600));
        let (content, temporary) = match beside {
            Some(Ok((content, temporary))) => (content, Some(temporary)),
            Some(Err(errno)) if !is_of_directory(errno) => return Err(errno),
            _ => (File::in_memory()?, None),
        };
        let path = path.unwrap_or_default();
        let mut file = Self::begin(content, temporary, path, Some(existing));
        file.is_descriptor = is_descriptor;
        Ok(file)
    }

    fn begin(
        content: File,
        temporary: Option<CString>,
        path: CString,
        existing: Option<File>,
    ) -> Self {
        if let Some(temporary) = &temporary {
            // SAFETY: the string is on the heap, and dropped after `complete`: by `commit` and by
            // `drop`.
            unsafe { interrupt::incomplete(temporary) };
        }
        Self { content: Some(content), temporary, path, existing, is_descriptor: false }
    }

    /// Its descriptor.
    pub fn fd(&self) -> Fd {
        self.content.as_ref().map_or(Fd(-1), |content| **content)
    }

    /// Gives the complete file its name. If the machine crashes, the name is that of the whole new
    /// file or of the old one, since the data are brought to the disk before the name is. Only what
    /// must be written over may then be neither.
    ///
    /// A signal that ends the program ends it when a file has been written over. If that fails, the content stays
    /// under the name that it has.
    pub fn commit(mut self) -> core::result::Result<(), NotWritten> {
        let Some(content) = self.content.take() else { return Ok(()) };
        let done = match interrupt::withheld(|| self.replace(content)) {
            Err(Lost::OldContent(errno)) => {
                interrupt::complete();
                return Err(NotWritten { errno, kept: self.temporary.take() });
            }
            Err(Lost::Nothing(errno)) => Err(errno.into()),
            Ok(()) => Ok(()),
        };
        self.remove_temporary();
        done
    }

    /// Renames the content, or writes it over the file that is there.
    fn replace(&self, content: File) -> core::result::Result<(), Lost> {
        let Some(existing) = &self.existing else {
            return Ok(self.rename(content)?);
        };
        if !self.may_replace(*content, **existing)? {
            return overwrite(*content, **existing);
        }
        match self.rename(content) {
            Err(errno) if is_of_directory(errno) => {
                let temporary = self.temporary.as_deref().ok_or(errno)?;
                overwrite(*File::read_only(temporary)?, **existing)
            }
            result => Ok(result?),
        }
    }

    /// Gives the content owner and permissions of the file that is there, and returns whether it can
    /// take its place: not if others know that file by another name or by a descriptor, if it has no name at all, or
    /// if not all who may use it could use the new one.
    fn may_replace(&self, content: Fd, existing: Fd) -> Result<bool> {
        let (new, old) = (content.stat()?, existing.stat()?);
        Ok(self.temporary.is_some()
            && !self.is_descriptor
            && old.links == 1
            && !existing.has_acl()
            && !content.has_acl()
            && (new.owner == old.owner || content.set_owner(old.owner).is_ok())
            && content.set_mode(old.mode & 0o777).is_ok())
    }

    fn rename(&self, content: File) -> Result<()> {
        let temporary = self.temporary.as_deref().ok_or(Errno(libc::EXDEV))?;
        content.sync()?;
        content.close()?;
        rename(temporary, &self.path)?;
        sync_directory(split(self.path.to_bytes()).0)
    }

    /// Removes the content's own name, if it has it still.
    fn remove_temporary(&self) {
        if let Some(temporary) = &self.temporary {
            let _ = unlink(temporary);
            interrupt::complete();
        }
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if self.content.is_some() {
            self.remove_temporary();
        }
    }
}

/// Creates a file in the directory of another.
fn create_beside(path: &CStr, mode: libc::mode_t) -> Result<(File, CString)> {
    let (directory, name) = split(path.to_bytes());
    for attempt in 0..100 {
        let tail = format!(".{}-{attempt}", process_id());
        // A name may have 255 bytes, so only the beginning of a long one is used.
        let name = name.get(..name.len().min(200)).unwrap_or_default();
        let temporary = [directory, b".", name, tail.as_bytes()].concat();
        let temporary = CString::new(temporary).map_err(|_| Errno(libc::EINVAL))?;
        match File::open(&temporary, libc::O_RDWR | libc::O_CREAT | libc::O_EXCL, mode) {
            Ok(file) => return Ok((file, temporary)),
            Err(Errno(libc::EEXIST)) => {}
            Err(errno) => return Err(errno),
        }
    }
    Err(Errno(libc::EEXIST))
}

/// Returns whether an error says that a directory takes no new file, or does not let go of an old one.
/// The file itself may be written to in spite of that.
fn is_of_directory(errno: Errno) -> bool {
    let errnos =
        [libc::EACCES, libc::EPERM, libc::EROFS, libc::EBUSY, libc::EXDEV, libc::ENAMETOOLONG];
    errnos.contains(&errno.0)
}

/// Returns whether the path, whose last part is no symbolic link, is that of a file.
fn is_at(file: Fd, path: &CStr) -> bool {
    let found = File::open(path, libc::O_PATH | libc::O_NOFOLLOW, 0);
    found.is_ok_and(|found| found.is_same_file(file))
}

/// The path of the file that open(2) would create: that to which a link leads, though there is
/// nothing yet.
fn follow(path: &CStr) -> Result<CString> {
    let mut path = CString::from(path);
    // The kernel follows as many.
    for _ in 0..40 {
        let Ok(target) = read_link(&path) else { return Ok(path) };
        let directory = if target.starts_with(b"/") { &[][..] } else { split(path.to_bytes()).0 };
        let followed = CString::new([directory, &target].concat());
        path = followed.map_err(|_| Errno(libc::EINVAL))?;
    }
    Err(Errno(libc::ELOOP))
}

/// What a failure has cost.
enum Lost {
    /// The old file is as it was.
    Nothing(Errno),
    /// A part of the new content is in its place.
    OldContent(Errno),
}

impl From<Errno> for Lost {
    fn from(errno: Errno) -> Self {
        Self::Nothing(errno)
    }
}

/// Writes the content over another file. Room for it is made sure of before, so that a full disk
/// takes nothing away.
fn overwrite(content: Fd, existing: Fd) -> core::result::Result<(), Lost> {
    let length = content.stat()?.size;
    existing.reserve(length)?;
    content.rewind()?;
    let mut piece = Secret::try_zeros(64 << 10)?;
    let mut write = || {
        loop {
            let count = content.read(piece.bytes_mut())?;
            if count == 0 {
                break;
            }
            existing.write_all(piece.bytes().get(..count).unwrap_or_default())?;
        }
        existing.truncate(length)?;
        existing.sync()
    };
    write().map_err(Lost::OldContent)
}

/// The descriptor that a path stands for, of which the caller may have more to do with the file behind it.
fn descriptor_of(path: &CStr) -> Option<Fd> {
    let path = path.to_str().ok()?;
    match path {
        "/dev/stdout" => return Some(STDOUT),
        "/dev/stderr" => return Some(STDERR),
        _ => {}
    }
    let number = path.strip_prefix("/dev/fd/").or(path.strip_prefix("/proc/self/fd/"))?;
    number.parse::<c_int>().ok().map(Fd)
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
