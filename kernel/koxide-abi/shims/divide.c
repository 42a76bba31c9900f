// SPDX-License-Identifier: GPL-2.0-only
/* Division of 64 bits where the processor has none. */
#include <linux/math64.h>

#include "koxide.h"

#ifdef KX_USE_kx_divide_u64
u64 kx_divide_u64(u64 number, u64 by, u64 *rest)
{
	return div64_u64_rem(number, by, rest);
}
#endif

#ifdef KX_USE_kx_divide_s64
s64 kx_divide_s64(s64 number, s64 by, s64 *rest)
{
	s64 quotient = div64_s64(number, by);

	*rest = number - quotient * by;
	return quotient;
}
#endif
