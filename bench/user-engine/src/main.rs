// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The user engine through the C API against OpenSSL's libcrypto, in one run: `make bench-user`.
//!
//! Both have their key; a message is what is timed, from one buffer to another, with a
//! result that is compared first. The two take turns, short ones, so that a busy machine is busy
//! for both. criterion's report is about the user engine's; the table at the end has the median over all
//! turns of OpenSSL's time divided by the user engine's, and the median of the latter.
//!
//! Under QEMU, where time says nothing, the table is of instructions: `make counts-user`.
//!
//! # Safety
//!
//! C functions are called as `kcapi.h` demands: with live handles, and lengths of slices.

#![allow(unsafe_code)]

mod counter;
mod libcrypto;
mod libkcapi;
mod library;

use counter::Counter;
use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput};
use libkcapi::LIBKCAPI;
use std::ffi::CStr;
use std::fmt::Write;
use std::hint::black_box;
use std::ptr::null_mut;
use std::time::{Duration, Instant};

const SIZES: [(usize, &str); 4] =
    [(64, "64 B"), (1 << 10, "1 KiB"), (16 << 10, "16 KiB"), (1 << 20, "1 MiB")];

/// Shorter than what a scheduler gives.
const TURN: Duration = Duration::from_micros(50);

/// Of pbkdf2.
const ITERATIONS: u32 = 1000;

/// Bytes in a tag.
const TAG: usize = 16;

const AAD: [u8; 16] = [0xaa; 16];

/// Keys and IVs; both halves of an xts key must differ.
const SECRET: [u8; 64] = {
    let mut secret = [0; 64];
    let mut i = 0;
    while i < secret.len() {
        secret[i] = i as u8;
        i += 1;
    }
    secret
};

/// A message to be processed into the buffer.
type Side = Box<dyn FnMut(&mut [u8])>;

/// The user engine and OpenSSL with the same message, and the length of the result.
struct Pair {
    ours: Side,
    theirs: Side,
    len: usize,
}

fn ok(result: isize, len: usize) {
    assert_eq!(result, len as isize);
}

/// `name` in the kernel's terms and in OpenSSL's.
fn skcipher(names: [&CStr; 2], encrypt: bool, key: usize, size: usize) -> Pair {
    let (key, iv, input) = (&SECRET[..key], &SECRET[..16], vec![0x5a; size]);
    let mut evp = libcrypto::Cipher::new(names[1], encrypt, key, false);
    let mut handle = null_mut();
    let crypt = if encrypt { LIBKCAPI.kcapi_cipher_encrypt } else { LIBKCAPI.kcapi_cipher_decrypt };
    // SAFETY: see above.
    unsafe {
        assert_eq!((LIBKCAPI.kcapi_cipher_init)(&mut handle, names[0].as_ptr(), 0), 0);
        assert_eq!((LIBKCAPI.kcapi_cipher_setkey)(handle, key.as_ptr(), key.len() as u32), 0);
    }
    // A one-shot of xts is one of 64 KiB pieces, as the C library's.
    let piece = if names[0] == c"xts(aes)" { 64 << 10 } else { size };
    let message = input.clone();
    Pair {
        ours: Box::new(move |out| {
            let (from, to) = (message.as_ptr(), out.as_mut_ptr());
            // SAFETY: see above.
            ok(unsafe { crypt(handle, from, size, iv.as_ptr(), to, out.len(), 0) }, size);
        }),
        theirs: Box::new(move |out| {
            for (input, out) in input.chunks(piece).zip(out.chunks_mut(piece)) {
                evp.crypt(iv, input, out);
            }
        }),
        len: size,
    }
}

/// The user engine has the AAD at the head of input and output, OpenSSL by itself.
fn aead(names: [&CStr; 2], encrypt: bool, size: usize) -> Pair {
    let (key, nonce) = (&SECRET[..32], &SECRET[..12]);
    let mut iv = nonce.to_vec();
    if names[0] == c"ccm(aes)" {
        // A counter of 3 bytes: its length less one is at the head, its place at the end.
        iv.insert(0, 2);
        iv.resize(16, 0);
    }
    let mut input = vec![0x5a; size];
    let mut evp = libcrypto::Cipher::new(names[1], true, key, true);
    if !encrypt {
        let mut sealed = vec![0; size + TAG];
        evp.aead(nonce, &AAD, &input, &mut sealed);
        evp = libcrypto::Cipher::new(names[1], false, key, true);
        input = sealed;
    }
    let message = [&AAD[..], &input].concat();
    let len = if encrypt { size + TAG } else { size };
    let mut handle = null_mut();
    let crypt = if encrypt { LIBKCAPI.kcapi_aead_encrypt } else { LIBKCAPI.kcapi_aead_decrypt };
    // SAFETY: see above.
    unsafe {
        assert_eq!((LIBKCAPI.kcapi_aead_init)(&mut handle, names[0].as_ptr(), 0), 0);
        assert_eq!((LIBKCAPI.kcapi_aead_setkey)(handle, key.as_ptr(), key.len() as u32), 0);
        assert_eq!((LIBKCAPI.kcapi_aead_settaglen)(handle, TAG as u32), 0);
        (LIBKCAPI.kcapi_aead_setassoclen)(handle, AAD.len());
    }
    Pair {
        ours: Box::new(move |out| {
            let (from, to) = (message.as_ptr(), out.as_mut_ptr());
            // SAFETY: see above.
            let done = unsafe { crypt(handle, from, message.len(), iv.as_ptr(), to, out.len(), 0) };
            ok(done, AAD.len() + len);
        }),
        theirs: Box::new(move |out| {
            evp.aead(nonce, &AAD, &input, &mut out[AAD.len()..]);
            out[..AAD.len()].copy_from_slice(&AAD);
        }),
        len: AAD.len() + len,
    }
}

/// A digest, or HMAC of it: `hmac(name)`.
fn digest(name: &CStr, evp: &CStr, len: usize, size: usize) -> Pair {
    let (input, key) = (vec![0x5a; size], &SECRET[..32]);
    let mut handle = null_mut();
    // SAFETY: see above.
    assert_eq!(unsafe { (LIBKCAPI.kcapi_md_init)(&mut handle, name.as_ptr(), 0) }, 0);
    let message = input.clone();
    let theirs: Side = if name.to_bytes().starts_with(b"hmac") {
        // SAFETY: see above.
        assert_eq!(
            unsafe { (LIBKCAPI.kcapi_md_setkey)(handle, key.as_ptr(), key.len() as u32) },
            0
        );
        let mut hmac = libcrypto::Hmac::new(evp, key);
        Box::new(move |out| hmac.mac(&input, out))
    } else {
        let mut digest = libcrypto::Digest::new(evp);
        Box::new(move |out| digest.digest(&input, out))
    };
    Pair {
        ours: Box::new(move |out| {
            let (from, to) = (message.as_ptr(), out.as_mut_ptr());
            // SAFETY: see above.
            ok(unsafe { (LIBKCAPI.kcapi_md_digest)(handle, from, size, to, out.len()) }, len);
        }),
        theirs,
        len,
    }
}

fn pbkdf2(name: &'static CStr, evp: &CStr, len: usize) -> Pair {
    let (evp, password, salt) = (libcrypto::Pbkdf2::new(evp), &SECRET[..16], &SECRET[16..32]);
    Pair {
        ours: Box::new(move |out| {
            let (pw, pw_len) = (password.as_ptr(), password.len() as u32);
            let (out, out_len) = (out.as_mut_ptr(), out.len());
            // SAFETY: see above.
            let derived = unsafe {
                let (name, salt_len) = (name.as_ptr(), salt.len());
                (LIBKCAPI.kcapi_pbkdf)(
                    name,
                    pw,
                    pw_len,
                    salt.as_ptr(),
                    salt_len,
                    ITERATIONS,
                    out,
                    out_len,
                )
            };
            assert_eq!(derived, 0);
        }),
        theirs: Box::new(move |out| evp.derive(password, salt, ITERATIONS, out)),
        len,
    }
}

/// RSA with PKCS #1 v1.5: the signature of a digest, or the digest that was signed.
fn rsa(verifies: bool, bits: usize) -> Pair {
    let key = libcrypto::Rsa::new(bits as libc::c_int);
    let (der, size, digest) = (key.der(), bits / 8, &SECRET[..32]);
    let mut signature = vec![0; size];
    let mut handle = null_mut();
    // SAFETY: see above.
    unsafe {
        let name = c"pkcs1pad(rsa,sha256)".as_ptr();
        assert_eq!((LIBKCAPI.kcapi_akcipher_init)(&mut handle, name, 0), 0);
        ok((LIBKCAPI.kcapi_akcipher_setkey)(handle, der.as_ptr(), der.len() as u32) as isize, size);
    }
    let sign = move |out: &mut [u8]| {
        let (from, to) = (digest.as_ptr(), out.as_mut_ptr());
        // SAFETY: see above.
        ok(unsafe { (LIBKCAPI.kcapi_akcipher_sign)(handle, from, 32, to, out.len(), 0) }, size);
    };
    if !verifies {
        let mut key = key.for_signing();
        let theirs = Box::new(move |out: &mut [u8]| key.sign(digest, out));
        return Pair { ours: Box::new(sign), theirs, len: size };
    }
    sign(&mut signature);
    let (mut key, message) = (key.for_verification(), signature.clone());
    Pair {
        ours: Box::new(move |out| {
            let (from, to) = (message.as_ptr(), out.as_mut_ptr());
            // SAFETY: see above.
            let done =
                unsafe { (LIBKCAPI.kcapi_akcipher_verify)(handle, from, size, to, out.len(), 0) };
            ok(done, 32);
        }),
        theirs: Box::new(move |out| key.recover(&signature, out)),
        len: size,
    }
}

/// A key agreement as both name it, with the sizes of a private and a public key and a secret. OpenSSL
/// has checked the peer's public key before; the user engine does each time.
struct Agreement {
    name: &'static CStr,
    theirs: (&'static CStr, Option<&'static CStr>),
    private: usize,
    public: usize,
    secret: usize,
}

const AGREEMENTS: [(&str, Agreement); 6] = [
    ("P-192", ecdh(c"ecdh-nist-p192", c"P-192", 24)),
    ("P-256", ecdh(c"ecdh-nist-p256", c"P-256", 32)),
    ("P-384", ecdh(c"ecdh-nist-p384", c"P-384", 48)),
    (
        "X25519",
        Agreement {
            name: c"curve25519",
            theirs: (c"X25519", None),
            private: 32,
            public: 32,
            secret: 32,
        },
    ),
    ("ffdhe2048", ffdhe(c"ffdhe2048(dh)", c"ffdhe2048", 256)),
    ("ffdhe3072", ffdhe(c"ffdhe3072(dh)", c"ffdhe3072", 384)),
];

const fn ecdh(name: &'static CStr, curve: &'static CStr, len: usize) -> Agreement {
    Agreement { name, theirs: (c"EC", Some(curve)), private: len, public: 2 * len, secret: len }
}

/// OpenSSL makes private keys of 225 and of 275 bits for these two, as RFC 7919 says.
const fn ffdhe(name: &'static CStr, group: &'static CStr, len: usize) -> Agreement {
    Agreement { name, theirs: (c"DH", Some(group)), private: 35, public: len, secret: len }
}

impl Agreement {
    fn pair(&self) -> Pair {
        let mut theirs = libcrypto::Agreement::new(self.theirs.0, self.theirs.1);
        let mut private = theirs.private(self.private);
        // It would take longer with zeros before it.
        if self.theirs.0 == c"DH" {
            private.drain(..private.iter().take_while(|byte| **byte == 0).count());
        }
        let (peer, public, secret) = (theirs.peer(self.public), self.public, self.secret);
        let mut handle = null_mut();
        // SAFETY: see above.
        unsafe {
            assert_eq!((LIBKCAPI.kcapi_kpp_init)(&mut handle, self.name.as_ptr(), 0), 0);
            let (key, len) = (private.as_ptr(), private.len() as u32);
            ok((LIBKCAPI.kcapi_kpp_setkey)(handle, key, len) as isize, public);
        }
        let mut room = vec![0; public];
        Pair {
            ours: Box::new(move |out| {
                let (from, to) = (peer.as_ptr(), room.as_mut_ptr());
                // SAFETY: see above.
                ok(
                    unsafe { (LIBKCAPI.kcapi_kpp_ssgen)(handle, from, public, to, public, 0) },
                    secret,
                );
                out.copy_from_slice(&room[..secret]);
            }),
            theirs: Box::new(move |out| theirs.derive(out)),
            len: secret,
        }
    }
}

/// Both sides do the same.
fn check(id: (&str, &str), pair: &mut Pair) {
    let mut buffers = [vec![0; pair.len], vec![0; pair.len]];
    (pair.ours)(&mut buffers[0]);
    (pair.theirs)(&mut buffers[1]);
    assert!(buffers[0] == buffers[1], "{} {}: the results differ", id.0, id.1);
}

/// Times a pair; the ratio and the user engine's time for a message.
fn compare(c: &mut Criterion, id: (&str, &str), size: usize, mut pair: Pair) -> Option<[f64; 2]> {
    check(id, &mut pair);
    let mut buffer = vec![0; pair.len];
    let (mut ratios, mut times) = (vec![], vec![]);
    let mut turn = 1;
    let mut group = c.benchmark_group(id.0);
    group.sampling_mode(SamplingMode::Flat).throughput(Throughput::Bytes(size as u64));
    group.bench_function(BenchmarkId::from_parameter(id.1), |bencher| {
        bencher.iter_custom(|mut left| {
            let mut sum = Duration::ZERO;
            while left > 0 {
                let messages = left.min(turn);
                let mut time = |side: &mut Side| {
                    let start = Instant::now();
                    (0..messages).for_each(|_| side(black_box(&mut buffer)));
                    start.elapsed()
                };
                let (ours, theirs) = (time(&mut pair.ours), time(&mut pair.theirs));
                ratios.push(theirs.as_secs_f64() / ours.as_secs_f64());
                times.push(ours.as_secs_f64() / messages as f64);
                sum += ours;
                left -= messages;
                if ours < TURN && messages == turn {
                    turn *= 2;
                }
            }
            sum
        });
    });
    group.finish();
    Some([median(ratios)?, median(times)?])
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// A row of the table: what is measured, and how to set it up for a length.
type Row = (&'static str, Box<dyn Fn(usize) -> Pair>);

fn rows() -> Vec<Row> {
    let cipher = |title, names, encrypt, key| -> Row {
        (title, Box::new(move |size| skcipher(names, encrypt, key, size)))
    };
    let sealed = |title, names, encrypt| -> Row {
        (title, Box::new(move |size| aead(names, encrypt, size)))
    };
    let hash = |title, name, evp, len| -> Row {
        (title, Box::new(move |size| digest(name, evp, len, size)))
    };
    let (cbc, gcm) = ([c"cbc(aes)", c"AES-256-CBC"], [c"gcm(aes)", c"AES-256-GCM"]);
    let chacha = [c"rfc7539(chacha20,poly1305)", c"ChaCha20-Poly1305"];
    vec![
        cipher("ecb(aes)", [c"ecb(aes)", c"AES-256-ECB"], true, 32),
        cipher("ctr(aes)", [c"ctr(aes)", c"AES-256-CTR"], true, 32),
        cipher("cbc(aes) encryption", cbc, true, 32),
        cipher("cbc(aes) decryption", cbc, false, 32),
        cipher("xts(aes)", [c"xts(aes)", c"AES-256-XTS"], true, 64),
        sealed("gcm(aes) encryption", gcm, true),
        sealed("gcm(aes) decryption", gcm, false),
        sealed("ccm(aes)", [c"ccm(aes)", c"AES-256-CCM"], true),
        sealed("chacha20-poly1305", chacha, true),
        hash("sha1", c"sha1", c"SHA1", 20),
        hash("sha256", c"sha256", c"SHA256", 32),
        hash("sha512", c"sha512", c"SHA512", 64),
        hash("sha3-256", c"sha3-256", c"SHA3-256", 32),
        hash("hmac(sha256)", c"hmac(sha256)", c"SHA256", 32),
    ]
}

/// The library's name and version.
fn version() -> String {
    let mut version = [0u8; 64];
    // SAFETY: as many bytes as are said, which end with a NUL.
    unsafe {
        (LIBKCAPI.kcapi_versionstring)(version.as_mut_ptr().cast(), version.len() as u32);
        CStr::from_ptr(version.as_ptr().cast()).to_string_lossy().into_owned()
    }
}

/// The processor, and those of its features that either side may use.
fn machine() -> String {
    const FEATURES: &[&str] = &[
        "aes",
        "pclmulqdq",
        "vaes",
        "vpclmulqdq",
        "sha_ni",
        "sha512",
        "bmi2",
        "avx2",
        "avx512f",
        "avx512vl",
        "avx512ifma",
        "gfni",
        "pmull",
        "sha1",
        "sha2",
        "sha3",
    ];
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let value = |names: &[&str]| {
        let lines = info.lines().filter_map(|line| line.split_once(':'));
        let mut named = lines.filter(|(name, _)| names.contains(&name.trim()));
        named.next().map_or("", |(_, value)| value.trim())
    };
    let has = value(&["flags", "Features"]).split(' ').collect::<Vec<_>>();
    let features: Vec<&str> = FEATURES.iter().filter(|name| has.contains(name)).copied().collect();
    let masked = std::env::var("OPENSSL_ia32cap")
        .map_or(String::new(), |mask| format!("; OPENSSL_ia32cap={mask}"));
    let name = value(&["model name", "CPU part"]);
    format!("{name} ({}): {}{masked}", std::env::consts::ARCH, features.join(" "))
}

/// The processor that QEMU imitates.
fn emulated() -> String {
    let processor = std::env::var("QEMU_CPU").unwrap_or("by itself".into());
    format!("QEMU ({}): {processor}", std::env::consts::ARCH)
}

/// What a table has of a pair; None: it was not asked for.
type Measure = Box<dyn FnMut((&str, &str), usize, &dyn Fn() -> Pair) -> Option<String>>;

/// OpenSSL's time over the user engine's, and the latter.
fn times() -> Measure {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(300))
        .nresamples(1001)
        .configure_from_args();
    Box::new(move |id, size, pair| {
        let [ratio, time] = compare(&mut criterion, id, size, pair())?;
        Some(format!("{ratio:.2} ({:.2?})", Duration::from_secs_f64(time)))
    })
}

/// OpenSSL's instructions over the user engine's, the latter, and OpenSSL's. An argument is a part of the names of
/// what is asked for.
fn instructions(counter: Counter) -> Measure {
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    Box::new(move |id, _, pair| {
        let name = format!("{}/{}", id.0, id.1);
        if wanted.as_ref().is_some_and(|wanted| !name.contains(wanted)) {
            return None;
        }
        let mut pair = pair();
        check(id, &mut pair);
        let mut buffer = vec![0; pair.len];
        let ours = counter.count(&mut || (pair.ours)(&mut buffer));
        let theirs = counter.count(&mut || (pair.theirs)(&mut buffer));
        Some(format!("{:.2} ({ours}; {theirs})", theirs as f64 / ours as f64))
    })
}

fn main() {
    // SAFETY: no other thread runs yet.
    unsafe { std::env::set_var("KCAPI_ENGINE", "user") };
    let (machine, what, numbers, mut measure) = match Counter::from_environment() {
        Some(counter) => {
            (emulated(), "Instructions", "the latter; the former", instructions(counter))
        }
        None => (machine(), "Time", "the latter", times()),
    };
    let mut cell = |id: (&str, &str), size, pair: &dyn Fn() -> Pair| {
        measure(id, size, pair).unwrap_or("-".into())
    };

    let mut table = String::from("| AES with 256 bits |");
    SIZES.iter().for_each(|(_, size)| write!(table, " {size} |").unwrap());
    table.push_str("\n|---|---|---|---|---|\n");
    for (title, pair) in rows() {
        let cells = SIZES.map(|(size, name)| cell((title, name), size, &|| pair(size)));
        if cells.iter().any(|cell| cell != "-") {
            writeln!(table, "| {title} | {} |", cells.join(" | ")).unwrap();
        }
    }
    let mut asymmetric = String::from("| RSA | 2048 | 3072 | 4096 |\n|---|---|---|---|\n");
    for (title, verifies) in [("rsa signature", false), ("rsa verification", true)] {
        let cells = [(2048, "2048"), (3072, "3072"), (4096, "4096")]
            .map(|(bits, name)| cell((title, name), 0, &|| rsa(verifies, bits)));
        if cells.iter().any(|cell| cell != "-") {
            writeln!(asymmetric, "| {title} | {} |", cells.join(" | ")).unwrap();
        }
    }
    let agreements = AGREEMENTS.map(|(title, agreement)| {
        format!("| {title} | {} |\n", cell(("shared secret", title), 0, &|| agreement.pair()))
    });
    let agreements = format!("| shared secret | |\n|---|---|\n{}", agreements.concat());
    let pair = || pbkdf2(c"hmac(sha256)", c"SHA256", 32);
    let pbkdf2 = cell(("pbkdf2(hmac(sha256))", "1000"), 0, &pair);
    println!("\n{machine}\n");
    println!(
        "{what} of {} / of the user engine of {} ({numbers})\n\n{table}\n{asymmetric}\n{agreements}",
        libcrypto::version(),
        version()
    );
    println!("pbkdf2(hmac(sha256)), {ITERATIONS} iterations: {pbkdf2}");
}
