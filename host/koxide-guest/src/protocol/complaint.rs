// SPDX-License-Identifier: MIT OR Apache-2.0

//! Tells the kernel's complaints from its chatter. Both sides want to know: the host fails the test during which one
//! came, and the init of a debug kernel boots again after one.

/// How a message begins when something is wrong but the kernel goes on.
///
/// KASAN, lockdep and the checks for sleeping in the wrong context say `BUG: ` or `WARNING: `; the others have words of
/// their own, which come before the `WARNING: ` that follows with a trace.
const BEGINNINGS: [&str; 18] = [
    "WARNING: ",
    "BUG: ",
    // lockdep, of a lock that must not be taken in this context.
    "[ BUG: ",
    "KASAN: ",
    "UBSAN: ",
    // A timer, work item or other object that is freed or started again while it is in use.
    "ODEBUG: ",
    "INFO: task ",
    "INFO: trying to register non-static key",
    "rcu: INFO: ",
    "watchdog: BUG: ",
    "NMI watchdog: Watchdog detected",
    "refcount_t: ",
    "list_add corruption",
    "list_add double add",
    "list_del corruption",
    "usercopy: ",
    "percpu ref ",
    // 32-bit ARM, whose processors need not know how to divide.
    "Division by zero in kernel.",
];

/// Whether the kernel complains in this message, which has no time stamp.
pub fn is_complaint(message: &str) -> bool {
    BEGINNINGS.iter().any(|start| message.starts_with(start)) || is_slab_report(message)
}

/// `BUG kmalloc-32 (Tainted: G    B  ): Poison overwritten`: the allocator's own checks name the cache, and whether the
/// kernel was sound before.
fn is_slab_report(message: &str) -> bool {
    let cache = message.strip_prefix("BUG ");
    let state = cache
        .and_then(|rest| rest.split_once(" ("))
        .map(|(_, state)| state);
    state.is_some_and(|state| state.starts_with("Tainted: ") || state.starts_with("Not tainted"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the detectors of debug kernels 6.1 and 6.12 print first, after a line of `=` or a `cut here` at most.
    const SPLATS: [&str; 31] = [
        "BUG: KASAN: slab-out-of-bounds in bad_init+0x9d/0x1000 [bad]",
        "BUG: KASAN: use-after-free in bad_init+0x77/0x1000 [bad]",
        "BUG: KASAN: slab-use-after-free in bad_init+0x77/0x1000 [bad]",
        "BUG: KASAN: stack-out-of-bounds in bad_init+0x12/0x1000 [bad]",
        "BUG: KASAN: global-out-of-bounds in bad_init+0x12/0x1000 [bad]",
        "BUG: KASAN: double-free in bad_init+0x51/0x1000 [bad]",
        "KASAN: null-ptr-deref in range [0x0000000000000000-0x0000000000000007]",
        "WARNING: possible recursive locking detected",
        "WARNING: possible circular locking dependency detected",
        "WARNING: inconsistent lock state",
        "WARNING: bad unlock balance detected!",
        "WARNING: held lock freed!",
        "WARNING: lock held when returning to user space!",
        "WARNING: Nested lock was not taken",
        "WARNING: suspicious RCU usage",
        "[ BUG: Invalid wait context ]",
        "INFO: trying to register non-static key.",
        "BUG: MAX_LOCKDEP_ENTRIES too low!",
        "BUG: sleeping function called from invalid context at kernel/locking/mutex.c:580",
        "BUG: scheduling while atomic: modprobe/71/0x00000002",
        "BUG: spinlock bad magic on CPU#0, modprobe/71",
        "BUG: workqueue leaked lock or atomic: kworker/0:1/0x00000001/12",
        "ODEBUG: free active (active state 0) object type: timer_list hint: nothing+0x0/0x10 [bad]",
        "ODEBUG: object 000000004a1d2b7c is NOT on stack 0000000011f0b4c3, but annotated.",
        "UBSAN: shift-out-of-bounds in /m/bad.c:7:12",
        "refcount_t: underflow; use-after-free.",
        "list_add double add: new=ffff888004c1b2c0, prev=ffff888004c1b2c0, next=ffffffffa0002000.",
        "list_del corruption, ffff888004c1b2c0->next is LIST_POISON1 (dead000000000100)",
        "BUG kmalloc-32 (Tainted: G    B      O      ): Poison overwritten",
        "BUG kmalloc-8 (Not tainted): Right Redzone overwritten",
        "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
    ];

    #[test]
    fn every_detectors_splat_is_a_complaint() {
        for splat in SPLATS {
            assert!(is_complaint(splat), "{splat}");
        }
    }

    #[test]
    fn chatter_is_none() {
        for line in [
            "bad: loading out-of-tree module taints kernel.",
            "Disabling lock debugging due to kernel taint",
            "kasan: KernelAddressSanitizer initialized",
            "Lock dependency validator: Copyright (c) 2006 Red Hat, Inc., Ingo Molnar",
            "rcu: \tRCU lockdep checking is enabled.",
            "kmemleak: Kernel memory leak detector initialized (mem pool available: 15679)",
            "kmemleak: Automatic memory scanning thread started",
            "FAULT_INJECTION: forcing a failure.",
            "BUG reports (all of them) go elsewhere",
            "hello: BUG: not a complaint",
            "==================================================================",
            "------------[ cut here ]------------",
        ] {
            assert!(!is_complaint(line), "{line}");
        }
    }
}
