// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Any bytes are a key of RSA or are refused; what a key encrypts it decrypts.

use super::Choices;
use crate::engine::user::algorithm::asymmetric::Asymmetric;
use crate::engine::user::algorithm::{self, Algorithm, names};
use crate::engine::{Kind, Op, Parameter};
use crate::errno::{Errno, Result};

const NAMES: [&str; 3] = ["rsa", "pkcs1pad(rsa)", "pkcs1pad(rsa,sha256)"];

/// An algorithm, then a key in DER.
pub fn rsa(data: &[u8]) {
    let mut choices = Choices(data);
    let name = choices.one_of(&NAMES);
    let found = algorithm::find(Kind::Akcipher, &names::parse(name).expect("a name"));
    let Some((Algorithm::Asymmetric(state), _)) = found else {
        panic!("{name} is not there");
    };
    let der = choices.0;
    if let Some(public) = accepted(state.with(Parameter::PublicKey(der))) {
        assert_eq!(run(&*public, Op::Decrypt, &[1; 128]), Err(Errno::INVAL));
        let _ = run(&*public, Op::Verify, &vec![1; public.max_size()]);
        run(&*public, Op::Encrypt, &[1; 32]).expect("a short message");
    }
    if let Some(private) = accepted(state.with(Parameter::Key(der))) {
        let message = [1; 32];
        let encrypted = run(&*private, Op::Encrypt, &message).expect("a short message");
        let decrypted = run(&*private, Op::Decrypt, &encrypted).expect("what it has encrypted");
        assert!(decrypted.ends_with(&message));
        let signed = run(&*private, Op::Sign, &message).expect("a digest of 32 bytes");
        let verified = run(&*private, Op::Verify, &signed).expect("what it has signed");
        assert!(verified.ends_with(&message));
    }
}

fn accepted(key: Result<Box<dyn Asymmetric>>) -> Option<Box<dyn Asymmetric>> {
    key.inspect_err(|errno| assert_eq!(*errno, Errno::INVAL)).ok()
}

fn run(key: &dyn Asymmetric, op: Op, input: &[u8]) -> Result<Vec<u8>> {
    let mut output = vec![0; key.max_size()];
    let len = key.run(op, input, &mut output)?;
    output.truncate(len);
    Ok(output)
}
