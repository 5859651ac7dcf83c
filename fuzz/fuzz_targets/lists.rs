// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
#![no_main]

// The library's functions, which the programs call.
use kcapi as _;

libfuzzer_sys::fuzz_target!(|data: &[u8]| kcapi_programs::hasher::list::holds_for(data));
