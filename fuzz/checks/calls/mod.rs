// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Any sequence of calls of the C API, made twice: with each message in one piece of memory and its
//! result in another, and with both scattered, misaligned or in place. The answers must be the same
//! both times, and those that [`model`] knows must be the textbook's.

#![allow(unsafe_code)]

mod digest;
mod memory;
mod model;
mod requests;
mod slot;
mod stream;
mod whole;

use super::{Choices, Random};
use crate::capi::util::KCAPI_INIT_AIO;
use crate::capi::{aead::*, aead_stream::*, cipher::*, cipher_stream::*, handle::*, md::*};
use crate::engine::user::transform::UserTransform;
use crate::engine::{Kind, Transform};
use crate::handle::{Handle, Options};
use libc::{c_int, iovec, ssize_t};
use memory::Layout;
use slot::Slot;
use std::ffi::CStr;
use std::ptr;

const ALGORITHMS: [(Kind, &CStr); 28] = [
    (Kind::Skcipher, c"ecb(aes)"),
    (Kind::Skcipher, c"cbc(aes)"),
    (Kind::Skcipher, c"ctr(aes)"),
    (Kind::Skcipher, c"xts(aes)"),
    (Kind::Skcipher, c"cts(cbc(aes))"),
    (Kind::Skcipher, c"cfb(aes)"),
    (Kind::Skcipher, c"lrw(aes)"),
    (Kind::Skcipher, c"rfc3686(ctr(aes))"),
    (Kind::Skcipher, c"kw(aes)"),
    (Kind::Skcipher, c"chacha20"),
    (Kind::Aead, c"gcm(aes)"),
    (Kind::Aead, c"ccm(aes)"),
    (Kind::Aead, c"rfc4106(gcm(aes))"),
    (Kind::Aead, c"rfc7539(chacha20,poly1305)"),
    (Kind::Aead, c"authenc(hmac(sha256),cbc(aes))"),
    (Kind::Hash, c"sha256"),
    (Kind::Hash, c"hmac(sha256)"),
    (Kind::Hash, c"sha3-256"),
    (Kind::Hash, c"cmac(aes)"),
    (Kind::Hash, c"crc32c"),
    (Kind::Skcipher, c"essiv(cbc(aes),sha256)"),
    (Kind::Skcipher, c"hctr2(aes)"),
    (Kind::Skcipher, c"adiantum(xchacha12,aes)"),
    (Kind::Aead, c"aegis128"),
    (Kind::Aead, c"krb5enc(hmac(sha1),cts(cbc(aes)))"),
    (Kind::Aead, c"essiv(authenc(hmac(sha256),cbc(aes)),sha256)"),
    (Kind::Hash, c"cbcmac(aes)"),
    (Kind::Hash, c"digest_null"),
];

/// The functions that symmetric ciphers and AEADs both have. In a pair, decryption is the first.
struct Functions {
    whole: [unsafe extern "C" fn(
        *mut Handle,
        *const u8,
        usize,
        *const u8,
        *mut u8,
        usize,
        c_int,
    ) -> ssize_t; 2],
    pairs: [unsafe extern "C" fn(
        *mut Handle,
        *mut iovec,
        *mut iovec,
        usize,
        *const u8,
        c_int,
    ) -> ssize_t; 2],
    start: [unsafe extern "C" fn(*mut Handle, *const u8, *mut iovec, usize) -> ssize_t; 2],
    update: [unsafe extern "C" fn(*mut Handle, *mut iovec, usize) -> ssize_t; 2],
    receive: unsafe extern "C" fn(*mut Handle, *mut iovec, usize) -> ssize_t,
}

const CIPHER: Functions = Functions {
    whole: [kcapi_cipher_decrypt, kcapi_cipher_encrypt],
    pairs: [kcapi_cipher_decrypt_aio, kcapi_cipher_encrypt_aio],
    start: [kcapi_cipher_stream_init_dec, kcapi_cipher_stream_init_enc],
    update: [kcapi_cipher_stream_update_last, kcapi_cipher_stream_update],
    receive: kcapi_cipher_stream_op,
};

const AEAD: Functions = Functions {
    whole: [kcapi_aead_decrypt, kcapi_aead_encrypt],
    pairs: [kcapi_aead_decrypt_aio, kcapi_aead_encrypt_aio],
    start: [kcapi_aead_stream_init_dec, kcapi_aead_stream_init_enc],
    update: [kcapi_aead_stream_update_last, kcapi_aead_stream_update],
    receive: kcapi_aead_stream_op,
};

/// An algorithm, then calls.
pub fn calls(data: &[u8]) {
    let user = |kind, name: &CStr| -> Box<dyn Transform> {
        Box::new(UserTransform::open(kind, name).expect("the user engine has it"))
    };
    let plain = Session::run(data, Layout::plain(), user);
    let scattered = Session::run(data, Layout::scattered(), user);
    for (index, (plain, scattered)) in plain.iter().zip(&scattered).enumerate() {
        assert_eq!(plain, scattered, "call {index}");
    }
    assert_eq!(plain.len(), scattered.len());
}

/// A call, its result, and the bytes that it wrote if it succeeded.
type Answer = (&'static str, ssize_t, Vec<u8>);

/// Handles on one transform, and the state that they should be in.
struct Session<'a> {
    choices: Choices<'a>,
    /// Keys and messages: the same in all layouts.
    random: Random,
    layout: Layout,
    kind: Kind,
    name: &'static str,
    functions: &'static Functions,
    slots: Vec<Slot>,
    /// None: not known.
    key: Option<Vec<u8>>,
    tag_len: usize,
    answers: Vec<Answer>,
}

impl Session<'_> {
    fn run(
        data: &[u8],
        layout: Layout,
        open: impl Fn(Kind, &CStr) -> Box<dyn Transform>,
    ) -> Vec<Answer> {
        let mut choices = Choices(data);
        let (kind, name) = choices.one_of(&ALGORITHMS);
        let flags = aio_flag(choices.below(2) == 1);
        let transform = open(kind, name);
        let tag_len = transform.properties().max_tag_size as usize;
        let options = Options { aio: flags & KCAPI_INIT_AIO != 0, ..Options::default() };
        let handle = Handle::with(kind, transform, options).expect("memory");
        let handle = Box::into_raw(Box::new(handle));
        let mut session = Session {
            choices,
            random: Random::new(),
            layout,
            kind,
            name: name.to_str().expect("ASCII"),
            functions: if kind == Kind::Aead { &AEAD } else { &CIPHER },
            slots: vec![Slot::new(handle, flags)],
            key: None,
            tag_len,
            answers: Vec::new(),
        };
        // Most sequences begin with a key, because without one they show little.
        if session.choices.below(8) > 0 {
            session.set_key();
        }
        while !session.choices.is_empty() && session.answers.len() < 100 {
            session.step();
        }
        session.answers
    }

    fn step(&mut self) {
        let slot = self.choices.below(self.slots.len());
        let digest = self.kind == Kind::Hash;
        match self.choices.below(16) {
            0 => self.set_key(),
            1 => self.set_lengths(slot),
            2 => self.reinit_or_destroy(slot),
            3..=9 if digest => self.update_digest(slot),
            15 if digest => self.requests(),
            _ if digest => self.finish_digest(slot),
            3..=6 => self.whole(slot),
            7 => self.pairs(slot),
            8 => self.requests(),
            9 | 10 => self.start(slot),
            11..=13 => self.update(slot),
            _ => self.receive(slot),
        }
    }

    fn answer(&mut self, call: &'static str, result: ssize_t, bytes: Vec<u8>) {
        self.answers.push((call, result, bytes));
    }

    fn set_key(&mut self) {
        let lengths = [16, 16, 16, 32, 32, 64, 24, 20, 36, 40, 72, 48, 0, 1, 100];
        let mut key = self.random.bytes(self.choices.one_of(&lengths));
        let two_keys = ["authenc(", "krb5enc("].iter().any(|part| self.name.contains(part));
        if two_keys && key.len() > 8 {
            // struct rtattr, and the length of the cipher's key, which is the last part.
            key[..8].copy_from_slice(&[8, 0, 1, 0, 0, 0, 0, 16]);
        }
        let set = match self.kind {
            Kind::Aead => kcapi_aead_setkey,
            Kind::Hash => kcapi_md_setkey,
            _ => kcapi_cipher_setkey,
        };
        // SAFETY: a live handle, a key of that length.
        let result = unsafe { set(self.slots[0].handle, key.as_ptr(), key.len() as u32) };
        if result != -libc::EBUSY {
            self.key = (result == 0).then_some(key);
            self.forget_ivs();
        }
        self.answer("setkey", result as ssize_t, Vec::new());
    }

    /// Takes note that operations may have been closed for a new parameter.
    fn forget_ivs(&mut self) {
        self.slots.iter_mut().for_each(|slot| slot.iv = None);
    }

    fn set_lengths(&mut self, slot: usize) {
        if self.kind != Kind::Aead {
            return;
        }
        let slot = &mut self.slots[slot];
        if self.choices.below(2) == 0 {
            slot.assoclen = self.choices.one_of(&[0, 1, 8, 16, 20, 16, 8]);
            // SAFETY: a live handle.
            unsafe { kcapi_aead_setassoclen(slot.handle, slot.assoclen) };
            return;
        }
        let len = self.choices.below(20);
        // SAFETY: a live handle.
        let result = unsafe { kcapi_aead_settaglen(slot.handle, len as u32) };
        if result == 0 {
            self.tag_len = len;
            self.forget_ivs();
        }
        self.answer("settaglen", result as ssize_t, Vec::new());
    }

    fn reinit_or_destroy(&mut self, slot: usize) {
        if self.slots.len() == 4 {
            self.slots.swap_remove(slot);
            return;
        }
        let flags = aio_flag(self.choices.below(2) == 1);
        let mut handle = ptr::null_mut();
        // SAFETY: a live handle, and where the new one goes.
        let result =
            unsafe { kcapi_handle_reinit(&raw mut handle, self.slots[slot].handle, flags) };
        assert_eq!(result, 0);
        self.slots.push(Slot::new(handle, flags));
    }

    fn message(&mut self) -> Vec<u8> {
        let len = match self.choices.below(64) {
            0..=39 => 16 * self.choices.below(12),
            40..=59 => self.choices.below(256),
            60..=62 => 16 * self.choices.below(256),
            _ => 65536 - 128 + 16 * self.choices.below(16),
        };
        self.random.bytes(if cfg!(miri) { len % 97 } else { len })
    }

    /// An IV. It is as long as the longest of any algorithm.
    fn iv(&mut self) -> Option<[u8; 64]> {
        let iv = self.random.bytes(64).try_into().expect("64 bytes");
        (self.choices.below(4) > 0).then_some(iv)
    }

    fn result_len(&self, encrypt: bool, len: usize) -> usize {
        match (self.kind, encrypt) {
            (Kind::Aead, true) => len + self.tag_len,
            (Kind::Aead, false) => len.saturating_sub(self.tag_len),
            _ => len,
        }
    }

    /// Room for a result, now and then too little or too much.
    fn room(&mut self, result: usize) -> usize {
        match self.choices.below(12) {
            0 => result.saturating_sub(self.choices.below(40)),
            1 => result + self.choices.below(40),
            _ => result,
        }
    }
}

fn aio_flag(aio: bool) -> u32 {
    if aio { KCAPI_INIT_AIO } else { 0 }
}

fn pointer(iv: &Option<[u8; 64]>) -> *const u8 {
    iv.as_ref().map_or(ptr::null(), |iv| iv.as_ptr())
}
