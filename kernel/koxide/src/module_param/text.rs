// SPDX-License-Identifier: GPL-2.0-only

//! Parameters that are texts.

#![allow(unsafe_code, reason = "C writes the values that Rust reads")]

use core::cell::UnsafeCell;
use core::ffi::{CStr, c_char};

use super::Lock;
use crate::alloc::AllocError;
use crate::str::CString;

/// A text: what the user said, or the default.
///
/// # Invariants
///
/// - `given` is null, or C's: a C string that stays there until the shim puts another in its place under the lock, or the
///   module's code has gone.
/// - Unless it is `WRITABLE`, `given` does not change once the module's `init` is called.
// `shims/module_param.c` has the same struct.
#[repr(C)]
pub struct ModuleParamString<const WRITABLE: bool = false> {
    pub(super) given: UnsafeCell<*const c_char>,
    default: *const c_char,
}

// SAFETY: threads only read the text, under the lock where it can change.
unsafe impl<const WRITABLE: bool> Sync for ModuleParamString<WRITABLE> {}

impl<const WRITABLE: bool> ModuleParamString<WRITABLE> {
    /// A parameter with its default, for `module!`.
    #[doc(hidden)]
    pub const fn new(default: &'static CStr) -> Self {
        // INVARIANT: nothing was given yet.
        Self {
            given: UnsafeCell::new(core::ptr::null()),
            default: default.as_ptr(),
        }
    }

    /// The text.
    ///
    /// # Safety
    ///
    /// During `'a` it does not change: the lock is held, or it never does.
    unsafe fn text<'a>(&self) -> &'a CStr {
        // SAFETY: nobody writes it now, as the caller promises.
        let given = unsafe { *self.given.get() };
        let text = if given.is_null() { self.default } else { given };
        // SAFETY: by the invariant it is a C string, which stays as long as the caller promises; or it is the default, which
        // is static.
        unsafe { CStr::from_ptr(text) }
    }
}

impl ModuleParamString {
    /// The text, which does not change. Any context.
    pub fn value(&'static self) -> &'static CStr {
        // SAFETY: by the invariant nobody writes it any more, as long as there is code that could look at it.
        unsafe { self.text() }
    }
}

impl ModuleParamString<true> {
    /// A copy of the text, as it is now.
    ///
    /// # Errors
    ///
    /// [`AllocError`] when there is no memory.
    ///
    /// # Context
    ///
    /// Process context; may sleep.
    pub fn value(&self) -> Result<CString, AllocError> {
        let _lock = Lock::new();
        // SAFETY: the lock is held until the text was copied.
        CString::try_from(unsafe { self.text() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_takes_the_place_of_the_default() {
        static GIVEN: ModuleParamString = ModuleParamString {
            given: UnsafeCell::new(c"given".as_ptr()),
            default: c"default".as_ptr(),
        };
        static DEFAULT: ModuleParamString<true> = ModuleParamString::new(c"default");
        assert_eq!(GIVEN.value(), c"given");
        assert_eq!(&*DEFAULT.value().unwrap(), c"default");
    }
}
