// SPDX-License-Identifier: GPL-2.0-only

//! `#[pinned_drop]`: the front of pin-init's own macro, see `pin_data.rs`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Error, ImplItem, ItemImpl};

use crate::attributes::is_plain;

/// Names the trait by its full path and hands the rest on.
pub(crate) fn expand(attr: TokenStream, input: TokenStream) -> syn::Result<TokenStream> {
    if !attr.is_empty() {
        return Err(Error::new_spanned(
            attr,
            "`#[pinned_drop]` takes no arguments",
        ));
    }
    let item: ItemImpl = syn::parse2(input)?;
    if let Some(other) = attributes(&item).find(|attr| !is_plain(attr)) {
        return Err(Error::new_spanned(
            other,
            "this attribute cannot be used with `#[pinned_drop]`",
        ));
    }
    let names_it = |path: &syn::Path| {
        path.segments
            .last()
            .is_some_and(|last| last.ident == "PinnedDrop")
    };
    if !item.trait_.as_ref().is_some_and(|(path, _)| names_it(path)) {
        return Err(Error::new_spanned(
            &item.self_ty,
            "`#[pinned_drop]` goes on `impl PinnedDrop for ..`",
        ));
    }
    let ItemImpl {
        attrs,
        generics,
        self_ty,
        items,
        ..
    } = &item;
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    Ok(quote! {
        ::kernel::pin_init::__pinned_drop! {
            @impl_sig(impl #impl_generics ::kernel::pin_init::PinnedDrop for #self_ty #where_clause),
            @impl_body(#(#attrs)* #(#items)*),
        }
    })
}

/// The attributes of an implementation and of its functions.
fn attributes(item: &ItemImpl) -> impl Iterator<Item = &Attribute> {
    let of_functions = item.items.iter().flat_map(|item| match item {
        ImplItem::Fn(function) => function.attrs.as_slice(),
        _ => &[],
    });
    item.attrs.iter().chain(of_functions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trait_gets_its_full_path() {
        let out = expand(
            quote!(),
            quote!(
                impl<T: Send> PinnedDrop for A<T> {
                    fn drop(self: Pin<&mut Self>) {}
                }
            ),
        );
        let out = out.unwrap().to_string();
        let signature =
            "@ impl_sig (impl < T : Send > :: kernel :: pin_init :: PinnedDrop for A < T >)";
        assert!(out.contains(signature), "{out}");
    }

    #[test]
    fn what_the_linker_looks_at_is_refused() {
        let with = |attribute: TokenStream| {
            expand(
                quote!(),
                quote!(
                    impl PinnedDrop for A {
                        #attribute
                        fn drop(self: Pin<&mut Self>) {}
                    }
                ),
            )
        };
        assert!(with(quote!(#[unsafe(export_name = "mutex_lock")])).is_err());
        assert!(with(quote!(#[no_mangle])).is_err());
        assert!(with(quote!(#[inline])).is_ok());
        let outside = quote!(
            #[unsafe(no_mangle)]
            impl PinnedDrop for A {
                fn drop(self: Pin<&mut Self>) {}
            }
        );
        assert!(expand(quote!(), outside).is_err());
    }

    #[test]
    fn other_traits_are_refused() {
        assert!(expand(quote!(), quote!(impl Drop for A { fn drop(&mut self) {} })).is_err());
        assert!(expand(quote!(), quote!(impl A {})).is_err());
    }
}
