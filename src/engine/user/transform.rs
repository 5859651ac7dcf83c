// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The user engine's transform: an algorithm, its key and its tag length.
//!
//! An operation has the key and the tag length that were there when it was opened, as in the kernel
//! (Linux `crypto/af_alg.c`, alg_setsockopt()). Before another one is set all operations are
//! closed.

use super::algorithm::{self, Algorithm, names};
use super::keyring;
use super::lease::{Lease, UserCommon};
use super::operation::cipher::CipherOperation;
use super::operation::hash::HashOperation;
use super::operation::rng::RngOperation;
use crate::engine::{Kind, Op, Operation, Parameter, Properties, Transform};
use crate::errno::{Errno, Result};
use crate::log::log;
use crate::memory::{self, SMALL};
use libc::c_int;
use std::ffi::CStr;
use std::sync::Arc;

/// The length of a key or seed from which on no kernel takes it (net.core.optmem_max). A key that
/// is said to be so long is not read.
const KEY_MAX: usize = 128 << 10;

/// A transform in user space.
pub struct UserTransform(Arc<UserCommon>);

impl UserTransform {
    /// Finds the algorithm; ENOENT.
    pub fn open(kind: Kind, name: &CStr) -> Result<Self> {
        let requested = name.to_str().map_err(|_| Errno::NOENT)?;
        let name = names::parse(requested).ok_or(Errno::NOENT)?;
        let (algorithm, properties) = algorithm::find(kind, &name).ok_or(Errno::NOENT)?;
        log!(Verbose, "{} is served in user space", properties.name);
        Ok(Self(Arc::new(UserCommon::new(algorithm, properties))))
    }
}

impl Transform for UserTransform {
    fn engine(&self) -> &'static CStr {
        c"user"
    }

    fn properties(&self) -> &Properties {
        &self.0.properties
    }

    fn gains_by_company(&self, op: Op) -> Option<usize> {
        /// Measured (bench/requests.c): two messages as short take as long together.
        const SHORTEST: usize = 192;
        let chains = op == Op::Encrypt && self.properties().template() == "cbc";
        chains.then_some(SHORTEST)
    }

    fn set(&self, parameter: Parameter<'_>) -> Result<c_int> {
        let name = &self.properties().name;
        self.change(parameter)
            .inspect(|()| log!(Debug, "{name}: parameter set"))
            .inspect_err(|errno| {
                log!(Debug, "{name}: parameter refused (errno: -{})", errno.number());
            })
            .map(|()| 0)
    }

    fn tag_len(&self) -> u32 {
        self.0.tag_len()
    }

    fn message_max(&self) -> Result<usize> {
        Ok(c_int::MAX as usize)
    }

    fn operation(&self) -> Result<Arc<dyn Operation>> {
        log!(Debug, "an operation of {}", self.properties().name);
        let lease = Lease::new(&self.0)?;
        Ok(match &self.0.algorithm {
            Algorithm::Skcipher(_) | Algorithm::Aead(_) => Arc::new(CipherOperation::new(lease)),
            Algorithm::Hash(_) => Arc::new(HashOperation::new(lease)),
            Algorithm::Rng(_) => Arc::new(RngOperation::new(lease)),
        })
    }
}

impl UserTransform {
    fn change(&self, parameter: Parameter<'_>) -> Result<()> {
        match (parameter, &self.0.algorithm) {
            (Parameter::Key(key), _) if key.len() >= KEY_MAX => Err(Errno::NOMEM),
            (Parameter::Key(key), _) => match self.0.algorithm.with_key(key) {
                Ok(keyed) => self.0.set_key(Some(keyed)),
                // The old key is gone then, as in the kernel, because the caller thinks that it was
                // replaced.
                Err(errno) if self.0.algorithm.needs_key() => self.0.set_key(None).and(Err(errno)),
                Err(errno) => Err(errno),
            },
            (Parameter::KeySerial(serial), _) => {
                let key = keyring::read(serial)?;
                // The payload has taken of what was made sure of when the call began.
                memory::ensure(SMALL)?;
                self.change(Parameter::Key(key.as_slice()))
            }
            (Parameter::TagLen(len), Algorithm::Aead(aead)) => {
                if !aead.takes_tag(len as usize) {
                    return Err(Errno::INVAL);
                }
                self.0.set_tag_len(len)
            }
            _ => Err(Errno::NOPROTOOPT),
        }
    }
}
