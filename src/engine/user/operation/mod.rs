// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The user engine's operations: AF_ALG's accepted sockets, without a socket.
//!
//! [`cipher`] serves symmetric ciphers and AEADs, with [`state`] as what is kept from call to call,
//! shared by [`two_processes`] after a fork(2), and [`batch`] for many messages at once; [`hash`] digests,
//! [`rng`] generators.

pub mod batch;
pub mod cipher;
pub mod hash;
pub mod rng;
pub mod state;
pub mod two_processes;
