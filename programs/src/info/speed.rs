// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! `kcapi-info --speed`: the speed of each engine.

use super::algorithms::USUAL;
use crate::algorithm::Algorithm;
use crate::library::Flag;
use crate::message::line;
use crate::sys::{Child, Errno, STDOUT, set_variable};
use alloc::format;
use alloc::vec::Vec;
use core::ffi::CStr;

const SMALL: usize = 64;
const LARGE: usize = 16384;
/// The shortest time of a measurement, in nanoseconds.
const LONG_ENOUGH: u64 = 20_000_000;
const ENGINES: [(&str, &CStr); 2] = [("kernel", c"kernel"), ("user", c"user")];

fn measure_one(algorithm: &Algorithm, engine: &str, json: bool, comma: bool) -> bool {
    if algorithm.open(Flag::None).is_err() {
        return comma;
    }
    let measured = algorithm.open_with_key(Flag::None).and_then(|opened| {
        Ok((opened.measure(SMALL, 1, LONG_ENOUGH)?, opened.measure(LARGE, 1, LONG_ENOUGH)?))
    });
    let (small, large) = match measured {
        Ok(measured) => measured,
        Err(errno) => {
            line(format_args!("kcapi-info: {} on {engine}: {errno}", algorithm.name));
            return comma;
        }
    };
    let nanoseconds = (small.time + small.calls / 2) / small.calls;
    // Tenths of 10^6 bytes in a second.
    let tenths = LARGE as u64 * large.calls * 10_000 / large.time;
    let (whole, tenth) = (tenths / 10, tenths % 10);
    let (family, name) = (algorithm.family.name(), algorithm.name);
    let row = if json {
        format!(
            "{}\n    {{\"family\": \"{family}\", \"name\": \"{name}\", \"engine\": \"{engine}\", \
             \"ns_64\": {nanoseconds}, \"mb_per_s_16384\": {whole}.{tenth}}}",
            if comma { "," } else { "" }
        )
    } else {
        let speed = format!("{whole}.{tenth}");
        format!("{family:<9} {name:<30} {engine:<7} {nanoseconds:>9} {speed:>11}\n")
    };
    STDOUT.write_all(row.as_bytes()).is_ok() || comma
}

/// Measures the usual algorithms, or those of them that are named, on both engines. Returns whether
/// there was any.
pub fn measure(names: &[&CStr], json: bool) -> core::result::Result<bool, Errno> {
    let wanted = |algorithm: &&Algorithm| {
        let is_named = |name: &&CStr| name.to_bytes() == algorithm.name.as_bytes();
        algorithm.key.is_some() && (names.is_empty() || names.iter().any(is_named))
    };
    let list: Vec<&Algorithm> = USUAL.iter().filter(wanted).collect();
    let head = if json {
        "  \"speed\": [".into()
    } else {
        let (time, speed) = ("64 B: ns", "16 KiB: MB/s");
        format!("{:<9} {:<30} {:<7} {time:>9} {speed:>11}\n", "family", "algorithm", "engine")
    };
    STDOUT.write_all(head.as_bytes())?;
    let total = list.len() * ENGINES.len();
    let mut done = 0;
    let mut comma = false;
    for algorithm in list {
        for (engine, value) in ENGINES {
            done += 1;
            line(format_args!("{done}/{total} {} on {engine}", algorithm.name));
            // The library reads KCAPI_ENGINE once.
            let child = Child::start(|| {
                set_variable(c"KCAPI_ENGINE", value);
                measure_one(algorithm, engine, json, comma)
            })?;
            comma = child.wait()? || comma;
        }
    }
    if json {
        STDOUT.write_all(b"\n  ],\n")?;
    }
    Ok(comma)
}
