// SPDX-License-Identifier: MIT OR Apache-2.0

//! Chooses the C compiler for a kernel: the one that built it, else one that its headers' own flags work with, else the
//! one of the kernel's own distribution, in a root to build in.

use std::fs;
use std::path::Path;

use koxide_process::{Command, find};

use crate::cache;
use crate::gnu::Gnu;
use crate::kernels::Kernel;
use crate::progress::Progress;

use super::error::{Error, Result};
use super::tools::{self, Tools};
use super::view::View;
use super::{kbuild, make_command};

/// Compilers to try when the one that built the kernel is not there, newest first: old ones lack flags.
const OTHERS: [&str; 7] = [
    "gcc", "gcc-15", "gcc-14", "gcc-13", "gcc-12", "gcc-11", "gcc-10",
];

/// The tools to build with: this machine's when they are good for it, else those of the kernel's own distribution.
pub(crate) fn choose(kernel: &Kernel, view: &View, progress: &dyn Progress) -> Result<Tools> {
    let error = match here(kernel, view, progress) {
        Err(error @ (Error::NoCompiler { .. } | Error::Tools { .. })) => error,
        other => return other.map(|compiler| Tools::here(&compiler)),
    };
    // The object is linked with this machine's own tools, which its compiler's package brings along.
    let links = find(Gnu::of(kernel.arch).name("ld")).is_some();
    let Some(origin) = kernel.origin.as_ref().filter(|_| links) else {
        return Err(error);
    };
    let compiler = wanted(kernel);
    tools::may_enter(&kernel.release, &compiler)?;
    let root = origin.root(&compiler, progress)?;
    Tools::of_root(compiler, root)
}

/// The compiler of this machine to build with.
fn here(kernel: &Kernel, view: &View, progress: &dyn Progress) -> Result<String> {
    let wanted = wanted(kernel);
    if find(&wanted).is_some() {
        // The programs that came with the headers may be of a newer system than the compiler that is here.
        if kernel.origin.is_some() {
            starts(kernel, view)?;
        }
        return Ok(wanted);
    }
    let mut tried = Vec::new();
    let mut versions = Vec::new();
    let gnu = Gnu::of(kernel.arch);
    let others = OTHERS.iter().map(|name| gnu.name(name));
    for compiler in others.filter(|c| find(c).is_some()) {
        let Some(version) = version(&compiler) else {
            continue;
        };
        // The plain name is mostly one of the others.
        if versions.contains(&version) {
            continue;
        }
        versions.push(version.clone());
        let note = view.notes.join(format!("cc-{compiler}"));
        let verdict = match Verdict::known(&note, &version) {
            Some(verdict) => verdict,
            None => {
                let release = &kernel.release;
                progress.stage(&format!("trying {compiler} with the headers of {release}"));
                let verdict = probe(kernel, view, &Tools::here(&compiler))?;
                verdict.keep(&note, &version)?;
                verdict
            }
        };
        match verdict {
            Verdict::Good => return Ok(compiler),
            Verdict::Bad(said) => tried.push(format!("{compiler} ({version}) does not do: {said}")),
        }
    }
    Err(Error::NoCompiler {
        release: kernel.release.clone(),
        wanted,
        tried,
    })
}

/// Whether a compiler is good for the headers of a kernel.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Good,
    /// What it said of them.
    Bad(String),
}

impl Verdict {
    /// That of a compiler of this version, if there is one.
    fn known(note: &Path, version: &str) -> Option<Self> {
        let text = fs::read_to_string(note).ok()?;
        let (of, verdict) = match text.split_once('\n') {
            Some((of, said)) => (of, Self::Bad(said.to_owned())),
            None => (text.as_str(), Self::Good),
        };
        (of == version).then_some(verdict)
    }

    /// Lets others know it.
    fn keep(&self, note: &Path, version: &str) -> Result<()> {
        let text = match self {
            Self::Good => version.to_owned(),
            Self::Bad(said) => format!("{version}\n{said}"),
        };
        Ok(cache::write(note, text.as_bytes())?)
    }
}

/// Whether the machine, and not the compiler, was not up to it.
fn is_of_machine(said: &str) -> bool {
    let marks = ["No space left", "Killed", "annot create", "annot allocate"];
    marks.iter().any(|mark| said.contains(mark))
}

/// Sees that a program that came with the headers starts on this machine.
fn starts(kernel: &Kernel, view: &View) -> Result<()> {
    let program = view.build.join("scripts/mod/modpost");
    // Without arguments it has nothing to do, and may say so.
    match Command::new(&program).env("LC_ALL", "C").output_unchecked() {
        Ok(output) => {
            kbuild::tools_fault(&kernel.release, &String::from_utf8_lossy(&output.stderr))
        }
        // Whatever it is, make meets it, too, and the build says what it was.
        Err(_) => Ok(()),
    }
}

/// The compiler that the headers name.
pub(crate) fn wanted(kernel: &Kernel) -> String {
    let read = |file: &str| fs::read_to_string(kernel.headers.build.join(file)).unwrap_or_default();
    let name = from_variables(&read(".kernelvariables"))
        .or_else(|| from_config(&read(".config")))
        .unwrap_or_else(|| "gcc".to_owned());
    Gnu::of(kernel.arch).name(&name)
}

/// Reads `CC = ... $(CROSS_COMPILE)gcc-12` of Debian's headers.
fn from_variables(text: &str) -> Option<String> {
    let line = text.lines().find_map(|l| {
        let (name, value) = l.split_once('=')?;
        (name.trim_end_matches([':', '?', ' ']).trim() == "CC").then_some(value)
    })?;
    let word = line.split([' ', ')']).rfind(|word| !word.is_empty())?;
    word.starts_with("gcc").then(|| word.to_owned())
}

/// Reads `CONFIG_CC_VERSION_TEXT="x86_64-linux-gnu-gcc-12 (Debian ...) 12.2.0"`.
fn from_config(text: &str) -> Option<String> {
    let value = text
        .lines()
        .find_map(|l| l.strip_prefix("CONFIG_CC_VERSION_TEXT=\""))?;
    let program = value.split(' ').next()?;
    let (_, program) = Gnu::parse(program);
    let number = value.trim_end_matches('"').split(' ').next_back()?;
    let major = number.split('.').next()?;
    match program {
        // The plain name is another compiler on each machine.
        "gcc" => Some(format!("gcc-{major}")),
        other => Some(other.to_owned()),
    }
}

fn version(compiler: &str) -> Option<String> {
    let output = Command::new(compiler)
        .arg("-dumpfullversion")
        .output()
        .ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Compiles a file that does nothing, with the headers' own flags.
fn probe(kernel: &Kernel, view: &View, tools: &Tools) -> Result<Verdict> {
    let work = tempfile::Builder::new()
        .prefix("probe-")
        .tempdir_in(&view.notes)
        .map_err(|e| cache::Error::io("create a folder in", &view.notes, e))?;
    let code = "#include <linux/module.h>\n#include <linux/fs.h>\nMODULE_LICENSE(\"GPL\");\n";
    cache::write(&work.path().join("probe.c"), code.as_bytes())?;
    cache::write(&work.path().join("Kbuild"), b"obj-m := probe.o\n")?;
    let mut make = make_command(kernel, view, work.path(), tools);
    make.arg("probe.o");
    match make.output() {
        Ok(_) => Ok(Verdict::Good),
        Err(koxide_process::Error::Failed { stderr, .. }) if is_of_machine(&stderr) => {
            Err(kbuild::fault("an empty module", &kernel.release, &stderr))
        }
        Err(koxide_process::Error::Failed { stderr, .. }) => {
            kbuild::tools_fault(&kernel.release, &stderr)?;
            Ok(Verdict::Bad(first_error(&stderr)))
        }
        Err(error) => Err(error.into()),
    }
}

fn first_error(said: &str) -> String {
    let line = said.lines().find(|line| line.contains("error"));
    line.or(said.lines().next())
        .unwrap_or_default()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_says_nothing_of_a_compiler() {
        assert!(!is_of_machine(
            "gcc: error: unrecognized command-line option '-fmin-function-alignment=16'"
        ));
        assert!(is_of_machine("/tmp/cc1.s: error: No space left on device"));
    }

    #[test]
    fn a_verdict_is_of_one_version() {
        let temp = tempfile::tempdir().unwrap();
        let note = temp.path().join("cc-gcc");
        for verdict in [Verdict::Good, Verdict::Bad("no such option".to_owned())] {
            verdict.keep(&note, "12.2.0").unwrap();
            assert_eq!(Verdict::known(&note, "12.2.0"), Some(verdict));
            assert_eq!(Verdict::known(&note, "14.1.0"), None);
        }
    }

    #[test]
    fn the_headers_name_their_compiler() {
        let debian = "override ARCH = x86\nCCACHE = ccache\n\
            CC = $(if $(DEBIAN_KERNEL_USE_CCACHE),$(CCACHE)) $(CROSS_COMPILE)gcc-12\n";
        assert_eq!(from_variables(debian).as_deref(), Some("gcc-12"));
        assert_eq!(from_variables("override ARCH = x86\n"), None);
    }

    #[test]
    fn the_configuration_names_it_too() {
        let read = |text: &str| from_config(text);
        let debian = "CONFIG_CC_VERSION_TEXT=\"x86_64-linux-gnu-gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0\"\n";
        assert_eq!(read(debian).as_deref(), Some("gcc-12"));
        let cross = debian.replace("x86_64", "aarch64");
        assert_eq!(read(&cross).as_deref(), Some("gcc-12"));
        let fedora = "CONFIG_CC_VERSION_TEXT=\"gcc (GCC) 14.2.1 20240912 (Red Hat 14.2.1-3)\"\n";
        assert!(read(fedora).is_some());
        let ubuntu =
            "CONFIG_CC_VERSION_TEXT=\"x86_64-linux-gnu-gcc-13 (Ubuntu 13.3.0-6ubuntu2) 13.3.0\"\n";
        assert_eq!(read(ubuntu).as_deref(), Some("gcc-13"));
    }
}
