// SPDX-License-Identifier: MIT OR Apache-2.0

//! A Rust file as tokens and as lines: comments are in the latter only.

use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;

use crate::Error;

/// A Rust file.
pub(crate) struct Source {
    /// Its path, as the report shows it.
    pub(crate) file: PathBuf,
    /// Its tokens.
    pub(crate) tokens: TokenStream,
    lines: Vec<String>,
}

impl Source {
    /// Reads a file, and makes sure that the compiler would.
    pub(crate) fn read(root: &Path, path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|e| Error::File(path.to_owned(), e))?;
        Self::new(path.strip_prefix(root).unwrap_or(path), &text)
    }

    /// Takes a file's text.
    pub(crate) fn new(file: &Path, text: &str) -> Result<Self, Error> {
        let not_rust = |line, why: String| Error::NotRust {
            file: file.to_owned(),
            line,
            why,
        };
        let tokens: TokenStream = text
            .parse()
            .map_err(|e: proc_macro2::LexError| not_rust(e.span().start().line, e.to_string()))?;
        syn::parse2::<syn::File>(tokens.clone())
            .map_err(|e| not_rust(e.span().start().line, e.to_string()))?;
        Ok(Self {
            file: file.to_owned(),
            tokens,
            lines: text.lines().map(str::to_owned).collect(),
        })
    }

    /// What the `// SAFETY:` above the statement says that reaches from an earlier line to `line`, counted from 1.
    pub(crate) fn safety_comment(&self, line: usize) -> Option<String> {
        let above = self.lines.get(..line.checked_sub(1)?)?;
        for (at, text) in above.iter().enumerate().rev() {
            let text = text.trim();
            if is_comment(text) {
                let begin = above[..at]
                    .iter()
                    .rposition(|line| !is_comment(line.trim()));
                let comment = &above[begin.map_or(0, |line| line + 1)..=at];
                return after_the_word(comment);
            }
            let ends_before = text.is_empty() || text.ends_with([';', '{', '}']);
            if ends_before {
                return None;
            }
        }
        None
    }
}

/// A comment of the code, and no documentation.
fn is_comment(line: &str) -> bool {
    line.starts_with("//") && !line.starts_with("///") && !line.starts_with("//!")
}

/// The text of a comment from `SAFETY:` on.
fn after_the_word(comment: &[String]) -> Option<String> {
    let words: Vec<&str> = comment
        .iter()
        .flat_map(|line| line.trim().trim_start_matches('/').split_whitespace())
        .collect();
    let at = words.iter().position(|word| *word == "SAFETY:")?;
    Some(words[at + 1..].join(" "))
}
