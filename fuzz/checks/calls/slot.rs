// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! A handle under test, and the state that it should be in.

#![allow(unsafe_code)]

use super::model::{self, Block};
use crate::capi::cipher::kcapi_cipher_destroy;
use crate::capi::util::KCAPI_INIT_AIO;
use crate::engine::Kind;
use crate::handle::Handle;
use libc::ssize_t;

/// A handle, which is destroyed when this is dropped.
pub struct Slot {
    pub handle: *mut Handle,
    pub aio: bool,
    pub assoclen: usize,
    /// The IV of a message that has none of its own; None: not known.
    pub iv: Option<Block>,
    /// No part of a stream is left.
    pub idle: bool,
    /// A stream that has results, as far as the model knows.
    pub stream: Option<Stream>,
    /// A digest's message; None: a part of it was lost.
    pub message: Option<Vec<u8>>,
}

/// The bytes that were sent and not yet received.
pub struct Stream {
    pub encrypt: bool,
    pub iv: Option<Block>,
    pub data: Vec<u8>,
    pub last: bool,
}

impl Stream {
    /// Returns whether a receiver gets something without having to wait.
    pub fn ready(&self, kind: Kind) -> bool {
        // 128 bytes are a block in every mode.
        self.last && !self.data.is_empty() || kind == Kind::Skcipher && self.data.len() >= 128
    }
}

impl Slot {
    pub fn new(handle: *mut Handle, flags: u32) -> Self {
        Self {
            handle,
            aio: flags & KCAPI_INIT_AIO != 0,
            assoclen: 0,
            iv: Some([0; 16]),
            idle: true,
            stream: None,
            message: Some(Vec::new()),
        }
    }

    /// A further piece of a stream was sent, with this result.
    pub fn sent(&mut self, result: ssize_t, message: &[u8], last: bool) {
        (self.idle, self.iv) = (false, None);
        match &mut self.stream {
            Some(stream) if result >= 0 => {
                stream.data.extend(message);
                stream.last = last;
            }
            stream => *stream = None,
        }
    }

    /// A part of a stream's result was received.
    pub fn received(
        &mut self,
        kind: Kind,
        name: &str,
        key: Option<&[u8]>,
        result: ssize_t,
        written: &[u8],
    ) {
        let Some(mut stream) = self.stream.take().filter(|_| result >= 0) else {
            return;
        };
        if kind == Kind::Aead {
            return;
        }
        // A stream that began behind the rest of another one has more bytes than the model knows.
        let known = if stream.iv.is_none() { stream.data.len() } else { usize::MAX };
        let rest = stream.data.split_off(written.len().min(known));
        if let (Some(iv), Some(key), true) = (&mut stream.iv, key, name != "xts(aes)")
            && let Some(expected) = model::cipher(name, key, stream.encrypt, iv, &stream.data)
        {
            assert_eq!(written, expected, "{name}: a stream");
        }
        stream.data = rest;
        if stream.data.is_empty() && stream.last {
            self.idle = stream.iv.is_some();
        } else {
            self.stream = Some(stream);
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        // SAFETY: the handle is live, and nobody uses it after this. The families' functions to
        // destroy one are all the same.
        unsafe { kcapi_cipher_destroy(self.handle) };
    }
}
