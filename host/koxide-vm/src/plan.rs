// SPDX-License-Identifier: MIT OR Apache-2.0

//! What to boot, what goes into the machine, and what is to be done there.

use std::path::PathBuf;
use std::time::Duration;

pub use koxide_guest::protocol::{Load, Patch, Run, Site};

use crate::arch::Arch;

/// The kernel to boot.
#[derive(Debug, Clone)]
pub struct Kernel {
    /// Its release, as `uname -r` prints it.
    pub release: String,
    /// Its architecture.
    pub arch: Arch,
    /// The image: a distribution's `vmlinuz`, or a `vmlinux`.
    pub image: PathBuf,
    /// Its modules: the folder `lib/modules/<release>`.
    pub modules: PathBuf,
    /// A static busybox for its architecture. Without one, kernels of this machine's architecture have this machine's.
    pub busybox: Option<PathBuf>,
}

/// How the machine's processor is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Acceleration {
    /// KVM when a trial boot proved that it works, else emulation.
    #[default]
    Auto,
    /// Emulation.
    Tcg,
    /// KVM, and an error when it does not work.
    Kvm,
    /// Emulation of one processor whose clock counts instructions, one a nanosecond, and jumps over the time in which
    /// nothing runs. Two boots count the same; how long anything takes on a real processor is another matter.
    Counted,
}

/// The machine.
#[derive(Debug, Clone)]
pub struct Machine {
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Processors.
    pub cpus: u32,
    /// How they are made.
    pub acceleration: Acceleration,
    /// How many times longer than its limit everything may take: kernels that check what they do are slow.
    pub slowness: u32,
    /// More arguments for the kernel.
    pub kernel_args: Vec<String>,
    /// More arguments for QEMU.
    pub qemu_args: Vec<String>,
}

impl Default for Machine {
    fn default() -> Self {
        Self {
            memory_mib: 512,
            cpus: 2,
            acceleration: Acceleration::Auto,
            slowness: 1,
            kernel_args: Vec::new(),
            qemu_args: Vec::new(),
        }
    }
}

/// A file that goes into the machine.
#[derive(Debug, Clone)]
pub struct GuestFile {
    /// Where it is on the host.
    pub from: PathBuf,
    /// Its absolute path in the machine.
    pub to: String,
    /// Its permission, such as 0o755.
    pub mode: u32,
}

/// What the machine has in its file system, beside the init.
#[derive(Debug, Clone, Default)]
pub struct Payload {
    /// Modules under test. What they depend on is found among the kernel's own.
    pub modules: Vec<PathBuf>,
    /// Twins in C of these modules: `c/NAME` in the machine.
    pub twins: Vec<PathBuf>,
    /// More modules of the kernel's own, by name.
    pub kernel_modules: Vec<String>,
    /// Files.
    pub files: Vec<GuestFile>,
    /// Programs of the host, by name or path, copied to `/bin` with their shared libraries; of a name that the host does not have,
    /// what busybox has.
    pub programs: Vec<String>,
    /// Whether busybox and all its applets are there.
    pub busybox: bool,
}

/// A test program: what `cargo test --no-run` builds, static.
#[derive(Debug, Clone)]
pub struct Program {
    /// The name that its tests are shown under.
    pub suite: String,
    /// The program.
    pub path: PathBuf,
    /// Whether it tests the twins of the payload, in place of the modules of the same names.
    pub twins: bool,
}

/// A module that runs tests while it is loaded, and prints their results as KTAP.
#[derive(Debug, Clone)]
pub struct KernelSuite {
    /// The name that its tests are shown under.
    pub suite: String,
    /// The module.
    pub module: PathBuf,
    /// Its parameters.
    pub params: String,
}

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// One test.
    pub test: Duration,
    /// The way to init.
    pub boot: Duration,
}

impl Limits {
    /// The limits of a machine that is so many times slower.
    pub(crate) fn times(self, slowness: u32) -> Self {
        Self {
            test: self.test * slowness,
            boot: self.boot * slowness,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            test: Duration::from_secs(60),
            boot: Duration::from_secs(60),
        }
    }
}

/// A command.
#[derive(Debug, Clone)]
pub struct Step {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Whether the next step runs when this one fails.
    pub keep_going: bool,
}

impl Step {
    /// A command after whose failure the next is not run.
    pub fn new(argv: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            argv: argv.into_iter().map(Into::into).collect(),
            keep_going: false,
        }
    }
}

/// An interactive shell on this process's standard input and output.
#[derive(Debug, Clone, Default)]
pub struct Shell {
    /// Modules to load first.
    pub load: Vec<Load>,
}

/// What is to be done in the machine.
#[derive(Debug, Clone)]
pub enum Plan {
    /// Run tests. After a crash the machine is booted again for those that are left.
    Tests {
        /// Test programs.
        programs: Vec<Program>,
        /// In-kernel tests.
        kernel: Vec<KernelSuite>,
        /// Run a test only when `<suite>::<name>` contains one of these; all when there are none.
        filter: Vec<String>,
        /// How long things may take.
        limits: Limits,
    },
    /// Run tests of a driver whose module panics, and look whether all is as before afterwards. After a crash the machine is
    /// booted again for the runs that are left.
    Panics {
        /// The test programs.
        programs: Vec<Program>,
        /// The name of the module that the tests load.
        module: String,
        /// The module of the payload that it is loaded from: its file's name without an ending.
        file: String,
        /// Where the module can be made to panic.
        sites: Vec<Site>,
        /// Those of which it is to be found which tests get there. All tests are run for it, and each has a note
        /// for each site that it gets to: `gets to: SITE MILLISECONDS`.
        sought: Vec<usize>,
        /// The runs.
        runs: Vec<Run>,
        /// How long a test may take when nothing panics.
        limit: Duration,
    },
    /// Load modules, then run commands one after the other.
    Commands {
        /// Modules to load first.
        load: Vec<Load>,
        /// The commands.
        steps: Vec<Step>,
        /// How long one may take.
        limit: Option<Duration>,
    },
    /// Load modules, then give the user a shell.
    Shell(Shell),
}
