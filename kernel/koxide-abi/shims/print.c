// SPDX-License-Identifier: GPL-2.0-only
/* The kernel log. */
#include <linux/kernel.h>
#include <linux/printk.h>

#include "koxide.h"
#include "koxide_field.h"

#ifdef KX_USE_kx_print
void kx_print(u32 level, const char *prefix, const u8 *text, size_t len)
{
	static const char levels[][3] = {
		KERN_EMERG, KERN_ALERT, KERN_CRIT, KERN_ERR, KERN_WARNING, KERN_NOTICE, KERN_INFO, KERN_DEBUG, KERN_CONT,
	};
	const char *head = levels[min_t(u32, level, ARRAY_SIZE(levels) - 1)];
	/* vsnprintf warns of a precision with more bits; the log has room for less anyway. */
	int room = min_t(size_t, len, SHRT_MAX);

	/* printk looks for the level in the formatted text, so it may come from an argument. */
	if (prefix)
		printk("%s%s: %.*s", head, prefix, room, (const char *)text);
	else
		printk("%s%.*s", head, room, (const char *)text);
}
#endif

#ifdef KX_USE_kx_printk
#if defined(KX_AS_ENTERED) && defined(KX_USE_kx_text_contained)
/* In modules for tests: a thread writes this when it is at the border. */
int kx_printk(const char *format, ...)
{
	va_list values;
	int len;

	if (format == (const char *)&kx_text_contained)
		KX_AS_ENTERED();
	va_start(values, format);
	len = vprintk(format, values);
	va_end(values);
	return len;
}
#else
KX_VARIADIC(kx_printk, _printk);
#endif
#endif

#ifdef KX_USE_kx_pointer_text
void kx_pointer_text(char *room, size_t size, const void *pointer)
{
	scnprintf(room, size, "%p", pointer);
	/* Digits without a prefix, or a word as long as the kernel has no random numbers. */
	if (room[0] != '(')
		scnprintf(room, size, "0x%p", pointer);
}
#endif
