// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The log's reasons for calls that failed, if the engine tells no more than a number: they are
//! found by looking at the arguments. They tell lengths and sizes, and never the contents of
//! memory.

use crate::engine::{Control, Kind, Op, WholeMessage};
use crate::errno::{Errno, Result};
use crate::handle::Handle;
use crate::iov::Iovecs;
use crate::log::because;

/// A whole message.
pub fn message<T>(handle: &Handle, message: &WholeMessage<'_>, result: Result<T>) -> Result<T> {
    result.inspect_err(|&errno| {
        if let (Ok(len), Ok(room)) = (message.input.total(), message.output.total()) {
            explain(handle, message.control, len, room, errno);
        }
    })
}

/// Pairs of IOVECs, each a message.
pub fn pairs<T>(
    handle: &Handle,
    control: &Control,
    inputs: Iovecs<'_>,
    outputs: Iovecs<'_>,
    result: Result<T>,
) -> Result<T> {
    result.inspect_err(|&errno| {
        for (input, output) in inputs.list().iter().zip(outputs.list()) {
            explain(handle, control, input.iov_len, output.iov_len, errno);
        }
    })
}

fn tag_len(handle: &Handle) -> usize {
    match handle.tag_len() {
        0 => handle.properties().max_tag_size as usize,
        set => set,
    }
}

/// Notes what is wrong with a message of `len` bytes and room for `room` of its result, if that is.
fn explain(handle: &Handle, control: &Control, len: usize, room: usize, errno: Errno) {
    let properties = handle.properties();
    let (aad, tag) = match handle.kind() {
        Kind::Aead => (control.assoclen.unwrap_or(0) as usize, tag_len(handle)),
        _ => (0, 0),
    };
    let decrypts = control.op == Op::Decrypt;
    let needed = if decrypts { aad.saturating_add(tag) } else { aad };
    let result = if decrypts { len.saturating_sub(tag) } else { len.saturating_add(tag) };
    let block = properties.block_size.max(1) as usize;
    match errno {
        Errno::INVAL if len < needed => {
            because(errno, format_args!("a message of {len} bytes, {needed} of AAD and tag"));
        }
        Errno::INVAL if room < result => {
            because(errno, format_args!("room for {room} bytes of a result of {result}"));
        }
        Errno::INVAL if handle.kind() == Kind::Skcipher && !len.is_multiple_of(block) => {
            because(errno, format_args!("a message of {len} bytes, in blocks of {block}"));
        }
        Errno::MSGSIZE => {
            because(errno, format_args!("a message of {len} bytes, more than is taken at once"));
        }
        _ => (),
    }
}

/// A key, a seed, entropy: `what`, of `len` bytes.
pub fn parameter<T>(what: &str, len: usize, result: Result<T>) -> Result<T> {
    result.inspect_err(|&errno| match errno {
        Errno::BUSY => {
            because(errno, "a message has begun on a handle with this key");
        }
        Errno::INVAL => {
            because(errno, format_args!("{what} of {len} bytes is refused"));
        }
        Errno::NOSYS | Errno::OPNOTSUPP | Errno::NOPROTOOPT => {
            because(errno, format_args!("takes no such thing as {what}"));
        }
        _ => (),
    })
}

/// A key by its serial number in the kernel's keyrings.
pub fn key_serial<T>(serial: i32, result: Result<T>) -> Result<T> {
    result.inspect_err(|&errno| match errno {
        Errno::BUSY => {
            because(errno, "a message has begun on a handle with this key");
        }
        Errno::INVAL => {
            because(errno, format_args!("key {serial} is refused"));
        }
        Errno::OPNOTSUPP => {
            because(errno, format_args!("key {serial} is of a type that cannot be set here"));
        }
        Errno::NOKEY => {
            because(errno, format_args!("there is no key {serial}"));
        }
        Errno::ACCES => {
            because(errno, format_args!("key {serial} gives no permission"));
        }
        _ => (),
    })
}

/// Reading from a stream.
pub fn receive<T>(room: usize, result: Result<T>) -> Result<T> {
    result.inspect_err(|&errno| {
        if errno == Errno::INVAL {
            because(errno, format_args!("room for {room} bytes, less than comes at once"));
        }
    })
}
