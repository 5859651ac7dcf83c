// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! `kcapi_process`: many messages in one call, each with an IV of its own. The C library does not
//! have it.

use super::call::number_of;
use super::md::digest_room;
use super::{because, borrow, buffer, iovecs, set_control, to_ssize_of_message, why};
use crate::engine::requests::MANY_BYTES;
use crate::engine::{Control, Kind, Op, WholeMessage};
use crate::errno::{Errno, Result};
use crate::handle::Handle;
use crate::iov::{List, iovec};
use crate::lock::Guard;
use crate::log;
use crate::requests::{AT_ONCE, Request as HandleRequest, Task, process_together};
use crate::slot::SlotState;
use crate::wipe::{DEEP, Wiper, wiping_stack};
use libc::{c_void, iovec, ssize_t};
use std::ptr;

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
/// kcapi_cipher_decrypt(), but that a message is never cut (see kcapi_cipher_encrypt_aio())
/// and that no room for its result is -EINVAL; kcapi_aead_encrypt() or kcapi_aead_decrypt(),
/// with `assoclen` of the request; or kcapi_md_digest(). A request that fails, such as a forged
/// message, stops no other.
///
/// On the kernel's engine requests of ciphers go to the kernel together, with one
/// io_uring_enter(2) for up to 256, if each has an IV of its own (or the algorithm has none), has
/// its result in one buffer and fits into the socket's buffers, and the driver completes at once.
/// Where there is no io_uring, or KCAPI_AIO forbids it, each costs two system calls; and so do the
/// first 63 of a transform, unless one call brings more, and all digests. KCAPI_INIT_AIO is not
/// needed. This library's own engine works on several messages side by side where a single one
/// leaves most of the processor idle: encryption of cbc(aes), cmac(aes) and other MACs of AES with
/// one key, SHA-2 and HMAC of it with any keys. If an output overlaps another request's memory or
/// IV, and for a NULL IV, which goes on with that of the handle's last message, requests are
/// processed one by one.
///
/// No output may overlap an array of IOVECs or the requests themselves.
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
    to_ssize_of_message(|| unsafe { process_array(requests, count, size, flags) })
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
    if count.checked_mul(size).is_none_or(|bytes| isize::try_from(bytes).is_err()) {
        return Err(because(Errno::FAULT, "more requests than memory can hold"));
    }
    let array = Array { start: requests, size };
    // SAFETY: the caller's promise.
    let is_known = |number| unsafe { array.has_nothing_unknown(number) };
    if size > size_of::<Request>() && !(0..count).all(is_known) {
        return Err(because(Errno::TOOBIG, "a member that is not known here is not 0"));
    }
    if count == 1 {
        // SAFETY: the caller's promise.
        let result = unsafe { array.request(0).process_alone(&mut None, Wiper::Operation) };
        // SAFETY: as above.
        return Ok(usize::from(unsafe { array.tell(0, result) }));
    }
    let (mut first, mut succeeded) = (0, 0);
    while first < count {
        let some = AT_ONCE.min(count - first);
        // SAFETY: the caller's promise.
        succeeded += unsafe { process_some(array, first, some) };
        first += some;
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

    /// # Safety
    ///
    /// There are more than `number` requests, and nobody changes this one for `'a`.
    unsafe fn request<'a>(self, number: usize) -> &'a Request {
        // SAFETY: the caller's promise. This library changes a request by `tell` alone, when no reference to it is left.
        unsafe { &*self.at(number) }
    }

    /// Stores a request's result, and logs it if it is a failure. Returns whether it is none.
    ///
    /// # Safety
    ///
    /// There are more than `number` requests.
    unsafe fn tell(self, number: usize, result: Result<usize>) -> bool {
        if let Err(errno) = result {
            log::failed(&format_args!("kcapi_process: request {number}"), errno);
        }
        // SAFETY: the caller's promise.
        unsafe { (&raw mut (*self.at(number)).result).write(number_of(result)) };
        result.is_ok()
    }
}

/// Of fewer messages than this each wipes what it took of the stack. As many, or more, wipe it once, after the
/// last, as deep as any message goes ([`DEEP`]); for a few that takes longer. Measured (bench/requests/requests.c).
const FEW: usize = 4;

/// Processes `count` requests from number `first` on, at most [`AT_ONCE`]. Returns how many succeeded.
///
/// # Safety
///
/// The same as for `kcapi_process`.
#[inline(never)]
unsafe fn process_some(array: Array, first: usize, count: usize) -> usize {
    let numbers = first..first + count;
    let mut succeeded = 0;
    let mut told = |number: usize, result: Result<usize>| {
        // SAFETY: the caller's promise.
        succeeded += usize::from(unsafe { array.tell(number, result) });
    };
    // SAFETY: the caller's promise.
    let request = |number: usize| unsafe { array.request(number) };
    let mut requests = Vec::new();
    // SAFETY: the caller's promise.
    if unsafe { are_faster_together(numbers.clone().map(request)) }
        && requests.try_reserve_exact(count).is_ok()
    {
        for number in numbers {
            log::begin();
            // SAFETY: the caller's promise.
            if let Err(errno) = unsafe { request(number).parse(number, &mut requests) } {
                told(number, Err(errno));
            }
        }
        process_together(&mut requests, |request| told(request.number, result_of(request)));
        // An IV may be what an earlier request has left, so it is read when it is its request's turn.
        for left in requests.iter().filter(|request| request.result.is_none()) {
            log::begin();
            // SAFETY: the caller's promise.
            told(left.number, unsafe {
                request(left.number).process_alone(&mut None, Wiper::Operation)
            });
        }
    } else {
        let in_turn = |wiper: Wiper| {
            let mut entered = None;
            for number in numbers {
                log::begin();
                // SAFETY: the caller's promise.
                told(number, unsafe { request(number).process_alone(&mut entered, wiper) });
            }
        };
        if count < FEW {
            in_turn(Wiper::Operation);
        } else {
            wiping_stack::<DEEP, _>(|| in_turn(Wiper::Caller));
        }
    }
    succeeded
}

/// Returns whether requests are faster together than one by one, as far as is seen at a glance.
///
/// # Safety
///
/// Their handles are NULL or live.
unsafe fn are_faster_together<'a>(requests: impl ExactSizeIterator<Item = &'a Request>) -> bool {
    if requests.len() < 2 {
        return false;
    }
    let (mut bytes, mut gaining) = (0usize, 0);
    for request in requests {
        // Of a list of IOVECs this is their number, which makes such messages look short.
        let len = request.inlen;
        bytes = bytes.saturating_add(len);
        // SAFETY: the caller's promise.
        if let Some(handle) = unsafe { request.handle.as_ref() }
            && let Some(grouping) = handle.grouping(request.op())
            && len >= grouping.min_len
        {
            gaining += 1;
            if gaining >= grouping.min_count {
                return true;
            }
        }
    }
    bytes >= MANY_BYTES
}

/// The result of a request that has one. For the log it is noted why it has failed.
fn result_of(request: &HandleRequest<'_>) -> Result<usize> {
    let result = request.result.unwrap_or(Err(Errno::IO));
    log::concerns(|| &request.handle.properties().name);
    match &request.task {
        Task::Crypt(control) => why::message(request.handle, &request.message(control), result),
        Task::Digest => result,
    }
}

/// The handle of the last request that was processed by itself. It stays locked for the next one.
struct Entered<'a> {
    handle: &'a Handle,
    state: Guard<'a, SlotState>,
    /// Bytes of its messages since it was locked.
    bytes: usize,
}

impl<'a> Entered<'a> {
    /// Bytes after which others get their turn.
    const SOME: usize = 64 << 10;

    /// The state of a handle for a message of `len` bytes. EDEADLK: see [`Handle::enter`].
    fn state<'e>(
        last: &'e mut Option<Self>,
        handle: &'a Handle,
        len: usize,
    ) -> Result<&'e mut SlotState> {
        let stays = |last: &Self| ptr::eq(last.handle, handle) && last.bytes < Self::SOME;
        if !last.as_ref().is_some_and(stays) {
            // Nobody waits for a handle while another one is locked.
            *last = None;
            *last = Some(Self { handle, state: handle.enter()?, bytes: 0 });
        }
        let entered = last.as_mut().ok_or(Errno::IO)?;
        entered.bytes = entered.bytes.saturating_add(len);
        Ok(&mut entered.state)
    }
}

impl Request {
    /// The direction; None: it is no cipher's request.
    fn op(&self) -> Option<Op> {
        match self.r#type {
            KCAPI_REQUEST_ENCRYPT => Some(Op::Encrypt),
            KCAPI_REQUEST_DECRYPT => Some(Op::Decrypt),
            _ => None,
        }
    }

    /// The handle, and the direction if it is a cipher's. EINVAL: a member has a wrong value.
    ///
    /// # Safety
    ///
    /// For `'a`, the handle is NULL or live.
    #[inline(always)]
    unsafe fn checked<'a>(&self) -> Result<(&'a Handle, Option<Op>)> {
        // SAFETY: the caller's promise.
        let handle = unsafe { borrow(self.handle) }?;
        let known = KCAPI_REQUEST_IN_IOV | KCAPI_REQUEST_OUT_IOV;
        if self.flags & !known != 0 || self.reserved != 0 {
            return Err(because(
                Errno::INVAL,
                "an unknown flag, or a reserved member that is not 0",
            ));
        }
        if self.assoclen != 0 && handle.kind() != Kind::Aead {
            return Err(because(Errno::INVAL, "associated data for no AEAD"));
        }
        match (handle.kind(), self.op()) {
            (Kind::Skcipher | Kind::Aead, op @ Some(_)) => Ok((handle, op)),
            (Kind::Hash, None) if self.r#type == KCAPI_REQUEST_DIGEST => Ok((handle, None)),
            _ => Err(because(Errno::INVAL, "a type that is not for the handle's family")),
        }
    }

    /// The place of the IV; empty, if there is none.
    fn iv_memory(&self, handle: &Handle) -> iovec {
        let len = if self.iv.is_null() { 0 } else { handle.properties().iv_size as usize };
        iovec(self.iv, len)
    }

    /// The message, and the place of its result.
    ///
    /// # Safety
    ///
    /// For `'a`, buffers, arrays and the IOVECs in them have their lengths.
    #[inline(always)]
    unsafe fn lists<'a>(&self, handle: &Handle) -> Result<(List<'a>, List<'a>)> {
        let (input, output) = (self.input.cast(), self.output.cast_const().cast());
        let room = match handle.kind() {
            Kind::Hash => digest_room(handle),
            _ => usize::MAX,
        };
        // SAFETY: the caller's promise.
        let (input, output) = unsafe {
            (
                list(input, self.inlen, self.flags & KCAPI_REQUEST_IN_IOV != 0, usize::MAX)?,
                list(output, self.outlen, self.flags & KCAPI_REQUEST_OUT_IOV != 0, room)?,
            )
        };
        if handle.kind() == Kind::Hash && output.iovecs().total() == Ok(0) {
            return Err(because(Errno::INVAL, "no room for a digest"));
        }
        Ok((input, output))
    }

    /// Appends the handle's request to `requests`, which have room for it; or nothing, after an error.
    ///
    /// # Safety
    ///
    /// For `'a`, the handle is NULL or live, buffers, arrays and IV have their lengths.
    unsafe fn parse<'a>(&self, number: usize, requests: &mut Vec<HandleRequest<'a>>) -> Result<()> {
        // SAFETY: the caller's promise.
        unsafe {
            let (handle, op) = self.checked()?;
            let (input, output) = self.lists(handle)?;
            let (task, iv) = (Task::without_iv(op), self.iv_memory(handle));
            requests.push(HandleRequest::new(number, handle, task, input, output, iv));
            match requests.last_mut() {
                Some(HandleRequest { task: Task::Crypt(control), .. }) => {
                    let set = set_control(control, handle, self.iv, self.assoclen as usize);
                    set.inspect_err(|_| drop(requests.pop()))
                }
                _ => Ok(()),
            }
        }
    }

    /// Processes the message by itself, in the handle that was `entered` if it is the request's.
    ///
    /// # Safety
    ///
    /// The same as for `parse`.
    unsafe fn process_alone(&self, entered: &mut Option<Entered>, wiper: Wiper) -> Result<usize> {
        // SAFETY: the caller's promise.
        unsafe {
            let (handle, op) = self.checked()?;
            let (input, output) = self.lists(handle)?;
            let (input, output) = (input.iovecs(), output.iovecs());
            let state = Entered::state(entered, handle, input.total()?)?;
            let Some(op) = op else { return handle.digest_in(state, input, output, wiper) };
            let mut control = Control::of(op);
            set_control(&mut control, handle, self.iv, self.assoclen as usize)?;
            let message = WholeMessage::new(&control, input, output);
            let result = handle.message_in(state, &message, wiper);
            why::message(handle, &message, result)
        }
    }
}

/// The first `most` bytes of a buffer of `len` bytes; or, if it `is_array`, the `len` IOVECs in it.
///
/// # Safety
///
/// For `'a`, the buffer has its length, and so have the IOVECs in it.
#[inline(always)]
unsafe fn list<'a>(start: *const u8, len: usize, is_array: bool, most: usize) -> Result<List<'a>> {
    // SAFETY: the caller's promise.
    unsafe {
        if is_array {
            iovecs(start.cast(), len).map(List::Many)
        } else {
            buffer(start, len)?;
            Ok(List::one(start, len.min(most)))
        }
    }
}
