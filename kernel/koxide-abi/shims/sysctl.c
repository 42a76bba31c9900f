// SPDX-License-Identifier: GPL-2.0-only
/* Tables of /proc/sys. */
#include <linux/build_bug.h>
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/magic.h>
#include <linux/mutex.h>
#include <linux/namei.h>
#include <linux/path.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysctl.h>
#include <linux/version.h>

#include "koxide.h"
#include "koxide_tables.h"

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
typedef const struct ctl_table kx_ctl_table;
#else
typedef struct ctl_table kx_ctl_table;
#endif

/* Held while a text is read or written: proc_dostring itself locks nothing. */
static __maybe_unused DEFINE_MUTEX(kx_sysctl_texts);

#ifdef KX_USE_kx_table_sysctl_entry
static int __maybe_unused kx_sysctl_dotext(kx_ctl_table *table, int write, void *buffer, size_t *len, loff_t *pos)
{
	int ret;

	mutex_lock(&kx_sysctl_texts);
	ret = proc_dostring(table, write, buffer, len, pos);
	mutex_unlock(&kx_sysctl_texts);
	return ret;
}

/* One of the five, after the kind. No expression: nothing refers to the others, of which some are for GPL modules only. */
#define KX_SYSCTL_IF(kind, is, yes, no) __builtin_choose_expr((kind) == (is), yes, no)
#define KX_SYSCTL_DO(kind)							\
	KX_SYSCTL_IF(kind, KX_SYSCTL_INT, proc_dointvec_minmax,			\
	KX_SYSCTL_IF(kind, KX_SYSCTL_UINT, proc_douintvec_minmax,		\
	KX_SYSCTL_IF(kind, KX_SYSCTL_ULONG, proc_doulongvec_minmax,		\
	KX_SYSCTL_IF(kind, KX_SYSCTL_BOOL, proc_dou8vec_minmax, kx_sysctl_dotext))))

/* A limit: an unsigned long, or an int with or without a sign. */
#define KX_SYSCTL_LIMIT(kind, limit)						\
	(void *)KX_SYSCTL_IF(kind, KX_SYSCTL_ULONG, &(const unsigned long){ limit },	\
			     &(const int){ (int)(limit) })

#define KX_ROW_sysctl_entry(name_, data_, size_, min_, max_, kind_, mode_) {	\
	.procname = (const char *)name_,							\
	.data = data_,								\
	.maxlen = size_,							\
	.mode = mode_,								\
	.proc_handler = KX_SYSCTL_DO(kind_),					\
	.extra1 = KX_SYSCTL_LIMIT(kind_, min_),					\
	.extra2 = KX_SYSCTL_LIMIT(kind_, max_),					\
},

/* Old kernels want an empty entry at the end. */
#define KX_TABLE_sysctl_entry(table, entries)	\
	extern const struct ctl_table table[];	\
	const struct ctl_table table[] = { entries { } }
#endif

#ifdef KX_USE_kx_sysctl_register
/* Held from the look for a name until it is there, so that this module does not take one twice. */
static DEFINE_MUTEX(kx_sysctl_registering);

/* What is not seen cannot be looked through. */
static int kx_sysctl_sees_settings(void)
{
	struct path root;
	int ret;

	ret = kern_path("/proc/sys", LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &root);
	if (ret)
		return ret == -ENOENT ? -ENODEV : ret;
	if (root.dentry->d_sb->s_magic != PROC_SUPER_MAGIC)
		ret = -ENODEV;
	path_put(&root);
	return ret;
}

static int kx_sysctl_is_free(const char *folder, const char *name)
{
	struct path found;
	char *file;
	int ret;

	file = kasprintf(GFP_KERNEL, "/proc/sys/%s/%s", folder, name);
	if (!file)
		return -ENOMEM;
	ret = kern_path(file, 0, &found);
	kfree(file);
	if (!ret) {
		path_put(&found);
		return -EEXIST;
	}
	return ret == -ENOENT ? 0 : ret;
}

int kx_sysctl_register(const char *path, const void *room, size_t len, struct ctl_table_header **out)
{
	const struct ctl_table *table = room;
	int ret;
	size_t i;

	mutex_lock(&kx_sysctl_registering);
	/*
	 * The kernel must not find out itself that a name is taken: the function that then undoes what was done,
	 * erase_header(), takes entries out of the folder that were never put in, which loses what others have there.
	 */
	ret = kx_sysctl_sees_settings();
	for (i = 0; !ret && i < len; i++)
		ret = kx_sysctl_is_free(path, table[i].procname);
	if (!ret) {
		/* Old kernels have no "const" here, and do not write all the same. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
		*out = register_sysctl_sz(path, (struct ctl_table *)table, len);
#else
		*out = register_sysctl(path, (struct ctl_table *)table);
#endif
		if (!*out)
			ret = -ENOMEM;
	}
	mutex_unlock(&kx_sysctl_registering);
	return ret;
}
#endif

#ifdef KX_USE_kx_sysctl_unregister
void kx_sysctl_unregister(struct ctl_table_header *header)
{
	unregister_sysctl_table(header);
}
#endif

#ifdef KX_USE_kx_sysctl_copy
void kx_sysctl_copy(void *to, const void *from, size_t len)
{
	mutex_lock(&kx_sysctl_texts);
	memcpy(to, from, len);
	mutex_unlock(&kx_sysctl_texts);
}
#endif
