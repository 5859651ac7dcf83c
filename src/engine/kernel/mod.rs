// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The kernel engine: AF_ALG sockets.
//!
//! In reading order: [`socket`] opens sockets and sets their options, [`bound`] is the bound
//! socket, [`transform`] opens operations on it, which share what is in [`common`]. [`operation`]
//! is the accepted socket; on it work [`streams`], [`one_shot`], messages that may be cut in
//! [`chain`], and many messages at once in [`batch`] and [`requests`] by [`aio`]. [`message`] is what sendmsg(2) and
//! recvmsg(2) are given, [`capacity`] how much of it. [`properties`] has an algorithm's sizes, which
//! are [`known`] or asked for, and its [`driver`], by [`netlink`] or in [`proc_crypto`];
//! [`completion`] judges whether the driver finishes at once. For one that does not there are
//! [`busy`] and [`offload`] with its [`backlog`].
//!
//! References: Linux `include/uapi/linux/if_alg.h`, `crypto/af_alg.c`,
//! `crypto/algif_*.c`, `Documentation/crypto/userspace-if.rst`.

pub mod aio;
mod backlog;
mod batch;
mod bound;
mod busy;
pub mod capacity;
mod chain;
mod common;
pub mod completion;
pub mod driver;
mod known;
pub mod message;
pub mod netlink;
mod offload;
mod one_shot;
pub mod operation;
pub mod proc_crypto;
pub mod properties;
pub mod requests;
pub mod socket;
mod streams;
pub mod transform;

use super::Kind;

impl Kind {
    /// The family's name for bind(2).
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
