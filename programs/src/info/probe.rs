// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The answers of this machine's kernel, asked without the library.
#![allow(unsafe_code)]
// C's char and long depend on the architecture.
#![allow(clippy::useless_conversion, clippy::unnecessary_cast)]

use crate::algorithm::Algorithm;
use crate::output::read_to_end;
use crate::sys::{Errno, File, Result};
use alloc::string::String;
use core::ffi::{CStr, c_int, c_long};

/// Results of system calls.
pub struct Machine {
    /// socket(2) with AF_ALG.
    pub socket: Result<()>,
    /// socket(2) with NETLINK_CRYPTO.
    pub netlink: Result<()>,
    /// io_uring_setup(2).
    pub io_uring: Result<()>,
    /// io_setup(2).
    pub io_setup: Result<()>,
    /// /proc/crypto can be read.
    pub proc_crypto: bool,
    /// FIPS mode.
    pub fips: bool,
    /// The sysctl `crypto.af_alg_restrict`, since Linux 7.3.
    pub restrict: Option<i32>,
    /// The number in /proc/self/status; -1 if there is none.
    pub seccomp: i32,
}

/// Linux: include/uapi/linux/netlink.h.
const NETLINK_CRYPTO: c_int = 21;
/// `struct io_uring_params` has so many bytes.
const IO_URING_PARAMS: usize = 120;

/// Closes what was opened; an error if nothing was.
fn closed(fd: c_long) -> Result<()> {
    match c_int::try_from(fd) {
        Ok(fd) if fd >= 0 => crate::sys::Fd(fd).close(),
        _ => Err(Errno::last()),
    }
}

fn socket(family: c_int, kind: c_int, protocol: c_int) -> c_int {
    // SAFETY: socket(2) takes any numbers.
    unsafe { libc::socket(family, kind | libc::SOCK_CLOEXEC, protocol) }
}

fn io_setup() -> Result<()> {
    let mut context: libc::c_ulong = 0;
    // SAFETY: the kernel writes a context, which is destroyed.
    unsafe {
        if libc::syscall(libc::SYS_io_setup, 1, &raw mut context) < 0 {
            return Err(Errno::last());
        }
        libc::syscall(libc::SYS_io_destroy, context);
    }
    Ok(())
}

fn io_uring() -> Result<()> {
    let mut params = [0u64; IO_URING_PARAMS / 8];
    // SAFETY: the memory is a `struct io_uring_params`, of zeros.
    closed(unsafe { libc::syscall(libc::SYS_io_uring_setup, 1, params.as_mut_ptr()) })
}

/// A file of /proc; nothing if it cannot be read.
fn text_of(path: &CStr) -> Option<String> {
    let file = File::read_only(path).ok()?;
    let content = read_to_end(*file, 16 << 20).ok()?;
    Some(String::from_utf8_lossy(&content).into_owned())
}

/// The number after a label at the beginning of a line.
fn number_in(path: &CStr, label: &str) -> Option<i32> {
    let text = text_of(path)?;
    let number = text.lines().find_map(|line| line.strip_prefix(label))?;
    number.trim().parse().ok()
}

/// Asks the kernel.
pub fn machine() -> Machine {
    Machine {
        socket: closed(socket(libc::AF_ALG, libc::SOCK_SEQPACKET, 0).into()),
        netlink: closed(socket(libc::AF_NETLINK, libc::SOCK_RAW, NETLINK_CRYPTO).into()),
        io_uring: io_uring(),
        io_setup: io_setup(),
        proc_crypto: File::read_only(c"/proc/crypto").is_ok(),
        fips: number_in(c"/proc/sys/crypto/fips_enabled", "") == Some(1),
        restrict: number_in(c"/proc/sys/crypto/af_alg_restrict", ""),
        seccomp: number_in(c"/proc/self/status", "Seccomp:").unwrap_or(-1),
    }
}

/// bind(2) on an AF_ALG socket.
pub fn bind(algorithm: &Algorithm) -> Result<()> {
    let fd = socket(libc::AF_ALG, libc::SOCK_SEQPACKET, 0);
    if fd < 0 {
        return Err(Errno::last());
    }
    // SAFETY: zeros are an address.
    let mut address: libc::sockaddr_alg = unsafe { core::mem::zeroed() };
    address.salg_family = libc::AF_ALG as u16;
    let fits = algorithm.name.len() < address.salg_name.len();
    for (to, from) in address.salg_type.iter_mut().zip(algorithm.family.name().bytes()) {
        *to = from;
    }
    for (to, from) in address.salg_name.iter_mut().zip(algorithm.name.bytes()) {
        *to = from;
    }
    let length = size_of::<libc::sockaddr_alg>() as libc::socklen_t;
    // SAFETY: the address is as long as is said.
    let bound = match unsafe { libc::bind(fd, (&raw const address).cast(), length) } {
        _ if !fits => Err(Errno(libc::ENOENT)),
        0 => Ok(()),
        _ => Err(Errno::last()),
    };
    let _ = closed(fd.into());
    bound
}

/// A driver in /proc/crypto.
pub struct Driver {
    /// Its name.
    pub name: String,
    /// Its module, or "kernel".
    pub module: String,
}

/// The algorithm's driver of the highest priority, by /proc/crypto.
pub fn driver(algorithm: &Algorithm) -> Option<Driver> {
    let text = text_of(c"/proc/crypto")?;
    let (mut name, mut driver, mut module) = ("", "", "");
    let mut best = None;
    // Name, driver, module and priority of an entry come in this order.
    for line in text.lines() {
        let Some((key, value)) = line.split_once(':') else { continue };
        let value = value.strip_prefix(' ').unwrap_or(value);
        match key.trim_end() {
            "name" => name = value,
            "driver" => driver = value,
            "module" => module = value,
            "priority" if name == algorithm.name || driver == algorithm.name => {
                let priority: i64 = value.parse().unwrap_or(0);
                if best.as_ref().is_none_or(|&(highest, _)| priority > highest) {
                    best = Some((priority, Driver { name: driver.into(), module: module.into() }));
                }
            }
            _ => {}
        }
    }
    best.map(|(_, driver)| driver)
}

/// The kernel's name, release and machine.
pub fn kernel() -> String {
    // SAFETY: zeros are a `struct utsname`, which uname(2) fills with strings that end with NUL.
    let name = unsafe {
        let mut name: libc::utsname = core::mem::zeroed();
        libc::uname(&raw mut name);
        name
    };
    let field = |field: &[libc::c_char]| {
        let bytes = field.iter().map(|&byte| byte as u8).take_while(|&byte| byte != 0);
        String::from_utf8_lossy(&bytes.collect::<alloc::vec::Vec<u8>>()).into_owned()
    };
    alloc::format!("{} {} {}", field(&name.sysname), field(&name.release), field(&name.machine))
}
