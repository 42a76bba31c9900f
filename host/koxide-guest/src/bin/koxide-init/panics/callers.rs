// SPDX-License-Identifier: MIT OR Apache-2.0

//! What those were told whose calls panicked: the kernel's own trace has each line of the log with the thread that wrote it, and
//! the errno that a system call of that thread returned next. One that succeeds was not told.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use koxide_guest::{Errno, mount_at};

use super::seen;

/// How the kernel's threads are called that run works: nobody waits for an errno of theirs.
const WORKER: &str = "kworker/";

/// Where the kernel's trace is.
const TRACE: &str = "/sys/kernel/tracing";

/// Of all ends of system calls, those with an errno; the init itself, which asks again and again, is not meant.
const FILTER: &str = "ret < 0 && common_pid != 1";

/// The kernel's trace of the log and of the ends of system calls.
#[derive(Debug)]
pub(crate) struct Callers(());

/// What the callers were told.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// How many of them were told what the log says.
    pub(crate) right: usize,
    /// The lines of the log whose callers were not told so, and what they were told.
    pub(crate) wrong: Vec<(String, String)>,
}

impl Callers {
    /// Begins to trace, if the kernel can.
    pub(crate) fn trace() -> Option<Self> {
        mount_at("tracefs", TRACE).ok()?;
        let set = |file: &str, text: &str| fs::write(Path::new(TRACE).join(file), text).ok();
        set("events/raw_syscalls/sys_exit/filter", FILTER)?;
        set("events/printk/console/enable", "1")?;
        set("events/raw_syscalls/sys_exit/enable", "1")?;
        set("tracing_on", "1")?;
        Some(Self(()))
    }

    /// Forgets what was.
    pub(crate) fn forget(&self) {
        // What is not forgotten is of another call of the same module, which says the same.
        let _ = fs::write(Path::new(TRACE).join("trace"), "");
    }

    /// What was told since.
    pub(crate) fn told(&self) -> Told {
        told(&fs::read_to_string(Path::new(TRACE).join("trace")).unwrap_or_default())
    }
}

/// Finds in a trace what the system calls returned in which something panicked.
fn told(trace: &str) -> Told {
    let mut told = Told::default();
    let mut waits: BTreeMap<&str, &str> = BTreeMap::new();
    for line in trace.lines() {
        let Some((thread, rest)) = thread(line) else {
            continue;
        };
        if let Some((_, text)) = rest.split_once(": console: ") {
            let is_worker = line.trim_start().starts_with(WORKER);
            let is_errno = text.contains("; contained, returned EIO,");
            if seen::is_contained(text) && is_errno && !is_worker {
                waits.insert(thread, text);
            }
        } else if let Some((_, text)) = rest.split_once(": sys_exit: NR ")
            && let Some(line) = waits.remove(thread)
        {
            let returned = text.split_once(" = ").map_or("", |(_, n)| n.trim());
            match returned.parse::<i32>() {
                Ok(returned) if returned == -Errno::EIO.0 => told.right += 1,
                _ => told.wrong.push((line.to_owned(), returned.to_owned())),
            }
        }
    }
    let silent = waits.into_values();
    told.wrong
        .extend(silent.map(|line| (line.to_owned(), "of no error".to_owned())));
    told
}

/// The number of the thread that a line of the trace is of, and what comes after it: `name-12  [001] ...`.
fn thread(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.split_once(" [")?;
    let (_, thread) = name.trim_end().rsplit_once('-')?;
    Some((thread, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "\
# tracer: nop
            test-70      [000] .....    12.3: sys_exit: NR 1 = -22
           a-b c-71      [001] d..1.    12.4: console: m: panic in write_iter at a.rs:1: no; contained, returned EIO, device poisoned
            test-70      [000] .....    12.5: sys_exit: NR 0 = -11
           a-b c-71      [001] .....    12.6: sys_exit: NR 1 = RETURNED
           a-b c-71      [001] .....    12.7: sys_exit: NR 1 = -19
     kworker/0:1-7       [000] d..1.    12.8: console: m: panic in work at a.rs:1: no; contained, nothing returned, module poisoned
     kworker/0:1-7       [000] d..1.    12.9: console: m: panic in init at a.rs:2: no; contained, returned EIO, module poisoned
";

    #[test]
    fn the_next_errno_of_that_thread_is_what_it_was_told() {
        let right = told(&TRACE.replace("RETURNED", "-5"));
        assert_eq!((right.right, right.wrong.len()), (1, 0));
        let wrong = told(&TRACE.replace("RETURNED", "-19"));
        assert_eq!((wrong.right, wrong.wrong.len()), (0, 1));
        assert_eq!(wrong.wrong[0].1, "-19");
        // A system call that succeeds is not in the trace.
        let returns = |line: &&str| !line.contains("sys_exit");
        let silent: Vec<&str> = TRACE.lines().filter(returns).collect();
        let silent = told(&silent.join("\n"));
        assert_eq!((silent.right, silent.wrong.len()), (0, 1));
        assert_eq!(silent.wrong[0].1, "of no error");
    }
}
