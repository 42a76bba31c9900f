// SPDX-License-Identifier: MIT OR Apache-2.0

//! Modules come and go on a real kernel: that of a virtual machine, in which this program runs a second time.

#[path = "../../koxide-vm/tests/common/mod.rs"]
mod common;

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use koxide_host::{Error, Machine, Module, load};
use koxide_vm::Payload;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Says which part of a test a process has.
const PART: &str = "KOXIDE_TEST_PART";

/// A module of the kernel's own that takes parameters, and depends on another module.
const MODULE: &str = "null_blk";
const NEEDED: &str = "configfs";

/// The module's file in the machine.
const FILE: &str = "/koxide/modules/null_blk.ko";

/// What the tools of the machine's init do not do as the distribution's: they take names for files.
const TOOLS: &str = "mkdir /tmp/tools; for tool in insmod rmmod; do ln -s /bin/busybox /tmp/tools/$tool; done; \
                     export PATH=/tmp/tools:$PATH;";

/// Runs a test of this program in a virtual machine, where it has the part that `part` says.
#[track_caller]
fn in_a_machine(test: &str) {
    let file = format!("kernel/drivers/block/{MODULE}/{MODULE}.ko");
    let program = env::current_exe().unwrap();
    let name = program.file_name().unwrap().display();
    let script = format!("{TOOLS} {PART}=loader exec {name} --exact {test} --ignored --nocapture");
    let payload = Payload {
        modules: vec![common::kernel().modules.join(file)],
        busybox: true,
        programs: vec![program.display().to_string()],
        ..Payload::default()
    };
    let plan = common::commands([&["sh", "-c", &script]]);
    let (report, said) = common::run(&common::vm(), &plan, &payload);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&said.stdout), text(&said.stderr));
    assert!(
        report.success() && stdout.contains("1 passed"),
        "{report:#?}\n{stdout}\n{stderr}\n{:#?}",
        said.log
    );
}

/// The part that this process has; none when it is the one that the user started.
fn part() -> Option<String> {
    env::var(PART).ok()
}

fn module(params: &[&str]) -> Module {
    Module {
        name: MODULE.to_owned(),
        path: PathBuf::from(FILE),
        params: params.iter().map(|&param| param.to_owned()).collect(),
    }
}

#[track_caller]
fn loaded(is: bool) {
    let machine = Machine::default();
    assert_eq!([MODULE, NEEDED].map(|name| machine.has(name)), [is; 2]);
}

#[test]
#[ignore = "boots a kernel: set KOXIDE_TEST_KERNEL"]
fn a_module_stays_as_long_as_it_is_wanted() {
    if part().is_none() {
        return in_a_machine("a_module_stays_as_long_as_it_is_wanted");
    }
    assert_eq!(Machine::default().refusals(), []);
    loaded(false);
    let one = load(&module(&["nr_devices=3", "queue_mode=0"])).unwrap();
    loaded(true);
    assert!(Path::new("/sys/block/nullb2").exists());
    // Another one is not loaded beside it.
    let error = load(&module(&[])).unwrap_err();
    assert!(matches!(error, Error::AlreadyLoaded { .. }), "{error}");
    one.unload().unwrap();
    loaded(false);

    // What was there before stays.
    let needed = Command::new("modprobe").arg(NEEDED).status().unwrap();
    assert!(needed.success());
    drop(load(&module(&[])).unwrap());
    assert!(Machine::default().has(NEEDED) && !Machine::default().has(MODULE));
    let gone = Command::new("rmmod").arg(NEEDED).status().unwrap();
    assert!(gone.success());

    // What the kernel refuses leaves nothing.
    let error = load(&module(&["queue_mode=wrong"])).unwrap_err();
    assert!(matches!(error, Error::NotLoaded { .. }), "{error}");
    assert!(error.to_string().contains("insmod"), "{error}");
    loaded(false);

    // One that is used cannot go, and is told.
    let used = load(&module(&[])).unwrap();
    let user = std::fs::File::open("/dev/nullb0").unwrap();
    let error = used.unload().unwrap_err();
    assert!(error.to_string().contains("rmmod null_blk"), "{error}");
    drop(user);
    let gone = Command::new("rmmod").args([MODULE, NEEDED]).status();
    assert!(gone.unwrap().success());
}

#[test]
#[ignore = "boots a kernel: set KOXIDE_TEST_KERNEL"]
fn no_end_leaves_a_module_behind() {
    match part().as_deref() {
        None => in_a_machine("no_end_leaves_a_module_behind"),
        Some("loader") => [Signal::SIGINT, Signal::SIGTERM, Signal::SIGKILL]
            .into_iter()
            .for_each(ends_by),
        Some(_) => holds(),
    }
}

/// A process that has the module loaded ends by a signal.
fn ends_by(signal: Signal) {
    let mut holder = Command::new(env::current_exe().unwrap())
        .args(env::args().skip(1))
        .env(PART, "holder")
        .spawn()
        .unwrap();
    wait_for(true);
    kill(Pid::from_raw(holder.id().cast_signed()), signal).unwrap();
    holder.wait().unwrap();
    wait_for(false);
    loaded(false);
}

/// Has the module loaded while a command runs that goes on for longer than anybody waits.
fn holds() {
    koxide_process::interrupt::install().unwrap();
    let module = load(&module(&[])).unwrap();
    let ended = koxide_process::Command::new("sleep")
        .arg("600")
        .run_in_terminal();
    assert!(ended.is_err());
    module.unload().unwrap();
}

/// Waits until the module is there, or gone.
#[track_caller]
fn wait_for(there: bool) {
    let start = Instant::now();
    while Machine::default().has(MODULE) != there || Machine::default().has(NEEDED) != there {
        assert!(start.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(20));
    }
}
