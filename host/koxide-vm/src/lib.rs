// SPDX-License-Identifier: MIT OR Apache-2.0

//! Boots a kernel in QEMU, runs a plan in it, collects the results.
//!
//! ```no_run
//! use koxide_vm::{Arch, Event, Kernel, Load, Payload, Plan, Step, Vm};
//!
//! let kernel = Kernel {
//!     release: "6.1.0-56-amd64".to_owned(),
//!     arch: Arch::X86_64,
//!     image: "/cache/kernel/boot/vmlinuz-6.1.0-56-amd64".into(),
//!     modules: "/cache/kernel/lib/modules/6.1.0-56-amd64".into(),
//!     busybox: None,
//! };
//! let vm = Vm::new(kernel, "/cache/koxide-init", "/cache");
//! let plan = Plan::Commands {
//!     load: vec![Load::new("hello_world", "")],
//!     steps: vec![Step::new(["cat", "/proc/modules"])],
//!     limit: None,
//! };
//! let payload = Payload {
//!     modules: vec!["target/koxide/6.1.0-56-amd64/hello_world.ko".into()],
//!     ..Payload::default()
//! };
//! let report = vm.run(&plan, &payload, &mut |event| {
//!     if let Event::Log(line) = event {
//!         eprintln!("{line}");
//!     }
//! })?;
//! assert!(report.success());
//! # Ok::<(), koxide_vm::Error>(())
//! ```
//!
//! # The machine
//!
//! The kernel's console is the first serial port, the report the second: both exist on every kernel without a module.
//! On ARM the console is the board's own port, and the report goes by one on a PCI card.
//!
//! A machine of another architecture is emulated, and has the busybox that came with its kernel: programs of this
//! machine do not run there, and one that busybox does not have either is refused by name.
//!
//! The init in the machine reads its plan from the initramfs and reports in KTAP and in the marks of
//! [`koxide_guest::protocol`]; what must be told apart by its place in the kernel log it marks there too.
//!
//! A machine ends with the plan, with the value that runs it, and with this process. A kernel that panics or oopses
//! ends it at once; one that hangs is asked where before it is ended. After that, tests are booted again without those
//! that have a result.
//!
//! # How fast it is
//!
//! Debian's 6.1 for x86_64 on two cores of a machine without KVM reaches init 1.5 s after QEMU's start, and is gone
//! 0.02 s after its plan is done. What gives the time: the unpacked kernel (the packed one takes 2.5 s more), a quiet console until
//! init runs, no self-tests of the kernel's ciphers (0.4 s). Measured with, on an idle machine:
//!
//! ```text
//! KOXIDE_TEST_KERNEL=<an unpacked image package> \
//!     cargo test -p koxide-vm --test commands -- --ignored --nocapture boots_are_fast
//! ```
//!
//! Kernels for ARM were measured with the same command on two cores that ten other processes wanted, too: in the median
//! of five boots they reach init after 5.5 s (arm64 6.1), 5.4 s (arm64 6.12), 8.3 s (armmp 6.1) and 9.9 s (armmp 6.12).
//! Without the processor's cheap way to sign addresses a boot takes three times as long.
#![forbid(unsafe_code)]

mod accel;
mod arch;
mod boot;
mod busybox;
mod commands;
mod compression;
mod crash;
mod error;
mod image;
mod initramfs;
mod ktap;
mod kunit;
mod libtest;
mod modules;
mod payload;
mod plan;
mod qemu;
mod report;
mod run;
mod terminal;
mod tests;
mod tools;

use std::time::Duration;

pub use arch::Arch;
pub use error::{Error, Need};
pub use plan::{
    Acceleration, GuestFile, Kernel, KernelSuite, Limits, Load, Machine, Patch, Payload, Plan,
    Program, Run, Shell, Site, Step,
};
pub use report::{
    Crash, CrashKind, Exit, Failure, LoadFailure, Outcome, Report, StepResult, TestResult,
};
pub use run::Vm;
pub use terminal::ESCAPE;

/// Which output of a command something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// The standard output, and all that a shell prints.
    Stdout,
    /// The standard error.
    Stderr,
}

/// What happens, told while it does.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// QEMU starts.
    Booting {
        /// "KVM" or "TCG".
        acceleration: &'a str,
        /// The number of this boot, from 1: tests boot again after a crash.
        attempt: u32,
    },
    /// Init runs.
    Ready {
        /// How long that took.
        after: Duration,
    },
    /// A line of the kernel log, with its time stamp.
    Log(&'a str),
    /// How many tests there are; told again when an in-kernel suite adds its own.
    TestsListed {
        /// How many.
        total: usize,
    },
    /// A test starts.
    TestStarted {
        /// Its suite.
        suite: &'a str,
        /// Its name.
        name: &'a str,
    },
    /// A test has its result.
    TestDone(&'a TestResult),
    /// A module of the plan was loaded.
    Loaded {
        /// Its name.
        module: &'a str,
    },
    /// A command starts.
    StepStarted {
        /// Its index in the plan.
        index: usize,
        /// The program and its arguments.
        argv: &'a [String],
    },
    /// Output of a command or of the shell: to be passed on at once.
    Output {
        /// Which output.
        stream: Stream,
        /// The bytes.
        bytes: &'a [u8],
    },
    /// A command ended.
    StepDone(&'a StepResult),
    /// The kernel crashed or hangs.
    Crashed(&'a Crash),
}
