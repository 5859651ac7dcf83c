// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! `kcapi_aead_getdata_*`, `kcapi_aead_*buflen_*` and sizes: where the parts of an
//! AEAD message are.

use super::{borrow, store};
use crate::handle::Handle;
use libc::c_int;

/// Offset and length of a part; None: the message has no such part.
type Part = Option<(usize, usize)>;

/// AAD, data and tag in a buffer of `len` bytes. `tag_len` is None where no tag
/// belongs, in an encryption's input and a decryption's output. Where the AAD does not
/// fit, the data begin in its place.
fn parts(len: usize, assoclen: usize, tag_len: Option<usize>) -> (Part, Part, Part) {
    let aad = (len >= assoclen).then_some((0, assoclen));
    let start = aad.map_or(0, |_| assoclen);
    let Some(tag_len) = tag_len else {
        return (aad, Some((start, len - start)), None);
    };
    match (len - start).checked_sub(tag_len) {
        Some(data_len) => (aad, Some((start, data_len)), Some((start + data_len, tag_len))),
        None => (aad, None, None),
    }
}

/// Hands a part to the caller: its start unless there is no buffer, its length in any case.
///
/// # Safety
///
/// `start` and `len` are NULL or may be written to; `part` is within `data`.
unsafe fn hand_out(data: *mut u8, part: Part, start: *mut *mut u8, len: *mut usize) {
    let (offset, part_len) = part.unwrap_or_default();
    // SAFETY: the caller's promise.
    unsafe {
        store(len, part_len);
        if !data.is_null() {
            store(start, part.map_or(std::ptr::null_mut(), |_| data.wrapping_add(offset)));
        }
    }
}

/// Finds AAD, data and tag in the input buffer of an AEAD operation.
///
/// The parts follow from the lengths that kcapi_aead_setassoclen() and
/// kcapi_aead_settaglen() have set. The input has a tag for decryption only. A part
/// that the buffer has not, or is too short for, is NULL with length 0.
///
/// @param handle      cipher handle
/// @param encdata     the buffer; NULL: only the lengths are told
/// @param encdatalen  bytes in `encdata`
/// @param enc         1 for encryption, 0 for decryption
/// @param aad         where the pointer to the AAD goes; any of these may be NULL
/// @param aadlen      where its length goes
/// @param data        where the pointer to plaintext or ciphertext goes
/// @param datalen     where its length goes
/// @param tag         where the pointer to the tag goes
/// @param taglen      where its length goes
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_aead_getdata_input(
    handle: *mut Handle,
    encdata: *mut u8,
    encdatalen: usize,
    enc: c_int,
    aad: *mut *mut u8,
    aadlen: *mut usize,
    data: *mut *mut u8,
    datalen: *mut usize,
    tag: *mut *mut u8,
    taglen: *mut usize,
) {
    // SAFETY: kcapi.h: the handle is live.
    let Ok(handle) = (unsafe { borrow(handle) }) else {
        return;
    };
    let tag_len = (enc == 0 && handle.tag_len() > 0).then(|| handle.tag_len());
    let parts = parts(encdatalen, handle.assoclen(), tag_len);
    // SAFETY: kcapi.h: the out-parameters may be written; `parts` are within the buffer.
    unsafe {
        hand_out(encdata, parts.0, aad, aadlen);
        hand_out(encdata, parts.1, data, datalen);
        hand_out(encdata, parts.2, tag, taglen);
    }
}

/// Finds AAD, data and tag in the output buffer of an AEAD operation; see
/// kcapi_aead_getdata_input(). The output has a tag for encryption only.
///
/// @param handle      cipher handle
/// @param encdata     the buffer; NULL: only the lengths are told
/// @param encdatalen  bytes in `encdata`
/// @param enc         1 for encryption, 0 for decryption
/// @param aad         where the pointer to the AAD goes; any of these may be NULL
/// @param aadlen      where its length goes
/// @param data        where the pointer to ciphertext or plaintext goes
/// @param datalen     where its length goes
/// @param tag         where the pointer to the tag goes
/// @param taglen      where its length goes
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_aead_getdata_output(
    handle: *mut Handle,
    encdata: *mut u8,
    encdatalen: usize,
    enc: c_int,
    aad: *mut *mut u8,
    aadlen: *mut usize,
    data: *mut *mut u8,
    datalen: *mut usize,
    tag: *mut *mut u8,
    taglen: *mut usize,
) {
    // SAFETY: kcapi.h: the handle is live.
    let Ok(handle) = (unsafe { borrow(handle) }) else {
        return;
    };
    let parts = parts(encdatalen, handle.assoclen(), (enc != 0).then(|| handle.tag_len()));
    // SAFETY: kcapi.h: the out-parameters may be written; `parts` are within the buffer.
    unsafe {
        hand_out(encdata, parts.0, aad, aadlen);
        hand_out(encdata, parts.1, data, datalen);
        hand_out(encdata, parts.2, tag, taglen);
    }
}

/// Size of the IV in bytes.
///
/// @param handle  cipher handle
/// @return bytes; 0 if `handle` is NULL
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_aead_ivsize(handle: *mut Handle) -> u32 {
    // SAFETY: kcapi.h: the handle is live.
    unsafe { borrow(handle) }.map_or(0, |handle| handle.properties().iv_size)
}

/// Size of a block in bytes, 1 for modes that take any length.
///
/// @param handle  cipher handle
/// @return bytes; 0 if `handle` is NULL
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_aead_blocksize(handle: *mut Handle) -> u32 {
    // SAFETY: kcapi.h: the handle is live.
    unsafe { borrow(handle) }.map_or(0, |handle| handle.properties().block_size)
}

/// Size of the longest tag of the algorithm in bytes, in force until
/// kcapi_aead_settaglen() sets another.
///
/// @param handle  cipher handle
/// @return bytes; 0 if `handle` is NULL
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_aead_authsize(handle: *mut Handle) -> u32 {
    // SAFETY: kcapi.h: the handle is live.
    unsafe { borrow(handle) }.map_or(0, |handle| handle.properties().max_tag_size)
}

/// Size that an encryption's input buffer needs.
///
/// @param handle    cipher handle
/// @param inlen     bytes of plaintext
/// @param assoclen  bytes of AAD
/// @param taglen    bytes of tag
/// @return bytes of AAD and plaintext; no check for overflow
#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn kcapi_aead_inbuflen_enc(
    handle: *mut Handle,
    inlen: usize,
    assoclen: usize,
    taglen: usize,
) -> usize {
    let _ = (handle, taglen);
    inlen.wrapping_add(assoclen)
}

/// Size that a decryption's input buffer needs.
///
/// @param handle    cipher handle
/// @param inlen     bytes of ciphertext
/// @param assoclen  bytes of AAD
/// @param taglen    bytes of tag
/// @return bytes of AAD, ciphertext and tag; no check for overflow
#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn kcapi_aead_inbuflen_dec(
    handle: *mut Handle,
    inlen: usize,
    assoclen: usize,
    taglen: usize,
) -> usize {
    let _ = handle;
    inlen.wrapping_add(assoclen).wrapping_add(taglen)
}

/// Size that an encryption's output buffer needs.
///
/// Never 0, and the plaintext counts in whole blocks: for an algorithm that takes whole blocks
/// only it is what the next longer message needs.
///
/// @param handle    cipher handle
/// @param inlen     bytes of plaintext
/// @param assoclen  bytes of AAD
/// @param taglen    bytes of tag
/// @return bytes of AAD, ciphertext in whole blocks, and tag, at least 1; no check for overflow
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_aead_outbuflen_enc(
    handle: *mut Handle,
    inlen: usize,
    assoclen: usize,
    taglen: usize,
) -> usize {
    // SAFETY: kcapi.h: the handle is live.
    let handle = unsafe { borrow(handle) };
    out_buffer(handle.ok(), inlen, assoclen.wrapping_add(taglen))
}

/// Size that a decryption's output buffer needs.
///
/// Never 0, and the ciphertext counts in whole blocks, as for kcapi_aead_outbuflen_enc().
///
/// @param handle    cipher handle
/// @param inlen     bytes of ciphertext
/// @param assoclen  bytes of AAD
/// @param taglen    bytes of tag
/// @return bytes of AAD and of plaintext in whole blocks, at least 1; no check for overflow
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_aead_outbuflen_dec(
    handle: *mut Handle,
    inlen: usize,
    assoclen: usize,
    taglen: usize,
) -> usize {
    let _ = taglen;
    // SAFETY: kcapi.h: the handle is live.
    let handle = unsafe { borrow(handle) };
    out_buffer(handle.ok(), inlen, assoclen)
}

/// Data in whole blocks and what stands beside them, as the C library counts: overflow wraps, and
/// a handle whose algorithm has no blocks, a random number generator's, needs nothing. Without a
/// handle a block is a byte.
fn out_buffer(handle: Option<&Handle>, data: usize, beside: usize) -> usize {
    let block = handle.map_or(1, |handle| handle.properties().block_size as usize);
    match data.wrapping_add(block.wrapping_sub(1)).checked_div(block) {
        Some(blocks) => blocks.wrapping_mul(block).wrapping_add(beside).max(1),
        None => 0,
    }
}
