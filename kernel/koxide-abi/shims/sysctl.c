// SPDX-License-Identifier: GPL-2.0-only
/* Tables of /proc/sys. */
#include <linux/atomic.h>
#include <linux/build_bug.h>
#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/fs.h>
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
/* Set from the look for a name until it is there, so that this module does not take one twice. */
static atomic_t kx_sysctl_registering;

/* Exported, but older headers do not have it. */
int vfs_path_lookup(struct dentry *dentry, struct vfsmount *mnt, const char *name, unsigned int flags,
		    struct path *path);

/* -ENOENT if none of the names is taken. */
static __cold int kx_sysctl_find(const struct path *settings, const char *path, const struct ctl_table *table, size_t len)
{
	struct path folder, file;
	int ret;

	ret = vfs_path_lookup(settings->dentry, settings->mnt, path, 0, &folder);
	if (ret)
		return ret;
	do {
		ret = vfs_path_lookup(folder.dentry, folder.mnt, table++->procname, 0, &file);
		if (!ret) {
			path_put(&file);
			ret = -EEXIST;
		}
	} while (ret == -ENOENT && --len);
	path_put(&folder);
	return ret;
}

/*
 * The kernel must not find out itself that a name is taken: the function that then undoes what was done, erase_header(),
 * takes entries out of the folder that were never put in, which loses what others have there.
 */
static __cold int kx_sysctl_look(const char *path, const struct ctl_table *table, size_t len)
{
	struct path settings;
	int ret;

	/* What is not seen cannot be looked through. */
	ret = kern_path("/proc/sys", LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &settings);
	if (ret)
		return ret == -ENOENT ? -ENODEV : ret;
	ret = -ENODEV;
	if (settings.dentry->d_sb->s_magic == PROC_SUPER_MAGIC)
		ret = kx_sysctl_find(&settings, path, table, len);
	path_put(&settings);
	return ret;
}

__cold struct ctl_table_header *kx_sysctl_register(const char *path, const void *room, size_t len)
{
	/* Old kernels have no "const" here, and do not write all the same. */
	struct ctl_table *table = (struct ctl_table *)room;
	struct ctl_table_header *header;
	int ret;

	if (atomic_xchg(&kx_sysctl_registering, 1))
		return ERR_PTR(-EBUSY);
	ret = kx_sysctl_look(path, table, len);
	header = ERR_PTR(ret);
	if (ret == -ENOENT) {
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
		header = register_sysctl_sz(path, table, len);
#else
		header = register_sysctl(path, table);
#endif
		if (!header)
			header = ERR_PTR(-ENOMEM);
	}
	atomic_set_release(&kx_sysctl_registering, 0);
	return header;
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
