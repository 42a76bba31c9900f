// SPDX-License-Identifier: GPL-2.0-only

//! `__printk!`, the body of `pr_info!` and its relatives: a list of what a message consists of, for `kernel::print::native`.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::{Expr, LitStr, Token};

use crate::fmt::{Argument, Call, Reference, positional};

/// The widest value that `printk` is left to write.
const WIDEST: usize = 3;

/// Where a message goes, what is written before it, and the message.
struct Message {
    sink: Expr,
    head: Head,
    message: TokenStream,
}

/// What is written before a message.
enum Head {
    /// These bytes.
    Text(String),
    /// A level and a prefix.
    Prefix(Box<Expr>, Box<Expr>),
}

impl Parse for Message {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let (sink, head);
        syn::parenthesized!(sink in input);
        syn::parenthesized!(head in input);
        Ok(Self {
            sink: sink.parse()?,
            head: head.parse()?,
            message: input.parse()?,
        })
    }
}

impl Parse for Head {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(LitStr) {
            return Ok(Self::Text(input.parse::<LitStr>()?.value()));
        }
        let level = input.parse()?;
        input.parse::<Token![,]>()?;
        Ok(Self::Prefix(level, input.parse()?))
    }
}

/// What `printk` formats if all values allow it, and `core::fmt` otherwise.
pub(crate) fn expand(input: TokenStream) -> syn::Result<TokenStream> {
    let Message {
        sink,
        head,
        message,
    } = syn::parse2(input)?;
    let lowered = syn::parse2(message.clone()).ok().and_then(Lowered::of);
    Ok(match lowered {
        Some(lowered) => lowered.expand(&sink, &head),
        None => {
            let args = crate::fmt::expand(message);
            quote_spanned!(Span::mixed_site()=> ::kernel::print::native::Sink::formatted(&#sink, #args))
        }
    })
}

/// A message that `printk` may be able to format.
struct Lowered {
    text: LitStr,
    /// The values, as the format string names them, and whether they have a name there.
    values: Vec<(Option<Ident>, Expr)>,
    /// What comes before each value, which one it is, and how it is written.
    pieces: Vec<(String, usize, &'static str)>,
    end: String,
}

impl Lowered {
    /// Reads a format string; nothing when `printk` has no words for it, or it has a fault.
    fn of(Call { text, args }: Call) -> Option<Self> {
        let explicit = args.len();
        let mut values: Vec<(Option<Ident>, Expr)> = Vec::new();
        for Argument { name, value } in args {
            values.push((name, value));
        }
        let mut lowered = Self {
            values,
            pieces: Vec::new(),
            end: String::new(),
            text,
        };
        let string = lowered.text.value();
        let mut rest = string.as_str();
        let mut next = 0;
        let mut piece = String::new();
        while let Some(at) = rest.find(['{', '}', '%', '\0']) {
            let (before, after) = rest.split_at(at);
            piece.push_str(before);
            let (found, after) = after.split_at(1);
            rest = match found {
                "%" => {
                    piece.push_str("%%");
                    after
                }
                "\0" => return None,
                // Twice, they are text.
                _ if after.starts_with(found) => {
                    piece.push_str(found);
                    &after[1..]
                }
                _ => {
                    let (inside, after) = after.split_once('}')?;
                    let (argument, spec) = inside.split_once(':').unwrap_or((inside, ""));
                    let (flags, how) = conversion(spec)?;
                    let value = lowered.value(argument.trim(), &mut next)?;
                    piece.push('%');
                    piece.push_str(&flags);
                    lowered
                        .pieces
                        .push((core::mem::take(&mut piece), value, how));
                    after
                }
            };
        }
        piece.push_str(rest);
        lowered.end = piece;
        let used = |value| lowered.pieces.iter().any(|(_, used, _)| *used == value);
        (0..explicit).all(used).then_some(lowered)
    }

    /// The value that an argument stands for.
    fn value(&mut self, argument: &str, next: &mut usize) -> Option<usize> {
        let reference = match argument {
            "" => positional(next),
            argument => Reference::parse(argument),
        };
        match reference {
            Reference::Position(at) => self.values.get(at).map(|_| at),
            Reference::Name(name) => {
                let known = self
                    .values
                    .iter()
                    .position(|(known, _)| known.as_ref().is_some_and(|known| *known == name));
                if known.is_none() {
                    let name: Ident = syn::parse_str(&name).ok()?;
                    let name = Ident::new(&name.to_string(), self.text.span());
                    let value = syn::parse_quote!(#name);
                    self.values.push((Some(name), value));
                }
                known.or(Some(self.values.len() - 1))
            }
        }
    }

    fn expand(&self, sink: &Expr, head: &Head) -> TokenStream {
        let span = Span::mixed_site();
        let at = |value: usize| syn::Index::from(value + 1);
        let mut definitions = Vec::new();
        let mut define = |text: &str, first: bool| {
            let name = format_ident!("Piece{}", definitions.len());
            let text = match head {
                Head::Text(head) if first => bytes(&format!("{head}{text}")),
                Head::Prefix(level, prefix) if first => {
                    let (len, text) = (text.len(), bytes(text));
                    quote_spanned! {span=> {
                        const PREFIX: &::core::ffi::CStr = #prefix;
                        const TEXT: [u8; PREFIX.count_bytes() + #len + 4] =
                            ::kernel::print::native::head(b'0' + #level as u8, PREFIX.to_bytes(), #text);
                        &TEXT
                    }}
                }
                _ => bytes(text),
            };
            definitions.push(quote_spanned! {span=>
                struct #name;
                impl ::kernel::print::native::Piece for #name {
                    const TEXT: &'static [u8] = #text;
                }
            });
            quote_spanned!(span=> #name, { <#name as ::kernel::print::native::Piece>::TEXT.len() })
        };
        let pieces: Vec<_> = self
            .pieces
            .iter()
            .enumerate()
            .map(|(place, (text, value, how))| {
                let how = Ident::new(how, span);
                (define(text, place == 0), at(*value), how)
            })
            .collect();
        let end = define(&self.end, self.pieces.is_empty());
        let mut list = quote_spanned!(span=> ::kernel::print::native::End::<#end>::new());
        for (piece, value, how) in pieces.iter().rev() {
            list = quote_spanned!(span=>
                ::kernel::print::native::Next::<#piece, ::kernel::print::native::how::#how, _, _>::new(args.#value, #list)
            );
        }
        let text = &self.text;
        let values = self.values.iter().map(|(_, value)| value);
        let adapted = self.values.iter().enumerate().map(|(value, (name, _))| {
            let name = name.as_ref().map(|name| quote_spanned!(span=> #name =));
            let value = at(value);
            quote_spanned!(span=> #name ::kernel::fmt::Adapter(args.#value))
        });
        quote_spanned! {span=>
            match (&#sink, #(&(#values),)*) {
                args => {
                    #(#definitions)*
                    use ::kernel::print::native::{Formatted as _, Lowered as _, Sink as _};
                    let message = ::kernel::print::native::Message(#list);
                    (&message).print(args.0, |sink| sink.formatted(::core::format_args!(#text, #(#adapted),*)));
                }
            }
        }
    }
}

/// A byte string.
fn bytes(text: &str) -> TokenStream {
    let mut literal = Literal::byte_string(text.as_bytes());
    literal.set_span(Span::mixed_site());
    proc_macro2::TokenTree::from(literal).into()
}

/// Flags and width for `printk`, and the way in which a value is written: `kernel::print::native::how`.
///
/// Nothing where `printk` would write something else than `core::fmt`.
fn conversion(spec: &str) -> Option<(String, &'static str)> {
    let (left, spec) = match spec.strip_prefix('<') {
        Some(after) => (true, after),
        None => (false, spec.strip_prefix('>').unwrap_or(spec)),
    };
    let take = |flag: char, spec: &mut &str| match spec.strip_prefix(flag) {
        Some(after) => {
            *spec = after;
            true
        }
        None => false,
    };
    let mut rest = spec.trim_end();
    let sign = take('+', &mut rest);
    let alternate = take('#', &mut rest);
    let zeros = take('0', &mut rest);
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (width, ty) = rest.split_at(digits);
    let padded = !width.is_empty();
    if width.len() > WIDEST || padded && width.starts_with('0') {
        return None;
    }
    let how = match (ty, sign, alternate) {
        ("" | "?", true, false) => "Signed",
        ("" | "?", false, false) if padded => "Number",
        ("", false, false) => "Display",
        ("?", false, false) => "Debug",
        ("x", false, _) => "LowerHex",
        ("X", false, false) => "UpperHex",
        ("o", false, false) => "Octal",
        _ => return None,
    };
    let mut flags = String::new();
    for (is, flag) in [
        (sign, '+'),
        (alternate, '#'),
        (padded && zeros, '0'),
        (padded && left && !zeros, '-'),
    ] {
        if is {
            flags.push(flag);
        }
    }
    flags.push_str(width);
    Some((flags, how))
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    #[test]
    fn what_printk_writes_otherwise_is_left_to_core() {
        let flags = |spec| conversion(spec).map(|(flags, how)| format!("%{flags} {how}"));
        for (spec, expected) in [
            ("", "% Display"),
            ("?", "% Debug"),
            ("5", "%5 Number"),
            ("<5?", "%-5 Number"),
            ("<05", "%05 Number"),
            ("+08", "%+08 Signed"),
            ("#010x", "%#010 LowerHex"),
            ("X", "% UpperHex"),
            ("o", "% Octal"),
            ("0", "% Display"),
        ] {
            assert_eq!(flags(spec).as_deref(), Some(expected), "{spec}");
        }
        for spec in [
            "^5", "*<5", "-", "#", "#?", "#X", "#o", "+x", "b", "e", "p", "x?", ".3", "w$", "1000",
            ".*",
        ] {
            assert_eq!(flags(spec), None, "{spec}");
        }
    }

    /// What comes before each value and after the last.
    fn pieces(input: TokenStream) -> Option<Vec<String>> {
        let lowered = syn::parse2(input).ok().and_then(Lowered::of)?;
        let mut all: Vec<_> = lowered
            .pieces
            .into_iter()
            .map(|(text, value, _)| format!("{text}{value}"))
            .collect();
        all.push(lowered.end);
        Some(all)
    }

    #[test]
    fn format_strings_are_split() {
        let split = |input| pieces(input).map(|pieces| pieces.join("|"));
        for (input, expected) in [
            (quote!("100%{{}}\n"), "100%%{}\n"),
            (quote!("a{}b{x}c{0:#x}", 1), "a%0|b%1|c%#0|"),
            (quote!("{b} {a} {b}", a = 1, b = 2), "%1| %0| %1|"),
        ] {
            assert_eq!(split(input).as_deref(), Some(expected));
        }
        // Faults, which the compiler is to explain, and what is no C string.
        for input in [
            quote!("{}"),
            quote!("a", 1),
            quote!("{"),
            quote!("}"),
            quote!("a\0b"),
            quote!(concat!("a")),
        ] {
            assert_eq!(split(input.clone()), None, "{input}");
        }
    }
}
