// SPDX-License-Identifier: MIT OR Apache-2.0

//! Where a module's code panics, and how it is made to: for tests of what becomes of panics.
//!
//! A *site* is a call of a function that starts a panic. In front of it is a check, which the compiler made of an overflow, an
//! index or an `unwrap`: a conditional jump, by which the code goes there or on. Where that jump is made unconditional, the check
//! fails the first time that it is made, without a fault in the driver having to be found. The bytes that this takes are
//! known beforehand, so that one module is loaded in many ways.

mod arm64;
mod x86;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::arch::Arch;
use crate::check::elf::{Elf, Function, Place, Section};
use crate::check::{self, parse};
use crate::object::RAISE;

/// A call of a function that starts a panic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The function that calls, by its symbol.
    pub function: String,
    /// Where the call returns to, were it to return: so far behind the function's start, on every kernel.
    pub back: u64,
    /// The function that is called, by its symbol.
    pub callee: String,
    /// How the code is made to go there.
    pub way: Way,
}

/// How code is made to panic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// Checks are made to fail.
    Forced(Vec<Check>),
    /// Nothing in front of it can be changed so that it panics and nothing else happens, for this reason.
    Not(Reason),
}

/// Why a site is not forced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// A panic while another is on its way up: it ends in `BUG()`.
    Second,
    /// It is part of what takes panics up the stack.
    Unwinder,
    /// There is no conditional jump in front of it.
    NoCheck,
}

impl Reason {
    /// In words.
    pub fn text(self) -> &'static str {
        match self {
            Self::Second => "only a panic during a panic gets there, which is BUG()",
            Self::Unwinder => "part of what takes panics up the stack",
            Self::NoCheck => "no check is in front of it",
        }
    }
}

/// A conditional jump, and what makes it an unconditional one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// How far it is behind its function's start.
    pub offset: u64,
    /// Where it is in the module's file.
    pub at: u64,
    /// What is written there.
    pub bytes: Vec<u8>,
}

/// All sites of a module, in the order of its code.
///
/// # Errors
/// When the file cannot be read.
pub fn sites(ko: &Path, arch: Arch) -> Result<Vec<Site>, check::Error> {
    let bytes = fs::read(ko).map_err(|e| crate::cache::Error::io("read", ko, e))?;
    let elf = parse(ko, &bytes)?;
    Ok(match arch {
        Arch::X86_64 => of(&elf, x86::steps, x86::forced),
        Arch::Arm64 => of(&elf, arm64::steps, arm64::forced),
        // A panic is the end there.
        Arch::Arm => Vec::new(),
    })
}

/// What an instruction does to the way that the code takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    /// Goes on behind it.
    Next,
    /// Goes there, or on.
    Branch(Target),
    /// Goes there.
    Jump(Target),
    /// Goes there, and mostly comes back.
    Call(Target),
    /// Goes on nowhere in this module.
    End,
    /// Goes back to the caller.
    Return,
}

/// Where a jump or a call leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    /// A place in the module.
    Here(Place),
    /// Somewhere else.
    Elsewhere,
    /// The thunk by which functions return.
    Return,
}

/// An instruction.
#[derive(Debug, Clone)]
struct Step {
    /// Where it is in its section.
    at: u64,
    /// How long it is.
    len: u64,
    flow: Flow,
}

/// What reads the instructions of a function, of an architecture.
type Steps = fn(&[u8], &Section<'_>, Place) -> Vec<Step>;

/// What makes a conditional jump one that is always taken, or never.
type Forced = fn(&[u8], bool) -> Option<Vec<u8>>;

/// A function's code.
struct Code<'a> {
    function: &'a Function,
    section: &'a Section<'a>,
    steps: Vec<Step>,
    forced: Forced,
}

fn of(elf: &Elf<'_>, steps: Steps, forced: Forced) -> Vec<Site> {
    let code = |function| code(elf, function, steps, forced);
    let codes: Vec<Code<'_>> = elf.functions.iter().filter_map(code).collect();
    let panics = panicking(&codes);
    let mut sites: Vec<(Place, Site)> = Vec::new();
    for code in codes
        .iter()
        .filter(|c| !panics.contains_key(&c.function.start))
    {
        for (index, step) in code.steps.iter().enumerate() {
            let Flow::Call(Target::Here(to)) = step.flow else {
                continue;
            };
            let Some(callee) = panics.get(&to) else {
                continue;
            };
            let place = Place {
                section: code.function.start.section,
                offset: step.at,
            };
            let site = Site {
                function: code.function.name.clone(),
                back: step.at + step.len - code.function.start.offset,
                callee: (*callee).to_owned(),
                way: way(code, index, callee, &panics),
            };
            sites.push((place, site));
        }
    }
    sites.sort_by_key(|(place, _)| *place);
    sites.dedup_by_key(|(place, _)| *place);
    sites.into_iter().map(|(_, site)| site).collect()
}

fn code<'a>(
    elf: &'a Elf<'_>,
    function: &'a Function,
    steps: Steps,
    forced: Forced,
) -> Option<Code<'a>> {
    let section = elf.section_of(function).filter(|s| s.exec)?;
    let start = usize::try_from(function.start.offset).ok()?;
    let size = usize::try_from(function.size).ok()?;
    let bytes = section.data.get(start..start.checked_add(size)?)?;
    Some(Code {
        function,
        section,
        steps: steps(bytes, section, function.start),
        forced,
    })
}

/// The functions that start a panic whenever they are called: those that lead to what starts it, and nowhere else.
fn panicking<'a>(codes: &'a [Code<'_>]) -> BTreeMap<Place, &'a str> {
    let known: BTreeMap<Place, &str> = codes
        .iter()
        .map(|code| (code.function.start, &*code.function.name))
        .collect();
    let named = |name: &str| {
        let all = codes.iter().map(|code| code.function);
        all.filter(|f| f.name == name)
            .map(|f| f.start)
            .collect::<BTreeSet<_>>()
    };
    let mut panics = named(RAISE);
    loop {
        let leads = |step: &Step| match step.flow {
            Flow::Call(Target::Here(to)) => panics.contains(&to),
            _ => false,
        };
        // A jump to another function is a call and a return in one.
        let leaves = |code: &Code<'_>, step: &Step| match step.flow {
            Flow::Return | Flow::Jump(Target::Elsewhere | Target::Return) => true,
            Flow::Branch(Target::Elsewhere | Target::Return) => true,
            Flow::Jump(Target::Here(to)) | Flow::Branch(Target::Here(to)) => {
                !inside(code, to) && !panics.contains(&to)
            }
            Flow::Next | Flow::Call(_) | Flow::End => false,
        };
        let more: Vec<Place> = codes
            .iter()
            .filter(|code| code.steps.iter().any(leads))
            .filter(|code| !code.steps.iter().any(|step| leaves(code, step)))
            .map(|code| code.function.start)
            .filter(|start| !panics.contains(start))
            .collect();
        if more.is_empty() {
            let name = |at: Place| Some((at, *known.get(&at)?));
            return panics.iter().copied().filter_map(name).collect();
        }
        panics.extend(more);
    }
}

fn inside(code: &Code<'_>, place: Place) -> bool {
    let start = code.function.start;
    place.section == start.section
        && (start.offset..start.offset + code.function.size).contains(&place.offset)
}

/// How the code is made to go to a call.
fn way(code: &Code<'_>, call: usize, callee: &str, panics: &BTreeMap<Place, &str>) -> Way {
    if ["nounwind", "cannot_unwind", "in_cleanup"]
        .iter()
        .any(|word| callee.contains(word))
    {
        return Way::Not(Reason::Second);
    }
    if code.function.name.contains("6kernel6unwind") {
        return Way::Not(Reason::Unwinder);
    }
    let checks = checks(code, call, panics);
    if checks.is_empty() {
        return Way::Not(Reason::NoCheck);
    }
    Way::Forced(checks)
}

/// The conditional jumps from which there is only one way on, and that is to the call.
fn checks(code: &Code<'_>, call: usize, panics: &BTreeMap<Place, &str>) -> Vec<Check> {
    let section = code.function.start.section;
    let index = |place: Place| {
        let found = code
            .steps
            .binary_search_by_key(&place.offset, |step| step.at);
        found.ok().filter(|_| place.section == section)
    };
    let (mut seen, mut todo) = (BTreeSet::new(), vec![call]);
    let mut found: BTreeMap<usize, Check> = BTreeMap::new();
    while let Some(at) = todo.pop() {
        if !seen.insert(at) {
            continue;
        }
        for (from, step) in code.steps.iter().enumerate() {
            let falls = from + 1 == at && falls_through(step, panics);
            let jumps = match step.flow {
                Flow::Jump(Target::Here(to)) | Flow::Branch(Target::Here(to)) => {
                    index(to) == Some(at)
                }
                _ => false,
            };
            match (step.flow, jumps, falls) {
                (_, false, false) => {}
                (Flow::Branch(_), true, _) | (Flow::Branch(_), _, true) => {
                    found.extend(check(code, step, jumps).map(|check| (from, check)));
                }
                _ => todo.push(from),
            }
        }
    }
    found.into_values().collect()
}

fn falls_through(step: &Step, panics: &BTreeMap<Place, &str>) -> bool {
    match step.flow {
        Flow::Next | Flow::Branch(_) => true,
        Flow::Call(Target::Here(to)) => !panics.contains_key(&to),
        Flow::Call(_) => true,
        Flow::Jump(_) | Flow::End | Flow::Return => false,
    }
}

/// A conditional jump that is always taken, or never.
fn check(code: &Code<'_>, step: &Step, taken: bool) -> Option<Check> {
    let start = usize::try_from(step.at).ok()?;
    let len = usize::try_from(step.len).ok()?;
    let bytes = code.section.data.get(start..start.checked_add(len)?)?;
    Some(Check {
        offset: step.at - code.function.start.offset,
        at: code.section.at + step.at,
        bytes: (code.forced)(bytes, taken)?,
    })
}
