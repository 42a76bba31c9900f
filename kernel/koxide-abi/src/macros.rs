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

/// Declares fields of kernel structs, which need no call: `KX_FIELD` in `shims/*.c` says where they are.
///
/// The syntax is that of `shims!`, and the attribute `field` says what is done: one of the functions of
/// `field`, or `current` for the thread that runs. In the kernel the name is that of a symbol, too, whose value is the field's
/// offset.
macro_rules! fields {
    ($(
        $(#[doc = $doc:expr])*
        $(#[host($($host:ident)::+)])?
        #[field($does:ident)]
        pub fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)?;
    )*) => {$(
        #[cfg(target_os = "none")]
        $(#[doc = $doc])*
        #[inline(always)]
        pub unsafe fn $name($($arg: $ty),*) $(-> $ret)? {
            unsafe extern "C" {
                #[allow(dead_code, reason = "the running thread need not be a variable")]
                static $name: u8;
            }
            // SAFETY: the caller answers for the struct, and its shim for the field's offset and type.
            unsafe { access!($does $name, $($arg),*) }
        }

        #[cfg(not(target_os = "none"))]
        $(#[doc = $doc])*
        pub unsafe fn $name($($arg: $ty),*) $(-> $ret)? {
            stand_in!($name($($arg),*) $($($host)::+)?)
        }
    )*};
}

/// What is done with a field, or another value that the shims know.
#[cfg(target_os = "none")]
macro_rules! access {
    // An instruction of its own: the memory or register of this CPU is not in any pointer's reach.
    (current $name:ident,) => {{
        let value;
        core::arch::asm!(
            // The symbol is that of the variable.
            #[cfg(target_arch = "x86_64")]
            "mov {}, qword ptr gs:[{}]",
            #[cfg(target_arch = "aarch64")]
            "mrs {}, sp_el0",
            // `shims/module.c` refuses kernels that do not have it there.
            #[cfg(target_arch = "arm")]
            "mrc p15, 0, {}, c13, c0, 3",
            out(reg) value,
            #[cfg(target_arch = "x86_64")]
            sym $name,
            options(pure, nomem, nostack, preserves_flags),
        );
        value
    }};
    ($does:ident $name:ident, $($arg:ident),*) => {
        $crate::field::$does(value!($name), $($arg),*)
    };
}

/// The value of a symbol, as an address: see `field`.
#[cfg(all(target_os = "none", target_arch = "x86_64"))]
macro_rules! value {
    ($name:ident) => {
        &raw const $name
    };
}

/// The value of a symbol, as an address: see `field`.
#[cfg(all(target_os = "none", not(target_arch = "x86_64")))]
macro_rules! value {
    ($name:ident) => {{
        let value: *const u8;
        core::arch::asm!(
            #[cfg(target_arch = "aarch64")]
            "movz {}, #:abs_g0:{}",
            #[cfg(target_arch = "arm")]
            "movw {}, #:lower16:{}",
            out(reg) value,
            sym $name,
            options(pure, nomem, nostack, preserves_flags),
        );
        value
    }};
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
