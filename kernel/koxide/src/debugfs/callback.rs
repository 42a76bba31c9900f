// SPDX-License-Identifier: GPL-2.0-only

//! Functions that are known by their type.

#![allow(unsafe_code, reason = "a value is made of its type")]

use core::ptr::NonNull;

/// The one value of a type that a file's method was given a `&'static F` of: a function, or a closure that captures
/// nothing. Others do not compile.
pub(super) fn function<F: 'static>() -> &'static F {
    const {
        assert!(
            size_of::<F>() == 0,
            "a callback is a function, or a closure that captures nothing"
        );
    }
    // SAFETY: a reference to a type without bytes needs an aligned address only; a value exists, since the method that the
    // file was made by was given a reference to one, which lives for ever.
    unsafe { NonNull::<F>::dangling().as_ref() }
}
