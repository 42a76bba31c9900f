// SPDX-License-Identifier: MIT OR Apache-2.0

//! The detectors of a debug kernel are awake: modules in C and in Rust make one mistake for each, and it is found, named
//! and laid to the test that made it.
//!
//! `cargo koxide test --kernel debug:6.1` runs this among all others; by itself it is run with
//! `KOXIDE_DEBUG_KERNEL=debug:6.1 cargo test -p cargo-koxide --test detectors -- --ignored --test-threads=1`.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use koxide_build::kernels::{Options, resolve};
use koxide_build::object::BuildOptions;
use koxide_build::{Arch, Cache, Kernel, Project, Silent, guest, module};
use koxide_vm::{
    Event, Failure, Limits, Outcome, Payload, Plan, Program, Report, Step, TestResult, Vm,
};
use support::{koxide_in, repository};
use tempfile::TempDir;

/// The variable with the name of the debug kernel.
const VARIABLE: &str = "KOXIDE_DEBUG_KERNEL";

/// A mistake, and what the log has after it: the beginning of a message, and something else in it.
struct Fault {
    module: &'static str,
    name: &'static str,
    splat: &'static str,
    naming: &'static str,
}

const fn fault(
    module: &'static str,
    name: &'static str,
    splat: &'static str,
    naming: &'static str,
) -> Fault {
    Fault {
        module,
        name,
        splat,
        naming,
    }
}

/// What is made in each boot. The first report of lockdep is its last one, and reports of KASAN silence it.
const BOOTS: [&[Fault]; 2] = [
    &[
        fault(
            "broken_c",
            "reads-without-rcu",
            "WARNING: suspicious RCU usage",
            "",
        ),
        fault(
            "broken_c",
            "sleeps-in-atomic",
            "BUG: sleeping function called from invalid context",
            "broken_c.c",
        ),
        fault(
            "broken_c",
            "nested-locks",
            "WARNING: possible recursive locking detected",
            "",
        ),
        fault(
            "broken_c",
            "use-after-free",
            "BUG: KASAN: ",
            "use-after-free in use_after_free+",
        ),
        fault("broken_c", "double-free", "BUG: KASAN: ", "double-free"),
        fault("broken_c", "list", "list_add double add: ", ""),
        fault("broken_c", "refcount", "refcount_t: ", ""),
        fault(
            "broken_c",
            "frees-active-timer",
            "ODEBUG: free active",
            "timer_list",
        ),
    ],
    &[
        fault(
            "broken_rust",
            "sleeps-under-spinlock",
            "BUG: sleeping function called from invalid context",
            "",
        ),
        fault(
            "broken_rust",
            "inverts-locks",
            "WARNING: possible circular locking dependency detected",
            "",
        ),
        fault(
            "broken_rust",
            "heap",
            "BUG: KASAN: slab-out-of-bounds in ",
            "[broken_rust]",
        ),
        fault(
            "broken_rust",
            "stack",
            "BUG: KASAN: stack-out-of-bounds in ",
            "[broken_rust]",
        ),
        fault(
            "broken_rust",
            "global",
            "BUG: KASAN: global-out-of-bounds in ",
            "[broken_rust]",
        ),
        fault(
            "broken_rust",
            "use-after-free",
            "BUG: KASAN: ",
            "use-after-free in ",
        ),
        fault(
            "broken_rust",
            "copy",
            "BUG: KASAN: slab-out-of-bounds in ",
            "copy",
        ),
    ],
];

/// A debug kernel, the modules for it, and a folder that is there as long as this value.
struct Setup {
    vm: Vm,
    payload: Payload,
    folder: TempDir,
}

fn setup() -> Setup {
    let name = std::env::var(VARIABLE)
        .unwrap_or_else(|_| panic!("this test boots a debug kernel: set {VARIABLE} to its name"));
    let cache = Cache::from_env().unwrap();
    let kernel = resolve(&cache, &name.parse().unwrap(), &Options::new(&Silent)).unwrap();
    let project = Project::discover(&repository(), false).unwrap();
    let init = guest::init(&project, Arch::X86_64, &BuildOptions::new(&Silent)).unwrap();
    let folder = support::scratch("detectors-");
    let modules = vec![in_c(&kernel, &project, folder.path()), in_rust(&name)];
    let mut vm = Vm::new(
        koxide_vm::Kernel {
            release: kernel.release.clone(),
            arch: koxide_vm::Arch::X86_64,
            busybox: None,
            image: kernel.image().unwrap().to_owned(),
            modules: kernel.modules_dir().unwrap().to_owned(),
        },
        init,
        cache.vm(),
    );
    vm.machine.slowness = 6;
    let payload = Payload {
        modules,
        busybox: true,
        ..Payload::default()
    };
    Setup {
        vm,
        payload,
        folder,
    }
}

/// Where the mistakes are.
fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/detectors/modules")
}

fn in_c(kernel: &Kernel, project: &Project, folder: &Path) -> PathBuf {
    let headers = module::headers(kernel, &project.koxide_dir(), &Silent).unwrap();
    for file in ["Kbuild", "broken_c.c"] {
        fs::copy(sources().join(file), folder.join(file)).unwrap();
    }
    let made = Command::new("make")
        .arg("-sC")
        .arg(headers.build)
        .arg(format!("M={}", folder.display()))
        .arg(format!("CC={}", headers.compiler))
        .arg("modules")
        .env_remove("MAKEFLAGS")
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    folder.join("broken_c.ko")
}

fn in_rust(kernel: &str) -> PathBuf {
    let source = sources().join("broken_rust.rs");
    let source = source.to_str().unwrap();
    let words = ["build", "--source", source, "--kernel", kernel];
    let built = koxide_in(&repository(), &words).with(0);
    repository().join(built.stdout.trim())
}

#[test]
#[ignore = "boots a debug kernel: `cargo koxide test --kernel debug:6.1` has one"]
fn each_mistake_is_found() {
    let mut setup = setup();
    // KASAN would report once in a boot.
    setup
        .vm
        .machine
        .kernel_args
        .push("kasan_multi_shot".to_owned());
    let mut missing = Vec::new();
    for faults in BOOTS {
        let log = log_of(&setup, faults);
        for fault in faults {
            let found = |line: &&String| line.contains(fault.splat) && line.contains(fault.naming);
            if log.iter().find(found).is_none() {
                missing.push(format!("{} in {}", fault.name, fault.module));
            }
        }
        if !missing.is_empty() {
            panic!("nothing found {}:\n{}", missing.join(", "), log.join("\n"));
        }
    }
}

/// What the kernel says when it is made to make these mistakes one after the other.
fn log_of(setup: &Setup, faults: &[Fault]) -> Vec<String> {
    let step = |argv: &[&str]| Step::new(argv.iter().copied());
    let steps = faults.iter().flat_map(|fault| {
        let parameter = format!("fault={}", fault.name);
        [
            step(&["insmod", fault.module, &parameter]),
            step(&["rmmod", fault.module]),
        ]
    });
    let plan = Plan::Commands {
        load: Vec::new(),
        steps: steps.collect(),
        limit: Some(Duration::from_secs(60)),
    };
    let mut log = Vec::new();
    let report = run(setup, &plan, &mut log);
    assert!(report.success(), "{:?}\n{}", report.steps, log.join("\n"));
    log
}

fn run(setup: &Setup, plan: &Plan, log: &mut Vec<String>) -> Report {
    let report = setup.vm.run(plan, &setup.payload, &mut |event| {
        if let Event::Log(line) = event {
            log.push(line.to_owned());
        }
    });
    report.unwrap()
}

/// A program that answers as one of Rust's tests does: each test loads a module that makes a mistake, and unloads it.
fn program(folder: &Path, tests: &[(&str, &str, &str)]) -> PathBuf {
    let mut script = "#!/bin/sh\nset -e\n".to_owned();
    script += "[ \"$1\" != --list ] || { ";
    for (name, ..) in tests {
        script += &format!("echo '{name}: test'; ");
    }
    script += "exit 0; }\ncase \"$2\" in\n";
    for (name, module, fault) in tests {
        script += &match *module {
            "" => format!("{name}) true ;;\n"),
            _ => format!("{name}) /bin/insmod {module} fault={fault}; rmmod {module} ;;\n"),
        };
    }
    script += "*) exit 9 ;;\nesac\n";
    let path = folder.join("program");
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
#[ignore = "boots a debug kernel: `cargo koxide test --kernel debug:6.1` has one"]
fn a_splat_and_a_leak_are_laid_to_their_test() {
    let setup = setup();
    let tests = [
        ("is_good", "", ""),
        ("leaks_in_c", "broken_c", "leaks"),
        ("leaks_in_rust", "broken_rust", "leaks"),
        ("keeps_guard", "broken_rust", "keeps-guard"),
        ("is_as_good", "", ""),
        ("frees_lock", "broken_c", "frees-held-lock"),
    ];
    let plan = Plan::Tests {
        programs: vec![Program {
            suite: "mistakes".to_owned(),
            path: program(setup.folder.path(), &tests),
            twins: false,
        }],
        kernel: Vec::new(),
        filter: Vec::new(),
        limits: Limits::default(),
    };
    let mut log = Vec::new();
    let report = run(&setup, &plan, &mut log);
    let say = |test: &TestResult| match &test.outcome {
        Outcome::Passed => format!("{}: passed", test.name),
        Outcome::Skipped(why) => format!("{}: skipped, {why}", test.name),
        // The kernel counts what it gave, which is more than was asked for.
        Outcome::Failed(Failure::Leak { count, bytes }) => {
            format!("{}: {count} of {} KiB", test.name, bytes / 1024)
        }
        Outcome::Failed(failure) => format!("{}: {failure}", test.name),
    };
    let mut said: Vec<String> = report.tests.iter().map(say).collect();
    said.sort();
    assert_eq!(
        said,
        [
            "frees_lock: the kernel complained: WARNING: held lock freed!",
            "is_as_good: passed",
            "is_good: passed",
            "keeps_guard: leaks: 1 of 0 KiB",
            "keeps_guard: the kernel complained: WARNING: lock held when returning to user space!",
            "leaks_in_c: leaks: 1 of 2 KiB",
            "leaks_in_c: passed",
            "leaks_in_rust: leaks: 1 of 1 KiB",
            "leaks_in_rust: passed",
        ],
        "{}",
        log.join("\n")
    );
    // One boot until lockdep spoke, and one for what was left.
    assert_eq!(report.boots.len(), 2);
}
