// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! kcapi's command line.

use super::refuse;
use crate::hex;
use crate::library::derivation;
use crate::library::{Direction, Flag};
use crate::message::Name;
use crate::options::{Arguments, Found, Options, number};
use crate::tool::Failed;
use alloc::vec::Vec;
use core::ffi::CStr;

/// The choices of `-x`. The numbers are those of the C library's program.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A symmetric cipher.
    Cipher,
    /// An AEAD.
    Aead,
    /// A digest, with a key or without.
    Digest,
    /// An asymmetric cipher.
    Asymmetric,
    /// Key derivation of SP 800-108.
    Kdf(derivation::Mode),
    /// PBKDF2.
    Pbkdf2,
    /// HKDF.
    Hkdf,
    /// Key agreement.
    Agreement,
}

/// By their numbers, which begin with 1.
const MODES: [(Mode, Flag); 14] = [
    (Mode::Cipher, Flag::None),
    (Mode::Aead, Flag::None),
    (Mode::Digest, Flag::None),
    (Mode::Asymmetric, Flag::None),
    (Mode::Kdf(derivation::Mode::Counter), Flag::None),
    (Mode::Kdf(derivation::Mode::Feedback), Flag::None),
    (Mode::Kdf(derivation::Mode::DoublePipeline), Flag::None),
    (Mode::Pbkdf2, Flag::None),
    (Mode::Cipher, Flag::Aio),
    (Mode::Aead, Flag::Aio),
    (Mode::Asymmetric, Flag::Aio),
    (Mode::Hkdf, Flag::None),
    (Mode::Agreement, Flag::None),
    (Mode::Agreement, Flag::Aio),
];

/// Bytes that the command line gives, if it does.
type Bytes = Option<Vec<u8>>;

/// The command line.
pub struct Settings {
    /// `-x`.
    pub mode: Mode,
    /// `-x` means asynchronous I/O.
    pub aio: Flag,
    /// `-c`.
    pub algorithm: &'static str,
    /// `-e`, or not.
    pub direction: Direction,
    /// `-k`.
    pub key: Bytes,
    /// `-i`.
    pub iv: Bytes,
    /// `-n`: a nonce for CCM.
    pub nonce: Bytes,
    /// `-p`.
    pub plaintext: Bytes,
    /// `-q`.
    pub ciphertext: Bytes,
    /// `-a`.
    pub aad: Bytes,
    /// `-t`.
    pub tag: Bytes,
    /// `-l`: bytes of the tag, or the number of a curve.
    pub tag_length: Option<usize>,
    /// `-b`: bytes of the result.
    pub result: Option<usize>,
    /// `-d`.
    pub operations: usize,
    /// `-m` with a number: bytes of the message.
    pub message: Option<usize>,
    /// `-m` without: each message on a page of its own.
    pub aligned: bool,
    /// `-f`: tell the time.
    pub timed: bool,
    /// `-r`.
    pub repetitions: usize,
    /// `-s`: the calls for pieces.
    pub stream: bool,
    /// `-j`: another process sends.
    pub forked: bool,
    /// `-u`: the AAD in front of the result.
    pub show_aad: bool,
    /// `-o`: in place; or sign and verify.
    pub other_way: bool,
    /// `-y`: on a second handle.
    pub second_handle: bool,
    /// `-g`: make a key.
    pub generate: bool,
}

/// The task.
pub enum Task {
    /// Tell the usage.
    Help,
    /// Known answers.
    SelfTest,
    /// Calls with random arguments.
    Random(Settings),
    /// Operations.
    Work(Settings),
}

const SHORT: &CStr = c"x:c:k:i:n:ep:q:a:t:l:b:usjvoygd:mfrzh";

/// Bytes in hexadecimal, an even number of digits.
fn bytes(found: &Found) -> Result<Bytes, Failed> {
    let (option, text) = (char::from(found.option), found.value.to_bytes());
    if !text.len().is_multiple_of(2) {
        return Err(refuse(format_args!("-{option}: an odd number of hex digits")));
    }
    match text.chunks(2).find(|digits| hex::decode(digits).is_none()) {
        Some(wrong) => Err(refuse(format_args!("-{option}: '{}' is not hex", Name(wrong)))),
        None => Ok(hex::decode(text)),
    }
}

/// A number that makes sense for its option.
fn count(option: u8, text: &CStr) -> Result<usize, Failed> {
    const MOST: usize = 1 << 30;
    let value = number(text).and_then(|value| usize::try_from(value).ok());
    value.filter(|value| (1..=MOST).contains(value)).ok_or_else(|| {
        let (option, text) = (char::from(option), Name(text.to_bytes()));
        refuse(format_args!("-{option}: '{text}' is not a number from 1 to {MOST}"))
    })
}

/// The number behind an option that takes one or none.
fn count_behind(options: &mut Options<'_>, option: u8) -> Result<Option<usize>, Failed> {
    let behind = options.take_operand(|word| number(word).is_some());
    behind.map(|text| count(option, text)).transpose()
}

fn mode(text: &CStr) -> Result<(Mode, Flag), Failed> {
    let index = number(text).and_then(|number| usize::try_from(number).ok()?.checked_sub(1));
    index.and_then(|index| MODES.get(index)).copied().ok_or_else(|| {
        let (text, most) = (Name(text.to_bytes()), MODES.len());
        refuse(format_args!("-x: '{text}' is no number from 1 to {most}"))
    })
}

impl Settings {
    /// The defaults, for a command line that says nothing.
    fn new() -> Self {
        Self {
            mode: Mode::Cipher,
            aio: Flag::None,
            algorithm: "",
            direction: Direction::Decrypt,
            key: None,
            iv: None,
            nonce: None,
            plaintext: None,
            ciphertext: None,
            aad: None,
            tag: None,
            tag_length: None,
            result: None,
            operations: 1,
            message: None,
            aligned: false,
            timed: false,
            repetitions: 1,
            stream: false,
            forked: false,
            show_aad: false,
            other_way: false,
            second_handle: false,
            generate: false,
        }
    }

    /// Reads the command line.
    pub fn read(arguments: &Arguments) -> Result<Task, Failed> {
        let mut settings = Self::new();
        let (mut chosen, mut help, mut self_test) = (false, false, false);
        let mut options = arguments.options(SHORT, &[]);
        while let Some(found) = options.next() {
            let wrong = |_| refuse(format_args!("unknown option, or one without its value"));
            let found = found.map_err(wrong)?;
            match found.option {
                b'x' => {
                    (settings.mode, settings.aio) = mode(found.value)?;
                    chosen = true;
                }
                b'm' => match count_behind(&mut options, b'm')? {
                    None => settings.aligned = true,
                    length => settings.message = length,
                },
                b'r' => {
                    let repetitions = count_behind(&mut options, b'r')?;
                    settings.repetitions = repetitions.unwrap_or(settings.repetitions);
                }
                b'z' => self_test = true,
                b'h' => help = true,
                _ => settings.take(&found)?,
            }
        }
        if let Some(operand) = arguments.operands().next() {
            let operand = Name(operand.to_bytes());
            return Err(refuse(format_args!("'{operand}' belongs to no option")));
        }
        match (chosen, help, self_test) {
            (false, true, _) => return Ok(Task::Help),
            (_, _, true) => return Ok(Task::SelfTest),
            (false, _, _) => return Err(refuse(format_args!("option -x is missing"))),
            _ if settings.algorithm.is_empty() => {
                return Err(refuse(format_args!("option -c is missing")));
            }
            (true, true, false) => return Ok(Task::Random(settings)),
            (true, false, false) => {}
        }
        settings.complete()?;
        Ok(Task::Work(settings))
    }

    /// Takes an option without an argument.
    fn take(&mut self, found: &Found) -> Result<(), Failed> {
        match found.option {
            // No algorithm has a name that is no UTF-8.
            b'c' => self.algorithm = found.value.to_str().unwrap_or("?"),
            b'e' => self.direction = Direction::Encrypt,
            b'k' => self.key = bytes(found)?,
            b'i' => self.iv = bytes(found)?,
            b'n' => self.nonce = bytes(found)?,
            b'p' => self.plaintext = bytes(found)?,
            b'q' => self.ciphertext = bytes(found)?,
            b'a' => self.aad = bytes(found)?,
            b't' => self.tag = bytes(found)?,
            b'l' => self.tag_length = Some(count(b'l', found.value)?),
            b'b' => self.result = Some(count(b'b', found.value)?),
            b'd' => self.operations = count(b'd', found.value)?,
            b'f' => self.timed = true,
            b's' => self.stream = true,
            b'j' => self.forked = true,
            b'u' => self.show_aad = true,
            b'o' => self.other_way = true,
            b'y' => self.second_handle = true,
            b'g' => self.generate = true,
            // -v, a hint that the library does not need.
            _ => {}
        }
        Ok(())
    }

    /// The data that are encrypted or decrypted.
    pub fn data(&self) -> &[u8] {
        self.data_option().0.as_deref().unwrap_or_default()
    }

    /// The same with its option, and the option that has no place beside it.
    fn data_option(&self) -> (&Bytes, &'static str, &Bytes, &'static str) {
        match self.direction {
            Direction::Encrypt => (&self.plaintext, "-p", &self.ciphertext, "-q"),
            Direction::Decrypt => (&self.ciphertext, "-q", &self.plaintext, "-p"),
        }
    }

    /// Refuses a command line that lacks something, or whose options do not go together.
    fn complete(&self) -> Result<(), Failed> {
        let wrong = match self.mode {
            Mode::Cipher | Mode::Aead => return self.complete_cipher(),
            Mode::Digest => None,
            Mode::Asymmetric => self.key.is_none().then_some("-k"),
            _ if self.result.is_none() => Some("-b"),
            _ => self.key.is_none().then_some("-k"),
        };
        wrong.map_or(Ok(()), |wrong| Err(refuse(format_args!("option {wrong} is missing"))))
    }

    fn complete_cipher(&self) -> Result<(), Failed> {
        let task = match self.direction {
            Direction::Encrypt => "encryption (-e)",
            Direction::Decrypt => "decryption (no -e)",
        };
        let (data, option, other, other_option) = self.data_option();
        if self.key.is_none() {
            return Err(refuse(format_args!("option -k is missing")));
        }
        if data.is_none() && self.message.is_none() {
            return Err(refuse(format_args!("{task} needs option {option} or -m")));
        }
        if other.is_some() {
            return Err(refuse(format_args!("option {other_option} has no place in {task}")));
        }
        if self.stream && self.aio == Flag::Aio {
            return Err(refuse(format_args!("option -s cannot be combined with -x 9 and -x 10")));
        }
        if self.iv.is_some() && self.nonce.is_some() {
            return Err(refuse(format_args!("options -i and -n are two ways to say the same")));
        }
        if self.mode == Mode::Aead { self.complete_aead() } else { self.refuse_aead() }
    }

    fn complete_aead(&self) -> Result<(), Failed> {
        match (self.direction, &self.tag, self.tag_length) {
            (Direction::Encrypt, Some(_), _) => {
                Err(refuse(format_args!("option -t is for decryption; encryption (-e) takes -l")))
            }
            (Direction::Decrypt, None, _) => {
                Err(refuse(format_args!("AEAD decryption needs option -t")))
            }
            (Direction::Decrypt, Some(tag), Some(length)) if length != tag.len() => {
                let has = tag.len();
                Err(refuse(format_args!("-l {length}, but the tag of -t has {has} bytes")))
            }
            _ => Ok(()),
        }
    }

    fn refuse_aead(&self) -> Result<(), Failed> {
        let given = [&self.aad, &self.tag, &self.nonce].into_iter().any(Option::is_some);
        if given || self.tag_length.is_some() {
            let what = "options -a, -n, -t and -l are for an AEAD (-x 2 and -x 10)";
            return Err(refuse(format_args!("{what}")));
        }
        Ok(())
    }
}
