// SPDX-License-Identifier: MIT OR Apache-2.0

//! `test`: the tests of this machine, then each driver's in a virtual machine on every kernel.

use std::time::Duration;

use koxide_build::guest::TestProgram;
use koxide_build::{Driver, Kernel, Module};
use koxide_vm::{Event, Failure, KernelSuite, Limits, Outcome, Payload, Plan, Program, TestResult};

use crate::cli::Test;
use crate::host_tests;
use crate::machine::explained_vm;
use crate::results::{Case, Object, Results, Verdict};
use crate::ui::Ui;
use crate::workshop::{Kind, Workshop};

/// The tests of a driver that have its module with shims that fail when they say so: `tests/faults.rs`.
const FAULTS: &str = "faults";

/// What the suites begin with that test a driver's twin in C.
const TWIN: &str = "(C) ";

/// Builds everything first, so that nothing runs when something does not compile; then runs all, failures or not.
pub(crate) fn run(options: &Test, offline: bool, ui: &Ui) -> anyhow::Result<()> {
    let workshop = Workshop::open(offline, ui)?;
    let drivers = workshop.tested(&options.selection)?;
    let kernels = workshop.kernels(&options.selection)?;
    let mut plans = Vec::new();
    for driver in &drivers {
        plans.extend(plan(&workshop, driver, &kernels, options)?);
    }

    let mut results = Results::new(ui);
    if !options.vm_only {
        host_tests::run(&workshop, options, &kernels, offline, &mut results, ui)?;
    }
    for batch in &plans {
        run_batch(&workshop, batch, &mut results)?;
    }
    if let Some(file) = &options.junit {
        results.write_junit(file)?;
    }
    results.finish()
}

/// What one virtual machine runs.
struct Batch<'k> {
    kernel: &'k Kernel,
    plan: Plan,
    payload: Payload,
    /// The modules under test: each suite in the kernel is one, and the programs test the first.
    tested: Vec<(String, Module)>,
    /// The first one's twin in C.
    twin: Option<Module>,
}

/// What to run for a driver on each kernel: its modules and its test programs, all built.
fn plan<'k>(
    workshop: &Workshop<'_>,
    driver: &Driver,
    kernels: &'k [Kernel],
    options: &Test,
) -> anyhow::Result<Vec<Batch<'k>>> {
    let programs = workshop.test_programs(driver)?;
    let mut modules = Vec::new();
    if !workshop.is_library(driver) {
        modules.push(workshop.modules(driver, kernels, Kind::Shipped)?);
    }
    if programs.iter().any(|program| program.name == FAULTS) {
        modules.push(workshop.modules(driver, kernels, Kind::Faulty)?);
    }
    let tests = workshop.modules(driver, kernels, Kind::Kunit)?;
    let twins = workshop.twins(driver, kernels)?;
    let programs = suites(driver, &programs, twins.is_some());
    let mut plans = Vec::new();
    for (index, (kernel, kunit)) in kernels.iter().zip(tests).enumerate() {
        let suite = format!("{}::kunit", driver.package);
        let filter = options.filter.as_deref();
        let suite = KernelSuite {
            params: filter.map_or_else(String::new, |filter| choice(&suite, filter)),
            module: kunit.path.clone(),
            suite,
        };
        let shipped = modules.first().map(|all| all[index].clone());
        let shipped = shipped.map(|module| (driver.package.clone(), module));
        let twin = twins.as_ref().map(|all| all[index].clone());
        let tested = shipped.into_iter().chain([(suite.suite.clone(), kunit)]);
        let tested = tested.collect();
        let plan = Plan::Tests {
            programs: programs.clone(),
            kernel: vec![suite],
            filter: options.filter.iter().cloned().collect(),
            limits: Limits {
                test: Duration::from_secs(options.timeout.get().into()),
                ..Limits::default()
            },
        };
        plans.push(Batch {
            kernel,
            plan,
            payload: Payload {
                modules: modules.iter().map(|all| all[index].path.clone()).collect(),
                twins: twin.iter().map(|twin| twin.path.clone()).collect(),
                programs: driver.programs.clone(),
                ..Payload::default()
            },
            tested,
            twin,
        });
    }
    Ok(plans)
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

fn run_batch(
    workshop: &Workshop<'_>,
    batch: &Batch<'_>,
    results: &mut Results<'_>,
) -> anyhow::Result<()> {
    let vm = workshop.vm(batch.kernel)?;
    let Plan::Tests { filter, .. } = &batch.plan else {
        unreachable!("this verb makes plans of tests only");
    };
    // A module of tests runs what was asked for, as far as a parameter can say that. What is wrong with the module itself
    // is told, whatever was asked for.
    let wanted = |test: &TestResult| {
        let name = format!("{}::{}", test.suite, test.name);
        matches!(test.outcome, Outcome::Failed(_))
            || filter.iter().all(|filter| name.contains(filter))
    };
    let mut on_event = |event: Event<'_>| {
        if let Event::TestDone(test) = event
            && wanted(test)
        {
            results.add(batch.case(test));
        }
    };
    explained_vm(vm.run(&batch.plan, &batch.payload, &mut on_event))?;
    Ok(())
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

impl Batch<'_> {
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
            output += &tail.join("\n");
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

    /// The object that the tests of a suite test; a twin has none apart from its module.
    fn object(&self, suite: &str) -> Option<Object> {
        if suite.starts_with(TWIN) {
            let twin = self.twin.as_ref()?;
            return Some(Object {
                name: format!("c/{}", twin.path.file_name()?.display()),
                sha256: twin.object.clone(),
            });
        }
        let own = self.tested.iter().find(|(name, _)| name == suite);
        let (_, module) = own.or(self.tested.first())?;
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
