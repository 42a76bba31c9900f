// SPDX-License-Identifier: MIT OR Apache-2.0

//! Finds out from the kernel log that something went wrong, and what.

use std::collections::VecDeque;

use koxide_guest::protocol::complaint;

use crate::report::{Crash, CrashKind};

/// How many lines before the first fatal one are kept.
const BEFORE: usize = 10;

/// How many lines are kept when none is fatal: enough for what all processors say when they are asked where they are.
const RECENT: usize = 600;

/// How many lines are kept at most.
const MOST: usize = 120;

/// How a line of the log begins when the kernel is about to give up the task or itself.
const FAULTS: [&str; 15] = [
    "BUG: unable to handle ",
    "BUG: kernel NULL pointer dereference",
    "BUG: stack guard page was hit",
    "kernel BUG at ",
    "Oops: ",
    "general protection fault",
    "divide error",
    "invalid opcode",
    "stack segment",
    // ARM tells the address first, and of what is no access to memory only this.
    "Unable to handle kernel ",
    "Internal error: ",
    "Unhandled fault: ",
    "Unhandled prefetch abort: ",
    "Bad mode in ",
    "Insufficient stack space to handle exception!",
];

/// The message in a line of the log: without its time stamp.
pub(crate) fn message(line: &str) -> &str {
    let mut rest = line;
    // The second bracket, when there is one, names the task or processor.
    for _ in 0..2 {
        let Some(inside) = rest.strip_prefix('[') else {
            break;
        };
        let Some((stamp, after)) = inside.split_once(']') else {
            break;
        };
        let is_stamp = stamp
            .trim_start()
            .starts_with(|c: char| c.is_ascii_digit() || "TC".contains(c));
        if !is_stamp {
            break;
        }
        rest = after;
    }
    rest.strip_prefix(' ').unwrap_or(rest)
}

/// Whether the kernel complains in this line.
pub(crate) fn is_complaint(line: &str) -> bool {
    let message = message(line);
    complaint::is_complaint(message)
        || FAULTS.iter().any(|start| message.starts_with(start))
        || rust_panic(message).is_some()
        || panic(message).is_some()
}

/// Module, place and text of a Rust panic in a module.
fn rust_panic(message: &str) -> Option<(&str, &str, &str)> {
    let (module, rest) = message.split_once(": panicked at ")?;
    if module.contains(' ') {
        return None;
    }
    let (place, text) = rest.split_once(": ").unwrap_or((rest, ""));
    Some((module, place, text))
}

/// The reason of a kernel panic.
fn panic(message: &str) -> Option<&str> {
    let (_, reason) = message.split_once("Kernel panic - not syncing: ")?;
    // The last line of a panic says it again.
    (!message.starts_with("---[ end ")).then_some(reason)
}

/// Follows the log of one boot.
#[derive(Debug, Default)]
pub(crate) struct Detector {
    /// The last lines, as long as nothing fatal came.
    recent: VecDeque<String>,
    /// The log from a little before the first fatal line on.
    tail: Vec<String>,
    rust_panic: Option<String>,
    fault: Option<String>,
    panic: Option<String>,
}

impl Detector {
    /// Takes a line.
    pub(crate) fn line(&mut self, line: &str) {
        self.recognise(message(line));
        if !self.fatal() {
            self.recent.push_back(line.to_owned());
            if self.recent.len() > RECENT {
                self.recent.pop_front();
            }
            return;
        }
        if self.tail.is_empty() {
            let skipped = self.recent.len().saturating_sub(BEFORE);
            self.tail = self.recent.drain(..).skip(skipped).collect();
        }
        if self.tail.len() < MOST {
            self.tail.push(line.to_owned());
        }
    }

    fn recognise(&mut self, text: &str) {
        let slot = if rust_panic(text).is_some() {
            &mut self.rust_panic
        } else if panic(text).is_some() {
            &mut self.panic
        } else if FAULTS.iter().any(|start| text.starts_with(start)) {
            &mut self.fault
        } else {
            return;
        };
        slot.get_or_insert_with(|| text.to_owned());
    }

    fn fatal(&self) -> bool {
        self.rust_panic.is_some() || self.fault.is_some() || self.panic.is_some()
    }

    /// Whether the kernel gave up.
    pub(crate) fn panicked(&self) -> bool {
        self.panic.is_some()
    }

    /// What happened, now that the machine ended without having been asked to.
    pub(crate) fn crash(&self) -> Crash {
        if let Some(text) = &self.rust_panic
            && let Some((module, place, _)) = rust_panic(text)
        {
            return Crash {
                module: Some(module.to_owned()),
                location: Some(place.to_owned()),
                ..self.with(CrashKind::RustPanic, text)
            };
        }
        if let Some(text) = &self.fault {
            let place = text
                .strip_prefix("kernel BUG at ")
                .map(|p| p.trim_end_matches('!'));
            return Crash {
                location: place.map(str::to_owned),
                ..self.with(CrashKind::Oops, text)
            };
        }
        match &self.panic {
            Some(text) => self.with(CrashKind::Panic, text),
            None => self.with(CrashKind::Vanished, "the machine ended without a word"),
        }
    }

    /// What happened when nothing did for too long.
    pub(crate) fn hang(&self, summary: &str) -> Crash {
        let mut crash = self.with(CrashKind::Hang, summary);
        if self.tail.is_empty() {
            crash.tail = self.recent.iter().cloned().collect();
        }
        drop_the_asker(&mut crash.tail);
        crash
    }

    fn with(&self, kind: CrashKind, summary: &str) -> Crash {
        let tail = if self.tail.is_empty() {
            let skipped = self.recent.len().saturating_sub(MOST);
            self.recent.iter().skip(skipped).cloned().collect()
        } else {
            self.tail.clone()
        };
        Crash {
            kind,
            summary: summary.to_owned(),
            module: None,
            location: None,
            tail,
        }
    }
}

/// Drops the trace of the init, which made the kernel show what every processor does, and what came long before.
fn drop_the_asker(tail: &mut Vec<String>) {
    let find = |text: &str| tail.iter().position(|line| message(line).starts_with(text));
    let asked = find("sysrq: Show backtrace of all active CPUs");
    let others = find("Sending NMI from CPU").or_else(|| find("sysrq: Show Blocked State"));
    if let (Some(asked), Some(others)) = (asked, others)
        && asked < others
    {
        tail.drain(asked + 1..others);
    }
    let first = match asked {
        Some(asked) => asked.saturating_sub(BEFORE),
        None => tail.len().saturating_sub(MOST),
    };
    tail.drain(..first);
    tail.truncate(MOST);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crash(log: &str) -> Crash {
        let mut detector = Detector::default();
        log.lines().for_each(|line| detector.line(line));
        detector.crash()
    }

    #[test]
    fn stamps_are_no_part_of_the_message() {
        assert_eq!(message("[    1.234567] hello"), "hello");
        assert_eq!(message("[    1.234567][  T123] hello"), "hello");
        assert_eq!(message("[drm] hello"), "[drm] hello");
        assert_eq!(message("[    1.2]     ok 1 a"), "    ok 1 a");
    }

    #[test]
    fn a_rust_panic_is_reported_by_name() {
        let crash = crash(
            "[    1.0] before\n\
             [    1.1] hello_world: panicked at src/lib.rs:12: index out of bounds: the len is 3\n\
             [    1.1] ------------[ cut here ]------------\n\
             [    1.1] kernel BUG at /tmp/bug.c:7!\n\
             [    1.2] Kernel panic - not syncing: Fatal exception",
        );
        assert_eq!(crash.kind, CrashKind::RustPanic);
        assert_eq!(crash.module.as_deref(), Some("hello_world"));
        assert_eq!(crash.location.as_deref(), Some("src/lib.rs:12"));
        assert!(crash.summary.ends_with("the len is 3"));
        assert_eq!(crash.tail.len(), 5);
    }

    #[test]
    fn a_fault_is_named_before_the_panic_that_it_leads_to() {
        let crash = crash(
            "[    1.1] BUG: kernel NULL pointer dereference, address: 0000000000000000\n\
             [    1.1] Oops: 0002 [#1] PREEMPT SMP NOPTI\n\
             [    1.2] Kernel panic - not syncing: Fatal exception\n\
             [    1.2] ---[ end Kernel panic - not syncing: Fatal exception ]---",
        );
        assert_eq!(crash.kind, CrashKind::Oops);
        assert!(crash.summary.starts_with("BUG: kernel NULL"));
    }

    #[test]
    fn faults_of_arm_have_their_own_words() {
        let kinds = [
            "Unable to handle kernel NULL pointer dereference at virtual address 0000000000000008",
            "Unable to handle kernel paging request at virtual address 00001000 when write",
            "Internal error: Oops - Undefined instruction: 0000000002000000 [#1] SMP",
            "Internal error: Oops - BTI: 0000000036000002 [#1] PREEMPT SMP",
            "Unhandled fault: alignment exception (0x001) at 0xc0000001",
        ];
        for first in kinds {
            let crash = crash(&format!(
                "[ 1.0] 8<--- cut here ---\n[ 1.1] {first}\n\
                 [ 1.2] Internal error: Oops: 805 [#1] SMP ARM\n\
                 [ 1.3] Kernel panic - not syncing: Fatal exception"
            ));
            assert_eq!((crash.kind, &*crash.summary), (CrashKind::Oops, first));
        }
        let bug = crash(
            "[ 1.1] kernel BUG at /m/b.c:9!\n[ 1.2] Internal error: Oops - BUG: 0 [#1] SMP ARM",
        );
        assert_eq!(bug.location.as_deref(), Some("/m/b.c:9"));
    }

    #[test]
    fn a_bug_has_a_place_and_a_panic_a_reason() {
        let bug = crash("[ 1.1] kernel BUG at /m/oops.c:9!\n[ 1.2] Kernel panic - not syncing: x");
        assert_eq!(bug.location.as_deref(), Some("/m/oops.c:9"));
        let panic = crash("[ 1.2] Kernel panic - not syncing: on purpose");
        assert_eq!(panic.kind, CrashKind::Panic);
        assert_eq!(panic.summary, "Kernel panic - not syncing: on purpose");
        assert_eq!(crash("[ 1.2] all fine").kind, CrashKind::Vanished);
    }

    #[test]
    fn the_trace_of_who_asked_is_left_out() {
        let mut detector = Detector::default();
        let log = "[ 1.0] before\n\
                   [ 1.1] sysrq: Show backtrace of all active CPUs\n\
                   [ 1.1] CPU: 1 PID: 1 Comm: init\n\
                   [ 1.1] Sending NMI from CPU 1 to CPUs 0:\n\
                   [ 1.1] RIP: 0010:spin";
        log.lines().for_each(|line| detector.line(line));
        let tail = detector.hang("nothing happens").tail;
        assert_eq!(tail.len(), 4);
        assert!(!tail.iter().any(|line| line.contains("Comm: init")));
    }

    #[test]
    fn a_long_answer_keeps_its_beginning() {
        let mut detector = Detector::default();
        (0..50).for_each(|n| detector.line(&format!("[ 1.0] before {n}")));
        detector.line("[ 1.1] sysrq: Show backtrace of all active CPUs");
        (0..60).for_each(|_| detector.line("[ 1.1] the trace of who asked"));
        detector.line("[ 1.1] Sending NMI from CPU 1 to CPUs 0:");
        (0..200).for_each(|n| detector.line(&format!("[ 1.1] where it hangs {n}")));
        let tail = detector.hang("nothing happens").tail;
        assert_eq!(tail[0], "[ 1.0] before 40");
        assert_eq!(message(&tail[BEFORE + 2]), "where it hangs 0");
        assert_eq!(tail.len(), MOST);
        // A machine that ends without a word leaves what was last said.
        let end = detector.crash().tail;
        assert_eq!(end.len(), MOST);
        assert_eq!(end[MOST - 1], "[ 1.1] where it hangs 199");
    }

    #[test]
    fn complaints_are_told_from_chatter() {
        for line in [
            "[ 1.0] WARNING: CPU: 0 PID: 70 at /m/w.c:5 f+0x5/0x10 [w]",
            "[    1.033542][   T75] BUG: KASAN: use-after-free in f+0x77/0x1000 [w]",
            "[    1.033542][   T75] [ BUG: Invalid wait context ]",
            "[ 1.0] [ BUG: Invalid wait context ]",
            "[ 1.0] kernel BUG at /m/oops.c:9!",
            "[ 1.0] watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [x:71]",
        ] {
            assert!(is_complaint(line), "{line}");
        }
        for line in [
            "[ 1.0] hello: a WARNING: for you",
            "[ 1.0] hello: panicked",
            "BUGS: none",
        ] {
            assert!(!is_complaint(line), "{line}");
        }
    }
}
