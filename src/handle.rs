// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! What C holds as `struct kcapi_handle`: one operation and its transform.
//!
//! A handle is used through shared references only, since the API lets one
//! thread send while another receives on the same handle.

use crate::capi::util::KCAPI_INIT_AIO;
use crate::engine::{
    self, Control, Kind, Length, Op, Operation, Parameter, Properties, Submission, Transform,
};
use crate::errno::{Errno, Result};
use crate::iov::Iovecs;
use crate::memory::{self, SMALL};
use libc::c_int;
use std::ffi::CStr;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// What `kcapi_get_maxsplicesize` says before anyone has set it: what fits into a
/// pipe of 128 KiB, less a page for data that do not begin at one.
const DEFAULT_SPLICE_SIZE: u32 = (128 << 10) - 4096;

/// A handle's operation; opened by the first call that needs it.
///
/// Locked for the length of a whole message, so that those of two threads cannot mix, nor another
/// handle change the key under it. The stream calls take the operation out and unlock, since one
/// may wait for the other.
type Slot = Mutex<Option<Arc<dyn Operation>>>;

/// A transform and the slots of all handles on it.
struct Tfm {
    transform: Box<dyn Transform>,
    slots: Mutex<Vec<Weak<Slot>>>,
}

impl Tfm {
    /// A slot for a further handle.
    fn slot(&self) -> Result<Arc<Slot>> {
        let slot = Arc::new(Slot::default());
        let mut slots = lock(&self.slots);
        // Those of destroyed handles go before the list would grow.
        if slots.len() == slots.capacity() {
            slots.retain(|slot| slot.strong_count() > 0);
        }
        slots.try_reserve(1)?;
        slots.push(Arc::downgrade(&slot));
        Ok(slot)
    }

    /// Sets a parameter. The kernel refuses while operations are open; those are
    /// closed for it, unless data are in flight in one.
    fn set(&self, parameter: Parameter<'_>) -> Result<c_int> {
        memory::ensure(SMALL)?;
        match self.transform.set(parameter) {
            Err(Errno::BUSY) => {
                let slots = memory::collect(lock(&self.slots).iter().filter_map(Weak::upgrade))?;
                let mut operations = memory::collect(slots.iter().map(|slot| lock(slot)))?;
                let busy = |op: &Arc<dyn Operation>| op.in_flight() && !op.failed();
                if operations.iter().any(|operation| operation.as_ref().is_some_and(busy)) {
                    return Err(Errno::BUSY);
                }
                operations.iter_mut().for_each(|operation| drop(operation.take()));
                // Still locked: no handle opens another meanwhile.
                self.transform.set(parameter)
            }
            result => result,
        }
    }
}

/// Whether an operation cannot be used any more.
type Stale = fn(&dyn Operation) -> bool;

/// Nothing of a failed call is to be left.
const CLEAN: Stale = |operation| operation.failed();

const AS_IT_IS: Stale = |_| false;

/// A cipher handle.
pub struct Handle {
    tfm: Arc<Tfm>,
    operation: Arc<Slot>,
    assoclen: AtomicUsize,
    aio: bool,
    splice_size: AtomicU32,
}

impl Handle {
    /// A handle with a transform of its own.
    pub fn open(kind: Kind, name: &CStr, flags: u32) -> Result<Self> {
        memory::ensure(SMALL)?;
        Self::with(engine::open(kind, name)?, flags)
    }

    /// A handle on a transform that nobody else has.
    pub fn with(transform: Box<dyn Transform>, flags: u32) -> Result<Self> {
        Self::on(Arc::new(Tfm { transform, slots: Mutex::default() }), flags)
    }

    /// A handle with an operation of its own, on the same transform.
    pub fn reinit(&self, flags: u32) -> Result<Self> {
        memory::ensure(SMALL)?;
        Self::on(Arc::clone(&self.tfm), flags)
    }

    fn on(tfm: Arc<Tfm>, flags: u32) -> Result<Self> {
        Ok(Self {
            operation: tfm.slot()?,
            tfm,
            assoclen: AtomicUsize::new(0),
            aio: flags & KCAPI_INIT_AIO != 0,
            splice_size: AtomicU32::new(DEFAULT_SPLICE_SIZE),
        })
    }

    /// The name of the engine that serves the handle.
    pub fn engine(&self) -> &'static CStr {
        self.tfm.transform.engine()
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

    /// What `set_splice_size` set.
    pub fn splice_size(&self) -> u32 {
        self.splice_size.load(Ordering::Relaxed)
    }

    /// Kept to be told again, rounded as a pipe would be: no data goes through one
    /// here. EINVAL: more than a pipe can be asked for.
    pub fn set_splice_size(&self, size: u32) -> Result<()> {
        const PAGE: u32 = 4096;
        let pipe = size.max(PAGE).checked_next_power_of_two().ok_or(Errno::INVAL)?;
        self.splice_size.store((pipe - PAGE).max(PAGE), Ordering::Relaxed);
        Ok(())
    }

    /// Sets a parameter of the transform. EBUSY: data are in flight on one of its handles.
    pub fn set(&self, parameter: Parameter<'_>) -> Result<c_int> {
        self.tfm.set(parameter)
    }

    /// What precedes an AEAD message; EINVAL if the kernel could not be told the
    /// length of the associated data.
    pub fn aead_control(&self, op: Op, iv: Option<engine::Iv>) -> Result<Control> {
        let assoclen = u32::try_from(self.assoclen()).map_err(|_| Errno::INVAL)?;
        Ok(Control { op, iv, assoclen: Some(assoclen) })
    }

    /// A whole message and its whole result, see [`Operation::message`].
    pub fn message(
        &self,
        control: &Control,
        input: Iovecs<'_>,
        output: Iovecs<'_>,
        length: Length,
    ) -> Result<usize> {
        self.whole(CLEAN, |operation| operation.message(control, input, output, length))
    }

    /// Pairs of IOVECs, each a message of its own, see [`Operation::batch`].
    pub fn batch(
        &self,
        control: &Control,
        inputs: Iovecs<'_>,
        outputs: Iovecs<'_>,
    ) -> Result<usize> {
        let submission = if self.aio { Submission::Batched } else { Submission::Synchronous };
        self.whole(CLEAN, |operation| {
            // One alone is a message like any other.
            if inputs.list().len() > 1 {
                memory::ensure(SMALL)?;
            }
            operation.batch(control, inputs, outputs, submission)
        })
    }

    /// Whether the handle was made with `KCAPI_INIT_AIO`.
    pub fn aio(&self) -> bool {
        self.aio
    }

    /// A whole message without control data, and its result: a digest.
    pub fn digest(&self, input: Iovecs<'_>, output: Iovecs<'_>) -> Result<usize> {
        self.whole(CLEAN, |operation| operation.digest(input, output))
    }

    /// A piece of a message whose digest `finish_digest` gives.
    pub fn update_digest(&self, input: Iovecs<'_>) -> Result<()> {
        let mut slot = lock(&self.operation);
        self.opened(&mut slot, CLEAN)?.send(None, input, true).map(drop)
    }

    /// The digest of all that `update_digest` has taken. EIO if it failed: what came before
    /// is lost, and the digest of the rest would be a wrong one.
    pub fn finish_digest(&self, output: Iovecs<'_>) -> Result<usize> {
        self.whole(AS_IT_IS, |operation| {
            let incomplete = operation.failed();
            let result = operation.receive(output);
            if incomplete { result.and(Err(Errno::IO)) } else { result }
        })
    }

    /// Starts a stream.
    pub fn start(&self, control: &Control, input: Iovecs<'_>) -> Result<usize> {
        self.operation(CLEAN)?.send(Some(control), input, true)
    }

    /// A further piece of a stream.
    pub fn send(&self, input: Iovecs<'_>, more: bool) -> Result<usize> {
        self.operation(AS_IT_IS)?.send(None, input, more)
    }

    /// Results of a stream.
    pub fn receive(&self, output: Iovecs<'_>) -> Result<usize> {
        self.operation(AS_IT_IS)?.receive(output)
    }

    /// The operation that is there, unless it is `stale`, or a new one.
    fn opened<'s>(
        &self,
        slot: &'s mut Option<Arc<dyn Operation>>,
        stale: Stale,
    ) -> Result<&'s Arc<dyn Operation>> {
        slot.take_if(|operation| stale(&**operation));
        match slot {
            Some(operation) => Ok(operation),
            None => {
                memory::ensure(SMALL)?;
                Ok(slot.insert(self.tfm.transform.operation()?))
            }
        }
    }

    fn operation(&self, stale: Stale) -> Result<Arc<dyn Operation>> {
        self.opened(&mut lock(&self.operation), stale).cloned()
    }

    /// Calls the operation, locked; closes it, together with its data, if a call on it has failed.
    fn whole<T>(&self, stale: Stale, call: impl FnOnce(&dyn Operation) -> Result<T>) -> Result<T> {
        let mut slot = lock(&self.operation);
        let operation = self.opened(&mut slot, stale)?;
        let result = call(&**operation);
        if operation.failed() {
            *slot = None;
        }
        result
    }
}

/// Locks; that a thread died while it held the lock cannot matter here, since
/// nothing panics and a panic would end the process.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
