// SPDX-License-Identifier: GPL-2.0-only

//! A clock.

use std::sync::OnceLock;
use std::time::Instant;

static START: OnceLock<Instant> = OnceLock::new();

/// Twin of `kx_ktime_get`: one clock for all.
///
/// # Safety
///
/// As for `kx_ktime_get`.
pub(crate) unsafe fn ktime_get(_clock: u32) -> i64 {
    let elapsed = START.get_or_init(Instant::now).elapsed();
    i64::try_from(elapsed.as_nanos()).unwrap_or(i64::MAX)
}
