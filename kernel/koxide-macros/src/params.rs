// SPDX-License-Identifier: GPL-2.0-only

//! The parameters of `module!`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{
    Error, Expr, ExprLit, Ident, Lit, LitCStr, LitInt, LitStr, Result, Token, braced, bracketed,
};

use crate::info::text;

/// The types of numbers and bools that a parameter can have.
const NUMBERS: [&str; 11] = [
    "i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "isize", "usize", "bool",
];

/// One parameter.
pub(crate) struct Param {
    name: Ident,
    ty: Ty,
    default: Expr,
    description: LitStr,
    /// The mode of its file in sysfs; 0 for none.
    perm: u16,
}

/// Whether C sets a parameter.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    /// It is the module's.
    Yes,
    /// It is an example's, and has its default.
    No,
}

/// The type of a parameter.
enum Ty {
    Number(Ident),
    Array(Ident, Expr),
    Str,
}

impl Param {
    /// The record from which the generated C file binds the parameter: name, type, mode and description.
    pub(crate) fn record(&self) -> String {
        let ty = match &self.ty {
            Ty::Number(ty) => ty.to_string(),
            Ty::Array(ty, _) => format!("[{ty}]"),
            Ty::Str => "str".to_owned(),
        };
        let Self { name, perm, .. } = self;
        format!(
            "param={}:{ty}:{perm:o}:{}",
            name.unraw(),
            self.description.value()
        )
    }

    /// Sets the parameter to what a test gives, or to its default.
    pub(crate) fn giving(&self) -> TokenStream {
        let Self { name, .. } = self;
        let (ty, default) = self.value();
        let shown = name.unraw().to_string();
        // What the driver wrote is evaluated outside of the block.
        quote! {{
            let parameter = &module_parameters::#name;
            let default = <::kernel::module_param::#ty>::new(#default);
            let given = given(#shown);
            // SAFETY: no module is loaded that could use it.
            unsafe { ::kernel::fake::__Parameter::give(parameter, default, given)? };
        }}
    }

    /// The type without its path, and the default.
    fn value(&self) -> (TokenStream, TokenStream) {
        let Self {
            ty, default, perm, ..
        } = self;
        let writable = perm & 0o222 != 0;
        match ty {
            Ty::Number(ty) => (quote!(ModuleParamAccess<#ty, #writable>), quote!(#default)),
            Ty::Array(ty, len) => (
                quote!(ModuleParamArray<#ty, { #len }, #writable>),
                quote!(#default),
            ),
            Ty::Str => (quote!(ModuleParamString<#writable>), c_literal(default)),
        }
    }

    /// The name, as users write it.
    pub(crate) fn name(&self) -> String {
        self.name.unraw().to_string()
    }

    /// The storage, which C sets and Rust reads.
    pub(crate) fn storage(&self, bound: Bound) -> TokenStream {
        let Self {
            name, description, ..
        } = self;
        let symbol = format_ident!("kx_param_{}", name).to_string();
        let (ty, default) = self.value();
        let export = (bound == Bound::Yes)
            .then(|| quote!(#[cfg_attr(target_os = "none", unsafe(export_name = #symbol))]));
        quote! {
            #[doc = #description]
            #export
            pub(crate) static #name: ::kernel::module_param::#ty =
                <::kernel::module_param::#ty>::new(#default);
        }
    }
}

/// A text's default: a string is made a C string.
fn c_literal(default: &Expr) -> TokenStream {
    if let Expr::Lit(ExprLit {
        lit: Lit::Str(text),
        ..
    }) = default
        && let Ok(value) = std::ffi::CString::new(text.value())
    {
        let literal = LitCStr::new(&value, text.span());
        return quote!(#literal);
    }
    quote!(#default)
}

/// Reads the parameters.
pub(crate) fn params(input: ParseStream<'_>) -> Result<Vec<Param>> {
    let content;
    braced!(content in input);
    let list = Punctuated::<Param, Token![,]>::parse_terminated(&content)?;
    for (at, param) in list.iter().enumerate() {
        if list
            .iter()
            .take(at)
            .any(|earlier| earlier.name == param.name)
        {
            return Err(Error::new(
                param.name.span(),
                format!("`{}` is given twice", param.name),
            ));
        }
    }
    Ok(list.into_iter().collect())
}

impl Parse for Ty {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.peek(syn::token::Bracket) {
            let content;
            bracketed!(content in input);
            let ty = number(&content)?;
            content.parse::<Token![;]>()?;
            return Ok(Self::Array(ty, content.parse()?));
        }
        if input.fork().parse::<Ident>()? == "str" {
            input.parse::<Ident>()?;
            return Ok(Self::Str);
        }
        number(input).map(Self::Number)
    }
}

/// A type of numbers or bools.
fn number(input: ParseStream<'_>) -> Result<Ident> {
    let ty: Ident = input.parse()?;
    if NUMBERS.contains(&ty.to_string().as_str()) {
        return Ok(ty);
    }
    Err(Error::new(
        ty.span(),
        format!(
            "a parameter cannot have the type `{ty}`: it is one of {}, an array of one of these, or str",
            NUMBERS.join(", ")
        ),
    ))
}

/// The mode of a file in sysfs that the kernel accepts.
fn mode(input: ParseStream<'_>) -> Result<u16> {
    let literal: LitInt = input.parse()?;
    let mode: u16 = literal.base10_parse()?;
    let [owner, group, others] = [mode >> 6 & 7, mode >> 3 & 7, mode & 7];
    // The kernel's own macro says so, too, but in C.
    let good = mode <= 0o666
        && mode & 0o113 == 0
        && owner & 4 >= group & 4
        && group & 4 >= others & 4
        && owner & 2 >= group & 2;
    if good {
        return Ok(mode);
    }
    Err(Error::new(
        literal.span(),
        "the mode of a parameter is octal, such as 0o444 or 0o644: nobody executes it, others do not write it, and nobody \
         may more than those before",
    ))
}

impl Parse for Param {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let name: Ident = input.parse()?;
        input.parse::<Token![:]>()?;
        let ty: Ty = input.parse()?;
        let content;
        braced!(content in input);
        let mut default = None;
        let mut description = None;
        let mut perm = 0;
        while !content.is_empty() {
            let key = content.call(Ident::parse_any)?;
            content.parse::<Token![:]>()?;
            match key.to_string().as_str() {
                "default" => default = Some(content.parse()?),
                "description" => description = Some(text(&content)?),
                "perm" => perm = mode(&content)?,
                other => {
                    return Err(Error::new(
                        key.span(),
                        format!(
                            "a parameter has no key `{other}`: it takes default, description and perm"
                        ),
                    ));
                }
            }
            if content.is_empty() {
                break;
            }
            content.parse::<Token![,]>()?;
        }
        let required =
            |key| Error::new(name.span(), format!("the parameter `{name}` needs `{key}`"));
        Ok(Self {
            default: default.ok_or_else(|| required("default"))?,
            description: description.ok_or_else(|| required("description"))?,
            name,
            ty,
            perm,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(tokens: TokenStream) -> Result<Param> {
        syn::parse2(tokens)
    }

    #[test]
    fn texts_rows_and_modes_become_records() {
        let text =
            read(quote!(r#type: str { default: "a", description: "x: y", perm: 0o644 })).unwrap();
        assert_eq!(text.record(), "param=type:str:644:x: y");
        let storage = text.storage(Bound::Yes).to_string();
        assert!(storage.contains(r#""kx_param_type""#), "{storage}");
        assert!(
            storage.contains("ModuleParamString < true > = <"),
            "{storage}"
        );
        let row = read(quote!(n: [i8; 4] { default: [1], description: "" })).unwrap();
        assert_eq!(row.record(), "param=n:[i8]:0:");
        let storage = row.storage(Bound::Yes).to_string();
        assert!(
            storage.contains("ModuleParamArray < i8 , { 4 } , false >"),
            "{storage}"
        );
    }

    #[test]
    fn what_the_kernel_cannot_parse_is_refused() {
        for ty in [quote!(f32), quote!([str; 2]), quote!([char; 2])] {
            let error = read(quote!(x: #ty { default: 1, description: "" }));
            let error = error.err().unwrap().to_string();
            assert!(error.contains("it is one of i8, u8"), "{error}");
        }
        let error = read(quote!(x: u8 { default: 1 })).err().unwrap();
        assert_eq!(error.to_string(), "the parameter `x` needs `description`");
    }

    #[test]
    fn modes_that_the_kernel_refuses_are_refused() {
        for good in [
            quote!(0),
            quote!(0o400),
            quote!(0o600),
            quote!(0o644),
            quote!(0o664),
            quote!(0o200),
        ] {
            assert!(
                syn::parse::Parser::parse2(mode, good.clone()).is_ok(),
                "{good}"
            );
        }
        for bad in [
            quote!(644),
            quote!(0o666),
            quote!(0o755),
            quote!(0o044),
            quote!(0o404),
            quote!(0o1644),
            quote!(0o420),
        ] {
            let error = syn::parse::Parser::parse2(mode, bad.clone()).err().unwrap();
            assert!(error.to_string().contains("octal"), "{bad}");
        }
    }
}
