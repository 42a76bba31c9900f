// SPDX-License-Identifier: GPL-2.0-only

//! Module parameters: include/linux/moduleparam.h.

#![allow(unsafe_code, reason = "C writes the value before Rust reads it")]

use core::cell::UnsafeCell;

/// Types that a parameter can have.
///
/// # Safety
///
/// `shims/module_param.c` writes valid values of this type for the name under which `module!` knows it.
pub unsafe trait ModuleParam: Copy + Sync + 'static {}

macro_rules! parameters {
    ($($ty:ty)*) => {$(
        // SAFETY: the shim parses a number of this width and sign, or for `bool` writes a C bool.
        unsafe impl ModuleParam for $ty {}
    )*};
}

parameters!(i8 u8 i16 u16 i32 u32 i64 u64 isize usize bool);

/// A parameter: what the user said when the module was loaded, or the default.
///
/// # Invariants
///
/// The value does not change once the module's `init` is called: the parameter is not shown in sysfs.
#[repr(transparent)]
pub struct ModuleParamAccess<T>(UnsafeCell<T>);

// SAFETY: the value is only read, since it does not change once there is code that can share it.
unsafe impl<T: Sync> Sync for ModuleParamAccess<T> {}

impl<T: ModuleParam> ModuleParamAccess<T> {
    /// A parameter with its default, for `module!`.
    #[doc(hidden)]
    pub const fn new(default: T) -> Self {
        Self(UnsafeCell::new(default))
    }

    /// The value.
    pub fn value(&self) -> T {
        *self.value_ref()
    }

    /// The value, borrowed.
    pub fn value_ref(&self) -> &T {
        // SAFETY: by the invariant nobody writes it any more.
        unsafe { &*self.0.get() }
    }
}
