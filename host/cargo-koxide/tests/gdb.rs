// SPDX-License-Identifier: MIT OR Apache-2.0

//! `run --gdb`, with a real debugger, and with a package of the user's own.

mod support;

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use support::process::Running;
use support::{KERNEL, Package, USAGE, koxide_in, repository, run, shared_target};

/// How long the machine may take to end after the debugger left it.
const SOON: Duration = Duration::from_secs(60);

/// The script that the command wrote for the debugger.
fn script(module: &str) -> PathBuf {
    let folders = std::fs::read_dir(shared_target().join("koxide")).unwrap();
    let file = format!("{module}.gdb");
    let mut scripts = folders.map(|folder| folder.unwrap().path().join(&file));
    scripts.find(|script| script.exists()).unwrap()
}

#[test]
fn a_debugger_stops_in_the_driver() {
    if koxide_process::find("gdb").is_none() {
        eprintln!("not tested: there is no gdb on this machine");
        return;
    }
    let package = Package::new("debugged", "koxide-");
    let source = std::fs::read_to_string(package.path().join("src/lib.rs")).unwrap();
    let code = "*file.text.lock() = written;";
    let line = source.lines().position(|line| line.contains(code)).unwrap() + 1;

    let mut command = package.koxide();
    let words = ["run", "--kernel", KERNEL, "--gdb", "0", "--"];
    let steps = "echo hello > /dev/debugged; echo and on it goes";
    let mut machine = Running::start(command.args(words).args(["sh", "-c", steps]));
    machine.wait_for("gdb -x ");
    machine.wait_for_process("qemu-system");

    let mut gdb = Command::new("gdb");
    gdb.args(["-nx", "-batch", "-x"]).arg(script("debugged"));
    for command in [
        // Before the kernel enters the driver.
        "backtrace",
        &format!("break src/lib.rs:{line}"),
        "continue",
        "backtrace",
    ] {
        gdb.args(["-ex", command]);
    }
    run(&mut gdb)
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
