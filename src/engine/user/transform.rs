// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The user engine's transform: an algorithm, its key and its other parameters.
//!
//! An operation has the key and the tag length that were there when it was opened, as in the kernel
//! (Linux `crypto/af_alg.c`, alg_setsockopt()). Before another one is set all operations are
//! closed.

#[cfg(feature = "asymmetric")]
use super::algorithm::Keyed;
use super::algorithm::{self, Algorithm, names};
use super::keyring;
use super::lease::{Lease, UserCommon};
#[cfg(feature = "asymmetric")]
use super::operation::asymmetric::AsymmetricOperation;
use super::operation::cipher::CipherOperation;
use super::operation::hash::HashOperation;
use super::operation::rng::RngOperation;
use crate::engine::{Grouping, Kind, Op, Operation, Parameter, Properties, Transform};
use crate::errno::{Errno, Result};
use crate::log::log;
use crate::memory::{self, SMALL};
#[cfg(feature = "asymmetric")]
use crate::wipe::{DEEP, wiping_stack};
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

    fn grouping(&self, op: Option<Op>) -> Option<Grouping> {
        /// Measured (bench/requests/requests.c): two messages as short take as long together.
        const CBC: Grouping = Grouping { min_len: 192, min_count: 2 };
        match (op, &self.0.algorithm) {
            (None, Algorithm::Hash(hash)) => hash.grouping,
            (Some(Op::Encrypt), _) if self.properties().template() == "cbc" => Some(CBC),
            _ => None,
        }
    }

    fn set(&self, parameter: Parameter<'_>) -> Result<c_int> {
        let name = &self.properties().name;
        self.change(parameter).inspect(|_| log!(Debug, "{name}: parameter set")).inspect_err(
            |errno| {
                log!(Debug, "{name}: parameter refused (errno: -{})", errno.number());
            },
        )
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
            #[cfg(feature = "asymmetric")]
            Algorithm::Asymmetric(_) => Arc::new(AsymmetricOperation::new(lease)),
        })
    }
}

impl UserTransform {
    /// Sets a parameter. Returns the largest size of a result, if the parameter tells that.
    fn change(&self, parameter: Parameter<'_>) -> Result<c_int> {
        match (parameter, &self.0.algorithm) {
            (Parameter::KeySerial(serial), _) => {
                keyring::with_payload(serial, |key| {
                    // The payload has taken of what was made sure of when the call began.
                    memory::ensure(SMALL)?;
                    self.change(Parameter::Key(key))
                })
            }
            (
                Parameter::Key(value)
                | Parameter::PublicKey(value)
                | Parameter::DhParameters(value),
                _,
            ) if value.len() >= KEY_MAX => Err(Errno::NOMEM),
            #[cfg(feature = "asymmetric")]
            (_, Algorithm::Asymmetric(_)) => self.change_asymmetric(parameter),
            (Parameter::Key(key), _) => self.change_key(key).map(|()| 0),
            (Parameter::TagLen(len), Algorithm::Aead(aead)) => {
                if !aead.takes_tag(len as usize) {
                    return Err(Errno::INVAL);
                }
                self.0.set_tag_len(len).map(|()| 0)
            }
            _ => Err(Errno::NOPROTOOPT),
        }
    }

    fn change_key(&self, key: &[u8]) -> Result<()> {
        match self.0.algorithm.with_key(key) {
            Ok(keyed) => self.0.set_key(Some(keyed)),
            // The old key is gone then, as in the kernel, because the caller thinks that it was
            // replaced.
            Err(errno) if self.0.algorithm.needs_key() => self.0.set_key(None).and(Err(errno)),
            Err(errno) => Err(errno),
        }
    }

    #[cfg(feature = "asymmetric")]
    fn change_asymmetric(&self, parameter: Parameter<'_>) -> Result<c_int> {
        let current = self.0.keyed()?;
        let Some(Keyed::Asymmetric(current)) = current.as_deref() else {
            return Err(Errno::INVAL);
        };
        let is_key = matches!(parameter, Parameter::Key(_) | Parameter::PublicKey(_));
        match wiping_stack::<DEEP, _>(|| current.with(parameter)) {
            Ok(next) => {
                let size = c_int::try_from(next.max_size()).map_err(|_| Errno::INVAL)?;
                self.0.set_key(Some(Keyed::Asymmetric(next))).map(|()| size)
            }
            // The old key is gone then, as above.
            Err(errno) if is_key => {
                self.0.set_key(Some(Keyed::Asymmetric(current.without_key()))).and(Err(errno))
            }
            Err(errno) => Err(errno),
        }
    }
}
