// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Symmetric ciphers. If the mode can go on from piece to piece a message may have any length;
//! otherwise it is in memory as a whole.

use super::mode::{self, Mode};
use super::settings::{Padding, Settings};
use super::{iv, padding, sink, tell_too_long};
use crate::key::Secret;
use crate::library::{Cipher, Direction, Flag};
use crate::message::Log;
use crate::sys::Errno;
use crate::tool::data::{Sink, Source, shown};
use crate::tool::key::Material;
use crate::tool::{Failed, failed};

/// Bytes that are read at once, whole blocks of any cipher.
const PIECE: usize = 64 << 10;

/// The things that all pieces of the message need.
struct Work<'a> {
    settings: &'a Settings,
    log: Log,
    cipher: Cipher,
    key: Secret,
    block: usize,
}

/// Encrypts or decrypts.
pub fn run(
    settings: &Settings,
    log: Log,
    source: &Source,
    material: Material,
) -> Result<(), Failed> {
    match (settings.pieces, mode::of(settings.cipher)) {
        (Some(length), _) => pieces(settings, log, source, material, length, |_| ()),
        (None, Mode::Chaining) => stream(settings, log, source, material),
        (None, Mode::Counting(at)) => {
            let next = |iv: &mut [u8]| mode::count_on(iv, at, PIECE);
            pieces(settings, log, source, material, PIECE, next)
        }
        (None, Mode::Whole) => whole(settings, log, source, material),
    }
}

impl<'a> Work<'a> {
    fn begin(settings: &'a Settings, log: Log, material: Material) -> Result<Self, Failed> {
        let name = settings.cipher;
        let cipher = Cipher::open(name, Flag::None).map_err(|errno| failed(log, &name, errno))?;
        log.verbose(format_args!("{name} by the engine {}", cipher.engine()));
        let block = cipher.block_size().max(1);
        if let Some(length) = settings.pieces.filter(|length| !length.is_multiple_of(block)) {
            let (length, block) = (shown(length), shown(block));
            let what =
                format_args!("--pieces: {length} are no multiple of the block size, {block}");
            return Err(failed(log, &what, Errno(libc::EINVAL)));
        }
        if settings.pieces.is_some() && block == 1 {
            // With the same IV for each piece their key streams would be the same, which gives the messages away.
            let what = format_args!("--pieces: {name} would have one key stream for all pieces");
            return Err(failed(log, &what, Errno(libc::EINVAL)));
        }
        let key = settings.key.key(log, material, settings.key_length)?;
        cipher.set_key(key.bytes()).map_err(|errno| failed(log, &"the key is refused", errno))?;
        Ok(Self { settings, log, cipher, key, block })
    }

    /// A whole message in its place; the kernel refuses one that is too long for it before it
    /// looks at it.
    fn in_place(&self, message: &mut [u8], iv: &[u8]) -> Result<usize, Errno> {
        let direction = self.settings.direction;
        match self.cipher.in_place(direction, message, iv) {
            Err(Errno(libc::EMSGSIZE)) => {
                tell_too_long(self.log, message.len());
                let cipher = Cipher::open(self.settings.cipher, Flag::User)?;
                cipher.set_key(self.key.bytes())?;
                cipher.in_place(direction, message, iv)
            }
            result => result,
        }
    }

    fn failed(&self, errno: Errno) -> Failed {
        failed(self.log, &self.settings.cipher, errno)
    }

    fn encrypts(&self) -> bool {
        self.settings.direction == Direction::Encrypt
    }

    /// Pads the end of a message, or refuses what cannot be decrypted.
    fn pad(&self, last: &mut Secret, length: u64) -> Result<(), Failed> {
        if !self.encrypts() {
            if length.is_multiple_of(self.block as u64) {
                return Ok(());
            }
            let what = format_args!("the ciphertext is not in blocks of {}", shown(self.block));
            return Err(failed(self.log, &what, Errno(libc::EINVAL)));
        }
        let count = padding::to_add(self.settings.padding, length, self.block);
        if count == 0 && self.between_files() && self.settings.padding == Padding::Compatible {
            let seeming = padding::found(last.bytes(), self.block, false);
            if seeming > 0 {
                let seeming = shown(seeming);
                self.log.warning(format_args!(
                    "the message ends like padding: decryption will take off {seeming}; see --pkcs7"
                ));
            }
        }
        let bytes = [count as u8; 256];
        last.append(bytes.get(..count).unwrap_or_default()).map_err(|errno| self.failed(errno))
    }

    fn between_files(&self) -> bool {
        self.settings.input.is_some() && self.settings.output.is_some()
    }

    /// Takes the padding off the end of a plaintext.
    fn unpad(&self, last: &mut Secret) -> Result<(), Failed> {
        if self.encrypts() || self.block <= 1 {
            return Ok(());
        }
        let count = match self.settings.padding {
            Padding::Keep => return Ok(()),
            Padding::Compatible if !self.between_files() => return Ok(()),
            Padding::Compatible => padding::found(last.bytes(), self.block, false),
            Padding::Pkcs7 => match padding::found(last.bytes(), self.block, true) {
                0 => {
                    return Err(failed(self.log, &"no padding: a wrong key?", Errno(libc::EINVAL)));
                }
                count => count,
            },
        };
        if count > 0 {
            if self.settings.padding == Padding::Compatible {
                let count = shown(count);
                self.log
                    .warning(format_args!("took off {count} of padding; --nounpad leaves them"));
            }
            let rest = last.bytes().len() - count;
            last.truncate(rest);
        }
        Ok(())
    }
}

/// A message in memory.
fn whole(settings: &Settings, log: Log, source: &Source, material: Material) -> Result<(), Failed> {
    let mut message = source.read_all(log, &[], 0)?;
    let work = Work::begin(settings, log, material)?;
    let iv = iv(settings, log, work.cipher.iv_size());
    let length = message.bytes().len() as u64;
    work.pad(&mut message, length)?;
    one_message(&work, message.bytes_mut(), &iv)?;
    work.unpad(&mut message)?;
    let sink = sink(settings, log)?;
    sink.write(log, message.bytes())?;
    sink.finish(log)
}

/// Encrypts or decrypts it in its place.
fn one_message(work: &Work<'_>, message: &mut [u8], iv: &[u8]) -> Result<(), Failed> {
    if message.is_empty() {
        return Ok(());
    }
    let length = message.len();
    let result = work.in_place(message, iv);
    match result {
        Ok(written) if written == length => Ok(()),
        Ok(_) => Err(work.failed(Errno(libc::EIO))),
        Err(Errno(libc::EMSGSIZE)) => {
            let what = format_args!("a message of {} is too long here", shown(length));
            Err(failed(work.log, &what, Errno(libc::EMSGSIZE)))
        }
        Err(errno) => Err(work.failed(errno)),
    }
}

/// Messages of so many bytes. `next_iv` makes a message's IV of that of the message before. The C program made
/// such pieces of a longer message, with the same IV for each.
fn pieces(
    settings: &Settings,
    log: Log,
    source: &Source,
    material: Material,
    length: usize,
    next_iv: impl Fn(&mut [u8]),
) -> Result<(), Failed> {
    source.refuse_endless(log, settings.output)?;
    let work = Work::begin(settings, log, material)?;
    let mut iv = iv(settings, log, work.cipher.iv_size());
    let mut now = read_piece(log, source, length)?;
    let sink = sink(settings, log)?;
    loop {
        let next = read_piece(log, source, length)?;
        let is_last = next.bytes().is_empty();
        if is_last {
            let length = now.bytes().len() as u64;
            work.pad(&mut now, length)?;
        }
        // Decryption cuts the ciphertext into the same pieces, so padding behind a whole piece is a message of
        // its own. Its IV is the same, since ciphers whose IV goes on from piece to piece take no padding.
        for piece in now.bytes_mut().chunks_mut(length) {
            one_message(&work, piece, &iv)?;
        }
        if is_last {
            work.unpad(&mut now)?;
        }
        sink.write(log, now.bytes())?;
        if is_last {
            return sink.finish(log);
        }
        next_iv(&mut iv);
        now = next;
    }
}

/// A piece of so many bytes, fewer at the end.
fn read_piece(log: Log, source: &Source, length: usize) -> Result<Secret, Failed> {
    let no_memory = |errno| failed(log, &format_args!("a piece of {}", shown(length)), errno);
    let mut piece = Secret::try_zeros(length.min(PIECE)).map_err(no_memory)?;
    let mut count = source.read_full(log, piece.bytes_mut())?;
    // A long piece of a short message takes no more memory than that.
    while count == piece.bytes().len() && count < length {
        piece.append_zeros(count.min(length - count)).map_err(no_memory)?;
        count += source.read_full(log, piece.bytes_mut().get_mut(count..).unwrap_or_default())?;
    }
    piece.truncate(count);
    Ok(piece)
}

/// A message in pieces, which the mode makes one message.
fn stream(
    settings: &Settings,
    log: Log,
    source: &Source,
    material: Material,
) -> Result<(), Failed> {
    source.refuse_endless(log, settings.output)?;
    let work = Work::begin(settings, log, material)?;
    let iv = iv(settings, log, work.cipher.iv_size());
    // A piece is known to be the last one when nothing comes behind it.
    let mut now = read_piece(log, source, PIECE)?;
    let sink = sink(settings, log)?;
    let mut length = now.bytes().len() as u64;
    work.cipher.begin(settings.direction, &iv).map_err(|errno| work.failed(errno))?;
    loop {
        let next = read_piece(log, source, PIECE)?;
        if next.bytes().is_empty() {
            work.pad(&mut now, length)?;
            let mut last = stream_piece(&work, &mut now, true)?;
            work.unpad(&mut last)?;
            sink.write(log, last.bytes())?;
            return sink.finish(log);
        }
        length += next.bytes().len() as u64;
        write_piece(&work, &mut now, &sink)?;
        now = next;
    }
}

fn write_piece(work: &Work<'_>, piece: &mut Secret, sink: &Sink) -> Result<(), Failed> {
    let output = stream_piece(work, piece, false)?;
    sink.write(work.log, output.bytes())
}

fn stream_piece(work: &Work<'_>, piece: &mut Secret, last: bool) -> Result<Secret, Failed> {
    let output = Secret::try_zeros(piece.bytes().len());
    let mut output = output.map_err(|errno| work.failed(errno))?;
    work.cipher
        .piece(piece.bytes_mut(), last, output.bytes_mut())
        .map_err(|errno| work.failed(errno))?;
    Ok(output)
}
