// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's random number generator. */
#include <linux/random.h>

#include "koxide.h"

#ifdef KX_USE_kx_get_random_bytes
void kx_get_random_bytes(void *to, size_t len)
{
	get_random_bytes(to, len);
}
#endif

#ifdef KX_USE_kx_get_random_u32
u32 kx_get_random_u32(void)
{
	return get_random_u32();
}
#endif

#ifdef KX_USE_kx_get_random_u64
u64 kx_get_random_u64(void)
{
	return get_random_u64();
}
#endif

#ifdef KX_USE_kx_get_random_u32_below
u32 kx_get_random_u32_below(u32 ceil)
{
	return get_random_u32_below(ceil);
}
#endif

#ifdef KX_USE_kx_rng_is_initialized
int kx_rng_is_initialized(void)
{
	return rng_is_initialized();
}
#endif

#ifdef KX_USE_kx_wait_for_random_bytes
int kx_wait_for_random_bytes(void)
{
	return wait_for_random_bytes();
}
#endif

#ifdef KX_USE_kx_add_device_randomness
void kx_add_device_randomness(const void *from, size_t len)
{
	add_device_randomness(from, len);
}
#endif
