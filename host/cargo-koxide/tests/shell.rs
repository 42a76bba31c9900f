// SPDX-License-Identifier: MIT OR Apache-2.0

//! The shell in the machine, at a terminal: how to leave it is said, and the terminal is as it was after any end.

mod support;

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

use nix::fcntl::OFlag;
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};
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

/// A terminal: its keys and screen, and the end that programs have. No program inherits either by accident: the
/// terminal would stay when its window is closed.
fn terminal() -> (File, OwnedFd) {
    let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let keys = posix_openpt(flags).unwrap();
    grantpt(&keys).unwrap();
    unlockpt(&keys).unwrap();
    let place = ptsname_r(&keys).unwrap();
    let terminal = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(OFlag::O_NOCTTY.bits())
        .open(place)
        .unwrap();
    let keys = keys.as_fd().try_clone_to_owned().unwrap();
    (File::from(keys), OwnedFd::from(terminal))
}

impl User {
    /// Starts the shell and waits for its prompt.
    fn at(package: &Package) -> Self {
        let (keys, terminal) = terminal();
        let before = tcgetattr(&terminal).unwrap();
        let mut koxide = package.koxide();
        koxide.args(["run", "--kernel", KERNEL]);
        let mut command = Running::at_terminal(
            &mut inside_terminal(&koxide),
            &terminal,
            keys.try_clone().unwrap(),
        );
        command.wait_for("Ctrl-] leaves it");
        command.wait_for(PROMPT);
        Self {
            keys,
            terminal,
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

    // What a terminal sends when its window is closed.
    let user = User::at(&package);
    user.command.signal(Signal::SIGHUP);
    user.leaves().with(INTERRUPTED).saying("interrupted");
}
