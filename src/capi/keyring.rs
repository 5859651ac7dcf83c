// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Keys in the kernel's keyrings. The C library does not have this function.

use super::{because, borrow, to_int, why};
use crate::engine::{Kind, Parameter};
use crate::errno::{Errno, Result};
use crate::handle::Handle;
use libc::c_int;

/// Sets the key of a symmetric cipher, an AEAD or a keyed digest, by the serial number that
/// the key has in the kernel's keyrings, see keyrings(7). The payload of the key is what
/// kcapi_cipher_setkey(), kcapi_aead_setkey() or kcapi_md_setkey() would be given, and this
/// function may be called when they may be, with the same effects on all handles on the
/// transform.
///
/// How the key gets there depends on the engine, see kcapi_handle_engine():
///
/// - `kernel`, since Linux 6.2: the kernel copies the key, which never enters the process. It
///   takes keys of the types user, logon, encrypted and trusted, the last two if it was built with
///   them. The key must give the caller the permission to search it.
/// - `user`: a key of type user is read into the memory of the process by keyctl(2), and wiped
///   where it was read to. The key must give the caller the permission to view it; and to read
///   it, unless the caller possesses it. Keys of other types are -EOPNOTSUPP, since no process can
///   read them. Where the kernel is older than 6.2, a handle with KCAPI_INIT_USER takes user keys.
///
/// So a key that no process is to have is one of another type than user. The key is copied
/// when this is called: what becomes of it later (an update, its revocation, its expiry)
/// changes nothing until a key is set again. Where this fails because there is no key that could
/// be set, the one that was set before stays in force; but there may be no IV to go on with.
///
/// @param handle  handle of a symmetric cipher, an AEAD or a message digest
/// @param serial  serial number of the key, a key_serial_t of keyctl(2)
/// @return 0
/// @retval -EINVAL       the key has a length that the algorithm does not take, or is a weak one,
///                       and the kernel may have dropped the old one; or `serial` is not
///                       positive, as those of special keyrings; or `handle` is NULL or that
///                       of another family
/// @retval -ENOKEY       no key has this serial number
/// @retval -EKEYREVOKED  the key was revoked
/// @retval -EKEYEXPIRED  the key has expired
/// @retval -EKEYREJECTED the key was refused by the one who should have made it
/// @retval -EACCES       the key does not give the permission that the engine needs
/// @retval -EOPNOTSUPP   the engine takes no key of this type, or it is a keyring; or the kernel is
///                       older than 6.2, or was built without keyrings; or the digest takes
///                       no key, from other kernels than those of -ENOSYS
/// @retval -ENOSYS       the digest takes no key
/// @retval -EPERM        a sandbox forbids keyctl(2), as in most containers, with the engine
///                       `user`
/// @retval -EBUSY        a stream has begun on a handle of the transform, or a result is unread,
///                       or a digest is in the middle of a message
/// @retval -ENOMEM       there is no memory, or the key is longer than net.core.optmem_max
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn kcapi_handle_setkey_serial(handle: *mut Handle, serial: i32) -> c_int {
    let set = || -> Result<()> {
        // SAFETY: kcapi.h: the handle is live.
        let handle = unsafe { borrow(handle) }?;
        if !matches!(handle.kind(), Kind::Skcipher | Kind::Aead | Kind::Hash) {
            return Err(because(Errno::INVAL, "a handle of another family"));
        }
        if serial <= 0 {
            return Err(because(Errno::INVAL, "a special keyring, or none, is no key"));
        }
        why::key_serial(serial, handle.set(Parameter::KeySerial(serial))).map(drop)
    };
    to_int(set)
}
