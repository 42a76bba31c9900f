// SPDX-License-Identifier: GPL-2.0-only
/* Credentials. */
#include <linux/cred.h>
#include <linux/security.h>
#include <linux/uidgid.h>

#include "koxide.h"
#include "koxide_field.h"

#ifdef KX_USE_kx_get_cred
void kx_get_cred(const struct cred *cred)
{
	get_cred(cred);
}
#endif

#ifdef KX_USE_kx_put_cred
void kx_put_cred(const struct cred *cred)
{
	put_cred(cred);
}
#endif

#ifdef KX_USE_kx_cred_euid
KX_FIELD(kx_cred_euid, struct cred, euid.val);
#endif

#ifdef KX_USE_kx_current_euid
u32 kx_current_euid(void)
{
	return __kuid_val(current_euid());
}
#endif

#ifdef KX_USE_kx_from_kuid_current
u32 kx_from_kuid_current(u32 kuid)
{
	return from_kuid(current_user_ns(), KUIDT_INIT(kuid));
}
#endif

#ifdef KX_USE_kx_cred_secid
u32 kx_cred_secid(const struct cred *cred)
{
	u32 secid = 0;

	security_cred_getsecid(cred, &secid);
	return secid;
}
#endif
