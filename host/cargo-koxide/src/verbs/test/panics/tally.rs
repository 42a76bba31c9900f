// SPDX-License-Identifier: MIT OR Apache-2.0

//! What came of the panics, driver by driver.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use koxide_build::panics::Way;
use koxide_vm::{Outcome, TestResult};

use super::choice::Chosen;
use super::subject::{Subject, panicked};
use super::survey::Survey;

/// What came of the panics on a kernel.
pub(super) struct Tally {
    drivers: Vec<Counted>,
    /// How many panics there were in each function that the kernel calls.
    callbacks: BTreeMap<String, u32>,
    /// And of each kind.
    kinds: BTreeMap<String, u32>,
}

/// What came of a driver's.
#[derive(Default)]
struct Counted {
    driver: String,
    /// The sites that a panic can start at, and how many panics did.
    sites: BTreeMap<usize, u32>,
    /// The others, by reason.
    apart: BTreeMap<&'static str, usize>,
    /// Where each site is, and what it calls.
    places: Vec<(String, String)>,
    /// Where tests get.
    passed_by: BTreeSet<usize>,
    unusable: Vec<String>,
    panics: u32,
    contained: u32,
    /// Panics of which a system call's caller was told, where the kernel can trace that.
    told: Option<u32>,
    /// Callback, site, test.
    contexts: BTreeSet<(String, usize, String)>,
}

impl Tally {
    /// Nothing has panicked yet.
    pub(super) fn new(surveyed: &[(Subject, Survey)]) -> Self {
        let counted = |(subject, survey): &(Subject, Survey)| {
            let mut counted = Counted {
                driver: subject.driver.clone(),
                unusable: survey.unusable.clone(),
                ..Counted::default()
            };
            for (index, (site, place)) in subject.sites.iter().enumerate() {
                let name = rustc_demangle::demangle(&site.callee);
                let name = format!("{name:#}");
                let kind = name.rsplit("::").next().unwrap_or_default();
                let kind = kind.trim_start_matches("panic_const_");
                counted.places.push((place.clone(), kind.to_owned()));
                match &site.way {
                    Way::Forced(_) => {
                        counted.sites.insert(index, 0);
                    }
                    Way::Not(reason) => *counted.apart.entry(reason.text()).or_default() += 1,
                }
            }
            let reached = survey.reached.iter().enumerate();
            let reached = reached.filter(|(_, tests)| !tests.is_empty());
            counted.passed_by = reached.map(|(site, _)| site).collect();
            counted
        };
        Self {
            drivers: surveyed.iter().map(counted).collect(),
            callbacks: BTreeMap::new(),
            kinds: BTreeMap::new(),
        }
    }

    /// A run has ended.
    pub(super) fn add(&mut self, chosen: &Chosen, test: &TestResult) {
        let counted = &mut self.drivers[chosen.subject];
        let panicked = panicked(test);
        let failed = matches!(test.outcome, Outcome::Failed(_));
        if panicked.is_none() && !failed {
            return;
        }
        let (told, callback) = panicked.unwrap_or_default();
        let kind = counted.places[chosen.site].1.clone();
        *self.kinds.entry(kind).or_default() += 1;
        *self.callbacks.entry(callback.to_owned()).or_default() += 1;
        counted.panics += 1;
        if let Some(told) = told {
            *counted.told.get_or_insert_default() += u32::from(told > 0);
        }
        counted.contained += u32::from(!failed);
        *counted.sites.entry(chosen.site).or_default() += 1;
        let context = (callback.to_owned(), chosen.site, chosen.test.clone());
        counted.contexts.insert(context);
    }

    /// As a table.
    pub(super) fn table(&self, kernel: &str) -> String {
        let mut text = format!(
            "\nPanics on {kernel}\n\n{:<18} {:>6} {:>6} {:>5} {:>7} {:>9} {:>9} {:>9}\n",
            "driver", "sites", "hit", "", "panics", "contexts", "contained", "EIO seen"
        );
        let mut row = |name: &str, numbers: [usize; 5], told: Option<u32>| {
            let [sites, hit, panics, contexts, contained] = numbers;
            let told = told.map_or_else(|| "-".to_owned(), |told| told.to_string());
            let percent = (hit * 100).checked_div(sites);
            let percent = percent.map_or_else(String::new, |percent| format!("{percent}%"));
            let _ = writeln!(
                text,
                "{name:<18} {sites:>6} {hit:>6} {percent:>5} {panics:>7} {contexts:>9} {contained:>9} {told:>9}"
            );
        };
        let mut all = [0; 5];
        for driver in &self.drivers {
            let numbers = driver.numbers();
            all = std::array::from_fn(|i| all[i] + numbers[i]);
            row(&driver.driver, numbers, driver.told);
        }
        let told = self.drivers.iter().filter_map(|driver| driver.told);
        row("all", all, told.reduce(|a, b| a + b));
        for (what, counts) in [("in", &self.callbacks), ("of", &self.kinds)] {
            let counts: Vec<_> = counts
                .iter()
                .map(|(name, n)| format!("{name} {n}"))
                .collect();
            let _ = writeln!(text, "{what}: {}", counts.join(", "));
        }
        for driver in &self.drivers {
            text += &driver.rest();
        }
        text
    }
}

impl Counted {
    fn numbers(&self) -> [usize; 5] {
        let hit = self.sites.values().filter(|n| **n > 0).count();
        [
            self.sites.len(),
            hit,
            self.panics as usize,
            self.contexts.len(),
            self.contained as usize,
        ]
    }

    /// What was not hit, and why.
    fn rest(&self) -> String {
        let mut text = String::new();
        for (site, _) in self.sites.iter().filter(|(_, n)| **n == 0) {
            let why = match self.passed_by.contains(site) {
                true => "no run of those chosen panicked there",
                false => "no test gets to its check",
            };
            let (place, kind) = &self.places[*site];
            let _ = writeln!(
                text,
                "{}: not hit: {place} ({kind}), site {site}: {why}",
                self.driver
            );
        }
        for (reason, count) in &self.apart {
            let _ = writeln!(text, "{}: {count} not counted: {reason}", self.driver);
        }
        for test in &self.unusable {
            let _ = writeln!(text, "{}: not used: {test}", self.driver);
        }
        text
    }
}
