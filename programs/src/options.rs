// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Options, by libc's getopt_long(3).
//!
//! The habits that scripts rely on are its habits: abbreviated long options, operands before
//! options, several short ones in a word, `--`, POSIXLY_CORRECT. Rust's parsers without
//! dependencies (lexopt, pico-args, getargs) know no abbreviations; clap knows them, and is ten
//! times as large as these programs.
#![allow(unsafe_code)]

use alloc::vec::Vec;
use core::ffi::{CStr, c_char, c_int};

/// The arguments of `main`.
pub struct Arguments {
    count: c_int,
    vector: *mut *mut c_char,
}

/// The argument of an option; the numbers are getopt_long's.
#[derive(Clone, Copy)]
pub enum Takes {
    /// None.
    Nothing = 0,
    /// One, in the same word or the next.
    Value = 1,
    /// One in the same word, or none.
    MaybeValue = 2,
}

/// A long option: its name, what it takes, and what it is known by, the short option's letter if
/// it has one.
pub type Long = (&'static CStr, Takes, u8);

/// getopt_long's `struct option`.
#[repr(C)]
struct Row {
    name: *const c_char,
    has_arg: c_int,
    flag: *mut c_int,
    val: c_int,
}

unsafe extern "C" {
    static mut optarg: *mut c_char;
    static mut optind: c_int;
    fn getopt_long(
        argc: c_int,
        argv: *const *mut c_char,
        short: *const c_char,
        long: *const Row,
        index: *mut c_int,
    ) -> c_int;
}

/// An option of the command line.
pub struct Found {
    /// The option's letter, or what its row says.
    pub option: u8,
    /// Its argument, empty where it takes none.
    pub value: &'static CStr,
    /// It had an argument.
    pub has_value: bool,
}

/// Options as they come. What is wrong with one has been said on standard error when it comes as
/// `Err`.
pub struct Options<'a> {
    arguments: &'a Arguments,
    short: &'static CStr,
    long: Vec<Row>,
}

impl Arguments {
    /// # Safety
    /// `count` and `vector` are those of a `main`, which are there until the program ends; nobody
    /// else uses them.
    pub unsafe fn new(count: c_int, vector: *mut *mut c_char) -> Self {
        Self { count, vector }
    }

    fn get(&self, index: c_int) -> Option<&'static CStr> {
        if !(0..self.count).contains(&index) {
            return None;
        }
        // SAFETY: the caller of `new` promised as many strings.
        Some(unsafe { CStr::from_ptr(*self.vector.offset(index as isize)) })
    }

    /// The last part of the path by which the program was called.
    pub fn program(&self) -> &'static [u8] {
        let path = self.get(0).unwrap_or_default().to_bytes();
        let path = path.strip_suffix(b"/").unwrap_or(path);
        path.rsplit(|&byte| byte == b'/').next().unwrap_or(path)
    }

    /// The options: a string of letters as getopt(3) wants it, and the long ones.
    pub fn options(&self, short: &'static CStr, long: &[Long]) -> Options<'_> {
        let row = |&(name, takes, value): &Long| Row {
            name: name.as_ptr(),
            has_arg: takes as c_int,
            flag: core::ptr::null_mut(),
            val: value.into(),
        };
        let end = Row { name: core::ptr::null(), has_arg: 0, flag: core::ptr::null_mut(), val: 0 };
        let long = long.iter().map(row).chain([end]).collect();
        Options { arguments: self, short, long }
    }

    /// The arguments that are no options, once all options were read.
    pub fn operands(&self) -> impl Iterator<Item = &'static CStr> + '_ {
        // SAFETY: getopt_long's variable; there is one thread.
        let first = unsafe { optind };
        (first..self.count).filter_map(|index| self.get(index))
    }
}

impl Options<'_> {
    /// Takes the next word of the command line, if it is one that is wanted: the value of an
    /// option that may go without.
    pub fn take_operand(&mut self, is_wanted: impl Fn(&CStr) -> bool) -> Option<&'static CStr> {
        // SAFETY: getopt_long's variable; there is one thread.
        let next = unsafe { optind };
        let word = self.arguments.get(next).filter(|word| is_wanted(word))?;
        // SAFETY: as above; getopt_long reads on behind the word.
        unsafe { optind = next + 1 };
        Some(word)
    }
}

/// A word of the command line that is wrong.
#[derive(Debug)]
pub struct Wrong;

impl Iterator for Options<'_> {
    type Item = Result<Found, Wrong>;

    fn next(&mut self) -> Option<Self::Item> {
        let Arguments { count, vector } = *self.arguments;
        // SAFETY: the arguments are main's, the rows end with one of zeros, and there is one
        // thread.
        unsafe {
            let option = getopt_long(
                count,
                vector,
                self.short.as_ptr(),
                self.long.as_ptr(),
                core::ptr::null_mut(),
            );
            if option == -1 {
                return None;
            }
            let has_value = !optarg.is_null();
            let value = if has_value { CStr::from_ptr(optarg) } else { c"" };
            match u8::try_from(option) {
                Ok(b'?') | Err(_) => Some(Err(Wrong)),
                Ok(option) => Some(Ok(Found { option, value, has_value })),
            }
        }
    }
}

/// Overwrites an argument, a secret that others would see in the list of processes.
pub fn hide(argument: &'static CStr) {
    let secret: *mut u8 = argument.as_ptr().cast_mut().cast();
    for index in 0..argument.count_bytes() {
        // SAFETY: main's arguments may be written to. Nobody else looks at this one any more.
        unsafe { secret.add(index).write_volatile(b'x') };
    }
}

/// A whole number, nothing around it.
pub fn number(text: &CStr) -> Option<u64> {
    let digits = text.to_bytes();
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |value, digit| {
        let digit = digit.checked_sub(b'0').filter(|&digit| digit < 10)?;
        value.checked_mul(10)?.checked_add(digit.into())
    })
}
