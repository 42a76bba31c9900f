// SPDX-License-Identifier: GPL-2.0-only

//! The procedural macros of the `kernel` library, which re-exports them: see them there.
//!
//! One file per macro. Each has a function from tokens to tokens, so that it can be tested without a compiler.

mod attributes;
mod fmt;
mod info;
mod kunit;
mod module;
mod params;
mod pin_data;
mod pinned_drop;
mod plain;
mod printk;
mod vtable;
mod zeroable;

use proc_macro::TokenStream;

/// Gives a result to the compiler: the tokens, or the error at its place in the source.
fn finish(result: syn::Result<proc_macro2::TokenStream>) -> TokenStream {
    result.unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Declares a kernel module: its type, its name, and what `modinfo` says about it.
///
/// Used once, at the root of the driver's crate. `type`, `name` and `license` are required.
///
/// ```ignore
/// module! {
///     type: HelloWorld,
///     name: "hello_world",
///     authors: ["A. Author"],
///     description: "Greets and takes leave in the kernel log",
///     license: "GPL",
///     alias: ["char-major-10-200"],
///     firmware: ["hello/hello.bin"],
///     imports_ns: ["SOME_NAMESPACE"],
///     on_panic: contain,
///     params: {
///         repeat: u32 {
///             default: 1,
///             description: "How often to greet",
///         },
///     },
/// }
/// ```
///
/// A parameter is read with `module_parameters::repeat.value()`. Its type is one of `i8` to `i64`, `u8` to `u64`,
/// `isize`, `usize` and `bool`, an array of one of these such as `[u32; 4]`, or `str`. It is set when the module is loaded,
/// and not shown in sysfs unless it has a mode there, such as `perm: 0o644`. `kernel::module_param` says more.
///
/// `on_panic` says what becomes of a panic, `contain` if it is left out. `kernel::module` says more.
#[proc_macro]
pub fn module(input: TokenStream) -> TokenStream {
    finish(module::expand(input.into()))
}

/// Arguments of a format string, to be formatted where they are used; as `format_args!`, but for the kernel's traits.
///
/// `{}` looks for `kernel::fmt::Display`, and `{:p}` for `kernel::fmt::Pointer`.
///
/// ```ignore
/// let name = CString::try_from_fmt(fmt!("disk{}", 3))?;
/// ```
#[proc_macro]
pub fn fmt(input: TokenStream) -> TokenStream {
    fmt::expand(input.into()).into()
}

/// Writes a message; the body of `pr_info!` and its relatives.
#[doc(hidden)]
#[proc_macro]
pub fn __printk(input: TokenStream) -> TokenStream {
    finish(printk::expand(input.into()))
}

/// Makes a trait a table of operations that an implementation may leave out.
///
/// On a trait it adds a constant `HAS_<METHOD>` per method, false by default, and on an implementation it sets those of
/// the methods that are there: the C side gets a null pointer for the others, as a C driver would leave it.
///
/// An implementation that lacks the attribute does not compile: `USE_VTABLE_ATTR` is missing, says the compiler.
#[proc_macro_attribute]
pub fn vtable(attr: TokenStream, input: TokenStream) -> TokenStream {
    finish(vtable::expand(attr.into(), input.into()))
}

/// `module!` of an example that runs as an in-kernel test, inside of another module.
#[doc(hidden)]
#[proc_macro]
pub fn __example_module(input: TokenStream) -> TokenStream {
    finish(module::expand_example(input.into()))
}

/// Makes a module of functions marked `#[test]` a suite of tests that run in the kernel.
///
/// The suite exists in objects that are compiled with `--cfg kunit`, and runs when such a module is loaded, before its
/// `init`. `assert!`, `assert_eq!` and `assert_ne!` inside it report a failure and go on.
#[proc_macro_attribute]
pub fn kunit_tests(attr: TokenStream, input: TokenStream) -> TokenStream {
    finish(kunit::expand(attr.into(), input.into()))
}

/// Says which fields of a struct are pinned with it: those marked `#[pin]`.
///
/// With the argument `PinnedDrop` the struct is dropped by its implementation of that trait, see `pinned_drop`.
#[proc_macro_attribute]
pub fn pin_data(attr: TokenStream, input: TokenStream) -> TokenStream {
    finish(pin_data::expand(attr.into(), input.into()))
}

/// Implements `PinnedDrop` for a struct marked `#[pin_data(PinnedDrop)]`.
#[proc_macro_attribute]
pub fn pinned_drop(attr: TokenStream, input: TokenStream) -> TokenStream {
    finish(pinned_drop::expand(attr.into(), input.into()))
}

/// Implements `Zeroable` for a struct, all of whose fields are.
#[proc_macro_derive(Zeroable)]
pub fn zeroable(input: TokenStream) -> TokenStream {
    finish(zeroable::expand(input.into()))
}

/// Implements `FromBytes` for a struct, all of whose fields are.
#[proc_macro_derive(FromBytes)]
pub fn from_bytes(input: TokenStream) -> TokenStream {
    finish(plain::from_bytes(input.into()))
}

/// Implements `AsBytes` for a struct of C's layout without padding, all of whose fields are.
#[proc_macro_derive(AsBytes)]
pub fn as_bytes(input: TokenStream) -> TokenStream {
    finish(plain::as_bytes(input.into()))
}
