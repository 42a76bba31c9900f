// SPDX-License-Identifier: GPL-2.0-only
/* What each module needs once. */
#include <linux/bug.h>
#include <linux/build_bug.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/printk.h>

#include "koxide.h"
#include "koxide_errno.h"
#include "koxide_retire.h"

static_assert(sizeof(struct lock_class_key) <= KX_LOCK_CLASS_KEY_ROOM,
	      "this kernel checks the order of locks, and the object has no classes for them");
static_assert(sizeof(struct lock_class_key) || !KX_LOCK_CLASS_KEY_ROOM,
	      "the object has classes of locks, and this kernel does not check locks");

/* Object and shims of two versions cannot be linked: the object refers to the symbol of its own. Nothing of it is loaded. */
static_assert(KX_ABI_VERSION == 1);
asm(".globl kx_abi_1\n\t.set kx_abi_1, 0");

static_assert(PAGE_SHIFT == KX_PAGE_SHIFT, "this kernel's pages have another size than the object was built for");

#ifdef CONFIG_ARM
/* Rust reads the running thread from a register. */
static_assert(IS_ENABLED(CONFIG_CURRENT_POINTER_IN_TPIDRURO), "this kernel does not have the running thread in TPIDRURO");
#endif

#if defined(CONFIG_X86_KERNEL_IBT) && !defined(KOXIDE_FAULTY_H)
/*
 * The kernel calls both through `struct module`, which is in a file that is linked after objtool has looked. What nothing
 * refers to until then may not be called through a pointer: the kernel takes the endbr away.
 */
___ADDRESSABLE(init_module, __initdata);
___ADDRESSABLE(cleanup_module, __exitdata);
#endif

#ifdef KX_USE_kx_module_free_retired
__cold void kx_module_free_retired(void)
{
	kx_free_retired();
}
#endif

#ifdef KX_USE_kx_module_wait_unused
__cold void kx_module_wait_unused(void)
{
#ifdef CONFIG_MODULE_UNLOAD
	bool said = false;

	/* module_refcount() does not count the one that stands for the module itself. The loader has another one during init. */
	while (atomic_read(&THIS_MODULE->refcnt) > 2) {
		if (!said)
			pr_warn("%s: its init failed, but it is in use: waiting\n", THIS_MODULE->name);
		said = true;
		msleep(20);
	}
#endif
}
#endif

#ifdef KX_USE_kx_module_loading
__cold int kx_module_loading(void)
{
	return THIS_MODULE->state == MODULE_STATE_COMING;
}
#endif

#ifdef KX_USE_kx_module_leaked
__cold void kx_module_leaked(void)
{
	printk(KERN_EMERG KX_MODULE ": a registration was leaked: the module cannot be unloaded\n");
	BUG();
}
#endif
