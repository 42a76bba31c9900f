// SPDX-License-Identifier: GPL-2.0-only
/* Attributes of devices in sysfs. */
#include <linux/build_bug.h>
#include <linux/device.h>
#include <linux/kobject.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "koxide.h"
#include "koxide_tables.h"

struct kx_sysfs_entry {
	struct attribute attr;
	ssize_t (*show)(void *data, char *page);
	ssize_t (*store)(void *data, const char *page, size_t len);
};

/* A folder in that of a device. It may outlive the device's: the kernel keeps what it needs. */
struct kx_sysfs_group {
	struct kobject kobj;
	void *data;
};

#ifdef KX_USE_kx_table_sysfs_attribute
#define KX_ROW_sysfs_attribute(name_, show_, store_) {						\
	.attr.name = (const char *)name_,									\
	.attr.mode = KX_IF(show_, 0444, 0) | KX_IF(store_, 0200, 0),				\
	.show = (void *)show_,									\
	.store = (void *)store_,								\
},

#define KX_TABLE_sysfs_attribute(table, attributes)	\
	extern const struct kx_sysfs_entry table[];	\
	const struct kx_sysfs_entry table[] = { attributes }
#endif

#ifdef KX_USE_kx_sysfs_alloc
static ssize_t kx_sysfs_show(struct kobject *kobj, struct attribute *attr, char *page)
{
	struct kx_sysfs_entry *entry = container_of(attr, struct kx_sysfs_entry, attr);

	return entry->show ? entry->show(container_of(kobj, struct kx_sysfs_group, kobj)->data, page) : -EIO;
}

static ssize_t kx_sysfs_store(struct kobject *kobj, struct attribute *attr, const char *page, size_t len)
{
	struct kx_sysfs_entry *entry = container_of(attr, struct kx_sysfs_entry, attr);

	return entry->store ? entry->store(container_of(kobj, struct kx_sysfs_group, kobj)->data, page, len) : -EIO;
}

static void kx_sysfs_release(struct kobject *kobj)
{
	kfree(container_of(kobj, struct kx_sysfs_group, kobj));
}

static const struct sysfs_ops kx_sysfs_ops = {
	.show = kx_sysfs_show,
	.store = kx_sysfs_store,
};

static const struct kobj_type kx_sysfs_type = {
	.release = kx_sysfs_release,
	.sysfs_ops = &kx_sysfs_ops,
};

struct kx_sysfs_group *kx_sysfs_alloc(void *data)
{
	struct kx_sysfs_group *group = kzalloc(sizeof(*group), GFP_KERNEL);

	if (!group)
		return NULL;
	kobject_init(&group->kobj, &kx_sysfs_type);
	group->data = data;
	return group;
}
#endif

#ifdef KX_USE_kx_sysfs_add
int kx_sysfs_add(struct kx_sysfs_group *group, struct device *dev, const char *name, const void *room, size_t len)
{
	const struct kx_sysfs_entry *entry = room;
	int ret = kobject_add(&group->kobj, &dev->kobj, "%s", name);
	size_t i;

	for (i = 0; !ret && i < len; i++)
		ret = sysfs_create_file(&group->kobj, &entry[i].attr);
	return ret;
}
#endif

#ifdef KX_USE_kx_sysfs_remove
void kx_sysfs_remove(struct kx_sysfs_group *group)
{
	kobject_del(&group->kobj);
	kobject_put(&group->kobj);
}
#endif
