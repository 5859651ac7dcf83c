// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! `kcapi_process`: many messages in one call, each with an IV of its own. The C library does not
//! have it.

use super::{because, borrow, buffer, iovecs, iv as read_iv, to_ssize, why};
use crate::engine::{Control, Kind, Op};
use crate::errno::{Errno, Result};
use crate::handle::Handle;
use crate::iov::{self, Iovecs};
use crate::log;
use crate::requests::{AT_ONCE, Request as HandleRequest, Task, process};
use libc::{c_void, iovec, ssize_t};
use std::mem::offset_of;

/// The type of a struct kcapi_request that encrypts.
pub const KCAPI_REQUEST_ENCRYPT: u32 = 1;
/// The type of a struct kcapi_request that decrypts.
pub const KCAPI_REQUEST_DECRYPT: u32 = 2;
/// The type of a struct kcapi_request that computes a digest.
pub const KCAPI_REQUEST_DIGEST: u32 = 3;

/// Flag of a struct kcapi_request: `input` is an array of `inlen` IOVECs.
pub const KCAPI_REQUEST_IN_IOV: u32 = 1;
/// Flag of a struct kcapi_request: `output` is an array of `outlen` IOVECs.
pub const KCAPI_REQUEST_OUT_IOV: u32 = 2;

/// A message for kcapi_process(). What is not used is 0.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Request {
    /// Cipher, AEAD cipher or message digest handle.
    handle: *mut Handle,
    /// The IV, of the algorithm's IV size; or NULL, see kcapi_process().
    iv: *const u8,
    /// The message; with KCAPI_REQUEST_IN_IOV an array of IOVECs. It may be NULL if `inlen` is 0.
    input: *const c_void,
    /// Bytes in `input`, or IOVECs.
    inlen: usize,
    /// Where the result goes; with KCAPI_REQUEST_OUT_IOV an array of IOVECs. May be `input`.
    output: *mut c_void,
    /// Bytes in `output`, or IOVECs.
    outlen: usize,
    /// The caller's own; not looked at.
    user: *mut c_void,
    /// Set by the call: bytes in the result, or a negative errno.
    result: ssize_t,
    /// KCAPI_REQUEST_ENCRYPT, KCAPI_REQUEST_DECRYPT or KCAPI_REQUEST_DIGEST.
    r#type: u32,
    /// 0, or of KCAPI_REQUEST_IN_IOV and KCAPI_REQUEST_OUT_IOV.
    flags: u32,
    /// Bytes of associated data at the head of an AEAD message; that of
    /// kcapi_aead_setassoclen() is not used.
    assoclen: u32,
    /// 0.
    reserved: u32,
}

/// Processes many messages in one call, each with an IV of its own: the packets of a
/// connection, the sectors of a disk, the records of many connections with a handle each.
///
/// Each request is a whole message of a handle. The handles may be the same or different ones,
/// of any family that encrypts or digests, on one transform or several. The results are those
/// of one call after the other, in the order of the array: kcapi_cipher_encrypt() or
/// kcapi_cipher_decrypt(), but that a message is never cut (see kcapi_cipher_encrypt_aio());
/// kcapi_aead_encrypt() or kcapi_aead_decrypt(), with `assoclen` of the request; or
/// kcapi_md_digest(). A request that fails, such as a forged message, stops no other.
///
/// On the kernel's engine requests go to the kernel together, with one io_uring_enter(2) for up
/// to 256, if each has an IV of its own (or the algorithm has none), has its result in one
/// buffer and fits into the socket's buffers, and the driver completes at once; where there is
/// no io_uring, or KCAPI_AIO forbids it, each costs two system calls. KCAPI_INIT_AIO is not
/// needed. This library's own engine encrypts several messages of cbc(aes) and the like side by
/// side. If an output overlaps another request's memory, and for a NULL IV, which goes on with that of
/// the handle's last message, requests are processed one by one.
///
/// When the call returns nothing is in flight. It may be made by several threads at once, also for
/// the same handles.
///
/// The members of struct kcapi_request:
///
/// - `handle`: a handle of kcapi_cipher_init(), kcapi_aead_init(), kcapi_md_init() or
///   kcapi_handle_reinit(), with a key if the algorithm has one;
/// - `type`: KCAPI_REQUEST_ENCRYPT, KCAPI_REQUEST_DECRYPT or KCAPI_REQUEST_DIGEST;
/// - `flags`: 0, or of KCAPI_REQUEST_IN_IOV and KCAPI_REQUEST_OUT_IOV;
/// - `iv`: the IV, of the algorithm's IV size, or NULL;
/// - `assoclen`: bytes of associated data at the head of an AEAD message, else 0;
/// - `input`, `inlen`: the message and its bytes; with KCAPI_REQUEST_IN_IOV an array of IOVECs and
///   their number;
/// - `output`, `outlen`: the same for the result, with KCAPI_REQUEST_OUT_IOV; may be the same
///   memory as the input;
/// - `user`: for the caller, not looked at;
/// - `result`: set by the call to the bytes in the result, or to a negative errno: that of the
///   function whose result it is; -EINVAL also for a NULL handle, a type that is not its
///   family's, an unknown flag, and what is not 0 but has to be;
/// - `reserved`: 0.
///
/// @param requests  the messages
/// @param count     number of requests, any number
/// @param size      sizeof(struct kcapi_request), for later versions that have more members at
///                  its end
/// @param flags     0
/// @return number of requests that succeeded
/// @retval -EINVAL       `size` is none of a struct kcapi_request, or `flags` is not 0
/// @retval -E2BIG        a member that this version does not know is not 0
/// @retval -EFAULT       `requests` is NULL
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_process(
    requests: *mut Request,
    count: usize,
    size: usize,
    flags: u32,
) -> ssize_t {
    // SAFETY: kcapi.h: there are `count` requests of `size` bytes; handles are live, buffers, arrays
    // and IVs have their lengths.
    to_ssize(|| unsafe { process_array(requests, count, size, flags) })
}

/// # Safety
///
/// The same as for `kcapi_process`.
unsafe fn process_array(
    requests: *mut Request,
    count: usize,
    size: usize,
    flags: u32,
) -> Result<usize> {
    if flags != 0 {
        return Err(because(Errno::INVAL, "an unknown flag"));
    }
    if size < size_of::<Request>() || !size.is_multiple_of(align_of::<Request>()) {
        return Err(because(Errno::INVAL, format_args!("no request has {size} bytes")));
    }
    if count == 0 {
        return Ok(0);
    }
    if requests.is_null() {
        return Err(because(Errno::FAULT, "NULL where there should be requests"));
    }
    if count > isize::MAX as usize / size {
        return Err(because(Errno::FAULT, "more requests than memory can hold"));
    }
    let array = Array { start: requests, size };
    // SAFETY: the caller's promise.
    if unsafe { !(0..count).all(|number| array.has_nothing_unknown(number)) } {
        return Err(because(Errno::TOOBIG, "a member that is not known here is not 0"));
    }
    let mut succeeded = 0;
    for first in (0..count).step_by(AT_ONCE) {
        // SAFETY: the caller's promise.
        succeeded += unsafe { process_some(array, first, AT_ONCE.min(count - first)) };
    }
    Ok(succeeded)
}

/// The caller's array, whose requests may be longer than this version's.
#[derive(Clone, Copy)]
struct Array {
    start: *mut Request,
    size: usize,
}

impl Array {
    fn at(self, number: usize) -> *mut Request {
        self.start.wrapping_byte_add(number * self.size)
    }

    /// # Safety
    ///
    /// There are more than `number` requests.
    unsafe fn has_nothing_unknown(self, number: usize) -> bool {
        let known = size_of::<Request>();
        let start = self.at(number).cast::<u8>().wrapping_add(known);
        // SAFETY: the caller's promise: the request has `size` bytes, which nobody writes now.
        let unknown = unsafe { std::slice::from_raw_parts(start, self.size - known) };
        unknown.iter().all(|&byte| byte == 0)
    }

    /// Stores a request's result.
    ///
    /// # Safety
    ///
    /// There are more than `number` requests.
    unsafe fn store(self, number: usize, result: Result<usize>) {
        let at = self.at(number).cast::<u8>().wrapping_add(offset_of!(Request, result));
        let result = match result {
            Ok(bytes) => bytes as ssize_t,
            Err(errno) => -(errno.number() as ssize_t),
        };
        // SAFETY: the caller's promise; the member is where the struct says.
        unsafe { at.cast::<ssize_t>().write(result) };
    }
}

/// Processes `count` requests from number `first` on, at most [`AT_ONCE`]. Returns how many succeeded.
///
/// # Safety
///
/// The same as for `kcapi_process`.
unsafe fn process_some(array: Array, first: usize, count: usize) -> usize {
    let (mut raw, mut requests, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
    let memory = raw
        .try_reserve_exact(count)
        .and_then(|()| Vec::try_reserve_exact(&mut requests, count))
        .and_then(|()| Vec::try_reserve_exact(&mut numbers, count));
    let mut succeeded = 0;
    let mut told = |number: usize, result: Result<usize>| {
        match result {
            Ok(_) => succeeded += 1,
            Err(errno) => log::failed(&format_args!("kcapi_process: request {number}"), errno),
        }
        // SAFETY: the caller's promise.
        unsafe { array.store(number, result) };
    };
    let all = first..first + count;
    if memory.is_err() {
        all.for_each(|number| told(number, Err(Errno::NOMEM)));
        return succeeded;
    }
    // SAFETY: the caller's promise.
    raw.extend(all.clone().map(|number| Raw::new(unsafe { array.at(number).read() })));
    for (number, raw) in all.zip(&mut raw) {
        log::begin();
        // SAFETY: the caller's promise.
        match unsafe { raw.request() } {
            Ok(request) => {
                requests.push(request);
                numbers.push(number);
            }
            Err(errno) => told(number, Err(errno)),
        }
    }
    process(&mut requests, &mut |place, request| {
        if let (Some(&number), Some(result)) = (numbers.get(place), request.result) {
            told(number, explained(request, result));
        }
    });
    succeeded
}

/// Notes for the log why a request has failed.
fn explained(request: &HandleRequest<'_>, result: Result<usize>) -> Result<usize> {
    log::concerns(&request.handle.properties().name);
    match &request.task {
        Task::Crypt(control) => {
            why::message(request.handle, control.op, request.input, request.output, result)
        }
        Task::Digest => result,
    }
}

/// A request of the caller's, and a list of IOVECs for each of its buffers.
struct Raw {
    request: Request,
    input: [iovec; 1],
    output: [iovec; 1],
}

impl Raw {
    fn new(request: Request) -> Self {
        Self {
            input: [iov::iovec(request.input.cast(), request.inlen)],
            output: [iov::iovec(request.output.cast(), request.outlen)],
            request,
        }
    }

    /// # Safety
    ///
    /// For `'a`, the handle is NULL or live, buffers, arrays and IV have their lengths.
    unsafe fn request<'a>(&'a mut self) -> Result<HandleRequest<'a>> {
        let Request { handle, iv, r#type, flags, assoclen, reserved, .. } = self.request;
        // SAFETY: the caller's promise.
        let handle = unsafe { borrow(handle) }?;
        if flags & !(KCAPI_REQUEST_IN_IOV | KCAPI_REQUEST_OUT_IOV) != 0 || reserved != 0 {
            return Err(because(
                Errno::INVAL,
                "an unknown flag, or a reserved member that is not 0",
            ));
        }
        if assoclen != 0 && handle.kind() != Kind::Aead {
            return Err(because(Errno::INVAL, "associated data for no AEAD"));
        }
        let op = match r#type {
            KCAPI_REQUEST_ENCRYPT => Some(Op::Encrypt),
            KCAPI_REQUEST_DECRYPT => Some(Op::Decrypt),
            _ => None,
        };
        let task = match (handle.kind(), op) {
            (Kind::Skcipher | Kind::Aead, Some(op)) => {
                let assoclen = (handle.kind() == Kind::Aead).then_some(assoclen);
                // SAFETY: the caller's promise.
                Task::Crypt(Control { op, iv: unsafe { read_iv(handle, iv) }?, assoclen })
            }
            (Kind::Hash, None) if r#type == KCAPI_REQUEST_DIGEST => {
                self.output = self.output.map(|output| digest_room(handle, output, flags));
                Task::Digest
            }
            _ => return Err(because(Errno::INVAL, "a type that is not for the handle's family")),
        };
        // SAFETY: the caller's promise.
        let (input, output) = unsafe {
            (
                list(&self.input, flags & KCAPI_REQUEST_IN_IOV != 0)?,
                list(&self.output, flags & KCAPI_REQUEST_OUT_IOV != 0)?,
            )
        };
        if matches!(task, Task::Digest) && output.list().iter().all(|iov| iov.iov_len == 0) {
            return Err(because(Errno::INVAL, "no room for a digest"));
        }
        Ok(HandleRequest { handle, task, input, output, result: None })
    }
}

/// As much of a buffer as a digest takes.
fn digest_room(handle: &Handle, output: iovec, flags: u32) -> iovec {
    if flags & KCAPI_REQUEST_OUT_IOV != 0 {
        return output;
    }
    iov::iovec(output.iov_base.cast(), output.iov_len.min(handle.properties().digest_size as usize))
}

/// The IOVECs of a buffer; if it `is_array`, it holds them.
///
/// # Safety
///
/// For `'a`, the buffer has its length, and so have the IOVECs in it.
unsafe fn list<'a>(one: &'a [iovec; 1], is_array: bool) -> Result<Iovecs<'a>> {
    let [iovec { iov_base: start, iov_len: len }] = *one;
    // SAFETY: the caller's promise.
    unsafe {
        if is_array {
            iovecs(start.cast_const().cast(), len)
        } else {
            buffer(start.cast_const().cast(), len)?;
            Ok(Iovecs::new(one))
        }
    }
}
