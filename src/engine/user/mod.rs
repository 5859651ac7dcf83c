// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The user engine: the kernel's algorithms in user space, for where there is no AF_ALG.
//!
//! It behaves as AF_ALG does, errors included: [`transform`] is the bound socket, [`operation`] the
//! accepted one, [`lease`] what the one gives to the other: the key and the sizes of the moment.
//! [`algorithm`] has the ciphers and their names, [`data`] moves data between the caller's
//! IOVECs and where they are processed, [`keyring`] reads keys that the kernel keeps.
//!
//! The cryptography is RustCrypto's, except where that is slow or leaves secrets behind. The engine
//! does not have CRYPTO_USER_API_RNG_CAVP. It does not answer EFAULT for memory that is not there,
//! other than NULL: the program gets the signal that its own access would get.

pub mod algorithm;
pub mod data;
mod keyring;
pub mod lease;
pub mod operation;
pub mod transform;
