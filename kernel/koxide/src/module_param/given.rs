// SPDX-License-Identifier: GPL-2.0-only

//! Parameters that a test gives, where no kernel does.

#![allow(unsafe_code, reason = "writes what Rust otherwise only reads")]

use std::ffi::CString;
use std::vec::Vec;

use super::{ModuleParam, ModuleParamAccess, ModuleParamArray, ModuleParamString};
use crate::error::{Result, code::EINVAL};
use crate::str::{BStr, kstrtobool_bytes, parse_int::ParseInt};

/// A parameter, as [`fake::load_with`](crate::fake::load_with) sets it.
#[doc(hidden)]
pub trait Parameter {
    /// Takes what was given, `None` for the default.
    ///
    /// # Errors
    ///
    /// `EINVAL` for a text that is no such value.
    ///
    /// # Safety
    ///
    /// Nobody uses the parameter meanwhile.
    unsafe fn give(&self, default: Self, text: Option<&str>) -> Result;
}

/// A value that a text says.
pub trait FromText: Sized {
    /// Reads it.
    #[doc(hidden)]
    fn from_text(text: &str) -> Result<Self>;
}

impl FromText for bool {
    fn from_text(text: &str) -> Result<Self> {
        kstrtobool_bytes(text.as_bytes())
    }
}

macro_rules! integers {
    ($($ty:ty)*) => {$(
        impl FromText for $ty {
            fn from_text(text: &str) -> Result<Self> {
                <$ty as ParseInt>::from_str(BStr::from_bytes(text.as_bytes()))
            }
        }
    )*};
}

integers!(i8 u8 i16 u16 i32 u32 i64 u64 isize usize);

impl<T: ModuleParam + FromText, const WRITABLE: bool> Parameter for ModuleParamAccess<T, WRITABLE> {
    unsafe fn give(&self, default: Self, text: Option<&str>) -> Result {
        let value = text.map_or(Ok(default.value()), T::from_text)?;
        // SAFETY: nobody uses it, as the caller promises.
        unsafe { self.0.get().write(value) };
        Ok(())
    }
}

impl<T: ModuleParam + FromText, const N: usize, const WRITABLE: bool> Parameter
    for ModuleParamArray<T, N, WRITABLE>
{
    unsafe fn give(&self, default: Self, text: Option<&str>) -> Result {
        let mut row = default.0.into_inner();
        if let Some(text) = text {
            let values: Vec<T> = text.split(',').map(T::from_text).collect::<Result<_>>()?;
            row.elements
                .get_mut(..values.len())
                .ok_or(EINVAL)?
                .copy_from_slice(&values);
            row.count = values.len();
        }
        // SAFETY: nobody uses it, as the caller promises.
        unsafe { self.0.get().write(row) };
        Ok(())
    }
}

impl<const WRITABLE: bool> Parameter for ModuleParamString<WRITABLE> {
    unsafe fn give(&self, _default: Self, text: Option<&str>) -> Result {
        let given = match text {
            // It lives as long as the process, as the module does for its parameters.
            Some(text) => CString::new(text)
                .map_err(|_| EINVAL)?
                .into_raw()
                .cast_const(),
            None => core::ptr::null(),
        };
        // SAFETY: nobody uses it, as the caller promises.
        unsafe { self.given.get().write(given) };
        Ok(())
    }
}
