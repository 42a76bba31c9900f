// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads KTAP, the format in which kernel tests report: Documentation/dev-tools/ktap.rst.

/// What a line of KTAP says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    /// The head of a group of results.
    Version,
    /// How many results the group has.
    Plan(usize),
    /// The name of the group.
    Subtest(String),
    /// A test starts: our own addition, a diagnostic for other readers.
    Start(String),
    /// A result.
    Result {
        /// Whether the test passed; one that is skipped counts as passed.
        ok: bool,
        /// Its number in the group, from 1.
        number: usize,
        /// Its name.
        name: String,
        /// Why it was skipped.
        skip: Option<String>,
    },
    /// Something to read.
    Diagnostic(String),
}

/// Reads a line; nothing when it is not KTAP. Returns how deep it is too: 4 spaces are one level.
pub(crate) fn parse(line: &str) -> Option<(usize, Line)> {
    let text = line.trim_start_matches(' ');
    let depth = (line.len() - text.len()) / 4;
    Some((depth, parse_text(text.trim_end())?))
}

fn parse_text(text: &str) -> Option<Line> {
    if text.starts_with("KTAP version ") || text.starts_with("TAP version ") {
        return Some(Line::Version);
    }
    if let Some(count) = text.strip_prefix("1..") {
        return count.trim().parse().ok().map(Line::Plan);
    }
    if let Some(diagnostic) = text.strip_prefix('#') {
        let diagnostic = diagnostic.trim_start();
        return Some(if let Some(name) = diagnostic.strip_prefix("Subtest: ") {
            Line::Subtest(name.to_owned())
        } else if let Some(name) = diagnostic.strip_prefix("start: ") {
            Line::Start(name.to_owned())
        } else {
            Line::Diagnostic(diagnostic.to_owned())
        });
    }
    let (ok, rest) = match text.strip_prefix("not ok ") {
        Some(rest) => (false, rest),
        None => (true, text.strip_prefix("ok ")?),
    };
    result(ok, rest)
}

fn result(ok: bool, rest: &str) -> Option<Line> {
    let (number, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let number = number.parse().ok()?;
    let (name, directive) = match rest.split_once(" # ") {
        Some((name, directive)) => (name, directive),
        None => match rest.strip_prefix("# ") {
            Some(directive) => ("", directive),
            None => (rest, ""),
        },
    };
    let name = name.trim();
    let name = name.strip_prefix("- ").unwrap_or(name).to_owned();
    let skip = directive
        .strip_prefix("SKIP")
        .map(|why| why.trim().to_owned());
    // A failure that is expected, or known, is written as `# TODO` or `# XFAIL`: it does not count.
    let ok = ok || directive.starts_with("TODO") || directive.starts_with("XFAIL");
    Some(Line::Result {
        ok,
        number,
        name,
        skip,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(ok: bool, number: usize, name: &str, skip: Option<&str>) -> Option<Line> {
        Some(Line::Result {
            ok,
            number,
            name: name.to_owned(),
            skip: skip.map(str::to_owned),
        })
    }

    #[test]
    fn each_kind_of_line_is_understood() {
        let text = |line: &str| Some(line.to_owned());
        for (line, depth, expected) in [
            ("KTAP version 1", 0, Some(Line::Version)),
            ("    1..12", 1, Some(Line::Plan(12))),
            ("    # Subtest: hello", 1, text("hello").map(Line::Subtest)),
            ("        # start: a::b", 2, text("a::b").map(Line::Start)),
            ("    # it was 3", 1, text("it was 3").map(Line::Diagnostic)),
            ("ok 1 first", 0, result(true, 1, "first", None)),
            ("not ok 2 - second", 0, result(false, 2, "second", None)),
            (
                "ok 3 third # SKIP no device",
                0,
                result(true, 3, "third", Some("no device")),
            ),
            ("ok 4 # SKIP", 0, result(true, 4, "", Some(""))),
            (
                "not ok 5 fifth # TODO later",
                0,
                result(true, 5, "fifth", None),
            ),
            ("    ok 6", 1, result(true, 6, "", None)),
        ] {
            assert_eq!(parse(line), expected.map(|e| (depth, e)), "{line}");
        }
    }

    #[test]
    fn other_lines_are_none() {
        for line in ["okay", "ok then", "1..x", "hello_world: greetings", ""] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
