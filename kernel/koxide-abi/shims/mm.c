// SPDX-License-Identifier: GPL-2.0-only
/* Ranges of user memory. */
#include <linux/build_bug.h>
#include <linux/mm.h>
#include <linux/version.h>

#include "koxide.h"
#include "koxide_field.h"

/* The numbers are those of kernel/koxide/src/mm/virt/flags.rs. */
static_assert(VM_READ == 0x1 && VM_WRITE == 0x2 && VM_EXEC == 0x4 && VM_SHARED == 0x8);
static_assert(VM_MAYREAD == 0x10 && VM_MAYWRITE == 0x20 && VM_MAYEXEC == 0x40 && VM_MAYSHARE == 0x80);
static_assert(VM_PFNMAP == 0x400 && VM_IO == 0x4000 && VM_DONTCOPY == 0x20000 && VM_DONTEXPAND == 0x40000);
static_assert(VM_LOCKONFAULT == 0x80000 && VM_ACCOUNT == 0x100000 && VM_NORESERVE == 0x200000);
static_assert(VM_HUGETLB == 0x400000 && VM_SYNC == 0x800000 && VM_ARCH_1 == 0x1000000);
static_assert(VM_WIPEONFORK == 0x2000000 && VM_DONTDUMP == 0x4000000 && VM_MIXEDMAP == 0x10000000);
static_assert(VM_HUGEPAGE == 0x20000000 && VM_NOHUGEPAGE == 0x40000000 && VM_MERGEABLE == 0x80000000);

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define vm_flags_mod(vma, set, clear) ((vma)->vm_flags = ((vma)->vm_flags | (set)) & ~(clear))
#define zap_vma_range(vma, address, size) zap_page_range(vma, address, size)
#elif LINUX_VERSION_CODE < KERNEL_VERSION(7, 1, 0)
#define zap_vma_range(vma, address, size) zap_page_range_single(vma, address, size, NULL)
#endif

#ifdef KX_USE_kx_vma_flags
KX_FIELD(kx_vma_flags, struct vm_area_struct, vm_flags);
#endif

#ifdef KX_USE_kx_vma_start
KX_FIELD(kx_vma_start, struct vm_area_struct, vm_start);
#endif

#ifdef KX_USE_kx_vma_end
KX_FIELD(kx_vma_end, struct vm_area_struct, vm_end);
#endif

#ifdef KX_USE_kx_vma_pgoff
KX_FIELD(kx_vma_pgoff, struct vm_area_struct, vm_pgoff);
#endif

#ifdef KX_USE_kx_vma_flags_mod
void kx_vma_flags_mod(struct vm_area_struct *vma, size_t set, size_t clear)
{
	vm_flags_mod(vma, set, clear);
}
#endif

#ifdef KX_USE_kx_vm_insert_page
int kx_vm_insert_page(struct vm_area_struct *vma, size_t address, struct page *page)
{
	return vm_insert_page(vma, address, page);
}
#endif

#ifdef KX_USE_kx_zap_vma_range
void kx_zap_vma_range(struct vm_area_struct *vma, size_t address, size_t size)
{
	zap_vma_range(vma, address, size);
}
#endif
