// SPDX-License-Identifier: MIT OR Apache-2.0

//! The kernels of one release, as Debian tells them apart.

use std::fmt;

use crate::arch::Arch;

/// One of the kernels that Debian makes of a release, by Debian's own word for it: what follows `linux-image-` in the name of
/// its package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flavour {
    word: String,
    arch: Arch,
}

impl Flavour {
    /// The flavour of that name, if it is of an architecture that modules are built for.
    pub fn new(word: &str) -> Option<Self> {
        // What says the architecture has the flavour's other properties before or behind it.
        let arch = word.split('-').find_map(|part| match part {
            "amd64" => Some(Arch::X86_64),
            "arm64" => Some(Arch::Arm64),
            "armmp" => Some(Arch::Arm),
            _ => None,
        })?;
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        word.chars().all(good).then(|| Self {
            word: word.to_owned(),
            arch,
        })
    }

    /// The one that ordinary machines of an architecture run.
    pub fn plain(arch: Arch) -> Self {
        let word = match arch {
            Arch::X86_64 => "amd64",
            Arch::Arm64 => "arm64",
            Arch::Arm => "armmp",
        };
        Self {
            word: word.to_owned(),
            arch,
        }
    }

    /// Debian's word.
    pub fn as_str(&self) -> &str {
        &self.word
    }

    /// The architecture.
    pub fn arch(&self) -> Arch {
        self.arch
    }

    /// Whether a text is a release of this flavour. `6.1.0-56-amd64` and `6.12.95+deb12-amd64` are releases of `amd64`, `6.12-amd64`
    /// names whichever is newest of its line, and `6.1.0-56-rt-amd64` is of another flavour.
    pub(crate) fn has_release(&self, text: &str) -> bool {
        let release = text
            .strip_suffix(&self.word)
            .and_then(|rest| rest.strip_suffix('-'));
        release.is_some_and(|release| {
            let upstream = release.split('-').next().unwrap_or_default();
            upstream.split('.').count() >= 3
                && release
                    .split('-')
                    .all(|part| part.starts_with(|c: char| c.is_ascii_digit()))
        })
    }
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flavour_tells_its_architecture() {
        let arch = |word: &str| Flavour::new(word).map(|flavour| flavour.arch());
        assert_eq!(arch("rt-amd64"), Some(Arch::X86_64));
        assert_eq!(arch("arm64-16k"), Some(Arch::Arm64));
        assert_eq!(arch("armmp-lpae"), Some(Arch::Arm));
        for other in ["686-pae", "riscv64", "", "amd64/..", "AMD64"] {
            assert_eq!(arch(other), None, "{other}");
        }
        for arch in Arch::ALL {
            let plain = Flavour::plain(arch);
            assert_eq!(Flavour::new(plain.as_str()), Some(plain));
        }
    }

    #[test]
    fn a_release_is_of_one_flavour() {
        let is = |word: &str, release: &str| Flavour::new(word).unwrap().has_release(release);
        assert!(is("amd64", "6.1.0-56-amd64") && is("rt-amd64", "6.1.0-56-rt-amd64"));
        assert!(is("arm64-16k", "6.12.95+deb12-arm64-16k"));
        assert!(!is("amd64", "6.1.0-56-rt-amd64") && !is("armmp", "6.1.0-56-rt-armmp"));
        assert!(!is("amd64", "6.12-amd64") && !is("arm64", "6.12.95+deb12-arm64-16k"));
        assert!(!is("amd64", "6.1.0-56-amd64-unsigned"));
    }
}
