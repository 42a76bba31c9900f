// SPDX-License-Identifier: GPL-2.0-only

//! `fmt!`.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote_spanned;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{Expr, LitStr, Token};

/// `format_args!`, with each value in an adapter that looks for the kernel's traits.
///
/// What is no format string with arguments is left to `format_args!`, which has better words for it.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let span = Span::mixed_site();
    let Ok(Call { text, args }) = syn::parse2(input.clone()) else {
        return quote_spanned!(span=> ::core::format_args!(#input));
    };
    let mut used = Used::by(&text.value());
    let mut wrapped = Vec::new();
    for (position, Argument { name, value }) in args.into_iter().enumerate() {
        let by_position = Reference::Position(position);
        let by_name = name.as_ref().map(|name| Reference::Name(name.to_string()));
        // An explicit argument is not taken from the surroundings.
        let is_value = used.values.remove(&by_position)
            | by_name
                .as_ref()
                .is_some_and(|name| used.values.remove(name));
        let is_count = used.counts.contains(&by_position)
            || by_name.is_some_and(|name| used.counts.contains(&name));
        let name = name.map(|name| quote_spanned!(span=> #name =));
        if is_value && !is_count {
            let at = span.located_at(value.span());
            wrapped.push(quote_spanned!(at=> , #name ::kernel::fmt::Adapter(&(#value))));
        } else {
            wrapped.push(quote_spanned!(span=> , #name #value));
        }
    }
    for captured in used.values.difference(&used.counts) {
        if let Reference::Name(name) = captured {
            let name = Ident::new(name, text.span());
            wrapped.push(quote_spanned!(span=> , #name = ::kernel::fmt::Adapter(&#name)));
        }
    }
    quote_spanned!(span=> ::core::format_args!(#text #(#wrapped)*))
}

/// A format string and its arguments.
pub(crate) struct Call {
    pub(crate) text: LitStr,
    pub(crate) args: Punctuated<Argument, Token![,]>,
}

/// An argument, which may have a name.
pub(crate) struct Argument {
    pub(crate) name: Option<Ident>,
    pub(crate) value: Expr,
}

impl Parse for Call {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let text = text(input)?;
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        Ok(Self {
            text,
            args: Punctuated::parse_terminated(input)?,
        })
    }
}

/// A string, which may have come through another macro, in a group of its own.
fn text(input: ParseStream<'_>) -> syn::Result<LitStr> {
    match input.parse()? {
        TokenTree::Group(group) => syn::parse2(group.stream()),
        token => syn::parse2(token.into()),
    }
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let named = input.peek2(Token![=]) && !input.peek2(Token![==]);
        let name = if named {
            let name = input.call(syn::ext::IdentExt::parse_any)?;
            input.parse::<Token![=]>()?;
            Some(name)
        } else {
            None
        };
        Ok(Self {
            name,
            value: input.parse()?,
        })
    }
}

/// How a format string names an argument.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Reference {
    Position(usize),
    Name(String),
}

impl Reference {
    pub(crate) fn parse(text: &str) -> Self {
        text.parse()
            .map_or_else(|_| Self::Name(text.to_owned()), Self::Position)
    }
}

/// What a format string uses its arguments for.
#[derive(Default)]
struct Used {
    /// These are shown.
    values: BTreeSet<Reference>,
    /// These are widths and precisions, which are numbers and nothing else.
    counts: BTreeSet<Reference>,
}

impl Used {
    /// Reads a format string: <https://doc.rust-lang.org/std/fmt/index.html#syntax>.
    fn by(text: &str) -> Self {
        let mut used = Self::default();
        let mut next = 0;
        let mut rest = text;
        while let Some((_, after)) = rest.split_once('{') {
            if let Some(escaped) = after.strip_prefix('{') {
                rest = escaped;
                continue;
            }
            let Some((inside, after)) = after.split_once('}') else {
                break;
            };
            rest = after;
            let (argument, spec) = inside.split_once(':').unwrap_or((inside, ""));
            used.counts_of(spec, &mut next);
            used.values.insert(match argument.trim() {
                "" => positional(&mut next),
                argument => Reference::parse(argument),
            });
        }
        used
    }

    /// Reads what comes after the colon.
    fn counts_of(&mut self, spec: &str, next: &mut usize) {
        let (width, precision) = after_alignment(spec)
            .split_once('.')
            .unwrap_or((after_alignment(spec), ""));
        if precision.starts_with('*') {
            self.counts.insert(positional(next));
        }
        let width = width.trim_start_matches(['+', '-', '#']);
        // A zero is a flag, but for `0$`.
        let width = match width.strip_prefix('0') {
            Some(after) if !after.starts_with('$') => after,
            _ => width,
        };
        for count in [width, precision] {
            if let Some((argument, _)) = count.split_once('$') {
                self.counts.insert(Reference::parse(argument));
            }
        }
    }
}

/// The next argument that is not named.
pub(crate) fn positional(next: &mut usize) -> Reference {
    *next += 1;
    Reference::Position(*next - 1)
}

/// What comes after the alignment, which may begin with any character.
fn after_alignment(spec: &str) -> &str {
    let mut chars = spec.chars();
    let first = chars.next();
    if chars.next().is_some_and(|second| "<^>".contains(second)) {
        return chars.as_str();
    }
    match first {
        Some('<' | '^' | '>') => &spec[1..],
        _ => spec,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    fn expanded(input: TokenStream) -> String {
        expand(input)
            .to_string()
            .replace(":: kernel :: fmt :: ", "")
    }

    #[test]
    fn values_are_wrapped() {
        assert_eq!(
            expanded(quote!("{} {x:?} {name}", a + b, name = f::<A, B>(),)),
            r#":: core :: format_args ! ("{} {x:?} {name}" , Adapter (& (a + b)) , name = Adapter (& (f :: < A , B > ())) , x = Adapter (& x))"#
        );
    }

    #[test]
    fn counts_are_not() {
        for (input, args) in [
            (quote!("{:1$}", a, b), "Adapter (& (a)) , b"),
            (quote!("{:>w$.p$}", a, w = b), "Adapter (& (a)) , w = b"),
            (quote!("{:.*}", n, a), "n , Adapter (& (a))"),
            (quote!("{:$>+#02$}", a), "Adapter (& (a))"),
            (quote!("{:0$}", a), "a"),
        ] {
            let out = expanded(input.clone());
            assert!(out.ends_with(&format!(" , {args})")), "{input}: {out}");
        }
        assert!(!expanded(quote!("{:w$}", a)).contains("w ="));
    }

    #[test]
    fn braces_can_be_text() {
        assert_eq!(
            expanded(quote!("{{x}} {{{y}}}")),
            r#":: core :: format_args ! ("{{x}} {{{y}}}" , y = Adapter (& y))"#
        );
    }

    #[test]
    fn what_is_no_literal_is_left_alone() {
        assert_eq!(
            expanded(quote!(concat!("{}"), a)),
            r#":: core :: format_args ! (concat ! ("{}") , a)"#
        );
    }
}
