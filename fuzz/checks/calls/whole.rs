// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Whole messages, one or many in a call.

use super::model::{self, Block};
use super::{Session, pointer};
use crate::engine::Kind;
use libc::{iovec, ssize_t};

impl Session<'_> {
    pub fn whole(&mut self, slot: usize) {
        let encrypt = self.choices.below(2) == 1;
        let (mut message, iv) = (self.message(), self.iv());
        let genuine = self.genuine(slot, encrypt, iv, &message);
        let text = genuine.map(|sealed| std::mem::replace(&mut message, sealed));
        let room = self.room(self.result_len(encrypt, message.len()));
        let (mut input, mut output) = self.layout.pair(&message, room);
        let from = input.list()[0].iov_base;
        let to = output.as_mut().map_or(from, |output| output.list()[0].iov_base);
        // SAFETY: a live handle, memory of these lengths.
        let result = unsafe {
            self.functions.whole[usize::from(encrypt)](
                self.slots[slot].handle,
                from.cast(),
                message.len(),
                pointer(&iv),
                to.cast(),
                room,
                0,
            )
        };
        let written = output.as_ref().unwrap_or(&input).written(result, usize::MAX);
        if self.name == "gcm(aes)" && !encrypt && text.is_none() {
            assert!(result < 0, "a message without a tag was taken");
        }
        if self.kind == Kind::Skcipher && (message.is_empty() || room == 0) {
            assert_eq!(result, 0, "nothing to do");
        } else {
            let expected = self.expected(slot, encrypt, iv, &[&message], true);
            let expected = expected.or(text.map(|text| (text, None)));
            self.judge(slot, result, &written, room, expected);
        }
        self.answer("whole", result, written);
    }

    pub fn pairs(&mut self, slot: usize) {
        let encrypt = self.choices.below(2) == 1;
        let count = self.choices.below(9);
        let messages: Vec<_> = (0..count).map(|_| self.message()).collect();
        let iv = self.iv();
        let results: Vec<_> =
            messages.iter().map(|message| self.result_len(encrypt, message.len())).collect();
        let rooms: Vec<_> = results.iter().map(|&result| self.room(result)).collect();
        let pairs = messages.iter().zip(&rooms);
        let mut memory: Vec<_> =
            pairs.map(|(message, &room)| self.layout.pair(message, room)).collect();
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        for (((input, output), message), &room) in memory.iter_mut().zip(&messages).zip(&rooms) {
            let from = input.list()[0].iov_base;
            let to = output.as_mut().map_or(from, |output| output.list()[0].iov_base);
            inputs.push(iovec { iov_base: from, iov_len: message.len() });
            outputs.push(iovec { iov_base: to, iov_len: room });
        }
        // SAFETY: a live handle, arrays of `count` IOVECs over memory of their lengths.
        let result = unsafe {
            self.functions.pairs[usize::from(encrypt)](
                self.slots[slot].handle,
                inputs.as_mut_ptr(),
                outputs.as_mut_ptr(),
                count,
                pointer(&iv),
                0,
            )
        };
        let one_message = self.kind == Kind::Skcipher && !self.slots[slot].aio;
        let mut written = Vec::new();
        for (((input, output), &len), &room) in memory.iter().zip(&results).zip(&rooms) {
            let most = if one_message { room } else { len };
            let rest = result - written.len() as ssize_t;
            written.extend(output.as_ref().unwrap_or(input).written(rest, most));
        }
        let messages: Vec<_> = messages.iter().map(Vec::as_slice).collect();
        let together = messages.concat();
        let expected = match one_message {
            _ if count == 0 => None,
            true => self.expected(slot, encrypt, iv, &[&together], false),
            false => self.expected(slot, encrypt, iv, &messages, false),
        };
        let enough = rooms.iter().zip(&results).all(|(room, result)| room >= result);
        let room = if enough { usize::MAX } else { 0 };
        self.judge(slot, result, &written, room, expected);
        self.answer("pairs", result, written);
    }

    /// For gcm, a message whose decryption gives `text`.
    pub fn genuine(
        &mut self,
        slot: usize,
        encrypt: bool,
        iv: Option<[u8; 64]>,
        text: &[u8],
    ) -> Option<Vec<u8>> {
        let slot = &self.slots[slot];
        if self.name != "gcm(aes)" || encrypt || !slot.idle || self.choices.below(2) == 0 {
            return None;
        }
        model::gcm(self.key.as_ref()?, &iv?[..12], slot.assoclen, text, self.tag_len)
    }

    /// The result of messages, and the IV after them; None if the model does not know. A one-shot
    /// function cuts a message if the mode does not chain.
    pub fn expected(
        &self,
        slot: usize,
        encrypt: bool,
        iv: Option<[u8; 64]>,
        messages: &[&[u8]],
        one_shot: bool,
    ) -> Option<(Vec<u8>, Option<Block>)> {
        let (slot, key) = (&self.slots[slot], self.key.as_ref()?);
        // One session with the model is enough.
        if !slot.idle || !self.layout.is_plain() {
            return None;
        }
        if self.name == "gcm(aes)" && encrypt {
            let seal =
                |&text: &&[u8]| model::gcm(key, &iv?[..12], slot.assoclen, text, self.tag_len);
            return Some((messages.iter().map(seal).collect::<Option<Vec<_>>>()?.concat(), None));
        }
        let given: Option<Block> = iv.and_then(|iv| iv.first_chunk().copied());
        let first = given.or(slot.iv)?;
        let (mut iv, mut result) = (first, Vec::new());
        for message in messages {
            let piece = if one_shot && self.name == "xts(aes)" { 65536 } else { usize::MAX };
            if message.is_empty() {
                continue;
            }
            for piece in message.chunks(piece) {
                if self.name == "xts(aes)" {
                    iv = first;
                }
                result.extend(model::cipher(self.name, key, encrypt, &mut iv, piece)?);
            }
        }
        model::cipher(self.name, key, encrypt, &mut iv.clone(), &[])?;
        Some((result, (self.name != "xts(aes)").then_some(iv)))
    }

    /// Checks that a message whose result the model knows has succeeded, if there was room for it.
    pub fn judge(
        &mut self,
        slot: usize,
        result: ssize_t,
        written: &[u8],
        room: usize,
        expected: Option<(Vec<u8>, Option<Block>)>,
    ) {
        let slot = &mut self.slots[slot];
        (slot.stream, slot.iv) = (None, None);
        if let Some((expected, iv)) = expected {
            if room >= expected.len() || result >= 0 {
                assert!(
                    result >= 0 && written == expected,
                    "{}: {result}, {written:x?}, not {expected:x?}",
                    self.name
                );
            }
            slot.iv = iv.filter(|_| result >= 0);
        }
    }
}
