// SPDX-License-Identifier: GPL-2.0-only

//! `#[vtable]`.

use std::collections::HashSet;

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::{Attribute, Error, Ident, ImplItem, Item, ItemImpl, ItemTrait, TraitItem, parse_quote};

/// Adds the constants to a trait or to its implementation.
pub(crate) fn expand(attr: TokenStream, input: TokenStream) -> syn::Result<TokenStream> {
    if !attr.is_empty() {
        return Err(Error::new_spanned(attr, "`#[vtable]` takes no arguments"));
    }
    match syn::parse2(input)? {
        Item::Trait(item) => Ok(on_trait(item)),
        Item::Impl(item) if item.trait_.is_some() => Ok(on_impl(item)),
        other => Err(Error::new_spanned(
            other,
            "`#[vtable]` goes on a trait or on the implementation of one",
        )),
    }
}

/// `HAS_READ_ITER` of `read_iter`.
fn constant_name(method: &Ident) -> Ident {
    format_ident!(
        "HAS_{}",
        method.to_string().to_uppercase(),
        span = method.span()
    )
}

/// The attributes that decide whether an item exists.
fn conditions(attrs: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attrs.iter().filter(|attr| attr.path().is_ident("cfg"))
}

/// Adds what each implementation has to say, with the answers of one that has nothing.
fn on_trait(mut item: ItemTrait) -> TokenStream {
    let mut added: Vec<TraitItem> = vec![
        parse_quote! {
            /// A marker: an implementation needs `#[vtable]` too.
            const USE_VTABLE_ATTR: ();
        },
        parse_quote! {
            /// The module that implements this: `#[vtable]` sets it to the crate's own.
            type OwnerModule: ::kernel::ModuleMetadata;
        },
    ];
    for method in item.items.iter().filter_map(|item| match item {
        TraitItem::Fn(method) => Some(method),
        _ => None,
    }) {
        let name = constant_name(&method.sig.ident);
        let conditions = conditions(&method.attrs);
        let doc = format!(
            "Whether the implementation has [`{0}`](Self::{0}).",
            method.sig.ident
        );
        added.push(parse_quote! {
            #(#conditions)*
            #[doc = #doc]
            const #name: bool = false;
        });
    }
    item.items.extend(added);
    item.into_token_stream()
}

/// Adds the answers of this implementation, but for those that its author gives.
fn on_impl(mut item: ItemImpl) -> TokenStream {
    let given: HashSet<String> = item
        .items
        .iter()
        .filter_map(|item| match item {
            ImplItem::Const(item) => Some(item.ident.to_string()),
            ImplItem::Type(item) => Some(item.ident.to_string()),
            _ => None,
        })
        .collect();
    let mut added: Vec<ImplItem> = vec![parse_quote!(
        const USE_VTABLE_ATTR: () = ();
    )];
    if !given.contains("OwnerModule") {
        added.push(parse_quote!(
            type OwnerModule = crate::LocalModule;
        ));
    }
    for method in item.items.iter().filter_map(|item| match item {
        ImplItem::Fn(method) => Some(method),
        _ => None,
    }) {
        let name = constant_name(&method.sig.ident);
        if !given.contains(&name.to_string()) {
            let conditions = conditions(&method.attrs);
            added.push(parse_quote! {
                #(#conditions)*
                const #name: bool = true;
            });
        }
    }
    item.items.extend(added);
    quote!(#item)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_implementation_says_what_it_has() {
        let out = expand(
            quote!(),
            quote!(impl T for X { fn read(&self) {} const HAS_WRITE: bool = false; fn write() {} }),
        );
        let out = out.unwrap().to_string();
        assert!(out.contains("const HAS_READ : bool = true"), "{out}");
        assert!(!out.contains("const HAS_WRITE : bool = true"), "{out}");
        assert!(
            out.contains("type OwnerModule = crate :: LocalModule"),
            "{out}"
        );
    }

    #[test]
    fn a_trait_has_nothing_by_default() {
        let out = expand(
            quote!(),
            quote!(
                trait T {
                    fn read(&self);
                }
            ),
        )
        .unwrap()
        .to_string();
        assert!(out.contains("const HAS_READ : bool = false"), "{out}");
    }

    #[test]
    fn other_places_are_refused() {
        let error = expand(
            quote!(),
            quote!(
                struct X;
            ),
        )
        .unwrap_err()
        .to_string();
        assert_eq!(
            error,
            "`#[vtable]` goes on a trait or on the implementation of one"
        );
        assert!(
            expand(
                quote!(x),
                quote!(
                    trait T {}
                )
            )
            .is_err()
        );
    }
}
