// SPDX-License-Identifier: GPL-2.0-only

//! Interrupts of this CPU: include/linux/irqflags.h.

use core::ffi::c_int;

shims! {
    /// 1 when the kernel is PREEMPT_RT, where spinlocks sleep and handlers of interrupts are threads; else 0.
    ///
    /// # Safety
    ///
    /// None.
    #[host(crate::host::interrupt::preempt_rt)]
    pub fn kx_preempt_rt() -> c_int;

    /// What keeps others from this CPU or from this thread's data: in the lower half the preemption count, above it how many
    /// critical sections of RCU the thread is in, if the kernel counts them, and in the highest bit whether interrupts are off.
    ///
    /// # Safety
    ///
    /// None.
    #[host(crate::host::interrupt::nesting)]
    pub fn kx_nesting() -> u64;

    /// Keeps interrupts from this CPU, as often as it is called.
    ///
    /// # Safety
    ///
    /// [`kx_local_interrupt_enable`] follows as often, on the same thread, and nothing sleeps until then. Not in NMIs.
    #[host(crate::host::interrupt::disable)]
    pub fn kx_local_interrupt_disable();

    /// Undoes one [`kx_local_interrupt_disable`]; the last one lets interrupts come, if they came before the first.
    ///
    /// # Safety
    ///
    /// This thread has called the other, and not yet undone it.
    #[host(crate::host::interrupt::enable)]
    pub fn kx_local_interrupt_enable();
}
