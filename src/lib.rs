// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! `libkcapi.so.1` in Rust: the Linux kernel's crypto, over AF_ALG sockets, at
//! the C ABI of libkcapi 1.5.1.
//!
//! The map, in reading order:
//!
//! - [`capi`]: the C functions. They check pointers, call what follows, convert results.
//! - `handle`: what C holds, an operation (`slot`) and the transform that it shares (`tfm`).
//! - `requests`: many messages in one call, of several handles.
//! - `generation`, `fork`, `lock`, `circle`, `cancel`: what fork(2), signal handlers and
//!   pthread_cancel(3) do to all of it.
//! - `engine`: transform and operation as traits; `engine::kernel` is AF_ALG, with AIO
//!   for many IOVEC pairs in few system calls; `engine::user` computes.
//! - `kdf`, `prf`: key derivation over a message digest.
//! - `iov`, `overlap`, `caller`: scatter-gather lists, those that meet, and copies of them.
//! - `errno`, `log`, `environment`: errors, messages, variables.
//! - `sys`: system calls, and what the C library has for threads; nothing else makes one.
//! - `memory`, `wipe`: memory that runs out, and secrets left on the stack.
//!
//! # Safety
//!
//! Unsafe code is allowed module by module: in those that face C or the kernel, in what threads, handlers and
//! processes share, and in assembly and vectors. A `SAFETY` comment names what makes it sound:
//!
//! - what the C API demands of a caller: a handle is live, a buffer has the length that is given with it
//!   ([`capi`]); below it the lists of IOVECs carry that on (`iov`);
//! - what a system call does by its manual page;
//! - what a function's, or a trait's, own `# Safety` section demands;
//! - a feature of the processor, and who has found it;
//! - what the module itself keeps to, and where.

mod caller;
mod cancel;
pub mod capi;
mod circle;
mod engine;
mod environment;
mod errno;
mod fork;
// The fuzz targets call what no user of the library can, so they are compiled as a part of it; in
// what is installed they are not.
#[cfg(any(fuzzing, test))]
#[path = "../fuzz/checks/mod.rs"]
pub mod fuzz;
mod generation;
mod handle;
mod iov;
mod kdf;
mod lock;
mod log;
mod memory;
mod overlap;
mod prf;
mod requests;
mod slot;
mod sys;
mod tfm;
mod wipe;
