// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! kcapi-rng: random bytes of a generator that the kernel has.

use crate::hex;
use crate::key::Secret;
use crate::library::Rng;
use crate::message::Log;
use crate::options::{Arguments, Long, Takes};
use crate::sys::{self, Errno, STDIN};
use crate::tool::data::{Sink, Source};
use crate::tool::{Failed, failed, name, number, print, print_version, set_library_level, usage};
use core::ffi::{CStr, c_int};

const HELP: &str = include_str!("rng.txt");

/// Bytes that are generated at once.
const PIECE: usize = 128;
/// Bytes that are written at once.
const BUFFER: usize = 64 << 10;
/// The shortest seed.
const SEED: usize = 32;

const LONG: &[Long] = &[
    (c"bytes", Takes::Value, b'b'),
    (c"name", Takes::Value, b'n'),
    (c"hex", Takes::Nothing, HEX),
    (c"seed", Takes::Value, SEED_FILE),
    (c"verbose", Takes::Nothing, b'v'),
    (c"quiet", Takes::Nothing, b'q'),
    (c"help", Takes::Nothing, b'h'),
    (c"version", Takes::Nothing, VERSION),
];
const SHORT: &CStr = c"b:n:vqh";
const HEX: u8 = 1;
const SEED_FILE: u8 = 2;
const VERSION: u8 = 3;

/// The program.
pub fn main(arguments: Arguments) -> c_int {
    match run(&arguments) {
        Ok(code) | Err(Failed(code)) => code,
    }
}

fn run(arguments: &Arguments) -> Result<c_int, Failed> {
    let mut log = Log::new("kcapi-rng");
    let (mut count, mut generator, mut hexadecimal, mut seed_file) = (0, "stdrng", false, None);
    for found in arguments.options(SHORT, LONG) {
        let found = found.map_err(|_| usage(log, &"the command line is wrong"))?;
        match found.option {
            b'b' => count = number(log, "--bytes", found.value)?,
            b'n' => generator = name(log, "--name", found.value)?,
            HEX => hexadecimal = true,
            SEED_FILE => seed_file = Some(found.value),
            b'v' => log.more(),
            b'q' => log.level = None,
            b'h' => return Ok(print(log, HELP)),
            _ => return Ok(print_version(log)),
        }
    }
    if count == 0 {
        return Err(usage(log, &"how many bytes? --bytes"));
    }
    if arguments.operands().next().is_some() {
        return Err(usage(log, &"takes no operands"));
    }
    set_library_level(log);
    let rng = Rng::open(generator).map_err(|errno| failed(log, &generator, errno))?;
    log.verbose(format_args!("{generator} by the engine {}", rng.engine()));
    seed(&rng, log, generator, seed_file)?;

    let sink = Sink::create(log, None, true)?;
    let mut buffer = Secret::zeros(BUFFER);
    let mut rest = count;
    while rest > 0 {
        let length = usize::try_from(rest).map_or(BUFFER, |rest| rest.min(BUFFER));
        let part = buffer.bytes_mut().get_mut(..length).unwrap_or_default();
        fill(&rng, part).map_err(|errno| failed(log, &generator, errno))?;
        if hexadecimal {
            let mut digits = hex::encode(part);
            let written = sink.write(log, &digits);
            crate::library::wipe(&mut digits);
            written?;
        } else {
            sink.write(log, part)?;
        }
        rest -= length as u64;
    }
    sink.finish(log)?;
    Ok(0)
}

fn fill(rng: &Rng, buffer: &mut [u8]) -> Result<(), Errno> {
    for mut piece in buffer.chunks_mut(PIECE) {
        while !piece.is_empty() {
            match rng.generate(piece)? {
                0 => return Err(Errno(libc::EIO)),
                count => piece = piece.get_mut(count..).unwrap_or_default(),
            }
        }
    }
    Ok(())
}

/// Seeds it from the kernel's pool, then with the caller's seed: a whole file, or, if no file is
/// named and the generator has a seed, the bytes that standard input has ready. A standard input to
/// which nobody writes is not waited for. DRBGs have no seed but their own: they leave standard
/// input to others, such as the shell whose script it is.
fn seed(rng: &Rng, log: Log, generator: &str, file: Option<&'static CStr>) -> Result<(), Failed> {
    let fails = |errno| failed(log, &format_args!("{generator}: seed"), errno);
    let size = rng.seed_size();
    // A length of 0 tells a DRBG to draw its seed itself.
    let mut first = Secret::zeros(if size > 0 { size.max(SEED) } else { 0 });
    sys::random(first.bytes_mut()).map_err(fails)?;
    rng.seed(first.bytes_mut()).map_err(fails)?;

    if file.is_none() && (size == 0 || STDIN.is_terminal()) {
        return Ok(());
    }
    let source = Source::open(log, file)?;
    let mut piece = Secret::zeros(size.max(SEED));
    for _ in 0..MOST_SEEDS {
        let count = if file.is_some() {
            source.read_full(log, piece.bytes_mut())?
        } else if sys::is_readable(STDIN) {
            // If it is closed or a directory there is no seed, which is no error, since none was
            // asked for.
            STDIN.read(piece.bytes_mut()).unwrap_or(0)
        } else {
            0
        };
        if count == 0 {
            break;
        }
        // A short piece has zeros behind it.
        piece.bytes_mut().get_mut(count..).unwrap_or_default().fill(0);
        match rng.seed(piece.bytes_mut()) {
            Ok(()) => {}
            Err(errno) if file.is_none() => {
                log.verbose(format_args!("{generator} takes no seed: {errno}"));
                break;
            }
            Err(errno) => return Err(fails(errno)),
        }
    }
    Ok(())
}

/// The longest seed. A longer one would make nothing more random.
const MOST_SEEDS: u32 = 1024;
