// SPDX-License-Identifier: MIT OR Apache-2.0

//! The exit statuses, and how an error carries the one that it deserves.

use std::process::ExitCode;

use koxide_build::{Error as BuildError, driver, kernels, module};

use crate::ui::Ui;

/// Why the command did not do its work, as a script sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// A test failed, or a driver could not be built or loaded.
    Failed = 1,
    /// The command line asks for what there is not.
    Usage = 2,
    /// Something that the command needs is missing.
    Missing = 3,
    /// The kernel under test crashed or hung.
    Crashed = 4,
    /// Ctrl-C, as shells report it.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A message that decides the exit status. Put it on top of an error with `context`.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Because {
    exit: Exit,
    message: String,
}

/// A message that ends the command with `exit`.
pub(crate) fn because(exit: Exit, message: impl Into<String>) -> Because {
    Because {
        exit,
        message: message.into(),
    }
}

/// The exit status that an error deserves.
pub(crate) fn status_of(error: &anyhow::Error) -> Exit {
    if is_interrupt(error) {
        return Exit::Interrupted;
    }
    if let Some(because) = error.downcast_ref::<Because>() {
        return because.exit;
    }
    error
        .downcast_ref::<BuildError>()
        .map_or(Exit::Failed, of_build)
}

/// What the tests and the files of their results ended with: every failure is told, and the gravest is the answer.
pub(crate) fn all_told(
    tests: anyhow::Result<()>,
    written: impl IntoIterator<Item = anyhow::Result<()>>,
    ui: &Ui,
) -> anyhow::Result<()> {
    let mut failures: Vec<_> = written.into_iter().filter_map(Result::err).collect();
    if let Err(error) = tests {
        // That a kernel could not be had is less than that nobody will read why.
        let last = status_of(&error) == Exit::Missing;
        failures.insert(if last { failures.len() } else { 0 }, error);
    }
    let mut failures = failures.into_iter();
    let gravest = failures.next();
    failures.for_each(|error| ui.error(&error));
    gravest.map_or(Ok(()), Err)
}

/// The exit status that an error of koxide-build deserves when nothing is to be installed.
fn of_build(error: &BuildError) -> Exit {
    use driver::Error as Driver;
    match error {
        BuildError::Driver(
            Driver::NoManifest { .. }
            | Driver::NoSuchPackage { .. }
            | Driver::NotADriver { .. }
            | Driver::AmbiguousDriver { .. }
            | Driver::NoModule { .. }
            | Driver::NoSource { .. }
            | Driver::Unreadable { .. }
            | Driver::Colon { .. },
        ) => Exit::Usage,
        BuildError::Driver(Driver::Crates { .. }) => Exit::Missing,
        BuildError::Kernel(error) | BuildError::Module(module::Error::Root(error)) => {
            of_kernel(error)
        }
        _ => Exit::Failed,
    }
}

/// The exit status that a kernel which cannot be had deserves, or what it is built with.
fn of_kernel(error: &kernels::Error) -> Exit {
    use kernels::Error as Kernel;
    match error {
        Kernel::NoSuchSuite { .. }
        | Kernel::NoSuchPath { .. }
        | Kernel::NoKernel { .. }
        | Kernel::NoKernelPackage { .. }
        | Kernel::NoKeyring { .. }
        | Kernel::SeveralKernels { .. }
        | Kernel::NotBootable { .. }
        | Kernel::Arch { .. }
        | Kernel::Refused { .. }
        | Kernel::SignedOnly { .. }
        | Kernel::Mismatch { .. }
        | Kernel::PackageArch { .. } => Exit::Usage,
        Kernel::NotFetched { .. }
        | Kernel::NotBuilt { .. }
        | Kernel::NoSourcePackage { .. }
        | Kernel::Offline { .. }
        | Kernel::OfflineRoot { .. }
        | Kernel::NoRoot { .. }
        | Kernel::NoSource { .. }
        | Kernel::Network { .. }
        | Kernel::OutOfStep { .. }
        | Kernel::Incomplete { .. }
        | Kernel::NoHeaders { .. } => Exit::Missing,
        _ => Exit::Failed,
    }
}

/// Whether Ctrl-C is what ended the work.
fn is_interrupt(error: &anyhow::Error) -> bool {
    koxide_process::interrupt::check().is_err()
        || error
            .downcast_ref::<BuildError>()
            .is_some_and(BuildError::interrupted)
        || error
            .chain()
            .any(|cause| cause.is::<koxide_process::interrupt::Interrupted>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context as _;

    #[test]
    fn the_gravest_of_several_failures_decides() {
        use clap::Parser as _;
        let cli = crate::cli::Cli::parse_from(["cargo koxide", "-q", "doctor"]);
        let ui = Ui::new(&cli.common);
        let full = || Err(anyhow::anyhow!("the disk is full"));
        let tests = |exit| Err(because(exit, "tests").into());
        let told = |tests, written: [anyhow::Result<()>; 2]| {
            let error = all_told(tests, written, &ui).err()?;
            Some((status_of(&error), error.to_string()))
        };
        let is = |exit, text: &str| Some((exit, text.to_owned()));
        assert_eq!(told(Ok(()), [Ok(()), Ok(())]), None);
        let disk = is(Exit::Failed, "the disk is full");
        assert_eq!(told(Ok(()), [Ok(()), full()]), disk);
        assert_eq!(told(tests(Exit::Missing), [full(), full()]), disk);
        for exit in [Exit::Crashed, Exit::Failed] {
            assert_eq!(told(tests(exit), [full(), Ok(())]), is(exit, "tests"));
        }
        assert_eq!(
            told(tests(Exit::Missing), [Ok(()), Ok(())]),
            is(Exit::Missing, "tests")
        );
    }

    #[test]
    fn the_message_on_top_decides() {
        let error = anyhow::anyhow!("no such file");
        assert_eq!(status_of(&error), Exit::Failed);
        let error = Err::<(), _>(error)
            .context(because(Exit::Missing, "no QEMU"))
            .unwrap_err();
        assert_eq!(status_of(&error), Exit::Missing);
        let error = Err::<(), _>(error).context("while testing").unwrap_err();
        assert_eq!(status_of(&error), Exit::Missing);
    }
}
