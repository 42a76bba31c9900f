// SPDX-License-Identifier: GPL-2.0-only

//! A work as a field of what it works on.

use core::ffi::{CStr, c_void};
use core::marker::PhantomData;
use core::pin::Pin;

use koxide_abi::LockClass;
use macros::pin_data;

use super::WorkItem;
use super::item::{take_back, trampoline};
use crate::pin_init::{PinInit, pin_init};
use crate::sync::LockClassKey;
use crate::types::Opaque;

/// A work: the field of a `T` by which it is put into a queue. `ID` tells the works of one type apart.
///
/// It is made by [`new_work!`](super::new_work), in place, and `T` has it by [`impl_has_work!`](super::impl_has_work).
#[pin_data]
#[repr(transparent)]
pub struct Work<T: ?Sized, const ID: u64 = 0> {
    #[pin]
    work: Opaque<koxide_abi::Work>,
    // What the pointer is depends on the very type, not on one that it can be taken for.
    _owner: PhantomData<*mut T>,
}

// SAFETY: any thread may queue a work; what is run on another thread is `T::Pointer`, which has its own bounds.
unsafe impl<T: ?Sized, const ID: u64> Send for Work<T, ID> {}
// SAFETY: a shared work can be queued and called off, which the kernel's own lock of it allows any thread.
unsafe impl<T: ?Sized, const ID: u64> Sync for Work<T, ID> {}

impl<T: WorkItem<ID>, const ID: u64> Work<T, ID> {
    /// A work that is not queued; [`new_work!`](super::new_work) calls this.
    pub fn new(name: &'static CStr, key: Pin<&'static LockClassKey>) -> impl PinInit<Self> {
        Self::of_class(key.class(name))
    }

    /// A work that is not queued, of the class that its function is.
    ///
    /// That is what tells works apart that one place in the source makes of functions that it is given.
    pub(super) fn of_function(name: &'static CStr) -> impl PinInit<Self> {
        let function = trampoline::<T, ID> as *const c_void;
        Self::of_class(LockClass::new(name.as_ptr(), function.cast()))
    }

    /// A work that is not queued. The class lives for ever.
    fn of_class(class: LockClass) -> impl PinInit<Self> {
        pin_init!(Self {
            work <- Opaque::ffi_init(move |room: *mut koxide_abi::Work| {
                // SAFETY: the room is valid for writes and pinned. Only `T::Pointer` queues the work, which then belongs
                // to the trampoline. The class lives for ever: each caller's is a static's address, or a function's.
                unsafe { koxide_abi::kx_work_init(room.cast(), trampoline::<T, ID>, class) }
            }),
            _owner: PhantomData,
        })
    }

    /// Takes the work from its queue, and waits until it does not run; the owner that was queued, if it was.
    ///
    /// # Context
    ///
    /// Process context; sleeps. In the work's own `run` it waits for itself, for ever.
    pub fn cancel_sync(&self) -> Option<T::Pointer> {
        // SAFETY: `new` made it, and it stays as long as it is borrowed.
        let queued = unsafe { koxide_abi::kx_cancel_work_sync(self.work.get().cast()) };
        // SAFETY: it was queued, and is no longer.
        (queued != 0).then(|| unsafe { take_back::<T, ID>(self.work.get().cast()) })
    }

    /// Waits until the work has run, if it is queued or runs; whether there was something to wait for.
    ///
    /// # Context
    ///
    /// Process context; sleeps. In the work's own `run` it waits for itself, for ever.
    pub fn flush(&self) -> bool {
        // SAFETY: `new` made it, and it stays as long as it is borrowed.
        unsafe { koxide_abi::kx_flush_work(self.work.get().cast()) != 0 }
    }
}

/// Types with a [`Work`] as a field; [`impl_has_work!`](super::impl_has_work) implements it.
///
/// # Safety
///
/// The functions give the address of one and the same field, and that of the value which it is a field of.
pub unsafe trait HasWork<T: ?Sized, const ID: u64 = 0> {
    /// The field's address.
    ///
    /// # Safety
    ///
    /// `this` points at a value, or at memory of its size.
    unsafe fn raw_get_work(this: *mut Self) -> *mut Work<T, ID>;

    /// The address of the value that `work` is the field of.
    ///
    /// # Safety
    ///
    /// `work` came from [`raw_get_work`](Self::raw_get_work).
    unsafe fn work_container_of(work: *mut Work<T, ID>) -> *mut Self;
}

/// An owner that is a pointer to a value with a work: what its address is.
pub(super) fn work_of<T: HasWork<T, ID> + WorkItem<ID>, const ID: u64>(
    item: *mut T,
) -> *mut core::ffi::c_void {
    // SAFETY: the owners that this is called for point at a value.
    unsafe { T::raw_get_work(item) }.cast()
}

/// The owner's value, from the address of its work.
///
/// # Safety
///
/// `work` came from [`work_of`] of the same types.
pub(super) unsafe fn item_of<T: HasWork<T, ID> + WorkItem<ID>, const ID: u64>(
    work: *mut core::ffi::c_void,
) -> *mut T {
    // SAFETY: `work_of` took it from `raw_get_work`.
    unsafe { T::work_container_of(work.cast()) }
}

/// Says which field of a type is its [`Work`].
///
/// It is a field of the type itself, and of just this type:
///
/// ```compile_fail,E0308
/// use kernel::{prelude::*, workqueue::{Work, WorkItem, impl_has_work}};
///
/// struct Outer { inner: Pin<KBox<Work<Outer>>> }
///
/// impl_has_work! { impl HasWork<Self> for Outer { self.inner } }
///
/// impl WorkItem for Outer {
///     type Pointer = Pin<KBox<Self>>;
///
///     fn run(_: Pin<KBox<Self>>) {}
/// }
/// ```
#[macro_export]
macro_rules! impl_has_work {
    ($(
        impl $({$($generics:tt)*})? HasWork<$work_type:ty $(, $id:tt)?> for $self:ty { self.$field:ident }
    )*) => {$(
        $($crate::__only_generics! { $($generics)* })?

        // SAFETY: both functions are about the field, which has the right type and is no field of what `Self` points at.
        unsafe impl $(<$($generics)*>)? $crate::workqueue::HasWork<$work_type $(, $id)?> for $self {
            #[inline]
            unsafe fn raw_get_work(
                this: *mut Self,
            ) -> *mut $crate::workqueue::Work<$work_type $(, $id)?> {
                let _is_a_work = |this: &Self| -> *const $crate::workqueue::Work<$work_type $(, $id)?> {
                    // `@ _`, so that a constant of this name is no pattern.
                    #[allow(clippy::redundant_pattern)]
                    let Self { $field: field @ _, .. } = this;
                    &raw const *field
                };
                this.wrapping_byte_add($crate::__core::mem::offset_of!(Self, $field)).cast()
            }

            #[inline]
            unsafe fn work_container_of(
                work: *mut $crate::workqueue::Work<$work_type $(, $id)?>,
            ) -> *mut Self {
                work.wrapping_byte_sub($crate::__core::mem::offset_of!(Self, $field)).cast()
            }
        }
    )*};
}

/// An initialiser of a [`Work`], with a name for the kernel's lock checker if one is given.
#[macro_export]
macro_rules! new_work {
    ($($name:literal)?) => {
        $crate::workqueue::Work::new($crate::optional_name!($($name)?), $crate::static_lock_class!())
    };
}

/// A constant does not take the place of the field, whatever it can be taken for:
///
/// ```compile_fail,E0530
/// use core::ops::Deref;
/// use kernel::{prelude::*, sync::Arc, workqueue::{Work, WorkItem, impl_has_work}};
///
/// #[derive(PartialEq, Eq)]
/// struct Fake;
///
/// impl Deref for Fake {
///     type Target = Work<Forged>;
///
///     fn deref(&self) -> &Work<Forged> {
///         loop {}
///     }
/// }
///
/// const field: Fake = Fake;
///
/// struct Forged { work: Fake, bytes: [u8; 64] }
///
/// impl_has_work! { impl HasWork<Self> for Forged { self.work } }
///
/// impl WorkItem for Forged {
///     type Pointer = Arc<Self>;
///
///     fn run(_: Arc<Self>) {}
/// }
/// ```
///
/// A work is not taken for that of another type, whose pointer is another one:
///
/// ```compile_fail,E0308
/// use core::marker::PhantomData;
/// use kernel::{prelude::*, sync::Arc, workqueue::{Work, WorkItem, impl_has_work}};
///
/// type Sub = for<'a> fn(&'a u8);
/// type Super = fn(&'static u8);
///
/// #[pin_data]
/// struct Two<F: 'static> {
///     f: PhantomData<F>,
///     #[pin]
///     work: Work<Two<F>>,
/// }
///
/// impl_has_work! { impl{F: 'static} HasWork<Self> for Two<F> { self.work } }
///
/// impl WorkItem for Two<Sub> {
///     type Pointer = Arc<Self>;
///
///     fn run(_: Arc<Self>) {}
/// }
///
/// impl WorkItem for Two<Super> {
///     type Pointer = Pin<KBox<Self>>;
///
///     fn run(_: Pin<KBox<Self>>) {}
/// }
///
/// fn take(arc: Arc<Two<Sub>>) {
///     let other: &Two<Super> = &arc;
///     drop(other.work.cancel_sync());
/// }
/// ```
///
/// The generics are nothing but generics:
///
/// ```compile_fail
/// #![forbid(unsafe_code)]
/// use kernel::{prelude::*, sync::Arc, workqueue::{Work, WorkItem, impl_has_work}};
///
/// struct Address(*mut u8);
///
/// #[pin_data]
/// struct Item { #[pin] work: Work<Item> }
///
/// impl_has_work! {
///     impl{> Send for Address {} unsafe impl<} HasWork<Self> for Item { self.work }
/// }
///
/// impl WorkItem for Item {
///     type Pointer = Arc<Self>;
///
///     fn run(_: Arc<Self>) {}
/// }
/// ```
///
/// Nor is another crate asked where the field is; this compiles, since it is not:
///
/// ```
/// #![forbid(unsafe_code)]
/// extern crate self as core;
///
/// use kernel::{prelude::*, sync::Arc, workqueue::{Work, WorkItem, impl_has_work}};
///
/// pub mod mem {
///     #[macro_export]
///     macro_rules! elsewhere {
///         ($($field:tt)*) => { false };
///     }
///     pub use elsewhere as offset_of;
/// }
///
/// // The real one is a number.
/// const _: bool = ::core::mem::offset_of!(Item, work);
///
/// struct Item { work: Work<Item> }
///
/// impl_has_work! { impl HasWork<Self> for Item { self.work } }
///
/// impl WorkItem for Item {
///     type Pointer = Arc<Self>;
///
///     fn run(_: Arc<Self>) {}
/// }
///
/// fn main() {}
/// ```
#[cfg(doctest)]
struct Attacks;
