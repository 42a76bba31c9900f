// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which package of a distribution brings what is needed.

use koxide_build::{Arch, Gnu};

use super::{Manager, Need};

impl Need {
    /// The distribution's packages that bring it; none for what rustup brings, and for what the distribution does not have.
    pub(crate) fn packages(&self, manager: Manager) -> Vec<String> {
        let [apt, dnf, pacman, zypper]: [&[&str]; 4] = match self {
            Self::Compiler(Some(name)) => return vec![named_compiler(name, manager)],
            Self::KernelHeaders(release) => {
                return kernel_headers(release, manager).into_iter().collect();
            }
            Self::Program(name) if KMOD.contains(&name.as_str()) => [&["kmod"]; 4],
            Self::CrossBinutils(arch) => return vec![cross(*arch, "binutils", manager)],
            // Only Debian's kin has such a library in a package.
            Self::GuestLibrary(arch) if manager == Manager::Apt => {
                return vec![
                    cross(*arch, "gcc", manager),
                    format!("libc6-dev-{}-cross", arch.debian()),
                ];
            }
            // Most programs are in a package of their name; the distribution says so when this one is not.
            Self::Program(name) => return vec![name.clone()],
            // The C library is for what runs on this machine: cargo links with gcc, too.
            Self::Compiler(None) => [
                &["gcc", "libc6-dev"],
                &["gcc", "glibc-devel"],
                &["gcc"],
                &["gcc", "glibc-devel"],
            ],
            Self::Make => [&["make"]; 4],
            Self::Binutils => [&["binutils"]; 4],
            Self::LibElf => [
                &["libelf-dev"],
                &["elfutils-libelf"],
                &["libelf"],
                &["libelf1"],
            ],
            Self::KernelTools => [
                &["flex", "bison", "bc", "libelf-dev"],
                &["flex", "bison", "bc", "elfutils-libelf-devel"],
                &["flex", "bison", "bc", "libelf"],
                &["flex", "bison", "bc", "libelf-devel"],
            ],
            Self::Apt => [&["apt"]; 4],
            Self::Qemu(Arch::Arm64) => [
                &["qemu-system-arm"],
                &["qemu-system-aarch64-core"],
                &["qemu-system-aarch64"],
                &["qemu-arm"],
            ],
            Self::Qemu(Arch::Arm) => [
                &["qemu-system-arm"],
                &["qemu-system-arm-core"],
                &["qemu-system-arm"],
                &["qemu-arm"],
            ],
            Self::Qemu(Arch::X86_64) => [
                &["qemu-system-x86"],
                &["qemu-system-x86-core"],
                &["qemu-system-x86"],
                &["qemu-x86"],
            ],
            Self::Busybox => [
                &["busybox-static"],
                &["busybox"],
                &["busybox"],
                &["busybox-static"],
            ],
            Self::Setpriv | Self::Unshare => [&["util-linux"]; 4],
            Self::Rustup
            | Self::Toolchain
            | Self::RustSrc
            | Self::RustTarget(_)
            | Self::GuestLibrary(_) => return Vec::new(),
        };
        let names = match manager {
            Manager::Apt => apt,
            Manager::Dnf => dnf,
            Manager::Pacman => pacman,
            Manager::Zypper => zypper,
        };
        names.iter().map(|&name| name.to_owned()).collect()
    }
}

/// The package of a compiler that a kernel asks for by name, such as `gcc-12` or `aarch64-linux-gnu-gcc-12`.
fn named_compiler(name: &str, manager: Manager) -> String {
    let (arch, name) = Gnu::parse(name);
    if let Some(arch) = arch {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compiler_that_a_kernel_names_has_a_package() {
        let need = Need::Compiler(Some("gcc-12".to_owned()));
        assert_eq!(need.packages(Manager::Apt), ["gcc-12"]);
        assert_eq!(need.packages(Manager::Zypper), ["gcc12"]);
        let need = Need::Compiler(Some("aarch64-linux-gnu-gcc-12".to_owned()));
        assert_eq!(need.packages(Manager::Apt), ["gcc-12-aarch64-linux-gnu"]);
        let packages = Need::CrossBinutils(Arch::Arm).packages(Manager::Apt);
        assert_eq!(packages, ["binutils-arm-linux-gnueabihf"]);
    }
}
