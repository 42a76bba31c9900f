// SPDX-License-Identifier: MIT OR Apache-2.0

//! The demo shows what the guest wrote, and nothing that the command knows by itself.

mod support;

use std::process::Command;

use support::{USAGE, koxide, koxide_in, left_out, repository, run, shared_target};

#[test]
fn the_demo_shows_drivers_at_work() {
    let ended = koxide_in(&repository(), &["demo"]).with(0);
    assert!(ended.stdout.contains("Linux version 6.1."), "{ended}");
    assert!(ended.stdout.contains("\ny\ny\ny\n"), "{ended}");
    assert!(ended.stdout.contains("\n100\n"), "{ended}");
    ended.saying("Try next:");
}

#[test]
fn a_driver_that_answers_otherwise_is_shown_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let clone = folder.path().join("koxide");
    assert!(
        Command::new("cp")
            .arg("-r")
            .arg(repository().join("drivers"))
            .arg(folder.path())
            .status()
            .unwrap()
            .success()
    );
    std::fs::create_dir(&clone).unwrap();
    // A checkout with another driver; what does not change is linked.
    for entry in std::fs::read_dir(repository()).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if !["drivers", "target", ".git"]
            .iter()
            .any(|other| *other == name)
        {
            std::os::unix::fs::symlink(entry.path(), clone.join(name)).unwrap();
        }
    }
    std::fs::rename(folder.path().join("drivers"), clone.join("drivers")).unwrap();
    let source = clone.join("drivers/rust_misc_device/src/lib.rs");
    let text = std::fs::read_to_string(&source).unwrap();
    assert!(text.contains("100"), "the driver does not answer 100");
    std::fs::write(&source, text.replace("100", "99")).unwrap();

    let mut command = koxide(&clone);
    let ended = run(command.arg("demo").env("CARGO_TARGET_DIR", shared_target())).with(0);
    assert!(
        ended.stdout.contains("\n99\n") && !ended.stdout.contains("\n100\n"),
        "{ended}"
    );
}

#[test]
fn a_panic_is_shown_and_the_machine_goes_on() {
    // Its driver comes with the command.
    let elsewhere = tempfile::tempdir().unwrap();
    let mut demo = koxide(elsewhere.path());
    let ended = run(demo
        .args(["demo", "panic"])
        .env("CARGO_TARGET_DIR", shared_target()))
    .with(0)
    .saying("lamp: panic in write_iter at lamp.rs:")
    .saying("the index is {}; contained, returned EIO, device poisoned");
    let mut rest = ended.stdout.as_str();
    for text in [
        "\nblue\n",
        "sh: write error: Input/output error\n",
        "can't open '/dev/lamp0': No such device\n",
        // What the user of the other lamp gets, the count of panics, and what a module from elsewhere alone taints.
        "\ngreen\n",
        "\n1\n12288\n",
        "\nwhite\n",
        "The same mistake",
    ] {
        let found = rest.split_once(text);
        (_, rest) = found.unwrap_or_else(|| panic!("{text:?} is not there, or not yet:\n{ended}"));
    }
}

#[test]
fn where_no_panic_is_contained_none_is_made() {
    let kernel = "debian:bookworm/armmp";
    for words in [
        &["demo", "panic"][..],
        &["test", "-p", "scull", "--faults", "1"],
    ] {
        let ended = koxide_in(&repository(), &[words, &["--kernel", kernel]].concat());
        if !left_out(&ended, kernel) {
            ended.with(USAGE).saying("a panic is BUG() on 32-bit ARM");
        }
    }
}
