// SPDX-License-Identifier: MIT OR Apache-2.0

//! Tests of a driver whose module is made to panic.

use std::time::Duration;

use super::{Program, millis, own};
use crate::protocol::words;

/// Tests of a driver whose module panics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Panics {
    /// The name of the module that the tests load.
    pub module: String,
    /// The name of the file that it is loaded from, changed or not.
    pub file: String,
    /// The test programs.
    pub programs: Vec<Program>,
    /// Where the module can be made to panic.
    pub sites: Vec<Site>,
    /// Those of which it is to be found which tests get there, by their places in the list.
    pub sought: Vec<usize>,
    /// The runs.
    pub runs: Vec<Run>,
    /// What has its result already, as suite and name.
    pub done: Vec<(String, String)>,
    /// How long a test may take when nothing panics.
    pub limit: Duration,
}

/// A place where a module can be made to panic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// What the log says of the call, up to the size of the function: `function+0x1f`.
    pub call: String,
    /// The bytes that make the module panic there.
    pub patch: Vec<Patch>,
}

/// A test of a driver whose module panics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The name it is shown under, with its program's suite.
    pub name: String,
    /// The program, by its place in the list.
    pub program: usize,
    /// The test in it.
    pub test: String,
    /// Where the module panics, by its place in the list.
    pub site: usize,
    /// How long the test may take.
    pub limit: Duration,
}

/// Bytes that are written into a module's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patch {
    /// Where.
    pub at: u64,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Panics {
    pub(super) fn lines(&self, lines: &mut Vec<String>) {
        let millis = |limit: Duration| limit.as_millis().to_string();
        let limit = millis(self.limit);
        lines.push(words::join(["panics", &self.module, &self.file, &limit]));
        for p in &self.programs {
            lines.push(words::join(["program", &p.suite, &p.path]));
        }
        for site in &self.sites {
            let words = ["site".to_owned(), site.call.clone()].into_iter();
            lines.push(words::join(
                words.chain(site.patch.iter().map(Patch::to_text)),
            ));
        }
        for site in &self.sought {
            lines.push(words::join(["sought", &site.to_string()]));
        }
        for r in &self.runs {
            let (program, site) = (r.program.to_string(), r.site.to_string());
            let limit = millis(r.limit);
            lines.push(words::join([
                "run", &r.name, &program, &r.test, &site, &limit,
            ]));
        }
        for (suite, name) in &self.done {
            lines.push(words::join(["done", suite, name]));
        }
    }

    /// Adds what a line says.
    pub(super) fn parse(&mut self, words: &[&str]) -> Option<()> {
        let patches = |words: &[&str]| -> Option<Vec<Patch>> {
            words.iter().map(|word| Patch::parse(word)).collect()
        };
        match words {
            ["program", suite, path] => self.programs.push(Program {
                suite: own(suite),
                path: own(path),
                twins: false,
            }),
            ["site", call, patch @ ..] => self.sites.push(Site {
                call: own(call),
                patch: patches(patch)?,
            }),
            ["sought", site] => self.sought.push(site.parse().ok()?),
            ["run", name, program, test, site, limit] => self.runs.push(Run {
                name: own(name),
                program: program.parse().ok()?,
                test: own(test),
                site: site.parse().ok()?,
                limit: millis(limit)?,
            }),
            ["done", suite, name] => self.done.push((own(suite), own(name))),
            _ => return None,
        }
        Some(())
    }
}

impl Patch {
    /// As one word: `0x1f:90e9`.
    fn to_text(&self) -> String {
        let bytes: String = self
            .bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("{:#x}:{bytes}", self.at)
    }

    fn parse(word: &str) -> Option<Self> {
        let (at, bytes) = word.strip_prefix("0x")?.split_once(':')?;
        let (pairs, rest) = bytes.as_bytes().as_chunks();
        let byte = |[high, low]: &[u8; 2]| {
            let digit = |c: u8| char::from(c).to_digit(16);
            u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
        };
        let bytes = pairs.iter().map(byte).collect::<Option<_>>()?;
        rest.is_empty().then_some(Self {
            at: u64::from_str_radix(at, 16).ok()?,
            bytes,
        })
    }
}
