// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The parts that Rust needs from a program without a standard library: memory, and an end after a
//! panic.
#![allow(unsafe_code)]

use core::alloc::{GlobalAlloc, Layout};
use core::panic::PanicInfo;

/// malloc(3), whose memory is aligned for all that is allocated here.
struct Malloc;

/// The alignment in bytes that malloc(3) gives on every platform.
const ALIGNED: usize = 2 * size_of::<usize>();

// SAFETY: malloc(3), realloc(3) and free(3) keep the promises of `GlobalAlloc` for alignments up to
// their own; for others there is no memory.
unsafe impl GlobalAlloc for Malloc {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() > ALIGNED {
            return core::ptr::null_mut();
        }
        // SAFETY: malloc(3) takes any size.
        unsafe { libc::malloc(layout.size()).cast() }
    }

    unsafe fn dealloc(&self, memory: *mut u8, _: Layout) {
        // SAFETY: the caller's memory is malloc's.
        unsafe { libc::free(memory.cast()) }
    }

    unsafe fn realloc(&self, memory: *mut u8, _: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's memory is malloc's.
        unsafe { libc::realloc(memory.cast(), size).cast() }
    }
}

#[global_allocator]
static MALLOC: Malloc = Malloc;

/// Ends a program that is out of memory, or has a bug: no other panic should be reachable.
#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    let message = b"libkcapi's program cannot go on: out of memory, or an error in it\n";
    // SAFETY: the memory is the message's; abort(3) may always be called.
    unsafe {
        libc::write(libc::STDERR_FILENO, message.as_ptr().cast(), message.len());
        libc::abort()
    }
}

/// Unwinding would call it; it is named by tables of the precompiled `alloc`, and nothing unwinds.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}
