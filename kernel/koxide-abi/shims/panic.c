// SPDX-License-Identifier: GPL-2.0-only
/* The end of a code path that must not go on. */
#include <linux/bug.h>

#include "koxide.h"

#ifdef KX_USE_kx_bug
void kx_bug(void)
{
	BUG();
}
#endif
