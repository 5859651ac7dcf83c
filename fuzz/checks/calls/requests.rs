// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Many messages of all handles in one call of kcapi_process(). Each ends as it would as a call of its
//! own, one after the other.

use super::memory::Memory;
use super::{Session, model, pointer};
use crate::capi::request::{
    KCAPI_REQUEST_DECRYPT, KCAPI_REQUEST_DIGEST, KCAPI_REQUEST_ENCRYPT, KCAPI_REQUEST_IN_IOV,
    KCAPI_REQUEST_OUT_IOV, Request, kcapi_process,
};
use crate::engine::Kind;
use crate::handle::Handle;
use libc::{c_void, iovec, ssize_t};

/// `struct kcapi_request`, as a C program sees it.
#[repr(C)]
struct CRequest {
    handle: *mut Handle,
    iv: *const u8,
    input: *const c_void,
    inlen: usize,
    output: *mut c_void,
    outlen: usize,
    user: *mut c_void,
    result: ssize_t,
    kind: u32,
    flags: u32,
    assoclen: u32,
    reserved: u32,
}

/// A message, and the memory that it is given in.
struct Asked {
    slot: usize,
    encrypt: bool,
    message: Vec<u8>,
    /// For gcm, what the message is the encryption of.
    text: Option<Vec<u8>>,
    iv: Option<[u8; 64]>,
    room: usize,
    input: Memory,
    /// None: the result goes to the message's place.
    output: Option<Memory>,
    inputs: Vec<iovec>,
    outputs: Vec<iovec>,
}

impl Asked {
    fn request(&self, session: &Session<'_>) -> CRequest {
        let slot = &session.slots[self.slot];
        let (input, inlen, of_inputs) = place(&self.inputs, KCAPI_REQUEST_IN_IOV);
        let (output, outlen, of_outputs) = place(&self.outputs, KCAPI_REQUEST_OUT_IOV);
        let kind = match (session.kind, self.encrypt) {
            (Kind::Hash, _) => KCAPI_REQUEST_DIGEST,
            (_, true) => KCAPI_REQUEST_ENCRYPT,
            (_, false) => KCAPI_REQUEST_DECRYPT,
        };
        CRequest {
            handle: slot.handle,
            iv: pointer(&self.iv),
            input,
            inlen,
            output,
            outlen,
            user: std::ptr::null_mut(),
            result: 1 << 20,
            kind,
            flags: of_inputs | of_outputs,
            assoclen: if session.kind == Kind::Aead { slot.assoclen as u32 } else { 0 },
            reserved: 0,
        }
    }
}

/// A single IOVEC as a buffer, several as IOVECs.
fn place(list: &[iovec], flag: u32) -> (*mut c_void, usize, u32) {
    match list {
        [one] => (one.iov_base, one.iov_len, 0),
        many => (many.as_ptr().cast_mut().cast(), many.len(), flag),
    }
}

impl Session<'_> {
    pub fn requests(&mut self) {
        let count = 1 + self.choices.below(7);
        let asked: Vec<_> = (0..count).map(|_| self.ask()).collect();
        let mut requests: Vec<_> = asked.iter().map(|one| one.request(self)).collect();
        let size = size_of::<CRequest>();
        assert_eq!(size, size_of::<Request>());
        let array = requests.as_mut_ptr().cast();
        // SAFETY: live handles, an array of `count` requests, memory of the lengths.
        let succeeded = unsafe { kcapi_process(array, count, size, 0) };
        for (one, request) in asked.into_iter().zip(&requests) {
            self.judge_request(one, request.result);
        }
        let results = requests.iter().filter(|request| request.result >= 0);
        assert_eq!(succeeded, results.count() as ssize_t);
    }

    fn ask(&mut self) -> Asked {
        let slot = self.choices.below(self.slots.len());
        let encrypt = self.choices.below(2) == 1;
        let (mut message, iv) = (self.message(), self.iv());
        let genuine = self.genuine(slot, encrypt, iv, &message);
        let text = genuine.map(|sealed| std::mem::replace(&mut message, sealed));
        let result =
            if self.kind == Kind::Hash { 64 } else { self.result_len(encrypt, message.len()) };
        let room = self.room(result);
        let (mut input, mut output) = self.layout.pair(&message, room);
        if output.is_some() {
            input = self.layout.pieces(&message);
            output = Some(self.layout.pieces(&vec![0xa5; room]));
        }
        let mut inputs = input.list();
        let mut outputs = output.as_mut().map_or_else(|| inputs.clone(), Memory::list);
        if output.is_none() {
            // The place is as long as the longer one of the two.
            inputs[0].iov_len = message.len();
            outputs[0].iov_len = room;
        }
        Asked { slot, encrypt, message, text, iv, room, input, output, inputs, outputs }
    }

    fn judge_request(&mut self, one: Asked, result: ssize_t) {
        let written = one.output.as_ref().unwrap_or(&one.input).written(result, usize::MAX);
        if self.kind == Kind::Hash {
            self.judge_digest(&one, &written);
        } else {
            let expected = self.expected(one.slot, one.encrypt, one.iv, &[&one.message], false);
            let expected = expected.or(one.text.map(|text| (text, None)));
            self.judge(one.slot, result, &written, one.room, expected);
        }
        self.answer("request", result, written);
    }

    /// The digest is that of what was taken before, and of the message.
    fn judge_digest(&mut self, one: &Asked, written: &[u8]) {
        if one.room == 0 {
            return;
        }
        let before = self.slots[one.slot].message.replace(Vec::new());
        let key = if self.name == "sha256" { Some(&[][..]) } else { self.key.as_deref() };
        let digest = before.and_then(|before| {
            model::digest(self.name, key?, &[before, one.message.clone()].concat())
        });
        if let Some(digest) = digest {
            assert_eq!(written, &digest[..one.room.min(digest.len())], "{}", self.name);
        }
    }
}
