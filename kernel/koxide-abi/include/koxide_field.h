/* SPDX-License-Identifier: GPL-2.0-only */
/* Fields that Rust code reads and writes without a call: a symbol's value is the field's offset. */
#ifndef KOXIDE_FIELD_H
#define KOXIDE_FIELD_H

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/stddef.h>

/* No table of the kernel's may list what the linker drops: not those of endbrs, nor those of what can be patched. */
#ifdef __CET__
#define KX_IN_NO_TABLE notrace __attribute__((patchable_function_entry(0, 0), nocf_check))
#else
#define KX_IN_NO_TABLE notrace __attribute__((patchable_function_entry(0, 0)))
#endif

/*
 * Only the assembler can give a symbol a value, and only within a function is it told what offsetof is. Nobody calls that
 * function, the linker drops its section, and it is not empty for objtool's sake. The type is the one that Rust takes the
 * field to have.
 */
#define KX_FIELD(name, type, member)								\
	static_assert(__same_type(((type *)NULL)->member, *(name##_t *)NULL),			\
		      "in this kernel " #member " of " #type " has another type");		\
	static void __used KX_IN_NO_TABLE __section(".discard.text") kx_field_##name(void)	\
	{											\
		asm volatile(".globl " #name "\n\t.set " #name ", %c0"				\
			     : : "i" (offsetof(type, member)));					\
		__builtin_trap();								\
	}											\
	static_assert(true)

#endif
