// SPDX-License-Identifier: MIT OR Apache-2.0

//! Modules that go wrong: each in its way, and each named for what it did.
//!
//! They are written in C, built against the headers in KOXIDE_TEST_HEADERS.

mod common;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use common::{Said, outcome, run, run_scripts, vm};
use koxide_vm::{
    Crash, CrashKind, Failure, KernelSuite, Limits, Load, Outcome, Payload, Plan, Report, Step,
};

/// Builds the modules, once, in a folder of their own.
fn module(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let headers = env::var_os("KOXIDE_TEST_HEADERS").expect(
            "this test builds modules: set KOXIDE_TEST_HEADERS to the folder of the kernel's headers, \
             the one that `make -C` takes",
        );
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/modules");
        let to = Path::new(env!("CARGO_TARGET_TMPDIR")).join("modules");
        fs::create_dir_all(&to).unwrap();
        // Each test may be a process of its own: the first one builds, the others wait and find it done.
        let lock = fs::File::create(to.join("lock")).unwrap();
        lock.lock().unwrap();
        for file in ["Kbuild", "kxfault.c", "kxsuite.c"] {
            let source = fs::read(from.join(file)).unwrap();
            if fs::read(to.join(file)).ok() != Some(source.clone()) {
                fs::write(to.join(file), source).unwrap();
            }
        }
        let status = Command::new("make")
            .arg("-sC")
            .arg(headers)
            .arg(format!("M={}", to.display()))
            .arg("modules")
            .status()
            .unwrap();
        assert!(status.success(), "the modules do not build");
        to
    });
    folder.join(format!("{name}.ko"))
}

fn payload() -> Payload {
    Payload {
        modules: vec![module("kxfault")],
        busybox: true,
        ..Payload::default()
    }
}

fn crash<'a>(report: &'a Report, name: &str) -> &'a Crash {
    match outcome(report, name) {
        Outcome::Failed(Failure::Crash(crash)) => crash,
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
#[ignore = "boots a kernel: set KOXIDE_TEST_KERNEL and KOXIDE_TEST_HEADERS"]
fn every_fault_has_its_name() {
    let faults = ["warn", "panic", "oops", "rust"]
        .map(|how| (how, format!("/bin/insmod kxfault how={how}")));
    let tests: Vec<(&str, &str)> = faults.iter().map(|(name, body)| (*name, &**body)).collect();
    let (report, _) = run_scripts(&tests, Duration::from_secs(20), &payload());
    let warned = outcome(&report, "warn");
    assert!(
        matches!(warned, Outcome::Failed(Failure::Warning(line)) if line.contains("kxfault")),
        "{warned:?}"
    );
    assert_eq!(
        crash(&report, "panic").summary,
        "Kernel panic - not syncing: on purpose"
    );
    let oops = crash(&report, "oops");
    assert_eq!(oops.kind, CrashKind::Oops);
    assert!(
        oops.summary.contains(" NULL pointer dereference"),
        "{oops:?}"
    );
    assert!(
        oops.tail.iter().any(|line| line.contains("kxfault_init")),
        "{oops:?}"
    );
    let rust = crash(&report, "rust");
    assert_eq!(rust.kind, CrashKind::RustPanic);
    assert_eq!(rust.module.as_deref(), Some("kxfault"));
    assert_eq!(rust.location.as_deref(), Some("src/lib.rs:12"));
}

#[test]
#[ignore = "boots a kernel: set KOXIDE_TEST_KERNEL and KOXIDE_TEST_HEADERS"]
fn every_hang_ends_within_its_limit() {
    let hangs = ["spin", "spin-irq-off", "sleep"]
        .map(|how| (how, format!("/bin/insmod kxfault how={how}")));
    let mut tests: Vec<(&str, &str)> = hangs.iter().map(|(name, body)| (*name, &**body)).collect();
    tests.push(("ends", "true"));
    let (report, said) = run_scripts(&tests, Duration::from_secs(2), &payload());
    for how in ["spin", "spin-irq-off", "sleep"] {
        let crash = crash(&report, how);
        assert_eq!(crash.kind, CrashKind::Hang, "{crash:?}");
        let took = report
            .tests
            .iter()
            .find(|r| r.name == how)
            .unwrap()
            .duration;
        assert!(took < Duration::from_secs(15), "{how}: {took:?}");
    }
    assert!(
        crash(&report, "sleep")
            .tail
            .iter()
            .any(|line| line.contains("kxfault_init"))
    );
    assert!(
        matches!(outcome(&report, "ends"), Outcome::Passed),
        "{said:?}"
    );
}

/// Runs the module whose tests are not all good.
fn run_suite(params: &str, limits: Limits) -> (Report, Said) {
    let plan = Plan::Tests {
        programs: Vec::new(),
        kernel: vec![KernelSuite {
            suite: "kxsuite".to_owned(),
            module: module("kxsuite"),
            params: params.to_owned(),
        }],
        filter: Vec::new(),
        limits,
    };
    run(&vm(), &plan, &Payload::default())
}

#[test]
#[ignore = "boots a kernel: set KOXIDE_TEST_KERNEL and KOXIDE_TEST_HEADERS"]
fn an_in_kernel_test_that_hangs_is_named() {
    let limits = Limits {
        test: Duration::from_secs(2),
        ..Limits::default()
    };
    let (report, _) = run_suite("hang=1", limits);
    let hang = crash(&report, "kxsuite::crashes");
    assert_eq!(hang.kind, CrashKind::Hang);
    assert!(
        hang.tail.iter().any(|line| line.contains("kxsuite_init")),
        "{hang:?}"
    );
    assert!(matches!(outcome(&report, "kxsuite::ends"), Outcome::Passed));
}

#[test]
#[ignore = "boots a kernel: set KOXIDE_TEST_KERNEL and KOXIDE_TEST_HEADERS"]
fn in_kernel_tests_go_on_after_the_one_that_crashes() {
    let (report, said) = run_suite("", Limits::default());
    let names: Vec<&str> = report.tests.iter().map(|result| &*result.name).collect();
    assert_eq!(
        names,
        [
            "kxsuite::adds",
            "kxsuite::splits",
            "kxsuite::crashes",
            "kxsuite::ends"
        ],
        "{said:?}"
    );
    assert!(matches!(outcome(&report, "kxsuite::adds"), Outcome::Passed));
    let split = outcome(&report, "kxsuite::splits");
    assert!(matches!(split, Outcome::Failed(Failure::Kernel(why)) if why == "expected 2, got 3"));
    let crash = crash(&report, "kxsuite::crashes");
    assert!(
        crash
            .location
            .as_deref()
            .is_some_and(|l| l.contains("kxsuite.c:")),
        "{crash:?}"
    );
    assert!(matches!(outcome(&report, "kxsuite::ends"), Outcome::Passed));
}

#[test]
#[ignore = "boots a kernel: set KOXIDE_TEST_KERNEL and KOXIDE_TEST_HEADERS"]
fn a_refused_module_is_reported_with_its_errno() {
    let plan = Plan::Commands {
        load: vec![Load::new("kxfault", "how=errno")],
        steps: vec![Step::new(["uname"])],
        limit: None,
    };
    let (report, said) = run(&vm(), &plan, &payload());
    let failure = report.load_failure.expect("the module's init fails");
    assert_eq!(failure.to_string(), "kxfault: init failed: ENOMEM (12)");
    assert!(report.steps.is_empty() && said.stdout.is_empty());
}
