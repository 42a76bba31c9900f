// SPDX-License-Identifier: MIT OR Apache-2.0

//! The kernels that a command line means.

use koxide_build::{Arch, Kernel, KernelName};

use super::Workshop;
use crate::cli::Selection;
use crate::exit::{Exit, because};
use crate::kernels;
use crate::machine::explained;

impl Workshop<'_> {
    /// A kernel, fetched if need be.
    pub(crate) fn kernel(&self, name: &KernelName) -> anyhow::Result<Kernel> {
        let kernel = kernels::resolve(&self.cache, name, self.offline, self.ui);
        self.matrix.blamed(name, kernel)
    }

    /// The same, which must be for the architecture that is asked for.
    fn kernel_for(&self, name: &KernelName, arch: Option<Arch>) -> anyhow::Result<Kernel> {
        let kernel = self.kernel(name)?;
        match arch {
            Some(arch) if arch != kernel.arch => {
                let text = format!("{name} is a kernel for {}, not for {arch}", kernel.arch);
                Err(because(Exit::Usage, text).into())
            }
            _ => Ok(kernel),
        }
    }

    /// The same, with what it takes to boot it and to load drivers: nothing is built for one that none can be tried on.
    pub(crate) fn kernel_to_boot(
        &self,
        name: &KernelName,
        arch: Option<Arch>,
    ) -> anyhow::Result<Kernel> {
        let kernel = self.kernel_for(name, arch)?;
        let able = || {
            kernel.takes_unsigned()?;
            kernel.image()?;
            kernel.modules_dir()
        };
        explained(able())?;
        Ok(kernel)
    }

    /// The kernels that a command line means.
    pub(crate) fn kernels(&self, selection: &Selection) -> anyhow::Result<Vec<Kernel>> {
        self.meant(selection, Self::kernel_for)
    }

    /// The same, each with what it takes to boot it.
    pub(crate) fn kernels_to_boot(&self, selection: &Selection) -> anyhow::Result<Vec<Kernel>> {
        self.meant(selection, Self::kernel_to_boot)
    }

    fn meant(
        &self,
        selection: &Selection,
        kernel: impl Fn(&Self, &KernelName, Option<Arch>) -> anyhow::Result<Kernel>,
    ) -> anyhow::Result<Vec<Kernel>> {
        let names = self.matrix.select(&selection.kernel, selection.arch)?;
        let kernels = names.iter().map(|name| kernel(self, name, selection.arch));
        kernels.collect()
    }

    /// The kernel to boot: the one named, else the first of the matrix.
    pub(crate) fn one_to_boot(&self, selection: &Selection) -> anyhow::Result<Kernel> {
        let name = match selection.kernel.as_slice() {
            [] => self.matrix.first(selection.arch)?,
            [word] => self.matrix.named(word, selection.arch)?,
            _ => {
                let text = "one kernel at a time: give --kernel once";
                return Err(because(Exit::Usage, text).into());
            }
        };
        self.kernel_to_boot(&name, selection.arch)
    }
}
