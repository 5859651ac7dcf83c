// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The modes that need nothing but a block cipher.
//!
//! Each leaves behind in the IV what the kernel's generic driver of that mode
//! leaves there, so that a further call goes on where the last one ended: Linux
//! `crypto/{cbc,pcbc,ctr,cfb,ofb,cts}.c`. The modes: NIST SP 800-38A and its
//! addendum on ciphertext stealing (CS3).

use super::super::verdict;
use crate::engine::user::algorithm::block::{BlockCipher, Data, xor};
use crate::errno::{Errno, Result};
use zeroize::Zeroizing;

/// Bytes that are worked on at once: of AES, and of the others that gain by it, as many blocks as any
/// implementation takes. They are on the stack, where they are wiped together with what is below
/// ([`Depth`](crate::wipe::Depth)).
pub const BATCH: usize = 512;

/// Bytes in the longest block.
const BLOCK: usize = 16;

/// EINVAL unless so many bytes are whole blocks of `size` bytes, which is a power of two: a division takes ten
/// times as long.
fn whole_blocks(size: usize, len: usize) -> Result<()> {
    if len & (size - 1) == 0 { Ok(()) } else { Err(Errno::INVAL) }
}

pub fn ecb(
    cipher: &dyn BlockCipher,
    encrypt: bool,
    _: &mut [u8],
    data: Data<'_, '_>,
) -> Result<()> {
    if let Some(cipher) = cipher.pipelined() {
        // These have blocks of that size only; to ask for it would be one call more.
        whole_blocks(BLOCK, data.len())?;
        cipher.ecb(encrypt, data);
        return Ok(());
    }
    whole_blocks(cipher.size(), data.len())?;
    let data = data.into_out_with_copied_in();
    if encrypt {
        cipher.encrypt(data)
    } else {
        cipher.decrypt(data)
    }
    Ok(())
}

pub fn cbc(
    cipher: &dyn BlockCipher,
    encrypt: bool,
    iv: &mut [u8],
    data: Data<'_, '_>,
) -> Result<()> {
    whole_blocks(cipher.size(), data.len())?;
    if encrypt {
        cipher.chain(iv, data.into_out_with_copied_in());
        return Ok(());
    }
    if let (Some(cipher), Ok(iv)) = (cipher.pipelined(), iv.try_into()) {
        cipher.cbc_decrypt(iv, data);
        return Ok(());
    }
    cbc_decrypt_in_batches(cipher, iv, data.into_out_with_copied_in());
    Ok(())
}

/// Apart, since `cbc` needs no room for the others.
#[inline(never)]
fn cbc_decrypt_in_batches(cipher: &dyn BlockCipher, iv: &mut [u8], data: &mut [u8]) {
    let mut saved = [0; BATCH];
    for data in data.chunks_mut(BATCH) {
        let ciphertext = &mut saved[..data.len()];
        ciphertext.copy_from_slice(data);
        cipher.decrypt(data);
        let (first, others) = data.split_at_mut(cipher.size());
        xor(first, iv);
        xor(others, ciphertext);
        iv.copy_from_slice(&ciphertext[others.len()..]);
    }
}

pub fn pcbc(
    cipher: &dyn BlockCipher,
    encrypt: bool,
    iv: &mut [u8],
    data: Data<'_, '_>,
) -> Result<()> {
    whole_blocks(cipher.size(), data.len())?;
    let data = data.into_out_with_copied_in();
    let mut block = Zeroizing::new([0; BLOCK]);
    let input = &mut block[..cipher.size()];
    for block in data.chunks_exact_mut(cipher.size()) {
        input.copy_from_slice(block);
        if encrypt {
            xor(block, iv);
            cipher.encrypt(block);
        } else {
            cipher.decrypt(block);
            xor(block, iv);
        }
        iv.copy_from_slice(block);
        xor(iv, input);
    }
    Ok(())
}

/// Any length. The whole IV is the counter, big-endian; a last piece of a block
/// counts as a block.
pub fn ctr(cipher: &dyn BlockCipher, _: bool, iv: &mut [u8], data: Data<'_, '_>) -> Result<()> {
    // Most IVs are so long, and what has its length known is copied without a call.
    if let Ok(iv) = <&mut [u8; 16]>::try_from(&mut *iv) {
        let mut counter = u128::from_be_bytes(*iv);
        count(cipher, &mut counter, data);
        *iv = counter.to_be_bytes();
        return Ok(());
    }
    let mut counter = [0; 16];
    let unused = counter.len() - iv.len();
    counter[unused..].copy_from_slice(iv);
    // What is carried out of the IV goes into bytes that are not used.
    let mut counter = u128::from_be_bytes(counter);
    count(cipher, &mut counter, data);
    iv.copy_from_slice(&counter.to_be_bytes()[unused..]);
    Ok(())
}

/// XORs with the encrypted counter, and leaves the next one.
#[inline(always)]
pub fn count(cipher: &dyn BlockCipher, counter: &mut u128, data: Data<'_, '_>) {
    match cipher.pipelined() {
        Some(cipher) => cipher.ctr(counter, data),
        None => ctr_in_batches(cipher, counter, data.into_out_with_copied_in()),
    }
}

/// Apart, as the same of `cbc` is.
#[inline(never)]
fn ctr_in_batches(cipher: &dyn BlockCipher, counter: &mut u128, data: &mut [u8]) {
    let size = cipher.size();
    let mut stream = [0; BATCH];
    for data in data.chunks_mut(BATCH) {
        let stream = &mut stream[..data.len().next_multiple_of(size)];
        for block in stream.chunks_exact_mut(size) {
            let bytes = counter.to_be_bytes();
            // What has its length known is copied without a call.
            match block.first_chunk_mut() {
                Some(block) => *block = bytes,
                None => block.copy_from_slice(&bytes[16 - size..]),
            }
            *counter = counter.wrapping_add(1);
        }
        cipher.encrypt(stream);
        xor(data, stream);
    }
}

/// Any length. The IV left behind is the last whole block of ciphertext, also
/// where a piece of a block follows it.
pub fn cfb(
    cipher: &dyn BlockCipher,
    encrypt: bool,
    iv: &mut [u8],
    data: Data<'_, '_>,
) -> Result<()> {
    match (cipher.pipelined(), <&mut [u8; BLOCK]>::try_from(&mut *iv)) {
        (Some(cipher), Ok(iv)) if !encrypt => cipher.cfb_decrypt(iv, data),
        _ => cfb_in_batches(cipher, encrypt, iv, data.into_out_with_copied_in()),
    }
    Ok(())
}

/// Apart, as the same of `cbc` is.
#[inline(never)]
fn cfb_in_batches(cipher: &dyn BlockCipher, encrypt: bool, iv: &mut [u8], data: &mut [u8]) {
    let size = cipher.size();
    let mut stream = [0; BATCH];
    for data in data.chunks_mut(BATCH) {
        let stream = &mut stream[..data.len().next_multiple_of(size)];
        let others = stream.len() - size;
        stream[size..].copy_from_slice(&data[..others]);
        if encrypt {
            // The block cipher takes the plaintext XORed with what it gave last.
            stream[..size].fill(0);
            let mut last = [0; 16];
            last[..size].copy_from_slice(iv);
            cipher.chain(&mut last[..size], stream);
            xor(data, stream);
            keep_last(iv, data);
        } else {
            stream[..size].copy_from_slice(iv);
            keep_last(iv, data);
            cipher.encrypt(stream);
            xor(data, stream);
        }
    }
}

/// The last whole block of ciphertext, if there is one, is the next IV.
fn keep_last(iv: &mut [u8], ciphertext: &[u8]) {
    if let Some(last) = ciphertext.chunks_exact(iv.len()).last() {
        iv.copy_from_slice(last);
    }
}

/// Any length. The number of each block, from 1 on and little-endian, is XORed into the IV, which stays
/// as it is: Linux `crypto/xctr.c`, a part of HCTR2.
pub fn xctr(cipher: &dyn BlockCipher, _: bool, iv: &mut [u8], data: Data<'_, '_>) -> Result<()> {
    let iv = u128::from_le_bytes((&*iv).try_into().map_err(|_| Errno::INVAL)?);
    let data = data.into_out_with_copied_in();
    let mut stream = [0; BATCH];
    let mut number = 0_u32;
    for data in data.chunks_mut(BATCH) {
        let stream = &mut stream[..data.len().next_multiple_of(BLOCK)];
        for block in stream.as_chunks_mut().0 {
            number = number.wrapping_add(1);
            *block = (iv ^ u128::from(number)).to_le_bytes();
        }
        cipher.encrypt(stream);
        xor(data, stream);
    }
    Ok(())
}

/// Any length. The IV left behind is the last block of key stream.
pub fn ofb(cipher: &dyn BlockCipher, _: bool, iv: &mut [u8], data: Data<'_, '_>) -> Result<()> {
    let data = data.into_out_with_copied_in();
    let mut stream = [0; BATCH];
    for data in data.chunks_mut(BATCH) {
        let stream = &mut stream[..data.len().next_multiple_of(iv.len())];
        stream.fill(0);
        cipher.chain(iv, stream);
        xor(data, stream);
    }
    Ok(())
}

/// CBC with ciphertext stealing, CS3: the last two blocks are always swapped. One
/// block is plain CBC; less than one cannot be.
///
/// The IV left behind is the last whole block of ciphertext, which stands before
/// the stolen piece.
pub fn cts(
    cipher: &dyn BlockCipher,
    encrypt: bool,
    iv: &mut [u8],
    data: Data<'_, '_>,
) -> Result<()> {
    let size = cipher.size();
    if data.len() < size {
        return Err(Errno::INVAL);
    }
    if data.len() == size {
        return cbc(cipher, encrypt, iv, data);
    }
    let data = data.into_out_with_copied_in();
    // 1 to size bytes in the last piece.
    let stolen = (data.len() - 1) % size + 1;
    let (head, last) = data.split_at_mut(data.len() - stolen);
    let mut block = Zeroizing::new([0; BLOCK]);
    let padded = &mut block[..size];
    if encrypt {
        cbc(cipher, true, iv, head.into())?;
        let before = head.len() - size;
        let before = &mut head[before..];
        padded[..stolen].copy_from_slice(last);
        last.copy_from_slice(&before[..stolen]);
        before.copy_from_slice(padded);
        cbc(cipher, true, iv, before.into())
    } else {
        let (head, before) = head.split_at_mut(head.len() - size);
        cbc(cipher, false, iv, head.into())?;
        let mut left = [0; 16];
        left[..size].copy_from_slice(before);
        // The last block of plaintext was XORed with the second-last block of ciphertext, which has the
        // rest of that.
        cipher.decrypt(before);
        padded.copy_from_slice(before);
        padded[..stolen].copy_from_slice(last);
        xor(last, before);
        before.copy_from_slice(padded);
        cbc(cipher, false, iv, before.into())?;
        iv.copy_from_slice(&left[..size]);
        Ok(())
    }
}

/// Key wrapping, RFC 3394 and Linux `crypto/keywrap.c`: the first half-block of the
/// result is not in `data` but in the IV, on the way out and on the way in.
/// EBADMSG: not wrapped with this key; `data` is wiped.
pub fn kw(
    cipher: &dyn BlockCipher,
    encrypt: bool,
    iv: &mut [u8],
    data: Data<'_, '_>,
) -> Result<()> {
    const CHECK: u64 = 0xa6a6_a6a6_a6a6_a6a6;
    let data = data.into_out_with_copied_in();
    let (parts, rest) = data.as_chunks_mut::<8>();
    if parts.len() < 2 || !rest.is_empty() {
        return Err(Errno::INVAL);
    }
    let mut block = Zeroizing::new([0; BLOCK]);
    if encrypt {
        block[..8].copy_from_slice(&CHECK.to_be_bytes());
        let mut step = 1_u64;
        for _ in 0..6 {
            for part in parts.iter_mut() {
                block[8..].copy_from_slice(part);
                cipher.encrypt(&mut *block);
                xor(&mut *block, &step.to_be_bytes());
                part.copy_from_slice(&block[8..]);
                step += 1;
            }
        }
        iv.copy_from_slice(&block[..8]);
        return Ok(());
    }
    block[..8].copy_from_slice(iv);
    let mut step = 6 * parts.len() as u64;
    for _ in 0..6 {
        for part in parts.iter_mut().rev() {
            xor(&mut *block, &step.to_be_bytes());
            block[8..].copy_from_slice(part);
            cipher.decrypt(&mut *block);
            part.copy_from_slice(&block[8..]);
            step -= 1;
        }
    }
    if verdict::equal(&block[..8], &CHECK.to_be_bytes()) {
        Ok(())
    } else {
        zeroize::Zeroize::zeroize(data);
        Err(Errno::BADMSG)
    }
}
