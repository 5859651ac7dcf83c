// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The beginnings of the programs: the Makefile makes each of these functions one program's `main`.
#![allow(unsafe_code)]

use crate::options::Arguments;
use crate::{dgst, enc, hasher, info, kcapi, rng, speed, sys};
use core::ffi::{c_char, c_int};

macro_rules! entries {
    ($($(#[$comment:meta])* $main:ident => $program:path,)*) => {$(
        $(#[$comment])*
        ///
        /// # Safety
        /// The arguments are those of a `main`, called once.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $main(argc: c_int, argv: *mut *mut c_char) -> c_int {
            sys::occupy_standard_descriptors();
            // SAFETY: the caller's promise.
            $program(unsafe { Arguments::new(argc, argv) })
        }
    )*};
}

entries! {
    /// kcapi-hasher, and sha512hmac and so on.
    kcapi_hasher_main => hasher::main,
    /// kcapi-enc.
    kcapi_enc_main => enc::main,
    /// kcapi-dgst.
    kcapi_dgst_main => dgst::main,
    /// kcapi-rng.
    kcapi_rng_main => rng::main,
    /// kcapi-info.
    kcapi_info_main => info::main,
    /// kcapi.
    kcapi_main => kcapi::main,
    /// kcapi-speed.
    kcapi_speed_main => speed::main,
}
