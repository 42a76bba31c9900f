// SPDX-License-Identifier: MIT OR Apache-2.0

//! Runs other programs for the rest of the host side.
//!
//! Each program is announced as a line that can be pasted into a shell (shown by `-v`), lives in a process group of
//! its own, and that whole group is ended when the user presses Ctrl-C: nothing stays behind. A failure keeps the end
//! of what the program wrote to its standard error, because that is what explains it.
#![forbid(unsafe_code)]

pub mod interrupt;

use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// The tracing target of the lines that announce a program.
pub const TARGET: &str = "koxide::command";

/// How often a wait looks at the clock and at Ctrl-C.
const POLL: Duration = Duration::from_millis(20);

/// How long a program may take to end after it was asked to, before it is killed.
const GRACE: Duration = Duration::from_secs(2);

/// How much of a failed program's standard error its error message repeats.
const TAIL_LINES: usize = 20;

/// Why a program did not do its work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such program on the search path.
    #[error("the program `{program}` was not found")]
    NotFound {
        /// The program's name as it was asked for.
        program: String,
    },
    /// The program ran and reported a failure.
    #[error("`{command}` failed ({status}){}", tail(.stderr))]
    Failed {
        /// The whole command, ready to be pasted.
        command: String,
        /// Its exit status.
        status: ExitStatus,
        /// The end of its standard error, empty when that went to the user directly.
        stderr: String,
    },
    /// The program took longer than it may.
    #[error("`{command}` did not end within {} s", .limit.as_secs())]
    TimedOut {
        /// The whole command, ready to be pasted.
        command: String,
        /// The limit.
        limit: Duration,
    },
    /// The user pressed Ctrl-C, or the process was asked to end.
    #[error(transparent)]
    Interrupted(#[from] interrupt::Interrupted),
    /// The system refused to start the program or to read from it.
    #[error("cannot run `{command}`")]
    Io {
        /// The whole command, ready to be pasted.
        command: String,
        /// What the system said.
        source: io::Error,
    },
}

/// The result of running a program.
pub type Result<T, E = Error> = std::result::Result<T, E>;

fn tail(stderr: &str) -> String {
    let lines: Vec<&str> = stderr.trim_end().lines().collect();
    let kept = &lines[lines.len().saturating_sub(TAIL_LINES)..];
    kept.iter().map(|line| format!("\n    {line}")).collect()
}

/// Which of its two outputs a program wrote a line to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// A program to run, with its arguments and environment.
#[derive(Debug)]
pub struct Command {
    inner: std::process::Command,
    limit: Option<Duration>,
}

impl Command {
    /// A command that runs `program`, found on the search path, with no input.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        let mut inner = std::process::Command::new(program);
        inner.stdin(Stdio::null());
        Self { inner, limit: None }
    }

    /// Adds one argument.
    pub fn arg(&mut self, arg: impl AsRef<OsStr>) -> &mut Self {
        self.inner.arg(arg);
        self
    }

    /// Adds arguments.
    pub fn args(&mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> &mut Self {
        self.inner.args(args);
        self
    }

    /// Sets a variable of the program's environment.
    pub fn env(&mut self, key: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> &mut Self {
        self.inner.env(key, value);
        self
    }

    /// Removes a variable from the program's environment.
    pub fn env_remove(&mut self, key: impl AsRef<OsStr>) -> &mut Self {
        self.inner.env_remove(key);
        self
    }

    /// Sets the folder that the program starts in.
    pub fn current_dir(&mut self, dir: impl AsRef<Path>) -> &mut Self {
        self.inner.current_dir(dir);
        self
    }

    /// Ends the program when it runs for longer than `limit`.
    pub fn limit(&mut self, limit: Duration) -> &mut Self {
        self.limit = Some(limit);
        self
    }

    /// The command as a line that can be pasted into a shell: folder, environment, program, arguments.
    pub fn line(&self) -> String {
        let quote = |s: &OsStr| shell_words::quote(&s.to_string_lossy()).into_owned();
        let mut words: Vec<String> = Vec::new();
        let (mut unset, mut set) = (Vec::new(), Vec::new());
        for (key, value) in self.inner.get_envs() {
            match value {
                Some(value) => set.push(format!("{}={}", key.to_string_lossy(), quote(value))),
                None => unset.push(format!("-u {}", key.to_string_lossy())),
            }
        }
        if !unset.is_empty() {
            words.push("env".to_owned());
            words.append(&mut unset);
        }
        words.append(&mut set);
        words.push(quote(self.inner.get_program()));
        words.extend(self.inner.get_args().map(quote));
        let line = words.join(" ");
        match self.inner.get_current_dir() {
            Some(dir) => format!("(cd {} && {line})", quote(dir.as_os_str())),
            None => line,
        }
    }

    /// Runs the program and returns what it wrote.
    ///
    /// # Errors
    /// Any [`Error`]; a failure status is one.
    pub fn output(&mut self) -> Result<Output> {
        let output = self.output_unchecked()?;
        self.check(output.status, &output.stderr)?;
        Ok(output)
    }

    /// Runs the program and returns what it wrote and how it ended, whatever its exit status.
    ///
    /// # Errors
    /// Any [`Error`] but [`Error::Failed`].
    pub fn output_unchecked(&mut self) -> Result<Output> {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let status = self.collect(|source, bytes| match source {
            Source::Stdout => stdout.extend_from_slice(bytes),
            Source::Stderr => stderr.extend_from_slice(bytes),
        })?;
        Ok(Output {
            status,
            stdout,
            stderr,
        })
    }

    /// Runs the program and hands over each line that it writes, as it comes.
    ///
    /// # Errors
    /// Any [`Error`]; a failure status is one, with the end of the standard error.
    pub fn lines(&mut self, mut on_line: impl FnMut(Source, &str)) -> Result<()> {
        let mut stderr = Vec::new();
        let status = self.collect(|source, bytes| {
            if source == Source::Stderr {
                stderr.extend_from_slice(bytes);
            }
            on_line(
                source,
                String::from_utf8_lossy(bytes).trim_end_matches(['\n', '\r']),
            );
        })?;
        self.check(status, &stderr)
    }

    /// Runs the program with the user's own output and error streams.
    ///
    /// # Errors
    /// Any [`Error`]; a failure status is one.
    pub fn run(&mut self) -> Result<()> {
        let mut child = self.spawn()?;
        let status = self.wait(&mut child)?;
        self.check(status, b"")
    }

    /// Runs the program in the user's own terminal, input included, in this process group. Ctrl-C reaches it by itself;
    /// one that goes on for longer than a moment after that is ended.
    ///
    /// # Errors
    /// Any [`Error`]; a failure status is one.
    pub fn run_in_terminal(&mut self) -> Result<()> {
        self.inner.stdin(Stdio::inherit());
        let mut child = self.spawn_at_terminal()?;
        let mut interrupted: Option<Instant> = None;
        let status = loop {
            if let Some(status) = child.try_wait().map_err(|e| self.io(e))? {
                break status;
            }
            if interrupt::check().is_err() {
                let since = interrupted.get_or_insert_with(Instant::now);
                if since.elapsed() > GRACE {
                    // It is gone when it ended by itself in this moment.
                    let _ = child.kill();
                }
            }
            std::thread::sleep(POLL);
        };
        interrupt::check()?;
        self.check(status, b"")
    }

    /// Starts the program in this process group, where it may ask at the terminal, and where Ctrl-C reaches it.
    ///
    /// # Errors
    /// As [`Command::spawn`].
    pub fn spawn_at_terminal(&mut self) -> Result<Child> {
        interrupt::check()?;
        self.announce();
        self.inner.spawn().map_err(|e| self.io(e))
    }

    /// Starts the program, as the leader of a process group of its own.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Io`], or [`Error::Interrupted`] when Ctrl-C came before.
    pub fn spawn(&mut self) -> Result<Child> {
        interrupt::check()?;
        self.announce();
        self.inner.process_group(0);
        self.inner.spawn().map_err(|e| self.io(e))
    }

    /// Connects a stream of the program; see [`std::process::Command`].
    pub fn stdio(&mut self, stdin: Stdio, stdout: Stdio, stderr: Stdio) -> &mut Self {
        self.inner.stdin(stdin).stdout(stdout).stderr(stderr);
        self
    }

    fn announce(&self) {
        tracing::debug!(target: TARGET, "{}", self.line());
    }

    fn io(&self, source: io::Error) -> Error {
        let program = self.inner.get_program();
        if source.kind() == io::ErrorKind::NotFound && find(program).is_none() {
            return Error::NotFound {
                program: program.to_string_lossy().into_owned(),
            };
        }
        Error::Io {
            command: self.line(),
            source,
        }
    }

    fn check(&self, status: ExitStatus, stderr: &[u8]) -> Result<()> {
        if status.success() {
            return Ok(());
        }
        let stderr = String::from_utf8_lossy(stderr).into_owned();
        Err(Error::Failed {
            command: self.line(),
            status,
            stderr,
        })
    }

    fn wait(&self, child: &mut Child) -> Result<ExitStatus> {
        let start = Instant::now();
        loop {
            if let Some(status) = child.try_wait().map_err(|e| self.io(e))? {
                return Ok(status);
            }
            self.look(child, start)?;
            std::thread::sleep(POLL);
        }
    }

    /// Ends the program when Ctrl-C came or its time is over.
    fn look(&self, child: &mut Child, start: Instant) -> Result<()> {
        if let Err(interrupted) = interrupt::check() {
            end(child);
            return Err(interrupted.into());
        }
        match self.limit {
            Some(limit) if start.elapsed() > limit => {
                end(child);
                Err(Error::TimedOut {
                    command: self.line(),
                    limit,
                })
            }
            _ => Ok(()),
        }
    }

    /// Runs the program and hands over what it writes, line by line with the line ends.
    fn collect(&mut self, mut on_bytes: impl FnMut(Source, &[u8])) -> Result<ExitStatus> {
        self.inner.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.spawn()?;
        let (sender, receiver) = mpsc::channel();
        let stdout = child.stdout.take().expect("it was piped");
        let stderr = child.stderr.take().expect("it was piped");
        forward(Source::Stdout, stdout, sender.clone());
        forward(Source::Stderr, stderr, sender);
        let start = Instant::now();
        loop {
            match receiver.recv_timeout(POLL) {
                Ok((source, bytes)) => on_bytes(source, &bytes),
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
            self.look(&mut child, start)?;
        }
        self.wait(&mut child)
    }
}

fn forward(
    source: Source,
    stream: impl Read + Send + 'static,
    to: mpsc::Sender<(Source, Vec<u8>)>,
) {
    std::thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        loop {
            let mut line = Vec::new();
            match stream.read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) if to.send((source, line)).is_err() => return,
                Ok(_) => {}
            }
        }
    });
}

/// Ends a program that [`Command::spawn`] started, with all that it started: asked first, then killed.
pub fn end(child: &mut Child) {
    let group = Pid::from_raw(child.id().cast_signed());
    // The group is gone when the program ended by itself: nothing to do then.
    let _ = killpg(group, Signal::SIGTERM);
    let start = Instant::now();
    while start.elapsed() < GRACE {
        if matches!(child.try_wait(), Ok(Some(_))) {
            break;
        }
        std::thread::sleep(POLL);
    }
    let _ = killpg(group, Signal::SIGKILL);
    let _ = child.wait();
}

/// Where the search path has `program`, or a path to it that exists.
pub fn find(program: impl AsRef<OsStr>) -> Option<PathBuf> {
    let program = Path::new(program.as_ref());
    if program.components().count() > 1 {
        return program.is_file().then(|| program.to_owned());
    }
    let path: OsString = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|dir| dir.join(program))
        .find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_can_be_pasted() {
        let mut command = Command::new("echo");
        command.arg("a b").env("X", "1 2").current_dir("/tmp");
        assert_eq!(command.line(), "(cd /tmp && X='1 2' echo 'a b')");
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = Command::new("no-such-program").output().unwrap_err();
        assert_eq!(
            error.to_string(),
            "the program `no-such-program` was not found"
        );
    }

    #[test]
    fn a_failure_keeps_what_explains_it() {
        let error = Command::new("sh")
            .args(["-c", "echo why >&2; exit 3"])
            .output()
            .unwrap_err();
        assert!(error.to_string().ends_with("\n    why"), "{error}");
    }

    #[test]
    fn a_limit_ends_the_whole_group() {
        let start = Instant::now();
        let error = Command::new("sh")
            .args(["-c", "sleep 60 & sleep 60"])
            .limit(Duration::from_millis(100))
            .output()
            .unwrap_err();
        assert!(matches!(error, Error::TimedOut { .. }));
        assert!(start.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn lines_come_with_their_source() {
        let mut seen = Vec::new();
        Command::new("sh")
            .args(["-c", "echo a; echo b >&2"])
            .lines(|source, line| seen.push((source, line.to_owned())))
            .unwrap();
        seen.sort_by_key(|(_, line)| line.clone());
        assert_eq!(
            seen,
            [
                (Source::Stdout, "a".to_owned()),
                (Source::Stderr, "b".to_owned())
            ]
        );
    }
}
