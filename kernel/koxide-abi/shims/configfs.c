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

/* A group; that of a subsystem has a mutex, which others do not need. */
struct kx_configfs_node {
	struct configfs_subsystem subsys;
	void *data;
	void *owner;
	bool registered;
};

/* A kind of folder. Behind it are its attributes, and the list of them, which ends with NULL. */
struct kx_configfs_tables {
	struct config_item_type type;
	struct configfs_item_operations item;
	struct configfs_group_operations group;
};

static inline struct kx_configfs_node *kx_configfs_node_of(struct config_item *item)
{
	return container_of(to_config_group(item), struct kx_configfs_node, subsys.su_group);
}

#ifdef KX_USE_kx_configfs_fill
static_assert(sizeof(struct kx_configfs_tables) <= KX_CONFIGFS_TYPE_ROOM);
static_assert(sizeof(struct configfs_attribute) + sizeof(void *) <= KX_CONFIGFS_ATTRIBUTE_ROOM);

void kx_configfs_fill(void *room, const void *arg)
{
	const struct kx_configfs_type *kind = arg;
	struct kx_configfs_tables *tables = room;
	struct configfs_attribute *attribute = (void *)(tables + 1);
	struct configfs_attribute **list = (void *)(attribute + kind->len);
	size_t i;

	tables->type.ct_owner = THIS_MODULE;
	tables->type.ct_item_ops = &tables->item;
	tables->item.release = kind->release;
	if (kind->make_group) {
		tables->type.ct_group_ops = &tables->group;
		tables->group.make_group = kind->make_group;
		tables->group.drop_item = kind->drop_item;
	}
	tables->type.ct_attrs = list;
	for (i = 0; i < kind->len; i++, attribute++) {
		attribute->ca_name = kind->attributes[i].name;
		/* The owner keeps the module loaded as long as the file is open. */
		attribute->ca_owner = THIS_MODULE;
		attribute->ca_mode = 0660;
		attribute->show = kind->attributes[i].show;
		attribute->store = kind->attributes[i].store;
		list[i] = attribute;
	}
}
#endif

#ifdef KX_USE_kx_configfs_alloc
struct kx_configfs_node *kx_configfs_alloc(const char *name, const void *room)
{
	const struct kx_configfs_tables *tables = room;
	struct kx_configfs_node *node = kzalloc(sizeof(*node), GFP_KERNEL);
	struct config_group *group;

	if (!node)
		return NULL;
	group = &node->subsys.su_group;
	if (config_item_set_name(&group->cg_item, "%s", name)) {
		kfree(node);
		return NULL;
	}
	group->cg_item.ci_type = &tables->type;
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
