// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The tie between the user engine's operations and their transform: its key and its sizes.

use super::algorithm::{Algorithm, Keyed};
use crate::engine::Properties;
use crate::engine::shape::Shape;
use crate::errno::{Errno, Result};
use crate::lock::{Lock, Recover};
use crate::wipe::Depth;
use std::sync::Arc;

/// The part of a transform that its operations share.
pub struct UserCommon {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// Its properties.
    pub properties: Properties,
    /// What its messages must look like.
    pub shape: Shape,
    current: Lock<Current>,
}

/// The parameters that were set.
struct Current {
    key: Option<Arc<Keyed>>,
    /// The tag length that was set; 0, which no algorithm takes, if none was.
    tag_len: u32,
}

// The default of `recover` is right, since every change is one store.
impl Recover for Current {}

impl UserCommon {
    /// No parameter is set yet. An algorithm that needs no key is ready.
    pub fn new(algorithm: Algorithm, properties: Properties) -> Self {
        let key = algorithm.without_key().map(Arc::new);
        let shape = Shape::of(&properties);
        Self { algorithm, properties, shape, current: Lock::new(Current { key, tag_len: 0 }) }
    }

    /// The algorithm with what was set so far; None: it waits for its key.
    #[cfg(feature = "asymmetric")]
    pub fn keyed(&self) -> Result<Option<Arc<Keyed>>> {
        Ok(self.current.lock()?.key.clone())
    }

    /// Replaces the key. The old one is wiped without the lock, so that a fork(2) need not wait for
    /// that.
    pub fn set_key(&self, key: Option<Keyed>) -> Result<()> {
        let key = key.map(Arc::new);
        let old = std::mem::replace(&mut self.current.lock()?.key, key);
        drop(old);
        Ok(())
    }

    /// Sets the tag length.
    pub fn set_tag_len(&self, len: u32) -> Result<()> {
        self.current.lock()?.tag_len = len;
        Ok(())
    }

    /// The tag length that was set; 0 if none was.
    pub fn tag_len(&self) -> u32 {
        self.current.lock().map_or(0, |current| current.tag_len)
    }

    /// Bytes of a digest.
    pub fn digest_size(&self) -> usize {
        self.properties.digest_size as usize
    }

    /// The part of the stack that a message takes.
    fn depth(&self, keyed: Option<&Keyed>) -> Depth {
        match (&self.algorithm, keyed) {
            (Algorithm::Hash(hash), _) => hash.depth,
            (_, Some(Keyed::Skcipher(cipher))) => cipher.depth(),
            (_, Some(Keyed::Aead(aead))) => aead.depth(),
            _ => Depth::Shallow,
        }
    }

    /// Returns whether each message of a batch begins with the same IV, whatever was before it.
    pub fn independent(&self) -> bool {
        matches!(self.algorithm, Algorithm::Aead(_))
            || matches!(
                self.properties.template(),
                "ecb" | "xts" | "rfc3686" | "chacha20" | "xchacha20" | "xchacha12"
            )
    }
}

/// Sizes in bytes.
#[derive(Clone, Copy)]
pub struct Sizes {
    /// The size of the algorithm's IV.
    pub iv: usize,
    /// The size of the tag in force; 0 for a symmetric cipher.
    pub tag: usize,
}

/// The transform as it was when an operation was opened, and as it stays for as long as that lives.
pub struct Lease {
    /// The transform.
    pub common: Arc<UserCommon>,
    /// The sizes of IV and tag.
    pub sizes: Sizes,
    /// The part of the stack that a message takes.
    pub depth: Depth,
    keyed: Option<Arc<Keyed>>,
}

impl Lease {
    /// The transform as it is at this moment.
    pub fn new(common: &Arc<UserCommon>) -> Result<Self> {
        let current = common.current.lock()?;
        let tag = match current.tag_len {
            0 => common.properties.max_tag_size,
            set => set,
        };
        Ok(Self {
            sizes: Sizes { iv: common.properties.iv_size as usize, tag: tag as usize },
            depth: common.depth(current.key.as_deref()),
            keyed: current.key.clone(),
            common: Arc::clone(common),
        })
    }

    /// The algorithm with its key; ENOKEY.
    pub fn keyed(&self) -> Result<&Keyed> {
        self.keyed.as_deref().ok_or(Errno::NOKEY)
    }
}
