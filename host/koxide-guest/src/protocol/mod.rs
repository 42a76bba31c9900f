// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the host and the init of the test machine tell each other.
//!
//! The host writes a [`Plan`] into the initramfs. The init answers on the second serial port with a stream of bytes:
//! the output of what runs, with [`record`]s in between. The first serial port is the kernel's console.

pub mod complaint;
pub mod plan;
pub mod record;
pub mod sample;
pub mod words;

pub use plan::{KernelSuite, Load, Panics, Patch, Plan, Program, Run, Site, Step, Task};
pub use record::{Decoder, Frame, Mark};
pub use sample::{Clock, Sample, Values};

/// Where things are in the machine's file system.
pub mod paths {
    /// The plan.
    pub const PLAN: &str = "/koxide/plan";
    /// The folder of the modules, each as `<name>.ko`.
    pub const MODULES: &str = "/koxide/modules";
    /// The folder below that one of the twins in C, each named as the module that it is the twin of.
    pub const TWINS: &str = "c";
    /// What is known of each module: lines of `file name: first second`, that is, the name of its file, the name that
    /// the kernel knows it by, and what it depends on. A `*` before it marks one under test.
    pub const MODULE_ORDER: &str = "/koxide/modules/order";
    /// The folder of the test programs.
    pub const TESTS: &str = "/koxide/tests";
    /// The folder of all other programs.
    pub const BIN: &str = "/bin";
}

/// Names of the programs that are part of the init.
pub const APPLETS: [&str; 3] = ["insmod", "rmmod", "ioctl"];

/// The variable that a test program has when it is to test the twins in C: [`crate::Module::load`] then loads these.
pub const TWINS: &str = "KOXIDE_TWINS";

/// What a line in the kernel log begins with that the init wrote to mark a test's start or end.
pub const LOG_MARK: &str = "koxide-mark:";

/// What follows [`LOG_MARK`] at the end of all.
pub const LOG_MARK_DONE: &str = "done";
