// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Keys of kcapi-enc and kcapi-dgst: from a descriptor, or from a password by PBKDF2.

use super::data::is_standard_input;
use super::{Result, bytes, descriptor, failed, name, number, usage};
use crate::hex;
use crate::key::Secret;
use crate::library::derivation;
use crate::message::Log;
use crate::options::{self, Found, Long, Takes};
use crate::sys::{self, Errno, Fd, STDIN};
use alloc::string::String;
use alloc::vec::Vec;
use core::ffi::{CStr, c_int};

/// The time that deriving a key should take, in nanoseconds.
const EFFORT: u64 = 100_000_000;
/// Bytes of a salt that the program makes.
const SALT: usize = 32;
/// Longer passwords are a mistake, such as the wrong file.
const LONGEST_PASSWORD: usize = 1 << 20;

/// The options, with what follows them in [`LONG`].
pub const LONG: [Long; 6] = [
    (c"keyfd", Takes::Value, KEY_FD),
    (c"passwd", Takes::Value, b'p'),
    (c"passwdfd", Takes::Value, PASSWORD_FD),
    (c"salt", Takes::Value, b's'),
    (c"pbkdfiter", Takes::Value, ITERATIONS),
    (c"pbkdfmac", Takes::Value, MAC),
];
const KEY_FD: u8 = 20;
const PASSWORD_FD: u8 = 21;
const ITERATIONS: u8 = 22;
const MAC: u8 = 23;

/// The options for a key.
#[derive(Default)]
pub struct KeyOptions {
    key_fd: Option<&'static CStr>,
    /// No longer on the command line.
    password: Option<Secret>,
    password_fd: Option<&'static CStr>,
    salt: Option<&'static CStr>,
    iterations: Option<&'static CStr>,
    mac: Option<&'static CStr>,
}

/// The contents of the key's source.
pub enum Material {
    /// The key itself.
    Key(Secret),
    /// A password from which the key is derived.
    Password(Secret),
}

impl KeyOptions {
    /// Takes an option, if it is one of these.
    pub fn take(&mut self, found: &Found) -> bool {
        let place = match found.option {
            KEY_FD => &mut self.key_fd,
            b'p' => {
                self.password = Some(Secret::take_argument(found.value));
                return true;
            }
            PASSWORD_FD => &mut self.password_fd,
            b's' => &mut self.salt,
            ITERATIONS => &mut self.iterations,
            MAC => &mut self.mac,
            _ => return false,
        };
        *place = Some(found.value);
        true
    }

    /// Returns whether there is a key at all.
    pub fn is_given(&self) -> bool {
        self.key_fd.or(self.password_fd).is_some() || self.password.is_some()
    }

    /// Returns whether the message, whose file is `input`, is behind the key or password: on the same standard input,
    /// by whatever number or name, or in the same pipe.
    pub fn is_before_message(&self, input: Option<&CStr>) -> bool {
        let fd = self.key_fd.or(self.password_fd).and_then(options::number);
        let Some(fd) = fd.and_then(|fd| c_int::try_from(fd).ok()).map(Fd) else { return false };
        fd.is_taken_by_reading(input.unwrap_or(c"-"))
    }

    /// Reads the key, at most `limit` bytes, or the password. A key may come before the message, whose file is
    /// `input`, see `is_before_message`. This calls no function of the library that would choose an engine.
    pub fn read(&mut self, log: Log, input: Option<&CStr>, limit: usize) -> Result<Material> {
        if let Some(text) = self.key_fd {
            let fd = descriptor(log, "--keyfd", text)?;
            return read_key(log, Fd(fd), limit).map(Material::Key);
        }
        // A password goes to its end. Only a terminal can be read from again after that.
        let is_terminal = || is_standard_input(input) && STDIN.is_terminal();
        if self.is_before_message(input) && !is_terminal() {
            let what = "--passwdfd: no message would be left there; --infile names another file";
            return Err(usage(log, &what));
        }
        let password = self.read_password(log)?;
        if password.bytes().is_empty() {
            return Err(failed(log, &"the password is empty", Errno(libc::EINVAL)));
        }
        Ok(Material::Password(password))
    }

    /// The key; one that is derived has so many bytes.
    pub fn key(&self, log: Log, material: Material, derived: usize) -> Result<Secret> {
        match material {
            Material::Key(key) => Ok(key),
            Material::Password(password) => self.derive(log, &password, derived),
        }
    }

    fn read_password(&mut self, log: Log) -> Result<Secret> {
        if let Some(text) = self.password_fd {
            let fd = descriptor(log, "--passwdfd", text)?;
            let read = Secret::read(Fd(fd), LONGEST_PASSWORD);
            return match read.map_err(|errno| failed(log, &"--passwdfd", errno))? {
                (password, false) => Ok(password),
                (_, true) => Err(failed(log, &"--passwdfd", Errno(libc::EFBIG))),
            };
        }
        let Some(password) = self.password.take() else {
            return Err(usage(log, &"a key is missing: --keyfd, --passwdfd or --passwd"));
        };
        log.warning(format_args!(
            "others can see a password on the command line; --passwdfd reads one that they cannot"
        ));
        Ok(password)
    }

    fn derive(&self, log: Log, password: &Secret, length: usize) -> Result<Secret> {
        let mac = self.mac.map_or(Ok("hmac(sha256)"), |mac| name(log, "--pbkdfmac", mac))?;
        let salt = match self.salt {
            Some(text) => bytes(log, "--salt", text)?,
            None => random_salt(log)?,
        };
        let asked = self.iterations.map_or(Ok(0), |text| number(log, "--pbkdfiter", text))?;
        let iterations = match u32::try_from(asked) {
            Ok(0) => {
                let count = derivation::pbkdf_iterations(mac, EFFORT);
                let count = count.map_err(|errno| failed(log, &mac, errno))?;
                log.warning(format_args!("PBKDF2 iterations used: {count}"));
                count
            }
            Ok(count) => count,
            Err(_) => return Err(usage(log, &"--pbkdfiter: at most 4294967295 iterations")),
        };
        let mut key = Secret::zeros(length);
        derivation::pbkdf(mac, password.bytes(), &salt, iterations, key.bytes_mut())
            .map_err(|errno| failed(log, &format_args!("PBKDF2 with {mac}"), errno))?;
        Ok(key)
    }
}

/// Reads up to `limit` bytes and no more: if it is standard input, the data follow.
fn read_key(log: Log, fd: Fd, limit: usize) -> Result<Secret> {
    let mut key = Secret::zeros(limit);
    let read = fd.read_full(key.bytes_mut());
    let length = read.map_err(|errno| failed(log, &"--keyfd", errno))?;
    let is_longer = fd.stat().is_ok_and(|stat| stat.is_regular() && stat.size > limit as u64);
    if length == limit && is_longer {
        log.warning(format_args!("--keyfd: only the first {limit} bytes are the key"));
    }
    Ok(Secret::copy(key.bytes().get(..length).unwrap_or_default()))
}

fn random_salt(log: Log) -> Result<Vec<u8>> {
    let mut salt = alloc::vec![0; SALT];
    sys::random(&mut salt).map_err(|errno| failed(log, &"no salt", errno))?;
    let digits = String::from_utf8(hex::encode(&salt)).unwrap_or_default();
    log.warning(format_args!("PBKDF2 salt used: {digits}"));
    Ok(salt)
}
