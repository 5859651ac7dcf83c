// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! OpenSSL's libcrypto through its EVP functions, as a program uses them that knows what
//! is dear: algorithms are fetched once, contexts get their key once, and a message sets its
//! IV only.
//!
//! # Safety
//!
//! The signatures are those of OpenSSL 3's manual pages. Contexts are made here, belong to
//! one value, and live until the process ends. Lengths are those of slices.

use super::library::{Pointer, functions};
use libc::{c_char, c_int, c_void};
use std::ffi::CStr;
use std::ptr::{null, null_mut};

type Bytes = *const u8;

functions! {
    LIBCRYPTO, "LIBCRYPTO", "libcrypto.so.3";
    EVP_CIPHER_fetch(Pointer, *const c_char, *const c_char) -> Pointer;
    EVP_CIPHER_CTX_new() -> Pointer;
    EVP_CIPHER_CTX_ctrl(Pointer, c_int, c_int, Pointer) -> c_int;
    EVP_CIPHER_CTX_set_padding(Pointer, c_int) -> c_int;
    EVP_CipherInit_ex(Pointer, Pointer, Pointer, Bytes, Bytes, c_int) -> c_int;
    EVP_CipherUpdate(Pointer, *mut u8, *mut c_int, Bytes, c_int) -> c_int;
    EVP_CipherFinal_ex(Pointer, *mut u8, *mut c_int) -> c_int;
    EVP_MD_fetch(Pointer, *const c_char, *const c_char) -> Pointer;
    EVP_MD_CTX_new() -> Pointer;
    EVP_DigestInit_ex(Pointer, Pointer, Pointer) -> c_int;
    EVP_DigestUpdate(Pointer, Bytes, usize) -> c_int;
    EVP_DigestFinal_ex(Pointer, *mut u8, *mut u32) -> c_int;
    EVP_MAC_fetch(Pointer, *const c_char, *const c_char) -> Pointer;
    EVP_MAC_CTX_new(Pointer) -> Pointer;
    EVP_MAC_init(Pointer, Bytes, usize, *const Parameter) -> c_int;
    EVP_MAC_update(Pointer, Bytes, usize) -> c_int;
    EVP_MAC_final(Pointer, *mut u8, *mut usize, usize) -> c_int;
    EVP_PKEY_CTX_new(Pointer, Pointer) -> Pointer;
    EVP_PKEY_CTX_new_from_name(Pointer, *const c_char, *const c_char) -> Pointer;
    EVP_PKEY_CTX_set_rsa_keygen_bits(Pointer, c_int) -> c_int;
    EVP_PKEY_CTX_set_rsa_padding(Pointer, c_int) -> c_int;
    EVP_PKEY_CTX_set_signature_md(Pointer, Pointer) -> c_int;
    EVP_PKEY_keygen_init(Pointer) -> c_int;
    EVP_PKEY_generate(Pointer, *mut Pointer) -> c_int;
    EVP_PKEY_sign_init(Pointer) -> c_int;
    EVP_PKEY_sign(Pointer, *mut u8, *mut usize, Bytes, usize) -> c_int;
    EVP_PKEY_verify_recover_init(Pointer) -> c_int;
    EVP_PKEY_verify_recover(Pointer, *mut u8, *mut usize, Bytes, usize) -> c_int;
    EVP_PKEY_CTX_set_group_name(Pointer, *const c_char) -> c_int;
    EVP_PKEY_derive_init(Pointer) -> c_int;
    EVP_PKEY_derive_set_peer(Pointer, Pointer) -> c_int;
    EVP_PKEY_derive(Pointer, *mut u8, *mut usize) -> c_int;
    EVP_PKEY_get1_encoded_public_key(Pointer, *mut *mut u8) -> usize;
    EVP_PKEY_get_raw_private_key(Pointer, *mut u8, *mut usize) -> c_int;
    EVP_PKEY_get_bn_param(Pointer, *const c_char, *mut Pointer) -> c_int;
    BN_bn2binpad(Pointer, *mut u8, c_int) -> c_int;
    i2d_PrivateKey(Pointer, *mut *mut u8) -> c_int;
    PKCS5_PBKDF2_HMAC(Bytes, c_int, Bytes, c_int, c_int, Pointer, c_int, *mut u8) -> c_int;
    OpenSSL_version(c_int) -> *const c_char;
}

/// OSSL_PARAM.
#[repr(C)]
pub struct Parameter {
    key: *const c_char,
    data_type: u32,
    data: *const c_void,
    data_size: usize,
    return_size: usize,
}

const UTF8_STRING: u32 = 4;
const CTRL_AEAD_SET_IVLEN: c_int = 9;
const CTRL_AEAD_GET_TAG: c_int = 16;
const CTRL_AEAD_SET_TAG: c_int = 17;

/// Bytes in a tag.
const TAG: usize = 16;

/// Which release it is.
pub fn version() -> String {
    // SAFETY: see above; the result is a string that stays.
    unsafe { CStr::from_ptr((LIBCRYPTO.OpenSSL_version)(0)) }.to_string_lossy().into_owned()
}

fn length(bytes: &[u8]) -> c_int {
    bytes.len().try_into().expect("a message that OpenSSL takes")
}

fn fetched(algorithm: Pointer) -> Pointer {
    assert!(!algorithm.is_null(), "libcrypto lacks an algorithm");
    algorithm
}

/// A cipher with a key and a direction.
pub struct Cipher {
    context: Pointer,
    encrypt: bool,
    ccm: bool,
}

impl Cipher {
    /// An AEAD has a nonce of 12 bytes.
    pub fn new(name: &CStr, encrypt: bool, key: &[u8], aead: bool) -> Self {
        let (libcrypto, ccm) = (&*LIBCRYPTO, name.to_bytes().ends_with(b"CCM"));
        // SAFETY: see above. What is NULL is kept as it is, or the default.
        unsafe {
            let cipher = fetched((libcrypto.EVP_CIPHER_fetch)(null_mut(), name.as_ptr(), null()));
            let context = (libcrypto.EVP_CIPHER_CTX_new)();
            let init = libcrypto.EVP_CipherInit_ex;
            assert_eq!(init(context, cipher, null_mut(), null(), null(), encrypt.into()), 1);
            if aead {
                let ctrl = libcrypto.EVP_CIPHER_CTX_ctrl;
                assert_eq!(ctrl(context, CTRL_AEAD_SET_IVLEN, 12, null_mut()), 1);
                if ccm {
                    assert_eq!(ctrl(context, CTRL_AEAD_SET_TAG, TAG as c_int, null_mut()), 1);
                }
            }
            assert_eq!(init(context, null_mut(), null_mut(), key.as_ptr(), null(), -1), 1);
            assert_eq!((libcrypto.EVP_CIPHER_CTX_set_padding)(context, 0), 1);
            Self { context, encrypt, ccm }
        }
    }

    fn begin(&mut self, iv: &[u8]) {
        // SAFETY: see above; the IV has the length that the cipher or `new` says.
        let set = unsafe {
            let init = LIBCRYPTO.EVP_CipherInit_ex;
            init(self.context, null_mut(), null_mut(), null(), iv.as_ptr(), self.encrypt.into())
        };
        assert_eq!(set, 1);
    }

    fn update(&mut self, output: *mut u8, input: *const u8, len: c_int) {
        let mut written = 0;
        // SAFETY: see above; `output` is NULL or has room for `len` bytes.
        let updated =
            unsafe { (LIBCRYPTO.EVP_CipherUpdate)(self.context, output, &mut written, input, len) };
        assert_eq!(updated, 1);
    }

    fn end(&mut self) {
        let (mut rest, mut written) = ([0; 32], 0);
        // SAFETY: see above; no more than a block comes out.
        let ended = unsafe {
            (LIBCRYPTO.EVP_CipherFinal_ex)(self.context, rest.as_mut_ptr(), &mut written)
        };
        assert_eq!((ended, written), (1, 0));
    }

    fn tag(&mut self, ctrl: c_int, tag: *const u8) {
        // SAFETY: see above; there are as many bytes.
        let done = unsafe {
            (LIBCRYPTO.EVP_CIPHER_CTX_ctrl)(self.context, ctrl, TAG as c_int, tag as Pointer)
        };
        assert_eq!(done, 1);
    }

    /// A message of a cipher without authentication.
    pub fn crypt(&mut self, iv: &[u8], input: &[u8], output: &mut [u8]) {
        self.begin(iv);
        self.update(output[..input.len()].as_mut_ptr(), input.as_ptr(), length(input));
        self.end();
    }

    /// A message with AAD; the tag is behind the ciphertext, here and there.
    pub fn aead(&mut self, iv: &[u8], aad: &[u8], input: &[u8], output: &mut [u8]) {
        self.begin(iv);
        let text = if self.encrypt { input.len() } else { input.len() - TAG };
        let (text, tag_in) = input.split_at(text);
        let (output, tag_out) = output.split_at_mut(text.len());
        if self.ccm {
            self.update(null_mut(), null(), length(text));
        }
        self.update(null_mut(), aad.as_ptr(), length(aad));
        if !self.encrypt {
            self.tag(CTRL_AEAD_SET_TAG, tag_in[..TAG].as_ptr());
        }
        self.update(output.as_mut_ptr(), text.as_ptr(), length(text));
        self.end();
        if self.encrypt {
            self.tag(CTRL_AEAD_GET_TAG, tag_out[..TAG].as_mut_ptr());
        }
    }
}

/// A message digest.
pub struct Digest(Pointer);

impl Digest {
    pub fn new(name: &CStr) -> Self {
        let libcrypto = &*LIBCRYPTO;
        // SAFETY: see above.
        unsafe {
            let digest = fetched((libcrypto.EVP_MD_fetch)(null_mut(), name.as_ptr(), null()));
            let context = (libcrypto.EVP_MD_CTX_new)();
            assert_eq!((libcrypto.EVP_DigestInit_ex)(context, digest, null_mut()), 1);
            Self(context)
        }
    }

    /// A message; `output` has room for its digest.
    pub fn digest(&mut self, input: &[u8], output: &mut [u8]) {
        let libcrypto = &*LIBCRYPTO;
        // SAFETY: see above.
        unsafe {
            assert_eq!((libcrypto.EVP_DigestInit_ex)(self.0, null_mut(), null_mut()), 1);
            assert_eq!((libcrypto.EVP_DigestUpdate)(self.0, input.as_ptr(), input.len()), 1);
            assert_eq!((libcrypto.EVP_DigestFinal_ex)(self.0, output.as_mut_ptr(), null_mut()), 1);
        }
    }
}

/// HMAC with a key.
pub struct Hmac(Pointer);

impl Hmac {
    pub fn new(digest: &CStr, key: &[u8]) -> Self {
        let end = Parameter {
            key: null(),
            data_type: 0,
            data: null(),
            data_size: 0,
            return_size: usize::MAX,
        };
        let digest = Parameter {
            key: c"digest".as_ptr(),
            data_type: UTF8_STRING,
            data: digest.as_ptr().cast(),
            data_size: digest.count_bytes(),
            ..end
        };
        let libcrypto = &*LIBCRYPTO;
        // SAFETY: see above.
        unsafe {
            let mac = fetched((libcrypto.EVP_MAC_fetch)(null_mut(), c"HMAC".as_ptr(), null()));
            let context = (libcrypto.EVP_MAC_CTX_new)(mac);
            let parameters = [digest, end];
            let init = libcrypto.EVP_MAC_init;
            assert_eq!(init(context, key.as_ptr(), key.len(), parameters.as_ptr()), 1);
            Self(context)
        }
    }

    /// A message; `output` has room for its HMAC.
    pub fn mac(&mut self, input: &[u8], output: &mut [u8]) {
        let (libcrypto, mut written) = (&*LIBCRYPTO, 0);
        // SAFETY: see above. No key: the one from before.
        unsafe {
            assert_eq!((libcrypto.EVP_MAC_init)(self.0, null(), 0, null()), 1);
            assert_eq!((libcrypto.EVP_MAC_update)(self.0, input.as_ptr(), input.len()), 1);
            let (start, room) = (output.as_mut_ptr(), output.len());
            assert_eq!((libcrypto.EVP_MAC_final)(self.0, start, &mut written, room), 1);
        }
    }
}

/// PBKDF2 with HMAC.
pub struct Pbkdf2(Pointer);

impl Pbkdf2 {
    pub fn new(digest: &CStr) -> Self {
        // SAFETY: see above.
        Self(fetched(unsafe { (LIBCRYPTO.EVP_MD_fetch)(null_mut(), digest.as_ptr(), null()) }))
    }

    pub fn derive(&self, password: &[u8], salt: &[u8], count: u32, output: &mut [u8]) {
        let (salt_len, output_len) = (length(salt), length(output));
        // SAFETY: see above.
        let derived = unsafe {
            (LIBCRYPTO.PKCS5_PBKDF2_HMAC)(
                password.as_ptr(),
                length(password),
                salt.as_ptr(),
                salt_len,
                count as c_int,
                self.0,
                output_len,
                output.as_mut_ptr(),
            )
        };
        assert_eq!(derived, 1);
    }
}

fn ok(result: c_int) {
    assert_eq!(result, 1);
}

/// An RSA key, and a context for one operation with it: PKCS #1 v1.5 with SHA-256.
pub struct Rsa {
    key: Pointer,
    context: Pointer,
}

impl Rsa {
    /// A new key of so many bits.
    pub fn new(bits: c_int) -> Self {
        let mut key = null_mut();
        // SAFETY: see above.
        unsafe {
            let context =
                (LIBCRYPTO.EVP_PKEY_CTX_new_from_name)(null_mut(), c"RSA".as_ptr(), null());
            ok((LIBCRYPTO.EVP_PKEY_keygen_init)(context));
            ok((LIBCRYPTO.EVP_PKEY_CTX_set_rsa_keygen_bits)(context, bits));
            ok((LIBCRYPTO.EVP_PKEY_generate)(context, &mut key));
        }
        Self { key, context: null_mut() }
    }

    /// RSAPrivateKey in DER.
    pub fn der(&self) -> Vec<u8> {
        let mut der = vec![0; 4096];
        let mut end = der.as_mut_ptr();
        // SAFETY: see above; no key that is measured is longer.
        let len = unsafe { (LIBCRYPTO.i2d_PrivateKey)(self.key, &mut end) };
        der.truncate(len as usize);
        der
    }

    fn prepare(&mut self, init: unsafe extern "C" fn(Pointer) -> c_int) {
        const PKCS1_PADDING: c_int = 1;
        // SAFETY: see above.
        unsafe {
            self.context = (LIBCRYPTO.EVP_PKEY_CTX_new)(self.key, null_mut());
            ok(init(self.context));
            ok((LIBCRYPTO.EVP_PKEY_CTX_set_rsa_padding)(self.context, PKCS1_PADDING));
            let digest = (LIBCRYPTO.EVP_MD_fetch)(null_mut(), c"SHA256".as_ptr(), null());
            ok((LIBCRYPTO.EVP_PKEY_CTX_set_signature_md)(self.context, digest));
        }
    }

    /// For `sign`.
    pub fn for_signing(mut self) -> Self {
        self.prepare(LIBCRYPTO.EVP_PKEY_sign_init);
        self
    }

    /// For `recover`.
    pub fn for_verification(mut self) -> Self {
        self.prepare(LIBCRYPTO.EVP_PKEY_verify_recover_init);
        self
    }

    pub fn sign(&mut self, digest: &[u8], out: &mut [u8]) {
        let mut len = out.len();
        let (to, from, from_len) = (out.as_mut_ptr(), digest.as_ptr(), digest.len());
        // SAFETY: see above.
        ok(unsafe { (LIBCRYPTO.EVP_PKEY_sign)(self.context, to, &mut len, from, from_len) });
    }

    /// The digest that was signed.
    pub fn recover(&mut self, signature: &[u8], out: &mut [u8]) {
        let mut len = out.len();
        let (to, from, from_len) = (out.as_mut_ptr(), signature.as_ptr(), signature.len());
        // SAFETY: see above.
        ok(unsafe {
            (LIBCRYPTO.EVP_PKEY_verify_recover)(self.context, to, &mut len, from, from_len)
        });
    }
}

/// Two parties of a key agreement, and a context in which one has the other's public key.
pub struct Agreement {
    keys: [Pointer; 2],
    context: Pointer,
}

impl Agreement {
    /// `name` is EC, DH or X25519, which has no group.
    pub fn new(name: &CStr, group: Option<&CStr>) -> Self {
        let new_key = || {
            let mut key = null_mut();
            // SAFETY: see above.
            unsafe {
                let context =
                    (LIBCRYPTO.EVP_PKEY_CTX_new_from_name)(null_mut(), name.as_ptr(), null());
                ok((LIBCRYPTO.EVP_PKEY_keygen_init)(context));
                if let Some(group) = group {
                    ok((LIBCRYPTO.EVP_PKEY_CTX_set_group_name)(context, group.as_ptr()));
                }
                ok((LIBCRYPTO.EVP_PKEY_generate)(context, &mut key));
            }
            key
        };
        let keys = [new_key(), new_key()];
        // SAFETY: see above.
        let context = unsafe {
            let context = (LIBCRYPTO.EVP_PKEY_CTX_new)(keys[0], null_mut());
            ok((LIBCRYPTO.EVP_PKEY_derive_init)(context));
            ok((LIBCRYPTO.EVP_PKEY_derive_set_peer)(context, keys[1]));
            context
        };
        Self { keys, context }
    }

    /// The private key of the party whose secret `derive` gives, in `len` bytes.
    pub fn private(&self, len: usize) -> Vec<u8> {
        let (mut bytes, mut size, mut number) = (vec![0; len], len, null_mut());
        // SAFETY: see above.
        unsafe {
            let name = c"priv".as_ptr();
            if (LIBCRYPTO.EVP_PKEY_get_bn_param)(self.keys[0], name, &mut number) == 1 {
                let to = bytes.as_mut_ptr();
                assert_eq!((LIBCRYPTO.BN_bn2binpad)(number, to, len as c_int), len as c_int);
            } else {
                let to = bytes.as_mut_ptr();
                ok((LIBCRYPTO.EVP_PKEY_get_raw_private_key)(self.keys[0], to, &mut size));
            }
        }
        bytes
    }

    /// The last `len` bytes of the other's public key.
    pub fn peer(&self, len: usize) -> Vec<u8> {
        let mut bytes = null_mut();
        // SAFETY: see above; the function says how many bytes there are.
        let key = unsafe {
            let size = (LIBCRYPTO.EVP_PKEY_get1_encoded_public_key)(self.keys[1], &mut bytes);
            std::slice::from_raw_parts(bytes, size)
        };
        key[key.len() - len..].to_vec()
    }

    /// The secret, without the zeros before it.
    pub fn derive(&mut self, out: &mut [u8]) {
        let mut len = out.len();
        // SAFETY: see above.
        ok(unsafe { (LIBCRYPTO.EVP_PKEY_derive)(self.context, out.as_mut_ptr(), &mut len) });
        let zeros = out.len() - len;
        out.copy_within(..len, zeros);
        out[..zeros].fill(0);
    }
}
