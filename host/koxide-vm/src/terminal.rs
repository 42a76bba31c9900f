// SPDX-License-Identifier: MIT OR Apache-2.0

//! Joins the user's standard input to the shell in the machine.
//!
//! At a terminal every key goes to the machine as it is pressed, Ctrl-C included; [`ESCAPE`] leaves. The terminal is
//! put back as it was when [`Input`] is dropped, which a panic and an error do too. Input that is no terminal goes in
//! pieces, each when the last was taken, because a serial port has no way to say that it is full.

use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{self, OutputFlags, SetArg, Termios};

/// The keys that leave the shell.
pub const ESCAPE: &str = "Ctrl-]";

/// What those keys send.
const ESCAPE_BYTE: u8 = 0x1d;

/// How much of a script goes at once: less than the guest's terminal buffers.
const PIECE: usize = 1024;

/// How often the end is looked for.
const TICK: Duration = Duration::from_millis(50);

/// Whether the standard input is a terminal.
pub(crate) fn at_terminal() -> bool {
    io::stdin().is_terminal()
}

/// Rows and columns of the user's terminal.
pub(crate) fn size() -> (u16, u16) {
    console::Term::stdout().size_checked().unwrap_or((24, 80))
}

/// What the machine's shell gets from the user.
#[derive(Debug)]
pub(crate) struct Input {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    before: Option<Termios>,
}

#[derive(Debug, Default)]
struct Shared {
    /// The machine takes input. For a script: how many pieces it is ready for.
    ready: AtomicUsize,
    /// The user left.
    left: AtomicBool,
    /// The machine ended.
    stop: AtomicBool,
}

impl Input {
    /// Begins to hand the standard input to `machine`.
    pub(crate) fn start(machine: impl Write + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let before = if at_terminal() {
            Some(make_raw()?)
        } else {
            None
        };
        let (for_thread, terminal) = (Arc::clone(&shared), before.is_some());
        let thread = std::thread::spawn(move || {
            // A machine that ended takes no more: its end is seen elsewhere.
            let _ = if terminal {
                pass_keys(machine, &for_thread)
            } else {
                pass_script(machine, &for_thread)
            };
        });
        Ok(Self {
            shared,
            thread: Some(thread),
            before,
        })
    }

    /// The machine takes input, or more of it.
    pub(crate) fn more(&self) {
        self.shared.ready.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether the user left.
    pub(crate) fn left(&self) -> bool {
        self.shared.left.load(Ordering::Relaxed)
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(before) = &self.before {
            // There is nothing left to do when the terminal is gone.
            let _ = termios::tcsetattr(io::stdin(), SetArg::TCSANOW, before);
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Makes the terminal hand over each key; what is written to it still gets its line ends right.
fn make_raw() -> io::Result<Termios> {
    let before = termios::tcgetattr(io::stdin())?;
    let mut raw = before.clone();
    termios::cfmakeraw(&mut raw);
    raw.output_flags |= before.output_flags & (OutputFlags::OPOST | OutputFlags::ONLCR);
    termios::tcsetattr(io::stdin(), SetArg::TCSANOW, &raw)?;
    Ok(before)
}

/// Reads what is there, without waiting for longer than a tick: nothing at the end, none for nothing yet.
fn read_some(buffer: &mut [u8]) -> io::Result<Option<usize>> {
    let stdin = io::stdin();
    let mut fds = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
    let wait = PollTimeout::try_from(TICK).unwrap_or(PollTimeout::ZERO);
    match poll(&mut fds, wait) {
        Ok(0) | Err(nix::errno::Errno::EINTR) => Ok(None),
        // Not by way of the library's buffer: what is left in that would not be seen here.
        Ok(_) => Ok(Some(nix::unistd::read(&stdin, buffer)?)),
        Err(errno) => Err(errno.into()),
    }
}

fn pass_keys(mut machine: impl Write, shared: &Shared) -> io::Result<()> {
    let mut buffer = [0; 256];
    while !shared.stop.load(Ordering::Relaxed) {
        let Some(length) = read_some(&mut buffer)? else {
            continue;
        };
        let keys = &buffer[..length];
        if length == 0 || keys.contains(&ESCAPE_BYTE) {
            shared.left.store(true, Ordering::Relaxed);
            return Ok(());
        }
        // Keys pressed before the shell runs would be read by the init: they are dropped.
        if shared.ready.load(Ordering::Relaxed) > 0 {
            machine.write_all(keys)?;
        }
    }
    Ok(())
}

fn pass_script(mut machine: impl Write, shared: &Shared) -> io::Result<()> {
    let mut buffer = vec![0; PIECE];
    while !shared.stop.load(Ordering::Relaxed) {
        if shared.ready.load(Ordering::Relaxed) == 0 {
            std::thread::sleep(Duration::from_millis(2));
            continue;
        }
        let Some(length) = read_some(&mut buffer)? else {
            continue;
        };
        shared.ready.fetch_sub(1, Ordering::Relaxed);
        machine.write_all(format!("{length}\n").as_bytes())?;
        machine.write_all(&buffer[..length])?;
        if length == 0 {
            return Ok(());
        }
    }
    Ok(())
}
