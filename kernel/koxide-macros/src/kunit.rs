// SPDX-License-Identifier: GPL-2.0-only

//! `#[kunit_tests(suite)]`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::spanned::Spanned as _;
use syn::{Attribute, Error, Expr, Ident, Item, ItemFn, ItemMod, Lit, LitStr, Meta, Token};

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
            && take_attribute(function, "test").is_some()
        {
            check_signature(function)?;
            cases.push(case(function)?);
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

/// A test as the suite has it: one that the configuration leaves out is skipped, and so is one that is ignored.
fn case(function: &mut ItemFn) -> syn::Result<TokenStream> {
    let name = function.sig.ident.clone();
    let shown = name.unraw().to_string();
    let mut body = quote! {
        ::kernel::kunit::Case::new(#shown, || ::kernel::kunit::Outcome::failed(#name()))
    };
    if let Some(panics) = take_attribute(function, "should_panic") {
        let expected = expected(&panics)?;
        body = quote! {
            ::kernel::kunit::Case::panicking(
                #shown,
                || ::kernel::kunit::Outcome::failed(#name()),
                #expected,
            )
        };
    }
    if let Some(ignored) = take_attribute(function, "ignore") {
        let why = reason(&ignored)?;
        body = quote!(::kernel::kunit::Case::skipped(#shown, #why));
        // Nobody calls it, and it has to compile all the same.
        function.attrs.push(syn::parse_quote!(#[allow(dead_code)]));
    }
    let conditions = function.attrs.iter().filter(|a| a.path().is_ident("cfg"));
    let conditions: Vec<TokenStream> = conditions
        .map(Attribute::parse_args)
        .collect::<Result<_, _>>()?;
    if conditions.is_empty() {
        return Ok(quote!(#body,));
    }
    Ok(quote! {
        #[cfg(all(#(#conditions),*))]
        #body,
        #[cfg(not(all(#(#conditions),*)))]
        ::kernel::kunit::Case::skipped(#shown, "left out by its #[cfg]"),
    })
}

/// Why a test is ignored: `#[ignore = "why"]`.
fn reason(ignored: &Attribute) -> syn::Result<LitStr> {
    if let Meta::NameValue(pair) = &ignored.meta
        && let Expr::Lit(literal) = &pair.value
        && let Lit::Str(text) = &literal.lit
    {
        return Ok(text.clone());
    }
    Err(Error::new_spanned(
        ignored,
        "say why: `#[ignore = \"needs a second disk\"]`",
    ))
}

/// What the message of a panic contains: `#[should_panic(expected = "text")]`.
fn expected(panics: &Attribute) -> syn::Result<LitStr> {
    match &panics.meta {
        Meta::Path(path) => Ok(LitStr::new("", path.span())),
        Meta::List(list) => list.parse_args_with(|input: ParseStream<'_>| {
            let key: Ident = input.parse()?;
            if key != "expected" {
                return Err(Error::new(key.span(), "this takes `expected = \"text\"`"));
            }
            input.parse::<Token![=]>()?;
            input.parse()
        }),
        Meta::NameValue(_) => Err(Error::new_spanned(
            panics,
            "this takes `(expected = \"text\")`",
        )),
    }
}

/// The attribute of that name; a function has it no more after this, since the compiler has its own idea of it.
fn take_attribute(function: &mut ItemFn, name: &str) -> Option<Attribute> {
    let at = function
        .attrs
        .iter()
        .position(|attr| attr.path().is_ident(name))?;
    Some(function.attrs.remove(at))
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
    fn what_does_not_run_is_skipped_for_its_reason() {
        let suite = |function: TokenStream| expand(quote!(s), quote!(mod t { #[test] #function }));
        let text = |function| suite(function).unwrap().to_string();
        let ignored = text(quote!(
            #[ignore = "no time"]
            fn r#x() {}
        ));
        assert!(
            ignored.contains(r#"Case :: skipped ("x" , "no time")"#),
            "{ignored}"
        );
        assert!(!ignored.contains("ignore"), "{ignored}");
        let panics = text(quote!(
            #[should_panic(expected = "much")]
            fn x() {}
        ));
        assert!(
            panics.contains("Case :: panicking (\"x\"") && panics.contains(r#", "much" ,"#),
            "{panics}"
        );
        let left_out = text(quote!(
            #[cfg(a)]
            #[cfg(b)]
            fn x() {}
        ));
        assert!(
            left_out.contains("# [cfg (not (all (a , b)))]"),
            "{left_out}"
        );
        let silent = suite(quote!(
            #[ignore]
            fn x() {}
        ));
        assert!(silent.unwrap_err().to_string().starts_with("say why"));
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
