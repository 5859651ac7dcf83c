// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! kcapi-speed: how fast the usual algorithms are, on the engine that serves. `kcapi-info
//! --speed` compares both.

use crate::algorithm::{Algorithm, Family, Measured, Opened, row};
use crate::library::Flag;
use crate::library::ways::Transform;
use crate::message::{Log, Name};
use crate::options::{Arguments, Long, Takes};
use crate::sys::{Errno, STDOUT};
use crate::tool::{Failed, failed, number, print, usage};
use alloc::format;
use alloc::string::String;
use core::ffi::{CStr, c_int};

const HELP: &str = include_str!("speed.txt");

/// The algorithms that are measured.
static ROWS: [Algorithm; 42] = [
    row(Family::Skcipher, "cbc(aes)", 16),
    row(Family::Skcipher, "cbc(aes)", 32),
    row(Family::Skcipher, "ctr(aes)", 16),
    row(Family::Skcipher, "ctr(aes)", 32),
    row(Family::Skcipher, "ecb(aes)", 16),
    row(Family::Skcipher, "ecb(aes)", 32),
    row(Family::Skcipher, "xts(aes)", 32),
    row(Family::Skcipher, "xts(aes)", 64),
    row(Family::Skcipher, "lrw(aes)", 32),
    row(Family::Skcipher, "cts(cbc(aes))", 16),
    row(Family::Skcipher, "rfc3686(ctr(aes))", 20),
    row(Family::Skcipher, "chacha20", 32),
    row(Family::Skcipher, "cbc(sm4)", 16),
    row(Family::Skcipher, "ctr(sm4)", 16),
    row(Family::Skcipher, "cbc(camellia)", 32),
    row(Family::Skcipher, "cbc(serpent)", 32),
    row(Family::Skcipher, "cbc(twofish)", 32),
    row(Family::Skcipher, "cbc(des3_ede)", 24),
    row(Family::Aead, "gcm(aes)", 16),
    row(Family::Aead, "gcm(aes)", 32),
    row(Family::Aead, "ccm(aes)", 16),
    row(Family::Aead, "rfc7539(chacha20,poly1305)", 32),
    row(Family::Hash, "md5", 0),
    row(Family::Hash, "sha1", 0),
    row(Family::Hash, "sha224", 0),
    row(Family::Hash, "sha256", 0),
    row(Family::Hash, "sha384", 0),
    row(Family::Hash, "sha512", 0),
    row(Family::Hash, "sha3-224", 0),
    row(Family::Hash, "sha3-256", 0),
    row(Family::Hash, "sha3-384", 0),
    row(Family::Hash, "sha3-512", 0),
    row(Family::Hash, "sm3", 0),
    row(Family::Hash, "hmac(sha1)", 16),
    row(Family::Hash, "hmac(sha256)", 32),
    row(Family::Hash, "hmac(sha384)", 48),
    row(Family::Hash, "hmac(sha512)", 64),
    row(Family::Hash, "cmac(aes)", 16),
    row(Family::Hash, "crc32c", 0),
    row(Family::Rng, "stdrng", 0),
    row(Family::Rng, "drbg_nopr_hmac_sha512", 0),
    row(Family::Rng, "jitterentropy_rng", 0),
];

const LONG: &[Long] = &[
    (c"all", Takes::Nothing, b'a'),
    (c"list", Takes::Nothing, b'l'),
    (c"cipher", Takes::Value, b'c'),
    (c"time", Takes::Value, b't'),
    (c"blocks", Takes::Value, b'b'),
    (c"raw", Takes::Nothing, b'r'),
    (c"vmsplice", Takes::Nothing, b'v'),
    (c"sendmsg", Takes::Nothing, b's'),
    (c"aio", Takes::Value, b'o'),
    (c"help", Takes::Nothing, b'h'),
];
const SHORT: &CStr = c"alc:t:b:rvso:h";

/// The most bytes of a message, and of all messages of a call.
const LONGEST: u64 = 16 << 20;
/// Bytes that a call of a generator gives at most.
const RANDOM: u64 = 128;
/// The shortest time of a measurement, in nanoseconds.
const SHORTEST: u64 = 20_000_000;

/// The command line.
struct Settings {
    /// Show, do not measure.
    list: bool,
    /// A part of the algorithms' names; None: all algorithms.
    part: Option<&'static [u8]>,
    seconds: u64,
    blocks: u64,
    raw: bool,
    /// Messages in one call with asynchronous I/O; 0 for calls with one.
    messages: u64,
}

/// The program.
pub fn main(arguments: Arguments) -> c_int {
    match run(&arguments, Log::new("kcapi-speed")) {
        Ok(code) | Err(Failed(code)) => code,
    }
}

/// Reads the command line; nothing where help was asked for.
fn read(arguments: &Arguments, log: Log) -> Result<Option<Settings>, Failed> {
    let (mut all, mut settings) = (
        false,
        Settings { list: false, part: None, seconds: 1, blocks: 1, raw: false, messages: 0 },
    );
    for found in arguments.options(SHORT, LONG) {
        let found = found.map_err(|_| usage(log, &"the command line is wrong"))?;
        match found.option {
            b'a' => all = true,
            b'l' => settings.list = true,
            b'c' => settings.part = Some(found.value.to_bytes()),
            b't' => settings.seconds = number(log, "--time", found.value)?,
            b'b' => settings.blocks = number(log, "--blocks", found.value)?,
            b'r' => settings.raw = true,
            b'o' => settings.messages = number(log, "--aio", found.value)?,
            b'h' => return Ok(None),
            // These are hints how data should reach the kernel, and the library decides that
            // itself.
            _ => {}
        }
    }
    if arguments.operands().next().is_some() {
        return Err(usage(log, &"takes no operands"));
    }
    if !all && !settings.list && settings.part.is_none() {
        return Err(usage(log, &"which algorithms? --all, --cipher or --list"));
    }
    Ok(Some(settings))
}

fn run(arguments: &Arguments, log: Log) -> Result<c_int, Failed> {
    let Some(settings) = read(arguments, log)? else { return Ok(print(log, HELP)) };
    let is_wanted = |name: &str| {
        let has = |part: &[u8]| name.as_bytes().windows(part.len().max(1)).any(|at| at == part);
        settings.part.is_none_or(has)
    };
    let mut lines = 0;
    for algorithm in ROWS.iter().filter(|algorithm| is_wanted(algorithm.name)) {
        let line =
            if settings.list { listed(algorithm) } else { measured(algorithm, log, &settings)? };
        let Some(line) = line else { continue };
        let written = STDOUT.write_all(line.as_bytes());
        written.map_err(|errno| failed(log, &"standard output", errno))?;
        lines += 1;
    }
    if lines == 0 {
        let part = Name(settings.part.unwrap_or_default());
        return Err(failed(log, &format_args!("no algorithm {part} here"), Errno(libc::ENOENT)));
    }
    Ok(print(log, ""))
}

/// Its name, with the length of the key.
fn title(algorithm: &Algorithm) -> String {
    match (algorithm.name, algorithm.key) {
        (name, None | Some(0)) => name.into(),
        (name, Some(key)) => format!("{name} ({} bit)", usize::from(key) * 8),
    }
}

fn listed(algorithm: &Algorithm) -> Option<String> {
    let opened = algorithm.open_with_key(Flag::None).ok()?;
    let (family, title) = (algorithm.family.name(), title(algorithm));
    Some(format!("{family} | {title} | {} | d\n", opened.engine()))
}

/// Bytes of a message, and how many there are in a call.
fn sizes(opened: &Opened, log: Log, settings: &Settings) -> Result<(usize, usize), Failed> {
    let (block, most) = match opened {
        Opened::Transform(Transform::Cipher(cipher)) => (cipher.block_size().max(16), LONGEST),
        Opened::Transform(Transform::Aead(_)) => (16, LONGEST),
        Opened::Digest(_) => (64, LONGEST),
        Opened::Rng(_) => (16, RANDOM),
    };
    let length = settings.blocks.saturating_mul(block as u64);
    let count = settings.messages.max(1);
    if length == 0 || length.saturating_mul(count) > LONGEST {
        return Err(usage(log, &"--blocks, --aio: the messages of a call have 1 byte to 16 MiB"));
    }
    Ok((length.min(most) as usize, count as usize))
}

/// Measures an algorithm, if an engine serves it.
fn measured(
    algorithm: &Algorithm,
    log: Log,
    settings: &Settings,
) -> Result<Option<String>, Failed> {
    let flag = if settings.messages > 0 { Flag::Aio } else { Flag::None };
    let Ok(opened) = algorithm.open_with_key(flag) else { return Ok(None) };
    let (length, count) = sizes(&opened, log, settings)?;
    let wanted = settings.seconds.saturating_mul(1_000_000_000).max(SHORTEST);
    let measured = opened.measure(length, count, wanted);
    let measured = measured.map_err(|errno| failed(log, &algorithm.name, errno))?;
    Ok(Some(shown(algorithm, length, &measured, settings.raw)))
}

/// The line for a measurement.
fn shown(algorithm: &Algorithm, length: usize, measured: &Measured, raw: bool) -> String {
    let calls = measured.calls as f64 / (measured.time as f64 / 1e9);
    let (bytes, calls) = ((calls * length as f64) as u64, calls as u64);
    let letter = match algorithm.family {
        Family::Skcipher | Family::Aead => 'e',
        Family::Hash => 'h',
        Family::Rng => 'g',
    };
    let title = title(algorithm);
    if raw {
        return format!("{title},{letter},{length},{bytes},{calls}\n");
    }
    let (whole, hundredths) = (bytes >> 20, ((bytes & ((1 << 20) - 1)) * 100) >> 20);
    format!(
        "{title:<28}|{letter}|{length:>8} bytes|{whole:>6}.{hundredths:02} MB/s|{calls} ops/s\n"
    )
}
