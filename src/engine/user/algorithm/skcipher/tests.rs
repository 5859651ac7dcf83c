// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Known answers, and what modes promise about pieces and the IV left behind.

use super::*;
use crate::engine::user::algorithm::names;
use sha2::{Digest, Sha256};

pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        text.chars().filter_map(|digit| digit.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// The strings of a list in `c-tests/lib/algorithms.h`, which C tests walk: each must be its table.
#[cfg(feature = "legacy")]
pub(crate) fn listed(list: &str) -> Vec<&'static str> {
    let header = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/c-tests/lib/algorithms.h"));
    let (_, rest) = header.split_once(&format!(" {list}[] = {{")).expect(list);
    let (strings, _) = rest.split_once("};").unwrap();
    strings.split('"').skip(1).step_by(2).collect()
}

/// Templates as a list there has them, with the place of the cipher.
#[cfg(feature = "legacy")]
pub(crate) fn format(templates: &[&str]) -> String {
    format!("{}(%s{}", templates.join("("), ")".repeat(templates.len()))
}

/// The algorithm of that name.
pub(super) fn find(name: &str) -> Option<SkcipherAlgorithm> {
    super::find(&names::parse(name)?)
}

fn keyed(name: &str, key: &[u8]) -> Result<Box<dyn Skcipher>> {
    (find(name).expect(name).new)(key)
}

/// Algorithm, key, IV, plaintext, ciphertext, IV left behind ("" if as before).
type Answer = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

#[track_caller]
fn check(answers: &[Answer]) {
    for (name, key, iv, plain, secret, left) in answers {
        let algorithm = find(name).expect(name);
        let keyed = (algorithm.new)(&hex(key)).expect(name);
        let (plain, secret) = (hex(plain), hex(secret));
        let left = hex(if left.is_empty() { iv } else { left });
        for (encrypt, input, output) in [(true, &plain, &secret), (false, &secret, &plain)] {
            let (mut iv, mut data) = (hex(iv), input.clone());
            assert_eq!(iv.len(), algorithm.iv_size, "{name}");
            assert_eq!(keyed.crypt(encrypt, &mut iv, data.as_mut_slice().into()), Ok(()), "{name}");
            assert_eq!((&data, &iv), (output, &left), "{name} {encrypt}");
        }
    }
}

const KEY: &str = "2b7e151628aed2a6abf7158809cf4f3c";
const COUNT: &str = "000102030405060708090a0b0c0d0e0f";
const TWO: &str = "6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51";

#[test]
#[rustfmt::skip]
fn modes_of_sp_800_38a() {
    check(&[
        // F.1.1, F.2.1, F.3.13, F.4.1, F.5.1, the first two blocks of each
        ("ecb(aes)", KEY, "", TWO, "3ad77bb40d7a3660a89ecaf32466ef97 f5d3d58503b9699de785895a96fdbaaf", ""),
        ("cbc(aes)", KEY, COUNT, TWO, "7649abac8119b246cee98e9b12e9197d 5086cb9b507219ee95db113a917678b2",
            "5086cb9b507219ee95db113a917678b2"),
        ("cfb(aes)", KEY, COUNT, TWO, "3b3fd92eb72dad20333449f8e83cfb4a c8a64537a0b3a93fcde3cdad9f1ce58b",
            "c8a64537a0b3a93fcde3cdad9f1ce58b"),
        ("ofb(aes)", KEY, COUNT, TWO, "3b3fd92eb72dad20333449f8e83cfb4a 7789508d16918f03f53c52dac54ed825",
            "d9a4dada0892239f6b8b3d7680e15674"),
        ("ctr(aes)", KEY, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", TWO,
            "874d6191b620e3261bef6864990db6ce 9806f66b7970fdff8617187bb9fffdff",
            "f0f1f2f3f4f5f6f7f8f9fafbfcfdff01"),
    ]);
}

#[test]
#[rustfmt::skip]
fn modes_of_other_standards() {
    check(&[
        // RFC 3686, test vectors 1 and 3
        ("rfc3686(ctr(aes))", "ae6852f8121067cc4bf7a5765577f39e 00000030", "0000000000000000",
            "53696e676c6520626c6f636b206d7367", "e4095d4fb7a7b3792d6175a3261311b8", ""),
        ("rfc3686(ctr(aes))", "7691be035e5020a8ac6e618529f9a0dc 00e0017b", "27777f3f4a1786f0",
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223",
            "c1cf48a89f2ffdd9cf4652e9efdb72d74540a42bde6d7836d59a5ceaaef3105325b2072f", ""),
        // CAVP XTSGenAES128, count 1; IEEE 1619-2018, B.1 vector 15
        ("xts(aes)", "a1b90cba3f06ac353b2c343876081762 090923026e91771815f29dab01932f2f",
            "4faef7117cda59c66e4b92013e768ad5", "ebabce95b14d3c8d6fb350390790311c",
            "778ae8b43cb98d5a825081d5be471c63", ""),
        ("xts(aes)", "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0 bfbebdbcbbbab9b8b7b6b5b4b3b2b1b0",
            "9a785634120000000000000000000000", "000102030405060708090a0b0c0d0e0f10",
            "6c1625db4671522d3d7599601de7ca09ed", ""),
        // RFC 3962, appendix B: one byte over a block, and two blocks
        ("cts(cbc(aes))", "636869636b656e207465726979616b69", "00000000000000000000000000000000",
            "4920776f756c64206c696b652074686520", "c6353568f2bf8cb4d8a580362da7ff7f97",
            "c6353568f2bf8cb4d8a580362da7ff7f"),
        ("cts(cbc(aes))", "636869636b656e207465726979616b69", "00000000000000000000000000000000",
            "4920776f756c64206c696b65207468652047656e6572616c2047617527732043",
            "39312523a78662d5be7fcbcc98ebf5a897687268d6ecccc0c07b25e25ecfe584",
            "39312523a78662d5be7fcbcc98ebf5a8"),
        // IEEE P1619, draft of 2004: LRW-AES
        ("lrw(aes)", "4562ac25f828176d4c268414b5680185 258e2a05e73e9d03ee5a830ccc094c87",
            "00000000000000000000000000000001", "30313233343536373839414243444546",
            "f1b273cd65a3df5fe95d489254634eb8", "00000000000000000000000000000002"),
        // openssl enc -aes-256-ecb of the IV with the key's SHA-256, then -aes-128-cbc
        ("essiv(cbc(aes),sha256)", KEY, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", TWO,
            "79f49e073c6db9376b8114d02a048f9e22a8a00414345215084785c9d5ad8c7e",
            "22a8a00414345215084785c9d5ad8c7e"),
        // openssl enc -aes-128-ecb of the IV XORed with 1 and 2
        ("xctr(aes)", KEY, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", TWO,
            "85781124e7f77c43dc4b8c8e92726f2f50bd44e1bcd0da2f246015d34c2e41c8", ""),
        // RFC 8439, 2.4.2, its first 64 bytes and one
        ("chacha20", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
            "01000000 000000000000004a00000000",
            "4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a20\
             4966204920636f756c64206f6666657220796f75206f",
            "6e2e359a2568f98041ba0728dd0d6981e97e7aec1d4360c20a27afccfd9fae0bf91b65c5524733ab8f59\
             3dabcd62b3571639d624e65152ab8f530c359f0861d8", ""),
    ]);
}

/// The authors' test vectors, as Linux `crypto/testmgr.h` has them.
#[test]
#[rustfmt::skip]
fn wide_blocks() {
    check(&[
        ("adiantum(xchacha12,aes)", "9eebb2493c1cf5f46a99c2c4dfb1f4dd752057ea2c4fcdb2a53d7b491eabfd0f",
            "df63d4abd249f3d8338137607dfa7308d8496d80e82f6254eb0ea9395b457f8a",
            "67c9f23084418e43fbf3b33e79367fe8", "6d32861867860f3f967c9d280d53ec9f", ""),
        ("adiantum(xchacha20,aes)", "9eebb2493c1cf5f46a99c2c4dfb1f4dd752057ea2c4fcdb2a53d7b491eabfd0f",
            "df63d4abd249f3d8338137607dfa7308d8496d80e82f6254eb0ea9395b457f8a",
            "67c9f23084418e43fbf3b33e79367fe8", "f67897d6aa9401272e4d83e06e649adf", ""),
        ("hctr2(aes)", "e7d17748760bcd342a2de774ca119cae",
            "711c4962d95b505e6887bcf689ffed30e4e5bdb6104f9f6628065af42735cde5",
            "87038f06a86154da0145d401ef4a22cf78159fbd64bd2cb9401d72ae5363a5",
            "4ea10527b845e4a1bb30b4a6127463d617c9cc2f1864e0060aa0ff72107b22", ""),
    ]);
}

#[test]
fn kw_of_rfc_3394() {
    // 4.1
    let kw = keyed("kw(aes)", &hex(COUNT)).unwrap();
    let (mut iv, mut data) = ([0; 8], hex("00112233445566778899aabbccddeeff"));
    assert_eq!(kw.crypt(true, &mut iv, data.as_mut_slice().into()), Ok(()));
    assert_eq!(iv[..], hex("1fa68b0a8112b447"));
    assert_eq!(data, hex("aef34bd8fb5a7b829d3e862371d2cfe5"));
    let mut wrong = data.clone();
    wrong[0] ^= 1;
    assert_eq!(kw.crypt(false, &mut iv, wrong.as_mut_slice().into()), Err(Errno::BADMSG));
    assert_eq!(wrong, [0; 16]);
    assert_eq!(kw.crypt(false, &mut iv, data.as_mut_slice().into()), Ok(()));
    assert_eq!(data, hex("00112233445566778899aabbccddeeff"));
    for len in [0, 8, 17] {
        assert_eq!(kw.crypt(true, &mut iv, vec![0; len].as_mut_slice().into()), Err(Errno::INVAL));
    }
}

const TEXT: &str = "00112233445566778899aabbccddeeff";
const KEY24: &str = "000102030405060708090a0b0c0d0e0f1011121314151617";
const KEY32: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

#[test]
#[rustfmt::skip]
fn aes() {
    check(&[
        // FIPS 197, C.2 and C.3
        ("ecb(aes)", KEY24, "", TEXT, "dda97ca4864cdfe06eaf70a0ec0d7191", ""),
        ("ecb(aes)", KEY32, "", TEXT, "8ea2b7ca516745bfeafc49904b496089", ""),
    ]);
}

#[cfg(feature = "legacy")]
#[test]
#[rustfmt::skip]
fn legacy_ciphers() {
    const SELF: &str = "0123456789abcdeffedcba9876543210";
    const ZERO: &str = "00000000000000000000000000000000";
    check(&[
        // GB/T 32907, A.1
        ("ecb(sm4)", SELF, "", SELF, "681edf34d206965e86b3e94f536e4246", ""),
        // RFC 5794, A.1 to A.3
        ("ecb(aria)", COUNT, "", TEXT, "d718fbd6ab644c739da95f3be6451778", ""),
        ("ecb(aria)", KEY24, "", TEXT, "26449c1805dbe7aa25a468ce263a9e79", ""),
        ("ecb(aria)", KEY32, "", TEXT, "f92bd7c79fb72e2f2b8f80c1972d24fc", ""),
        // SP 800-67, B.1
        ("ecb(des3_ede)", "0123456789abcdef 23456789abcdef01 456789abcdef0123", "",
            "5468652071756663 6b2062726f776e20 666f78206a756d70",
            "a826fd8ce53b855f cce21c8112256fe6 68d5c05dd9b6b900", ""),
        // RFC 3713, appendix A
        ("ecb(camellia)", SELF, "", SELF, "67673138549669730857065648eabe43", ""),
        // RFC 2144, B.1
        ("ecb(cast5)", "0123456712345678234567893456789a", "", "0123456789abcdef", "238b4fe5847e44b2", ""),
        ("ecb(cast5)", "01234567123456782345", "", "0123456789abcdef", "eb6a711a2c02271b", ""),
        // RFC 2612, appendix A
        ("ecb(cast6)", "2342bb9efa38542c0af75647f29f615d", "", ZERO, "c842a08972b43d20836c91d1b7530f6b", ""),
        // The Twofish paper, B.2; Eric Young's test vectors for Blowfish
        ("ecb(twofish)", ZERO, "", ZERO, "9f589f5cf6122c32b6bfec2f2ae8c35a", ""),
        ("ecb(blowfish)", "0000000000000000", "", "0000000000000000", "4ef997456198dd78", ""),
        // Linux crypto/testmgr.h
        ("ecb(serpent)", "", "", COUNT, "1207fcce9bd0d6476ae98fbed143a0e2", ""),
        ("ecb(serpent)", COUNT, "", COUNT, "4c7d8a328072a22c823e4a1f3acda16d", ""),
    ]);
}

/// The SHA-256 of the ciphertext, made with OpenSSL 3.0, of 3001 bytes 00 07 0e ...; of 2992 where only
/// blocks can be. XCTR and HCTR2 are made of its ecb, with the rest in Python.
#[test]
#[rustfmt::skip]
fn long_data() {
    let data: Vec<u8> = (0..3001).map(|i| (7 * i) as u8).collect();
    let iv = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";
    let tweak = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfefff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";
    let xts: Vec<u8> = (0..64).collect();
    for (name, key, iv, len, expected) in [
        ("ecb(aes)", &hex(KEY)[..], "", 2992, "52c53e8a19d17031b9e47cb95e534d29433284c5dff8e07819b8a7909b2e3598"),
        ("cbc(aes)", &hex(KEY), iv, 2992, "bdc2d6e97201695a1b5d93803ac3f4bc1f55afc0ede3d2dd531efd5e50cea5e6"),
        ("cfb(aes)", &hex(KEY), iv, 3001, "055932eedd15f9f104484bc8cfd3d310fb6fc0bd06d32addd60381e13310c5b5"),
        ("ofb(aes)", &hex(KEY), iv, 3001, "7ebb2bfc50bdebd147b6ad321551af5c80ce36cd7932c5b30586d66d8118e470"),
        // The counter wraps.
        ("ctr(aes)", &hex(KEY), "fffffffffffffffffffffffffffffff0", 3001,
            "8196848ff1efe71c6146f58b1bde2e1224de0752dcac6ba70be04d4950315465"),
        ("xctr(aes)", &hex(KEY), iv, 3001, "046f9e8e2e54fe1b039009cfec8553c247dd8398f3308ea212bbb1e4a3d9c09c"),
        ("hctr2(aes)", &hex(KEY), tweak, 2992, "5013776a81d1f412f633c182411b546e37498d43f29e296ed3892601f3fc8147"),
        ("hctr2(aes)", &hex(KEY), tweak, 3001, "92a6d0bb62cc6c0dc80e0641ea222a7f99572b25933eaa1ff65f6717f0428a60"),
        ("xts(aes)", &xts[..32], iv, 3001, "729c1484fbd04a99c17cb44a696f3174c42d4074846e87227e94ea8ceca00ee3"),
        ("xts(aes)", &xts, iv, 3001, "3d6bb8a9402a1cb8cb23a5ec0aff25003a9c5093cd5a1ab9f03f5f554b8c8544"),
    ] {
        let cipher = keyed(name, key).unwrap();
        let mut output = data[..len].to_vec();
        assert_eq!(cipher.crypt(true, &mut hex(iv), output.as_mut_slice().into()), Ok(()));
        assert_eq!(Sha256::digest(&output)[..], hex(expected), "{name}");
        assert_eq!(cipher.crypt(false, &mut hex(iv), output.as_mut_slice().into()), Ok(()));
        assert!(output == data[..len], "{name}");
    }
}

#[test]
fn pieces_are_the_whole() {
    let data: Vec<u8> = (0..3072).map(|i| ((i * i) >> 3) as u8).collect();
    const LEGACY: &[&str] = &[
        "sm4", "aria", "des3_ede", "blowfish", "camellia", "cast5", "cast6", "serpent", "twofish",
    ];
    let legacy = if cfg!(feature = "legacy") { LEGACY } else { &[] };
    for &cipher in ["aes"].iter().chain(legacy) {
        for mode in ["ecb", "cbc", "pcbc", "ctr", "cfb", "ofb", "lrw"] {
            let name = format!("{mode}({cipher})");
            let Some(algorithm) = find(&name) else {
                assert!(mode == "lrw", "{name}");
                continue;
            };
            let key: Vec<u8> = (1..=if cipher == "des3_ede" { 24 } else { 16 }).collect();
            let tweak = if mode == "lrw" { vec![0xc5; 16] } else { vec![] };
            let cipher = (algorithm.new)(&[key, tweak].concat()).unwrap();
            // A counter that soon wraps.
            let iv = vec![0xff; algorithm.iv_size];
            for encrypt in [true, false] {
                let (mut whole, mut whole_iv) = (data.clone(), iv.clone());
                cipher.crypt(encrypt, &mut whole_iv, whole.as_mut_slice().into()).unwrap();
                for piece in [1, 3, 63, 64, 65, 100].map(|blocks| blocks * algorithm.chunk) {
                    let (mut pieces, mut iv) = (data.clone(), iv.clone());
                    for piece in pieces.chunks_mut(piece) {
                        cipher.crypt(encrypt, &mut iv, piece.into()).unwrap();
                    }
                    assert!(pieces == whole && iv == whole_iv, "{name} {encrypt} {piece}");
                }
                cipher.crypt(!encrypt, &mut iv.clone(), whole.as_mut_slice().into()).unwrap();
                assert!(whole == data, "{name} {encrypt}");
            }
        }
    }
}

#[test]
fn piece_of_a_block_at_the_end() {
    // Linux 6.1 does it so: ctr counts it, ofb keeps its key stream, cfb ignores it.
    let block = |name, len| {
        let (mut iv, mut data) = (hex(COUNT), vec![0; len]);
        keyed(name, &hex(KEY)).unwrap().crypt(true, &mut iv, data.as_mut_slice().into()).unwrap();
        (iv, data)
    };
    assert_eq!(block("ctr(aes)", 17).0, hex("000102030405060708090a0b0c0d0e11"));
    assert_eq!(block("ofb(aes)", 17).0, block("ofb(aes)", 32).1[16..]);
    assert_eq!(block("cfb(aes)", 17).0, block("cfb(aes)", 16).1);
    assert_eq!(block("cfb(aes)", 15).0, hex(COUNT));
}

#[test]
fn lengths() {
    for (name, good, bad) in [
        ("ecb(aes)", &[0, 16, 48][..], &[1, 15, 17][..]),
        ("cbc(aes)", &[0, 16, 48], &[1, 15, 17]),
        ("ctr(aes)", &[0, 1, 17], &[]),
        ("xctr(aes)", &[0, 1, 17], &[]),
        ("xts(aes)", &[16, 17, 31, 48], &[0, 15]),
        ("hctr2(aes)", &[16, 17, 31, 48], &[0, 15]),
        ("adiantum(xchacha12,aes)", &[16, 17, 31, 48], &[0, 15]),
        ("cts(cbc(aes))", &[16, 17, 31, 48], &[0, 15]),
    ] {
        let algorithm = find(name).unwrap();
        let cipher = (algorithm.new)(&[7; 32]).unwrap();
        let crypt = |len| {
            cipher.crypt(true, &mut vec![0; algorithm.iv_size], vec![0; len].as_mut_slice().into())
        };
        good.iter().for_each(|&len| assert_eq!(crypt(len), Ok(()), "{name} {len}"));
        bad.iter().for_each(|&len| assert_eq!(crypt(len), Err(Errno::INVAL), "{name} {len}"));
    }
}

#[test]
fn key_lengths() {
    let mut rules = vec![
        ("cbc(aes)", vec![16, 24, 32]),
        ("xctr(aes)", vec![16, 24, 32]),
        ("xts(aes)", vec![32, 48, 64]),
        ("lrw(aes)", vec![32, 40, 48]),
        ("rfc3686(ctr(aes))", vec![20, 28, 36]),
        ("hctr2(aes)", vec![16, 24, 32]),
        ("kw(aes)", vec![16, 24, 32]),
        ("chacha20", vec![32]),
        ("xchacha20", vec![32]),
        ("adiantum(xchacha20,aes)", vec![32]),
        ("essiv(cbc(aes),sha256)", vec![16, 24, 32]),
        ("essiv(cbc(aes),sha224)", vec![]),
        ("ecb(cipher_null)", vec![0]),
    ];
    if cfg!(feature = "legacy") {
        rules.extend([
            ("cbc(sm4)", vec![16]),
            ("cbc(aria)", vec![16, 24, 32]),
            ("ecb(des3_ede)", vec![24]),
            ("cbc(blowfish)", (4..=56).collect()),
            ("cbc(cast5)", (5..=16).collect()),
            ("cbc(cast6)", vec![16, 20, 24, 28, 32]),
            ("cbc(camellia)", vec![16, 24, 32]),
            ("cbc(serpent)", (0..=32).collect()),
            ("cbc(twofish)", vec![16, 24, 32]),
        ]);
    }
    for (name, lengths) in rules {
        for len in 0..=70 {
            let expected = if lengths.contains(&len) { None } else { Some(Errno::INVAL) };
            // All bytes equal: weak for xts and des3_ede, which is refused in FIPS mode only.
            assert_eq!(keyed(name, &vec![1; len]).err(), expected, "{name} {len}");
        }
    }
}

#[test]
fn names() {
    for name in
        ["", "aes", "cbc", "cbc(aes", "cbc(aes))", "cbcaes)", "cts(aes)", "ctr(nosuch)", "()"]
    {
        assert!(find(name).is_none(), "{name}");
    }
    #[cfg(feature = "legacy")]
    for name in
        ["xctr(des3_ede)", "xts(des3_ede)", "lrw(cast5)", "kw(blowfish)", "rfc3686(ctr(cast5))"]
    {
        assert!(find(name).is_none(), "{name}");
    }
    for name in [
        "essiv(cbc(aes),sha384)",
        "essiv(cbc(aes),hmac(sha256))",
        "essiv(ecb(aes),sha256)",
        "essiv(cbc(aes))",
        "ctr(cipher_null)",
        "cipher_null",
        "adiantum(xchacha12)",
        "adiantum(chacha20,aes)",
        "adiantum(xchacha12,cipher_null)",
    ] {
        assert!(find(name).is_none(), "{name}");
    }
    let sizes = |name| find(name).map(|found| (found.block_size, found.iv_size, found.chunk));
    assert_eq!(sizes("cbc(aes)"), Some((16, 16, 16)));
    assert_eq!(sizes("ctr(aes)"), Some((1, 16, 16)));
    assert_eq!(sizes("xctr(aes)"), Some((1, 16, 16)));
    assert_eq!(sizes("hctr2(aes)"), Some((16, 32, 16)));
    assert_eq!(sizes("adiantum(xchacha12,aes)"), Some((16, 32, 16)));
    assert_eq!(sizes("ecb(aes)"), Some((16, 0, 16)));
    assert_eq!(sizes("rfc3686(ctr(aes))"), Some((1, 8, 16)));
    assert_eq!(sizes("kw(aes)"), Some((8, 8, 8)));
    assert_eq!(sizes("xchacha20"), Some((1, 32, 64)));
    assert_eq!(sizes("essiv(cbc(aes),sha256)"), Some((16, 16, 16)));
    assert_eq!(sizes("ecb(cipher_null)"), Some((1, 0, 1)));
    assert!(find("ecb(cipher_null)").unwrap().keyless && !find("ecb(aes)").unwrap().keyless);
}

#[cfg(feature = "legacy")]
#[test]
fn c_tests_know_every_algorithm() {
    assert!(MODES.iter().map(|known| format(known.templates)).eq(listed("modes")));
    assert!(block::ALGORITHMS.iter().map(|known| known.name).eq(listed("block_ciphers")));
    assert!(STREAMS.iter().map(|known| known.0).eq(listed("stream_ciphers")));
}
