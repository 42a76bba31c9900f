// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the command needs of the machine, what for, and how each distribution installs it. `doctor` prints this table;
//! every other verb that lacks something ends with the same words.

mod manager;
mod package;
mod remedy;

use std::fmt;
use std::path::Path;

use koxide_build::{Arch, guest};
use koxide_process::find;
use koxide_vm::Need as VmNeed;

use crate::machine::vm_arch;

pub(crate) use manager::Manager;
pub(crate) use remedy::Remedy;

/// The toolchain that drivers are compiled with: the one that `rust-toolchain.toml` names.
pub(crate) const TOOLCHAIN: &str = env!("KOXIDE_TOOLCHAIN");

/// The target of kernel objects.
const KERNEL_TARGET: &str = "x86_64-unknown-none";

/// Something that the command needs of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Need {
    /// A C compiler; the name of a certain one, when a kernel asks for it.
    Compiler(Option<String>),
    /// `make`.
    Make,
    /// `ld`, `objcopy`, `strip`.
    Binutils,
    /// The same for drivers of another architecture.
    CrossBinutils(Arch),
    /// The library with which kernels' own tools read object files.
    LibElf,
    /// flex, bison, bc and the headers of libelf.
    KernelTools,
    /// `apt-get`, `apt-cache` and `dpkg-deb`.
    Apt,
    /// QEMU for the machines of an architecture.
    Qemu(Arch),
    /// A static busybox: the commands inside the virtual machine.
    Busybox,
    /// `setpriv`, with which no virtual machine outlives the command.
    Setpriv,
    /// `unshare`, for kernels whose modules are built with their own distribution's compiler.
    Unshare,
    /// A cargo that came from rustup.
    Rustup,
    /// The toolchain that drivers are built with.
    Toolchain,
    /// The source of Rust's core library.
    RustSrc,
    /// A cross compiler with a static C library for the programs in the virtual machine.
    GuestLibrary(Arch),
    /// A compiled standard library, by target.
    RustTarget(String),
    /// The headers of a kernel of this machine, by release.
    KernelHeaders(String),
    /// Any other program, by name.
    Program(String),
}

impl Need {
    /// All that the verbs need, in the order in which they need it.
    pub(crate) fn all() -> Vec<Self> {
        vec![
            Self::Rustup,
            Self::Toolchain,
            Self::RustSrc,
            Self::RustTarget(KERNEL_TARGET.to_owned()),
            Self::RustTarget(guest::target(Arch::X86_64).to_owned()),
            Self::Compiler(None),
            Self::Make,
            Self::Binutils,
            Self::LibElf,
            Self::Apt,
            Self::Qemu(Arch::X86_64),
            Self::Busybox,
            Self::Setpriv,
        ]
    }

    /// What drivers for an architecture need besides.
    pub(crate) fn of(arch: Arch) -> Vec<Self> {
        if arch == Arch::X86_64 {
            return Vec::new();
        }
        let mut needs = vec![
            Self::Compiler(Some(format!("{}-gcc", arch.gnu()))),
            Self::CrossBinutils(arch),
            Self::Qemu(arch),
            Self::RustTarget(guest::target(arch).to_owned()),
        ];
        needs.extend(guest::needs_library(arch).then_some(Self::GuestLibrary(arch)));
        needs
    }

    /// What only some need, for some kernels or a verb of its own.
    pub(crate) fn optional() -> Vec<Self> {
        let mut optional = vec![Self::KernelTools, Self::Unshare];
        optional.extend(Arch::ALL.into_iter().flat_map(Self::of));
        optional
    }

    /// What it is used for.
    pub(crate) fn purpose(&self) -> &'static str {
        match self {
            Self::Compiler(_) => "compiles the C side of a driver against the kernel's headers",
            Self::Make => "runs the kernel's own build files",
            Self::Binutils | Self::CrossBinutils(_) => "links the driver's object",
            Self::LibElf => {
                "objtool, which comes with the kernel's headers, reads object files with it"
            }
            Self::KernelTools => "compiles kernels, which only `cargo koxide kernel build` does",
            Self::Unshare => {
                "runs the compiler of a kernel's own distribution, for kernels that no compiler here is good for"
            }
            Self::Apt => "fetches Debian's kernels and checks their signatures",
            Self::Qemu(Arch::X86_64) => "boots the kernels that drivers run on",
            Self::Qemu(_) => "boots kernels of that architecture",
            Self::GuestLibrary(_) => {
                "links the programs that run in that architecture's virtual machine"
            }
            Self::Busybox => "the shell and the commands inside the virtual machine",
            Self::Setpriv => "ends the virtual machine together with the command",
            Self::Rustup => "brings the Rust compiler that drivers are built with",
            Self::Toolchain => "the release of Rust that drivers are built with",
            Self::RustSrc => "the source of Rust's core library, compiled for the kernel",
            Self::RustTarget(_) => "Rust's library for what runs there",
            Self::KernelHeaders(_) => "what a driver for this kernel is compiled against",
            Self::Program(_) => "a program that the command line or the kernel asks for",
        }
    }

    /// Where it is on this machine, or `None` when it is missing.
    pub(crate) fn found(&self) -> Option<String> {
        let program = |name: &str| find(name).map(|path| path.display().to_string());
        match self {
            Self::Compiler(None) => program("gcc"),
            Self::Compiler(Some(name)) => program(name),
            Self::Make => program("make"),
            Self::Binutils => program("ld").and(program("strip")).and(program("objcopy")),
            Self::CrossBinutils(arch) => program(&format!("{}-ld", arch.gnu())),
            Self::LibElf => library("libelf.so.1"),
            Self::KernelTools => header("gelf.h")
                .and(program("flex"))
                .and(program("bison"))
                .and(program("bc")),
            Self::Apt => program("dpkg-deb")
                .and(program("apt-cache"))
                .and(program("apt-get")),
            Self::Qemu(arch) => program(VmNeed::Qemu(vm_arch(*arch)).program()),
            Self::GuestLibrary(arch) => {
                program(&format!("{}-gcc", arch.gnu())).filter(|_| guest::has_library(*arch))
            }
            Self::Busybox => program("busybox"),
            Self::Setpriv => program("setpriv"),
            Self::Unshare => program("mount").and(program("unshare")),
            Self::Rustup => program("rustup"),
            Self::Toolchain => in_sysroot("bin/rustc"),
            Self::RustSrc => in_sysroot("lib/rustlib/src/rust/library/core/Cargo.toml"),
            Self::RustTarget(target) => in_sysroot(&format!("lib/rustlib/{target}/lib")),
            Self::KernelHeaders(release) => {
                let build = format!("/lib/modules/{release}/build");
                Path::new(&build).exists().then_some(build)
            }
            Self::Program(name) => program(name),
        }
    }

    /// The command that has rustup bring it, as words.
    pub(crate) fn rustup(&self) -> Option<Vec<String>> {
        let words: &[&str] = match self {
            Self::Toolchain => &["rustup", "toolchain", "install", TOOLCHAIN],
            Self::RustSrc => &[
                "rustup",
                "component",
                "add",
                "rust-src",
                "--toolchain",
                TOOLCHAIN,
            ],
            Self::RustTarget(target) => {
                &["rustup", "target", "add", target, "--toolchain", TOOLCHAIN]
            }
            _ => return None,
        };
        Some(words.iter().map(|&word| word.to_owned()).collect())
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compiler(None) => f.write_str("C compiler"),
            Self::Compiler(Some(name)) => write!(f, "C compiler {name}"),
            Self::Make => f.write_str("make"),
            Self::Binutils => f.write_str("binutils"),
            Self::CrossBinutils(arch) => write!(f, "binutils for {arch}"),
            Self::LibElf => f.write_str("libelf"),
            Self::KernelTools => f.write_str("flex, bison, bc, libelf's headers"),
            Self::Apt => f.write_str("apt"),
            Self::Qemu(Arch::X86_64) => f.write_str("QEMU"),
            Self::Qemu(arch) => write!(f, "QEMU for {arch}"),
            Self::GuestLibrary(arch) => {
                write!(f, "a static C library for {arch} ({}-gcc)", arch.gnu())
            }
            Self::Busybox => f.write_str("busybox"),
            Self::Setpriv => f.write_str("setpriv"),
            Self::Unshare => f.write_str("unshare"),
            Self::Rustup => f.write_str("rustup"),
            Self::Toolchain => write!(f, "Rust {TOOLCHAIN}"),
            Self::RustSrc => f.write_str("rust-src"),
            Self::RustTarget(target) => write!(f, "Rust for {target}"),
            Self::KernelHeaders(release) => write!(f, "headers of the kernel {release}"),
            Self::Program(name) => write!(f, "the program {name}"),
        }
    }
}

/// Where the dynamic loader would find a library.
fn library(name: &str) -> Option<String> {
    let folders = [
        "/usr/lib64",
        "/lib64",
        "/usr/lib/x86_64-linux-gnu",
        "/lib/x86_64-linux-gnu",
        "/usr/lib",
        "/lib",
    ];
    folders
        .iter()
        .map(|folder| format!("{folder}/{name}"))
        .find(|path| Path::new(path).exists())
}

/// Where the C compiler would find a header.
fn header(name: &str) -> Option<String> {
    let folders = ["/usr/include", "/usr/include/x86_64-linux-gnu"];
    folders
        .iter()
        .map(|folder| format!("{folder}/{name}"))
        .find(|path| Path::new(path).exists())
}

/// A file or folder of the toolchain's own folder.
fn in_sysroot(path: &str) -> Option<String> {
    let output = koxide_process::Command::new("rustc")
        .args(["--print", "sysroot"])
        .env("RUSTUP_TOOLCHAIN", TOOLCHAIN)
        .env("RUSTUP_AUTO_INSTALL", "0")
        .output()
        .ok()?;
    let sysroot = String::from_utf8(output.stdout).ok()?;
    let path = Path::new(sysroot.trim()).join(path);
    path.exists().then(|| path.display().to_string())
}

/// The words with which every verb ends that lacks something.
pub(crate) fn explain(missing: &[Need]) -> String {
    let mut text = String::from("something that this needs is missing:");
    for need in missing {
        text += &format!("\n  {need}: {}", need.purpose());
    }
    text += "\nTo install it:";
    let remedy = Remedy::new(missing, Manager::of_this_machine());
    for line in remedy.lines() {
        text += &format!("\n  {line}");
    }
    // The doctor looks for what every driver needs, not for what one kernel or one command line asks for.
    let known = Need::all();
    let installs = remedy.by_hand.is_empty() && missing.iter().all(|need| known.contains(need));
    text += if installs {
        "\nor let `cargo koxide doctor --install` do so; `cargo koxide doctor` shows everything that is needed."
    } else {
        "\n`cargo koxide doctor` shows everything else that is needed."
    };
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_doctor_is_named_where_it_can_help() {
        let install = "or let `cargo koxide doctor --install` do so";
        // Whether this machine's distribution is known decides about packages; rustup's parts are the same everywhere.
        assert!(explain(&[Need::RustSrc]).contains(install));
        for need in [Need::Rustup, Need::KernelHeaders("6.1".to_owned())] {
            assert!(!explain(&[need]).contains(install));
        }
        let remedy = Remedy::new(&[Need::RustSrc, Need::Rustup], None);
        assert!(remedy.lines()[0].starts_with("install rustup"));
    }
}
