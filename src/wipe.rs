// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The stack and the registers are wiped when a call returns: secrets are left there.
//!
//! A value wipes itself only in the place where it is dropped. Round keys and states that were
//! moved before, or that were spilled to the stack because there were too few registers, stay
//! behind. So the stack is wiped as deep as the calls went, but no deeper than the smallest stack
//! of a thread allows. The registers are wiped whose contents a function need not keep.

use std::mem::MaybeUninit;
use std::ops::{Deref, DerefMut};

/// On 32-bit x86 there are so few registers that the frames of functions are longer.
const FRAMES: usize = if cfg!(target_arch = "x86") { 2 } else { 1 };

/// Bytes of the stack that a call wipes when it returns. A call for a whole message does not: its operation
/// wipes what the message took ([`Depth`]), because each KiB takes 8 ns, a tenth of a short message's time.
pub const CALL: usize = 1536 * FRAMES;

/// Bytes that the preparation of a key takes. With all frames above, this fits into the smallest
/// stack that a thread may have, 16 KiB. On AArch64, where that is 128 KiB, the two keys of xts(aria) take more.
#[cfg(feature = "user-engine")]
pub const KEY: usize = if cfg!(target_arch = "aarch64") { 6 << 10 } else { 5 << 10 };

/// Bytes that an operation takes whose message's state fits into registers. On architectures other
/// than x86-64 nothing has looked how few would do; on AArch64 these are enough.
pub const SHALLOW: usize = if cfg!(target_arch = "x86_64") { 1 << 10 } else { CALL };

/// Bytes that a function with spilled registers takes.
pub const SPILLS: usize = (2 << 10) * FRAMES;

/// Bytes that a function with many blocks at hand, or with many spilled registers, takes.
pub const WORK: usize = (4 << 10) * FRAMES;

/// Bytes that any message takes, also in a batch, and an asymmetric key. Most take GCM, where AES is computed without
/// the processor's instructions, and RSA's keys, whose preparation ends in powers with many registers.
pub const DEEP: usize = if cfg!(target_arch = "x86") { WORK } else { 6 << 10 };

/// Bytes that a multiplication on a curve takes.
#[cfg(feature = "asymmetric")]
pub const CURVE: usize = 6 << 10;

/// The part of the stack that a message takes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// [`SHALLOW`].
    Shallow,
    /// [`SPILLS`].
    Spills,
    /// [`WORK`].
    Work,
    /// [`DEEP`].
    Deep,
}

impl Depth {
    /// Runs `f`, which takes that much of the stack, and wipes it.
    #[inline]
    pub fn run<T>(self, f: impl FnOnce() -> T) -> T {
        match self {
            Self::Shallow => wiping_stack::<SHALLOW, _>(f),
            Self::Spills => wiping_stack::<SPILLS, _>(f),
            Self::Work => wiping_stack::<WORK, _>(f),
            Self::Deep => wiping_stack::<DEEP, _>(f),
        }
    }

    /// The same within a call that wipes [`CALL`] bytes when it returns.
    #[cfg(feature = "user-engine")]
    pub fn run_in_call<T>(self, f: impl FnOnce() -> T) -> T {
        if self == Self::Shallow { f() } else { self.run(f) }
    }
}

/// Who wipes the part of the stack that a message takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Wiper {
    /// The operation, after the message.
    Operation,
    /// The caller, after the last one of several: [`DEEP`].
    Caller,
}

impl Wiper {
    /// Runs `f`, which takes that much of the stack, for an operation.
    #[inline]
    pub fn run<T>(self, depth: Depth, f: impl FnOnce() -> T) -> T {
        match self {
            Self::Operation => depth.run(f),
            Self::Caller => f(),
        }
    }
}

/// Runs `f` and wipes the stack below, `N` bytes.
pub fn wiping_stack<const N: usize, T>(f: impl FnOnce() -> T) -> T {
    #[inline(never)]
    fn below<T>(f: impl FnOnce() -> T) -> T {
        f()
    }
    let result = below(f);
    wipe_stack::<N>();
    result
}

/// Wipes many bytes at a time, because `zeroize` by itself makes one store for each byte.
pub fn wipe_bytes(bytes: &mut [u8]) {
    bytes.fill(0);
    zeroize::optimization_barrier(bytes);
}

/// Bytes that are wiped when they are dropped.
#[derive(Clone)]
pub struct Wiped<const N: usize>([u8; N]);

impl<const N: usize> Wiped<N> {
    /// `N` zeros.
    pub const ZEROS: Self = Self([0; N]);
}

impl<const N: usize> Default for Wiped<N> {
    fn default() -> Self {
        Self::ZEROS
    }
}

impl<const N: usize> Deref for Wiped<N> {
    type Target = [u8; N];

    fn deref(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> DerefMut for Wiped<N> {
    fn deref_mut(&mut self) -> &mut [u8; N] {
        &mut self.0
    }
}

impl<const N: usize> Drop for Wiped<N> {
    fn drop(&mut self) {
        wipe_bytes(&mut self.0);
    }
}

/// Bytes in a line of the cache: writes that begin with one are faster.
const LINE: usize = 64;

/// Bytes that memset(3) writes with vector instructions. From 2 KiB on it takes others, which begin
/// slowly.
const PIECE: usize = 1536;

/// Writes zeros over the next `N` bytes of the stack.
#[inline(never)]
fn wipe_stack<const N: usize>() {
    let mut stack = [MaybeUninit::<u8>::uninit(); N];
    let start = stack.as_ptr().align_offset(LINE).min(LINE);
    stack.iter_mut().take(LINE).for_each(|byte| *byte = MaybeUninit::new(0));
    let lines = stack.get_mut(start..).unwrap_or_default();
    // The compiler does not see that pieces of which there is one at most take no loop.
    if N <= PIECE {
        lines.fill(MaybeUninit::new(0));
    } else {
        lines.chunks_mut(PIECE).for_each(|piece| piece.fill(MaybeUninit::new(0)));
    }
    zeroize::optimization_barrier(&stack);
}

/// Writes zeros over the registers that a function may leave anything in. It takes two nanoseconds;
/// with the vectors' upper halves empty, what the caller does next is none the slower.
#[cfg(all(target_arch = "x86_64", not(miri)))]
#[allow(unsafe_code)]
#[inline(never)]
pub fn wipe_registers() {
    use std::arch::asm;

    // SAFETY: the processor has the features that are asked for, and the compiler keeps nothing in
    // what the C ABI lets a function write to.
    unsafe {
        if is_x86_feature_detected!("avx512f") {
            asm!(
                ".irp n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31",
                "vpxord zmm\\n, zmm\\n, zmm\\n",
                ".endr",
                clobber_abi("C"),
                options(nomem, nostack)
            );
        }
        if is_x86_feature_detected!("avx") {
            asm!("vzeroall", clobber_abi("C"), options(nomem, nostack));
        } else {
            asm!(
                ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15",
                "xorps xmm\\n, xmm\\n",
                ".endr",
                clobber_abi("C"),
                options(nomem, nostack)
            );
        }
        asm!(
            ".irp r, eax, ecx, edx, esi, edi, r8d, r9d, r10d, r11d",
            "xor \\r, \\r",
            ".endr",
            clobber_abi("C"),
            options(nomem, nostack)
        );
    }
}

/// The same as for x86-64. The lower halves of v8 to v15 are the caller's.
#[cfg(all(target_arch = "aarch64", not(miri)))]
#[allow(unsafe_code)]
#[inline(never)]
pub fn wipe_registers() {
    // SAFETY: the compiler keeps nothing in what the C ABI lets a function write to.
    unsafe {
        std::arch::asm!(
            ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31",
            "movi v\\n\\().2d, #0",
            ".endr",
            ".irp n, 8, 9, 10, 11, 12, 13, 14, 15",
            "mov v\\n\\().d[1], xzr",
            ".endr",
            ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17",
            "mov x\\n, xzr",
            ".endr",
            clobber_abi("C"),
            options(nomem, nostack)
        );
    }
}

/// The registers of other architectures stay as they are. Miri knows none.
#[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
pub fn wipe_registers() {}
