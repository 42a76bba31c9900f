// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which kernels a command line means: the support matrix `kernels.toml`, and the names that `--kernel` takes.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use koxide_build::kernels::Suite;
use koxide_build::{Arch, Cache, Kernel, KernelName, kernels};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::exit::{Exit, because, status_of};
use crate::machine::explained;
use crate::ui::Ui;

/// The matrix that counts where a workspace has none of its own.
const BUILT_IN: &str = include_str!("../../../kernels.toml");

/// The support matrix.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Matrix {
    kernel: Vec<Row>,
    /// The file that it is in; none for the command's own.
    #[serde(skip)]
    file: Option<PathBuf>,
}

/// A kernel of the matrix.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// What `--kernel` takes.
    #[serde(deserialize_with = "name")]
    name: KernelName,
    /// The line of releases that it belongs to, such as `6.1`: a short name for it.
    line: String,
    /// The architecture.
    arch: Arch,
    /// Whether it is among those that are used when none is asked for.
    #[serde(default)]
    always: bool,
}

/// Reads a kernel's name.
fn name<'de, D: Deserializer<'de>>(text: D) -> Result<KernelName, D::Error> {
    String::deserialize(text)?.parse().map_err(D::Error::custom)
}

impl Row {
    /// Sees that the name is of that architecture.
    fn check(&self) -> anyhow::Result<()> {
        match &self.name {
            KernelName::Debian(suite) if suite.flavour.arch() != self.arch => bail!(
                "the support matrix says that {} is for {}, and it is for {}",
                self.name,
                self.arch,
                suite.flavour.arch()
            ),
            _ => Ok(()),
        }
    }
}

impl Matrix {
    /// The matrix of a workspace: its own `kernels.toml`, else the one that the command was built with.
    pub(crate) fn of(workspace: &Path) -> anyhow::Result<Self> {
        let file = workspace.join("kernels.toml");
        match std::fs::read_to_string(&file) {
            Ok(text) => {
                let wrong = format!("{} is not a support matrix", file.display());
                let matrix = Self::parse(&text).with_context(|| because(Exit::Usage, wrong))?;
                let file = Some(file);
                Ok(Self { file, ..matrix })
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::built_in()),
            Err(error) => {
                let text = format!("cannot read the support matrix {}: {error}", file.display());
                Err(because(Exit::Usage, text).into())
            }
        }
    }

    fn built_in() -> Self {
        Self::parse(BUILT_IN).expect("a test reads it")
    }

    /// Reads a matrix, of which every row must be good.
    fn parse(text: &str) -> anyhow::Result<Self> {
        let matrix: Self = toml::from_str(text)?;
        let mut names = BTreeSet::new();
        for row in &matrix.kernel {
            row.check()?;
            ensure!(
                names.insert(&row.name),
                "the kernel {} is in it twice: remove one of its stanzas",
                row.name
            );
        }
        Ok(matrix)
    }

    /// The matrix of the workspace that the current folder is in, where nobody asked cargo which one that is.
    pub(crate) fn here() -> anyhow::Result<Self> {
        let here = std::env::current_dir().context("the current folder cannot be read")?;
        let with_one = here
            .ancestors()
            .find(|dir| dir.join("kernels.toml").exists());
        Self::of(with_one.unwrap_or(&here))
    }

    /// All kernels of the matrix, which must have one.
    pub(crate) fn all(&self) -> anyhow::Result<Vec<KernelName>> {
        self.those(None, |_| true)
    }

    /// The kernels of some rows, which must be there; an architecture is what they were chosen by.
    fn those(
        &self,
        arch: Option<Arch>,
        wanted: impl Fn(&Row) -> bool,
    ) -> anyhow::Result<Vec<KernelName>> {
        let rows = self.kernel.iter().filter(|row| wanted(row));
        let names: Vec<KernelName> = rows.map(|row| row.name.clone()).collect();
        if !names.is_empty() {
            return Ok(names);
        }
        let file = self.file.as_deref().unwrap_or(Path::new("kernels.toml"));
        let of = arch.map_or(String::new(), |arch| format!(" for {arch}"));
        let text = format!(
            "{} names no kernel{of}: add one, or name one with --kernel",
            file.display()
        );
        Err(because(Exit::Usage, text).into())
    }

    /// Says where a kernel is named that there is not, when that is in a file of the user's.
    pub(crate) fn blamed<T>(
        &self,
        name: &KernelName,
        result: anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let named = self.kernel.iter().any(|row| row.name == *name);
        match (result, &self.file) {
            (Err(error), Some(file)) if named && status_of(&error) == Exit::Usage => {
                let text = format!("{} names a kernel that cannot be had", file.display());
                Err(error.context(because(Exit::Usage, text)))
            }
            (result, _) => result,
        }
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
        self.those(arch, |row| match arch {
            Some(arch) => row.arch == arch,
            None => row.always || !marked,
        })
    }

    /// The kernel that a word means: a name, or a line of the matrix.
    pub(crate) fn name(&self, word: &str) -> anyhow::Result<KernelName> {
        self.named(word, None)
    }

    /// The same, for an architecture; where none is asked for, the first row of a line.
    pub(crate) fn named(&self, word: &str, arch: Option<Arch>) -> anyhow::Result<KernelName> {
        let meant = |row: &&Row| row.line == word && arch.is_none_or(|arch| row.arch == arch);
        if let Some(row) = self.kernel.iter().find(meant) {
            return Ok(row.name.clone());
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
        let mut suites = Vec::new();
        for row in self.kernel.iter().chain(&Self::built_in().kernel) {
            match &row.name {
                KernelName::Debian(name) if !suites.contains(&name.suite) => {
                    suites.push(name.suite.clone());
                }
                _ => {}
            }
        }
        suites
    }

    /// The kernel that is used where only one is.
    pub(crate) fn first(&self, arch: Option<Arch>) -> anyhow::Result<KernelName> {
        let mut names = self.select(&[], arch)?;
        Ok(names.swap_remove(0))
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
        let matrix = Matrix::built_in();
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
        let matrix = Matrix::parse(text).unwrap();
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
        let matrix = Matrix::built_in();
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

    /// What is said of a workspace's matrix with these rows.
    fn refused(rows: &str) -> String {
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("kernels.toml");
        std::fs::write(&file, rows).unwrap();
        let error = Matrix::of(temp.path()).unwrap_err();
        assert_eq!(status_of(&error), Exit::Usage);
        let said = format!("{error:#}");
        let start = format!("{} is not a support matrix: ", file.display());
        assert!(said.starts_with(&start), "{said}");
        said
    }

    #[test]
    fn a_row_that_is_wrong_is_refused_with_the_file() {
        let row = "[[kernel]]\nname = \"debian:sid\"\nline = \"7\"\narch = \"x86_64\"\n";
        Matrix::parse(row).unwrap();
        let other = |from, to| refused(&row.replace(from, to));
        let error = other("x86_64", "arm64");
        assert!(
            error.contains("says that debian:sid is for arm64"),
            "{error}"
        );
        other("x86_64", "mips");
        let error = other("debian:sid", "debain:sid");
        assert!(
            error.contains("line 2") && error.contains("did you mean `debian:sid`?"),
            "{error}"
        );
        // The plain flavour has two names.
        let again = row.replace("debian:sid", "debian:sid/amd64");
        let error = refused(&[row, &again].concat());
        assert!(error.contains("debian:sid is in it twice"), "{error}");
    }

    #[test]
    fn a_matrix_without_kernels_means_none() {
        let matrix = Matrix::parse("kernel = []").unwrap();
        for meant in [matrix.all(), matrix.select(&[], None)] {
            let error = meant.unwrap_err();
            assert_eq!(status_of(&error), Exit::Usage);
            assert!(error.to_string().contains("names no kernel: add one"));
        }
        assert!(matrix.name("debian:sid").is_ok());
    }
}
