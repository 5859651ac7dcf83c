// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Gives the targets their corpora, and inputs made of these: the same in every run.

use super::Random;

/// The number of inputs that are made of each file, and limits for Miri, which is slow: a few
/// files, and only their beginnings.
const CHANGED: usize = if cfg!(miri) { 0 } else { 30 };
const FILES: usize = if cfg!(miri) { 5 } else { usize::MAX };
const LENGTH: usize = if cfg!(miri) { 24 } else { usize::MAX };

fn replay(name: &str, target: fn(&[u8])) {
    let folder = format!("{}/fuzz/corpus/{name}", env!("CARGO_MANIFEST_DIR"));
    let entries = std::fs::read_dir(&folder).expect(&folder);
    let mut files: Vec<_> = entries.map(|entry| entry.expect(&folder).path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{folder} has no files");
    let mut random = Random::new();
    let step = files.len().div_ceil(FILES).max(1);
    for file in files.into_iter().step_by(step) {
        let mut data = std::fs::read(&file).expect("a file of the corpus");
        data.truncate(LENGTH);
        target(&data);
        for _ in 0..CHANGED {
            target(&changed(&data, &mut random));
        }
    }
}

/// `data` with a few changes, as a fuzzer makes them.
fn changed(data: &[u8], random: &mut Random) -> Vec<u8> {
    let mut data = data.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(data.len() + 1);
        let value = random.next() as u8;
        match random.below(5) {
            0 => data.insert(at, value),
            1 => data.truncate(at.max(1)),
            2 => data.extend_from_within(at..),
            choice if at < data.len() => match choice {
                3 => drop(data.remove(at)),
                _ => data[at] = value,
            },
            _ => {}
        }
    }
    data
}

#[test]
fn replies_of_netlink() {
    replay("netlink", super::netlink::netlink);
}

#[test]
fn texts_of_proc_crypto() {
    replay("proc_crypto", super::proc_crypto::proc_crypto);
}

#[cfg(feature = "user-engine")]
#[test]
fn names_of_algorithms() {
    replay("names", super::names::names);
}

#[cfg(feature = "user-engine")]
#[test]
fn sequences_of_calls() {
    replay("calls", super::calls::calls);
}

#[cfg(feature = "asymmetric")]
#[test]
fn key_agreements() {
    replay("agreement", super::agreement::agreement);
}

#[cfg(feature = "asymmetric")]
#[test]
fn keys_of_rsa() {
    replay("rsa", super::rsa::rsa);
}
