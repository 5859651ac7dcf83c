// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The choice of the engine that serves a handle.
//!
//! `KCAPI_ENGINE` in the environment says it, else what the library was built with
//! (`KCAPI_DEFAULT_ENGINE` in cargo's environment, `make ENGINE=...`), else `kernel-first`. What the values
//! mean is said at `kcapi_handle_engine`, for the manual. A program with more rights than its user is one with
//! AT_SECURE: set-user-ID, file capabilities.
//!
//! The environment is read once, by the process's first init: getenv(3) races with setenv(3)
//! in other threads, and handles of one process should not differ by when they were
//! opened. A program that sets the variable itself does so before that.

use super::kernel::transform::KernelTransform;
use super::{Kind, Transform};
use crate::cancel;
use crate::environment::Variable;
use crate::errno::{Errno, Result};
use crate::log::{self, log};
use once_cell::race::OnceBool;
use std::ffi::CStr;
use std::fmt::{Display, Formatter};
use std::io::ErrorKind;
use std::path::Path;

#[cfg(feature = "user-engine")]
use super::user::transform::UserTransform;

/// The engines that may serve, in order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum EngineChoice {
    Kernel,
    User,
    KernelFirst,
    UserFirst,
}

impl EngineChoice {
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

static BUILT: EngineChoice = match option_env!("KCAPI_DEFAULT_ENGINE") {
    None => EngineChoice::KernelFirst,
    Some(name) => match EngineChoice::of(name.as_bytes()) {
        Some(choice) => *choice,
        None => panic!("KCAPI_DEFAULT_ENGINE is none of kernel, user, kernel-first, user-first"),
    },
};

static ENGINE: Variable<EngineChoice> = Variable::new(
    "KCAPI_ENGINE",
    "kernel, user, kernel-first, user-first",
    EngineChoice::of,
    &BUILT,
);

/// Returns whether the kernel is in FIPS mode, which its command line sets for good. The file that
/// says it is missing if the kernel has no FIPS mode, or if /proc is not mounted yet. Any other
/// error says nothing about FIPS mode, so the caller gets it and it is not remembered: a process
/// must not fall back to the user engine because it had no descriptor left at this moment.
fn fips() -> Result<bool> {
    static KNOWN: OnceBool = OnceBool::new();
    let read = || match std::fs::read("/proc/sys/crypto/fips_enabled") {
        Ok(text) => Ok(text.starts_with(b"1")),
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Some(error.into())),
        Err(_) if Path::new("/proc/sys").exists() => Ok(false),
        Err(_) => Err(None),
    };
    KNOWN.get_or_try_init(read).or_else(|unknown: Option<Errno>| unknown.map_or(Ok(false), Err))
}

/// Returns whether the kernel is never asked.
pub fn is_user() -> bool {
    matches!(ENGINE.get(), EngineChoice::User)
}

/// Opens a transform of the algorithm `name`; `rather_user` makes `kernel-first` `user-first`.
///
/// If the kernel cannot serve and the user engine does not either, the error is the user engine's,
/// -ENOENT. That there is no AF_ALG would be the wrong reason, since other algorithms are served.
pub fn open(kind: Kind, name: &CStr, rather_user: bool) -> Result<Box<dyn Transform>> {
    log::concerns(|| log::Name(name));
    match ENGINE.get() {
        EngineChoice::User => open_by(EngineChoice::User, kind, name),
        choice => {
            // This asks the kernel, and so may the calls that follow.
            cancel::suspend_calls();
            let rather_user = rather_user && choice == EngineChoice::KernelFirst;
            open_by(if rather_user { EngineChoice::UserFirst } else { choice }, kind, name)
        }
    }
}

fn open_by(choice: EngineChoice, kind: Kind, name: &CStr) -> Result<Box<dyn Transform>> {
    let kernel = || kernel(kind, name);
    let user = || user(kind, name);
    match choice {
        EngineChoice::User => {
            user().map_err(|errno| log::because(errno, "not served in user space"))
        }
        EngineChoice::UserFirst if USER && fips() == Ok(false) => {
            user().or_else(|missing| kernel().map_err(|refusal| refusal.beside(missing)))
        }
        EngineChoice::KernelFirst if USER => kernel().or_else(|refusal| {
            if !refusal.cannot || fips().map_err(|errno| refusal.and_fips_unknown(errno))? {
                return Err(refusal.alone());
            }
            let transform = user().map_err(|missing| refusal.beside(missing))?;
            log!(Verbose, "{refusal}: the user engine serves");
            Ok(transform)
        }),
        EngineChoice::UserFirst if USER => kernel().map_err(|refusal| match fips() {
            Err(errno) if refusal.cannot => refusal.and_fips_unknown(errno),
            _ => refusal.alone(),
        }),
        _ => kernel().map_err(|refusal| refusal.alone()),
    }
}

#[cfg(feature = "user-engine")]
fn user(kind: Kind, name: &CStr) -> Result<Box<dyn Transform>> {
    Ok(Box::new(UserTransform::open(kind, name)?))
}

/// The user engine is in the library.
const USER: bool = cfg!(feature = "user-engine");

#[cfg(not(feature = "user-engine"))]
fn user(_: Kind, _: &CStr) -> Result<Box<dyn Transform>> {
    Err(Errno::NOENT)
}

fn kernel(kind: Kind, name: &CStr) -> std::result::Result<Box<dyn Transform>, Refusal> {
    // AF_ALG is not in this kernel, or it is forbidden: sandboxes answer with one or another of
    // these.
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
    let socket = KernelTransform::socket().map_err(|errno| Refusal {
        step: "socket(AF_ALG)",
        errno,
        cannot: NO_SOCKET.contains(&errno),
    })?;
    let transform = KernelTransform::bind(socket, kind, name).map_err(|errno| Refusal {
        step: "AF_ALG: bind",
        errno,
        cannot: matches!(errno, Errno::NOENT | Errno::PERM | Errno::ACCES | Errno::NOSYS),
    })?;
    Ok(Box::new(transform))
}

/// The reason why the kernel does not serve.
struct Refusal {
    /// The step that failed.
    step: &'static str,
    errno: Errno,
    /// Another engine may serve: there is no AF_ALG, it is forbidden, or it lacks the algorithm.
    cannot: bool,
}

impl Refusal {
    /// The error if only the kernel was asked, or if no other engine may serve.
    fn alone(&self) -> Errno {
        log::because(self.errno, format_args!("{} failed", self.step))
    }

    /// The error if the user engine may not be asked, because FIPS mode could not be read
    /// (`errno`).
    fn and_fips_unknown(&self, errno: Errno) -> Errno {
        log::because(errno, format_args!("{self}, and whether FIPS mode is on cannot be read"))
    }

    /// The error if the user engine was asked as well and has answered `missing`.
    fn beside(&self, missing: Errno) -> Errno {
        if !self.cannot {
            return self.alone();
        }
        log::because(missing, format_args!("{self}, and it is not served in user space"))
    }
}

impl Display for Refusal {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} failed (errno: -{})", self.step, self.errno.number())
    }
}

#[cfg(test)]
mod tests {
    use super::EngineChoice;

    #[test]
    fn only_the_four_values_are_known() {
        assert_eq!(EngineChoice::of(b"kernel"), Some(&EngineChoice::Kernel));
        assert_eq!(EngineChoice::of(b"user"), Some(&EngineChoice::User));
        assert_eq!(EngineChoice::of(b"kernel-first"), Some(&EngineChoice::KernelFirst));
        assert_eq!(EngineChoice::of(b"user-first"), Some(&EngineChoice::UserFirst));
        for other in [&b""[..], b"Kernel", b"kernel ", b"first", b"users"] {
            assert_eq!(EngineChoice::of(other), None);
        }
    }
}
