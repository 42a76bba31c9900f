// SPDX-License-Identifier: MIT OR Apache-2.0

//! The order of Debian package versions (deb-version(7)), so that no process is needed for each comparison.

use std::cmp::Ordering;

/// Compares two versions as dpkg does.
pub(crate) fn compare(a: &str, b: &str) -> Ordering {
    let (a_epoch, a) = epoch(a);
    let (b_epoch, b) = epoch(b);
    let (a_upstream, a_revision) = a.rsplit_once('-').unwrap_or((a, ""));
    let (b_upstream, b_revision) = b.rsplit_once('-').unwrap_or((b, ""));
    a_epoch
        .cmp(&b_epoch)
        .then_with(|| part(a_upstream, b_upstream))
        .then_with(|| part(a_revision, b_revision))
}

fn epoch(version: &str) -> (u64, &str) {
    match version.split_once(':') {
        Some((epoch, rest)) => (epoch.parse().unwrap_or(0), rest),
        None => (0, version),
    }
}

/// Compares texts and numbers by turns, a text first.
fn part(mut a: &str, mut b: &str) -> Ordering {
    while !a.is_empty() || !b.is_empty() {
        let (a_text, a_rest) = split(a, |c| !c.is_ascii_digit());
        let (b_text, b_rest) = split(b, |c| !c.is_ascii_digit());
        let (a_number, a_rest) = split(a_rest, |c| c.is_ascii_digit());
        let (b_number, b_rest) = split(b_rest, |c| c.is_ascii_digit());
        let order = text(a_text, b_text).then_with(|| number(a_number, b_number));
        if order != Ordering::Equal {
            return order;
        }
        (a, b) = (a_rest, b_rest);
    }
    Ordering::Equal
}

fn split(text: &str, keep: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|c| !keep(c)).unwrap_or(text.len());
    text.split_at(end)
}

fn number(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// A tilde sorts before the end, the end before letters, letters before all else.
fn text(a: &str, b: &str) -> Ordering {
    let rank = |c: Option<u8>| match c {
        Some(b'~') => -1,
        None => 0,
        Some(c) if c.is_ascii_alphabetic() => i32::from(c),
        Some(c) => i32::from(c) + 256,
    };
    let (a, b) = (a.as_bytes(), b.as_bytes());
    (0..a.len().max(b.len()))
        .map(|i| rank(a.get(i).copied()).cmp(&rank(b.get(i).copied())))
        .find(|order| *order != Ordering::Equal)
        .unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_sort_as_dpkg_sorts_them() {
        let sorted = [
            "6.1.9-1",
            "6.1.176-1",
            "6.1.192-1",
            "6.1.192-1+b1",
            "6.1.192-2",
            "6.12.95-1~bpo12+1",
            "6.12.95-1",
            "6.12.100-1",
            "7.0~rc1-1",
            "7.0-1",
            "1:0.1-1",
        ];
        for (i, a) in sorted.iter().enumerate() {
            for (j, b) in sorted.iter().enumerate() {
                assert_eq!(compare(a, b), i.cmp(&j), "{a} against {b}");
            }
        }
        assert_eq!(compare("1.01-1", "1.1-1"), Ordering::Equal);
    }
}
