// SPDX-License-Identifier: GPL-2.0-only

//! The three allocators: mm/slab_common.c, mm/vmalloc.c, mm/util.c.

#![allow(unsafe_code, reason = "the C edge of the allocators")]

use core::alloc::Layout;
use core::ffi::c_void;
use core::ptr::NonNull;

use super::flags::{__GFP_HIGHMEM, GFP_KERNEL};
use super::{AllocError, Allocator, Flags, dangling};
use crate::page::PAGE_SIZE;

/// Memory that is contiguous in RAM: `kmalloc`.
pub struct Kmalloc;

/// Memory that is contiguous in virtual addresses: `vmalloc`.
pub struct Vmalloc;

/// Memory from [`Kmalloc`] if it has some, else from [`Vmalloc`]: `kvmalloc`.
pub struct KVmalloc;

/// Implements [`Allocator`] with two shims.
macro_rules! allocator {
    (
        $name:ident, $free:path, |$ptr:ident, $old:ident, $new:ident, $flags:ident| $realloc:expr
        $(, |$layout:ident, $how:ident| $small:expr)?
    ) => {
        // SAFETY: the shims give memory of the size and alignment asked for, that nobody else has and that does not
        // move; memory of no size is a dangling pointer, which is never given to them.
        unsafe impl Allocator for $name {
            unsafe fn realloc(
                ptr: Option<NonNull<u8>>,
                $new: Layout,
                $old: Layout,
                flags: Flags,
            ) -> Result<NonNull<u8>, AllocError> {
                let ptr = ptr.filter(|_| $old.size() != 0);
                if $new.size() == 0 {
                    if let Some(ptr) = ptr {
                        // SAFETY: it came from the shim, since its layout has a size.
                        unsafe { $free(ptr.as_ptr().cast()) };
                    }
                    return Ok(dangling($new));
                }
                let $ptr: *mut c_void =
                    ptr.map_or(core::ptr::null_mut(), |ptr| ptr.as_ptr().cast());
                let $flags = flags.as_raw();
                // SAFETY: the pointer is null or came from this shim with the old layout and the same alignment, as
                // the caller promises; the alignment of a layout is a power of two; the new size is not 0.
                let got = unsafe { $realloc };
                NonNull::new(got.cast()).ok_or(AllocError)
            }

            unsafe fn free(ptr: NonNull<u8>, layout: Layout) {
                if layout.size() != 0 {
                    // SAFETY: it came from the shim, since its layout has a size, and is not used any more.
                    unsafe { $free(ptr.as_ptr().cast()) };
                }
            }

            fn alloc(layout: Layout, flags: Flags) -> Result<NonNull<u8>, AllocError> {
                $({
                    let ($layout, $how) = (layout, flags);
                    if let Some(small) = $small {
                        return small;
                    }
                })?
                // SAFETY: there is no old memory.
                unsafe { Self::realloc(None, layout, layout, flags) }
            }
        }
    };
}

allocator!(
    Kmalloc,
    koxide_abi::kx_kfree,
    |ptr, old, new, flags| koxide_abi::kx_krealloc(ptr, new.size(), new.align(), flags),
    |layout, flags| small(layout, flags)
);
allocator!(Vmalloc, koxide_abi::kx_vfree, |ptr, old, new, flags| {
    koxide_abi::kx_vrealloc(ptr, old.size(), new.size(), new.align(), flags)
});
allocator!(
    KVmalloc,
    koxide_abi::kx_kvfree,
    |ptr, old, new, flags| {
        koxide_abi::kx_kvrealloc(ptr, old.size(), new.size(), new.align(), flags)
    },
    |layout, flags| usual_kvmalloc(layout, flags)
);

/// What is asked for mostly, a value of a few bytes in process context, from the kernel's own function; `None` for what that
/// does not have on all kernels. Layout and flags are nearly always constants, and so is the answer.
#[inline(always)]
fn small(layout: Layout, flags: Flags) -> Option<Result<NonNull<u8>, AllocError>> {
    if !is_usual(layout, flags) || layout.size() > PAGE_SIZE {
        return None;
    }
    // SAFETY: size and flags are as the shim asks for; who gives such flags is in process context.
    let got = unsafe { koxide_abi::kx_kmalloc(layout.size(), flags.as_raw()) };
    Some(NonNull::new(got.cast()).ok_or(AllocError))
}

/// The same for memory of any size.
#[inline(always)]
fn usual_kvmalloc(layout: Layout, flags: Flags) -> Option<Result<NonNull<u8>, AllocError>> {
    if !is_usual(layout, flags) {
        return None;
    }
    // SAFETY: size and flags are as the shim asks for; who gives such flags is in process context.
    let got = unsafe { koxide_abi::kx_kvmalloc(layout.size(), flags.as_raw()) };
    Some(NonNull::new(got.cast()).ok_or(AllocError))
}

/// Whether memory is asked for as it mostly is: with a size, no alignment to speak of, and where the caller may sleep.
#[inline(always)]
fn is_usual(layout: Layout, flags: Flags) -> bool {
    flags.contains(GFP_KERNEL)
        && !flags.contains(__GFP_HIGHMEM)
        && layout.align() <= 8
        && layout.size() != 0
}
