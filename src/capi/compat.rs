// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The older symbol versions, for programs linked before 1.3.1.
//!
//! In these, lengths had 32 bits and results were int32_t. A caller leaves garbage in the upper
//! half of such an argument's register. So each function is declared with its own types, and is no
//! alias of the default version.
//!
//! The default versions are never inlined. Otherwise LLVM could merge the two, and the linker would
//! drop a version.

// Each is documented at its default version.
#![allow(missing_docs)]

use super::aead::*;
use super::aead_layout::*;
use super::aead_stream::*;
use super::akcipher::*;
use super::akcipher_stream::*;
use super::cipher::*;
use super::cipher_convenience::*;
use super::cipher_stream::*;
use super::kdf::*;
use super::kpp::*;
use super::md::*;
use super::md_convenience::*;
use super::rng::*;
use super::store;
use super::util::*;
use crate::handle::Handle;
use libc::{c_char, c_int, c_void, iovec};

/// `"NODE" name(arguments) -> result;`: exports name@NODE, which converts lengths and
/// result and calls the default version.
macro_rules! older {
    ($($node:literal $name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
        $(
            const _: () = {
                #[unsafe(export_name = concat!(stringify!($name), "@", $node))]
                #[allow(unused_unsafe, clippy::unnecessary_cast)]
                unsafe extern "C" fn older($($argument: $type),*) -> $result {
                    // SAFETY: the promises of kcapi.h are the same for all versions.
                    unsafe { $name($($argument as _),*) as $result }
                }
            };
        )*
    };
}

older! {
    "LIBKCAPI_0.12.0" kcapi_aead_decrypt(handle: *mut Handle, input: *const u8, inlen: u32, iv: *const u8, out: *mut u8, outlen: u32, access: c_int) -> i32;
    "LIBKCAPI_0.12.0" kcapi_aead_decrypt_aio(handle: *mut Handle, iniov: *mut iovec, outiov: *mut iovec, iovlen: u32, iv: *const u8, access: c_int) -> i32;
    "LIBKCAPI_0.12.0" kcapi_aead_encrypt(handle: *mut Handle, input: *const u8, inlen: u32, iv: *const u8, out: *mut u8, outlen: u32, access: c_int) -> i32;
    "LIBKCAPI_0.12.0" kcapi_aead_encrypt_aio(handle: *mut Handle, iniov: *mut iovec, outiov: *mut iovec, iovlen: u32, iv: *const u8, access: c_int) -> i32;
    "LIBKCAPI_0.13.0" kcapi_aead_inbuflen_dec(handle: *mut Handle, inlen: u32, assoclen: u32, taglen: u32) -> u32;
    "LIBKCAPI_0.13.0" kcapi_aead_inbuflen_enc(handle: *mut Handle, inlen: u32, assoclen: u32, taglen: u32) -> u32;
    "LIBKCAPI_0.13.0" kcapi_aead_outbuflen_dec(handle: *mut Handle, inlen: u32, assoclen: u32, taglen: u32) -> u32;
    "LIBKCAPI_0.13.0" kcapi_aead_outbuflen_enc(handle: *mut Handle, inlen: u32, assoclen: u32, taglen: u32) -> u32;
    "LIBKCAPI_0.12.0" kcapi_aead_setassoclen(handle: *mut Handle, assoclen: u32) -> ();
    "LIBKCAPI_0.12.0" kcapi_aead_stream_init_dec(handle: *mut Handle, iv: *const u8, iov: *mut iovec, iovlen: u32) -> i32;
    "LIBKCAPI_0.12.0" kcapi_aead_stream_init_enc(handle: *mut Handle, iv: *const u8, iov: *mut iovec, iovlen: u32) -> i32;
    "LIBKCAPI_0.12.0" kcapi_aead_stream_op(handle: *mut Handle, iov: *mut iovec, iovlen: u32) -> i32;
    "LIBKCAPI_0.12.0" kcapi_aead_stream_update(handle: *mut Handle, iov: *mut iovec, iovlen: u32) -> i32;
    "LIBKCAPI_0.12.0" kcapi_aead_stream_update_last(handle: *mut Handle, iov: *mut iovec, iovlen: u32) -> i32;
    "LIBKCAPI_0.12.0" kcapi_akcipher_decrypt(handle: *mut Handle, input: *const u8, inlen: u32, out: *mut u8, outlen: u32, access: c_int) -> i32;
    "LIBKCAPI_0.14.0" kcapi_akcipher_decrypt_aio(handle: *mut Handle, iniov: *mut iovec, outiov: *mut iovec, iovlen: u32, access: c_int) -> i32;
    "LIBKCAPI_0.12.0" kcapi_akcipher_encrypt(handle: *mut Handle, input: *const u8, inlen: u32, out: *mut u8, outlen: u32, access: c_int) -> i32;
    "LIBKCAPI_0.14.0" kcapi_akcipher_encrypt_aio(handle: *mut Handle, iniov: *mut iovec, outiov: *mut iovec, iovlen: u32, access: c_int) -> i32;
    "LIBKCAPI_0.12.0" kcapi_akcipher_sign(handle: *mut Handle, input: *const u8, inlen: u32, out: *mut u8, outlen: u32, access: c_int) -> i32;
    "LIBKCAPI_0.14.0" kcapi_akcipher_sign_aio(handle: *mut Handle, iniov: *mut iovec, outiov: *mut iovec, iovlen: u32, access: c_int) -> i32;
    "LIBKCAPI_0.12.0" kcapi_akcipher_stream_init_dec(handle: *mut Handle, iov: *mut iovec, iovlen: u32) -> i32;
    "LIBKCAPI_0.12.0" kcapi_akcipher_stream_init_enc(handle: *mut Handle, iov: *mut iovec, iovlen: u32) -> i32;
    "LIBKCAPI_0.12.0" kcapi_akcipher_stream_init_sgn(handle: *mut Handle, iov: *mut iovec, iovlen: u32) -> i32;
    "LIBKCAPI_0.12.0" kcapi_akcipher_stream_init_vfy(handle: *mut Handle, iov: *mut iovec, iovlen: u32) -> i32;
    "LIBKCAPI_0.12.0" kcapi_akcipher_stream_op(handle: *mut Handle, iov: *mut iovec, iovlen: u32) -> i32;
    "LIBKCAPI_0.12.0" kcapi_akcipher_stream_update(handle: *mut Handle, iov: *mut iovec, iovlen: u32) -> i32;
    "LIBKCAPI_0.12.0" kcapi_akcipher_stream_update_last(handle: *mut Handle, iov: *mut iovec, iovlen: u32) -> i32;
    "LIBKCAPI_0.12.0" kcapi_akcipher_verify(handle: *mut Handle, input: *const u8, inlen: u32, out: *mut u8, outlen: u32, access: c_int) -> i32;
    "LIBKCAPI_0.14.0" kcapi_akcipher_verify_aio(handle: *mut Handle, iniov: *mut iovec, outiov: *mut iovec, iovlen: u32, access: c_int) -> i32;
    "LIBKCAPI_1.0.0" kcapi_cipher_dec_aes_cbc(key: *const u8, keylen: u32, input: *const u8, inlen: u32, iv: *const u8, out: *mut u8, outlen: u32) -> i32;
    "LIBKCAPI_1.0.0" kcapi_cipher_dec_aes_ctr(key: *const u8, keylen: u32, input: *const u8, inlen: u32, ctr: *const u8, out: *mut u8, outlen: u32) -> i32;
    "LIBKCAPI_0.12.0" kcapi_cipher_decrypt(handle: *mut Handle, input: *const u8, inlen: u32, iv: *const u8, out: *mut u8, outlen: u32, access: c_int) -> i32;
    "LIBKCAPI_0.12.0" kcapi_cipher_decrypt_aio(handle: *mut Handle, iniov: *mut iovec, outiov: *mut iovec, iovlen: u32, iv: *const u8, access: c_int) -> i32;
    "LIBKCAPI_1.0.0" kcapi_cipher_enc_aes_cbc(key: *const u8, keylen: u32, input: *const u8, inlen: u32, iv: *const u8, out: *mut u8, outlen: u32) -> i32;
    "LIBKCAPI_1.0.0" kcapi_cipher_enc_aes_ctr(key: *const u8, keylen: u32, input: *const u8, inlen: u32, ctr: *const u8, out: *mut u8, outlen: u32) -> i32;
    "LIBKCAPI_0.12.0" kcapi_cipher_encrypt(handle: *mut Handle, input: *const u8, inlen: u32, iv: *const u8, out: *mut u8, outlen: u32, access: c_int) -> i32;
    "LIBKCAPI_0.12.0" kcapi_cipher_encrypt_aio(handle: *mut Handle, iniov: *mut iovec, outiov: *mut iovec, iovlen: u32, iv: *const u8, access: c_int) -> i32;
    "LIBKCAPI_0.12.0" kcapi_cipher_stream_init_dec(handle: *mut Handle, iv: *const u8, iov: *mut iovec, iovlen: u32) -> i32;
    "LIBKCAPI_0.12.0" kcapi_cipher_stream_init_enc(handle: *mut Handle, iv: *const u8, iov: *mut iovec, iovlen: u32) -> i32;
    "LIBKCAPI_0.12.0" kcapi_cipher_stream_op(handle: *mut Handle, iov: *mut iovec, iovlen: u32) -> i32;
    "LIBKCAPI_0.12.0" kcapi_cipher_stream_update(handle: *mut Handle, iov: *mut iovec, iovlen: u32) -> i32;
    "LIBKCAPI_1.2.0" kcapi_cipher_stream_update_last(handle: *mut Handle, iov: *mut iovec, iovlen: u32) -> i32;
    "LIBKCAPI_0.14.0" kcapi_hkdf(hashname: *const c_char, ikm: *const u8, ikmlen: u32, salt: *const u8, saltlen: u32, info: *const u8, infolen: u32, dst: *mut u8, dlen: u32) -> i32;
    "LIBKCAPI_0.12.0" kcapi_kdf_ctr(handle: *mut Handle, src: *const u8, slen: u32, dst: *mut u8, dlen: u32) -> i32;
    "LIBKCAPI_0.12.0" kcapi_kdf_dpi(handle: *mut Handle, src: *const u8, slen: u32, dst: *mut u8, dlen: u32) -> i32;
    "LIBKCAPI_0.12.0" kcapi_kdf_fb(handle: *mut Handle, src: *const u8, slen: u32, dst: *mut u8, dlen: u32) -> i32;
    "LIBKCAPI_1.0.0" kcapi_kpp_keygen(handle: *mut Handle, pubkey: *mut u8, pubkeylen: u32, access: c_int) -> i32;
    "LIBKCAPI_1.0.0" kcapi_kpp_keygen_aio(handle: *mut Handle, outiov: *mut iovec, iovlen: u32, access: c_int) -> i32;
    "LIBKCAPI_1.0.0" kcapi_kpp_ssgen(handle: *mut Handle, pubkey: *const u8, pubkeylen: u32, ss: *mut u8, sslen: u32, access: c_int) -> i32;
    "LIBKCAPI_1.0.0" kcapi_kpp_ssgen_aio(handle: *mut Handle, iniov: *mut iovec, outiov: *mut iovec, iovlen: u32, access: c_int) -> i32;
    "LIBKCAPI_0.12.0" kcapi_md_digest(handle: *mut Handle, input: *const u8, inlen: u32, out: *mut u8, outlen: u32) -> i32;
    "LIBKCAPI_0.12.0" kcapi_md_final(handle: *mut Handle, buffer: *mut u8, len: u32) -> i32;
    "LIBKCAPI_1.0.0" kcapi_md_hmac_sha1(key: *const u8, keylen: u32, input: *const u8, inlen: u32, out: *mut u8, outlen: u32) -> i32;
    "LIBKCAPI_1.0.0" kcapi_md_hmac_sha224(key: *const u8, keylen: u32, input: *const u8, inlen: u32, out: *mut u8, outlen: u32) -> i32;
    "LIBKCAPI_1.0.0" kcapi_md_hmac_sha256(key: *const u8, keylen: u32, input: *const u8, inlen: u32, out: *mut u8, outlen: u32) -> i32;
    "LIBKCAPI_1.0.0" kcapi_md_hmac_sha384(key: *const u8, keylen: u32, input: *const u8, inlen: u32, out: *mut u8, outlen: u32) -> i32;
    "LIBKCAPI_1.0.0" kcapi_md_hmac_sha512(key: *const u8, keylen: u32, input: *const u8, inlen: u32, out: *mut u8, outlen: u32) -> i32;
    "LIBKCAPI_1.0.0" kcapi_md_sha1(input: *const u8, inlen: u32, out: *mut u8, outlen: u32) -> i32;
    "LIBKCAPI_1.0.0" kcapi_md_sha224(input: *const u8, inlen: u32, out: *mut u8, outlen: u32) -> i32;
    "LIBKCAPI_1.0.0" kcapi_md_sha256(input: *const u8, inlen: u32, out: *mut u8, outlen: u32) -> i32;
    "LIBKCAPI_1.0.0" kcapi_md_sha384(input: *const u8, inlen: u32, out: *mut u8, outlen: u32) -> i32;
    "LIBKCAPI_1.0.0" kcapi_md_sha512(input: *const u8, inlen: u32, out: *mut u8, outlen: u32) -> i32;
    "LIBKCAPI_0.12.0" kcapi_memset_secure(s: *mut c_void, c: c_int, n: u32) -> ();
    "LIBKCAPI_0.12.0" kcapi_pbkdf(hashname: *const c_char, pw: *const u8, pwlen: u32, salt: *const u8, saltlen: u32, count: u32, key: *mut u8, keylen: u32) -> i32;
    "LIBKCAPI_0.12.0" kcapi_rng_generate(handle: *mut Handle, buffer: *mut u8, len: u32) -> i32;
    "LIBKCAPI_1.0.0" kcapi_rng_get_bytes(buffer: *mut u8, outlen: u32) -> i32;
}

/// Stores the results of a default getdata function as the older one does.
///
/// # Safety
///
/// `to` is NULL or may be written to.
unsafe fn store_u32(to: *mut u32, len: usize) {
    // SAFETY: the caller's promise. No part is longer than the buffer, whose length had 32 bits.
    unsafe { store(to, len as u32) };
}

/// Exports NAME@LIBKCAPI_0.13.0, which stores lengths of 32 bits.
macro_rules! older_getdata {
    ($($name:ident;)*) => {
        $(
            const _: () = {
                #[unsafe(export_name = concat!(stringify!($name), "@LIBKCAPI_0.13.0"))]
                unsafe extern "C" fn older(
                    handle: *mut Handle,
                    encdata: *mut u8,
                    encdatalen: u32,
                    enc: c_int,
                    aad: *mut *mut u8,
                    aadlen: *mut u32,
                    data: *mut *mut u8,
                    datalen: *mut u32,
                    tag: *mut *mut u8,
                    taglen: *mut u32,
                ) {
                    let (mut aad_size, mut data_size, mut tag_size) = (0, 0, 0);
                    // SAFETY: the promises of kcapi.h are the same for all versions.
                    unsafe {
                        $name(
                            handle,
                            encdata,
                            encdatalen as usize,
                            enc,
                            aad,
                            &raw mut aad_size,
                            data,
                            &raw mut data_size,
                            tag,
                            &raw mut tag_size,
                        );
                        store_u32(aadlen, aad_size);
                        store_u32(datalen, data_size);
                        store_u32(taglen, tag_size);
                    }
                }
            };
        )*
    };
}

older_getdata! {
    kcapi_aead_getdata_input;
    kcapi_aead_getdata_output;
}
