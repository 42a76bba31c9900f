// SPDX-License-Identifier: MIT OR Apache-2.0

//! The architectures that modules are built for, and what each is called by whom.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// An architecture that modules are built for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Deserialize)]
pub enum Arch {
    /// 64-bit x86.
    #[default]
    #[serde(rename = "x86_64")]
    X86_64,
    /// 64-bit ARM.
    #[serde(rename = "arm64")]
    Arm64,
    /// 32-bit ARM, version 7.
    #[serde(rename = "arm")]
    Arm,
}

/// A name that is no architecture's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no architecture `{0}` here: x86_64, arm64, arm (or amd64, aarch64, armhf)")]
pub struct ParseError(String);

impl Arch {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::X86_64, Self::Arm64, Self::Arm];

    /// Its name in paths, as in `target/koxide/x86_64/`, and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
            Self::Arm => "arm",
        }
    }

    /// Its folder in the kernel's source, below `arch/`: what kbuild calls `ARCH`.
    pub fn kernel(self) -> &'static str {
        match self {
            Self::X86_64 => "x86",
            Self::Arm64 => "arm64",
            Self::Arm => "arm",
        }
    }

    /// Debian's name for it.
    pub fn debian(self) -> &'static str {
        match self {
            Self::X86_64 => "amd64",
            Self::Arm64 => "arm64",
            Self::Arm => "armhf",
        }
    }

    /// How many bytes a pointer has.
    pub fn word(self) -> usize {
        match self {
            Self::X86_64 | Self::Arm64 => 8,
            Self::Arm => 4,
        }
    }

    /// What the names of GNU tools for it begin with where they are cross tools: `aarch64-linux-gnu-gcc`.
    pub fn gnu(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64-linux-gnu",
            Self::Arm64 => "aarch64-linux-gnu",
            Self::Arm => "arm-linux-gnueabihf",
        }
    }

    /// The architecture of this machine, when it is one of these.
    pub fn of_this_machine() -> Option<Self> {
        std::env::consts::ARCH.parse().ok()
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Arch {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        match text {
            "x86_64" | "amd64" | "x86-64" => Ok(Self::X86_64),
            "arm64" | "aarch64" => Ok(Self::Arm64),
            "arm" | "armhf" | "armv7" => Ok(Self::Arm),
            _ => Err(ParseError(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for arch in Arch::ALL {
            assert_eq!(arch.as_str().parse(), Ok(arch));
            assert_eq!(arch.debian().parse(), Ok(arch));
        }
        let error = "mips".parse::<Arch>().unwrap_err().to_string();
        assert!(
            error.contains("`mips`") && error.contains("arm64"),
            "{error}"
        );
    }
}
