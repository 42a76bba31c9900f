// SPDX-License-Identifier: MIT OR Apache-2.0

//! Asks rustdoc for the examples of a package.

use koxide_process::Command;
use serde::Deserialize;

use crate::driver::{Driver, Project};
use crate::object::{BuildOptions, Error, Toolchain, cargo_options, run_cargo};

/// What rustdoc says: <https://doc.rust-lang.org/rustdoc/unstable-features.html>, "--output-format=doctest".
#[derive(Debug, Deserialize)]
struct Doctests {
    format_version: u32,
    doctests: Vec<Example>,
}

/// The version of rustdoc's answer that is understood here.
const FORMAT: u32 = 2;

/// The first line of an example that needs a kernel: rustdoc, which has none, is told not to run it.
const RUN: &str = "// kunit: run";

/// The first line of an example that is about the host.
const IGNORE: &str = "// kunit: ignore";

/// An example.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Example {
    /// The file that it is in, as seen from the workspace's folder.
    pub(super) file: String,
    /// The line with which it begins: the one before its code.
    pub(super) line: usize,
    /// What its first line says about it.
    #[serde(rename = "doctest_attributes")]
    pub(super) attributes: Attributes,
    /// The code, with the lines that readers do not see.
    #[serde(rename = "original_code")]
    pub(super) code: String,
    #[serde(rename = "doctest_code")]
    pub(super) parts: Option<Parts>,
}

/// What the first line of an example says about it.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Attributes {
    pub(super) should_panic: bool,
    pub(super) no_run: bool,
    /// "None", "All", or the targets.
    pub(super) ignore: serde_json::Value,
    pub(super) rust: bool,
    pub(super) test_harness: bool,
    pub(super) compile_fail: bool,
    pub(super) standalone_crate: bool,
    pub(super) edition: Option<String>,
}

/// How rustdoc takes the code apart.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Parts {
    /// What is put around the code when it has no `main`.
    pub(super) wrapper: Option<Wrapper>,
}

/// What is put around the code.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Wrapper {
    /// Whether the code ends with a `Result`.
    pub(super) returns_result: bool,
}

/// The examples of a package that are Rust and are to compile, in the order of their places.
pub(super) fn examples(
    project: &Project,
    of: &Driver,
    options: &BuildOptions<'_>,
) -> Result<Vec<Example>, Error> {
    Toolchain::of(&of.dir)?.check()?;
    let mut cargo = Command::new("cargo");
    cargo.arg("rustdoc").current_dir(project.root());
    cargo_options(&mut cargo, options);
    cargo
        .arg("--manifest-path")
        .arg(&of.manifest)
        .args(["--package", &of.package, "--lib"])
        .arg("--target-dir")
        .arg(project.koxide_dir().join("cargo"))
        .args(["--", "-Zunstable-options", "--output-format=doctest"])
        .env("RUSTC_BOOTSTRAP", "1");
    let mut all = Vec::new();
    let mut version = None;
    run_cargo(
        &mut cargo,
        &of.package,
        &project.koxide_dir(),
        |said: Doctests| {
            version = Some(said.format_version);
            all = said.doctests;
        },
    )?;
    if version != Some(FORMAT) {
        return Err(Error::Examples {
            package: of.package.clone(),
            wanted: FORMAT,
        });
    }
    Ok(sorted(all))
}

/// Without those that are no tests of a kernel, in the order of their places. One that a macro repeats is there once.
fn sorted(mut all: Vec<Example>) -> Vec<Example> {
    all.retain(|e| e.attributes.rust && !e.attributes.compile_fail);
    all.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    all.dedup_by(|a, b| (&a.file, a.line) == (&b.file, b.line));
    all
}

impl Example {
    /// The name of its test: its place.
    pub(super) fn name(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }

    /// Why it is not even compiled, if it is not.
    pub(super) fn left_out(&self, edition: &str) -> Option<String> {
        let marks = &self.attributes;
        let other = |e: &&String| e.as_str() != edition;
        if marks.ignore != "None" {
            return Some("it is marked `ignore`".to_owned());
        }
        if self.first_line() == Some(IGNORE) {
            return Some("it is about the host".to_owned());
        }
        // What is said to a crate's root means something else in a module.
        let is_crate = self
            .code
            .lines()
            .any(|l| l.starts_with("extern crate self"));
        if is_crate || marks.standalone_crate || marks.test_harness {
            return Some("it is a crate of its own".to_owned());
        }
        let other = marks.edition.as_ref().filter(other)?;
        Some(format!("it is of edition {other}"))
    }

    fn first_line(&self) -> Option<&str> {
        self.code.lines().next()
    }

    /// Why it is compiled and not run, if it is not.
    pub(super) fn not_run(&self) -> Option<&'static str> {
        let no_run = self.attributes.no_run && self.first_line() != Some(RUN);
        no_run.then_some("it compiles; it is marked `no_run`")
    }
}
