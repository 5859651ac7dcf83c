// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Copies of this process's memory by the kernel: process_vm_readv(2), process_vm_writev(2).

#![allow(unsafe_code)]

use super::number;
use crate::errno::{Errno, Result};
use libc::{c_long, c_ulong, iovec, pid_t};

/// gettid(2): what the other functions are given, for the memory of the process.
pub fn gettid() -> pid_t {
    // SAFETY: the kernel returns a number and touches no memory.
    unsafe { libc::gettid() }
}

/// process_vm_readv(2): copies the memory of `from` to that of `to`. Returns how many bytes.
///
/// # Safety
///
/// The memory of `to` may be written and does not overlap that of `from`, to which nobody writes.
/// EFAULT: a part of `from` cannot be read.
pub unsafe fn process_vm_readv(thread: pid_t, to: iovec, from: &[iovec]) -> Result<usize> {
    // SAFETY: the caller's promise.
    unsafe { transfer(libc::SYS_process_vm_readv, thread, to, from) }
}

/// process_vm_writev(2): copies `from` to the memory of `to`. Returns how many bytes.
///
/// # Safety
///
/// The memory of `from` may be read and does not overlap that of `to`, which nobody else accesses.
/// EFAULT: a part of `to` cannot be written.
pub unsafe fn process_vm_writev(thread: pid_t, from: iovec, to: &[iovec]) -> Result<usize> {
    // SAFETY: the caller's promise.
    unsafe { transfer(libc::SYS_process_vm_writev, thread, from, to) }
}

/// # Safety
///
/// That of the function above that has the system call `call`.
unsafe fn transfer(call: c_long, thread: pid_t, near: iovec, far: &[iovec]) -> Result<usize> {
    // Miri has no such system call, as a kernel without CONFIG_CROSS_MEMORY_ATTACH.
    if cfg!(miri) {
        return Err(Errno::NOSYS);
    }
    let (near, one) = (&raw const near, 1 as c_ulong);
    let (far, many, no_flags) = (far.as_ptr(), far.len() as c_ulong, 0 as c_ulong);
    // SAFETY: the kernel reads the two lists, which are as long as it is told; the caller promises
    // the memory that they point to.
    number(unsafe { libc::syscall(call, thread, near, one, far, many, no_flags) })
}
