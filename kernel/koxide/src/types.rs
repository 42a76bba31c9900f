// SPDX-License-Identifier: GPL-2.0-only

//! Types that many abstractions need.

#![allow(unsafe_code, reason = "primitives that C memory is reached through")]

use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::marker::{PhantomData, PhantomPinned};
use core::mem::{ManuallyDrop, MaybeUninit};
use core::ops::{Deref, DerefMut};

use crate::pin_init::{PinInit, pin_init_from_closure};

// Where Linux 6.12 had these. A trait cannot have a note that says so.
#[doc(hidden)]
pub use crate::{
    sync::aref::AlwaysRefCounted,
    transmute::{AsBytes, FromBytes},
};

/// A counted reference; where Linux 6.12 had it.
#[doc(hidden)]
#[deprecated(note = "it is `kernel::sync::aref::ARef` since Linux 6.17")]
pub type ARef<T> = crate::sync::aref::ARef<T>;

/// Makes what contains it neither `Send` nor `Sync`.
pub type NotThreadSafe = PhantomData<*mut ()>;

/// The value of the type of this name.
#[allow(
    non_upper_case_globals,
    reason = "it is written where the type's constructor would be"
)]
pub const NotThreadSafe: NotThreadSafe = PhantomData;

/// Memory that C code owns: it may be uninitialised, shared with C and changed at any time, and it stays where it is.
#[repr(transparent)]
pub struct Opaque<T> {
    value: UnsafeCell<MaybeUninit<T>>,
    _pin: PhantomPinned,
}

impl<T> Opaque<T> {
    /// Memory that holds a value.
    pub const fn new(value: T) -> Self {
        Self {
            value: UnsafeCell::new(MaybeUninit::new(value)),
            _pin: PhantomPinned,
        }
    }

    /// Memory that holds nothing yet.
    pub const fn uninit() -> Self {
        Self {
            value: UnsafeCell::new(MaybeUninit::uninit()),
            _pin: PhantomPinned,
        }
    }

    /// Memory that `init` fills in place: it gets the address that the value will stay at.
    ///
    /// `init` may leave the memory uninitialised: nothing reads it but C.
    pub fn ffi_init(init: impl FnOnce(*mut T)) -> impl PinInit<Self> {
        // SAFETY: an `Opaque` is initialised whatever is in it.
        unsafe {
            pin_init_from_closure(move |slot: *mut Self| {
                init(slot.cast());
                Ok(())
            })
        }
    }

    /// As [`ffi_init`](Self::ffi_init), with an `init` that can fail.
    ///
    /// # Errors
    ///
    /// Those of `init`: the initialiser's result.
    pub fn try_ffi_init<E>(init: impl FnOnce(*mut T) -> Result<(), E>) -> impl PinInit<Self, E> {
        // SAFETY: an `Opaque` is initialised whatever is in it, and is not when `init` fails.
        unsafe { pin_init_from_closure(move |slot: *mut Self| init(slot.cast())) }
    }

    /// Memory that holds zeroes.
    pub const fn zeroed() -> Self {
        Self {
            value: UnsafeCell::new(MaybeUninit::zeroed()),
            _pin: PhantomPinned,
        }
    }

    /// The address of what is in the memory.
    pub const fn cast_into(this: *const Self) -> *mut T {
        this.cast_mut().cast()
    }

    /// The address of the memory that something is in.
    pub const fn cast_from(this: *const T) -> *const Self {
        this.cast()
    }

    /// The address of what is in the memory; how Linux 6.12 called it.
    #[doc(hidden)]
    #[deprecated(note = "it is `cast_into` since Linux 6.16")]
    pub const fn raw_get(this: *const Self) -> *mut T {
        Self::cast_into(this)
    }

    /// The address of the memory.
    pub const fn get(&self) -> *mut T {
        UnsafeCell::get(&self.value).cast()
    }
}

/// Values whose ownership can pass through C as a pointer.
///
/// # Safety
///
/// Pointers from [`into_foreign`](Self::into_foreign) are not null and aligned to [`FOREIGN_ALIGN`](Self::FOREIGN_ALIGN).
pub unsafe trait ForeignOwnable: Sized {
    /// The alignment of the pointers.
    const FOREIGN_ALIGN: usize;
    /// What a shared borrow of the value is.
    type Borrowed<'a>;
    /// What an exclusive borrow of the value is.
    type BorrowedMut<'a>;

    /// Gives the value up for a pointer.
    fn into_foreign(self) -> *mut c_void;

    /// Takes the value back.
    ///
    /// # Safety
    ///
    /// `foreign` came from [`into_foreign`](Self::into_foreign) of the same type, the value was not taken back before,
    /// and no borrow of it is alive.
    unsafe fn from_foreign(foreign: *mut c_void) -> Self;

    /// Takes the value back, if there is one.
    ///
    /// # Safety
    ///
    /// `foreign` is null, or as [`from_foreign`](Self::from_foreign) needs it.
    unsafe fn try_from_foreign(foreign: *mut c_void) -> Option<Self> {
        // SAFETY: it is not null, so that the contract is the same.
        (!foreign.is_null()).then(|| unsafe { Self::from_foreign(foreign) })
    }

    /// Borrows the value.
    ///
    /// # Safety
    ///
    /// `foreign` came from [`into_foreign`](Self::into_foreign) of the same type, and during `'a` the value is neither
    /// taken back nor borrowed exclusively.
    unsafe fn borrow<'a>(foreign: *mut c_void) -> Self::Borrowed<'a>;

    /// Borrows the value exclusively.
    ///
    /// # Safety
    ///
    /// `foreign` came from [`into_foreign`](Self::into_foreign) of the same type, and during `'a` the value is neither
    /// taken back nor borrowed otherwise.
    unsafe fn borrow_mut<'a>(foreign: *mut c_void) -> Self::BorrowedMut<'a>;
}

// SAFETY: a dangling pointer is not null, and an alignment of 1 asks for nothing.
unsafe impl ForeignOwnable for () {
    const FOREIGN_ALIGN: usize = 1;
    type Borrowed<'a> = ();
    type BorrowedMut<'a> = ();

    fn into_foreign(self) -> *mut c_void {
        core::ptr::dangling_mut()
    }

    unsafe fn from_foreign(_: *mut c_void) -> Self {}

    unsafe fn borrow<'a>(_: *mut c_void) -> Self::Borrowed<'a> {}

    unsafe fn borrow_mut<'a>(_: *mut c_void) -> Self::BorrowedMut<'a> {}
}

/// Runs a function when it goes out of scope, unless it is dismissed.
///
/// # Examples
///
/// ```
/// use kernel::types::ScopeGuard;
///
/// fn set_up(log: &mut [&str; 1], fail: bool) -> Result<(), ()> {
///     let undo = ScopeGuard::new(|| log[0] = "undone");
///     if fail {
///         return Err(());
///     }
///     undo.dismiss();
///     Ok(())
/// }
/// let mut log = [""];
/// assert_eq!((set_up(&mut log, true), log), (Err(()), ["undone"]));
/// ```
pub struct ScopeGuard<T, F: FnOnce(T)>(ManuallyDrop<(T, F)>);

impl<T, F: FnOnce(T)> ScopeGuard<T, F> {
    /// A guard that gives `data` to `cleanup`.
    pub fn new_with_data(data: T, cleanup: F) -> Self {
        Self(ManuallyDrop::new((data, cleanup)))
    }

    /// Lets the function not run, and gives the data back.
    pub fn dismiss(self) -> T {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: `this` is not dropped, so that the pair is taken once.
        let (data, _) = unsafe { ManuallyDrop::take(&mut this.0) };
        data
    }
}

impl ScopeGuard<(), fn(())> {
    /// A guard that runs `cleanup`.
    #[allow(
        clippy::new_ret_no_self,
        reason = "the type of the function is not known before"
    )]
    pub fn new(cleanup: impl FnOnce()) -> ScopeGuard<(), impl FnOnce(())> {
        ScopeGuard::new_with_data((), move |()| cleanup())
    }
}

impl<T, F: FnOnce(T)> Deref for ScopeGuard<T, F> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.0
    }
}

impl<T, F: FnOnce(T)> DerefMut for ScopeGuard<T, F> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0.0
    }
}

impl<T, F: FnOnce(T)> Drop for ScopeGuard<T, F> {
    fn drop(&mut self) {
        // SAFETY: a value is dropped once, and `dismiss` forgets it.
        let (data, cleanup) = unsafe { ManuallyDrop::take(&mut self.0) };
        cleanup(data);
    }
}

/// Does not compile when there are other tokens than those of generics, which would end them and go on with something of
/// their own, behind an `unsafe` that was not written for it.
#[doc(hidden)]
#[macro_export]
macro_rules! __only_generics {
    ($($generics:tt)*) => {
        const _: () = {
            #[allow(
                dead_code,
                single_use_lifetimes,
                clippy::extra_unused_lifetimes,
                clippy::extra_unused_type_parameters
            )]
            fn generics<$($generics)*>() {}
        };
    };
}

/// Does not compile for attributes other than these: what stands in a macro's input is not looked at by the lint against
/// `unsafe`, and such as `#[unsafe(no_mangle)]` would choose symbols and sections.
#[doc(hidden)]
#[macro_export]
macro_rules! __plain_attribute {
    (doc $($rest:tt)*) => {};
    (allow $($rest:tt)*) => {};
    (expect $($rest:tt)*) => {};
    (cfg $($rest:tt)*) => {};
    (deprecated $($rest:tt)*) => {};
    (must_use $($rest:tt)*) => {};
    ($($other:tt)*) => {
        ::core::compile_error!("this attribute cannot be used here");
    };
}
