// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! NETLINK_CRYPTO: CRYPTO_MSG_GETALG and what it answers.
//!
//! Reference: Linux `include/uapi/linux/cryptouser.h`, `crypto/crypto_user*.c`;
//! netlink(7). The reply is parsed from bytes, so that no layout is trusted.

use super::driver::Driver;
use super::socket::above_standard;
use crate::engine::{Kind, Properties};
use crate::errno::{Errno, Result, retry};
use crate::sys::socket::{netlink_crypto_socket, receive_now, send_to_kernel};
use std::ffi::CStr;
use std::os::fd::AsFd;

const NLMSG_ERROR: u16 = 2;
const NLM_F_REQUEST: u16 = 1;
const CRYPTO_MSG_GETALG: u16 = 0x13;

/// struct nlmsghdr.
const HEADER_LEN: usize = 16;
/// A name field in struct crypto_user_alg, which has three: the algorithm's, the
/// driver's, the module's. Four 32-bit words follow: type, mask, users, flags.
const NAME_LEN: usize = 64;
const ALG_LEN: usize = 3 * NAME_LEN + 4 * 4;

const CRYPTOCFGA_PRIORITY_VAL: u16 = 1;
const CRYPTOCFGA_REPORT_HASH: u16 = 3;
const CRYPTOCFGA_REPORT_BLKCIPHER: u16 = 4;
const CRYPTOCFGA_REPORT_AEAD: u16 = 5;
const CRYPTOCFGA_REPORT_RNG: u16 = 7;
const CRYPTOCFGA_REPORT_AKCIPHER: u16 = 9;
const CRYPTOCFGA_REPORT_KPP: u16 = 10;

const CRYPTO_ALG_ASYNC: u32 = 0x80;

/// The drivers of an algorithm that are asked about.
#[derive(Clone, Copy)]
pub enum Drivers {
    /// The first that the kernel finds; sizes are the same for all.
    Any,
    /// Only those that may answer before they have finished.
    Asynchronous,
}

/// The names among which one is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// The algorithms'.
    Algorithms,
    /// The algorithms', then the drivers' own.
    All,
}

/// Asks for a driver of the algorithm called `name`, the one that was registered last, else for the
/// driver of that name. ENOENT: the kernel has none. EPROTONOSUPPORT: no CONFIG_CRYPTO_USER.
pub fn query(kind: Kind, name: &CStr, names: Names, drivers: Drivers) -> Result<Driver> {
    let socket = above_standard(netlink_crypto_socket()?)?;
    let ask = |field| -> Result<Driver> {
        let request = request(kind, name.to_bytes(), field, drivers)?;
        retry(|| send_to_kernel(socket.as_fd(), &request))?;
        let mut reply = [0; 4096];
        // The kernel has answered before sendto(2) returns, so there is nothing to wait for.
        let len = retry(|| receive_now(socket.as_fd(), &mut reply))?;
        parse(reply.get(..len).ok_or(Errno::IO)?, kind)
    };
    match ask(NameField::Algorithm) {
        Err(Errno::NOENT) if names == Names::All => ask(NameField::Driver),
        answer => answer,
    }
}

#[derive(Clone, Copy)]
enum NameField {
    Algorithm,
    Driver,
}

/// CRYPTO_ALG_TYPE_* and the bits of it that tell the family.
fn type_and_mask(kind: Kind) -> (u32, u32) {
    match kind {
        Kind::Aead => (0x3, 0xf),
        // Also lskcipher, which the kernel serves to skcipher users.
        Kind::Skcipher => (0x4, 0xe),
        Kind::Kpp => (0x8, 0xf),
        Kind::Rng => (0xc, 0xf),
        Kind::Akcipher => (0xd, 0xf),
        // shash and ahash.
        Kind::Hash => (0xe, 0xe),
    }
}

fn request(
    kind: Kind,
    name: &[u8],
    field: NameField,
    drivers: Drivers,
) -> Result<[u8; HEADER_LEN + ALG_LEN]> {
    if name.len() >= NAME_LEN {
        return Err(Errno::NOENT);
    }
    let (mut flags, mut mask) = type_and_mask(kind);
    match drivers {
        Drivers::Any => {}
        Drivers::Asynchronous => {
            (flags, mask) = (flags | CRYPTO_ALG_ASYNC, mask | CRYPTO_ALG_ASYNC)
        }
    }
    let mut bytes = [0; HEADER_LEN + ALG_LEN];
    let mut put = |at: usize, value: &[u8]| {
        bytes.iter_mut().skip(at).zip(value).for_each(|(to, &from)| *to = from);
    };
    put(0, &((HEADER_LEN + ALG_LEN) as u32).to_ne_bytes());
    put(4, &CRYPTO_MSG_GETALG.to_ne_bytes());
    put(6, &NLM_F_REQUEST.to_ne_bytes());
    let names = match field {
        NameField::Algorithm => HEADER_LEN,
        NameField::Driver => HEADER_LEN + NAME_LEN,
    };
    put(names, name);
    put(HEADER_LEN + 3 * NAME_LEN, &flags.to_ne_bytes());
    put(HEADER_LEN + 3 * NAME_LEN + 4, &mask.to_ne_bytes());
    Ok(bytes)
}

/// Reads a reply; EIO if it is not one.
pub fn parse(reply: &[u8], kind: Kind) -> Result<Driver> {
    let len = u32_at(reply, 0)? as usize;
    let message = reply.get(..len).ok_or(Errno::IO)?;
    match u16_at(message, 4)? {
        CRYPTO_MSG_GETALG => {}
        // struct nlmsgerr begins with the negative errno.
        NLMSG_ERROR => {
            return Err(Errno::of_negative((u32_at(message, HEADER_LEN)? as i32).into()));
        }
        _ => return Err(Errno::IO),
    }
    let name = |at| message.get(at..at + NAME_LEN).map(text).ok_or(Errno::IO);
    let flags = u32_at(message, HEADER_LEN + ALG_LEN - 4)?;
    let mut driver = Driver {
        name: name(HEADER_LEN + NAME_LEN)?.to_owned(),
        properties: Properties { name: name(HEADER_LEN)?.to_owned(), ..Properties::default() },
        asynchronous: flags & CRYPTO_ALG_ASYNC != 0,
        ..Driver::default()
    };
    let mut described = false;
    for attribute in Attributes(message.get(HEADER_LEN + ALG_LEN..).ok_or(Errno::IO)?) {
        let (tag, value) = attribute?;
        described |= read_attribute(&mut driver, kind, tag, value)?;
    }
    // An algorithm that is still being loaded is reported without its sizes.
    if described { Ok(driver) } else { Err(Errno::NOENT) }
}

/// Takes over an attribute. Returns whether it was the family's report. A report begins with the
/// family's name, which the name of the IV generator follows in families that have one.
fn read_attribute(driver: &mut Driver, kind: Kind, tag: u16, value: &[u8]) -> Result<bool> {
    let word = |index: usize| u32_at(value, index);
    let properties = &mut driver.properties;
    match (tag, kind) {
        (CRYPTOCFGA_PRIORITY_VAL, _) => {
            driver.priority = word(0)?;
            return Ok(false);
        }
        (CRYPTOCFGA_REPORT_BLKCIPHER, Kind::Skcipher) => {
            properties.block_size = word(2 * NAME_LEN)?;
            properties.iv_size = word(2 * NAME_LEN + 12)?;
        }
        (CRYPTOCFGA_REPORT_AEAD, Kind::Aead) => {
            properties.block_size = word(2 * NAME_LEN)?;
            properties.max_tag_size = word(2 * NAME_LEN + 4)?;
            properties.iv_size = word(2 * NAME_LEN + 8)?;
        }
        (CRYPTOCFGA_REPORT_HASH, Kind::Hash) => {
            properties.block_size = word(NAME_LEN)?;
            properties.digest_size = word(NAME_LEN + 4)?;
        }
        (CRYPTOCFGA_REPORT_RNG, Kind::Rng) => properties.seed_size = word(NAME_LEN)?,
        (CRYPTOCFGA_REPORT_AKCIPHER, Kind::Akcipher) | (CRYPTOCFGA_REPORT_KPP, Kind::Kpp) => {}
        _ => return Ok(false),
    }
    Ok(true)
}

/// The attributes of a message: struct rtattr, value, padding to four bytes.
struct Attributes<'a>(&'a [u8]);

impl<'a> Iterator for Attributes<'a> {
    type Item = Result<(u16, &'a [u8])>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.len() < 4 {
            return None;
        }
        Some(self.split_first().inspect_err(|_| self.0 = &[]))
    }
}

impl<'a> Attributes<'a> {
    fn split_first(&mut self) -> Result<(u16, &'a [u8])> {
        let len = usize::from(u16_at(self.0, 0)?);
        let tag = u16_at(self.0, 2)?;
        let value = self.0.get(4..len).ok_or(Errno::IO)?;
        self.0 = self.0.get(len.next_multiple_of(4)..).unwrap_or_default();
        Ok((tag, value))
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Result<u16> {
    let bytes = bytes.get(at..).and_then(|rest| rest.first_chunk()).ok_or(Errno::IO)?;
    Ok(u16::from_ne_bytes(*bytes))
}

fn u32_at(bytes: &[u8], at: usize) -> Result<u32> {
    let bytes = bytes.get(at..).and_then(|rest| rest.first_chunk()).ok_or(Errno::IO)?;
    Ok(u32::from_ne_bytes(*bytes))
}

/// The text before the first NUL; names in the kernel are ASCII.
fn text(bytes: &[u8]) -> &str {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    std::str::from_utf8(bytes.get(..end).unwrap_or_default()).unwrap_or_default()
}
