// SPDX-License-Identifier: GPL-2.0-only
/*
 * Module parameters: KX_PARAM binds the storage in the Rust object to a name.
 *
 * The generated C file has one KX_PARAM line for each `param=` record of the object. A parameter is set when the
 * module is loaded and not shown in sysfs, so that Rust reads it without a lock.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

#include "koxide.h"

/* A null `val` is a parameter named without a value: only a bool may be. */
#define KX_PARAM_OPS(type, ctype, parse)								\
	static int __maybe_unused kx_param_set_##type(const char *val, const struct kernel_param *kp)	\
	{												\
		return val ? parse(val, 0, (ctype *)kp->arg) : -EINVAL;				\
	}												\
	static const struct kernel_param_ops __maybe_unused kx_param_ops_##type = {			\
		.set = kx_param_set_##type,								\
	}

KX_PARAM_OPS(i8, s8, kstrtos8);
KX_PARAM_OPS(u8, u8, kstrtou8);
KX_PARAM_OPS(i16, s16, kstrtos16);
KX_PARAM_OPS(u16, u16, kstrtou16);
KX_PARAM_OPS(i32, s32, kstrtos32);
KX_PARAM_OPS(u32, u32, kstrtou32);
KX_PARAM_OPS(i64, s64, kstrtos64);
KX_PARAM_OPS(u64, u64, kstrtou64);
KX_PARAM_OPS(isize, long, kstrtol);
KX_PARAM_OPS(usize, unsigned long, kstrtoul);

static int __maybe_unused kx_param_set_bool(const char *val, const struct kernel_param *kp)
{
	return kstrtobool(val ? val : "1", kp->arg);
}

static const struct kernel_param_ops __maybe_unused kx_param_ops_bool = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG,
	.set = kx_param_set_bool,
};

/* The type is named as in Rust; the description shows it as the kernel's own parameters do. */
#define KX_PARAM(name, type, description)						\
	extern u8 kx_param_##name[];							\
	module_param_cb(name, &kx_param_ops_##type, kx_param_##name, 0);		\
	__MODULE_PARM_TYPE(name, #type);						\
	MODULE_PARM_DESC(name, description)
