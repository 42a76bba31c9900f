// SPDX-License-Identifier: GPL-2.0-only

//! `module!`.

use proc_macro2::{Literal, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{LitCStr, LitStr};

use crate::info::ModuleInfo;
use crate::params::{Bound, Param};

/// Everything that a module needs at its root.
pub(crate) fn expand(input: TokenStream) -> syn::Result<TokenStream> {
    let info: ModuleInfo = syn::parse2(input)?;
    let ty = &info.ty;
    let name = c_literal(&info.name);
    let entries = entries(&info);
    let record = record(&info);
    let params = (!info.params.is_empty()).then(|| parameters(&info.params, Bound::Yes));
    let note = info.author_key.map(note_author);
    Ok(quote! {
        #note

        #[doc(hidden)]
        #[allow(dead_code)]
        const __LOG_PREFIX: &::core::ffi::CStr = #name;

        #[doc(hidden)]
        #[allow(dead_code)]
        type LocalModule = #ty;

        impl ::kernel::ModuleMetadata for #ty {
            const NAME: &'static ::core::ffi::CStr = #name;
        }

        #entries
        #record
        #params
    })
}

/// What an example's module needs inside of a module of tests, which has the entries: a function that loads and unloads it.
/// Its parameters have their defaults.
pub(crate) fn expand_example(input: TokenStream) -> syn::Result<TokenStream> {
    let info: ModuleInfo = syn::parse2(input)?;
    let ty = &info.ty;
    let name = c_literal(&info.name);
    let params = (!info.params.is_empty()).then(|| parameters(&info.params, Bound::No));
    Ok(quote! {
        impl ::kernel::ModuleMetadata for #ty {
            const NAME: &'static ::core::ffi::CStr = #name;
        }

        #params

        pub(crate) fn __load() -> ::kernel::error::Result {
            ::kernel::kunit::load::<#ty>()
        }
    })
}

/// Has the compiler note that a key has another name now: a macro cannot do that itself, but use what is deprecated.
fn note_author(at: Span) -> TokenStream {
    quote_spanned! {at=>
        const _: () = {
            #[deprecated(note = "`module!` takes `authors: [\"...\"]`")]
            #[allow(non_upper_case_globals)]
            const author: () = ();
            author
        };
    }
}

/// A string as a C string literal.
fn c_literal(text: &LitStr) -> LitCStr {
    let value = std::ffi::CString::new(text.value()).expect("the parser refuses NUL");
    LitCStr::new(&value, text.span())
}

/// The two functions that the kernel calls.
fn entries(info: &ModuleInfo) -> TokenStream {
    let ty = &info.ty;
    let selection = selection();
    let names = info.params.iter().map(Param::name);
    let giving = info.params.iter().map(Param::giving);
    let on_panic = &info.on_panic;
    quote! {
        // The driver's package need not know of this configuration.
        #[allow(unexpected_cfgs)]
        const _: () = {
            #[cfg(not(kunit))]
            fn tests() -> ::core::option::Option<::kernel::kunit::Selection> {
                ::core::option::Option::None
            }

            #selection

            static MODULE: ::kernel::module::Slot<#ty> = ::kernel::module::Slot::new();

            #[cfg(target_os = "none")]
            #[unsafe(export_name = "koxide_module_place")]
            static PLACE: ::kernel::module::Place = MODULE.place();

            #[cfg(target_os = "none")]
            #[unsafe(export_name = "koxide_on_panic")]
            static ON_PANIC: ::kernel::module::OnPanic = if cfg!(koxide_calm) {
                // The build found that nothing panics.
                ::kernel::module::OnPanic::Bug
            } else {
                ::kernel::module::OnPanic::#on_panic
            };

            #[cfg_attr(target_os = "none", unsafe(no_mangle))]
            #[allow(dead_code)]
            extern "C" fn init_module() -> ::core::ffi::c_int {
                // SAFETY: the kernel calls this once, when the module is loaded.
                unsafe { MODULE.init(tests()) }
            }

            #[cfg_attr(target_os = "none", unsafe(no_mangle))]
            #[allow(dead_code)]
            extern "C" fn cleanup_module() {
                // SAFETY: the kernel calls this once, when the module is unloaded, which it is only
                // after an init that succeeded.
                unsafe { MODULE.exit() }
            }

            #[cfg(not(target_os = "none"))]
            impl ::kernel::fake::Loadable for #ty {
                const __PARAMETERS: &'static [&'static str] = &[#(#names),*];

                unsafe fn __give<'a>(
                    given: impl ::core::ops::Fn(&str) -> ::core::option::Option<&'a str>,
                ) -> ::kernel::error::Result {
                    let _ = &given;
                    #(#giving)*
                    ::core::result::Result::Ok(())
                }

                fn __init() -> ::core::ffi::c_int {
                    init_module()
                }

                fn __exit() {
                    cleanup_module();
                }
            }
        };
    }
}

/// Two more parameters of a module of tests: who runs the tests chooses among them, and goes on behind one that crashed.
fn selection() -> TokenStream {
    let info = b"param=kunit_first:u32:0:The first test to run\0\
                 param=kunit_filter:str:0:Run only tests whose suite::name contains this\0";
    let len = info.len();
    let info = Literal::byte_string(info);
    quote! {
        #[cfg(kunit)]
        #[cfg_attr(target_os = "none", unsafe(export_name = "kx_param_kunit_first"))]
        static FIRST: ::kernel::module_param::ModuleParamAccess<u32> =
            ::kernel::module_param::ModuleParamAccess::new(1);

        #[cfg(kunit)]
        #[cfg_attr(target_os = "none", unsafe(export_name = "kx_param_kunit_filter"))]
        static FILTER: ::kernel::module_param::ModuleParamString =
            ::kernel::module_param::ModuleParamString::new(c"");

        #[cfg(kunit)]
        #[cfg_attr(target_os = "none", unsafe(link_section = ".koxide.info"))]
        #[used]
        static PARAMS: [u8; #len] = *#info;

        #[cfg(kunit)]
        fn tests() -> ::core::option::Option<::kernel::kunit::Selection> {
            ::core::option::Option::Some(::kernel::kunit::Selection {
                first: FIRST.value(),
                filter: FILTER.value(),
            })
        }
    }
}

/// The records from which the generated C file is written: `key=value`, each ended by a NUL.
fn record(info: &ModuleInfo) -> TokenStream {
    let text = record_text(info);
    let len = text.len();
    let bytes = Literal::byte_string(text.as_bytes());
    quote! {
        const _: () = {
            #[cfg_attr(target_os = "none", unsafe(link_section = ".koxide.info"))]
            #[used]
            static INFO: [u8; #len] = *#bytes;
        };
    }
}

/// The text of the records.
fn record_text(info: &ModuleInfo) -> String {
    let mut lines = vec![
        "abi=1".to_owned(),
        format!("name={}", info.name.value()),
        format!("license={}", info.license.value()),
    ];
    lines.extend(
        info.description
            .iter()
            .map(|text| format!("description={}", text.value())),
    );
    for (key, values) in [
        ("author", &info.authors),
        ("alias", &info.alias),
        ("firmware", &info.firmware),
        ("import_ns", &info.imports_ns),
    ] {
        lines.extend(
            values
                .iter()
                .map(|value| format!("{key}={}", value.value())),
        );
    }
    lines.extend(info.params.iter().map(Param::record));
    lines.iter().map(|line| format!("{line}\0")).collect()
}

/// The storage of the parameters, which C sets and Rust reads.
fn parameters(params: &[Param], bound: Bound) -> TokenStream {
    let statics = params.iter().map(|param| param.storage(bound));
    quote! {
        /// The parameters of this module.
        #[allow(dead_code, non_upper_case_globals)]
        mod module_parameters {
            #(#statics)*
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_of(input: TokenStream) -> String {
        expand(input).unwrap_err().to_string()
    }

    #[test]
    fn each_key_becomes_a_record() {
        let info: ModuleInfo = syn::parse2(quote! {
            type: Hello,
            name: "hello",
            authors: ["A", "B"],
            description: "Says hello",
            license: "GPL",
            alias: ["x:y"],
            firmware: ["f.bin"],
            imports_ns: ["NS"],
            params: { count: u32 { default: 3, description: "How often: a number", }, },
        })
        .unwrap();
        assert_eq!(
            record_text(&info),
            "abi=1\0name=hello\0license=GPL\0description=Says hello\0author=A\0author=B\0alias=x:y\0\
             firmware=f.bin\0import_ns=NS\0param=count:u32:0:How often: a number\0"
        );
    }

    #[test]
    fn a_module_in_an_example_has_no_entries() {
        let module = quote!(type: X, name: "x", license: "GPL", params: { n: u8 { default: 1, description: "n" } });
        let (whole, example) = (expand(module.clone()), expand_example(module));
        let (whole, example) = (whole.unwrap().to_string(), example.unwrap().to_string());
        for symbol in ["init_module", "kx_param_n", ".koxide.info"] {
            assert!(
                whole.contains(symbol) && !example.contains(symbol),
                "{symbol}"
            );
        }
        assert!(example.contains("kunit :: load :: < X >"), "{example}");
    }

    #[test]
    fn the_older_name_of_a_key_works_and_is_noted() {
        let module = quote!(type: X, name: "x", license: "GPL", author: "me");
        let info: ModuleInfo = syn::parse2(module.clone()).unwrap();
        assert!(record_text(&info).contains("author=me\0"));
        assert!(expand(module).unwrap().to_string().contains("deprecated"));
    }

    #[test]
    fn the_required_keys_are_required() {
        assert_eq!(
            error_of(quote!(name: "x", license: "GPL")),
            "`module!` needs the key `type`"
        );
        assert_eq!(
            error_of(quote!(type: X, license: "GPL")),
            "`module!` needs the key `name`"
        );
        assert_eq!(
            error_of(quote!(type: X, name: "x")),
            "`module!` needs the key `license`"
        );
    }

    #[test]
    fn a_wrong_key_is_named() {
        let error = error_of(quote!(type: X, writer: "me"));
        assert!(
            error.starts_with("`module!` has no key `writer`: it takes type, name, authors"),
            "{error}"
        );
        assert_eq!(
            error_of(quote!(name: "x", name: "y")),
            "`name` is given twice"
        );
    }

    #[test]
    fn what_becomes_of_a_panic_is_one_of_a_few_words() {
        let module = |policy| expand(quote!(type: X, name: "x", license: "GPL", on_panic: #policy));
        for (policy, variant) in [
            (quote!(contain), "OnPanic :: Contain"),
            (quote!(restart), "OnPanic :: Restart"),
            (quote!(bug), "OnPanic :: Bug"),
        ] {
            assert!(module(policy).unwrap().to_string().contains(variant));
        }
        let default = expand(quote!(type: X, name: "x", license: "GPL")).unwrap();
        assert!(default.to_string().contains("OnPanic :: Contain"));
        assert_eq!(
            module(quote!(oops)).unwrap_err().to_string(),
            "`on_panic` is contain, restart or bug"
        );
    }

    #[test]
    fn strings_that_c_cannot_hold_are_refused() {
        assert_eq!(
            error_of(quote!(description: "a\0b")),
            "this string cannot contain a NUL"
        );
        for name in ["", "a b", "ä"] {
            let error = error_of(quote!(name: #name));
            assert_eq!(
                error, "a module's name has 1 to 55 letters, digits, `_` and `-`",
                "{name}"
            );
        }
    }
}
