/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * In place of the kernel's functions that may fail for want of memory, the same with a fault plan and a ledger.
 *
 * A macro does not expand within itself, so that the name in it is the kernel's function; where the kernel's is a macro,
 * there is a function around it first. Each header that declares one of these comes before, so that it is not changed.
 * A shim that calls another function of this kind needs a line here: `cargo test -p koxide-abi --test faults` says so.
 */
#ifndef KOXIDE_FAULTY_H
#define KOXIDE_FAULTY_H

#include <linux/cdev.h>
#include <linux/configfs.h>
#include <linux/cred.h>
#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/kobject.h>
#include <linux/kthread.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/namei.h>
#include <linux/platform_device.h>
#include <linux/preempt.h>
#include <linux/proc_fs.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>
#include <linux/string.h>
#include <linux/sysctl.h>
#include <linux/sysfs.h>
#include <linux/version.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 14, 0)
#include <linux/device/faux.h>
#endif

#include "koxide_faults.h"

#define KX_FAULT(giver) kx_fault(giver, __func__, _RET_IP_)
#define KX_LEND(kind, what, giver) kx_lend(kind, what, giver, __func__, _RET_IP_)

/* A call that gives a pointer to something of a kind, or `failure`. */
#define KX_POINTER(kind, giver, failure, call)						\
	({										\
		void *kx_made = KX_FAULT(giver) ? (failure) : (void *)(call);	\
											\
		if (!IS_ERR_OR_NULL(kx_made))						\
			KX_LEND(kind, kx_made, giver);					\
		kx_made;								\
	})

/* A call that gives 0, and something of a kind that is known by an address; or an errno. */
#define KX_CODE(kind, giver, what, call)						\
	({										\
		int kx_code = KX_FAULT(giver) ? -ENOMEM : (call);		\
											\
		if (!kx_code)								\
			KX_LEND(kind, what, giver);					\
		kx_code;								\
	})

/* A call that leaves nothing to be given back, or what the kernel gives back by itself. */
#define KX_ERRNO(giver, call) (KX_FAULT(giver) ? -ENOMEM : (call))

/* A call that gives something back. */
#define KX_GIVE_BACK(kind, what, call)							\
	({										\
		kx_give_back(kind, what);						\
		call;									\
	})

/* Memory. */
static inline void *kx_do_kmalloc(size_t size, gfp_t flags)
{
	return kmalloc(size, flags);
}

static inline void *kx_do_kzalloc(size_t size, gfp_t flags)
{
	return kzalloc(size, flags);
}

static inline void *kx_do_kcalloc(size_t count, size_t size, gfp_t flags)
{
	return kcalloc(count, size, flags);
}

static inline void *kx_do_krealloc(const void *ptr, size_t size, gfp_t flags)
{
	return krealloc(ptr, size, flags);
}

static inline void *kx_do_vmalloc(unsigned long size, gfp_t flags)
{
	return __vmalloc(size, flags);
}

static inline void *kx_do_kvmalloc(size_t size, gfp_t flags)
{
	return kvmalloc(size, flags);
}

static inline char *kx_do_kstrdup(const char *text, gfp_t flags)
{
	return kstrdup(text, flags);
}

static inline char *kx_do_kmemdup_nul(const char *text, size_t len, gfp_t flags)
{
	return kmemdup_nul(text, len, flags);
}

static inline struct page *kx_do_alloc_page(gfp_t flags)
{
	return alloc_page(flags);
}

static inline void kx_do_free_page(struct page *page)
{
	__free_page(page);
}

/* What was there before is given back, unless there is nothing new; what is only shrunk may fail as well. */
static inline void *kx_faulty_krealloc(const void *ptr, size_t size, gfp_t flags, const char *shim, unsigned long caller)
{
	void *made;

	if (kx_fault("krealloc", shim, caller))
		return NULL;
	kx_give_back(KX_MEMORY, ptr);
	made = kx_do_krealloc(ptr, size, flags);
	if (made || ptr)
		kx_lend(KX_MEMORY, made ?: ptr, "krealloc", shim, caller);
	return made;
}

#undef kmalloc
#undef kzalloc
#undef kcalloc
#undef krealloc
#undef __vmalloc
#undef kvmalloc
#undef kstrdup
#undef kmemdup_nul
#undef alloc_page
#undef __free_page
#define kmalloc(size, flags) KX_POINTER(KX_MEMORY, "kmalloc", NULL, kx_do_kmalloc(size, flags))
#define kzalloc(size, flags) KX_POINTER(KX_MEMORY, "kzalloc", NULL, kx_do_kzalloc(size, flags))
#define kcalloc(count, size, flags) KX_POINTER(KX_MEMORY, "kcalloc", NULL, kx_do_kcalloc(count, size, flags))
#define krealloc(ptr, size, flags) kx_faulty_krealloc(ptr, size, flags, __func__, _RET_IP_)
#define __vmalloc(size, flags) KX_POINTER(KX_MEMORY, "vmalloc", NULL, kx_do_vmalloc(size, flags))
#define kvmalloc(size, flags) KX_POINTER(KX_MEMORY, "kvmalloc", NULL, kx_do_kvmalloc(size, flags))
#define kstrdup(text, flags) KX_POINTER(KX_MEMORY, "kstrdup", NULL, kx_do_kstrdup(text, flags))
#define kasprintf(flags, ...) KX_POINTER(KX_MEMORY, "kasprintf", NULL, kasprintf(flags, __VA_ARGS__))
/* A parameter's text, which is freed when the module's code is gone. */
#define kmemdup_nul(text, len, flags) (KX_FAULT("kmemdup_nul") ? NULL : kx_do_kmemdup_nul(text, len, flags))
#define kfree(ptr) KX_GIVE_BACK(KX_MEMORY, ptr, kfree(ptr))
#define vfree(ptr) KX_GIVE_BACK(KX_MEMORY, ptr, vfree(ptr))
#define kvfree(ptr) KX_GIVE_BACK(KX_MEMORY, ptr, kvfree(ptr))
#define alloc_page(flags) KX_POINTER(KX_MEMORY, "alloc_page", NULL, kx_do_alloc_page(flags))
#define __free_page(page) KX_GIVE_BACK(KX_MEMORY, page, kx_do_free_page(page))

/* Classes, devices and their numbers. 0 is no address: the first number is known by 1. */
#define KX_NUMBER(dev) ((void *)((unsigned long)(dev) + 1))
#define register_chrdev_region(dev, ...)	\
	KX_CODE(KX_REGISTRATION, "register_chrdev_region", KX_NUMBER(dev), register_chrdev_region(dev, __VA_ARGS__))
#define alloc_chrdev_region(dev, ...)		\
	KX_CODE(KX_REGISTRATION, "alloc_chrdev_region", KX_NUMBER(*(dev)), alloc_chrdev_region(dev, __VA_ARGS__))
#define unregister_chrdev_region(dev, count)	\
	KX_GIVE_BACK(KX_REGISTRATION, KX_NUMBER(dev), unregister_chrdev_region(dev, count))
#ifndef class_register
#define class_register(class) KX_CODE(KX_REGISTRATION, "class_register", class, class_register(class))
#endif
#define __class_register(class, key) KX_CODE(KX_REGISTRATION, "class_register", class, __class_register(class, key))
#define class_unregister(class) KX_GIVE_BACK(KX_REGISTRATION, class, class_unregister(class))
#define cdev_alloc() KX_POINTER(KX_OBJECT, "cdev_alloc", NULL, cdev_alloc())
#define cdev_add(cdev, ...) KX_ERRNO("cdev_add", cdev_add(cdev, __VA_ARGS__))
#define cdev_del(cdev) KX_GIVE_BACK(KX_OBJECT, cdev, cdev_del(cdev))
#define device_create(...)	\
	KX_POINTER(KX_REGISTRATION, "device_create", ERR_PTR(-ENOMEM), device_create(__VA_ARGS__))
#define device_unregister(dev) KX_GIVE_BACK(KX_REGISTRATION, dev, device_unregister(dev))
#define dev_set_name(dev, ...) KX_ERRNO("dev_set_name", dev_set_name(dev, __VA_ARGS__))
#define device_add(dev) KX_CODE(KX_REGISTRATION, "device_add", dev, device_add(dev))
#define device_del(dev) KX_GIVE_BACK(KX_REGISTRATION, dev, device_del(dev))
#define misc_register(misc) KX_CODE(KX_REGISTRATION, "misc_register", misc, misc_register(misc))
#define misc_deregister(misc) KX_GIVE_BACK(KX_REGISTRATION, misc, misc_deregister(misc))
#define platform_device_alloc(name, id)		\
	KX_POINTER(KX_OBJECT, "platform_device_alloc", NULL, platform_device_alloc(name, id))
#define platform_device_put(device) KX_GIVE_BACK(KX_OBJECT, device, platform_device_put(device))
#define __platform_driver_register(driver, owner)	\
	KX_CODE(KX_REGISTRATION, "platform_driver_register", driver, __platform_driver_register(driver, owner))
#define platform_driver_unregister(driver)	\
	KX_GIVE_BACK(KX_REGISTRATION, driver, platform_driver_unregister(driver))
#define faux_device_create(...) KX_POINTER(KX_REGISTRATION, "faux_device_create", NULL, faux_device_create(__VA_ARGS__))
#define faux_device_destroy(device) KX_GIVE_BACK(KX_REGISTRATION, device, faux_device_destroy(device))

/* Files and folders. What is in a folder goes with it: only the topmost are in the ledger. */
#define KX_FILE(giver, failure, parent, call)						\
	({										\
		void *kx_made = KX_FAULT(giver) ? (failure) : (void *)(call);	\
											\
		if (!IS_ERR_OR_NULL(kx_made) && !(parent))				\
			KX_LEND(KX_REGISTRATION, kx_made, giver);			\
		kx_made;								\
	})

#define debugfs_create_dir(name, parent)		\
	KX_FILE("debugfs_create_dir", ERR_PTR(-ENOMEM), parent, debugfs_create_dir(name, parent))
#ifndef debugfs_create_file
#define debugfs_create_file(name, mode, parent, ...)	\
	KX_FILE("debugfs_create_file", ERR_PTR(-ENOMEM), parent, debugfs_create_file(name, mode, parent, __VA_ARGS__))
#endif
#define debugfs_remove(entry) KX_GIVE_BACK(KX_REGISTRATION, entry, debugfs_remove(entry))
#define proc_mkdir(name, parent) KX_FILE("proc_mkdir", NULL, parent, proc_mkdir(name, parent))
#define proc_create_data(name, mode, parent, ...)	\
	KX_FILE("proc_create_data", NULL, parent, proc_create_data(name, mode, parent, __VA_ARGS__))
#define proc_remove(entry) KX_GIVE_BACK(KX_REGISTRATION, entry, proc_remove(entry))
#define single_open(...) KX_ERRNO("single_open", single_open(__VA_ARGS__))
#define kern_path(...) KX_ERRNO("kern_path", kern_path(__VA_ARGS__))
#define register_sysctl_sz(...) KX_POINTER(KX_REGISTRATION, "register_sysctl", NULL, register_sysctl_sz(__VA_ARGS__))
#ifndef register_sysctl
#define register_sysctl(...) KX_POINTER(KX_REGISTRATION, "register_sysctl", NULL, register_sysctl(__VA_ARGS__))
#endif
#define unregister_sysctl_table(header) KX_GIVE_BACK(KX_REGISTRATION, header, unregister_sysctl_table(header))
#define kobject_add(kobj, ...) KX_CODE(KX_REGISTRATION, "kobject_add", kobj, kobject_add(kobj, __VA_ARGS__))
#define kobject_del(kobj) KX_GIVE_BACK(KX_REGISTRATION, kobj, kobject_del(kobj))
#define kobject_put(kobj) KX_GIVE_BACK(KX_OBJECT, kobj, kobject_put(kobj))
#define sysfs_create_file(...) KX_ERRNO("sysfs_create_file", sysfs_create_file(__VA_ARGS__))
#define config_item_set_name(...) KX_ERRNO("config_item_set_name", config_item_set_name(__VA_ARGS__))
#define configfs_register_subsystem(subsys)	\
	KX_CODE(KX_REGISTRATION, "configfs_register_subsystem", subsys, configfs_register_subsystem(subsys))
#define configfs_unregister_subsystem(subsys)	\
	KX_GIVE_BACK(KX_REGISTRATION, subsys, configfs_unregister_subsystem(subsys))

/* Threads, queues, and the rest. */
#define kthread_create_on_node(...)	\
	KX_POINTER(KX_OBJECT, "kthread_create", ERR_PTR(-ENOMEM), kthread_create_on_node(__VA_ARGS__))
#define kthread_stop(task) KX_GIVE_BACK(KX_OBJECT, task, kthread_stop(task))
#ifdef alloc_workqueue
#define alloc_workqueue_noprof(...) KX_POINTER(KX_OBJECT, "alloc_workqueue", NULL, alloc_workqueue_noprof(__VA_ARGS__))
#else
#define alloc_workqueue(...) KX_POINTER(KX_OBJECT, "alloc_workqueue", NULL, alloc_workqueue(__VA_ARGS__))
#endif
#define destroy_workqueue(queue) KX_GIVE_BACK(KX_OBJECT, queue, destroy_workqueue(queue))
#ifndef init_srcu_struct
#define init_srcu_struct(srcu) KX_CODE(KX_OBJECT, "init_srcu_struct", srcu, init_srcu_struct(srcu))
#endif
#define __init_srcu_struct(srcu, ...)	\
	KX_CODE(KX_OBJECT, "init_srcu_struct", srcu, __init_srcu_struct(srcu, __VA_ARGS__))
#define cleanup_srcu_struct(srcu) KX_GIVE_BACK(KX_OBJECT, srcu, cleanup_srcu_struct(srcu))
#define vm_insert_page(...) KX_ERRNO("vm_insert_page", vm_insert_page(__VA_ARGS__))

/* References do not fail, but are given back as well. */
#define KX_REFERENCE_TO(what, giver, call)	\
	({					\
		KX_LEND(KX_REFERENCE, what, giver);	\
		call;				\
	})

#define get_device(dev) KX_REFERENCE_TO(dev, "get_device", get_device(dev))
#define put_device(dev) KX_GIVE_BACK(KX_REFERENCE, dev, put_device(dev))
#define get_task_struct(task) KX_REFERENCE_TO(task, "get_task_struct", get_task_struct(task))
#define put_task_struct(task) KX_GIVE_BACK(KX_REFERENCE, task, put_task_struct(task))
#define get_cred(cred) KX_REFERENCE_TO(cred, "get_cred", get_cred(cred))
#define put_cred(cred) KX_GIVE_BACK(KX_REFERENCE, cred, put_cred(cred))

/*
 * Locks do not fail either. A thread that panics unlocks what it has locked: what is locked when the module goes stays so. The kernel's
 * own names are macros with some configurations.
 */
#define KX_LOCKING(name, type)								\
	static inline void kx_do_##name(type *lock)					\
	{										\
		name(lock);								\
	}

#define KX_TRYING(name, type)								\
	static inline int kx_do_##name(type *lock)					\
	{										\
		return name(lock);							\
	}

KX_LOCKING(mutex_lock, struct mutex)
KX_LOCKING(mutex_unlock, struct mutex)
KX_TRYING(mutex_trylock, struct mutex)
KX_LOCKING(spin_lock, spinlock_t)
KX_LOCKING(spin_unlock, spinlock_t)
KX_TRYING(spin_trylock, spinlock_t)
KX_LOCKING(read_lock, rwlock_t)
KX_LOCKING(read_unlock, rwlock_t)
KX_TRYING(read_trylock, rwlock_t)
KX_LOCKING(write_lock, rwlock_t)
KX_LOCKING(write_unlock, rwlock_t)
KX_TRYING(write_trylock, rwlock_t)
KX_LOCKING(down_read, struct rw_semaphore)
KX_LOCKING(up_read, struct rw_semaphore)
KX_TRYING(down_read_trylock, struct rw_semaphore)
KX_TRYING(down_read_interruptible, struct rw_semaphore)
KX_LOCKING(down_write, struct rw_semaphore)
KX_LOCKING(up_write, struct rw_semaphore)
KX_TRYING(down_write_trylock, struct rw_semaphore)
KX_TRYING(down_write_killable, struct rw_semaphore)

#define KX_LOCKED(lock, giver, call)							\
	do {										\
		call;									\
		KX_LEND(KX_LOCK, lock, giver);						\
	} while (0)

#define KX_TRIED(lock, giver, success, call)						\
	({										\
		int kx_result = (call);							\
											\
		if (!kx_result == !(success))						\
			KX_LEND(KX_LOCK, lock, giver);					\
		kx_result;								\
	})

#undef mutex_lock
#undef mutex_unlock
#undef mutex_trylock
#undef spin_lock
#undef spin_unlock
#undef spin_trylock
#undef read_lock
#undef read_unlock
#undef read_trylock
#undef write_lock
#undef write_unlock
#undef write_trylock
#undef down_read
#undef up_read
#undef down_read_trylock
#undef down_read_interruptible
#undef down_write
#undef up_write
#undef down_write_trylock
#undef down_write_killable
#define mutex_lock(lock) KX_LOCKED(lock, "mutex_lock", kx_do_mutex_lock(lock))
#define mutex_unlock(lock) KX_GIVE_BACK(KX_LOCK, lock, kx_do_mutex_unlock(lock))
#define mutex_trylock(lock) KX_TRIED(lock, "mutex_trylock", 1, kx_do_mutex_trylock(lock))
#define spin_lock(lock) KX_LOCKED(lock, "spin_lock", kx_do_spin_lock(lock))
#define spin_unlock(lock) KX_GIVE_BACK(KX_LOCK, lock, kx_do_spin_unlock(lock))
#define spin_trylock(lock) KX_TRIED(lock, "spin_trylock", 1, kx_do_spin_trylock(lock))
#define read_lock(lock) KX_LOCKED(lock, "read_lock", kx_do_read_lock(lock))
#define read_unlock(lock) KX_GIVE_BACK(KX_LOCK, lock, kx_do_read_unlock(lock))
#define read_trylock(lock) KX_TRIED(lock, "read_trylock", 1, kx_do_read_trylock(lock))
#define write_lock(lock) KX_LOCKED(lock, "write_lock", kx_do_write_lock(lock))
#define write_unlock(lock) KX_GIVE_BACK(KX_LOCK, lock, kx_do_write_unlock(lock))
#define write_trylock(lock) KX_TRIED(lock, "write_trylock", 1, kx_do_write_trylock(lock))
#define down_read(lock) KX_LOCKED(lock, "down_read", kx_do_down_read(lock))
#define up_read(lock) KX_GIVE_BACK(KX_LOCK, lock, kx_do_up_read(lock))
#define down_read_trylock(lock) KX_TRIED(lock, "down_read_trylock", 1, kx_do_down_read_trylock(lock))
#define down_read_interruptible(lock) KX_TRIED(lock, "down_read_interruptible", 0, kx_do_down_read_interruptible(lock))
#define down_write(lock) KX_LOCKED(lock, "down_write", kx_do_down_write(lock))
#define up_write(lock) KX_GIVE_BACK(KX_LOCK, lock, kx_do_up_write(lock))
#define down_write_trylock(lock) KX_TRIED(lock, "down_write_trylock", 1, kx_do_down_write_trylock(lock))
#define down_write_killable(lock) KX_TRIED(lock, "down_write_killable", 0, kx_do_down_write_killable(lock))

/* A thread that has panicked is as it was when the kernel called: nothing keeps others from its CPU. */
static void __maybe_unused kx_as_entered(void)
{
	if (in_hardirq() || in_serving_softirq())
		return;
	if (preempt_count() || irqs_disabled() || rcu_preempt_depth())
		pr_warn("WARNING: %s: left with a preempt_count of %#x, %d critical sections, interrupts %s\n", KBUILD_MODNAME,
			preempt_count(), rcu_preempt_depth(), irqs_disabled() ? "off" : "on");
}
#define KX_AS_ENTERED() kx_as_entered()

/* Between the kernel and the driver: what the driver has not given back when it is over, it never will. */
int kx_driver_init(void);
void kx_driver_exit(void);

static int __init kx_init_with_ledger(void)
{
	int err = kx_driver_init();

	if (err)
		kx_close_ledger();
	return err;
}
module_init(kx_init_with_ledger);

static void __exit kx_exit_with_ledger(void)
{
	kx_driver_exit();
	kx_close_ledger();
}
module_exit(kx_exit_with_ledger);

#endif
