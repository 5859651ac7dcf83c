// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The programs of libkcapi: kcapi-hasher under its 16 names, kcapi-enc, kcapi-dgst, kcapi-rng,
//! kcapi-speed, kcapi-info and kcapi, on the public C API of `libkcapi.so.1`.
//!
//! They run in an initramfs, before there is a locale, a /tmp or a root that can be written to.
//! So they are small, need libc and libkcapi.so.1 and nothing else, and have no standard library
//! under them. The Makefile links each one out of one static library: its `main` is a function of
//! [`entry`].
//!
//! - [`entry`]: the beginning of each.
//! - [`hasher`], [`enc`], [`dgst`], [`rng`], [`speed`], [`info`], [`kcapi`]: the programs.
//! - [`tool`]: the common part of kcapi-enc, kcapi-dgst and kcapi-rng.
//! - [`algorithm`]: the algorithms that kcapi-info and kcapi-speed open and measure.
//! - [`options`], [`message`], [`hex`], [`output`], [`progress`]: the input and output of all of
//!   them.
//! - [`library`]: the functions of libkcapi that they call, with owners for its handles.
//! - [`sys`]: system calls; [`interrupt`]: signals.
//! - `runtime`: the parts that Rust needs from a program without a standard library.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

// In the tests its functions take the place of libkcapi's.
#[cfg(test)]
use ::kcapi as _;

pub mod algorithm;
pub mod dgst;
pub mod enc;
pub mod entry;
pub mod hasher;
pub mod hex;
pub mod info;
pub mod interrupt;
pub mod kcapi;
pub mod key;
pub mod library;
pub mod message;
pub mod options;
pub mod output;
pub mod progress;
pub mod rng;
#[cfg(all(feature = "runtime", not(test)))]
mod runtime;
pub mod speed;
pub mod sys;
pub mod tool;
