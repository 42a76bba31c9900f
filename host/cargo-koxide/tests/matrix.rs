// SPDX-License-Identifier: MIT OR Apache-2.0

//! The support matrix: a driver comes and goes on each of its kernels. And `test --matrix`: what a kernel that cannot be had does
//! to the others, parts for several machines, and Ctrl-C.

mod support;

use std::time::Duration;

use nix::sys::signal::Signal;

use support::process::Running;
use support::sandbox::{Programs, mounted};
use support::{
    INTERRUPTED, KERNEL, MISSING, Package, USAGE, koxide, koxide_in, left_out, repository, run,
};

/// Kernels that are nowhere, so that nothing is built or booted for them.
const NOWHERE: [&str; 4] = ["path:/no/a", "path:/no/b", "path:/no/c", "path:/no/d"];

/// A package of one driver, with a support matrix of its own.
fn package(name: &str, kernels: &[&str]) -> Package {
    let package = Package::new(name, "koxide-matrix-");
    let row = |kernel: &&str| {
        format!("[[kernel]]\nname = \"{kernel}\"\nline = \"of {kernel}\"\narch = \"x86_64\"\n\n")
    };
    let rows: String = kernels.iter().map(row).collect();
    package.write("kernels.toml", &rows);
    package
}

/// The row of a kernel in the table.
fn row(stdout: &str, kernel: &str) -> String {
    let mut rows = stdout
        .lines()
        .filter(|line| line.starts_with(&format!("{kernel} ")));
    let row = rows
        .next()
        .unwrap_or_else(|| panic!("no row {kernel}:\n{stdout}"));
    let cells = row[kernel.len()..].split_whitespace();
    cells.collect::<Vec<_>>().join(" ")
}

/// The kernels that tests leave out when none is asked for.
fn others() -> Vec<String> {
    let text = std::fs::read_to_string(repository().join("kernels.toml")).unwrap();
    let file: toml::Table = text.parse().unwrap();
    let rows = file["kernel"].as_array().unwrap().iter();
    rows.filter(|row| row.get("always").is_none())
        .map(|row| row["name"].as_str().unwrap().to_owned())
        .collect()
}

/// All tests run on the kernels that are marked with `always`. On the others this one driver shows that a kernel can be had, that
/// objects and modules can be built for it, and that it boots, loads and unloads them.
#[test]
fn a_driver_comes_and_goes_on_every_other_kernel() {
    let kernels = others();
    assert!(kernels.len() > 5, "{kernels:?}");
    for kernel in kernels {
        let words = ["run", "-p", "hello_world", "--kernel", &kernel];
        let ended = koxide_in(
            &repository(),
            &[&words[..], &["--", "rmmod", "hello_world"]].concat(),
        );
        if left_out(&ended, &kernel) {
            continue;
        }
        ended
            .with(0)
            .saying("hello_world: Hello, world! (1 of 1)")
            .saying("hello_world: Goodbye, world! I greeted 1 times");
    }
}

#[test]
fn kernels_that_cannot_be_had_are_told_and_counted() {
    let package = package("nowhere", &NOWHERE);
    let words = ["test", "--matrix", "--junit", "m.xml", "--html", "m.html"];
    let ended = package.run(&words).with(MISSING);
    let ended = ended.saying("0 passed, 0 failed, 4 unavailable");
    for kernel in NOWHERE {
        assert_eq!(row(&ended.stdout, kernel), "unavailable", "{ended}");
        let reason = format!("{kernel}: ");
        let told = ended
            .stdout
            .lines()
            .filter(|line| line.starts_with(&reason));
        assert_eq!(told.count(), 1, "{ended}");
    }
    let read = |file: &str| std::fs::read_to_string(package.path().join(file)).unwrap();
    let (xml, html) = (read("m.xml"), read("m.html"));
    assert!(xml.contains("errors=\"4\""), "{xml}");
    for kernel in NOWHERE {
        assert!(xml.contains(&format!("\"kernel on {kernel}\"")), "{xml}");
        assert!(html.contains(kernel), "{html}");
    }
}

#[test]
fn a_full_disk_for_the_reports_leaves_the_table() {
    let package = package("full", &NOWHERE[..2]);
    let reports = support::scratch("reports-");
    let mut command = package.koxide();
    command.args(["test", "--matrix"]);
    for (option, file) in [("--junit", "m.xml"), ("--html", "m.html")] {
        command.arg(option).arg(reports.path().join(file));
    }
    let mount =
        "mount -t tmpfs -o size=4k none \"$folder\"; head -c 4096 /dev/zero > \"$folder/full\"";
    let Some(mut command) = mounted(&command, reports.path(), mount, "ls -A \"$folder\"") else {
        return;
    };
    let ended = run(&mut command).with(support::FAILED);
    for kernel in &NOWHERE[..2] {
        assert_eq!(row(&ended.stdout, kernel), "unavailable", "{ended}");
    }
    assert!(ended.stdout.ends_with("unavailable\nfull\n"), "{ended}");
    let ended = ended.saying("cannot write the JUnit report");
    ended
        .saying("cannot write the page")
        .saying("a kernel could not be had");
}

/// The same from an archive that lacks the suite, which is known before anything is asked of another machine.
#[test]
fn a_suite_that_there_is_not_is_told_with_the_file_that_names_it() {
    let package = package("no_suite", &["debian:bookwurm", NOWHERE[0]]);
    let archive = support::scratch("archive-");
    let source = format!(
        r#"{{"mirror": "file:{}", "keyring": "/dev/null"}}"#,
        archive.path().display()
    );
    let remembered =
        format!(r#"{{"name": "debian:bookwurm", "kernel": null, "source": {source}}}"#);
    let cache = archive.path().join("cache");
    std::fs::create_dir_all(cache.join("names")).unwrap();
    std::fs::write(cache.join("names/debian-bookwurm.json"), remembered).unwrap();
    let file = package.path().join("kernels.toml");
    let blamed = format!("{} names a kernel that cannot be had", file.display());
    let test = |words: &[&str]| {
        let mut command = package.koxide();
        run(command.args(words).env("KOXIDE_CACHE", &cache))
            .saying(&blamed)
            .saying("there is no suite `bookwurm`")
            .saying("did you mean `debian:bookworm`?")
    };
    let ended = test(&["test", "--matrix"]).with(MISSING);
    for kernel in ["debian:bookwurm", NOWHERE[0]] {
        assert_eq!(row(&ended.stdout, kernel), "unavailable", "{ended}");
    }
    test(&["build"]).with(USAGE);
}

#[test]
fn a_matrix_that_is_wrong_is_refused() {
    let package = package("no_matrix", &[NOWHERE[0], NOWHERE[0]]);
    let refused = |says: &str| {
        let ended = package.run(&["test", "--matrix"]).with(USAGE);
        ended.saying("kernels.toml").saying(says);
    };
    refused("the kernel path:/no/a is in it twice");
    package.write("kernels.toml", "kernel = []\n");
    refused("names no kernel: add one");
}

#[test]
fn parts_are_everything_once() {
    let package = package("parts", &NOWHERE);
    let mut seen = Vec::new();
    for part in ["1/3", "2/3", "3/3"] {
        let ended = package
            .run(&["test", "--matrix", "--shard", part])
            .with(MISSING);
        let here = NOWHERE.into_iter();
        let here: Vec<&str> = here
            .filter(|kernel| row(&ended.stdout, kernel) != "-")
            .collect();
        // What is not in this part is not even looked for, and the first line says what is.
        for kernel in NOWHERE {
            let there = here.contains(&kernel);
            assert_eq!(ended.stderr.contains(kernel), there, "{kernel}:\n{ended}");
        }
        seen.extend(here);
    }
    assert_eq!(seen, NOWHERE);
    // More machines than there is work for.
    package
        .run(&["test", "--matrix", "--shard", "1/9"])
        .with(0)
        .saying("0 pairs of driver and kernel (part 1/9 of 4)");
}

#[test]
fn parts_that_share_a_kernel_have_no_suite_in_common() {
    let reports = support::scratch("reports-");
    let mut suites = Vec::new();
    for part in ["1", "2", "3"] {
        let junit = reports.path().join(part);
        let mut command = koxide(&repository());
        command.args(["test", "--matrix", "-p", "hello_world", "-p", "scull"]);
        command.args(["--kernel", NOWHERE[0], "--kernel", NOWHERE[1]]);
        command
            .args(["--shard", &format!("{part}/3"), "--junit"])
            .arg(&junit);
        run(&mut command).with(MISSING);
        let xml = std::fs::read_to_string(junit).unwrap();
        let names = xml.split("<testsuite name=\"").skip(1);
        suites.extend(names.map(|name| name.split('"').next().unwrap().to_owned()));
    }
    // One that no parts share has its name alone.
    let [first, second] =
        ["1/3", "2/3"].map(|part| format!("kernel on {} (part {part})", NOWHERE[0]));
    assert_eq!(suites, [first, second, format!("kernel on {}", NOWHERE[1])]);
}

#[test]
fn what_is_no_part_is_a_wrong_word() {
    let package = package("no_part", &NOWHERE);
    for part in ["0/4", "5/4", "4", "1/0", "a/b"] {
        package
            .run(&["test", "--matrix", "--shard", part])
            .with(USAGE)
            .saying("such as 2/4");
    }
    package
        .run(&["test", "--shard", "1/2"])
        .with(USAGE)
        .saying("--matrix");
    package
        .run(&["test", "--matrix", "--html", "no/such/folder.html"])
        .with(support::FAILED)
        .saying("cannot write the page no/such/folder.html")
        .not_saying("unavailable");
}

#[test]
fn the_other_kernels_are_tested_all_the_same() {
    let foreign = "debian:bookworm/arm64";
    let programs = Programs::without(&["qemu-system-aarch64"]);
    let mut command = koxide(&repository());
    command.args(["test", "--matrix", "-p", "hello_world", "--jobs", "2"]);
    for kernel in [NOWHERE[0], KERNEL, foreign] {
        command.args(["--kernel", kernel]);
    }
    let ended = run(command.env("PATH", programs.path())).with(MISSING);
    for kernel in [NOWHERE[0], foreign] {
        assert_eq!(row(&ended.stdout, kernel), "unavailable", "{ended}");
    }
    let tested = row(&ended.stdout, KERNEL);
    assert!(
        !tested.starts_with('0') && tested.contains(" ok "),
        "{ended}"
    );
    assert!(!tested.contains("FAILED"), "{ended}");
    // What to install is told where it is looked for: below the table.
    let (_, below) = ended.stdout.split_once("\n\n").unwrap();
    assert!(
        below.contains("something that this needs is missing"),
        "{ended}"
    );
    ended
        .saying("x86_64: one object of each driver for its kernel")
        .saying(" passed, 0 failed, 2 unavailable");
}

#[test]
fn a_driver_that_does_not_compile_fails_on_every_kernel() {
    let package = package("broken", &[KERNEL, "debian:bookworm-backports"]);
    package.write("src/lib.rs", "no Rust at all\n");
    let ended = package.run(&["test", "--matrix"]).with(support::FAILED);
    let ended = ended.saying("0 passed, 2 failed");
    assert!(
        row(&ended.stdout, KERNEL).starts_with("0 ok 1 FAILED"),
        "{ended}"
    );
    // The compiler says why once.
    assert_eq!(
        ended.stderr.matches("error: expected").count(),
        1,
        "{ended}"
    );
}

#[test]
fn ctrl_c_ends_all_machines() {
    let mut command = koxide(&repository());
    command.args(["test", "--matrix", "-p", "hello_world", "--jobs", "2"]);
    command.args(["--kernel", KERNEL, "--kernel", "debian:bookworm-backports"]);
    let mut running = Running::start(&mut command);
    running.wait_for_process("qemu-system");
    running.signal(Signal::SIGINT);
    running
        .end_within(Duration::from_secs(5))
        .with(INTERRUPTED)
        .saying("error: interrupted")
        .not_saying("Summary");
}
