// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a program that measures a driver is asked, and what it answers: lines on its standard output.

use std::fmt;

use crate::protocol::words;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// Instructions, in a machine whose time they are.
    Instructions,
    /// Nanoseconds.
    Time,
}

impl Clock {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Instructions => "instructions",
            Self::Time => "nanoseconds",
        }
    }

    /// What a word means.
    pub fn of(word: &str) -> Option<Self> {
        [Self::Instructions, Self::Time]
            .into_iter()
            .find(|clock| clock.word() == word)
    }
}

/// A case of one subject.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The case: `read 64`.
    pub case: String,
    /// Whose: `rust`, `c`, `null`.
    pub subject: String,
    /// What was counted.
    pub clock: Clock,
    /// What one operation costs.
    pub values: Values,
}

/// What one operation costs.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// So much, each time that it was measured.
    Each(Vec<f64>),
    /// It cannot be said, for this reason.
    Unusable(String),
}

/// What a line with a sample begins with.
const MARK: &str = "koxide-bench";

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = vec![MARK, &self.subject, self.clock.word(), &self.case];
        let numbers: Vec<String>;
        match &self.values {
            Values::Each(values) => {
                numbers = values.iter().map(|value| format!("{value:.4}")).collect();
                line.extend(numbers.iter().map(String::as_str));
            }
            Values::Unusable(why) => line.extend(["-", why]),
        }
        f.write_str(&words::join(line))
    }
}

impl Sample {
    /// Reads a line; nothing when it is none of these.
    pub fn parse(line: &str) -> Option<Self> {
        let words = words::split(line);
        let [mark, subject, clock, case, rest @ ..] = words.as_slice() else {
            return None;
        };
        if mark != MARK {
            return None;
        }
        let values = match rest {
            [none, why] if none == "-" => Values::Unusable(why.clone()),
            numbers => {
                let numbers = numbers.iter().map(|number| number.parse());
                Values::Each(numbers.collect::<Result<_, _>>().ok()?)
            }
        };
        Some(Self {
            case: case.clone(),
            subject: subject.clone(),
            clock: Clock::of(clock)?,
            values,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_comes_back() {
        for values in [
            Values::Each(vec![812.25, -0.5]),
            Values::Unusable("it sleeps".to_owned()),
        ] {
            let sample = Sample {
                case: "read 64".to_owned(),
                subject: "rust".to_owned(),
                clock: Clock::Instructions,
                values,
            };
            assert_eq!(Sample::parse(&sample.to_string()), Some(sample));
        }
    }

    #[test]
    fn other_lines_are_none() {
        for line in [
            "",
            "read 64",
            "koxide-bench rust hours x 1",
            "koxide-bench rust nanoseconds x y",
        ] {
            assert_eq!(Sample::parse(line), None, "{line}");
        }
    }
}
