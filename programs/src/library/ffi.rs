// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The C functions, as `include/kcapi.h` declares them.

use core::ffi::{c_char, c_int, c_uint, c_ulong, c_void};
use libc::iovec;

/// libkcapi's `struct kcapi_handle`.
#[repr(C)]
pub(super) struct RawHandle {
    _private: [u8; 0],
}

/// Declares functions, several where they have the same arguments; and, after `as`, the type of a
/// pointer to one.
macro_rules! functions {
    ($($($name:ident),+ $(as $pointer:ident)?: $arguments:tt -> $result:ty;)*) => {$(
        unsafe extern "C" { $(pub(super) fn $name $arguments -> $result;)+ }
        $(pub(super) type $pointer = unsafe extern "C" fn $arguments -> $result;)?
    )*};
}

functions! {
    kcapi_versionstring: (buffer: *mut c_char, length: u32) -> ();
    kcapi_set_verbosity: (level: c_uint) -> ();
    kcapi_memset_secure: (memory: *mut c_void, value: c_int, length: usize) -> ();
    kcapi_handle_engine: (handle: *mut RawHandle) -> *const c_char;
    kcapi_handle_reinit:
        (handle: *mut *mut RawHandle, existing: *mut RawHandle, flags: u32) -> c_int;

    kcapi_cipher_init, kcapi_aead_init, kcapi_md_init, kcapi_rng_init, kcapi_akcipher_init, kcapi_kpp_init as Init: (handle: *mut *mut RawHandle, name: *const c_char, flags: u32) -> c_int;
    kcapi_cipher_destroy, kcapi_aead_destroy, kcapi_md_destroy, kcapi_rng_destroy, kcapi_akcipher_destroy,
        kcapi_kpp_destroy as Destroy: (handle: *mut RawHandle) -> ();
    // Those of asymmetric ciphers and of key agreement return the longest result's length.
    kcapi_cipher_setkey, kcapi_aead_setkey, kcapi_md_setkey, kcapi_akcipher_setkey, kcapi_akcipher_setpubkey,
        kcapi_kpp_setkey, kcapi_kpp_dh_setparam_pkcs3 as SetKey: (handle: *mut RawHandle, key: *const u8, length: u32) -> c_int;
    kcapi_cipher_ivsize, kcapi_cipher_blocksize, kcapi_aead_ivsize, kcapi_aead_authsize, kcapi_md_digestsize,
        kcapi_rng_seedsize: (handle: *mut RawHandle) -> u32;

    kcapi_cipher_encrypt, kcapi_cipher_decrypt, kcapi_aead_encrypt, kcapi_aead_decrypt as OneShot: (
        handle: *mut RawHandle,
        input: *const u8,
        length: usize,
        iv: *const u8,
        output: *mut u8,
        room: usize,
        access: c_int
    ) -> isize;
    kcapi_cipher_encrypt_aio, kcapi_cipher_decrypt_aio, kcapi_aead_encrypt_aio, kcapi_aead_decrypt_aio as Batch: (
        handle: *mut RawHandle,
        inputs: *mut iovec,
        outputs: *mut iovec,
        count: usize,
        iv: *const u8,
        access: c_int
    ) -> isize;
    kcapi_cipher_stream_init_enc, kcapi_cipher_stream_init_dec, kcapi_aead_stream_init_enc,
        kcapi_aead_stream_init_dec as Begin: (handle: *mut RawHandle, iv: *const u8, iov: *mut iovec, count: usize) -> isize;
    kcapi_cipher_stream_update, kcapi_cipher_stream_update_last, kcapi_cipher_stream_op, kcapi_aead_stream_update,
        kcapi_aead_stream_update_last, kcapi_aead_stream_op as Piece: (handle: *mut RawHandle, iov: *mut iovec, count: usize) -> isize;
    kcapi_aead_settaglen: (handle: *mut RawHandle, length: u32) -> c_int;
    kcapi_aead_setassoclen: (handle: *mut RawHandle, length: usize) -> ();
    kcapi_aead_maxmsgsize: (handle: *mut RawHandle) -> isize;
    kcapi_aead_ccm_nonce_to_iv:
        (nonce: *const u8, length: u32, iv: *mut *mut u8, iv_length: *mut u32) -> c_int;

    kcapi_md_update: (handle: *mut RawHandle, buffer: *const u8, length: usize) -> isize;
    kcapi_md_final: (handle: *mut RawHandle, buffer: *mut u8, length: usize) -> isize;
    kcapi_md_digest, kcapi_kdf_ctr, kcapi_kdf_fb, kcapi_kdf_dpi: (
        handle: *mut RawHandle,
        input: *const u8,
        length: usize,
        output: *mut u8,
        room: usize
    ) -> isize;

    kcapi_rng_seed: (handle: *mut RawHandle, seed: *mut u8, length: u32) -> c_int;
    kcapi_rng_generate: (handle: *mut RawHandle, buffer: *mut u8, length: usize) -> isize;

    kcapi_akcipher_encrypt, kcapi_akcipher_decrypt, kcapi_akcipher_sign, kcapi_akcipher_verify, kcapi_kpp_ssgen as WithKey: (
            handle: *mut RawHandle,
            input: *const u8,
            length: usize,
            output: *mut u8,
            room: usize,
            access: c_int
        ) -> isize;
    kcapi_akcipher_encrypt_aio, kcapi_akcipher_decrypt_aio, kcapi_akcipher_sign_aio, kcapi_akcipher_verify_aio,
        kcapi_kpp_ssgen_aio as WithKeyBatch: (
            handle: *mut RawHandle,
            inputs: *mut iovec,
            outputs: *mut iovec,
            count: usize,
            access: c_int
        ) -> isize;
    kcapi_kpp_ecdh_setcurve: (handle: *mut RawHandle, curve: c_ulong) -> c_int;
    kcapi_kpp_keygen: (handle: *mut RawHandle, output: *mut u8, room: usize, access: c_int) -> isize;
    kcapi_kpp_keygen_aio:
        (handle: *mut RawHandle, outputs: *mut iovec, count: usize, access: c_int) -> isize;

    kcapi_hkdf: (
        hash: *const c_char,
        key: *const u8,
        key_length: usize,
        salt: *const u8,
        salt_length: u32,
        info: *const u8,
        info_length: usize,
        output: *mut u8,
        room: usize
    ) -> isize;
    kcapi_pbkdf: (
        hash: *const c_char,
        password: *const u8,
        password_length: u32,
        salt: *const u8,
        salt_length: usize,
        count: u32,
        key: *mut u8,
        key_length: usize
    ) -> isize;
    kcapi_pbkdf_iteration_count: (hash: *const c_char, nanoseconds: u64) -> u32;
}
