// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Asymmetric ciphers and key agreement.
#![allow(unsafe_code)]

use super::ffi::*;
use super::{Flag, Handle, done, length};
use crate::sys::{Errno, Result};
use core::ffi::c_ulong;
use libc::iovec;

/// The argument `access` of the library's calls, a hint how data should reach the kernel: the
/// library decides.
const ACCESS: core::ffi::c_int = 0;

/// One IOVEC, of memory that the call reads or writes.
fn iov(memory: *const u8, length: usize) -> iovec {
    iovec { iov_base: memory.cast_mut().cast(), iov_len: length }
}

/// From one memory to another, in one call or as a batch of one.
fn call(
    handle: &Handle,
    (single, batch): (WithKey, WithKeyBatch),
    flag: Flag,
    input: &[u8],
    output: &mut [u8],
) -> Result<usize> {
    let (from, to) = (input.as_ptr(), output.as_mut_ptr());
    // SAFETY: the handle is live, the memory is as long as is said, and the input's is only read.
    length(unsafe {
        if flag == Flag::Aio {
            let (mut from, mut to) = (iov(from, input.len()), iov(to, output.len()));
            batch(handle.raw, &raw mut from, &raw mut to, 1, ACCESS)
        } else {
            single(handle.raw, from, input.len(), to, output.len(), ACCESS)
        }
    })
}

/// The direction of an asymmetric cipher.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// With the public key.
    Encrypt,
    /// With the private key.
    Decrypt,
    /// With the private key.
    Sign,
    /// With the public key.
    Verify,
}

impl Operation {
    fn calls(self) -> (WithKey, WithKeyBatch) {
        match self {
            Self::Encrypt => (kcapi_akcipher_encrypt, kcapi_akcipher_encrypt_aio),
            Self::Decrypt => (kcapi_akcipher_decrypt, kcapi_akcipher_decrypt_aio),
            Self::Sign => (kcapi_akcipher_sign, kcapi_akcipher_sign_aio),
            Self::Verify => (kcapi_akcipher_verify, kcapi_akcipher_verify_aio),
        }
    }
}

/// An asymmetric cipher.
pub struct Asymmetric {
    handle: Handle,
    flag: Flag,
}

impl Asymmetric {
    /// By the kernel's name, such as `rsa`.
    pub fn open(name: &str, flag: Flag) -> Result<Self> {
        let handle = Handle::open(kcapi_akcipher_init, kcapi_akcipher_destroy, name, flag)?;
        Ok(Self { handle, flag })
    }

    /// Sets the key that the operation takes, in DER; and says how long a result may be.
    pub fn set_key(&self, operation: Operation, key: &[u8]) -> Result<usize> {
        match operation {
            Operation::Encrypt | Operation::Verify => {
                self.handle.set_key(kcapi_akcipher_setpubkey, key)
            }
            Operation::Decrypt | Operation::Sign => self.handle.set_key(kcapi_akcipher_setkey, key),
        }
    }

    /// Does it, and says how long the result is.
    pub fn run(&self, operation: Operation, input: &[u8], output: &mut [u8]) -> Result<usize> {
        call(&self.handle, operation.calls(), self.flag, input, output)
    }
}

/// Key agreement.
pub struct Agreement {
    handle: Handle,
    flag: Flag,
}

impl Agreement {
    /// By the kernel's name, such as `dh`.
    pub fn open(name: &str, flag: Flag) -> Result<Self> {
        let handle = Handle::open(kcapi_kpp_init, kcapi_kpp_destroy, name, flag)?;
        Ok(Self { handle, flag })
    }

    /// The group, as PKCS #3 writes it.
    pub fn set_group(&self, pkcs3: &[u8]) -> Result<()> {
        self.handle.set_key(kcapi_kpp_dh_setparam_pkcs3, pkcs3).map(|_| ())
    }

    /// The curve, by the kernel's number.
    pub fn set_curve(&self, curve: usize) -> Result<()> {
        let curve = c_ulong::try_from(curve).map_err(|_| Errno(libc::EINVAL))?;
        // SAFETY: the handle is live.
        done(unsafe { kcapi_kpp_ecdh_setcurve(self.handle.raw, curve) })
    }

    /// The private key; empty for one that the kernel makes.
    pub fn set_key(&self, key: &[u8]) -> Result<()> {
        self.handle.set_key(kcapi_kpp_setkey, key).map(|_| ())
    }

    /// The public key of the private one, and its length.
    pub fn public_key(&self, output: &mut [u8]) -> Result<usize> {
        let (raw, to) = (self.handle.raw, output.as_mut_ptr());
        // SAFETY: the handle is live, and the memory as long as is said.
        length(unsafe {
            if self.flag == Flag::Aio {
                let mut to = iov(to, output.len());
                kcapi_kpp_keygen_aio(raw, &raw mut to, 1, ACCESS)
            } else {
                kcapi_kpp_keygen(raw, to, output.len(), ACCESS)
            }
        })
    }

    /// The secret that is shared with the owner of that public key, and its length.
    pub fn shared_secret(&self, peer: &[u8], output: &mut [u8]) -> Result<usize> {
        call(&self.handle, (kcapi_kpp_ssgen, kcapi_kpp_ssgen_aio), self.flag, peer, output)
    }
}
