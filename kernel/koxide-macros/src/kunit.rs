// SPDX-License-Identifier: GPL-2.0-only

//! `#[kunit_tests(suite)]`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Error, Ident, Item, ItemFn, ItemMod};

/// Collects the functions marked `#[test]` of a module into a suite.
pub(crate) fn expand(attr: TokenStream, input: TokenStream) -> syn::Result<TokenStream> {
    let suite: Ident = syn::parse2(attr)
        .map_err(|error| Error::new(error.span(), "name the suite: `#[kunit_tests(name)]`"))?;
    let mut module: ItemMod = syn::parse2(input)?;
    let Some((_, items)) = &mut module.content else {
        return Err(Error::new_spanned(
            module,
            "`#[kunit_tests]` needs the module's content here",
        ));
    };
    let mut cases = Vec::new();
    for item in items.iter_mut() {
        if let Item::Fn(function) = item
            && take_test_attribute(function)
        {
            check_signature(function)?;
            let name = &function.sig.ident;
            let conditions = function
                .attrs
                .iter()
                .filter(|attr| attr.path().is_ident("cfg"));
            let shown = name.to_string();
            cases.push(quote! {
                #(#conditions)*
                ::kernel::kunit::Case::new(#shown, || ::kernel::kunit::Outcome::failed(#name())),
            });
        }
    }
    if cases.is_empty() {
        return Err(Error::new(
            suite.span(),
            "this suite has no function marked `#[test]`",
        ));
    }
    let suite = suite.to_string();
    let mut with_macros: Vec<Item> = assertions();
    with_macros.append(items);
    with_macros.push(syn::parse_quote! {
        ::kernel::kunit_suite!(#suite, [#(#cases)*]);
    });
    *items = with_macros;
    module.attrs.push(syn::parse_quote!(#[cfg(kunit)]));
    Ok(module.into_token_stream())
}

/// Whether a function was marked `#[test]`; the mark is gone after it, since the compiler has its own idea of it.
fn take_test_attribute(function: &mut ItemFn) -> bool {
    let before = function.attrs.len();
    function.attrs.retain(|attr| !attr.path().is_ident("test"));
    function.attrs.len() != before
}

/// A test takes nothing; what it returns is checked by the compiler.
fn check_signature(function: &ItemFn) -> syn::Result<()> {
    if function.sig.inputs.is_empty() && function.sig.generics.params.is_empty() {
        return Ok(());
    }
    Err(Error::new_spanned(
        &function.sig,
        "a test has neither arguments nor generics",
    ))
}

/// The assertions as they are inside a suite: they hide those of the standard prelude.
fn assertions() -> Vec<Item> {
    vec![
        syn::parse_quote! {
            #[allow(unused_macros)]
            macro_rules! assert {
                ($($args:tt)*) => { ::kernel::kunit_assert!($($args)*) };
            }
        },
        syn::parse_quote! {
            #[allow(unused_macros)]
            macro_rules! assert_eq {
                ($($args:tt)*) => { ::kernel::kunit_assert_eq!($($args)*) };
            }
        },
        syn::parse_quote! {
            #[allow(unused_macros)]
            macro_rules! assert_ne {
                ($($args:tt)*) => { ::kernel::kunit_assert_ne!($($args)*) };
            }
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_become_cases_and_helpers_do_not() {
        let out = expand(
            quote!(s),
            quote!(
                mod tests {
                    fn helper() {}
                    #[test]
                    fn works() {}
                }
            ),
        );
        let out = out.unwrap().to_string();
        assert!(out.starts_with("# [cfg (kunit)] mod tests"), "{out}");
        assert!(out.contains(r#"Case :: new ("works""#), "{out}");
        assert!(!out.contains(r#""helper""#), "{out}");
        assert!(!out.contains("# [test]"), "{out}");
    }

    #[test]
    fn a_suite_has_a_name_and_tests() {
        let error = |attr, input| expand(attr, input).unwrap_err().to_string();
        assert_eq!(
            error(
                quote!(),
                quote!(
                    mod t {}
                )
            ),
            "name the suite: `#[kunit_tests(name)]`"
        );
        assert_eq!(
            error(
                quote!(s),
                quote!(
                    mod t {}
                )
            ),
            "this suite has no function marked `#[test]`"
        );
        let with_argument = quote!(
            mod t {
                #[test]
                fn x(a: u8) {}
            }
        );
        assert_eq!(
            error(quote!(s), with_argument),
            "a test has neither arguments nor generics"
        );
    }
}
