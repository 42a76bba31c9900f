// SPDX-License-Identifier: MIT OR Apache-2.0

//! The words of the command line. What they do is in `verbs/`, one file for each.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use koxide_build::Arch;

use crate::matrix::Shard;

/// The release and the ABI version, as `--version` prints them.
const VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    " (shim ABI ",
    env!("KOXIDE_ABI"),
    ")"
);

/// Write Linux drivers in Rust for the kernel you already run.
#[derive(Debug, Parser)]
#[command(name = "cargo koxide", bin_name = "cargo koxide", version = VERSION, max_term_width = 100)]
#[command(after_help = "Start with:\n  cargo koxide demo")]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) verb: Verb,
    /// Options of every verb.
    #[command(flatten)]
    pub(crate) common: Common,
}

/// Options of every verb.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// Print each command that is run, ready to be pasted into a shell.
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
    /// Print only results and errors.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Colours: `auto` has them on a terminal, unless NO_COLOR is set.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
    /// Do not use the network; fail where something would have to be fetched.
    #[arg(long, global = true)]
    pub(crate) offline: bool,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What the command can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Show drivers written in Rust at work on a distribution's kernel.
    #[command(after_help = "Example:\n  cargo koxide demo\n  cargo koxide demo panic")]
    Demo(Demo),
    /// Say what this machine has, what is missing, what for, and how to install it.
    #[command(after_help = "Example:\n  cargo koxide doctor")]
    Doctor(Doctor),
    /// Start a driver package of its own.
    #[command(after_help = "Example:\n  cargo koxide new my_driver --class misc")]
    New(New),
    /// Build drivers into modules.
    #[command(
        after_help = "Example:\n  cargo koxide build -p hello_world --kernel debian:bookworm"
    )]
    Build(Build),
    /// Load a driver in a virtual machine, and run a command or a shell there.
    #[command(after_help = "Example:\n  cargo koxide run -p yes_chardev -- head -c 8 /dev/yes")]
    Run(Run),
    /// Run the tests: on this machine, and in a virtual machine on every kernel.
    #[command(
        after_help = "Example:\n  cargo koxide test -p hello_world --kernel debian:bookworm\n  cargo koxide test -p my_driver --faults 100"
    )]
    Test(Test),
    /// Measure drivers beside the same drivers in C: their size, and what an operation costs.
    #[command(after_help = "Example:\n  cargo koxide bench -p hello_world --quick")]
    Bench(Bench),
    /// The kernels that drivers are built for and run on.
    #[command(subcommand)]
    Kernel(Kernel),
    /// Find all unsafe code of drivers, library and shims, and what is said for it.
    #[command(after_help = "Example:\n  cargo koxide audit --list sync/arc")]
    Audit(Audit),
    /// Install the command for use outside of a checkout.
    #[command(after_help = "Example:\n  cargo koxide install")]
    Install(Install),
}

/// Which drivers, and which kernels.
#[derive(Debug, Args)]
pub(crate) struct Selection {
    /// The driver's package; without it the package of this folder, or all drivers of the workspace.
    #[arg(short, long, value_name = "NAME")]
    pub(crate) package: Vec<String>,
    /// A kernel: `running`, `path:DIR`, `debian:SUITE`, `debian:SUITE/FLAVOUR`, `debug:LINE`, `deb:FILE,...` or a line
    /// such as `6.1`; may be repeated. Without it, those that `kernels.toml` marks with `always`.
    #[arg(short, long, value_name = "K")]
    pub(crate) kernel: Vec<String>,
    /// An architecture: `x86_64`, `arm64` or `arm`. Without `--kernel`, all kernels for it in `kernels.toml`.
    #[arg(long, value_name = "ARCH")]
    pub(crate) arch: Option<Arch>,
}

/// `demo`
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// What to show instead; works outside of a checkout, too.
    #[arg(value_enum)]
    pub(crate) what: Option<Shown>,
    /// The kernel to show the drivers on; without it, the first of `kernels.toml`.
    #[arg(short, long, value_name = "K")]
    pub(crate) kernel: Option<String>,
}

/// What there is to show besides drivers that are sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shown {
    /// A driver that panics, and a machine that goes on.
    Panic,
}

/// `doctor`
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Install what is missing; the packages of the distribution need root, and `sudo` is used when there.
    #[arg(long)]
    pub(crate) install: bool,
    /// What drivers for an architecture need as well; may be repeated.
    #[arg(long, value_name = "ARCH")]
    pub(crate) arch: Vec<Arch>,
    /// What all kernels of `kernels.toml` need as well.
    #[arg(long)]
    pub(crate) matrix: bool,
}

/// `new`
#[derive(Debug, Args)]
pub(crate) struct New {
    /// The driver's name: its package, its module, and its folder.
    pub(crate) name: String,
    /// The kind of driver.
    #[arg(long, value_enum, default_value = "misc")]
    pub(crate) class: Class,
    /// The folder to make it in; without it, this one.
    #[arg(long, value_name = "DIR")]
    pub(crate) into: Option<PathBuf>,
}

/// The kinds of drivers that there are templates for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Class {
    /// A character device with a node of its own under `/dev`.
    Misc,
}

impl Class {
    /// The name of the template's folder.
    pub(crate) fn stem(self) -> &'static str {
        match self {
            Self::Misc => "misc",
        }
    }
}

/// A driver that is a file of its own.
#[derive(Debug, Args)]
pub(crate) struct Source {
    /// A driver in one .rs file, written as for upstream's kernel, instead of a package.
    #[arg(long, value_name = "FILE", conflicts_with = "package")]
    pub(crate) source: Option<PathBuf>,
}

/// How drivers are compiled.
#[derive(Debug, Args)]
pub(crate) struct Profile {
    /// Have messages of panics say their values; the objects are larger, and a panic takes more of the stack.
    #[arg(long)]
    pub(crate) debug: bool,
}

/// `build`
#[derive(Debug, Args)]
pub(crate) struct Build {
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) source: Source,
    #[command(flatten)]
    pub(crate) profile: Profile,
    /// Build for the kernel that runs on this machine: `--kernel running` in short.
    #[arg(long, conflicts_with = "kernel")]
    pub(crate) host: bool,
    /// The twins in C (`c/NAME.c` of a driver) instead of the drivers.
    #[arg(long, conflicts_with = "source")]
    pub(crate) c: bool,
}

/// `run`
#[derive(Debug, Args)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) source: Source,
    #[command(flatten)]
    pub(crate) profile: Profile,
    /// Load the driver into the kernel of this machine instead of a virtual machine's, for as long as the command runs.
    /// Asks before it does so, and takes sudo where it is not root's.
    #[arg(long, conflicts_with = "kernel")]
    pub(crate) host: bool,
    /// Do not ask before the driver is loaded into the kernel of this machine.
    #[arg(long, requires = "host")]
    pub(crate) yes: bool,
    /// The twin in C (`c/NAME.c` of the driver) instead of the driver.
    #[arg(long, conflicts_with = "source")]
    pub(crate) c: bool,
    /// Have the virtual machine wait for a debugger at this port, and stop it before the driver's first instruction; says
    /// what to type. Port 0 takes one that is free.
    #[arg(long, value_name = "PORT", num_args = 0..=1, default_missing_value = "1234", conflicts_with_all = ["host", "c"])]
    pub(crate) gdb: Option<u16>,
    /// A parameter of the module, as `insmod` takes it; may be repeated.
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = param)]
    pub(crate) params: Vec<String>,
    /// The command to run once the driver is loaded; without it, a shell.
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
}

/// A parameter as `insmod` takes it, and nothing that it would take for an option.
fn param(text: &str) -> Result<String, String> {
    let begins = |c: char| c.is_ascii_alphanumeric() || c == '_';
    match text.starts_with(begins) {
        true => Ok(text.to_owned()),
        false => Err("a parameter begins with its name, as in `count=3`".to_owned()),
    }
}

/// `test`
#[derive(Debug, Args)]
pub(crate) struct Test {
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) profile: Profile,
    /// Write the results as JUnit XML, too.
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// The longest that one test may take in the virtual machine, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "60")]
    pub(crate) timeout: NonZeroU32,
    /// Leave out the tests that run on this machine.
    #[arg(long)]
    pub(crate) vm_only: bool,
    /// Make drivers panic N times on each kernel, at as many places of their code as their tests get to, instead of running
    /// the tests; see whether each panic is contained. (Allocations that fail are in a driver's `tests/faults.rs`, which run
    /// without this.)
    #[arg(long, value_name = "N", conflicts_with_all = ["matrix", "jobs", "vm_only"])]
    pub(crate) faults: Option<NonZeroU32>,
    /// Run on every kernel of `kernels.toml`, several virtual machines at once, and end with a table of drivers and
    /// kernels; a kernel that cannot be had stops nothing. Leaves out the tests that run on this machine.
    #[arg(long)]
    pub(crate) matrix: bool,
    /// Run only the K-th of N parts of the matrix, for N machines that share it.
    #[arg(long, value_name = "K/N", requires = "matrix")]
    pub(crate) shard: Option<Shard>,
    /// Write the table and what failed as a page, too.
    #[arg(long, value_name = "FILE", requires = "matrix")]
    pub(crate) html: Option<PathBuf>,
    /// How many virtual machines run at once; without it one, and for the matrix as many as processors and memory allow.
    #[arg(short, long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// Run only tests whose name contains this text: `program::test`, or `suite::test` in the kernel.
    #[arg(value_name = "FILTER")]
    pub(crate) filter: Option<String>,
}

/// `bench`
#[derive(Debug, Args)]
pub(crate) struct Bench {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Count instructions and take no times: one boot for each kernel.
    #[arg(long)]
    pub(crate) quick: bool,
    /// How often each kernel is booted to take times.
    #[arg(long, value_name = "N", default_value = "10", conflicts_with = "quick")]
    pub(crate) boots: NonZeroU32,
    /// Write everything as JSON, too.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Write a page with plots, too.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Fail where something is larger or slower than `benchmarks.json` has it; takes no times.
    #[arg(long, conflicts_with = "update")]
    pub(crate) check: bool,
    /// Write sizes and instructions to `benchmarks.json`; takes no times.
    #[arg(long)]
    pub(crate) update: bool,
}

/// `kernel`
#[derive(Debug, Subcommand)]
pub(crate) enum Kernel {
    /// List the kernels, and the disk space that they take.
    #[command(after_help = "Example:\n  cargo koxide kernel list")]
    List,
    /// Fetch a kernel, or remember where one is.
    #[command(after_help = "Example:\n  cargo koxide kernel add debian:bookworm")]
    Add(KernelAdd),
    /// Build a debug kernel, which watches what drivers do.
    #[command(after_help = "Example:\n  cargo koxide kernel build debug:6.1")]
    Build(KernelBuild),
    /// Show what is known of a kernel: release, packages, files.
    #[command(after_help = "Example:\n  cargo koxide kernel show debian:bookworm")]
    Show(KernelName),
    /// Fetch the newest release of a kernel; without a name, of all that were fetched.
    #[command(after_help = "Example:\n  cargo koxide kernel update debian:bookworm")]
    Update(KernelUpdate),
    /// Remove a kernel from the cache.
    #[command(after_help = "Example:\n  cargo koxide kernel remove debian:bookworm")]
    Remove(KernelRemove),
}

/// `kernel add`
#[derive(Debug, Args)]
pub(crate) struct KernelAdd {
    /// The kernel's name.
    pub(crate) name: String,
    /// Where Debian's archive is, for machines whose own packages are not Debian's; remembered.
    #[arg(long, value_name = "URL")]
    pub(crate) mirror: Option<String>,
    /// The keys that the archive is signed with; remembered.
    #[arg(long, value_name = "FILE")]
    pub(crate) keyring: Option<PathBuf>,
}

/// `kernel build`
#[derive(Debug, Args)]
pub(crate) struct KernelBuild {
    /// The kernel's name: `debug:6.1` or `debug:6.12`.
    pub(crate) name: String,
    /// A suite of Debian's that has the sources; without it, those of `kernels.toml` are looked at; may be repeated.
    #[arg(long, value_name = "SUITE")]
    pub(crate) suite: Vec<String>,
}

/// `kernel show`
#[derive(Debug, Args)]
pub(crate) struct KernelName {
    /// The kernel's name.
    pub(crate) name: String,
}

/// `kernel update`
#[derive(Debug, Args)]
pub(crate) struct KernelUpdate {
    /// The kernel's name.
    pub(crate) name: Option<String>,
}

/// `kernel remove`
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct KernelRemove {
    /// The kernel's name.
    pub(crate) name: Option<String>,
    /// Remove the whole cache folder: kernels, keys, everything.
    #[arg(long)]
    pub(crate) all: bool,
}

/// `audit`
#[derive(Debug, Args)]
pub(crate) struct Audit {
    /// List each place, with its SAFETY comment beside the contract that it answers: all of them, or those of the
    /// files whose path contains this text.
    #[arg(long, value_name = "PATH", num_args = 0..=1, default_missing_value = "")]
    pub(crate) list: Option<String>,
    /// Write everything as JSON, too.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

/// `install`
#[derive(Debug, Args)]
pub(crate) struct Install {}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Cli::command().debug_assert();
    }

    #[test]
    fn a_parameter_is_no_option() {
        assert!(super::param("count=3").is_ok() && super::param("verbose").is_ok());
        assert!(super::param("-f").is_err() && super::param("").is_err());
    }
}
