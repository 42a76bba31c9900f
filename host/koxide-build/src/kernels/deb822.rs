// SPDX-License-Identifier: MIT OR Apache-2.0

//! Debian's control format: stanzas of `Field: value` lines, as apt prints and reads them.

/// One stanza's fields in their order; continuation lines are part of the value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Stanza(Vec<(String, String)>);

impl Stanza {
    /// The value of a field, whose name is compared without case.
    pub(crate) fn get(&self, field: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(field))
            .map(|(_, value)| value.as_str())
    }
}

/// All stanzas of a text.
pub(crate) fn parse(text: &str) -> Vec<Stanza> {
    let mut stanzas = Vec::new();
    let mut current = Stanza::default();
    for line in text.lines() {
        if line.starts_with('#') {
            continue;
        }
        if line.trim().is_empty() {
            if !current.0.is_empty() {
                stanzas.push(std::mem::take(&mut current));
            }
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = current.0.last_mut() {
                value.push('\n');
                value.push_str(line);
            }
        } else if let Some((name, value)) = line.split_once(':') {
            current.0.push((name.to_owned(), value.trim().to_owned()));
        }
    }
    if !current.0.is_empty() {
        stanzas.push(current);
    }
    stanzas
}

/// The first alternative of each dependency: its package, and the version when exactly one will do.
pub(crate) fn dependencies(list: &str) -> Vec<(&str, Option<&str>)> {
    list.split(',')
        .filter_map(|dependency| {
            let first = dependency.split('|').next()?.trim();
            let name = first.split([' ', '(', ':']).next()?;
            let version = first
                .split_once("(=")
                .and_then(|(_, rest)| rest.split(')').next())
                .map(str::trim);
            (!name.is_empty()).then_some((name, version))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stanzas_keep_continuation_lines() {
        let stanzas = parse("# note\nA: 1\nSigned-By:\n -----BEGIN\n .\n\n\nA: 2\n");
        assert_eq!(stanzas.len(), 2);
        assert_eq!(stanzas[0].get("signed-by"), Some("\n -----BEGIN\n ."));
        assert_eq!(stanzas[1].get("A"), Some("2"));
        assert_eq!(stanzas[1].get("B"), None);
    }

    #[test]
    fn dependencies_give_the_first_alternative() {
        let list = "a (= 1:2.0), b (>= 3) | c, d:any, linux-kbuild-6.1";
        assert_eq!(
            dependencies(list),
            [
                ("a", Some("1:2.0")),
                ("b", None),
                ("d", None),
                ("linux-kbuild-6.1", None)
            ]
        );
    }
}
