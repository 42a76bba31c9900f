// SPDX-License-Identifier: MIT OR Apache-2.0

//! Follows a boot whose plan is commands or a shell.

use std::time::{Duration, Instant};

use koxide_guest::protocol::Mark;

use crate::boot::{Course, Verdict};
use crate::plan::Step;
use crate::report::{Exit, LoadFailure, Report, StepResult};
use crate::terminal::Input;
use crate::{Event, Stream};

/// How much longer than a command's limit nothing may happen: the guest keeps the limit itself.
const SLACK: Duration = Duration::from_secs(10);

/// Follows commands, the user's shell among them.
pub(crate) struct Commands<'a> {
    pub(crate) steps: &'a [Step],
    pub(crate) limit: Option<Duration>,
    pub(crate) on_event: &'a mut dyn FnMut(Event<'_>),
    pub(crate) report: &'a mut Report,
    /// What feeds a shell.
    pub(crate) input: Option<&'a Input>,
    running: Option<(usize, Instant)>,
    stream: Stream,
    stuck: bool,
}

impl<'a> Commands<'a> {
    /// Follows `steps`, or a shell when there is input.
    pub(crate) fn new(
        steps: &'a [Step],
        limit: Option<Duration>,
        on_event: &'a mut dyn FnMut(Event<'_>),
        report: &'a mut Report,
        input: Option<&'a Input>,
    ) -> Self {
        Self {
            steps,
            limit,
            on_event,
            report,
            input,
            running: None,
            stream: Stream::Stdout,
            stuck: false,
        }
    }

    fn ended(&mut self, exit: Exit) {
        let Some((index, started)) = self.running.take() else {
            return;
        };
        let result = StepResult {
            argv: self.argv(index),
            exit,
            duration: started.elapsed(),
        };
        (self.on_event)(Event::StepDone(&result));
        self.report.steps.push(result);
    }

    fn argv(&self, index: usize) -> Vec<String> {
        // A plan without steps is a shell: one that reads a script reports as a step.
        let step = self.steps.get(index);
        step.map_or_else(|| vec!["sh".to_owned()], |step| step.argv.clone())
    }
}

impl Course for Commands<'_> {
    fn ready(&mut self, after: Duration) {
        self.report.boots.push(after);
        (self.on_event)(Event::Ready { after });
    }

    fn log(&mut self, line: &str) -> bool {
        (self.on_event)(Event::Log(line));
        false
    }

    fn log_mark(&mut self, _mark: &str) {}

    fn output(&mut self, bytes: &[u8]) {
        let stream = self.stream;
        (self.on_event)(Event::Output { stream, bytes });
    }

    fn mark(&mut self, mark: Mark) {
        match mark {
            Mark::Loaded { module } => (self.on_event)(Event::Loaded { module: &module }),
            Mark::LoadFailed { module, errno } => {
                self.report.load_failure = Some(LoadFailure::new(module, errno));
            }
            Mark::Step { index } => {
                self.running = Some((index, Instant::now()));
                let argv = self.argv(index);
                (self.on_event)(Event::StepStarted { index, argv: &argv });
            }
            Mark::Stream(2) => self.stream = Stream::Stderr,
            Mark::Stream(_) => self.stream = Stream::Stdout,
            Mark::Exit(status) => self.ended(Exit::Status(status)),
            Mark::Signal(signal) => self.ended(Exit::Signal(signal)),
            Mark::NotStarted(errno) => self.ended(Exit::NotStarted { errno }),
            Mark::TimedOut => self.ended(Exit::TimedOut(self.limit.unwrap_or_default())),
            Mark::Stuck => self.stuck = true,
            Mark::Taken(_) | Mark::Shell => {
                if let Some(input) = self.input {
                    input.more();
                }
            }
            Mark::Ready
            | Mark::Done
            | Mark::Tests { .. }
            | Mark::NoTests { .. }
            | Mark::Note(_)
            | Mark::Leaks { .. }
            | Mark::NoSearch { .. } => {}
        }
    }

    fn ktap(&mut self, _line: &str) {}

    fn patience(&self) -> Option<Duration> {
        self.limit.map(|limit| limit + SLACK)
    }

    fn verdict(&self) -> Verdict {
        if self.stuck {
            let argv = self
                .running
                .map(|(index, _)| self.argv(index))
                .unwrap_or_default();
            let command = argv.join(" ");
            return Verdict::Hangs(format!(
                "`{command}` hangs in the kernel and cannot be killed"
            ));
        }
        if self.input.is_some_and(Input::left) {
            return Verdict::Leave;
        }
        Verdict::GoOn
    }
}
