// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! A driver, as [`super::netlink`] and [`super::proc_crypto`] tell of it.

use crate::engine::Properties;

/// A driver of an algorithm, as the kernel describes it.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Driver {
    /// Its own name, such as `cbc-aes-aesni`.
    pub name: String,
    /// The algorithm's sizes and name.
    pub properties: Properties,
    /// The kernel takes the driver with the highest priority.
    pub priority: u32,
    /// CRYPTO_ALG_ASYNC: the driver may answer before it has finished.
    pub asynchronous: bool,
}
