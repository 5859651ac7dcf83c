// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The user engine's operation of a cipher: the accepted AF_ALG socket, without a socket.
//!
//! Whole messages go straight from the caller's input to the caller's output. Streams
//! are buffered until they are received. In one process only memory limits that, and a sender never waits; where two
//! processes share a stream it waits until there is room ([`super::shared_stream`]). The IV that a message leaves is
//! kept for the next one.
//!
//! References: Linux `crypto/af_alg.c`, `crypto/algif_skcipher.c`, `crypto/algif_aead.c`.

use super::batch::{AEAD_SHARE, CIPHER_SHARE, in_order, in_parallel};
use super::cipher_state::{CipherState, Settings};
use super::shared_stream::SharedStream;
use crate::engine::outcome::BatchOutcome;
use crate::engine::shape::Shape;
use crate::engine::user::algorithm::block::{Data, SideBySide};
use crate::engine::user::algorithm::skcipher::Skcipher;
use crate::engine::user::algorithm::{Algorithm, Keyed};
use crate::engine::user::data::{copy_out, in_parts, in_to_out};
use crate::engine::user::lease::Lease;
use crate::engine::{
    Alone, Control, Failure, Length, Operation, Progress, Submission, WholeMessage,
};
use crate::errno::{Errno, Result};
use crate::fork::Forked;
use crate::iov::{Cursor, IOVECS_MAX, Iovecs};
use crate::lock::{Event, Lock, Recover};
use crate::overlap::{Overlap, overlap, with_copies};
use crate::wipe::{DEEP, Wiper, wiping_stack};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// A cipher at work.
pub struct CipherOperation {
    lease: Lease,
    home: Lock<Home>,
    failure: Failure,
    /// See [`Operation::lend`].
    lent: AtomicBool,
    /// No message is in the state, which is private.
    idle: AtomicBool,
    /// The state is not private.
    shared: AtomicBool,
}

/// The place of the state.
enum Home {
    /// In this process.
    Private(CipherState),
    /// In memory that it shares with others since fork(2).
    Shared(SharedStream),
    /// In another process, because there was no memory to share.
    Elsewhere,
}

/// Bytes in a whole message, and in its result.
#[derive(Clone, Copy)]
struct Lens {
    len: usize,
    result: usize,
}

impl Home {
    #[inline(always)]
    fn with<T>(&mut self, f: impl FnOnce(&mut CipherState) -> Result<T>) -> Result<T> {
        match self {
            Self::Private(state) => f(state),
            Self::Shared(shared) => shared.with(f),
            Self::Elsewhere => Err(Errno::INVAL),
        }
    }
}

impl Recover for Home {
    #[allow(unsafe_code)]
    unsafe fn recover(this: *mut Self) {
        // SAFETY: the caller's promise. What the thread of the parent was changing is the parent's. What is shared has a
        // lock of its own, and stays as it is: only `before` makes it so, in the thread that forks.
        unsafe {
            if !matches!(&*this, Self::Shared(_)) {
                this.write(Self::Elsewhere);
            }
        }
    }
}

impl CipherOperation {
    /// Nothing in flight, an IV of zeros.
    pub fn new(lease: Lease) -> Self {
        Self {
            lease,
            home: Lock::new(Home::Private(CipherState::default())),
            failure: Failure::default(),
            lent: AtomicBool::new(false),
            idle: AtomicBool::new(true),
            shared: AtomicBool::new(false),
        }
    }

    /// Calls `f` with the state, which nobody else uses meanwhile, in this process or another.
    fn with<T>(&self, f: impl FnOnce(&mut CipherState) -> Result<T>) -> Result<T> {
        let mut home = self.home.lock()?;
        let result = home.with(f);
        self.note_progress(&home);
        result
    }

    /// The same for whole messages. An operation that was never lent needs no lock, because its slot's is held.
    #[allow(unsafe_code)]
    fn with_alone<T>(
        &self,
        alone: Alone<'_>,
        f: impl FnOnce(&mut CipherState) -> Result<T>,
    ) -> Result<T> {
        // SAFETY: no caller's `f` comes here again.
        match unsafe { self.state_alone(alone) } {
            Some(state) => f(state),
            None => self.with(f),
        }
    }

    /// The state of an operation that was never lent. None: it may be used by others, too.
    ///
    /// # Safety
    ///
    /// As long as the state is used this is not called again.
    #[allow(unsafe_code, clippy::mut_from_ref)]
    #[inline(always)]
    unsafe fn state_alone(&self, alone: Alone<'_>) -> Option<&mut CipherState> {
        if self.lent.load(Ordering::Relaxed) || !alone.is(self) {
            return None;
        }
        // SAFETY: the lock of this operation's slot is held, of which `alone` is the proof. Nobody uses an operation
        // without it that was not lent, and it is lent under that lock. The rest is the caller's promise.
        match unsafe { self.home.get_unlocked() } {
            Home::Private(state) => Some(state),
            Home::Shared(_) | Home::Elsewhere => None,
        }
    }

    /// Keeps `idle` for `progress`, which is asked often.
    fn note_progress(&self, home: &Home) {
        if let Home::Private(state) = home {
            let idle = state.progress(self.is_aead()) == Progress::Idle;
            self.idle.store(idle, Ordering::Relaxed);
        }
    }

    fn is_aead(&self) -> bool {
        matches!(self.lease.common.algorithm, Algorithm::Aead(_))
    }

    /// Bytes of the result of an AEAD's message. It is never cut.
    fn due(&self, state: &CipherState) -> usize {
        let (len, tag) = (state.data.len(), self.lease.sizes.tag);
        match (&self.lease.common.algorithm, state.settings.encrypt) {
            (Algorithm::Aead(_), true) => len.saturating_add(tag),
            (Algorithm::Aead(_), false) => len.saturating_sub(tag),
            _ => 0,
        }
    }

    /// The algorithm with its key; ENOKEY.
    pub(super) fn keyed(&self) -> Result<&Keyed> {
        self.lease.keyed()
    }

    /// The way for several messages of CBC encryption side by side, if the cipher has one.
    pub(super) fn side_by_side(&self) -> Option<&dyn SideBySide> {
        match self.keyed() {
            Ok(Keyed::Skcipher(cipher)) => cipher.side_by_side(),
            _ => None,
        }
    }

    /// A whole message that neither uses nor changes the operation's state. It has an IV, if the
    /// algorithm has one.
    pub(super) fn message_apart(&self, message: &WholeMessage<'_>) -> Result<usize> {
        let (keyed, lens) = self.parse(message)?;
        self.begin_whole(&mut CipherState::default(), keyed, message, lens)
    }

    /// The algorithm with its key, and the bytes in the message and in its result. For the errors see
    /// [`Operation::check`]; ENOKEY.
    #[inline(always)]
    fn parse(&self, message: &WholeMessage<'_>) -> Result<(&Keyed, Lens)> {
        let (len, result) = message.lens(self.lease.sizes.tag)?;
        let keyed = self.keyed()?;
        self.lease.common.shape.check(message.control, len.min(result), message.length)?;
        Ok((keyed, Lens { len, result }))
    }

    /// Leaves the operation as after a message with this control data, which has left `iv`.
    pub(super) fn leave(&self, alone: Alone<'_>, control: &Control, iv: &[u8]) -> Result<()> {
        self.with_alone(alone, |state| {
            state.settings.take_control(control, self.lease.sizes.iv)?;
            (state.begun, state.more) = (false, false);
            state.settings.iv.get_mut(..iv.len()).ok_or(Errno::INVAL)?.copy_from_slice(iv);
            Ok(())
        })
    }

    /// Processes a message where its result goes. Returns how many bytes that has.
    #[inline(always)]
    fn process_message(
        &self,
        settings: &mut Settings,
        keyed: &Keyed,
        message: &WholeMessage<'_>,
        Lens { len, result }: Lens,
    ) -> Result<usize> {
        let &WholeMessage { input, output, length, .. } = message;
        let sizes = self.lease.sizes;
        match keyed {
            // The kernel starts no operation for a message without bytes.
            _ if len == 0 && result == 0 => {}
            Keyed::Skcipher(cipher) => {
                let iv = settings.iv.get_mut(..sizes.iv).ok_or(Errno::INVAL)?;
                let encrypt = settings.encrypt;
                // The length is compared first, so that short messages take no longer.
                let cut = len > Length::ONE_SHOT
                    && length == Length::Pieces
                    && !self.lease.common.properties.chains();
                let cipher: &dyn Skcipher = if cut { &InPieces(&**cipher) } else { &**cipher };
                in_to_out(input, len, output, |data| cipher.crypt(encrypt, iv, data))?;
            }
            Keyed::Aead(aead) => {
                let lengths = settings.lengths(len, sizes.tag)?;
                in_parts(input, lengths, output, |message| {
                    settings.aead(&**aead, sizes.iv, message)
                })?;
            }
            _ => return Err(Errno::INVAL),
        }
        Ok(result)
    }

    /// Returns whether a sender has to wait until another process has received something.
    fn is_full(&self) -> Result<bool> {
        // A stream of this process alone needs no look.
        if !self.of_two_processes() || self.is_aead() {
            return Ok(false);
        }
        match &*self.home.lock()? {
            Home::Shared(shared) => Ok(shared.room()? == 0),
            _ => Ok(false),
        }
    }

    /// Appends `input`, or as much as there is room for, to the data that are there. Returns how many bytes.
    fn append(
        &self,
        state: &mut CipherState,
        control: Option<&Control>,
        input: Iovecs<'_>,
        more: bool,
    ) -> Result<usize> {
        self.lease.keyed()?;
        if state.complete() {
            return Err(Errno::INVAL);
        }
        if control.is_some() && state.begun && !state.data.is_empty() {
            // Another thread has begun a stream at the same time. Its data keep their IV.
            return Err(Errno::BUSY);
        }
        let len = input.total()?;
        let taken = state.room.map_or(len, |room| room.min(len));
        if taken < len && self.is_aead() {
            return Err(Errno::MSGSIZE);
        }
        if let Some(control) = control {
            state.settings.take_control(control, self.lease.sizes.iv)?;
        }
        let mut list = Vec::new();
        state.data.append(Cursor::new(input).take(taken, &mut list)?)?;
        (state.begun, state.more) = (true, more || taken < len);
        Ok(taken)
    }

    /// Returns whether there is a result to receive.
    fn ready(&self, state: &CipherState) -> bool {
        let enough = match &self.lease.common.algorithm {
            Algorithm::Skcipher(cipher) => state.data.len() >= cipher.chunk,
            _ => false,
        };
        state.begun && (!state.more || enough)
    }

    /// Gives the result that there is; None: there is none yet. EINVAL: `room` bytes are too few
    /// for a block, or for an AEAD's whole result; or they are none, and the tag cannot be verified
    /// yet. Nothing is lost then.
    fn try_receive(
        &self,
        state: &mut CipherState,
        output: Iovecs<'_>,
        room: usize,
    ) -> Result<Option<usize>> {
        if room == 0 {
            if !self.is_aead() || !state.begun || state.settings.encrypt {
                return Ok(Some(0));
            }
            if state.more {
                return Err(Errno::INVAL);
            }
        }
        if !self.ready(state) {
            return Ok(None);
        }
        let cut = state.more || room < state.data.len();
        if room < self.due(state) || (cut && room < self.chunk() && !state.data.is_empty()) {
            return Err(Errno::INVAL);
        }
        self.failure.note(self.process(state, output, room)).map(Some)
    }

    /// The fewest bytes that a cipher processes, except at a message's end.
    fn chunk(&self) -> usize {
        match &self.lease.common.algorithm {
            Algorithm::Skcipher(cipher) => cipher.chunk,
            _ => 0,
        }
    }

    /// Processes the data that are there, as far as `output` has room for the result (`room`
    /// bytes).
    fn process(&self, state: &mut CipherState, output: Iovecs<'_>, room: usize) -> Result<usize> {
        match (self.lease.keyed()?, &self.lease.common.algorithm) {
            (Keyed::Skcipher(cipher), Algorithm::Skcipher(algorithm)) => {
                let used = state.data.len();
                let mut len = room.min(used);
                if state.more || len < used {
                    len -= len % algorithm.chunk;
                    if len == 0 {
                        return Err(Errno::INVAL);
                    }
                }
                let iv = state.settings.iv.get_mut(..algorithm.iv_size).ok_or(Errno::INVAL)?;
                let data = state.data.bytes().get_mut(..len).ok_or(Errno::INVAL)?;
                let result = cipher
                    .crypt(state.settings.encrypt, iv, (&mut *data).into())
                    .map(|()| copy_out(data, output));
                state.consume(len);
                result
            }
            (Keyed::Aead(aead), _) => {
                let sizes = self.lease.sizes;
                let lengths = state.settings.lengths(state.data.len(), sizes.tag)?;
                let mut data = std::mem::take(&mut state.data);
                state.begun = state.more;
                data.grow(lengths.tag_out)?;
                let message = lengths.cut(data.bytes()).ok_or(Errno::INVAL)?;
                state.settings.aead(&**aead, sizes.iv, message)?;
                Ok(copy_out(data.bytes().get(..lengths.output()).ok_or(Errno::INVAL)?, output))
            }
            _ => Err(Errno::INVAL),
        }
    }

    /// A whole message. It returns the length and not `()`. A `Result<()>` is in one register only: the other would
    /// still hold what the cipher has left in it, and would be saved on the stack while that is wiped.
    #[allow(unsafe_code)]
    #[inline(never)]
    fn whole(&self, alone: Alone<'_>, message: &WholeMessage<'_>) -> Result<usize> {
        let (keyed, lens) = self.parse(message)?;
        // SAFETY: a message is processed without coming here again.
        self.failure.note(match unsafe { self.state_alone(alone) } {
            Some(state) => self.begin_whole(state, keyed, message, lens),
            None => self.whole_of_lent(keyed, message, lens),
        })
    }

    /// Apart, since few operations are lent.
    #[cold]
    fn whole_of_lent(
        &self,
        keyed: &Keyed,
        message: &WholeMessage<'_>,
        lens: Lens,
    ) -> Result<usize> {
        self.with(|state| self.begin_whole(state, keyed, message, lens))
    }

    /// A whole message, with its lengths.
    #[inline(always)]
    fn begin_whole(
        &self,
        state: &mut CipherState,
        keyed: &Keyed,
        message: &WholeMessage<'_>,
        lens: Lens,
    ) -> Result<usize> {
        state.settings.take_control(message.control, self.lease.sizes.iv)?;
        (state.begun, state.more) = (false, false);
        self.process_message(&mut state.settings, keyed, message, lens)
    }

    /// Pairs of IOVECs, each a message of its own.
    fn pairs(
        &self,
        state: &mut CipherState,
        control: &Control,
        inputs: Iovecs<'_>,
        outputs: Iovecs<'_>,
    ) -> Result<usize> {
        self.lease.keyed()?;
        state.settings.take_control(control, self.lease.sizes.iv)?;
        (state.begun, state.more) = (false, false);
        let settings = &mut state.settings;
        let overlap = overlap(inputs.list(), outputs.list());
        let parallel = overlap != Overlap::Output && self.lease.common.independent();
        let share = if control.assoclen.is_some() { AEAD_SHARE } else { CIPHER_SHARE };
        let mut go = |inputs: Iovecs<'_>| {
            if parallel {
                let settings = &*settings;
                let group = |inputs: Iovecs<'_>, outputs: Iovecs<'_>| {
                    self.each(control, &mut settings.clone(), inputs, outputs)
                };
                // SAFETY: no two outputs overlap, and inputs that overlap one were copied.
                #[allow(unsafe_code)]
                unsafe {
                    in_parallel(share, inputs, outputs, group)
                }
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
    ) -> BatchOutcome {
        let properties = &self.lease.common.properties;
        let renewed = !properties.chains() && !properties.keeps_iv();
        in_order(inputs, outputs, |input, output| {
            if renewed {
                settings.take_control(control, self.lease.sizes.iv)?;
            }
            let message = WholeMessage::new(control, input, output);
            let (len, result) = message.lens(self.lease.sizes.tag)?;
            self.process_message(settings, self.keyed()?, &message, Lens { len, result })
        })
    }
}

/// A cipher whose messages are cut into pieces of [`Length::ONE_SHOT`] bytes.
struct InPieces<'a>(&'a dyn Skcipher);

impl Skcipher for InPieces<'_> {
    fn crypt(&self, encrypt: bool, iv: &mut [u8], mut data: Data<'_, '_>) -> Result<()> {
        while !data.is_empty() {
            let len = Length::ONE_SHOT.min(data.len());
            let (now, later) = data.split_at(len);
            self.0.crypt(encrypt, iv, now)?;
            data = later;
        }
        Ok(())
    }
}

impl Operation for CipherOperation {
    fn send(
        &self,
        control: Option<&Control>,
        input: Iovecs<'_>,
        more: bool,
        arrived: &Event,
    ) -> Result<usize> {
        if input.list().len() > IOVECS_MAX {
            return Err(Errno::MSGSIZE);
        }
        if input.total()? > 0 && self.is_full()? {
            return Ok(0);
        }
        let taken = self.with(|state| self.append(state, control, input, more))?;
        arrived.happened();
        Ok(taken)
    }

    fn receive(&self, output: Iovecs<'_>) -> Result<Option<usize>> {
        let room = output.total()?;
        if output.list().len() > IOVECS_MAX {
            return Err(Errno::MSGSIZE);
        }
        self.lease.keyed()?;
        self.lease.depth.run_in_call(|| self.with(|state| self.try_receive(state, output, room)))
    }

    fn tag_len(&self) -> usize {
        self.lease.sizes.tag
    }

    /// Without a key that is the error of any message.
    fn shape(&self) -> &Shape {
        if self.keyed().is_ok() { &self.lease.common.shape } else { &Shape::ANY }
    }

    fn message(&self, alone: Alone<'_>, message: &WholeMessage<'_>, wiper: Wiper) -> Result<usize> {
        wiper.run(self.lease.depth, || self.whole(alone, message))
    }

    fn batch(
        &self,
        alone: Alone<'_>,
        control: &Control,
        inputs: Iovecs<'_>,
        outputs: Iovecs<'_>,
        _: Submission,
    ) -> Result<usize> {
        if let ([_], [_]) = (inputs.list(), outputs.list()) {
            let message = WholeMessage::new(control, inputs, outputs);
            return self.message(alone, &message, Wiper::Operation);
        }
        self.check_each(control, inputs, outputs)?;
        // This goes deeper than a message, which wipes less of the stack.
        self.failure.note(wiping_stack::<DEEP, _>(|| {
            self.with_alone(alone, |state| self.pairs(state, control, inputs, outputs))
        }))
    }

    fn progress(&self) -> Progress {
        if self.idle.load(Ordering::Relaxed) {
            return Progress::Idle;
        }
        // If the lock cannot be had, this is a signal handler that has interrupted a call of the
        // operation. The operation counts as in use then, so that it is not closed.
        let progress = self.with(|state| Ok(state.progress(self.is_aead())));
        match progress.unwrap_or(Progress::Pending) {
            // Another process may be about to send to it, so the next stream is not begun in it.
            Progress::Begun if self.of_two_processes() => Progress::Pending,
            known => known,
        }
    }

    /// Another process makes room, which cannot tell this one.
    fn wait_for_room(&self, at_most: Duration) {
        thread::sleep(at_most);
    }

    fn failure(&self) -> &Failure {
        &self.failure
    }

    fn lend(&self) {
        self.lent.store(true, Ordering::Relaxed);
    }

    fn of_two_processes(&self) -> bool {
        self.shared.load(Ordering::Relaxed)
    }
}

/// A stream that has begun, and not ended, is moved to where both processes find it.
impl Forked for CipherOperation {
    fn before(&self) {
        let Ok(mut home) = self.home.lock() else { return };
        if let Home::Private(state) = &mut *home
            && state.progress(self.is_aead()) != Progress::Idle
            && let Ok(shared) = SharedStream::new(state)
        {
            *home = Home::Shared(shared);
            self.shared.store(true, Ordering::Relaxed);
            self.idle.store(false, Ordering::Relaxed);
        }
    }

    fn in_child(&self) {
        // A stream that could not be moved goes on in the parent alone.
        match self.home.lock() {
            Ok(mut home) => {
                if matches!(&*home, Home::Private(state) if state.progress(self.is_aead()) != Progress::Idle)
                {
                    *home = Home::Elsewhere;
                    self.shared.store(true, Ordering::Relaxed);
                }
            }
            // A signal handler has called fork(2) in the midst of a call of the stream, which ends here, too.
            Err(_) => self.failure.set(),
        }
    }
}
