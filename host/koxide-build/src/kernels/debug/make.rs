// SPDX-License-Identifier: MIT OR Apache-2.0

//! Runs the kernel's own make, and tells how far it is.

use std::fmt;
use std::fs;
use std::path::Path;
use std::time::Instant;

use koxide_process::{Command, Source, find};

use crate::cache;
use crate::kernels::error::{Error, Result};
use crate::module::is_plain;
use crate::progress::Progress;

use super::config::Line;

/// The compiler.
const CC: &str = "gcc";

/// What make makes, beside what each of these needs: the image, the symbols that it exports, what modules are built with.
const TARGETS: [&str; 3] = ["bzImage", "modules", "modules_prepare"];

/// What came out of make.
#[derive(Debug)]
pub(crate) struct Made {
    /// The kernel's release.
    pub(crate) release: String,
    /// How many seconds it took.
    pub(crate) seconds: u64,
}

/// The compiler that kernels are built with.
#[derive(Debug)]
pub(crate) struct Compiler {
    version: String,
}

impl Compiler {
    /// The one that the machine has under the plain name.
    pub(crate) fn of_this_machine() -> Result<Self> {
        let output = Command::new(CC).arg("-dumpfullversion").output()?;
        let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok(Self { version })
    }
}

impl fmt::Display for Compiler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{CC} {}", self.version)
    }
}

/// Sees that there is what a kernel's build needs and a module's does not.
///
/// # Errors
/// [`Error::NoKernelTools`].
pub(crate) fn tools() -> Result<()> {
    Command::new("make").arg("--version").output()?;
    let mut lacking: Vec<&'static str> = ["flex", "bison", "bc"]
        .into_iter()
        .filter(|program| find(program).is_none())
        .collect();
    let mut probe = Command::new(CC);
    probe.args(["-fsyntax-only", "-include", "gelf.h", "-xc", "/dev/null"]);
    match probe.output() {
        Ok(_) => {}
        Err(koxide_process::Error::Failed { .. }) => lacking.push("the headers of libelf"),
        Err(error) => return Err(error.into()),
    }
    if lacking.is_empty() {
        Ok(())
    } else {
        Err(Error::NoKernelTools { lacking })
    }
}

/// Makes the kernel in `work`, as far as it is not made yet.
pub(crate) fn kernel(work: &Path, line: &Line, progress: &dyn Progress) -> Result<Made> {
    if !is_plain(work) {
        return Err(Error::BuildPlace {
            path: work.to_owned(),
        });
    }
    let started = Instant::now();
    let objects = work.join("objects");
    cache::create_dir(&objects)?;
    let config = work.join("config");
    cache::write_if_changed(&config, line.config().as_bytes())?;
    progress.stage(&format!("configuring the kernel debug:{}", line.name));
    let mut command = make(work);
    command
        .arg(format!("KCONFIG_ALLCONFIG={}", config.display()))
        .arg("allnoconfig");
    run(&mut command, work, line, &mut |_| {})?;
    line.check(&objects.join(".config"))?;
    progress.stage(&format!("building the kernel debug:{}", line.name));
    let mut done = 0;
    let mut step = |said: &str| {
        // "  CC      kernel/fork.o", not what make says of itself.
        if said.starts_with("  ") {
            done += 1;
            progress.steps(done.min(line.steps), line.steps);
        }
    };
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let mut command = make(work);
    command.arg(format!("-j{jobs}")).args(TARGETS);
    run(&mut command, work, line, &mut step)?;
    let release = objects.join("include/config/kernel.release");
    let release =
        fs::read_to_string(&release).map_err(|e| cache::Error::io("read", &release, e))?;
    Ok(Made {
        release: release.trim().to_owned(),
        seconds: started.elapsed().as_secs(),
    })
}

/// make in the tree, with its output beside.
fn make(work: &Path) -> Command {
    let mut make = Command::new("make");
    make.arg("-C").arg(work.join("source"));
    make.arg(format!("O={}", work.join("objects").display()));
    make.args([&format!("CC={CC}"), "ARCH=x86_64"]);
    // Nobody's name is in the image.
    make.args(["KBUILD_BUILD_USER=koxide", "KBUILD_BUILD_HOST=koxide"]);
    // A make that started this program must not lend its flags and jobs.
    for name in ["MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "MAKELEVEL"] {
        make.env_remove(name);
    }
    for name in ["KBUILD_OUTPUT", "CROSS_COMPILE", "LOCALVERSION"] {
        make.env_remove(name);
    }
    make.env("LC_ALL", "C");
    make
}

/// Runs make, hands over what it says line by line, and keeps what it complains of.
fn run(
    command: &mut Command,
    work: &Path,
    line: &Line,
    on_line: &mut dyn FnMut(&str),
) -> Result<()> {
    let mut complaints = String::new();
    let result = command.lines(|source, said| match source {
        Source::Stdout => on_line(said),
        Source::Stderr => {
            complaints.push_str(said);
            complaints.push('\n');
        }
    });
    match result {
        Ok(()) => Ok(()),
        Err(koxide_process::Error::Failed { .. }) => {
            if complaints.contains("No space left on device") {
                let path = work.to_owned();
                return Err(cache::Error::DiskFull { path }.into());
            }
            let log = work.join("log");
            cache::write(&log, complaints.as_bytes())?;
            Err(Error::Make {
                line: line.name.to_owned(),
                said: errors(&complaints),
                log,
            })
        }
        Err(error) => Err(error.into()),
    }
}

/// The lines that say what is wrong, among warnings and what make says of each folder.
fn errors(complaints: &str) -> String {
    const MOST: usize = 10;
    let is_error = |line: &&str| {
        let line = line.to_ascii_lowercase();
        line.contains("error") && !line.starts_with("make")
    };
    let mut lines: Vec<&str> = complaints.lines().filter(is_error).take(MOST).collect();
    if lines.is_empty() {
        let all: Vec<&str> = complaints.lines().collect();
        lines = all[all.len().saturating_sub(MOST)..].to_vec();
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_stand_out() {
        let said = "a.c: warning: frame\nb.c:3:1: error: expected ';'\nmake[2]: *** [b.o] Error 1";
        assert_eq!(errors(said), "b.c:3:1: error: expected ';'");
        assert_eq!(errors("sh: 1: bc: not found"), "sh: 1: bc: not found");
    }
}
