// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Key derivation.
#![allow(unsafe_code)]

use super::ffi::*;
use super::{Digest, length};
use crate::sys::{Errno, Result};
use alloc::ffi::CString;

/// A length that the library takes as 32 bits.
fn short(length: usize) -> Result<u32> {
    u32::try_from(length).map_err(|_| Errno(libc::EINVAL))
}

/// The name of a digest, as C has it.
fn c_name(name: &str) -> Result<CString> {
    CString::new(name).map_err(|_| Errno(libc::ENOENT))
}

/// PBKDF2 with a keyed digest.
pub fn pbkdf(hash: &str, password: &[u8], salt: &[u8], count: u32, key: &mut [u8]) -> Result<()> {
    let hash = c_name(hash)?;
    let password_length = short(password.len())?;
    // SAFETY: the name ends with NUL, and the memory is as long as is said.
    length(unsafe {
        kcapi_pbkdf(
            hash.as_ptr(),
            password.as_ptr(),
            password_length,
            salt.as_ptr(),
            salt.len(),
            count,
            key.as_mut_ptr(),
            key.len(),
        )
    })
    .map(|_| ())
}

/// The number of iterations of PBKDF2 that takes so long.
pub fn pbkdf_iterations(hash: &str, nanoseconds: u64) -> Result<u32> {
    let hash = c_name(hash)?;
    // SAFETY: the name ends with NUL.
    match unsafe { kcapi_pbkdf_iteration_count(hash.as_ptr(), nanoseconds) } {
        0 => Err(Errno(libc::ENOENT)),
        count => Ok(count),
    }
}

/// HKDF of RFC 5869 with a keyed digest.
pub fn hkdf(hash: &str, key: &[u8], salt: &[u8], info: &[u8], output: &mut [u8]) -> Result<()> {
    let hash = c_name(hash)?;
    let salt_length = short(salt.len())?;
    // SAFETY: the name ends with NUL, and the memory is as long as is said.
    length(unsafe {
        kcapi_hkdf(
            hash.as_ptr(),
            key.as_ptr(),
            key.len(),
            salt.as_ptr(),
            salt_length,
            info.as_ptr(),
            info.len(),
            output.as_mut_ptr(),
            output.len(),
        )
    })
    .map(|_| ())
}

/// A mode of key derivation of SP 800-108.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Counter mode.
    Counter,
    /// Feedback mode.
    Feedback,
    /// Double-pipeline mode.
    DoublePipeline,
}

/// Derivation from the key of a digest.
pub fn kdf(mode: Mode, digest: &Digest, input: &[u8], output: &mut [u8]) -> Result<()> {
    let call = match mode {
        Mode::Counter => kcapi_kdf_ctr,
        Mode::Feedback => kcapi_kdf_fb,
        Mode::DoublePipeline => kcapi_kdf_dpi,
    };
    let (from, to) = (input.as_ptr(), output.as_mut_ptr());
    // SAFETY: the handle is live, and the memory as long as is said.
    length(unsafe { call(digest.0.raw, from, input.len(), to, output.len()) }).map(|_| ())
}
