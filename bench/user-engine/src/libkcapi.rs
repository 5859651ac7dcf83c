// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! libkcapi's functions: `kcapi.h` has the signatures.

use super::library::functions;
use libc::{c_char, c_int, ssize_t};

/// A handle.
pub type Handle = *mut libc::c_void;

functions! {
    LIBKCAPI, "LIBKCAPI", "libkcapi.so.1";
    kcapi_cipher_init(*mut Handle, *const c_char, u32) -> c_int;
    kcapi_cipher_setkey(Handle, *const u8, u32) -> c_int;
    kcapi_cipher_encrypt(Handle, *const u8, usize, *const u8, *mut u8, usize, c_int) -> ssize_t;
    kcapi_cipher_decrypt(Handle, *const u8, usize, *const u8, *mut u8, usize, c_int) -> ssize_t;
    kcapi_aead_init(*mut Handle, *const c_char, u32) -> c_int;
    kcapi_aead_setkey(Handle, *const u8, u32) -> c_int;
    kcapi_aead_settaglen(Handle, u32) -> c_int;
    kcapi_aead_setassoclen(Handle, usize) -> ();
    kcapi_aead_encrypt(Handle, *const u8, usize, *const u8, *mut u8, usize, c_int) -> ssize_t;
    kcapi_aead_decrypt(Handle, *const u8, usize, *const u8, *mut u8, usize, c_int) -> ssize_t;
    kcapi_md_init(*mut Handle, *const c_char, u32) -> c_int;
    kcapi_md_setkey(Handle, *const u8, u32) -> c_int;
    kcapi_md_digest(Handle, *const u8, usize, *mut u8, usize) -> ssize_t;
    kcapi_kpp_init(*mut Handle, *const c_char, u32) -> c_int;
    kcapi_kpp_setkey(Handle, *const u8, u32) -> c_int;
    kcapi_kpp_ssgen(Handle, *const u8, usize, *mut u8, usize, c_int) -> ssize_t;
    kcapi_akcipher_init(*mut Handle, *const c_char, u32) -> c_int;
    kcapi_akcipher_setkey(Handle, *const u8, u32) -> c_int;
    kcapi_akcipher_sign(Handle, *const u8, usize, *mut u8, usize, c_int) -> ssize_t;
    kcapi_akcipher_verify(Handle, *const u8, usize, *mut u8, usize, c_int) -> ssize_t;
    kcapi_pbkdf(*const c_char, *const u8, u32, *const u8, usize, u32, *mut u8, usize) -> ssize_t;
    kcapi_versionstring(*mut c_char, u32) -> ();
}
