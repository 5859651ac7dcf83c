// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The map in ARCHITECTURE.md against the tree: every file of `src` is in a room of it, a room
//! imports only rooms below it, no two files import each other by any way, and system calls are
//! made in `src/sys` alone.
//!
//! What counts is a path that begins with `crate` or `super`, outside of tests. A module and its
//! own submodules are free to use each other through the parent's `use`, which does not count.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic, and slices are cut where something was found"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Modules by their paths, such as `engine::kernel::aio`, and what each imports.
type Imports = BTreeMap<String, BTreeSet<String>>;

struct Tree {
    files: BTreeMap<String, PathBuf>,
    imports: Imports,
}

impl Tree {
    fn read() -> Self {
        let mut files = BTreeMap::new();
        collect(Path::new("src"), &mut files);
        let text = |path: &PathBuf| product_code(&fs::read_to_string(path).unwrap());
        let imports = files
            .iter()
            .map(|(module, path)| (module.clone(), imports_of(module, &text(path), &files)))
            .collect();
        Self { files, imports }
    }
}

fn collect(directory: &Path, files: &mut BTreeMap<String, PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let inside = path.with_extension("");
            let parts = inside.iter().skip(1).map(|part| part.to_str().unwrap());
            let module = parts.filter(|part| !matches!(*part, "mod" | "lib")).collect::<Vec<_>>();
            files.insert(module.join("::"), path);
        }
    }
}

/// Without comments, and without the tests at a file's end.
fn product_code(text: &str) -> String {
    let end = text.find("mod tests {").unwrap_or(text.len());
    let code = text[..end].lines().map(|line| line.split("//").next().unwrap_or_default());
    code.collect::<Vec<_>>().join("\n")
}

fn imports_of(module: &str, code: &str, files: &BTreeMap<String, PathBuf>) -> BTreeSet<String> {
    let paths = paths_from(&["crate::", "super::"], code);
    let known = paths.iter().filter_map(|path| resolve(module, path, files));
    known.filter(|found| found != module).collect()
}

/// The paths in `code` that begin with one of `roots`.
fn paths_from(roots: &[&str], code: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for used in code.split("use ").skip(1) {
        let tree = used.split(';').next().unwrap_or_default();
        if roots.iter().any(|root| tree.starts_with(root)) {
            expand("", &tree.split_whitespace().collect::<Vec<_>>().join(" "), &mut paths);
        }
    }
    for root in roots {
        for (at, _) in code.match_indices(root) {
            let part_of_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
            let end = code[at..].find(|c| !part_of_path(c)).map_or(code.len(), |len| at + len);
            if !code[..at].ends_with(part_of_path) {
                paths.push(code[at..end].to_owned());
            }
        }
    }
    paths
}

/// What of `code` calls the kernel or the C library: functions of libc and nix, and declarations of
/// others.
fn foreign_calls(code: &str) -> Vec<String> {
    let mut calls: Vec<_> = paths_from(&["libc::", "nix::"], code)
        .into_iter()
        .filter(|path| match path.split_once("::") {
            // As the one way from nix's errors to ours.
            Some(("nix", rest)) => rest.starts_with("sys::"),
            Some((_, item)) => is_function(item),
            None => false,
        })
        .collect();
    calls.extend(code.contains("extern \"C\" {").then(|| "extern \"C\"".to_owned()));
    calls
}

/// Whether libc's `item` is a function that makes a system call or may do so: no type, no constant,
/// no macro, and neither malloc(3) nor memset(3).
fn is_function(item: &str) -> bool {
    let is_type = item.ends_with("_t")
        || item.starts_with("c_")
        || ["iovec", "msghdr", "cmsghdr", "sockaddr_alg"].contains(&item);
    let harmless = is_type || ["malloc", "memset"].contains(&item);
    !harmless && item.starts_with(|c: char| c.is_lowercase() || c == '_')
}

/// The paths of a `use`, of which `prefix` is the beginning: `a::{b, c::{d, e}}` has three.
fn expand(prefix: &str, tree: &str, paths: &mut Vec<String>) {
    let Some((head, inside)) = tree.split_once('{') else {
        paths.push(format!("{prefix}{}", tree.split(" as ").next().unwrap_or_default().trim()));
        return;
    };
    let (prefix, mut depth, mut part) = (format!("{prefix}{}", head.trim()), 0, String::new());
    for c in inside.chars() {
        match c {
            ',' | '}' if depth == 0 => {
                expand(&prefix, part.trim(), paths);
                part.clear();
            }
            _ => {
                depth += i32::from(c == '{') - i32::from(c == '}');
                part.push(c);
            }
        }
    }
}

/// The module in which a path ends.
fn resolve(module: &str, path: &str, files: &BTreeMap<String, PathBuf>) -> Option<String> {
    let mut place: Vec<&str> = module.split("::").filter(|part| !part.is_empty()).collect();
    for part in path.split("::").filter(|part| !part.is_empty()) {
        match part {
            "crate" => place.clear(),
            "super" => drop(place.pop()),
            "self" => {}
            part => place.push(part),
        }
    }
    // What comes after the module is an item in it.
    while !place.is_empty() && !files.contains_key(&place.join("::")) {
        place.pop();
    }
    (!place.is_empty()).then(|| place.join("::"))
}

/// The rooms of the map, from top to bottom: each is the beginning of its files' names.
fn rooms() -> Vec<String> {
    let text = fs::read_to_string("ARCHITECTURE.md").unwrap();
    let map = text.split("## The map").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap();
    let paths = map.lines().filter_map(|line| line.strip_prefix("    src/"));
    paths.map(|line| format!("src/{}", line.split(' ').next().unwrap_or_default())).collect()
}

/// The room that a file is in: the one that says most of its name.
fn room_of(rooms: &[String], path: &Path) -> Option<usize> {
    let path = path.to_str().unwrap();
    let matching = (0..rooms.len()).filter(|&room| path.starts_with(&rooms[room]));
    matching.max_by_key(|&room| rooms[room].len())
}

#[test]
fn every_file_is_on_the_map_and_imports_only_what_is_below() {
    let (tree, rooms) = (Tree::read(), rooms());
    let mut wrong = Vec::new();
    for (module, path) in tree.files.iter().filter(|(module, _)| !module.is_empty()) {
        let Some(room) = room_of(&rooms, path) else {
            wrong.push(format!("{} is not on the map", path.display()));
            continue;
        };
        for import in &tree.imports[module] {
            if room_of(&rooms, &tree.files[import]).is_some_and(|other| other < room) {
                wrong.push(format!("{} imports {import}, which is above it", path.display()));
            }
        }
    }
    for room in &rooms {
        if !Path::new(room).exists() {
            wrong.push(format!("{room} is on the map only"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(rooms.len() > 10 && tree.files.len() > 50, "the map or the tree was not found");
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let mut left = Tree::read().imports;
    // Files that import nothing of what is left, again and again: in the end only circles are left.
    loop {
        let names: BTreeSet<String> = left.keys().cloned().collect();
        let before = left.len();
        left.retain(|_, imports| imports.iter().any(|import| names.contains(import)));
        if left.len() == before {
            break;
        }
    }
    assert!(left.is_empty(), "in circles, or above them: {:?}", left.keys().collect::<Vec<_>>());
}

#[test]
fn system_calls_are_made_in_one_room() {
    let (mut wrong, mut there) = (Vec::new(), 0);
    for path in Tree::read().files.values() {
        let calls = foreign_calls(&product_code(&fs::read_to_string(path).unwrap()));
        if path.starts_with("src/sys") {
            there += calls.len();
        } else {
            wrong.extend(calls.iter().map(|call| format!("{}: {call}", path.display())));
        }
    }
    assert!(wrong.is_empty(), "not in src/sys:\n{}", wrong.join("\n"));
    assert!(there > 20, "the calls of src/sys were not seen");
}

#[test]
fn calls_of_the_kernel_are_seen() {
    const NONE: [String; 0] = [];
    for code in [
        "unsafe { libc::syscall(libc::SYS_read, fd as libc::c_int) }",
        "use libc::{c_int, recvmsg, MSG_MORE, iovec};",
        "use nix::sys::socket::recv;",
        "unsafe extern \"C\" { fn pthread_atfork(); }",
    ] {
        assert_ne!(foreign_calls(code), NONE, "{code}");
    }
    let harmless = "impl From<nix::errno::Errno> for Errno { libc::CMSG_SPACE(libc::iovec) }";
    assert_eq!(foreign_calls(harmless), NONE);
}

#[test]
fn a_use_of_many_is_seen() {
    let mut paths = Vec::new();
    expand("", "crate::a::{self, b::{c, d as e}, f}", &mut paths);
    assert_eq!(paths, ["crate::a::self", "crate::a::b::c", "crate::a::b::d", "crate::a::f"]);
}

#[test]
fn a_circle_is_seen() {
    let files: BTreeMap<_, _> =
        ["a", "a::b"].map(|module| (module.to_owned(), PathBuf::new())).into();
    let code = "use super::Item; fn f() { crate::a::g() }";
    assert_eq!(imports_of("a::b", code, &files), ["a".to_owned()].into());
    assert!(imports_of("a", "use b::Item;", &files).is_empty());
}
