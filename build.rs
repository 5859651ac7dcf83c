// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Generates kcapi.h from src/capi with cbindgen, into cargo's output directory and,
//! if KCAPI_HEADER names a file, there. `make check-header` compares that file with
//! include/kcapi.h, `make header` replaces it.

use std::path::PathBuf;
use std::{env, fs};

/// The header's order; only these files declare C functions.
const FAMILIES: &[&str] = &[
    "util",
    "handle",
    "engine",
    "cipher",
    "cipher_convenience",
    "cipher_stream",
    "aead",
    "aead_layout",
    "aead_stream",
    "md",
    "md_convenience",
    "rng",
    "kdf",
    "akcipher",
    "akcipher_stream",
    "kpp",
];

fn main() {
    println!("cargo::rerun-if-changed=src/capi");
    println!("cargo::rerun-if-changed=cbindgen.toml");
    println!("cargo::rerun-if-env-changed=KCAPI_HEADER");
    println!("cargo::rerun-if-env-changed=KCAPI_DEFAULT_ENGINE");

    let config = cbindgen::Config::from_file("cbindgen.toml").expect("cbindgen.toml");
    let header = FAMILIES
        .iter()
        .fold(cbindgen::Builder::new().with_config(config), |builder, family| {
            builder.with_src(format!("src/capi/{family}.rs"))
        })
        .generate()
        .expect("src/capi declares functions that C can call");

    let mut text = Vec::new();
    header.write(&mut text);
    // The only comments of C99's kind are cbindgen's own.
    let text = String::from_utf8(text)
        .expect("UTF-8")
        .replace("// __cplusplus", "/* __cplusplus */")
        .replace("// extern \"C\"", "/* extern \"C\" */");
    let out = env::var_os("OUT_DIR").map(|dir| PathBuf::from(dir).join("kcapi.h"));
    let requested = env::var_os("KCAPI_HEADER").map(PathBuf::from);
    for path in out.into_iter().chain(requested) {
        fs::write(&path, &text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}
