// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which tests get to which places: found once, and remembered for as long as driver and tests are the same.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use anyhow::Context as _;
use koxide_build::cache;
use koxide_build::panics::{Site, Way};
use koxide_vm::{Event, Outcome, Plan, Program, Run, TestResult};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::subject::{Subject, WAITS, not_contained, panicked};
use crate::machine::{explained, explained_vm};
use crate::results::Case;

/// How long a test may take in which a site is forced alone.
const ALONE: Duration = Duration::from_secs(6);

/// Which tests get where.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// The tests that get to each site.
    pub(super) reached: Vec<Vec<Reached>>,
    /// The tests that do not pass even when nothing panics, and why.
    pub(super) unusable: Vec<String>,
}

/// A test that gets to a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Reached {
    /// Its program, by its place in the list.
    pub(super) program: usize,
    /// Its name.
    pub(super) name: String,
    /// How long it takes when nothing panics.
    pub(super) takes: Duration,
}

/// The tests that get to each site, by its name.
type Sites = BTreeMap<String, Vec<Reached>>;

/// What is known of an object.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Known {
    sites: Sites,
    /// As [`Survey::unusable`].
    unusable: Vec<String>,
}

/// What is remembered of a driver.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Remembered {
    /// The SHA-256 of the test programs.
    programs: String,
    /// By the SHA-256 of the driver's object.
    objects: BTreeMap<String, Known>,
}

/// Finds out which tests get to which sites of a driver, as far as that is not known.
pub(super) fn survey(subject: &Subject, on_case: &mut dyn FnMut(Case)) -> anyhow::Result<Survey> {
    let file = subject.folder.join(format!("{}.json", subject.driver));
    let programs = digest(&subject.programs)?;
    let remembered = fs::read(&file).ok();
    let remembered = remembered.and_then(|text| serde_json::from_slice(&text).ok());
    let mut remembered = remembered
        .filter(|known: &Remembered| known.programs == programs)
        .unwrap_or_default();
    remembered.programs = programs;
    let mut known = remembered.objects.remove(&subject.module.object);
    if known.is_none() && !subject.stock {
        // It is of the same source. Where the compiler made the same of it, the same tests get there.
        known = remembered.objects.values().next().cloned();
    }
    let mut known = known.unwrap_or_default();
    let names = names(&subject.sites);
    let is_sought = |index: &usize| {
        let (site, _) = &subject.sites[*index];
        matches!(site.way, Way::Forced(_)) && !known.sites.contains_key(&names[*index])
    };
    let sought: Vec<usize> = (0..names.len()).filter(is_sought).collect();
    let mut found = BTreeMap::new();
    let mut ended = Ok(());
    if !sought.is_empty() && !subject.programs.is_empty() {
        ended = search(subject, &sought, &mut found, &mut known.unusable, on_case);
        if ended.is_ok() {
            // No test gets to the others.
            for site in sought {
                found.entry(site).or_default();
            }
        }
        let found = found.into_iter();
        known
            .sites
            .extend(found.map(|(site, tests)| (names[site].clone(), tests)));
    }
    let reached = names.iter().map(|name| known.sites.get(name).cloned());
    let survey = Survey {
        reached: reached.map(Option::unwrap_or_default).collect(),
        unusable: known.unusable.clone(),
    };
    remembered
        .objects
        .insert(subject.module.object.clone(), known);
    let text = serde_json::to_vec(&remembered).context("what is remembered is plain data")?;
    fs::create_dir_all(&subject.folder)
        .with_context(|| format!("cannot create {}", subject.folder.display()))?;
    explained(cache::write(&file, &text).map_err(koxide_build::Error::from))?;
    // What was found before it ended need not be found again.
    ended?;
    Ok(survey)
}

/// Has the virtual machine look for tests that get to these sites.
fn search(
    subject: &Subject,
    sought: &[usize],
    found: &mut BTreeMap<usize, Vec<Reached>>,
    unusable: &mut Vec<String>,
    on_case: &mut dyn FnMut(Case),
) -> anyhow::Result<()> {
    let mut broken = Vec::new();
    let plan = subject.plan(sought.to_vec(), Vec::new());
    boot(subject, plan, &mut |test| {
        let why = not_contained(test);
        // A test that hung may hang at another site, too, or the next time.
        if why != Some(WAITS) {
            for (site, reached) in reached(test, &subject.programs) {
                found.entry(site).or_default().push(reached);
            }
            broken.extend(why.map(|_| (test.suite.clone(), test.name.clone())));
        }
        if let Outcome::Failed(failure) = &test.outcome {
            let why = why.map_or_else(|| failure.to_string(), str::to_owned);
            unusable.push(format!("{}::{}: {why}", test.suite, test.name));
        }
        on_case(subject.surveyed(test));
    })?;
    let left = sought.iter().filter(|site| !found.contains_key(site));
    let alone = alone(subject, &broken, left.copied());
    if alone.is_empty() {
        return Ok(());
    }
    let runs = alone.iter().map(|(_, run)| run.clone());
    boot(
        subject,
        subject.plan(Vec::new(), runs.collect()),
        &mut |test| {
            let of = |(_, run): &&(usize, Run)| run.name == test.name;
            if let Some((site, run)) = alone.iter().find(of)
                && panicked(test).is_some()
            {
                let reached = Reached {
                    program: run.program,
                    name: run.test.clone(),
                    takes: test.duration / 2,
                };
                found.entry(*site).or_default().push(reached);
                on_case(subject.surveyed(test));
            }
        },
    )
}

/// Runs of tests that took the machine down when many sites were forced: with one at a time.
fn alone(
    subject: &Subject,
    tests: &[(String, String)],
    sites: impl Iterator<Item = usize> + Clone,
) -> Vec<(usize, Run)> {
    let of_test = |(suite, name): &(String, String)| {
        let program = subject.programs.iter().position(|p| p.suite == *suite);
        let name = name.clone();
        let run = move |site| {
            let run = Run {
                name: format!("{name} with site {site} alone"),
                program: program?,
                test: name.clone(),
                site,
                limit: ALONE,
            };
            Some((site, run))
        };
        sites.clone().filter_map(run)
    };
    tests.iter().flat_map(of_test).collect()
}

/// Has the virtual machine do what is planned.
fn boot(subject: &Subject, plan: Plan, on_test: &mut dyn FnMut(&TestResult)) -> anyhow::Result<()> {
    explained_vm(subject.vm.run(&plan, &subject.payload, &mut |event| {
        if let Event::TestDone(test) = event {
            on_test(test);
        }
    }))?;
    Ok(())
}

/// The sites that a test gets to, as its notes say: `gets to: SITE MILLISECONDS`.
fn reached(test: &TestResult, programs: &[Program]) -> Vec<(usize, Reached)> {
    let Some(program) = programs.iter().position(|p| p.suite == test.suite) else {
        return Vec::new();
    };
    let site = |note: &String| {
        let (site, millis) = note.strip_prefix("gets to: ")?.split_once(' ')?;
        let reached = Reached {
            program,
            name: test.name.clone(),
            takes: Duration::from_millis(millis.parse().ok()?),
        };
        Some((site.parse().ok()?, reached))
    };
    test.notes.iter().filter_map(site).collect()
}

/// A name for each site that it has in other objects of the same source, too.
fn names(sites: &[(Site, String)]) -> Vec<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let name = |(site, place): &(Site, String)| {
        let name = format!("{place} {}", site.callee);
        let count = counts.entry(name.clone()).or_default();
        *count += 1;
        format!("{name} {count}")
    };
    sites.iter().map(name).collect()
}

fn digest(programs: &[Program]) -> anyhow::Result<String> {
    let mut digest = Sha256::new();
    for program in programs {
        let bytes = fs::read(&program.path);
        digest.update(bytes.with_context(|| format!("cannot read {}", program.path.display()))?);
    }
    Ok(digest
        .finalize()
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        }))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn notes_tell_of_the_sites_that_a_test_gets_to() {
        let program = |suite: &str| Program {
            suite: suite.to_owned(),
            path: PathBuf::new(),
            twins: false,
        };
        let notes = [
            "gets to: 7 250",
            "wrong: the module cannot be unloaded: EBUSY",
        ];
        let test = TestResult {
            suite: "scull::pipe".to_owned(),
            name: "a_read_waits".to_owned(),
            outcome: Outcome::Passed,
            duration: Duration::ZERO,
            output: String::new(),
            notes: notes.map(str::to_owned).into(),
            log: Vec::new(),
        };
        let wanted = Reached {
            program: 1,
            name: "a_read_waits".to_owned(),
            takes: Duration::from_millis(250),
        };
        let programs = [program("scull::memory"), program("scull::pipe")];
        assert_eq!(reached(&test, &programs), [(7, wanted)]);
        assert_eq!(reached(&test, &programs[..1]), []);
    }
}
