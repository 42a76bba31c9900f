/* SPDX-License-Identifier: GPL-2.0-only */
/* What Rust code takes from the kernel without a call: the value of a symbol is what the instruction needs. */
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

/* How large a value can be in Rust's instruction. */
#ifdef CONFIG_X86
#define KX_VALUE_MAX S32_MAX
#else
#define KX_VALUE_MAX U16_MAX
#endif

/*
 * Gives a symbol a value. Only the assembler can do that, and only within a function is it told what a constant
 * expression is. Nobody calls that function, the linker drops its section, and it is not empty for objtool's sake.
 */
#define KX_VALUE(name, value)									\
	static void __used KX_IN_NO_TABLE __section(".discard.text") kx_value_##name(void)	\
	{											\
		asm volatile(".globl " #name "\n\t.set " #name ", %c0" : : "i" (value));	\
		__builtin_trap();								\
	}											\
	static_assert((value) <= KX_VALUE_MAX)

/* On 32-bit processors an unsigned long is an unsigned int of another name. */
#define KX_UNSIGNED(type) (__same_type(type, unsigned int) || __same_type(type, unsigned long))
#define KX_SAME(one, other)									\
	(__same_type(one, other) ||								\
	 (KX_UNSIGNED(one) && KX_UNSIGNED(other) && sizeof(one) == sizeof(other)))

/* Where a field is; its type is the one that Rust takes it to have. */
#define KX_FIELD(name, type, member)								\
	static_assert(KX_SAME(((type *)NULL)->member, *(name##_t *)NULL),			\
		      "in this kernel " #member " of " #type " has another type");		\
	KX_VALUE(name, offsetof(type, member))

/*
 * A variable of each CPU that does not change for a thread. Rust reads it with one instruction; its name is in what the
 * compiler makes of this function, where forwards.awk looks for it.
 */
#define KX_PER_CPU(name, expression)								\
	name##_t kx_read_##name(void);								\
	name##_t kx_read_##name(void)								\
	{											\
		return expression;								\
	}											\
	static_assert(sizeof(name##_t) == 8)

/*
 * A function that takes any further values, which is the kernel's own. C cannot hand such values on, but it can jump:
 * forwards.awk finds that, and Rust calls the kernel's function.
 */
#ifdef CONFIG_X86
#define KX_JUMP "jmp "
#else
#define KX_JUMP "b "
#endif
#define KX_VARIADIC(name, function)								\
	asm(".pushsection .text\n\t.globl " #name "\n\t.type " #name ", %function\n" #name ":\n\t"	\
	    KX_JUMP #function "\n\t.size " #name ", . - " #name "\n\t.popsection");			\
	static_assert(__same_type(name, function))

#endif
