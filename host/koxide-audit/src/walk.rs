// SPDX-License-Identifier: MIT OR Apache-2.0

//! A walk through a file's tokens that meets every `unsafe`.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Group, TokenTree};

use crate::Error;
use crate::item::{
    begin_of_statement, begins_doc, begins_item, contract, has_parameters, has_self, header,
    is_doc, is_exported, is_punct, is_test, kind, modifiers, name, named, position, sign_position,
};
use crate::operation::{self, Operation};
use crate::report::Kind;
use crate::source::Source;

/// What a file has in it.
pub(crate) struct Found {
    pub(crate) source: Source,
    /// The lines that have code on them, tests left out.
    pub(crate) lines: BTreeSet<usize>,
    /// The lines of `unsafe` blocks.
    pub(crate) unsafe_lines: BTreeSet<usize>,
    pub(crate) sites: Vec<RawSite>,
    pub(crate) contracts: Vec<RawContract>,
    /// `type Name = Type`
    pub(crate) aliases: Vec<(String, String)>,
    lenient: bool,
}

/// A place that says `unsafe`, before it is known what it answers.
pub(crate) struct RawSite {
    pub(crate) line: usize,
    /// The line on which its statement begins.
    pub(crate) statement: usize,
    pub(crate) kind: Kind,
    pub(crate) within: Option<String>,
    pub(crate) macro_body: Option<String>,
    /// Whether it is in a macro for other crates, and has what that is given inside of it.
    pub(crate) given: bool,
    pub(crate) test: bool,
    /// Its own `# Safety`.
    pub(crate) contract: Option<String>,
    /// The trait whose contract it answers, or that has it.
    pub(crate) of_trait: Option<String>,
    pub(crate) operations: Vec<Operation>,
}

/// An unsafe function or trait.
pub(crate) struct RawContract {
    pub(crate) owner: Option<String>,
    pub(crate) name: String,
    pub(crate) is_trait: bool,
    pub(crate) method: bool,
    pub(crate) line: usize,
    pub(crate) says: Option<String>,
    pub(crate) file: std::path::PathBuf,
}

/// What surrounds a token.
#[derive(Clone, Default)]
struct Context {
    function: Option<String>,
    /// The type that an `impl` is for, or the trait that is defined.
    owner: Option<String>,
    /// The trait that is implemented.
    of_trait: Option<String>,
    macro_body: Option<String>,
    /// Whether other crates can use that macro.
    exported: bool,
    test: bool,
    /// All functions here are unsafe: those of a foreign block, of `shims!`, `variadic_shims!` and `fields!`.
    foreign: bool,
    attribute: bool,
    /// The line on which the statement begins that these brackets are in; braces have statements of their own.
    statement: Option<usize>,
}

impl Context {
    fn within(&self) -> Option<String> {
        match (&self.owner, &self.function) {
            (Some(owner), Some(function)) => Some(format!("{owner}::{function}")),
            (owner, function) => function.clone().or_else(|| owner.clone()),
        }
    }
}

/// Walks through a file; in a lenient walk, an `unsafe` whose meaning is not clear is a word.
pub(crate) fn walk(source: Source, lenient: bool) -> Result<Found, Error> {
    let tokens: Vec<TokenTree> = source.tokens.clone().into_iter().collect();
    let mut found = Found {
        lines: BTreeSet::new(),
        unsafe_lines: BTreeSet::new(),
        sites: Vec::new(),
        contracts: Vec::new(),
        aliases: Vec::new(),
        lenient,
        source,
    };
    let file = found.source.file.with_extension("");
    let test = file.components().any(|part| part.as_os_str() == "tests");
    let context = Context {
        test,
        ..Context::default()
    };
    found.tokens(&tokens, &context)?;
    Ok(found)
}

impl Found {
    fn tokens(&mut self, tokens: &[TokenTree], around: &Context) -> Result<(), Error> {
        // What the next braces are the body of.
        let mut next = around.clone();
        let mut quoted = false;
        for (at, token) in tokens.iter().enumerate() {
            let before = &tokens[..at];
            let after = &tokens[at + 1..];
            // Documentation is a comment.
            if begins_doc(&tokens[at..]) {
                continue;
            }
            let test = around.test || next.test;
            match token {
                TokenTree::Ident(word) if word == "fn" => {
                    if let Some(name) = name(after) {
                        next.function = Some(name.clone());
                        next.test |= is_test(before);
                        self.function(name, before, after, around, &next);
                    }
                }
                TokenTree::Ident(word) if word == "type" => {
                    let stands_for = operation::first_path(&after[sign_position(after, '=')..]);
                    self.aliases.extend(name(after).zip(stands_for));
                }
                TokenTree::Ident(word) if word == "mod" => next.test |= is_test(before),
                TokenTree::Ident(word) if word == "trait" => {
                    next.owner = name(after);
                    next.of_trait = None;
                }
                TokenTree::Ident(word) if word == "impl" && begins_item(before) => {
                    (next.of_trait, next.owner) = header(after);
                }
                TokenTree::Ident(word) if word == "macro_rules" => {
                    next.macro_body = name(after.get(1..).unwrap_or_default());
                    next.exported = is_exported(before);
                }
                // What a procedural macro writes is for other crates.
                TokenTree::Ident(word) if word == "quote" && is_punct(after.first(), '!') => {
                    quoted = true;
                }
                TokenTree::Ident(word)
                    if ["shims", "fields", "variadic_shims"]
                        .iter()
                        .any(|all| word == all)
                        && is_punct(after.first(), '!') =>
                {
                    next.foreign = true;
                }
                TokenTree::Ident(word) if word == "unsafe" => {
                    let line = word.span().start().line;
                    let kind = kind(after, around.attribute);
                    // In others' macros the word may stand for itself; it is counted.
                    let kind = kind.or(self.lenient.then_some(Kind::Word));
                    let kind = kind.ok_or_else(|| Error::Unclear {
                        file: self.source.file.clone(),
                        line,
                    })?;
                    next.foreign |= kind == Kind::Foreign;
                    self.site(kind, line, before, after, &next);
                }
                TokenTree::Punct(punct) if punct.as_char() == ';' => next = around.clone(),
                TokenTree::Group(group) if is_doc(before, group) => continue,
                TokenTree::Group(group) => {
                    next.exported |= std::mem::take(&mut quoted);
                    self.group(group, before, &mut next, around)?;
                }
                _ => {}
            }
            self.line(token, test || next.test);
        }
        Ok(())
    }

    /// Goes into brackets.
    fn group(
        &mut self,
        group: &Group,
        before: &[TokenTree],
        next: &mut Context,
        around: &Context,
    ) -> Result<(), Error> {
        let inner: Vec<TokenTree> = group.stream().into_iter().collect();
        let body = group.delimiter() == Delimiter::Brace;
        let mut context = if body { next.clone() } else { around.clone() };
        context.attribute = group.delimiter() == Delimiter::Bracket
            && (is_punct(before.last(), '#') || is_punct(before.last(), '!'));
        context.macro_body.clone_from(&next.macro_body);
        context.exported = next.exported;
        context.statement = match body {
            true => None,
            false => around.statement.or_else(|| begin_of_statement(before)),
        };
        self.tokens(&inner, &context)?;
        if body {
            *next = around.clone();
        }
        Ok(())
    }

    fn line(&mut self, token: &TokenTree, test: bool) {
        if test {
            return;
        }
        self.lines.insert(token.span().start().line);
        if matches!(token, TokenTree::Group(_)) {
            self.lines.insert(token.span().end().line);
        }
    }

    /// Remembers an unsafe function's contract.
    fn function(
        &mut self,
        name: String,
        before: &[TokenTree],
        after: &[TokenTree],
        around: &Context,
        next: &Context,
    ) {
        let modifiers = modifiers(before);
        let says_so = modifiers.iter().any(|word| word == "unsafe");
        let says_not = modifiers.iter().any(|word| word == "safe");
        let is_unsafe = says_so || (around.foreign && !says_not);
        let line = after.first().map_or(0, |token| token.span().start().line);
        if is_unsafe && !says_so {
            // The word stands at the block around it.
            self.push(Kind::Function, line, before, next);
        }
        // The contract of a trait's function is the trait's.
        if is_unsafe && around.of_trait.is_none() {
            self.contracts.push(RawContract {
                owner: around.owner.clone(),
                name,
                is_trait: false,
                method: has_self(after),
                line,
                says: contract(before),
                file: self.source.file.clone(),
            });
        }
    }

    fn site(
        &mut self,
        kind: Kind,
        line: usize,
        before: &[TokenTree],
        after: &[TokenTree],
        context: &Context,
    ) {
        let mut context = context.clone();
        match kind {
            Kind::Function => context.function = after.iter().find_map(|_| named(after, "fn")),
            Kind::Impl => {
                let from = position(after, "impl");
                (context.of_trait, context.owner) = header(&after[from..]);
                context.function = None;
            }
            Kind::Trait => {
                context.owner = named(after, "trait");
                context.of_trait.clone_from(&context.owner);
                context.function = None;
                self.contracts.push(RawContract {
                    owner: None,
                    name: context.owner.clone().unwrap_or_default(),
                    is_trait: true,
                    method: false,
                    line,
                    says: contract(before),
                    file: self.source.file.clone(),
                });
            }
            _ => {}
        }
        context.test |= is_test(before);
        let at = self.push(kind, line, before, &context);
        if let (Kind::Block, Some(TokenTree::Group(block))) = (kind, after.first()) {
            self.sites[at].operations = operation::operations(block, context.owner.as_deref());
            self.sites[at].given = context.exported && has_parameters(block);
            self.unsafe_lines
                .extend(line..=block.span_close().end().line);
        }
    }

    fn push(&mut self, kind: Kind, line: usize, before: &[TokenTree], context: &Context) -> usize {
        self.sites.push(RawSite {
            line,
            statement: context
                .statement
                .or_else(|| begin_of_statement(before))
                .unwrap_or(line),
            kind,
            within: context.within(),
            macro_body: context.macro_body.clone(),
            test: context.test,
            contract: contract(before),
            of_trait: context.of_trait.clone(),
            operations: Vec::new(),
            given: false,
        });
        self.sites.len() - 1
    }
}
