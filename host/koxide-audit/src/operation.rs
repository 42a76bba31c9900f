// SPDX-License-Identifier: MIT OR Apache-2.0

//! What is done in a block that may need `unsafe`: calls, reads through pointers, assembly.

use proc_macro2::{Delimiter, Group, TokenTree};

/// Something that may need `unsafe`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operation {
    /// `name(..)`, `path::name(..)`, `value.name(..)`
    Call(Call),
    /// `*pointer`
    Dereference,
    /// `asm!(..)`
    Assembly,
    /// A call of a value: a field or a parameter that is a function.
    Pointer,
}

/// A call by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) name: String,
    /// What the name is looked up in: `Type::name`.
    pub(crate) of: Option<String>,
    /// `value.name(..)`
    pub(crate) method: bool,
}

/// All of a block, in their order.
pub(crate) fn operations(block: &Group, owner: Option<&str>) -> Vec<Operation> {
    let mut all = Vec::new();
    collect(block, owner, &mut all);
    // `unsafe { $call }`: whoever uses the macro says what is done.
    if all.is_empty() && block.stream().to_string().starts_with('$') {
        all.push(Operation::Pointer);
    }
    all
}

fn collect(group: &Group, owner: Option<&str>, all: &mut Vec<Operation>) {
    let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        let before = &tokens[..at];
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '*' && is_prefix(before) => {
                // `*const T` and `*mut T` are types.
                let is_type = matches!(tokens.get(at + 1), Some(TokenTree::Ident(word)) if word == "const" || word == "mut");
                if !is_type {
                    all.push(Operation::Dereference);
                }
            }
            TokenTree::Group(inner) => {
                if inner.delimiter() == Delimiter::Parenthesis {
                    all.extend(called(before, owner));
                }
                collect(inner, owner, all);
            }
            _ => {}
        }
    }
}

/// Whether what comes next has nothing on its left.
fn is_prefix(before: &[TokenTree]) -> bool {
    match before.last() {
        None => true,
        Some(TokenTree::Ident(word)) => ["mut", "return", "in", "match", "if", "raw", "const"]
            .iter()
            .any(|known| word == known),
        Some(TokenTree::Punct(punct)) => !matches!(punct.as_char(), '?' | '>'),
        Some(TokenTree::Group(_) | TokenTree::Literal(_)) => false,
    }
}

/// What the brackets after `before` call.
fn called(before: &[TokenTree], owner: Option<&str>) -> Option<Operation> {
    let path = without_generics(before);
    match path {
        [.., TokenTree::Ident(name), TokenTree::Punct(sign)] if sign.as_char() == '!' => {
            (name == "asm").then_some(Operation::Assembly)
        }
        [.., TokenTree::Punct(dollar), TokenTree::Ident(_)] if dollar.as_char() == '$' => {
            Some(Operation::Pointer)
        }
        [rest @ .., TokenTree::Ident(name)] => {
            let name = name.to_string();
            let method =
                matches!(rest.last(), Some(TokenTree::Punct(sign)) if sign.as_char() == '.');
            let of = qualifier(rest).map(|of| match (of.as_str(), owner) {
                ("Self", Some(owner)) => owner.to_owned(),
                _ => of,
            });
            Some(Operation::Call(Call { name, of, method }))
        }
        // `(value.function)(..)`, and `$($path)::+(..)` in a macro.
        [.., TokenTree::Group(_)] => Some(Operation::Pointer),
        [
            ..,
            TokenTree::Group(_),
            TokenTree::Punct(_),
            TokenTree::Punct(_),
            TokenTree::Punct(plus),
        ] if plus.as_char() == '+' => Some(Operation::Pointer),
        _ => None,
    }
}

/// `name::<T>` without `::<T>`.
fn without_generics(tokens: &[TokenTree]) -> &[TokenTree] {
    let is = |at: usize, sign: char| matches!(&tokens[at], TokenTree::Punct(punct) if punct.as_char() == sign);
    let Some(last) = tokens.len().checked_sub(1) else {
        return tokens;
    };
    if !is(last, '>') {
        return tokens;
    }
    let open = opening(tokens);
    match open {
        Some(at) if at >= 2 && is(at - 1, ':') && is(at - 2, ':') => &tokens[..at - 2],
        _ => tokens,
    }
}

/// Where the angle bracket opens that the last token closes.
fn opening(tokens: &[TokenTree]) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().rev() {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '>' => {
                let arrow = matches!(at.checked_sub(1).map(|at| &tokens[at]), Some(TokenTree::Punct(sign)) if sign.as_char() == '-');
                depth += usize::from(!arrow);
            }
            TokenTree::Punct(punct) if punct.as_char() == '<' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// The name before `::`: that of the type or module, or of the trait in `<T as Trait>::`.
fn qualifier(rest: &[TokenTree]) -> Option<String> {
    let [head @ .., TokenTree::Punct(a), TokenTree::Punct(b)] = rest else {
        return None;
    };
    if a.as_char() != ':' || b.as_char() != ':' {
        return None;
    }
    match head.last()? {
        TokenTree::Ident(name) => Some(name.to_string()),
        _ => {
            let open = opening(head)?;
            let inner = &head[open + 1..head.len() - 1];
            let from = inner
                .iter()
                .position(|token| matches!(token, TokenTree::Ident(word) if word == "as"));
            match from {
                // `<T as path::Trait<..>>::`
                Some(from) => first_path(&inner[from + 1..]),
                // `Type::<T>::` and `<Type<T>>::`
                None => match without_generics(head) {
                    [.., TokenTree::Ident(name)] => Some(name.to_string()),
                    _ => first_path(inner),
                },
            }
        }
    }
}

/// The last name of the path that tokens begin with.
pub(crate) fn first_path(tokens: &[TokenTree]) -> Option<String> {
    let path = tokens.iter().take_while(|token| match token {
        TokenTree::Ident(_) => true,
        TokenTree::Punct(punct) => matches!(punct.as_char(), ':' | '$'),
        _ => false,
    });
    path.filter_map(|token| match token {
        TokenTree::Ident(name) => Some(name.to_string()),
        _ => None,
    })
    .last()
}
