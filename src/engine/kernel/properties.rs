// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! An algorithm's properties: asked for once, kept for the life of the process.
//!
//! NETLINK_CRYPTO tells them; where the kernel was built without it
//! (CONFIG_CRYPTO_USER), /proc/crypto says the same, once bind(2) has loaded the
//! algorithm. They never change, so each is leaked into a `'static`: the number of
//! algorithms that a kernel has bounds how many there can be.

use super::{netlink, proc_crypto};
use crate::engine::{Kind, Properties};
use crate::errno::{Errno, Result};
use crate::lock::{Lock, Recover};
use crate::log::log;
use once_cell::race::OnceBool;
use std::collections::BTreeMap;
use std::ffi::{CStr, CString};

/// A driver of an algorithm, as the kernel describes it.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Driver {
    /// Sizes and name.
    pub properties: Properties,
    /// The kernel takes the driver with the highest priority.
    pub priority: u32,
    /// CRYPTO_ALG_ASYNC: the driver may answer before it has finished.
    pub asynchronous: bool,
}

/// An algorithm that this process has used.
pub struct Algorithm {
    /// Its family.
    pub kind: Kind,
    /// Its properties.
    pub properties: Properties,
    requested: CString,
    asynchronous: OnceBool,
}

type Cache = BTreeMap<(Kind, CString), &'static Algorithm>;
static CACHE: Lock<Cache> = Lock::new(Cache::new());

impl Recover for Cache {
    #[allow(unsafe_code)]
    unsafe fn recover(this: *mut Self) {
        // SAFETY: the caller's promise. The child asks again.
        unsafe { this.write(Self::new()) };
    }
}

/// The algorithm `name`, to which a socket has been bound before.
pub fn of(kind: Kind, name: &CStr) -> Result<&'static Algorithm> {
    let key = (kind, name.to_owned());
    if let Some(known) = CACHE.lock()?.get(&key) {
        return Ok(known);
    }
    let driver = match netlink::query(kind, name, netlink::Drivers::Any) {
        Ok(driver) => driver,
        Err(errno) => {
            let shown = name.to_string_lossy();
            log!(
                Verbose,
                "NETLINK_CRYPTO does not tell about {shown} (errno: -{})",
                errno.number()
            );
            proc_crypto::query(kind, name).inspect_err(|_| {
                log!(Error, "neither NETLINK_CRYPTO nor /proc/crypto knows {shown}")
            })?
        }
    };
    // Locked anew: the kernel was asked without the lock. Whoever comes second
    // takes the first one's.
    let mut cache = CACHE.lock()?;
    Ok(*cache.entry(key).or_insert_with_key(|(kind, requested)| {
        Box::leak(Box::new(Algorithm {
            kind: *kind,
            properties: driver.properties,
            requested: requested.clone(),
            asynchronous: OnceBool::new(),
        }))
    }))
}

impl Algorithm {
    /// Whether the driver may still be at work when it has answered. Asked for
    /// by the first AIO call, so that nobody else pays for it.
    pub fn asynchronous(&self) -> bool {
        self.asynchronous.get_or_init(|| {
            let ask = |drivers| netlink::query(self.kind, &self.requested, drivers);
            match ask(netlink::Drivers::Asynchronous) {
                Ok(best_async) => match ask(netlink::Drivers::Synchronous) {
                    Ok(best_sync) => best_async.priority > best_sync.priority,
                    Err(_) => true,
                },
                Err(Errno::NOENT) => false,
                Err(_) => proc_crypto::query(self.kind, &self.requested)
                    .is_ok_and(|driver| driver.asynchronous),
            }
        })
    }

    /// Bytes that a piece of a longer message must be a multiple of, so that
    /// the pieces come out as the whole would.
    pub fn granule(&self) -> usize {
        match self.properties.block_size {
            // A stream mode: whole blocks of the key stream. 16 serves the block
            // ciphers' modes, 64 ChaCha's.
            0 | 1 if self.properties.name.contains("chacha") => 64,
            0 | 1 => 16,
            block_size => block_size as usize,
        }
    }
}
