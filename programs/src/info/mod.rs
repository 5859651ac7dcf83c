// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! kcapi-info: the engine that serves each algorithm on this machine, and the reason.

mod algorithms;
mod answer;
mod probe;
mod speed;

use crate::algorithm::Algorithm;
use crate::library;
use crate::message::line;
use crate::options::{Arguments, Long, Takes};
use crate::output;
use crate::sys::{Errno, Result, STDERR, STDOUT, any_variable};
use algorithms::{USUAL, named};
use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use answer::{DEFAULT_ENGINE, aio_backend, ask};
use core::ffi::{CStr, c_int};
use core::fmt::Write;
use probe::{Machine, kernel, machine};

const HELP: &str = include_str!("help.txt");
const LONG: &[Long] = &[
    (c"json", Takes::Nothing, b'j'),
    (c"speed", Takes::Nothing, b's'),
    (c"help", Takes::Nothing, b'h'),
    (c"version", Takes::Nothing, b'v'),
];

/// The program.
pub fn main(arguments: Arguments) -> c_int {
    let (mut json, mut speed) = (false, false);
    let mut text = None;
    for found in arguments.options(c"", LONG) {
        match found.map(|found| found.option) {
            Ok(b'j') => json = true,
            Ok(b's') => speed = true,
            Ok(b'h') => text = Some(HELP.to_string()),
            Ok(_) => text = Some(format!("kcapi-info, {}\n", library::version())),
            Err(_) => {
                let _ = STDERR.write_all(HELP.as_bytes());
                return 2;
            }
        }
        if text.is_some() {
            break;
        }
    }
    let names: Vec<&CStr> = arguments.operands().collect();
    let done = match text {
        Some(text) => STDOUT.write_all(text.as_bytes()).map(|()| true),
        None => tell(&names, json, speed),
    };
    match done.and_then(|measured| output::finish().map(|()| measured)) {
        Ok(measured) => c_int::from(!measured),
        Err(errno) => {
            line(format_args!("kcapi-info: writing: {errno}"));
            1
        }
    }
}

/// Tells all. Returns whether everything was measured that was asked for.
fn tell(names: &[&'static CStr], json: bool, speed: bool) -> Result<bool> {
    let (version, kernel) = (library::version(), kernel());
    let head = if json {
        format!("{{\n  \"library\": \"{version}\",\n  \"kernel\": \"{kernel}\",\n")
    } else {
        format!("{version}, {kernel}\n\n")
    };
    STDOUT.write_all(head.as_bytes())?;
    let mut measured = true;
    // This comes before the process opens a handle, because each measurement chooses its engine.
    if speed {
        measured = speed::measure(names, json)?;
        if !measured {
            line(format_args!("kcapi-info: --speed measures none of these"));
        }
        if !json {
            STDOUT.write_all(b"\n")?;
        }
    }
    let chosen = named(names);
    let list = if names.is_empty() { &USUAL[..] } else { &chosen };
    let machine = machine();
    let text = if json { as_json(&machine, list) } else { as_table(&machine, list) };
    STDOUT.write_all(text.as_bytes())?;
    Ok(measured)
}

fn works(result: Result<()>) -> String {
    result.map_or_else(|errno| errno.to_string(), |()| "works".into())
}

fn variable(name: &CStr) -> Option<Cow<'static, str>> {
    any_variable(name).map(CStr::to_string_lossy)
}

fn as_table(machine: &Machine, list: &[Algorithm]) -> String {
    let shown = |name: &CStr| variable(name).unwrap_or("not set".into());
    let seccomp = match machine.seccomp {
        -1 => "not told",
        0 => "off",
        1 => "strict",
        2 => "filter",
        _ => "unknown",
    };
    let mut text = format!(
        "AF_ALG          socket: {}
NETLINK_CRYPTO  socket: {}
/proc/crypto    {}
af_alg_restrict {}
FIPS mode       {}
seccomp         {seccomp}
KCAPI_ENGINE    {} (built in: {DEFAULT_ENGINE})
AIO, kernel     {} (KCAPI_AIO: {}; io_uring_setup: {}; io_setup: {})

{:<9} {:<30} {:<7} why
",
        works(machine.socket),
        works(machine.netlink),
        if machine.proc_crypto { "there" } else { "not there" },
        machine.restrict.map_or("not there".into(), |value| value.to_string()),
        if machine.fips { "on" } else { "off" },
        shown(c"KCAPI_ENGINE"),
        aio_backend(machine),
        shown(c"KCAPI_AIO"),
        works(machine.io_uring),
        works(machine.io_setup),
        "family",
        "algorithm",
        "engine",
    );
    for algorithm in list {
        let answer = ask(machine, algorithm);
        let (family, name) = (algorithm.family.name(), algorithm.name);
        let engine = answer.engine.unwrap_or("none");
        let _ = writeln!(text, "{family:<9} {name:<30} {engine:<7} {}", answer.why);
    }
    text
}

/// A string or null.
fn quoted(value: Option<&str>) -> String {
    let Some(value) = value else { return "null".into() };
    let mut text = String::from("\"");
    for letter in value.chars() {
        match letter {
            '"' | '\\' => text.extend(['\\', letter]),
            ' '..='~' => text.push(letter),
            _ => text.push('?'),
        }
    }
    text.push('"');
    text
}

/// 0 or a negative errno.
fn number(result: Result<()>) -> c_int {
    result.map_or_else(|Errno(number)| -number, |()| 0)
}

fn as_json(machine: &Machine, list: &[Algorithm]) -> String {
    let mut text = format!(
        "  \"af_alg\": {},
  \"netlink_crypto\": {},
  \"proc_crypto\": {},
  \"af_alg_restrict\": {},
  \"fips\": {},
  \"seccomp\": {},
  \"KCAPI_ENGINE\": {},
  \"default_engine\": {},
  \"KCAPI_AIO\": {},
  \"aio_backend\": {},
  \"io_uring_setup\": {},
  \"io_setup\": {},
  \"algorithms\": [",
        number(machine.socket),
        number(machine.netlink),
        machine.proc_crypto,
        machine.restrict.map_or("null".into(), |value| value.to_string()),
        machine.fips,
        machine.seccomp,
        quoted(variable(c"KCAPI_ENGINE").as_deref()),
        quoted(Some(DEFAULT_ENGINE)),
        quoted(variable(c"KCAPI_AIO").as_deref()),
        quoted(Some(aio_backend(machine))),
        number(machine.io_uring),
        number(machine.io_setup),
    );
    for (index, algorithm) in list.iter().enumerate() {
        let answer = ask(machine, algorithm);
        let driver = answer.driver.as_ref();
        let _ = write!(
            text,
            "{}\n    {{\"family\": {}, \"name\": {}, \"engine\": {}, \"error\": {}, \"bind\": {}, \
             \"driver\": {}, \"module\": {}, \"why\": {}}}",
            if index > 0 { "," } else { "" },
            quoted(Some(algorithm.family.name())),
            quoted(Some(algorithm.name)),
            quoted(answer.engine.ok()),
            number(answer.engine.map(|_| ())),
            number(answer.bound),
            quoted(driver.map(|driver| driver.name.as_str())),
            quoted(driver.map(|driver| driver.module.as_str())),
            quoted(Some(&answer.why)),
        );
    }
    text.push_str("\n  ]\n}\n");
    text
}
