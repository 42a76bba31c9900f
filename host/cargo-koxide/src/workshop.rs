// SPDX-License-Identifier: MIT OR Apache-2.0

//! What `build`, `run`, `test` and `demo` share: the drivers and kernels that a command line means, each driver's
//! object, and its module for each kernel.

mod in_c;
mod kernels;

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use koxide_build::examples::{self, Examples};
use koxide_build::module::Shims;
use koxide_build::object::{self, Artefact, BuildOptions, Variant};
use koxide_build::{Arch, Cache, Driver, Kernel, Module, Project, Silent, driver, guest, module};
use koxide_vm::Vm;

use crate::cli::{Profile, Selection, Source};
use crate::exit::{Exit, because};
use crate::kernels::Matrix;
use crate::library;
use crate::machine::{Steps, explained, vm_arch};
use crate::ui::Ui;

/// How many times longer everything may take on a kernel that looks for faults. Five times was seen on an idle machine.
const DEBUG_SLOWNESS: u32 = 6;

/// A workspace with drivers, the cache of kernels, and how to talk to the user.
pub(crate) struct Workshop<'a> {
    /// The workspace.
    pub(crate) project: Project,
    /// The support matrix.
    pub(crate) matrix: Matrix,
    cache: Cache,
    /// The virtual machine's init for each architecture, once it was built.
    inits: RefCell<Vec<(Arch, PathBuf)>>,
    /// The objects of which the user knows that stock kernels have others.
    told: RefCell<Vec<Variant>>,
    /// Whether messages of panics have their values.
    values: bool,
    offline: bool,
    ui: &'a Ui,
}

impl<'a> Workshop<'a> {
    /// The workspace of the current folder.
    pub(crate) fn open(offline: bool, ui: &'a Ui) -> anyhow::Result<Self> {
        let here = std::env::current_dir().context("the current folder cannot be read")?;
        Self::open_at(&here, offline, ui)
    }

    /// The workspace of a folder.
    pub(crate) fn open_at(dir: &Path, offline: bool, ui: &'a Ui) -> anyhow::Result<Self> {
        let project = explained(Project::discover(dir, offline))?;
        let matrix = Matrix::of(project.root())?;
        let cache = explained(Cache::from_env())?;
        Ok(Self::new(project, matrix, cache, offline, ui))
    }

    fn new(project: Project, matrix: Matrix, cache: Cache, offline: bool, ui: &'a Ui) -> Self {
        Self {
            project,
            matrix,
            cache,
            inits: RefCell::default(),
            told: RefCell::default(),
            values: false,
            offline,
            ui,
        }
    }

    /// The same workspace, whose drivers are compiled so.
    pub(crate) fn with_profile(mut self, profile: &Profile) -> Self {
        self.values = profile.debug;
        self
    }

    /// The workspace of the current folder; for a driver in a file of its own, the package around it.
    pub(crate) fn of(source: &Source, offline: bool, ui: &'a Ui) -> anyhow::Result<Self> {
        match &source.source {
            Some(file) => Self::of_file(file, Path::new("target"), offline, ui),
            None => Self::open(offline, ui),
        }
    }

    /// The package around a driver in a file of its own. `target` is cargo's target folder outside of a project, where nobody
    /// says another.
    pub(crate) fn of_file(
        file: &Path,
        target: &Path,
        offline: bool,
        ui: &'a Ui,
    ) -> anyhow::Result<Self> {
        let here = std::env::current_dir().context("the current folder cannot be read")?;
        let cache = explained(Cache::from_env())?;
        // Who is in a project with the library gets the driver built with that one.
        let outer = Project::discover(&here, offline).ok();
        let outer = outer.filter(|p| p.library_dir().is_some() && p.has_guest());
        let library = match &outer {
            Some(project) => library::of(project)?,
            None => library::own(&cache)?,
        };
        let named = std::env::var_os("CARGO_TARGET_DIR");
        let target = here.join(named.unwrap_or_else(|| target.into()));
        let project = driver::of_source(file, &library, outer.as_ref(), &target, offline);
        let project = explained(project)?;
        let matrix = Matrix::of(outer.as_ref().unwrap_or(&project).root())?;
        Ok(Self::new(project, matrix, cache, offline, ui))
    }

    /// The drivers that a command line means.
    pub(crate) fn drivers(&self, selection: &Selection) -> anyhow::Result<Vec<Driver>> {
        if !selection.package.is_empty() {
            let named = selection
                .package
                .iter()
                .map(|name| explained(self.project.driver(Some(name))).cloned());
            return named.collect();
        }
        // Inside of a driver's folder that driver is meant, elsewhere all of them.
        match self.project.driver(None) {
            Ok(driver) => Ok(vec![driver.clone()]),
            Err(_) if !self.project.drivers().is_empty() => Ok(self.project.drivers().to_vec()),
            Err(error) => explained(Err(error)),
        }
    }

    /// The one driver that a command line means.
    pub(crate) fn driver(&self, selection: &Selection) -> anyhow::Result<Driver> {
        match selection.package.as_slice() {
            [] => explained(self.project.driver(None)).cloned(),
            [name] => explained(self.project.driver(Some(name))).cloned(),
            _ => Err(because(Exit::Usage, "one driver at a time: give -p once").into()),
        }
    }

    /// The cache of kernels.
    pub(crate) fn cache(&self) -> &Cache {
        &self.cache
    }

    /// A driver's module for each kernel. It takes as few objects as these kernels do: one, as long as none of
    /// them was built to look for faults.
    pub(crate) fn modules(
        &self,
        driver: &Driver,
        kernels: &[Kernel],
    ) -> anyhow::Result<Vec<Module>> {
        let mut objects: Vec<(Variant, Artefact)> = Vec::new();
        let mut modules = Vec::new();
        for kernel in kernels {
            let variant = self.variant(kernel)?;
            let object = match objects.iter().find(|(of, _)| *of == variant) {
                Some((_, object)) => object.clone(),
                None => {
                    let object = self.object(driver, &variant, false)?;
                    objects.push((variant, object.clone()));
                    object
                }
            };
            modules.push(self.module(&object, Shims::Shipped, kernel)?);
        }
        Ok(modules)
    }

    /// A driver's module for one kernel.
    pub(crate) fn module_for(&self, driver: &Driver, kernel: &Kernel) -> anyhow::Result<Module> {
        let object = self.object(driver, &self.variant(kernel)?, false)?;
        self.module(&object, Shims::Shipped, kernel)
    }

    /// Which of a driver's objects is for a kernel.
    pub(crate) fn variant(&self, kernel: &Kernel) -> anyhow::Result<Variant> {
        let steps = Steps::new(self.ui);
        let (abi, out) = (self.project.abi_dir(), self.project.output_dir());
        let variant = module::variant(abi, kernel, &out, &steps);
        self.ui.finish();
        let mut variant = explained(variant)?;
        variant.values = self.values;
        let mut told = self.told.borrow_mut();
        if !variant.is_stock() && !told.contains(&variant) {
            self.ui.note(format!(
                "drivers are compiled for {} apart from stock kernels: {}",
                kernel.release,
                variant.reasons()
            ));
            told.push(variant.clone());
        }
        Ok(variant)
    }

    /// What the user means to test: the drivers of a command line and, where all are meant, the library.
    pub(crate) fn tested(&self, selection: &Selection) -> anyhow::Result<Vec<Driver>> {
        let library = self.project.library();
        if selection.package.is_empty() {
            let mut all = self.drivers(selection)?;
            let here = self.project.driver(None).is_ok();
            all.extend(library.filter(|_| !here).cloned());
            return Ok(all);
        }
        let named = selection.package.iter().map(|name| {
            let library = library.filter(|library| library.package == *name);
            let driver = || explained(self.project.driver(Some(name)));
            library.map_or_else(driver, Ok).cloned()
        });
        named.collect()
    }

    /// Whether something is the library, of which only the examples run in a kernel.
    pub(crate) fn is_library(&self, driver: &Driver) -> bool {
        self.project.library() == Some(driver)
    }

    /// Whether a kernel looks for faults.
    pub(crate) fn watches(&self, kernel: &Kernel) -> anyhow::Result<bool> {
        Ok(!self.variant(kernel)?.is_stock())
    }

    /// A driver's object.
    pub(crate) fn object(
        &self,
        driver: &Driver,
        variant: &Variant,
        kunit: bool,
    ) -> anyhow::Result<Artefact> {
        // In-kernel tests are those of the documentation, too.
        let examples = if kunit { self.examples(driver)? } else { None };
        let (project, built) = match &examples {
            Some(examples) => (&examples.project, &examples.driver),
            None => (&self.project, driver),
        };
        let artefact = self.with_options(|options| {
            options.kunit = kunit;
            options.variant = variant.clone();
            explained(object::build(project, built, options))
        })?;
        if !artefact.fresh {
            let tests = if kunit {
                ", with its in-kernel tests"
            } else {
                ""
            };
            let place = self.shown(&artefact.object);
            self.ui
                .status("Compiled", format!("{}{tests} ({place})", driver.package));
        }
        Ok(artefact)
    }

    /// The package of the examples in a driver's documentation.
    fn examples(&self, driver: &Driver) -> anyhow::Result<Option<Examples>> {
        let library = library::of(&self.project)?;
        self.with_options(|options| {
            explained(examples::package(&self.project, driver, &library, options))
        })
    }

    /// The module of an object for a kernel.
    pub(crate) fn module(
        &self,
        artefact: &Artefact,
        shims: Shims,
        kernel: &Kernel,
    ) -> anyhow::Result<Module> {
        let steps = Steps::new(self.ui);
        let module = module::build_with(
            self.project.abi_dir(),
            artefact,
            shims,
            kernel,
            &self.project.output_dir(),
            &steps,
        );
        self.ui.finish();
        let module = explained(module)?;
        self.tell_linked(&module);
        Ok(module)
    }

    fn tell_linked(&self, module: &Module) {
        if !module.fresh {
            let what = format!("{} ({} bytes)", self.shown(&module.path), module.bytes);
            self.ui.status("Linked", what);
        }
    }

    /// A kernel's headers, for C modules of tests.
    pub(crate) fn headers(&self, kernel: &Kernel) -> anyhow::Result<module::Headers> {
        let steps = Steps::new(self.ui);
        explained(module::headers(kernel, &self.project.koxide_dir(), &steps))
    }

    /// The programs that a driver's tests run in the virtual machine.
    pub(crate) fn test_programs(
        &self,
        driver: &Driver,
        arch: Arch,
    ) -> anyhow::Result<Vec<guest::TestProgram>> {
        self.with_options(|options| explained(guest::tests(&self.project, driver, arch, options)))
    }

    /// The programs that measure a driver in the virtual machine.
    pub(crate) fn bench_programs(
        &self,
        driver: &Driver,
        arch: Arch,
    ) -> anyhow::Result<Vec<guest::TestProgram>> {
        self.with_options(|options| explained(guest::benches(&self.project, driver, arch, options)))
    }

    /// A virtual machine with a kernel.
    pub(crate) fn vm(&self, kernel: &Kernel) -> anyhow::Result<Vm> {
        let init = self.init(kernel.arch)?;
        let watches = self.watches(kernel)?;
        // Packages are unpacked there; on this machine's own root it is this machine's busybox, which is found without.
        let busybox = ["bin/busybox", "usr/bin/busybox"].map(|path| kernel.headers.root.join(path));
        let kernel = koxide_vm::Kernel {
            release: kernel.release.clone(),
            arch: vm_arch(kernel.arch),
            busybox: busybox.into_iter().find(|path| path.exists()),
            image: explained(kernel.image())?.to_owned(),
            modules: explained(kernel.modules_dir())?.to_owned(),
        };
        let mut vm = Vm::new(kernel, init, self.cache.vm());
        if watches {
            vm.machine.slowness = DEBUG_SLOWNESS;
        }
        Ok(vm)
    }

    /// The virtual machine's init for an architecture.
    fn init(&self, arch: Arch) -> anyhow::Result<PathBuf> {
        let built = self
            .inits
            .borrow()
            .iter()
            .find(|(of, _)| *of == arch)
            .map(|(_, init)| init.clone());
        if let Some(init) = built {
            return Ok(init);
        }
        let init = self.with_options(|o| explained(guest::init(&self.project, arch, o)))?;
        self.inits.borrow_mut().push((arch, init.clone()));
        Ok(init)
    }

    /// A path as the user would type it.
    pub(crate) fn shown(&self, path: &Path) -> String {
        let here = std::env::current_dir().unwrap_or_default();
        path.strip_prefix(&here)
            .map_or_else(|_| PathBuf::from(path), Path::to_owned)
            .display()
            .to_string()
    }

    fn with_options<T>(
        &self,
        build: impl FnOnce(&mut BuildOptions<'_>) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        // cargo writes to the same terminal, and has a progress bar of its own.
        let mut options = BuildOptions::new(&Silent);
        options.offline = self.offline;
        options.quiet = self.ui.is_quiet();
        options.color = match console::colors_enabled_stderr() {
            true => object::Color::Always,
            false => object::Color::Never,
        };
        build(&mut options)
    }
}
