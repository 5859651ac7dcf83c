// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! All ways in which the library encrypts and decrypts: a call for a message, one for many
//! messages, a stream of pieces. They are the same for symmetric ciphers and AEADs.
#![allow(unsafe_code)]

use super::ffi::*;
use super::{Aead, Cipher, Direction, Flag, Handle, done, length};
use crate::sys::{Errno, Result};
use alloc::vec::Vec;
use core::ffi::c_int;
use core::marker::PhantomData;
use core::ptr;
use libc::iovec;

/// The argument `access` of the library's calls, a hint how data should reach the kernel: the
/// library decides.
const ACCESS: c_int = 0;

/// Input and output of an operation.
pub struct Pair<'a> {
    input: iovec,
    output: iovec,
    memory: PhantomData<&'a mut [u8]>,
}

fn iov(memory: *mut u8, length: usize) -> iovec {
    iovec { iov_base: memory.cast(), iov_len: length }
}

/// The part of an IOVEC from byte `from` on, at most `length` bytes.
fn part(of: &iovec, from: usize, length: usize) -> iovec {
    let from = from.min(of.iov_len);
    iov(of.iov_base.cast::<u8>().wrapping_add(from), length.min(of.iov_len - from))
}

impl<'a> Pair<'a> {
    /// From one memory to another.
    pub fn apart(input: &'a mut [u8], output: &'a mut [u8]) -> Self {
        let input = iov(input.as_mut_ptr(), input.len());
        let output = iov(output.as_mut_ptr(), output.len());
        Self { input, output, memory: PhantomData }
    }

    /// The first `input` bytes of a memory become its first `output` bytes.
    pub fn in_place(memory: &'a mut [u8], input: usize, output: usize) -> Self {
        let whole = iov(memory.as_mut_ptr(), memory.len());
        Self { input: part(&whole, 0, input), output: part(&whole, 0, output), memory: PhantomData }
    }

    /// Bytes of the input.
    pub fn input_length(&self) -> usize {
        self.input.iov_len
    }

    /// Bytes of the output.
    pub fn output_length(&self) -> usize {
        self.output.iov_len
    }
}

/// A call to encrypt, and one to decrypt.
struct Both<T> {
    encrypt: T,
    decrypt: T,
}

impl<T: Copy> Both<T> {
    fn to(&self, direction: Direction) -> T {
        match direction {
            Direction::Encrypt => self.encrypt,
            Direction::Decrypt => self.decrypt,
        }
    }
}

/// The calls of a family.
struct Calls {
    one_shot: Both<OneShot>,
    batch: Both<Batch>,
    begin: Both<Begin>,
    send: Piece,
    send_last: Piece,
    receive: Piece,
}

static CIPHER: Calls = Calls {
    one_shot: Both { encrypt: kcapi_cipher_encrypt, decrypt: kcapi_cipher_decrypt },
    batch: Both { encrypt: kcapi_cipher_encrypt_aio, decrypt: kcapi_cipher_decrypt_aio },
    begin: Both { encrypt: kcapi_cipher_stream_init_enc, decrypt: kcapi_cipher_stream_init_dec },
    send: kcapi_cipher_stream_update,
    send_last: kcapi_cipher_stream_update_last,
    receive: kcapi_cipher_stream_op,
};

static AEAD: Calls = Calls {
    one_shot: Both { encrypt: kcapi_aead_encrypt, decrypt: kcapi_aead_decrypt },
    batch: Both { encrypt: kcapi_aead_encrypt_aio, decrypt: kcapi_aead_decrypt_aio },
    begin: Both { encrypt: kcapi_aead_stream_init_enc, decrypt: kcapi_aead_stream_init_dec },
    send: kcapi_aead_stream_update,
    send_last: kcapi_aead_stream_update_last,
    receive: kcapi_aead_stream_op,
};

/// A symmetric cipher or an AEAD.
pub enum Transform {
    /// A symmetric cipher.
    Cipher(Cipher),
    /// An AEAD.
    Aead(Aead),
}

impl Transform {
    /// The key.
    pub fn set_key(&self, key: &[u8]) -> Result<()> {
        match self {
            Self::Cipher(cipher) => cipher.set_key(key),
            Self::Aead(aead) => aead.set_key(key),
        }
    }

    /// "kernel" or "user".
    pub fn engine(&self) -> &'static str {
        self.handle().engine()
    }

    /// Length of an IV.
    pub fn iv_size(&self) -> usize {
        match self {
            Self::Cipher(cipher) => cipher.iv_size(),
            Self::Aead(aead) => aead.iv_size(),
        }
    }

    fn calls(&self) -> &'static Calls {
        match self {
            Self::Cipher(_) => &CIPHER,
            Self::Aead(_) => &AEAD,
        }
    }

    fn handle(&self) -> &Handle {
        match self {
            Self::Cipher(Cipher(handle)) | Self::Aead(Aead(handle)) => handle,
        }
    }

    /// An IV that is as long as the library takes it.
    fn iv(&self, iv: &[u8]) -> Result<*const u8> {
        if iv.len() < self.iv_size() { Err(Errno(libc::EINVAL)) } else { Ok(iv.as_ptr()) }
    }

    /// Another handle with the same key, by `kcapi_handle_reinit`. Lengths of tag and AAD are its
    /// own.
    pub fn another(&self, flag: Flag) -> Result<Self> {
        let existing = self.handle();
        let mut raw = ptr::null_mut();
        // SAFETY: the handle is live, and the library writes another one.
        done(unsafe { kcapi_handle_reinit(&raw mut raw, existing.raw, flag as u32) })?;
        let handle = Handle { raw, destroy: existing.destroy };
        Ok(match self {
            Self::Cipher(_) => Self::Cipher(Cipher(handle)),
            Self::Aead(_) => Self::Aead(Aead(handle)),
        })
    }

    /// A message in one call, and the bytes of its result.
    pub fn message(&self, direction: Direction, pair: &mut Pair<'_>, iv: &[u8]) -> Result<usize> {
        let call = self.calls().one_shot.to(direction);
        let (from, to) = (pair.input, pair.output);
        let iv = self.iv(iv)?;
        // SAFETY: the handle is live, and the pair borrows memory as long as it says; the IV is
        // long enough.
        length(unsafe {
            call(
                self.handle().raw,
                from.iov_base.cast(),
                from.iov_len,
                iv,
                to.iov_base.cast(),
                to.iov_len,
                ACCESS,
            )
        })
    }

    /// Many messages in one call, and the bytes of all results.
    pub fn batch(&self, direction: Direction, pairs: &mut [Pair<'_>], iv: &[u8]) -> Result<usize> {
        let call = self.calls().batch.to(direction);
        let mut inputs: Vec<iovec> = pairs.iter().map(|pair| pair.input).collect();
        let mut outputs: Vec<iovec> = pairs.iter().map(|pair| pair.output).collect();
        let iv = self.iv(iv)?;
        // SAFETY: the handle is live, the arrays have as many IOVECs as is said, of memory that
        // the pairs borrow, and nothing is under way when the call returns; the IV is long enough.
        length(unsafe {
            let (from, to) = (inputs.as_mut_ptr(), outputs.as_mut_ptr());
            call(self.handle().raw, from, to, pairs.len(), iv, ACCESS)
        })
    }

    /// Begins a message in pieces.
    pub fn begin(&self, direction: Direction, iv: &[u8]) -> Result<()> {
        let call = self.calls().begin.to(direction);
        let iv = self.iv(iv)?;
        // SAFETY: the handle is live, the IV is long enough, and there are no IOVECs.
        length(unsafe { call(self.handle().raw, iv, ptr::null_mut(), 0) }).map(|_| ())
    }

    /// Sends the input from some byte on, at most `most` bytes, and says how many. With the last
    /// ones the message is complete.
    pub fn send(&self, pair: &Pair<'_>, from: usize, most: usize) -> Result<usize> {
        let mut piece = part(&pair.input, from, most);
        let is_last = from.saturating_add(piece.iov_len) >= pair.input.iov_len;
        let calls = self.calls();
        let call = if is_last { calls.send_last } else { calls.send };
        // SAFETY: the handle is live, and the IOVEC names memory that the pair borrows.
        length(unsafe { call(self.handle().raw, &raw mut piece, 1) })
    }

    /// Receives into the output from some byte on, at most `most` bytes, and says how many.
    pub fn receive(&self, pair: &mut Pair<'_>, from: usize, most: usize) -> Result<usize> {
        let mut room = part(&pair.output, from, most);
        // SAFETY: the handle is live, and the IOVEC names memory that the pair borrows.
        length(unsafe { (self.calls().receive)(self.handle().raw, &raw mut room, 1) })
    }
}
