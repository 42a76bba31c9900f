// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which kernels a command line means: the support matrix `kernels.toml`, and the names that `--kernel` takes.

use std::path::Path;

use anyhow::Context as _;
use koxide_build::{Cache, Kernel, KernelName, kernels};
use serde::Deserialize;

use crate::exit::{Exit, because};
use crate::machine::explained;
use crate::ui::Ui;

/// The matrix that counts where a workspace has none of its own.
const BUILT_IN: &str = include_str!("../../../kernels.toml");

/// The support matrix.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Matrix {
    kernel: Vec<Row>,
}

/// A kernel of the matrix.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// What `--kernel` takes.
    name: String,
    /// The line of releases that it belongs to, such as `6.1`: a short name for it.
    line: String,
    /// The architecture.
    #[expect(
        dead_code,
        reason = "there is one so far; the file says it so that a second one changes no reader"
    )]
    arch: String,
}

impl Matrix {
    /// The matrix of a workspace: its own `kernels.toml`, else the one that the command was built with.
    pub(crate) fn of(workspace: &Path) -> anyhow::Result<Self> {
        let file = workspace.join("kernels.toml");
        match std::fs::read_to_string(&file) {
            Ok(text) => toml::from_str(&text).with_context(|| {
                because(
                    Exit::Usage,
                    format!("{} is not a support matrix", file.display()),
                )
            }),
            Err(_) => Ok(toml::from_str(BUILT_IN).expect("a test reads it")),
        }
    }

    /// The kernels that the words mean; all of the matrix when there are none.
    pub(crate) fn select(&self, words: &[String]) -> anyhow::Result<Vec<KernelName>> {
        if words.is_empty() {
            return self.kernel.iter().map(|row| parse(&row.name)).collect();
        }
        words.iter().map(|word| self.name(word)).collect()
    }

    /// The kernel that a word means: a name, or a line of the matrix.
    pub(crate) fn name(&self, word: &str) -> anyhow::Result<KernelName> {
        match self.kernel.iter().find(|row| row.line == word) {
            Some(row) => parse(&row.name),
            None => parse(word),
        }
    }

    /// The suites of Debian's that the matrix names, then those of the command's own.
    pub(crate) fn suites(&self) -> Vec<String> {
        let built_in: Self = toml::from_str(BUILT_IN).expect("a test reads it");
        let mut suites = Vec::new();
        for row in self.kernel.iter().chain(&built_in.kernel) {
            match row.name.parse() {
                Ok(KernelName::Debian(suite)) if !suites.contains(&suite) => suites.push(suite),
                _ => {}
            }
        }
        suites
    }

    /// The kernel that is used where only one is.
    pub(crate) fn first(&self) -> anyhow::Result<KernelName> {
        match self.kernel.first() {
            Some(row) => parse(&row.name),
            None => Err(because(
                Exit::Usage,
                "kernels.toml names no kernel: add one, or name one with --kernel",
            )
            .into()),
        }
    }
}

fn parse(word: &str) -> anyhow::Result<KernelName> {
    word.parse()
        .map_err(|error: kernels::ParseError| because(Exit::Usage, error.to_string()).into())
}

/// The kernel behind a name, fetched if need be.
pub(crate) fn resolve(
    cache: &Cache,
    name: &KernelName,
    offline: bool,
    ui: &Ui,
) -> anyhow::Result<Kernel> {
    let progress = crate::machine::Steps::new(ui);
    let mut options = kernels::Options::new(&progress);
    options.offline = offline;
    let kernel = explained(kernels::resolve(cache, name, &options));
    ui.finish();
    kernel
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_of_the_command_is_well_formed() {
        let matrix: Matrix = toml::from_str(BUILT_IN).unwrap();
        assert!(!matrix.select(&[]).unwrap().is_empty());
    }

    #[test]
    fn suites_are_named_once() {
        let text = "[[kernel]]\nname = \"debian:trixie\"\nline = \"6.12\"\narch = \"x86_64\"\n";
        let matrix: Matrix = toml::from_str(text).unwrap();
        assert_eq!(
            matrix.suites(),
            ["trixie", "bookworm", "bookworm-backports"]
        );
    }

    #[test]
    fn a_line_stands_for_its_kernel() {
        let matrix: Matrix = toml::from_str(BUILT_IN).unwrap();
        assert_eq!(matrix.name("6.1").unwrap().to_string(), "debian:bookworm");
        assert_eq!(matrix.name("running").unwrap(), KernelName::Running);
        assert!(matrix.name("no-such").is_err());
    }
}
