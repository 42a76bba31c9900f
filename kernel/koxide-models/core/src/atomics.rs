// SPDX-License-Identifier: GPL-2.0-only

//! Atomics of the layout of the real ones.

use core::sync::atomic::{self as real, Ordering};

use loom::sync::atomic as modelled;

use crate::cells;

/// As in `core`.
pub fn fence(order: Ordering) {
    if cells::active() {
        modelled::fence(order);
    } else {
        real::fence(order);
    }
}

/// Loom takes a `SeqCst` operation for an acquiring and releasing one, which lets a load overtake a store before it. What the
/// language orders are `SeqCst` operations among each other: so a fence comes between such a store and the next such load
/// of the same thread, and nowhere else.
fn before_load(order: Ordering) {
    if order == Ordering::SeqCst && cells::take_stored() {
        modelled::fence(Ordering::SeqCst);
    }
}

/// See [`before_load`]: the fence that is due is not to order a weaker store as well, and so precedes it.
fn before_store(order: Ordering) {
    if order != Ordering::SeqCst && cells::take_stored() {
        modelled::fence(Ordering::SeqCst);
    }
}

/// See [`before_load`].
fn after_store(order: Ordering) {
    if order == Ordering::SeqCst {
        cells::stored();
    }
}

macro_rules! atomics {
    ($($name:ident $(<$generic:ident>)?: $value:ty;)*) => {$(
        /// As in `core`.
        ///
        /// In a model the memory has the last value that was written, and loom's atomic what threads may see.
        #[repr(transparent)]
        pub struct $name $(<$generic>)? (real::$name $(<$generic>)?);

        impl $(<$generic: 'static>)? $name $(<$generic>)? {
            /// As in `core`.
            pub const fn new(value: $value) -> Self {
                Self(real::$name::new(value))
            }

            /// As in `core`.
            pub fn get_mut(&mut self) -> &mut $value {
                // What comes to be there is a new start.
                cells::forget(self.address());
                self.0.get_mut()
            }

            /// As in `core`.
            pub const fn as_ptr(&self) -> *mut $value {
                self.0.as_ptr()
            }

            /// As in `core`.
            ///
            /// # Safety
            ///
            /// As in `core`.
            pub const unsafe fn from_ptr<'a>(value: *mut $value) -> &'a Self {
                // SAFETY: this has the layout of the real one, for which the caller promises the same.
                unsafe { &*value.cast() }
            }

            fn address(&self) -> usize {
                (&raw const *self).addr()
            }

            fn modelled(&self) -> Option<std::rc::Rc<modelled::$name $(<$generic>)?>> {
                let value = || modelled::$name::new(self.0.load(Ordering::Relaxed));
                cells::active().then(|| cells::cell(self.address(), value))
            }

            /// An operation that writes, given what reads and what writes to the memory.
            fn write<R>(
                &self,
                order: Ordering,
                modelled: impl FnOnce(&modelled::$name $(<$generic>)?) -> (R, Option<$value>),
                real: impl FnOnce(&real::$name $(<$generic>)?) -> R,
            ) -> R {
                let Some(cell) = self.modelled() else {
                    return real(&self.0);
                };
                before_store(order);
                let (result, written) = modelled(&cell);
                if let Some(value) = written {
                    self.0.store(value, Ordering::Relaxed);
                    after_store(order);
                }
                result
            }

            /// As in `core`.
            pub fn load(&self, order: Ordering) -> $value {
                match self.modelled() {
                    Some(cell) => {
                        before_load(order);
                        cell.load(order)
                    }
                    None => self.0.load(order),
                }
            }

            /// As in `core`.
            pub fn store(&self, value: $value, order: Ordering) {
                self.write(order, |cell| (cell.store(value, order), Some(value)), |cell| cell.store(value, order));
            }

            /// As in `core`.
            pub fn swap(&self, value: $value, order: Ordering) -> $value {
                self.write(order, |cell| (cell.swap(value, order), Some(value)), |cell| cell.swap(value, order))
            }

            /// As in `core`.
            ///
            /// # Errors
            ///
            /// As in `core`.
            pub fn compare_exchange(
                &self,
                old: $value,
                new: $value,
                order: Ordering,
                failed: Ordering,
            ) -> Result<$value, $value> {
                let modelled = |cell: &modelled::$name $(<$generic>)?| {
                    let result = cell.compare_exchange(old, new, order, failed);
                    (result, result.is_ok().then_some(new))
                };
                self.write(order, modelled, |cell| cell.compare_exchange(old, new, order, failed))
            }
        }

        impl $(<$generic>)? Drop for $name $(<$generic>)? {
            fn drop(&mut self) {
                cells::forget((&raw const *self).addr());
            }
        }
    )*};
}

atomics! {
    AtomicBool: bool;
    AtomicI8: i8;
    AtomicI16: i16;
    AtomicI32: i32;
    AtomicI64: i64;
    AtomicIsize: isize;
    AtomicU8: u8;
    AtomicU16: u16;
    AtomicU32: u32;
    AtomicU64: u64;
    AtomicUsize: usize;
    AtomicPtr<T>: *mut T;
}

macro_rules! arithmetic {
    ($($name:ident: $value:ty;)*) => {$(
        impl $name {
            /// As in `core`.
            pub fn fetch_add(&self, value: $value, order: Ordering) -> $value {
                let modelled = |cell: &modelled::$name| {
                    let before = cell.fetch_add(value, order);
                    (before, Some(before.wrapping_add(value)))
                };
                self.write(order, modelled, |cell| cell.fetch_add(value, order))
            }

            /// As in `core`.
            pub fn fetch_sub(&self, value: $value, order: Ordering) -> $value {
                let modelled = |cell: &modelled::$name| {
                    let before = cell.fetch_sub(value, order);
                    (before, Some(before.wrapping_sub(value)))
                };
                self.write(order, modelled, |cell| cell.fetch_sub(value, order))
            }
        }
    )*};
}

arithmetic! {
    AtomicI32: i32;
    AtomicI64: i64;
    AtomicIsize: isize;
    AtomicU32: u32;
    AtomicU64: u64;
    AtomicUsize: usize;
}
