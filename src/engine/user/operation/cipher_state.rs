// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The state that a cipher's operation keeps from call to call, as the kernel does in its struct
//! af_alg_ctx: IV, direction, length of the associated data, and data in flight.
//!
//! Reference: Linux `include/crypto/if_alg.h`, `crypto/af_alg.c`, af_alg_sendmsg().

use crate::engine::user::algorithm::aead::Aead;
use crate::engine::user::data::{Buffer, Lengths, Parts};
use crate::engine::{Control, Iv, Op, Progress, copy_iv};
use crate::errno::{Errno, Result};
use crate::wipe::Wiped;

/// The control data that a message was given.
#[derive(Clone)]
pub struct Settings {
    /// Bytes after the algorithm's IV size are not used.
    pub iv: Wiped<{ Iv::MAX }>,
    /// Encrypts; otherwise it decrypts.
    pub encrypt: bool,
    /// Bytes of associated data at the head of a message.
    pub assoclen: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { iv: Wiped::ZEROS, encrypt: false, assoclen: 0 }
    }
}

/// A message in progress, and its control data.
#[derive(Default)]
pub struct CipherState {
    /// The last control data.
    pub settings: Settings,
    /// A message has begun and was not yet received to its end.
    pub begun: bool,
    /// More of it follows.
    pub more: bool,
    /// Data that were sent and not yet processed.
    pub data: Buffer,
    /// Bytes that may be sent before something is received. None: any number.
    pub room: Option<usize>,
}

impl CipherState {
    /// Returns whether a whole message is here, which must be received before another begins.
    pub fn complete(&self) -> bool {
        self.begun && !self.more && !self.data.is_empty()
    }

    /// `len` bytes of the message were processed.
    pub fn consume(&mut self, len: usize) {
        self.data.remove(len);
        if self.data.is_empty() {
            self.begun = self.more;
        }
    }

    /// The progress of the message, which is an AEAD's or another cipher's.
    pub fn progress(&self, aead: bool) -> Progress {
        match (self.begun, self.more, self.data.is_empty()) {
            (false, _, _) => Progress::Idle,
            (true, false, true) if !aead => Progress::Idle,
            (true, _, true) => Progress::Begun,
            (true, true, false) => Progress::Pending,
            (true, false, false) => Progress::Complete,
        }
    }
}

impl Settings {
    /// Takes over a message's control data. EINVAL: the kernel would not take them.
    pub fn take_control(&mut self, control: &Control, iv_size: usize) -> Result<()> {
        let encrypt = match control.op {
            Op::Encrypt => true,
            Op::Decrypt => false,
            _ => return Err(Errno::INVAL),
        };
        let assoclen = control.assoclen.unwrap_or(0);
        if i32::try_from(assoclen).is_err() {
            return Err(Errno::INVAL);
        }
        if let Some(iv) = &control.iv {
            let iv = iv.as_slice();
            if iv.len() != iv_size {
                return Err(Errno::INVAL);
            }
            copy_iv(self.iv.get_mut(..iv_size).ok_or(Errno::INVAL)?, iv);
        }
        self.encrypt = encrypt;
        self.assoclen = assoclen as usize;
        Ok(())
    }

    /// The lengths of the parts of an AEAD's message of `len` bytes. EINVAL: it is too short for its AAD
    /// and its tag.
    pub fn lengths(&self, len: usize, tag: usize) -> Result<Lengths> {
        let (tag_in, tag_out) = if self.encrypt { (0, tag) } else { (tag, 0) };
        let text = len.checked_sub(tag_in).and_then(|len| len.checked_sub(self.assoclen));
        Ok(Lengths { aad: self.assoclen, text: text.ok_or(Errno::INVAL)?, tag_in, tag_out })
    }

    /// Processes an AEAD's message with an IV of `iv_size` bytes.
    pub fn aead(&self, aead: &dyn Aead, iv_size: usize, message: Parts<'_>) -> Result<()> {
        let iv = self.iv.get(..iv_size).ok_or(Errno::INVAL)?;
        let Parts { aad, text, tag_in, tag_out } = message;
        if self.encrypt {
            aead.seal(iv, aad, text, tag_out)
        } else {
            aead.open(iv, aad, text, tag_in)
        }
    }
}
