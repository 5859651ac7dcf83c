// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Key agreement.

use super::asymmetric::Asymmetric;
use super::names::Name;

/// The key agreement called `name`.
pub fn find(_: &Name<'_>) -> Option<Box<dyn Asymmetric>> {
    None
}
