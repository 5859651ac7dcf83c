// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The C functions, as `include/kcapi.h` declares them.

use core::ffi::{c_char, c_int, c_uint, c_void};

/// libkcapi's `struct kcapi_handle`.
#[repr(C)]
pub(super) struct RawHandle {
    _private: [u8; 0],
}

pub(super) type Init = unsafe extern "C" fn(*mut *mut RawHandle, *const c_char, u32) -> c_int;
pub(super) type Destroy = unsafe extern "C" fn(*mut RawHandle);
pub(super) type SetKey = unsafe extern "C" fn(*mut RawHandle, *const u8, u32) -> c_int;
pub(super) type OneShot = unsafe extern "C" fn(
    *mut RawHandle,
    *const u8,
    usize,
    *const u8,
    *mut u8,
    usize,
    c_int,
) -> isize;

unsafe extern "C" {
    pub(super) fn kcapi_versionstring(buffer: *mut c_char, length: u32);
    pub(super) fn kcapi_set_verbosity(level: c_uint);
    pub(super) fn kcapi_memset_secure(memory: *mut c_void, value: c_int, length: usize);
    pub(super) fn kcapi_handle_engine(handle: *mut RawHandle) -> *const c_char;

    pub(super) fn kcapi_md_init(
        handle: *mut *mut RawHandle,
        name: *const c_char,
        flags: u32,
    ) -> c_int;
    pub(super) fn kcapi_md_destroy(handle: *mut RawHandle);
    pub(super) fn kcapi_md_setkey(handle: *mut RawHandle, key: *const u8, length: u32) -> c_int;
    pub(super) fn kcapi_md_update(
        handle: *mut RawHandle,
        buffer: *const u8,
        length: usize,
    ) -> isize;
    pub(super) fn kcapi_md_final(handle: *mut RawHandle, buffer: *mut u8, length: usize) -> isize;
    pub(super) fn kcapi_md_digestsize(handle: *mut RawHandle) -> u32;

    pub(super) fn kcapi_cipher_init(
        handle: *mut *mut RawHandle,
        name: *const c_char,
        flags: u32,
    ) -> c_int;
    pub(super) fn kcapi_cipher_destroy(handle: *mut RawHandle);
    pub(super) fn kcapi_cipher_setkey(handle: *mut RawHandle, key: *const u8, length: u32)
    -> c_int;
    pub(super) fn kcapi_cipher_ivsize(handle: *mut RawHandle) -> u32;
    pub(super) fn kcapi_cipher_blocksize(handle: *mut RawHandle) -> u32;
    pub(super) fn kcapi_cipher_encrypt(
        handle: *mut RawHandle,
        input: *const u8,
        length: usize,
        iv: *const u8,
        output: *mut u8,
        room: usize,
        access: c_int,
    ) -> isize;
    pub(super) fn kcapi_cipher_decrypt(
        handle: *mut RawHandle,
        input: *const u8,
        length: usize,
        iv: *const u8,
        output: *mut u8,
        room: usize,
        access: c_int,
    ) -> isize;
    pub(super) fn kcapi_cipher_stream_init_enc(
        handle: *mut RawHandle,
        iv: *const u8,
        iov: *mut libc::iovec,
        count: usize,
    ) -> isize;
    pub(super) fn kcapi_cipher_stream_init_dec(
        handle: *mut RawHandle,
        iv: *const u8,
        iov: *mut libc::iovec,
        count: usize,
    ) -> isize;
    pub(super) fn kcapi_cipher_stream_update(
        handle: *mut RawHandle,
        iov: *mut libc::iovec,
        count: usize,
    ) -> isize;
    pub(super) fn kcapi_cipher_stream_update_last(
        handle: *mut RawHandle,
        iov: *mut libc::iovec,
        count: usize,
    ) -> isize;
    pub(super) fn kcapi_cipher_stream_op(
        handle: *mut RawHandle,
        iov: *mut libc::iovec,
        count: usize,
    ) -> isize;

    pub(super) fn kcapi_aead_init(
        handle: *mut *mut RawHandle,
        name: *const c_char,
        flags: u32,
    ) -> c_int;
    pub(super) fn kcapi_aead_destroy(handle: *mut RawHandle);
    pub(super) fn kcapi_aead_setkey(handle: *mut RawHandle, key: *const u8, length: u32) -> c_int;
    pub(super) fn kcapi_aead_settaglen(handle: *mut RawHandle, length: u32) -> c_int;
    pub(super) fn kcapi_aead_setassoclen(handle: *mut RawHandle, length: usize);
    pub(super) fn kcapi_aead_ivsize(handle: *mut RawHandle) -> u32;
    pub(super) fn kcapi_aead_maxmsgsize(handle: *mut RawHandle) -> isize;
    pub(super) fn kcapi_aead_encrypt(
        handle: *mut RawHandle,
        input: *const u8,
        length: usize,
        iv: *const u8,
        output: *mut u8,
        room: usize,
        access: c_int,
    ) -> isize;
    pub(super) fn kcapi_aead_decrypt(
        handle: *mut RawHandle,
        input: *const u8,
        length: usize,
        iv: *const u8,
        output: *mut u8,
        room: usize,
        access: c_int,
    ) -> isize;

    pub(super) fn kcapi_rng_init(
        handle: *mut *mut RawHandle,
        name: *const c_char,
        flags: u32,
    ) -> c_int;
    pub(super) fn kcapi_rng_destroy(handle: *mut RawHandle);
    pub(super) fn kcapi_rng_seed(handle: *mut RawHandle, seed: *mut u8, length: u32) -> c_int;
    pub(super) fn kcapi_rng_seedsize(handle: *mut RawHandle) -> u32;
    pub(super) fn kcapi_rng_generate(
        handle: *mut RawHandle,
        buffer: *mut u8,
        length: usize,
    ) -> isize;

    pub(super) fn kcapi_pbkdf(
        hash: *const c_char,
        password: *const u8,
        password_length: u32,
        salt: *const u8,
        salt_length: usize,
        count: u32,
        key: *mut u8,
        key_length: usize,
    ) -> isize;
    pub(super) fn kcapi_pbkdf_iteration_count(hash: *const c_char, nanoseconds: u64) -> u32;
}
