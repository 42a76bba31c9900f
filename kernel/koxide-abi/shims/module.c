// SPDX-License-Identifier: GPL-2.0-only
/* What each module needs once. */
#include <linux/build_bug.h>
#include <linux/module.h>

#include "koxide.h"
#include "koxide_errno.h"

#ifdef KX_USE_kx_abi_1
void kx_abi_1(void)
{
	static_assert(KX_ABI_VERSION == 1);
}
#endif
