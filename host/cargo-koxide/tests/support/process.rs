// SPDX-License-Identifier: MIT OR Apache-2.0

//! Runs the command, and sees that nothing that it started outlives it.

use std::io::Read;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::Ended;

/// A variable that all processes of one run of the command have, and no other process.
const MARK: &str = "KOXIDE_TEST_RUN";

/// How long a process may take to be gone after it was killed.
const GONE: Duration = Duration::from_secs(2);

/// The longest that a test waits for something that should happen.
const PATIENCE: Duration = Duration::from_secs(120);

fn mark(command: &mut Command) -> String {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    let run = RUNS.fetch_add(1, Ordering::Relaxed);
    let value = format!("{}-{run}", std::process::id());
    command.env(MARK, &value);
    format!("{MARK}={value}")
}

/// The command lines of the processes that have a mark.
fn marked(mark: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        // A process may end while it is looked at, and those of others cannot be.
        let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        if environment.split(|b| *b == 0).any(|v| v == mark.as_bytes()) {
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            found.push(String::from_utf8_lossy(&line).replace('\0', " "));
        }
    }
    found
}

/// Fails when a process with this mark is still there.
#[track_caller]
fn assert_gone(mark: &str) {
    let start = Instant::now();
    loop {
        let left = marked(mark);
        if left.is_empty() {
            return;
        }
        assert!(start.elapsed() < GONE, "left running: {left:#?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Runs a command to its end, after which nothing of it may be left running.
#[track_caller]
pub(crate) fn run(command: &mut Command) -> Ended {
    let mark = mark(command);
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    assert_gone(&mark);
    Ended {
        status: status.code(),
        stdout: String::from_utf8_lossy(&stdout).into_owned(),
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
    }
}

/// A command that runs.
pub(crate) struct Running {
    child: Child,
    mark: String,
    stdout: Stream,
    stderr: Stream,
    /// How much of the standard output was waited for.
    seen: usize,
}

/// What comes from a command, as far as it came.
struct Stream {
    text: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Stream {
    fn of(mut from: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let to = Arc::clone(&text);
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // A terminal whose other end is closed gives an error in place of an end.
            while let Ok(length @ 1..) = from.read(&mut buffer) {
                to.lock().unwrap().extend_from_slice(&buffer[..length]);
            }
        });
        Self { text, reader }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.text.lock().unwrap()).into_owned()
    }
}

impl Running {
    /// Starts a command.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mark = mark(command);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = Stream::of(child.stdout.take().unwrap());
        let stderr = Stream::of(child.stderr.take().unwrap());
        Self {
            child,
            mark,
            stdout,
            stderr,
            seen: 0,
        }
    }

    /// Starts a command whose input, output and errors are a terminal; `screen` is what a user would see of it.
    pub(crate) fn at_terminal(
        command: &mut Command,
        terminal: &std::os::fd::OwnedFd,
        screen: std::fs::File,
    ) -> Self {
        let end = || Stdio::from(terminal.try_clone().unwrap());
        let mark = mark(command);
        let child = command
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .unwrap();
        Self {
            child,
            mark,
            stdout: Stream::of(screen),
            stderr: Stream::of(std::io::empty()),
            seen: 0,
        }
    }

    /// Waits until this text was written to the standard output, after the text that was waited for before.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) {
        let place = |run: &Self| {
            let written = run.stdout.text();
            let at = written.get(run.seen..)?.find(text)?;
            Some(run.seen + at + text.len())
        };
        self.wait_until(text, |run| place(run).is_some());
        self.seen = place(self).unwrap_or_default();
    }

    /// The rest of the line that was waited for.
    #[track_caller]
    pub(crate) fn rest_of_line(&mut self) -> String {
        let start = self.seen;
        self.wait_for("\n");
        let text = self.stdout.text();
        text[start..].lines().next().unwrap_or_default().to_owned()
    }

    /// Waits until a process of this run has this text in its command line.
    #[track_caller]
    pub(crate) fn wait_for_process(&mut self, text: &str) {
        self.wait_until(text, |run| {
            marked(&run.mark).iter().any(|line| line.contains(text))
        });
    }

    #[track_caller]
    fn wait_until(&mut self, what: &str, happened: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !happened(self) {
            let ended = self.child.try_wait().unwrap();
            assert!(
                ended.is_none() && start.elapsed() < PATIENCE,
                "waited for {what:?} ({ended:?}):\n{}\n{}",
                self.stdout.text(),
                self.stderr.text()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Sends a signal to the command alone.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
    }

    /// Waits for its end, within the time that an impatient user has; nothing of it may be left running.
    #[track_caller]
    pub(crate) fn end_within(mut self, limit: Duration) -> Ended {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if start.elapsed() > limit {
                panic!(
                    "it did not end within {limit:?}:\n{}\n{}",
                    self.stdout.text(),
                    self.stderr.text()
                );
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        assert_gone(&self.mark);
        let whole = |stream: &Stream| {
            // The other end of a terminal stays open; what it wrote has come by now.
            let start = Instant::now();
            while !stream.reader.is_finished() && start.elapsed() < Duration::from_millis(200) {
                std::thread::sleep(Duration::from_millis(5));
            }
            stream.text()
        };
        Ended {
            status: status.code(),
            stdout: whole(&self.stdout),
            stderr: whole(&self.stderr),
        }
    }
}

impl Drop for Running {
    /// A test that fails leaves nothing running either: the command is asked to end, which ends what it started.
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal(Signal::SIGTERM);
            let _ = self.child.wait();
        }
    }
}
