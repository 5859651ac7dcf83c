// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The bound AF_ALG socket.

#![allow(unsafe_code)]

use super::operation::KernelOperation;
use super::properties::{self, Algorithm};
use super::socket;
use crate::aio::Contexts;
use crate::engine::{Kind, Operation, Parameter, Properties, Transform};
use crate::errno::{Errno, Result, count, retry};
use crate::log::log;
use libc::{c_int, sockaddr_alg, socklen_t};
use std::ffi::CStr;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Of the kernel patches that bring akcipher and kpp; never merged, so libc has no names.
const ALG_SET_PUBKEY: c_int = 7;
const ALG_SET_DH_PARAMETERS: c_int = 8;
const ALG_SET_ECDH_CURVE: c_int = 9;

/// What a transform's operations need of it.
pub struct Shared {
    socket: OwnedFd,
    /// The algorithm, whose properties the whole process shares.
    pub algorithm: &'static Algorithm,
    /// The tag length that was set; 0, which no algorithm takes, if none was.
    tag_len: AtomicU32,
    /// AIO contexts that are not in use.
    pub aio: Contexts,
}

impl Shared {
    /// The tag length that the kernel works with, in bytes.
    pub fn tag_len_in_force(&self) -> u32 {
        match self.tag_len.load(Ordering::Relaxed) {
            0 => self.algorithm.properties.max_tag_size,
            set => set,
        }
    }
}

/// A transform in the kernel.
pub struct KernelTransform(Arc<Shared>);

impl KernelTransform {
    /// socket(2).
    pub fn socket() -> Result<OwnedFd> {
        socket::open()
    }

    /// bind(2) on a new socket; the properties cost nothing once they are known.
    pub fn bind(socket: OwnedFd, kind: Kind, name: &CStr) -> Result<Self> {
        bind(&socket, kind, name)?;
        let algorithm = properties::of(kind, name)?;
        log!(Verbose, "{} is served by the kernel (AF_ALG)", algorithm.properties.name);
        Ok(Self(Arc::new(Shared {
            socket,
            algorithm,
            tag_len: AtomicU32::new(0),
            aio: Contexts::default(),
        })))
    }
}

impl Transform for KernelTransform {
    fn engine(&self) -> &'static CStr {
        c"kernel"
    }

    fn properties(&self) -> &Properties {
        &self.0.algorithm.properties
    }

    fn set(&self, parameter: Parameter<'_>) -> Result<c_int> {
        match parameter {
            Parameter::Key(key) => self.setsockopt(libc::ALG_SET_KEY, key),
            Parameter::PublicKey(key) => self.setsockopt(ALG_SET_PUBKEY, key),
            Parameter::Entropy(entropy) => self.setsockopt(libc::ALG_SET_DRBG_ENTROPY, entropy),
            Parameter::DhParameters(pkcs3) => self.setsockopt(ALG_SET_DH_PARAMETERS, pkcs3),
            Parameter::EcdhCurve(curve) => self.setsockopt_len(ALG_SET_ECDH_CURVE, curve),
            Parameter::TagLen(len) => {
                let result = self.setsockopt_len(libc::ALG_SET_AEAD_AUTHSIZE, len)?;
                self.0.tag_len.store(len, Ordering::Relaxed);
                Ok(result)
            }
        }
    }

    fn tag_len(&self) -> u32 {
        self.0.tag_len.load(Ordering::Relaxed)
    }

    fn operation(&self) -> Result<Arc<dyn Operation>> {
        let socket = socket::accept(&self.0.socket)?;
        log!(Debug, "accept(2): an operation of {}", self.properties().name);
        Ok(Arc::new(KernelOperation::new(socket, Arc::clone(&self.0))?))
    }
}

impl KernelTransform {
    fn setsockopt(&self, option: c_int, value: &[u8]) -> Result<c_int> {
        told(option, socket::set(self.0.socket.as_fd(), libc::SOL_ALG, option, value))
    }

    /// Some options have no value but a length.
    fn setsockopt_len(&self, option: c_int, len: u32) -> Result<c_int> {
        told(option, socket::set_len(self.0.socket.as_fd(), option, len))
    }
}

/// Says what became of setsockopt(2).
fn told(option: c_int, result: Result<c_int>) -> Result<c_int> {
    match result {
        Ok(_) => log!(Debug, "setsockopt(2) {option} succeeded"),
        Err(errno) => log!(Debug, "setsockopt(2) {option} failed (errno: -{})", errno.number()),
    }
    result
}

/// bind(2) to the algorithm `name`; the kernel loads its modules.
fn bind(socket: &OwnedFd, kind: Kind, name: &CStr) -> Result<()> {
    // SAFETY: sockaddr_alg is made of integers only, for which zeros are values.
    let mut address: sockaddr_alg = unsafe { std::mem::zeroed() };
    address.salg_family = libc::AF_ALG as libc::sa_family_t;
    let name = name.to_bytes();
    if name.len() >= address.salg_name.len() {
        return Err(Errno::NOENT);
    }
    address.salg_type[..kind.salg_type().len()].copy_from_slice(kind.salg_type());
    address.salg_name[..name.len()].copy_from_slice(name);
    retry(|| {
        // SAFETY: the address is a sockaddr_alg of the length that is given with it.
        let returned = unsafe {
            libc::bind(
                socket.as_raw_fd(),
                (&raw const address).cast(),
                size_of::<sockaddr_alg>() as socklen_t,
            )
        };
        count(returned as isize).map(drop)
    })
}
