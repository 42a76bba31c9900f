// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a step lacks on this machine, for callers that can say how to install it.

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
        match name {
            "make" => Self::Make,
            "cargo" => Self::Cargo,
            "rustup" => Self::Rustup,
            "ld" | "objcopy" | "strip" | "nm" | "readelf" | "objdump" | "ar" => Self::Binutils,
            "unshare" | "mount" => Self::Unshare,
            "dpkg" | "dpkg-deb" => Self::Dpkg,
            _ if name.starts_with("apt-") => Self::Apt,
            _ if name.starts_with("gcc") || name.starts_with("clang") => Self::Compiler {
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
        assert_eq!(Need::program("xz"), Need::Tool("xz".to_owned()));
        assert_eq!(
            Need::program("gcc-12"),
            Need::Compiler {
                wanted: "gcc-12".to_owned()
            }
        );
    }
}
