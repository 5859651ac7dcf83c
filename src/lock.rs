// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Locks that stay held in no child of fork(2) by a thread that is not there, and for which no signal handler
//! waits for ever.
//!
//! A child has one thread, the one that called fork(2), and a copy of the parent's memory: a lock
//! that another thread of the parent held at that moment would stay held in the child, since
//! nobody is there to release it. So a lock's word names the process that it was taken in
//! ([`generation`]): one that was taken in another process is free here, and what it guards is
//! brought into order first ([`Recover`]). The one thread of the child may itself be in a call that holds a
//! lock, if a signal handler that has interrupted this call has called fork(2): that lock is not free.
//!
//! A signal handler that calls the library runs in a thread that may hold the lock already.
//! A lock knows who holds it, also while it is just being taken or given back, and says EDEADLK to that
//! thread; and so it does if whoever holds it waits for that thread ([`crate::circle`]).
//!
//! Reference: futex(2).

#![allow(unsafe_code)]

mod mark;

use self::mark::Mark;
use crate::circle::Waiting;
use crate::errno::{Errno, Result};
use crate::generation::{first_thread, generation};
use crate::sys::thread;
use std::cell::{Cell, UnsafeCell};
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering, compiler_fence};
use std::time::{Duration, Instant};

/// A value that a [`Lock`] guards.
pub trait Recover {
    /// Makes the value valid again in the child of a fork(2), if another thread of the parent was
    /// changing it at that moment. The default does nothing, which is right where every change is
    /// one store.
    ///
    /// # Safety
    ///
    /// `this` may be read and written, and nobody else uses it. What it holds may be half changed,
    /// so it may only be overwritten, which leaks what was there, unless the type knows better.
    unsafe fn recover(this: *mut Self) {
        let _ = this;
    }
}

/// A lock that one thread at a time holds, and the value that it guards.
pub struct Lock<T> {
    raw: RawLock,
    value: UnsafeCell<T>,
}

/// A lock without a value: what is the same for all of them is compiled once.
struct RawLock {
    /// The generation of the process that used it last, and in the two lower bits [`FREE`],
    /// [`HELD`] or [`CONTENDED`].
    word: AtomicU32,
    /// The thread that holds it, by the address of that thread's errno, and [`KEPT`]. 0: no thread; or it
    /// is just being taken or given back.
    owner: AtomicUsize,
}

/// A lock has been taken.
struct Taken {
    /// Its word since then.
    word: u32,
    /// Another process held it before: the value may be half changed.
    abandoned: bool,
}

const FREE: u32 = 0;
const HELD: u32 = 1;
/// Held, and other threads may wait for it.
const CONTENDED: u32 = 2;
const STATE: u32 = 3;

/// Added to the owner of a lock that is held across a fork(2). An address of errno is even, so that
/// the two can be told apart.
const KEPT: usize = 1;

/// The longest time that others wait for a lock that is held across a fork(2): the fork(2) may
/// itself wait for one of them.
const PATIENCE: Duration = Duration::from_secs(5);

/// The time after which a thread that waits looks who holds the lock.
const LOOK_FOR_HOLDER: Duration = Duration::from_millis(1);

/// The longest time that a thread waits for itself, if it may be in no signal handler. The one in
/// the handler is told at once, and then goes out of this one's way.
const FOR_ITSELF: Duration = Duration::from_secs(1);

// SAFETY: a lock gives its value to one thread at a time, in which the guard stays, so it may be shared if the value
// may be sent from thread to thread.
unsafe impl<T: Send> Sync for Lock<T> {}

impl<T: Default> Default for Lock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> Lock<T> {
    /// A free lock.
    pub const fn new(value: T) -> Self {
        let raw = RawLock { word: AtomicU32::new(FREE), owner: AtomicUsize::new(0) };
        Self { raw, value: UnsafeCell::new(value) }
    }
}

#[cfg(feature = "user-engine")]
impl<T> Lock<T> {
    /// The value that it guards, without taking the lock.
    ///
    /// # Safety
    ///
    /// Nobody else takes the lock or calls this as long as the reference lives.
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn get_unlocked(&self) -> &mut T {
        // SAFETY: the caller's promise.
        unsafe { &mut *self.value.get() }
    }
}

impl<T: Recover> Lock<T> {
    /// Waits until no other thread of this process holds it. EDEADLK: this thread holds it, and the
    /// caller is a signal handler; or it is held across a fork(2) for too long ([`Guard::keep`]); or
    /// who holds it has waited for this thread for some time.
    #[inline]
    pub fn lock(&self) -> Result<Guard<'_, T>> {
        self.lock_in(generation())
    }

    /// The same for a caller who knows the process's generation.
    #[inline]
    pub fn lock_in(&self, process: u32) -> Result<Guard<'_, T>> {
        self.lock_waiting(process, FOR_ITSELF)
    }

    /// The same for a call that holds no other lock. If nevertheless it waits for itself, it is a signal
    /// handler's, and is told that at once.
    #[inline]
    pub fn lock_first_in(&self, process: u32) -> Result<Guard<'_, T>> {
        self.lock_waiting(process, Duration::ZERO)
    }

    /// Waits so long at most if it waits for itself.
    #[inline]
    fn lock_waiting(&self, process: u32, for_itself: Duration) -> Result<Guard<'_, T>> {
        let free = process << 2;
        match self.raw.take(free | FREE, free | HELD) {
            Ok(taken) => Ok(self.guard(taken)),
            Err(word) => self.lock_held(process, word, for_itself),
        }
    }

    #[cold]
    fn lock_held(&self, process: u32, word: u32, for_itself: Duration) -> Result<Guard<'_, T>> {
        self.raw.lock_held(process, word, for_itself).map(|taken| self.guard(taken))
    }

    /// Takes it if no thread of this process holds it. The generation is the caller's.
    pub fn try_lock_in(&self, process: u32) -> Option<Guard<'_, T>> {
        self.raw.try_lock_in(process).map(|taken| self.guard(taken))
    }

    /// The guard of a lock that this thread has just taken.
    #[inline]
    fn guard(&self, taken: Taken) -> Guard<'_, T> {
        if taken.abandoned {
            // SAFETY: this thread is the only one that has the lock. The one that had it is not in this
            // process; or it is the thread that forked, which has kept the lock and changes nothing meanwhile: see
            // `is_held_below`.
            unsafe { T::recover(self.value.get()) };
        }
        Guard { lock: self, taken: taken.word as usize, of_this_thread: PhantomData }
    }
}

impl<T> Lock<T> {
    /// Returns whether this thread holds it, or the one that waits for this one's work, if any thread does.
    pub fn is_own(&self) -> bool {
        self.raw.is_own()
    }

    /// Gives back the guard that [`Guard::keep`] took.
    ///
    /// # Safety
    ///
    /// This thread has kept the lock, in this process, and calls this once.
    pub unsafe fn kept(&self) -> Guard<'_, T> {
        let taken = self.raw.word.load(Ordering::Relaxed) as usize;
        Guard { lock: self, taken, of_this_thread: PhantomData }
    }
}

impl RawLock {
    /// See [`Lock::try_lock_in`].
    fn try_lock_in(&self, process: u32) -> Option<Taken> {
        let free = process << 2;
        let mut word = free | FREE;
        loop {
            if self.is_held_below(word) {
                return None;
            }
            match self.take(word, free | HELD) {
                Ok(taken) => return Some(taken),
                Err(now) if now == free | HELD || now == free | CONTENDED => return None,
                Err(now) => word = now,
            }
        }
    }

    /// Takes it after its word was `word`, not that of a free lock, and waits for that as [`Lock::lock`] does.
    #[cold]
    fn lock_held(&self, process: u32, mut word: u32, for_itself: Duration) -> Result<Taken> {
        let free = process << 2;
        // A thread that has waited cannot know whether others still wait, so it marks the lock as
        // contended when it takes it.
        let mut taken = free | HELD;
        let mut in_vain = WaitInVain::default();
        loop {
            if word != free | HELD && word != free | CONTENDED {
                if self.is_held_below(word) {
                    return Err(Errno::DEADLK);
                }
                // It was free: what this thread has seen of earlier holders is over.
                in_vain = WaitInVain::default();
                match self.take(word, taken) {
                    Ok(taken) => return Ok(taken),
                    Err(now) => word = now,
                }
                continue;
            }
            if self.is_own() {
                return Err(Errno::DEADLK);
            }
            taken = free | CONTENDED;
            let marked = word == taken
                || self
                    .word
                    .compare_exchange(word, taken, Ordering::Relaxed, Ordering::Relaxed)
                    .is_ok();
            if marked {
                wait(&self.word, taken, LOOK_FOR_HOLDER);
                if generation() != process {
                    // A signal handler has called fork(2), and this is the child, where the holder is not.
                    drop(in_vain);
                    return self.lock_held(
                        generation(),
                        self.word.load(Ordering::Relaxed),
                        for_itself,
                    );
                }
                if in_vain.is_given_up(|| self.holder(), self.is_kept(), for_itself) {
                    return Err(Errno::DEADLK);
                }
            }
            word = self.word.load(Ordering::Relaxed);
        }
    }

    /// Takes the lock by putting `taken` in the place of `word`, which is that of a free lock or of
    /// one that another process held. The error is the word that was found instead.
    #[inline]
    fn take(&self, word: u32, taken: u32) -> core::result::Result<Taken, u32> {
        let thread = this_thread();
        let abandoned = word & STATE != FREE;
        if abandoned {
            self.forget_owner(word);
        }
        self.mark(thread, taken >> 2).during(|| {
            self.word.compare_exchange(word, taken, Ordering::AcqRel, Ordering::Relaxed)?;
            self.owner.store(thread, Ordering::Relaxed);
            Ok(Taken { word: taken, abandoned })
        })
    }

    /// Gives back a lock that this thread holds; `taken` was its word then.
    #[inline]
    fn release(&self, taken: u32) {
        let thread = self.owner.load(Ordering::Relaxed) & !KEPT;
        let contended = self.mark(thread, taken >> 2).during(|| {
            self.owner.store(0, Ordering::Relaxed);
            // A signal handler of this thread sees these in this order.
            compiler_fence(Ordering::SeqCst);
            // Not in one instruction, which would wait until the results of the call are in the cache: a tenth of a
            // short call's time. A thread that says between the two that it waits finds out after
            // [`LOOK_FOR_HOLDER`].
            let contended = self.word.load(Ordering::Relaxed) & STATE == CONTENDED;
            self.word.store(taken & !STATE, Ordering::Release);
            contended
        });
        if contended {
            wake(&self.word, 1);
        }
    }

    /// See [`Lock::is_own`].
    fn is_own(&self) -> bool {
        let holder = self.holder();
        holder == this_thread() || holder == employer()
    }

    /// Returns whether another process held it when the word was `word`, and the call that took it there is in this
    /// process: a signal handler has interrupted it and called fork(2), and this call is the handler's. A lock that
    /// is kept for the length of the fork(2) is for this process to take.
    fn is_held_below(&self, word: u32) -> bool {
        let thread = this_thread();
        let kept = self.owner.load(Ordering::Relaxed) & KEPT != 0;
        let of_another = word & STATE != FREE && word >> 2 != generation();
        of_another && !kept && self.holder() == thread && first_thread() == thread
    }

    /// Forgets a thread of another process that held it when the word was `word`. Else a signal handler in the thread
    /// that takes it now would wait for that one.
    fn forget_owner(&self, word: u32) {
        let gone = self.owner.load(Ordering::Relaxed);
        if self.word.load(Ordering::Relaxed) == word {
            let _ = self.owner.compare_exchange(gone, 0, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// The thread that holds it, if any does. 0: that is not known at this moment, and it is not this thread, in
    /// an interrupted call.
    fn holder(&self) -> usize {
        let (owner, thread) = (self.owner.load(Ordering::Relaxed) & !KEPT, this_thread());
        let process = self.word.load(Ordering::Relaxed) >> 2;
        if owner == 0 && self.mark(thread, process).is_set() { thread } else { owner }
    }

    /// The mark of a thread that is about to take it or to give it back.
    #[inline]
    fn mark(&self, thread: usize, process: u32) -> Mark {
        Mark::new(std::ptr::from_ref(&self.word).addr(), thread, process)
    }

    /// Returns whether it is held across a fork(2), or it is not known who holds it.
    fn is_kept(&self) -> bool {
        let owner = self.owner.load(Ordering::Relaxed);
        owner == 0 || owner & KEPT != 0
    }
}

/// A lock that is held.
pub struct Guard<'a, T> {
    lock: &'a Lock<T>,
    /// The word as it was when the lock was taken, perhaps in a parent of this process. As wide as the other
    /// field, since the compiler moves a guard in pieces of that size: a processor waits that reads more than was
    /// just written.
    taken: usize,
    /// It is neither sent nor lent to another thread.
    of_this_thread: PhantomData<*mut T>,
}

impl<T> Guard<'_, T> {
    /// The process that took the lock, by its generation.
    pub fn process(&self) -> u32 {
        self.taken as u32 >> 2
    }

    /// Leaves the lock held for the length of a fork(2), until [`Lock::kept`].
    pub fn keep(self) {
        self.mark_kept();
        std::mem::forget(self);
    }

    /// Says that the lock will be held for the length of a fork(2). Meanwhile a program's handler
    /// of pthread_atfork(3) may run, which may wait for a thread that waits for the lock. So that
    /// thread is told EDEADLK after some seconds.
    pub fn mark_kept(&self) {
        self.lock.raw.owner.store(this_thread() | KEPT, Ordering::Relaxed);
    }
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the lock is held, so that nobody else has a reference.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the lock is held, so that nobody else has a reference.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T> Drop for Guard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.lock.raw.release(self.taken as u32);
    }
}

/// A wait that may never end.
#[derive(Default)]
struct WaitInVain {
    began: Option<Instant>,
    waiting: Option<Waiting>,
    /// Since when the lock is seen to be held across a fork(2), or by nobody knows whom.
    kept: Option<Instant>,
}

impl WaitInVain {
    /// Looks who has the lock. Returns whether to give up: the thread has waited for itself for so long; or the lock
    /// is `kept` for too long.
    fn is_given_up(
        &mut self,
        holder: impl FnOnce() -> usize,
        kept: bool,
        for_itself: Duration,
    ) -> bool {
        if self.began.get_or_insert_with(Instant::now).elapsed() < LOOK_FOR_HOLDER {
            return false;
        }
        let waiting = self.waiting.get_or_insert_with(|| Waiting::begin(employer()));
        if waiting.is_for_itself(holder, for_itself) {
            return true;
        }
        self.kept = if kept { self.kept.or_else(|| Some(Instant::now())) } else { None };
        self.kept.is_some_and(|since| since.elapsed() >= PATIENCE)
    }
}

/// Something that happens again and again, and for which threads wait.
#[derive(Default)]
pub struct Event {
    count: AtomicU32,
    waiting: AtomicU32,
}

impl Event {
    /// A number for [`Event::wait`]. It is to be taken before looking whether there is anything to
    /// wait for, so that nothing which happens in between is missed.
    pub fn now(&self) -> u32 {
        self.count.load(Ordering::SeqCst)
    }

    /// Waits until it has happened since [`Event::now`] returned `since`, or the time is over. It
    /// may also return for no reason.
    pub fn wait(&self, since: u32, at_most: Duration) {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        wait(&self.count, since, at_most);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
    }

    /// Wakes the threads that wait. Makes no system call if there are none.
    pub fn happened(&self) {
        self.count.fetch_add(1, Ordering::SeqCst);
        if self.waiting.load(Ordering::SeqCst) > 0 {
            wake(&self.count, i32::MAX);
        }
    }
}

/// A number that no other thread of the process has, found without a system call: the address of
/// errno.
fn this_thread() -> usize {
    thread::errno().addr()
}

thread_local! {
    /// The thread that waits for this one's work; 0: none.
    static EMPLOYER: Cell<usize> = const { Cell::new(0) };
}

/// The thread for which this one works, or this one.
fn employer() -> usize {
    match EMPLOYER.try_with(Cell::get) {
        Ok(0) | Err(_) => this_thread(),
        Ok(employer) => employer,
    }
}

/// A thread that will wait for the work of others, whatever locks it holds meanwhile.
#[cfg(feature = "user-engine")]
#[derive(Clone, Copy)]
pub struct Employer(usize);

#[cfg(feature = "user-engine")]
impl Employer {
    /// This thread, or the one for which it works.
    pub fn new() -> Self {
        Self(employer())
    }

    /// Takes note that this thread works for it. Then a signal handler in this thread is told EDEADLK in
    /// the place of that one.
    pub fn employ(self) {
        EMPLOYER.set(self.0);
    }
}

/// Waits while `word` is `expected`, at most for so long. It may also return for no reason; no caller
/// relies on having been woken.
fn wait(word: &AtomicU32, expected: u32, at_most: Duration) {
    match thread::futex_wait(word, expected, at_most) {
        Ok(()) | Err(Errno::AGAIN | Errno::INTR | Errno::TIMEDOUT) => {}
        // A sandbox without futex(2).
        Err(_) => std::thread::yield_now(),
    }
}

/// Wakes so many threads. Where a sandbox forbids that, they look again by themselves.
#[cold]
#[inline(never)]
fn wake(word: &AtomicU32, threads: i32) {
    let _ = thread::futex_wake(word, threads);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    struct Counter(u64);
    impl Recover for Counter {}

    #[test]
    fn one_thread_at_a_time() {
        let lock = Lock::new(Counter(0));
        let rounds = if cfg!(miri) { 20 } else { 20_000 };
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..rounds).for_each(|_| lock.lock().unwrap().0 += 1));
            }
        });
        assert_eq!(lock.lock().unwrap().0, 4 * rounds);
    }

    #[test]
    fn who_holds_a_lock_does_not_wait_for_itself() {
        let lock = Lock::new(Counter(0));
        let held = lock.lock().unwrap();
        assert_eq!(lock.lock().err(), Some(Errno::DEADLK));
        assert!(lock.try_lock_in(generation()).is_none());
        drop(held);
        assert!(lock.try_lock_in(generation()).is_some());
        assert!(lock.lock().is_ok());
    }

    /// Another thread had its mark in the lock, too, and overwrote this one's.
    #[test]
    fn a_handler_does_not_wait_for_a_lock_that_its_thread_is_just_taking_beside_another() {
        let lock = Lock::new(Counter(0));
        let held = lock.lock().unwrap();
        lock.raw.mark(this_thread(), generation()).during(|| {
            thread::scope(|scope| {
                let other = scope.spawn(|| lock.try_lock_in(generation()).is_none());
                assert!(other.join().unwrap());
            });
            lock.raw.owner.store(0, Ordering::Relaxed);
            assert_eq!(lock.lock().err(), Some(Errno::DEADLK));
            lock.raw.owner.store(this_thread(), Ordering::Relaxed);
        });
        drop(held);
        assert!(lock.lock().is_ok());
    }

    #[test]
    fn who_was_at_a_lock_is_not_taken_for_its_holder() {
        let lock = Lock::new(Counter(0));
        drop(lock.lock());
        assert!(!lock.raw.mark(this_thread(), generation()).is_set());
        let held = lock.lock().unwrap();
        assert!(lock.try_lock_in(generation()).is_none());
        assert!(!lock.raw.mark(this_thread(), generation()).is_set());
        drop(held);
    }

    #[test]
    fn who_says_too_late_that_it_waits_gets_the_lock_even_so() {
        let lock = Lock::new(Counter(0));
        let held = lock.lock().unwrap();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| lock.lock().map(|mut held| held.0 += 1));
            while lock.raw.word.load(Ordering::Relaxed) & STATE != CONTENDED {
                thread::yield_now();
            }
            // What the end of a guard does that has looked before that: nobody is woken.
            lock.raw.owner.store(0, Ordering::Relaxed);
            lock.raw.word.store(generation() << 2 | FREE, Ordering::Release);
            std::mem::forget(held);
            assert_eq!(waiting.join().unwrap(), Ok(()));
        });
        assert_eq!(lock.lock().unwrap().0, 1);
    }

    /// What signal handlers do: each of two threads holds a lock and wants the other's. `first` says
    /// whether each wants it as its call's first one.
    fn cross(first: [bool; 2]) -> [Result<()>; 2] {
        let locks = [Lock::new(Counter(0)), Lock::new(Counter(0))];
        let all_held = std::sync::Barrier::new(2);
        let wait = |own: usize| {
            let held = locks[own].lock().unwrap();
            all_held.wait();
            let other = &locks[1 - own];
            let got = match first[own] {
                true => other.lock_first_in(generation()).map(drop),
                false => other.lock().map(drop),
            };
            drop(held);
            got
        };
        thread::scope(|scope| {
            let threads = [0, 1].map(|own| scope.spawn(move || wait(own)));
            threads.map(|thread| thread.join().unwrap())
        })
    }

    #[test]
    fn two_threads_do_not_wait_for_each_other() {
        for first in [[true, true], [false, false]] {
            let ends = cross(first);
            assert!(ends.contains(&Err(Errno::DEADLK)), "{ends:?}");
        }
    }

    #[test]
    fn a_handler_goes_out_of_the_other_threads_way() {
        assert_eq!(cross([true, false]), [Err(Errno::DEADLK), Ok(())]);
    }

    #[test]
    fn who_waits_in_no_circle_waits_as_long_as_it_takes() {
        let lock = Lock::new(Counter(0));
        let held = lock.lock().unwrap();
        thread::scope(|scope| {
            let wait = || lock.lock_first_in(generation()).map(drop);
            let threads = [(); 3].map(|()| scope.spawn(wait));
            thread::sleep(20 * LOOK_FOR_HOLDER);
            drop(held);
            for thread in threads {
                assert_eq!(thread.join().unwrap(), Ok(()));
            }
        });
    }

    #[test]
    fn a_lock_of_another_process_is_free_and_its_value_recovered() {
        struct Half(u32);
        impl Recover for Half {
            unsafe fn recover(this: *mut Self) {
                // SAFETY: the caller's promise.
                unsafe { this.write(Self(7)) };
            }
        }
        let lock = Lock::new(Half(1));
        // This is how a thread of the parent has left it.
        let parent = generation().wrapping_sub(1);
        lock.raw.word.store(parent << 2 | CONTENDED, Ordering::Relaxed);
        assert_eq!(lock.lock().unwrap().0, 7);
        lock.lock().unwrap().0 = 2;
        assert_eq!(lock.lock().unwrap().0, 2);
    }

    #[test]
    fn a_wait_in_vain_takes_its_time_however_long_time_t_is() {
        const AT_MOST: Duration = Duration::from_millis(30);
        let began = std::time::Instant::now();
        wait(&AtomicU32::new(0), 0, AT_MOST);
        assert!(began.elapsed() >= AT_MOST);
    }

    #[test]
    fn an_event_that_has_happened_is_not_waited_for() {
        let event = Event::default();
        let before = event.now();
        event.happened();
        event.wait(before, Duration::from_secs(3600));
        assert_ne!(event.now(), before);
    }
}
