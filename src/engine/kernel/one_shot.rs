// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! A cipher's whole message: a one-shot, or a message of a batch that goes alone.
//!
//! No call waits: a message is sent only if it fits into the socket (MSG_DONTWAIT makes sure of
//! that), and its result is there when it was sent. The messages of ciphers that chain are cut
//! where the socket is full, see [`super::chain`].

#![allow(unsafe_code)]

use super::capacity::{Capacity, PAGE};
use super::common::VIRTIO_MAX;
use super::message::{self, Message, OUTPUTS_MAX, in_one_piece, why_short};
use super::operation::KernelOperation;
use crate::engine::{Control, Kind, Length, WholeMessage};
use crate::errno::{Errno, Result};
use crate::iov::{Cursor, IOVECS_MAX, Iovecs, iovec};
use crate::overlap::{reads_its_output, with_checked_copy};
use crate::sys::process::page_size;
use libc::iovec;
use std::os::fd::AsFd;

impl KernelOperation {
    /// Returns whether a message may be cut, because the IV goes on from piece to piece.
    pub(super) fn chains(&self) -> bool {
        self.kind() == Kind::Skcipher && self.common.algorithm.properties.chains()
    }

    /// A message to a cipher, in as many pieces as it takes.
    pub(super) fn cipher_message(&self, message: &WholeMessage<'_>) -> Result<usize> {
        let (len, result) = message.lens(self.tag_len)?;
        let &WholeMessage { control, input, output, length } = message;
        if self.chains() {
            self.note(self.chain(Some(control), input, output, len, 0))?;
            return Ok(result);
        }
        let piece_max = self.piece_max(length);
        let cut = piece_max < len && reads_its_output(input, output);
        if cut || input.list().len() > IOVECS_MAX {
            return with_checked_copy(input, |copy| {
                self.cipher_message(&WholeMessage { input: copy, ..*message })
            })?;
        }
        self.note(self.pieces(control, input, output, [len, result], piece_max))?;
        Ok(result)
    }

    /// A message that cannot be cut, or only into pieces of `piece_max` bytes. `lens` are its
    /// length and that of its result.
    fn pieces(
        &self,
        control: &Control,
        input: Iovecs<'_>,
        output: Iovecs<'_>,
        lens: [usize; 2],
        piece_max: usize,
    ) -> Result<()> {
        let [len, result] = lens;
        let (mut from, mut to) = (Cursor::new(input), Cursor::new(output));
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        let mut control = Some(control);
        let mut done = 0;
        loop {
            let piece = piece_max.min(len - done);
            let piece_result = if piece == len { result } else { piece };
            let data = from.take(piece, &mut inputs)?;
            let output = to.take(piece_result, &mut outputs)?;
            self.send_and_receive(
                Message { control: control.take(), data },
                piece,
                output,
                piece_result,
            )?;
            done += piece;
            if done == len {
                return Ok(());
            }
        }
    }

    /// A message that fits into the socket, and its result of `result` bytes.
    pub(super) fn send_and_receive(
        &self,
        message: Message<'_>,
        len: usize,
        output: Iovecs<'_>,
        result: usize,
    ) -> Result<()> {
        let exchanged = self.try_send_and_receive(message, len, output, result);
        exchanged.map_err(|errno| Capacity::refusal(errno, len))
    }

    fn try_send_and_receive(
        &self,
        message: Message<'_>,
        len: usize,
        output: Iovecs<'_>,
        result: usize,
    ) -> Result<()> {
        let sent = message::send_at_once(self.socket.as_fd(), message)?;
        if sent < len {
            return Err(why_short(message.data, sent));
        }
        if result == 0 {
            return self.finish_without_result(len);
        }
        if self.takes_whole_result(output.list(), result) {
            return self.receive_whole(output, result);
        }
        in_one_piece(output, result, |piece| self.receive_whole(piece, result).map(|()| result))?;
        Ok(())
    }

    /// Returns whether the kernel writes a result of `result` bytes to `output` as that of one message.
    /// It describes the output step by step, and stops between two of them if less than a page of the
    /// receive buffer is left: what follows would be another message to it, in the same recvmsg(2). If the
    /// output is one piece that begins with a page, no step ends less than a page before its end.
    pub(super) fn takes_whole_result(&self, output: &[iovec], result: usize) -> bool {
        let room = || self.capacity.room(self.socket.as_fd(), result);
        let in_pages =
            || matches!(output, [one] if one.iov_base.addr().is_multiple_of(page_size()));
        output.len() <= OUTPUTS_MAX
            && (result <= PAGE || result + page_size() <= room() || in_pages())
    }

    /// One recvmsg(2) of all `result` bytes: with fewer, the kernel has cut the message.
    fn receive_whole(&self, output: Iovecs<'_>, result: usize) -> Result<()> {
        let received = message::receive_at_once(self.socket.as_fd(), output);
        let got = message::forget_forged(received, output, result)?;
        if got == result { Ok(()) } else { Err(Errno::MSGSIZE) }
    }

    /// Ends an exchange whose result is empty. In decryption with an AEAD the message was nothing
    /// but its tag, which the kernel verifies only when somebody reads, and not into an empty
    /// buffer.
    pub(super) fn finish_without_result(&self, len: usize) -> Result<()> {
        if self.kind() == Kind::Aead && len > 0 {
            let mut unused = [0u8];
            let list = [iovec(unused.as_mut_ptr(), 1)];
            // SAFETY: `unused` may be written and is not used while the kernel may.
            let output = unsafe { Iovecs::new(&list) };
            message::receive_at_once(self.socket.as_fd(), output)?;
        }
        Ok(())
    }

    /// The most bytes of a piece into which a message is cut that does not chain.
    pub(super) fn piece_max(&self, length: Length) -> usize {
        match length {
            Length::Pieces if self.kind() == Kind::Skcipher => Length::ONE_SHOT,
            _ => usize::MAX,
        }
    }

    /// EMSGSIZE if the socket or the driver cannot take `len` bytes whole.
    pub(super) fn require_room(&self, len: usize) -> Result<()> {
        if len > VIRTIO_MAX && len > self.common.uncut_max()? {
            return Err(Errno::MSGSIZE);
        }
        self.capacity.require(self.socket.as_fd(), len)
    }
}
