// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! What ties the user engine's operations to their transform.

use super::algorithm::{Algorithm, Keyed};
use crate::engine::Properties;
use crate::errno::{Errno, Result};
use crate::lock::{Lock, Recover};
use crate::traces::Depth;
use std::sync::Arc;

/// What a transform's operations have in common.
pub struct UserCommon {
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

impl UserCommon {
    /// What was set is nothing, but for the key of an algorithm that needs none.
    pub fn new(algorithm: Algorithm, properties: Properties) -> Self {
        let key = algorithm.without_key().map(Arc::new);
        Self { algorithm, properties, current: Lock::new(Current { key, tag_len: 0 }) }
    }

    /// Puts a key in the place of the one that is there, which is wiped when nobody is in the way
    /// of a fork(2).
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

/// In bytes.
#[derive(Clone, Copy)]
pub struct Sizes {
    /// Of the algorithm's IV.
    pub iv: usize,
    /// Of the tag in force; a symmetric cipher's is 0.
    pub tag: usize,
}

/// An operation's hold on its transform: what that was when the operation was opened, and is for as
/// long as it lives.
pub struct Lease {
    /// The transform.
    pub common: Arc<UserCommon>,
    /// Sizes of what goes with a message.
    pub sizes: Sizes,
    keyed: Option<Arc<Keyed>>,
}

impl Lease {
    /// Of this moment.
    pub fn new(common: &Arc<UserCommon>) -> Result<Self> {
        let current = common.current.lock()?;
        let tag = match current.tag_len {
            0 => common.properties.max_tag_size,
            set => set,
        };
        Ok(Self {
            sizes: Sizes { iv: common.properties.iv_size as usize, tag: tag as usize },
            keyed: current.key.clone(),
            common: Arc::clone(common),
        })
    }

    /// The algorithm with its key; ENOKEY.
    pub fn keyed(&self) -> Result<&Keyed> {
        self.keyed.as_deref().ok_or(Errno::NOKEY)
    }
}
