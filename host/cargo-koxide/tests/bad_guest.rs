// SPDX-License-Identifier: MIT OR Apache-2.0

//! Tests that crash, and kernels that crash or hang under them: each is named, and the others still run.

mod support;

use support::{CRASHED, Ended, FAILED, KERNEL, Package};

/// Tests in the order in which they run.
const TESTS: &str = r#"
//! One crash after the other.

use std::io::Write;

use koxide_guest::{KernelLog, Module};

fn write(text: &str) {
    let _module = Module::load("crash_device", "").unwrap();
    let mut file = std::fs::OpenOptions::new().write(true).open("/dev/crash_device").unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

#[test]
#[ignore = "needs a VM"]
fn a_comes_first() {
    write("fine");
}

#[test]
#[ignore = "needs a VM"]
fn b_aborts() {
    println!("about to abort");
    std::process::abort();
}

#[test]
#[ignore = "needs a VM"]
fn c_panics_the_kernel() {
    std::fs::write("/proc/sysrq-trigger", "c").unwrap();
}

#[test]
#[ignore = "needs a VM"]
fn d_panics_the_driver() {
    write("beyond");
}

#[test]
#[ignore = "needs a VM"]
fn e_hangs_with_a_lock_held() {
    write("hang");
}

#[test]
#[ignore = "needs a VM"]
fn f_takes_too_long() {
    std::thread::sleep(std::time::Duration::from_secs(600));
}

#[test]
#[ignore = "needs a VM"]
fn g_comes_last() {
    let mut log = KernelLog::since_now();
    write("fine");
    log.wait_for("crash_device: ready");
}
"#;

/// A driver that does what is written to it.
fn package() -> Package {
    let package = Package::new("crash_device", "koxide-");
    let source = "src/lib.rs";
    package.edit(
        source,
        "use kernel::new_mutex;",
        "use kernel::{new_mutex, new_spinlock};",
    );
    package.edit(source, "sync::Mutex;", "sync::{Mutex, SpinLock};");
    package.edit(
        source,
        "    text: Mutex<KVec<u8>>,\n",
        "    text: Mutex<KVec<u8>>,\n    #[pin]\n    spin: SpinLock<u32>,\n",
    );
    package.edit(
        source,
        "text <- new_mutex!(text),\n",
        "text <- new_mutex!(text),\n                spin <- new_spinlock!(0),\n",
    );
    package.edit(
        source,
        "        capitalise(&mut written);\n",
        "        match &written[..] {
            // One panic is contained, two are not.
            b\"beyond\" => {
                let _second = Beyond(CAPACITY);
                written[0] = written[CAPACITY];
            }
            b\"hang\" => {
                let _held = file.spin.lock();
                loop {
                    core::hint::spin_loop();
                }
            }
            _ => {}
        }
        capitalise(&mut written);\n",
    );
    let file = package.path().join(source);
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(file, text + BEYOND).unwrap();
    package
}

/// What panics when a panic drops it.
const BEYOND: &str = "
struct Beyond(usize);

impl Drop for Beyond {
    fn drop(&mut self) {
        pr_info!(\"{}\\n\", [0; 4][core::hint::black_box(self.0)]);
    }
}
";

/// What was said of one test: its line and what is below it.
fn about(ended: &Ended, test: &str) -> String {
    let line = format!("crash_device::crashes {test}\n");
    let (before, after) = ended
        .stdout
        .split_once(&line)
        .unwrap_or_else(|| panic!("nothing of {test}: {ended}"));
    let word = before
        .lines()
        .last()
        .unwrap()
        .split_whitespace()
        .next()
        .unwrap();
    let below = after
        .lines()
        .take_while(|line| line.starts_with("             "));
    let below: Vec<&str> = below.map(str::trim_start).collect();
    format!("{word}\n{}", below.join("\n"))
}

#[track_caller]
fn assert_says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
}

#[test]
fn each_crash_is_named_and_the_other_tests_still_run() {
    let package = package();
    for test in ["crash_device.rs", "faults.rs"] {
        std::fs::remove_file(package.path().join("tests").join(test)).unwrap();
    }
    package.write("tests/crashes.rs", TESTS);
    let report = package.path().join("report.xml");
    let ended = package
        .run(&[
            "test",
            "--vm-only",
            "--timeout=2",
            "--junit",
            report.to_str().unwrap(),
            "--kernel",
            KERNEL,
        ])
        .with(CRASHED);

    assert_says(&about(&ended, "a_comes_first"), &["PASS\n"]);
    assert_says(
        &about(&ended, "b_aborts"),
        &["FAIL\n", "the test ended with SIGABRT", "| about to abort"],
    );
    assert_says(
        &about(&ended, "c_panics_the_kernel"),
        &[
            "CRASH\nKernel panic - not syncing: sysrq triggered crash\n",
            "--- the kernel's log ---",
            "sysrq: Trigger a crash",
            "write_sysrq_trigger+",
        ],
    );
    assert_says(
        &about(&ended, "d_panics_the_driver"),
        &[
            "CRASH\ncrash_device: panicked at src/lib.rs:",
            "index out of bounds: the len is {} but the index is {}",
            "kernel BUG at",
            "Comm: d_panics_the_dr",
        ],
    );
    assert_says(
        &about(&ended, "e_hangs_with_a_lock_held"),
        &[
            "CRASH\nthe test hangs in the kernel: it took longer than 2 s and cannot be killed",
            "Comm: e_hangs_with_a",
            "crash_device",
        ],
    );
    assert_says(&about(&ended, "f_takes_too_long"), &["FAIL\n", "2 s"]);
    assert_says(&about(&ended, "g_comes_last"), &["PASS\n"]);
    ended
        .saying("crash_device::kunit crash_device::text_grows_in_kernel_memory")
        .saying("3 passed, 5 failed")
        .saying("the kernel crashed in a test");

    let report = std::fs::read_to_string(report).unwrap();
    assert_says(
        &report,
        &[
            "tests=\"8\"",
            "failures=\"5\"",
            "name=\"d_panics_the_driver\"",
            "not syncing: sysrq",
        ],
    );
}

#[test]
fn a_kernel_that_crashes_beside_a_command() {
    let package = package();
    let run = |options: &[&str], line: &str| {
        package.run(
            &[
                options,
                &["run", "--kernel", KERNEL, "--", "sh", "-c", line],
            ]
            .concat(),
        )
    };
    let ended = run(
        &[],
        "echo before; echo -n beyond > /dev/crash_device; echo after",
    )
    .with(CRASHED);
    assert_eq!(ended.stdout, "before\n");
    ended
        .saying("kernel BUG at")
        .saying("error: the kernel crashed: crash_device: panicked at src/lib.rs:");
    // The log's end is shown even to those who want to see no log.
    run(&["-q"], "echo c > /proc/sysrq-trigger")
        .with(CRASHED)
        .saying("sysrq: Trigger a crash")
        .saying("error: the kernel crashed: Kernel panic - not syncing: sysrq triggered crash");
    run(&["-q"], "kill -SEGV $$")
        .with(FAILED)
        .saying("ended with SIGSEGV");
}
