// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The user engine's operations: AF_ALG's accepted sockets, without a socket.
//!
//! [`cipher`] serves symmetric ciphers and AEADs, with [`cipher_state`] as what is kept from call
//! to call, shared by [`shared_stream`] after a fork(2), and [`batch`] and [`requests`] for many messages at once;
//! [`hash`] digests, [`rng`] generators, `asymmetric` asymmetric ciphers and key agreements.

#[cfg(feature = "asymmetric")]
pub mod asymmetric;
pub mod batch;
pub mod cipher;
pub mod cipher_state;
pub mod hash;
pub mod requests;
pub mod rng;
pub mod shared_stream;
