// SPDX-License-Identifier: MIT OR Apache-2.0

//! Disks that are full or read-only, caches that are damaged, and the end of all of it.

mod support;

use std::path::Path;
use std::process::Command;

use support::cache::{Copy, holds, of_user};
use support::sandbox::mounted;
use support::{Ended, FAILED, KERNEL, MISSING, Package, koxide, repository, run, scratch};

/// Runs a command where `folder` is on a disk with little space, and prints what is on it in the end.
fn on_small_disk(command: &Command, folder: &Path) -> Option<Ended> {
    let mount = "mount -t tmpfs -o size=4m none \"$folder\"";
    let look = "find \"$folder\" -type f | sed 's/^/left: /'";
    Some(run(&mut mounted(command, folder, mount, look)?))
}

#[test]
fn a_full_disk_for_kernels() {
    let folder = scratch("full-");
    let mut add = koxide(&repository());
    add.args(["kernel", "add", KERNEL])
        .env("KOXIDE_CACHE", folder.path());
    let Some(ended) = on_small_disk(&add, folder.path()) else {
        return;
    };
    let place = folder.path().display();
    let ended = ended
        .with(FAILED)
        .saying(&format!("only 5 MB are free on the disk of {place}"))
        .saying("free some space, for instance with `cargo koxide kernel remove`");
    assert_eq!(ended.stdout, format!("left: {place}/lock\n"));
}

#[test]
fn a_full_disk_for_builds() {
    of_user();
    let package = Package::new("no_room", "koxide-");
    let target = scratch("full-target-");
    let mut build = package.koxide();
    build
        .args(["build", "--kernel", KERNEL])
        .env("CARGO_TARGET_DIR", target.path());
    let Some(ended) = on_small_disk(&build, target.path()) else {
        return;
    };
    ended
        .with(FAILED)
        .saying("building no_room takes 20 MB and only")
        .saying(&format!("on the disk of {}", target.path().display()))
        .saying("CARGO_TARGET_DIR");
    package.run(&["build", "--kernel", KERNEL]).with(0);
}

/// Runs a command where nothing can be written below `folder`.
fn read_only(command: &Command, folder: &Path) -> Option<Ended> {
    let mount = "mount --bind \"$folder\" \"$folder\"; mount -o remount,ro,bind \"$folder\"";
    Some(run(&mut mounted(command, folder, mount, "true")?))
}

#[test]
fn a_read_only_cache_with_all_that_is_needed() {
    let package = Package::new("read_only", "koxide-");
    let cache = Copy::new("read-only-");
    let mut good = package.koxide();
    good.args(["run", "--kernel", KERNEL, "--", "cat", "/dev/read_only"])
        .env("KOXIDE_CACHE", cache.path());
    let Some(ended) = read_only(&good, &cache.path()) else {
        return;
    };
    ended.with(0).saying("NOTHING WAS WRITTEN YET");
    // What is unpacked at the first boot saves time, and is not needed.
    std::fs::remove_dir_all(cache.path().join("vm")).unwrap();
    read_only(&good, &cache.path())
        .unwrap()
        .with(0)
        .saying("NOTHING WAS WRITTEN YET");
}

#[test]
fn a_read_only_cache_that_would_have_to_change() {
    let empty = scratch("read-only-");
    let mut add = koxide(&repository());
    add.args(["kernel", "add", KERNEL])
        .env("KOXIDE_CACHE", empty.path());
    let Some(ended) = read_only(&add, empty.path()) else {
        return;
    };
    let place = empty.path().display();
    ended
        .with(FAILED)
        .saying(&format!("the cache cannot be written to ({place}"))
        .saying("make it writable, or set KOXIDE_CACHE to another folder");
    let user = of_user();
    let mut remove = koxide(&repository());
    remove.args(["kernel", "remove", KERNEL]);
    read_only(&remove, &user)
        .unwrap()
        .with(FAILED)
        .saying("the cache cannot be written to");
    assert_shows(&user);
}

/// The kernel is still there.
fn assert_shows(cache: &Path) {
    let mut show = koxide(&repository());
    show.args(["kernel", "show", KERNEL])
        .env("KOXIDE_CACHE", cache);
    run(&mut show).with(0).saying("sha256");
}

#[test]
fn a_damaged_cache_says_how_to_mend_it() {
    let cache = Copy::new("damaged-");
    let in_copy = |words: &[&str]| {
        let mut command = koxide(&repository());
        command.args(words).env("KOXIDE_CACHE", cache.path());
        run(&mut command)
    };
    let record = cache.path().join("names/debian-bookworm.json");
    let text = std::fs::read(&record).unwrap();
    // The copy shares its files with the user's cache: one that is changed has to be another one.
    std::fs::remove_file(&record).unwrap();
    std::fs::write(&record, &text[..text.len() / 2]).unwrap();
    in_copy(&["kernel", "show", KERNEL])
        .with(FAILED)
        .saying(&format!("{} is damaged", record.display()))
        .saying("`cargo koxide kernel remove debian:bookworm`");
    in_copy(&["kernel", "remove", KERNEL])
        .with(0)
        .saying("freed");
    in_copy(&["kernel", "list"])
        .with(0)
        .saying("not fetched yet");
}

/// A removal that ends in the middle, because something cannot be removed, leaves no part that counts as the whole.
#[test]
fn a_removal_that_fails_leaves_no_half_of_a_kernel() {
    for words in [
        &["kernel", "remove", KERNEL][..],
        &["kernel", "remove", "--all"],
    ] {
        let cache = scratch("half-removed-");
        let in_cache = |words: &[&str]| {
            let mut command = koxide(&repository());
            command.args(words).env("KOXIDE_CACHE", cache.path());
            command
        };
        let kernel = cache.path().join("kernels/one");
        let write = |file: &str, text: &str| {
            let file = cache.path().join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        };
        let name = format!(r#""name": "{KERNEL}""#);
        write(
            "names/debian-bookworm.json",
            &format!(r#"{{{name}, "kernel": "one", "source": null}}"#),
        );
        let rest = r#""release": "6.1.0", "packages": [], "fetched": "", "mirrors": []"#;
        write("kernels/one/record.json", &format!("{{{name}, {rest}}}"));
        write("kernels/one/root/usr/src/file", "");
        // Nobody can remove a folder that something is mounted on.
        let mount = "mount -t tmpfs none \"$folder\"";
        let remove = in_cache(words);
        let Some(mut remove) = mounted(&remove, &kernel.join("root/usr/src"), mount, "true") else {
            return;
        };
        run(&mut remove).with(FAILED).saying("cannot remove");
        assert!(!kernel.exists(), "{words:?}");
        run(&mut in_cache(&["kernel", "show", KERNEL])).with(MISSING);
        // What is left of it goes with the rest.
        run(&mut in_cache(&["kernel", "remove", "--all"])).with(0);
        assert!(!cache.path().exists());
    }
}

#[test]
fn removing_all_leaves_nothing() {
    let cache = Copy::new("removed-");
    assert!(!holds(&cache.path()).is_empty());
    let remove = || {
        let mut remove = koxide(&repository());
        remove.args(["kernel", "remove", "--all"]);
        run(remove.env("KOXIDE_CACHE", cache.path()))
    };
    remove().with(0).saying("freed");
    assert!(!cache.path().exists());
    // There is nothing to do a second time, and that is no error.
    remove().with(0).saying("freed 0 B");
    assert_shows(&of_user());
}
