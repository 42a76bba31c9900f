// SPDX-License-Identifier: GPL-2.0-only
/* Folders that user space makes. */
#include <linux/build_bug.h>
#include <linux/configfs.h>
#include <linux/delay.h>
#include <linux/kref.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "koxide.h"
#include "koxide_tables.h"

/* A group; that of a subsystem has a mutex, which others do not need. */
struct kx_configfs_node {
	struct configfs_subsystem subsys;
	void *data;
	void *owner;
	bool registered;
};

static inline struct kx_configfs_node *kx_configfs_node_of(struct config_item *item)
{
	return container_of(to_config_group(item), struct kx_configfs_node, subsys.su_group);
}

#ifdef KX_USE_kx_table_configfs_type
#define KX_ROW_configfs_type(make_group_, drop_item_, release_)							\
	.ct_owner = THIS_MODULE,										\
	/* Old kernels have no "const" here, and do not write all the same. */					\
	.ct_item_ops = (void *)&(const struct configfs_item_operations){ .release = (void *)release_ },	\
	.ct_group_ops = (void *)KX_IF(make_group_, (&(const struct configfs_group_operations)KX_GROUP_OPS(	\
					      make_group_, drop_item_)), NULL),

#define KX_GROUP_OPS(make_group_, drop_item_) { .make_group = (void *)make_group_, .drop_item = (void *)drop_item_ }

/* The owner keeps the module loaded as long as the file is open. */
#define KX_ROW_configfs_attribute(name_, show_, store_) &(const struct configfs_attribute){			\
	.ca_name = (const char *)name_,											\
	.ca_owner = THIS_MODULE,										\
	.ca_mode = 0660,											\
	.show = (void *)show_,											\
	.store = (void *)store_,										\
},

#define KX_TABLE_configfs_type(table, type, attributes)								\
	extern const struct config_item_type table;								\
	const struct config_item_type table = {									\
		type												\
		.ct_attrs = (void *)(const struct configfs_attribute *const[]){ attributes NULL },		\
	}
#endif

#ifdef KX_USE_kx_configfs_alloc
struct kx_configfs_node *kx_configfs_alloc(const char *name, const void *room)
{
	struct kx_configfs_node *node = kzalloc(sizeof(*node), GFP_KERNEL);
	struct config_group *group;

	if (!node)
		return NULL;
	group = &node->subsys.su_group;
	if (config_item_set_name(&group->cg_item, "%s", name)) {
		kfree(node);
		return NULL;
	}
	group->cg_item.ci_type = room;
	config_group_init(group);
	mutex_init(&node->subsys.su_mutex);
	return node;
}
#endif

#ifdef KX_USE_kx_configfs_free
int kx_configfs_free(struct kx_configfs_node *node)
{
	struct config_group *group = &node->subsys.su_group;
	struct config_item *item = &group->cg_item;

	if (node->registered) {
		configfs_unregister_subsystem(&node->subsys);
		/* What is left is our reference, those of folders in it, and such as are given back at once. */
		while (kref_read(&item->ci_kref) > 1) {
			bool empty;

			mutex_lock(&node->subsys.su_mutex);
			empty = list_empty(&group->cg_children);
			mutex_unlock(&node->subsys.su_mutex);
			if (!empty)
				return 1;
			msleep(1);
		}
	}
	if (item->ci_name != item->ci_namebuf)
		kfree(item->ci_name);
	kfree(node);
	return 0;
}
#endif

#ifdef KX_USE_kx_configfs_register
int kx_configfs_register(struct kx_configfs_node *node)
{
	int ret = configfs_register_subsystem(&node->subsys);

	node->registered = !ret;
	return ret;
}
#endif

#ifdef KX_USE_kx_configfs_set
void kx_configfs_set(struct kx_configfs_node *node, void *data, void *owner)
{
	node->data = data;
	node->owner = owner;
}
#endif

#ifdef KX_USE_kx_configfs_group
struct config_group *kx_configfs_group(struct kx_configfs_node *node)
{
	return &node->subsys.su_group;
}
#endif

#ifdef KX_USE_kx_configfs_item
struct config_item *kx_configfs_item(struct config_group *group)
{
	return &group->cg_item;
}
#endif

#ifdef KX_USE_kx_configfs_data
void *kx_configfs_data(struct config_item *item)
{
	return kx_configfs_node_of(item)->data;
}
#endif

#ifdef KX_USE_kx_configfs_owner
void *kx_configfs_owner(struct config_item *item)
{
	return kx_configfs_node_of(item)->owner;
}
#endif

#ifdef KX_USE_kx_config_item_put
void kx_config_item_put(struct config_item *item)
{
	config_item_put(item);
}
#endif
