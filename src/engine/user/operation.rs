// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The user engine's operation of a cipher: the accepted AF_ALG socket, without a socket.
//!
//! Whole messages go straight from the caller's input to the caller's output. Streams
//! are buffered until they are received; there is no limit to that but memory, so a sender
//! never waits. What a message leaves behind, above all the IV, is there for the next.
//!
//! References: Linux `crypto/af_alg.c`, `crypto/algif_skcipher.c`, `crypto/algif_aead.c`.

use super::batch::{AEAD_SHARE, CIPHER_SHARE, Outcome, in_order, in_parallel};
use super::memory::{beginning, copy_out, in_place, in_to_out};
use super::state::{Settings, Sizes, State};
use super::transform::{Algorithm, Failure, Keyed, Lease};
use crate::engine::{Control, Length, Op, Operation, Submission};
use crate::errno::{Errno, Result};
use crate::handle::lock;
use crate::iov::Iovecs;
use crate::overlap::{Overlap, overlap, with_copies};
use std::sync::{Condvar, Mutex, PoisonError};

/// Longer than any tag.
const TAG_MAX: usize = 64;

/// IOVECs that sendmsg(2) and recvmsg(2) take, UIO_MAXIOV.
const IOVECS_MAX: usize = 1024;

/// A cipher at work.
pub struct CipherOperation {
    lease: Lease,
    state: Mutex<State>,
    /// More may be received than a receiver found who waits.
    arrived: Condvar,
    failure: Failure,
}

impl CipherOperation {
    /// Nothing in flight, an IV of zeros.
    pub fn new(lease: Lease) -> Self {
        Self {
            lease,
            state: Mutex::default(),
            arrived: Condvar::new(),
            failure: Failure::default(),
        }
    }

    /// Length of the result of a message; EINVAL if that is shorter than its
    /// associated data and tag.
    fn result_len(&self, control: &Control, len: usize) -> Result<usize> {
        let tag_len = self.sizes().tag;
        let result = match control.op {
            Op::Encrypt => len.checked_add(tag_len),
            _ => len.checked_sub(tag_len),
        };
        let result = result.ok_or(Errno::INVAL)?;
        let assoclen = control.assoclen.unwrap_or(0) as usize;
        if len.min(result) < assoclen { Err(Errno::INVAL) } else { Ok(result) }
    }

    fn sizes(&self) -> Sizes {
        let shared = &self.lease.shared;
        Sizes { iv: shared.iv_size(), tag: shared.tag_len_in_force() }
    }

    /// Bytes of the result of an AEAD's message, which is never cut.
    fn due(&self, state: &State) -> usize {
        let (len, tag) = (state.data.len(), self.sizes().tag);
        match (&self.lease.shared.algorithm, state.settings.encrypt) {
            (Algorithm::Aead(_), true) => len.saturating_add(tag),
            (Algorithm::Aead(_), false) => len.saturating_sub(tag),
            _ => 0,
        }
    }

    /// A message of `len` bytes that is processed where its `result` bytes go: in pieces of `piece`
    /// bytes, if it is a symmetric cipher's.
    fn exchange(
        &self,
        settings: &mut Settings,
        (input, len): (Iovecs<'_>, usize),
        (output, result): (Iovecs<'_>, usize),
        piece: usize,
    ) -> Result<()> {
        let sizes = self.sizes();
        match self.lease.keyed()? {
            // The kernel starts no operation for nothing.
            _ if len == 0 && result == 0 => Ok(()),
            Keyed::Skcipher(cipher) => {
                let (encrypt, iv) = (settings.encrypt, &mut settings.iv[..sizes.iv]);
                in_to_out(input, len, output, |mut data| {
                    while !data.is_empty() {
                        let len = piece.min(data.len());
                        let (now, later) = data.split_at(len);
                        cipher.crypt(encrypt, iv, now)?;
                        data = later;
                    }
                    Ok(())
                })
            }
            Keyed::Aead(aead) => {
                let mut tag = [0; TAG_MAX];
                let tag_in = if settings.encrypt { 0 } else { sizes.tag };
                in_place(input, len - tag_in, &mut tag[..tag_in], output, result, |data, tag| {
                    settings.aead(&**aead, sizes, data, tag)
                })
            }
            Keyed::Hash(_) | Keyed::Rng(_) => Err(Errno::INVAL),
        }
    }

    /// Puts `input` behind what is there.
    fn append(
        &self,
        state: &mut State,
        control: Option<&Control>,
        input: Iovecs<'_>,
        more: bool,
    ) -> Result<()> {
        if input.list().len() > IOVECS_MAX {
            return Err(Errno::MSGSIZE);
        }
        self.lease.keyed()?;
        if state.complete() {
            return Err(Errno::INVAL);
        }
        if let Some(control) = control {
            state.settings.take_control(control, self.sizes().iv)?;
        }
        state.begun = true;
        state.data.append(input)?;
        state.more = more;
        Ok(())
    }

    /// Whether there is something to receive.
    fn ready(&self, state: &State) -> bool {
        let enough = match &self.lease.shared.algorithm {
            Algorithm::Skcipher(cipher) => state.data.len() >= cipher.chunk,
            _ => false,
        };
        state.begun && (!state.more || enough)
    }

    /// Processes what is there, as far as `output`, of `room` bytes, takes it.
    fn process(&self, state: &mut State, output: Iovecs<'_>, room: usize) -> Result<usize> {
        match (self.lease.keyed()?, &self.lease.shared.algorithm) {
            (Keyed::Skcipher(cipher), Algorithm::Skcipher(algorithm)) => {
                let used = state.data.len();
                let mut len = room.min(used);
                if state.more || len < used {
                    len -= len % algorithm.chunk;
                    if len == 0 {
                        return Err(Errno::INVAL);
                    }
                }
                let iv = &mut state.settings.iv[..algorithm.iv_size];
                let data = &mut state.data.bytes()[..len];
                let result = cipher
                    .crypt(state.settings.encrypt, iv, (&mut *data).into())
                    .map(|()| copy_out(data, output));
                state.consume(len);
                result
            }
            (Keyed::Aead(aead), _) => {
                let sizes = self.sizes();
                let mut data = std::mem::take(&mut state.data);
                let tag_in = if state.settings.encrypt { 0 } else { sizes.tag };
                let Some(head) =
                    data.len().checked_sub(tag_in).filter(|&l| l >= state.settings.assoclen)
                else {
                    // Too short: it stays, for what is there is not a message.
                    state.data = data;
                    return Err(Errno::INVAL);
                };
                state.begun = state.more;
                if state.settings.encrypt {
                    data.grow(sizes.tag)?;
                }
                let (data, tag) = match state.settings.encrypt {
                    true => (data.bytes(), &mut [][..]),
                    false => data.bytes().split_at_mut(head),
                };
                state.settings.aead(&**aead, sizes, data, tag)?;
                Ok(copy_out(data, output))
            }
            _ => Err(Errno::INVAL),
        }
    }

    /// A whole message.
    fn whole(
        &self,
        state: &mut State,
        control: &Control,
        (input, len): (Iovecs<'_>, usize),
        (output, result): (Iovecs<'_>, usize),
        length: Length,
    ) -> Result<()> {
        if state.begun && !state.data.is_empty() {
            return self.behind_stream(state, control, input, (output, result));
        }
        if input.list().len() > IOVECS_MAX {
            return Err(Errno::MSGSIZE);
        }
        self.lease.keyed()?;
        state.settings.take_control(control, self.sizes().iv)?;
        let cut = length == Length::Pieces
            && len > Length::ONE_SHOT
            && !self.lease.shared.properties.chains();
        let piece = if cut { Length::ONE_SHOT } else { usize::MAX };
        (state.begun, state.more) = (false, false);
        self.exchange(&mut state.settings, (input, len), (output, result), piece)
    }

    /// A whole message while a stream's data are here: it becomes the stream's end.
    fn behind_stream(
        &self,
        state: &mut State,
        control: &Control,
        input: Iovecs<'_>,
        (output, result): (Iovecs<'_>, usize),
    ) -> Result<()> {
        self.append(state, Some(control), input, false)?;
        let received = beginning(output, result, |output| self.process(state, output, result))??;
        if received == result { Ok(()) } else { Err(Errno::MSGSIZE) }
    }

    /// EINVAL if an output is too short or an AEAD message is.
    fn check_pairs(
        &self,
        control: &Control,
        inputs: Iovecs<'_>,
        outputs: Iovecs<'_>,
    ) -> Result<()> {
        for (input, output) in inputs.each().zip(outputs.each()) {
            if output.total()? < self.result_len(control, input.total()?)? {
                return Err(Errno::INVAL);
            }
        }
        Ok(())
    }

    /// Pairs of IOVECs, each a message of its own.
    fn pairs(&self, control: &Control, inputs: Iovecs<'_>, outputs: Iovecs<'_>) -> Result<usize> {
        let state = &mut *lock(&self.state);
        self.lease.keyed()?;
        if !state.data.is_empty() {
            return Err(Errno::INVAL);
        }
        state.settings.take_control(control, self.sizes().iv)?;
        (state.begun, state.more) = (false, false);
        let settings = &mut state.settings;
        let overlap = overlap(inputs, outputs);
        let parallel = overlap != Overlap::Output && self.lease.shared.independent();
        let share = if control.assoclen.is_some() { AEAD_SHARE } else { CIPHER_SHARE };
        let mut go = |inputs: Iovecs<'_>| {
            if parallel {
                let settings = &*settings;
                in_parallel(share, inputs, outputs, |inputs, outputs| {
                    self.each(control, &mut settings.clone(), inputs, outputs)
                })
            } else {
                self.each(control, settings, inputs, outputs)
            }
        };
        match overlap {
            Overlap::None => go(inputs).result(),
            Overlap::Input | Overlap::Output => with_copies(inputs, go)?.result(),
        }
    }

    /// One pair after the other.
    fn each(
        &self,
        control: &Control,
        settings: &mut Settings,
        inputs: Iovecs<'_>,
        outputs: Iovecs<'_>,
    ) -> Outcome {
        in_order(inputs, outputs, |input, output| {
            let len = input.total()?;
            let result = self.result_len(control, len)?;
            self.exchange(settings, (input, len), (output, result), usize::MAX)?;
            Ok(result)
        })
    }
}

impl Operation for CipherOperation {
    fn send(&self, control: Option<&Control>, input: Iovecs<'_>, more: bool) -> Result<usize> {
        let len = input.total()?;
        let mut state = lock(&self.state);
        self.failure.note(self.append(&mut state, control, input, more))?;
        if state.waiting > 0 {
            self.arrived.notify_all();
        }
        Ok(len)
    }

    fn receive(&self, output: Iovecs<'_>) -> Result<usize> {
        let room = output.total()?;
        if room == 0 {
            return Ok(0);
        }
        if output.list().len() > IOVECS_MAX {
            return self.failure.note(Err(Errno::MSGSIZE));
        }
        let mut state = lock(&self.state);
        self.failure.note(self.lease.keyed())?;
        while !self.ready(&state) {
            state.waiting += 1;
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
        if room < self.due(&state) {
            return Err(Errno::INVAL);
        }
        let received = self.process(&mut state, output, room);
        self.failure.note(received)
    }

    fn message(
        &self,
        control: &Control,
        input: Iovecs<'_>,
        output: Iovecs<'_>,
        length: Length,
    ) -> Result<usize> {
        let len = input.total()?;
        let result = self.result_len(control, len)?;
        if output.total()? < result {
            return Err(Errno::INVAL);
        }
        let state = &mut *lock(&self.state);
        self.failure
            .note(self.whole(state, control, (input, len), (output, result), length))
            .map(|()| result)
    }

    fn batch(
        &self,
        control: &Control,
        inputs: Iovecs<'_>,
        outputs: Iovecs<'_>,
        _: Submission,
    ) -> Result<usize> {
        if let ([_], [_]) = (inputs.list(), outputs.list()) {
            return self.message(control, inputs, outputs, Length::Whole);
        }
        self.check_pairs(control, inputs, outputs)?;
        self.failure.note(self.pairs(control, inputs, outputs))
    }

    fn in_flight(&self) -> bool {
        !lock(&self.state).data.is_empty()
    }

    fn failed(&self) -> bool {
        self.failure.noted()
    }
}
