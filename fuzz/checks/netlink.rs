// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Any bytes are a reply or an error. A reply that was composed says, when it is read, what was put
//! in.

use super::{Choices, KINDS};
use crate::engine::kernel::driver::Driver;
use crate::engine::kernel::netlink::parse;
use crate::engine::{Kind, Properties};

/// A family, then a reply; and a reply made of the same bytes.
pub fn netlink(data: &[u8]) {
    let mut choices = Choices(data);
    let kind = choices.one_of(&KINDS);
    let read = parse(choices.0, kind);
    if let Ok(driver) = &read {
        assert!(driver.properties.name.len() <= 64);
        let len = u32::from_ne_bytes(*choices.0.first_chunk().expect("a length")) as usize;
        assert_eq!(parse(&choices.0[..len], kind), read, "what is behind the message counts");
    }

    let (reply, driver) = compose(&mut choices, kind);
    assert_eq!(parse(&reply, kind), Ok(driver));
}

/// A reply as the kernel writes it, and the driver that it describes.
fn compose(choices: &mut Choices<'_>, kind: Kind) -> (Vec<u8>, Driver) {
    let name: String = choices.take(63).iter().map(|byte| char::from(b'!' + byte % 94)).collect();
    let asynchronous = choices.below(2) == 1;
    let mut reply = vec![0; 16 + 208];
    reply[4..6].copy_from_slice(&0x13u16.to_ne_bytes());
    reply[16..16 + name.len()].copy_from_slice(name.as_bytes());
    let flags = choices.word() & !0x80 | if asynchronous { 0x80 } else { 0 };
    reply[16 + 204..].copy_from_slice(&flags.to_ne_bytes());

    let mut driver = Driver { priority: choices.word(), asynchronous, ..Driver::default() };
    let [a, b, c] = [choices.word(), choices.word(), choices.word()];
    let properties = Properties { name, ..Properties::default() };
    // The reports of linux/cryptouser.h: names of 64 bytes, then numbers.
    let (tag, names, numbers, properties) = match kind {
        Kind::Skcipher => {
            let sizes = Properties { block_size: a, iv_size: b, ..properties };
            (4, 2, vec![a, 0, c, b], sizes)
        }
        Kind::Aead => {
            let sizes = Properties { block_size: a, max_tag_size: b, iv_size: c, ..properties };
            (5, 2, vec![a, b, c], sizes)
        }
        Kind::Hash => {
            (3, 1, vec![a, b], Properties { block_size: a, digest_size: b, ..properties })
        }
        Kind::Rng => (7, 1, vec![a], Properties { seed_size: a, ..properties }),
        Kind::Akcipher => (9, 1, vec![], properties),
        Kind::Kpp => (10, 1, vec![], properties),
    };
    driver.properties = properties;
    let mut report = vec![b'x'; names * 64];
    report.extend(numbers.iter().flat_map(|number| number.to_ne_bytes()));
    let mut attributes = vec![(1u16, driver.priority.to_ne_bytes().to_vec()), (tag, report)];
    // An attribute that only a later kernel knows, anywhere and of any length.
    let unknown = (100 + u16::from(choices.byte()), choices.take(9).to_vec());
    attributes.insert(choices.below(3), unknown);
    for (tag, value) in attributes {
        reply.extend((4 + value.len() as u16).to_ne_bytes());
        reply.extend(tag.to_ne_bytes());
        reply.extend(&value);
        reply.resize(reply.len().next_multiple_of(4), 0);
    }
    let len = reply.len() as u32;
    reply[..4].copy_from_slice(&len.to_ne_bytes());
    (reply, driver)
}
