// SPDX-License-Identifier: MIT OR Apache-2.0

//! One boot, from the start of QEMU to the end of the machine: takes the two channels apart and keeps the time.

use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use koxide_guest::protocol::{Decoder, Frame, LOG_MARK, LOG_MARK_DONE, Mark};
use koxide_process::interrupt;

use crate::crash::{self, Detector};
use crate::error::Error;
use crate::qemu::{Message, Qemu};
use crate::report::Crash;

/// How often the clock and Ctrl-C are looked at.
const TICK: Duration = Duration::from_millis(20);

/// How long the kernel's answer to the question where it hangs may take.
const ANSWER: Duration = Duration::from_secs(2);

/// How long QEMU may take to end after its machine said that all is done.
const GRACE: Duration = Duration::from_secs(2);

/// How long a kernel that panicked may take to end the machine.
const PANIC_GRACE: Duration = Duration::from_secs(5);

/// What follows the course of a boot.
pub(crate) trait Course {
    /// Init runs.
    fn ready(&mut self, after: Duration);
    /// A line of the kernel log. Returns whether it shows progress.
    fn log(&mut self, line: &str) -> bool;
    /// What the init wrote into the log to mark a place in it.
    fn log_mark(&mut self, mark: &str);
    /// Output of what runs.
    fn output(&mut self, bytes: &[u8]);
    /// A mark of the init.
    fn mark(&mut self, mark: Mark);
    /// A line of KTAP from the init.
    fn ktap(&mut self, line: &str);
    /// How long nothing may happen from now on; none for any time.
    fn patience(&self) -> Option<Duration>;
    /// What to do with the machine now.
    fn verdict(&self) -> Verdict;
}

/// What to do with a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Let it go on.
    GoOn,
    /// End it: it is not needed any more.
    Leave,
    /// End it because it hangs, as this line says.
    Hangs(String),
}

/// How a boot ended.
#[derive(Debug)]
pub(crate) enum End {
    /// As it should.
    Done,
    /// With a crash.
    Crashed(Crash),
}

/// What is known of one boot while it runs.
struct Boot<'a> {
    course: &'a mut dyn Course,
    detector: Detector,
    decoder: Decoder,
    console: Vec<u8>,
    started: Instant,
    ready: bool,
    done: bool,
    /// What follows in the log is about the end of the machine.
    log_closed: bool,
    /// When something happened last.
    progress: Instant,
    panicked: Option<Instant>,
}

/// Follows a machine until it ended.
///
/// # Errors
/// [`Error::Interrupted`], [`Error::BootTimeout`], [`Error::QemuFailed`].
pub(crate) fn follow(
    qemu: Qemu,
    release: &str,
    limit: Duration,
    course: &mut dyn Course,
) -> Result<End, Error> {
    let mut boot = Boot {
        course,
        detector: Detector::default(),
        decoder: Decoder::default(),
        console: Vec::new(),
        started: qemu.started(),
        ready: false,
        done: false,
        log_closed: false,
        progress: Instant::now(),
        panicked: None,
    };
    loop {
        interrupt::check()?;
        match qemu.next(TICK) {
            Ok(Message::Console(bytes)) => boot.take_console(&bytes),
            Ok(Message::Report(bytes)) => boot.take_report(&bytes),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return boot.ended(qemu),
        }
        if boot.done {
            boot.last_words(&qemu);
            return Ok(End::Done);
        }
        match boot.course.verdict() {
            Verdict::GoOn => {}
            Verdict::Leave => return Ok(End::Done),
            Verdict::Hangs(summary) => return Ok(boot.hangs(qemu, &summary)),
        }
        match boot.overdue(release, limit)? {
            Verdict::GoOn => {}
            Verdict::Leave => return Ok(End::Crashed(boot.detector.crash())),
            Verdict::Hangs(summary) => return Ok(boot.hangs(qemu, &summary)),
        }
    }
}

impl Boot<'_> {
    fn take_console(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            match byte {
                b'\n' => self.console_line(),
                b'\r' => {}
                byte => self.console.push(byte),
            }
        }
    }

    fn console_line(&mut self) {
        let bytes = std::mem::take(&mut self.console);
        let line = String::from_utf8_lossy(&bytes);
        if let Some(mark) = crash::message(&line).strip_prefix(LOG_MARK) {
            self.progress = Instant::now();
            match mark.trim() {
                LOG_MARK_DONE => {
                    self.done = true;
                    self.log_closed = true;
                }
                mark => self.course.log_mark(mark),
            }
            return;
        }
        if self.log_closed {
            return;
        }
        self.detector.line(&line);
        if self.detector.panicked() {
            self.panicked.get_or_insert_with(Instant::now);
        }
        if self.course.log(&line) {
            self.progress = Instant::now();
        }
    }

    fn take_report(&mut self, bytes: &[u8]) {
        for frame in self.decoder.feed(bytes) {
            match frame {
                Frame::Data(bytes) => self.course.output(&bytes),
                Frame::Record(text) => {
                    self.progress = Instant::now();
                    self.record(&text);
                }
            }
        }
    }

    fn record(&mut self, text: &str) {
        match Mark::parse(text) {
            Some(Mark::Ready) => {
                self.ready = true;
                self.course.ready(self.started.elapsed());
            }
            Some(Mark::Done) => self.done = true,
            Some(mark) => self.course.mark(mark),
            None => self.course.ktap(text),
        }
    }

    /// What one channel brought before the other said that all is done may still be on its way. The machine ends by
    /// itself then; should it not, dropping it does that.
    fn last_words(&mut self, qemu: &Qemu) {
        let end = Instant::now() + GRACE;
        while let Ok(message) = qemu.next(end.saturating_duration_since(Instant::now())) {
            match message {
                Message::Console(bytes) => self.take_console(&bytes),
                Message::Report(bytes) => self.take_report(&bytes),
            }
        }
    }

    /// What to make of it that QEMU ended by itself.
    fn ended(&mut self, qemu: Qemu) -> Result<End, Error> {
        if !self.console.is_empty() {
            self.console_line();
        }
        if self.done {
            return Ok(End::Done);
        }
        let stderr = qemu.last_words();
        if !self.ready && !self.detector.panicked() {
            return Err(Error::QemuFailed { stderr });
        }
        Ok(End::Crashed(self.detector.crash()))
    }

    /// Asks the kernel where it hangs, and ends the machine.
    fn hangs(&mut self, mut qemu: Qemu, summary: &str) -> End {
        qemu.ask_where();
        let end = Instant::now() + ANSWER;
        let mut silent = false;
        while Instant::now() < end && !silent {
            // The first line of the answer takes a moment, the others follow each other.
            match qemu.next(ANSWER / 2) {
                Ok(Message::Console(bytes)) => self.take_console(&bytes),
                Ok(Message::Report(_)) => {}
                Err(_) => silent = true,
            }
        }
        End::Crashed(self.detector.hang(summary))
    }

    /// Whether something takes too long.
    fn overdue(&self, release: &str, limit: Duration) -> Result<Verdict, Error> {
        if let Some(panicked) = self.panicked {
            return Ok(if panicked.elapsed() > PANIC_GRACE {
                Verdict::Leave
            } else {
                Verdict::GoOn
            });
        }
        if !self.ready {
            if self.started.elapsed() > limit {
                return Err(Error::BootTimeout {
                    release: release.to_owned(),
                    limit,
                    tail: self.detector.hang("").tail,
                });
            }
            return Ok(Verdict::GoOn);
        }
        let patience = self.course.patience();
        let over = patience.filter(|patience| self.progress.elapsed() > *patience);
        Ok(over.map_or(Verdict::GoOn, |patience| {
            let seconds = patience.as_secs();
            Verdict::Hangs(format!(
                "the kernel hangs: nothing happened for {seconds} s"
            ))
        }))
    }
}
