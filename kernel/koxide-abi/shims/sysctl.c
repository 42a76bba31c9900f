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

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
typedef const struct ctl_table kx_ctl_table;
#else
typedef struct ctl_table kx_ctl_table;
#endif

/* The limits of an entry: an int, an unsigned int or an unsigned long each. */
struct kx_sysctl_limits {
	unsigned long min;
	unsigned long max;
};

static_assert(sizeof(struct ctl_table) + sizeof(struct kx_sysctl_limits) <= KX_SYSCTL_ENTRY_ROOM);

/* Held while a text is read or written: proc_dostring itself locks nothing. */
static DEFINE_MUTEX(kx_sysctl_texts);

#ifdef KX_USE_kx_sysctl_fill
static int kx_sysctl_dotext(kx_ctl_table *table, int write, void *buffer, size_t *len, loff_t *pos)
{
	int ret;

	mutex_lock(&kx_sysctl_texts);
	ret = proc_dostring(table, write, buffer, len, pos);
	mutex_unlock(&kx_sysctl_texts);
	return ret;
}

void kx_sysctl_fill(void *room, const void *arg)
{
	const struct kx_sysctl_table *table = arg;
	struct ctl_table *to = room;
	/* Behind the entries and the empty one that ends them on old kernels. */
	struct kx_sysctl_limits *limits = (void *)(to + table->len + 1);
	size_t i;

	for (i = 0; i < table->len; i++, to++, limits++) {
		const struct kx_sysctl_entry *from = &table->entries[i];

		to->procname = from->name;
		to->data = from->data;
		to->maxlen = from->size;
		to->mode = from->mode;
		to->extra1 = &limits->min;
		to->extra2 = &limits->max;
		switch (from->kind) {
		case KX_SYSCTL_INT:
			*(int *)&limits->min = from->min;
			*(int *)&limits->max = from->max;
			to->proc_handler = proc_dointvec_minmax;
			break;
		case KX_SYSCTL_UINT:
			*(unsigned int *)&limits->min = from->min;
			*(unsigned int *)&limits->max = from->max;
			to->proc_handler = proc_douintvec_minmax;
			break;
		case KX_SYSCTL_ULONG:
			limits->min = from->min;
			limits->max = from->max;
			to->proc_handler = proc_doulongvec_minmax;
			break;
		case KX_SYSCTL_BOOL:
			*(unsigned int *)&limits->min = 0;
			*(unsigned int *)&limits->max = 1;
			to->proc_handler = proc_dou8vec_minmax;
			break;
		case KX_SYSCTL_TEXT:
			to->proc_handler = kx_sysctl_dotext;
			break;
		}
	}
}
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
