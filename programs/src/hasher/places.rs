// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The places of HMAC files, and their contents. The Makefile's SUM_PREFIX, SUM_SUFFIX and SUM_DIR
//! decide.

use super::list::{self, Lines, Parsed};
use crate::hex;
use crate::output::split;
use crate::sys::{Errno, File};
use alloc::ffi::CString;
use alloc::vec::Vec;

/// The text before a file's name.
const PREFIX: &str = match option_env!("KCAPI_SUM_PREFIX") {
    Some(prefix) => prefix,
    None => ".",
};
/// The text behind it, with a dot.
const SUFFIX: &str = match option_env!("KCAPI_SUM_SUFFIX") {
    Some(suffix) => suffix,
    None => "hmac",
};
/// The directory above `hmaccalc` and `fipscheck`; empty where HMAC files are beside their files.
const DIRECTORY: &str = match option_env!("KCAPI_SUM_DIR") {
    Some(directory) => directory,
    None => "",
};

fn path(parts: &[&[u8]]) -> Option<CString> {
    CString::new(parts.concat()).ok()
}

/// Beside a file. A name without a prefix would be that of a file of its own.
fn beside(file: &[u8]) -> Option<CString> {
    let (directory, name) = split(file);
    let prefix = if PREFIX.is_empty() { "." } else { PREFIX };
    path(&[directory, prefix.as_bytes(), name, b".", SUFFIX.as_bytes()])
}

/// In another directory, by its name.
fn in_directory(directory: &[u8], file: &[u8]) -> Option<CString> {
    let slash: &[u8] = if directory.ends_with(b"/") { b"" } else { b"/" };
    let name = split(file).1;
    path(&[directory, slash, PREFIX.as_bytes(), name, b".", SUFFIX.as_bytes()])
}

/// In `hmaccalc` or `fipscheck` under the directory that was built in.
fn in_sum_directory(kind: &str, file: &[u8]) -> Option<CString> {
    if DIRECTORY.is_empty() {
        return None;
    }
    in_directory(&[DIRECTORY.as_bytes(), b"/", kind.as_bytes()].concat(), file)
}

/// The file that fipshmac writes.
pub fn of_fipshmac(file: &[u8], directory: Option<&[u8]>) -> Option<CString> {
    directory.map_or_else(|| beside(file), |directory| in_directory(directory, file))
}

/// The files in which fipscheck looks. The first that is there counts.
pub fn of_fipscheck(file: &[u8], directory: Option<&[u8]>) -> Vec<CString> {
    let chosen = directory.and_then(|directory| in_directory(directory, file));
    if directory.is_some() {
        return chosen.into_iter().collect();
    }
    in_sum_directory("fipscheck", file).into_iter().chain(beside(file)).collect()
}

/// The files in which the self-check looks for the HMAC of a file. The first that is there counts.
/// `older` is the name that a release up to 1.4.0 gave it, and the one of the two directories in
/// which it was.
pub fn of_self_check(file: &[u8], older: (&str, &[u8])) -> Vec<CString> {
    let (kind, name) = older;
    let directory = split(file).0;
    let older_beside =
        if DIRECTORY.is_empty() { beside(&[directory, name].concat()) } else { None };
    [
        if DIRECTORY.is_empty() {
            beside_exactly(file)
        } else {
            in_sum_directory("hmaccalc", file)
        },
        in_sum_directory(kind, name),
        older_beside,
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Beside a file that has been installed, with the prefix as it is.
fn beside_exactly(file: &[u8]) -> Option<CString> {
    let (directory, name) = split(file);
    path(&[directory, PREFIX.as_bytes(), name, b".", SUFFIX.as_bytes()])
}

/// A digest and the file that it was in; or why there is none, and where.
type Found<'a> = Result<(Vec<u8>, &'a CString), (Errno, &'a [u8])>;

/// The first of these files that is there, and the digest in its first line; what it says besides
/// does not count.
pub fn read(candidates: &[CString]) -> Found<'_> {
    let missing =
        (Errno(libc::ENOENT), candidates.first().map_or(&b""[..], |path| path.to_bytes()));
    for candidate in candidates {
        let file = match File::read_only(candidate) {
            Ok(file) => file,
            Err(Errno(libc::ENOENT)) => continue,
            Err(errno) => return Err((errno, candidate.to_bytes())),
        };
        let mut lines = Lines::new(*file, b'\n');
        let line = match lines.read() {
            Ok(line) => line.flatten(),
            Err(errno) => return Err((errno, candidate.to_bytes())),
        };
        // With -z the line ends with NUL.
        let line = line.map(|line| line.strip_suffix(b"\0").unwrap_or(line));
        let digest = match line.map(|line| list::parse(line, false)) {
            Some(Parsed::Line(line)) => hex::decode(line.digest),
            _ => None,
        };
        return digest
            .map(|digest| (digest, candidate))
            .ok_or((Errno(libc::EBADMSG), candidate.to_bytes()));
    }
    Err(missing)
}
