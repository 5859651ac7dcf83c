// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The kernel engine: AF_ALG sockets.
//!
//! In reading order: [`socket`] has the system calls of sockets, [`bound`] is the bound socket,
//! [`transform`] opens operations on it that have [`common`] things, [`operation`] is the accepted
//! socket with its streams and [`whole`] messages, those that may be cut in [`chain`], [`message`] what sendmsg(2) is
//! given, [`capacity`] how much of it. [`properties`] asks for an algorithm's sizes, by [`netlink`]
//! or in [`proc_crypto`], and [`completion`] judges whether its driver finishes at once; for one
//! that does not there are [`busy`] and [`offload`].
//!
//! References: Linux `include/uapi/linux/if_alg.h`, `crypto/af_alg.c`,
//! `crypto/algif_*.c`, `Documentation/crypto/userspace-if.rst`.

mod bound;
mod busy;
pub mod capacity;
mod chain;
mod common;
pub mod completion;
pub mod message;
pub mod netlink;
mod offload;
pub mod operation;
pub mod proc_crypto;
pub mod properties;
pub mod socket;
pub mod transform;
pub mod whole;

use super::Kind;

impl Kind {
    /// What bind(2) calls the family.
    pub(super) fn salg_type(self) -> &'static [u8] {
        match self {
            Self::Skcipher => b"skcipher",
            Self::Aead => b"aead",
            Self::Hash => b"hash",
            Self::Rng => b"rng",
            Self::Akcipher => b"akcipher",
            Self::Kpp => b"kpp",
        }
    }
}
