// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! `kcapi-info --speed`: how fast each engine is.

use super::algorithms::{Algorithm, Opened, USUAL};
use crate::library::Direction;
use crate::message::line;
use crate::sys::{Child, Errno, Result, STDOUT, now, set_variable};
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use core::ffi::CStr;

const SMALL: usize = 64;
const LARGE: usize = 16384;
const TAG: usize = 16;
/// How long each is measured at least, in nanoseconds.
const LONG_ENOUGH: u64 = 20_000_000;
const ENGINES: [(&str, &CStr); 2] = [("kernel", c"kernel"), ("user", c"user")];

/// Calls, and the nanoseconds that they took together.
struct Measured {
    calls: u64,
    time: u64,
}

impl Opened {
    fn set_key(&self, length: u8) -> Result<()> {
        // All bytes different: XTS and triple DES refuse keys with equal parts.
        let key: Vec<u8> = (0..length).collect();
        match self {
            Self::Cipher(cipher) => cipher.set_key(&key),
            Self::Aead(aead) => aead.set_key(&key),
            Self::Digest(_) if key.is_empty() => Ok(()),
            Self::Digest(digest) => digest.set_key(&key),
            Self::Rng(rng) => rng.seed(&mut []),
        }
    }

    /// One message, in its place.
    fn once(&self, buffer: &mut [u8], length: usize) -> Result<()> {
        // The first byte is what CCM wants: a length of four bytes.
        let mut iv = [0; 64];
        iv[0] = 3;
        let message = buffer.get_mut(..length + TAG).unwrap_or_default();
        let (data, _) = message.split_at_mut_checked(length).unwrap_or_default();
        match self {
            Self::Cipher(cipher) => cipher.in_place(Direction::Encrypt, data, &iv).map(|_| ()),
            Self::Aead(aead) => {
                aead.in_place(Direction::Encrypt, message, length, length + TAG, &iv).map(|_| ())
            }
            Self::Digest(digest) => digest.update(data).and_then(|()| digest.finish().map(|_| ())),
            Self::Rng(rng) => rng.generate(data).map(|_| ()),
        }
    }

    fn measure(&self, buffer: &mut [u8], length: usize) -> Result<Measured> {
        let mut calls = 1;
        // Few looks at the clock, which may cost more than a call.
        loop {
            let start = now();
            for _ in 0..calls {
                self.once(buffer, length)?;
            }
            let time = now().wrapping_sub(start);
            if time >= LONG_ENOUGH {
                return Ok(Measured { calls, time });
            }
            calls *= 2;
        }
    }
}

fn measure_one(algorithm: &Algorithm, engine: &str, json: bool, comma: bool) -> bool {
    let Ok(opened) = algorithm.open() else { return comma };
    let mut buffer = vec![0; LARGE + TAG];
    let measured = opened.set_key(algorithm.key.unwrap_or(0)).and_then(|()| {
        Ok((opened.measure(&mut buffer, SMALL)?, opened.measure(&mut buffer, LARGE)?))
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

/// Measures the usual algorithms, or those of them that are named, on both engines. Says whether
/// there was one.
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
