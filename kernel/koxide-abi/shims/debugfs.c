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

#ifdef KX_USE_kx_debugfs_fill
static_assert(sizeof(struct file_operations) <= KX_FILE_OPERATIONS_ROOM);

void kx_debugfs_fill(void *room, const void *table)
{
	const struct kx_debugfs_ops *ops = table;
	struct file_operations *fops = room;

	/*
	 * The owner keeps the module loaded as long as a file is open: debugfs calls its release also when the file was
	 * removed before.
	 */
	fops->owner = THIS_MODULE;
	if (ops->open) {
		fops->open = ops->open;
		fops->read = seq_read;
		fops->llseek = seq_lseek;
		fops->release = single_release;
	} else {
		fops->read = ops->read;
		fops->llseek = default_llseek;
	}
	fops->write = ops->write;
}
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
