// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The properties of an algorithm. The kernel is asked for those that are not [`known`] once, and
//! they are kept for the life of the process.
//!
//! NETLINK_CRYPTO tells them; where the kernel was built without it
//! (CONFIG_CRYPTO_USER), /proc/crypto says the same, once bind(2) has loaded the
//! algorithm. Sizes never change, so each is leaked into a `'static`: the number of
//! algorithms that a kernel has bounds how many there can be.

use super::completion::Completion;
use super::netlink::{self, Drivers, Names};
use super::{completion, known, proc_crypto};
use crate::engine::shape::Shape;
use crate::engine::{Kind, Properties};
use crate::errno::{Errno, Result};
use crate::lock::{Lock, Recover};
use crate::log::{self, log};
use std::collections::BTreeMap;
use std::ffi::{CStr, CString};

/// An algorithm that this process has used.
pub struct KernelAlgorithm {
    /// Its family.
    pub kind: Kind,
    /// Its properties.
    pub properties: Properties,
    /// What its messages must look like.
    pub shape: Shape,
    requested: CString,
    judged: Lock<Option<Judged>>,
}

impl Recover for Option<Judged> {
    #[allow(unsafe_code)]
    unsafe fn recover(this: *mut Self) {
        // SAFETY: the caller's promise. The child judges anew.
        unsafe { this.write(None) };
    }
}

/// The judgement of an algorithm's driver, and the facts that it rests on.
struct Judged {
    /// The asynchronous driver that NETLINK_CRYPTO named at that time, by its name and priority;
    /// None: it could not be asked.
    named: Option<([u8; 64], u32)>,
    completion: Completion,
}

type Cache = BTreeMap<(Kind, CString), &'static KernelAlgorithm>;
static CACHE: Lock<Cache> = Lock::new(Cache::new());

impl Recover for Cache {
    #[allow(unsafe_code)]
    unsafe fn recover(this: *mut Self) {
        // SAFETY: the caller's promise. The child asks again.
        unsafe { this.write(Self::new()) };
    }
}

/// The algorithm `name`, to which a socket has been bound before.
pub fn of(kind: Kind, name: &CStr) -> Result<&'static KernelAlgorithm> {
    let key = (kind, name.to_owned());
    if let Some(known) = CACHE.lock()?.get(&key) {
        return Ok(known);
    }
    let known = name.to_str().ok().and_then(|name| known::properties(kind, name));
    let properties = match known {
        Some(properties) => properties,
        None => ask(kind, name)?,
    };
    // The kernel was asked without the lock. If another thread was first, its answer is taken.
    let mut cache = CACHE.lock()?;
    Ok(*cache.entry(key).or_insert_with_key(|(kind, requested)| {
        Box::leak(Box::new(KernelAlgorithm {
            kind: *kind,
            shape: Shape::of(&properties),
            properties,
            requested: requested.clone(),
            judged: Lock::default(),
        }))
    }))
}

/// Asks the kernel.
fn ask(kind: Kind, name: &CStr) -> Result<Properties> {
    let driver = netlink::query(kind, name, Names::All, Drivers::Any).or_else(|errno| {
        let (shown, errno) = (log::Name(name), errno.number());
        log!(Verbose, "NETLINK_CRYPTO does not tell about {shown} (errno: -{errno})");
        proc_crypto::query(kind, name)
            .inspect_err(|_| log!(Error, "neither NETLINK_CRYPTO nor /proc/crypto knows {shown}"))
    })?;
    Ok(driver.properties)
}

impl KernelAlgorithm {
    /// Judges whether the driver of a new transform finishes when it answers. NETLINK_CRYPTO is
    /// asked each time, since drivers come and go. /proc/crypto, by which an asynchronous driver is
    /// judged, is read again only if another driver has come. The error: it cannot be known at the
    /// moment, and a later answer may be another one.
    pub fn completion(&self) -> Result<Completion> {
        let own_name = self.requested.to_bytes() != self.properties.name.as_bytes();
        let names = if own_name { Names::All } else { Names::Algorithms };
        let named = match netlink::query(self.kind, &self.requested, names, Drivers::Asynchronous) {
            Err(Errno::NOENT) => return Ok(Completion::AtOnce),
            answer => answer.ok().map(|driver| {
                let mut name = [0; 64];
                name.iter_mut().zip(driver.name.bytes()).for_each(|(to, from)| *to = from);
                (name, driver.priority)
            }),
        };
        // EDEADLK: this is a signal handler, which does without what is known.
        let mut judged = self.judged.lock().ok();
        let known = judged.as_ref().and_then(|judged| judged.as_ref());
        if let Some(known) = known.filter(|judged| judged.named == named) {
            return Ok(known.completion);
        }
        let name = self.requested.to_str().unwrap_or_default();
        let completion = match proc_crypto::read() {
            Ok(text) => completion::of(&text, self.kind, name),
            Err(errno) if errno.is_passing() => return Err(errno),
            Err(_) => None,
        };
        let completion = completion.unwrap_or(match named {
            Some(_) => Completion::Later,
            None => Completion::AtOnce,
        });
        log!(Debug, "the driver of {name} completes: {completion:?}");
        if let Some(judged) = &mut judged {
            **judged = Some(Judged { named, completion });
        }
        Ok(completion)
    }

    /// Bytes that a piece of a longer message must be a multiple of, so that
    /// the pieces come out as the whole would.
    pub fn granule(&self) -> usize {
        match self.properties.block_size {
            // In a stream mode these are whole blocks of the key stream: 64 bytes for ChaCha, 16
            // for the modes of block ciphers.
            0 | 1 if self.properties.name.contains("chacha") => 64,
            0 | 1 => 16,
            block_size => block_size as usize,
        }
    }
}
