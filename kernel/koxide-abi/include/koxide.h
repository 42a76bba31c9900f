/* SPDX-License-Identifier: GPL-2.0-only */
/* The Koxide ABI in C. Generated from the declarations in koxide-abi/src: change it there. */
#ifndef KOXIDE_H
#define KOXIDE_H

#include <linux/types.h>

#include "koxide_lockdep.h"

/* types */
struct class;
struct config_group;
struct config_item;
struct cred;
struct ctl_table_header;
struct dentry;
struct device;
struct file;
struct inode;
struct iov_iter;
struct kiocb;
struct page;
struct proc_dir_entry;
struct seq_file;
struct kx_chrdev;
struct kx_kthread;
struct kx_faux;
struct kx_sysfs_group;
struct kx_configfs_node;
struct poll_table_struct;
struct task_struct;
struct workqueue_struct;
struct vm_area_struct;
struct srcu_struct;

/* alloc */
void *kx_krealloc(void *ptr, size_t size, size_t align, u32 flags);
void *kx_kmalloc(size_t size, u32 flags);
void kx_kfree(void *ptr);
void *kx_vrealloc(void *ptr, size_t old_size, size_t size, size_t align, u32 flags);
void kx_vfree(void *ptr);
void *kx_kvmalloc(size_t size, u32 flags);
void *kx_kvrealloc(void *ptr, size_t old_size, size_t size, size_t align, u32 flags);
void kx_kvfree(void *ptr);

/* chrdev */
#define KX_CHRDEV_MAJOR_MAX 512
int kx_chrdev_region_alloc(u32 first, u32 count, const char *name);
int kx_chrdev_region_register(u32 major, u32 first, u32 count, const char *name);
void kx_chrdev_region_unregister(u32 major, u32 first, u32 count);
int kx_class_create(struct class **class, const char *name);
void kx_class_destroy(struct class *class);
struct kx_chrdev *kx_chrdev_alloc(const void *fops, u16 mode, void *data);
int kx_chrdev_register(struct kx_chrdev *chrdev, struct class *class, u32 major, u32 minor, const char *name);
void kx_chrdev_unregister(struct kx_chrdev *chrdev);
struct kx_chrdev *kx_chrdev_open(struct inode *inode);
int kx_chrdev_put(struct kx_chrdev *chrdev);
void kx_chrdev_free(struct kx_chrdev *chrdev);
typedef void *kx_chrdev_data_t;
typedef struct device *kx_chrdev_device_t;

/* completion */
#ifndef KX_COMPLETION_ROOM
#define KX_COMPLETION_ROOM 48
#endif
void kx_init_completion(void *completion);
void kx_complete(void *completion);
void kx_complete_all(void *completion);
void kx_reinit_completion(void *completion);
void kx_wait_for_completion(void *completion);
int kx_wait_for_completion_interruptible(void *completion);
unsigned long kx_wait_for_completion_timeout(void *completion, unsigned long jiffies);
long kx_wait_for_completion_interruptible_timeout(void *completion, unsigned long jiffies);
int kx_try_wait_for_completion(void *completion);
int kx_completion_done(void *completion);

/* configfs */
struct kx_configfs_attribute {
	const char *name;
	ssize_t (*show)(struct config_item *item, char *page);
	ssize_t (*store)(struct config_item *item, const char *page, size_t len);
};
struct kx_configfs_type {
	struct config_group *(*make_group)(struct config_group *group, const char *name);
	void (*drop_item)(struct config_group *group, struct config_item *item);
	void (*release)(struct config_item *item);
};
struct kx_configfs_node *kx_configfs_alloc(const char *name, const void *room);
int kx_configfs_free(struct kx_configfs_node *node);
int kx_configfs_register(struct kx_configfs_node *node);
void kx_configfs_set(struct kx_configfs_node *node, void *data, void *owner);
struct config_group *kx_configfs_group(struct kx_configfs_node *node);
struct config_item *kx_configfs_item(struct config_group *group);
void *kx_configfs_data(struct config_item *item);
void *kx_configfs_owner(struct config_item *item);
void kx_config_item_put(struct config_item *item);

/* cred */
void kx_get_cred(const struct cred *cred);
void kx_put_cred(const struct cred *cred);
u32 kx_cred_secid(const struct cred *cred);
u32 kx_current_euid(void);
u32 kx_from_kuid_current(u32 kuid);
typedef u32 kx_cred_euid_t;

/* debugfs */
struct kx_debugfs_ops {
	int (*open)(struct inode *inode, struct file *file);
	ssize_t (*read)(struct file *file, char *buffer, size_t len, s64 *pos);
	ssize_t (*write)(struct file *file, const char *buffer, size_t len, s64 *pos);
};
struct dentry *kx_debugfs_create_dir(const char *name, struct dentry *parent);
struct dentry *kx_debugfs_create_file(const char *name, u16 mode, struct dentry *parent, void *data, const void *ops);
void kx_debugfs_remove(struct dentry *entry);
typedef void *kx_inode_private_t;

/* device */
void kx_get_device(struct device *dev);
void kx_put_device(struct device *dev);
const char *kx_dev_name(const struct device *dev);
void kx_dev_print(u32 level, const struct device *dev, const u8 *text, size_t len);
void kx_dev_printk(const char *level, const struct device *dev, const char *format, ...);

/* divide */
u64 kx_divide_u64(u64 number, u64 by, u64 *rest);
s64 kx_divide_s64(s64 number, s64 by, s64 *rest);

/* faux */
struct kx_faux *kx_faux_create(const char *name, struct device *parent);
void kx_faux_destroy(struct kx_faux *faux);
struct device *kx_faux_device(struct kx_faux *faux);

/* fs */
struct kx_file_operations {
	int (*open)(struct inode *inode, struct file *file);
	int (*release)(struct inode *inode, struct file *file);
	s64 (*llseek)(struct file *file, s64 offset, int whence);
	ssize_t (*read_iter)(struct kiocb *kiocb, struct iov_iter *iov);
	ssize_t (*write_iter)(struct kiocb *kiocb, struct iov_iter *iov);
	long (*ioctl)(struct file *file, unsigned int cmd, unsigned long arg);
	long (*compat_ioctl)(struct file *file, unsigned int cmd, unsigned long arg);
	unsigned int (*poll)(struct file *file, struct poll_table_struct *table);
	int (*mmap)(struct file *file, struct vm_area_struct *vma);
	void (*show_fdinfo)(struct seq_file *seq, struct file *file);
};
int kx_get_file(struct file *file);
void kx_fput(struct file *file);
s64 kx_vfs_setpos(struct file *file, s64 pos);
typedef u32 kx_file_flags_t;
typedef const struct cred *kx_file_cred_t;
typedef void *kx_file_private_data_t;
typedef void *kx_file_set_private_data_t;
typedef u32 kx_inode_rdev_t;
typedef struct file *kx_kiocb_file_t;
typedef s64 kx_kiocb_pos_t;
typedef s64 kx_file_pos_t;

/* hrtimer */
#ifndef KX_HRTIMER_ROOM
#define KX_HRTIMER_ROOM 96
#endif
#define KX_HRTIMER_MODE_REL 1
#define KX_HRTIMER_MODE_PINNED 2
#define KX_HRTIMER_MODE_SOFT 4
#define KX_HRTIMER_MODE_HARD 8
void kx_hrtimer_init(void *timer, int (*run)(void *timer), u32 clock, u32 mode);
void kx_hrtimer_start(void *timer, s64 nanoseconds, u32 mode);
int kx_hrtimer_cancel(void *timer);
int kx_hrtimer_try_to_cancel(void *timer);
u64 kx_hrtimer_forward(void *timer, s64 now, s64 interval);
s64 kx_hrtimer_expires(void *timer);

/* interrupt */
int kx_preempt_rt(void);
u64 kx_nesting(void);
void kx_local_interrupt_disable(void);
void kx_local_interrupt_enable(void);

/* iov */
void kx_iov_iter_advance(struct iov_iter *iov, size_t bytes);
void kx_iov_iter_revert(struct iov_iter *iov, size_t bytes);
void kx_check_object_size(const void *object, size_t len, bool to_user);
size_t kx_copy_to_iter(const void *from, size_t len, struct iov_iter *iov);
size_t kx_iov_iter_zero(size_t bytes, struct iov_iter *iov);
size_t kx_copy_from_iter(void *to, size_t len, struct iov_iter *iov);
typedef size_t kx_iov_iter_count_t;

/* kthread */
int kx_kthread_create(const char *name, struct kx_kthread **out);
void kx_kthread_start(struct kx_kthread *thread, void (*body)(void *data), void *data);
void kx_kthread_wait(struct kx_kthread *thread);
int kx_kthread_returned(struct kx_kthread *thread);
void kx_kthread_stop(struct kx_kthread *thread);
void kx_kthread_free(struct kx_kthread *thread);
int kx_kthread_should_stop(void);
void kx_kthread_sleep(u32 milliseconds);
typedef struct task_struct *kx_kthread_task_t;

/* lib */
#define KX_ABI_VERSION 1

/* lockdep */
#ifndef KX_LOCK_CLASS_KEY_ROOM
#define KX_LOCK_CLASS_KEY_ROOM 0
#endif
void kx_lockdep_register_key(const void *key);
void kx_lockdep_unregister_key(const void *key);

/* miscdevice */
#ifndef KX_MISC_DEVICE_ROOM
#define KX_MISC_DEVICE_ROOM 80
#endif
#define KX_MISC_DYNAMIC_MINOR 255
int kx_misc_register(void *misc, const char *name, int minor, u16 mode, const void *fops);
void kx_misc_deregister(void *misc);
typedef struct device *kx_misc_device_t;

/* mm */
void kx_vma_flags_mod(struct vm_area_struct *vma, size_t set, size_t clear);
int kx_vm_insert_page(struct vm_area_struct *vma, size_t address, struct page *page);
void kx_zap_vma_range(struct vm_area_struct *vma, size_t address, size_t size);
typedef size_t kx_vma_flags_t;
typedef size_t kx_vma_start_t;
typedef size_t kx_vma_end_t;
typedef size_t kx_vma_pgoff_t;

/* module */
void kx_module_free_retired(void);
void kx_module_wait_unused(void);
int kx_module_loading(void);
void kx_module_leaked(void);

/* module_param */
void kx_params_lock(void);
void kx_params_unlock(void);

/* mutex */
#ifndef KX_MUTEX_ROOM
#define KX_MUTEX_ROOM 32
#endif
void kx_mutex_init(void *lock, struct kx_lock_class class);
void kx_mutex_lock(void *lock);
int kx_mutex_trylock(void *lock);
void kx_mutex_unlock(void *lock);

/* page */
#ifndef KX_PAGE_SHIFT
#define KX_PAGE_SHIFT 12
#endif
struct page *kx_alloc_page(u32 flags);
void kx_free_page(struct page *page);
void kx_page_read(struct page *page, size_t offset, void *to, size_t len);
void kx_page_write(struct page *page, size_t offset, const void *from, size_t len);

/* panic */
void kx_panic(void);
bool kx_panic_may_trace(void);
bool kx_panic_has_stack(size_t bytes);

/* pending */
unsigned long kx_pending_lock(void);
void kx_pending_unlock(unsigned long flags);
void kx_pending_pause(void);
void kx_pending_synchronize(void);

/* poll */
void kx_poll_wait(struct file *file, void *head, struct poll_table_struct *table);
void kx_end_polls(void *head);

/* print */
void kx_print(u32 level, const char *prefix, const u8 *text, size_t len);
void kx_pointer_text(char *room, size_t size, const void *pointer);
int kx_printk(const char *format, ...);

/* procfs */
struct kx_proc_ops {
	int (*open)(struct inode *inode, struct file *file);
	ssize_t (*write)(struct file *file, const char *buffer, size_t len, s64 *pos);
};
struct proc_dir_entry *kx_proc_mkdir(const char *name, struct proc_dir_entry *parent);
struct proc_dir_entry *kx_proc_create(const char *name, u16 mode, struct proc_dir_entry *parent, const void *ops, void *data);
void kx_proc_remove(struct proc_dir_entry *entry);
void *kx_pde_data(struct inode *inode);
typedef struct inode *kx_file_inode_t;

/* random */
void kx_get_random_bytes(void *to, size_t len);
u32 kx_get_random_u32(void);
u64 kx_get_random_u64(void);
u32 kx_get_random_u32_below(u32 ceil);
int kx_rng_is_initialized(void);
int kx_wait_for_random_bytes(void);
void kx_add_device_randomness(const void *from, size_t len);

/* rcu */
void kx_rcu_read_lock(void);
void kx_rcu_read_unlock(void);
void kx_synchronize_rcu(void);
void kx_rcu_barrier(void);

/* restart */
void kx_restart_start(void (*run)(void *module), void *module);
void kx_restart_queue(void);
void kx_restart_stop(void);
u32 kx_restart_begin(void);
void kx_restart_done(u32 number);
void kx_restart_failed(const char *why, int errno);
int kx_file_remember(struct file *file);
void kx_file_forget(struct file *file);
int kx_file_is_remembered(struct file *file);
void kx_files_forget(void);

/* rwlock */
#ifndef KX_RWLOCK_ROOM
#define KX_RWLOCK_ROOM 48
#endif
void kx_rwlock_init(void *lock, struct kx_lock_class class);
void kx_read_lock(void *lock);
int kx_read_trylock(void *lock);
void kx_read_unlock(void *lock);
void kx_write_lock(void *lock);
int kx_write_trylock(void *lock);
void kx_write_unlock(void *lock);

/* rwsem */
#ifndef KX_RW_SEMAPHORE_ROOM
#define KX_RW_SEMAPHORE_ROOM 48
#endif
void kx_init_rwsem(void *lock, struct kx_lock_class class);
void kx_down_read(void *lock);
int kx_down_read_trylock(void *lock);
void kx_up_read(void *lock);
void kx_down_write(void *lock);
int kx_down_write_trylock(void *lock);
void kx_up_write(void *lock);
int kx_down_read_interruptible(void *lock);
int kx_down_write_killable(void *lock);
void kx_downgrade_write(void *lock);

/* seq_file */
void kx_seq_write(struct seq_file *m, const u8 *text, size_t len);
int kx_single_open(struct file *file, int (*show)(struct seq_file *m, void *unused), void *data);
int kx_single_release(struct inode *inode, struct file *file);
typedef void *kx_seq_private_t;

/* spinlock */
#ifndef KX_SPINLOCK_ROOM
#define KX_SPINLOCK_ROOM 32
#endif
void kx_spin_lock_init(void *lock, struct kx_lock_class class);
void kx_spin_lock(void *lock);
int kx_spin_trylock(void *lock);
void kx_spin_unlock(void *lock);
void kx_spin_lock_irq_disable(void *lock);
int kx_spin_trylock_irq_disable(void *lock);
void kx_spin_unlock_irq_enable(void *lock);

/* srcu */
struct srcu_struct *kx_srcu_alloc(struct kx_lock_class class);
void kx_srcu_free(struct srcu_struct *srcu);
int kx_srcu_read_lock(struct srcu_struct *srcu);
void kx_srcu_read_unlock(struct srcu_struct *srcu, int index);
void kx_synchronize_srcu(struct srcu_struct *srcu);
void kx_synchronize_srcu_expedited(struct srcu_struct *srcu);

/* sysctl */
#define KX_SYSCTL_INT 0
#define KX_SYSCTL_UINT 1
#define KX_SYSCTL_ULONG 2
#define KX_SYSCTL_BOOL 3
#define KX_SYSCTL_TEXT 4
struct kx_sysctl_entry {
	const char *name;
	void *data;
	size_t size;
	ssize_t min;
	ssize_t max;
	size_t kind;
	size_t mode;
};
struct ctl_table_header *kx_sysctl_register(const char *path, const void *room, size_t len);
void kx_sysctl_unregister(struct ctl_table_header *header);
void kx_sysctl_copy(void *to, const void *from, size_t len);

/* sysfs */
struct kx_sysfs_attribute {
	const char *name;
	ssize_t (*show)(void *data, char *page);
	ssize_t (*store)(void *data, const char *page, size_t len);
};
struct kx_sysfs_group *kx_sysfs_alloc(void *data);
int kx_sysfs_add(struct kx_sysfs_group *group, struct device *dev, const char *name, const void *room, size_t len);
void kx_sysfs_remove(struct kx_sysfs_group *group);

/* task */
void kx_get_task(struct task_struct *task);
void kx_put_task(struct task_struct *task);
int kx_task_tgid_vnr(struct task_struct *task);
u32 kx_task_uid(struct task_struct *task);
void kx_task_comm(struct task_struct *task, u8 *name);
struct task_struct *kx_task_group_leader(struct task_struct *task);
int kx_task_signal_pending(struct task_struct *task);
void kx_task_wake_up(struct task_struct *task);
void kx_cond_resched(void);
void kx_might_sleep(void);
typedef int kx_task_pid_t;
typedef int kx_task_tgid_t;
typedef struct task_struct *kx_current_t;
typedef size_t kx_task_thread_flags_t;
typedef size_t kx_signal_flags_t;

/* time */
void kx_fsleep(u64 microseconds);
size_t kx_msecs_to_jiffies(unsigned int milliseconds);
size_t kx_jiffies(void);
s64 kx_ktime_get(u32 clock);
void kx_udelay(u32 microseconds);
void kx_usleep_range(size_t least, size_t most);
size_t kx_sleep_ticks(size_t ticks, u32 interruptible);
size_t kx_msleep_interruptible(unsigned int milliseconds);

/* timer */
#ifndef KX_TIMER_ROOM
#define KX_TIMER_ROOM 48
#endif
void kx_timer_init(void *timer, void (*run)(void *timer));
int kx_timer_arm(void *timer, size_t ticks);
int kx_timer_pending(void *timer);
int kx_timer_delete_sync(void *timer);
int kx_timer_try_to_delete(void *timer);
int kx_timer_shutdown_sync(void *timer);

/* uaccess */
size_t kx_copy_from_user(void *to, size_t from, size_t len);
int kx_get_user_4(void *to, size_t from);
int kx_get_user_8(void *to, size_t from);
int kx_put_user_4(size_t to, u32 value);
int kx_put_user_8(size_t to, u64 value);
ssize_t kx_strncpy_from_user(void *to, size_t from, size_t len);
size_t kx_copy_to_user(size_t to, const void *from, size_t len);

/* wait */
#ifndef KX_WAIT_QUEUE_HEAD_ROOM
#define KX_WAIT_QUEUE_HEAD_ROOM 48
#endif
#ifndef KX_WAIT_QUEUE_ENTRY_ROOM
#define KX_WAIT_QUEUE_ENTRY_ROOM 48
#endif
#define KX_TASK_INTERRUPTIBLE 0x1
#define KX_TASK_UNINTERRUPTIBLE 0x2
#define KX_TASK_FREEZABLE 0x2000
void kx_init_waitqueue_head(void *head, struct kx_lock_class class);
void kx_init_wait_entry(void *entry, int flags);
void kx_prepare_to_wait_exclusive(void *head, void *entry, unsigned int state);
long kx_prepare_to_wait_event(void *head, void *entry, unsigned int state);
long kx_schedule_timeout(long timeout);
void kx_finish_wait(void *head, void *entry);
void kx_wake_up(void *head, unsigned int mode, int exclusive, void *key);
void kx_wake_up_sync(void *head);

/* workqueue */
#ifndef KX_WORK_ROOM
#define KX_WORK_ROOM 32
#endif
#ifndef KX_DELAYED_WORK_ROOM
#define KX_DELAYED_WORK_ROOM 96
#endif
#define KX_WQ_UNBOUND 0x2
#define KX_WQ_FREEZABLE 0x4
#define KX_WQ_MEM_RECLAIM 0x8
#define KX_WQ_HIGHPRI 0x10
#define KX_WQ_CPU_INTENSIVE 0x20
#define KX_WQ_ORDERED 0x10000
#define KX_SYSTEM_WQ 0
#define KX_SYSTEM_WQ_HIGHPRI 1
#define KX_SYSTEM_WQ_LONG 2
#define KX_SYSTEM_WQ_UNBOUND 3
#define KX_SYSTEM_WQ_FREEZABLE 4
#define KX_SYSTEM_WQ_POWER_EFFICIENT 5
#define KX_SYSTEM_WQ_FREEZABLE_POWER_EFFICIENT 6
#define KX_SYSTEM_WQ_BH 7
#define KX_SYSTEM_WQ_BH_HIGHPRI 8
void kx_work_init(void *work, void (*run)(void *work), struct kx_lock_class class);
void kx_delayed_work_init(void *work, void (*run)(void *work), struct kx_lock_class class, struct kx_lock_class timer);
int kx_queue_work(struct workqueue_struct *queue, void *work);
int kx_queue_delayed_work(struct workqueue_struct *queue, void *work, size_t delay);
int kx_cancel_work_sync(void *work);
int kx_cancel_delayed_work_sync(void *work);
int kx_cancel_delayed_work(void *work);
int kx_delayed_work_waits_for(void *work, struct workqueue_struct *queue);
int kx_flush_work(void *work);
int kx_flush_delayed_work(void *work);
struct workqueue_struct *kx_system_workqueue(u32 which);
struct workqueue_struct *kx_alloc_workqueue(const char *name, u32 flags, u32 max_active);
void kx_destroy_workqueue(struct workqueue_struct *queue);
void kx_flush_workqueue(struct workqueue_struct *queue);
void kx_drain_workqueue(struct workqueue_struct *queue);

#endif
