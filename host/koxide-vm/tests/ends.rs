// SPDX-License-Identifier: MIT OR Apache-2.0

//! Nothing stays behind: not QEMU, not a terminal without echo, however the process that runs the machine ends.
//!
//! That process is this very program, started again for one of the ignored tests below, at a pseudo-terminal.

mod common;

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use common::vm;
use koxide_vm::{Event, Payload, Plan, Shell, Stream};
use nix::pty::{OpenptyResult, openpty};
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{LocalFlags, Termios, tcgetattr};
use nix::unistd::Pid;

/// Says to the process which test it is to be, and under which name its QEMU goes.
const NAME: &str = "KOXIDE_TEST_MACHINE";

/// How long anything may take here.
const PATIENCE: Duration = Duration::from_secs(60);

/// Not a test: the process that runs a machine with a shell.
#[test]
#[ignore = "a part of the other tests here"]
fn owner() {
    let Ok(name) = std::env::var(NAME) else {
        return;
    };
    koxide_process::interrupt::install().unwrap();
    let mut vm = vm();
    vm.machine.qemu_args = vec!["-name".to_owned(), name];
    let (mut stdout, mut said) = (std::io::stdout(), Vec::new());
    let report = vm.run(
        &Plan::Shell(Shell::default()),
        &Payload::default(),
        &mut |event| {
            if let Event::Output {
                stream: Stream::Stdout,
                bytes,
            } = event
            {
                stdout.write_all(bytes).unwrap();
                stdout.flush().unwrap();
                said.extend_from_slice(bytes);
                assert!(!said.ends_with(b"panic now"), "as told");
            }
        },
    );
    assert!(report.unwrap().success());
}

/// A process that runs a machine, at a terminal.
struct Owner {
    child: Child,
    name: String,
    terminal: File,
    user: File,
    /// What the terminal shows, as a thread reads it: it never fills up.
    shown: Receiver<Vec<u8>>,
    said: Vec<u8>,
    before: Termios,
}

impl Owner {
    fn start(name: &str) -> Self {
        let OpenptyResult { master, slave } = openpty(None, None).unwrap();
        let name = format!("{name}-{}", std::process::id());
        let end = |slave: &OwnedFd| Stdio::from(slave.try_clone().unwrap());
        let before = tcgetattr(&slave).unwrap();
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "owner", "--ignored", "--nocapture"])
            .env(NAME, &name)
            .stdin(end(&slave))
            .stdout(end(&slave))
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let user = File::from(master);
        let mut reader = user.try_clone().unwrap();
        let (sender, shown) = mpsc::channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = reader.read(&mut buffer) {
                let _ = sender.send(buffer[..length].to_vec());
            }
        });
        Self {
            child,
            name,
            terminal: File::from(slave),
            user,
            shown,
            said: Vec::new(),
            before,
        }
    }

    /// Waits until the terminal shows something new.
    fn wait_for(&mut self, text: &str) {
        let start = Instant::now();
        while !String::from_utf8_lossy(&self.said).contains(text) {
            let left = PATIENCE.saturating_sub(start.elapsed());
            match self.shown.recv_timeout(left) {
                Ok(bytes) => self.said.extend(bytes),
                Err(_) => panic!("no {text:?} in {:?}", String::from_utf8_lossy(&self.said)),
            }
        }
        let said = String::from_utf8_lossy(&self.said).into_owned();
        let (_, rest) = said.split_once(text).expect("it was just found");
        self.said = rest.as_bytes().to_vec();
    }

    fn types(&mut self, keys: &str) {
        self.user.write_all(keys.as_bytes()).unwrap();
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
    }

    fn is_raw(&self) -> bool {
        let now = tcgetattr(&self.terminal).unwrap();
        !now.local_flags
            .intersects(LocalFlags::ICANON | LocalFlags::ECHO)
    }

    /// Waits for the end of the process and of its QEMU.
    fn end(mut self) -> (ExitStatus, bool) {
        let start = Instant::now();
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None => assert!(start.elapsed() < PATIENCE, "the process does not end"),
            }
            thread::sleep(Duration::from_millis(20));
        };
        while running(&self.name) {
            assert!(start.elapsed() < PATIENCE, "QEMU does not end");
            thread::sleep(Duration::from_millis(20));
        }
        (status, tcgetattr(&self.terminal).unwrap() == self.before)
    }
}

/// Whether there is a process with this word among its arguments, other than those that say so in their environment.
fn running(name: &str) -> bool {
    fs::read_dir("/proc").unwrap().flatten().any(|entry| {
        let arguments = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        arguments
            .split(|byte| *byte == 0)
            .any(|word| word == name.as_bytes())
    })
}

/// A machine whose shell waits for the user.
fn at_prompt(name: &str) -> Owner {
    let mut owner = Owner::start(name);
    owner.wait_for("# ");
    assert!(running(&owner.name));
    assert!(owner.is_raw());
    owner
}

#[test]
#[ignore = "boots a kernel: set KOXIDE_TEST_KERNEL"]
fn a_shell_is_a_terminal_and_exit_leaves_it() {
    let mut owner = at_prompt("exit");
    owner.types("echo $((40+2)); tty\r");
    owner.wait_for("\n42");
    owner.wait_for("\n/dev/ttyS1");
    owner.wait_for("# ");
    owner.types("echo go; sleep 1000\r");
    owner.wait_for("\ngo");
    thread::sleep(Duration::from_millis(500));
    owner.types("\u{3}");
    owner.wait_for("# ");
    owner.types("exit\r");
    let (status, restored) = owner.end();
    assert!(status.success() && restored, "{status}");
}

#[test]
#[ignore = "boots a kernel: set KOXIDE_TEST_KERNEL"]
fn the_escape_leaves_a_shell() {
    let mut owner = at_prompt("escape");
    owner.types("\u{1d}");
    let (status, restored) = owner.end();
    assert!(status.success() && restored, "{status}");
}

#[test]
#[ignore = "boots a kernel: set KOXIDE_TEST_KERNEL"]
fn a_signal_ends_all() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let owner = at_prompt("signal");
        owner.signal(signal);
        let (status, restored) = owner.end();
        assert!(!status.success() && restored, "{signal}: {status}");
    }
}

#[test]
#[ignore = "boots a kernel: set KOXIDE_TEST_KERNEL"]
fn a_kill_ends_qemu_too() {
    let owner = at_prompt("kill");
    owner.signal(Signal::SIGKILL);
    owner.end();
}

#[test]
#[ignore = "boots a kernel: set KOXIDE_TEST_KERNEL"]
fn a_crash_and_a_panic_leave_a_terminal_that_works() {
    let mut owner = at_prompt("crash");
    owner.types("echo c > /proc/sysrq-trigger\r");
    let (status, restored) = owner.end();
    assert!(!status.success() && restored, "{status}");
    let mut owner = at_prompt("panic");
    owner.types("printf 'panic %s' now; sleep 1000\r");
    let (status, restored) = owner.end();
    assert!(!status.success() && restored, "{status}");
}
