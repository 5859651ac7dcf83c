// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! kcapi-dgst: the digest of a message, with a key or without.

use crate::hex;
use crate::library::Digest;
use crate::message::Log;
use crate::options::{Arguments, Long, Takes};
use crate::sys::Errno;
use crate::tool::data::{Sink, Source};
use crate::tool::key::{self, KeyOptions};
use crate::tool::{Failed, failed, name, print, print_version, set_library_level, usage};
use core::ffi::{CStr, c_int};

const HELP: &str = include_str!("dgst.txt");

/// Bytes of the key that the C program derives from a password.
const DERIVED_KEY: usize = 32;
/// More than any digest takes as a key.
const LONGEST_KEY: usize = 1 << 20;
/// Bytes that are read at once.
const PIECE: usize = 128 << 10;

const LONG: &[Long] = &[
    (c"cipher", Takes::Value, b'c'),
    (c"infile", Takes::Value, b'i'),
    (c"outfile", Takes::Value, b'o'),
    key::LONG[0],
    key::LONG[1],
    key::LONG[2],
    key::LONG[3],
    key::LONG[4],
    key::LONG[5],
    (c"hex", Takes::Nothing, HEX),
    (c"verbose", Takes::Nothing, b'v'),
    (c"quiet", Takes::Nothing, b'q'),
    (c"help", Takes::Nothing, b'h'),
    (c"version", Takes::Nothing, VERSION),
];
const SHORT: &CStr = c"c:i:o:p:s:vqh";
const HEX: u8 = 1;
const VERSION: u8 = 2;

/// The program.
pub fn main(arguments: Arguments) -> c_int {
    match run(&arguments) {
        Ok(code) | Err(Failed(code)) => code,
    }
}

fn run(arguments: &Arguments) -> Result<c_int, Failed> {
    let mut log = Log::new("kcapi-dgst");
    let (mut cipher, mut input, mut output, mut hexadecimal) = ("", None, None, false);
    let mut key = KeyOptions::default();
    for found in arguments.options(SHORT, LONG) {
        let found = found.map_err(|_| usage(log, &"the command line is wrong"))?;
        if key.take(&found) {
            continue;
        }
        match found.option {
            b'c' => cipher = name(log, "--cipher", found.value)?,
            b'i' => input = Some(found.value),
            b'o' => output = Some(found.value),
            HEX => hexadecimal = true,
            b'v' => log.more(),
            b'q' => log.level = None,
            b'h' => return Ok(print(log, HELP)),
            _ => return Ok(print_version(log)),
        }
    }
    if cipher.is_empty() {
        return Err(usage(log, &"a digest is missing: --cipher"));
    }
    if arguments.operands().next().is_some() {
        return Err(usage(log, &"takes no operands; --infile names the input"));
    }
    set_library_level(log);
    // The key is read before anything is opened: if its descriptor is not open, the input would get
    // its number and be the key.
    let material = if key.is_given() {
        // If the message follows the key on standard input, the key has the length that it has for
        // the C program, so that it does not run into the message.
        let limit = if key.is_before_message(input) { DERIVED_KEY } else { LONGEST_KEY };
        Some(key.read(log, input, limit)?)
    } else {
        None
    };
    let source = Source::open(log, input)?;
    let digest = Digest::open(cipher).map_err(|errno| failed(log, &cipher, errno))?;
    log.verbose(format_args!("{cipher} by the engine {}", digest.engine()));
    if let Some(material) = material {
        let key = key.key(log, material, DERIVED_KEY)?;
        if key.bytes().len() > DERIVED_KEY {
            log.warning(format_args!(
                "a key of more than {DERIVED_KEY} bytes, which libkcapi's C program cut there"
            ));
        }
        digest.set_key(key.bytes()).map_err(|errno| failed(log, &"the key is refused", errno))?;
    }
    let result = digest_of(&digest, log, cipher, &source)?;
    // A file of it may be read by all: even a digest with a key is no secret.
    let sink = Sink::create(log, output, false)?;
    let shown = if hexadecimal { hex::encode(&result) } else { result };
    sink.write(log, &shown)?;
    sink.finish(log)?;
    Ok(0)
}

fn digest_of(
    digest: &Digest,
    log: Log,
    name: &str,
    source: &Source,
) -> Result<alloc::vec::Vec<u8>, Failed> {
    let fails = |errno: Errno| failed(log, &name, errno);
    let mut piece = alloc::vec![0; PIECE];
    loop {
        let count = source.read_full(log, &mut piece)?;
        if count == 0 {
            return digest.finish().map_err(fails);
        }
        digest.update(piece.get(..count).unwrap_or_default()).map_err(fails)?;
    }
}
