// SPDX-License-Identifier: GPL-2.0-only

//! `#[derive(FromBytes)]`, `#[derive(AsBytes)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DataStruct, DeriveInput, Error, parse_quote};

/// Implements `FromBytes` for a struct, all of whose fields have it.
pub(crate) fn from_bytes(input: TokenStream) -> syn::Result<TokenStream> {
    let input: DeriveInput = syn::parse2(input)?;
    let data = fields_of(&input, "FromBytes")?;
    let mut generics = input.generics.clone();
    let predicates = &mut generics.make_where_clause().predicates;
    for field in &data.fields {
        let ty = &field.ty;
        predicates.push(parse_quote!(#ty: ::kernel::transmute::FromBytes));
    }
    let name = &input.ident;
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    Ok(quote! {
        // SAFETY: a struct is its fields and padding, and each pattern of bytes is a value of each field.
        unsafe impl #impl_generics ::kernel::transmute::FromBytes for #name #ty_generics #where_clause {}
    })
}

/// Implements `AsBytes` for a struct, all of whose fields have it and between which nothing is.
pub(crate) fn as_bytes(input: TokenStream) -> syn::Result<TokenStream> {
    let input: DeriveInput = syn::parse2(input)?;
    let data = fields_of(&input, "AsBytes")?;
    if !input.generics.params.is_empty() {
        return Err(Error::new_spanned(
            &input.generics,
            "`AsBytes` cannot be derived for a generic struct: its padding depends on what it is of",
        ));
    }
    let mut has_layout = false;
    for attribute in input
        .attrs
        .iter()
        .filter(|attr| attr.path().is_ident("repr"))
    {
        let _ = attribute.parse_nested_meta(|meta| {
            has_layout |= meta.path.is_ident("C") || meta.path.is_ident("transparent");
            Ok(())
        });
    }
    if !has_layout {
        return Err(Error::new_spanned(
            &input.ident,
            "`AsBytes` needs a struct of a layout that is known: `#[repr(C)]`",
        ));
    }
    let name = &input.ident;
    let types: Vec<_> = data.fields.iter().map(|field| &field.ty).collect();
    Ok(quote! {
        // SAFETY: a struct is its fields and padding; the bytes of each field are initialised, and by the assertion there
        // is no padding.
        unsafe impl ::kernel::transmute::AsBytes for #name where #(#types: ::kernel::transmute::AsBytes,)* {}

        const _: () = ::core::assert!(
            ::core::mem::size_of::<#name>() == 0 #(+ ::core::mem::size_of::<#types>())*,
            "`AsBytes` needs a struct without padding",
        );
    })
}

/// The fields of a struct.
fn fields_of<'a>(input: &'a DeriveInput, derived: &str) -> syn::Result<&'a DataStruct> {
    match &input.data {
        Data::Struct(data) => Ok(data),
        _ => Err(Error::new_spanned(
            &input.ident,
            format!("`{derived}` can be derived for structs only"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(result: syn::Result<TokenStream>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn each_field_is_asked() {
        let input = quote!(
            #[repr(C)]
            struct A {
                a: u8,
                b: B,
            }
        );
        let out = from_bytes(input.clone()).unwrap().to_string();
        assert!(
            out.contains("B : :: kernel :: transmute :: FromBytes"),
            "{out}"
        );
        let out = as_bytes(input).unwrap().to_string();
        assert!(out.contains("size_of :: < B >"), "{out}");
    }

    #[test]
    fn a_layout_that_nobody_knows_is_refused() {
        assert!(
            refused(as_bytes(quote!(
                struct A(u8);
            )))
            .contains("#[repr(C)]")
        );
        assert!(
            refused(as_bytes(quote!(
                #[repr(C)]
                struct A<T>(T);
            )))
            .contains("generic")
        );
        assert!(
            refused(from_bytes(quote!(
                enum A {
                    B,
                }
            )))
            .contains("structs only")
        );
    }
}
