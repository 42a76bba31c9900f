// SPDX-License-Identifier: MIT OR Apache-2.0

//! What goes wrong while a kernel is fetched: needs apt, and the network where a test says so.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use koxide_build::kernels::{self, Error, Options, Source};
use koxide_build::{Cache, KernelName, Silent, cache};

fn bookworm() -> KernelName {
    "debian:bookworm".parse().unwrap()
}

/// The cache that a test's parent names.
fn fresh() -> Cache {
    Cache::at(std::env::var_os("KOXIDE_CACHE").unwrap())
}

fn assert_empty(cache: &Cache) {
    assert!(kernels::list(cache).unwrap().is_empty());
    let left = fs::read_dir(cache.root().join("tmp"));
    assert_eq!(left.map_or(0, Iterator::count), 0, "half-done work is left");
}

#[test]
fn no_network_is_told_as_that() {
    let temp = tempfile::tempdir().unwrap();
    // Nothing listens there.
    let proxy = Path::new("http://127.0.0.1:9");
    let variables = [
        ("KOXIDE_CACHE", temp.path()),
        ("http_proxy", proxy),
        ("https_proxy", proxy),
    ];
    common::in_environment("child_has_no_network", &variables);
}

#[test]
#[ignore = "runs in a process of its own, started by another test"]
fn child_has_no_network() {
    let error = kernels::resolve(&fresh(), &bookworm(), &Options::new(&Silent)).unwrap_err();
    assert!(matches!(error, Error::Network { .. }), "{error}");
    assert!(
        error
            .to_string()
            .contains("check the network and the proxy"),
        "{error}"
    );
    assert_empty(&fresh());
}

#[test]
fn a_machine_without_debians_archive_is_asked_for_it() {
    let temp = tempfile::tempdir().unwrap();
    let config = temp.path().join("apt.conf");
    let text = "Dir::Etc::sourcelist \"/dev/null\";\nDir::Etc::sourceparts \"/dev/null\";\n";
    fs::write(&config, text).unwrap();
    let cache = temp.path().join("cache");
    let variables = [("KOXIDE_CACHE", cache.as_path()), ("APT_CONFIG", &config)];
    common::in_environment("child_knows_no_archive", &variables);
}

#[test]
#[ignore = "runs in a process of its own, started by another test"]
fn child_knows_no_archive() {
    let error = kernels::resolve(&fresh(), &bookworm(), &Options::new(&Silent)).unwrap_err();
    assert!(matches!(error, Error::NoSource { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("`cargo koxide kernel add debian:bookworm --mirror URL --keyring FILE`"),
        "{text}"
    );
}

/// The archive that the machine's own kernel came from.
fn mirror() -> String {
    let record = common::kernel("debian:bookworm").record.unwrap();
    let (mirror, _) = record.mirrors[0].split_once(' ').unwrap();
    mirror.to_owned()
}

#[test]
fn a_keyring_that_did_not_sign_is_refused_and_forgotten() {
    let temp = tempfile::tempdir().unwrap();
    let cache = Cache::at(temp.path().join("cache"));
    let add = |keyring: PathBuf| {
        let source = Source {
            mirror: mirror(),
            keyring,
        };
        kernels::add(&cache, &bookworm(), Some(&source), &Options::new(&Silent)).unwrap_err()
    };
    let missing = add(temp.path().join("no.gpg"));
    assert!(matches!(missing, Error::NoKeyring { .. }), "{missing}");
    let empty = temp.path().join("empty.gpg");
    fs::write(&empty, "").unwrap();
    let error = add(empty);
    assert!(matches!(error, Error::Signature { .. }), "{error}");
    assert_empty(&cache);
    let names = fs::read_dir(cache.root().join("names"));
    assert_eq!(
        names.map_or(0, Iterator::count),
        0,
        "a source that does not work is kept"
    );
}

#[test]
fn a_named_mirror_is_used_and_remembered() {
    let temp = tempfile::tempdir().unwrap();
    let keyring = Path::new("/usr/share/keyrings/debian-archive-keyring.gpg");
    // apt takes spaces and colons in paths.
    let cache = Cache::at(temp.path().join("a cache: mine"));
    let source = Source {
        mirror: mirror(),
        keyring: keyring.to_owned(),
    };
    kernels::remember_source(&cache, &bookworm(), &source).unwrap();
    let plan = kernels::plan(&cache, &bookworm(), &Options::new(&Silent)).unwrap();
    assert!(plan.release.starts_with("6.1.0-") && !plan.fetched);
    assert!(plan.download > 50_000_000 && plan.unpacked > plan.download);
}

#[test]
fn a_cache_that_cannot_be_written_to_is_named() {
    let temp = tempfile::tempdir().unwrap();
    // A file where the folder should be: no user, not even root, can write below it.
    let file = temp.path().join("file");
    fs::write(&file, "").unwrap();
    let cache = Cache::at(file.join("cache"));
    let error = kernels::resolve(&cache, &bookworm(), &Options::new(&Silent)).unwrap_err();
    let text = error.to_string();
    assert!(text.contains(file.to_str().unwrap()), "{text}");
}

#[test]
fn a_full_disk_is_told_as_that() {
    full_disk("20m");
}

#[test]
fn a_disk_too_small_for_a_kernel_is_told_as_that() {
    full_disk("300m");
}

fn full_disk(size: &str) {
    on_disk(&format!("size={size}"), "child_has_a_full_disk");
}

#[test]
fn a_read_only_disk_is_told_as_that() {
    on_disk("ro", "child_has_a_read_only_disk");
}

/// Runs a test in a file system of its own, with a name space so that no rights are needed.
fn on_disk(options: &str, test: &str) {
    let temp = tempfile::tempdir().unwrap();
    let script = format!(
        "mount -t tmpfs -o {options} tmpfs \"$KOXIDE_CACHE\" && exec \"$0\" --exact {test} --include-ignored"
    );
    let output = std::process::Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", &script])
        .arg(std::env::current_exe().unwrap())
        .env("KOXIDE_CACHE", temp.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let why = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}{why}"
    );
}

#[test]
#[ignore = "runs in a process of its own, started by another test"]
fn child_has_a_full_disk() {
    let error = kernels::resolve(&fresh(), &bookworm(), &Options::new(&Silent)).unwrap_err();
    assert!(
        matches!(error, Error::Cache(cache::Error::NoSpace { .. })),
        "{error}"
    );
    assert!(error.to_string().contains("kernel remove"), "{error}");
    assert_empty(&fresh());
}

#[test]
#[ignore = "runs in a process of its own, started by another test"]
fn child_has_a_read_only_disk() {
    let error = kernels::resolve(&fresh(), &bookworm(), &Options::new(&Silent)).unwrap_err();
    assert!(
        matches!(error, Error::Cache(cache::Error::ReadOnly { .. })),
        "{error}"
    );
    assert!(error.to_string().contains("KOXIDE_CACHE"), "{error}");
}
