// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which panics are made: each place that a test gets to, then the same places in other tests, and then again.

use std::time::Duration;

use super::subject::Subject;
use super::survey::{Reached, Survey};

/// The least time that a test is given: it may wait for what does not come any more.
const LEAST: Duration = Duration::from_secs(2);

/// What stands between a name and how often it was there.
const AGAIN: &str = ", time ";

/// A panic that is to be made.
#[derive(Debug, Clone)]
pub(super) struct Chosen {
    /// The driver on the kernel.
    pub(super) subject: usize,
    /// The site.
    pub(super) site: usize,
    /// The program of the test that gets there.
    pub(super) program: usize,
    /// The test.
    pub(super) test: String,
    /// What it is shown as.
    pub(super) name: String,
    /// How long the test may take.
    pub(super) limit: Duration,
}

/// Chooses `count` panics, of those whose names contain the filter.
pub(super) fn choose(
    surveyed: &[(Subject, Survey)],
    count: u32,
    filter: Option<&str>,
) -> Vec<Chosen> {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let mut all = Vec::new();
    for (subject, (of, survey)) in surveyed.iter().enumerate() {
        for (site, (_, place)) in of.sites.iter().enumerate() {
            let chosen = survey.reached[site]
                .iter()
                .map(|test| chosen(subject, site, place, test));
            let wanted = |chosen: &Chosen| {
                let name = format!("{}::{}", of.suite(chosen.program), chosen.name);
                filter.is_none_or(|filter| name.contains(filter))
            };
            all.push(chosen.filter(wanted).collect::<Vec<_>>());
        }
    }
    let rounds = all.iter().map(Vec::len).max().unwrap_or_default();
    let round = |round: usize| all.iter().filter_map(move |of| of.get(round));
    let once: Vec<&Chosen> = (0..rounds).flat_map(round).collect();
    if once.is_empty() {
        return Vec::new();
    }
    let times = once.iter().cycle().take(count).enumerate();
    times
        .map(|(index, chosen)| {
            let mut chosen = (*chosen).clone();
            if index >= once.len() {
                chosen.name += &format!("{AGAIN}{}", index / once.len() + 1);
            }
            chosen
        })
        .collect()
}

fn chosen(subject: usize, site: usize, place: &str, test: &Reached) -> Chosen {
    Chosen {
        subject,
        site,
        program: test.program,
        test: test.name.clone(),
        name: format!("{} at {place} (site {site})", test.name),
        limit: (test.takes * 4).max(LEAST),
    }
}

/// The name that a run has the first time.
pub(super) fn once(name: &str) -> &str {
    name.split_once(AGAIN).map_or(name, |(name, _)| name)
}
