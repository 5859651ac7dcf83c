// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! kcapi-enc's command line.

use crate::key::LONGEST_MESSAGE;
use crate::library::{Direction, ccm_iv};
use crate::message::Log;
use crate::options::{Arguments, Long, Takes};
use crate::sys::Errno;
use crate::tool::key::{self, KeyOptions};
use crate::tool::{Failed, bytes, failed, name, number, usage};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ffi::CStr;

/// The task.
pub enum Task {
    /// Tell the usage.
    Help,
    /// Tell the version.
    Version,
    /// Encrypt or decrypt.
    Work(Box<Settings>),
}

/// The treatment of padding, for ciphers of whole blocks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// The C program's padding: see `padding`.
    Compatible,
    /// The padding of PKCS #7, which is openssl-enc(1)'s.
    Pkcs7,
    /// Decryption leaves it.
    Keep,
}

/// The command line.
pub struct Settings {
    /// The kernel's name of the cipher.
    pub cipher: &'static str,
    /// Encrypt or decrypt.
    pub direction: Direction,
    /// The input file.
    pub input: Option<&'static CStr>,
    /// The output file.
    pub output: Option<&'static CStr>,
    /// The IV, as it was given.
    pub iv: Option<Vec<u8>>,
    /// Associated data: there are some if and only if the cipher is an AEAD.
    pub aad: Option<Vec<u8>>,
    /// The tag, for decryption.
    pub tag: Option<Vec<u8>>,
    /// The tag's length.
    pub tag_length: usize,
    /// The source of the key.
    pub key: KeyOptions,
    /// Its length.
    pub key_length: usize,
    /// About padding.
    pub padding: Padding,
    /// Each so many bytes are a message of their own.
    pub pieces: Option<usize>,
}

const LONG: &[Long] = &[
    (c"cipher", Takes::Value, b'c'),
    (c"encrypt", Takes::Nothing, b'e'),
    (c"decrypt", Takes::Nothing, b'd'),
    (c"infile", Takes::Value, b'i'),
    (c"outfile", Takes::Value, b'o'),
    (c"iv", Takes::Value, IV),
    (c"ccm-nonce", Takes::Value, CCM_NONCE),
    (c"aad", Takes::Value, AAD),
    (c"taglen", Takes::Value, TAG_LENGTH),
    (c"tag", Takes::Value, TAG),
    (c"key-len", Takes::Value, KEY_LENGTH),
    key::LONG[0],
    key::LONG[1],
    key::LONG[2],
    key::LONG[3],
    key::LONG[4],
    key::LONG[5],
    (c"nounpad", Takes::Nothing, NO_UNPAD),
    (c"pkcs7", Takes::Nothing, PKCS7),
    (c"pieces", Takes::Value, PIECES),
    (c"verbose", Takes::Nothing, b'v'),
    (c"quiet", Takes::Nothing, b'q'),
    (c"help", Takes::Nothing, b'h'),
    (c"version", Takes::Nothing, VERSION),
];
const SHORT: &CStr = c"c:edi:o:p:s:vqh";
// Those without a letter; the key's are others.
const IV: u8 = 1;
const CCM_NONCE: u8 = 2;
const AAD: u8 = 3;
const TAG_LENGTH: u8 = 4;
const TAG: u8 = 5;
const KEY_LENGTH: u8 = 6;
const NO_UNPAD: u8 = 7;
const PKCS7: u8 = 8;
const PIECES: u8 = 9;
const VERSION: u8 = 10;

/// Bytes of a key: the most, and the default.
const LONGEST_KEY: u64 = 64;
const USUAL_KEY: usize = 32;
/// The longest tag that an algorithm has.
const LONGEST_TAG: u64 = 64;

impl Settings {
    /// Reads the command line. The options for messages are obeyed from here on.
    pub fn read(arguments: &Arguments, log: &mut Log) -> Result<Task, Failed> {
        let mut settings = Self {
            cipher: "",
            direction: Direction::Encrypt,
            input: None,
            output: None,
            iv: None,
            aad: None,
            tag: None,
            tag_length: 0,
            key: KeyOptions::default(),
            key_length: USUAL_KEY,
            padding: Padding::Compatible,
            pieces: None,
        };
        let mut ccm_nonce = None;
        for found in arguments.options(SHORT, LONG) {
            let found = found.map_err(|_| usage(*log, &"the command line is wrong"))?;
            if settings.key.take(&found) {
                continue;
            }
            let value = found.value;
            match found.option {
                b'c' => settings.cipher = name(*log, "--cipher", value)?,
                b'e' => settings.direction = Direction::Encrypt,
                b'd' => settings.direction = Direction::Decrypt,
                b'i' => settings.input = Some(value),
                b'o' => settings.output = Some(value),
                IV => settings.iv = Some(bytes(*log, "--iv", value)?),
                CCM_NONCE => ccm_nonce = Some(bytes(*log, "--ccm-nonce", value)?),
                AAD => settings.aad = Some(bytes(*log, "--aad", value)?),
                TAG_LENGTH => settings.tag_length = tag_length(*log, value)?,
                TAG => settings.tag = Some(tag(*log, value)?),
                KEY_LENGTH => settings.key_length = key_length(*log, value)?,
                NO_UNPAD => settings.padding = Padding::Keep,
                PKCS7 => settings.padding = Padding::Pkcs7,
                PIECES => settings.pieces = Some(piece_length(*log, value)?),
                b'v' => log.more(),
                b'q' => log.level = None,
                b'h' => return Ok(Task::Help),
                _ => return Ok(Task::Version),
            }
        }
        settings.complete(arguments, *log, ccm_nonce)?;
        Ok(Task::Work(Box::new(settings)))
    }

    /// Refuses a command line that lacks something, or whose options do not go together.
    fn complete(
        &mut self,
        arguments: &Arguments,
        log: Log,
        ccm_nonce: Option<Vec<u8>>,
    ) -> Result<(), Failed> {
        if arguments.operands().next().is_some() {
            return Err(usage(log, &"takes no operands; --infile names the input"));
        }
        if self.cipher.is_empty() {
            return Err(usage(log, &"a cipher is missing: --cipher"));
        }
        if !self.key.is_given() {
            return Err(usage(log, &"a key is missing: --keyfd, --passwdfd or --passwd"));
        }
        if let Some(nonce) = ccm_nonce {
            if self.iv.is_some() {
                return Err(usage(log, &"--iv or --ccm-nonce, not both"));
            }
            let wrong = |errno| failed(log, &"--ccm-nonce: a nonce has 7 to 13 bytes", errno);
            if !(7..=13).contains(&nonce.len()) {
                return Err(wrong(Errno(libc::EINVAL)));
            }
            self.iv = Some(ccm_iv(&nonce).map_err(wrong)?);
        }
        if self.aad.is_some() { self.complete_aead(log) } else { Ok(()) }
    }

    /// The same for what an AEAD needs.
    fn complete_aead(&mut self, log: Log) -> Result<(), Failed> {
        if self.pieces.is_some() {
            return Err(usage(log, &"--pieces is not for AEADs"));
        }
        match self.direction {
            Direction::Encrypt if self.tag_length == 0 => {
                Err(usage(log, &"encryption with --aad wants --taglen"))
            }
            Direction::Encrypt => match &self.tag {
                Some(tag) if tag.len() != self.tag_length => {
                    Err(usage(log, &"--tag has another length than --taglen says"))
                }
                _ => Ok(()),
            },
            Direction::Decrypt => match &self.tag {
                Some(tag) => {
                    self.tag_length = tag.len();
                    Ok(())
                }
                None => Err(usage(log, &"decryption with --aad wants --tag")),
            },
        }
    }
}

fn tag(log: Log, value: &CStr) -> Result<Vec<u8>, Failed> {
    let tag = bytes(log, "--tag", value)?;
    if tag.len() as u64 > LONGEST_TAG {
        return Err(failed(log, &"--tag", Errno(libc::EINVAL)));
    }
    Ok(tag)
}

fn tag_length(log: Log, value: &CStr) -> Result<usize, Failed> {
    let length = number(log, "--taglen", value)?;
    let length = Some(length).filter(|&length| length <= LONGEST_TAG);
    let length = length.and_then(|length| usize::try_from(length).ok());
    length.ok_or_else(|| failed(log, &"--taglen", Errno(libc::EINVAL)))
}

fn key_length(log: Log, value: &CStr) -> Result<usize, Failed> {
    let length = number(log, "--key-len", value)?;
    if (1..=LONGEST_KEY).contains(&length) {
        Ok(length as usize)
    } else {
        Err(usage(log, &"--key-len: a key has 1 to 64 bytes"))
    }
}

fn piece_length(log: Log, value: &CStr) -> Result<usize, Failed> {
    let length = usize::try_from(number(log, "--pieces", value)?).ok();
    let length = length.filter(|length| (1..=LONGEST_MESSAGE).contains(length));
    length.ok_or_else(|| usage(log, &"--pieces: pieces have 1 to 2147483647 bytes"))
}
