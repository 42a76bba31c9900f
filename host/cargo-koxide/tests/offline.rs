// SPDX-License-Identifier: MIT OR Apache-2.0

//! Without a network: what was fetched is enough, and what was not is named.

mod support;

use std::io::ErrorKind;
use std::net::TcpListener;
use std::process::Command;

use support::cache::{holds, of_user};
use support::sandbox::without_network;
use support::{Ended, KERNEL, MISSING, Package, koxide, repository, run, scratch};

/// Runs a command without a network.
fn alone(command: &Command) -> Option<Ended> {
    Some(run(&mut without_network(command)?))
}

#[test]
fn with_everything_fetched_no_verb_needs_a_network() {
    of_user();
    let folder = scratch("offline-");
    let mut new = koxide(folder.path());
    new.args(["new", "made_offline"]);
    let Some(ended) = alone(&new) else { return };
    ended.with(0);

    let package = Package::new("without_network", "koxide-");
    let there = |words: &[&str]| {
        let mut command = package.koxide();
        command.args(words);
        alone(&command).unwrap().with(0)
    };
    there(&["build", "--kernel", KERNEL]).saying("without_network.ko");
    there(&["run", "--", "cat", "/dev/without_network"]).saying("NOTHING WAS WRITTEN YET");
    there(&["test", "--kernel", KERNEL]).saying(" passed, 0 failed");
    // What forbids the network must not stop what needs none.
    there(&["--offline", "run", "--", "cat", "/dev/without_network"]);
    there(&["kernel", "list"]).saying(KERNEL);
    there(&["kernel", "show", KERNEL]).saying("sha256");
    there(&["doctor"]).saying("Everything is there.");
}

#[test]
fn the_demo_needs_no_network_once_its_kernel_is_there() {
    of_user();
    let mut demo = koxide(&repository());
    demo.arg("demo");
    if let Some(ended) = alone(&demo) {
        ended.with(0).saying("Try next:");
    }
}

#[test]
fn what_has_to_be_fetched_without_a_network_is_named() {
    let package = Package::new("nothing_fetched", "koxide-");
    let cache = package.path().join("cache");
    let fails = |words: &[&str]| {
        let mut command = package.koxide();
        command.env("KOXIDE_CACHE", &cache).args(words);
        let ended = alone(&command)?.with(MISSING).saying(KERNEL);
        assert_eq!(
            holds(&cache),
            [""; 0].map(std::path::PathBuf::from),
            "{ended}"
        );
        Some(ended)
    };
    let Some(ended) = fails(&["build", "--kernel", KERNEL]) else {
        return;
    };
    ended.saying("check the network and the proxy");
    fails(&["--offline", "kernel", "update", KERNEL]);
    fails(&["--offline", "run", "--", "true"])
        .unwrap()
        .saying("without --offline");
    fails(&["kernel", "show", KERNEL])
        .unwrap()
        .saying("cargo koxide kernel add debian:bookworm");
    // The same with the kernel at hand.
    let mut good = package.koxide();
    good.args(["build", "--kernel", KERNEL]);
    alone(&good).unwrap().with(0);
}

#[test]
fn crates_that_were_never_fetched_are_named() {
    let package = Package::new("no_crates", "koxide-");
    let mut command = package.koxide();
    command
        .args(["build", "--kernel", KERNEL])
        .env("CARGO_HOME", package.path().join("cargo-home"))
        .env("CARGO_NET_RETRY", "0");
    if let Some(ended) = alone(&command) {
        ended
            .with(MISSING)
            .saying("cannot fetch what the project")
            .saying("takes a network once");
    }
}

#[test]
fn offline_means_that_nothing_is_asked_for() {
    let archive = TcpListener::bind("127.0.0.1:0").unwrap();
    archive.set_nonblocking(true).unwrap();
    let folder = scratch("offline-");
    let keyring = folder.path().join("keyring.gpg");
    std::fs::write(&keyring, "").unwrap();
    let mirror = format!("http://{}/debian", archive.local_addr().unwrap());
    let mut add = koxide(&repository());
    add.args(["--offline", "kernel", "add", KERNEL])
        .args(["--mirror", &mirror, "--keyring"])
        .arg(&keyring)
        .env("KOXIDE_CACHE", folder.path().join("cache"))
        .env("no_proxy", "127.0.0.1");
    run(&mut add)
        .with(MISSING)
        .saying("the network is forbidden");
    let asked = archive.accept().map(|_| ()).map_err(|error| error.kind());
    assert_eq!(asked, Err(ErrorKind::WouldBlock));
}
