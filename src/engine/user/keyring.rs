// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Keys that are read from the kernel's keyrings, see keyctl(2).
//!
//! Only keys of type `user` are. The kernel gives nothing of a `logon` key; and what it gives of an
//! `encrypted` or a `trusted` key is not the key, but what another key has made of it. So the type
//! is looked at before anything is read.

use super::data::Buffer;
use crate::errno::{Errno, Result, retry};
use crate::sys::keyring as sys;

/// Bytes in the longest payload of a `user` key (Linux `security/keys/user_defined.c`). A
/// description has no more than 4 KiB, and some numbers.
const LONGEST: usize = 32767;

/// Gives the payload of a key to `f`; it is wiped afterwards. EOPNOTSUPP: the key is not of type
/// `user`, or this system has no keyrings; or an errno of keyctl(2).
pub fn with_payload<T>(serial: i32, f: impl FnOnce(&[u8]) -> Result<T>) -> Result<T> {
    let mut room = Buffer::zeros(LONGEST)?;
    let room = room.bytes();
    if !described(serial, room)?.starts_with(b"user;") {
        return Err(Errno::OPNOTSUPP);
    }
    let len = retry(|| sys::read(serial, room)).map_err(without_keyrings)?;
    // A key that is longer than `user` keys can be was not written.
    f(room.get(..len).ok_or(Errno::OPNOTSUPP)?)
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
