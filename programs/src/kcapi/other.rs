// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The tasks besides ciphers: digests, key derivation, asymmetric ciphers, key agreement.

use super::settings::{Mode, Settings};
use super::{fail, failed, hex_line};
use crate::library::asymmetric::{Agreement, Asymmetric, Operation};
use crate::library::derivation::{hkdf, kdf, pbkdf};
use crate::library::{Digest, Direction};
use crate::sys::{Errno, Result};
use crate::tool::Failed;
use alloc::vec;
use alloc::vec::Vec;

type Printed = core::result::Result<Vec<u8>, Failed>;

fn open_digest(settings: &Settings) -> core::result::Result<Digest, Failed> {
    let name = settings.algorithm;
    let digest =
        Digest::open(name).map_err(|errno| fail(format_args!("no digest {name}: {errno}")))?;
    if let Some(key) = &settings.key {
        digest.set_key(key).map_err(failed("-k"))?;
    }
    Ok(digest)
}

/// The digest of a message: in two pieces with -s.
fn digest_of(digest: &Digest, message: &[u8], stream: bool) -> Result<Vec<u8>> {
    if !stream {
        return digest.digest(message);
    }
    let (first, second) = message.split_at(message.len() / 2);
    digest.update(first)?;
    digest.update(second)?;
    digest.finish()
}

/// The digest of -p, as often as is asked for.
pub fn digests(settings: &Settings) -> Printed {
    let digest = open_digest(settings)?;
    let message = settings.plaintext.as_deref().unwrap_or_default();
    let mut text = Vec::new();
    for _ in 0..settings.operations {
        let result = digest_of(&digest, message, settings.stream).map_err(failed("digest"))?;
        text.extend(hex_line(&result));
    }
    Ok(text)
}

/// A derived key.
pub fn derivation(settings: &Settings) -> Printed {
    let mut output = vec![0; settings.result.unwrap_or_default()];
    let (name, key) = (settings.algorithm, settings.key.as_deref().unwrap_or_default());
    let data = settings.plaintext.as_deref().unwrap_or_default();
    let done = match settings.mode {
        Mode::Kdf(mode) => kdf(mode, &open_digest(settings)?, data, &mut output),
        Mode::Pbkdf2 => u32::try_from(settings.operations)
            .map_err(|_| Errno(libc::EINVAL))
            .and_then(|iterations| pbkdf(name, key, data, iterations, &mut output)),
        _ => hkdf(name, key, settings.iv.as_deref().unwrap_or_default(), data, &mut output),
    };
    done.map_err(failed("key derivation"))?;
    Ok(hex_line(&output))
}

/// Encryption and decryption; with -o verification and signature.
pub fn asymmetric(settings: &Settings) -> Printed {
    let operation = match (settings.direction, settings.other_way) {
        (Direction::Encrypt, false) => Operation::Encrypt,
        (Direction::Decrypt, false) => Operation::Decrypt,
        (Direction::Encrypt, true) => Operation::Sign,
        (Direction::Decrypt, true) => Operation::Verify,
    };
    let name = settings.algorithm;
    let cipher = Asymmetric::open(name, settings.aio)
        .map_err(|errno| fail(format_args!("no asymmetric cipher {name}: {errno}")))?;
    let key = settings.key.as_deref().unwrap_or_default();
    let longest = cipher.set_key(operation, key).map_err(failed("-k"))?;
    let mut output = vec![0; longest.max(settings.result.unwrap_or_default())];
    let mut text = Vec::new();
    for _ in 0..settings.operations {
        let length =
            cipher.run(operation, settings.data(), &mut output).map_err(failed("the operation"))?;
        text.extend(hex_line(output.get(..length).unwrap_or_default()));
    }
    Ok(text)
}

/// A public key, or the secret shared with -q. -p has the parameters of dh, -l the number of the
/// curve of ecdh.
pub fn agreement(settings: &Settings) -> Printed {
    let name = settings.algorithm;
    let agreement = Agreement::open(name, settings.aio)
        .map_err(|errno| fail(format_args!("no key agreement {name}: {errno}")))?;
    match (&settings.plaintext, settings.tag_length) {
        (Some(group), _) => agreement.set_group(group).map_err(failed("-p"))?,
        (None, Some(curve)) => agreement.set_curve(curve).map_err(failed("-l"))?,
        (None, None) => {}
    }
    let key = settings.key.as_deref().unwrap_or_default();
    agreement.set_key(key).map_err(failed("-k"))?;
    let mut output = vec![0; settings.result.unwrap_or_default()];
    let done = if settings.generate {
        agreement.public_key(&mut output)
    } else {
        let peer = settings.ciphertext.as_deref().unwrap_or_default();
        agreement.shared_secret(peer, &mut output)
    };
    let length = done.map_err(failed("key agreement"))?;
    Ok(hex_line(output.get(..length).unwrap_or_default()))
}
