// SPDX-License-Identifier: GPL-2.0-only
/* Files in /proc. */
#include <linux/build_bug.h>
#include <linux/fs.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

#include "koxide.h"
#include "koxide_field.h"
#include "koxide_tables.h"

#ifdef KX_USE_kx_table_proc_ops
#define KX_ROW_proc_ops(open_, write_)					\
	.proc_open = (void *)open_,					\
	.proc_read_iter = KX_IF(open_, seq_read_iter, NULL),		\
	.proc_lseek = KX_IF(open_, seq_lseek, NULL),			\
	.proc_release = KX_IF(open_, single_release, NULL),		\
	.proc_write = (void *)write_,

#define KX_TABLE_proc_ops(table, operations)	\
	extern const struct proc_ops table;	\
	const struct proc_ops table = { operations }
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
