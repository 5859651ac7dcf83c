// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Errors as the kernel and the C API know them: errno numbers.
//!
//! Inside the library everything is a [`Result`]; `capi` turns it
//! into what C gets, the negative errno.

use libc::c_int;

/// An errno number, never 0.
///
/// Not an enum: the kernel's crypto hands on whatever number a driver returned
/// (even 524, ENOTSUPP, which user space has no name for), and C must see it. It is as wide as a
/// length, so that a `Result<usize>` is returned in two registers. In memory it would be written in
/// parts and read as a whole, for which a processor waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Errno(usize);

/// The result of everything that can fail.
pub type Result<T> = core::result::Result<T, Errno>;

impl Errno {
    /// The message does not fit into the socket, or a length is over INT_MAX.
    pub const MSGSIZE: Self = Self::of(libc::EMSGSIZE);
    /// An argument that cannot be right.
    pub const INVAL: Self = Self::of(libc::EINVAL);
    /// A null pointer where memory is needed.
    pub const FAULT: Self = Self::of(libc::EFAULT);
    /// More than this version knows.
    pub const TOOBIG: Self = Self::of(libc::E2BIG);
    /// An allocation failed.
    pub const NOMEM: Self = Self::of(libc::ENOMEM);
    /// No such algorithm.
    pub const NOENT: Self = Self::of(libc::ENOENT);
    /// The kernel answered something that its interface does not allow.
    pub const IO: Self = Self::of(libc::EIO);
    /// The transform is in use by an operation.
    pub const BUSY: Self = Self::of(libc::EBUSY);
    /// A signal has interrupted the call.
    pub const INTR: Self = Self::of(libc::EINTR);
    /// There is nothing yet.
    pub const AGAIN: Self = Self::of(libc::EAGAIN);
    /// No AF_ALG in this kernel.
    pub const AFNOSUPPORT: Self = Self::of(libc::EAFNOSUPPORT);
    /// AF_ALG is missing or forbidden, as some sandboxes say it.
    pub const PROTONOSUPPORT: Self = Self::of(libc::EPROTONOSUPPORT);
    /// AF_ALG is missing or forbidden, in the words of other sandboxes.
    pub const SOCKTNOSUPPORT: Self = Self::of(libc::ESOCKTNOSUPPORT);
    /// This process has no descriptor left.
    pub const MFILE: Self = Self::of(libc::EMFILE);
    /// The system has no descriptor left.
    pub const NFILE: Self = Self::of(libc::ENFILE);
    /// Forbidden.
    pub const PERM: Self = Self::of(libc::EPERM);
    /// Forbidden as well.
    pub const ACCES: Self = Self::of(libc::EACCES);
    /// A key is missing.
    pub const NOKEY: Self = Self::of(libc::ENOKEY);
    /// No such system call; the digest takes no key.
    pub const NOSYS: Self = Self::of(libc::ENOSYS);
    /// Not an option of this family.
    pub const NOPROTOOPT: Self = Self::of(libc::ENOPROTOOPT);
    /// Not an operation of this family.
    pub const OPNOTSUPP: Self = Self::of(libc::EOPNOTSUPP);
    /// A request was not carried out, because the one that it was linked to has failed.
    pub const CANCELED: Self = Self::of(libc::ECANCELED);
    /// The caller would wait for itself.
    pub const DEADLK: Self = Self::of(libc::EDEADLK);
    /// The time to wait is over.
    pub const TIMEDOUT: Self = Self::of(libc::ETIMEDOUT);
    /// A length that has no room where it is to be written.
    pub const OVERFLOW: Self = Self::of(libc::EOVERFLOW);
    /// A tag that does not match.
    pub const BADMSG: Self = Self::of(libc::EBADMSG);

    const fn of(number: c_int) -> Self {
        Self(number as usize)
    }

    /// The number, positive.
    pub fn number(self) -> c_int {
        self.0 as c_int
    }

    /// The reason in the log, if no other is known.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::MSGSIZE => "more than one message may have",
            Self::INVAL => "an argument that cannot be right",
            Self::TOOBIG => "more than this version knows",
            Self::FAULT => "memory that cannot be used",
            Self::NOMEM => "no memory",
            Self::NOENT => "no such algorithm",
            Self::IO => "an answer that was not to be expected",
            Self::BUSY => "in use",
            Self::AFNOSUPPORT => "no AF_ALG in this kernel",
            Self::PERM | Self::ACCES => "forbidden",
            Self::NOKEY => "no key was set",
            Self::NOSYS => "not implemented",
            Self::NOPROTOOPT | Self::OPNOTSUPP => "not for this algorithm",
            Self::BADMSG => "the tag does not match",
            _ => "refused by the system",
        }
    }

    /// Returns whether it says nothing about a later attempt: resources were short, or a lock of this
    /// library was not to be had ([`crate::lock`]). Such an error is never remembered.
    pub fn is_passing(self) -> bool {
        matches!(
            self,
            Self::NOMEM | Self::MFILE | Self::NFILE | Self::AGAIN | Self::INTR | Self::DEADLK
        )
    }

    /// The error of the system call that has just failed in this thread.
    pub fn last() -> Self {
        std::io::Error::last_os_error().into()
    }

    /// An errno out of a kernel structure; 0 and negative numbers, which would
    /// read as success in C, become EIO.
    pub fn from_number(number: c_int) -> Self {
        if number > 0 { Self::of(number) } else { Self::IO }
    }

    /// That of a result of the kernel's, which is a negative errno.
    pub fn of_negative(result: i64) -> Self {
        c_int::try_from(result)
            .map_or(Self::IO, |result| Self::from_number(result.saturating_neg()))
    }
}

impl From<nix::errno::Errno> for Errno {
    fn from(errno: nix::errno::Errno) -> Self {
        Self::from_number(errno as c_int)
    }
}

impl From<std::io::Error> for Errno {
    fn from(error: std::io::Error) -> Self {
        Self::from_number(error.raw_os_error().unwrap_or(0))
    }
}

impl From<std::collections::TryReserveError> for Errno {
    fn from(_: std::collections::TryReserveError) -> Self {
        Self::NOMEM
    }
}

/// Calls `f` again as long as a signal interrupts it (EINTR).
pub fn retry<T>(mut f: impl FnMut() -> Result<T>) -> Result<T> {
    loop {
        match f() {
            Err(Errno::INTR) => {}
            result => return result,
        }
    }
}
