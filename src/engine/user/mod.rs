// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The user engine: the kernel's algorithms in user space, for where there is no AF_ALG.
//!
//! It behaves as AF_ALG does, errors included: [`names`] reads the kernel's names of algorithms,
//! [`transform`] is the bound socket, [`operation`] the accepted one (for digests and RNGs
//! [`hash_operation`] and [`rng`]; [`two_processes`] after fork(2)), [`batch`] has many messages
//! processed at once, [`memory`] moves data between the caller's IOVECs and where they are
//! processed. [`hash`], [`skcipher`] and [`aead`] are tables of algorithms.
//!
//! The cryptography is RustCrypto's, but where that is slow. What it does not do: akcipher and
//! kpp, which no kernel serves either; CRYPTO_USER_API_RNG_CAVP; answer EFAULT for memory that is
//! not there, other than NULL: the program gets the signal that it would get for its own access.

pub mod aead;
pub mod batch;
pub mod hash;
pub mod hash_operation;
pub mod memory;
pub mod names;
pub mod operation;
pub mod rng;
pub mod skcipher;
pub mod state;
pub mod transform;
pub mod two_processes;
