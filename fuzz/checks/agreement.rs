// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Any parameters, keys and public keys of a key agreement are taken or refused, in any order.

use super::Choices;
use crate::engine::user::algorithm::asymmetric::Asymmetric;
use crate::engine::user::algorithm::{self, Algorithm, names};
use crate::engine::{Kind, Op, Parameter};
use crate::errno::{Errno, Result};

const NAMES: [&str; 7] = [
    "dh",
    "ffdhe2048(dh)",
    "ecdh",
    "ecdh-nist-p192",
    "ecdh-nist-p256",
    "ecdh-nist-p384",
    "curve25519",
];

/// A longer private key for a group of the longest primes would take seconds.
const KEY_MAX: usize = 48;

/// An algorithm, then steps: what is done, and the length and the bytes of what it is done with.
pub fn agreement(data: &[u8]) {
    let mut choices = Choices(data);
    let name = choices.one_of(&NAMES);
    let found = algorithm::find(Kind::Kpp, &names::parse(name).expect("a name"));
    let Some((Algorithm::Asymmetric(mut state), _)) = found else {
        panic!("{name} is not there");
    };
    while !choices.is_empty() {
        let what = choices.below(5);
        let len = choices.word() as usize % 1200;
        let bytes = choices.take(len);
        match what {
            0 => set(&mut state, Parameter::DhParameters(bytes)),
            1 => set(&mut state, Parameter::EcdhCurve(len as u32)),
            2 => set(&mut state, Parameter::Key(&bytes[..bytes.len().min(KEY_MAX)])),
            3 => agree_with_itself(&*state),
            _ => drop(run(&*state, Op::Ssgen, bytes)),
        }
    }
}

fn set(state: &mut Box<dyn Asymmetric>, parameter: Parameter<'_>) {
    match state.with(parameter) {
        Ok(next) => *state = next,
        Err(errno) => {
            let expected = [Errno::INVAL, Errno::NOKEY, Errno::OPNOTSUPP];
            assert!(expected.contains(&errno), "{errno:?}");
            *state = state.without_key();
        }
    }
}

fn run(state: &dyn Asymmetric, op: Op, input: &[u8]) -> Result<Vec<u8>> {
    let mut output = vec![0; state.max_size()];
    let result = state.run(op, input, &mut output);
    assert!(matches!(result, Ok(1..) | Err(Errno::INVAL | Errno::NOKEY)), "{result:?}");
    let mut again = vec![0xff; state.max_size()];
    assert_eq!(state.run(op, input, &mut again), result);
    let len = result?;
    assert_eq!(output[..len], again[..len]);
    output.truncate(len);
    Ok(output)
}

/// A party's own public key is one.
fn agree_with_itself(state: &dyn Asymmetric) {
    if let Ok(public) = run(state, Op::Keygen, &[]) {
        assert_eq!(public.len(), state.max_size());
        // In a group that is no good one the secret may be one that anybody can guess.
        let secret = run(state, Op::Ssgen, &public);
        assert!(secret.is_ok() || public.len() >= 192, "{secret:?}");
    }
}
