// SPDX-License-Identifier: MIT OR Apache-2.0

//! apt with a state directory of our own: fetches and checks packages without root and without touching the machine's.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use koxide_process::{Command, Source};

use crate::arch::Arch;
use crate::cache::{self, create_dir};
use crate::progress::Progress;

use super::deb822::{self, Stanza};
use super::error::{Error, Result};
use super::sources::{Archive, to_deb822};

/// How old package lists may be before a fetch refreshes them.
const FRESH: Duration = Duration::from_secs(15 * 60);

/// How much space package lists may take, with what apt makes of them.
const LISTS: u64 = 150_000_000;

/// Settings of the machine that must not come along: hooks, and places that are replaced here.
const NOT_TAKEN: [&str; 11] = [
    "dir",
    "dpkg::",
    "apt::update",
    "apt::neverautoremove",
    "apt::periodic",
    "apt::compressor",
    "apt::architecture",
    "acquire::indextargets",
    "acquire::languages",
    "acquire::changelogs",
    "commandline",
];

/// Exceptions from [`NOT_TAKEN`]: keys and passwords that the machine has for its mirrors.
const TAKEN: [&str; 3] = ["dir::bin::", "dir::etc::trusted", "dir::etc::netrc"];

/// apt's private state for one kernel name.
#[derive(Debug)]
pub(crate) struct Apt {
    dir: PathBuf,
    name: String,
    mirror: String,
    suite: String,
}

impl Apt {
    /// Sets up the state for `archives`, the first of which is the suite itself, and for these architectures, the first of which is
    /// meant where none is said.
    pub(crate) fn prepare(
        dir: PathBuf,
        name: &str,
        archives: &[Archive],
        arches: &[Arch],
    ) -> Result<Self> {
        let first = &archives[0];
        let apt = Self {
            dir,
            name: name.to_owned(),
            mirror: first.uri.clone(),
            suite: first.suite.clone(),
        };
        for dir in [
            "state/lists/partial",
            "cache/archives/partial",
            "sources.list.d",
            "empty",
            "log",
        ] {
            create_dir(&apt.dir.join(dir))?;
        }
        cache::write_if_changed(&apt.dir.join("status"), b"")?;
        let sources = to_deb822(archives, arches);
        let changed = cache::write_if_changed(
            &apt.dir.join("sources.list.d/koxide.sources"),
            sources.as_bytes(),
        )?;
        if changed {
            cache::remove(&apt.stamp())?;
        }
        let machine = Command::new("apt-config").arg("dump").output()?;
        let machine = String::from_utf8_lossy(&machine.stdout);
        let config = config(&machine, &apt.dir, arches, nix::unistd::geteuid().is_root());
        cache::write_if_changed(&apt.config_file(), config.as_bytes())?;
        Ok(apt)
    }

    fn config_file(&self) -> PathBuf {
        self.dir.join("apt.conf")
    }

    /// Written after each good update.
    fn stamp(&self) -> PathBuf {
        self.dir.join("updated")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("APT_CONFIG", self.config_file())
            .env("LC_ALL", "C")
            .env("DEBIAN_FRONTEND", "noninteractive");
        command
    }

    /// Whether there are package lists at all.
    pub(crate) fn has_lists(&self) -> bool {
        self.stamp().exists()
    }

    /// Fetches and checks the package lists, unless they are fresh and need not be newer.
    pub(crate) fn update(&self, force: bool, progress: &dyn Progress) -> Result<()> {
        let age = fs::metadata(self.stamp())
            .and_then(|meta| meta.modified())
            .ok()
            .and_then(|time| SystemTime::now().duration_since(time).ok());
        if !force && age.is_some_and(|age| age < FRESH) {
            return Ok(());
        }
        let result = self.fetch_lists(progress);
        if result.is_err() && !self.has_lists() {
            // Nothing of use is in there; a name that is no suite's leaves nothing behind.
            cache::remove(&self.dir)?;
        }
        result
    }

    fn fetch_lists(&self, progress: &dyn Progress) -> Result<()> {
        // A fetch of apt's hangs when the disk is full.
        cache::need_space(&self.dir, "reading the package lists", LISTS)?;
        progress.stage(&format!("reading the package lists of {}", self.suite));
        let mut command = self.command("apt-get");
        command.arg("update");
        self.run(&mut command, 0, progress)?;
        cache::write(&self.stamp(), b"")?;
        Ok(())
    }

    /// Runs apt-get, tells how far it is, and finds the reason when it fails.
    fn run(&self, command: &mut Command, total: u64, progress: &dyn Progress) -> Result<()> {
        command.args(["-q", "-o", "APT::Status-Fd=1"]);
        let mut said = String::new();
        let result = command.lines(|source, line| {
            if let Some(percent) = percent(line) {
                #[expect(
                    clippy::cast_precision_loss,
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a share of a size, shown to people"
                )]
                let done = (total as f64 * percent / 100.0) as u64;
                if total > 0 {
                    progress.bytes(done.min(total), total);
                }
            } else {
                if source == Source::Stderr || line.starts_with("Err:") {
                    said.push_str(line);
                    said.push('\n');
                }
                progress.note(line);
            }
        });
        match result {
            Ok(()) => Ok(()),
            Err(koxide_process::Error::Failed { .. }) => Err(self.reason(&said)),
            Err(error) => Err(error.into()),
        }
    }

    /// Turns what apt said into the error that says what to do.
    fn reason(&self, said: &str) -> Error {
        let name = self.name.clone();
        let said: Vec<&str> = said.lines().filter(|l| !l.starts_with("Err:")).collect();
        let said = said.join("\n");
        let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
        if has(&["No space left", "enough free space"]) {
            return cache::Error::DiskFull {
                path: self.dir.clone(),
            }
            .into();
        }
        let lists = out_of_step(&said);
        if !lists.is_empty() {
            return Error::OutOfStep { name, lists };
        }
        if has(&[
            "NO_PUBKEY",
            "is not signed",
            "GPG error",
            "signature",
            "OpenPGP",
            "sqv",
        ]) {
            return Error::Signature { name, said };
        }
        if has(&[
            "resolv",
            "onnect",
            "nreachable",
            "timed out",
            "Connection",
            "proxy",
        ]) {
            return Error::Network { name, said };
        }
        if has(&[
            "does not have a Release file",
            "no longer has a Release file",
        ]) {
            return Error::NoSuchSuite {
                suite: self.suite.clone(),
                mirror: self.mirror.clone(),
            };
        }
        Error::Apt { name, said }
    }

    /// Removes what apt can make again from the lists.
    pub(crate) fn tidy(&self) -> Result<()> {
        cache::remove(&self.dir.join("cache"))?;
        Ok(())
    }

    /// The names of all packages that begin with `prefix`.
    pub(crate) fn names(&self, prefix: &str) -> Result<Vec<String>> {
        let output = self
            .command("apt-cache")
            .args(["pkgnames", prefix])
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// All versions of the named packages, which must exist.
    pub(crate) fn show(&self, names: &[String]) -> Result<Vec<Stanza>> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let output = self
            .command("apt-cache")
            .args(["show", "--all-versions"])
            .args(names)
            .output()?;
        Ok(deb822::parse(&String::from_utf8_lossy(&output.stdout)))
    }

    /// The packages to be unpacked so that the named ones run, each with its version.
    pub(crate) fn closure(&self, names: &[&str]) -> Result<Vec<(String, String)>> {
        let mut command = self.command("apt-get");
        command.args(["install", "--simulate", "--no-install-recommends"]);
        match command.args(names).output() {
            Ok(output) => Ok(String::from_utf8_lossy(&output.stdout)
                .lines()
                .filter_map(chosen)
                .collect()),
            Err(koxide_process::Error::Failed { stderr, .. }) => Err(self.reason(&stderr)),
            Err(error) => Err(error.into()),
        }
    }

    /// Fetches packages, given as `name=version`, into a folder; apt checks them against the signed lists.
    pub(crate) fn download(
        &self,
        packages: &[String],
        total: u64,
        into: &Path,
        progress: &dyn Progress,
    ) -> Result<()> {
        let mut command = self.command("apt-get");
        command.arg("download").args(packages).current_dir(into);
        self.run(&mut command, total, progress)
    }
}

/// The addresses of lists that the archive's release file describes otherwise.
fn out_of_step(said: &str) -> Vec<String> {
    const MARKS: [&str; 2] = ["File has unexpected size", "Hash Sum mismatch"];
    said.lines()
        .filter(|line| MARKS.iter().any(|mark| line.contains(mark)))
        .filter_map(|line| line.strip_prefix("E: Failed to fetch ")?.split(' ').next())
        .map(str::to_owned)
        .collect()
}

/// Reads `Inst NAME (VERSION ...)` of what apt would do.
fn chosen(line: &str) -> Option<(String, String)> {
    let (name, rest) = line.strip_prefix("Inst ")?.split_once(" (")?;
    Some((name.to_owned(), rest.split(' ').next()?.to_owned()))
}

/// The percentage in a line of apt's status protocol.
fn percent(line: &str) -> Option<f64> {
    let rest = line.strip_prefix("dlstatus:")?;
    rest.split(':').nth(1)?.parse().ok()
}

/// The machine's settings without hooks and places, then ours.
fn config(machine: &str, dir: &Path, arches: &[Arch], root: bool) -> String {
    let taken = |line: &&str| {
        let line = line.to_ascii_lowercase();
        let is = |list: &[&str]| list.iter().any(|prefix| line.starts_with(prefix));
        is(&TAKEN) || !(is(&NOT_TAKEN) || line.contains("-invoke"))
    };
    let mut config: String = machine
        .lines()
        .filter(taken)
        .map(|line| format!("{line}\n"))
        .collect();
    let place = |path: &str| dir.join(path).display().to_string();
    for (name, value) in [
        ("Dir::State", place("state")),
        ("Dir::State::status", place("status")),
        ("Dir::Cache", place("cache")),
        ("Dir::Log", place("log")),
        ("Dir::Etc::main", "/dev/null".to_owned()),
        ("Dir::Etc::parts", place("empty")),
        ("Dir::Etc::sourcelist", "/dev/null".to_owned()),
        ("Dir::Etc::sourceparts", place("sources.list.d")),
        ("Dir::Etc::preferences", "/dev/null".to_owned()),
        ("Dir::Etc::preferencesparts", place("empty")),
        ("APT::Architecture", arches[0].debian().to_owned()),
        ("APT::Update::Error-Mode", "any".to_owned()),
        ("Acquire::Languages", "none".to_owned()),
        // Lists stay as small as they were fetched.
        ("Acquire::GzipIndexes", "true".to_owned()),
    ] {
        config.push_str(&format!("{name} \"{value}\";\n"));
    }
    for arch in arches {
        let arch = arch.debian();
        config.push_str(&format!("APT::Architectures:: \"{arch}\";\n"));
    }
    if root {
        // The user that apt would change to cannot enter root's cache.
        config.push_str("APT::Sandbox::User \"root\";\n");
    }
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_stay_and_hooks_go() {
        let machine = "Acquire::http::Proxy \"http://p.test:3128\";\n\
            APT::Update::Post-Invoke:: \"rm -f /var/cache/apt/archives/*.deb\";\n\
            DPkg::Post-Invoke:: \"x\";\n\
            Acquire::IndexTargets::deb::DEP-11 \"\";\n\
            Dir::State \"var/lib/apt\";\n\
            Dir::Etc::netrc \"auth.conf\";\n\
            Acquire::Retries \"3\";\n";
        let config = config(machine, Path::new("/c d"), &[Arch::X86_64], false);
        assert!(config.contains("Acquire::http::Proxy \"http://p.test:3128\";"));
        assert!(config.contains("Acquire::Retries \"3\";"));
        assert!(config.contains("Dir::Etc::netrc \"auth.conf\";"));
        assert!(config.contains("Dir::State \"/c d/state\";"));
        for gone in ["Post-Invoke", "DEP-11", "var/lib/apt", "Sandbox"] {
            assert!(!config.contains(gone), "{gone}");
        }
    }

    #[test]
    fn progress_is_read_from_the_status_lines() {
        assert_eq!(
            percent("dlstatus:4:22.3849:Retrieving file 4 of 5"),
            Some(22.3849)
        );
        assert_eq!(percent("Get:4 http://m.test"), None);
    }

    #[test]
    fn what_apt_would_install_is_read() {
        let of = |name: &str, version: &str| Some((name.to_owned(), version.to_owned()));
        assert_eq!(
            chosen("Inst libcap2 (1:2.75-10+b3 Debian:13.7/stable [amd64]) []"),
            of("libcap2", "1:2.75-10+b3")
        );
        assert_eq!(
            chosen("Conf libcap2 (1:2.75-10+b3 Debian:13.7/stable [amd64])"),
            None
        );
    }

    #[test]
    fn what_apt_says_becomes_a_reason() {
        let apt = Apt {
            dir: "/c".into(),
            name: "debian:bookwurm".to_owned(),
            mirror: "http://m.test/debian".to_owned(),
            suite: "bookwurm".to_owned(),
        };
        let reason = |said: &str| apt.reason(said);
        let gone = "E: The repository 'http://m.test/debian bookwurm Release' does not have a Release file.";
        let error = reason(gone);
        assert!(matches!(error, Error::NoSuchSuite { .. }));
        assert!(
            error
                .to_string()
                .contains("did you mean `debian:bookworm`?")
        );
        assert!(matches!(
            reason("E: Failed to fetch x  Temporary failure resolving 'm.test'"),
            Error::Network { .. }
        ));
        assert!(matches!(
            reason("W: GPG error: x: NO_PUBKEY 0E98404D386FA1D9"),
            Error::Signature { .. }
        ));
        let mixed = "E: Failed to fetch http://m.test/debian/dists/x/main/binary-armhf/Packages.xz  File has unexpected size \
             (3 != 4). Mirror sync in progress? [IP: 192.0.2.1 80]\n   Hashes of expected file:\nE: Some index files failed";
        let Error::OutOfStep { lists, .. } = reason(mixed) else {
            panic!("another reason");
        };
        assert_eq!(
            lists,
            ["http://m.test/debian/dists/x/main/binary-armhf/Packages.xz"]
        );
        assert!(matches!(
            reason("E: Write error - write (28: No space left on device)"),
            Error::Cache(cache::Error::DiskFull { .. })
        ));
    }
}
