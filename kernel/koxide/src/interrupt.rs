// SPDX-License-Identifier: GPL-2.0-only

//! Keeping interrupts from this CPU: include/linux/irqflags.h.

#![allow(unsafe_code, reason = "the C edge of interrupt control")]

use crate::types::NotThreadSafe;

/// Whether this is a kernel for real time (PREEMPT_RT). There, locks that spin elsewhere put who waits to sleep, and handlers of
/// interrupts are threads that wait for them: a [`SpinLockIrq`](crate::sync::SpinLockIrq) keeps no interrupt away.
///
/// # Context
///
/// Any.
pub fn is_preempt_rt() -> bool {
    // SAFETY: there is no contract.
    unsafe { koxide_abi::kx_preempt_rt() != 0 }
}

/// What keeps others from this CPU: spin locks that are held, critical sections, interrupts that are off or under way. Only whether it
/// is the same as before says something: it is for tests of what must leave it as it was.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Nesting(u64);

impl Nesting {
    /// As it is now. Any context.
    pub fn now() -> Self {
        // SAFETY: there is no contract.
        Self(unsafe { koxide_abi::kx_nesting() })
    }
}

impl core::fmt::Debug for Nesting {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{:#018x}", self.0)
    }
}

/// Interrupts do not come to this CPU as long as this lives. There may be several: the last one that goes lets them come.
///
/// It stays on its thread:
///
/// ```compile_fail,E0277
/// fn to_another_thread(value: impl Send) {}
///
/// to_another_thread(kernel::interrupt::local_interrupt_disable());
/// ```
#[must_use = "interrupts come again when this goes"]
pub struct LocalInterruptDisabled(NotThreadSafe);

/// Keeps interrupts from this CPU.
///
/// # Examples
///
/// ```
/// use kernel::{
///     interrupt::local_interrupt_disable,
///     prelude::*,
///     sync::{SpinLockIrq, new_spinlock_irq},
/// };
///
/// let one = KBox::pin_init(new_spinlock_irq!(1), GFP_KERNEL)?;
/// let other = KBox::pin_init(new_spinlock_irq!(2), GFP_KERNEL)?;
/// let disabled = local_interrupt_disable();
/// *one.lock_with(&disabled) += *other.lock_with(&disabled);
/// drop(disabled);
/// assert_eq!(*one.lock(), 3);
/// # Ok::<(), Error>(())
/// ```
///
/// # Context
///
/// Any but an NMI. Nothing sleeps until the value goes, also not a [`CondVar`](crate::sync::CondVar) with the guard of a lock
/// that was locked with it: interrupts would come while it sleeps, and from then on. The log says so, once.
pub fn local_interrupt_disable() -> LocalInterruptDisabled {
    // SAFETY: dropping the value undoes it, on this thread, as it is not sent.
    unsafe { koxide_abi::kx_local_interrupt_disable() };
    LocalInterruptDisabled(NotThreadSafe)
}

impl Drop for LocalInterruptDisabled {
    fn drop(&mut self) {
        // SAFETY: it was disabled on this thread when this was made.
        unsafe { koxide_abi::kx_local_interrupt_enable() };
    }
}
