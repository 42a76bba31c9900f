// SPDX-License-Identifier: GPL-2.0-only

//! The macros that declare the ABI.

/// Declares functions that `shims/*.c` define.
///
/// The syntax is that of a foreign block's functions, so that the header can be generated from it. An attribute
/// `#[host(path)]` names the function that takes its place outside the kernel.
macro_rules! shims {
    ($(
        $(#[doc = $doc:expr])*
        $(#[host($($host:ident)::+)])?
        pub fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)?;
    )*) => {
        #[cfg(target_os = "none")]
        #[allow(improper_ctypes, reason = "a class of locks may be nothing; the header's generator knows what C can take")]
        unsafe extern "C" {
            $($(#[doc = $doc])* pub fn $name($($arg: $ty),*) $(-> $ret)?;)*
        }
        $(
            #[cfg(not(target_os = "none"))]
            #[allow(improper_ctypes_definitions, reason = "a class of locks may be nothing")]
            $(#[doc = $doc])*
            pub unsafe fn $name($($arg: $ty),*) $(-> $ret)? {
                stand_in!($name($($arg),*) $($($host)::+)?)
            }
        )*
    };
}

/// Declares functions that take any further values, as `printk` does; [`variadic!`](crate::variadic) calls them.
macro_rules! variadic_shims {
    ($(
        $(#[doc = $doc:expr])*
        #[host($($host:ident)::+)]
        pub fn $name:ident($($arg:ident: $ty:ty),+, ...) $(-> $ret:ty)?;
    )*) => {
        #[cfg(target_os = "none")]
        unsafe extern "C" {
            $($(#[doc = $doc])* pub fn $name($($arg: $ty),+, ...) $(-> $ret)?;)*
        }
        $(
            #[cfg(not(target_os = "none"))]
            $(#[doc = $doc])*
            pub unsafe fn $name($($arg: $ty,)+ values: &[crate::Value]) $(-> $ret)? {
                // SAFETY: the caller fulfils the shim's contract, which is the twin's contract.
                unsafe { $($host)::+($($arg,)+ values) }
            }
        )*
    };
}

/// Calls a function that takes any further values: those after the semicolon, which are [`Variadic`](crate::Variadic).
#[macro_export]
#[cfg(target_os = "none")]
macro_rules! variadic {
    ($name:ident($($arg:expr),+; $($value:expr),*)) => { $crate::$name($($arg,)+ $($value),*) };
}

/// Calls the twin of a function that takes any further values.
#[macro_export]
#[cfg(not(target_os = "none"))]
macro_rules! variadic {
    ($name:ident($($arg:expr),+; $($value:expr),*)) => {
        $crate::$name($($arg,)+ &[$($crate::Variadic::value($value)),*])
    };
}

/// The body of a shim outside the kernel.
#[cfg(not(target_os = "none"))]
macro_rules! stand_in {
    ($name:ident($($arg:ident),*)) => {{
        $(let _ = $arg;)*
        $crate::host::missing(stringify!($name))
    }};
    ($name:ident($($arg:ident),*) $($host:ident)::+) => {
        // SAFETY: the caller fulfils the shim's contract, which is the twin's contract.
        unsafe { $($host)::+($($arg),*) }
    };
}

/// Declares kernel structs of which Rust knows only addresses.
macro_rules! opaque {
    ($($(#[doc = $doc:expr])* pub struct $name:ident;)*) => {$(
        $(#[doc = $doc])*
        #[allow(non_camel_case_types, reason = "the name is C's")]
        #[repr(C)]
        pub struct $name {
            _opaque: [u8; 0],
            _neither_send_nor_unpin: core::marker::PhantomData<(*mut u8, core::marker::PhantomPinned)>,
        }
    )*};
}
