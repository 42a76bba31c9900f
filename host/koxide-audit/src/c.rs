// SPDX-License-Identifier: MIT OR Apache-2.0

//! The C side: all of it is unsafe, so that only its size is counted.

use std::path::Path;

use crate::{Error, Shims};

/// Counts a file of shims.
pub(crate) fn read(root: &Path, path: &Path) -> Result<Shims, Error> {
    let text = std::fs::read_to_string(path).map_err(|e| Error::File(path.to_owned(), e))?;
    count(path.strip_prefix(root).unwrap_or(path), &text)
}

fn count(file: &Path, text: &str) -> Result<Shims, Error> {
    let code = without_comments(text).map_err(|line| Error::NotC {
        file: file.to_owned(),
        line,
        why: "a comment begins here and does not end",
    })?;
    // Each shim is in one of these, and outside of them is what shims share.
    let functions = code
        .lines()
        .filter(|line| line.starts_with("#ifdef KX_USE_"));
    Ok(Shims {
        file: file.to_owned(),
        functions: functions.count(),
        lines: code.lines().filter(|line| !line.trim().is_empty()).count(),
    })
}

/// The code alone, on the lines where it was; the line of a comment without an end.
fn without_comments(text: &str) -> Result<String, usize> {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let taken = if rest.starts_with("/*") {
            let before = &text[..text.len() - rest.len()];
            let end = rest
                .find("*/")
                .ok_or_else(|| before.matches('\n').count() + 1)?;
            code.extend(rest[..end].chars().filter(|c| *c == '\n'));
            end + 2
        } else if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if first == '"' || first == '\'' {
            let end = literal(rest, first);
            code.push_str(&rest[..end]);
            end
        } else {
            code.push(first);
            first.len_utf8()
        };
        rest = &rest[taken..];
    }
    Ok(code)
}

/// The length of the text or character that begins here.
fn literal(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            // A line ends every literal: an apostrophe in `#error` closes nothing.
            '\n' => return at,
            _ if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_do_not_count_and_texts_are_none() {
        let text = "/* a\n * b */\n#ifdef KX_USE_kx_f\nvoid f(void) // c\n{\n\tg(\"/*\", '\"');\n}\n#endif\n";
        let shims = count(Path::new("x.c"), text).unwrap();
        assert_eq!((shims.functions, shims.lines), (1, 6));
    }

    #[test]
    fn a_comment_without_an_end_is_an_error() {
        let error = count(Path::new("x.c"), "int a;\n\n/* b\nint c;\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "x.c:3: a comment begins here and does not end"
        );
    }
}
