// SPDX-License-Identifier: GPL-2.0-only

//! Read-copy-update: include/linux/rcupdate.h.

shims! {
    /// Begins a read-side critical section: what was reachable in it stays until it ends.
    ///
    /// # Safety
    ///
    /// [`kx_rcu_read_unlock`] follows on the same thread, and nothing sleeps until then.
    #[host(crate::host::rcu::read_lock)]
    pub fn kx_rcu_read_lock();

    /// Ends a read-side critical section.
    ///
    /// # Safety
    ///
    /// This thread has begun one.
    #[host(crate::host::rcu::read_unlock)]
    pub fn kx_rcu_read_unlock();

    /// Waits until all read-side critical sections that are under way have ended. May sleep.
    ///
    /// # Safety
    ///
    /// Process context, outside of read-side critical sections.
    #[host(crate::host::rcu::synchronize)]
    pub fn kx_synchronize_rcu();

    /// Waits until all RCU callbacks that are queued have run. May sleep.
    ///
    /// # Safety
    ///
    /// Process context, outside of read-side critical sections.
    #[host(crate::host::rcu::synchronize)]
    pub fn kx_rcu_barrier();
}
