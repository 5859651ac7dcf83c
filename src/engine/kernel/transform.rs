// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The kernel engine's transform: a bound socket, and what its operations have in common.

use super::bound::{Bound, LockedBound};
use super::capacity;
use super::common::KernelCommon;
use super::operation::KernelOperation;
use super::{properties, socket};
use crate::engine::shape::Shape;
use crate::engine::{Grouping, Kind, Op, Operation, Parameter, Properties, Transform};
use crate::errno::{Errno, Result};
use crate::fork::{self, Watch};
use crate::log::log;
use libc::c_int;
use std::ffi::CStr;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};

// Options that the kernel patches for akcipher and kpp have. The patches were never merged, so libc
// has no names for them, and Linux 6.2 gave the number 7 to ALG_SET_KEY_BY_KEY_SERIAL. The families
// tell which one is meant: this is set for akcipher only, and that for the others that take a key.
const ALG_SET_PUBKEY: c_int = 7;
const ALG_SET_DH_PARAMETERS: c_int = 8;
const ALG_SET_ECDH_CURVE: c_int = 9;

/// A transform in the kernel.
pub struct KernelTransform {
    common: Arc<KernelCommon>,
    bound: Arc<LockedBound>,
    /// A copy of [`Bound::tag_len`] that can be read without the lock.
    tag_len: AtomicU32,
    /// The bound socket is told of forks.
    _watch: Watch,
}

impl KernelTransform {
    /// socket(2).
    pub fn socket() -> Result<OwnedFd> {
        socket::open()
    }

    /// bind(2) on a new socket; the properties cost nothing once they are known.
    pub fn bind(socket: OwnedFd, kind: Kind, name: &CStr) -> Result<Self> {
        let bound = Bound::new(socket, kind, name)?;
        let algorithm = properties::of(kind, name)?;
        log!(Verbose, "{} is served by the kernel (AF_ALG)", algorithm.properties.name);
        let bound = Arc::new(LockedBound::new(bound));
        let watched: Weak<LockedBound> = Arc::downgrade(&bound);
        Ok(Self {
            common: Arc::new(KernelCommon::new(algorithm)),
            bound,
            tag_len: AtomicU32::new(0),
            _watch: fork::watch(watched)?,
        })
    }
}

/// What is wrong with a key's serial number. A kernel before 6.2 says that it has no such option, and
/// so do later ones if the key is of a type that they do not take.
fn of_key_serial(errno: Errno) -> Errno {
    if errno == Errno::NOPROTOOPT { Errno::OPNOTSUPP } else { errno }
}

impl Transform for KernelTransform {
    fn engine(&self) -> &'static CStr {
        c"kernel"
    }

    fn properties(&self) -> &Properties {
        &self.common.algorithm.properties
    }

    fn grouping(&self, op: Option<Op>) -> Option<Grouping> {
        op.map(|_| Grouping { min_len: 0, min_count: 2 })
    }

    fn set(&self, parameter: Parameter<'_>) -> Result<c_int> {
        let mut bound = self.bound.lock()?;
        match parameter {
            Parameter::Key(key) => bound.set_key(libc::ALG_SET_KEY, key),
            Parameter::KeySerial(serial) => bound
                .set_key(libc::ALG_SET_KEY_BY_KEY_SERIAL, &serial.to_ne_bytes())
                .map_err(of_key_serial),
            Parameter::TagLen(len) => {
                let result = bound.set_tag_len(len);
                self.tag_len.store(bound.tag_len(), Ordering::Relaxed);
                result
            }
            Parameter::PublicKey(key) => bound.set(ALG_SET_PUBKEY, key),
            Parameter::Entropy(entropy) => bound.set(libc::ALG_SET_DRBG_ENTROPY, entropy),
            Parameter::DhParameters(pkcs3) => bound.set(ALG_SET_DH_PARAMETERS, pkcs3),
            Parameter::EcdhCurve(curve) => bound.set_len(ALG_SET_ECDH_CURVE, curve),
        }
    }

    fn tag_len(&self) -> u32 {
        self.tag_len.load(Ordering::Relaxed)
    }

    fn message_max(&self) -> Result<usize> {
        // The bound socket's buffers may be changed for this: nothing is ever sent to it, and
        // operations do not inherit them.
        Ok(capacity::most(self.bound.lock()?.as_fd())?.min(self.common.uncut_max()?))
    }

    fn operation(&self) -> Result<Arc<dyn Operation>> {
        let bound = self.bound.lock()?;
        let (socket, tag_len) = bound.accept(self.properties().max_tag_size)?;
        // Without a key that is the error of any message, and the kernel's to tell.
        let shape = if bound.has_key() { self.common.algorithm.shape } else { Shape::ANY };
        drop(bound);
        log!(Debug, "accept(2): an operation of {}", self.properties().name);
        Ok(Arc::new(KernelOperation::new(socket, Arc::clone(&self.common), tag_len, shape)?))
    }
}
