// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which kernels a command line means: the support matrix `kernels.toml`, and the names that `--kernel` takes.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::Context as _;
use koxide_build::kernels::Suite;
use koxide_build::{Arch, Cache, Kernel, KernelName, kernels};
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
    arch: Arch,
    /// Whether it is among those that are used when none is asked for.
    #[serde(default)]
    always: bool,
}

impl Row {
    /// The name, which must be one, and of that architecture.
    fn parsed(&self) -> anyhow::Result<KernelName> {
        let name = parse(&self.name)?;
        match &name {
            KernelName::Debian(suite) if suite.flavour.arch() != self.arch => {
                let text = format!(
                    "the support matrix says that {name} is for {}, and it is for {}",
                    self.arch,
                    suite.flavour.arch()
                );
                Err(because(Exit::Usage, text).into())
            }
            _ => Ok(name),
        }
    }
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
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Ok(toml::from_str(BUILT_IN).expect("a test reads it"))
            }
            Err(error) => {
                let text = format!("cannot read the support matrix {}: {error}", file.display());
                Err(because(Exit::Usage, text).into())
            }
        }
    }

    /// The matrix of the workspace that the current folder is in, where nobody asked cargo which one that is.
    pub(crate) fn here() -> anyhow::Result<Self> {
        let here = std::env::current_dir().context("the current folder cannot be read")?;
        let with_one = here
            .ancestors()
            .find(|dir| dir.join("kernels.toml").exists());
        Self::of(with_one.unwrap_or(&here))
    }

    /// All kernels of the matrix.
    pub(crate) fn all(&self) -> anyhow::Result<Vec<KernelName>> {
        self.kernel.iter().map(Row::parsed).collect()
    }

    /// The architectures of its kernels, each once.
    pub(crate) fn arches(&self) -> BTreeSet<Arch> {
        self.kernel.iter().map(|row| row.arch).collect()
    }

    /// The kernels that the words mean. When there are none, those of an architecture that is asked for, else those that are
    /// always meant; a matrix that marks none means all of them.
    pub(crate) fn select(
        &self,
        words: &[String],
        arch: Option<Arch>,
    ) -> anyhow::Result<Vec<KernelName>> {
        if !words.is_empty() {
            return words.iter().map(|word| self.named(word, arch)).collect();
        }
        let marked = self.kernel.iter().any(|row| row.always);
        let wanted = |row: &&Row| match arch {
            Some(arch) => row.arch == arch,
            None => row.always || !marked,
        };
        let rows: Vec<_> = self.kernel.iter().filter(wanted).collect();
        match (arch, rows.is_empty()) {
            (Some(arch), true) => Err(because(
                Exit::Usage,
                format!(
                    "kernels.toml names no kernel for {arch}: add one, or name one with --kernel"
                ),
            )
            .into()),
            _ => rows.into_iter().map(Row::parsed).collect(),
        }
    }

    /// The kernel that a word means: a name, or a line of the matrix.
    pub(crate) fn name(&self, word: &str) -> anyhow::Result<KernelName> {
        self.named(word, None)
    }

    /// The same, for an architecture; where none is asked for, the first row of a line.
    pub(crate) fn named(&self, word: &str, arch: Option<Arch>) -> anyhow::Result<KernelName> {
        let meant = |row: &&Row| row.line == word && arch.is_none_or(|arch| row.arch == arch);
        if let Some(row) = self.kernel.iter().find(meant) {
            return row.parsed();
        }
        match (parse(word)?, arch) {
            // A name that says no flavour means the plain one.
            (KernelName::Debian(name), Some(arch)) if !word.contains('/') => {
                Ok(KernelName::Debian(Suite::plain(&name.suite, arch)))
            }
            (KernelName::Debian(name), Some(arch)) if name.flavour.arch() != arch => {
                let text = format!(
                    "{name} is a kernel for {}, not for {arch}",
                    name.flavour.arch()
                );
                Err(because(Exit::Usage, text).into())
            }
            (name, _) => Ok(name),
        }
    }

    /// The suites of Debian's that the matrix names, then those of the command's own.
    pub(crate) fn suites(&self) -> Vec<String> {
        let built_in: Self = toml::from_str(BUILT_IN).expect("a test reads it");
        let mut suites = Vec::new();
        for row in self.kernel.iter().chain(&built_in.kernel) {
            match row.name.parse() {
                Ok(KernelName::Debian(name)) if !suites.contains(&name.suite) => {
                    suites.push(name.suite);
                }
                _ => {}
            }
        }
        suites
    }

    /// The kernel that is used where only one is.
    pub(crate) fn first(&self, arch: Option<Arch>) -> anyhow::Result<KernelName> {
        match self.select(&[], arch)?.into_iter().next() {
            Some(name) => Ok(name),
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

    fn built_in() -> Matrix {
        toml::from_str(BUILT_IN).unwrap()
    }

    #[test]
    fn the_matrix_of_the_command_is_well_formed() {
        let matrix = built_in();
        let always = matrix.select(&[], None).unwrap();
        assert!(!always.is_empty() && always.len() < matrix.all().unwrap().len());
        for arch in Arch::ALL {
            assert!(!matrix.select(&[], Some(arch)).unwrap().is_empty());
        }
    }

    #[test]
    fn a_matrix_that_cannot_be_read_is_not_left_out() {
        let temp = tempfile::tempdir().unwrap();
        assert!(Matrix::of(temp.path()).is_ok());
        std::fs::write(temp.path().join("kernels.toml"), b"# caf\xe9\n").unwrap();
        let error = Matrix::of(temp.path()).unwrap_err().to_string();
        assert!(error.contains("cannot read the support matrix"), "{error}");
    }

    #[test]
    fn suites_are_named_once() {
        let text = "[[kernel]]\nname = \"debian:sid\"\nline = \"7\"\narch = \"x86_64\"\n";
        let matrix: Matrix = toml::from_str(text).unwrap();
        assert_eq!(matrix.suites()[..2], ["sid", "bookworm"]);
        let mut suites = matrix.suites();
        suites.dedup();
        assert_eq!(suites, matrix.suites());
        // One that marks none means all.
        assert_eq!(matrix.select(&[], None).unwrap().len(), 1);
        let none = matrix.select(&[], Some(Arch::Arm)).unwrap_err();
        assert!(none.to_string().contains("no kernel for arm"), "{none}");
    }

    #[test]
    fn a_line_stands_for_its_kernel() {
        let matrix = built_in();
        let named = |word, arch| matrix.named(word, arch).map(|name| name.to_string());
        assert_eq!(named("6.1", None).unwrap(), "debian:bookworm");
        assert_eq!(
            named("6.1", Some(Arch::Arm64)).unwrap(),
            "debian:bookworm/arm64"
        );
        assert_eq!(
            named("debian:sid", Some(Arch::Arm)).unwrap(),
            "debian:sid/armmp"
        );
        let wrong = named("debian:sid/rt-amd64", Some(Arch::Arm64)).unwrap_err();
        assert!(wrong.to_string().contains("for x86_64, not for arm64"));
        assert_eq!(matrix.name("running").unwrap(), KernelName::Running);
        assert!(matrix.name("no-such").is_err());
    }

    #[test]
    fn a_stanza_that_contradicts_itself_is_refused() {
        let text = "[[kernel]]\nname = \"debian:sid\"\nline = \"7\"\narch = \"arm64\"\n";
        let matrix: Matrix = toml::from_str(text).unwrap();
        let error = matrix.all().unwrap_err().to_string();
        assert!(
            error.contains("says that debian:sid is for arm64"),
            "{error}"
        );
        assert!(toml::from_str::<Matrix>(&text.replace("arm64", "mips")).is_err());
    }
}
