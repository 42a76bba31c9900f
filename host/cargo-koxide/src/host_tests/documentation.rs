// SPDX-License-Identifier: MIT OR Apache-2.0

//! The examples of the documentation.

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use koxide_process::{Error as ProcessError, Source};

use super::cargo;
use crate::results::{Case, Results, Verdict};

/// A rustdoc that looks at the code of the error with which an example does not compile, which it does only where
/// unstable features are allowed: an example that fails for another reason proves nothing. A variable of the whole
/// command's would have cargo build everything anew that asks whether the compiler is a nightly one.
fn strict_rustdoc() -> std::io::Result<tempfile::TempPath> {
    let mut script = tempfile::Builder::new().prefix("rustdoc-").tempfile()?;
    script.write_all(b"#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec rustdoc \"$@\"\n")?;
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    script.as_file().set_permissions(executable)?;
    // Closed: a file that is open for writing cannot be run.
    Ok(script.into_temp_path())
}

/// Runs the examples of the documentation; rustdoc compiles them, so cargo has to run them.
pub(super) fn run(
    root: &Path,
    common: &[String],
    filter: Option<&str>,
    results: &mut Results<'_>,
) -> anyhow::Result<()> {
    let mut text = Vec::new();
    let mut command = cargo(root);
    let rustdoc = strict_rustdoc().context("cannot write a script for rustdoc")?;
    command
        .env("RUSTDOC", &rustdoc)
        .args(["test", "--doc", "--no-fail-fast"])
        .args(common)
        .args(["--"])
        .args(filter);
    let ended = command.lines(|source, line| {
        if source == Source::Stdout {
            text.push(line.to_owned());
        }
    });
    let output = match &ended {
        Ok(()) => String::new(),
        Err(ProcessError::Failed { stderr, .. }) if stderr.contains("no library targets found") => {
            return Ok(());
        }
        Err(ProcessError::Failed { stderr, .. }) => format!("{}\n{stderr}", text.join("\n")),
        Err(_) => return Ok(ended?),
    };
    for (name, verdict) in text.iter().filter_map(|line| example(line)) {
        let failed = matches!(verdict, Verdict::Failed(_));
        results.add(Case {
            place: "host".to_owned(),
            suite: "documentation".to_owned(),
            name,
            verdict,
            duration: None,
            output: if failed {
                output.clone()
            } else {
                String::new()
            },
            object: None,
        });
    }
    Ok(())
}

/// A line of rustdoc's about one example.
fn example(line: &str) -> Option<(String, Verdict)> {
    let (name, ended) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    let verdict = match ended {
        "ok" => Verdict::Passed,
        "FAILED" => Verdict::Failed("the example does not compile or fails".to_owned()),
        ignored => Verdict::Skipped(
            ignored
                .trim_start_matches("ignored")
                .trim_start_matches(", ")
                .to_owned(),
        ),
    };
    Some((name.to_owned(), verdict))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_rustdoc_are_read() {
        let line = "test kernel/koxide/src/error.rs - error (line 12) ... ok";
        let (name, verdict) = example(line).unwrap();
        assert_eq!(
            (name.as_str(), verdict),
            (
                "kernel/koxide/src/error.rs - error (line 12)",
                Verdict::Passed
            )
        );
        assert_eq!(example("running 3 tests"), None);
    }

    #[test]
    fn an_example_that_fails_for_another_reason_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let rustdoc = strict_rustdoc().unwrap();
        let passes = |code: &str| {
            let file = folder.path().join("example.rs");
            let text = format!("//! ```compile_fail,{code}\n//! let x: u8 = \"\";\n//! ```\n");
            std::fs::write(&file, text).unwrap();
            let mut command = koxide_process::Command::new(&rustdoc);
            command.args(["--test", "--edition=2024"]).arg(&file);
            command.current_dir(folder.path()).output().is_ok()
        };
        assert!(passes("E0308"));
        assert!(!passes("E0382"));
    }
}
