// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! kcapi-speed: how fast the usual algorithms are, on the engine that serves. `kcapi-info
//! --speed` compares both.

use crate::library::{Aead, Cipher, Digest, Direction, Flag, Rng};
use crate::message::{Log, Name};
use crate::options::{Arguments, Long, Takes};
use crate::sys::{Errno, STDOUT, now};
use crate::tool::{Failed, failed, number, print, usage};
use alloc::format;
use alloc::string::String;
use alloc::vec;
use core::ffi::{CStr, c_int};

const HELP: &str = include_str!("speed.txt");

/// What is measured: how it is opened, its name, the length of its key.
type Row = (Kind, &'static str, usize);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Cipher,
    Aead,
    Hash,
    Rng,
}

const ROWS: [Row; 42] = [
    (Kind::Cipher, "cbc(aes)", 16),
    (Kind::Cipher, "cbc(aes)", 32),
    (Kind::Cipher, "ctr(aes)", 16),
    (Kind::Cipher, "ctr(aes)", 32),
    (Kind::Cipher, "ecb(aes)", 16),
    (Kind::Cipher, "ecb(aes)", 32),
    (Kind::Cipher, "xts(aes)", 32),
    (Kind::Cipher, "xts(aes)", 64),
    (Kind::Cipher, "lrw(aes)", 32),
    (Kind::Cipher, "cts(cbc(aes))", 16),
    (Kind::Cipher, "rfc3686(ctr(aes))", 20),
    (Kind::Cipher, "chacha20", 32),
    (Kind::Cipher, "cbc(sm4)", 16),
    (Kind::Cipher, "ctr(sm4)", 16),
    (Kind::Cipher, "cbc(camellia)", 32),
    (Kind::Cipher, "cbc(serpent)", 32),
    (Kind::Cipher, "cbc(twofish)", 32),
    (Kind::Cipher, "cbc(des3_ede)", 24),
    (Kind::Aead, "gcm(aes)", 16),
    (Kind::Aead, "gcm(aes)", 32),
    (Kind::Aead, "ccm(aes)", 16),
    (Kind::Aead, "rfc7539(chacha20,poly1305)", 32),
    (Kind::Hash, "md5", 0),
    (Kind::Hash, "sha1", 0),
    (Kind::Hash, "sha224", 0),
    (Kind::Hash, "sha256", 0),
    (Kind::Hash, "sha384", 0),
    (Kind::Hash, "sha512", 0),
    (Kind::Hash, "sha3-224", 0),
    (Kind::Hash, "sha3-256", 0),
    (Kind::Hash, "sha3-384", 0),
    (Kind::Hash, "sha3-512", 0),
    (Kind::Hash, "sm3", 0),
    (Kind::Hash, "hmac(sha1)", 16),
    (Kind::Hash, "hmac(sha256)", 32),
    (Kind::Hash, "hmac(sha384)", 48),
    (Kind::Hash, "hmac(sha512)", 64),
    (Kind::Hash, "cmac(aes)", 16),
    (Kind::Hash, "crc32c", 0),
    (Kind::Rng, "stdrng", 0),
    (Kind::Rng, "drbg_nopr_hmac_sha512", 0),
    (Kind::Rng, "jitterentropy_rng", 0),
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

/// Most that a message may have.
const LONGEST: u64 = 16 << 20;

/// How long it takes at least, in nanoseconds.
const SHORTEST: u64 = 20_000_000;

struct Settings {
    seconds: u64,
    blocks: u64,
    raw: bool,
}

/// The program.
pub fn main(arguments: Arguments) -> c_int {
    match run(&arguments) {
        Ok(code) | Err(Failed(code)) => code,
    }
}

fn run(arguments: &Arguments) -> Result<c_int, Failed> {
    let log = Log::new("kcapi-speed");
    let (mut all, mut list, mut part) = (false, false, None);
    let mut settings = Settings { seconds: 1, blocks: 1, raw: false };
    for found in arguments.options(SHORT, LONG) {
        let found = found.map_err(|_| usage(log, &"the command line is wrong"))?;
        match found.option {
            b'a' => all = true,
            b'l' => list = true,
            b'c' => part = Some(found.value.to_bytes()),
            b't' => settings.seconds = number(log, "--time", found.value)?,
            b'b' => settings.blocks = number(log, "--blocks", found.value)?,
            b'r' => settings.raw = true,
            // Hints about how data reach the kernel, which the library knows better.
            b'v' | b's' => {}
            b'o' => return Err(usage(log, &"--aio is not measured here")),
            _ => return Ok(print(HELP)),
        }
    }
    if arguments.operands().next().is_some() {
        return Err(usage(log, &"takes no operands"));
    }
    if !all && !list && part.is_none() {
        return Err(usage(log, &"which algorithms? --all, --cipher or --list"));
    }
    let rows = ROWS.iter().filter(|(_, name, _)| {
        part.is_none_or(|part| name.as_bytes().windows(part.len().max(1)).any(|at| at == part))
    });
    let mut lines = 0;
    for &row in rows {
        let text = if list { listed(row) } else { measured(row, log, &settings)? };
        if let Some(text) = text {
            STDOUT
                .write_all(text.as_bytes())
                .map_err(|errno| failed(log, &"standard output", errno))?;
            lines += 1;
        }
    }
    if lines == 0 {
        let part = Name(part.unwrap_or_default());
        return Err(failed(log, &format_args!("no algorithm {part} here"), Errno(libc::ENOENT)));
    }
    Ok(print(""))
}

/// An opened algorithm, with a key.
enum Opened {
    Cipher(Cipher),
    Aead(Aead),
    Hash(Digest),
    Rng(Rng),
}

fn open((kind, name, key): Row) -> Result<Opened, Errno> {
    let key: alloc::vec::Vec<u8> = (0..key as u8).collect();
    Ok(match kind {
        Kind::Cipher => {
            let cipher = Cipher::open(name, Flag::None)?;
            cipher.set_key(&key)?;
            Opened::Cipher(cipher)
        }
        Kind::Aead => {
            let aead = Aead::open(name, Flag::None)?;
            aead.set_key(&key)?;
            aead.set_lengths(16, 16)?;
            Opened::Aead(aead)
        }
        Kind::Hash => {
            let digest = Digest::open(name)?;
            if !key.is_empty() {
                digest.set_key(&key)?;
            }
            Opened::Hash(digest)
        }
        Kind::Rng => {
            let rng = Rng::open(name)?;
            let mut seed = vec![0; rng.seed_size()];
            rng.seed(&mut seed)?;
            Opened::Rng(rng)
        }
    })
}

impl Opened {
    fn engine(&self) -> &'static str {
        match self {
            Self::Cipher(cipher) => cipher.engine(),
            Self::Aead(aead) => aead.engine(),
            Self::Hash(digest) => digest.engine(),
            Self::Rng(rng) => rng.engine(),
        }
    }

    /// Bytes that a block has, for those that work in blocks.
    fn block(&self) -> usize {
        match self {
            Self::Cipher(cipher) => cipher.block_size().max(16),
            Self::Aead(_) => 16,
            Self::Hash(_) => 64,
            Self::Rng(_) => 16,
        }
    }

    /// One message. An IV is as long as the longest.
    fn once(&self, message: &mut [u8], length: usize) -> Result<(), Errno> {
        let iv = [1; 32];
        match self {
            Self::Cipher(cipher) => {
                let message = message.get_mut(..length).unwrap_or_default();
                cipher.in_place(Direction::Encrypt, message, &iv).map(|_| ())
            }
            Self::Aead(aead) => aead
                .in_place(Direction::Encrypt, message, length + 16, length + 32, &iv)
                .map(|_| ()),
            Self::Hash(digest) => {
                digest.update(message.get(..length).unwrap_or_default())?;
                digest.finish().map(|_| ())
            }
            Self::Rng(rng) => {
                let room = length.min(128);
                rng.generate(message.get_mut(..room).unwrap_or_default()).map(|_| ())
            }
        }
    }
}

fn listed(row: Row) -> Option<String> {
    let opened = open(row).ok()?;
    let kind = match row.0 {
        Kind::Cipher => "skcipher",
        Kind::Aead => "aead",
        Kind::Hash => "hash",
        Kind::Rng => "rng",
    };
    Some(format!("{kind} | {} ({} bit) | {} | d\n", row.1, row.2 * 8, opened.engine()))
}

fn measured(row: Row, log: Log, settings: &Settings) -> Result<Option<String>, Failed> {
    let Ok(opened) = open(row) else { return Ok(None) };
    let length = settings.blocks.saturating_mul(opened.block() as u64);
    if length == 0 || length > LONGEST {
        return Err(usage(log, &"--blocks: a message has 1 byte to 16 MiB"));
    }
    let length = match opened {
        Opened::Rng(_) => length.min(128),
        _ => length,
    } as usize;
    let mut message = vec![0; length + 32];
    let wanted = settings.seconds.saturating_mul(1_000_000_000).max(SHORTEST);
    let start = now();
    let mut count = 0u64;
    let mut time = 0;
    while time < wanted {
        let done = opened.once(&mut message, length);
        done.map_err(|errno| failed(log, &row.1, errno))?;
        count += 1;
        time = now().wrapping_sub(start);
    }
    let seconds = time as f64 / 1e9;
    let bytes = (count as f64 * length as f64 / seconds) as u64;
    let calls = (count as f64 / seconds) as u64;
    let letter = match row.0 {
        Kind::Cipher | Kind::Aead => 'e',
        Kind::Hash => 'h',
        Kind::Rng => 'g',
    };
    let name = if row.2 > 0 { format!("{} ({} bit)", row.1, row.2 * 8) } else { row.1.into() };
    Ok(Some(if settings.raw {
        format!("{name},{letter},{length},{bytes},{calls}\n")
    } else {
        let (whole, hundredths) = (bytes >> 20, ((bytes & ((1 << 20) - 1)) * 100) >> 20);
        format!(
            "{name:<28}|{letter}|{length:>8} bytes|{whole:>6}.{hundredths:02} MB/s|{calls} ops/s\n"
        )
    }))
}
