// SPDX-License-Identifier: GPL-2.0-only

//! Time: include/linux/delay.h, include/linux/jiffies.h, include/linux/timekeeping.h.

use core::ffi::c_uint;

#[cfg(not(target_os = "none"))]
use crate::host::time as twin;

shims! {
    /// Sleeps for at least so many microseconds, whatever signals come.
    ///
    /// # Safety
    ///
    /// None. Process context.
    #[host(twin::fsleep)]
    pub fn kx_fsleep(microseconds: u64);

    /// At least so many milliseconds in ticks.
    ///
    /// # Safety
    ///
    /// None.
    #[host(twin::msecs_to_jiffies)]
    pub fn kx_msecs_to_jiffies(milliseconds: c_uint) -> usize;

    /// The kernel's count of ticks.
    ///
    /// # Safety
    ///
    /// None.
    #[host(twin::now)]
    pub fn kx_jiffies() -> usize;

    /// A clock's time in nanoseconds, by its number in include/uapi/linux/time.h; not negative. Any context but that of
    /// an NMI.
    ///
    /// # Safety
    ///
    /// None.
    #[host(twin::ktime_get)]
    pub fn kx_ktime_get(clock: u32) -> i64;

    /// Waits for at least so many microseconds, at most 5 milliseconds, without sleeping. Any context.
    ///
    /// # Safety
    ///
    /// None.
    #[host(twin::udelay)]
    pub fn kx_udelay(microseconds: u32);

    /// Sleeps for between so many and so many microseconds, whatever signals come.
    ///
    /// # Safety
    ///
    /// None. Process context.
    #[host(twin::usleep_range)]
    pub fn kx_usleep_range(least: usize, most: usize);

    /// Sleeps for so many ticks, or until the thread is woken up; how many are left. A thread that can be interrupted is
    /// woken by a signal, too.
    ///
    /// # Safety
    ///
    /// None. Process context.
    #[host(twin::sleep_ticks)]
    pub fn kx_sleep_ticks(ticks: usize, interruptible: u32) -> usize;

    /// Sleeps for so many milliseconds, or until a signal comes; how many are left.
    ///
    /// # Safety
    ///
    /// None. Process context.
    #[host(twin::msleep_interruptible)]
    pub fn kx_msleep_interruptible(milliseconds: c_uint) -> usize;
}
