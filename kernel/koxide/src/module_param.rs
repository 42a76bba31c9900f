// SPDX-License-Identifier: GPL-2.0-only

//! Module parameters: include/linux/moduleparam.h.
//!
//! [`module!`](crate::module!) declares them, with a type, a default and a description; each is then a static in the module
//! `module_parameters` of the driver. They are set when the driver is loaded (`insmod driver.ko name=value`), before its
//! `init` is called.
//!
//! | type in `module!` | given as | read with |
//! |---|---|---|
//! | `i8` to `i64`, `u8` to `u64`, `isize`, `usize` | `n=7`, `n=0x7`, `n=-7` | [`ModuleParamAccess`] |
//! | `bool` | `b`, `b=y`, `b=0` | [`ModuleParamAccess`] |
//! | `str` | `s=text`, up to 1024 bytes | [`ModuleParamString`] |
//! | `[u32; 4]`, and so on for the others but `str` | `a=1,2,3`, up to as many | [`ModuleParamArray`] |
//!
//! With `perm: 0o444` a parameter is shown in `/sys/module/DRIVER/parameters/NAME`; with `perm: 0o644` the administrator
//! changes it there while the driver runs. Only numbers and bools can then be read in any context: the others are copied
//! under a lock, and the copy of a text, which needs memory, is a `Result<CString, AllocError>`. The name of a type says `true` where that is so, since such a value cannot be borrowed.
//!
//! # Examples
//!
//! ```
//! use kernel::prelude::*;
//!
//! module! {
//!     type: Greeter,
//!     name: "greeter",
//!     license: "GPL",
//!     params: {
//!         greeting: str { default: "hello", description: "What to say" },
//!         repeat: u32 { default: 1, description: "How often", perm: 0o644 },
//!         delays: [u32; 4] { default: [10, 20], description: "How long to wait, in ms", perm: 0o444 },
//!     },
//! }
//!
//! struct Greeter;
//!
//! impl kernel::Module for Greeter {
//!     fn init(_module: &'static ThisModule) -> Result<Self> {
//!         let greeting: &'static CStr = module_parameters::greeting.value();
//!         for _ in 0..module_parameters::repeat.value() {
//!             pr_info!("{greeting}\n");
//!         }
//!         for delay in module_parameters::delays.value().iter() {
//!             pr_info!("a delay of {delay} ms\n");
//!         }
//!         Ok(Self)
//!     }
//! }
//! # fn main() {}
//! ```

#![allow(unsafe_code, reason = "C writes the values that Rust reads")]

mod array;
#[cfg(not(target_os = "none"))]
pub(crate) mod given;
mod text;

use core::cell::UnsafeCell;
use core::sync::atomic::{
    AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicU8, AtomicU16,
    AtomicU32, AtomicU64, AtomicUsize, Ordering,
};

pub use array::{ModuleParamArray, Values};
pub use text::ModuleParamString;

/// Types that a parameter can have, beside texts and rows.
///
/// # Safety
///
/// `shims/module_param.c` writes valid values of this type, each at once, for the name under which `module!` knows it.
pub unsafe trait ModuleParam: Copy + Send + Sync + 'static {
    /// What the elements are of which a row has room for more.
    #[doc(hidden)]
    const NONE: Self;

    /// Reads a value that may change meanwhile.
    ///
    /// # Safety
    ///
    /// `place` is valid and aligned, and whoever writes it writes it at once.
    #[doc(hidden)]
    unsafe fn load(place: *mut Self) -> Self;
}

macro_rules! parameters {
    ($($ty:ty, $atomic:ty, $none:literal;)*) => {$(
        // SAFETY: the shim parses a number of this width and sign, or for `bool` writes a C bool, with WRITE_ONCE.
        unsafe impl ModuleParam for $ty {
            const NONE: Self = $none;

            unsafe fn load(place: *mut Self) -> Self {
                // SAFETY: the place is valid and aligned, and only written at once, as the caller promises.
                unsafe { <$atomic>::from_ptr(place) }.load(Ordering::Relaxed)
            }
        }
    )*};
}

parameters! {
    i8, AtomicI8, 0;
    u8, AtomicU8, 0;
    i16, AtomicI16, 0;
    u16, AtomicU16, 0;
    i32, AtomicI32, 0;
    u32, AtomicU32, 0;
    i64, AtomicI64, 0;
    u64, AtomicU64, 0;
    isize, AtomicIsize, 0;
    usize, AtomicUsize, 0;
    bool, AtomicBool, false;
}

/// A number or bool: what the user said, or the default.
///
/// # Invariants
///
/// Unless it is `WRITABLE`, the value does not change once the module's `init` is called.
#[repr(transparent)]
pub struct ModuleParamAccess<T, const WRITABLE: bool = false>(UnsafeCell<T>);

// SAFETY: threads only read the value, and it is read at once where it can change.
unsafe impl<T: Sync, const WRITABLE: bool> Sync for ModuleParamAccess<T, WRITABLE> {}

impl<T: ModuleParam, const WRITABLE: bool> ModuleParamAccess<T, WRITABLE> {
    /// A parameter with its default, for `module!`.
    #[doc(hidden)]
    pub const fn new(default: T) -> Self {
        Self(UnsafeCell::new(default))
    }

    /// The value, as it is now. Any context.
    pub fn value(&self) -> T {
        // SAFETY: the place is this value's, and the shim writes it at once.
        unsafe { T::load(self.0.get()) }
    }
}

impl<T: ModuleParam> ModuleParamAccess<T> {
    /// The value, borrowed, of a parameter that does not change.
    pub fn value_ref(&self) -> &T {
        // SAFETY: by the invariant nobody writes it any more.
        unsafe { &*self.0.get() }
    }
}

/// The lock under which the parameters of this module change.
struct Lock(crate::types::NotThreadSafe);

impl Lock {
    /// Waits for the lock. Process context; nothing that runs under it calls a driver.
    fn new() -> Self {
        // SAFETY: process context, as the callers' documentation asks; the lock is held only within this module, where
        // nothing takes it twice.
        unsafe { koxide_abi::kx_params_lock() };
        Self(crate::types::NotThreadSafe)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // SAFETY: this thread took it, since this value does not go to another.
        unsafe { koxide_abi::kx_params_unlock() };
    }
}
