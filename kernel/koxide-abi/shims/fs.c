// SPDX-License-Identifier: GPL-2.0-only
/* Open files, and the operations on them. */
#include <linux/build_bug.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/version.h>

#include "koxide.h"
#include "koxide_field.h"
#include "koxide_tables.h"

/* The numbers are those of kernel/koxide/src/fs/flags.rs. */
static_assert(O_ACCMODE == 03);
static_assert(O_RDONLY == 0 && O_WRONLY == 01 && O_RDWR == 02);
static_assert(O_CREAT == 0100 && O_EXCL == 0200 && O_NOCTTY == 0400 && O_TRUNC == 01000);
static_assert(O_APPEND == 02000 && O_NONBLOCK == 04000 && O_DSYNC == 010000 && O_CLOEXEC == 02000000);
/* Those of kernel/koxide/src/fs/events.rs. */
static_assert((__force u32)EPOLLIN == 0x1 && (__force u32)EPOLLPRI == 0x2 && (__force u32)EPOLLOUT == 0x4);
static_assert((__force u32)EPOLLERR == 0x8 && (__force u32)EPOLLHUP == 0x10);
static_assert((__force u32)EPOLLRDNORM == 0x40 && (__force u32)EPOLLWRNORM == 0x100);
static_assert((__force u32)EPOLLRDHUP == 0x2000);
/* And those of kernel/koxide/src/fs/seek.rs. */
static_assert(SEEK_SET == 0 && SEEK_CUR == 1 && SEEK_END == 2 && SEEK_DATA == 3 && SEEK_HOLE == 4);

#ifdef KX_USE_kx_table_file_operations
#ifdef CONFIG_COMPAT
#define KX_COMPAT(ioctl_, compat_ioctl_) \
	.compat_ioctl = (void *)KX_IF(compat_ioctl_, compat_ioctl_, KX_IF(ioctl_, compat_ptr_ioctl, 0)),
#else
#define KX_COMPAT(ioctl_, compat_ioctl_)
#endif

/* A __poll_t is an unsigned int that only checkers tell from others. */
static_assert(sizeof(__poll_t) == sizeof(unsigned int));

/* A module that is set up again after a panic remembers files, and forgets each of them. */
#if defined(KX_USE_kx_file_forget)
#define KX_RELEASE(release_) KX_IF(release_, release_, kx_file_released)
#else
#define KX_RELEASE(release_) release_
#endif

#define KX_ROW_file_operations(open_, release_, llseek_, read_iter_, write_iter_, ioctl_, compat_ioctl_, poll_,	\
			       mmap_, show_fdinfo_)								\
	/* The owner keeps the module loaded as long as one of its files is open. */				\
	.owner = THIS_MODULE,											\
	.open = (void *)open_,											\
	.release = (void *)KX_RELEASE(release_),										\
	.llseek = (void *)llseek_,										\
	.read_iter = (void *)read_iter_,									\
	.write_iter = (void *)write_iter_,									\
	.unlocked_ioctl = (void *)ioctl_,									\
	KX_COMPAT(ioctl_, compat_ioctl_)									\
	.poll = (void *)poll_,											\
	.mmap = (void *)mmap_,											\
	.show_fdinfo = (void *)show_fdinfo_,

#define KX_TABLE_file_operations(table, operations)	\
	extern const struct file_operations table;	\
	const struct file_operations table = { operations }
#endif

#ifdef KX_USE_kx_get_file
int kx_get_file(struct file *file)
{
	/* get_file() would count up from 0 in a file that is being released. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	return file_ref_get(&file->f_ref);
#else
	return atomic_long_inc_not_zero(&file->f_count);
#endif
}
#endif

#ifdef KX_USE_kx_fput
void kx_fput(struct file *file)
{
	fput(file);
}
#endif

#ifdef KX_USE_kx_file_flags
KX_FIELD(kx_file_flags, struct file, f_flags);
#endif

#ifdef KX_USE_kx_file_cred
KX_FIELD(kx_file_cred, struct file, f_cred);
#endif

#ifdef KX_USE_kx_file_private_data
KX_FIELD(kx_file_private_data, struct file, private_data);
#endif

#ifdef KX_USE_kx_file_set_private_data
KX_FIELD(kx_file_set_private_data, struct file, private_data);
#endif

#ifdef KX_USE_kx_inode_rdev
KX_FIELD(kx_inode_rdev, struct inode, i_rdev);
#endif

#ifdef KX_USE_kx_kiocb_file
KX_FIELD(kx_kiocb_file, struct kiocb, ki_filp);
#endif

#ifdef KX_USE_kx_kiocb_pos
KX_FIELD(kx_kiocb_pos, struct kiocb, ki_pos);
#endif

#ifdef KX_USE_kx_file_pos
KX_FIELD(kx_file_pos, struct file, f_pos);
#endif

#ifdef KX_USE_kx_vfs_setpos
s64 kx_vfs_setpos(struct file *file, s64 pos)
{
	return vfs_setpos(file, pos, LLONG_MAX);
}
#endif
