// SPDX-License-Identifier: MIT OR Apache-2.0

//! The names under which a user asks for a kernel.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::arch::Arch;

use super::flavour::Flavour;

/// Which kernel is meant. The host's own release decides only when the name is `running`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KernelName {
    /// `running`: the kernel that this machine runs, with the headers installed here.
    Running,
    /// `path:DIR`: a kernel's build tree, or a folder into which a kernel's packages were unpacked.
    Path(PathBuf),
    /// `debian:SUITE` or `debian:SUITE/FLAVOUR`: the newest kernel of a Debian suite.
    Debian(Suite),
    /// `debug:LINE`: a kernel of that line, built here with all that watches what drivers do.
    Debug(String),
    /// `deb:FILE,FILE...`: these package files.
    Deb(Vec<PathBuf>),
}

/// A kernel of a Debian suite.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Suite {
    /// The suite, such as `bookworm-backports`.
    pub suite: String,
    /// Which of the kernels of a release; where the name says none, the plain one for x86_64.
    pub flavour: Flavour,
}

impl Suite {
    /// The plain kernel of a suite for an architecture.
    pub fn plain(suite: &str, arch: Arch) -> Self {
        Self {
            suite: suite.to_owned(),
            flavour: Flavour::plain(arch),
        }
    }

    /// Reads `SUITE` or `SUITE/FLAVOUR`.
    fn parse(text: &str) -> Option<Self> {
        let (suite, flavour) = match text.split_once('/') {
            Some((suite, word)) => (suite, Flavour::new(word)?),
            None => (text, Flavour::plain(Arch::default())),
        };
        is_suite(suite).then(|| Self {
            suite: suite.to_owned(),
            flavour,
        })
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "debian:{}", self.suite)?;
        match self.flavour == Flavour::plain(Arch::default()) {
            true => Ok(()),
            false => write!(f, "/{}", self.flavour),
        }
    }
}

/// The forms of a name, for messages.
const FORMS: &str = "the forms are running, path:DIR, debian:SUITE (such as debian:bookworm), debian:SUITE/FLAVOUR \
     (such as debian:bookworm/arm64), debug:6.1, debug:6.12, deb:FILE,FILE...; and 6.1 stands for one of that line, if `cargo koxide kernel list` shows it";

/// The words a name begins with.
const WORDS: [&str; 5] = ["running", "path", "debian", "debug", "deb"];

/// Suites a user may have meant, for suggestions only: any suite that the archive has is good.
const SUITES: [&str; 6] = [
    "bookworm",
    "bookworm-backports",
    "trixie",
    "trixie-backports",
    "forky",
    "sid",
];

/// A text that is no kernel's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no kernel named `{text}`{}: {FORMS}", reason(.text))]
pub struct ParseError {
    /// The text.
    pub text: String,
}

/// What may be wrong with a name.
fn reason(text: &str) -> String {
    let flavour = text
        .strip_prefix("debian:")
        .and_then(|rest| rest.split_once('/'))
        .map(|(_, flavour)| flavour);
    match flavour {
        Some(flavour) if flavour.starts_with("686") => format!(
            " (`{flavour}` is 32-bit x86, for which no modules are built: there is no Rust target for its kernels)"
        ),
        Some(flavour) if Flavour::new(flavour).is_none() => format!(
            " (`{flavour}` is no flavour of a kernel that modules are built for; such are amd64, cloud-amd64, rt-amd64, arm64, arm64-16k, \
             rt-arm64, armmp, armmp-lpae)"
        ),
        _ => close_match(text).map_or(String::new(), |name| format!(" (did you mean `{name}`?)")),
    }
}

/// The nearest thing that is a name, when one is near.
fn close_match(text: &str) -> Option<String> {
    let (word, rest) = text.split_once(':').unwrap_or((text, ""));
    if rest.is_empty() && nearest(word, &SUITES).is_some() {
        return nearest(word, &SUITES).map(|suite| format!("debian:{suite}"));
    }
    match nearest(word, &WORDS)? {
        "running" => Some("running".to_owned()),
        _ if rest.is_empty() => None,
        near => Some(format!("{near}:{rest}")),
    }
}

/// The known suite that is nearest to `suite`, unless it is that suite.
pub(crate) fn close_suite(suite: &str) -> Option<&'static str> {
    nearest(suite, &SUITES).filter(|near| *near != suite)
}

fn nearest(text: &str, known: &[&'static str]) -> Option<&'static str> {
    let (distance, word) = known
        .iter()
        .map(|word| (distance(text, word), *word))
        .min()?;
    (distance <= 1 + word.len() / 6).then_some(word)
}

/// How many letters must be changed, put in or taken out to come from one word to the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let above = row[j + 1];
            let change = diagonal + usize::from(x != *y);
            row[j + 1] = change.min(above + 1).min(row[j] + 1);
            diagonal = above;
        }
    }
    row[b.len()]
}

impl FromStr for KernelName {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let unknown = || ParseError {
            text: text.to_owned(),
        };
        if text == "running" {
            return Ok(Self::Running);
        }
        let (word, rest) = text.split_once(':').ok_or_else(unknown)?;
        if rest.is_empty() {
            return Err(unknown());
        }
        match word {
            "path" => Ok(Self::Path(rest.into())),
            "debian" => Suite::parse(rest).map(Self::Debian).ok_or_else(unknown),
            "debug" if super::debug::lines().any(|line| line == rest) => {
                Ok(Self::Debug(rest.to_owned()))
            }
            "deb" => Ok(Self::Deb(files(rest))),
            _ => Err(unknown()),
        }
    }
}

/// Splits at the commas that follow a package's file name, because a folder's name may have commas too.
fn files(list: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut current = String::new();
    for part in list.split(',') {
        if !current.is_empty() {
            current.push(',');
        }
        current.push_str(part);
        if Path::new(part).extension().is_some_and(|e| e == "deb") {
            files.push(PathBuf::from(std::mem::take(&mut current)));
        }
    }
    if !current.is_empty() {
        files.push(PathBuf::from(current));
    }
    files
}

/// A suite's name becomes part of a path and of apt's sources: no character has a meaning there.
fn is_suite(text: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    text.chars().all(good) && text.starts_with(|c: char| c.is_ascii_alphanumeric())
}

impl fmt::Display for KernelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Running => f.write_str("running"),
            Self::Path(dir) => write!(f, "path:{}", dir.display()),
            Self::Debian(suite) => suite.fmt(f),
            Self::Debug(line) => write!(f, "debug:{line}"),
            Self::Deb(files) => {
                let files: Vec<_> = files.iter().map(|f| f.display().to_string()).collect();
                write!(f, "deb:{}", files.join(","))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_survives_a_round_trip() {
        for text in [
            "running",
            "path:/a b/c",
            "debian:bookworm-backports",
            "debian:trixie/arm64-16k",
            "debug:6.12",
            "deb:/x/image.deb,/x/headers.deb",
        ] {
            assert_eq!(text.parse::<KernelName>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn commas_in_folders_do_not_split() {
        let name: KernelName = "deb:/a,b/one.deb,two.deb".parse().unwrap();
        assert_eq!(
            name,
            KernelName::Deb(vec!["/a,b/one.deb".into(), "two.deb".into()])
        );
    }

    #[test]
    fn an_unknown_name_lists_the_forms_and_a_near_one() {
        let say = |text: &str| text.parse::<KernelName>().unwrap_err().to_string();
        assert!(say("debain:bookworm").contains("did you mean `debian:bookworm`?"));
        assert!(say("bookwurm").contains("did you mean `debian:bookworm`?"));
        assert!(say("runing").contains("did you mean `running`?"));
        assert!(say("6.1.0-9").contains("the forms are running, path:DIR"));
        assert!(!say("6.1.0-9").contains("did you mean"));
        assert!("debian:../x".parse::<KernelName>().is_err());
        assert!(say("debug:6.2").contains("debug:6.1, debug:6.12"));
        assert!("debian:".parse::<KernelName>().is_err());
        assert!(say("debian:bookworm/686-pae").contains("32-bit x86"));
        assert!(say("debian:bookworm/ppc64").contains("no flavour"));
    }

    #[test]
    fn the_plain_flavour_need_not_be_said() {
        let parse = |text: &str| text.parse::<KernelName>().unwrap();
        assert_eq!(parse("debian:sid/amd64"), parse("debian:sid"));
        assert_ne!(parse("debian:sid/arm64"), parse("debian:sid"));
    }
}
