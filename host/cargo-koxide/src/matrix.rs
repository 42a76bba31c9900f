// SPDX-License-Identifier: MIT OR Apache-2.0

//! What came of all drivers on all kernels: a table of cells, with a row for each kernel and a column for each driver.

mod html;
#[cfg(test)]
mod sample;
pub(crate) mod shard;
mod table;

use std::collections::BTreeMap;
use std::time::Duration;

pub(crate) use html::page;
pub(crate) use shard::Shard;
pub(crate) use table::lines;

use crate::results::{Case, Object, Verdict};

/// All drivers on all kernels.
#[derive(Debug, Default)]
pub(crate) struct Grid {
    /// The drivers' names.
    pub(crate) drivers: Vec<String>,
    /// The kernels, in the order of the support matrix.
    pub(crate) rows: Vec<Row>,
    /// Which part of it all this is, where it is one.
    pub(crate) shard: Option<Shard>,
}

/// A kernel.
#[derive(Debug)]
pub(crate) struct Row {
    /// Its name, as `--kernel` takes it.
    pub(crate) name: String,
    /// Its release, once that is known.
    pub(crate) release: Option<String>,
    /// What each driver did there.
    pub(crate) cells: Vec<Cell>,
}

/// A driver on a kernel.
#[derive(Debug, Clone)]
pub(crate) enum Cell {
    /// It is not in this shard.
    Elsewhere,
    /// It could not be tried, and why.
    Unavailable(String),
    /// It was tried.
    Tried(Tried),
}

/// What came of a driver on a kernel.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tried {
    /// Its tests, in the order in which they ended.
    pub(crate) cases: Vec<Case>,
    /// How long its virtual machines took.
    pub(crate) time: Duration,
    /// The objects that its modules were linked from, by their paths in the folder for output.
    pub(crate) objects: Vec<Object>,
}

/// The number of tests by how they ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counts {
    /// Those that passed.
    pub(crate) passed: usize,
    /// Those that failed, crashes among them.
    pub(crate) failed: usize,
    /// Those in which the kernel crashed.
    pub(crate) crashed: usize,
}

impl Tried {
    /// How the tests ended.
    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for case in &self.cases {
            match case.verdict {
                Verdict::Passed => counts.passed += 1,
                Verdict::Failed(_) | Verdict::Unavailable(_) => counts.failed += 1,
                Verdict::Crashed(_) => {
                    counts.failed += 1;
                    counts.crashed += 1;
                }
                Verdict::Skipped(_) => {}
            }
        }
        counts
    }
}

impl Row {
    /// Why some of it could not be tried: each reason once.
    pub(crate) fn reasons(&self) -> Vec<&str> {
        let mut reasons: Vec<&str> = Vec::new();
        for cell in &self.cells {
            match cell {
                Cell::Unavailable(why) if !reasons.contains(&why.as_str()) => reasons.push(why),
                _ => {}
            }
        }
        reasons
    }

    /// What was tried on it.
    fn tried(&self) -> impl Iterator<Item = &Tried> {
        self.cells.iter().filter_map(|cell| match cell {
            Cell::Tried(tried) => Some(tried),
            Cell::Elsewhere | Cell::Unavailable(_) => None,
        })
    }
}

impl Grid {
    /// All tests, kernel by kernel and driver by driver, whatever the order in which they ended; what could not be tried
    /// is one that says why.
    pub(crate) fn cases(&self) -> Vec<Case> {
        let mut all = Vec::new();
        for row in &self.rows {
            let reasons = row.reasons().into_iter();
            let place = self.place(row);
            all.extend(reasons.map(|why| Case::unavailable(&place, why)));
            all.extend(row.tried().flat_map(|tried| &tried.cases).cloned());
        }
        all
    }

    /// A kernel as the place of a test that is about the kernel alone: parts that share one must not have the same test.
    fn place(&self, row: &Row) -> String {
        let is_split = row.cells.iter().any(|cell| matches!(cell, Cell::Elsewhere));
        match self.shard.filter(|_| is_split) {
            Some(shard) => format!("{} (part {shard})", row.name),
            None => row.name.clone(),
        }
    }

    /// The objects by their paths, each with its hashes: more than one means that kernels of an architecture did not
    /// share it.
    pub(crate) fn objects(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut objects: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for object in self
            .rows
            .iter()
            .flat_map(Row::tried)
            .flat_map(|t| &t.objects)
        {
            let hashes = objects.entry(&object.name).or_default();
            if !hashes.contains(&object.sha256.as_str()) {
                hashes.push(&object.sha256);
            }
        }
        objects
    }

    /// What is to be said of the objects: a line for each folder, which is one for an architecture.
    pub(crate) fn shared(&self) -> Vec<String> {
        let mut kernels: BTreeMap<&str, usize> = BTreeMap::new();
        for row in &self.rows {
            let folders = row.tried().flat_map(|tried| &tried.objects).map(folder);
            let mut folders: Vec<&str> = folders.collect();
            folders.sort_unstable();
            folders.dedup();
            folders
                .into_iter()
                .for_each(|f| *kernels.entry(f).or_default() += 1);
        }
        let line = |(folder, kernels): (&str, usize)| {
            let kernels = match kernels {
                1 => "kernel".to_owned(),
                many => format!("{many} kernels"),
            };
            format!("{folder}: one object of each driver for its {kernels}")
        };
        kernels.into_iter().map(line).collect()
    }

    /// The objects that kernels of an architecture should share and do not.
    pub(crate) fn unshared(&self) -> Vec<String> {
        let objects = self
            .objects()
            .into_iter()
            .filter(|(_, hashes)| hashes.len() > 1);
        objects
            .map(|(name, hashes)| format!("{name}: {}", hashes.join(", ")))
            .collect()
    }
}

/// The folder of an object: its architecture, for stock kernels.
fn folder(object: &Object) -> &str {
    object.name.split_once('/').map_or("", |(folder, _)| folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_the_table() {
        let grid = sample::grid();
        let cases = grid.cases();
        let places: Vec<&str> = cases.iter().map(|case| case.place.as_str()).collect();
        assert_eq!(
            places[..2],
            ["6.1.0-56-amd64", "6.1.0-56-amd64"],
            "{places:?}"
        );
        // A reason that all of a kernel's cells have is told once.
        let of_trixie = places.iter().filter(|place| **place == "debian:trixie");
        assert_eq!(of_trixie.count(), 1, "{places:?}");
    }

    #[test]
    fn an_object_that_is_not_shared_is_found() {
        let mut grid = sample::grid();
        assert_eq!(grid.unshared(), Vec::<String>::new());
        assert_eq!(
            grid.shared(),
            [
                "arm64: one object of each driver for its kernel",
                "x86_64: one object of each driver for its 2 kernels"
            ]
        );
        let Cell::Tried(tried) = &mut grid.rows[1].cells[0] else {
            panic!("{grid:?}");
        };
        tried.objects[0].sha256 = "other".to_owned();
        let unshared = grid.unshared();
        assert_eq!(unshared.len(), 1);
        assert!(
            unshared[0].starts_with("x86_64/hello_world.o: "),
            "{unshared:?}"
        );
    }
}
