// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the README shows is what happens.

mod support;

use std::process::Command;

use support::{Package, koxide_in, repository, run, shared_target};

fn readme() -> String {
    std::fs::read_to_string(repository().join("README.md")).unwrap()
}

/// The blocks of code in a language.
fn blocks(language: &str) -> Vec<String> {
    let text = readme();
    let opening = format!("```{language}\n");
    let blocks = text.split(&opening).skip(1);
    blocks
        .map(|rest| rest.split("```").next().unwrap().to_owned())
        .collect()
}

/// A line without what differs from one time to the next: times, releases, what the shown line leaves out.
fn is_stable(line: &str) -> bool {
    !line.starts_with('[') && !line.starts_with(' ') && !line.starts_with("Linux version")
}

#[test]
fn the_demo_prints_what_the_readme_shows() {
    let shown = &blocks("text")[0];
    let ended = koxide_in(&repository(), &["demo"]).with(0);
    let mut printed = ended.stdout.lines();
    for line in shown.lines().filter(|line| is_stable(line)) {
        assert!(
            printed.any(|other| other == line),
            "{line:?} is not printed, or in another order:\n{ended}"
        );
    }
    let log = |line: &str| line.split_once("] ").map(|(_, message)| message.to_owned());
    for message in shown
        .lines()
        .filter(|line| line.starts_with('['))
        .filter_map(log)
    {
        assert!(
            ended.stderr.contains(&message),
            "{message:?} is not in the log:\n{ended}"
        );
    }
}

#[test]
fn the_driver_of_the_readme_works() {
    let package = Package::new("greeting", "koxide-readme-");
    std::fs::write(package.path().join("src/lib.rs"), &blocks("rust")[0]).unwrap();
    let ended = run(package.koxide().args(["run", "--", "cat", "/dev/greeting"])).with(0);
    assert_eq!(ended.stdout, "Hello from Rust\n");
}

#[test]
fn the_commands_for_a_driver_of_ones_own_work() {
    let script = blocks("sh")
        .into_iter()
        .find(|block| block.contains("cargo koxide new"))
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let script = script.replace("cargo koxide", env!("CARGO_BIN_EXE_cargo-kx"));
    let mut shell = Command::new("sh");
    shell
        .args(["-ec", &script])
        .current_dir(folder.path())
        .env("CARGO_TARGET_DIR", shared_target());
    run(&mut shell)
        .with(0)
        .saying("NOTHING WAS WRITTEN YET")
        .saying(" passed, 0 failed");
}

#[test]
fn the_tests_that_the_readme_shows_exist() {
    let shown = &blocks("text")[1];
    let names: Vec<&str> = shown
        .lines()
        .filter(|line| line.contains("PASS ["))
        // An in-kernel test has its suite's name before its own.
        .map(|line| line.rsplit([' ', ':']).next().unwrap())
        .collect();
    assert!(names.len() > 3, "{shown}");
    let root = repository();
    for name in names {
        let mut grep = Command::new("grep");
        let folders = ["drivers", "host", "kernel", "xtask"];
        grep.args(["-rqw", "--include=*.rs", &format!("fn {name}")])
            .args(folders);
        run(grep.current_dir(&root)).with(0);
    }
}
