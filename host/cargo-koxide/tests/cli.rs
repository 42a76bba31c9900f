// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a user of any command line expects: help whose examples work, a version, colours when they are wanted.

mod support;

use std::path::Path;

use support::{USAGE, koxide, koxide_in, repository, run};

/// The example of a verb's help, as words.
fn example(verb: &[&str]) -> Vec<String> {
    let help = koxide_in(&repository(), &[verb, &["--help"]].concat())
        .with(0)
        .stdout;
    let line = help
        .lines()
        .skip_while(|line| *line != "Example:")
        .nth(1)
        .unwrap_or_else(|| panic!("no example:\n{help}"));
    let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    assert_eq!(words[..2], ["cargo", "koxide"], "{line}");
    words[2..].to_vec()
}

/// Runs the example of a verb's help.
fn try_example(verb: &[&str], dir: &Path, cache: Option<&Path>) -> support::Ended {
    let mut command = koxide(dir);
    if let Some(cache) = cache {
        command.env("KOXIDE_CACHE", cache);
    }
    run(command.args(example(verb))).with(0)
}

#[test]
fn the_examples_of_doctor_and_build_work() {
    try_example(&["doctor"], &repository(), None).saying("Everything is there.");
    try_example(&["build"], &repository(), None).saying("hello_world.ko");
}

#[test]
fn the_example_of_run_works() {
    let ended = try_example(&["run"], &repository(), None);
    assert_eq!(ended.stdout, "y\ny\ny\ny\n");
}

#[test]
fn the_example_of_test_works() {
    // The host's tests of the driver are part of it.
    try_example(&["test"], &repository(), None).saying(" passed, 0 failed");
}

#[test]
fn results_are_written_as_junit() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("results.xml");
    let words = [
        "test",
        "-p",
        "hello_world",
        "-k",
        "6.1",
        "--vm-only",
        "--junit",
    ];
    let ended = run(koxide(&repository()).args(words).arg(&file)).with(0);
    let passed = ended.stdout.matches("PASS").count();
    let xml = std::fs::read_to_string(&file).unwrap();
    assert!(
        passed > 2 && xml.matches("<testcase ").count() == passed,
        "{ended}\n{xml}"
    );
    assert!(xml.contains("failures=\"0\""), "{xml}");
    // Each suite names the object that it tests: all programs test the same, those that are not about Rust its twin as
    // well, and the in-kernel tests are in another.
    let objects: Vec<&str> = xml
        .split("name=\"object-sha256\" value=\"")
        .skip(1)
        .collect();
    assert!(objects.len() > 2, "{xml}");
    let mut hashes: Vec<&str> = objects.iter().map(|rest| &rest[..64]).collect();
    hashes.dedup();
    let suites = ["(C) hello_world::hello on 6.1.0-", "hello_world::faults on"];
    assert_eq!(
        suites.map(|suite| xml.matches(suite).count()),
        [1, 1],
        "{xml}"
    );
    let (_, after) = xml.split_once("hello on 6.1.0-").unwrap();
    let release = format!("6.1.0-{}", after.split_once('"').unwrap().0);
    let twin = format!("{release}/c/hello_world.ko");
    let objects = ["hello_world", "hello_world-kunit"];
    let [shipped, kunit] = objects.map(|name| format!("x86_64/{name}.o"));
    let tested = [shipped, twin, kunit];
    assert_eq!(hashes.len(), tested.len(), "{xml}");
    for (hash, file) in hashes.iter().zip(tested) {
        let sum = std::process::Command::new("sha256sum")
            .arg(repository().join("target/koxide").join(&file))
            .output()
            .unwrap();
        assert!(sum.stdout.starts_with(hash.as_bytes()), "{file}: {hash}");
    }
    // A folder that is not there is told before the last line, and nothing is left half written.
    let nowhere = folder.path().join("no/such/results.xml");
    let ended = run(koxide(&repository()).args(words).arg(&nowhere)).with(support::FAILED);
    ended.saying("cannot write the JUnit report");
}

#[test]
fn the_example_of_bench_works() {
    try_example(&["bench"], &repository(), None).saying("| hello_world ");
}

#[test]
fn the_example_of_audit_works() {
    // A comment of the library, and the contract that it answers.
    try_example(&["audit"], &repository(), None)
        .saying("kernel/koxide/src/sync/arc.rs:")
        .saying("to Box::from_raw (kernel/koxide/src/alloc/kbox.rs:");
}

#[test]
fn the_audit_counts_everything_and_writes_json() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("audit.json");
    let mut command = koxide(&repository());
    // What the drivers' objects have of others is counted, too.
    let ended = run(command.arg("audit").arg("--json").arg(&file)).with(0);
    let ended = ended.saying("pinned-init 0.");
    let row = |name: &str| -> Vec<usize> {
        let line = ended.stdout.lines().find(|line| line.starts_with(name));
        let numbers = line.unwrap_or_default().split_whitespace().skip(1);
        numbers.map(|number| number.parse().unwrap()).collect()
    };
    // Blocks, functions, impls, traits, lines, lines in blocks, lines of C. A driver has code, and nothing unsafe.
    let hello = row("hello_world ");
    assert!(
        hello[4] > 10 && hello.iter().sum::<usize>() == hello[4],
        "{ended}"
    );
    let sync = row("koxide/sync ");
    assert!(
        sync[0] > 50 && sync[5] >= sync[0] && sync[4] > sync[5],
        "{ended}"
    );
    let mutex = row("koxide-abi/mutex ");
    assert!(mutex[0] == 0 && mutex[1] >= 4 && mutex[6] > 10, "{ended}");
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert!(json["parts"].as_array().unwrap().len() > 50, "{json:#}");
    assert!(json["shims"].as_array().unwrap().len() > 20, "{json:#}");
}

#[test]
fn the_example_of_new_works() {
    let folder = tempfile::tempdir().unwrap();
    try_example(&["new"], folder.path(), None);
    assert!(folder.path().join("my_driver/src/lib.rs").exists());
}

#[test]
fn the_examples_of_kernel_work() {
    // A copy that shares the files: removing a kernel there leaves the user's own.
    koxide_in(&repository(), &["kernel", "add", "debian:bookworm"]).with(0);
    let cache = koxide_in(&repository(), &["kernel", "list"]).with(0).stdout;
    let cache = cache
        .lines()
        .last()
        .unwrap()
        .split_once(" in ")
        .unwrap()
        .1
        .to_owned();
    let folder = tempfile::tempdir_in(Path::new(&cache).parent().unwrap()).unwrap();
    let copy = folder.path().join("koxide");
    assert!(
        std::process::Command::new("cp")
            .args(["-al", &cache])
            .arg(&copy)
            .status()
            .unwrap()
            .success()
    );

    let try_kernel = |verb: &str| try_example(&["kernel", verb], &repository(), Some(&copy));
    try_kernel("list").saying("debian:bookworm");
    try_kernel("add").saying("sha256");
    try_kernel("show").saying("sha256");
    try_kernel("update").saying("debian:bookworm");
    try_kernel("remove").saying("freed");
    try_kernel("list").saying("not fetched yet");
    koxide_in(&repository(), &["kernel", "show", "debian:bookworm"]).with(0);
}

#[test]
fn the_version_names_release_and_abi() {
    let ended = koxide_in(&repository(), &["--version"]).with(0);
    assert!(ended.stdout.starts_with("cargo koxide 0."), "{ended}");
    assert!(ended.stdout.contains("(shim ABI 1)"), "{ended}");
}

#[test]
fn colours_come_when_they_are_wanted() {
    let words = ["kernel", "list"];
    let escape = "\u{1b}[";
    run(koxide(&repository()).args(words))
        .with(0)
        .not_saying(escape);
    run(koxide(&repository()).args(words).arg("--color=always"))
        .with(0)
        .saying(escape);
    run(koxide(&repository()).args(words).args(["--color", "never"]))
        .with(0)
        .not_saying(escape);
    run(koxide(&repository()).args(words).env("NO_COLOR", "1"))
        .with(0)
        .not_saying(escape);
}

#[test]
fn commands_are_shown_when_asked_for() {
    let ended = koxide_in(&repository(), &["build", "-p", "hello_world", "-v"]).with(0);
    assert!(
        ended
            .stderr
            .lines()
            .any(|line| line.contains("cargo metadata")),
        "{ended}"
    );
    let quiet = koxide_in(&repository(), &["build", "-p", "hello_world", "-q"]).with(0);
    assert_eq!(quiet.stderr, "");
}

#[test]
fn wrong_words_end_with_usage() {
    koxide_in(&repository(), &["bild"])
        .with(USAGE)
        .saying("build");
    koxide_in(&repository(), &["build", "-p", "no_such_driver"])
        .with(USAGE)
        .saying("hello_world");
    koxide_in(&repository(), &["build", "--kernel", "no-such"])
        .with(USAGE)
        .saying("debian:SUITE");
    koxide_in(&repository(), &["new", "My-Driver"])
        .with(USAGE)
        .saying("`my_driver`");
    koxide_in(&repository(), &["kernel", "remove"])
        .with(USAGE)
        .saying("--all");
    koxide_in(
        &repository(),
        &["run", "-p", "hello_world", "-k", "6.1", "-k", "6.12"],
    )
    .with(USAGE);
}
