// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! sendmsg(2) and recvmsg(2) on an operation's socket, and the control data
//! that AF_ALG takes along: ALG_SET_OP, ALG_SET_IV, ALG_SET_AEAD_ASSOCLEN.

#![allow(unsafe_code)]

use super::capacity::{DESCRIBED_AT_ONCE, PAGE};
use crate::caller;
use crate::engine::{Control, Iv};
use crate::errno::{Errno, Result, retry};
use crate::iov::{self, Cursor, IOVECS_MAX, Iovecs, wipe_iovecs};
use crate::sys::process::page_size;
use crate::sys::socket::{recvmsg, sendmsg};
use libc::{MSG_DONTWAIT, c_int, cmsghdr, iovec, msghdr};
use std::os::fd::BorrowedFd;
use zeroize::{Zeroize, Zeroizing};

/// Bytes for the control data of one message: two numbers and an IV after its length.
const CONTROL_MAX: usize = {
    // SAFETY: CMSG_SPACE only computes.
    unsafe { (2 * libc::CMSG_SPACE(4) + libc::CMSG_SPACE(4 + Iv::MAX as u32)) as usize }
};

/// The most output IOVECs that one recvmsg(2) is given. Linux 6.1 has memory for 27.
pub(super) const OUTPUTS_MAX: usize = 16;

/// The message of one sendmsg(2).
#[derive(Clone, Copy)]
pub struct Message<'a> {
    /// The control data; None: this is a further piece of the last message.
    pub control: Option<&'a Control>,
    /// The data.
    pub data: Iovecs<'a>,
}

impl Message<'_> {
    /// One sendmsg(2); how many bytes the kernel took.
    pub fn send(self, socket: BorrowedFd<'_>, flags: c_int) -> Result<usize> {
        self.with_header(|header| {
            // SAFETY: header points to the list and the control data, which outlive the
            // call; whoever made the list promised that its memory may be read.
            unsafe { sendmsg(socket, header, flags) }
        })
    }

    /// Calls `f` with the header for sendmsg(2). The header, its list and its control data live as
    /// long as `f` runs.
    pub fn with_header<T>(self, f: impl FnOnce(&msghdr) -> T) -> T {
        let mut header = header(self.data.list());
        let mut buffer = ControlBuffer::default();
        if let Some(control) = self.control {
            buffer.fill(control);
            buffer.describe(&mut header);
        }
        f(&header)
    }
}

/// The same with a header for each of `messages`. ENOMEM: `f` was not called.
#[allow(dead_code, reason = "only io_uring uses it, which not every architecture has")]
pub fn with_headers<'a, T>(
    messages: impl ExactSizeIterator<Item = Message<'a>>,
    f: impl FnOnce(&[msghdr]) -> T,
) -> Result<T> {
    let (mut headers, mut buffers) = (Vec::new(), Vec::new());
    headers.try_reserve_exact(messages.len())?;
    // No more are pushed, so that they stay where the headers say.
    buffers.try_reserve_exact(messages.len())?;
    let mut last: Option<&Control> = None;
    for message in messages {
        let mut header = header(message.data.list());
        if let Some(control) = message.control {
            if !last.is_some_and(|last| std::ptr::eq(last, control)) {
                let mut buffer = ControlBuffer::default();
                buffer.fill(control);
                buffers.push(buffer);
                last = Some(control);
            }
            if let Some(buffer) = buffers.last_mut() {
                buffer.describe(&mut header);
            }
        }
        headers.push(header);
    }
    Ok(f(&headers))
}

/// One recvmsg(2); how many bytes were written to `output`.
pub fn receive(socket: BorrowedFd<'_>, output: Iovecs<'_>, flags: c_int) -> Result<usize> {
    let mut header = header(output.list());
    // SAFETY: header points to the list, which outlives the call; whoever made
    // it promised that its memory may be written.
    unsafe { recvmsg(socket, &mut header, flags) }
}

/// One recvmsg(2) that does not wait, made again after a signal.
pub fn receive_at_once(socket: BorrowedFd<'_>, output: Iovecs<'_>) -> Result<usize> {
    retry(|| receive(socket, output, MSG_DONTWAIT))
}

/// The same for a cipher that works on granules and chains; `output` does not split granules.
///
/// The kernel describes the output step by step, and stops when the socket's receive buffer is full. If
/// that is within a granule, it leaves the part out, but goes on in the same call as if it had
/// written it: all that follows is at a wrong place, and the call a success
/// (`crypto/algif_skcipher.c`, _skcipher_recvmsg). So each step must end with a granule.
pub fn receive_granules(socket: BorrowedFd<'_>, output: Iovecs<'_>) -> Result<usize> {
    // So many lie in no more pages than that, wherever they begin.
    let step = (DESCRIBED_AT_ONCE - 1) * PAGE;
    if output.list().iter().all(|iov| iov.iov_len <= step) {
        return receive_at_once(socket, output);
    }
    let mut steps = Vec::new();
    for iov in output.list() {
        for at in (0..iov.iov_len).step_by(step) {
            // What comes after so many is received by the next call.
            if steps.len() < IOVECS_MAX {
                steps.try_reserve(1)?;
                let first = iov.iov_base.cast::<u8>().wrapping_add(at);
                steps.push(iov::iovec(first, step.min(iov.iov_len - at)));
            }
        }
    }
    // SAFETY: these are parts of `output`.
    receive_at_once(socket, unsafe { Iovecs::new(&steps) })
}

/// Returns whether a granule of `granule` bytes lies in two IOVECs of an output of `len` bytes.
/// What fits into a page is written at once in any case.
pub fn splits_granules(output: Iovecs<'_>, len: usize, granule: usize) -> bool {
    let [first @ .., _] = output.list() else { return false };
    len > PAGE && first.iter().any(|iov| !iov.iov_len.is_multiple_of(granule))
}

/// One sendmsg(2) that does not wait. Returns the number of bytes that the socket took.
pub fn send_at_once(socket: BorrowedFd<'_>, message: Message<'_>) -> Result<usize> {
    taken(retry(|| message.send(socket, MSG_DONTWAIT)))
}

/// The number of bytes that a sendmsg(2) took that does not wait.
pub fn taken(sent: Result<usize>) -> Result<usize> {
    if sent == Err(Errno::AGAIN) { Ok(0) } else { sent }
}

/// Wipes the plaintext of a message with a wrong tag, which the kernel's AEADs write before they
/// compare the tag. `result` is the number of bytes that a message with the right tag would have
/// had; 0 where nothing was written to `output`.
pub fn forget_forged<T>(outcome: Result<T>, output: Iovecs<'_>, result: usize) -> Result<T> {
    if let Err(Errno::BADMSG) = outcome {
        // SAFETY: whoever made the list promised that its memory may be written, and the kernel
        // has found all that it needs for the result to be there, or it would have said EFAULT.
        unsafe { wipe_iovecs(output.list(), result) };
    }
    outcome
}

fn header(list: &[iovec]) -> msghdr {
    // SAFETY: msghdr is made of integers and pointers, for which zeros are values.
    let mut header: msghdr = unsafe { std::mem::zeroed() };
    // The kernel does not write to the array, only through it.
    header.msg_iov = list.as_ptr().cast_mut();
    header.msg_iovlen = list.len() as _;
    header
}

/// Control data as cmsg(3) lays them out.
struct ControlBuffer {
    bytes: [u64; CONTROL_MAX.div_ceil(8)],
    len: usize,
}

impl Default for ControlBuffer {
    fn default() -> Self {
        Self { bytes: [0; CONTROL_MAX.div_ceil(8)], len: 0 }
    }
}

impl ControlBuffer {
    fn fill(&mut self, control: &Control) {
        self.push(libc::ALG_SET_OP, &(control.op as u32).to_ne_bytes(), &[]);
        if let Some(iv) = &control.iv {
            let iv = iv.as_slice();
            self.push(libc::ALG_SET_IV, &(iv.len() as u32).to_ne_bytes(), iv);
        }
        if let Some(assoclen) = control.assoclen {
            self.push(libc::ALG_SET_AEAD_ASSOCLEN, &assoclen.to_ne_bytes(), &[]);
        }
    }

    /// Says in `header` where the control data are.
    fn describe(&mut self, header: &mut msghdr) {
        header.msg_control = self.bytes.as_mut_ptr().cast();
        header.msg_controllen = self.len as _;
    }

    /// One control message: a number, then `tail`.
    fn push(&mut self, option: c_int, number: &[u8; 4], tail: &[u8]) {
        let len = (number.len() + tail.len()) as u32;
        let base = self.bytes.as_mut_ptr().cast::<u8>();
        // SAFETY: CONTROL_MAX has room for the three messages of `fill`, no tail being
        // longer than Iv::MAX; u64 aligns the buffer as cmsghdr needs it, and CMSG_SPACE
        // keeps the next one aligned.
        unsafe {
            let header = base.add(self.len).cast::<cmsghdr>();
            (*header).cmsg_len = libc::CMSG_LEN(len) as _;
            (*header).cmsg_level = libc::SOL_ALG;
            (*header).cmsg_type = option;
            let data = libc::CMSG_DATA(header);
            data.copy_from_nonoverlapping(number.as_ptr(), number.len());
            data.add(number.len()).copy_from_nonoverlapping(tail.as_ptr(), tail.len());
            self.len += libc::CMSG_SPACE(len) as usize;
        }
    }
}

impl Drop for ControlBuffer {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

/// The largest page that Linux has. If a sendmsg(2) stopped because of a missing page, that is
/// within so many bytes after those that it took.
const LARGEST_PAGE: usize = 64 * 1024;

/// Has `receive` write to `len` bytes of whole pages, and gives `output` what it has
/// received.
///
/// This is for more IOVECs than the kernel has memory for, or a driver's device has entries in its
/// queue.
pub fn in_one_piece(
    output: Iovecs<'_>,
    len: usize,
    receive: impl FnOnce(Iovecs<'_>) -> Result<usize>,
) -> Result<usize> {
    let mut memory = Zeroizing::new(Vec::new());
    memory.try_reserve_exact(len + page_size())?;
    memory.resize(len + page_size(), 0u8);
    let first = memory.as_ptr().align_offset(page_size());
    let piece =
        memory.get_mut(first..).and_then(|pages| pages.get_mut(..len)).ok_or(Errno::NOMEM)?;
    let list = [iov::iovec(piece.as_mut_ptr(), len)];
    // SAFETY: `piece` may be written and is not used while the kernel writes it.
    let received = receive(unsafe { Iovecs::new(&list) })?;
    let mut outputs = Vec::new();
    let output = Cursor::new(output).take(received, &mut outputs)?;
    caller::write(piece.get(..received).unwrap_or_default(), output)?;
    Ok(received)
}

/// The reason why a sendmsg(2) that does not wait took no more than `sent` bytes.
pub fn why_short(data: Iovecs<'_>, sent: usize) -> Errno {
    let (mut rest, mut list) = (Cursor::new(data), Vec::new());
    rest.skip(sent);
    match rest.take(usize::MAX, &mut list) {
        Ok(next) if is_unreadable(next) => Errno::FAULT,
        _ => Errno::MSGSIZE,
    }
}

/// Returns whether the kernel cannot read the beginning of `data`.
pub fn is_unreadable(data: Iovecs<'_>) -> bool {
    let mut list = Vec::new();
    let beginning = Cursor::new(data).take(LARGEST_PAGE, &mut list);
    beginning.and_then(caller::cannot_be_read) == Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Op;

    #[test]
    fn the_longest_control_data_fit_and_are_read_back() {
        let iv: Vec<u8> = (0..Iv::MAX as u8).collect();
        let mut longest = Iv::default();
        longest.set(&iv).unwrap();
        let iv = Some(longest);
        let mut buffer = ControlBuffer::default();
        buffer.fill(&Control { op: Op::Encrypt, iv, assoclen: Some(0x0102_0304) });
        assert_eq!(buffer.len, CONTROL_MAX);

        let mut header = header(&[]);
        header.msg_control = buffer.bytes.as_mut_ptr().cast();
        header.msg_controllen = buffer.len as _;
        let mut found = Vec::new();
        // SAFETY: the buffer holds the control messages that `fill` wrote, and outlives the loop.
        unsafe {
            let mut message = libc::CMSG_FIRSTHDR(&raw const header);
            while !message.is_null() {
                let len = (*message).cmsg_len as usize - libc::CMSG_LEN(0) as usize;
                let data = std::slice::from_raw_parts(libc::CMSG_DATA(message), len);
                assert_eq!((*message).cmsg_level, libc::SOL_ALG);
                found.push(((*message).cmsg_type, data.to_vec()));
                message = libc::CMSG_NXTHDR(&raw const header, message);
            }
        }
        let iv: Vec<u8> = 64u32.to_ne_bytes().into_iter().chain(0..64).collect();
        assert_eq!(
            found,
            [
                (libc::ALG_SET_OP, 1u32.to_ne_bytes().to_vec()),
                (libc::ALG_SET_IV, iv),
                (libc::ALG_SET_AEAD_ASSOCLEN, 0x0102_0304u32.to_ne_bytes().to_vec()),
            ]
        );
    }
}
