// SPDX-License-Identifier: MIT OR Apache-2.0

//! One error for callers that do not care which step failed.

use crate::need::Need;
use crate::{cache, compare, driver, guest, kernels, module, object};

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The cache cannot be used.
    #[error(transparent)]
    Cache(#[from] cache::Error),
    /// A kernel cannot be had.
    #[error(transparent)]
    Kernel(#[from] kernels::Error),
    /// A driver cannot be found.
    #[error(transparent)]
    Driver(#[from] driver::Error),
    /// A driver's object cannot be built.
    #[error(transparent)]
    Object(#[from] object::Error),
    /// A module cannot be built.
    #[error(transparent)]
    Module(#[from] module::Error),
    /// Two modules do not have the same Rust code.
    #[error(transparent)]
    Compare(#[from] compare::Error),
    /// A program for the virtual machine cannot be built.
    #[error(transparent)]
    Guest(#[from] guest::Error),
}

impl Error {
    /// What is to be installed before the step can succeed.
    pub fn missing(&self) -> Option<Need> {
        match self {
            Self::Cache(_) | Self::Compare(_) => None,
            Self::Kernel(error) => error.missing(),
            Self::Driver(error) => error.missing(),
            Self::Object(error) => error.missing(),
            Self::Module(error) => error.missing(),
            Self::Guest(error) => error.missing(),
        }
    }

    /// Whether the step ended because the user pressed Ctrl-C.
    pub fn interrupted(&self) -> bool {
        match self {
            Self::Cache(error)
            | Self::Kernel(kernels::Error::Cache(error))
            | Self::Module(module::Error::Root(kernels::Error::Cache(error)))
            | Self::Driver(driver::Error::Cache(error))
            | Self::Object(object::Error::Files(error))
            | Self::Module(
                module::Error::Files(error) | module::Error::Object(object::Error::Files(error)),
            )
            | Self::Guest(guest::Error::Build(object::Error::Files(error))) => {
                matches!(error, cache::Error::Interrupted(_))
            }
            Self::Kernel(kernels::Error::Process(error))
            | Self::Module(module::Error::Root(kernels::Error::Process(error)))
            | Self::Driver(driver::Error::Process(error))
            | Self::Object(object::Error::Process(error))
            | Self::Module(
                module::Error::Process(error)
                | module::Error::Object(object::Error::Process(error)),
            )
            | Self::Guest(guest::Error::Build(object::Error::Process(error))) => {
                matches!(error, koxide_process::Error::Interrupted(_))
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use koxide_process::interrupt::Interrupted;

    #[test]
    fn an_interruption_is_known_at_any_depth() {
        let process = || koxide_process::Error::from(Interrupted);
        let guest = guest::Error::from(object::Error::from(process()));
        assert!(Error::from(guest).interrupted());
        let files = object::Error::from(cache::Error::from(Interrupted));
        assert!(Error::from(module::Error::from(files)).interrupted());
        assert!(Error::from(kernels::Error::from(process())).interrupted());
        assert!(!Error::from(cache::Error::NoHome).interrupted());
    }
}
