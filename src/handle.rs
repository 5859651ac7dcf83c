// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The handle, `struct kcapi_handle` in C: one operation and its transform.
//!
//! A handle is used through shared references only, since the API lets one
//! thread send while another receives on the same handle.

use crate::cancel::Suspended;
use crate::engine::choice;
use crate::engine::{
    Alone, Control, Grouping, Kind, Length, Op, Operation, Parameter, Progress, Properties,
    Submission, Transform, WholeMessage,
};
use crate::errno::{Errno, Result};
use crate::iov::Iovecs;
use crate::lock::{Event, Guard};
use crate::log::{because, log};
use crate::memory::{self, SMALL};
use crate::slot::{Missing, Slot, SlotState, Visit};
use crate::tfm::Tfm;
use crate::wipe::Wiper;
use libc::c_int;
use std::ffi::CStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

/// The answer of `kcapi_get_maxsplicesize` before anyone has set it: the room in a pipe of 128 KiB,
/// less a page for data that do not begin at a page's beginning.
const DEFAULT_SPLICE_SIZE: u32 = (128 << 10) - 4096;

/// The flags of an init function.
#[derive(Clone, Copy, Default)]
pub struct Options {
    /// Its AIO calls use asynchronous I/O.
    pub aio: bool,
    /// The user engine is preferred to the kernel.
    pub user: bool,
}

/// A cipher handle.
pub struct Handle {
    tfm: Arc<Tfm>,
    slot: Arc<Slot>,
    assoclen: AtomicUsize,
    aio: bool,
    splice_size: AtomicU32,
    /// The warning that a long message is cut was given.
    warned_of_pieces: AtomicBool,
}

impl Handle {
    /// A handle with a transform of its own.
    pub fn open(kind: Kind, name: &CStr, options: Options) -> Result<Self> {
        memory::ensure(SMALL)?;
        Self::with(kind, choice::open(kind, name, options.user)?, options)
    }

    /// A handle on a transform that nobody else has.
    pub fn with(kind: Kind, transform: Box<dyn Transform>, options: Options) -> Result<Self> {
        Self::on(Arc::new(Tfm::new(kind, transform)), options)
    }

    /// A handle with an operation of its own, on the same transform.
    pub fn reinit(&self, options: Options) -> Result<Self> {
        memory::ensure(SMALL)?;
        Self::on(Arc::clone(&self.tfm), options)
    }

    fn on(tfm: Arc<Tfm>, options: Options) -> Result<Self> {
        Ok(Self {
            slot: tfm.slot()?,
            tfm,
            assoclen: AtomicUsize::new(0),
            aio: options.aio,
            splice_size: AtomicU32::new(DEFAULT_SPLICE_SIZE),
            warned_of_pieces: AtomicBool::new(false),
        })
    }

    /// The name of the engine that serves the handle.
    pub fn engine(&self) -> &'static CStr {
        self.tfm.transform.engine()
    }

    /// Bytes that a message may have, see [`Transform::message_max`].
    pub fn message_max(&self) -> Result<usize> {
        self.tfm.transform.message_max()
    }

    /// The family of its algorithm.
    pub fn kind(&self) -> Kind {
        self.tfm.kind
    }

    /// The algorithm's properties.
    pub fn properties(&self) -> &Properties {
        self.tfm.transform.properties()
    }

    /// The tag length that was set, in bytes; 0 if none was.
    pub fn tag_len(&self) -> usize {
        self.tfm.transform.tag_len() as usize
    }

    /// Bytes of associated data in each AEAD message.
    pub fn assoclen(&self) -> usize {
        self.assoclen.load(Ordering::Relaxed)
    }

    /// Sets the bytes of associated data of the messages to come.
    pub fn set_assoclen(&self, assoclen: usize) {
        self.assoclen.store(assoclen, Ordering::Relaxed);
    }

    /// The size that `set_splice_size` has set.
    pub fn splice_size(&self) -> u32 {
        self.splice_size.load(Ordering::Relaxed)
    }

    /// Keeps a size for `splice_size`, rounded as the size of a pipe would be. It has no other use,
    /// since this library has no pipe. EINVAL: more than a pipe can have.
    pub fn set_splice_size(&self, size: u32) -> Result<()> {
        const PAGE: u32 = 4096;
        let pipe = size.max(PAGE).checked_next_power_of_two();
        let pipe = pipe.ok_or_else(|| because(Errno::INVAL, "more than a pipe can have"))?;
        self.splice_size.store((pipe - PAGE).max(PAGE), Ordering::Relaxed);
        Ok(())
    }

    /// Sets a parameter of the transform, see [`Tfm::set`].
    pub fn set(&self, parameter: Parameter<'_>) -> Result<c_int> {
        self.tfm.set(parameter, &self.slot)
    }

    /// A whole message and its whole result, see [`Operation::message`].
    pub fn message(&self, message: &WholeMessage<'_>) -> Result<usize> {
        self.message_in(&mut *self.enter()?, message, Wiper::Operation)
    }

    /// The same for a caller who has locked the handle by `enter`. `wiper` wipes the stack.
    #[inline(always)]
    pub fn message_in(
        &self,
        state: &mut SlotState,
        message: &WholeMessage<'_>,
        wiper: Wiper,
    ) -> Result<usize> {
        if message.length == Length::Pieces {
            self.warn_of_pieces(message.input);
        }
        let check = |operation: &dyn Operation| operation.check(message);
        self.alone(state, message.control, check, |alone| {
            alone.operation().message(alone, message, wiper)
        })
    }

    /// Makes way for a whole message that has an IV of its own, if the algorithm has one, and opens an
    /// operation for it. The caller has locked the handle and processes the message. See
    /// [`Slot::make_way_alone`] for the errors.
    pub fn make_way(&self, state: &mut SlotState, message: &WholeMessage<'_>) -> Result<()> {
        let check = |operation: &dyn Operation| operation.check(message);
        self.slot.make_way_alone(state, false, check, || self.open_operation())?;
        state.operation(|| self.open_operation()).map(drop)
    }

    /// Opens an operation for a digest that may be processed together with others. False: its message has
    /// begun already, it gains nothing by that, or there is an error.
    pub fn makes_way_for_digest(&self, state: &mut SlotState) -> bool {
        self.grouping(None).is_some()
            && state.missing == Missing::Nothing
            && state
                .operation(|| self.open_operation())
                .is_ok_and(|operation| operation.progress() == Progress::Idle)
    }

    /// Closes an operation that has failed.
    pub fn close_failed(&self, state: &mut SlotState) {
        self.slot.close_failed(state);
    }

    /// Takes note of the result of a message for which `make_way` or `makes_way_for_digest` has made way.
    pub fn after(&self, state: &mut SlotState, result: &Result<usize>) {
        self.slot.after(state, result);
    }

    /// Warns, once for each handle, that a message is cut though the mode does not chain.
    fn warn_of_pieces(&self, input: Iovecs<'_>) {
        // The length is compared first, so that short messages take no longer.
        if input.total().is_ok_and(|len| len > Length::ONE_SHOT)
            && !self.properties().chains()
            && !self.warned_of_pieces.swap(true, Ordering::Relaxed)
        {
            log!(
                Warning,
                "{}: a message over 64 KiB is cut into pieces of 64 KiB, which all begin with the IV",
                self.properties().name
            );
        }
    }

    /// Returns whether the message has no IV of its own although the algorithm has one, and goes on
    /// with the last one's. Warns if there was no earlier message either.
    fn goes_on(&self, control: &Control, state: &SlotState) -> bool {
        let goes_on = control.iv.is_none() && self.tfm.iv_size > 0;
        if goes_on && state.is_new() {
            log!(Warning, "{}: no IV, and no earlier message: it is zeros", self.properties().name);
        }
        goes_on
    }

    /// Pairs of IOVECs, each a message of its own, see [`Operation::batch`].
    pub fn batch(
        &self,
        control: &Control,
        inputs: Iovecs<'_>,
        outputs: Iovecs<'_>,
    ) -> Result<usize> {
        let submission = if self.aio { Submission::Batched } else { Submission::Synchronous };
        let check = |operation: &dyn Operation| operation.check_each(control, inputs, outputs);
        // Lists of messages take memory, a single message does not.
        if inputs.list().len() > 1 {
            memory::ensure(SMALL)?;
        }
        self.alone(&mut *self.enter()?, control, check, |alone| {
            alone.operation().batch(alone, control, inputs, outputs, submission)
        })
    }

    /// Returns whether the handle was made with `KCAPI_INIT_AIO`.
    pub fn aio(&self) -> bool {
        self.aio
    }

    /// The digest of all that `update_digest` has taken, and of `input` behind it. EIO: see
    /// `finish_digest`. `wiper` wipes the stack.
    pub fn digest(&self, input: Iovecs<'_>, output: Iovecs<'_>, wiper: Wiper) -> Result<usize> {
        self.digest_in(&mut *self.enter()?, input, output, wiper)
    }

    /// The same for a caller who has locked the handle by `enter`.
    #[inline(always)]
    pub fn digest_in(
        &self,
        state: &mut SlotState,
        input: Iovecs<'_>,
        output: Iovecs<'_>,
        wiper: Wiper,
    ) -> Result<usize> {
        self.end_message(state, |operation| operation.digest(input, output, wiper))
    }

    /// A piece of a message whose digest `finish_digest` gives. EIO: an earlier piece of the
    /// message was not taken.
    pub fn update_digest(&self, input: Iovecs<'_>) -> Result<()> {
        let mut state = self.enter()?;
        match state.missing {
            Missing::Nothing => {}
            Missing::Piece => return Err(Errno::IO),
            Missing::Message => state.missing = Missing::Nothing,
        }
        state.digest_begun = true;
        let update = |state: &mut SlotState| {
            let operation = state.watched(|| self.open_operation())?;
            operation.send(None, input, true, &Event::default()).map(drop)
        };
        let result = update(&mut state);
        self.slot.after(&mut state, &result);
        self.give_up_digest(&mut state, Missing::Piece, &result);
        result
    }

    /// The digest of all that `update_digest` has taken. EIO, once, if a piece of the message was refused, or if
    /// an earlier call that should have ended it has failed. After that a new message begins.
    pub fn finish_digest(&self, output: Iovecs<'_>) -> Result<usize> {
        let mut state = self.enter()?;
        if state.missing != Missing::Nothing {
            state.begin_digest_anew();
            return Err(Errno::IO);
        }
        self.end_message(&mut state, |operation| operation.receive(output)?.ok_or(Errno::AGAIN))
    }

    /// A call that ends a message, if one has begun. EIO: a piece of it is missing.
    #[inline(always)]
    fn end_message(
        &self,
        state: &mut SlotState,
        call: impl FnOnce(&dyn Operation) -> Result<usize>,
    ) -> Result<usize> {
        if state.missing == Missing::Piece {
            state.begin_digest_anew();
            return Err(Errno::IO);
        }
        state.missing = Missing::Nothing;
        let begun = state.has_begun();
        let result = call(&**state.operation(|| self.open_operation())?);
        state.begin_digest_anew();
        self.slot.after(state, &result);
        if begun {
            self.give_up_digest(state, Missing::Message, &result);
        }
        result
    }

    /// After an error a part of the message is missing, or the kernel has none of it any more: the next digest
    /// would be that of another message.
    fn give_up_digest<T>(&self, state: &mut SlotState, missing: Missing, result: &Result<T>) {
        if result.as_ref().is_err_and(|errno| !matches!(*errno, Errno::NOKEY | Errno::DEADLK)) {
            state.missing = missing;
            self.slot.close(state);
        }
    }

    /// Starts a stream. EINVAL: an earlier one is complete and not received; or there is no IV to
    /// go on with. EBUSY: a thread is in a call of an earlier one with data in it, or begins one at the same
    /// time.
    pub fn start(
        &self,
        control: &Control,
        input: Iovecs<'_>,
        cancellation: &Suspended,
    ) -> Result<usize> {
        let mut state = self.enter()?;
        let goes_on = self.goes_on(control, &state);
        self.slot.make_way(&mut state, goes_on, true, || self.open_operation())?;
        state.watched(|| self.open_operation())?;
        let visit = self.visit(&mut state)?;
        let lost_before = Slot::begin(&mut state);
        drop(state);
        let result = visit.send(Some(control), input, true, cancellation);
        if matches!(result, Err(Errno::NOKEY)) {
            self.slot.not_begun(lost_before)?;
        }
        result
    }

    /// Takes note that a stream does not begin, because its first piece was refused, see [`Slot::refuse_start`].
    pub fn refuse_start(&self) {
        // Without the lock this is a signal handler's call, and the stream is that of the call that it has interrupted.
        if let Ok(mut state) = self.enter() {
            Slot::refuse_start(&mut state);
        }
    }

    /// A further piece of a stream. EINVAL: it was given up.
    pub fn send(&self, input: Iovecs<'_>, more: bool, cancellation: &Suspended) -> Result<usize> {
        // Most of these calls leave the state settled.
        let mut state = self.tfm.enter(&self.slot)?;
        self.slot.check_going_on(&mut state)?;
        state.watched(|| self.open_operation())?;
        let visit = self.visit(&mut state)?;
        Slot::begin(&mut state);
        drop(state);
        visit.send(None, input, more, cancellation)
    }

    /// Results of a stream, see [`Visit::receive`]. EINVAL: it was given up.
    pub fn receive(&self, output: Iovecs<'_>, cancellation: &Suspended) -> Result<usize> {
        let mut state = self.tfm.enter(&self.slot)?;
        self.slot.check_going_on(&mut state)?;
        let visit = self.visit(&mut state)?;
        drop(state);
        visit.receive(output, cancellation)
    }

    /// Additional input of a generator.
    pub fn add_input(&self, input: Iovecs<'_>) -> Result<usize> {
        self.end_message(&mut *self.enter()?, |operation| {
            operation.send(None, input, false, &Event::default())
        })
    }

    /// Random bytes of a generator.
    pub fn generate(&self, output: Iovecs<'_>) -> Result<usize> {
        self.end_message(&mut *self.enter()?, |operation| {
            operation.receive(output)?.ok_or(Errno::AGAIN)
        })
    }

    /// Locks the handle for a call, see [`Tfm::enter`].
    #[inline(always)]
    pub fn enter(&self) -> Result<Guard<'_, SlotState>> {
        let mut state = self.tfm.enter(&self.slot)?;
        state.unsettle();
        Ok(state)
    }

    /// The same for a caller who has locked other handles, see [`Tfm::enter_at_once`].
    pub fn enter_at_once(&self) -> Option<Guard<'_, SlotState>> {
        let mut state = self.tfm.enter_at_once(&self.slot)?;
        state.unsettle();
        Some(state)
    }

    /// The messages that are faster together, see [`Transform::grouping`].
    pub fn grouping(&self, op: Option<Op>) -> Option<Grouping> {
        self.tfm.grouping(op)
    }

    /// Its place in the order in which several handles are locked: those on one transform stand next to one
    /// another.
    pub fn address(&self) -> impl Ord + Copy + use<> {
        (Arc::as_ptr(&self.tfm).addr(), std::ptr::from_ref(self).addr())
    }

    /// Bytes in an IV of its algorithm; 0: it has none.
    pub fn iv_size(&self) -> usize {
        self.tfm.iv_size
    }

    fn visit(&self, state: &mut SlotState) -> Result<Visit> {
        self.slot.visit(state, || self.open_operation())
    }

    /// Processes whole messages by `call`.
    #[inline(always)]
    fn alone(
        &self,
        state: &mut SlotState,
        control: &Control,
        check: impl FnOnce(&dyn Operation) -> Result<()>,
        call: impl FnOnce(Alone<'_>) -> Result<usize>,
    ) -> Result<usize> {
        let goes_on = self.goes_on(control, state);
        self.slot.make_way_alone(state, goes_on, check, || self.open_operation())?;
        let result = call(state.alone(|| self.open_operation())?);
        self.slot.after(state, &result);
        result
    }

    fn open_operation(&self) -> Result<Arc<dyn Operation>> {
        memory::ensure(SMALL)?;
        self.tfm.transform.operation()
    }
}
