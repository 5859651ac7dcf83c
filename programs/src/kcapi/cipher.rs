// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Symmetric ciphers and AEADs: the same messages in all ways that the library has.

use super::clock::Clock;
use super::settings::{Mode, Settings};
use super::{fail, hex_line, refuse};
use crate::library::ways::{Pair, Transform};
use crate::library::{Aead, Cipher, Direction, Flag, ccm_iv};
use crate::sys::{Child, Errno, page_size};
use crate::tool::Failed;
use alloc::format;
use alloc::vec::Vec;

/// The most bytes that a stream may have in flight by the documentation: 16 pages.
const STREAM_PIECE: usize = 65536;

/// Messages' memory: each begins on a boundary of its own, the first of all on a page's.
struct Slots {
    memory: Vec<u8>,
    start: usize,
    stride: usize,
    length: usize,
}

impl Slots {
    fn new(count: usize, length: usize, aligned: bool) -> Result<Self, Failed> {
        let page = page_size();
        let stride = length.max(1).next_multiple_of(if aligned { page } else { 64 });
        let mut memory = Vec::new();
        let total = count.checked_mul(stride).and_then(|total| total.checked_add(page));
        let total = total.filter(|&total| memory.try_reserve_exact(total).is_ok());
        let Some(total) = total else {
            let what = format_args!("no memory for {count} messages of {length} bytes");
            return Err(fail(what));
        };
        memory.resize(total, 0);
        let start = memory.as_ptr().align_offset(page);
        memory.truncate(start + count * stride);
        Ok(Self { memory, start, stride, length })
    }

    fn iter_mut(&mut self) -> impl Iterator<Item = &mut [u8]> {
        let memory = self.memory.get_mut(self.start..).unwrap_or_default();
        memory.chunks_mut(self.stride).filter_map(|slot| slot.get_mut(..self.length))
    }
}

/// Bytes of a message, and where they are.
struct Lengths {
    /// Bytes of the plaintext or the ciphertext.
    data: usize,
    /// Bytes of the whole input.
    input: usize,
    /// Bytes of the whole output.
    output: usize,
}

impl Lengths {
    fn of(settings: &Settings, tag: usize) -> Self {
        let data = settings.message.unwrap_or(settings.data().len());
        let all = data + settings.aad.as_ref().map_or(0, Vec::len);
        match settings.direction {
            Direction::Encrypt => Self { data, input: all, output: all + tag },
            Direction::Decrypt => Self { data, input: all + tag, output: all },
        }
    }
}

/// The messages, and what becomes of them.
struct Messages {
    input: Slots,
    /// None where the results are in the place of the messages.
    output: Option<Slots>,
    lengths: Lengths,
}

/// Fills memory with a pattern, again and again; without one with 00 01 02 ...
fn fill(memory: &mut [u8], pattern: &[u8]) {
    if pattern.is_empty() {
        memory.iter_mut().enumerate().for_each(|(index, byte)| *byte = index as u8);
    } else {
        memory.iter_mut().zip(pattern.iter().cycle()).for_each(|(byte, from)| *byte = *from);
    }
}

impl Messages {
    fn new(settings: &Settings, lengths: Lengths) -> Result<Self, Failed> {
        let slots = |length| Slots::new(settings.operations, length, settings.aligned);
        let in_place = settings.other_way;
        let longest = lengths.input.max(lengths.output);
        let mut input = slots(if in_place { longest } else { lengths.input })?;
        let output = if in_place { None } else { Some(slots(lengths.output)?) };
        let aad = settings.aad.as_deref().unwrap_or_default();
        for slot in input.iter_mut() {
            let (head, rest) = slot.split_at_mut(aad.len().min(slot.len()));
            head.copy_from_slice(aad);
            let (data, rest) = rest.split_at_mut(lengths.data.min(rest.len()));
            fill(data, settings.data());
            if let Some(tag) = &settings.tag {
                rest.iter_mut().zip(tag).for_each(|(byte, from)| *byte = *from);
            }
        }
        Ok(Self { input, output, lengths })
    }

    fn pairs(&mut self) -> Vec<Pair<'_>> {
        let (input, output) = (self.lengths.input, self.lengths.output);
        match &mut self.output {
            Some(results) => self
                .input
                .iter_mut()
                .zip(results.iter_mut())
                .map(|(from, to)| Pair::apart(from, to))
                .collect(),
            None => self.input.iter_mut().map(|slot| Pair::in_place(slot, input, output)).collect(),
        }
    }

    /// The results in lines of digits, without their first bytes.
    fn lines(&mut self, without: usize) -> Vec<u8> {
        let length = self.lengths.output;
        let results = self.output.as_mut().unwrap_or(&mut self.input);
        let shown = |slot: &mut [u8]| hex_line(slot.get(without..length).unwrap_or_default());
        results.iter_mut().flat_map(shown).collect()
    }
}

/// An opened algorithm, and what the command line wants of it.
struct Work<'a> {
    settings: &'a Settings,
    transform: Transform,
    iv: Vec<u8>,
    tag_length: usize,
}

impl<'a> Work<'a> {
    fn open(settings: &'a Settings) -> Result<Self, Failed> {
        let (name, aio) = (settings.algorithm, settings.aio);
        let opened = match settings.mode {
            Mode::Aead => Aead::open(name, aio).map(Transform::Aead),
            _ => Cipher::open(name, aio).map(Transform::Cipher),
        };
        let transform = opened.map_err(|errno| fail(format_args!("no cipher {name}: {errno}")))?;
        let iv = iv(settings, &transform)?;
        let key = settings.key.as_deref().unwrap_or_default();
        transform.set_key(key).map_err(|errno| {
            let length = key.len();
            fail(format_args!("-k: {name} refuses a key of {length} bytes: {errno}"))
        })?;
        let tag_length = match (&transform, &settings.tag) {
            (Transform::Cipher(_), _) => 0,
            (_, Some(tag)) => tag.len(),
            (Transform::Aead(aead), None) => settings.tag_length.unwrap_or(aead.tag_size()),
        };
        let mut work = Self { settings, transform, iv, tag_length };
        work.set_lengths()?;
        if settings.second_handle {
            let second = work.transform.another(aio);
            work.transform = second.map_err(|errno| fail(format_args!("-y: {errno}")))?;
            work.set_lengths()?;
        }
        Ok(work)
    }

    /// Lengths of tag and AAD, which each handle has of its own.
    fn set_lengths(&self) -> Result<(), Failed> {
        let Transform::Aead(aead) = &self.transform else { return Ok(()) };
        let aad = self.settings.aad.as_ref().map_or(0, Vec::len);
        aead.set_lengths(self.tag_length, aad).map_err(|errno| {
            let (name, length) = (self.settings.algorithm, self.tag_length);
            fail(format_args!("{name} refuses a tag of {length} bytes: {errno}"))
        })
    }

    /// All operations, once: the bytes of all results.
    fn run(&self, pairs: &mut [Pair<'_>]) -> Result<usize, Errno> {
        let direction = self.settings.direction;
        if self.settings.aio == Flag::Aio {
            return self.transform.batch(direction, pairs, &self.iv);
        }
        pairs.iter_mut().try_fold(0, |total, pair| {
            Ok(total
                + if self.settings.stream {
                    self.stream(pair)?
                } else {
                    self.transform.message(direction, pair, &self.iv)?
                })
        })
    }

    /// A message in pieces; with -j a child sends what this process receives.
    fn stream(&self, pair: &mut Pair<'_>) -> Result<usize, Errno> {
        self.transform.begin(self.settings.direction, &self.iv)?;
        if !self.settings.forked {
            self.send(pair, true)?;
            return match self.transform {
                Transform::Cipher(_) => Ok(pair.input_length()),
                Transform::Aead(_) => self.receive(pair, 0, usize::MAX),
            };
        }
        let sender = Child::start(|| self.send(pair, false).is_ok())?;
        let received = self.receive(pair, 0, usize::MAX);
        if sender.wait()? { received } else { Err(Errno(libc::EIO)) }
    }

    /// The pieces of a message. A cipher's results come in between, unless another process
    /// receives them: more than the kernel holds cannot be sent before.
    fn send(&self, pair: &mut Pair<'_>, receives: bool) -> Result<(), Errno> {
        let mut sent = 0;
        loop {
            let count = self.transform.send(pair, sent, STREAM_PIECE)?;
            if receives && matches!(self.transform, Transform::Cipher(_)) {
                self.receive(pair, sent, count)?;
            }
            sent += count;
            if sent >= pair.input_length() {
                return Ok(());
            }
        }
    }

    /// So many bytes of a result, or as many as there is room for: the kernel may hand out fewer
    /// than are there.
    fn receive(&self, pair: &mut Pair<'_>, from: usize, most: usize) -> Result<usize, Errno> {
        let most = most.min(pair.output_length().saturating_sub(from));
        let mut received = 0;
        while received < most {
            match self.transform.receive(pair, from + received, most - received)? {
                0 => break,
                count => received += count,
            }
        }
        Ok(received)
    }
}

fn iv(settings: &Settings, transform: &Transform) -> Result<Vec<u8>, Failed> {
    let given = match &settings.nonce {
        Some(nonce) => ccm_iv(nonce).map_err(|_| {
            let length = nonce.len();
            refuse(format_args!("-n: no IV can be made of {length} bytes"))
        })?,
        None => settings.iv.clone().unwrap_or_default(),
    };
    let (size, length) = (transform.iv_size(), given.len());
    if length != size {
        let name = settings.algorithm;
        return Err(refuse(format_args!("-i: {name} needs an IV of {size} bytes, not {length}")));
    }
    Ok(given)
}

/// Refuses lengths that a message cannot have.
fn refuse_lengths(settings: &Settings, lengths: &Lengths) -> Result<(), Failed> {
    if settings.mode == Mode::Cipher && lengths.input == 0 {
        let what = "no data: a symmetric cipher needs at least one byte";
        return Err(refuse(format_args!("{what}")));
    }
    // An AEAD's message must be in the kernel as a whole before it can be processed.
    if settings.mode == Mode::Aead && settings.stream && lengths.input > STREAM_PIECE {
        return Err(refuse(format_args!(
            "-s: an AEAD message may have at most {STREAM_PIECE} bytes, AAD and tag included"
        )));
    }
    Ok(())
}

/// Does all operations as often as is asked for. The result is what to print: the results, unless
/// it is their time that is wanted.
pub fn run(settings: &Settings) -> Result<Vec<u8>, Failed> {
    let work = Work::open(settings)?;
    let lengths = Lengths::of(settings, work.tag_length);
    refuse_lengths(settings, &lengths)?;
    let (input, expected) = (lengths.input, lengths.output * settings.operations);
    let mut messages = Messages::new(settings, lengths)?;
    let mut pairs = messages.pairs();
    let mut clock = Clock::new();
    for _ in 0..settings.repetitions {
        match clock.measure(|| work.run(&mut pairs)) {
            Ok(length) if length == expected => {}
            Ok(length) => {
                let what = format_args!("{length} bytes came back instead of {expected}");
                return Err(fail(what));
            }
            Err(Errno(libc::EBADMSG)) => return Ok(b"EBADMSG\n".to_vec()),
            Err(errno) => {
                let task = match settings.direction {
                    Direction::Encrypt => "encryption",
                    Direction::Decrypt => "decryption",
                };
                return Err(super::failed(task)(errno));
            }
        }
    }
    drop(pairs);
    let mut text = Vec::new();
    if !settings.timed || settings.message.is_none() {
        let aad = settings.aad.as_ref().map_or(0, Vec::len);
        text = messages.lines(if settings.show_aad { 0 } else { aad });
    }
    if settings.timed {
        let (count, total) = (settings.operations, clock.median());
        let (each, repetitions) = (total / count as i64, settings.repetitions);
        let time = format!(
            "time: {total} ns for {count} operations of {input} bytes, {each} ns each, median of {repetitions}\n"
        );
        text.extend_from_slice(time.as_bytes());
    }
    Ok(text)
}
