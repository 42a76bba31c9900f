// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a step lacks on this machine, for callers that can say how to install it.

use crate::arch::Arch;
use crate::gnu::Gnu;

/// Something that is to be installed before a step can be done.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Need {
    /// GNU make.
    Make,
    /// A C compiler that builds modules for the kernel.
    Compiler {
        /// The program that the kernel's headers name, such as `gcc-12`.
        wanted: String,
    },
    /// The shared library libelf, which the kernel's objtool is linked with.
    LibElf,
    /// `ld`, `objcopy`, `strip` and the rest of GNU binutils.
    Binutils,
    /// The same for another architecture.
    CrossBinutils(Arch),
    /// apt, which fetches kernels and checks their signatures.
    Apt,
    /// `dpkg-deb`, which unpacks packages.
    Dpkg,
    /// cargo.
    Cargo,
    /// rustup: a distribution's cargo cannot build for the kernel.
    Rustup,
    /// The toolchain that `rust-toolchain.toml` names.
    Toolchain,
    /// The toolchain component rust-src.
    RustSrc,
    /// A compilation target of the toolchain.
    RustTarget(String),
    /// A cross compiler with a static C library, for the programs inside a virtual machine of another architecture.
    GuestLibrary(Arch),
    /// What compiling a kernel needs and compiling a module does not: flex, bison, bc, the headers of libelf.
    KernelTools,
    /// `unshare` and `mount`, with which programs of another release of the distribution are run.
    Unshare,
    /// Headers of a kernel that is installed on this machine.
    KernelHeaders {
        /// The kernel's release.
        release: String,
    },
    /// Any other program, by its name.
    Tool(String),
}

impl Need {
    /// The need that a missing program stands for.
    pub fn program(name: &str) -> Self {
        let (arch, plain) = Gnu::parse(name);
        match plain {
            "make" => Self::Make,
            "cargo" => Self::Cargo,
            "rustup" => Self::Rustup,
            "ld" | "objcopy" | "strip" | "nm" | "readelf" | "objdump" | "ar" => {
                arch.map_or(Self::Binutils, Self::CrossBinutils)
            }
            "unshare" | "mount" => Self::Unshare,
            "dpkg" | "dpkg-deb" => Self::Dpkg,
            _ if name.starts_with("apt-") => Self::Apt,
            _ if plain.starts_with("gcc") || plain.starts_with("clang") => Self::Compiler {
                wanted: name.to_owned(),
            },
            _ => Self::Tool(name.to_owned()),
        }
    }

    /// The need behind a failure to run a program, when it was not found.
    pub fn of(error: &koxide_process::Error) -> Option<Self> {
        match error {
            koxide_process::Error::NotFound { program } => Some(Self::program(program)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_stands_for_what_brings_it() {
        assert_eq!(Need::program("apt-get"), Need::Apt);
        assert_eq!(Need::program("objcopy"), Need::Binutils);
        let cross = Need::program("aarch64-linux-gnu-objcopy");
        assert_eq!(cross, Need::CrossBinutils(Arch::Arm64));
        let wanted = "arm-linux-gnueabihf-gcc-12".to_owned();
        assert_eq!(Need::program(&wanted.clone()), Need::Compiler { wanted });
        assert_eq!(Need::program("xz"), Need::Tool("xz".to_owned()));
        assert_eq!(
            Need::program("gcc-12"),
            Need::Compiler {
                wanted: "gcc-12".to_owned()
            }
        );
    }
}
