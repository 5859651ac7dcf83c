// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! AEADs: one message in memory. Nothing is written before all of it is known to be right.

use super::settings::Settings;
use super::{iv, sink, tell_too_long};
use crate::library::{Aead, Direction, Flag};
use crate::message::Log;
use crate::sys::Errno;
use crate::tool::data::{Source, shown};
use crate::tool::key::Material;
use crate::tool::{Failed, failed};

/// Encrypts to `AAD || ciphertext || tag`, decrypts to `AAD || plaintext`.
pub fn run(
    settings: &Settings,
    log: Log,
    source: &Source,
    material: Material,
) -> Result<(), Failed> {
    let name = settings.cipher;
    let aad = settings.aad.as_deref().unwrap_or_default();
    // A tag fits behind the message.
    let mut message = source.read_all(log, aad, settings.tag_length)?;
    let length = message.bytes().len();

    let fails = |errno| failed(log, &name, errno);
    let mut aead = Aead::open(name, Flag::None).map_err(fails)?;
    if aead.longest().is_ok_and(|longest| longest < length) {
        tell_too_long(log, length);
        aead = Aead::open(name, Flag::User).map_err(fails)?;
    }
    log.verbose(format_args!("{name} by the engine {}", aead.engine()));
    let key = settings.key.key(log, material, settings.key_length)?;
    aead.set_key(key.bytes()).map_err(|errno| failed(log, &"the key is refused", errno))?;
    drop(key);
    let refused = |errno| {
        failed(log, &format_args!("a tag of {} is refused", shown(settings.tag_length)), errno)
    };
    aead.set_lengths(settings.tag_length, aad.len()).map_err(refused)?;
    let iv = iv(settings, log, aead.iv_size());

    let plain_length = length - settings.tag_length;
    let (input, output) = match settings.direction {
        Direction::Encrypt => (plain_length, length),
        Direction::Decrypt => {
            if let (Some(tag), Some(room)) =
                (&settings.tag, message.bytes_mut().get_mut(plain_length..))
            {
                room.copy_from_slice(tag);
            }
            (length, plain_length)
        }
    };
    let result = aead.in_place(settings.direction, message.bytes_mut(), input, output, &iv);
    let written = result.map_err(|errno| match errno {
        Errno(libc::EBADMSG) => failed(log, &"the tag is wrong", errno),
        Errno(libc::EMSGSIZE) => {
            let what = format_args!("a message of {} is too long here", shown(length));
            failed(log, &what, errno)
        }
        errno => failed(log, &name, errno),
    })?;
    if written != output {
        return Err(failed(log, &name, Errno(libc::EIO)));
    }
    message.truncate(output);
    let sink = sink(settings, log)?;
    sink.write(log, message.bytes())?;
    sink.finish(log)
}
