// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Any text has a driver or has none, and the driver that the kernel would take is found.

use super::{Choices, KINDS};
use crate::engine::kernel::driver::Driver;
use crate::engine::kernel::proc_crypto::driver_for;
use crate::engine::{Kind, Properties};
use std::fmt::Write;

/// A family, then a text; and a text made of the same bytes.
pub fn proc_crypto(data: &[u8]) {
    let mut choices = Choices(data);
    let kind = choices.one_of(&KINDS);
    let text = String::from_utf8_lossy(choices.0);
    for name in ["cbc(aes)", "stdrng", ""] {
        if let Some(driver) = driver_for(&text, kind, name) {
            assert!(text.contains(name) && text.contains(&driver.properties.name));
        }
    }

    let drivers: Vec<_> = (0..choices.below(6)).map(|_| driver(&mut choices)).collect();
    let text: Vec<_> = drivers.iter().map(show).collect();
    let text = text.join("\n");
    for name in ["a", "b", "a-driver"] {
        let of_kind = || drivers.iter().filter(|driver| driver.0 == kind);
        let best = of_kind().find(|driver| driver.1.name == name).or_else(|| {
            let named = of_kind().filter(|driver| driver.1.properties.name == name);
            named.max_by_key(|driver| driver.1.priority)
        });
        assert_eq!(driver_for(&text, kind, name).as_ref(), best.map(|driver| &driver.1));
    }
}

/// A family, and a driver of it.
fn driver(choices: &mut Choices<'_>) -> (Kind, Driver) {
    let kind = choices.one_of(&KINDS);
    let mut driver = Driver {
        priority: choices.word(),
        asynchronous: choices.below(2) == 1,
        properties: Properties {
            name: choices.one_of(&["a", "b"]).to_owned(),
            ..Properties::default()
        },
        ..Driver::default()
    };
    let sizes = &mut driver.properties;
    match kind {
        Kind::Skcipher => (sizes.block_size, sizes.iv_size) = (choices.word(), choices.word()),
        Kind::Aead => (sizes.iv_size, sizes.max_tag_size) = (choices.word(), choices.word()),
        Kind::Hash => (sizes.block_size, sizes.digest_size) = (choices.word(), choices.word()),
        Kind::Rng => sizes.seed_size = choices.word(),
        Kind::Akcipher | Kind::Kpp => {}
    }
    driver.name = choices.one_of(&["a-driver", "b-driver"]).to_owned();
    (kind, driver)
}

/// A paragraph as the kernel writes it.
fn show((kind, driver): &(Kind, Driver)) -> String {
    let family = match kind {
        Kind::Skcipher => "skcipher",
        Kind::Aead => "aead",
        Kind::Hash => "ahash",
        Kind::Rng => "rng",
        Kind::Akcipher => "akcipher",
        Kind::Kpp => "kpp",
    };
    let sizes = &driver.properties;
    let mut text = String::new();
    let mut line = |key: &str, value: &str| writeln!(text, "{key:<13}: {value}").expect("memory");
    line("name", &sizes.name);
    line("driver", &driver.name);
    line("module", "kernel");
    line("priority", &driver.priority.to_string());
    line("refcnt", "1");
    line("selftest", "passed");
    line("type", family);
    line("async", if driver.asynchronous { "yes" } else { "no" });
    for (key, size) in [
        ("blocksize", sizes.block_size),
        ("min keysize", 16),
        ("ivsize", sizes.iv_size),
        ("digestsize", sizes.digest_size),
        ("maxauthsize", sizes.max_tag_size),
        ("seedsize", sizes.seed_size),
    ] {
        line(key, &size.to_string());
    }
    text
}
