// SPDX-License-Identifier: GPL-2.0-only
/* Files in debugfs. */
#include <linux/build_bug.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "koxide.h"
#include "koxide_field.h"
#include "koxide_tables.h"

#ifdef KX_USE_kx_table_debugfs_ops
/*
 * The owner keeps the module loaded as long as a file is open: debugfs calls its release also when the file was removed
 * before.
 */
#define KX_ROW_debugfs_ops(open_, read_, write_)			\
	.owner = THIS_MODULE,						\
	.open = (void *)open_,						\
	.read = (void *)KX_IF(open_, seq_read, read_),			\
	.llseek = KX_IF(open_, seq_lseek, default_llseek),		\
	.release = KX_IF(open_, single_release, NULL),			\
	.write = (void *)write_,

#define KX_TABLE_debugfs_ops(table, operations)		\
	extern const struct file_operations table;	\
	const struct file_operations table = { operations }
#endif

#ifdef KX_USE_kx_debugfs_create_dir
struct dentry *kx_debugfs_create_dir(const char *name, struct dentry *parent)
{
	struct dentry *dir = debugfs_create_dir(name, parent);

	return IS_ERR(dir) ? NULL : dir;
}
#endif

#ifdef KX_USE_kx_debugfs_create_file
struct dentry *kx_debugfs_create_file(const char *name, u16 mode, struct dentry *parent, void *data, const void *ops)
{
	const struct file_operations *fops = ops;
	struct dentry *file = debugfs_create_file(name, mode, parent, data, fops);

	return IS_ERR(file) ? NULL : file;
}
#endif

#ifdef KX_USE_kx_debugfs_remove
void kx_debugfs_remove(struct dentry *entry)
{
	debugfs_remove(entry);
}
#endif

#ifdef KX_USE_kx_inode_private
KX_FIELD(kx_inode_private, struct inode, i_private);
#endif
