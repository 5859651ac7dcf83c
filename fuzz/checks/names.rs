// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Any name opens an algorithm or none, and an algorithm is found again by its own name.

use super::{Choices, KINDS};
use crate::engine::Transform;
use crate::engine::user::algorithm::names::parse;
use crate::engine::user::transform::UserTransform;
use crate::errno::Errno;
use std::ffi::CString;

/// A family, then a name.
pub fn names(data: &[u8]) {
    let mut choices = Choices(data);
    let kind = choices.one_of(&KINDS);
    let text: Vec<u8> = choices.0.iter().copied().take_while(|&byte| byte != 0).collect();
    let name = CString::new(text).expect("no NUL");
    let algorithm = name.to_str().ok().and_then(parse);
    match UserTransform::open(kind, &name) {
        Ok(transform) => {
            let found = &transform.properties().name;
            assert!(name.as_bytes().len() < 64 && found.len() < 64, "{name:?}: {found}");
            assert!(algorithm.is_some(), "{name:?} is {found}, but no name");
            assert_eq!(parse(found).map(|name| name.to_string()).as_ref(), Some(found), "{name:?}");
            let again = CString::new(found.as_str()).expect("no NUL");
            let again = UserTransform::open(kind, &again).map(|again| again.properties().clone());
            assert_eq!(again.as_ref(), Ok(transform.properties()), "{name:?}");
        }
        Err(errno) => assert_eq!(errno, Errno::NOENT, "{name:?}"),
    }
}
