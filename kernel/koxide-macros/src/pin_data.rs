// SPDX-License-Identifier: GPL-2.0-only

//! `#[pin_data]`: the front of pin-init's own macro.
//!
//! pin-init has one too, but its expansion names that crate by a path that only resolves in crates which depend on it.
//! This one goes through `kernel`, so that a driver depends on nothing else.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt as _;
use syn::{Attribute, Error, Fields, Ident, ItemStruct};

use crate::attributes::is_plain;

/// Takes the struct apart into what `__pin_data!` wants.
pub(crate) fn expand(attr: TokenStream, input: TokenStream) -> syn::Result<TokenStream> {
    if !attr.is_empty()
        && syn::parse2::<Ident>(attr.clone()).is_ok_and(|ident| ident != "PinnedDrop")
    {
        return Err(Error::new_spanned(
            attr,
            "`#[pin_data]` takes nothing or `PinnedDrop`",
        ));
    }
    let item: ItemStruct = syn::parse2(input)?;
    let Fields::Named(fields) = &item.fields else {
        return Err(Error::new_spanned(
            &item.ident,
            "`#[pin_data]` needs a struct with named fields",
        ));
    };
    if let Some(repr) = item.attrs.iter().find(|attr| is_packed(attr)) {
        return Err(Error::new_spanned(
            repr,
            "`#[pin_data]` cannot be used on a packed struct: its fields are initialised where they are, which may \
             not be aligned",
        ));
    }
    // They come to stand on functions, too, which initialise the fields.
    let mut on_fields = fields.named.iter().flat_map(|field| &field.attrs);
    if let Some(other) = on_fields.find(|attr| !attr.path().is_ident("pin") && !is_plain(attr)) {
        return Err(Error::new_spanned(
            other,
            "this attribute cannot be used on a field of a struct with `#[pin_data]`",
        ));
    }
    let ItemStruct {
        attrs,
        vis,
        ident,
        generics,
        ..
    } = &item;
    let decl_generics = &generics.params;
    let impl_generics = without_defaults(generics);
    let ty_generics = names(generics);
    let where_clause = &generics.where_clause;
    // The macro defines another struct with the same fields, in which `Self` would be that one.
    let this = if generics.params.is_empty() {
        quote!(#ident)
    } else {
        quote!(#ident::<#ty_generics>)
    };
    let named = &fields.named;
    let body = replace_self(quote!(#named), &this);
    let decl_generics = replace_self(quote!(#decl_generics), &this);
    let impl_generics = replace_self(impl_generics, &this);
    let where_clause = replace_self(quote!(#where_clause), &this);
    Ok(quote! {
        ::kernel::pin_init::__pin_data! {
            parse_input:
            @args(#attr),
            @sig(#(#attrs)* #vis struct #ident #where_clause),
            @impl_generics(#impl_generics),
            @ty_generics(#ty_generics),
            @decl_generics(#decl_generics),
            @body({ #body }),
        }
    })
}

/// Whether an attribute lays the fields out without padding, perhaps under a condition.
fn is_packed(attr: &Attribute) -> bool {
    // The compiler takes `r#repr` for `repr`.
    let name = attr.path().get_ident().map(|name| name.unraw());
    name.is_some_and(|name| name == "repr" || name == "cfg_attr")
        && attr.meta.to_token_stream().to_string().contains("packed")
}

/// The generics with their bounds and without their defaults.
fn without_defaults(generics: &syn::Generics) -> TokenStream {
    let (impl_generics, ..) = generics.split_for_impl();
    inner(quote!(#impl_generics))
}

/// The generics' names.
fn names(generics: &syn::Generics) -> TokenStream {
    let (_, ty_generics, _) = generics.split_for_impl();
    inner(quote!(#ty_generics))
}

/// What is between `<` and `>`.
fn inner(tokens: TokenStream) -> TokenStream {
    let tokens: Vec<_> = tokens.into_iter().collect();
    match tokens.as_slice() {
        [_, inner @ .., _] => inner.iter().cloned().collect(),
        _ => TokenStream::new(),
    }
}

/// Replaces `Self`, at any depth.
fn replace_self(tokens: TokenStream, this: &TokenStream) -> TokenStream {
    tokens
        .into_iter()
        .flat_map(|token| match token {
            TokenTree::Ident(ident) if ident == "Self" => this.clone(),
            TokenTree::Group(group) => {
                let mut replaced =
                    Group::new(group.delimiter(), replace_self(group.stream(), this));
                replaced.set_span(group.span());
                TokenTree::Group(replaced).into()
            }
            other => other.into(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generics_are_taken_apart() {
        let out = expand(
            quote!(),
            quote!(
                struct A<T: Copy = u8, const N: usize = 1>
                where
                    T: Send,
                {
                    #[pin]
                    a: [T; N],
                }
            ),
        );
        let out = out.unwrap().to_string();
        assert!(
            out.contains("@ impl_generics (T : Copy , const N : usize)"),
            "{out}"
        );
        assert!(out.contains("@ ty_generics (T , N)"), "{out}");
        assert!(
            out.contains("@ decl_generics (T : Copy = u8 , const N : usize = 1)"),
            "{out}"
        );
        assert!(out.contains("@ sig (struct A where T : Send"), "{out}");
        assert!(out.contains("@ body ({ # [pin] a : [T ; N]"), "{out}");
    }

    #[test]
    fn self_is_the_struct_that_was_written() {
        let out = expand(
            quote!(PinnedDrop),
            quote!(
                struct A<T> {
                    next: *mut Self,
                    f: fn(Self) -> T,
                }
            ),
        )
        .unwrap();
        let out = out.to_string();
        assert!(out.contains("next : * mut A :: < T >"), "{out}");
        assert!(!out.contains("Self"), "{out}");
    }

    #[test]
    fn packed_structs_are_refused() {
        let packed = |repr| {
            expand(
                quote!(),
                quote!(
                    #[repr(#repr)]
                    struct A {
                        a: u8,
                        b: u64,
                    }
                ),
            )
        };
        assert!(packed(quote!(C, packed)).is_err());
        assert!(packed(quote!(packed(4))).is_err());
        let sometimes = quote!(
            #[cfg_attr(all(), repr(packed))]
            struct A {
                a: u8,
            }
        );
        assert!(expand(quote!(), sometimes).is_err());
        assert!(packed(quote!(C, align(16))).is_ok());
        let raw = quote!(
            #[r#repr(C, r#packed)]
            struct A {
                a: u8,
            }
        );
        assert!(expand(quote!(), raw).is_err());
    }

    #[test]
    fn what_the_linker_looks_at_is_refused() {
        let with = |attribute: TokenStream| {
            expand(
                quote!(),
                quote!(
                    struct A {
                        #attribute
                        a: u8,
                    }
                ),
            )
        };
        assert!(with(quote!(#[unsafe(link_section = ".koxide.tables")])).is_err());
        assert!(with(quote!(#[cfg_attr(all(), unsafe(export_name = "kx_spin_lock"))])).is_err());
        assert!(with(quote!(#[no_mangle])).is_err());
        assert!(
            with(quote!(
                #[pin]
                #[cfg(all())]
                /// A number.
            ))
            .is_ok()
        );
    }

    #[test]
    fn other_structs_are_refused() {
        assert!(
            expand(
                quote!(),
                quote!(
                    struct A(u8);
                )
            )
            .is_err()
        );
        assert!(
            expand(
                quote!(Other),
                quote!(
                    struct A {
                        a: u8,
                    }
                )
            )
            .is_err()
        );
    }
}
