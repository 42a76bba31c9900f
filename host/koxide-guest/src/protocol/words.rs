// SPDX-License-Identifier: MIT OR Apache-2.0

//! Lines of words: any text goes into a word, and every line can still be read by a person.

use std::fmt::Write;

/// Joins words to a line; what would break the line apart is written as `%` and two hexadecimal digits.
pub fn join<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> String {
    let words: Vec<String> = words.into_iter().map(|w| encode(w.as_ref())).collect();
    words.join(" ")
}

/// Splits a line into the words that [`join`] made it of.
pub fn split(line: &str) -> Vec<String> {
    line.split(' ').map(decode).collect()
}

fn encode(word: &str) -> String {
    if word.is_empty() {
        return "%-".to_owned();
    }
    let mut encoded = String::with_capacity(word.len());
    for c in word.chars() {
        if c <= ' ' || c == '%' {
            write!(encoded, "%{:02x}", u32::from(c)).expect("a String takes everything");
        } else {
            encoded.push(c);
        }
    }
    encoded
}

fn decode(word: &str) -> String {
    let mut pieces = word.split('%');
    let mut decoded = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let code = piece
            .get(..2)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match code {
            Some(code) => {
                decoded.push(char::from(code));
                decoded.push_str(&piece[2..]);
            }
            None => decoded.push_str(piece.strip_prefix('-').unwrap_or(piece)),
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_comes_back() {
        let words = [
            "",
            "plain",
            "two words",
            "100%",
            "a\nb\tc",
            "%-",
            "ä\u{1e}",
            "%20",
        ];
        let line = join(words);
        assert!(!line.contains(['\n', '\u{1e}']));
        assert_eq!(split(&line), words);
    }
}
