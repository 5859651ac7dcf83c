// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! A transform's rings: at most one for each thread that uses it.
//!
//! A ring belongs to a thread: the kernel lets no other submit (IORING_SETUP_SINGLE_ISSUER).
//! It belongs to a process, too: a child of fork(2) shares its memory with the
//! parent and must not touch it. So a call takes the ring of its own thread, or opens one.
//! The rings of threads that have ended are closed when another thread needs one.

use super::io_uring::Ring;
use crate::errno::Result;
use crate::generation::{generation, see_all_children};
use crate::lock::{Lock, Recover};
use crate::log::log;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

/// The most rings of a transform: each is a descriptor and 50 KiB of the kernel's
/// memory. More threads than that use Linux AIO, whose contexts any thread may use.
const RINGS_MAX: usize = 16;

thread_local! {
    /// A thread's mark, which tells it from others. Its reference count tells whether the thread
    /// has ended.
    static THREAD: Arc<()> = Arc::new(());
}

/// A ring and the thread that may use it.
pub struct Owned {
    pub ring: Ring,
    owner: Weak<()>,
    generation: u32,
}

#[derive(Default)]
pub struct Rings {
    pool: Lock<Pool>,
    /// The number of this process's rings, in use or idle. It grows where the pool is locked.
    open: AtomicUsize,
}

#[derive(Default)]
struct Pool {
    generation: u32,
    idle: Vec<Owned>,
}

impl Recover for Pool {
    #[allow(unsafe_code)]
    unsafe fn recover(this: *mut Self) {
        // SAFETY: the caller's promise. The parent's rings are of no use here.
        unsafe { this.write(Self::default()) };
    }
}

impl Rings {
    /// This thread's ring for the length of a call. None: it has none, and there are too many, or it may
    /// not open one. EDEADLK: this is a signal handler, which has interrupted this function.
    pub fn take(&self, may_open: bool) -> Result<Option<Owned>> {
        see_all_children()?;
        let generation = generation();
        let Ok(owner) = THREAD.try_with(Arc::downgrade) else {
            // This is a call from a destructor, while the thread ends.
            return Ok(None);
        };
        let mut state = self.pool.lock()?;
        if state.generation != generation {
            // Closes the child's copies of the parent's rings, not the parent's.
            *state = Pool { generation, ..Pool::default() };
            self.open.store(0, Ordering::Relaxed);
        }
        if let Some(at) = state.idle.iter().position(|ring| ring.owner.ptr_eq(&owner)) {
            return Ok(Some(state.idle.swap_remove(at)));
        }
        if !may_open {
            return Ok(None);
        }
        let idle = state.idle.len();
        state.idle.retain(|ring| ring.owner.strong_count() > 0);
        self.open.fetch_sub(idle - state.idle.len(), Ordering::Relaxed);
        if self.open.load(Ordering::Relaxed) >= RINGS_MAX {
            return Ok(None);
        }
        state.idle.try_reserve(RINGS_MAX)?;
        let ring = Ring::open()?;
        log!(Debug, "io_uring_setup(2): a ring");
        self.open.fetch_add(1, Ordering::Relaxed);
        Ok(Some(Owned { ring, owner, generation }))
    }

    /// Takes a ring back. It is closed if it is of no use any more, or if this is a signal handler, which
    /// has interrupted `take`.
    pub fn put(&self, ring: Owned) {
        // The generation is another one if a signal handler has forked and this is the child.
        if generation() != ring.generation {
            return;
        }
        match self.pool.lock() {
            Ok(mut state) if ring.ring.why_useless().is_none() => state.idle.push(ring),
            _ => {
                self.open.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }
}
