// SPDX-License-Identifier: GPL-2.0-only

//! Time: include/linux/delay.h.

shims! {
    /// Sleeps for at least so many microseconds, whatever signals come.
    ///
    /// # Safety
    ///
    /// None. Process context.
    pub fn kx_fsleep(microseconds: u64);
}
