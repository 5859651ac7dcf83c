// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! `-z`: known answers.

use super::fail;
use crate::hex;
use crate::library::{Cipher, Digest, Direction, Flag};
use crate::sys::Result;
use crate::tool::Failed;

/// FIPS 197, appendix B; and a message that is no whole block is refused.
fn aes() -> Result<bool> {
    let bytes = |digits: &[u8]| hex::decode(digits).unwrap_or_default();
    let cipher = Cipher::open("ecb(aes)", Flag::None)?;
    cipher.set_key(&bytes(b"2b7e151628aed2a6abf7158809cf4f3c"))?;
    let mut block = bytes(b"3243f6a8885a308d313198a2e0370734");
    cipher.in_place(Direction::Encrypt, &mut block, &[])?;
    let mut part = [0; 15];
    let refused = cipher.in_place(Direction::Encrypt, &mut part, &[]).is_err();
    Ok(refused && block == bytes(b"3925841d02dc09fbdc118597196a0b32"))
}

/// FIPS 180-4's "abc".
fn sha256() -> Result<bool> {
    let digest = Digest::open("sha256")?.digest(b"abc")?;
    let expected = b"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    Ok(hex::encode(&digest) == expected)
}

/// RFC 4231, test case 2.
fn hmac() -> Result<bool> {
    let digest = Digest::open("hmac(sha256)")?;
    digest.set_key(b"Jefe")?;
    let mac = digest.digest(b"what do ya want for nothing?")?;
    let expected = b"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    Ok(hex::encode(&mac) == expected)
}

/// Checks that the library gives these results.
pub fn run() -> core::result::Result<(), Failed> {
    for (name, test) in
        [("ecb(aes)", aes as fn() -> Result<bool>), ("sha256", sha256), ("hmac(sha256)", hmac)]
    {
        match test() {
            Ok(true) => {}
            Ok(false) => return Err(fail(format_args!("{name} gives a wrong answer"))),
            Err(errno) => return Err(fail(format_args!("{name}: {errno}"))),
        }
    }
    Ok(())
}
