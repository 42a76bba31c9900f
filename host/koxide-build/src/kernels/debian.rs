// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which packages make up the newest complete kernel of a suite.

use std::cmp::Ordering;

use crate::arch::Arch;

use super::apt::Apt;
use super::deb822::{Stanza, dependencies};
use super::error::{Error, Result};
use super::version::compare;
use super::{Package, Plan, Suite};

/// What newer releases split from the image's package.
const IMAGE_PARTS: [&str; 2] = ["linux-binary-", "linux-modules-"];

/// The shell and commands of the virtual machine, where this machine's own cannot run.
const BUSYBOX: &str = "busybox-static";

/// Chooses from the package lists, which are those of the kernel's architecture and of this machine's.
pub(crate) fn plan(apt: &Apt, name: &Suite) -> Result<Plan> {
    let choice = Choice::of(name);
    let mut names = apt.names("linux-")?;
    names.retain(|name| choice.is_part(name));
    names.extend(apt.names("libelf1")?);
    if choice.is_foreign() {
        names.push(BUSYBOX.to_owned());
    }
    let names: Vec<String> = names.iter().map(|name| choice.qualified(name)).collect();
    let stanzas = apt.show(&names)?;
    choice
        .select(&stanzas)
        .map_err(|lacking| Error::Incomplete {
            name: name.to_string(),
            lacking,
        })
}

/// Which kernel is chosen, for building on which machine.
struct Choice<'a> {
    name: &'a Suite,
    /// The architecture of the machine that builds modules, on which the tools with the headers run.
    host: Arch,
}

impl<'a> Choice<'a> {
    fn of(name: &'a Suite) -> Self {
        Self { name, host: host() }
    }

    fn is_foreign(&self) -> bool {
        self.name.flavour.arch() != self.host
    }

    /// The package whose version says which line of kernels the suite is about: security archives have others too.
    fn meta(&self) -> String {
        format!("linux-image-{}", self.name.flavour)
    }

    fn is_part(&self, name: &str) -> bool {
        name == self.meta()
            || self.image_release(name).is_some()
            || IMAGE_PARTS.iter().any(|part| name.starts_with(part))
            || is_tool(name)
            || name
                .strip_prefix("linux-headers-")
                .is_some_and(|rest| is_common(rest) || self.name.flavour.has_release(rest))
    }

    /// A package's name with the architecture that it is wanted for, where apt would take another.
    fn qualified(&self, name: &str) -> String {
        match self.is_foreign() && is_tool(name) {
            true => format!("{name}:{}", self.host.debian()),
            false => name.to_owned(),
        }
    }

    /// The release that an image package is for; images are the signed ones.
    fn image_release<'n>(&self, name: &'n str) -> Option<&'n str> {
        name.strip_prefix("linux-image-")
            .filter(|rest| self.name.flavour.has_release(rest))
    }

    /// The newest release whose parts are all there, else what the newest one lacks.
    fn select(&self, stanzas: &[Stanza]) -> Result<Plan, String> {
        // The base suite is among the sources of a backport, for its libraries.
        let backport = self.name.suite.contains("-backports");
        let from_suite = |s: &&Stanza| !backport || version(s).contains("~bpo");
        let own: Vec<&Stanza> = stanzas.iter().filter(from_suite).collect();
        let meta = self.meta();
        let metas = own
            .iter()
            .filter(|s| s.get("Package") == Some(meta.as_str()));
        let newest = metas.max_by(|a, b| compare(version(a), version(b)));
        let in_line =
            |s: &Stanza| newest.is_none_or(|meta| line(version(meta)) == line(version(s)));
        let mut images: Vec<(&str, &Stanza)> = own
            .iter()
            .filter(|s| in_line(s))
            .filter_map(|s| Some((self.image_release(s.get("Package")?)?, *s)))
            .collect();
        images.sort_by(|(_, a), (_, b)| compare(version(b), version(a)));
        let mut lacking = Err(format!("the archive has no kernel `{}`", self.name.flavour));
        for (i, (release, image)) in images.into_iter().enumerate() {
            match self.complete(stanzas, release, image) {
                Ok(plan) => return Ok(plan),
                Err(part) if i == 0 => lacking = Err(format!("{release} lacks {part}")),
                Err(_) => {}
            }
        }
        lacking
    }

    /// All packages of one release, or the name of one that is not there.
    fn complete(&self, stanzas: &[Stanza], release: &str, image: &Stanza) -> Result<Plan, String> {
        let wanted = version(image);
        let find = |name: &str, version: Option<&str>| {
            find(stanzas, name, version).ok_or_else(|| name.to_owned())
        };
        let headers = find(&format!("linux-headers-{release}"), Some(wanted))?;
        let mut parts = vec![image, headers];
        for (name, exact) in dependencies(image.get("Depends").unwrap_or_default()) {
            if IMAGE_PARTS.iter().any(|part| name.starts_with(part)) {
                parts.push(find(name, exact)?);
            }
        }
        for (name, exact) in dependencies(headers.get("Depends").unwrap_or_default()) {
            if name.starts_with("linux-headers-") {
                parts.push(find(name, exact)?);
            } else if name.starts_with("linux-kbuild-") {
                // Its tools know more than one version; the one built together with the headers is best.
                parts.push(find(name, Some(wanted)).or_else(|_| find(name, None))?);
            }
        }
        let kbuild = parts
            .last()
            .and_then(|s| s.get("Depends"))
            .unwrap_or_default();
        for (name, _) in dependencies(kbuild) {
            // Unpacking skips dependencies, and objtool does not start without this one. Where the suite's lists have
            // none, the machine's own library may still do.
            if name.starts_with("libelf1") {
                parts.extend(find(name, None));
            }
        }
        if self.is_foreign() {
            parts.extend(find(BUSYBOX, None));
        }
        let packages: Vec<Package> = parts
            .iter()
            .filter_map(|s| {
                let package = package(s)?;
                Some(Package {
                    name: self.qualified(&package.name),
                    ..package
                })
            })
            .collect();
        let kib = |s: &&Stanza| s.get("Installed-Size")?.parse::<u64>().ok();
        Ok(Plan {
            release: release.to_owned(),
            download: packages.iter().map(|p| p.bytes).sum(),
            unpacked: parts.iter().filter_map(kib).sum::<u64>() * 1024,
            packages,
            fetched: false,
        })
    }
}

/// The architecture of this machine; on one that is none of those that modules are built for, nothing of its own runs.
pub(crate) fn host() -> Arch {
    Arch::of_this_machine().unwrap_or_default()
}

/// Whether headers are what several kernels of a release share; real-time kernels of 6.1 have a patched source, and so
/// headers of their own.
pub(crate) fn is_common(headers: &str) -> bool {
    headers.ends_with("-common") || headers.ends_with("-common-rt")
}

/// Whether a package has programs that run where modules are built.
pub(crate) fn is_tool(name: &str) -> bool {
    name.starts_with("linux-kbuild-") || name.starts_with("libelf1")
}

/// Major and minor number: `6.1` for `6.1.192-2`.
fn line(version: &str) -> Vec<&str> {
    version.splitn(3, ['.', '-']).take(2).collect()
}

pub(crate) fn version(stanza: &Stanza) -> &str {
    stanza.get("Version").unwrap_or_default()
}

/// The newest package of that name, or the one of that version.
fn find<'a>(stanzas: &'a [Stanza], name: &str, exact: Option<&str>) -> Option<&'a Stanza> {
    stanzas
        .iter()
        .filter(|s| s.get("Package") == Some(name))
        .filter(|s| exact.is_none_or(|exact| compare(version(s), exact) == Ordering::Equal))
        .max_by(|a, b| compare(version(a), version(b)))
}

pub(crate) fn package(stanza: &Stanza) -> Option<Package> {
    Some(Package {
        name: stanza.get("Package")?.to_owned(),
        version: stanza.get("Version")?.to_owned(),
        sha256: stanza.get("SHA256")?.to_owned(),
        bytes: stanza.get("Size")?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::deb822::parse;
    use super::*;

    fn stanza(name: &str, version: &str, depends: &str) -> String {
        format!(
            "Package: {name}\nVersion: {version}\nDepends: {depends}\nSize: 10\nInstalled-Size: 2\nSHA256: {name}\n\n"
        )
    }

    fn release(release: &str, version: &str) -> String {
        let line = release
            .trim_end_matches("-amd64")
            .trim_end_matches("-arm64");
        let depends =
            format!("linux-headers-{line}-common (= {version}), linux-kbuild-6.1, gcc-12");
        [
            stanza(&format!("linux-image-{release}"), version, "kmod"),
            stanza(&format!("linux-headers-{release}"), version, &depends),
            stanza(&format!("linux-headers-{line}-common"), version, ""),
            stanza("linux-kbuild-6.1", version, "libc6, libelf1 (>= 0.144)"),
            stanza("libelf1", "0.188-2.1", ""),
        ]
        .concat()
    }

    /// On a machine that is x86_64.
    fn choose(text: &str, name: &str) -> Result<Plan, String> {
        let name: crate::KernelName = format!("debian:{name}").parse().unwrap();
        let crate::KernelName::Debian(name) = name else {
            unreachable!("that is its form");
        };
        let host = Arch::X86_64;
        let choice = Choice { name: &name, host };
        choice.select(&parse(text))
    }

    #[test]
    fn the_newest_complete_release_is_chosen() {
        let text = release("6.1.0-9-amd64", "6.1.27-1")
            + &release("6.1.0-56-amd64", "6.1.192-2")
            // The next image is signed already, and its headers are not there yet.
            + &stanza("linux-image-6.1.0-57-amd64", "6.1.193-1", "")
            + &stanza("linux-image-6.1.0-57-rt-amd64", "6.1.194-1", "");
        let plan = choose(&text, "bookworm").unwrap();
        assert_eq!(plan.release, "6.1.0-56-amd64");
        let names: Vec<_> = plan.packages.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "linux-image-6.1.0-56-amd64",
                "linux-headers-6.1.0-56-amd64",
                "linux-headers-6.1.0-56-common",
                "linux-kbuild-6.1",
                "libelf1"
            ]
        );
        assert!(plan.packages[..4].iter().all(|p| p.version == "6.1.192-2"));
        assert_eq!((plan.download, plan.unpacked), (50, 10 * 1024));
    }

    #[test]
    fn the_suites_own_line_is_chosen() {
        let text = release("6.1.0-56-amd64", "6.1.192-2")
            + &release("6.12.117+deb12-amd64", "6.12.117-1~deb12u1")
            + &stanza("linux-image-6.12-amd64", "6.12.117-1~deb12u1", "")
            + &stanza("linux-image-amd64", "6.1.192-2", "")
            + &stanza("linux-image-amd64", "6.1.176-1", "");
        let plan = choose(&text, "bookworm").unwrap();
        assert_eq!(plan.release, "6.1.0-56-amd64");
    }

    #[test]
    fn real_time_kernels_may_have_headers_of_their_own() {
        let name: crate::kernels::Suite = crate::kernels::Suite {
            suite: "bookworm".to_owned(),
            flavour: crate::kernels::Flavour::new("rt-amd64").unwrap(),
        };
        let host = Arch::X86_64;
        let choice = Choice { name: &name, host };
        for part in [
            "linux-headers-6.1.0-56-rt-amd64",
            "linux-headers-6.1.0-56-common-rt",
        ] {
            assert!(choice.is_part(part), "{part}");
        }
        assert!(!choice.is_part("linux-headers-6.1.0-56-amd64"));
    }

    #[test]
    fn what_is_lacking_is_named() {
        let text = stanza("linux-image-6.1.0-57-amd64", "6.1.193-1", "");
        let lacking = choose(&text, "bookworm").unwrap_err();
        assert_eq!(lacking, "6.1.0-57-amd64 lacks linux-headers-6.1.0-57-amd64");
    }

    #[test]
    fn a_backport_is_never_the_base_suites_kernel() {
        let text = release("6.1.0-56-amd64", "6.1.192-2");
        assert!(choose(&text, "bookworm-backports").is_err());
        let text = text + &release("6.12.95+deb12-amd64", "6.12.95-1~bpo12+1");
        let plan = choose(&text, "bookworm-backports").unwrap();
        assert_eq!(plan.release, "6.12.95+deb12-amd64");
    }

    #[test]
    fn tools_are_for_the_machine_that_builds() {
        let text = release("6.1.0-56-arm64", "6.1.192-2") + &stanza(BUSYBOX, "1:1.35.0-4", "");
        let plan = choose(&text, "bookworm/arm64").unwrap();
        let names: Vec<_> = plan.packages.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "linux-image-6.1.0-56-arm64",
                "linux-headers-6.1.0-56-arm64",
                "linux-headers-6.1.0-56-common",
                "linux-kbuild-6.1:amd64",
                "libelf1:amd64",
                "busybox-static",
            ]
        );
        let none = choose(&text, "bookworm/rt-arm64").unwrap_err();
        assert_eq!(none, "the archive has no kernel `rt-arm64`");
    }
}
