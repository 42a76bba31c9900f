// SPDX-License-Identifier: GPL-2.0-only

//! A work with a timer before it.

use core::ffi::{CStr, c_void};
use core::marker::PhantomData;
use core::mem::offset_of;
use core::pin::Pin;

use macros::pin_data;

use super::item::{take_back, trampoline};
use super::{HasWork, Work, WorkItem};
use crate::module::pending::{Ended, Entry, Kind, Scope};
use crate::pin_init::{PinInit, pin_init};
use crate::sync::LockClassKey;
use crate::types::Opaque;

/// A work that can wait for its time before it is queued. `ID` tells the works of one type apart.
///
/// It is made by [`new_delayed_work!`](super::new_delayed_work), in place, and `T` has it by
/// [`impl_has_delayed_work!`](super::impl_has_delayed_work).
#[pin_data]
#[repr(C)]
pub struct DelayedWork<T: ?Sized, const ID: u64 = 0> {
    // Where a work is expected, the address of this is given: it begins with one.
    #[pin]
    work: Opaque<koxide_abi::DelayedWork>,
    // Found by the module's exit and by the end of a queue, which call it off.
    #[pin]
    entry: Entry,
    // What the pointer is depends on the very type, not on one that it can be taken for.
    _owner: PhantomData<*mut T>,
}

// SAFETY: any thread may queue a work; what is run on another thread is `T::Pointer`, which has its own bounds.
unsafe impl<T: ?Sized, const ID: u64> Send for DelayedWork<T, ID> {}
// SAFETY: a shared work can be queued and called off, which the kernel's own lock of it allows any thread.
unsafe impl<T: ?Sized, const ID: u64> Sync for DelayedWork<T, ID> {}

impl<T: WorkItem<ID>, const ID: u64> DelayedWork<T, ID> {
    const KIND: &'static Kind = &Kind {
        end: Self::end,
        settle: Self::settle,
    };

    /// A delayed work that is not queued; [`new_delayed_work!`](super::new_delayed_work) calls this.
    pub fn new(
        work_name: &'static CStr,
        work_key: Pin<&'static LockClassKey>,
        timer_name: &'static CStr,
        timer_key: Pin<&'static LockClassKey>,
    ) -> impl PinInit<Self> {
        let (class, timer) = (work_key.class(work_name), timer_key.class(timer_name));
        pin_init!(Self {
            work <- Opaque::ffi_init(move |room: *mut koxide_abi::DelayedWork| {
                let run = trampoline::<T, ID>;
                // SAFETY: the room is valid for writes and pinned. Only `T::Pointer` queues the work, which then belongs
                // to the trampoline. The classes live for ever.
                unsafe { koxide_abi::kx_delayed_work_init(room.cast(), run, class, timer) }
            }),
            // SAFETY: the work was just initialised; it is settled only when it was queued, by a whole `T`.
            entry <- unsafe { Entry::listed(Self::KIND) },
            _owner: PhantomData,
        })
    }

    /// Takes the work from its queue or its timer, and waits until it does not run; the owner that was queued, if it was.
    ///
    /// # Context
    ///
    /// Process context; sleeps. In the work's own `run` it waits for itself, for ever.
    pub fn cancel_sync(&self) -> Option<T::Pointer> {
        // SAFETY: `new` made it, and it stays as long as it is borrowed.
        let queued = unsafe { koxide_abi::kx_cancel_delayed_work_sync(self.raw()) };
        // SAFETY: it was queued, and is no longer.
        (queued != 0).then(|| unsafe { take_back::<T, ID>(self.raw()) })
    }

    /// Queues the work at once if it waits for its time, and waits until it has run; whether there was something to wait for.
    ///
    /// # Context
    ///
    /// Process context; sleeps. In the work's own `run` it waits for itself, for ever.
    pub fn flush(&self) -> bool {
        // SAFETY: `new` made it, and it stays as long as it is borrowed.
        unsafe { koxide_abi::kx_flush_delayed_work(self.raw()) != 0 }
    }

    fn raw(&self) -> *mut c_void {
        self.work.get().cast()
    }

    /// The delayed work of an entry.
    fn of_entry(entry: *const Entry) -> *mut c_void {
        entry
            .wrapping_byte_sub(offset_of!(Self, entry))
            .cast_mut()
            .cast()
    }

    /// Calls off a work that was not begun.
    ///
    /// # Safety
    ///
    /// As for [`Kind::end`].
    unsafe fn end(entry: *const Entry, scope: Scope) -> Ended {
        let work = Self::of_entry(entry);
        let queue = match scope {
            Scope::Module => core::ptr::null_mut(),
            Scope::Queue(queue) => queue,
            Scope::Spent => return Ended::Idle,
        };
        // What is in a queue already runs, and is owed.
        // SAFETY: the entry is in the list, so that the work was made and stays.
        if unsafe { koxide_abi::kx_delayed_work_waits_for(work, queue) } == 0 {
            return Ended::Idle;
        }
        // SAFETY: the entry is in the list, so that the work was made and stays.
        match unsafe { koxide_abi::kx_cancel_delayed_work(work) } {
            // It is not queued; when it runs, it is owed.
            0 => Ended::Idle,
            _ => Ended::CalledOff,
        }
    }

    /// Drops the owner of a work that was called off.
    ///
    /// # Safety
    ///
    /// As for [`Kind::settle`].
    unsafe fn settle(entry: *const Entry) {
        // SAFETY: it was queued, and `end` has taken it out.
        drop(unsafe { take_back::<T, ID>(Self::of_entry(entry)) });
    }
}

impl<T: ?Sized, const ID: u64> DelayedWork<T, ID> {
    /// The work that it begins with.
    #[doc(hidden)]
    pub const fn __as_work(this: *mut Self) -> *mut Work<T, ID> {
        this.cast()
    }
}

/// Types with a [`DelayedWork`] as a field; [`impl_has_delayed_work!`](super::impl_has_delayed_work) implements it.
///
/// # Safety
///
/// The work of [`HasWork`] is the beginning of a [`DelayedWork`].
pub unsafe trait HasDelayedWork<T: ?Sized, const ID: u64 = 0>: HasWork<T, ID> {}

/// Says which field of a type is its [`DelayedWork`].
#[macro_export]
macro_rules! impl_has_delayed_work {
    ($(
        impl $({$($generics:tt)*})? HasDelayedWork<$work_type:ty $(, $id:tt)?> for $self:ty { self.$field:ident }
    )*) => {$(
        $($crate::__only_generics! { $($generics)* })?

        // SAFETY: the field has the right type, as the other implementation checks.
        unsafe impl $(<$($generics)*>)? $crate::workqueue::HasDelayedWork<$work_type $(, $id)?> for $self {}

        // SAFETY: both functions are about the field, which has the right type and is no field of what `Self` points at.
        unsafe impl $(<$($generics)*>)? $crate::workqueue::HasWork<$work_type $(, $id)?> for $self {
            #[inline]
            unsafe fn raw_get_work(
                this: *mut Self,
            ) -> *mut $crate::workqueue::Work<$work_type $(, $id)?> {
                let _is_a_work = |this: &Self| -> *const $crate::workqueue::DelayedWork<$work_type $(, $id)?> {
                    // `@ _`, so that a constant of this name is no pattern.
                    #[allow(clippy::redundant_pattern)]
                    let Self { $field: field @ _, .. } = this;
                    &raw const *field
                };
                $crate::workqueue::DelayedWork::__as_work(
                    this.wrapping_byte_add($crate::__core::mem::offset_of!(Self, $field)).cast(),
                )
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

/// An initialiser of a [`DelayedWork`], with a name for the kernel's lock checker if one
/// is given.
#[macro_export]
macro_rules! new_delayed_work {
    ($($name:literal)?) => {
        $crate::workqueue::DelayedWork::new(
            $crate::optional_name!($($name)?),
            $crate::static_lock_class!(),
            $crate::optional_name!($($name)?),
            $crate::static_lock_class!(),
        )
    };
}
