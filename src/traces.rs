// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! What functions leave on the stack when they have returned: round keys and states that were
//! moved, or spilled there for want of registers.
//!
//! A value wipes itself only where it is dropped. So the stack is wiped as a whole, as deep
//! as the calls went.

/// What a call takes of the stack, but for ciphers that go deeper: they, and what is made of
/// keys, wipe their own traces. A short message would feel more than this.
pub const CALL: usize = 2 << 10;

/// Runs `f` and wipes the stack below, up to `N` bytes.
pub fn without_traces<const N: usize, T>(f: impl FnOnce() -> T) -> T {
    #[inline(never)]
    fn below<T>(f: impl FnOnce() -> T) -> T {
        f()
    }
    let result = below(f);
    zeroize::zeroize_stack::<N>();
    result
}
