// SPDX-License-Identifier: MIT OR Apache-2.0

//! The package managers of distributions.

/// A distribution's package manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manager {
    /// Debian, Ubuntu and their kin.
    Apt,
    /// Fedora, RHEL and their kin.
    Dnf,
    /// Arch and its kin.
    Pacman,
    /// SUSE and its kin.
    Zypper,
}

impl Manager {
    /// The package manager of this machine, from `/etc/os-release`.
    pub(crate) fn of_this_machine() -> Option<Self> {
        let text = ["/etc/os-release", "/usr/lib/os-release"]
            .iter()
            .find_map(|path| std::fs::read_to_string(path).ok());
        Self::from_os_release(&text?)
    }

    /// The package manager that an os-release file stands for: its `ID`, else the first known of `ID_LIKE`.
    fn from_os_release(text: &str) -> Option<Self> {
        let value = |key: &str| {
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
            line.map(|value| value.trim_matches(['"', '\'']).to_owned())
                .unwrap_or_default()
        };
        let names = format!("{} {}", value("ID"), value("ID_LIKE"));
        names.split_whitespace().find_map(|name| match name {
            "debian" | "ubuntu" | "raspbian" | "linuxmint" | "pop" => Some(Self::Apt),
            "fedora" | "rhel" | "centos" | "rocky" | "almalinux" => Some(Self::Dnf),
            "arch" | "manjaro" | "endeavouros" => Some(Self::Pacman),
            "suse" | "opensuse" | "opensuse-leap" | "opensuse-tumbleweed" | "sles" => {
                Some(Self::Zypper)
            }
            _ => None,
        })
    }

    /// The command that installs packages, as words.
    pub(crate) fn install(self, packages: &[String]) -> Vec<String> {
        let words: &[&str] = match self {
            Self::Apt => &["apt-get", "install", "--yes", "--no-install-recommends"],
            Self::Dnf => &["dnf", "install", "--assumeyes"],
            Self::Pacman => &["pacman", "--sync", "--needed", "--noconfirm"],
            Self::Zypper => &["zypper", "--non-interactive", "install"],
        };
        words
            .iter()
            .map(|&word| word.to_owned())
            .chain(packages.iter().cloned())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distribution_is_known_by_its_name_or_its_kin() {
        let manager = Manager::from_os_release;
        assert_eq!(
            manager("NAME=\"Debian GNU/Linux\"\nID=debian\n"),
            Some(Manager::Apt)
        );
        assert_eq!(
            manager("ID=zorin\nID_LIKE=\"ubuntu debian\"\n"),
            Some(Manager::Apt)
        );
        assert_eq!(
            manager("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n"),
            Some(Manager::Dnf)
        );
        assert_eq!(manager("ID=cachyos\nID_LIKE=arch\n"), Some(Manager::Pacman));
        assert_eq!(manager("ID='opensuse-leap'\n"), Some(Manager::Zypper));
        assert_eq!(manager("ID=plan9\n"), None);
        assert_eq!(manager(""), None);
    }
}
