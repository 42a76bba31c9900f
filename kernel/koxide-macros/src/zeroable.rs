// SPDX-License-Identifier: GPL-2.0-only

//! `#[derive(Zeroable)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, parse_quote};

/// Implements `Zeroable` where all fields have it.
pub(crate) fn expand(input: TokenStream) -> syn::Result<TokenStream> {
    let input: DeriveInput = syn::parse2(input)?;
    let Data::Struct(data) = &input.data else {
        return Err(Error::new_spanned(
            &input.ident,
            "`Zeroable` can be derived for structs only",
        ));
    };
    let mut generics = input.generics.clone();
    let predicates = &mut generics.make_where_clause().predicates;
    for field in &data.fields {
        let ty = &field.ty;
        predicates.push(parse_quote!(#ty: ::kernel::pin_init::Zeroable));
    }
    let name = &input.ident;
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    Ok(quote! {
        // SAFETY: a struct is its fields and padding, and each field may be all zeroes.
        unsafe impl #impl_generics ::kernel::pin_init::Zeroable for #name #ty_generics #where_clause {}
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_is_asked() {
        let out = expand(quote!(
            struct A<T> {
                a: T,
                b: u8,
            }
        ))
        .unwrap()
        .to_string();
        assert!(
            out.contains("where T : :: kernel :: pin_init :: Zeroable"),
            "{out}"
        );
        assert!(
            out.contains("u8 : :: kernel :: pin_init :: Zeroable"),
            "{out}"
        );
        assert!(
            expand(quote!(
                enum A {
                    B,
                }
            ))
            .is_err()
        );
    }
}
