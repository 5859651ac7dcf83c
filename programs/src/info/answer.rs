// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The engine that serves an algorithm, and the reason.

use super::probe::{Driver, Machine, bind, driver};
use crate::algorithm::Algorithm;
use crate::library::Flag;
use crate::sys::{Errno, Result, any_variable};
use alloc::format;
use alloc::string::{String, ToString};

/// The choice that the library was built with, for when the environment says nothing.
pub const DEFAULT_ENGINE: &str = match option_env!("KCAPI_DEFAULT_ENGINE") {
    Some(engine) => engine,
    None => "kernel-first",
};

/// The answer for one algorithm.
pub struct Answer {
    /// The engine that serves, or the error of the init function.
    pub engine: Result<&'static str>,
    /// The result of bind(2).
    pub bound: Result<()>,
    /// The kernel's driver, if it is in /proc/crypto.
    pub driver: Option<Driver>,
    /// The reason.
    pub why: String,
}

/// The library's choice, and the place that says so.
fn choice() -> (&'static str, &'static str) {
    let value = any_variable(c"KCAPI_ENGINE").and_then(|value| value.to_str().ok());
    match value {
        Some(value @ ("kernel" | "user" | "kernel-first" | "user-first")) => {
            (value, "KCAPI_ENGINE")
        }
        _ => (DEFAULT_ENGINE, "the built-in choice"),
    }
}

/// The last step that AF_ALG came to.
fn kernel_says(machine: &Machine, algorithm: &Algorithm, answer: &Answer) -> String {
    match (machine.socket, answer.bound, &answer.driver) {
        (Err(errno @ Errno(libc::EAFNOSUPPORT)), _, _) if machine.restrict == Some(2) => {
            format!("socket: {errno}: crypto.af_alg_restrict is 2")
        }
        (Err(errno), _, _) => {
            let filter = match machine.seccomp {
                2 => ", perhaps by this process's seccomp filter",
                _ => "",
            };
            format!("socket: {errno}{filter}")
        }
        // The kernel does not load a driver that it refuses, so /proc/crypto need not know it.
        (_, Err(errno @ Errno(libc::ENOENT)), known) if machine.restrict == Some(1) => {
            let perhaps = if known.is_some() { "" } else { ", perhaps" };
            format!("bind: {errno}{perhaps}: crypto.af_alg_restrict is 1")
        }
        (_, Err(errno @ Errno(libc::ENOENT)), Some(_)) => {
            let family = algorithm.family.name();
            format!("bind: {errno}, though it is in /proc/crypto: no algif_{family}?")
        }
        (_, Err(errno), _) => format!("bind: {errno}"),
        (_, _, Some(driver)) => {
            let module = if driver.module == "kernel" { "built in" } else { &driver.module };
            format!("{} ({module})", driver.name)
        }
        _ => "bind: works".to_string(),
    }
}

/// Asks the kernel, then the library.
pub fn ask(machine: &Machine, algorithm: &Algorithm) -> Answer {
    // The kernel is asked first, because that loads its modules.
    let bound = machine.socket.and_then(|()| bind(algorithm));
    let driver = driver(algorithm);
    let engine = algorithm.open(Flag::None).map(|opened| opened.engine());
    let mut answer = Answer { engine, bound, driver, why: String::new() };
    let (choice, who) = choice();
    answer.why = match engine {
        Ok("user") if choice != "kernel-first" => format!("{who} is {choice}"),
        Err(_) if choice == "user" => format!("{who} is user, which has no such algorithm"),
        _ => kernel_says(machine, algorithm, &answer),
    };
    if engine.is_err() && machine.fips && choice.ends_with("-first") {
        answer.why.push_str("; FIPS mode: only the kernel");
    }
    answer
}

/// The library knows io_uring on this architecture: the kernel may have it where the library does not.
/// The list is that of the library's `engine/kernel/aio/mod.rs`.
const KNOWS_IO_URING: bool = cfg!(any(
    target_arch = "x86_64",
    target_arch = "aarch64",
    target_arch = "riscv64",
    target_arch = "loongarch64",
    target_arch = "powerpc64"
));

/// The way in which AIO would be done. This is the library's rule, applied to the answers of the
/// system calls.
pub fn aio_backend(machine: &Machine) -> &'static str {
    let choice = any_variable(c"KCAPI_AIO").and_then(|value| value.to_str().ok()).unwrap_or("auto");
    if choice != "sync" && choice != "linux" && KNOWS_IO_URING && machine.io_uring.is_ok() {
        "io_uring"
    } else if choice != "sync" && choice != "io_uring" && machine.io_setup.is_ok() {
        "linux"
    } else {
        "sync"
    }
}
