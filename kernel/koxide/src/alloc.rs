// SPDX-License-Identifier: GPL-2.0-only

//! Memory: boxes and vectors that can fail to allocate, from three allocators.
//!
//! | allocator | contiguous in | sizes | context |
//! |---|---|---|---|
//! | [`Kmalloc`](allocator::Kmalloc) ([`KBox`], [`KVec`]) | RAM | up to a few MB, better below a page | as the flags say |
//! | [`Vmalloc`](allocator::Vmalloc) ([`VBox`], [`VVec`]) | virtual addresses | any | may sleep |
//! | [`KVmalloc`](allocator::KVmalloc) ([`KVBox`], [`KVVec`]) | RAM if possible | any | as the flags say; freeing may sleep |

#![allow(unsafe_code, reason = "an allocator's contract")]

pub mod allocator;
pub mod flags;
pub mod kbox;
pub mod kvec;

use core::alloc::Layout;
use core::marker::PhantomData;
use core::ptr::NonNull;

pub use self::flags::Flags;
pub use self::kbox::{Box, KBox, KVBox, VBox};
pub use self::kvec::{IntoIter, KVVec, KVec, VVec, Vec};

/// There was no memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AllocError;

/// A source of memory of the kernel.
///
/// # Safety
///
/// Memory that is allocated is of the layout that was asked for, belongs to the caller until it is freed, and does not
/// move.
pub unsafe trait Allocator {
    /// Allocates (`ptr` is `None`), grows or shrinks. A layout of no size gives memory of no size, and frees what there was.
    ///
    /// # Errors
    ///
    /// [`AllocError`] when there is no memory; what `ptr` points at is then as it was.
    ///
    /// # Context
    ///
    /// As `flags` say.
    ///
    /// # Safety
    ///
    /// `ptr`, if any, came from this allocator with the layout `old_layout` and was not freed; `layout` has the same
    /// alignment. After success only the result may be used.
    unsafe fn realloc(
        ptr: Option<NonNull<u8>>,
        layout: Layout,
        old_layout: Layout,
        flags: Flags,
    ) -> Result<NonNull<u8>, AllocError>;

    /// Frees.
    ///
    /// # Safety
    ///
    /// `ptr` came from this allocator with the layout `layout` and is not used any more.
    unsafe fn free(ptr: NonNull<u8>, layout: Layout);

    /// Allocates; memory of no size for a layout of no size.
    ///
    /// # Errors
    ///
    /// [`AllocError`] when there is no memory.
    ///
    /// # Context
    ///
    /// As `flags` say.
    fn alloc(layout: Layout, flags: Flags) -> Result<NonNull<u8>, AllocError>;
}

/// Memory that is freed when this is dropped: also when dropping what is in it panics.
struct Freed<A: Allocator>(NonNull<u8>, Layout, PhantomData<A>);

impl<A: Allocator> Freed<A> {
    /// Takes over memory.
    ///
    /// # Safety
    ///
    /// It came from `A` with this layout, and is not used any more when this is dropped.
    unsafe fn new(memory: NonNull<u8>, layout: Layout) -> Self {
        Self(memory, layout, PhantomData)
    }
}

impl<A: Allocator> Drop for Freed<A> {
    fn drop(&mut self) {
        // SAFETY: that is what `new` was promised.
        unsafe { A::free(self.0, self.1) };
    }
}

/// What stands for memory of no size: an aligned address that is never used.
fn dangling(layout: Layout) -> NonNull<u8> {
    layout.dangling_ptr()
}
