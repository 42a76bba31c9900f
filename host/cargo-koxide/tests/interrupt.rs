// SPDX-License-Identifier: MIT OR Apache-2.0

//! Ctrl-C at any time: the command ends soon, and leaves no process and nothing half-done.

mod support;

use std::net::TcpListener;
use std::time::Duration;

use nix::sys::signal::Signal;

use support::cache::holds;
use support::process::Running;
use support::{INTERRUPTED, KERNEL, Package, koxide, repository, scratch};

/// How long a user waits after Ctrl-C: what was started is asked to end, and killed after two seconds.
const SOON: Duration = Duration::from_secs(5);

#[test]
fn while_it_fetches() {
    // An archive that takes its time.
    let archive = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = archive.local_addr().unwrap();
    let folder = scratch("interrupted-");
    let (cache, keyring) = (
        folder.path().join("cache"),
        folder.path().join("keyring.gpg"),
    );
    std::fs::write(&keyring, "").unwrap();
    let mut add = koxide(&repository());
    add.args(["kernel", "add", KERNEL])
        .arg(format!("--mirror=http://{address}/debian"))
        .arg("--keyring")
        .arg(&keyring)
        .env("KOXIDE_CACHE", &cache)
        .env("no_proxy", "127.0.0.1");
    let running = Running::start(&mut add);
    // apt asks, and gets no answer.
    let _asked = archive.accept().unwrap();
    running.signal(Signal::SIGINT);
    let ended = running.end_within(SOON).with(INTERRUPTED);
    assert_eq!(ended.stderr, "error: interrupted\n");
    assert!(holds(&cache).is_empty(), "{:?}", holds(&cache));
}

#[test]
fn while_it_compiles() {
    let package = Package::new("interrupted_build", "koxide-");
    let target = scratch("target-");
    let build = ["build", "--kernel", KERNEL];
    let mut command = package.koxide();
    command.args(build).env("CARGO_TARGET_DIR", target.path());
    let mut running = Running::start(&mut command);
    // The one that takes longest.
    running.wait_for_process("--crate-name core ");
    running.signal(Signal::SIGINT);
    running
        .end_within(SOON)
        .with(INTERRUPTED)
        .saying("error: interrupted")
        .not_saying("does not compile");
    package.run(&build).with(0);
}

#[test]
fn while_the_machine_runs() {
    let package = Package::new("interrupted_machine", "koxide-");
    let mut command = package.koxide();
    command.args([
        "run",
        "--kernel",
        KERNEL,
        "--",
        "sh",
        "-c",
        "echo it runs; sleep 600",
    ]);
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let mut running = Running::start(&mut command);
        running.wait_for("it runs");
        running.wait_for_process("qemu-system");
        running.signal(signal);
        running
            .end_within(SOON)
            .with(INTERRUPTED)
            .saying("error: interrupted");
    }
    // Nobody can clean up after a command that is killed; its machine ends by itself.
    let mut running = Running::start(&mut command);
    running.wait_for("it runs");
    running.signal(Signal::SIGKILL);
    let ended = running.end_within(SOON);
    assert_eq!(ended.status, None);
    package
        .run(&["run", "--kernel", KERNEL, "--", "true"])
        .with(0);
}
