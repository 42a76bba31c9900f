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
    // SAFETY: there is no contract but the context.
    unsafe { koxide_abi::kx_fsleep(micros(delta)) };
}

/// A span in microseconds. One that is too long for the kernel, which counts up to so many milliseconds, is for ever.
fn micros(delta: Delta) -> u64 {
    const FOR_EVER: u64 = u32::MAX as u64 * 1000;
    u64::try_from(delta.as_micros_ceil())
        .unwrap_or(0)
        .min(FOR_EVER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_span_is_cut_to_a_shorter_one() {
        assert_eq!(micros(Delta::from_nanos(1)), 1);
        assert_eq!(micros(Delta::from_secs(-1)), 0);
        // 2^32 milliseconds and a little: the little must not be all that is left of it.
        let long = micros(Delta::from_millis((1 << 32) + 5));
        assert_eq!(long.div_ceil(1000), u64::from(u32::MAX));
        assert_eq!(micros(Delta::from_secs(i64::MAX)), long);
    }
}
