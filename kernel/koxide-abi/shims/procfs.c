// SPDX-License-Identifier: GPL-2.0-only
/* Files in /proc. */
#include <linux/build_bug.h>
#include <linux/fs.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

#include "koxide.h"
#include "koxide_field.h"

static_assert(sizeof(struct proc_ops) <= KX_PROC_OPS_ROOM);

#ifdef KX_USE_kx_procfs_fill
void kx_procfs_fill(void *room, const void *table)
{
	const struct kx_proc_ops *ops = table;
	struct proc_ops *proc = room;

	if (ops->open) {
		proc->proc_open = ops->open;
		proc->proc_read_iter = seq_read_iter;
		proc->proc_lseek = seq_lseek;
		proc->proc_release = single_release;
	}
	proc->proc_write = ops->write;
}
#endif

#ifdef KX_USE_kx_proc_mkdir
struct proc_dir_entry *kx_proc_mkdir(const char *name, struct proc_dir_entry *parent)
{
	return proc_mkdir(name, parent);
}
#endif

#ifdef KX_USE_kx_proc_create
struct proc_dir_entry *kx_proc_create(const char *name, u16 mode, struct proc_dir_entry *parent, const void *ops,
				      void *data)
{
	return proc_create_data(name, mode, parent, ops, data);
}
#endif

#ifdef KX_USE_kx_proc_remove
void kx_proc_remove(struct proc_dir_entry *entry)
{
	proc_remove(entry);
}
#endif

#ifdef KX_USE_kx_pde_data
void *kx_pde_data(struct inode *inode)
{
	return pde_data(inode);
}
#endif

#ifdef KX_USE_kx_file_inode
KX_FIELD(kx_file_inode, struct file, f_inode);
#endif
