// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The two traits that an engine implements, after AF_ALG's own model.
//!
//! A *transform* is the bound socket of AF_ALG: an algorithm and what
//! setsockopt(2) sets, the key and the tag length. It is shared by all handles
//! that `kcapi_handle_reinit` made from one another. An *operation* is what
//! accept(2) returns: IV, associated-data length, direction and data in flight.
//! It belongs to one handle.
//!
//! References: Linux `Documentation/crypto/userspace-if.rst`, `crypto/af_alg.c`.

pub mod choice;
pub mod kernel;
pub mod name;
pub mod outcome;
pub mod requests;
pub mod shape;
#[cfg(feature = "user-engine")]
pub mod user;

use crate::errno::{Errno, Result};
use crate::fork::Forked;
use crate::iov::Iovecs;
use crate::lock::Event;
use crate::wipe::{Depth, Wiped, Wiper};
use libc::c_int;
use shape::Shape;
use std::any::Any;
use std::ffi::CStr;
use std::marker::PhantomData;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The families of algorithms, by the names that bind(2) takes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// Symmetric ciphers.
    Skcipher,
    /// Authenticated encryption with associated data.
    Aead,
    /// Message digests, keyed or not.
    Hash,
    /// Random number generators.
    Rng,
    /// Asymmetric ciphers; in no mainline kernel.
    Akcipher,
    /// Key agreement; in no mainline kernel.
    Kpp,
}

/// The sizes and the name of an algorithm, which never change. A size that the family has not is 0.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Properties {
    /// The algorithm's name, `cbc(aes)`, even if a driver was asked for by its own name.
    pub name: String,
    /// Bytes in a block.
    pub block_size: u32,
    /// Bytes in an IV.
    pub iv_size: u32,
    /// Bytes in a digest.
    pub digest_size: u32,
    /// Bytes in the longest tag.
    pub max_tag_size: u32,
    /// Bytes in an RNG's seed.
    pub seed_size: u32,
}

impl Properties {
    /// The outermost template: `cbc` of `cbc(aes)`.
    pub fn template(&self) -> &str {
        name::template(&self.name)
    }

    /// Returns whether the mode chains: the IV that a message leaves is the one with which a longer
    /// message would have gone on. A message may be cut then, and the pieces come out as the whole.
    pub fn chains(&self) -> bool {
        matches!(self.template(), "ecb" | "cbc" | "ctr" | "lrw" | "pcbc" | "ofb" | "cfb")
    }

    /// Returns whether every driver in the kernel leaves the IV as it was, since it works on a
    /// copy. After a message of other modes (xts, cts, authenc) the IV is what the driver happens
    /// to leave. kw has one driver in the kernel, and its IV is a result.
    pub fn keeps_iv(&self) -> bool {
        matches!(
            self.template(),
            "gcm"
                | "ccm"
                | "rfc4106"
                | "rfc4309"
                | "rfc4543"
                | "rfc7539"
                | "rfc7539esp"
                | "rfc3686"
                | "kw"
                | "chacha20"
                | "xchacha20"
                | "xchacha12"
        )
    }
}

/// Bytes in the longest digest of the kernel, its HASH_MAX_DIGESTSIZE.
pub const DIGEST_MAX: usize = 64;

/// The direction of an operation; the numbers are those of ALG_SET_OP.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum Op {
    /// Decrypt.
    Decrypt = 0,
    /// Encrypt.
    Encrypt = 1,
    /// Sign (akcipher).
    Sign = 2,
    /// Verify (akcipher).
    Verify = 3,
    /// Make a key pair and give its public key (kpp).
    Keygen = 4,
    /// Compute the shared secret (kpp).
    Ssgen = 5,
}

/// An IV, copied from the caller at once: its memory may be the output's too.
#[derive(Default)]
pub struct Iv {
    bytes: Wiped<{ Iv::MAX }>,
    len: usize,
}

impl Iv {
    /// Longer than that of any algorithm in the kernel.
    pub const MAX: usize = 64;

    /// Copies `bytes`; EINVAL if there are too many.
    #[inline(always)]
    pub fn set(&mut self, bytes: &[u8]) -> Result<()> {
        copy_iv(self.bytes.get_mut(..bytes.len()).ok_or(Errno::INVAL)?, bytes);
        self.len = bytes.len();
        Ok(())
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// Copies an IV to a place of its length. What has its length known is copied without a call, and most IVs
/// have this one.
#[inline(always)]
pub fn copy_iv(to: &mut [u8], iv: &[u8]) {
    match (<&mut [u8; 16]>::try_from(&mut *to), iv.try_into()) {
        (Ok(to), Ok(iv)) => *to = iv,
        _ => to.copy_from_slice(iv),
    }
}

/// The control data of a message, which come with its first bytes or before them.
pub struct Control {
    /// The direction.
    pub op: Op,
    /// The IV. None: the one that the operation's last message has left.
    pub iv: Option<Iv>,
    /// Bytes of associated data at the head of each AEAD message.
    pub assoclen: Option<u32>,
}

impl Control {
    /// That of a message without IV and associated data.
    pub fn of(op: Op) -> Self {
        Self { op, iv: None, assoclen: None }
    }

    /// Bytes in the result of a message of `len` bytes with a tag of `tag_len`. EINVAL: it is
    /// shorter than its associated data and tag.
    fn result_len(&self, len: usize, tag_len: usize) -> Result<usize> {
        let result = match self.op {
            Op::Encrypt => len.checked_add(tag_len),
            _ => len.checked_sub(tag_len),
        };
        let result = result.ok_or(Errno::INVAL)?;
        let assoclen = self.assoclen.unwrap_or(0) as usize;
        if len.min(result) < assoclen { Err(Errno::INVAL) } else { Ok(result) }
    }
}

/// A parameter of a transform.
#[derive(Clone, Copy)]
pub enum Parameter<'a> {
    /// The key; an RNG's seed.
    Key(&'a [u8]),
    /// The serial number of a key in the kernel's keyrings (ciphers, AEADs, keyed digests).
    KeySerial(i32),
    /// A public key (akcipher).
    PublicKey(&'a [u8]),
    /// The length of the tag in bytes (AEAD).
    TagLen(u32),
    /// Entropy for a DRBG under test.
    Entropy(&'a [u8]),
    /// PKCS#3 parameters (kpp).
    DhParameters(&'a [u8]),
    /// A curve's number (kpp).
    EcdhCurve(u32),
}

/// The treatment of a long message in a mode that does not chain, such as xts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Length {
    /// It is one operation, of any length.
    Whole,
    /// It is cut into pieces of [`Length::ONE_SHOT`] bytes that all begin with the same IV. The
    /// one-shot functions of the C library have always done so, and there are data that were so
    /// encrypted.
    Pieces,
}

impl Length {
    /// Bytes in each of the pieces.
    pub const ONE_SHOT: usize = 64 * 1024;

    /// Bytes in the last piece of a message of `len` bytes.
    fn last(self, len: usize) -> usize {
        match self {
            Self::Pieces if len > Self::ONE_SHOT => (len - 1) % Self::ONE_SHOT + 1,
            _ => len,
        }
    }
}

/// A whole message. It is handed on by reference, because to copy what was just written is to wait until it
/// is.
#[derive(Clone, Copy)]
pub struct WholeMessage<'a> {
    /// The control data.
    pub control: &'a Control,
    /// The message.
    pub input: Iovecs<'a>,
    /// The place of the result.
    pub output: Iovecs<'a>,
    /// What becomes of a long one.
    pub length: Length,
}

impl<'a> WholeMessage<'a> {
    /// One that is not cut.
    pub fn new(control: &'a Control, input: Iovecs<'a>, output: Iovecs<'a>) -> Self {
        Self { control, input, output, length: Length::Whole }
    }

    /// Bytes in the message, and in its result with a tag of `tag_len`. EINVAL: it is shorter than its
    /// associated data and tag, or the output has no room for the result. EMSGSIZE: more than INT_MAX.
    #[inline]
    pub fn lens(&self, tag_len: usize) -> Result<(usize, usize)> {
        let len = self.input.total()?;
        let result = self.control.result_len(len, tag_len)?;
        if self.output.total()? < result { Err(Errno::INVAL) } else { Ok((len, result)) }
    }
}

/// The way in which the IOVEC pairs of a batch reach the engine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Submission {
    /// One after the other.
    Synchronous,
    /// With as few system calls as the engine can.
    Batched,
}

/// The messages that are faster together than one by one.
#[derive(Clone, Copy)]
pub struct Grouping {
    /// Bytes that each has, or more.
    pub min_len: usize,
    /// Their number, or more.
    pub min_count: usize,
}

/// An algorithm with its key; shared, and the same for all threads.
pub trait Transform: Send + Sync {
    /// The engine's name.
    fn engine(&self) -> &'static CStr;

    /// The algorithm's properties.
    fn properties(&self) -> &Properties;

    /// Sets a parameter for the operations to come; the caller has closed all others. A tag
    /// length that is refused leaves the old one in force, and so does a serial number under which no
    /// key can be had; a key that is refused may leave none (Linux since 6.7). EBUSY: another process shares the transform. Positive for an akcipher's
    /// key: the largest size of a result.
    fn set(&self, parameter: Parameter<'_>) -> Result<c_int>;

    /// The tag length that was set, in bytes; 0 if none was and the algorithm's
    /// longest is in force.
    fn tag_len(&self) -> u32;

    /// Bytes that an AEAD's message may have, or its result, whichever is longer.
    fn message_max(&self) -> Result<usize>;

    /// The messages that are faster together, by [`requests::process`], if each has an IV of its own; None if none
    /// are. `op` is the direction of ciphers, or None for digests.
    fn grouping(&self, op: Option<Op>) -> Option<Grouping>;

    /// A new operation: nothing in flight, an IV of zeros, with the key and the tag length of
    /// this moment.
    fn operation(&self) -> Result<Arc<dyn Operation>>;
}

/// The progress of an operation's message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress {
    /// There is none, or it was received to its end.
    Idle,
    /// A stream has begun; all that was sent was received, and more may follow.
    Begun,
    /// A stream or digest has begun, and there is something of it in the operation.
    Pending,
    /// The whole message was sent, and is still to be received.
    Complete,
}

/// The note that a call failed, after which the contents of the operation are of no use.
#[derive(Default)]
pub struct Failure(AtomicBool);

impl Failure {
    /// Notes a failure, if `result` is one. A wrong tag is none: the message is gone then, and the
    /// IV is still there. Neither is it one if a lock was not to be had, because nothing was done then:
    /// it is a signal handler's call, and the one that it has interrupted goes on.
    pub fn note<T>(&self, result: Result<T>) -> Result<T> {
        if let Err(errno) = &result {
            self.note_error(*errno);
        }
        result
    }

    #[cold]
    fn note_error(&self, errno: Errno) {
        if !matches!(errno, Errno::BADMSG | Errno::DEADLK) {
            self.set();
        }
    }

    /// Notes a failure.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Returns whether a failure was noted.
    pub fn noted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// An operation and the proof that the lock of its slot is held. So nobody else uses it, unless it was lent
/// ([`Operation::lend`]).
#[derive(Clone, Copy)]
pub struct Alone<'a>(&'a dyn Operation);

impl<'a> Alone<'a> {
    /// # Safety
    ///
    /// As long as `operation` is borrowed the lock of its slot is held.
    #[allow(unsafe_code)]
    pub unsafe fn new(operation: &'a dyn Operation) -> Self {
        Self(operation)
    }

    /// The operation.
    pub fn operation(self) -> &'a dyn Operation {
        self.0
    }

    /// Returns whether it is `operation`.
    #[cfg(feature = "user-engine")]
    pub fn is(self, operation: &impl Operation) -> bool {
        ptr::addr_eq(self.0, operation)
    }
}

/// A whole message, one of several that may be processed together: nobody depends on what another one
/// leaves. Jobs of one operation stand next to one another, and so do those of one transform.
pub struct Job<'a> {
    /// The operation.
    pub alone: Alone<'a>,
    /// The control data, with an IV, if the algorithm has one. None: the job is a digest, of a message
    /// that begins with its input.
    pub control: Option<&'a Control>,
    /// The message.
    pub input: Iovecs<'a>,
    /// The place of the result.
    pub output: Iovecs<'a>,
    /// Where the result goes. If it stays None the message was not processed, and neither were those
    /// after it of the same operation.
    pub outcome: &'a mut Option<Result<usize>>,
    /// [`Job::new`] is the only way to make one.
    apart: PhantomData<()>,
}

impl<'a> Job<'a> {
    /// # Safety
    ///
    /// The memory of `output` is no part of the memory, or the IV, of another job of the same call: engines work on
    /// jobs at the same time.
    #[allow(unsafe_code)]
    pub unsafe fn new(
        alone: Alone<'a>,
        control: Option<&'a Control>,
        input: Iovecs<'a>,
        output: Iovecs<'a>,
        outcome: &'a mut Option<Result<usize>>,
    ) -> Self {
        Self { alone, control, input, output, outcome, apart: PhantomData }
    }

    /// The message, if it is a cipher's.
    pub fn message(&self) -> Option<WholeMessage<'a>> {
        self.control.map(|control| WholeMessage::new(control, self.input, self.output))
    }

    /// The operation, if it is one of `T`.
    pub fn operation_as<T: Operation>(&self) -> Option<&'a T> {
        let operation: &dyn Any = self.alone.0;
        operation.downcast_ref()
    }

    /// Returns whether `other` is of the same operation.
    pub fn shares_operation(&self, other: &Job<'_>) -> bool {
        ptr::addr_eq(self.alone.0, other.alone.0)
    }
}

/// One handle's own state. All methods may be called by several threads at once;
/// one may wait in `receive` for what another passes to `send`.
///
/// Key and tag length are those that its transform had when it was opened: the transform does not
/// change them under it.
///
/// No method may report success for an AEAD message whose tag nobody verified.
///
/// When a stream or digest begins in it, it is told of fork(2) from then on.
pub trait Operation: Forked + Any {
    /// Takes a piece of a message; `more` says that another follows. Returns the number of bytes
    /// that it has taken. If the engine's buffer is full these are fewer than `input` has, and the
    /// rest is to be sent when there is room. `arrived` is told of each part that can be received.
    /// After an error nothing was taken, or the failure is noted.
    fn send(
        &self,
        control: Option<&Control>,
        input: Iovecs<'_>,
        more: bool,
        arrived: &Event,
    ) -> Result<usize>;

    /// Gives results, as many as there are and `output` takes. None: there are none yet. EINVAL
    /// when `output` cannot take a block, or the whole result of an AEAD message; nothing is lost
    /// then.
    fn receive(&self, output: Iovecs<'_>) -> Result<Option<usize>>;

    /// A whole message without control data, and its result: a digest. `wiper` wipes the stack.
    fn digest(&self, input: Iovecs<'_>, output: Iovecs<'_>, wiper: Wiper) -> Result<usize> {
        wiper.run(Depth::Spills, || {
            self.send(None, input, false, &Event::default())?;
            self.receive(output)?.ok_or(Errno::AGAIN)
        })
    }

    /// Bytes of a tag; 0 for all families but AEADs.
    fn tag_len(&self) -> usize {
        0
    }

    /// What its messages must look like.
    fn shape(&self) -> &Shape {
        &Shape::ANY
    }

    /// Checks a whole message. EINVAL: it is shorter than its associated data and tag, its output
    /// is shorter than the result, or the algorithm does not take a message of this shape. EMSGSIZE: see
    /// [`Operation::require`]; of an asymmetric cipher, an output that is too short, and ENOKEY.
    fn check(&self, message: &WholeMessage<'_>) -> Result<()> {
        let (len, result) = message.lens(self.tag_len())?;
        self.shape().check(message.control, len.min(result), message.length)?;
        self.require(len.max(result), message.length)
    }

    /// EMSGSIZE: a message of `len` bytes, or one with such a result, cannot be taken whole and must be.
    fn require(&self, _len: usize, _length: Length) -> Result<()> {
        Ok(())
    }

    /// Checks every pair of a batch, before anything is done for one of them.
    fn check_each(&self, control: &Control, inputs: Iovecs<'_>, outputs: Iovecs<'_>) -> Result<()> {
        let mut pairs = inputs.each().zip(outputs.each());
        pairs.try_for_each(|(input, output)| self.check(&WholeMessage::new(control, input, output)))
    }

    /// A whole message and its whole result. EINVAL when the output is shorter than the
    /// result, EMSGSIZE when the message cannot be taken whole and must be.
    /// Bytes of the output after the result are left alone. The caller has made sure that no stream's message is in the
    /// operation ([`crate::slot::Slot::make_way_alone`]). `wiper` wipes the stack.
    ///
    /// Ciphers have ways of their own. All others send the message and receive its result.
    fn message(&self, _: Alone<'_>, message: &WholeMessage<'_>, _: Wiper) -> Result<usize> {
        self.send(Some(message.control), message.input, false, &Event::default())?;
        self.receive(message.output)?.ok_or(Errno::AGAIN)
    }

    /// Every pair of IOVECs is a message of its own; the IV is given once.
    /// Returns the sum of the results or the first failed pair's error. Nothing
    /// is in flight afterwards.
    ///
    /// Families that gain nothing from many messages at once process one after the other.
    fn batch(
        &self,
        alone: Alone<'_>,
        control: &Control,
        inputs: Iovecs<'_>,
        outputs: Iovecs<'_>,
        _: Submission,
    ) -> Result<usize> {
        self.one_by_one(alone, control, inputs, outputs)
    }

    /// One message after the other.
    fn one_by_one(
        &self,
        alone: Alone<'_>,
        control: &Control,
        inputs: Iovecs<'_>,
        outputs: Iovecs<'_>,
    ) -> Result<usize> {
        inputs.each().zip(outputs.each()).try_fold(0, |sum: usize, (input, output)| {
            let message = WholeMessage::new(control, input, output);
            let len = self.message(alone, &message, Wiper::Operation)?;
            // On machines of 32 bits messages in the same memory can be more together than a word holds.
            Ok(sum.saturating_add(len))
        })
    }

    /// Says that from now on it is used without its slot's lock, too: by calls of streams, and at a
    /// fork(2). An operation whose calls exclude each other anyway does nothing.
    fn lend(&self) {}

    /// The progress of its message.
    fn progress(&self) -> Progress;

    /// Waits for a while until there may be room for more to send. An operation whose `send` takes
    /// all that it is given does nothing, since nobody ever waits for it.
    fn wait_for_room(&self, _at_most: Duration) {}

    /// The note that a call failed in a way that leaves something behind in the operation.
    fn failure(&self) -> &Failure;

    /// Returns whether that was noted.
    fn failed(&self) -> bool {
        self.failure().noted()
    }

    /// Returns whether another process, too, may send to it and receive, since fork(2). That is
    /// never so if each process goes on with a copy of its own.
    fn of_two_processes(&self) -> bool {
        false
    }
}
