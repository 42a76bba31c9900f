// SPDX-License-Identifier: MIT OR Apache-2.0

//! A shell for the user: at a terminal, or reading a script.

use std::convert::Infallible;
use std::io::{self, Read, Write};
use std::process::{Command, Stdio};

use koxide_guest::protocol::{Mark, paths};

use crate::boot;
use crate::commands::environment;
use crate::pump;
use crate::report::Report;

/// Gives the report channel to an interactive shell, and ends the machine after it.
pub(crate) fn interactive(
    report: &Report,
    rows: u16,
    columns: u16,
    term: &str,
) -> io::Result<Infallible> {
    report.mark(&Mark::Shell)?;
    report.cook()?;
    let port = || report.port().try_clone().map(Stdio::from);
    // The terminal becomes the session's own in the new process: see `applets::session`.
    let mut command = environment(Command::new("/init"));
    command
        .args(["session", &rows.to_string(), &columns.to_string()])
        .args([&format!("{}/sh", paths::BIN), "-l"])
        .env("TERM", term)
        .env("PS1", "koxide \\w # ")
        .stdin(port()?)
        .stdout(port()?)
        .stderr(port()?);
    command.status()?;
    boot::end_machine()
}

/// Runs a shell whose script comes from the host in pieces, each after its length on a line; 0 is the end.
pub(crate) fn script(report: &Report) -> io::Result<Infallible> {
    let (reader, writer) = io::pipe()?;
    let mut command = environment(Command::new(format!("{}/sh", paths::BIN)));
    command.arg("-s").stdin(reader);
    let port = report.port().try_clone()?;
    report.mark(&Mark::Taken(0))?;
    std::thread::scope(|scope| {
        scope.spawn(move || feed(port, writer, report));
        report.mark(&Mark::Step { index: 0 })?;
        let ended = pump::run(&mut command, pump::Streams::Split, None, report)?;
        report.mark(&ended)?;
        report.mark(&Mark::Done)?;
        report.drain()?;
        // The thread above may wait for input for ever: the machine ends without it.
        boot::end_machine()
    })
}

fn feed(mut port: impl Read, mut to: impl Write, report: &Report) -> io::Result<()> {
    loop {
        let mut digits = String::new();
        let mut byte = [0];
        loop {
            port.read_exact(&mut byte)?;
            if byte[0] == b'\n' {
                break;
            }
            digits.push(char::from(byte[0]));
        }
        let length: usize = digits.trim().parse().map_err(io::Error::other)?;
        if length == 0 {
            return Ok(());
        }
        let mut piece = vec![0; length];
        port.read_exact(&mut piece)?;
        // A shell that ended takes no more; the host need not know.
        let _ = to.write_all(&piece);
        report.mark(&Mark::Taken(length))?;
    }
}
