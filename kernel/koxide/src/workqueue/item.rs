// SPDX-License-Identifier: GPL-2.0-only

//! What is put into queues: owners of a value with a work.

use core::ffi::c_void;
use core::pin::Pin;
use core::ptr::NonNull;

use super::work::{item_of, work_of};
use super::{HasDelayedWork, HasWork};
use crate::alloc::KBox;
use crate::entry::{Module, callback, enter_owning};
use crate::module::pending::Owed;
use crate::sync::Arc;
use crate::sync::aref::{ARef, AlwaysRefCounted};

/// A type with a work, and what the work does.
pub trait WorkItem<const ID: u64 = 0> {
    /// The owner that is queued and comes back: `Arc<Self>`, `Pin<KBox<Self>>` or `ARef<Self>`.
    type Pointer: WorkItemPointer<ID>;

    /// The work.
    ///
    /// # Context
    ///
    /// Process context, and may sleep; but in a softirq, and may not, in the queues [`system_bh`](super::system_bh)
    /// and [`system_bh_highpri`](super::system_bh_highpri).
    fn run(this: Self::Pointer);
}

/// What a queue takes.
///
/// # Safety
///
/// What `__enqueue` hands to its closure is a work that stays valid during the call, and, if the closure said true, until
/// the work's function is called or it is taken back.
pub unsafe trait RawWorkItem<const ID: u64> {
    /// What queueing returns.
    type EnqueueOutput;

    /// Gives the work's address to `queue_work`, which says whether it was queued.
    ///
    /// # Safety
    ///
    /// When `queue_work` says true, the work's function is called once, or the work is taken back once. A type that is not
    /// `Send` is run on this thread, one that is not `'static` within its lifetime.
    unsafe fn __enqueue<F>(self, queue_work: F) -> Self::EnqueueOutput
    where
        F: FnOnce(*mut c_void) -> bool;
}

/// What a queue takes for later.
///
/// # Safety
///
/// The work is the beginning of a [`DelayedWork`](super::DelayedWork).
pub unsafe trait RawDelayedWorkItem<const ID: u64>: RawWorkItem<ID> {}

/// Owners that can be queued, and come back.
///
/// # Safety
///
/// `__from_work` gives back what `__enqueue` of the same type gave up for this work.
pub unsafe trait WorkItemPointer<const ID: u64>: RawWorkItem<ID> {
    /// The owner that was queued.
    ///
    /// # Safety
    ///
    /// `work` was queued by `__enqueue` of the same type, and is not in a queue any more; called once each time.
    #[doc(hidden)]
    unsafe fn __from_work(work: *mut c_void) -> Self;
}

/// The function of all works of a type.
///
/// # Safety
///
/// The kernel calls it, once for each time that `work`, the work `ID` of a `T`, was queued by a `T::Pointer`.
pub(super) unsafe extern "C" fn trampoline<T: WorkItem<ID>, const ID: u64>(work: *mut c_void) {
    let take = || {
        // SAFETY: the work was queued with one given up, and this is the first that the callback does.
        let owed = unsafe { Owed::from_kernel() };
        // SAFETY: the work was queued, and the kernel has taken it out to run it.
        let pointer = unsafe { T::Pointer::__from_work(work) };
        // What is owed goes last.
        (pointer, owed)
    };
    enter_owning(callback::WORK, Module, take, |(pointer, _owed)| {
        T::run(pointer)
    });
}

/// The owner of a work that was taken out of its queue.
///
/// # Safety
///
/// `work`, the work `ID` of a `T`, was queued by a `T::Pointer`, and will not be run.
pub(super) unsafe fn take_back<T: WorkItem<ID>, const ID: u64>(work: *mut c_void) -> T::Pointer {
    // SAFETY: the work was queued with one given up, which its function will not take over.
    let _owed = unsafe { Owed::from_kernel() };
    // SAFETY: as the caller promises.
    unsafe { T::Pointer::__from_work(work) }
}

// SAFETY: the queue has this owner until it comes back, so that the value stays.
unsafe impl<T, const ID: u64> RawWorkItem<ID> for Arc<T>
where
    T: WorkItem<ID, Pointer = Self> + HasWork<T, ID>,
{
    type EnqueueOutput = Result<(), Self>;

    unsafe fn __enqueue<F>(self, queue_work: F) -> Result<(), Self>
    where
        F: FnOnce(*mut c_void) -> bool,
    {
        let item = self.into_raw();
        if queue_work(work_of::<T, ID>(item.cast_mut())) {
            Ok(())
        } else {
            // SAFETY: it was given up just now, and not queued.
            Err(unsafe { Self::from_raw(item) })
        }
    }
}

// SAFETY: `__enqueue` gave up an `Arc` for its pointer, which is found from the work's.
unsafe impl<T, const ID: u64> WorkItemPointer<ID> for Arc<T>
where
    T: WorkItem<ID, Pointer = Self> + HasWork<T, ID>,
{
    unsafe fn __from_work(work: *mut c_void) -> Self {
        // SAFETY: `__enqueue` took it from `work_of`.
        let item = unsafe { item_of::<T, ID>(work) };
        // SAFETY: `__enqueue` gave it up, and it is taken back once.
        unsafe { Self::from_raw(item) }
    }
}

// SAFETY: the work is the beginning of the delayed work, as `HasDelayedWork` promises.
unsafe impl<T, const ID: u64> RawDelayedWorkItem<ID> for Arc<T> where
    T: WorkItem<ID, Pointer = Self> + HasDelayedWork<T, ID>
{
}

// SAFETY: the queue has the box until it comes back, so that the value stays.
unsafe impl<T, const ID: u64> RawWorkItem<ID> for Pin<KBox<T>>
where
    T: WorkItem<ID, Pointer = Self> + HasWork<T, ID>,
{
    type EnqueueOutput = ();

    unsafe fn __enqueue<F>(self, queue_work: F)
    where
        F: FnOnce(*mut c_void) -> bool,
    {
        // SAFETY: the value stays where it is.
        let item = KBox::into_raw(unsafe { Pin::into_inner_unchecked(self) });
        if !queue_work(work_of::<T, ID>(item)) {
            // The only owner was not in a queue: the module is going.
            // SAFETY: it was given up just now, and not queued.
            drop(unsafe { pinned(item) });
        }
    }
}

// SAFETY: `__enqueue` gave up a box for its pointer, which is found from the work's.
unsafe impl<T, const ID: u64> WorkItemPointer<ID> for Pin<KBox<T>>
where
    T: WorkItem<ID, Pointer = Self> + HasWork<T, ID>,
{
    unsafe fn __from_work(work: *mut c_void) -> Self {
        // SAFETY: `__enqueue` took it from `work_of`.
        let item = unsafe { item_of::<T, ID>(work) };
        // SAFETY: `__enqueue` gave it up, and it is taken back once.
        unsafe { pinned(item) }
    }
}

/// The pinned box that was given up for a pointer.
///
/// # Safety
///
/// It came from a `Pin<KBox<T>>`, and is taken back once.
unsafe fn pinned<T>(item: *mut T) -> Pin<KBox<T>> {
    // SAFETY: as the caller promises.
    let item = unsafe { KBox::from_raw(item) };
    // SAFETY: it was pinned before.
    unsafe { Pin::new_unchecked(item) }
}

// SAFETY: the work is the beginning of the delayed work, as `HasDelayedWork` promises.
unsafe impl<T, const ID: u64> RawDelayedWorkItem<ID> for Pin<KBox<T>> where
    T: WorkItem<ID, Pointer = Self> + HasDelayedWork<T, ID>
{
}

// SAFETY: the queue has this reference until it comes back, so that the value stays.
unsafe impl<T, const ID: u64> RawWorkItem<ID> for ARef<T>
where
    T: AlwaysRefCounted + WorkItem<ID, Pointer = Self> + HasWork<T, ID>,
{
    type EnqueueOutput = Result<(), Self>;

    unsafe fn __enqueue<F>(self, queue_work: F) -> Result<(), Self>
    where
        F: FnOnce(*mut c_void) -> bool,
    {
        let item = Self::into_raw(self);
        if queue_work(work_of::<T, ID>(item.as_ptr())) {
            Ok(())
        } else {
            // SAFETY: it was given up just now, and not queued.
            Err(unsafe { Self::from_raw(item) })
        }
    }
}

// SAFETY: `__enqueue` gave up a reference for its pointer, which is found from the work's.
unsafe impl<T, const ID: u64> WorkItemPointer<ID> for ARef<T>
where
    T: AlwaysRefCounted + WorkItem<ID, Pointer = Self> + HasWork<T, ID>,
{
    unsafe fn __from_work(work: *mut c_void) -> Self {
        // SAFETY: `__enqueue` took it from `work_of`.
        let item = unsafe { item_of::<T, ID>(work) };
        // SAFETY: it points at a value.
        let item = unsafe { NonNull::new_unchecked(item) };
        // SAFETY: `__enqueue` gave it up, and it is taken back once.
        unsafe { Self::from_raw(item) }
    }
}

// SAFETY: the work is the beginning of the delayed work, as `HasDelayedWork` promises.
unsafe impl<T, const ID: u64> RawDelayedWorkItem<ID> for ARef<T> where
    T: AlwaysRefCounted + WorkItem<ID, Pointer = Self> + HasDelayedWork<T, ID>
{
}
