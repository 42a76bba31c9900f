// SPDX-License-Identifier: GPL-2.0-only
/*
 * Module parameters: KX_PARAM binds the storage in the Rust object to a name.
 *
 * The generated C file has one KX_PARAM line for each `param=` record of the object. The kernel calls these functions under
 * the module's lock of parameters: when the module is loaded, before its init, and for the files in
 * /sys/module/NAME/parameters. Rust reads a number without that lock, and so it is written at once; texts and rows of
 * numbers it reads under the lock, if they can change.
 *
 * What is here begins with `kxp_`, since each parameter is a symbol that begins with `kx_param_`.
 */
#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "koxide.h"

/* As long as a text of the kernel's own parameters may be. */
#define KXP_LONGEST 1024

/* A text: kernel/koxide/src/module_param/text.rs has the same struct. */
struct kxp_text {
	char *given;
	const char *fallback;
};

/* A row of numbers: kernel/koxide/src/module_param/array.rs has the same struct. */
struct kxp_array {
	size_t count;
	size_t room;
	u8 elements[];
};

static_assert(offsetof(struct kxp_array, elements) == 2 * sizeof(size_t));

/* How the elements of a row are written and read. */
struct kxp_element {
	size_t size;
	int (*parse)(const char *val, void *to);
	int (*print)(char *buffer, size_t size, const void *from);
};

static int __maybe_unused kxp_set_array(const char *val, const struct kernel_param *kp,
					const struct kxp_element *element)
{
	struct kxp_array *array = kp->arg;
	char *copy, *rest, *word;
	size_t count = 0;
	u8 *elements;
	int err = 0;

	if (!val)
		return -EINVAL;
	copy = kstrdup(val, GFP_KERNEL);
	elements = kcalloc(array->room, element->size, GFP_KERNEL);
	if (!copy || !elements) {
		err = -ENOMEM;
		goto out;
	}
	rest = copy;
	while (!err && (word = strsep(&rest, ","))) {
		if (count == array->room)
			err = -EINVAL;
		else
			err = element->parse(word, elements + element->size * count++);
	}
	/* All or nothing: who reads does not see a row of which some are new. */
	if (!err) {
		memcpy(array->elements, elements, element->size * array->room);
		array->count = count;
	}
out:
	kfree(elements);
	kfree(copy);
	return err;
}

static int __maybe_unused kxp_get_array(char *buffer, const struct kernel_param *kp,
					const struct kxp_element *element)
{
	const struct kxp_array *array = kp->arg;
	size_t i;
	int len = 0;

	for (i = 0; i < array->count; i++) {
		if (i)
			len += scnprintf(buffer + len, PAGE_SIZE - len, ",");
		len += element->print(buffer + len, PAGE_SIZE - len, array->elements + element->size * i);
	}
	return len + scnprintf(buffer + len, PAGE_SIZE - len, "\n");
}

/* Not every 32-bit processor writes 64 bits at once, unless it is told to. */
#define KXP_IS_WIDE(ctype) (BITS_PER_LONG == 32 && sizeof(ctype) == sizeof(atomic64_t))

/* The functions of a type of numbers, and of rows of it. A null `val` is a parameter named without a value. */
#define KXP_OPS(type, ctype, parser, format, shown, bare, bare_flags)					\
	static int __maybe_unused kxp_parse_##type(const char *val, void *to)				\
	{												\
		ctype number;										\
		int err = parser;									\
													\
		if (!err && KXP_IS_WIDE(ctype))								\
			atomic64_set((atomic64_t *)to, number);						\
		else if (!err)										\
			WRITE_ONCE(*(ctype *)to, number);						\
		return err;										\
	}												\
	static int __maybe_unused kxp_print_##type(char *buffer, size_t size, const void *from)	\
	{												\
		ctype number = KXP_IS_WIDE(ctype) ? (ctype)atomic64_read((const atomic64_t *)from)	\
						  : READ_ONCE(*(const ctype *)from);			\
													\
		return scnprintf(buffer, size, format, shown);						\
	}												\
	static int __maybe_unused kxp_set_##type(const char *val, const struct kernel_param *kp)	\
	{												\
		val = val ? val : bare;									\
		return val ? kxp_parse_##type(val, kp->arg) : -EINVAL;					\
	}												\
	static int __maybe_unused kxp_get_##type(char *buffer, const struct kernel_param *kp)		\
	{												\
		int len = kxp_print_##type(buffer, PAGE_SIZE, kp->arg);				\
													\
		return len + scnprintf(buffer + len, PAGE_SIZE - len, "\n");				\
	}												\
	static const struct kernel_param_ops __maybe_unused kxp_own_##type = {				\
		.flags = bare_flags,									\
		.set = kxp_set_##type,									\
		.get = kxp_get_##type,									\
	};												\
	static const struct kxp_element __maybe_unused kxp_element_##type = {				\
		.size = sizeof(ctype),									\
		.parse = kxp_parse_##type,								\
		.print = kxp_print_##type,								\
	};												\
	static int __maybe_unused kxp_set_array_##type(const char *val, const struct kernel_param *kp)	\
	{												\
		return kxp_set_array(val, kp, &kxp_element_##type);					\
	}												\
	static int __maybe_unused kxp_get_array_##type(char *buffer, const struct kernel_param *kp)	\
	{												\
		return kxp_get_array(buffer, kp, &kxp_element_##type);					\
	}												\
	static const struct kernel_param_ops __maybe_unused kxp_array_ops_##type = {			\
		.set = kxp_set_array_##type,								\
		.get = kxp_get_array_##type,								\
	}

#define KXP_NUMBER(type, ctype, parse, format)								\
	KXP_OPS(type, ctype, parse(val, 0, &number), format, number, NULL, 0)

KXP_NUMBER(i8, s8, kstrtos8, "%d");
KXP_NUMBER(u8, u8, kstrtou8, "%u");
KXP_NUMBER(i16, s16, kstrtos16, "%d");
KXP_NUMBER(u16, u16, kstrtou16, "%u");
KXP_NUMBER(i32, s32, kstrtos32, "%d");
KXP_NUMBER(u32, u32, kstrtou32, "%u");
KXP_NUMBER(i64, s64, kstrtos64, "%lld");
KXP_NUMBER(u64, u64, kstrtou64, "%llu");
KXP_NUMBER(isize, long, kstrtol, "%ld");
KXP_NUMBER(usize, unsigned long, kstrtoul, "%lu");
/* A bool may be named without a value, and is shown as the kernel's own are. */
KXP_OPS(bool, bool, kstrtobool(val, &number), "%c", number ? 'Y' : 'N', "1", KERNEL_PARAM_OPS_FL_NOARG);

static int __maybe_unused kxp_set_str(const char *val, const struct kernel_param *kp)
{
	struct kxp_text *text = kp->arg;
	size_t len;
	char *copy;

	if (!val)
		return -EINVAL;
	len = strnlen(val, KXP_LONGEST + 1);
	/* `echo` ends what it writes into the file with a new line. */
	if (len && val[len - 1] == '\n')
		len--;
	if (len > KXP_LONGEST)
		return -ENOSPC;
	copy = kmemdup_nul(val, len, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	kfree(text->given);
	text->given = copy;
	return 0;
}

static int __maybe_unused kxp_get_str(char *buffer, const struct kernel_param *kp)
{
	const struct kxp_text *text = kp->arg;

	return scnprintf(buffer, PAGE_SIZE, "%s\n", text->given ? text->given : text->fallback);
}

/* The module goes, and none of its code runs any more. */
static void __maybe_unused kxp_free_str(void *arg)
{
	struct kxp_text *text = arg;

	kfree(text->given);
	text->given = NULL;
}

static const struct kernel_param_ops __maybe_unused kxp_own_str = {
	.set = kxp_set_str,
	.get = kxp_get_str,
	.free = kxp_free_str,
};

/* A parameter of a type that the kernel has, too, needs no function here: the kernel's own do the same. */
#define kxp_ops_i8	kxp_own_i8
#define kxp_ops_u8	param_ops_byte
#define kxp_ops_i16	param_ops_short
#define kxp_ops_u16	param_ops_ushort
#define kxp_ops_i32	param_ops_int
#define kxp_ops_u32	param_ops_uint
#define kxp_ops_i64	kxp_own_i64
#define kxp_ops_u64	param_ops_ullong
#define kxp_ops_isize	param_ops_long
#define kxp_ops_usize	param_ops_ulong
#define kxp_ops_bool	param_ops_bool
#define kxp_ops_str	kxp_own_str

/* The type is named as in Rust; the description shows it as the kernel's own parameters do. */
#define KX_PARAM(name, type, perm, description)						\
	extern u8 kx_param_##name[];							\
	module_param_cb(name, &kxp_ops_##type, kx_param_##name, perm);			\
	__MODULE_PARM_TYPE(name, #type);						\
	MODULE_PARM_DESC(name, description)

#define KX_PARAM_ARRAY(name, type, perm, description)					\
	extern u8 kx_param_##name[];							\
	module_param_cb(name, &kxp_array_ops_##type, kx_param_##name, perm);		\
	__MODULE_PARM_TYPE(name, "array of " #type);					\
	MODULE_PARM_DESC(name, description)

#ifdef KX_USE_kx_params_lock
void kx_params_lock(void)
{
	kernel_param_lock(THIS_MODULE);
}
#endif

#ifdef KX_USE_kx_params_unlock
void kx_params_unlock(void)
{
	kernel_param_unlock(THIS_MODULE);
}
#endif
