// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The way of data from the caller's input IOVECs to the place where they are processed, and on to
//! the output IOVECs.
//!
//! Input and output may overlap in any way. As in the kernel, all input is copied before any output
//! is written. If they are the same or do not overlap, ciphers and AEADs go from one to the other without
//! a copy, in an `InOutBuf`, which never lends both at once.
//!
//! References to a caller's memory are made here, and below `capi` nowhere else: to an input while nothing
//! is written, and to an output when the input is not needed any more or does not overlap it.

#![allow(unsafe_code)]

use crate::errno::{Errno, Result};
use crate::iov::{Iovecs, gather, iovec, scatter};
use crate::wipe::wipe_bytes;
use cipher::InOutBuf;
use libc::iovec;

/// Room for the tag behind a message, so that the message need not be moved.
const SLACK: usize = 64;

/// The size up to which a buffer is kept for the next message.
const KEPT: usize = 256 * 1024;

/// A buffer of the engine's own. Its bytes are wiped when they are not needed any more.
#[derive(Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    /// Bytes at the beginning that have been removed.
    removed: usize,
}

impl Buffer {
    /// `len` bytes of zeros; ENOMEM.
    pub fn zeros(len: usize) -> Result<Self> {
        let mut buffer = Self::default();
        buffer.grow(len)?;
        Ok(buffer)
    }

    /// The bytes.
    pub fn bytes(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.removed..).unwrap_or_default()
    }

    /// The number of bytes.
    pub fn len(&self) -> usize {
        self.bytes.len() - self.removed
    }

    /// Returns whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends zeros; ENOMEM.
    pub fn grow(&mut self, more: usize) -> Result<()> {
        self.reserve(more)?;
        self.bytes.resize(self.bytes.len() + more, 0);
        Ok(())
    }

    /// Appends a copy of `input`. ENOMEM: nothing is appended.
    pub fn append(&mut self, input: Iovecs<'_>) -> Result<()> {
        let more = input.total()?;
        self.reserve(more + SLACK)?;
        let len = self.bytes.len();
        // SAFETY: there is room for `more` bytes, and all of them are written before they become part of the
        // vector. Whoever made the list promised that its memory may be read.
        unsafe {
            let mut to = self.bytes.as_mut_ptr().add(len);
            for iov in input.list().iter().filter(|iov| iov.iov_len > 0) {
                to.copy_from_nonoverlapping(iov.iov_base.cast(), iov.iov_len);
                to = to.add(iov.iov_len);
            }
            self.bytes.set_len(len + more);
        }
        Ok(())
    }

    fn reserve(&mut self, more: usize) -> Result<()> {
        if more > self.bytes.capacity() - self.bytes.len() {
            // A vector that grows by itself would leave its contents in freed memory.
            let mut grown = Vec::new();
            grown.try_reserve_exact((self.len() + more).max(self.len().saturating_mul(2)))?;
            grown.extend_from_slice(self.bytes());
            wipe_bytes(&mut self.bytes);
            self.bytes = grown;
            self.removed = 0;
        }
        Ok(())
    }

    /// Removes the first `len` bytes.
    pub fn remove(&mut self, len: usize) {
        wipe_bytes(self.bytes().get_mut(..len).unwrap_or_default());
        self.removed += len;
        if self.is_empty() {
            self.bytes.clear();
            self.removed = 0;
            if self.bytes.capacity() > KEPT {
                self.bytes = Vec::new();
            }
        }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        wipe_bytes(&mut self.bytes);
    }
}

/// Copies `from` to `to`, as much as there is room for. Returns the number of bytes.
pub fn copy_out(from: &[u8], to: Iovecs<'_>) -> usize {
    // SAFETY: whoever made the list promised that its memory may be written; `from`
    // is the engine's own.
    unsafe { scatter(from, to.list()) };
    to.list().iter().fold(0usize, |sum, iov| sum.saturating_add(iov.iov_len)).min(from.len())
}

/// Gives each IOVEC's memory to `read`, in order.
pub fn read_each(input: Iovecs<'_>, mut read: impl FnMut(&[u8])) {
    for iov in input.list().iter().filter(|iov| iov.iov_len > 0) {
        // SAFETY: whoever made the list promised that its memory may be read and that nobody
        // writes it during the call; the reference ends with this turn.
        read(unsafe { std::slice::from_raw_parts(iov.iov_base.cast(), iov.iov_len) });
    }
}

/// Gives the memory of the only IOVEC that is not empty to `read`. None: there are several.
pub fn read_only<T>(input: Iovecs<'_>, read: impl FnOnce(&[u8]) -> T) -> Option<T> {
    let iov = only(input)?;
    // SAFETY: as in `read_each`; what `only` makes up is empty and not NULL.
    Some(read(unsafe { std::slice::from_raw_parts(iov.iov_base.cast(), iov.iov_len) }))
}

/// The lengths of the parts of an AEAD's message, in bytes. A tag is behind the text, of the input in
/// decryption and of the output in encryption.
#[derive(Clone, Copy)]
pub struct Lengths {
    /// The associated data, which are the beginning of the input and of the output.
    pub aad: usize,
    /// What is en- or decrypted.
    pub text: usize,
    /// The tag in the input.
    pub tag_in: usize,
    /// The tag in the output.
    pub tag_out: usize,
}

impl Lengths {
    /// Bytes before the tag.
    fn before_tag(&self) -> usize {
        self.aad + self.text
    }

    /// Bytes in the input.
    fn input(&self) -> usize {
        self.before_tag() + self.tag_in
    }

    /// Bytes in the output.
    pub fn output(&self) -> usize {
        self.before_tag() + self.tag_out
    }

    /// The parts of a message that is processed where it is, in `bytes`, which have room for both the
    /// input and the output. None: they have not.
    pub fn cut<'a>(&self, bytes: &'a mut [u8]) -> Option<Parts<'a>> {
        let (aad, behind) = bytes.split_at_mut_checked(self.aad)?;
        let (text, tag) = behind.split_at_mut_checked(self.text)?;
        let (tag_in, tag_out) = tag.split_at_mut_checked(self.tag_in)?;
        Some(Parts { aad, text: text.into(), tag_in, tag_out: tag_out.get_mut(..self.tag_out)? })
    }
}

/// The parts of an AEAD's message.
pub struct Parts<'a> {
    /// The associated data, in the output already.
    pub aad: &'a mut [u8],
    /// The text on its way from input to output.
    pub text: InOutBuf<'a, 'a, u8>,
    /// The tag in the input.
    pub tag_in: &'a [u8],
    /// The place of the tag in the output.
    pub tag_out: &'a mut [u8],
}

/// Lets `process` work on an AEAD's message from `input` to `output`, which have as many bytes as the
/// message: without a copy of the text if both are one piece of memory each, and the same or apart.
///
/// When `process` fails, nothing that it has written is left in an output that is not the input.
pub fn in_parts<T>(
    input: Iovecs<'_>,
    lengths: Lengths,
    output: Iovecs<'_>,
    process: impl FnOnce(Parts<'_>) -> Result<T>,
) -> Result<T> {
    let (read, written) = (lengths.input(), lengths.output());
    if let Some((from, to)) = same_or_apart(input, read, output, written) {
        let behind = lengths.before_tag();
        // SAFETY: whoever made the lists promised that their memory may be read, and written, and
        // that nobody else uses it. They are the same or do not overlap, and no two parts of either
        // do; where they are the same, only one of the tags has bytes.
        let parts = unsafe {
            if !std::ptr::eq(from, to) {
                to.copy_from_nonoverlapping(from, lengths.aad);
            }
            let text = InOutBuf::from_raw(from.add(lengths.aad), to.add(lengths.aad), lengths.text);
            let tag_in = std::slice::from_raw_parts(from.add(behind), lengths.tag_in);
            let tag_out = slice(to.add(behind), lengths.tag_out);
            Parts { aad: slice(to, lengths.aad), text, tag_in, tag_out }
        };
        let processed = process(parts);
        // SAFETY: whoever made the lists promised that the output may be written, and what `process`
        // was given is gone.
        return processed.inspect_err(|_| unsafe { wipe_unless_same(from, to, written) });
    }
    in_copied_parts(input, lengths, output, process)
}

/// Copies an AEAD's message to a buffer, lets `process` work on it there, and copies the result to `output`.
/// Apart, as `in_place` is.
#[inline(never)]
fn in_copied_parts<T>(
    input: Iovecs<'_>,
    lengths: Lengths,
    output: Iovecs<'_>,
    process: impl FnOnce(Parts<'_>) -> Result<T>,
) -> Result<T> {
    let (read, written) = (lengths.input(), lengths.output());
    let mut scratch = Buffer::zeros(read.max(written))?;
    // SAFETY: whoever made the list promised that its memory may be read, and `scratch` is this function's own.
    unsafe { gather(input.list(), scratch.bytes()) };
    let processed = process(lengths.cut(scratch.bytes()).ok_or(Errno::INVAL)?)?;
    copy_out(scratch.bytes().get(..written).ok_or(Errno::INVAL)?, output);
    Ok(processed)
}

/// Lets `process` work on `len` bytes from `input` to `output`, which have as many: without a copy
/// if both are one piece of memory each, and the same or apart.
///
/// When `process` fails, no input is left in an output that it was not in before.
#[inline(always)]
pub fn in_to_out<T>(
    input: Iovecs<'_>,
    len: usize,
    output: Iovecs<'_>,
    process: impl FnOnce(InOutBuf<'_, '_, u8>) -> Result<T>,
) -> Result<T> {
    if let Some((from, to)) = same_or_apart(input, len, output, len) {
        // SAFETY: whoever made the lists promised that their memory may be read, and written, and
        // that nobody else uses it; they are the same or do not overlap.
        let processed = process(unsafe { InOutBuf::from_raw(from, to, len) });
        // SAFETY: the same, and what `process` was given is gone.
        return processed.inspect_err(|_| unsafe { wipe_unless_same(from, to, len) });
    }
    in_place(input, len, output, |data| process(data.into()))
}

/// Copies `len` bytes of `input` to the beginning of `output`, or to a buffer in between, and lets
/// `process` work on them there. Apart, so that other messages need no room for it.
#[inline(never)]
fn in_place<T>(
    input: Iovecs<'_>,
    len: usize,
    output: Iovecs<'_>,
    process: impl FnOnce(&mut [u8]) -> Result<T>,
) -> Result<T> {
    if let (Some(from), Some(to)) = (only(input), only(output)) {
        let (from, to): (*const u8, *mut u8) = (from.iov_base.cast(), to.iov_base.cast());
        // SAFETY: whoever made the lists promised that their memory may be read, and written; copy_to
        // allows for any overlap; the slice is the only reference to the output, and the input is not
        // used any more.
        let data = unsafe {
            from.copy_to(to, len);
            slice(to, len)
        };
        let processed = process(data);
        if processed.is_err() {
            wipe_bytes(data);
        }
        return processed;
    }
    let mut scratch = Buffer::zeros(len)?;
    // SAFETY: whoever made the list promised that its memory may be read, and `scratch` is this function's own.
    unsafe { gather(input.list(), scratch.bytes()) };
    let processed = process(scratch.bytes())?;
    copy_out(scratch.bytes(), output);
    Ok(processed)
}

/// `len` bytes on the way from `input` to `output`. None: these are not one piece of memory each, or
/// overlap without being the same.
///
/// # Safety
///
/// For `'a`, no other reference is made to the output's memory.
pub unsafe fn in_and_out<'a>(
    input: Iovecs<'a>,
    len: usize,
    output: Iovecs<'a>,
) -> Option<InOutBuf<'a, 'a, u8>> {
    let (from, to) = same_or_apart(input, len, output, len)?;
    // SAFETY: whoever made the lists promised that their memory may be read, and written, and that
    // nobody else uses it; they are the same or do not overlap. Here it is used once: the caller's promise.
    Some(unsafe { InOutBuf::from_raw(from, to, len) })
}

/// The starts of input and output. None: these are not one piece of memory each, or what is `read` of the
/// one and `written` of the other overlap without having the same start.
#[inline(always)]
fn same_or_apart(
    input: Iovecs<'_>,
    read: usize,
    output: Iovecs<'_>,
    written: usize,
) -> Option<(*const u8, *mut u8)> {
    let (from, to) = (only(input)?.iov_base, only(output)?.iov_base);
    (from == to || are_apart(from.addr(), read, to.addr(), written))
        .then(|| (from.cast_const().cast(), to.cast()))
}

/// Returns whether two pieces of memory do not overlap.
fn are_apart(one: usize, len: usize, other: usize, other_len: usize) -> bool {
    one.saturating_add(len) <= other || other.saturating_add(other_len) <= one
}

/// Wipes the output of a call that has failed, unless it is the input.
///
/// # Safety
///
/// `len` bytes at `to` may be written, and nothing else accesses them.
unsafe fn wipe_unless_same(from: *const u8, to: *mut u8, len: usize) {
    if !std::ptr::eq(from, to) {
        // SAFETY: the caller's promise.
        wipe_bytes(unsafe { slice(to, len) });
    }
}

/// The input, and the first `len` bytes of the output. None: these are not one piece of memory each, or
/// overlap, or the output has fewer.
///
/// # Safety
///
/// For `'a`, no other reference is made to the output's memory.
pub unsafe fn in_and_apart<'a>(
    input: Iovecs<'a>,
    output: Iovecs<'a>,
    len: usize,
) -> Option<(&'a [u8], &'a mut [u8])> {
    let (from, to) = (only(input)?, only(output)?);
    let apart = are_apart(from.iov_base.addr(), from.iov_len, to.iov_base.addr(), len);
    // SAFETY: whoever made the lists promised that the input may be read and is not written, and that nobody else
    // uses the output; they do not overlap. Here it is used once: the caller's promise. What `only` makes up is not
    // NULL.
    (apart && len <= to.iov_len).then(|| unsafe {
        let read = std::slice::from_raw_parts(from.iov_base.cast_const().cast(), from.iov_len);
        (read, slice(to.iov_base.cast(), len))
    })
}

/// The only IOVEC that is not empty, or an empty one; None if there are several.
#[inline(always)]
fn only(iovecs: Iovecs<'_>) -> Option<iovec> {
    match iovecs.list() {
        [only] if only.iov_len > 0 => Some(*only),
        list => only_filled(list),
    }
}

/// Apart, since most messages lie in one IOVEC.
#[cold]
fn only_filled(list: &[iovec]) -> Option<iovec> {
    let mut filled = list.iter().filter(|iov| iov.iov_len > 0);
    match (filled.next(), filled.next()) {
        (Some(only), None) => Some(*only),
        (None, _) => Some(iovec(std::ptr::NonNull::dangling().as_ptr(), 0)),
        _ => None,
    }
}

/// # Safety
///
/// `len` bytes at `start` may be read and written, and nothing else accesses them, for `'a`.
unsafe fn slice<'a>(start: *mut u8, len: usize) -> &'a mut [u8] {
    if len == 0 {
        return &mut [];
    }
    // SAFETY: the caller's promise; not NULL, since NULL has no bytes.
    unsafe { std::slice::from_raw_parts_mut(start, len) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The input's place in a memory of 64 bytes, each of which has its number as its value.
    const START: usize = 24;
    const LEN: usize = 16;

    /// The contents of that memory after `process` was given the place `output` as its output.
    fn after(
        output: usize,
        process: impl FnOnce(InOutBuf<'_, '_, u8>) -> Result<()>,
    ) -> (Result<()>, Vec<u8>) {
        let mut memory: Vec<u8> = (0..64).collect();
        let start = memory.as_mut_ptr();
        let list = |at| [iovec(start.wrapping_add(at), LEN)];
        let (input, output) = (list(START), list(output));
        // SAFETY: parts of `memory`, which nobody else uses meanwhile.
        let (input, output) = unsafe { (Iovecs::new(&input), Iovecs::new(&output)) };
        (in_to_out(input, LEN, output, process), memory)
    }

    #[test]
    fn input_and_output_overlap_in_any_way() {
        for output in 0..=64 - LEN {
            let mut expected: Vec<u8> = (0..64).collect();
            for i in 0..LEN {
                expected[output + i] = (START + i) as u8 + 100;
            }
            let byte_by_byte = |data: InOutBuf<'_, '_, u8>| {
                data.into_iter().for_each(|mut byte| *byte.get_out() = byte.clone_in() + 100);
                Ok(())
            };
            assert_eq!(after(output, byte_by_byte), (Ok(()), expected), "{output}");
        }
    }

    #[test]
    fn no_input_is_left_in_the_output_of_a_failed_call() {
        for output in [0, START - 1, START + 1, START + LEN] {
            let (result, memory) = after(output, |data| {
                let _ = data.into_out_with_copied_in();
                Err(Errno::INVAL)
            });
            assert_eq!(result, Err(Errno::INVAL));
            assert_eq!(memory[output..output + LEN], [0; LEN], "{output}");
        }
    }

    /// A message of 4 bytes of AAD and 8 of text, with a tag of 4.
    fn lengths(encrypt: bool) -> Lengths {
        let (tag_in, tag_out) = if encrypt { (0, 4) } else { (4, 0) };
        Lengths { aad: 4, text: 8, tag_in, tag_out }
    }

    /// [`after`] for an AEAD's message.
    fn after_parts(
        output: usize,
        lengths: Lengths,
        process: impl FnOnce(Parts<'_>) -> Result<()>,
    ) -> (Result<()>, Vec<u8>) {
        let mut memory: Vec<u8> = (0..64).collect();
        let start = memory.as_mut_ptr();
        let input = [iovec(start.wrapping_add(START), lengths.input())];
        let output = [iovec(start.wrapping_add(output), lengths.output())];
        // SAFETY: parts of `memory`, which nobody else uses meanwhile.
        let (input, output) = unsafe { (Iovecs::new(&input), Iovecs::new(&output)) };
        (in_parts(input, lengths, output, process), memory)
    }

    #[test]
    fn an_aeads_input_and_output_overlap_in_any_way() {
        for (output, encrypt) in (0..=64 - LEN).flat_map(|at| [(at, false), (at, true)]) {
            let lengths = lengths(encrypt);
            let mut expected: Vec<u8> = (0..64).collect();
            for i in 0..lengths.before_tag() {
                expected[output + i] = (START + i) as u8 + if i < lengths.aad { 0 } else { 100 };
            }
            expected[output + lengths.before_tag()..][..lengths.tag_out].fill(200);
            let processed = after_parts(output, lengths, |Parts { aad, text, tag_in, tag_out }| {
                let at = |part: usize, len: usize| (part..part + len).map(|i| (START + i) as u8);
                assert!(
                    aad.iter().copied().eq(at(0, 4)) && text.get_in().iter().copied().eq(at(4, 8))
                );
                assert!(tag_in.iter().copied().eq(at(12, lengths.tag_in)));
                text.into_iter().for_each(|mut byte| *byte.get_out() = byte.clone_in() + 100);
                tag_out.fill(200);
                Ok(())
            });
            assert_eq!(processed, (Ok(()), expected), "{output} {encrypt}");
        }
    }

    #[test]
    fn nothing_is_left_in_the_output_of_an_aeads_failed_call() {
        for output in 0..=64 - LEN {
            let lengths = lengths(false);
            let before: Vec<u8> = (0..64).collect();
            let (result, memory) = after_parts(output, lengths, |message| {
                message.text.into_out_with_copied_in().fill(200);
                Err(Errno::BADMSG)
            });
            assert_eq!(result, Err(Errno::BADMSG));
            // In place the text is the caller's of before, which who processes it has to wipe.
            if output != START {
                let place = output..output + lengths.output();
                let left = &memory[place.clone()];
                assert!(left == [0; 12] || *left == before[place.clone()], "{output}: {left:?}");
                let around =
                    |memory: &[u8]| [&memory[..place.start], &memory[place.end..]].concat();
                assert!(around(&memory) == around(&before), "{output}");
            }
        }
    }

    #[test]
    fn an_aeads_message_may_lie_in_several_iovecs() {
        for encrypt in [false, true] {
            let lengths = lengths(encrypt);
            let mut bytes: Vec<u8> = (0..64).collect();
            let start = bytes.as_mut_ptr();
            let pieces = |at: usize, len: usize| {
                [(0, 3), (3, 6), (9, len - 9)]
                    .map(|(i, len)| iovec(start.wrapping_add(at + 2 * i), len))
            };
            let (input, output) = (pieces(0, lengths.input()), pieces(32, lengths.output()));
            // SAFETY: parts of `bytes`, which nobody else uses meanwhile.
            let (input, output) = unsafe { (Iovecs::new(&input), Iovecs::new(&output)) };
            let processed =
                in_parts(input, lengths, output, |Parts { aad, text, tag_in, tag_out }| {
                    let gathered = [&*aad, text.get_in(), tag_in].concat();
                    let at = (0..3).chain(6..12).chain(18..18 + lengths.input() as u8 - 9);
                    assert!(gathered.into_iter().eq(at));
                    tag_out.fill(200);
                    text.into_out().fill(100);
                    Ok(())
                });
            assert_eq!(processed, Ok(()));
            assert_eq!(bytes[32..35], [0, 1, 2]);
            assert_eq!(bytes[38..44], [6, 100, 100, 100, 100, 100]);
            assert_eq!(bytes[50..53], [100; 3]);
            let tag: [u8; 4] = if encrypt { [200; 4] } else { [53, 54, 55, 56] };
            assert_eq!(bytes[53..57], tag);
        }
    }
}
