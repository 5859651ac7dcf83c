// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The version is written in Cargo.toml alone. What cannot read it there has the same.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::Path;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Files, and what is in them before the version.
const PLACES: &[(&str, &str)] = &[
    ("README.md", "It replaces libkcapi "),
    ("MIGRATION.md", "pkg-config name and version "),
    ("packaging/debian/changelog", "libkcapi ("),
    ("packaging/rpm/libkcapi.spec", "\n%global abi "),
    ("packaging/recipes/alpine/APKBUILD", "\npkgver="),
    ("packaging/recipes/arch/PKGBUILD", "\npkgver="),
    ("packaging/recipes/buildroot/libkcapi.mk", "\nLIBKCAPI_VERSION = "),
];

#[test]
fn every_file_has_the_version_of_cargo_toml() {
    for (file, before) in PLACES {
        let text = fs::read_to_string(file).unwrap();
        let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("{file}: no {before:?}"));
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let found = rest.get(..end).unwrap_or_default().trim_end_matches('.');
        assert_eq!(found, VERSION, "{file}");
    }
    let recipe = format!("packaging/recipes/openembedded/libkcapi_{VERSION}.bb");
    assert!(Path::new(&recipe).exists(), "{recipe}");
}
