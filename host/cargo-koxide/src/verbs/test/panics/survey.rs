// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which tests get to which places: found once, and remembered for as long as driver and tests are the same.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use anyhow::Context as _;
use koxide_build::cache;
use koxide_build::panics::{Site, Way};
use koxide_vm::{Event, Outcome, Program, Sought, TestResult};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::subject::Subject;
use crate::machine::{explained, explained_vm};
use crate::results::Case;

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

impl Reached {
    fn parse(note: &str) -> Option<Self> {
        let words = note.strip_prefix("reached by: ")?;
        let mut words = words.splitn(3, ' ');
        Some(Self {
            program: words.next()?.parse().ok()?,
            takes: Duration::from_millis(words.next()?.parse().ok()?),
            name: words.next()?.to_owned(),
        })
    }
}

/// The tests that get to each site, by its name.
type Sites = BTreeMap<String, Vec<Reached>>;

/// What is remembered of a driver.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Remembered {
    /// The SHA-256 of the test programs.
    programs: String,
    /// By the SHA-256 of the driver's object.
    objects: BTreeMap<String, Sites>,
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
    let is_sought = |(index, name): &(usize, &String)| {
        let (site, _) = &subject.sites[*index];
        matches!(site.way, Way::Forced(_)) && !known.contains_key(*name)
    };
    let sought: Vec<usize> = names
        .iter()
        .enumerate()
        .filter(is_sought)
        .map(|(index, _)| index)
        .collect();
    let (mut unusable, mut searched) = (Vec::new(), Ok(()));
    if !sought.is_empty() && !subject.programs.is_empty() {
        searched = search(subject, &sought, &mut unusable, &mut |index, test| {
            let reached = test.notes.iter().filter_map(|note| Reached::parse(note));
            // What a crash ended is looked for again the next time.
            if matches!(test.outcome, Outcome::Passed) {
                known.insert(names[index].clone(), reached.collect());
            }
            on_case(subject.case(test));
        });
    }
    let reached = names.iter().map(|name| known.get(name).cloned());
    let reached = reached.map(Option::unwrap_or_default).collect();
    remembered
        .objects
        .insert(subject.module.object.clone(), known);
    let text = serde_json::to_vec(&remembered).context("what is remembered is plain data")?;
    fs::create_dir_all(&subject.folder)
        .with_context(|| format!("cannot create {}", subject.folder.display()))?;
    explained(cache::write(&file, &text).map_err(koxide_build::Error::from))?;
    // What was found is kept, also when Ctrl-C ended the search.
    searched?;
    Ok(Survey { reached, unusable })
}

/// Has the virtual machine look for tests that get to these sites.
fn search(
    subject: &Subject,
    sites: &[usize],
    unusable: &mut Vec<String>,
    on_site: &mut dyn FnMut(usize, &TestResult),
) -> anyhow::Result<()> {
    let suite = format!("{}::sites", subject.driver);
    let sought = sites.iter().map(|index| {
        let place = &subject.sites[*index].1;
        Sought {
            suite: suite.clone(),
            name: format!("{index} at {place}"),
            first: about(place, &subject.programs),
            patch: subject.patch(*index),
        }
    });
    let plan = subject.plan(sought.collect(), Vec::new());
    explained_vm(subject.vm.run(&plan, &subject.payload, &mut |event| {
        let Event::TestDone(test) = event else {
            return;
        };
        let site = || test.name.split(' ').next()?.parse().ok();
        match (&test.outcome, site()) {
            (_, Some(site)) if test.suite == suite => on_site(site, test),
            (Outcome::Failed(why), _) => {
                unusable.push(format!("{}::{}: {why}", test.suite, test.name));
            }
            _ => {}
        }
    }))?;
    Ok(())
}

/// The program that by its name tests what is in a file.
fn about(place: &str, programs: &[Program]) -> usize {
    let stem = |text: &str| text.rsplit(['/', ':']).next().unwrap_or(text).to_owned();
    let file = place.split(".rs").next().map(stem).unwrap_or_default();
    let of = |program: &Program| stem(&program.suite) == file;
    programs.iter().position(of).unwrap_or(usize::MAX)
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
    fn a_note_tells_of_a_test() {
        let reached = Reached::parse("reached by: 2 250 reading::a_read_waits");
        let wanted = Reached {
            program: 2,
            name: "reading::a_read_waits".to_owned(),
            takes: Duration::from_millis(250),
        };
        assert_eq!(reached, Some(wanted));
        assert_eq!(Reached::parse("the module cannot be unloaded: EBUSY"), None);
    }

    #[test]
    fn a_file_is_tested_by_the_program_of_its_name() {
        let program = |suite: &str| Program {
            suite: suite.to_owned(),
            path: PathBuf::new(),
            twins: false,
        };
        let programs = [program("scull::memory"), program("scull::pipe")];
        assert_eq!(about("drivers/scull/src/pipe.rs:12", &programs), 1);
        assert_eq!(about("drivers/scull/src/lib.rs:12", &programs), usize::MAX);
    }
}
