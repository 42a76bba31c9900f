// SPDX-License-Identifier: MIT OR Apache-2.0

//! The shell in the machine, at a terminal: how to leave it is said, and the terminal is as it was after any end.

mod support;

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::time::Duration;

use nix::pty::{OpenptyResult, openpty};
use nix::sys::signal::Signal;
use nix::sys::termios::{LocalFlags, Termios, tcgetattr};

use support::process::Running;
use support::sandbox::inside_terminal;
use support::{CRASHED, Ended, INTERRUPTED, KERNEL, Package};

/// How long the machine may take to end.
const SOON: Duration = Duration::from_secs(10);

/// What the shell writes when it waits for a command.
const PROMPT: &str = "koxide /tmp # ";

/// A user at a terminal in which the shell runs.
struct User {
    keys: File,
    terminal: OwnedFd,
    before: Termios,
    command: Running,
}

impl User {
    /// Starts the shell and waits for its prompt.
    fn at(package: &Package) -> Self {
        let OpenptyResult { master, slave } = openpty(None, None).unwrap();
        let before = tcgetattr(&slave).unwrap();
        let mut koxide = package.koxide();
        koxide.args(["run", "--kernel", KERNEL]);
        let mut command = Running::at_terminal(
            &mut inside_terminal(&koxide),
            &slave,
            File::from(master.try_clone().unwrap()),
        );
        command.wait_for("Ctrl-] leaves it");
        command.wait_for(PROMPT);
        Self {
            keys: File::from(master),
            terminal: slave,
            before,
            command,
        }
    }

    fn types(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    fn is_raw(&self) -> bool {
        let now = tcgetattr(&self.terminal).unwrap();
        !now.local_flags
            .intersects(LocalFlags::ICANON | LocalFlags::ECHO | LocalFlags::ISIG)
    }

    /// Waits for the end, after which the terminal has to be as it was.
    #[track_caller]
    fn leaves(self) -> Ended {
        let ended = self.command.end_within(SOON);
        assert_eq!(tcgetattr(&self.terminal).unwrap(), self.before, "{ended}");
        ended
    }
}

#[test]
fn a_user_can_always_leave() {
    let package = Package::new("at_terminal", "koxide-");
    let mut user = User::at(&package);
    assert!(user.is_raw());
    user.types("echo $((6 * 7)); cat /dev/at_terminal\r");
    user.command.wait_for("\n42\r");
    user.command.wait_for("NOTHING WAS WRITTEN YET");
    user.command.wait_for(PROMPT);
    // Ctrl-C is the guest's: it ends what runs there, and not the machine.
    user.types("echo $((6 * 8)); sleep 600; echo slept\r");
    user.command.wait_for("\n48\r");
    user.types("\u{3}");
    user.command.wait_for(PROMPT);
    user.types("echo still $((40 + 2))\r");
    user.command.wait_for("still 42");
    user.types("\u{1d}");
    user.leaves().with(0);

    let mut user = User::at(&package);
    user.types("exit\r");
    user.leaves().with(0);
}

#[test]
fn the_terminal_survives_a_crash() {
    let package = Package::new("at_crash", "koxide-");
    let mut user = User::at(&package);
    user.types("echo c > /proc/sysrq-trigger\r");
    user.leaves()
        .with(CRASHED)
        .saying("sysrq: Trigger a crash")
        .saying("the kernel crashed: Kernel panic - not syncing");

    let user = User::at(&package);
    user.command.signal(Signal::SIGTERM);
    user.leaves().with(INTERRUPTED).saying("interrupted");
}
