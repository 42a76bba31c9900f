// SPDX-License-Identifier: MIT OR Apache-2.0

//! Where Debian's packages come from, as the machine's own apt is configured, whatever form its sources have.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use koxide_process::Command;

use crate::arch::Arch;

use super::deb822;
use super::error::Result;

/// One suite of one archive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Archive {
    /// The archive's address.
    pub(crate) uri: String,
    /// The suite, such as `bookworm-security`.
    pub(crate) suite: String,
    /// Whose archive it is, by its signed release file; unknown before the first `apt-get update`.
    pub(crate) origin: Option<String>,
    /// The keys that may sign it, in the form of apt's `Signed-By`; else the keys that the machine trusts for all.
    pub(crate) signed_by: Option<String>,
}

/// What the machine's apt knows.
#[derive(Debug, Clone)]
pub(crate) struct KnownArchives {
    pub(crate) archives: Vec<Archive>,
    /// The machine runs Debian, so archives of unknown origin that are named like Debian's are Debian's.
    pub(crate) is_debian: bool,
}

/// Asks the machine's apt.
pub(crate) fn known() -> Result<KnownArchives> {
    let mut archives = BTreeSet::new();
    // With release information apt lists only what it fetched before, without it has no origins.
    for extra in [&[][..], &["--no-release-info"][..]] {
        let format = "$(REPO_URI)\t$(RELEASE)\t$(COMPONENT)\t$(ORIGIN)\t$(SOURCESENTRY)";
        let output = Command::new("apt-get")
            .args(["indextargets", "Created-By: Packages", "--format", format])
            .args(extra)
            .env("LC_ALL", "C")
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        archives.extend(text.lines().filter_map(entry));
    }
    let os = fs::read_to_string("/etc/os-release").unwrap_or_default();
    Ok(KnownArchives {
        archives: archives.into_iter().collect(),
        is_debian: os.lines().any(|line| line == "ID=debian"),
    })
}

fn entry(line: &str) -> Option<Archive> {
    let mut fields = line.split('\t');
    let mut next = || {
        let field = fields.next()?;
        // What apt does not know it leaves as it was asked for.
        (!field.is_empty() && !field.starts_with("$(")).then(|| field.to_owned())
    };
    let (uri, suite, component, origin, place) = (next(), next(), next(), next(), next());
    if component.as_deref() != Some("main") {
        return None;
    }
    let (uri, suite) = (uri?, suite?);
    let place = place?;
    let file = place.rsplit_once(':').map_or(place.as_str(), |(f, _)| f);
    let text = fs::read_to_string(file).unwrap_or_default();
    let signed_by = if Path::new(file).extension().is_some_and(|e| e == "sources") {
        signed_by_stanza(&text, &uri, &suite)
    } else {
        signed_by_line(&text, &uri, &suite)
    };
    Some(Archive {
        uri,
        suite,
        origin,
        signed_by,
    })
}

fn same_uri(a: &str, b: &str) -> bool {
    a.trim_end_matches('/') == b.trim_end_matches('/')
}

fn signed_by_stanza(text: &str, uri: &str, suite: &str) -> Option<String> {
    let stanzas = deb822::parse(text);
    let has = |value: Option<&str>, test: &dyn Fn(&str) -> bool| {
        value.is_some_and(|v| v.split_whitespace().any(test))
    };
    let stanza = stanzas.iter().find(|s| {
        has(s.get("URIs"), &|u| same_uri(u, uri)) && has(s.get("Suites"), &|s| s == suite)
    })?;
    stanza.get("Signed-By").map(str::to_owned)
}

/// Reads `deb [signed-by=KEYRING arch=amd64] URI SUITE COMPONENT...`.
fn signed_by_line(text: &str, uri: &str, suite: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let line = line.trim().strip_prefix("deb ")?.trim_start();
        let (options, rest) = match line.strip_prefix('[') {
            Some(rest) => rest.split_once(']')?,
            None => ("", line),
        };
        let mut words = rest.split_whitespace();
        let this = same_uri(words.next()?, uri) && words.next()? == suite;
        let keyring = options
            .split_whitespace()
            .find_map(|option| option.strip_prefix("signed-by="))?;
        this.then(|| keyring.to_owned())
    })
}

/// The suite without what follows its code name: `bookworm` for `bookworm-backports`.
pub(crate) fn base(suite: &str) -> &str {
    const POCKETS: [&str; 6] = [
        "-backports-sloppy",
        "-backports",
        "-security",
        "-proposed-updates",
        "-updates",
        "/updates",
    ];
    POCKETS
        .iter()
        .find_map(|pocket| suite.strip_suffix(pocket))
        .unwrap_or(suite)
}

fn is_security(suite: &str) -> bool {
    suite.ends_with("-security") || suite.ends_with("/updates")
}

impl KnownArchives {
    /// Debian's own among the archives.
    fn debian(&self) -> Vec<&Archive> {
        let ours = |a: &&Archive| match &a.origin {
            Some(origin) => origin == "Debian",
            None => self.is_debian && self.is_named_like_debian(a),
        };
        self.archives.iter().filter(ours).collect()
    }

    /// Without an origin only a suite tells: third-party archives use code names too, but not with pockets beside.
    fn is_named_like_debian(&self, archive: &Archive) -> bool {
        let keyring = archive.signed_by.as_deref().unwrap_or_default();
        let says_so = archive.uri.contains("debian") || keyring.contains("debian-archive");
        says_so
            && !self.archives.iter().any(|other| {
                // Another entry for the same place, fetched before, has another origin.
                same_uri(&other.uri, &archive.uri)
                    && other.origin.as_deref().is_some_and(|o| o != "Debian")
            })
    }

    /// What to fetch a suite's kernel from: the suite, with its base, updates and security archive where known.
    pub(crate) fn for_suite(&self, suite: &str) -> Vec<Archive> {
        let debian = self.debian();
        let exact = debian.iter().find(|a| a.suite == suite);
        let main = debian.iter().find(|a| !is_security(&a.suite));
        let security = debian.iter().find(|a| is_security(&a.suite));
        let from = |archive: Option<&&Archive>, suite: &str| {
            archive.map(|a| Archive {
                suite: suite.to_owned(),
                ..(**a).clone()
            })
        };
        let mut wanted = Vec::new();
        let fitting = if is_security(suite) { security } else { main };
        wanted.extend(from(exact.or(fitting), suite));
        let base = base(suite);
        if base != suite {
            wanted.extend(from(main, base));
        } else if !matches!(suite, "sid" | "unstable" | "experimental") {
            wanted.extend(from(security, &format!("{suite}-security")));
            let updates = debian.iter().find(|a| a.suite.ends_with("-updates"));
            wanted.extend(from(updates, &format!("{suite}-updates")));
        }
        wanted
    }
}

/// The archives behind a mirror that the user named.
pub(crate) fn from_mirror(mirror: &str, keyring: &str, suite: &str) -> Vec<Archive> {
    let mut suites = vec![suite];
    if base(suite) != suite && !is_security(suite) {
        suites.push(base(suite));
    }
    suites
        .into_iter()
        .map(|suite| Archive {
            uri: mirror.to_owned(),
            suite: suite.to_owned(),
            origin: None,
            signed_by: Some(keyring.to_owned()),
        })
        .collect()
}

/// Archives in the form of a `.sources` file, for these architectures.
pub(crate) fn to_deb822(archives: &[Archive], arches: &[Arch]) -> String {
    let arches: Vec<&str> = arches.iter().map(|arch| arch.debian()).collect();
    let arches = arches.join(" ");
    let stanza = |a: &Archive| {
        let keys = a
            .signed_by
            .as_ref()
            .map_or(String::new(), |keys| format!("Signed-By: {keys}\n"));
        format!(
            "Types: deb\nURIs: {}\nSuites: {}\nComponents: main\nArchitectures: {arches}\n{keys}",
            a.uri, a.suite
        )
    };
    let stanzas: Vec<String> = archives.iter().map(stanza).collect();
    stanzas.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(uri: &str, suite: &str, origin: Option<&str>) -> Archive {
        Archive {
            uri: uri.to_owned(),
            suite: suite.to_owned(),
            origin: origin.map(str::to_owned),
            signed_by: None,
        }
    }

    fn suites(known: &KnownArchives, suite: &str) -> Vec<String> {
        let wanted = known.for_suite(suite);
        wanted
            .iter()
            .map(|a| format!("{} {}", a.uri, a.suite))
            .collect()
    }

    #[test]
    fn the_machines_mirrors_serve_other_suites_too() {
        let known = KnownArchives {
            archives: vec![
                archive("https://shop.test/apt", "bookworm", Some("Shop")),
                archive("http://m.test/debian", "bookworm", Some("Debian")),
                archive("http://m.test/debian", "bookworm-updates", Some("Debian")),
                archive("http://s.test/sec", "bookworm-security", Some("Debian")),
            ],
            is_debian: true,
        };
        assert_eq!(
            suites(&known, "bookworm"),
            [
                "http://m.test/debian bookworm",
                "http://s.test/sec bookworm-security",
                "http://m.test/debian bookworm-updates"
            ]
        );
        assert_eq!(
            suites(&known, "trixie-backports"),
            [
                "http://m.test/debian trixie-backports",
                "http://m.test/debian trixie"
            ]
        );
        assert_eq!(suites(&known, "sid"), ["http://m.test/debian sid"]);
    }

    #[test]
    fn a_machine_that_is_not_debians_has_none() {
        let known = KnownArchives {
            archives: vec![archive("http://m.test/ubuntu", "noble", Some("Ubuntu"))],
            is_debian: false,
        };
        assert!(known.for_suite("bookworm").is_empty());
    }

    #[test]
    fn before_the_first_update_the_distribution_tells() {
        let mut known = KnownArchives {
            archives: vec![
                archive("https://shop.test/apt", "trixie", None),
                archive("http://m.test/debian", "trixie", None),
            ],
            is_debian: true,
        };
        assert_eq!(suites(&known, "trixie"), ["http://m.test/debian trixie"]);
        known.is_debian = false;
        assert!(known.for_suite("trixie").is_empty());
    }

    #[test]
    fn keyrings_are_read_from_both_forms() {
        let line = "deb [arch=amd64 signed-by=/k.gpg] http://m.test/debian bookworm main\n";
        let read = signed_by_line(line, "http://m.test/debian/", "bookworm");
        assert_eq!(read.as_deref(), Some("/k.gpg"));
        let plain = "deb http://m.test/debian bookworm main\n";
        assert_eq!(
            signed_by_line(plain, "http://m.test/debian/", "bookworm"),
            None
        );
        let stanza =
            "Types: deb\nURIs: http://m.test/debian\nSuites: a bookworm\nSigned-By: /k.gpg\n";
        let read = signed_by_stanza(stanza, "http://m.test/debian/", "bookworm");
        assert_eq!(read.as_deref(), Some("/k.gpg"));
    }

    #[test]
    fn an_embedded_key_stays_as_it_is() {
        let mut a = archive("http://m.test/debian", "sid", None);
        a.signed_by = Some("\n -----BEGIN PGP-----\n .\n".to_owned());
        let text = to_deb822(&[a], &[Arch::X86_64]);
        assert!(
            text.contains("Signed-By: \n -----BEGIN PGP-----\n"),
            "{text}"
        );
        assert_eq!(deb822::parse(&text).len(), 1);
    }
}
