// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The transform that several handles share, and the change of its key while they use it.

use crate::engine::{Grouping, Kind, Op, Parameter, Transform};
use crate::errno::{Errno, Result};
use crate::generation::generation;
use crate::lock::{Guard, Lock, Recover};
use crate::memory::{self, SMALL};
use crate::slot::{Slot, SlotState};
use libc::c_int;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};

type Slots = Vec<Weak<Slot>>;

impl Recover for Slots {
    #[allow(unsafe_code)]
    unsafe fn recover(this: *mut Self) {
        // SAFETY: the caller's promise. Handles come back with their first call in this process.
        unsafe { this.write(Vec::new()) };
    }
}

/// A transform and the slots of all handles on it.
pub struct Tfm {
    /// The engine's transform.
    pub transform: Box<dyn Transform>,
    /// The family of its algorithm.
    pub kind: Kind,
    /// Bytes in the IV of its messages; 0: they have none.
    pub iv_size: usize,
    /// See [`Transform::grouping`]: of digests, in decryption, and in encryption.
    groupings: [Option<Grouping>; 3],
    /// Locked while a parameter is changed. A thread that holds a slot's lock never locks this.
    slots: Lock<Slots>,
    /// The generation of the process in which a parameter is being changed; 0: none is.
    changing: AtomicU32,
    /// Calls that wait for the end of a change.
    waiting: AtomicU32,
}

impl Tfm {
    /// A transform without handles.
    pub fn new(kind: Kind, transform: Box<dyn Transform>) -> Self {
        // It gives this process its number, so that a child finds another one and knows that the
        // transform is its parent's.
        generation();
        let of_family = |op: &Option<Op>| op.is_none() == (kind == Kind::Hash);
        let grouping = |op| Some(op).filter(of_family).and_then(|op| transform.grouping(op));
        Self {
            iv_size: transform.properties().iv_size as usize,
            groupings: [None, Some(Op::Decrypt), Some(Op::Encrypt)].map(grouping),
            transform,
            kind,
            slots: Lock::default(),
            changing: AtomicU32::new(0),
            waiting: AtomicU32::new(0),
        }
    }

    /// The messages that are faster together, see [`Transform::grouping`].
    pub fn grouping(&self, op: Option<Op>) -> Option<Grouping> {
        let [digests, decryption, encryption] = self.groupings;
        match op {
            None => digests,
            Some(Op::Encrypt) => encryption,
            Some(_) => decryption,
        }
    }

    /// A slot for a further handle.
    pub fn slot(&self) -> Result<Arc<Slot>> {
        let slot = Arc::new(Slot::new(self.kind));
        add(&mut *self.slots.lock_first_in(generation())?, &slot)?;
        Ok(slot)
    }

    /// Locks a handle's slot for a call. While a parameter is being changed the call waits. So the
    /// thread that changes it waits only for calls that have begun before.
    ///
    /// Inlined, so that the guard stays in registers: one that is returned in memory is read again in other
    /// pieces than it was written in, for which a processor waits.
    #[inline(always)]
    pub fn enter<'a>(&self, slot: &'a Arc<Slot>) -> Result<Guard<'a, SlotState>> {
        let state = slot.lock(generation())?;
        if self.is_ready(&state) {
            return Ok(state);
        }
        drop(state);
        self.enter_when_ready(slot)
    }

    /// Returns whether a call may begin at once: no parameter is being changed, and this process has
    /// used the handle before.
    #[inline]
    fn is_ready(&self, state: &Guard<'_, SlotState>) -> bool {
        // If the call had to wait, a signal handler may have made another process of this one.
        let process = state.process();
        self.changing.load(Ordering::Relaxed) != process && state.belongs_to(process)
    }

    #[cold]
    fn enter_when_ready<'a>(&self, slot: &'a Arc<Slot>) -> Result<Guard<'a, SlotState>> {
        let mut listed_in = None;
        loop {
            let mut state = slot.lock(generation())?;
            let process = state.process();
            if self.changing.load(Ordering::Relaxed) != process {
                if state.belongs_to(process) || listed_in == Some(process) {
                    slot.adopt(&mut state, process);
                    return Ok(state);
                }
                drop(state);
                // Before the slot becomes this process's own: if there is no memory, the next call comes here again.
                self.add_inherited(slot, process)?;
                listed_in = Some(process);
                continue;
            }
            drop(state);
            self.waiting.fetch_add(1, Ordering::Relaxed);
            let changed = self.slots.lock_first_in(process);
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            drop(changed?);
        }
    }

    /// Locks a handle's slot for a caller who holds others, without waiting for anybody. None: the
    /// caller has to give the others back first, and then `enter`.
    pub fn enter_at_once<'a>(&self, slot: &'a Arc<Slot>) -> Option<Guard<'a, SlotState>> {
        let state = slot.try_lock(generation())?;
        self.is_ready(&state).then_some(state)
    }

    /// Makes sure that a slot of the parent process is in the list, which a thread of the parent
    /// may have been changing during the fork(2).
    fn add_inherited(&self, slot: &Arc<Slot>, process: u32) -> Result<()> {
        let mut slots = self.slots.lock_first_in(process)?;
        if slots.iter().any(|known| std::ptr::eq(known.as_ptr(), Arc::as_ptr(slot))) {
            return Ok(());
        }
        add(&mut slots, slot)
    }

    /// Sets a parameter. The kernel refuses that while operations are open, so idle ones are closed
    /// first. EBUSY: a message is in one, see [`Slot::busy`]; then nothing has changed. A message of `own`, the slot of
    /// the handle that is used for it, begins anew.
    pub fn set(&self, parameter: Parameter<'_>, own: &Slot) -> Result<c_int> {
        memory::ensure(SMALL)?;
        self.let_pass();
        let slots = self.slots.lock_first_in(generation())?;
        let process = slots.process();
        let _changing = Changing::begin(&self.changing, process);
        // From here on, a slot that was locked once is not used by another call, since calls wait.
        let each = || slots.iter().filter_map(Weak::upgrade);
        for slot in each() {
            let mut state = slot.lock_too(process)?;
            slot.adopt(&mut state, process);
            if slot.busy(&state) {
                return Err(Errno::BUSY);
            }
        }
        for slot in each() {
            slot.close(&mut *slot.lock_too(process)?);
        }
        let result = self.transform.set(parameter)?;
        // Before others go on. The parameter is set, also if the slot cannot be had any more, which a signal handler
        // may be told.
        if let Ok(mut state) = own.lock_too(process) {
            state.begin_digest_anew();
        }
        Ok(result)
    }

    /// Lets calls go on that have waited for the last change. Otherwise a thread that changes
    /// parameters in a loop would come first again and again.
    fn let_pass(&self) {
        const AT_MOST: usize = 100;
        for _ in 0..AT_MOST {
            if self.waiting.load(Ordering::Relaxed) == 0 {
                break;
            }
            std::thread::yield_now();
        }
    }
}

fn add(slots: &mut Slots, slot: &Arc<Slot>) -> Result<()> {
    // Before the list grows, the slots of destroyed handles are taken out of it.
    if slots.len() == slots.capacity() {
        slots.retain(|slot| slot.strong_count() > 0);
    }
    slots.try_reserve(1)?;
    slots.push(Arc::downgrade(slot));
    Ok(())
}

/// Says, as long as it lives, that a parameter is being changed.
struct Changing<'a>(&'a AtomicU32);

impl<'a> Changing<'a> {
    fn begin(changing: &'a AtomicU32, process: u32) -> Self {
        changing.store(process, Ordering::Relaxed);
        Self(changing)
    }
}

impl Drop for Changing<'_> {
    fn drop(&mut self) {
        self.0.store(0, Ordering::Relaxed);
    }
}
