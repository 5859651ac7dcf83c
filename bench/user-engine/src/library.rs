// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Libraries are opened at run time: nothing of OpenSSL is needed to build this, and the user engine is measured in
//! the shared library that programs get.
//!
//! Which file is said by an environment variable.

use libc::{RTLD_LOCAL, RTLD_NOW, c_void, dlerror, dlopen, dlsym};
use std::ffi::{CStr, CString};

pub type Pointer = *mut c_void;

/// A library that is opened.
pub struct Library {
    file: String,
    handle: Pointer,
}

impl Library {
    /// The file that `variable` names, or else `file`.
    pub fn open(variable: &str, file: &str) -> Self {
        let file = std::env::var(variable).unwrap_or(file.into());
        let path = CString::new(file.as_str()).expect("a path has no NUL");
        // SAFETY: a string; the constructors are those of the library that was asked for.
        let handle = unsafe { dlopen(path.as_ptr(), RTLD_NOW | RTLD_LOCAL) };
        // SAFETY: dlopen(3) has just failed, and there is no other thread.
        let why = || unsafe { CStr::from_ptr(dlerror()) }.to_string_lossy().into_owned();
        assert!(!handle.is_null(), "{file} ({variable}): {}", why());
        Self { file, handle }
    }

    /// The function of that name.
    pub fn function(&self, name: &str) -> Pointer {
        let c_name = CString::new(name).expect("a name has no NUL");
        // SAFETY: a live library and a string.
        let function = unsafe { dlsym(self.handle, c_name.as_ptr()) };
        assert!(!function.is_null(), "{} has no {name}", self.file);
        function
    }
}

/// A static with a library's functions: its name, the environment variable, the file; then their signatures.
macro_rules! functions {
    ($library:ident, $variable:literal, $file:literal; $($name:ident($($argument:ty),*) -> $result:ty;)*) => {
        #[allow(non_snake_case)]
        pub struct Functions { $(pub $name: unsafe extern "C" fn($($argument),*) -> $result,)* }

        pub static $library: std::sync::LazyLock<Functions> = std::sync::LazyLock::new(|| {
            let library = super::library::Library::open($variable, $file);
            Functions {
                $($name: {
                    let function = library.function(stringify!($name));
                    // SAFETY: not NULL, and of this type by its manual page.
                    unsafe { std::mem::transmute::<super::library::Pointer, unsafe extern "C" fn($($argument),*) -> $result>(function) }
                },)*
            }
        });
    };
}

pub(crate) use functions;
