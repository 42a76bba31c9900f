// SPDX-License-Identifier: MIT OR Apache-2.0

//! What stands before and after a word: an item's attributes, its modifiers, its name.

use proc_macro2::{Delimiter, Group, TokenTree};

use crate::report::Kind;

/// What an `unsafe` begins.
pub(crate) fn kind(after: &[TokenTree], attribute: bool) -> Option<Kind> {
    let word = |at: usize| match after.get(at) {
        Some(TokenTree::Ident(word)) => word.to_string(),
        _ => String::new(),
    };
    let is_group = |at: usize, delimiter: Delimiter| matches!(after.get(at), Some(TokenTree::Group(group)) if group.delimiter() == delimiter);
    let function =
        |at: usize| match is_group(at, Delimiter::Parenthesis) || is_punct(after.get(at), '<') {
            true => Kind::Type,
            false => Kind::Function,
        };
    if is_group(0, Delimiter::Brace) {
        return Some(Kind::Block);
    }
    if is_group(0, Delimiter::Parenthesis) {
        return Some(if attribute {
            Kind::Attribute
        } else {
            Kind::Word
        });
    }
    match word(0).as_str() {
        "fn" => Some(function(1)),
        "extern" => {
            // The name of a calling convention, or a macro's parameter for one.
            let abi = match after.get(1) {
                Some(TokenTree::Literal(_)) => 1,
                dollar if is_punct(dollar, '$') => 2,
                _ => 0,
            };
            match after.get(1 + abi) {
                Some(TokenTree::Ident(word)) if word == "fn" => Some(function(2 + abi)),
                None if abi > 0 => Some(Kind::Word),
                _ => is_group(1 + abi, Delimiter::Brace).then_some(Kind::Foreign),
            }
        }
        "impl" => Some(Kind::Impl),
        "trait" | "auto" => Some(Kind::Trait),
        _ => None,
    }
}

pub(crate) fn is_punct(token: Option<&TokenTree>, sign: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == sign)
}

/// The name that stands next; a macro's body may have `$name` or `#name` there.
pub(crate) fn name(after: &[TokenTree]) -> Option<String> {
    match after {
        [TokenTree::Ident(name), ..] => Some(name.to_string()),
        [sign @ TokenTree::Punct(_), TokenTree::Ident(name), ..]
            if is_punct(Some(sign), '$') || is_punct(Some(sign), '#') =>
        {
            Some(format!("${name}"))
        }
        _ => None,
    }
}

pub(crate) fn position(tokens: &[TokenTree], word: &str) -> usize {
    let found = tokens
        .iter()
        .position(|token| matches!(token, TokenTree::Ident(found) if found == word));
    found.map_or(0, |at| at + 1)
}

pub(crate) fn sign_position(tokens: &[TokenTree], sign: char) -> usize {
    let found = tokens.iter().position(|token| is_punct(Some(token), sign));
    found.map_or(tokens.len(), |at| at + 1)
}

/// The name after a word.
pub(crate) fn named(tokens: &[TokenTree], word: &str) -> Option<String> {
    name(&tokens[position(tokens, word)..])
}

/// The line on which the statement begins that `before` leads to.
pub(crate) fn begin_of_statement(before: &[TokenTree]) -> Option<usize> {
    let ends = |at: usize| match &before[at] {
        TokenTree::Punct(punct) => punct.as_char() == ';',
        // `let Struct { .. } = value` goes on, and so does `if .. {} else {}`; what else follows is another statement.
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
            match before.get(at + 1) {
                Some(TokenTree::Punct(punct)) => punct.as_char() == '#',
                Some(TokenTree::Ident(word)) => word != "else",
                _ => true,
            }
        }
        _ => false,
    };
    let begin = (0..before.len()).rev().find(|at| ends(*at));
    let first = before.get(begin.map_or(0, |at| at + 1))?;
    Some(first.span().start().line)
}

/// Whether an item can begin here: `impl` is also a type.
pub(crate) fn begins_item(before: &[TokenTree]) -> bool {
    match before.last() {
        None => true,
        Some(TokenTree::Ident(word)) => word == "unsafe" || word == "default",
        Some(TokenTree::Group(group)) => group.delimiter() != Delimiter::Parenthesis,
        Some(TokenTree::Punct(punct)) if punct.as_char() == ';' => true,
        // `$(#[$attribute])* impl`
        Some(TokenTree::Punct(punct)) => {
            matches!(punct.as_char(), '*' | '?')
                && matches!(before.iter().rev().nth(1), Some(TokenTree::Group(_)))
        }
        Some(TokenTree::Literal(_)) => false,
    }
}

/// The trait and the type of an `impl`, by their last names.
pub(crate) fn header(after: &[TokenTree]) -> (Option<String>, Option<String>) {
    let mut depth = 0_usize;
    let (mut first, mut second, mut of_trait) = (None, None, false);
    for (at, token) in after.iter().enumerate() {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '<' => depth += 1,
            // `->` closes nothing.
            TokenTree::Punct(punct)
                if punct.as_char() == '>' && (at == 0 || !is_punct(after.get(at - 1), '-')) =>
            {
                depth = depth.saturating_sub(1);
            }
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => break,
            TokenTree::Ident(word) if depth == 0 && word == "where" => break,
            TokenTree::Ident(word) if depth == 0 && word == "for" => of_trait = true,
            TokenTree::Ident(word)
                if depth == 0 && word != "dyn" && word != "mut" && word != "const" =>
            {
                let slot = if of_trait { &mut second } else { &mut first };
                let parameter = at > 0
                    && (is_punct(after.get(at - 1), '$') || is_punct(after.get(at - 1), '#'));
                *slot = Some(format!("{}{word}", if parameter { "$" } else { "" }));
            }
            _ => {}
        }
    }
    match of_trait {
        true => (first, second),
        false => (None, first),
    }
}

/// The words between an item's attributes and its own.
pub(crate) fn modifiers(before: &[TokenTree]) -> Vec<String> {
    let mut words = Vec::new();
    for token in before.iter().rev() {
        match token {
            TokenTree::Ident(word) if is_modifier(&word.to_string()) => {
                words.push(word.to_string());
            }
            // The visibility's `(crate)`, and the name of a calling convention.
            TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => {}
            TokenTree::Literal(_) => {}
            _ => break,
        }
    }
    words
}

fn is_modifier(word: &str) -> bool {
    [
        "pub", "const", "async", "default", "extern", "unsafe", "safe",
    ]
    .contains(&word)
}

/// The attributes of the item that `before` leads to, last first.
fn attributes(before: &[TokenTree]) -> impl Iterator<Item = &Group> {
    let mut rest = before;
    loop {
        rest = match rest {
            [head @ .., TokenTree::Ident(word)] if is_modifier(&word.to_string()) => head,
            [head @ .., TokenTree::Literal(_)] => head,
            [head @ .., TokenTree::Group(group)] if group.delimiter() == Delimiter::Parenthesis => {
                head
            }
            // `$visibility`, and `$visibility:vis`
            [head @ .., dollar, TokenTree::Ident(_)] if is_punct(Some(dollar), '$') => head,
            [
                head @ ..,
                dollar,
                TokenTree::Ident(_),
                TokenTree::Punct(_),
                TokenTree::Ident(_),
            ] if is_punct(Some(dollar), '$') => head,
            _ => break,
        };
    }
    std::iter::from_fn(move || {
        let (head, group) = match rest {
            [head @ .., sign, TokenTree::Group(group)]
                if is_punct(Some(sign), '#') && group.delimiter() == Delimiter::Bracket =>
            {
                (head, group)
            }
            // `$(#[$attribute])*`
            [
                head @ ..,
                sign,
                TokenTree::Group(group),
                TokenTree::Punct(_),
            ] if is_punct(Some(sign), '$') => (head, group),
            _ => return None,
        };
        rest = head;
        Some(group)
    })
}

/// What an item's documentation says under `# Safety`.
pub(crate) fn contract(before: &[TokenTree]) -> Option<String> {
    // A macro's body has the documentation that the macro is given.
    if attributes(before).any(|attribute| attribute.stream().to_string().contains('$')) {
        return Some("what the macro is given".to_owned());
    }
    let mut docs: Vec<String> = attributes(before).filter_map(doc).collect();
    docs.reverse();
    let docs = docs.join("\n");
    let mut lines = docs.lines().map(str::trim);
    lines.find(|line| *line == "# Safety")?;
    let section: Vec<&str> = lines
        .take_while(|line| !line.starts_with("# "))
        .filter(|line| !line.is_empty())
        .collect();
    Some(section.join(" "))
}

/// The text of `doc = ".."`.
pub(crate) fn doc(attribute: &Group) -> Option<String> {
    let tokens: Vec<TokenTree> = attribute.stream().into_iter().collect();
    match tokens.as_slice() {
        [TokenTree::Ident(word), _, TokenTree::Literal(text)] if word == "doc" => {
            let text: syn::LitStr = syn::parse_str(&text.to_string()).ok()?;
            Some(text.value())
        }
        _ => None,
    }
}

pub(crate) fn is_doc(before: &[TokenTree], group: &Group) -> bool {
    let attribute = is_punct(before.last(), '#') || is_punct(before.last(), '!');
    attribute && group.delimiter() == Delimiter::Bracket && doc(group).is_some()
}

/// Whether these are `#[doc = ".."]` or `#![doc = ".."]`.
pub(crate) fn begins_doc(tokens: &[TokenTree]) -> bool {
    match tokens {
        [sign, TokenTree::Group(group), ..] if is_punct(Some(sign), '#') => doc(group).is_some(),
        [sign, mark, TokenTree::Group(group), ..] if is_punct(Some(sign), '#') => {
            is_punct(Some(mark), '!') && doc(group).is_some()
        }
        _ => false,
    }
}

/// Whether a macro is for other crates, too.
pub(crate) fn is_exported(before: &[TokenTree]) -> bool {
    attributes(before).any(|attribute| attribute.stream().to_string().starts_with("macro_export"))
}

/// Whether a macro's parameter, `$name` or in a quotation `#name`, is somewhere in these brackets; `$crate` is none.
pub(crate) fn has_parameters(group: &Group) -> bool {
    let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
    tokens.iter().enumerate().any(|(at, token)| match token {
        TokenTree::Group(inner) => has_parameters(inner),
        TokenTree::Punct(punct) if punct.as_char() == '$' => {
            !matches!(tokens.get(at + 1), Some(TokenTree::Ident(name)) if name == "crate")
        }
        TokenTree::Punct(punct) if punct.as_char() == '#' => {
            matches!(tokens.get(at + 1), Some(TokenTree::Ident(_)))
        }
        _ => false,
    })
}

/// Whether an item is for tests only.
pub(crate) fn is_test(before: &[TokenTree]) -> bool {
    attributes(before).any(|attribute| {
        let text = attribute.stream().to_string();
        let cfg = text.starts_with("cfg") && !text.contains("not");
        text == "test" || text.starts_with("kunit_tests") || (cfg && text.contains("test"))
    })
}

/// Whether a function takes a `self`.
pub(crate) fn has_self(after: &[TokenTree]) -> bool {
    let parameters = after.iter().find_map(|token| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => Some(group),
        _ => None,
    });
    parameters.is_some_and(|group| {
        group
            .stream()
            .into_iter()
            .take_while(|token| !is_punct(Some(token), ','))
            .any(|token| matches!(token, TokenTree::Ident(word) if word == "self"))
    })
}
