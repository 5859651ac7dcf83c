// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The bound AF_ALG socket.

#![allow(unsafe_code)]

use super::above_standard;
use super::completion::Completion;
use super::operation::KernelOperation;
use super::properties::{self, Algorithm};
use crate::aio::Contexts;
use crate::engine::{Kind, Operation, Parameter, Properties, Transform};
use crate::errno::{Errno, Result, count, retry};
use crate::log::log;
use libc::{c_int, c_void, sockaddr_alg, socklen_t};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};
use once_cell::sync::OnceCell;
use std::ffi::CStr;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
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
    /// When its driver has finished; asked for by the first call to which it matters.
    completion: OnceCell<Completion>,
    /// AIO contexts that are not in use.
    pub aio: Contexts,
}

impl Shared {
    /// Whether the driver may still be at work when it has answered.
    pub fn completes_later(&self) -> bool {
        let completion = self.completion.get_or_init(|| self.algorithm.completion());
        *completion == Completion::Later
    }

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
        above_standard(socket(
            AddressFamily::Alg,
            SockType::SeqPacket,
            SockFlag::SOCK_CLOEXEC,
            None,
        )?)
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
            completion: OnceCell::new(),
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
        let socket = retry(|| {
            // SAFETY: without an address to return, accept4(2) touches no memory of ours.
            let fd = unsafe {
                libc::accept4(
                    self.0.socket.as_raw_fd(),
                    std::ptr::null_mut(),
                    std::ptr::null_mut(),
                    libc::SOCK_CLOEXEC,
                )
            };
            count(fd as isize)?;
            // SAFETY: accept4(2) returned this descriptor, so it is open and nobody else's.
            Ok(unsafe { OwnedFd::from_raw_fd(fd) })
        })?;
        log!(Debug, "accept(2): an operation of {}", self.properties().name);
        Ok(Arc::new(KernelOperation::new(above_standard(socket)?, Arc::clone(&self.0))?))
    }
}

impl KernelTransform {
    fn setsockopt(&self, option: c_int, value: &[u8]) -> Result<c_int> {
        let len = socklen_t::try_from(value.len()).map_err(|_| Errno::MSGSIZE)?;
        // SAFETY: the kernel reads `len` bytes at the address of `value`, which has them.
        unsafe { self.setsockopt_raw(option, value.as_ptr().cast(), len) }
    }

    /// Some options have no value but a length.
    fn setsockopt_len(&self, option: c_int, len: u32) -> Result<c_int> {
        // SAFETY: the kernel does not read the value of these options.
        unsafe { self.setsockopt_raw(option, std::ptr::null(), len) }
    }

    /// # Safety
    ///
    /// `len` bytes at `value` may be read, unless the kernel does not read `option`'s value.
    unsafe fn setsockopt_raw(
        &self,
        option: c_int,
        value: *const c_void,
        len: socklen_t,
    ) -> Result<c_int> {
        retry(|| {
            // SAFETY: what the caller promised.
            let returned = unsafe {
                libc::setsockopt(self.0.socket.as_raw_fd(), libc::SOL_ALG, option, value, len)
            };
            count(returned as isize).map(|_| returned)
        })
        .inspect_err(|errno| {
            log!(Debug, "setsockopt(2) {option} failed (errno: -{})", errno.number())
        })
        .inspect(|_| log!(Debug, "setsockopt(2) {option} succeeded"))
    }
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
