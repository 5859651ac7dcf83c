// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! System calls, and what the kernel gives by them.

pub mod mapping;
