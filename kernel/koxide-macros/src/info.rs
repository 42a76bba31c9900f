// SPDX-License-Identifier: GPL-2.0-only

//! What is written between the braces of `module!`.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Ident, LitStr, Result, Token, Type, bracketed};

use crate::params::{Param, params};

/// A module, as its author describes it.
pub(crate) struct ModuleInfo {
    pub(crate) ty: Type,
    pub(crate) name: LitStr,
    pub(crate) license: LitStr,
    pub(crate) description: Option<LitStr>,
    pub(crate) authors: Vec<LitStr>,
    /// Where the key `author` is written, which upstream had until Linux 6.14.
    pub(crate) author_key: Option<Span>,
    pub(crate) alias: Vec<LitStr>,
    pub(crate) firmware: Vec<LitStr>,
    pub(crate) imports_ns: Vec<LitStr>,
    pub(crate) on_panic: Ident,
    pub(crate) params: Vec<Param>,
}

/// What has been read so far.
#[derive(Default)]
struct Keys {
    seen: Vec<String>,
    ty: Option<Type>,
    name: Option<LitStr>,
    license: Option<LitStr>,
    description: Option<LitStr>,
    authors: Vec<LitStr>,
    author_key: Option<Span>,
    alias: Vec<LitStr>,
    firmware: Vec<LitStr>,
    imports_ns: Vec<LitStr>,
    on_panic: Option<Ident>,
    params: Vec<Param>,
}

impl Keys {
    /// Reads the value of one key.
    fn read(&mut self, key: &Ident, input: ParseStream<'_>) -> Result<()> {
        let name = key.to_string();
        if self.seen.contains(&name) {
            return Err(Error::new(key.span(), format!("`{name}` is given twice")));
        }
        match name.as_str() {
            "type" => self.ty = Some(input.parse()?),
            "name" => self.name = Some(module_name(input)?),
            "license" => self.license = Some(text(input)?),
            "description" => self.description = Some(text(input)?),
            "authors" => self.authors.extend(texts(input)?),
            "author" => {
                self.authors.push(text(input)?);
                self.author_key = Some(key.span());
            }
            "alias" => self.alias = texts(input)?,
            "firmware" => self.firmware = texts(input)?,
            "imports_ns" => self.imports_ns = texts(input)?,
            "on_panic" => self.on_panic = Some(policy(input)?),
            "params" => self.params = params(input)?,
            _ => {
                return Err(Error::new(
                    key.span(),
                    format!(
                        "`module!` has no key `{name}`: it takes type, name, authors, description, \
                         license, alias, firmware, imports_ns, on_panic and params"
                    ),
                ));
            }
        }
        self.seen.push(name);
        Ok(())
    }
}

impl Parse for ModuleInfo {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut keys = Keys::default();
        while !input.is_empty() {
            let key = input.call(Ident::parse_any)?;
            input.parse::<Token![:]>()?;
            keys.read(&key, input)?;
            if input.is_empty() {
                break;
            }
            input.parse::<Token![,]>()?;
        }
        let required = |key| {
            Error::new(
                Span::call_site(),
                format!("`module!` needs the key `{key}`"),
            )
        };
        Ok(Self {
            ty: keys.ty.ok_or_else(|| required("type"))?,
            name: keys.name.ok_or_else(|| required("name"))?,
            license: keys.license.ok_or_else(|| required("license"))?,
            description: keys.description,
            authors: keys.authors,
            author_key: keys.author_key,
            alias: keys.alias,
            firmware: keys.firmware,
            imports_ns: keys.imports_ns,
            on_panic: keys
                .on_panic
                .unwrap_or_else(|| Ident::new("Contain", Span::call_site())),
            params: keys.params,
        })
    }
}

/// A string that can be a record: it has no NUL, which ends one.
pub(crate) fn text(input: ParseStream<'_>) -> Result<LitStr> {
    let literal: LitStr = input.parse()?;
    if literal.value().contains('\0') {
        return Err(Error::new(
            literal.span(),
            "this string cannot contain a NUL",
        ));
    }
    Ok(literal)
}

/// A list of such strings.
fn texts(input: ParseStream<'_>) -> Result<Vec<LitStr>> {
    let content;
    bracketed!(content in input);
    let list = Punctuated::<LitStr, Token![,]>::parse_terminated_with(&content, text)?;
    Ok(list.into_iter().collect())
}

/// What becomes of a panic: the variant of `kernel::module::OnPanic`.
fn policy(input: ParseStream<'_>) -> Result<Ident> {
    let word = input.call(Ident::parse_any)?;
    let variant = match word.to_string().as_str() {
        "contain" => "Contain",
        "restart" => "Restart",
        "bug" => "Bug",
        _ => {
            return Err(Error::new(
                word.span(),
                "`on_panic` is contain, restart or bug",
            ));
        }
    };
    Ok(Ident::new(variant, word.span()))
}

/// A string that can be a module's name.
fn module_name(input: ParseStream<'_>) -> Result<LitStr> {
    let literal = text(input)?;
    let name = literal.value();
    // A longer one does not fit the kernel's `struct module`.
    let fits = (1..=55).contains(&name.len());
    if !fits
        || !name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
    {
        return Err(Error::new(
            literal.span(),
            "a module's name has 1 to 55 letters, digits, `_` and `-`",
        ));
    }
    Ok(literal)
}
