// SPDX-License-Identifier: MIT OR Apache-2.0

//! What one virtual machine runs: a driver's tests on a kernel, all built.

use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use koxide_build::guest::TestProgram;
use koxide_build::module::Shims;
use koxide_build::object::{Artefact, Variant};
use koxide_build::{Driver, Kernel, Module};
use koxide_vm::{
    Event, Failure, KernelSuite, Limits, Outcome, Payload, Plan, Program, Report, TestResult, Vm,
};

use crate::cli::Test;
use crate::exit::{Exit, because, status_of};
use crate::results::{Case, Object, Verdict};
use crate::trace::Trace;
use crate::workshop::Workshop;

/// The tests of a driver that have its module with shims that fail when they say so: `tests/faults.rs`.
pub(super) const FAULTS: &str = "faults";

/// What the suites begin with that test a driver's twin in C.
const TWIN: &str = "(C) ";

/// What one virtual machine runs. It needs nothing of what built it, so that a thread can have it.
pub(super) struct Batch {
    /// The kernel.
    pub(super) kernel: Kernel,
    /// The driver's name.
    pub(super) driver: String,
    vm: Vm,
    filter: Option<String>,
    plan: Plan,
    payload: Payload,
    /// The modules under test: each suite in the kernel is one, and the programs test the first.
    tested: Vec<(String, Module)>,
    /// The first one's twin in C.
    twin: Option<Module>,
    /// The objects that these modules were linked from.
    pub(super) objects: Vec<Object>,
}

/// Builds batches; what kernels share is built once.
pub(super) struct Builder<'w> {
    workshop: &'w Workshop<'w>,
    options: &'w Test,
    parts: Vec<Built<'w>>,
}

/// The parts of a driver's batches that kernels share, or the error that building them ended with.
struct Built<'w> {
    driver: &'w str,
    variant: Variant,
    parts: Result<Rc<Parts>, (Exit, String)>,
}

/// The parts of a driver's batches that kernels share.
struct Parts {
    programs: Vec<TestProgram>,
    /// None for the library, of which only the tests are a module.
    shipped: Option<Artefact>,
    kunit: Artefact,
}

impl<'w> Builder<'w> {
    /// Has built nothing yet.
    pub(super) fn new(workshop: &'w Workshop<'w>, options: &'w Test) -> Self {
        Self {
            workshop,
            options,
            parts: Vec::new(),
        }
    }

    /// What to run for a driver on a kernel: its modules and its test programs.
    pub(super) fn batch(&mut self, driver: &'w Driver, kernel: &Kernel) -> anyhow::Result<Batch> {
        let workshop = self.workshop;
        let variant = workshop.variant(kernel)?;
        let parts = self.parts(driver, &variant)?;
        let module = |object: &Artefact, shims| workshop.module(object, shims, kernel);
        let mut modules = Vec::new();
        if let Some(shipped) = &parts.shipped {
            modules.push(module(shipped, Shims::Shipped)?);
            if parts.programs.iter().any(|program| program.name == FAULTS) {
                modules.push(module(shipped, Shims::Faulty)?);
            }
        }
        let kunit = module(&parts.kunit, Shims::Shipped)?;
        let twin = workshop.twin(driver, kernel)?;
        let filter = self.options.filter.clone();
        let suite = format!("{}::kunit", driver.package);
        let params = filter.as_deref().map(|filter| choice(&suite, filter));
        let suite = KernelSuite {
            params: params.unwrap_or_default(),
            module: kunit.path.clone(),
            suite,
        };
        let shipped = modules.first().cloned();
        let shipped = shipped.map(|module| (driver.package.clone(), module));
        let tested = shipped.into_iter().chain([(suite.suite.clone(), kunit)]);
        Ok(Batch {
            vm: workshop.vm(kernel)?,
            kernel: kernel.clone(),
            driver: driver.package.clone(),
            plan: Plan::Tests {
                programs: suites(driver, &parts.programs, twin.is_some()),
                kernel: vec![suite],
                filter: filter.iter().cloned().collect(),
                limits: Limits {
                    test: Duration::from_secs(self.options.timeout.get().into()),
                    ..Limits::default()
                },
            },
            filter,
            payload: Payload {
                modules: modules.iter().map(|module| module.path.clone()).collect(),
                twins: twin.iter().map(|twin| twin.path.clone()).collect(),
                programs: driver.programs.clone(),
                ..Payload::default()
            },
            tested: tested.collect(),
            twin,
            objects: parts.objects(),
        })
    }

    /// The parts for kernels of a variant, from the last time where there was one: an error is told once in full.
    fn parts(&mut self, driver: &'w Driver, variant: &Variant) -> anyhow::Result<Rc<Parts>> {
        let known =
            |built: &&Built<'_>| built.driver == driver.package && built.variant == *variant;
        if let Some(built) = self.parts.iter().find(known) {
            let parts = built.parts.as_ref().map(Rc::clone);
            return parts.map_err(|(exit, why)| because(*exit, why.clone()).into());
        }
        let built = self.build(driver, variant).map(Rc::new);
        let kept = built.as_ref().map(Rc::clone);
        self.parts.push(Built {
            driver: &driver.package,
            variant: variant.clone(),
            parts: kept.map_err(|error| (status_of(error), format!("{error:#}"))),
        });
        built
    }

    fn build(&self, driver: &Driver, variant: &Variant) -> anyhow::Result<Parts> {
        let workshop = self.workshop;
        let programs = workshop.test_programs(driver, variant.arch)?;
        let shipped =
            (!workshop.is_library(driver)).then(|| workshop.object(driver, variant, false));
        Ok(Parts {
            programs,
            shipped: shipped.transpose()?,
            kunit: workshop.object(driver, variant, true)?,
        })
    }
}

impl Parts {
    fn objects(&self) -> Vec<Object> {
        let objects = self.shipped.iter().chain([&self.kunit]);
        let object = |artefact: &Artefact| Object {
            name: under(&artefact.object),
            sha256: artefact.sha256.clone(),
        };
        objects.map(object).collect()
    }
}

/// An object's path in the folder for output: the folder of its architecture, and its name.
fn under(object: &Path) -> String {
    let name = object.file_name().unwrap_or_default().display();
    let folder = object.parent().and_then(Path::file_name);
    format!("{}/{name}", folder.unwrap_or_default().display())
}

/// A driver's test programs; where it has a twin, those that are not about Rust test that one as well.
fn suites(driver: &Driver, programs: &[TestProgram], twin: bool) -> Vec<Program> {
    let suite = |program: &TestProgram, twins: bool| Program {
        suite: format!(
            "{}{}::{}",
            if twins { TWIN } else { "" },
            driver.package,
            program.name
        ),
        path: program.path.clone(),
        twins,
    };
    let own = programs.iter().map(|program| suite(program, false));
    let for_twin = programs.iter().filter(|p| twin && p.name != FAULTS);
    own.chain(for_twin.map(|program| suite(program, true)))
        .collect()
}

/// The parameter with which a module runs the tests whose names contain the filter.
///
/// What the module knows of a name is what follows on the suite.
fn choice(suite: &str, filter: &str) -> String {
    let known = format!("{suite}::");
    let plain = |c: char| c.is_ascii_graphic() && c != '"';
    if known.contains(filter) || !filter.chars().all(plain) {
        return String::new();
    }
    // The filter may begin in what the module does not know.
    let rest = known
        .char_indices()
        .find_map(|(at, _)| filter.strip_prefix(&known[at..]));
    format!("kunit_filter=\"{}\"", rest.unwrap_or(filter))
}

impl Batch {
    /// Runs it, and hands over each test as it ends.
    pub(super) fn run(&self, on_case: &mut dyn FnMut(Case)) -> Result<Report, koxide_vm::Error> {
        let mut on_event = |event: Event<'_>| {
            if let Event::TestDone(test) = event
                && self.wants(test)
            {
                on_case(self.case(test));
            }
        };
        self.vm.run(&self.plan, &self.payload, &mut on_event)
    }

    /// A module of tests runs what was asked for, as far as a parameter can say that. What is wrong with the module itself
    /// is told, whatever was asked for.
    fn wants(&self, test: &TestResult) -> bool {
        let name = format!("{}::{}", test.suite, test.name);
        let asked = self.filter.iter().all(|filter| name.contains(filter));
        asked || matches!(test.outcome, Outcome::Failed(_))
    }

    /// A test of the virtual machine as a line of the results.
    fn case(&self, test: &TestResult) -> Case {
        let (verdict, tail) = match &test.outcome {
            Outcome::Passed => (Verdict::Passed, &[][..]),
            Outcome::Skipped(why) => (Verdict::Skipped(why.clone()), &[][..]),
            Outcome::Failed(Failure::Crash(crash)) => {
                (Verdict::Crashed(crash.to_string()), &crash.tail[..])
            }
            Outcome::Failed(failure) => (Verdict::Failed(failure.to_string()), &test.log[..]),
        };
        let mut output = test.output.clone();
        if !tail.is_empty() {
            output += "\n--- the kernel's log ---\n";
            output += &Trace::of(self.module(&test.suite)).explain_all(tail);
        }
        Case {
            place: self.kernel.release.clone(),
            suite: test.suite.clone(),
            name: test.name.clone(),
            verdict,
            duration: Some(test.duration),
            output,
            object: self.object(&test.suite),
        }
    }

    /// The module that the tests of a suite test; none where that is a twin.
    fn module(&self, suite: &str) -> Option<&Module> {
        let own = self.tested.iter().find(|(name, _)| name == suite);
        let (_, module) = own.or(self.tested.first())?;
        (!suite.starts_with(TWIN)).then_some(module)
    }

    /// The object that the tests of a suite test; a twin has none apart from its module.
    fn object(&self, suite: &str) -> Option<Object> {
        if suite.starts_with(TWIN) {
            let twin = self.twin.as_ref()?;
            return Some(Object {
                name: format!("c/{}", twin.path.file_name()?.display()),
                sha256: twin.object.clone(),
            });
        }
        let module = self.module(suite)?;
        Some(Object {
            name: format!("{}.o", module.path.file_stem()?.display()),
            sha256: module.object.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_told_which_tests_are_wanted() {
        let choice = |filter| choice("toy::kunit", filter);
        for all in ["toy", "y::kunit", "::", "kunit::", "a \"b"] {
            assert_eq!(choice(all), "", "{all}");
        }
        assert_eq!(choice("basic::adds"), "kunit_filter=\"basic::adds\"");
        assert_eq!(choice("y::kunit::basic"), "kunit_filter=\"basic\"");
        assert_eq!(choice("::adds"), "kunit_filter=\"adds\"");
        assert_eq!(choice("host::x"), "kunit_filter=\"host::x\"");
    }
}
