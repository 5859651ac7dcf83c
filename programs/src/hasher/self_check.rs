// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The integrity test of FIPS mode: before the program does anything it compares itself and the
//! library with their HMAC files, and goes no further if one is missing or wrong.
//!
//! HMAC files are those of libkcapi 1.5: HMAC-SHA-512 with hmaccalc's key, for `kcapi-hasher` and
//! `libkcapi.so.1`. Where they are not there, those of releases up to 1.4.0 serve, which
//! distributions still make: by the name that the program was called by, and for fipscheck's
//! names and the library HMAC-SHA-256 with fipscheck's key. Which of the two it is, its length
//! tells.

use super::digest::{Failure, Hasher};
use super::names::{FIPSCHECK_KEY, HMACCALC_KEY, Role, find_hash};
use super::places;
use super::settings::{Settings, Whose};
use crate::library;
use crate::message::{Messages, Name};
use crate::sys::{self, Errno, File};
use alloc::ffi::CString;
use alloc::vec::Vec;

/// Returns whether the machine or the environment asks for the test. If that cannot be read it is
/// an error, and not a "no".
pub fn is_demanded() -> Result<bool, Errno> {
    if sys::variable(c"KCAPI_HASHER_FORCE_FIPS").is_some() {
        return Ok(true);
    }
    let file = match File::read_only(c"/proc/sys/crypto/fips_enabled") {
        Ok(file) => file,
        Err(Errno(libc::ENOENT)) => return Ok(false),
        Err(errno) => return Err(errno),
    };
    let mut first = [0];
    match file.read(&mut first)? {
        0 => Err(Errno(libc::ENODATA)),
        _ => Ok(first != *b"0"),
    }
}

/// The file of the program or the library: its path, and what is in memory of it.
fn open(whose: Whose) -> Result<(Vec<u8>, File), Errno> {
    let program = c"/proc/self/exe";
    match whose {
        Whose::Program => Ok((sys::read_link(program)?, File::read_only(program)?)),
        Whose::Library => {
            let library = sys::object_of(library::address()).ok_or(Errno(libc::ENOENT))?;
            Ok((library.path.to_bytes().to_vec(), File::read_only(library.path)?))
        }
    }
}

/// The HMAC of one of the two.
fn hmac(scheme: (&'static str, &'static [u8]), path: &[u8], file: &File) -> Result<Vec<u8>, Errno> {
    let (hash, key) = scheme;
    let hash = find_hash(hash.as_bytes()).ok_or(Errno(libc::ENOENT))?;
    let digest = Hasher::new(hash, Some(key)).descriptor(**file, path);
    digest.map_err(|failure: Failure| failure.errno())
}

const SHA512: (&str, &[u8]) = ("sha512", HMACCALC_KEY);
const SHA256: (&str, &[u8]) = ("sha256", FIPSCHECK_KEY);

/// The HMAC that `-S` and `-L` print.
pub fn self_sum(whose: Whose) -> Result<Vec<u8>, Errno> {
    let (path, file) = open(whose)?;
    hmac(SHA512, &path, &file)
}

/// The test of both. What is wrong has been said.
pub fn passes(settings: &Settings, messages: Messages) -> bool {
    let program = match settings.name.role {
        Role::Hmac => ("hmaccalc", settings.called),
        _ => ("fipscheck", settings.called),
    };
    check(Whose::Program, program, messages)
        // Linked into the program, the library has been checked with it.
        && (is_linked_in() || check(Whose::Library, ("fipscheck", b"libkcapi.so.1"), messages))
}

/// Returns whether the library is a part of the program's file. Its path does not tell that: packages of other
/// languages have libraries with names of their own.
fn is_linked_in() -> bool {
    let base = |address| sys::object_of(address).map(|object| object.base);
    base(library::address()) == base(sys::own_address())
}

fn check(whose: Whose, older: (&str, &[u8]), messages: Messages) -> bool {
    let failed = |path: &[u8], reason: &dyn core::fmt::Display| {
        messages.say(format_args!("integrity test failed: {}: {reason}", Name(path)));
        false
    };
    let (path, file) = match open(whose) {
        Ok(opened) => opened,
        Err(errno) => return failed(b"the program or the library", &errno),
    };
    let candidates: Vec<CString> = places::of_self_check(&path, older);
    let (expected, from) = match places::read(&candidates) {
        Ok(found) => found,
        Err((Errno(libc::EBADMSG), candidate)) => {
            return failed(candidate, &"this is no HMAC file");
        }
        Err((errno, candidate)) => return failed(candidate, &errno),
    };
    let scheme = match expected.len() {
        64 => SHA512,
        32 => SHA256,
        _ => return failed(from.to_bytes(), &"neither HMAC-SHA-512 nor HMAC-SHA-256"),
    };
    match hmac(scheme, &path, &file) {
        Ok(digest) if digest == expected => true,
        Ok(_) => failed(&path, &format_args!("it is not what {} says", Name(from.to_bytes()))),
        Err(errno) => failed(&path, &errno),
    }
}
