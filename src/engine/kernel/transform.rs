// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The bound AF_ALG socket.

#![allow(unsafe_code)]

use super::capacity;
use super::completion::Completion;
use super::operation::KernelOperation;
use super::properties::{self, Algorithm};
use super::socket;
use crate::aio::Contexts;
use crate::engine::{Kind, Operation, Parameter, Properties, Transform};
use crate::errno::{Errno, Result, count, retry};
use crate::generation::{children, generation};
use crate::lock::{Lock, Recover};
use crate::log::log;
use libc::{c_int, sockaddr_alg, socklen_t};
use once_cell::race::OnceBool;
use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// Of the kernel patches that bring akcipher and kpp; never merged, so libc has no names.
const ALG_SET_PUBKEY: c_int = 7;
const ALG_SET_DH_PARAMETERS: c_int = 8;
const ALG_SET_ECDH_CURVE: c_int = 9;

/// What a transform's operations need of it.
pub struct Shared {
    /// The algorithm, whose properties the whole process shares.
    pub algorithm: &'static Algorithm,
    /// Whether its driver finishes later; asked for by the first call to which it matters.
    later: OnceBool,
    /// It has shown that it does.
    busy: AtomicBool,
    /// AIO contexts that are not in use.
    pub aio: Contexts,
}

impl Shared {
    /// Whether the driver may still be at work when it has answered.
    pub fn completes_later(&self) -> bool {
        self.busy.load(Ordering::Relaxed)
            || self.later.get_or_init(|| self.algorithm.completion() == Completion::Later)
    }

    /// Notes that the driver was still at work when it had answered: another one was asked about.
    pub fn note_busy(&self) {
        self.busy.store(true, Ordering::Relaxed);
    }
}

/// The bound socket, and what is known of what was set. Locked while an operation is opened and
/// while something is set, so that an operation's tag length is the kernel's.
struct Bound {
    socket: OwnedFd,
    /// The tag length that was set; 0, which no algorithm takes, if none was. `UNKNOWN` while the
    /// kernel is being told.
    tag_len: u32,
    /// A key was set, or tried.
    keyed: bool,
    /// The process that has bound it, by its generation, and how many children that had then.
    owner: (u32, u32),
}

/// This process, and how many children it has had.
fn this_process() -> (u32, u32) {
    (generation(), children())
}

/// Longer than any tag.
const UNKNOWN: u32 = u32::MAX;

// Every change is one store.
impl Recover for Bound {}

/// A transform in the kernel.
pub struct KernelTransform {
    shared: Arc<Shared>,
    bound: Lock<Bound>,
    /// Bound::tag_len for those who only ask.
    tag_len: AtomicU32,
    name: CString,
}

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
        Ok(Self {
            shared: Arc::new(Shared {
                algorithm,
                later: OnceBool::new(),
                busy: AtomicBool::new(false),
                aio: Contexts::default(),
            }),
            bound: Lock::new(Bound { socket, tag_len: 0, keyed: false, owner: this_process() }),
            tag_len: AtomicU32::new(0),
            name: name.to_owned(),
        })
    }

    /// Sets a key. The socket may be another process's, too, since fork(2): then it is left to
    /// that one, who would else get this key, or whose operations would be in the way (EBUSY) for
    /// as long as it lives.
    fn set_key(&self, bound: &mut Bound, key: &[u8]) -> Result<c_int> {
        // Of the others more was set than can be set again.
        let can_be_anew = !matches!(self.shared.algorithm.kind, Kind::Akcipher | Kind::Kpp);
        if can_be_anew && bound.owner != this_process() {
            self.bind_anew(bound)?;
        }
        let mut result = set(&bound.socket, libc::ALG_SET_KEY, key);
        // A parent's own operations are closed, so these are copies that a child has.
        if result == Err(Errno::BUSY) && can_be_anew {
            self.bind_anew(bound)?;
            result = set(&bound.socket, libc::ALG_SET_KEY, key);
        }
        // One that is refused leaves none.
        bound.keyed = result.is_ok();
        result
    }

    /// A socket of this process's own in the place of the one that it shares, with the same tag
    /// length and without a key.
    fn bind_anew(&self, bound: &mut Bound) -> Result<()> {
        let socket = Self::socket()?;
        bind(&socket, self.shared.algorithm.kind, &self.name)?;
        if bound.tag_len != 0 {
            set_len(&socket, libc::ALG_SET_AEAD_AUTHSIZE, bound.tag_len)?;
        }
        let shared = std::mem::replace(&mut bound.socket, socket);
        (bound.keyed, bound.owner) = (false, this_process());
        // Closed when it is not in the way of a fork(2) any more.
        drop(shared);
        Ok(())
    }

    fn set_tag_len(&self, bound: &mut Bound, len: u32) -> Result<c_int> {
        // Not of a parent: it may have children that have nothing to do with this transform.
        if bound.owner.0 != generation() {
            if bound.keyed {
                // The key is in the kernel only, and the parent relies on its tag length.
                return if bound.tag_len == len { Ok(0) } else { Err(Errno::BUSY) };
            }
            self.bind_anew(bound)?;
        }
        let before = std::mem::replace(&mut bound.tag_len, UNKNOWN);
        let result = set_len(&bound.socket, libc::ALG_SET_AEAD_AUTHSIZE, len);
        bound.tag_len = if result.is_ok() { len } else { before };
        self.tag_len.store(bound.tag_len, Ordering::Relaxed);
        result
    }
}

impl Transform for KernelTransform {
    fn engine(&self) -> &'static CStr {
        c"kernel"
    }

    fn properties(&self) -> &Properties {
        &self.shared.algorithm.properties
    }

    fn set(&self, parameter: Parameter<'_>) -> Result<c_int> {
        let bound = &mut *self.bound.lock()?;
        match parameter {
            Parameter::Key(key) => self.set_key(bound, key),
            Parameter::TagLen(len) => self.set_tag_len(bound, len),
            Parameter::PublicKey(key) => set(&bound.socket, ALG_SET_PUBKEY, key),
            Parameter::Entropy(entropy) => set(&bound.socket, libc::ALG_SET_DRBG_ENTROPY, entropy),
            Parameter::DhParameters(pkcs3) => set(&bound.socket, ALG_SET_DH_PARAMETERS, pkcs3),
            Parameter::EcdhCurve(curve) => set_len(&bound.socket, ALG_SET_ECDH_CURVE, curve),
        }
    }

    fn tag_len(&self) -> u32 {
        self.tag_len.load(Ordering::Relaxed)
    }

    fn message_max(&self) -> Result<usize> {
        // Nothing is ever sent to this socket, and operations do not inherit its buffers.
        capacity::most(self.bound.lock()?.socket.as_fd())
    }

    fn operation(&self) -> Result<Arc<dyn Operation>> {
        let bound = self.bound.lock()?;
        let tag_len = match bound.tag_len {
            0 => self.properties().max_tag_size,
            // A thread of the parent process was setting it when this one was made.
            UNKNOWN => return Err(Errno::IO),
            set => set,
        };
        let socket = socket::accept(&bound.socket)?;
        drop(bound);
        log!(Debug, "accept(2): an operation of {}", self.properties().name);
        Ok(Arc::new(KernelOperation::new(socket, Arc::clone(&self.shared), tag_len)?))
    }
}

/// setsockopt(2) with a value.
fn set(socket: &OwnedFd, option: c_int, value: &[u8]) -> Result<c_int> {
    told(option, socket::set(socket.as_fd(), libc::SOL_ALG, option, value))
}

/// setsockopt(2) with a length alone.
fn set_len(socket: &OwnedFd, option: c_int, len: u32) -> Result<c_int> {
    told(option, socket::set_len(socket.as_fd(), option, len))
}

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
    address.salg_type.iter_mut().zip(kind.salg_type()).for_each(|(to, &from)| *to = from);
    address.salg_name.iter_mut().zip(name).for_each(|(to, &from)| *to = from);
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
