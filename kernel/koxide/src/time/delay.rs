// SPDX-License-Identifier: GPL-2.0-only

//! Waiting: include/linux/delay.h.

#![allow(unsafe_code, reason = "the C edge of waiting")]

use super::Delta;

/// Sleeps for at least a span of time, whatever signals come, in the way that suits its length.
///
/// # Context
///
/// Process context; sleeps.
pub fn fsleep(delta: Delta) {
    let micros = u64::try_from(delta.as_micros_ceil()).unwrap_or(0);
    // SAFETY: there is no contract but the context.
    unsafe { koxide_abi::kx_fsleep(micros) };
}
