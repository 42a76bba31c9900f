// SPDX-License-Identifier: GPL-2.0-only

//! There are no interrupts here: only whether calls come in pairs can be seen.

use core::ffi::c_int;
use std::cell::Cell;

use super::context;

thread_local! {
    /// How often interrupts are disabled.
    static DISABLED: Cell<u32> = const { Cell::new(0) };
}

/// Twin of `kx_preempt_rt`.
///
/// # Safety
///
/// As for `kx_preempt_rt`.
pub(crate) unsafe fn preempt_rt() -> c_int {
    0
}

/// Twin of `kx_nesting`.
///
/// # Safety
///
/// As for `kx_nesting`.
pub(crate) unsafe fn nesting() -> u64 {
    u64::from(DISABLED.get() != 0) << 63
}

/// Twin of `kx_local_interrupt_disable`.
///
/// # Safety
///
/// As for `kx_local_interrupt_disable`.
pub(crate) unsafe fn disable() {
    context::enter_atomic();
    DISABLED.set(DISABLED.get() + 1);
}

/// Twin of `kx_local_interrupt_enable`.
///
/// # Safety
///
/// As for `kx_local_interrupt_enable`.
pub(crate) unsafe fn enable() {
    let disabled = DISABLED.get().checked_sub(1);
    DISABLED.set(disabled.expect("enabled what was not disabled"));
    context::leave_atomic();
}
