// SPDX-License-Identifier: MIT OR Apache-2.0

//! Runs one program: its output goes to the report channel as it comes, and its time is limited.

use std::io::{self, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use koxide_guest::Errno;
use koxide_guest::protocol::Mark;
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::report::Report;

/// How often a wait looks at the clock.
const TICK: Duration = Duration::from_millis(20);

/// How long after its end a program's output is still waited for: what it started may hold the pipe open.
const LATE_OUTPUT: Duration = Duration::from_millis(200);

/// How long a killed program may take to be gone, before it counts as hanging in the kernel.
const DEATH: Duration = Duration::from_secs(2);

/// Where the standard error goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Streams {
    /// A stream of its own.
    Split,
    /// To the standard output, in order.
    Merged,
}

/// Runs a program and says how it ended.
pub(crate) fn run(
    command: &mut Command,
    streams: Streams,
    limit: Option<Duration>,
    report: &Report,
) -> io::Result<Mark> {
    let mut too_long = |time| limit.is_some_and(|limit| time > limit);
    run_until(command, streams, &mut too_long, DEATH, report)
}

/// As [`run`], for as long as what is asked again and again does not say that it takes too long. Once it is killed it may take
/// `death` to be gone.
pub(crate) fn run_until(
    command: &mut Command,
    streams: Streams,
    too_long: &mut dyn FnMut(Duration) -> bool,
    death: Duration,
    report: &Report,
) -> io::Result<Mark> {
    let (sender, receiver) = mpsc::channel();
    let mut child = match spawn(command, streams, &sender) {
        Ok(child) => child,
        Err(error) => return Ok(Mark::NotStarted(Errno::of(&error).unwrap_or(Errno::EIO).0)),
    };
    drop(sender);
    // The command holds the ends of the pipes that the program writes to.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let ended = watch(&mut child, &receiver, too_long, death, report)?;
    reap_orphans();
    Ok(ended)
}

/// How a program ended, as a mark.
pub(crate) fn ended(status: ExitStatus) -> Mark {
    match (status.code(), status.signal()) {
        (Some(code), _) => Mark::Exit(code),
        (None, signal) => Mark::Signal(signal.unwrap_or_default()),
    }
}

type Piece = (u8, Vec<u8>);

fn spawn(command: &mut Command, streams: Streams, sender: &Sender<Piece>) -> io::Result<Child> {
    let (out, out_end) = io::pipe()?;
    command.process_group(0);
    match streams {
        Streams::Merged => {
            command.stderr(out_end.try_clone()?);
        }
        Streams::Split => {
            let (err, err_end) = io::pipe()?;
            command.stderr(err_end);
            forward(2, err, sender.clone());
        }
    }
    command.stdout(out_end);
    forward(1, out, sender.clone());
    command.spawn()
}

fn forward(stream: u8, mut from: impl Read + Send + 'static, to: Sender<Piece>) {
    std::thread::spawn(move || {
        let mut buffer = vec![0; 4096];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            if to.send((stream, buffer[..length].to_vec())).is_err() {
                return;
            }
        }
    });
}

fn watch(
    child: &mut Child,
    output: &Receiver<Piece>,
    too_long: &mut dyn FnMut(Duration) -> bool,
    death: Duration,
    report: &Report,
) -> io::Result<Mark> {
    let start = Instant::now();
    loop {
        match output.recv_timeout(TICK) {
            Ok((stream, bytes)) => report.output(stream, &bytes)?,
            // All ends of the pipes are closed: the program is about to end.
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(Duration::from_millis(1)),
            Err(RecvTimeoutError::Timeout) => {}
        }
        if let Some(status) = child.try_wait()? {
            late_output(output, report)?;
            return Ok(ended(status));
        }
        if too_long(start.elapsed()) {
            let mark = kill(child, death)?;
            late_output(output, report)?;
            return Ok(mark);
        }
    }
}

fn late_output(output: &Receiver<Piece>, report: &Report) -> io::Result<()> {
    let end = Instant::now() + LATE_OUTPUT;
    while let Ok((stream, bytes)) =
        output.recv_timeout(end.saturating_duration_since(Instant::now()))
    {
        report.output(stream, &bytes)?;
    }
    Ok(())
}

/// Kills a program and all it started; when that does not work, something hangs in the kernel.
fn kill(child: &mut Child, death: Duration) -> io::Result<Mark> {
    let group = Pid::from_raw(child.id().cast_signed());
    let _ = killpg(group, Signal::SIGKILL);
    let start = Instant::now();
    while start.elapsed() < death {
        // Orphans first become children of this process, which has to take note of their end.
        if child.try_wait()?.is_some() {
            reap_orphans();
            if killpg(group, None) == Err(nix::errno::Errno::ESRCH) {
                return Ok(Mark::TimedOut);
            }
        }
        std::thread::sleep(TICK);
    }
    Ok(Mark::Stuck)
}

/// Collects the exit status of processes whose parents are gone.
fn reap_orphans() {
    let any = Pid::from_raw(-1);
    while let Ok(status) = waitpid(any, Some(WaitPidFlag::WNOHANG)) {
        if status == WaitStatus::StillAlive {
            break;
        }
    }
}
