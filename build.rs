// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Generates kcapi.h from src/capi with cbindgen, into cargo's output directory and, if
//! KCAPI_HEADER names a file, there. `make check-header` compares that file with include/kcapi.h,
//! `make header` replaces it. The version that brought a function is added from abi/symbols.

// A panic stops the build with its message, which is what a builder needs.
#![allow(clippy::expect_used, clippy::panic)]

use std::collections::HashMap;
use std::path::PathBuf;
use std::{env, fs};

/// The header's order; only these files declare C functions.
const FAMILIES: &[&str] = &[
    "util",
    "handle",
    "engine",
    "keyring",
    "cipher",
    "cipher_convenience",
    "cipher_stream",
    "aead",
    "aead_layout",
    "aead_stream",
    "md",
    "md_convenience",
    "request",
    "rng",
    "kdf",
    "akcipher",
    "akcipher_stream",
    "kpp",
];

fn main() {
    println!("cargo::rerun-if-changed=src/capi");
    println!("cargo::rerun-if-changed=cbindgen.toml");
    println!("cargo::rerun-if-changed=abi/symbols");
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
    // cbindgen's own comments are the only ones of C99's kind.
    let text = String::from_utf8(text)
        .expect("UTF-8")
        .replace("// __cplusplus", "/* __cplusplus */")
        .replace("// extern \"C\"", "/* extern \"C\" */");
    let symbols = fs::read_to_string("abi/symbols").expect("abi/symbols");
    let text = with_versions(&text, &symbols);
    let out = env::var_os("OUT_DIR").map(|dir| PathBuf::from(dir).join("kcapi.h"));
    let requested = env::var_os("KCAPI_HEADER").map(PathBuf::from);
    for path in out.into_iter().chain(requested) {
        fs::write(&path, &text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

/// The header with a line `@since` at the end of each function's comment.
fn with_versions(header: &str, symbols: &str) -> String {
    let versions: HashMap<_, _> = symbols
        .lines()
        .filter(|line| line.starts_with("kcapi_"))
        .filter_map(|line| {
            let mut columns = line.split_whitespace();
            Some((columns.next()?, since(columns.next()?, columns.last())))
        })
        .collect();
    let mut result = String::new();
    let mut parts = header.split(" */\n").peekable();
    while let Some(part) = parts.next() {
        result += part;
        if let Some(declaration) = parts.peek() {
            // It ends at the next comment, which may name functions, too.
            let declaration = declaration.split("/**").next().unwrap_or_default();
            let name =
                declaration.split_once('(').and_then(|(head, _)| head.rsplit([' ', '*']).next());
            if let Some(version) = name.and_then(|name| versions.get(name)) {
                result += &format!(" * @since {version}\n");
            }
            result += " */\n";
        }
    }
    result
}

/// The version of the C library that first had a function, by its symbol's nodes.
fn since(default: &str, oldest: Option<&str>) -> String {
    let number = |node: &str| node.replace("LIBKCAPI_", "");
    match oldest {
        Some(oldest) => format!("{}, with these types since {}", number(oldest), number(default)),
        None if default.starts_with("LIBKCAPI_RS_") => {
            format!("symbol version {default}; not in the C library")
        }
        None => number(default),
    }
}
