// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The user engine's transform: an algorithm, its key and its tag length.
//!
//! As in the kernel, an operation has the key and the tag length that were there when it was
//! opened (Linux `crypto/af_alg.c`, alg_setsockopt()). Who sets another closes it before.

use super::aead::{self, Aead, AeadAlgorithm};
use super::hash::{self, HashAlgorithm, Hasher};
use super::hash_operation::HashOperation;
use super::names;
use super::operation::CipherOperation;
use super::rng::{self, Rng, RngOperation};
use super::skcipher::{self, Skcipher, SkcipherAlgorithm};
use super::state::Sizes;
use crate::engine::{Kind, Operation, Parameter, Properties, Transform};
use crate::errno::{Errno, Result};
use crate::lock::{Lock, Recover};
use crate::log::log;
use crate::traces::{Depth, KEY, SPILLS, without_traces};
use libc::c_int;
use std::ffi::CStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What an algorithm's name leads to.
pub enum Algorithm {
    /// A symmetric cipher.
    Skcipher(SkcipherAlgorithm),
    /// Authenticated encryption.
    Aead(AeadAlgorithm),
    /// A digest.
    Hash(HashAlgorithm),
    /// A random number generator, whose state is what is set.
    Rng(rng::RngAlgorithm),
}

/// An algorithm with its key, ready to work.
pub enum Keyed {
    /// A symmetric cipher.
    Skcipher(Box<dyn Skcipher>),
    /// Authenticated encryption.
    Aead(Box<dyn Aead>),
    /// Where a digest's messages begin.
    Hash(Box<dyn Hasher>),
    /// A seeded generator, or one that waits for its seed.
    Rng(Rng),
}

/// What a transform's operations need of it.
pub struct Shared {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// Its properties.
    pub properties: Properties,
    current: Lock<Current>,
}

/// What was set.
struct Current {
    key: Option<Arc<Keyed>>,
    /// The tag length that was set; 0, which no algorithm takes, if none was.
    tag_len: u32,
}

// Every change is one store.
impl Recover for Current {}

impl Shared {
    /// Bytes of a digest.
    pub fn digest_size(&self) -> usize {
        self.properties.digest_size as usize
    }

    /// How much of the stack a digest takes.
    pub fn digest_depth(&self) -> Depth {
        match &self.algorithm {
            Algorithm::Hash(hash) => hash.depth,
            _ => Depth::Call,
        }
    }

    /// Whether each message begins with the same IV, whatever was before it.
    pub fn independent(&self) -> bool {
        matches!(self.algorithm, Algorithm::Aead(_))
            || matches!(
                self.properties.template(),
                "ecb" | "xts" | "rfc3686" | "chacha20" | "xchacha20" | "xchacha12"
            )
    }
}

/// An operation's hold on its transform: what that was when the operation was opened, and is for as
/// long as it lives.
pub struct Lease {
    /// The transform.
    pub shared: Arc<Shared>,
    /// Sizes of what goes with a message.
    pub sizes: Sizes,
    keyed: Option<Arc<Keyed>>,
}

impl Lease {
    fn new(shared: &Arc<Shared>) -> Result<Self> {
        let current = shared.current.lock()?;
        let tag = match current.tag_len {
            0 => shared.properties.max_tag_size,
            set => set,
        };
        Ok(Self {
            sizes: Sizes { iv: shared.properties.iv_size as usize, tag: tag as usize },
            keyed: current.key.clone(),
            shared: Arc::clone(shared),
        })
    }

    /// The algorithm with its key; ENOKEY.
    pub fn keyed(&self) -> Result<&Keyed> {
        self.keyed.as_deref().ok_or(Errno::NOKEY)
    }
}

/// Whether a call failed: what is still in the operation is of no use then.
#[derive(Default)]
pub struct Failure(AtomicBool);

impl Failure {
    /// Notes a failure. A wrong tag is none: the message is gone, and the IV still there.
    pub fn note<T>(&self, result: Result<T>) -> Result<T> {
        if matches!(result, Err(errno) if errno != Errno::BADMSG) {
            self.0.store(true, Ordering::Relaxed);
        }
        result
    }

    /// Notes one.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether one was noted.
    pub fn noted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Bytes of a key or seed that no kernel takes, net.core.optmem_max: what says to be longer is
/// not looked at.
const KEY_MAX: usize = 128 << 10;

/// A transform in user space.
pub struct UserTransform(Arc<Shared>);

impl UserTransform {
    /// Finds the algorithm; ENOENT.
    pub fn open(kind: Kind, name: &CStr) -> Result<Self> {
        let requested = name.to_str().map_err(|_| Errno::NOENT)?;
        let name = names::canonical(requested).ok_or(Errno::NOENT)?;
        let (algorithm, properties) = find(kind, &name).ok_or(Errno::NOENT)?;
        let key = match &algorithm {
            Algorithm::Skcipher(_) | Algorithm::Aead(_) => None,
            Algorithm::Hash(hash) => hash.plain.map(|plain| Keyed::Hash(plain())),
            Algorithm::Rng(rng) => Some(Keyed::Rng(Rng::unseeded(*rng))),
        };
        log!(Verbose, "{} is served in user space", properties.name);
        Ok(Self(Arc::new(Shared {
            algorithm,
            properties,
            current: Lock::new(Current { key: key.map(Arc::new), tag_len: 0 }),
        })))
    }

    /// What becomes of the algorithm with a key. What that leaves on the stack is wiped here, for
    /// every family.
    fn key(&self, key: &[u8]) -> Result<Keyed> {
        match &self.0.algorithm {
            // No round keys, or few; and for some programs each message has another key.
            Algorithm::Hash(hash) if hash.depth == Depth::Call => {
                without_traces::<SPILLS, _>(|| self.make_key(key))
            }
            _ => without_traces::<KEY, _>(|| self.make_key(key)),
        }
    }

    fn make_key(&self, key: &[u8]) -> Result<Keyed> {
        match &self.0.algorithm {
            Algorithm::Skcipher(cipher) => (cipher.new)(key).map(Keyed::Skcipher),
            Algorithm::Aead(aead) => (aead.new)(key).map(Keyed::Aead),
            Algorithm::Hash(hash) => {
                let keyed = hash.keyed.as_ref().ok_or(Errno::NOSYS)?;
                keyed(key).map(Keyed::Hash)
            }
            Algorithm::Rng(rng) => Rng::seeded(*rng, key).map(Keyed::Rng),
        }
    }

    fn needs_key(&self) -> bool {
        match &self.0.algorithm {
            Algorithm::Hash(hash) => hash.plain.is_none(),
            Algorithm::Rng(_) => false,
            Algorithm::Skcipher(_) | Algorithm::Aead(_) => true,
        }
    }
}

fn find(kind: Kind, name: &str) -> Option<(Algorithm, Properties)> {
    let properties = |name: &str| Properties { name: name.to_owned(), ..Properties::default() };
    Some(match kind {
        Kind::Skcipher => {
            let cipher = skcipher::find(name)?;
            let properties = Properties {
                block_size: cipher.block_size as u32,
                iv_size: cipher.iv_size as u32,
                ..properties(name)
            };
            (Algorithm::Skcipher(cipher), properties)
        }
        Kind::Aead => {
            let aead = aead::find(name)?;
            let properties = Properties {
                block_size: aead.block_size as u32,
                iv_size: aead.iv_size as u32,
                max_tag_size: aead.max_tag_size as u32,
                ..properties(name)
            };
            (Algorithm::Aead(aead), properties)
        }
        Kind::Hash => {
            let hash = hash::find(name)?;
            let properties = Properties {
                block_size: hash.block_size,
                digest_size: hash.digest_size,
                ..properties(name)
            };
            (Algorithm::Hash(hash), properties)
        }
        Kind::Rng => {
            let rng = rng::find(name)?;
            (Algorithm::Rng(rng), properties(rng.name()))
        }
        Kind::Akcipher | Kind::Kpp => return None,
    })
}

impl Transform for UserTransform {
    fn engine(&self) -> &'static CStr {
        c"user"
    }

    fn properties(&self) -> &Properties {
        &self.0.properties
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
        self.0.current.lock().map_or(0, |current| current.tag_len)
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
            (Parameter::Key(key), _) => match self.key(key) {
                Ok(keyed) => self.replace(Some(keyed)),
                // As the kernel: rather no key than one that the caller thinks replaced.
                Err(errno) if self.needs_key() => self.replace(None).and(Err(errno)),
                Err(errno) => Err(errno),
            },
            (Parameter::TagLen(len), Algorithm::Aead(aead)) => {
                let fits = len > 0 && len <= self.0.properties.max_tag_size;
                if !fits || !(aead.tag_ok)(len as usize) {
                    return Err(Errno::INVAL);
                }
                self.0.current.lock()?.tag_len = len;
                Ok(())
            }
            _ => Err(Errno::NOPROTOOPT),
        }
    }

    /// Puts a key in the place of the one that is there, which is wiped when nobody is in the way of a fork(2).
    fn replace(&self, key: Option<Keyed>) -> Result<()> {
        let key = key.map(Arc::new);
        let old = std::mem::replace(&mut self.0.current.lock()?.key, key);
        drop(old);
        Ok(())
    }
}
