// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The functions of libkcapi that the programs call, with owners for its handles.
//!
//! `include/kcapi.h` and its manual say what they do.
#![allow(unsafe_code)]

pub mod asymmetric;
pub mod derivation;
mod ffi;
pub mod ways;

use crate::sys::{Address, Errno, Result};
use alloc::ffi::CString;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::ffi::{CStr, c_int, c_void};
use core::ptr;
use ffi::*;
use libc::iovec;

/// A length, or the errno that a negative result is.
fn length(result: isize) -> Result<usize> {
    usize::try_from(result)
        .map_err(|_| Errno(c_int::try_from(result.unsigned_abs()).unwrap_or(libc::EIO)))
}

fn done(result: c_int) -> Result<()> {
    length(result as isize).map(|_| ())
}

/// "libkcapi 1.5.1".
pub fn version() -> String {
    let mut buffer = [0u8; 64];
    // SAFETY: the memory is as long as is said.
    unsafe { kcapi_versionstring(buffer.as_mut_ptr().cast(), buffer.len() as u32) };
    let text = CStr::from_bytes_until_nul(&buffer).unwrap_or_default();
    String::from_utf8_lossy(text.to_bytes()).into_owned()
}

/// Sets the amount of messages that the library itself writes to standard error, a number of
/// `enum kcapi_verbosity`.
pub fn set_verbosity(level: u32) {
    // SAFETY: the library takes any number.
    unsafe { kcapi_set_verbosity(level) };
}

/// Fills memory with zeros. The compiler does not leave it out, though nobody reads the memory.
pub fn wipe(memory: &mut [u8]) {
    // SAFETY: the memory is as long as is said.
    unsafe { kcapi_memset_secure(memory.as_mut_ptr().cast(), 0, memory.len()) };
}

/// A function of the library; the loader knows by it where the library is.
pub fn address() -> Address {
    Address(kcapi_md_init as *const c_void)
}

/// Encryption or decryption.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Plaintext to ciphertext.
    Encrypt,
    /// Ciphertext to plaintext.
    Decrypt,
}

/// A flag of the init functions.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Flag {
    /// None: the engine that the library chooses, the kernel where it was built for that.
    None = 0,
    /// `KCAPI_INIT_AIO`: calls for many messages use asynchronous I/O.
    Aio = 1,
    /// `KCAPI_INIT_USER`: the library's own engine, for messages that the kernel does not take.
    /// FIPS mode knows the kernel's only.
    User = 1 << 16,
}

/// A handle, and the function of its family that destroys it.
struct Handle {
    raw: *mut RawHandle,
    destroy: Destroy,
}

impl Handle {
    fn open(init: Init, destroy: Destroy, name: &str, flag: Flag) -> Result<Self> {
        let name = CString::new(name).map_err(|_| Errno(libc::ENOENT))?;
        let mut raw = ptr::null_mut();
        // SAFETY: the name ends with NUL, and the library writes a handle, which `destroy` takes.
        done(unsafe { init(&raw mut raw, name.as_ptr(), flag as u32) })?;
        Ok(Self { raw, destroy })
    }

    /// Sets a key, and says what the library returns.
    fn set_key(&self, set_key: SetKey, key: &[u8]) -> Result<usize> {
        let key_length = u32::try_from(key.len()).map_err(|_| Errno(libc::EINVAL))?;
        // SAFETY: the handle is live, and the memory as long as is said.
        length(unsafe { set_key(self.raw, key.as_ptr(), key_length) } as isize)
    }

    fn engine(&self) -> &'static str {
        // SAFETY: the handle is live; the result is a constant of the library's, which stays
        // loaded.
        let name = unsafe { CStr::from_ptr(kcapi_handle_engine(self.raw)) };
        name.to_str().unwrap_or_default()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle is live, and nobody has it after this.
        unsafe { (self.destroy)(self.raw) };
    }
}

/// A message digest, with a key or without.
pub struct Digest(Handle);

impl Digest {
    /// By the kernel's name, such as `hmac(sha512)`.
    pub fn open(name: &str) -> Result<Self> {
        Handle::open(kcapi_md_init, kcapi_md_destroy, name, Flag::None).map(Self)
    }

    /// "kernel" or "user".
    pub fn engine(&self) -> &'static str {
        self.0.engine()
    }

    /// The key.
    pub fn set_key(&self, key: &[u8]) -> Result<()> {
        self.0.set_key(kcapi_md_setkey, key).map(|_| ())
    }

    fn room(&self) -> Vec<u8> {
        // SAFETY: the handle is live.
        vec![0; unsafe { kcapi_md_digestsize(self.0.raw) } as usize]
    }

    /// The digest of a message, in one call.
    pub fn digest(&self, message: &[u8]) -> Result<Vec<u8>> {
        let mut digest = self.room();
        let (from, to) = (message.as_ptr(), digest.as_mut_ptr());
        // SAFETY: the handle is live, and the memory as long as is said.
        let written = unsafe { kcapi_md_digest(self.0.raw, from, message.len(), to, digest.len()) };
        if length(written)? == digest.len() { Ok(digest) } else { Err(Errno(libc::EIO)) }
    }

    /// A further piece of the message.
    pub fn update(&self, piece: &[u8]) -> Result<()> {
        // SAFETY: the handle is live, and the memory as long as is said.
        length(unsafe { kcapi_md_update(self.0.raw, piece.as_ptr(), piece.len()) }).map(|_| ())
    }

    /// The digest; what comes after is another message.
    pub fn finish(&self) -> Result<Vec<u8>> {
        let mut digest = self.room();
        // SAFETY: the handle is live, and the memory as long as is said.
        let written = unsafe { kcapi_md_final(self.0.raw, digest.as_mut_ptr(), digest.len()) };
        if length(written)? == digest.len() { Ok(digest) } else { Err(Errno(libc::EIO)) }
    }
}

/// A symmetric cipher.
pub struct Cipher(Handle);

impl Cipher {
    /// By the kernel's name, such as `cbc(aes)`.
    pub fn open(name: &str, flag: Flag) -> Result<Self> {
        Handle::open(kcapi_cipher_init, kcapi_cipher_destroy, name, flag).map(Self)
    }

    /// "kernel" or "user".
    pub fn engine(&self) -> &'static str {
        self.0.engine()
    }

    /// The key.
    pub fn set_key(&self, key: &[u8]) -> Result<()> {
        self.0.set_key(kcapi_cipher_setkey, key).map(|_| ())
    }

    /// Length of an IV.
    pub fn iv_size(&self) -> usize {
        // SAFETY: the handle is live.
        unsafe { kcapi_cipher_ivsize(self.0.raw) as usize }
    }

    /// Length of a block.
    pub fn block_size(&self) -> usize {
        // SAFETY: the handle is live.
        unsafe { kcapi_cipher_blocksize(self.0.raw) as usize }
    }

    /// A whole message, by a batch of one: kcapi_cipher_encrypt() cuts a long one into pieces, which in modes
    /// such as xts all begin with the IV. The IV must have the length that `iv_size` says.
    pub fn in_place(&self, direction: Direction, message: &mut [u8], iv: &[u8]) -> Result<usize> {
        if iv.len() < self.iv_size() {
            return Err(Errno(libc::EINVAL));
        }
        let call = match direction {
            Direction::Encrypt => kcapi_cipher_encrypt_aio,
            Direction::Decrypt => kcapi_cipher_decrypt_aio,
        };
        let mut place = iovec { iov_base: message.as_mut_ptr().cast(), iov_len: message.len() };
        let mut same = place;
        // SAFETY: the handle is live, both arrays are one IOVEC of the message's memory, and the IV is long enough.
        length(unsafe { call(self.0.raw, &raw mut place, &raw mut same, 1, iv.as_ptr(), 0) })
    }

    /// Begins a message in pieces.
    pub fn begin(&self, direction: Direction, iv: &[u8]) -> Result<()> {
        if iv.len() < self.iv_size() {
            return Err(Errno(libc::EINVAL));
        }
        let call = match direction {
            Direction::Encrypt => kcapi_cipher_stream_init_enc,
            Direction::Decrypt => kcapi_cipher_stream_init_dec,
        };
        // SAFETY: the handle is live, the IV is long enough, and there are no IOVECs.
        length(unsafe { call(self.0.raw, iv.as_ptr(), ptr::null_mut(), 0) }).map(|_| ())
    }

    /// A further piece, and its result, which has the piece's length.
    pub fn piece(&self, input: &mut [u8], last: bool, output: &mut [u8]) -> Result<()> {
        let call = if last { kcapi_cipher_stream_update_last } else { kcapi_cipher_stream_update };
        let mut sent = 0;
        let mut received = 0;
        while received < input.len() {
            if sent < input.len() {
                let rest = input.get_mut(sent..).unwrap_or_default();
                let mut iov =
                    libc::iovec { iov_base: rest.as_mut_ptr().cast(), iov_len: rest.len() };
                // SAFETY: the handle is live, and the IOVEC names memory that is only read.
                sent += length(unsafe { call(self.0.raw, &raw mut iov, 1) })?;
            }
            let room = output.get_mut(received..sent).unwrap_or_default();
            let mut iov = libc::iovec { iov_base: room.as_mut_ptr().cast(), iov_len: room.len() };
            // SAFETY: the handle is live, and the IOVEC names memory that nobody else has.
            match length(unsafe { kcapi_cipher_stream_op(self.0.raw, &raw mut iov, 1) })? {
                0 => return Err(Errno(libc::EIO)),
                count => received += count,
            }
        }
        Ok(())
    }
}

/// Authenticated encryption.
pub struct Aead(Handle);

impl Aead {
    /// By the kernel's name, such as `gcm(aes)`.
    pub fn open(name: &str, flag: Flag) -> Result<Self> {
        Handle::open(kcapi_aead_init, kcapi_aead_destroy, name, flag).map(Self)
    }

    /// "kernel" or "user".
    pub fn engine(&self) -> &'static str {
        self.0.engine()
    }

    /// The key.
    pub fn set_key(&self, key: &[u8]) -> Result<()> {
        self.0.set_key(kcapi_aead_setkey, key).map(|_| ())
    }

    /// Length of an IV.
    pub fn iv_size(&self) -> usize {
        // SAFETY: the handle is live.
        unsafe { kcapi_aead_ivsize(self.0.raw) as usize }
    }

    /// Length of the longest tag.
    pub fn tag_size(&self) -> usize {
        // SAFETY: the handle is live.
        unsafe { kcapi_aead_authsize(self.0.raw) as usize }
    }

    /// The most bytes of a message, AAD and tag included.
    pub fn longest(&self) -> Result<usize> {
        // SAFETY: the handle is live.
        length(unsafe { kcapi_aead_maxmsgsize(self.0.raw) })
    }

    /// Lengths of the tag and of the AAD.
    pub fn set_lengths(&self, tag: usize, aad: usize) -> Result<()> {
        let tag = u32::try_from(tag).map_err(|_| Errno(libc::EINVAL))?;
        // SAFETY: the handle is live.
        done(unsafe { kcapi_aead_settaglen(self.0.raw, tag) })?;
        // SAFETY: as above.
        unsafe { kcapi_aead_setassoclen(self.0.raw, aad) };
        Ok(())
    }

    /// A whole message: `input` bytes of the buffer, `AAD || data` with the tag behind them for
    /// decryption, become `output` bytes.
    pub fn in_place(
        &self,
        direction: Direction,
        buffer: &mut [u8],
        input: usize,
        output: usize,
        iv: &[u8],
    ) -> Result<usize> {
        if iv.len() < self.iv_size() || buffer.len() < input.max(output) {
            return Err(Errno(libc::EINVAL));
        }
        let call = match direction {
            Direction::Encrypt => kcapi_aead_encrypt,
            Direction::Decrypt => kcapi_aead_decrypt,
        };
        let memory = buffer.as_mut_ptr();
        // SAFETY: the handle is live, and the memory and the IV are long enough. Output may be input.
        length(unsafe { call(self.0.raw, memory, input, iv.as_ptr(), memory, output, 0) })
    }
}

/// The IV of CCM that a nonce makes.
pub fn ccm_iv(nonce: &[u8]) -> Result<Vec<u8>> {
    let nonce_length = u32::try_from(nonce.len()).map_err(|_| Errno(libc::EINVAL))?;
    let (mut iv, mut size) = (ptr::null_mut(), 0);
    // SAFETY: the memory is as long as is said; the library allocates the IV, which is copied and
    // freed.
    unsafe {
        let made =
            kcapi_aead_ccm_nonce_to_iv(nonce.as_ptr(), nonce_length, &raw mut iv, &raw mut size);
        done(made)?;
        let copy = core::slice::from_raw_parts(iv, size as usize).to_vec();
        libc::free(iv.cast());
        Ok(copy)
    }
}

/// A random number generator.
pub struct Rng(Handle);

impl Rng {
    /// By the kernel's name, such as `stdrng`.
    pub fn open(name: &str) -> Result<Self> {
        Handle::open(kcapi_rng_init, kcapi_rng_destroy, name, Flag::None).map(Self)
    }

    /// "kernel" or "user".
    pub fn engine(&self) -> &'static str {
        self.0.engine()
    }

    /// Length of the seed that it wants; 0 where it seeds itself.
    pub fn seed_size(&self) -> usize {
        // SAFETY: the handle is live.
        unsafe { kcapi_rng_seedsize(self.0.raw) as usize }
    }

    /// Seeds it, or mixes the seed in.
    pub fn seed(&self, seed: &mut [u8]) -> Result<()> {
        let length = u32::try_from(seed.len()).map_err(|_| Errno(libc::EINVAL))?;
        // SAFETY: the handle is live, and the memory as long as is said.
        done(unsafe { kcapi_rng_seed(self.0.raw, seed.as_mut_ptr(), length) })
    }

    /// Some random bytes.
    pub fn generate(&self, buffer: &mut [u8]) -> Result<usize> {
        // SAFETY: the handle is live, and the memory as long as is said.
        length(unsafe { kcapi_rng_generate(self.0.raw, buffer.as_mut_ptr(), buffer.len()) })
    }
}
