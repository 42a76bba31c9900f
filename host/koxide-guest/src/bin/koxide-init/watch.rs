// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a debug kernel's detectors mean for a run of tests: which test lost memory, and when to boot again.

use std::io;
use std::path::Path;
use std::time::Instant;

use koxide_guest::kmemleak::{self, Leak, Tick};
use koxide_guest::protocol::{Mark, complaint};
use koxide_guest::{KernelLog, Kmemleak};

use crate::report::Report;

/// How many pieces of lost memory are shown of one test.
const SHOWN: usize = 8;

/// Watches the tests of one boot.
#[derive(Debug)]
pub(crate) struct Watch {
    kmemleak: Option<(Kmemleak, Tick)>,
    /// The tests that ran, in their order.
    runs: Vec<Run>,
    /// The log since then, on a kernel whose detectors fall silent after a complaint.
    log: Option<KernelLog>,
}

/// A test, and when it began.
#[derive(Debug)]
struct Run {
    suite: String,
    name: String,
    since: Instant,
    /// It loses memory on purpose.
    loses: bool,
}

impl Watch {
    /// Begins before the first test.
    pub(crate) fn new() -> io::Result<Self> {
        let kmemleak = match Kmemleak::open() {
            Some(kmemleak) => Some((kmemleak, Tick::now()?)),
            None => None,
        };
        let lockdep = Path::new("/proc/lockdep").exists();
        Ok(Self {
            log: (lockdep || kmemleak.is_some()).then(KernelLog::since_now),
            kmemleak,
            runs: Vec::new(),
        })
    }

    /// A test begins.
    pub(crate) fn begins(&mut self, suite: &str, name: &str) {
        self.runs.push(Run {
            suite: suite.to_owned(),
            name: name.to_owned(),
            since: Instant::now(),
            loses: false,
        });
    }

    /// The test that began last has ended.
    pub(crate) fn ended(&mut self) {
        if let Some(run) = self.runs.last_mut() {
            run.loses = kmemleak::was_meant();
        }
    }

    /// Whether a detector spoke. KASAN and lockdep do that once: what is left of the tests would run unwatched.
    pub(crate) fn spoke(&mut self) -> bool {
        let Some(log) = &mut self.log else {
            return false;
        };
        let lines = log.lines();
        lines.iter().any(|line| complaint::is_complaint(line))
    }

    /// Searches for memory that tests lost, now that nothing of them is left, and tells of it. Doing this once instead
    /// of after each test saves half a minute a test; who allocated is known by when that was.
    pub(crate) fn tell_leaks(&self, report: &Report) -> io::Result<()> {
        let (Some((kmemleak, first)), Some(last)) = (&self.kmemleak, self.runs.last()) else {
            return Ok(());
        };
        // Anything on this channel tells the host that the machine is alive.
        report.record("# searching for memory that was lost")?;
        let now = Tick::now()?;
        let leaks = match kmemleak.search(now.at()) {
            Ok(leaks) => leaks,
            Err(error) => {
                return report.mark(&Mark::NoSearch {
                    suite: last.suite.clone(),
                    name: last.name.clone(),
                    why: error.to_string(),
                });
            }
        };
        let mut lost: Vec<Vec<Leak>> = self.runs.iter().map(|_| Vec::new()).collect();
        for leak in leaks {
            // What is older than the first test is the kernel's own.
            let when = now.reckon(*first, leak.jiffies);
            if let Some(run) = when.and_then(|when| self.run_at(when)) {
                lost[run].push(leak);
            }
        }
        for (run, leaks) in self.runs.iter().zip(lost) {
            if !leaks.is_empty() && !run.loses {
                report.mark(&run.lost(&leaks))?;
            }
        }
        Ok(())
    }

    /// The test that began last before a moment.
    fn run_at(&self, when: Instant) -> Option<usize> {
        self.runs
            .partition_point(|run| run.since <= when)
            .checked_sub(1)
    }
}

impl Run {
    fn lost(&self, leaks: &[Leak]) -> Mark {
        let shown = leaks.iter().take(SHOWN);
        let lines = shown.flat_map(|leak| leak.lines.iter().map(String::as_str));
        Mark::Leaks {
            suite: self.suite.clone(),
            name: self.name.clone(),
            count: leaks.len(),
            bytes: leaks.iter().map(|leak| leak.bytes).sum(),
            text: lines.collect::<Vec<_>>().join("\n"),
        }
    }
}
