// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Keys that are read from the kernel's keyrings, see keyctl(2).
//!
//! Only keys of type `user` are. The kernel gives nothing of a `logon` key; and what it gives of an
//! `encrypted` or a `trusted` key is not the key, but what another key has made of it. So the type
//! is looked at before anything is read.

use crate::errno::{Errno, Result, retry};
use crate::sys::keyring as sys;
use crate::wipe::wipe_bytes;

/// Bytes in the longest payload of a `user` key (Linux `security/keys/user_defined.c`). A
/// description has no more than 4 KiB, and some numbers.
const LONGEST: usize = 32767;

/// The payload of a key, wiped when it is dropped.
pub struct Payload {
    bytes: Vec<u8>,
    len: usize,
}

impl Payload {
    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl Drop for Payload {
    fn drop(&mut self) {
        wipe_bytes(&mut self.bytes);
    }
}

/// Reads a key. EOPNOTSUPP: it is not of type `user`, or this system has no keyrings; or an errno
/// of keyctl(2).
pub fn read(serial: i32) -> Result<Payload> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(LONGEST)?;
    bytes.resize(LONGEST, 0);
    let mut payload = Payload { bytes, len: 0 };
    if !described(serial, &mut payload.bytes)?.starts_with(b"user;") {
        return Err(Errno::OPNOTSUPP);
    }
    payload.len = retry(|| sys::read(serial, &mut payload.bytes)).map_err(without_keyrings)?;
    // A key that is longer than `user` keys can be was not written.
    if payload.len > LONGEST { Err(Errno::OPNOTSUPP) } else { Ok(payload) }
}

/// The description of a key: its type, owner, group, permissions and name, with `;` between them.
fn described(serial: i32, room: &mut [u8]) -> Result<&[u8]> {
    let len = retry(|| sys::describe(serial, room)).map_err(without_keyrings)?;
    Ok(room.get(..len).unwrap_or_default())
}

/// ENOSYS would say that a digest takes no key. Here it is the kernel that has no keyctl(2), or a
/// sandbox.
fn without_keyrings(errno: Errno) -> Errno {
    if errno == Errno::NOSYS { Errno::OPNOTSUPP } else { errno }
}
