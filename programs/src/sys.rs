// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! System calls, as `Result`s.
#![allow(unsafe_code)]

use alloc::ffi::CString;
use alloc::vec::Vec;
use core::ffi::{CStr, c_int};
use core::fmt;
use core::ops::Deref;

/// An errno number, positive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Errno(pub c_int);

/// The result of what can fail.
pub type Result<T> = core::result::Result<T, Errno>;

impl Errno {
    /// The errno of the system call that has just failed.
    pub fn last() -> Self {
        // SAFETY: errno is always there.
        Self(unsafe { *libc::__errno_location() })
    }

    /// The exit code for a program that shows the errno as the C programs did: 256 - errno.
    pub fn exit_code(self) -> c_int {
        self.0.wrapping_neg() & 0xff
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0u8; 80];
        // SAFETY: the memory is as long as is said.
        unsafe { libc::strerror_r(self.0, text.as_mut_ptr().cast(), text.len()) };
        let text = CStr::from_bytes_until_nul(&text).unwrap_or_default();
        f.write_str(text.to_str().unwrap_or("unknown error"))
    }
}

/// A descriptor that somebody else closes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fd(pub c_int);

/// Standard input.
pub const STDIN: Fd = Fd(libc::STDIN_FILENO);
/// Standard output.
pub const STDOUT: Fd = Fd(libc::STDOUT_FILENO);
/// Standard error.
pub const STDERR: Fd = Fd(libc::STDERR_FILENO);

/// The result of fstat(2), as far as it is used.
pub struct Stat {
    /// Type and permissions.
    pub mode: libc::mode_t,
    /// Length of a regular file.
    pub size: u64,
    /// The number of its names.
    pub links: u64,
    /// User and group.
    pub owner: (libc::uid_t, libc::gid_t),
    /// The file system's number, and the file's number there.
    identity: (libc::dev_t, libc::ino64_t),
}

impl Stat {
    /// Returns whether it is a regular file.
    pub fn is_regular(&self) -> bool {
        self.mode & libc::S_IFMT == libc::S_IFREG
    }

    /// Returns whether both are of one file.
    pub fn is_same_file(&self, other: &Self) -> bool {
        self.identity == other.identity
    }
}

/// A result of a system call that is -1 where it failed.
fn checked(result: c_int) -> Result<c_int> {
    if result < 0 { Err(Errno::last()) } else { Ok(result) }
}

impl Fd {
    /// Reads some bytes; 0 at the end.
    pub fn read(self, buffer: &mut [u8]) -> Result<usize> {
        loop {
            // SAFETY: the memory is the buffer's.
            let count = unsafe { libc::read(self.0, buffer.as_mut_ptr().cast(), buffer.len()) };
            match usize::try_from(count) {
                Ok(count) => return Ok(count),
                Err(_) if Errno::last().0 == libc::EINTR => {}
                Err(_) => return Err(Errno::last()),
            }
        }
    }

    /// Fills the buffer, or as much of it as there is until the end.
    pub fn read_full(self, buffer: &mut [u8]) -> Result<usize> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.read(rest)? {
                0 => break,
                count => filled += count,
            }
        }
        Ok(filled)
    }

    /// Writes all bytes.
    pub fn write_all(self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            // SAFETY: the memory is that of the bytes.
            let count = unsafe { libc::write(self.0, bytes.as_ptr().cast(), bytes.len()) };
            match usize::try_from(count) {
                Ok(0) => return Err(Errno(libc::EIO)),
                Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
                Err(_) if Errno::last().0 == libc::EINTR => {}
                Err(_) => return Err(Errno::last()),
            }
        }
        Ok(())
    }

    /// fstat(2).
    pub fn stat(self) -> Result<Stat> {
        // SAFETY: zeros are a `stat`, which fstat(2) fills.
        let mut stat: libc::stat64 = unsafe { core::mem::zeroed() };
        // SAFETY: as above.
        checked(unsafe { libc::fstat64(self.0, &raw mut stat) })?;
        Ok(Stat {
            mode: stat.st_mode,
            size: u64::try_from(stat.st_size).unwrap_or(0),
            links: stat.st_nlink as u64,
            owner: (stat.st_uid, stat.st_gid),
            identity: (stat.st_dev, stat.st_ino),
        })
    }

    /// Returns whether both are the same file, or ends of the same pipe. Who reads from one may then
    /// take what is for the other.
    pub fn is_same_file(self, other: Self) -> bool {
        match (self.stat(), other.stat()) {
            (Ok(one), Ok(two)) => one.is_same_file(&two),
            _ => false,
        }
    }

    /// Returns whether who reads from one takes what is for the other: both are ends of one pipe, or one open file.
    /// A regular file that was opened twice is read twice.
    fn shares_data(self, other: Self) -> bool {
        let is_regular = || self.stat().is_ok_and(|stat| stat.is_regular());
        self.is_same_file(other) && (!is_regular() || self.shares_offset(other))
    }

    /// Returns whether who reads the file of that name, `-` for standard input, takes what is read from here. By its
    /// name a regular file is opened anew, and a pipe or a terminal is not.
    pub fn is_taken_by_reading(self, name: &CStr) -> bool {
        if name == c"-" {
            return self.shares_data(STDIN);
        }
        self.stat().is_ok_and(|own| {
            let is_own = |found: File| found.stat().is_ok_and(|found| found.is_same_file(&own));
            !own.is_regular() && File::open(name, libc::O_PATH, 0).is_ok_and(is_own)
        })
    }

    /// Returns whether a seek in one is a seek in the other.
    fn shares_offset(self, other: Self) -> bool {
        // SAFETY: lseek(2) takes any descriptor and offset.
        let seek = |fd: Self, offset, whence| unsafe { libc::lseek64(fd.0, offset, whence) };
        let before = seek(self, 0, libc::SEEK_CUR);
        if before < 0 || before != seek(other, 0, libc::SEEK_CUR) {
            return false;
        }
        let moved = seek(self, 1, libc::SEEK_CUR);
        let shares = moved >= 0 && seek(other, 0, libc::SEEK_CUR) == moved;
        seek(self, before, libc::SEEK_SET);
        shares
    }

    /// The same open file with another number, if it is one that others write to in turn: standard output and error,
    /// and what appends.
    pub fn stream(self) -> Option<File> {
        // SAFETY: fcntl(2) takes any descriptor.
        unsafe {
            let flags = checked(libc::fcntl(self.0, libc::F_GETFL)).ok()?;
            let is_written = flags & libc::O_ACCMODE != libc::O_RDONLY;
            let in_turn = self == STDOUT || self == STDERR || flags & libc::O_APPEND != 0;
            if !is_written || !in_turn {
                return None;
            }
            let fd = checked(libc::fcntl(self.0, libc::F_DUPFD_CLOEXEC, 3)).ok()?;
            Some(File(Fd(fd)))
        }
    }

    /// Returns whether it is a terminal, so that a person sees it.
    pub fn is_terminal(self) -> bool {
        // SAFETY: isatty(3) takes any descriptor.
        unsafe { libc::isatty(self.0) == 1 }
    }

    /// Permissions of the file behind it.
    pub fn set_mode(self, mode: libc::mode_t) -> Result<()> {
        // SAFETY: fchmod(2) takes any descriptor and mode.
        checked(unsafe { libc::fchmod(self.0, mode & 0o7777) }).map(|_| ())
    }

    /// User and group of the file behind it.
    pub fn set_owner(self, (user, group): (libc::uid_t, libc::gid_t)) -> Result<()> {
        // SAFETY: fchown(2) takes any descriptor and numbers.
        checked(unsafe { libc::fchown(self.0, user, group) }).map(|_| ())
    }

    /// Returns whether the file has an access control list besides its permissions.
    pub fn has_acl(self) -> bool {
        let name = c"system.posix_acl_access";
        // SAFETY: the name ends with NUL; without memory only the length is asked for.
        unsafe { libc::fgetxattr(self.0, name.as_ptr(), core::ptr::null_mut(), 0) > 0 }
    }

    /// Returns whether what is written here will be read there: both are one regular file, and it is
    /// written behind the place where it is read.
    pub fn feeds(self, input: Self) -> bool {
        let is_one = |output: &Stat| {
            output.is_regular() && input.stat().is_ok_and(|input| input.is_same_file(output))
        };
        let Some(output) = self.stat().ok().filter(is_one) else { return false };
        // SAFETY: fcntl(2) and lseek(2) take any descriptor.
        unsafe {
            let appends = libc::fcntl(self.0, libc::F_GETFL) & libc::O_APPEND != 0;
            let read_at = libc::lseek64(input.0, 0, libc::SEEK_CUR);
            let written_at = libc::lseek64(self.0, 0, libc::SEEK_CUR);
            written_at > read_at || (appends && output.size > read_at.try_into().unwrap_or(0))
        }
    }

    /// Goes to the beginning of the file.
    pub fn rewind(self) -> Result<()> {
        // SAFETY: lseek(2) takes any descriptor.
        if unsafe { libc::lseek64(self.0, 0, libc::SEEK_SET) } < 0 {
            return Err(Errno::last());
        }
        Ok(())
    }

    /// Makes sure that there is room on the disk for a file of that length. A file system without
    /// such a call promises nothing.
    pub fn reserve(self, length: u64) -> Result<()> {
        let length = length.try_into().map_err(|_| Errno(libc::EFBIG))?;
        // SAFETY: fallocate(2) takes any descriptor and numbers.
        let done = unsafe { libc::fallocate64(self.0, libc::FALLOC_FL_KEEP_SIZE, 0, length) };
        match checked(done) {
            Err(Errno(errno @ (libc::ENOSPC | libc::EDQUOT | libc::EFBIG))) => Err(Errno(errno)),
            _ => Ok(()),
        }
    }

    /// Cuts the file behind so many bytes.
    pub fn truncate(self, length: u64) -> Result<()> {
        let length = length.try_into().map_err(|_| Errno(libc::EFBIG))?;
        // SAFETY: ftruncate(2) takes any descriptor and length.
        checked(unsafe { libc::ftruncate64(self.0, length) }).map(|_| ())
    }

    /// Waits until the data are on the disk, or returns an error. A file system without such a call
    /// does what it can.
    pub fn sync(self) -> Result<()> {
        loop {
            // SAFETY: fsync(2) takes any descriptor.
            match checked(unsafe { libc::fsync(self.0) }) {
                Err(Errno(libc::EINTR)) => {}
                Err(Errno(libc::EINVAL | libc::EROFS | libc::ENOSYS)) => return Ok(()),
                result => return result.map(|_| ()),
            }
        }
    }

    /// Closes it. Some errors of writing are told only now.
    pub fn close(self) -> Result<()> {
        // SAFETY: whoever calls this is done with the descriptor.
        match checked(unsafe { libc::close(self.0) }) {
            Err(Errno(libc::EINTR)) => Ok(()),
            result => result.map(|_| ()),
        }
    }
}

/// An open file, closed at the end.
pub struct File(Fd);

impl File {
    /// open(2), close-on-exec.
    pub fn open(path: &CStr, flags: c_int, mode: libc::mode_t) -> Result<Self> {
        // Files of any size, on 32-bit systems, too.
        let flags = flags | libc::O_CLOEXEC | libc::O_LARGEFILE;
        loop {
            // SAFETY: the path ends with NUL.
            let fd = unsafe { libc::open(path.as_ptr(), flags, mode) };
            match checked(fd) {
                Ok(fd) => return Ok(Self(Fd(fd))),
                Err(Errno(libc::EINTR)) => {}
                Err(errno) => return Err(errno),
            }
        }
    }

    /// A file without a name, in memory.
    pub fn in_memory() -> Result<Self> {
        // SAFETY: the name, which is for people, ends with NUL.
        checked(unsafe { libc::memfd_create(c"libkcapi".as_ptr(), libc::MFD_CLOEXEC) })
            .map(|fd| Self(Fd(fd)))
    }

    /// For reading.
    pub fn read_only(path: &CStr) -> Result<Self> {
        Self::open(path, libc::O_RDONLY | libc::O_NOCTTY, 0)
    }

    /// Closes it, and tells what could not be written.
    pub fn close(self) -> Result<()> {
        let fd = self.0;
        core::mem::forget(self);
        fd.close()
    }
}

impl Deref for File {
    type Target = Fd;

    fn deref(&self) -> &Fd {
        &self.0
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = self.0.close();
    }
}

/// Makes sure that 0, 1 and 2 are open. If one were closed, a file that is opened later would get
/// its number, and an output file would get messages that are meant for the terminal. So something
/// is opened there that can be neither read nor written.
pub fn occupy_standard_descriptors() {
    for fd in 0..3 {
        // SAFETY: F_GETFD takes any number; open(2) gives the lowest that is free, which is this
        // one.
        unsafe {
            if libc::fcntl(fd, libc::F_GETFD) < 0 {
                libc::open(c"/".as_ptr(), libc::O_PATH);
            }
        }
    }
}

/// The destination of a symbolic link.
pub fn read_link(path: &CStr) -> Result<Vec<u8>> {
    let mut target = alloc::vec![0u8; libc::PATH_MAX as usize];
    // SAFETY: the memory is as long as is said.
    let length = unsafe { libc::readlink(path.as_ptr(), target.as_mut_ptr().cast(), target.len()) };
    target.truncate(usize::try_from(length).map_err(|_| Errno::last())?);
    Ok(target)
}

/// The path without symbolic links, of what exists.
pub fn real_path(path: &CStr) -> Result<CString> {
    // SAFETY: the path ends with NUL; the result is malloc's, ends with NUL, and is freed.
    unsafe {
        let real = libc::realpath(path.as_ptr(), core::ptr::null_mut());
        if real.is_null() {
            return Err(Errno::last());
        }
        let owned = CString::from(CStr::from_ptr(real));
        libc::free(real.cast());
        Ok(owned)
    }
}

/// rename(2).
pub fn rename(from: &CStr, to: &CStr) -> Result<()> {
    // SAFETY: both end with NUL.
    checked(unsafe { libc::rename(from.as_ptr(), to.as_ptr()) }).map(|_| ())
}

/// unlink(2).
pub fn unlink(path: &CStr) -> Result<()> {
    // SAFETY: the path ends with NUL.
    checked(unsafe { libc::unlink(path.as_ptr()) }).map(|_| ())
}

/// The process's id.
pub fn process_id() -> c_int {
    // SAFETY: getpid(2) may always be called.
    unsafe { libc::getpid() }
}

/// A variable of the environment; none for programs with more rights than their user.
pub fn variable(name: &CStr) -> Option<&'static CStr> {
    unsafe extern "C" {
        fn secure_getenv(name: *const core::ffi::c_char) -> *const core::ffi::c_char;
    }
    // SAFETY: the name ends with NUL; these programs do not change their environment.
    unsafe {
        let value = secure_getenv(name.as_ptr());
        (!value.is_null()).then(|| CStr::from_ptr(value))
    }
}

/// Returns whether reading would not wait, because there are data or the end.
pub fn is_readable(fd: Fd) -> bool {
    let mut poll = libc::pollfd { fd: fd.0, events: libc::POLLIN, revents: 0 };
    // SAFETY: the memory is one pollfd.
    unsafe { libc::poll(&raw mut poll, 1, 0) > 0 && poll.revents & libc::POLLNVAL == 0 }
}

/// A variable of the environment, in any program. It is to be shown and not to be obeyed.
pub fn any_variable(name: &CStr) -> Option<&'static CStr> {
    // SAFETY: the name ends with NUL; these programs change their environment in children only.
    unsafe {
        let value = libc::getenv(name.as_ptr());
        (!value.is_null()).then(|| CStr::from_ptr(value))
    }
}

/// Sets a variable of the environment, for the library to read.
pub fn set_variable(name: &CStr, value: &CStr) {
    // SAFETY: both end with NUL; there is one thread.
    unsafe { libc::setenv(name.as_ptr(), value.as_ptr(), 1) };
}

/// A process that does something, and ends then.
pub struct Child(libc::pid_t);

impl Child {
    /// Starts one.
    pub fn start(task: impl FnOnce() -> bool) -> Result<Self> {
        // SAFETY: there is one thread, so the child may do what the parent may; it ends without
        // the parent's exit handlers.
        unsafe {
            let child = checked(libc::fork())?;
            if child == 0 {
                libc::_exit(task().into());
            }
            Ok(Self(child))
        }
    }

    /// Waits for its end. Returns the answer of its task, or false if something else has ended the
    /// child.
    pub fn wait(self) -> Result<bool> {
        let mut status = 0;
        // SAFETY: the memory is an int's.
        while let Err(errno) = checked(unsafe { libc::waitpid(self.0, &raw mut status, 0) }) {
            if errno.0 != libc::EINTR {
                return Err(errno);
            }
        }
        Ok(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 1)
    }
}

/// Bytes of a page.
pub fn page_size() -> usize {
    // SAFETY: sysconf(3) takes any number.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).unwrap_or(4096)
}

/// Nanoseconds since some moment, by a clock that never goes back.
pub fn now() -> u64 {
    // SAFETY: zeros are a timespec, which clock_gettime(2) fills; where time_t has 64 bits and a long
    // has 32, it has a field that cannot be named.
    let time = unsafe {
        let mut time: libc::timespec = core::mem::zeroed();
        libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time);
        time
    };
    (time.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec as u64)
}

/// getrandom(2), all of it.
pub fn random(mut buffer: &mut [u8]) -> Result<()> {
    while !buffer.is_empty() {
        // SAFETY: the memory is the buffer's.
        let count = unsafe { libc::getrandom(buffer.as_mut_ptr().cast(), buffer.len(), 0) };
        match usize::try_from(count) {
            Ok(count) => buffer = buffer.get_mut(count..).unwrap_or_default(),
            Err(_) if Errno::last().0 == libc::EINTR => {}
            Err(_) => return Err(Errno::last()),
        }
    }
    Ok(())
}

/// The address of a function of this program.
pub fn own_address() -> Address {
    Address(own_address as *const core::ffi::c_void)
}

/// A function's address.
#[derive(Clone, Copy)]
pub struct Address(pub *const core::ffi::c_void);

/// A program or a library that is loaded.
pub struct Object {
    /// Its path, as the loader knows it.
    pub path: &'static CStr,
    /// The address of its beginning, which no other has.
    pub base: usize,
}

/// The object that holds an address. None: there is no loader that knows.
pub fn object_of(address: Address) -> Option<Object> {
    // SAFETY: zeros are a Dl_info, which dladdr(3) fills; it only compares the address. Its names
    // live as long as the objects, which stay loaded.
    unsafe {
        let mut info: libc::Dl_info = core::mem::zeroed();
        if libc::dladdr(address.0, &raw mut info) == 0 || info.dli_fname.is_null() {
            return None;
        }
        Some(Object { path: CStr::from_ptr(info.dli_fname), base: info.dli_fbase as usize })
    }
}
