// SPDX-License-Identifier: MIT OR Apache-2.0

//! A part of the matrix, for machines that share it.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

/// The K-th of N parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shard {
    /// From 1.
    index: usize,
    count: usize,
}

impl Shard {
    /// Everything.
    pub(crate) const WHOLE: Self = Self { index: 1, count: 1 };

    /// Which of `total` cells are this part's: the parts follow on each other and differ by one cell at most.
    ///
    /// Cells are counted row by row, so that a part has few kernels: each is something to fetch.
    pub(crate) fn of(self, total: usize) -> Range<usize> {
        let border = |parts: usize| total * parts / self.count;
        border(self.index - 1)..border(self.index)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = text.split_once('/').and_then(|(index, count)| {
            Some(Self {
                index: index.parse().ok()?,
                count: count.parse().ok()?,
            })
        });
        match parsed {
            Some(shard) if (1..=shard.count).contains(&shard.index) && shard.count <= MOST => {
                Ok(shard)
            }
            _ => Err(format!(
                "a part is K/N with K from 1 to N, such as 2/4, and N is at most {MOST}"
            )),
        }
    }
}

/// More machines than anybody has; with fewer, counting cells cannot overflow.
const MOST: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_everything_once_and_alike() {
        for total in 0..150 {
            for count in 1..=20 {
                let parts = (1..=count).map(|index| Shard { index, count }.of(total));
                let parts: Vec<_> = parts.collect();
                let all: Vec<usize> = parts.iter().cloned().flatten().collect();
                assert_eq!(all, (0..total).collect::<Vec<_>>(), "{parts:?}");
                let most = parts.iter().map(ExactSizeIterator::len).max().unwrap();
                let least = parts.iter().map(ExactSizeIterator::len).min().unwrap();
                assert!(most - least <= 1, "{parts:?}");
            }
        }
    }

    #[test]
    fn a_part_has_few_kernels() {
        let (kernels, drivers) = (13, 10);
        for count in 1..=kernels {
            for index in 1..=count {
                let cells = Shard { index, count }.of(kernels * drivers);
                let touched = (cells.end - 1) / drivers - cells.start / drivers + 1;
                assert!(touched <= kernels.div_ceil(count) + 1, "{index}/{count}");
            }
        }
    }

    #[test]
    fn what_is_no_part_is_refused() {
        for text in ["1/4", "4/4", "1/1"] {
            assert_eq!(text.parse::<Shard>().unwrap().to_string(), text);
        }
        for text in [
            "", "1", "0/4", "5/4", "1/0", "/", "-1/4", "1/4/2", "a/b", "1/99999",
        ] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }
}
