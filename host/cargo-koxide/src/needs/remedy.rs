// SPDX-License-Identifier: MIT OR Apache-2.0

//! The commands that bring what is missing.

use super::{Manager, Need};

/// The commands that bring what is missing, each as words; the first one needs root.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Remedy {
    /// Installs packages of the distribution.
    pub(crate) packages: Option<Vec<String>>,
    /// Has rustup bring its parts.
    pub(crate) rustup: Vec<Vec<String>>,
    /// What nobody but the user can do.
    pub(crate) by_hand: Vec<String>,
}

impl Remedy {
    /// How `missing` is installed on a distribution with this package manager.
    pub(crate) fn new(missing: &[Need], manager: Option<Manager>) -> Self {
        let mut remedy = Self::default();
        let mut packages: Vec<String> = Vec::new();
        for need in missing {
            if let Some(command) = need.rustup() {
                remedy.rustup.push(command);
            } else if *need == Need::Rustup {
                remedy.by_hand.push(
                    "install rustup as https://rustup.rs says (a cargo of the distribution cannot build kernel objects)".to_owned(),
                );
            } else {
                let names = manager.map_or_else(Vec::new, |manager| need.packages(manager));
                if names.is_empty() {
                    remedy.by_hand.push(no_package(need, manager));
                }
                for name in names {
                    if !packages.contains(&name) {
                        packages.push(name);
                    }
                }
            }
        }
        if let (Some(manager), false) = (manager, packages.is_empty()) {
            remedy.packages = Some(manager.install(&packages));
        }
        remedy
    }

    /// The lines that tell the user what to type.
    pub(crate) fn lines(&self) -> Vec<String> {
        let root = if nix::unistd::geteuid().is_root() {
            ""
        } else {
            "sudo "
        };
        let packages = self
            .packages
            .iter()
            .map(|words| format!("{root}{}", words.join(" ")));
        let rustup = self.rustup.iter().map(|words| words.join(" "));
        // Installing rustup itself is among what is done by hand.
        packages
            .chain(self.by_hand.iter().cloned())
            .chain(rustup)
            .collect()
    }
}

/// What to do about something of which no package is known.
fn no_package(need: &Need, manager: Option<Manager>) -> String {
    if matches!(need, Need::KernelHeaders(_)) && manager.is_some() {
        format!(
            "the distribution has no package of the {need}: they are where this kernel is from \
             (`--kernel path:DIR` takes the folder in which it was built)"
        )
    } else {
        format!("install {need} with your distribution's package manager")
    }
}

#[cfg(test)]
mod tests {
    use koxide_build::Arch;

    use super::*;

    #[test]
    fn every_need_can_be_installed_everywhere() {
        for need in Need::all().into_iter().chain(Need::optional()) {
            for manager in [Manager::Apt, Manager::Dnf, Manager::Pacman, Manager::Zypper] {
                let remedy = Remedy::new(std::slice::from_ref(&need), Some(manager));
                assert_ne!(remedy, Remedy::default(), "{need} with {manager:?}");
            }
        }
    }

    #[test]
    fn packages_share_one_command() {
        let missing = [
            Need::Qemu(Arch::X86_64),
            Need::RustSrc,
            Need::Make,
            Need::KernelTools,
        ];
        let remedy = Remedy::new(&missing, Some(Manager::Dnf));
        let words = remedy.packages.unwrap();
        assert_eq!(words[..3], ["dnf", "install", "--assumeyes"]);
        let names = ["qemu-system-x86-core", "make", "flex", "bison", "bc"];
        assert_eq!(words[3..8], names);
        assert_eq!(remedy.rustup.len(), 1);
        assert_eq!(remedy.by_hand, [""; 0]);
    }

    #[test]
    fn an_unknown_distribution_gets_names() {
        let remedy = Remedy::new(&[Need::Qemu(Arch::X86_64)], None);
        assert_eq!(remedy.packages, None);
        assert_eq!(
            remedy.by_hand,
            ["install QEMU with your distribution's package manager"]
        );
    }
}
