// SPDX-License-Identifier: MIT OR Apache-2.0

//! Upstream's samples, which nobody here wrote, compile unmodified and work: what the documentation's table says is so.

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use koxide_build::kernels::{Options, Tree, tree};
use koxide_build::{Cache, Silent};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use support::{Ended, KERNEL, koxide_in, repository};

/// Where upstream has its samples.
const FOLDER: &str = "samples/rust";

/// The kernels of the table, by its columns.
const KERNELS: [(&str, &str); 2] = [("6.1", KERNEL), ("6.12", "debian:bookworm-backports")];

/// The releases that the table was made with.
#[derive(Deserialize)]
struct Recorded {
    release: Vec<Release>,
}

/// A release of the samples.
#[derive(Deserialize)]
struct Release {
    suite: String,
    package: String,
    version: String,
    /// The SHA-256 of each sample.
    samples: BTreeMap<String, String>,
}

/// What a sample is to do.
struct Use {
    /// The module's name.
    module: &'static str,
    params: &'static [&'static str],
    /// What a shell in the machine does while it is loaded.
    script: &'static str,
    /// What that prints.
    stdout: &'static str,
    /// What the kernel's log has afterwards, in this order.
    log: &'static [&'static str],
}

/// How a sample is used that the table says works.
fn usage(sample: &str) -> Use {
    let plain = Use {
        module: "",
        params: &[],
        script: "",
        stdout: "",
        log: &[],
    };
    match sample {
        "rust_minimal" => Use {
            module: "rust_minimal",
            log: &[
                "rust_minimal: Rust minimal sample (init)",
                "rust_minimal: Am I built-in? false",
                "rust_minimal: My numbers are [72, 108, 200]",
                "rust_minimal: Rust minimal sample (exit)",
            ],
            ..plain
        },
        "rust_print_main" => Use {
            module: "rust_print",
            log: &[
                "rust_print: Rust printing macros sample (init)",
                "rust_print: Emergency message (level 0) without args",
                "rust_print: Info message (level 6) without args",
                "rust_print: A line that is continued without args",
                "rust_print: Emergency message (level 0) with args",
                "rust_print: A line that is continued with args",
                "rust_print: 1",
                "rust_print: \"hello, world\"",
                "c = \"hello, world\"",
                "rust_print: Arc<dyn Display> says 42",
                "rust_print: Arc<dyn Display> says hello, world",
                "rust_print: Rust printing macros sample (exit)",
            ],
            ..plain
        },
        "rust_print" => Use {
            module: "rust_print",
            log: &[
                "rust_print: Rust printing macros sample (init)",
                "rust_print: A line that is continued without args",
                "rust_print: Info message (level 6) with args",
                "rust_print: \"hello, world\"",
                "rust_print: Rust printing macros sample (exit)",
            ],
            ..plain
        },
        "rust_misc_device" => Use {
            module: "rust_misc_device",
            script: "ioctl /dev/rust-misc-device 0x7c80; exec 3<>/dev/rust-misc-device; echo a word >&3; cat <&3; \
                exec 3>&-; cat /sys/class/misc/rust-misc-device/uevent",
            stdout: "0\na word\nMAJOR=10\n",
            log: &[
                "Initialising Rust Misc Device Sample",
                "Opening Rust Misc Device Sample",
                "Hello from the Rust Misc Device",
                "Exiting the Rust Misc Device Sample",
            ],
            ..plain
        },
        "rust_driver_faux" => Use {
            module: "rust_faux_driver",
            log: &[
                "rust_faux_driver: Initialising Rust Faux Device Sample",
                "rust-faux-sample-device: Hello from faux device!",
            ],
            ..plain
        },
        "rust_configfs" => Use {
            module: "rust_configfs",
            script: "mount -t configfs none /sys/kernel/config; cd /sys/kernel/config/rust_configfs || exit 1; \
                cat message; printf 'a word' >bar; cat bar; echo; mkdir child; cat child/baz; mkdir child/grand; \
                cat child/grand/gc; mkdir child/grand/no 2>/dev/null || echo no deeper; rmdir child/grand child; cd /",
            stdout: "Hello World\na word\nHello Baz\nHello GC\nno deeper\n",
            log: &["rust_configfs: Show message", "rust_configfs: Store bar"],
            ..plain
        },
        "rust_debugfs_scoped" => Use {
            module: "rust_debugfs_scoped",
            script: "mount -t debugfs none /sys/kernel/debug; cd /sys/kernel/debug/rust_scoped_debugfs || exit 1; \
                echo 'box 5 7' >control/create; cat dynamic/box/0 dynamic/box/1; echo 6 >dynamic/box/0; \
                cat dynamic/box/0; head -c 4 dynamic/box/blob; echo; echo box >control/remove; ls dynamic; cd /",
            stdout: "5\n7\n6\nBBBB\n",
            ..plain
        },
        other => {
            panic!("the table says that {other} works, and nothing here says how that is seen")
        }
    }
}

/// A row of the table: for each kernel, whether the sample works there.
struct Row {
    sample: String,
    works: Vec<bool>,
}

/// The table of a release, such as `7.3`.
fn table(release: &str) -> Vec<Row> {
    let text = std::fs::read_to_string(repository().join("book/src/upstream_samples.md")).unwrap();
    let heading = format!("## Linux {release}\n");
    let (_, rest) = text.split_once(&heading).unwrap();
    let section = rest.split("\n## ").next().unwrap();
    let mut lines = section.lines().filter(|line| line.starts_with('|'));
    let cells = |line: &str| -> Vec<String> {
        let inner = line.trim_matches('|').split('|');
        inner
            .map(|cell| cell.trim().trim_matches('`').to_owned())
            .collect()
    };
    let head = cells(lines.next().unwrap());
    assert_eq!(head[1..=KERNELS.len()], KERNELS.map(|(column, _)| column));
    lines
        .skip(1)
        .map(|line| {
            let cells = cells(line);
            let works = cells[1..=KERNELS.len()]
                .iter()
                .map(|cell| match cell.as_str() {
                    "works" => true,
                    "no" => false,
                    other => panic!("{line}: {other}"),
                });
            Row {
                sample: cells[0].clone(),
                works: works.collect(),
            }
        })
        .collect()
}

/// The release that was recorded for a package.
fn recorded(package: &str) -> Release {
    let text = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples/recorded.toml"),
    )
    .unwrap();
    let all: Recorded = toml::from_str(&text).unwrap();
    all.release
        .into_iter()
        .find(|release| release.package == package)
        .unwrap()
}

/// The samples of a folder, by their names.
fn samples(dir: &Path) -> BTreeMap<String, PathBuf> {
    let files = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|e| e == "rs"))
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), path))
        .collect()
}

/// Says how what was fetched differs from what was recorded.
fn compare(recorded: &Release, tree: &Tree, found: &BTreeMap<String, PathBuf>) {
    if (&recorded.package, &recorded.version) == (&tree.package, &tree.version) {
        return;
    }
    let mut differences = Vec::new();
    for (name, path) in found {
        let hash = Sha256::digest(std::fs::read(path).unwrap());
        let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        match recorded.samples.get(name) {
            None => differences.push(format!("{name} is new")),
            Some(old) if *old != hash => differences.push(format!("{name} changed")),
            Some(_) => {}
        }
    }
    let gone = recorded
        .samples
        .keys()
        .filter(|name| !found.contains_key(*name));
    differences.extend(gone.map(|name| format!("{name} is gone")));
    if differences.is_empty() {
        differences.push("no sample differs".to_owned());
    }
    println!(
        "NOTE: these are the samples of {} {}, and {} {} was recorded: {}",
        tree.package,
        tree.version,
        recorded.package,
        recorded.version,
        differences.join(", ")
    );
}

/// Does all that the table of a release says.
fn check(package: &str, release: &str) {
    let recorded = recorded(package);
    let cache = Cache::from_env().unwrap();
    let options = Options::new(&Silent);
    let tree = tree(&cache, &recorded.suite, package, FOLDER, &options).unwrap();
    let found = samples(&tree.dir);
    compare(&recorded, &tree, &found);
    let rows = table(release);
    for name in found.keys() {
        let known = rows.iter().any(|row| row.sample == *name);
        assert!(known, "{name} of {} is not in the table", tree.package);
    }
    for row in &rows {
        // Another release than the one recorded need not have it.
        let Some(path) = found.get(&row.sample) else {
            continue;
        };
        for ((_, kernel), works) in KERNELS.iter().zip(&row.works) {
            if *works {
                runs(&row.sample, path, kernel);
            }
        }
        if !row.works.contains(&true) {
            let source = path.to_str().unwrap();
            koxide_in(
                &repository(),
                &["build", "--source", source, "--kernel", KERNEL],
            )
            .with(support::FAILED)
            .saying("does not compile");
        }
    }
}

/// Loads a sample, uses it and unloads it.
fn runs(sample: &str, path: &Path, kernel: &str) {
    let usage = usage(sample);
    // The log goes on after the command: what the module says when it leaves is in it.
    let script = format!("{}\nrmmod {} && echo unloaded", usage.script, usage.module);
    let mut words = vec![
        "run",
        "--source",
        path.to_str().unwrap(),
        "--kernel",
        kernel,
    ];
    words.extend(usage.params.iter().flat_map(|param| ["--param", param]));
    words.extend(["--", "sh", "-c", &script]);
    let ended = koxide_in(&repository(), &words).with(0);
    assert!(
        ended.stdout.contains(usage.stdout),
        "{sample} on {kernel}: {ended}"
    );
    assert!(
        ended.stdout.ends_with("unloaded\n"),
        "{sample} on {kernel}: {ended}"
    );
    logged(&ended, usage.log);
}

/// Fails unless the log has these texts, in this order.
fn logged(ended: &Ended, texts: &[&str]) {
    let mut lines = ended.stderr.lines();
    for text in texts {
        assert!(
            lines.any(|line| line.contains(text)),
            "{text:?} is not in the log, or in another place:\n{ended}"
        );
    }
}

/// One test for all: builds of files of the same name, in two releases, follow each other.
#[test]
fn the_samples_work_as_the_table_says() {
    check("linux-source-7.3", "7.3");
    check("linux-source-6.12", "6.12");
}

/// Shapes that upstream has left behind compile, and what has a new name is told with it.
#[test]
fn what_tutorials_print_compiles_with_a_note() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples/tutorial.rs");
    let source = file.to_str().unwrap();
    let words = [
        "run",
        "--source",
        source,
        "--kernel",
        KERNEL,
        "--",
        "sh",
        "-c",
        // Not while the module says that it was closed: the console would have one within the other.
        "cat /dev/old-shapes 2>/said; cat /said; exit 1",
    ];
    koxide_in(&repository(), &words)
        .with(support::FAILED)
        .saying("`module!` takes `authors: [")
        .saying("sync::aref::ARef")
        .saying("Opening")
        .saying("Invalid argument");
}
