// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! fipshmac writes HMAC files, fipscheck compares with them.

use super::digest::Hasher;
use super::settings::Settings;
use super::{Outcome, digest_line, digest_of, file_line, places};
use crate::message::Messages;
use crate::output::Output;
use crate::sys::Errno;
use core::ffi::CStr;

/// fipshmac. A file's HMAC file is written when its content is known, and else stays as it is.
pub fn write(
    settings: &Settings,
    mut hasher: Hasher<'_>,
    messages: Messages,
) -> Result<Outcome, Errno> {
    let mut outcome = Outcome { success: true, wrote: false };
    for &name in &settings.operands {
        let Some(digest) = digest_of(&mut hasher, name, settings, messages) else {
            outcome.success = false;
            continue;
        };
        if name == c"-" {
            super::print(&file_line(settings, &digest, b"-", settings.end))?;
            outcome.wrote = true;
            continue;
        }
        // The name has escapes even with -z, since fipscheck reads the first line, whatever its end.
        let mut line = if settings.tag {
            file_line(settings, &digest, name.to_bytes(), b'\n')
        } else {
            digest_line(&digest)
        };
        if let Some(end) = line.last_mut() {
            *end = settings.end;
        }
        let directory = settings.directory.map(CStr::to_bytes);
        let Some(path) = places::of_fipshmac(name.to_bytes(), directory) else {
            outcome.success = false;
            continue;
        };
        let write = || {
            let file = Output::create(&path, 0o666)?;
            file.fd().write_all(&line)?;
            file.commit()
        };
        if let Err(why) = write() {
            messages.about(path.to_bytes(), &why);
            outcome.success = false;
        }
    }
    Ok(outcome)
}

/// fipscheck. What is wrong has been said.
pub fn check(settings: &Settings, mut hasher: Hasher<'_>, messages: Messages) -> bool {
    if settings.operands.is_empty() {
        messages.say(format_args!("which file?"));
        return false;
    }
    let mut success = true;
    for &name in &settings.operands {
        success &= check_file(settings, &mut hasher, name, messages);
    }
    success
}

fn check_file(
    settings: &Settings,
    hasher: &mut Hasher<'_>,
    name: &CStr,
    messages: Messages,
) -> bool {
    let candidates = places::of_fipscheck(name.to_bytes(), settings.directory.map(CStr::to_bytes));
    let (expected, from) = match places::read(&candidates) {
        Ok(found) => found,
        Err((Errno(libc::EBADMSG), path)) => {
            messages.about(path, &"this is no HMAC file");
            return false;
        }
        Err((errno, path)) => {
            messages.about(path, &errno);
            return false;
        }
    };
    match digest_of(hasher, name, settings, messages) {
        Some(digest) if digest == expected => true,
        Some(_) => {
            let from = crate::message::Name(from.to_bytes());
            messages.about(name.to_bytes(), &format_args!("it is not what {from} says"));
            false
        }
        None => false,
    }
}
