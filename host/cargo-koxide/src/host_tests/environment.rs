// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which kernel a test gets that boots one, in a virtual machine that it starts itself.

use std::ffi::OsString;

use koxide_build::Kernel;

use crate::workshop::Workshop;

/// The start of the reason with which a test is ignored that boots a kernel.
const BOOTS: &str = "boots a kernel";

/// The same of a test that boots a kernel with detectors.
const BOOTS_DEBUG: &str = "boots a debug kernel";

/// The variable that tells a test where the kernel is: a folder with `boot` and `lib/modules`.
const KERNEL: &str = "KOXIDE_TEST_KERNEL";

/// The variable that tells a test where the kernel's headers are, as `make -C` takes them.
const HEADERS: &str = "KOXIDE_TEST_HEADERS";

/// The variable that tells a test the name of the debug kernel.
const DEBUG_KERNEL: &str = "KOXIDE_DEBUG_KERNEL";

/// Variables of a test's environment.
pub(super) type Environment = Vec<(&'static str, OsString)>;

/// What tests find in their environment: those that boot a kernel, and those that boot a debug kernel.
#[derive(Debug, Default)]
pub(super) struct Environments {
    stock: Option<Environment>,
    debug: Option<Environment>,
}

impl Environments {
    /// The first kernel of each kind, of those that the command line means. A debug kernel is no stand-in for another:
    /// tests of the machine itself know how fast it is.
    pub(super) fn of(workshop: &Workshop<'_>, kernels: &[Kernel]) -> anyhow::Result<Self> {
        let mut found = Self::default();
        for kernel in kernels {
            if workshop.watches(kernel)? {
                let name = kernel.name.to_string();
                let variables = vec![(DEBUG_KERNEL, name.into())];
                found.debug.get_or_insert(variables);
            } else if found.stock.is_none() {
                found.stock = stock(workshop, kernel)?;
            }
        }
        Ok(found)
    }

    /// The environment for a test that was ignored for this reason; none if that has nothing to do with kernels.
    pub(super) fn for_reason(&self, why: &str) -> Option<&Environment> {
        let all = [(BOOTS, &self.stock), (BOOTS_DEBUG, &self.debug)];
        let fitting = all.into_iter().find(|(start, _)| why.starts_with(start));
        fitting?.1.as_ref()
    }
}

/// Nothing when the kernel cannot be booted.
fn stock(workshop: &Workshop<'_>, kernel: &Kernel) -> anyhow::Result<Option<Environment>> {
    let vmlinuz = kernel.vmlinuz.as_deref();
    let Some(root) = vmlinuz.and_then(|vmlinuz| vmlinuz.parent()?.parent()) else {
        return Ok(None);
    };
    let headers = workshop.headers(kernel)?;
    Ok(Some(vec![
        (KERNEL, root.into()),
        (HEADERS, headers.build.into()),
        // Debian's headers name a compiler that this machine may not have.
        ("MAKEFLAGS", format!("-- {}", headers.make.join(" ")).into()),
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_debug_kernel_is_for_tests_that_ask_for_one() {
        let only = |name: &'static str| Some(vec![(name, OsString::new())]);
        let both = Environments {
            stock: only(KERNEL),
            debug: only(DEBUG_KERNEL),
        };
        let variable = |why| both.for_reason(why).map(|variables| variables[0].0);
        assert_eq!(variable("boots a kernel: set this"), Some(KERNEL));
        assert_eq!(variable("boots a debug kernel"), Some(DEBUG_KERNEL));
        assert_eq!(variable("needs a printer"), None);
        let none = Environments::default();
        assert!(none.for_reason("boots a debug kernel").is_none());
    }
}
