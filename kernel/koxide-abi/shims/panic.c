// SPDX-License-Identifier: GPL-2.0-only
/* The end of a code path that must not go on. */
#include <linux/bug.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/printk.h>

#include "koxide.h"

#ifdef KX_USE_kx_panic
void kx_panic(const u8 *file, size_t file_len, u32 line, const u8 *text, size_t len)
{
	/* vsnprintf warns of a precision with more bits; the log has room for less anyway. */
	printk(KERN_EMERG KX_MODULE ": panicked at %.*s:%u: %.*s\n",
	       (int)min_t(size_t, file_len, SHRT_MAX), (const char *)file, line,
	       (int)min_t(size_t, len, SHRT_MAX), (const char *)text);
	BUG();
}
#endif

#ifdef KX_USE_kx_panic_contained
void kx_panic_contained(const char *file, u32 line, const u8 *text, size_t len,
			const char *callback, const char *answer, const char *poisoned)
{
	printk(KERN_ERR KX_MODULE ": panic in %s at %s:%u: %.*s; contained, %s, %s poisoned\n",
	       callback, file, line,
	       (int)min_t(size_t, len, SHRT_MAX), (const char *)text, answer, poisoned);
}
#endif

#ifdef KX_USE_kx_file_rdev
u32 kx_file_rdev(struct file *file)
{
	return file_inode(file)->i_rdev;
}
#endif
