// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| kcapi::fuzz::rsa::rsa(data));
