// SPDX-License-Identifier: GPL-2.0-only
/* Files whose content is made when they are read. */
#include <linux/seq_file.h>

#include "koxide.h"
#include "koxide_field.h"

#ifdef KX_USE_kx_seq_write
void kx_seq_write(struct seq_file *m, const u8 *text, size_t len)
{
	seq_write(m, text, len);
}
#endif

#ifdef KX_USE_kx_seq_private
KX_FIELD(kx_seq_private, struct seq_file, private);
#endif

#ifdef KX_USE_kx_single_open
int kx_single_open(struct file *file, int (*show)(struct seq_file *m, void *unused), void *data)
{
	return single_open(file, show, data);
}
#endif

#ifdef KX_USE_kx_single_release
int kx_single_release(struct inode *inode, struct file *file)
{
	return single_release(inode, file);
}
#endif
