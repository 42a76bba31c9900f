// SPDX-License-Identifier: MIT OR Apache-2.0

//! `run --gdb`, with a real debugger, and with a package of the user's own.

mod support;

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use support::process::Running;
use support::{Ended, KERNEL, Package, USAGE, koxide, koxide_in, repository, run};

/// How long the machine may take to end after the debugger left it.
const SOON: Duration = Duration::from_secs(60);

/// Whether all these programs are on this machine; says so where one is not.
fn has(programs: &[&str]) -> bool {
    let missing = programs
        .iter()
        .find(|name| koxide_process::find(name).is_none());
    if let Some(name) = missing {
        eprintln!("not tested: there is no {name} on this machine");
    }
    missing.is_none()
}

/// The number of the line of a source that has this text.
fn line_of(source: &Path, text: &str) -> usize {
    let source = std::fs::read_to_string(source).unwrap();
    source.lines().position(|line| line.contains(text)).unwrap() + 1
}

/// Lets a debugger do what the command said in the folder in which it was started, and stop where a file is written to.
fn debugged(machine: &mut Running, debugger: &str, folder: &Path, place: &str) -> Ended {
    machine.wait_for(&format!("{debugger} -x "));
    let script = folder.join(machine.rest_of_line());
    machine.wait_for_process("qemu-system");
    let mut gdb = Command::new(debugger);
    gdb.args(["-nx", "-batch", "-x"]).arg(script);
    for command in [
        // Before the kernel enters the driver.
        "backtrace",
        &format!("break {place}"),
        "continue",
        "backtrace",
    ] {
        gdb.args(["-ex", command]);
    }
    run(&mut gdb).with(0)
}

#[test]
fn a_debugger_stops_in_the_driver() {
    if !has(&["gdb"]) {
        return;
    }
    let package = Package::new("debugged", "koxide-");
    let code = "*file.text.lock() = written;";
    let line = line_of(&package.path().join("src/lib.rs"), code);

    let mut command = package.koxide();
    let words = ["run", "--kernel", KERNEL, "--gdb", "0", "--"];
    let steps = "echo hello > /dev/debugged; echo and on it goes";
    let mut machine = Running::start(command.args(words).args(["sh", "-c", steps]));
    let place = format!("src/lib.rs:{line}");
    debugged(&mut machine, "gdb", &package.path(), &place)
        .saying("in do_one_initcall ()")
        .saying("debugged is in memory, and the kernel is about to enter it.")
        .saying(&format!("file src/lib.rs, line {line}."))
        .saying(&format!("write_iter () at src/lib.rs:{line}"))
        // The line itself, of a file that is found.
        .saying(&format!("{line}\t        {code}"))
        // From there up to where the kernel was entered.
        .saying(" in vfs_write ()")
        .saying(" in entry_SYSCALL_64_after_hwframe ()")
        .not_saying("?? ()\n#");
    // The debugger is gone, and the machine goes on as if there had been none.
    machine.end_within(SOON).with(0).saying("and on it goes");
}

#[test]
fn a_debugger_stops_in_a_driver_on_32_bit_arm() {
    if !has(&[
        "gdb-multiarch",
        "qemu-system-arm",
        "arm-linux-gnueabihf-gcc",
    ]) {
        return;
    }
    let source = "drivers/echo_chardev/src/lib.rs";
    let line = line_of(&repository().join(source), "if iov.len() > LONGEST");
    let place = format!("{source}:{line}");

    let words = [
        "run",
        "-p",
        "echo_chardev",
        "--kernel",
        "debian:bookworm/armmp",
    ];
    let steps = ["--gdb", "0", "--", "sh", "-c", "echo hello > /dev/echo"];
    let mut machine = Running::start(koxide(&repository()).args(words).args(steps));
    debugged(&mut machine, "gdb-multiarch", &repository(), &place)
        .saying("in do_one_initcall ()")
        .saying(&format!("write_iter () at {place}"))
        // From there up to where the kernel was entered.
        .saying(" in vfs_write ()")
        .saying(" in ksys_write ()");
    machine.end_within(SOON).with(0);
}

#[test]
fn a_taken_port_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let run = ["run", "-p", "hello_world", "--gdb", &port, "--", "true"];
    koxide_in(&repository(), &run)
        .with(USAGE)
        .saying(&format!("port {port} of this machine is taken"))
        .not_saying("Compiling");
    for other in ["--host", "--c"] {
        let run = ["run", "-p", "hello_world", "--gdb", "--", "true"];
        let run = [&run[..3], &[other], &run[3..]].concat();
        koxide_in(&repository(), &run).with(USAGE);
    }
}
