/* SPDX-License-Identifier: GPL-2.0-only */
/* Classes of locks: where Rust makes a lock, it says which class is that of this place. */
#ifndef KOXIDE_LOCKDEP_H
#define KOXIDE_LOCKDEP_H

#include <linux/lockdep.h>

/* As an argument this is nothing at all on kernels that check no locks. */
struct kx_lock_class {
#ifdef CONFIG_LOCKDEP
	const char *name;
	struct lock_class_key *key;
#endif
};

/* Gives a lock that was just made its class; the macro that made it gave all locks the one of its own place. */
#ifdef CONFIG_LOCKDEP
#define kx_set_lock_class(lock, class) lockdep_set_class_and_name(lock, (class).key, (class).name)
#define kx_set_lockdep_map(map, class) lockdep_init_map(map, (class).name, (class).key, 0)
#else
#define kx_set_lock_class(lock, class) do { } while (0)
#define kx_set_lockdep_map(map, class) do { } while (0)
#endif

#endif
