// SPDX-License-Identifier: MIT OR Apache-2.0

//! Modules in C: the drivers' twins.

use std::path::Path;

use koxide_build::{Driver, Kernel, Module, module};

use super::Workshop;
use crate::exit::{Exit, because};
use crate::machine::{Steps, explained};

impl Workshop<'_> {
    /// A driver's twin in C for one kernel; nothing when the driver has none.
    pub(crate) fn twin(&self, driver: &Driver, kernel: &Kernel) -> anyhow::Result<Option<Module>> {
        let steps = Steps::new(self.ui);
        let twin = module::twin(driver, kernel, &self.project.output_dir(), &steps);
        self.ui.finish();
        let twin = explained(twin)?;
        twin.iter().for_each(|module| self.tell_linked(module));
        Ok(twin)
    }

    /// A driver's twin in C for one kernel, where the user asked for it.
    pub(crate) fn named_twin(&self, driver: &Driver, kernel: &Kernel) -> anyhow::Result<Module> {
        self.twin(driver, kernel)?.ok_or_else(|| {
            let source = driver.dir.join("c").join(format!("{}.c", driver.module));
            let (name, source) = (&driver.package, self.shown(&source));
            because(
                Exit::Failed,
                format!("{name} has no twin in C: it would be {source}"),
            )
            .into()
        })
    }

    /// A module in C that is no driver's twin; `of` says what it is.
    pub(crate) fn in_c(&self, source: &Path, of: &str, kernel: &Kernel) -> anyhow::Result<Module> {
        let steps = Steps::new(self.ui);
        let module = module::in_c(source, of, kernel, &self.project.output_dir(), &steps);
        self.ui.finish();
        explained(module)
    }
}
