// SPDX-License-Identifier: MIT OR Apache-2.0

//! Tests that take the machine down with them: the rest still runs.

mod common;

use std::time::{Duration, Instant};

use common::{outcome, run_scripts};
use koxide_vm::{CrashKind, Exit, Failure, Outcome, Payload};

fn payload() -> Payload {
    Payload {
        busybox: true,
        ..Payload::default()
    }
}

#[test]
#[ignore = "boots a kernel: set KOXIDE_TEST_KERNEL"]
fn a_crash_fails_its_test_and_the_rest_runs() {
    let (report, said) = run_scripts(
        &[
            ("passes", "echo fine"),
            ("panics", "echo c > /proc/sysrq-trigger; sleep 9"),
            ("fails", "echo why; exit 101"),
            ("vanishes", "echo b > /proc/sysrq-trigger; sleep 9"),
            ("dies", "kill -SEGV $$"),
            ("complains", "echo '<4>WARNING: on purpose' > /dev/kmsg"),
            ("lasts", "sleep 60"),
            ("ends", "true"),
        ],
        Duration::from_secs(2),
        &payload(),
    );
    assert_eq!(report.tests.len(), 8);
    assert_eq!(report.boots.len(), 3);
    assert!(matches!(outcome(&report, "passes"), Outcome::Passed));
    let Outcome::Failed(Failure::Crash(crash)) = outcome(&report, "panics") else {
        panic!("{:?}", outcome(&report, "panics"));
    };
    assert!(
        matches!(crash.kind, CrashKind::Panic | CrashKind::Oops),
        "{crash:?}"
    );
    assert!(
        crash
            .tail
            .iter()
            .any(|line| line.contains("sysrq: Trigger a crash")),
        "{crash:?}"
    );
    let failed = outcome(&report, "fails");
    assert!(matches!(
        failed,
        Outcome::Failed(Failure::Exit(Exit::Status(101)))
    ));
    let why = report
        .tests
        .iter()
        .find(|result| result.name == "fails")
        .unwrap();
    assert_eq!(why.output, "why\n");
    let vanished = outcome(&report, "vanishes");
    assert!(
        matches!(vanished, Outcome::Failed(Failure::Crash(c)) if c.kind == CrashKind::Vanished),
        "{vanished:?}"
    );
    let died = outcome(&report, "dies");
    assert!(
        matches!(died, Outcome::Failed(Failure::Exit(Exit::Signal(11)))),
        "{died:?}"
    );
    let complained = outcome(&report, "complains");
    assert!(
        matches!(complained, Outcome::Failed(Failure::Warning(line)) if line == "WARNING: on purpose"),
        "{complained:?}"
    );
    assert!(matches!(
        outcome(&report, "lasts"),
        Outcome::Failed(Failure::TimedOut(_))
    ));
    assert!(matches!(outcome(&report, "ends"), Outcome::Passed));
    assert_eq!((report.passed(), report.failed()), (2, 6));
    assert!(said.events.contains(&"start suite panics".to_owned()));
    assert!(report.crashed() && !report.success());
}

#[test]
#[ignore = "boots a kernel: set KOXIDE_TEST_KERNEL"]
fn a_machine_that_stands_still_is_ended() {
    let started = Instant::now();
    let (report, _) = run_scripts(
        &[("halts", "halt -f; sleep 60"), ("ends", "true")],
        Duration::from_secs(1),
        &payload(),
    );
    let halted = outcome(&report, "halts");
    assert!(
        matches!(halted, Outcome::Failed(Failure::Crash(crash)) if crash.kind == CrashKind::Hang),
        "{halted:?}"
    );
    assert!(matches!(outcome(&report, "ends"), Outcome::Passed));
    assert!(started.elapsed() < Duration::from_secs(40));
}
