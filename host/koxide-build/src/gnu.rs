// SPDX-License-Identifier: MIT OR Apache-2.0

//! The GNU tools for an architecture: the machine's own, or cross tools.

use crate::arch::Arch;

/// The tools for an architecture by their names on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gnu {
    prefix: String,
}

impl Gnu {
    /// Those for an architecture.
    pub(crate) fn of(arch: Arch) -> Self {
        Self::on(Arch::of_this_machine(), arch)
    }

    fn on(machine: Option<Arch>, arch: Arch) -> Self {
        let prefix = match machine == Some(arch) {
            true => String::new(),
            false => format!("{}-", arch.gnu()),
        };
        Self { prefix }
    }

    /// What all their names begin with: what make calls `CROSS_COMPILE`.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// A tool's name, as that of `gcc-12`.
    pub(crate) fn name(&self, tool: &str) -> String {
        format!("{}{tool}", self.prefix)
    }

    /// The architecture that a tool is for, and its plain name.
    pub fn parse(name: &str) -> (Option<Arch>, &str) {
        let of = |arch: &Arch| Some((*arch, name.strip_prefix(arch.gnu())?.strip_prefix('-')?));
        match Arch::ALL.iter().find_map(of) {
            Some((arch, tool)) => (Some(arch), tool),
            None => (None, name),
        }
    }

    /// Debian's package with a compiler.
    pub(crate) fn package(compiler: &str) -> String {
        match Self::parse(compiler) {
            (Some(arch), tool) => format!("{tool}-{}", arch.gnu().replace('_', "-")),
            (None, tool) => tool.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_of_another_architecture_have_a_prefix() {
        let own = Gnu::on(Some(Arch::X86_64), Arch::X86_64);
        assert_eq!(own.name("ld"), "ld");
        let cross = Gnu::on(Some(Arch::X86_64), Arch::Arm64);
        assert_eq!(cross.name("gcc-12"), "aarch64-linux-gnu-gcc-12");
        assert_eq!(
            Gnu::parse("aarch64-linux-gnu-gcc-12"),
            (Some(Arch::Arm64), "gcc-12")
        );
        assert_eq!(Gnu::parse("ld"), (None, "ld"));
        assert_eq!(
            Gnu::package("aarch64-linux-gnu-gcc-12"),
            "gcc-12-aarch64-linux-gnu"
        );
        assert_eq!(Gnu::package("gcc-14"), "gcc-14");
        assert_eq!(Gnu::on(Some(Arch::Arm64), Arch::Arm64).prefix(), "");
    }
}
