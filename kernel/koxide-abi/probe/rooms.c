// SPDX-License-Identifier: GPL-2.0-only
/*
 * How large this kernel's objects are for which Rust values have room. It is compiled with the kernel's own headers and
 * options, and never runs: the numbers are read from the object. A size above the one that `src` reserves makes the
 * Rust object of this kernel another one than that of stock kernels.
 */
#include <linux/completion.h>
#include <linux/hrtimer.h>
#include <linux/lockdep.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <asm/page.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#define ROOM(name, type) const unsigned long kx_size_##name = sizeof(type)

ROOM(COMPLETION_ROOM, struct completion);
ROOM(DELAYED_WORK_ROOM, struct delayed_work);
ROOM(HRTIMER_ROOM, struct hrtimer);
ROOM(LOCK_CLASS_KEY_ROOM, struct lock_class_key);
ROOM(MISC_DEVICE_ROOM, struct miscdevice);
ROOM(MUTEX_ROOM, struct mutex);
/* No room, but a number that objects differ by, too. */
ROOM(PAGE_SHIFT, char[PAGE_SHIFT]);
ROOM(RWLOCK_ROOM, rwlock_t);
ROOM(RW_SEMAPHORE_ROOM, struct rw_semaphore);
ROOM(SPINLOCK_ROOM, spinlock_t);
ROOM(TIMER_ROOM, struct timer_list);
ROOM(WAIT_QUEUE_ENTRY_ROOM, wait_queue_entry_t);
ROOM(WAIT_QUEUE_HEAD_ROOM, wait_queue_head_t);
ROOM(WORK_ROOM, struct work_struct);
