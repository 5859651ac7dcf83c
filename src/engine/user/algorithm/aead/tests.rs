// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Known answers, and that nothing wrong is taken for right.

use super::*;
use crate::engine::user::algorithm::names;
use crate::engine::user::algorithm::skcipher::hex;

/// The algorithm of that name.
pub(super) fn find(name: &str) -> Option<AeadAlgorithm> {
    super::find(&names::parse(name)?)
}

/// Key, IV, AAD, plaintext, ciphertext, tag.
type Answer<'a> = (&'a str, &'a str, &'a str, &'a str, &'a str, &'a str);

#[track_caller]
fn check(name: &str, (key, iv, aad, plain, secret, tag): Answer<'_>) {
    let algorithm = find(name).expect(name);
    let cipher = (algorithm.new)(&hex(key)).expect(name);
    let (iv, mut aad, plain, secret, tag) = (hex(iv), hex(aad), hex(plain), hex(secret), hex(tag));
    assert_eq!(iv.len(), algorithm.iv_size);
    assert!(algorithm.takes_tag(tag.len()));

    let (mut data, mut made) = (plain.clone(), vec![0; tag.len()]);
    assert_eq!(cipher.seal(&iv, &mut aad, data.as_mut_slice().into(), &mut made), Ok(()));
    assert_eq!((&data, &made), (&secret, &tag), "{name}");
    assert_eq!(cipher.open(&iv, &mut aad, data.as_mut_slice().into(), &tag), Ok(()));
    assert_eq!(data, plain, "{name}");

    for i in 0..tag.len() {
        let (mut data, mut wrong) = (secret.clone(), tag.clone());
        wrong[i] ^= 0x80;
        assert_eq!(
            cipher.open(&iv, &mut aad, data.as_mut_slice().into(), &wrong),
            Err(Errno::BADMSG),
            "{name} {i}"
        );
        assert!(data == secret || data.iter().all(|&byte| byte == 0), "{name}: plaintext shows");
    }
    for i in 0..secret.len() {
        let mut wrong = secret.clone();
        wrong[i] ^= 1;
        assert_eq!(
            cipher.open(&iv, &mut aad, wrong.as_mut_slice().into(), &tag),
            Err(Errno::BADMSG),
            "{name} {i}"
        );
    }
}

/// `seal` of the algorithm.
fn sealed(name: &str, key: &str, iv: &str, aad: &[u8], plain: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (mut data, mut tag) = (plain.to_vec(), vec![0; 16]);
    let cipher = (find(name).unwrap().new)(&hex(key)).unwrap();
    cipher.seal(&hex(iv), &mut aad.to_vec(), data.as_mut_slice().into(), &mut tag).unwrap();
    (data, tag)
}

#[test]
fn gcm() {
    // McGrew and Viega, The Galois/Counter Mode of Operation, test cases 1 and 4
    let zero = "00000000000000000000000000000000";
    check("gcm(aes)", (zero, &zero[..24], "", "", "", "58e2fccefa7e3061367f1d57a4e7455a"));
    let key = "feffe9928665731c6d6a8f9467308308";
    let iv = "cafebabefacedbaddecaf888";
    let aad = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
    let plain = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
                 1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";
    let secret = "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e\
                  21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091";
    let tag = "5bc94fbc3221a5db94fae95ae7121a47";
    check("gcm(aes)", (key, iv, aad, plain, secret, tag));
    check("gcm(aes)", (key, iv, aad, plain, secret, &tag[..8]));
}

#[cfg(feature = "legacy")]
#[test]
fn sm4() {
    // RFC 8998, A.1
    let key = "0123456789abcdeffedcba9876543210";
    let aad = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
    let plain = "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd\
                 eeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa";
    let secret = "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735\
                  d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d";
    let tag = "83de3541e4c2b58177e065a9bf7b62ec";
    check("gcm(sm4)", (key, "00001234567800000000abcd", aad, plain, secret, tag));
    // RFC 8998, A.2; the IV in the kernel's form
    let secret = "48af93501fa62adbcd414cce6034d895dda1bf8f132f042098661572e7483094\
                  fd12e518ce062c98acee28d95df4416bed31a2f04476c18bb40c84a74b97dc5b";
    let tag = "16842d4fa186f56ab33256971fa110f4";
    check("ccm(sm4)", (key, "0200001234567800000000abcd000000", aad, plain, secret, tag));
}

#[test]
fn ccm() {
    // SP 800-38C, examples 1 and 2; the IV in the kernel's form
    let key = "404142434445464748494a4b4c4d4e4f";
    let aad = "000102030405060708090a0b0c0d0e0f";
    let plain = "202122232425262728292a2b2c2d2e2f";
    check(
        "ccm(aes)",
        (key, "07101112131415160000000000000000", &aad[..16], &plain[..8], "7162015b", "4dac255d"),
    );
    let secret = "d2a1f0e051ea5f62081a7792073d593d";
    check(
        "ccm(aes)",
        (key, "06101112131415161700000000000000", aad, plain, secret, "1fc64fbfaccd"),
    );
    // Example 4: 64 KiB of AAD, whose length takes 6 bytes.
    let mut aad: Vec<u8> = (0..=255).cycle().take(65536).collect();
    let plain: Vec<u8> = (0x20..0x40).collect();
    let cipher = (find("ccm(aes)").unwrap().new)(&hex(key)).unwrap();
    let (mut data, mut tag) = (plain, [0; 14]);
    let iv = hex("01101112131415161718191a1b1c0000");
    assert_eq!(cipher.seal(&iv, &mut aad, data.as_mut_slice().into(), &mut tag), Ok(()));
    assert_eq!(data, hex("69915dad1e84c6376a68c2967e4dab615ae0fd1faec44cc484828529463ccf72"));
    assert_eq!(tag[..], hex("b4ac6bec93e8598e7f0dadbcea5b"));
}

/// Compared with what SP 800-38C, A.2 and A.3, says of one block after the other.
#[test]
fn ccm_with_aad_of_any_length() {
    let key = [0x5e; 16];
    let ccm = (find("ccm(aes)").unwrap().new)(&key).unwrap();
    let aes = (block::find(&names::parse("aes").unwrap()).unwrap().key)(&key).unwrap();
    let numbers = |seed: usize, len| (0..len).map(|i| (i * 7 + seed) as u8).collect::<Vec<_>>();
    let padded = |mut bytes: Vec<u8>| {
        bytes.resize(bytes.len().next_multiple_of(16), 0);
        bytes
    };
    let mut iv = numbers(11, 16);
    iv[0] = 3;
    iv[12..].fill(0);
    for aad_len in (0..140).chain([0xfeff, 0xff00, 0xff01]) {
        for len in [0, 1, 15, 16, 17, 32, 63, 64, 65, 300] {
            let (mut aad, plain) = (numbers(1, aad_len), numbers(2, len));
            let mut first = iv.clone();
            first[0] |= 7 * 8 + if aad_len > 0 { 64 } else { 0 };
            first[12..].copy_from_slice(&(len as u32).to_be_bytes());
            let prefix = match aad_len {
                0 => vec![],
                1..0xff00 => (aad_len as u16).to_be_bytes().to_vec(),
                _ => [&[0xff, 0xfe][..], &(aad_len as u32).to_be_bytes()].concat(),
            };
            let text = [first, padded([prefix, aad.clone()].concat()), padded(plain.clone())];
            let mut expected_tag = [0; 16];
            for block in text.concat().chunks(16) {
                expected_tag.iter_mut().zip(block).for_each(|(sum, byte)| *sum ^= byte);
                aes.encrypt(&mut expected_tag);
            }
            let stream: Vec<u8> = (0..=len.div_ceil(16) as u32)
                .flat_map(|i| {
                    let mut counter = iv.clone();
                    counter[12..].copy_from_slice(&i.to_be_bytes());
                    aes.encrypt(&mut counter);
                    counter
                })
                .collect();
            block::xor(&mut expected_tag, &stream);
            let mut expected = plain.clone();
            block::xor(&mut expected, &stream[16..]);

            let (mut data, mut tag) = (plain.clone(), [0; 16]);
            ccm.seal(&iv, &mut aad, data.as_mut_slice().into(), &mut tag).unwrap();
            assert!(data == expected && tag == expected_tag, "{aad_len} {len}");
            ccm.open(&iv, &mut aad, data.as_mut_slice().into(), &tag).unwrap();
            assert!(data == plain, "{aad_len} {len}");
        }
    }
}

#[test]
fn ccm_refuses() {
    let cipher = (find("ccm(aes)").unwrap().new)(&[0; 16]).unwrap();
    let seal = |first, len| {
        let mut iv = [0; 16];
        iv[0] = first;
        cipher
            .seal(&iv, &mut [], (&mut vec![0; len][..]).into(), &mut [0; 16])
            .map_err(Errno::number)
    };
    assert_eq!(seal(0, 1), Err(libc::EINVAL));
    assert_eq!(seal(8, 1), Err(libc::EINVAL));
    assert_eq!(seal(1, 65536), Ok(()), "the kernel takes one byte too many");
    assert_eq!(seal(1, 65537), Err(libc::EOVERFLOW));
    assert_eq!(seal(2, 65537), Ok(()));
}

#[test]
fn rfc4106() {
    // draft-mcgrew-gcm-test-01, section 4, the first one
    check(
        "rfc4106(gcm(aes))",
        (
            "4c80cdefbb5d10da906ac73c3613a634 2e443b68",
            "4956ed7e3b244cfe",
            "000043218765432100000000 4956ed7e3b244cfe",
            "45000048699a000080114db7c0a80102c0a801010a9bf15638d3010000010000\
             00000000045f736970045f756470037369700963796265726369747902646b00\
             0021000101020201",
            "fecf537e729d5b07dc30df528dd22b768d1b98736696a6fd348509fa13ceac34\
             cfa2436f14a3f3cf65925bf1f4a13c5d15b21e1884f5ff6247aeabb786b93bce\
             61bc17d768fd9732",
            "459018148f6cbe722fd04796562dfdb4",
        ),
    );
}

#[test]
fn ipsec_is_gcm_and_ccm() {
    let (key, salt, iv) = ("000102030405060708090a0b0c0d0e0f", "a0a1a2a3", "b0b1b2b3b4b5b6b7");
    let plain = b"a datagram of some length";
    let with_salt = format!("{key}{salt}");
    for header in [&b"8 bytes!"[..], b"or 12 bytes."] {
        let aad = [header, &hex(iv)].concat();
        assert_eq!(
            sealed("rfc4106(gcm(aes))", &with_salt, iv, &aad, plain),
            sealed("gcm(aes)", key, &format!("{salt}{iv}"), header, plain),
        );
        assert_eq!(
            sealed("rfc4309(ccm(aes))", &with_salt[..38], iv, &aad, plain),
            sealed("ccm(aes)", key, &format!("03{}{iv}00000000", &salt[..6]), header, plain),
        );
        let (_, tag) =
            sealed("gcm(aes)", key, &format!("{salt}{iv}"), &[&aad, &plain[..]].concat(), b"");
        let gmac = sealed("rfc4543(gcm(aes))", &with_salt, iv, &aad, plain);
        assert_eq!(gmac, (plain.to_vec(), tag));
    }
    for name in ["rfc4106(gcm(aes))", "rfc4309(ccm(aes))", "rfc4543(gcm(aes))"] {
        let cipher = (find(name).unwrap().new)(&hex(
            &with_salt[..if name.contains("ccm") { 38 } else { 40 }]
        ));
        let cipher = cipher.unwrap();
        for len in (0..40).filter(|len| ![16, 20].contains(len)) {
            let result =
                cipher.seal(&hex(iv), &mut vec![0; len], (&mut [0; 16][..]).into(), &mut [0; 16]);
            assert_eq!(result, Err(Errno::INVAL), "{name} {len}");
        }
    }
}

#[test]
fn rfc7539() {
    // RFC 8439, 2.8.2
    let plain = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip \
                  for the future, sunscreen would be it.";
    let plain: String = plain.iter().map(|byte| format!("{byte:02x}")).collect();
    check(
        "rfc7539(chacha20,poly1305)",
        (
            "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
            "070000004041424344454647",
            "50515253c0c1c2c3c4c5c6c7",
            &plain,
            "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6\
             3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36\
             92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc\
             3ff4def08e4b7a9de576d26586cec64b6116",
            "1ae10b594f09e26a7e902ecbd0600691",
        ),
    );
}

#[test]
fn rfc7539esp() {
    // RFC 7634, appendix A
    check(
        "rfc7539esp(chacha20,poly1305)",
        (
            "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f a0a1a2a3",
            "1011121314151617",
            "0102030400000005 1011121314151617",
            "45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec10\
             0007362708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223\
             2425262728292a2b2c2d2e2f303132333435363701020204",
            "24039428b97f417e3c13753a4f05087b67c352e6a7fab1b982d466ef407ae5c6\
             14ee8099d52844eb61aa95dfab4c02f72aa71e7c4c4f64c9befe2facc638e8f3\
             cbec163fac469b502773f6fb94e664da9165b82829f641e0",
            "76aaa8266b7fb0f7b11b369907e1ad43",
        ),
    );
    let cipher = (find("rfc7539esp(chacha20,poly1305)").unwrap().new)(&[0; 36]).unwrap();
    assert_eq!(
        cipher.seal(&[0; 8], &mut [0; 7], (&mut [][..]).into(), &mut [0; 16]),
        Err(Errno::INVAL)
    );
}

/// The rtattr as this machine has it, and the two keys.
fn blob(auth: &str, enc: &str) -> String {
    let [a, b] = 8_u16.to_ne_bytes();
    let [c, d] = 1_u16.to_ne_bytes();
    format!("{a:02x}{b:02x}{c:02x}{d:02x}{:08x}{auth}{enc}", enc.len() / 2)
}

/// Made with OpenSSL 3.0, `openssl enc` and `openssl dgst -mac hmac`.
#[test]
#[rustfmt::skip]
fn authenc() {
    let key = blob("000102030405060708090a0b0c0d0e0f10111213", "2b7e151628aed2a6abf7158809cf4f3c");
    let iv = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";
    let aad = "6173736f6369617465642064617461";
    let plain = "73696e676c6520626c6f636b206d736720616e6420616e6f74686572206f6e65";
    let cbc = "c5800faa1faa7c4c8e77c6087ebb3b75eb54fc17ae842068ce3db36ec4a90a1d";
    let ctr = "9fe5b114f4055cd29ebd751ecaf3d283164a125847123f0c6cc812a5dc3f1dcb";
    for (name, secret, tag) in [
        ("authenc(hmac(sha1),cbc(aes))", cbc, "e5be947146f746a4db5c06752fa444418a0bcd7e"),
        ("authenc(hmac(md5),cbc(aes))", cbc, "4932dcc47d14134c6b948d81a3d58090"),
        ("authenc(hmac(sha224),cbc(aes))", cbc, "3c3e6535cad82197eafc57afc07db86784288c287ffd50ac971131fc"),
        ("authenc(hmac(sha256),cbc(aes))", cbc, "ecccad09fd17991f66999de9a10f0bc92e328d43f620e939b4ce91a97bc1147c"),
        ("authenc(hmac(sha384),cbc(aes))", cbc,
            "5fee84d6e731bb72f44a7aa48cb1c1456f248b2d6d3e4402742b502c2f468d27c68203d9d84b9ac863c32bf34d5fc338"),
        ("authenc(hmac(sha512),cbc(aes))", cbc,
            "2efb599c270d4dbfb8c67e346702c4c775fa5feafd92709ea17e295c608b4505\
             1338050bcbbfc5ae06d9d834797bddc7555ba7fc290878a32729033a8bd5e01f"),
        ("authenc(hmac(sha256),ctr(aes))", ctr, "aa393eceeb5e74b5171fecca3325bc609bee8959e5d3fd2bf98f6755cf1187f6"),
    ] {
        check(name, (&key, iv, aad, plain, secret, tag));
        check(name, (&key, iv, aad, plain, secret, &tag[..24]));
    }
    let key = blob("000102030405060708090a0b0c0d0e0f10111213", "");
    let tag = "1de40bd2e7fe17bd9d07634255335aadff04e696";
    check("authenc(hmac(sha1),ecb(cipher_null))", (&key, "", aad, plain, plain, tag));
}

/// Encryption of RFC 6803, section 10; keys for the usage by its key derivation, done with OpenSSL. A message
/// begins with a random confounder.
#[cfg(feature = "legacy")]
#[test]
fn krb5enc() {
    let zero = "00000000000000000000000000000000";
    for (integrity, encryption, plain, secret, tag) in [
        (
            "45eb66e2efa8778f7df1465453059806",
            "e99b82b36c4ae8ea19e95dfa9ede882c",
            "b69822a19a6b09c0ebc8557d1f1b6c0a",
            "c466f1871069921edb7c6fde244a52db",
            "0ba10edc197bdb8006658ca3ccce6eb8",
        ),
        (
            "135fe7116f53c2aa3612b7eae0f284aa",
            "a7edcd5397ea6d12b0aff4cb8daa57ad",
            "6f2fc3c2a166fd8898967a83de9596d9 31",
            "842d21fd950311c0dd464a3f4be8d6da88",
            "a56d559c9b47d3f9a85067af661559b8",
        ),
        (
            "102c34d075749f778a15cad1e97da986",
            "dde42eca7cd9863fc3ce89cbc94362d7",
            "a5b4a71e077aeef93c8763c18fdb1f10 392062797465737373",
            "619ff072e36286ff0a28deb3a352ec0d0edf5c5160d663c901",
            "758ccf9d1ed33d71db8f23aabf8348a0",
        ),
    ] {
        let key = blob(integrity, encryption);
        check("krb5enc(cmac(camellia),cts(cbc(camellia)))", (&key, zero, "", plain, secret, tag));
    }
}

#[test]
fn authenc_keys() {
    let new = find("authenc(hmac(sha1),cbc(aes))").unwrap().new;
    let (auth, enc) = ("0102030405", "2b7e151628aed2a6abf7158809cf4f3c");
    assert!(new(&hex(&blob(auth, enc))).is_ok());
    assert!(new(&hex(&blob("", enc))).is_ok());
    let good = hex(&blob(auth, enc));
    for (at, byte) in [(0, 9), (2, 2), (4, 1), (7, 15), (7, 22)] {
        let mut bad = good.clone();
        bad[at] = byte;
        assert_eq!(new(&bad).err(), Some(Errno::INVAL), "{at}");
    }
    for len in 0..24 {
        assert_eq!(new(&good[..len]).err(), Some(Errno::INVAL), "{len}");
    }
    let unkeyed = find("authenc(sha1,cbc(aes))").unwrap().new;
    assert_eq!(unkeyed(&good).err(), Some(Errno::NOSYS), "a digest without keys takes none");
    // A wrong length is told after the tag was found right.
    let cipher = new(&good).unwrap();
    let seal = cipher.seal(&[0; 16], &mut [], (&mut [0; 17][..]).into(), &mut [0; 20]);
    assert_eq!(seal, Err(Errno::INVAL));
    assert_eq!(
        cipher.open(&[0; 16], &mut [], (&mut [0; 17][..]).into(), &[0; 20]),
        Err(Errno::BADMSG)
    );
}

#[test]
fn long_data_and_odd_pieces() {
    // Longer than what is worked on at once; gcm against itself over the parts of GMAC.
    let data: Vec<u8> = (0..50_021_u32).map(|i| ((i * 13) >> 2) as u8).collect();
    for name in ["gcm(aes)", "ccm(aes)", "rfc7539(chacha20,poly1305)"] {
        let algorithm = find(name).unwrap();
        let cipher = (algorithm.new)(&[9; 32]).unwrap();
        let iv = vec![2; algorithm.iv_size];
        for len in [0, 1, 15, 16, 17, 1023, 1025, 16384, 16385, data.len()] {
            let (mut output, mut tag) = (data[..len].to_vec(), [0; 16]);
            let mut aad = data[..len % 77].to_vec();
            cipher.seal(&iv, &mut aad, output.as_mut_slice().into(), &mut tag).unwrap();
            cipher.open(&iv, &mut aad, output.as_mut_slice().into(), &tag).unwrap();
            assert!(output == data[..len], "{name} {len}");
        }
    }
    // draft-mcgrew-gcm-test-01's GMAC is over AAD and data in a row, wherever the border is.
    let (key, iv) = ("000102030405060708090a0b0c0d0e0fa0a1a2a3", "b0b1b2b3b4b5b6b7");
    let tag =
        |border: usize| sealed("rfc4543(gcm(aes))", key, iv, &data[..border], &data[border..333]).1;
    assert_eq!(tag(16), tag(20));
}

#[test]
fn tag_lengths() {
    for (name, lengths) in [
        ("gcm(aes)", vec![4, 8, 12, 13, 14, 15, 16]),
        ("ccm(aes)", vec![4, 6, 8, 10, 12, 14, 16]),
        ("rfc4106(gcm(aes))", vec![8, 12, 16]),
        ("rfc4309(ccm(aes))", vec![8, 12, 16]),
        ("rfc4543(gcm(aes))", vec![16]),
        ("rfc7539(chacha20,poly1305)", vec![16]),
        ("rfc7539esp(chacha20,poly1305)", vec![16]),
        ("aegis128", (8..=16).collect()),
        ("authenc(hmac(sha1),cbc(aes))", (1..=20).collect()),
        ("authenc(hmac(sha512),ctr(aes))", (1..=64).collect()),
        ("krb5enc(hmac(sha1),cts(cbc(aes)))", (1..=20).collect()),
    ] {
        let algorithm = find(name).unwrap();
        let good: Vec<usize> = (0..=80).filter(|&len| algorithm.takes_tag(len)).collect();
        assert_eq!(good, lengths, "{name}");
        assert_eq!(lengths.last(), Some(&algorithm.max_tag_size));
    }
}

/// Bytes on both sides of an output that nothing may write to.
const GUARD: usize = 64;

/// A place for `len` bytes that have other contents, and what must stay around it.
fn guarded(len: usize) -> (Vec<u8>, std::ops::Range<usize>) {
    (vec![0xa5; GUARD + len + GUARD], GUARD..GUARD + len)
}

#[track_caller]
fn check_in_place_against_apart(name: &str, cipher: &dyn Aead, sizes: (usize, usize), len: usize) {
    let what = format!("{name}, {len} bytes");
    let (iv, aad) = (vec![3; sizes.0], [7; 20]);
    let plain: Vec<u8> = (0..len).map(|i| ((i * i) >> 3) as u8 | 1).collect();
    let seal = |data: Data<'_, '_>| {
        let (mut aad, mut tag) = (aad, vec![0; sizes.1]);
        (cipher.seal(&iv, &mut aad, data, &mut tag), tag, aad)
    };
    let open = |data: Data<'_, '_>, tag: &[u8]| {
        let mut aad = seal((&mut plain.clone()[..]).into()).2;
        (cipher.open(&iv, &mut aad, data, tag), aad)
    };
    let apart = |input: &[u8], process: &mut dyn FnMut(Data<'_, '_>)| {
        let (mut memory, place) = guarded(len);
        let before = input.to_vec();
        process(Data::new(input, &mut memory[place.clone()]).unwrap());
        assert!(input == before, "{what}: the input was changed");
        let guards = [&memory[..place.start], &memory[place.end..]];
        assert!(guards.concat() == [0xa5; 2 * GUARD], "{what}: a guard was changed");
        memory[place].to_vec()
    };

    let mut secret = plain.clone();
    let sealed = seal(secret.as_mut_slice().into());
    let mut sealed_apart = None;
    let output = apart(&plain, &mut |data| sealed_apart = Some(seal(data)));
    assert_eq!(sealed_apart.as_ref(), Some(&sealed), "{what}");
    let (Ok(()), tag, _) = sealed else { return };
    assert!(output == secret, "{what}");

    let mut in_place = secret.clone();
    let opened = open(in_place.as_mut_slice().into(), &tag);
    let mut opened_apart = None;
    let output = apart(&secret, &mut |data| opened_apart = Some(open(data, &tag)));
    assert_eq!((&opened.0, Some(&opened)), (&Ok(()), opened_apart.as_ref()), "{what}");
    assert!(in_place == plain && output == plain, "{what}");

    let mut wrong = tag;
    wrong[len % sizes.1] ^= 1 << (len % 8);
    let mut in_place = secret.clone();
    let refused = open(in_place.as_mut_slice().into(), &wrong).0;
    let mut refused_apart = None;
    let output = apart(&secret, &mut |data| refused_apart = Some(open(data, &wrong).0));
    assert_eq!((refused, refused_apart), (Err(Errno::BADMSG), Some(Err(Errno::BADMSG))), "{what}");
    for left in [in_place, output] {
        let known = [&vec![0; len], &vec![0xa5; len], &secret];
        assert!(known.contains(&&left), "{what}: plaintext shows");
    }
}

#[test]
fn in_place_and_apart_agree() {
    let keys = blob("000102030405060708090a0b0c0d0e0f", "2b7e151628aed2a6abf7158809cf4f3c");
    let nulls = blob("0001020304050607", "");
    let key = |len| "5e".repeat(len);
    let mut aeads: Vec<(&str, String)> = vec![
        ("gcm(aes)", key(16)),
        ("gcm(aes)", key(24)),
        ("ccm(aes)", key(16)),
        ("rfc4106(gcm(aes))", key(20)),
        ("rfc4309(ccm(aes))", key(19)),
        ("rfc4543(gcm(aes))", key(20)),
        ("rfc7539(chacha20,poly1305)", key(32)),
        ("rfc7539esp(chacha20,poly1305)", key(36)),
        ("aegis128", key(16)),
        ("authenc(hmac(sha256),cbc(aes))", keys.clone()),
        ("authenc(hmac(sha1),ctr(aes))", keys.clone()),
        ("authenc(hmac(sha1),ecb(cipher_null))", nulls),
        ("krb5enc(hmac(sha1),cts(cbc(aes)))", keys.clone()),
        ("krb5enc(cmac(aes),ctr(aes))", keys.clone()),
        ("essiv(authenc(hmac(sha256),cbc(aes)),sha256)", keys.clone()),
    ];
    if cfg!(feature = "legacy") {
        aeads.extend([
            ("gcm(camellia)", key(16)),
            ("ccm(sm4)", key(16)),
            ("authenc(hmac(sha1),cbc(des3_ede))", blob("00", &"0123456789abcdef".repeat(3))),
        ]);
    }
    let long = [511, 512, 513, 1023, 1024, 1040, 1920, 2047, 4096, 16384, 17345, 33000];
    for (name, key) in aeads {
        let algorithm = find(name).expect(name);
        let cipher = (algorithm.new)(&hex(&key)).expect(name);
        for len in (0..300).chain(long) {
            let sizes = (algorithm.iv_size, algorithm.max_tag_size);
            check_in_place_against_apart(name, &*cipher, sizes, len);
        }
    }
}

/// Made with OpenSSL 3.0: SHA-256 of both keys, `openssl enc -aes-256-ecb` of the IV, `-aes-128-cbc`, HMAC.
#[test]
fn essiv_of_an_authenc() {
    let key = blob(
        "000102030405060708090a0b0c0d0e0f1011121314151617",
        "2b7e151628aed2a6abf7158809cf4f3c",
    );
    let name = "essiv(authenc(hmac(sha256),cbc(aes)),sha256)";
    let cipher = (find(name).unwrap().new)(&hex(&key)).unwrap();
    let iv = hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
    let plain = hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51");
    let sector = "3031323334353637";
    let (mut aad, mut data, mut tag) = (hex(sector), plain.clone(), [0; 32]);
    aad.extend(&iv);
    cipher.seal(&iv, &mut aad, data.as_mut_slice().into(), &mut tag).unwrap();
    assert_eq!(aad, hex(&format!("{sector}42cfdd8f6a03ede2eadbf647a080d0a0")));
    let secret = hex("5e00179f541fd899c0d27d29a310113f5438b16bd277e21007a59541d03aaff9");
    assert_eq!(data, secret);
    let wanted = hex("8d0576e313860d2aefededa5b1228a4b4cdff3a4738c0965eb6302bbc243544d");
    assert_eq!(tag[..], wanted);
    cipher.open(&iv, &mut aad, data.as_mut_slice().into(), &tag).unwrap();
    assert_eq!(data, plain);
    // A message to be opened has the encrypted IV in its AAD.
    let mut with_iv = [hex(sector), iv.clone()].concat();
    assert_eq!(
        cipher.open(&iv, &mut with_iv, (&mut secret.clone()[..]).into(), &tag),
        Err(Errno::BADMSG)
    );
    let short = cipher.seal(&iv, &mut aad[..15], data.as_mut_slice().into(), &mut tag);
    assert_eq!(short, Err(Errno::INVAL), "no room for the IV");
    for name in ["essiv(gcm(aes),sha256)", "essiv(authenc(hmac(sha256),cbc(aes)),sha384)"] {
        assert!(find(name).is_none(), "{name}");
    }
}

/// The test vectors of the paper.
#[test]
fn aegis128() {
    let zero = "00000000000000000000000000000000";
    let (secret, tag) = ("951b050fa72b1a2fc16d2e1f01b07d7e", "a7d2a99773249542f422217ee888d5f1");
    check("aegis128", (zero, zero, "", zero, secret, tag));
    check("aegis128", (zero, zero, "", zero, secret, &tag[..16]));
    let (secret, tag) = ("10b0dee65a97d751205c128a992473a1", "46dcb9ee93c46cf13731d41b9646c131");
    check("aegis128", (zero, zero, zero, zero, secret, tag));
    let (key, iv) = ("10010000000000000000000000000000", "10000200000000000000000000000000");
    let plain = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    let secret = "e08ec10685d63c7364eca78ff6e1a1ddfdfc15d5311a7f2988a0471a13973fd7";
    let tag = "27e84b6c4cc46cb6ece8f1f3e4aa0e78";
    check("aegis128", (key, iv, "0001020304050607", plain, secret, tag));
}

#[test]
fn names() {
    for name in [
        "",
        "gcm",
        "cbc(aes)",
        "gcm(aes",
        "gcm(nosuch)",
        "rfc4106(ccm(aes))",
        "authenc(hmac(sha1))",
        "authenc(hmac(sha1),cbc(aes)",
        "authenc(hmac(nosuch),cbc(aes))",
        "krb5enc(hmac(sha1))",
    ] {
        assert!(find(name).is_none(), "{name}");
    }
    #[cfg(feature = "legacy")]
    assert!(find("gcm(des3_ede)").is_none());
    let sizes =
        |name| find(name).map(|found| (found.block_size, found.iv_size, found.max_tag_size));
    assert_eq!(sizes("gcm(aes)"), Some((1, 12, 16)));
    assert_eq!(sizes("ccm(aes)"), Some((1, 16, 16)));
    assert_eq!(sizes("rfc4106(gcm(aes))"), Some((1, 8, 16)));
    assert_eq!(sizes("aegis128"), Some((1, 16, 16)));
    assert_eq!(sizes("authenc(hmac(sha256),cbc(aes))"), Some((16, 16, 32)));
    assert_eq!(sizes("authenc(hmac(sha256),ctr(aes))"), Some((1, 16, 32)));
    assert_eq!(sizes("krb5enc(hmac(sha1),cts(cbc(aes)))"), Some((16, 16, 20)));
}

#[cfg(feature = "legacy")]
#[test]
fn c_tests_know_every_algorithm() {
    use crate::engine::user::algorithm::skcipher::{format, listed};
    assert!(MODES.iter().map(|known| format(known.templates)).eq(listed("aead_modes")));
    let chacha_poly = |template| format!("{template}(chacha20,poly1305)");
    let others = ["aegis128".to_owned()];
    let aeads = CHACHA_POLY.iter().map(|known| chacha_poly(known.0)).chain(others);
    assert!(aeads.eq(listed("aeads")));
}
