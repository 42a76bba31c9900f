// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a machine of each architecture is made of.

/// The architecture of a kernel and of the machine that runs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Arch {
    /// 64-bit x86.
    #[default]
    X86_64,
    /// 64-bit ARM.
    Arm64,
    /// 32-bit ARM, version 7.
    Arm,
}

impl Arch {
    /// Its name for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
            Self::Arm => "arm",
        }
    }

    /// Whether this machine's processor is one.
    pub fn is_this_machine(self) -> bool {
        let name = match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "aarch64",
            Self::Arm => "arm",
        };
        std::env::consts::ARCH == name
    }

    /// That of this machine.
    #[cfg(test)]
    pub(crate) fn this_machine() -> Self {
        let all = [Self::X86_64, Self::Arm64, Self::Arm];
        all.into_iter().find(|arch| arch.is_this_machine()).unwrap()
    }

    /// The program that emulates it.
    pub(crate) fn qemu(self) -> &'static str {
        match self {
            Self::X86_64 => "qemu-system-x86_64",
            Self::Arm64 => "qemu-system-aarch64",
            Self::Arm => "qemu-system-arm",
        }
    }

    /// QEMU's arguments for the board.
    pub(crate) fn board(self) -> &'static [&'static str] {
        match self {
            Self::X86_64 => &[],
            Self::Arm64 => &["-machine", "virt"],
            // A kernel without large physical addresses finds the PCI bus only where these reach.
            Self::Arm => &["-machine", "virt,highmem=off"],
        }
    }

    /// How QEMU is to emulate several processors, as its `-accel` takes it.
    pub(crate) fn emulation(self) -> &'static str {
        match self {
            // One thread for all processors: with one each, a processor can still run a breakpoint that another has just
            // taken out of the kernel's text again, and the kernel dies of an int3 that it does not know.
            Self::X86_64 => "tcg,thread=single",
            // One thread each: a processor of ARM that waits for another in a loop does not always tell the emulator so, and
            // would keep the thread for a tenth of a second each time.
            Self::Arm64 | Self::Arm => "tcg,thread=multi",
        }
    }

    /// The processor that is emulated, as QEMU's `-cpu` takes it.
    pub(crate) fn processor(self) -> &'static str {
        match self {
            Self::X86_64 => "max",
            // Signed return addresses and landing pads are there, as in the processors that drivers have to run on. The
            // signature that the architecture describes takes three quarters of a boot to compute; any other will do.
            Self::Arm64 => "max,pauth-impdef=on",
            Self::Arm => "cortex-a15",
        }
    }

    /// The processor that is emulated where instructions are counted.
    pub(crate) fn counted_processor(self) -> &'static str {
        match self {
            // Each step of a repeated instruction counts. With the fast ones gone the kernel copies eight bytes in a step
            // and not one, so that copies hide less of what is around them.
            Self::X86_64 => "max,-erms,-fsrm",
            Self::Arm64 | Self::Arm => self.processor(),
        }
    }

    /// Arguments of its kernels: the console is what every kernel of the architecture drives without a module.
    pub(crate) fn kernel_args(self) -> &'static [&'static str] {
        match self {
            Self::X86_64 => &[
                "console=ttyS0",
                // It counts ticks in a loop of instructions: an emulator that waits for a processor of the host fails it,
                // and panics.
                "no_timer_check",
            ],
            Self::Arm64 | Self::Arm => &["console=ttyAMA0"],
        }
    }

    /// QEMU's arguments that give a port to the character device `report`.
    pub(crate) fn report_port(self) -> &'static [&'static str] {
        match self {
            Self::X86_64 => &["-serial", "chardev:report"],
            // The board has one port of its own. That on a PCI card is of the kind that x86 has, and built into kernels, too.
            Self::Arm64 | Self::Arm => &["-device", "pci-serial,chardev=report"],
        }
    }
}

impl std::fmt::Display for Arch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
