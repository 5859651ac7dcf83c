// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! What functions leave on the stack when they have returned: round keys and states that were
//! moved, or spilled there for want of registers.
//!
//! A value wipes itself only where it is dropped. So the stack is wiped as a whole, as deep
//! as the calls went, and no deeper than the smallest stack of a thread allows.

use std::mem::MaybeUninit;

/// Bytes that a call takes of the stack, which are wiped when it returns. Each KiB takes 6 ns of a
/// short message's 80, so what goes deeper says so ([`Depth`]).
pub const CALL: usize = 1536;

/// Bytes that it takes to make something of a key. With all that is above, this fits into the
/// smallest stack that a thread may have, 16 KiB.
#[cfg(feature = "user-engine")]
pub const KEY: usize = 5 << 10;

/// Bytes that it takes to work with spilled registers.
#[cfg(feature = "user-engine")]
pub const SPILLS: usize = 2 << 10;

/// Bytes that it takes to work with many blocks at hand, or with many spilled registers.
pub const WORK: usize = 4 << 10;

/// How much of the stack an algorithm takes.
#[cfg(feature = "user-engine")]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// With all that is above, no more than [`CALL`].
    Call,
    /// [`SPILLS`].
    Spills,
    /// [`WORK`].
    Work,
}

#[cfg(feature = "user-engine")]
impl Depth {
    /// Runs `f`, which takes that much of the stack, and wipes what a call does not.
    #[inline]
    pub fn run<T>(self, f: impl FnOnce() -> T) -> T {
        match self {
            Self::Call => f(),
            Self::Spills => without_traces::<SPILLS, _>(f),
            Self::Work => without_traces::<WORK, _>(f),
        }
    }
}

/// What takes more of the stack than a call does, and wipes it each time it has worked.
#[cfg(feature = "user-engine")]
pub struct Deep<T>(pub T);

/// Runs `f` and wipes the stack below, `N` bytes.
pub fn without_traces<const N: usize, T>(f: impl FnOnce() -> T) -> T {
    #[inline(never)]
    fn below<T>(f: impl FnOnce() -> T) -> T {
        f()
    }
    let result = below(f);
    wipe::<N>();
    result
}

/// Bytes in a line of the cache: writes that begin with one are faster.
const LINE: usize = 64;

/// Bytes that memset(3) writes with vector instructions. From 2 KiB on it takes others, which begin
/// slowly.
const PIECE: usize = 1536;

/// Writes zeros over the next `N` bytes of the stack.
#[inline(never)]
fn wipe<const N: usize>() {
    let mut stack = [MaybeUninit::<u8>::uninit(); N];
    let start = stack.as_ptr().align_offset(LINE).min(LINE);
    stack.iter_mut().take(LINE).for_each(|byte| *byte = MaybeUninit::new(0));
    let lines = stack.get_mut(start..).unwrap_or_default();
    lines.chunks_mut(PIECE).for_each(|piece| piece.fill(MaybeUninit::new(0)));
    zeroize::optimization_barrier(&stack);
}
