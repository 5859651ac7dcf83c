// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Copies of the caller's memory that are made by the kernel, so that a missing page is EFAULT.
//!
//! A few calls of the kernel engine have to copy a caller's data in user space: if outputs overlap
//! inputs, or if results go to more IOVECs than one recvmsg(2) takes. If this library made the copy
//! itself, a missing page would be a signal, and a check before the copy could be outdated.
//!
//! process_vm_readv(2) and process_vm_writev(2) on the calling thread itself are allowed to every
//! program, need no descriptor, and copy many IOVECs in one call. Where a sandbox refuses them, or
//! the kernel was built without them (CONFIG_CROSS_MEMORY_ATTACH), the library makes the copy
//! itself.

#![allow(unsafe_code)]

use crate::errno::{Errno, Result};
use crate::iov::{Cursor, IOVECS_MAX, Iovecs, gather, iovec, scatter};
use crate::sys::vm;

/// The most bytes that one system call is asked for. It copies a part only of 2 GiB and more.
const BYTES_MAX: usize = 1 << 30;

/// Copies what `from` points to to `to`, which is as long; EFAULT if it cannot be read.
pub fn read(from: Iovecs<'_>, to: &mut [u8]) -> Result<()> {
    // SAFETY: `to` may be written, and is this library's own.
    let copied = unsafe { transfer(vm::process_vm_readv, to.as_mut_ptr(), from) };
    if is_refused(copied) {
        // SAFETY: whoever made the list promised that nobody else uses its memory, and `to` is this library's own.
        // That the memory is there cannot be checked in this case: a page that is missing is a signal here.
        unsafe { gather(from.list(), to) };
        return Ok(());
    }
    copied
}

/// Copies `from` to where `to` points, which is as long; EFAULT if it cannot be written.
pub fn write(from: &[u8], to: Iovecs<'_>) -> Result<()> {
    // SAFETY: `from` may be read, and only is.
    let copied = unsafe { transfer(vm::process_vm_writev, from.as_ptr().cast_mut(), to) };
    if is_refused(copied) {
        // SAFETY: as in `read`.
        unsafe { scatter(from, to.list()) };
        return Ok(());
    }
    copied
}

/// Writes zeros to `len` bytes at `start`, without memory of its own, and as far as they can be written.
///
/// # Safety
///
/// Nobody else uses these bytes.
pub unsafe fn wipe(start: *mut u8, len: usize) {
    const ZEROS: [u8; 4096] = [0; 4096];
    let thread = vm::gettid();
    let mut done = 0;
    while done < len {
        let (place, now) = (start.wrapping_add(done), ZEROS.len().min(len - done));
        let zeros = iovec(ZEROS.as_ptr(), now);
        // SAFETY: the caller's promise. The kernel itself checks the memory.
        let written = unsafe { vm::process_vm_writev(thread, zeros, &[iovec(place, now)]) };
        match written {
            Ok(written) if written == now => done += now,
            Ok(_) | Err(Errno::FAULT) => return,
            // SAFETY: the same. That the memory is there cannot be checked in this case.
            Err(_) => return unsafe { place.write_bytes(0, len - done) },
        }
    }
}

/// Returns whether the kernel did not even try to copy.
fn is_refused(copied: Result<()>) -> bool {
    copied.is_err_and(|errno| !matches!(errno, Errno::FAULT | Errno::NOMEM))
}

/// Returns whether the kernel cannot read the memory that `from` points to.
pub fn cannot_be_read(from: Iovecs<'_>) -> Result<bool> {
    let len = from.total()?;
    let mut bytes = zeroize::Zeroizing::new(Vec::<u8>::new());
    bytes.try_reserve_exact(len)?;
    // SAFETY: there is room for `len` bytes, and they are this library's own.
    let copied = unsafe { transfer(vm::process_vm_readv, bytes.as_mut_ptr(), from) };
    Ok(copied == Err(Errno::FAULT))
}

/// One of the two system calls of [`vm`].
type Call = unsafe fn(libc::pid_t, libc::iovec, &[libc::iovec]) -> Result<usize>;

/// Copies between `ours` and `theirs` by `call`.
///
/// # Safety
///
/// At `ours` there are as many bytes as in `theirs`, which may be read, or written if `call` does.
unsafe fn transfer(call: Call, mut ours: *mut u8, theirs: Iovecs<'_>) -> Result<()> {
    let thread = vm::gettid();
    let (mut rest, mut piece) = (Cursor::new(theirs), Vec::new());
    loop {
        let now = rest.take_few(BYTES_MAX, IOVECS_MAX, &mut piece)?;
        let len = now.total()?;
        if len == 0 {
            return Ok(());
        }
        // SAFETY: the caller promised `len` bytes at `ours`. The kernel itself checks the memory of
        // the list, and whoever made the list promised that nobody else uses that.
        let done = unsafe { call(thread, iovec(ours, len), now.list()) }?;
        if done != len {
            return Err(Errno::FAULT);
        }
        ours = ours.wrapping_add(len);
    }
}

#[cfg(all(test, not(miri)))]
mod tests {
    use super::*;

    /// A page that may be read and written before one that is not there.
    struct Edge(*mut u8);

    const PAGE: usize = 4096;

    impl Edge {
        fn new() -> Self {
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
            let both = libc::PROT_READ | libc::PROT_WRITE;
            // SAFETY: a new mapping, whose second page is unmapped again.
            unsafe {
                let pages = libc::mmap(std::ptr::null_mut(), 2 * PAGE, both, flags, -1, 0);
                assert_ne!(pages, libc::MAP_FAILED);
                libc::munmap(pages.byte_add(PAGE), PAGE);
                Self(pages.cast())
            }
        }

        /// `len` bytes that end `beyond` the page's end.
        fn at(&self, len: usize, beyond: usize) -> [libc::iovec; 1] {
            [iovec(self.0.wrapping_add(PAGE + beyond - len), len)]
        }
    }

    impl Drop for Edge {
        fn drop(&mut self) {
            // SAFETY: nobody uses the page any more.
            unsafe { libc::munmap(self.0.cast(), PAGE) };
        }
    }

    #[test]
    fn what_is_there_is_copied_both_ways() {
        let edge = Edge::new();
        // More than one system call takes.
        let list: Vec<_> = (0..2000).map(|at| iovec(edge.0.wrapping_add(at), 1)).collect();
        let written: Vec<u8> = (0..2000).map(|number| number as u8).collect();
        let mut got = vec![0; 2000];
        // SAFETY: parts of the first page, which nobody else uses.
        let list = unsafe { Iovecs::new(&list) };
        assert_eq!(write(&written, list), Ok(()));
        assert_eq!(read(list, &mut got), Ok(()));
        assert_eq!(got, written);
        assert_eq!(cannot_be_read(list), Ok(false));
    }

    #[test]
    fn what_is_not_there_is_a_fault() {
        let edge = Edge::new();
        for (len, beyond) in [(100, 1), (100, 100), (1, 1)] {
            let list = edge.at(len, beyond);
            // SAFETY: a page and one that is not there.
            let list = unsafe { Iovecs::new(&list) };
            assert_eq!(read(list, &mut vec![0; len]), Err(Errno::FAULT));
            assert_eq!(write(&vec![0; len], list), Err(Errno::FAULT));
            assert_eq!(cannot_be_read(list), Ok(true));
        }
    }
}
