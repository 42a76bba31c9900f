// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the command needs of the machine, what for, and how each distribution installs it. `doctor` prints this table;
//! every other verb that lacks something ends with the same words.

use std::fmt;
use std::path::Path;

use koxide_build::{Arch, guest};
use koxide_process::find;
use koxide_vm::Need as VmNeed;

use crate::machine::vm_arch;

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

    /// What only some need, for a verb of its own.
    pub(crate) fn optional() -> Vec<Self> {
        let mut optional = vec![Self::KernelTools, Self::Unshare];
        for arch in [Arch::Arm64, Arch::Arm] {
            optional.push(Self::Qemu(arch));
            optional.push(Self::RustTarget(guest::target(arch).to_owned()));
        }
        optional.push(Self::GuestLibrary(Arch::Arm));
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

    /// The distribution's package that brings it; `None` for what rustup brings.
    pub(crate) fn package(&self, manager: Manager) -> Option<String> {
        let [apt, dnf, pacman, zypper] = match self {
            Self::Compiler(Some(name)) => return Some(named_compiler(name, manager)),
            Self::KernelHeaders(release) => return kernel_headers(release, manager),
            Self::Program(name) if KMOD.contains(&name.as_str()) => return Some("kmod".to_owned()),
            Self::CrossBinutils(arch) => return Some(cross(*arch, "binutils", manager)),
            // Only Debian's kin has such a library in a package.
            Self::GuestLibrary(arch) if manager == Manager::Apt => {
                return Some(format!(
                    "gcc-{} libc6-dev-{}-cross",
                    arch.gnu(),
                    arch.debian()
                ));
            }
            // Most programs are in a package of their name; the distribution says so when this one is not.
            Self::Program(name) => return Some(name.clone()),
            // The C library is for what runs on this machine: cargo links with gcc, too.
            Self::Compiler(None) => ["gcc libc6-dev", "gcc glibc-devel", "gcc", "gcc glibc-devel"],
            Self::Make => ["make", "make", "make", "make"],
            Self::Binutils => ["binutils", "binutils", "binutils", "binutils"],
            Self::LibElf => ["libelf-dev", "elfutils-libelf", "libelf", "libelf1"],
            Self::KernelTools => [
                "flex bison bc libelf-dev",
                "flex bison bc elfutils-libelf-devel",
                "flex bison bc libelf",
                "flex bison bc libelf-devel",
            ],
            Self::Apt => ["apt", "apt", "apt", "apt"],
            Self::Qemu(Arch::Arm64) => [
                "qemu-system-arm",
                "qemu-system-aarch64-core",
                "qemu-system-aarch64",
                "qemu-arm",
            ],
            Self::Qemu(Arch::Arm) => [
                "qemu-system-arm",
                "qemu-system-arm-core",
                "qemu-system-arm",
                "qemu-arm",
            ],
            Self::Qemu(Arch::X86_64) => [
                "qemu-system-x86",
                "qemu-system-x86-core",
                "qemu-system-x86",
                "qemu-x86",
            ],
            Self::Busybox => ["busybox-static", "busybox", "busybox", "busybox-static"],
            Self::Setpriv | Self::Unshare => {
                ["util-linux", "util-linux", "util-linux", "util-linux"]
            }
            Self::Rustup
            | Self::Toolchain
            | Self::RustSrc
            | Self::RustTarget(_)
            | Self::GuestLibrary(_) => return None,
        };
        let name = match manager {
            Manager::Apt => apt,
            Manager::Dnf => dnf,
            Manager::Pacman => pacman,
            Manager::Zypper => zypper,
        };
        Some(name.to_owned())
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

/// The package of a compiler that a kernel asks for by name, such as `gcc-12` or `aarch64-linux-gnu-gcc-12`.
fn named_compiler(name: &str, manager: Manager) -> String {
    let of = |arch: &Arch| Some((*arch, name.strip_prefix(arch.gnu())?.strip_prefix('-')?));
    if let Some((arch, name)) = Arch::ALL.iter().find_map(of) {
        return cross(arch, name, manager);
    }
    let version = name.trim_start_matches(|c: char| !c.is_ascii_digit());
    match manager {
        // Those of the others that have old compilers at all leave out the hyphen.
        Manager::Apt => name.to_owned(),
        Manager::Dnf | Manager::Pacman | Manager::Zypper => format!("gcc{version}"),
    }
}

/// The package of a tool that makes programs for another architecture. Only Debian has several versions of a compiler.
fn cross(arch: Arch, tool: &str, manager: Manager) -> String {
    let gnu = arch.gnu();
    let plain = tool.split('-').next().unwrap_or(tool);
    match manager {
        Manager::Apt => format!("{tool}-{gnu}"),
        Manager::Dnf => format!("{plain}-{gnu}"),
        Manager::Pacman => format!("{gnu}-{plain}"),
        Manager::Zypper => format!("cross-{}-{plain}", gnu.split('-').next().unwrap_or(gnu)),
    }
}

/// The programs that load and unload modules.
const KMOD: [&str; 4] = ["insmod", "modinfo", "modprobe", "rmmod"];

/// The package of the headers of a kernel that this machine has installed; none when there is no such package, because
/// the kernel did not come from the distribution.
fn kernel_headers(release: &str, manager: Manager) -> Option<String> {
    let package = match manager {
        Manager::Apt => format!("linux-headers-{release}"),
        Manager::Dnf => format!("kernel-devel-{release}"),
        Manager::Pacman => "linux-headers".to_owned(),
        Manager::Zypper => "kernel-default-devel".to_owned(),
    };
    let known = |package: &str| {
        let mut show = koxide_process::Command::new("apt-cache");
        // An apt that cannot be asked is not to hide the name.
        show.args(["show", "--no-all-versions", package])
            .output_unchecked()
            .map_or(true, |output| output.status.success())
    };
    (manager != Manager::Apt || known(&package)).then_some(package)
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
                match manager.and_then(|manager| need.package(manager)) {
                    Some(package) if packages.contains(&package) => {}
                    Some(package) => packages.push(package),
                    None if matches!(need, Need::KernelHeaders(_)) && manager.is_some() => {
                        remedy.by_hand.push(format!(
                            "the distribution has no package of the {need}: they are where this kernel is from \
                             (`--kernel path:DIR` takes the folder in which it was built)"
                        ));
                    }
                    None => remedy.by_hand.push(format!(
                        "install {need} with your distribution's package manager"
                    )),
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
        let missing = [Need::Qemu(Arch::X86_64), Need::RustSrc, Need::Make];
        let remedy = Remedy::new(&missing, Some(Manager::Dnf));
        assert_eq!(
            remedy.packages.unwrap().join(" "),
            "dnf install --assumeyes qemu-system-x86-core make"
        );
        assert_eq!(remedy.rustup.len(), 1);
        assert_eq!(remedy.by_hand, [""; 0]);
    }

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

    #[test]
    fn an_unknown_distribution_gets_names() {
        let remedy = Remedy::new(&[Need::Qemu(Arch::X86_64)], None);
        assert_eq!(remedy.packages, None);
        assert_eq!(
            remedy.by_hand,
            ["install QEMU with your distribution's package manager"]
        );
    }

    #[test]
    fn a_compiler_that_a_kernel_names_has_a_package() {
        let need = Need::Compiler(Some("gcc-12".to_owned()));
        assert_eq!(need.package(Manager::Apt).as_deref(), Some("gcc-12"));
        assert_eq!(need.package(Manager::Zypper).as_deref(), Some("gcc12"));
        let need = Need::Compiler(Some("aarch64-linux-gnu-gcc-12".to_owned()));
        let package = need.package(Manager::Apt);
        assert_eq!(package.as_deref(), Some("gcc-12-aarch64-linux-gnu"));
        let package = Need::CrossBinutils(Arch::Arm).package(Manager::Apt);
        assert_eq!(package.as_deref(), Some("binutils-arm-linux-gnueabihf"));
    }
}
