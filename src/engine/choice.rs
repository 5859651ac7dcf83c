// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Which engine serves a handle.
//!
//! `KCAPI_ENGINE` in the environment says it, else what the library was built with
//! (`KCAPI_DEFAULT_ENGINE` in cargo's environment, `make ENGINE=...`), else `kernel-first`:
//!
//! - `kernel`: the kernel only;
//! - `user`: the user engine only;
//! - `kernel-first`: the kernel, and the user engine where the kernel cannot: there is no
//!   AF_ALG, it is forbidden, or it lacks the algorithm;
//! - `user-first`: the user engine where it knows the algorithm, else the kernel.
//!
//! When the kernel is in FIPS mode both `-first` values mean `kernel`. A program with more
//! rights than its user (AT_SECURE: set-user-ID, file capabilities) does not look at the
//! environment.
//!
//! The environment is read once, by the process's first init: getenv(3) races with setenv(3)
//! in other threads, and handles of one process should not differ by when they were
//! opened. A program that sets the variable itself does so before that.

use super::kernel::transform::KernelTransform;
use super::{Kind, Transform};
use crate::environment;
use crate::errno::{Errno, Result};
use crate::log::log;
use once_cell::race::{OnceBool, OnceRef};
use std::ffi::CStr;
use std::io::ErrorKind;
use std::path::Path;

#[cfg(feature = "user-engine")]
use super::user::transform::UserTransform;

/// Who may serve, in which order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Choice {
    Kernel,
    User,
    KernelFirst,
    UserFirst,
}

impl Choice {
    const fn of(name: &[u8]) -> Option<&'static Self> {
        match name {
            b"kernel" => Some(&Self::Kernel),
            b"user" => Some(&Self::User),
            b"kernel-first" => Some(&Self::KernelFirst),
            b"user-first" => Some(&Self::UserFirst),
            _ => None,
        }
    }
}

static BUILT: Choice = match option_env!("KCAPI_DEFAULT_ENGINE") {
    None => Choice::KernelFirst,
    Some(name) => match Choice::of(name.as_bytes()) {
        Some(choice) => *choice,
        None => panic!("KCAPI_DEFAULT_ENGINE is none of kernel, user, kernel-first, user-first"),
    },
};

/// Read without a lock, by every thread that comes before the first has finished.
fn choice() -> Choice {
    static CHOICE: OnceRef<'static, Choice> = OnceRef::new();
    *CHOICE.get_or_init(|| {
        let Some(name) = environment::variable("KCAPI_ENGINE") else {
            return &BUILT;
        };
        Choice::of(name.as_encoded_bytes()).unwrap_or_else(|| {
            log!(Warning, "KCAPI_ENGINE is none of kernel, user, kernel-first, user-first");
            &BUILT
        })
    })
}

/// Whether the kernel is in FIPS mode, which its command line sets for good. What cannot be read counts as
/// FIPS mode, and is asked again: a process that has no descriptor left at this moment may not
/// use the user engine unasked. A kernel without FIPS mode has no such file, and neither has a
/// system where nothing is mounted on /proc, yet.
fn fips() -> bool {
    static KNOWN: OnceBool = OnceBool::new();
    let read = || match std::fs::read("/proc/sys/crypto/fips_enabled") {
        Ok(text) => Ok(text.starts_with(b"1")),
        Err(error) if error.kind() != ErrorKind::NotFound => Err(true),
        Err(_) if Path::new("/proc/sys").exists() => Ok(false),
        Err(_) => Err(false),
    };
    KNOWN.get_or_try_init(read).unwrap_or_else(|unknown| unknown)
}

/// Opens a transform of the algorithm `name`.
pub fn open(kind: Kind, name: &CStr) -> Result<Box<dyn Transform>> {
    match choice() {
        Choice::User => user(kind, name).inspect_err(|_| {
            log!(Error, "{} is not served in user space (errno: -2)", name.to_string_lossy())
        }),
        Choice::UserFirst if !fips() => user(kind, name).or_else(|_| kernel(kind, name, false)),
        Choice::KernelFirst => kernel(kind, name, true),
        Choice::Kernel | Choice::UserFirst => kernel(kind, name, false),
    }
}

#[cfg(feature = "user-engine")]
fn user(kind: Kind, name: &CStr) -> Result<Box<dyn Transform>> {
    Ok(Box::new(UserTransform::open(kind, name)?))
}

#[cfg(not(feature = "user-engine"))]
fn user(_: Kind, _: &CStr) -> Result<Box<dyn Transform>> {
    Err(Errno::NOENT)
}

/// The kernel; or, with `else_user`, the user engine where the kernel cannot.
fn kernel(kind: Kind, name: &CStr, else_user: bool) -> Result<Box<dyn Transform>> {
    // Not in this kernel, or forbidden: a sandbox's author takes one or the other of these.
    const NO_SOCKET: &[Errno] = &[
        Errno::AFNOSUPPORT,
        Errno::PERM,
        Errno::ACCES,
        Errno::NOSYS,
        Errno::INVAL,
        Errno::PROTONOSUPPORT,
        Errno::SOCKTNOSUPPORT,
        Errno::OPNOTSUPP,
    ];
    let (step, errno, cannot) = match KernelTransform::socket() {
        Err(errno) => ("socket(AF_ALG)", errno, NO_SOCKET.contains(&errno)),
        Ok(socket) => match KernelTransform::bind(socket, kind, name) {
            Ok(transform) => return Ok(Box::new(transform)),
            Err(errno) => ("AF_ALG: bind", errno, errno == Errno::NOENT),
        },
    };
    if else_user
        && cannot
        && !fips()
        && let Ok(transform) = user(kind, name)
    {
        log!(Verbose, "{step} failed (errno: -{}): the user engine serves", errno.number());
        return Ok(transform);
    }
    let shown = name.to_string_lossy();
    log!(Error, "{step} failed for {shown} (errno: -{})", errno.number());
    Err(errno)
}

#[cfg(test)]
mod tests {
    use super::Choice;

    #[test]
    fn only_the_four_values_are_known() {
        assert_eq!(Choice::of(b"kernel"), Some(&Choice::Kernel));
        assert_eq!(Choice::of(b"user"), Some(&Choice::User));
        assert_eq!(Choice::of(b"kernel-first"), Some(&Choice::KernelFirst));
        assert_eq!(Choice::of(b"user-first"), Some(&Choice::UserFirst));
        for other in [&b""[..], b"Kernel", b"kernel ", b"first", b"users"] {
            assert_eq!(Choice::of(other), None);
        }
    }
}
